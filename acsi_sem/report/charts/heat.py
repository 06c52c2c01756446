"""A square of numbers: the deeper the colour, the farther from nought."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.charts.scatter import PHONE
from acsi_sem.report.content import HeatChart
from acsi_sem.report.shapes import (
    BLUE,
    INK,
    MUTED,
    VERMILLION,
    WHITE,
    Box,
    Drawing,
    Label,
    Shape,
)

SIZE: Final = 11.5
SMALL: Final = 10.0
HEAD: Final = 20.0
FOOT: Final = 52.0
LINE: Final = 17.0
GAP: Final = 1.0
LOWEST, DEEPEST, WIDEST = 15.0, 34.0, 52.0
DARK: Final = 0.85
"""From here on white reads better on blue than ink; on vermillion it never does."""
KEY: Final = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the square stands and how large a cell is; on a phone names stand below it."""

    left: float
    wide: float
    high: float
    phone: bool

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Return the upper left corner of a cell."""
        return self.left + column * self.wide, HEAD + row * self.high


def draw_heat(chart: HeatChart, width: float) -> Drawing:
    """Place a square of numbers in `width` px, its rows and columns numbered alike.

    Parameters
    ----------
    chart : HeatChart
    width : float

    Returns
    -------
    Drawing
        A cell has its number where there is room for it.
    """
    frame = _frame(chart, width)
    bottom = HEAD + len(chart.labels) * frame.high
    shapes = (*_numbers(chart, frame), *_cells(chart, frame), *_key(width, bottom))
    bottom += FOOT
    names = tuple(_names(chart, frame, width, bottom))
    return Drawing(width, bottom + (len(names) * LINE if frame.phone else 0), (*shapes, *names))


def _frame(chart: HeatChart, width: float) -> _Frame:
    phone = width < PHONE
    size = max(len(chart.labels), 1)
    longest = max((words.width(text, SIZE) for text in chart.labels), default=0.0)
    left = 24.0 if phone else min(longest + 30, width * 0.38)
    wide = min((width - left - 4) / size, WIDEST)
    return _Frame(left, wide, min(max(wide, LOWEST), DEEPEST), phone)


def _numbers(chart: HeatChart, frame: _Frame) -> Iterator[Shape]:
    """Number the rows, and the columns; where those are narrow, every so many."""
    widest = words.width(str(len(chart.labels)), SMALL) + 3
    every = math.ceil(widest / frame.wide)
    for place in range(len(chart.labels)):
        x, y = frame.corner(place, place)
        told = str(place + 1)
        yield Label((18, y + frame.high / 2 + 4), told, SMALL, MUTED, "end")
        if place % every == 0:
            yield Label((x + frame.wide / 2, HEAD - 6), told, SMALL, MUTED, "middle")


def _names(chart: HeatChart, frame: _Frame, width: float, below: float) -> Iterator[Shape]:
    """Name the rows beside them; on a phone below, with their numbers."""
    for place, text in enumerate(chart.labels):
        if frame.phone:
            told = words.shorten(f"{place + 1}  {text}", SIZE, width - 16)
            yield Label((8, below + place * LINE + 12), told, SIZE, INK)
        else:
            base = frame.corner(place, 0)[1] + frame.high / 2 + 4
            yield Label((23, base), words.shorten(text, SIZE, frame.left - 28), SIZE, INK)


def _cells(chart: HeatChart, frame: _Frame) -> Iterator[Shape]:
    texts = [words.number(v, chart.digits) for row in chart.values for v in row if math.isfinite(v)]
    fits = max((words.width(text, SMALL) for text in texts), default=0.0) + 4 <= frame.wide
    for i, row in enumerate(chart.values):
        for j, value in enumerate(row):
            if not math.isfinite(value):
                continue
            x, y = frame.corner(i, j)
            yield Box(x, y, frame.wide - GAP, frame.high - GAP, shade(value))
            if fits:
                at = (x + (frame.wide - GAP) / 2, y + frame.high / 2 + 3)
                told = words.number(value, chart.digits)
                yield Label(at, told, SMALL, WHITE if value > DARK else INK, "middle")


def _key(width: float, bottom: float) -> Iterator[Shape]:
    step = min(28.0, (width - 24) / len(KEY))
    for place, value in enumerate(KEY):
        x = 12 + place * step
        yield Box(x, bottom + 14, step - GAP, 12, shade(value), "" if value else MUTED)
    for place in (0, len(KEY) // 2, len(KEY) - 1):
        at = (12 + (place + 0.5) * step, bottom + 42)
        yield Label(at, words.number(KEY[place], 0), SMALL, MUTED, "middle")


def shade(value: float) -> str:
    """Return the colour of a number between -1 and 1.

    Examples
    --------
    >>> shade(0.0), shade(1.0), shade(-2.0)
    ('#ffffff', '#0072b2', '#d55e00')
    """
    deep = min(abs(value), 1.0)
    full = BLUE if value > 0 else VERMILLION
    parts = (int(full[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + deep * (part - 255)):02x}" for part in parts)
