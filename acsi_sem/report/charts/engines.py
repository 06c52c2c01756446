"""The same coefficients by several engines, one symbol each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.charts.scale import Scale, make_scale
from acsi_sem.report.content import EngineChart, EngineRow
from acsi_sem.report.shapes import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MUTED,
    PURPLE,
    RULE,
    VERMILLION,
    WHITE,
    Box,
    Dot,
    Drawing,
    Label,
    Line,
    Marker,
    Shape,
)

STYLES: Final[tuple[tuple[Marker, str, bool], ...]] = (
    ("circle", BLUE, False),
    ("square", VERMILLION, False),
    ("diamond", GREEN, False),
    ("triangle", PURPLE, False),
    ("wedge", INK, False),
    ("circle", VERMILLION, True),
)
"""Marker, colour, and whether it is hollow."""

RADIUS: Final = 5.0
HOLE: Final = 2.6
GAP: Final = 13.0
SMALL: Final = 11.5
PHONE: Final = 500.0


def draw_engines(chart: EngineChart, width: float) -> Drawing:
    """Place one band per path and one line per engine in `width` px."""
    phone = width < PHONE
    top = 20.0 * len(_legend_lines(chart, width, phone)) + (14 if phone else 20)
    pitch = GAP * len(chart.engines) + (30 if phone else 14)
    bottom = top + pitch * len(chart.rows)
    left = 12.0 if phone else _left(chart, width)
    values = [v for row in chart.rows for triple in row.values for v in triple]
    scale = make_scale([0.0, *values], (left, width - 14), (-1.0, 1.0), 5 if phone else 8)
    shapes = (
        *_legend(chart, width, phone),
        *_grid(chart, scale, top, bottom, pitch, width),
        *(
            shape
            for place, row in enumerate(chart.rows)
            for shape in _row(row, scale, top + pitch * place, pitch, left, phone)
        ),
    )
    return Drawing(width, bottom + 46, shapes)


def _left(chart: EngineChart, width: float) -> float:
    names = max((words.width(row.label, 12.5) for row in chart.rows), default=0)
    return min(names, width * 0.42) + 22


def _legend(chart: EngineChart, width: float, phone: bool) -> Iterator[Shape]:
    styles = iter(STYLES)
    for place, names in enumerate(_legend_lines(chart, width, phone)):
        y = (14.0 if phone else 16.0) + 20 * place
        x = 16.0 if phone else width - 20 - _legend_width(names)
        for name in names:
            yield from _symbol((x, y), next(styles))
            yield Label((x + 11, y + 4), name, 12, INK)
            x += words.width(name, 12) + 34


def _legend_lines(chart: EngineChart, width: float, phone: bool) -> list[list[str]]:
    """Break the legend into lines: one name each on a phone, else as many as fit."""
    lines: list[list[str]] = []
    for name in chart.engines:
        if lines and not phone and _legend_width([*lines[-1], name]) < width - 40:
            lines[-1].append(name)
        else:
            lines.append([name])
    return lines


def _legend_width(names: Sequence[str]) -> float:
    return sum(words.width(name, 12) + 34 for name in names) - 20


def _grid(
    chart: EngineChart, scale: Scale, top: float, bottom: float, pitch: float, width: float
) -> Iterator[Shape]:
    for place in range(0, len(chart.rows), 2):
        yield Box(0, top + pitch * place, width, pitch, FAINT, round=3)
    for tick in scale.ticks:
        x = scale(tick)
        yield Line((x, top), (x, bottom), MUTED if tick == 0 else RULE, 1.2 if tick == 0 else 1)
        told = words.number(tick, max(scale.digits, 1))
        yield Label((x, bottom + 17), told, SMALL, MUTED, "middle")
    middle = (scale.start + scale.end) / 2
    yield Label((middle, bottom + 37), chart.axis, SMALL, MUTED, "middle")


def _row(
    row: EngineRow, scale: Scale, top: float, pitch: float, left: float, phone: bool
) -> Iterator[Shape]:
    if phone:
        yield Label((8, top + 17), words.shorten(row.label, 12.5, scale.end - 8), 12.5)
    else:
        name = words.shorten(row.label, 12.5, left - 20)
        yield Label((left - 14, top + pitch / 2 + 4.5), name, 12.5, INK, "end")
    first = top + (31 if phone else (pitch - GAP * (len(row.values) - 1)) / 2)
    for place, (value, low, high) in enumerate(row.values):
        colour = STYLES[place][1]
        y = first + GAP * place
        if math.isfinite(low) and math.isfinite(high):
            yield Line((scale(low), y), (scale(high), y), colour, 2.2)
        if math.isfinite(value):
            yield from _symbol((scale(value), y), STYLES[place])


def _symbol(centre: tuple[float, float], style: tuple[Marker, str, bool]) -> Iterator[Shape]:
    marker, colour, hollow = style
    yield Dot(centre, RADIUS, colour, marker)
    if hollow:
        yield Dot(centre, HOLE, WHITE, marker)
