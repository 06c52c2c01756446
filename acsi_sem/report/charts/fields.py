"""Labelled points in a plane cut in four: names beside the points, or numbers and a key."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.charts.scale import Scale, make_scale
from acsi_sem.report.content import ScatterChart, ScatterPoint
from acsi_sem.report.shapes import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    PURPLE,
    RULE,
    VERMILLION,
    Anchor,
    Box,
    Dot,
    Drawing,
    Label,
    Line,
    Marker,
    Shape,
)

STYLES: Final[tuple[tuple[str, Marker], ...]] = (
    (BLUE, "circle"),
    (VERMILLION, "square"),
    (GREEN, "diamond"),
    (PURPLE, "triangle"),
    (INK, "wedge"),
)
PHONE: Final = 500.0
SMALL: Final = 11.5
SIZE: Final = 12.0
ROW: Final = 18.0
RADIUS: Final = 5.5
NEAR: Final = 16.0
"""A name farther than this from its point gets a line to it."""
MOST_NAMED: Final = 14
"""Points; more are numbered even where there is room for their names."""
_FAR: Final = 1e6
_SOFT: Final = 8.0


@dataclass(frozen=True, slots=True)
class _Plane:
    """The scales, the drawing's width and the height of the plane with its axis."""

    across: Scale
    up: Scale
    width: float
    deep: float
    phone: bool

    def spot(self, point: ScatterPoint) -> tuple[float, float]:
        """Return where a point stands."""
        return self.across(point.x), self.up(point.y)


def draw_scatter(chart: ScatterChart, width: float) -> Drawing:
    """Place a chart's shapes in `width` px; points without a place are left to the table."""
    points = tuple(p for p in chart.points if math.isfinite(p.x) and math.isfinite(p.y))
    plane = _plane(chart, points, width)
    base = [*_grid(chart, plane), *_corners(chart, plane, points)]
    marks = [shape for point in points for shape in _mark(point, plane)]
    taken = [shape.box for shape in base if isinstance(shape, Label)]
    taken += [_around(plane.spot(point)) for point in points]
    key, low = _families(chart, points, plane)
    bars = [box for point in points for box in _bars(point, plane)]
    names = _named(points, plane, taken, bars) if len(points) <= MOST_NAMED else None
    if names is None:
        numbers = _numbered(points, plane, taken, bars)
        listed, low = _list(points, plane, low)
        return Drawing(width, low, (*base, *marks, *numbers, *key, *listed))
    return Drawing(width, low, (*base, *marks, *names, *key))


def _plane(chart: ScatterChart, points: Sequence[ScatterPoint], width: float) -> _Plane:
    phone = width < PHONE
    deep = 320.0 if phone else 400.0
    ends = [(p.x, *p.x_limits) for p in points], [(p.y, *p.y_limits) for p in points]
    spans = [[v for trio in axis for v in trio if math.isfinite(v)] for axis in ends]
    for axis, span in enumerate(spans):
        span += [chart.cuts[axis]] if chart.cuts and math.isfinite(chart.cuts[axis]) else []
    bounds = chart.bounds or (_free(spans[0]), _free(spans[1]))
    up = make_scale(_padded(spans[1], bounds[1]), (deep - 50, 30.0), bounds[1], 6)
    ticks = (words.width(words.number(tick, up.digits), SMALL) for tick in up.ticks)
    left = max(44.0, max(ticks, default=0.0) + 14)
    pixels = (left, width - 16)
    across = make_scale(_padded(spans[0], bounds[0]), pixels, bounds[0], 4 if phone else 7)
    return _Plane(across, up, width, deep, phone)


def _free(values: Sequence[float]) -> tuple[float, float]:
    """Return bounds that bind nothing."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = max(high - low, abs(high), abs(low), 1e-3)
    return low - room, high + room


def _padded(values: Sequence[float], bounds: tuple[float, float]) -> list[float]:
    """Return the ends of the values' range with room around them, within bounds."""
    if not values:
        return list(bounds)
    pad = 0.06 * (max(values) - min(values)) or 0.05 * (bounds[1] - bounds[0])
    low, high = max(min(values) - pad, bounds[0]), min(max(values) + pad, bounds[1])
    return [min(low, *values), max(high, *values)]


