"""Bars of shares: names on the left (above on a phone), a key above, shares inside."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.content import StackChart, StackRow
from acsi_sem.report.shapes import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    PURPLE,
    RULE,
    VERMILLION,
    WHITE,
    Box,
    Drawing,
    Label,
    Line,
    Shape,
)

SIZE: Final = 13.0
SMALL: Final = 11.5
PHONE: Final = 500.0
FOOT: Final = 46.0
BAR: Final = 20.0
KEY: Final = 11.0
MIDDLE: Final = "#e3e7ec"
KINDS: Final = (BLUE, VERMILLION, GREEN, PURPLE, "#cfd6de", MUTED, "#e6a700", "#56b4e9")
"""Colours of categories without order, the first four as of markers in a plane."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the parts of the chart stand."""

    width: float
    left: float
    right: float
    top: float
    pitch: float
    bottom: float
    phone: bool

    def bar(self, place: int) -> float:
        """Return the top of a row's bar."""
        return self.top + place * self.pitch + (self.pitch - BAR - (5 if self.phone else 7))

    def at(self, share: float) -> float:
        """Return the px of a share."""
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)


def draw_stack(chart: StackChart, width: float) -> Drawing:
    """Place bars of shares in `width` px.

    Parameters
    ----------
    chart : StackChart
        Ordered categories run from bad, on the left, to good.
    width : float
    """
    colours = shades(len(chart.categories)) if chart.ordered else kinds(len(chart.categories))
    key, low = _key(chart, colours, width)
    frame = _frame(chart, width, low + 12)
    shapes = (
        *key,
        *_grid(frame, chart),
        *(s for i, row in enumerate(chart.rows) for s in _row(frame, row, colours, i)),
    )
    return Drawing(width, frame.bottom + FOOT, shapes)


def shades(count: int) -> tuple[str, ...]:
    """Return colours from bad (vermillion) over a light middle to good (blue).

    Examples
    --------
    >>> shades(3)
    ('#d55e00', '#e3e7ec', '#0072b2')
    """
    places = [i / (count - 1) if count > 1 else 1.0 for i in range(count)]
    return tuple(
        _mix(MIDDLE, VERMILLION, 1 - 2 * at) if at < 0.5 else _mix(MIDDLE, BLUE, 2 * at - 1)
        for at in places
    )


def kinds(count: int) -> tuple[str, ...]:
    """Return colours of categories without order; beyond eight they come again, lighter."""
    return tuple(
        _mix(KINDS[i % len(KINDS)], WHITE, min(0.45 * (i // len(KINDS)), 0.9)) for i in range(count)
    )


def _mix(one: str, other: str, share: float) -> str:
    parts = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in parts)


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def _on(colour: str) -> str:
    """Return the ink that is legible on a colour."""
    red, green, blue = _parts(colour)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else WHITE


def _frame(chart: StackChart, width: float, top: float) -> _Frame:
    phone = width < PHONE
    pitch = 50.0 if phone else 34.0
    bottom = top + pitch * len(chart.rows)
    if phone:
        return _Frame(width, 8, width - 8, top, pitch, bottom, phone=True)
    names = max((words.width(row.label, SIZE) for row in chart.rows), default=0)
    texts = max((words.width(row.text, 12.5) for row in chart.rows if _known(row)), default=0)
    left = min(max(names, 90), width * 0.34) + 22
    right = width - 16 - min(texts + 8, 170) if texts else width - 16
    return _Frame(width, left, right, top, pitch, bottom, phone=False)


def _key(chart: StackChart, colours: tuple[str, ...], width: float) -> tuple[list[Shape], float]:
    """Name the colours above the bars, in their order, in as many lines as it takes."""
    shapes: list[Shape] = []
    x, y = 8.0, 18.0
    for name, colour in zip(chart.categories, colours, strict=True):
        told = words.shorten(name, SMALL, width - 40)
        room = KEY + 6 + words.width(told, SMALL)
        if x > 8 and x + room > width - 8:
            x, y = 8.0, y + 19
        shapes.append(Box(x, y - KEY + 1, KEY, KEY, colour, round=2))
        shapes.append(Label((x + KEY + 6, y), told, SMALL, MUTED))
        x += room + 16
    return shapes, y


def _grid(frame: _Frame, chart: StackChart) -> Iterator[Shape]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = frame.at(share)
        yield Line((x, frame.top), (x, frame.bottom), RULE)
        told = words.number(100 * share, 0)
        half = words.width(told, SMALL) / 2
        x = min(max(x, half + 1), frame.width - half - 1)
        yield Label((x, frame.bottom + 17), told, SMALL, MUTED, "middle")
    room = min(frame.left + frame.right, 2 * frame.width - frame.left - frame.right)
    axis = words.shorten(chart.axis, SMALL, room - 8)
    middle = (frame.left + frame.right) / 2
    yield Label((middle, frame.bottom + 37), axis, SMALL, MUTED, "middle")


def _known(row: StackRow) -> bool:
    return all(map(math.isfinite, row.shares))


def _row(frame: _Frame, row: StackRow, colours: tuple[str, ...], place: int) -> Iterator[Shape]:
    top = frame.bar(place)
    yield from _names(frame, row, top)
    if not _known(row):
        return
    ends = [0.0, *itertools.accumulate(max(share, 0.0) for share in row.shares)]
    for (low, high), share, colour in zip(
        itertools.pairwise(ends), row.shares, colours, strict=True
    ):
        start, wide = frame.at(low), frame.at(high) - frame.at(low)
        if wide <= 0:
            continue
        # A white rim parts neighbours, also in print without colour.
        yield Box(start, top, wide, BAR, colour, WHITE, 0, 1.0)
        told = words.number(100 * share, 0)
        if words.width(told, SMALL) + 6 < wide:
            yield Label((start + wide / 2, top + 14.2), told, SMALL, _on(colour), "middle")


def _names(frame: _Frame, row: StackRow, top: float) -> Iterator[Shape]:
    """Name the row, and say what stands at its end, or why there is no bar."""
    if frame.phone:
        told = words.shorten(row.text, SMALL, frame.width * 0.55)
        room = frame.width - 24 - words.width(told, SMALL)
        yield Label((8, top - 6), words.shorten(row.label, 12.5, room), 12.5)
        if told:
            yield Label((frame.width - 8, top - 6), told, SMALL, MUTED, "end")
        return
    name = words.shorten(row.label, SIZE, frame.left - 20)
    yield Label((frame.left - 14, top + 14.5), name, SIZE, INK, "end")
    if not row.text:
        return
    if _known(row):
        told = words.shorten(row.text, 12.5, frame.width - 16 - frame.right)
        yield Label((frame.width - 8, top + 14.5), told, 12.5, INK, "end")
    else:
        told = words.shorten(row.text, 12.5, frame.right - frame.left - 12)
        yield Label((frame.left + 6, top + 14.5), told, 12.5, MUTED)
