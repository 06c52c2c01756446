"""Importance across, performance up, indicator by indicator: numbers on the map, names below."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.charts.scale import Scale, make_scale
from acsi_sem.report.charts.scatter import PHONE, draw_corners, draw_grid, padded
from acsi_sem.report.content import MapChart, MapPoint
from acsi_sem.report.shapes import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    PURPLE,
    VERMILLION,
    Box,
    Dot,
    Drawing,
    Label,
    Line,
    Marker,
    Shape,
)

CORNERS: Final = (
    "High importance, high performance",
    "High importance, low performance",
    "Low importance, high performance",
    "Low importance, low performance",
)
STYLES: Final[tuple[tuple[str, Marker], ...]] = (
    (BLUE, "circle"),
    (VERMILLION, "square"),
    (GREEN, "diamond"),
    (PURPLE, "triangle"),
    (INK, "wedge"),
)
SIZE: Final = 11.5
LINE: Final = 17.0
RADIUS: Final = 5.0
NEAR: Final = 15.0
"""A number farther than this from its dot gets a line to it."""


def draw_map(chart: MapChart, width: float) -> Drawing:
    """Place numbered indicators in `width` px, and their names below."""
    phone = width < PHONE
    deep = 330.0 if phone else 400.0
    across = make_scale(
        [0.0, *(p.importance for p in chart.points)],
        (44.0, width - 16),
        (-25.0, 25.0),
        5 if phone else 8,
    )
    up = make_scale(padded([p.performance for p in chart.points]), (deep - 50, 30.0), (0, 100), 6)
    base = [*draw_grid(chart, across, up, phone), *draw_corners(chart, across, up, CORNERS)]
    spots = [(across(p.importance), up(p.performance)) for p in chart.points]
    dots = [_dot(p.family, spot) for p, spot in zip(chart.points, spots, strict=True)]
    taken = [shape.box for shape in base if isinstance(shape, Label)]
    numbers = _numbers(chart.points, spots, taken, (across, up))
    key, bottom = _key(chart, width, deep + 12, 1 if phone else 3)
    return Drawing(width, bottom, (*base, *numbers, *dots, *key))


def _dot(family: int, spot: tuple[float, float]) -> Dot:
    colour, marker = STYLES[family % len(STYLES)]
    return Dot(spot, RADIUS, colour, marker)


def _numbers(
    points: tuple[MapPoint, ...],
    spots: list[tuple[float, float]],
    taken: list[Box],
    scales: tuple[Scale, Scale],
) -> Iterator[Shape]:
    """Put each number where it covers nothing, as near to its dot as that goes."""
    taken = taken + [Box(x - 6, y - 6, 12, 12) for x, y in spots]
    for point, (x, y) in zip(points, spots, strict=True):
        options = (
            (Label((x + dx, y + dy + 4), str(point.number), SIZE, INK, "middle", True, True), away)
            for dx, dy, away in _RINGS
        )
        best, away = min(options, key=lambda option: _cost(option, taken, scales))
        taken = [*taken, best.box]
        if away > NEAR:
            yield Line((x, y), (best.at[0], best.at[1] - 4), MUTED, 0.8)
        yield best


_RINGS: Final = tuple(
    (away * math.cos(turn * math.pi / 8), -away * math.sin(turn * math.pi / 8), away)
    for away in (13.0, 15.0, 20.0, 26.0, 34.0, 44.0, 56.0, 70.0, 88.0)
    for turn in (0, 8, 2, 6, 14, 10, 4, 12, 1, 7, 15, 9, 3, 5, 13, 11)
)


def _cost(option: tuple[Label, float], taken: list[Box], scales: tuple[Scale, Scale]) -> float:
    label, away = option
    box, (across, up) = label.box, scales
    outside = max(0.0, across.start + 2 - box.left) + max(0.0, box.left + box.width - across.end)
    outside += max(0.0, up.end - box.top) + max(0.0, box.top + box.height - up.start)
    return 1000 * outside + 1000 * sum(box.meets(other) for other in taken) + away


def _key(
    chart: MapChart, width: float, top: float, columns: int
) -> tuple[tuple[Shape, ...], float]:
    """Name the numbers, construct by construct, in columns filled one after the other."""
    blocks = [
        (family, name, [p for p in chart.points if p.family == family])
        for family, name in enumerate(chart.families)
    ]
    longest = _longest([len(points) + 1.5 for _, _, points in blocks], columns)
    wide, column, row = width / columns, 0, 0.0
    shapes: list[Shape] = []
    deepest = 0.0
    for family, name, points in blocks:
        if row and row + len(points) + 1.5 > longest and column < columns - 1:
            column, row = column + 1, 0.0
        shapes += _block(family, name, points, (column * wide + 8, top + row * LINE, wide - 16))
        row += len(points) + 1.5
        deepest = max(deepest, row)
    return tuple(shapes), top + deepest * LINE


def _longest(sizes: list[float], columns: int) -> float:
    """Return the shortest length of columns that the blocks fit into, in their order."""
    bounds = {sum(sizes[i:j]) for i in range(len(sizes)) for j in range(i + 1, len(sizes) + 1)}
    return min(bound for bound in bounds if _fits(sizes, columns, bound))


def _fits(sizes: list[float], columns: int, bound: float) -> bool:
    used, row = 1, 0.0
    for size in sizes:
        if size > bound:
            return False
        if row + size > bound:
            used, row = used + 1, 0.0
        row += size
    return used <= columns


def _block(
    family: int, name: str, points: list[MapPoint], place: tuple[float, float, float]
) -> Iterator[Shape]:
    left, top, room = place
    yield _dot(family, (left + RADIUS, top + 9))
    title = words.shorten(name, SIZE * 1.06, room - 18)
    yield Label((left + 18, top + 13), title, SIZE, INK, bold=True)
    for at, point in enumerate(points, 1):
        y = top + 13 + at * LINE
        yield Label((left + 14, y), str(point.number), SIZE, INK, "end", bold=True)
        yield Label((left + 18, y), words.shorten(point.label, SIZE, room - 18), SIZE, INK)