def _grid(chart: ScatterChart, plane: _Plane) -> Iterator[Shape]:
    """Draw ticks, the names of the axes, and the lines that cut the plane."""
    across, up = plane.across, plane.up
    left, right, bottom, top = across.start, across.end, up.start, up.end
    yield from (Line((across(tick), top), (across(tick), bottom), RULE) for tick in across.ticks)
    yield from _ticks(plane, bottom + 17)
    for tick in up.ticks:
        yield Line((left, up(tick)), (right, up(tick)), RULE)
        yield Label((left - 7, up(tick) + 4), words.number(tick, up.digits), SMALL, MUTED, "end")
    if chart.cuts is not None:
        x, y = across(chart.cuts[0]), up(chart.cuts[1])
        if math.isfinite(x):
            yield Line((x, top), (x, bottom), MUTED, 1.2, (4, 3))
        if math.isfinite(y):
            yield Line((left, y), (right, y), MUTED, 1.2, (4, 3))
    room = plane.width - 16
    size = 10.5 if plane.phone else SMALL
    yield Label((right, bottom + 38), words.shorten(chart.across, size, room), size, MUTED, "end")
    yield Label((8, top - 14), words.shorten(chart.up, SMALL, room), SMALL, MUTED)


def _ticks(plane: _Plane, y: float) -> Iterator[Label]:
    """Write the numbers across, moved in at the edge, none that would cover the one before."""
    taken = -math.inf
    for tick in plane.across.ticks:
        told = words.number(tick, plane.across.digits)
        half = words.width(told, SMALL) / 2
        x = min(max(plane.across(tick), half + 1), plane.width - half - 1)
        if x - half > taken + 4:
            taken = x + half
            yield Label((x, y), told, SMALL, MUTED, "middle")


def _corners(chart: ScatterChart, plane: _Plane, points: Sequence[ScatterPoint]) -> Iterator[Shape]:
    """Name the fields, where there is room and no point."""
    if chart.cuts is None or not all(map(math.isfinite, chart.cuts)):
        return
    across, up = plane.across, plane.up
    x, y = across(chart.cuts[0]), up(chart.cuts[1])
    high, low = up.end + 14, up.start - 7
    spots: tuple[tuple[float, float, Anchor, float, float], ...] = (
        (across.start + 6, high, "start", x - across.start, y - up.end),
        (across.end - 6, high, "end", across.end - x, y - up.end),
        (across.start + 6, low, "start", x - across.start, up.start - y),
        (across.end - 6, low, "end", across.end - x, up.start - y),
    )
    dots = [_around(plane.spot(point)) for point in points]
    for name, (at, line, anchor, wide, tall) in zip(chart.corners, spots, strict=True):
        label = Label((at, line), name, SMALL, MUTED, anchor)
        fits = label.box.width < wide - 10 and tall > 22
        if name and fits and not any(label.box.meets(dot) for dot in dots):
            yield label


def _around(spot: tuple[float, float]) -> Box:
    return Box(spot[0] - 7, spot[1] - 7, 14, 14)


def _mark(point: ScatterPoint, plane: _Plane) -> Iterator[Shape]:
    x, y = plane.spot(point)
    colour, marker = STYLES[point.family % len(STYLES)]
    if all(map(math.isfinite, point.x_limits)):
        low, high = map(plane.across, point.x_limits)
        yield Line((low, y), (high, y), colour, 1.4)
    if all(map(math.isfinite, point.y_limits)):
        low, high = map(plane.up, point.y_limits)
        yield Line((x, low), (x, high), colour, 1.4)
    yield Dot((x, y), RADIUS + (1.5 if point.strong else 0.0), colour, marker)


def _named(
    points: Sequence[ScatterPoint], plane: _Plane, taken: Sequence[Box], bars: Sequence[Box]
) -> list[Shape] | None:
    """Put every name beside its point; None where they do not all fit."""
    shapes: list[Shape] = []
    used = list(taken)
    room = (plane.across.end - plane.across.start) * (0.6 if plane.phone else 0.4)
    for point in points:
        if words.width(point.label, SIZE) * 1.06 > room:
            return None
        x, y = plane.spot(point)
        options = [
            (Label((x + dx, y + dy), point.label, SIZE, INK, anchor, point.strong, True), away)
            for dx, dy, anchor, away in _BESIDE
        ]
        best, away = min(options, key=lambda option: _cost(option, used, bars, plane))
        if _cost((best, away), used, bars, plane) >= _FAR:
            return None
        used.append(best.box)
        shapes.append(best)
    return shapes


