"""Dots with intervals: names on the left (above on a phone), numbers on the right."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.charts.scale import Scale, make_scale
from acsi_sem.report.content import IntervalChart, IntervalRow
from acsi_sem.report.shapes import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    RULE,
    Anchor,
    Box,
    Dot,
    Drawing,
    Label,
    Line,
    Shape,
)

SIZE: Final = 13.0
SMALL: Final = 11.5
PHONE: Final = 500.0
TOP: Final = 26.0
"""Room above the rows for the name of a reference line."""
BARE: Final = 6.0
"""Room above the rows without such a line."""
FOOT: Final = 46.0
HEADING: Final = 30.0
DENSE: Final = 16
WORDED: Final = 22.0
"""Height of a row's words on a phone, where they stand above its dot."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the parts of the chart stand."""

    width: float
    left: float
    right: float
    pitch: float
    tops: tuple[float, ...]
    top: float
    bottom: float
    phone: bool

    def middle(self, place: int) -> float:
        """Return the height of a row's dot."""
        return self.tops[place] + (34 if self.phone else self.pitch / 2)


def draw_intervals(chart: IntervalChart, width: float) -> Drawing:
    """Place a dot chart with intervals in `width` px."""
    frame = _frame(chart, width)
    values = [v for row in chart.rows for v in (row.value, row.low, row.high)]
    values += [chart.reference[0]] if chart.reference else []
    scale = make_scale(values, (frame.left, frame.right), chart.bounds, 5 if frame.phone else 7)
    shapes = (
        *_stripes(frame, chart),
        *_grid(frame, scale, chart),
        *_reference(frame, scale, chart),
        *(s for i, row in enumerate(chart.rows) for s in _row(frame, scale, row, i)),
    )
    return Drawing(width, frame.bottom + FOOT, shapes)


def _frame(chart: IntervalChart, width: float) -> _Frame:
    phone = width < PHONE
    dense = len(chart.rows) > DENSE
    pitch = 50.0 if phone else 26.0 if dense else 34.0
    top = TOP if chart.reference else BARE
    tops, y = [], top
    for row in chart.rows:
        y += HEADING if row.heading else 0
        tops.append(y)
        y += pitch
    if phone:
        return _Frame(width, 12, width - 12, pitch, tuple(tops), top, y, phone=True)
    names = max((words.width(row.label, SIZE) for row in chart.rows), default=0)
    left = min(max(names, 90), width * 0.34) + 22
    return _Frame(width, left, width - 158, pitch, tuple(tops), top, y, phone=False)


def _stripes(frame: _Frame, chart: IntervalChart) -> Iterator[Shape]:
    """Stripe every other row, beginning anew below each heading."""
    since = 0
    for top, row in zip(frame.tops, chart.rows, strict=True):
        since = 0 if row.heading else since
        if since % 2 == 0:
            yield Box(0, top, frame.width, frame.pitch, FAINT, round=3)
        since += 1


def _grid(frame: _Frame, scale: Scale, chart: IntervalChart) -> Iterator[Shape]:
    for tick in scale.ticks:
        x = scale(tick)
        yield Line((x, frame.top), (x, frame.bottom), RULE)
        told = words.number(tick, max(scale.digits, chart.digits))
        half = words.width(told, SMALL) / 2
        x = min(max(x, half + 1), frame.width - half - 1)
        yield Label((x, frame.bottom + 17), told, SMALL, MUTED, "middle")
    middle = (frame.left + frame.right) / 2
    room = 2 * min(middle, frame.width - middle) - 8
    axis = words.shorten(chart.axis, SMALL, room)
    yield Label((middle, frame.bottom + 37), axis, SMALL, MUTED, "middle")


def _reference(frame: _Frame, scale: Scale, chart: IntervalChart) -> Iterator[Shape]:
    if chart.reference is None:
        return
    value, name = chart.reference
    x = scale(value)
    for start, end in _gaps(frame):
        yield Line((x, start), (x, end), MUTED, 1.2, (4, 3))
    name = words.shorten(name, SMALL, frame.width - 20)
    half = words.width(name, SMALL) / 2
    x = min(max(x, half + 4), frame.width - half - 4)
    yield Label((x, TOP - 11), name, SMALL, MUTED, "middle")


def _gaps(frame: _Frame) -> Iterator[tuple[float, float]]:
    """Yield where an upright line may run: all the way down, on a phone below each row's text."""
    if not frame.phone:
        yield TOP - 6, frame.bottom
        return
    yield TOP - 6, TOP
    for top in frame.tops:
        yield top + WORDED, top + frame.pitch


def _row(frame: _Frame, scale: Scale, row: IntervalRow, place: int) -> Iterator[Shape]:
    y = frame.middle(place)
    if row.heading:
        x = 8.0 if frame.phone else frame.left - 14
        anchor: Anchor = "start" if frame.phone else "end"
        room = frame.width - 16
        wide = words.width(row.heading, SIZE) * 1.06
        if not frame.phone and wide > frame.left - 22:  # too long for the column of names
            x, anchor = 8.0, "start"
        heading = words.shorten(row.heading, SIZE, room / 1.06)
        yield Label((x, frame.tops[place] - 8), heading, SIZE, INK, anchor, bold=True, halo=True)
    yield from _names(frame, row, y)
    if not math.isfinite(row.value):
        return
    if math.isfinite(row.low) and math.isfinite(row.high):
        yield Line((scale(row.low), y), (scale(row.high), y), BLUE, 3)
    yield Dot((scale(row.value), y), 5.5, INK if row.strong else BLUE)


def _names(frame: _Frame, row: IntervalRow, y: float) -> Iterator[Shape]:
    if frame.phone:
        told = words.shorten(row.text, SMALL, frame.width * 0.62)
        room = frame.width - 20 - words.width(told, SMALL)
        yield Label((8, y - 17), words.shorten(row.label, 12.5, room), 12.5, bold=row.strong)
        yield Label((frame.width - 8, y - 17), told, SMALL, MUTED, "end")
        return
    name = words.shorten(row.label, SIZE, frame.left - 20)
    yield Label((frame.left - 14, y + 4.5), name, SIZE, INK, "end", row.strong)
    known = math.isfinite(row.value)
    x, room = (frame.width - 8, 140.0) if known else (frame.left + 6, frame.right - frame.left)
    told = words.shorten(row.text, 12.5, room)
    yield Label((x, y + 4.5), told, 12.5, INK if known else MUTED, "end" if known else "start")
