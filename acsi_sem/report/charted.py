"""What charts show, as frozen values: numbers and words before any ink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Evidence = Literal["clear", "unclear", "unknown"]
"""Whether an interval excludes zero, includes it, or there is none."""


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """A dot with its interval; NaN value: nothing is drawn and `text` says why.

    `heading` stands above the row: the first of its kind.
    """

    label: str
    value: float
    low: float
    high: float
    text: str
    strong: bool = False
    heading: str = ""


@dataclass(frozen=True, slots=True)
class IntervalChart:
    """Dots with intervals, one row each, on a common axis.

    `reference` is a vertical line with its name; `bounds` the values the axis may not leave.
    """

    rows: tuple[IntervalRow, ...]
    axis: str
    reference: tuple[float, str] | None = None
    bounds: tuple[float, float] = (0.0, 100.0)
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A construct in a path diagram."""

    name: str
    label: str
    value: str
    footing: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow with its standardised coefficient."""

    source: str
    target: str
    value: float
    text: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PathChart:
    """A path diagram; places are the drawing's business."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    level: str


@dataclass(frozen=True, slots=True)
class DriverPoint:
    """A driver: impact across, score up, with the limits of both."""

    label: str
    impact: tuple[float, float, float]
    score: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class DriverChart:
    """Impact across, score up, with lines at the means."""

    points: tuple[DriverPoint, ...]
    across: str
    up: str
    means: tuple[float, float]


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A numbered indicator on the map; `family` is the place of its construct."""

    number: int
    label: str
    importance: float
    performance: float
    family: int


@dataclass(frozen=True, slots=True)
class MapChart:
    """Importance across, performance up, with lines at the means; `families` name the markers."""

    points: tuple[MapPoint, ...]
    families: tuple[str, ...]
    across: str
    up: str
    means: tuple[float, float]


@dataclass(frozen=True, slots=True)
class EngineRow:
    """One path, one (value, low, high) per engine."""

    label: str
    values: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class EngineChart:
    """The same coefficients by several engines."""

    engines: tuple[str, ...]
    rows: tuple[EngineRow, ...]
    axis: str


@dataclass(frozen=True, slots=True)
class ScatterPoint:
    """A labelled point; `family` sets its marker, limits (NaN: none) its cross."""

    label: str
    x: float
    y: float
    family: int = 0
    x_limits: tuple[float, float] = (float("nan"), float("nan"))
    y_limits: tuple[float, float] = (float("nan"), float("nan"))
    strong: bool = False


@dataclass(frozen=True, slots=True)
class ScatterChart:
    """Labelled points in a plane cut in four.

    `cuts` are the lines (x, y); `corners` name the fields: upper left, upper right, lower left,
    lower right (empty: unnamed); `families` name the markers; `bounds` limit the axes.
    """

    points: tuple[ScatterPoint, ...]
    across: str
    up: str
    cuts: tuple[float, float] | None = None
    corners: tuple[str, str, str, str] = ("", "", "", "")
    families: tuple[str, ...] = ()
    bounds: tuple[tuple[float, float], tuple[float, float]] | None = None


@dataclass(frozen=True, slots=True)
class StackRow:
    """One bar of shares that sum to one; `text` stands at its end. NaN: nothing is drawn."""

    label: str
    shares: tuple[float, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class StackChart:
    """Bars of shares, a part per category, from left to right; `scale` runs bad to good or not."""

    rows: tuple[StackRow, ...]
    categories: tuple[str, ...]
    axis: str
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points, named at its end."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    strong: bool = False
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class CurveChart:
    """Lines on common axes, with marked points (x, y, text) that carry the message."""

    curves: tuple[Curve, ...]
    across: str
    up: str
    bounds: tuple[tuple[float, float], tuple[float, float]]
    marks: tuple[tuple[float, float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HeatChart:
    """A square of numbers between -1 and 1 by rows and columns; NaN: left open."""

    labels: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    digits: int = 2


Chart: TypeAlias = (
    IntervalChart
    | PathChart
    | DriverChart
    | MapChart
    | EngineChart
    | ScatterChart
    | StackChart
    | CurveChart
    | HeatChart
)