_BESIDE: Final[tuple[tuple[float, float, Anchor, float], ...]] = (
    (11, 4, "start", 0),
    (-11, 4, "end", 1),
    (0, -12, "middle", 2),
    (0, 20, "middle", 3),
    (9, -9, "start", 4),
    (-9, -9, "end", 5),
    (9, 17, "start", 6),
    (-9, 17, "end", 7),
)


def _cost(
    option: tuple[Label, float], taken: Sequence[Box], bars: Sequence[Box], plane: _Plane
) -> float:
    """Weigh a place for a text: none outside or on other texts, rather off the bars, near."""
    label, away = option
    box, across, up = label.box, plane.across, plane.up
    outside = max(0.0, across.start + 2 - box.left) + max(0.0, box.left + box.width - across.end)
    outside += max(0.0, up.end - box.top) + max(0.0, box.top + box.height - up.start)
    hard = (outside > 0) + sum(box.meets(other) for other in taken)
    return _FAR * hard + outside + _SOFT * sum(box.meets(bar) for bar in bars) + away


def _bars(point: ScatterPoint, plane: _Plane) -> Iterator[Box]:
    x, y = plane.spot(point)
    if all(map(math.isfinite, point.x_limits)):
        low, high = map(plane.across, point.x_limits)
        yield Box(low, y - 2, high - low, 4)
    if all(map(math.isfinite, point.y_limits)):
        low, high = map(plane.up, point.y_limits)
        yield Box(x - 2, high, 4, low - high)


_RINGS: Final = tuple(
    (away * math.cos(turn * math.pi / 8), -away * math.sin(turn * math.pi / 8), away)
    for away in (14.0, 16.0, 20.0, 26.0, 34.0, 44.0, 56.0, 70.0, 88.0, 110.0)
    for turn in (0, 8, 2, 6, 14, 10, 4, 12, 1, 7, 15, 9, 3, 5, 13, 11)
)


def _numbered(
    points: Sequence[ScatterPoint], plane: _Plane, taken: Sequence[Box], bars: Sequence[Box]
) -> Iterator[Shape]:
    """Put each number where it covers nothing, as near to its point as that goes."""
    used = list(taken)
    for number, point in enumerate(points, 1):
        x, y = plane.spot(point)
        options = (
            (Label((x + dx, y + dy + 4), str(number), SMALL, INK, "middle", True, True), away)
            for dx, dy, away in _RINGS
        )
        best, away = min(options, key=lambda option: _cost(option, used, bars, plane))
        used.append(best.box)
        if away > NEAR:
            yield Line((x, y), (best.at[0], best.at[1] - 4), MUTED, 0.8)
        yield best


def _families(
    chart: ScatterChart, points: Sequence[ScatterPoint], plane: _Plane
) -> tuple[list[Shape], float]:
    """Name the markers below the plane, as many beside each other as fit."""
    shapes: list[Shape] = []
    used = sorted({point.family for point in points})
    x, y = 8.0, plane.deep
    for family in used if len(used) > 1 and chart.families else ():
        name = words.shorten(chart.families[family], SIZE, plane.width - 40)
        wide = words.width(name, SIZE) + 44
        if x > 8.0 and x + wide > plane.width:
            x, y = 8.0, y + ROW
        colour, marker = STYLES[family % len(STYLES)]
        shapes += [Dot((x + RADIUS, y + 9), RADIUS, colour, marker)]
        shapes += [Label((x + 18, y + 13), name, SIZE, INK)]
        x += wide
    return shapes, y + (ROW + 4 if shapes else 0.0)


def _list(points: Sequence[ScatterPoint], plane: _Plane, top: float) -> tuple[list[Shape], float]:
    """Name the numbers, in columns filled one after the other."""
    columns = 1 if plane.phone else min(3, max(1, len(points) // 4))
    long = math.ceil(len(points) / columns)
    wide = plane.width / columns
    shapes: list[Shape] = []
    for at, point in enumerate(points):
        left, y = at // long * wide, top + 14 + at % long * ROW
        colour, marker = STYLES[point.family % len(STYLES)]
        name = words.shorten(point.label, SIZE, wide - 60)
        shapes += [
            Dot((left + 14, y - 4), RADIUS - 1, colour, marker),
            Label((left + 44, y), str(at + 1), SMALL, INK, "end", bold=True),
            Label((left + 50, y), name, SIZE, INK),
        ]
    return shapes, top + 10 + long * ROW
