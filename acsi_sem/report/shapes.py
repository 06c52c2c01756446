"""Drawings as data: shapes on a plane of px, the origin top left."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from acsi_sem.report import words

INK: Final = "#18222f"
MUTED: Final = "#566270"
RULE: Final = "#dfe4ea"
FAINT: Final = "#f3f6f9"
WHITE: Final = "#ffffff"
BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
GREEN: Final = "#00795a"
GREY: Final = "#8a94a0"
PURPLE: Final = "#7d3c98"

Anchor = Literal["start", "middle", "end"]
Marker = Literal["circle", "square", "diamond", "triangle", "wedge"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line, straight or bent towards the points `via`; `dash` in px on and off."""

    start: tuple[float, float]
    end: tuple[float, float]
    colour: str = INK
    thickness: float = 1.0
    dash: tuple[float, ...] = ()
    via: tuple[tuple[float, float], ...] = ()

    @property
    def pieces(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """The quadratic pieces (start, control, end); they join midway between controls."""
        joints = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in itertools.pairwise(self.via)]
        ends = [self.start, *joints, self.end]
        return tuple(zip(ends[:-1], self.via, ends[1:], strict=True))

    def at(self, share: float) -> tuple[float, float]:
        """Return the point at a share of the way."""
        (x0, y0), (x1, y1) = self.start, self.end
        if not self.via:
            return x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        place = min(int(share * len(self.via)), len(self.via) - 1)
        (x0, y0), (xc, yc), (x1, y1) = self.pieces[place]
        t = share * len(self.via) - place
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        return a * x0 + b * xc + c * x1, a * y0 + b * yc + c * y1


@dataclass(frozen=True, slots=True)
class Dot:
    """A marker."""

    centre: tuple[float, float]
    radius: float = 5.0
    colour: str = BLUE
    marker: Marker = "circle"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with round corners."""

    left: float
    top: float
    width: float
    height: float
    fill: str = WHITE
    edge: str = ""
    round: float = 0.0
    thickness: float = 1.0

    def covers(self, point: tuple[float, float], margin: float = 0.0) -> bool:
        """True when the point lies inside, or within `margin` of it."""
        x, y = point
        return (
            self.left - margin < x < self.left + self.width + margin
            and self.top - margin < y < self.top + self.height + margin
        )

    def meets(self, other: Box) -> bool:
        """True when the two share an area."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )


@dataclass(frozen=True, slots=True)
class Head:
    """An arrow's head: its tip and the direction it points to, in radians."""

    tip: tuple[float, float]
    angle: float
    colour: str = INK
    size: float = 9.0

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Tip and the two back corners."""
        x, y = self.tip
        back = [self.angle + math.pi - 0.42, self.angle + math.pi + 0.42]
        return self.tip, *((x + self.size * math.cos(a), y + self.size * math.sin(a)) for a in back)


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text; `at` is on its baseline. `halo`: a white rim keeps it legible on lines."""

    at: tuple[float, float]
    text: str
    size: float = 12.0
    colour: str = INK
    anchor: Anchor = "start"
    bold: bool = False
    halo: bool = False

    @property
    def box(self) -> Box:
        """The estimated box of the text."""
        wide = words.width(self.text, self.size) * (1.06 if self.bold else 1.0)
        left = self.at[0] - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return Box(left, self.at[1] - 0.8 * self.size, wide, self.size)


Shape: TypeAlias = Line | Dot | Box | Head | Label


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes in the order they are painted."""

    width: float
    height: float
    shapes: tuple[Shape, ...]

    @property
    def labels(self) -> tuple[Label, ...]:
        """Every text."""
        return tuple(shape for shape in self.shapes if isinstance(shape, Label))
