"""What a report says, as frozen values: text, tables and charts before any markup or ink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

Align = Literal["left", "right", "centre"]
Evidence = Literal["clear", "unclear", "unknown"]
"""Whether an interval excludes zero, includes it, or there is none."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a report came from; no clock, host or absolute path, so the same inputs give it again.

    Attributes
    ----------
    versions : tuple of (name, version)
        Python and the packages that made numbers or pictures.
    inputs : tuple of (file name, sha256)
    seed : int or None
    arguments : tuple of (name, value)
        Every setting, resolved.
    command : str
        How to do it again, in the words of the command line.
    """

    versions: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    seed: int | None = None
    arguments: tuple[tuple[str, str], ...] = ()
    command: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: the text shown, the key it sorts by, why it is empty, and its tone."""

    text: str
    sort: float | str = ""
    reason: str = ""
    tone: Literal["", "good", "weak", "strong"] = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head, alignment and, where the head is short, what it means."""

    head: str
    align: Align = "left"
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the first cell of a row is its head; notes stand below."""

    kind: ClassVar[str] = "table"
    ident: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    sortable: bool = True


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


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its message, how to read it, a description in words, and its table.

    `open_table`: the table stands below the chart at once, else behind a summary line.
    """

    kind: ClassVar[str] = "figure"
    ident: str
    title: str
    chart: Chart
    description: str
    reading: str
    table: Table
    open_table: bool = False


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs; `role` sets their weight on the page."""

    kind: ClassVar[str] = "prose"
    paragraphs: tuple[str, ...]
    role: Literal["body", "lead", "note", "code"] = "body"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short statements, each with an optional lead-in."""

    kind: ClassVar[str] = "bullets"
    items: tuple[tuple[str, str], ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A number that stands alone: label, value, its interval in words, a remark."""

    label: str
    value: str
    interval: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Cards:
    """A strip of numbers."""

    kind: ClassVar[str] = "cards"
    cards: tuple[Card, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A ranked driver: verdict, the sentence, and what inside it to look at."""

    label: str
    verdict: str
    text: str
    detail: str
    tone: Literal["first", "next", "keep", "none"]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Drivers in order of priority."""

    kind: ClassVar[str] = "suggestions"
    items: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    kind: ClassVar[str] = "heading"
    ident: str
    text: str


@dataclass(frozen=True, slots=True)
class Links:
    """Files beside the report: name, what is in it, relative addresses."""

    kind: ClassVar[str] = "links"
    rows: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks behind a summary line."""

    kind: ClassVar[str] = "details"
    summary: str
    blocks: tuple[Block, ...]


Block: TypeAlias = (
    Prose | Bullets | Cards | Suggestions | Heading | Links | Table | Figure | Details
)


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter: `ident` is its anchor, `short` its name in the contents."""

    ident: str
    title: str
    short: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """The number at the top, with its interval in words and the sentence below it."""

    construct: str
    value: str
    interval: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReportData:
    """A whole report.

    Attributes
    ----------
    title, subtitle : str
    facts : tuple of (name, value)
        The line of particulars below the title.
    headline : Headline or None
        None for a report without a number at its head.
    findings : tuple of str
        The few sentences that a hurried reader takes away.
    sections : tuple of Section
    language : str
        Of the text.
    """

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    headline: Headline | None
    findings: tuple[str, ...]
    sections: tuple[Section, ...]
    language: str = "en"
