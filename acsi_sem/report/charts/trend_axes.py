"""The plane of a trend chart: its scales, its grid, and where the rest has room."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.charts.scale import Scale, make_scale
from acsi_sem.report.charts.trend_data import TrendPoint, TrendSeries, place
from acsi_sem.report.shapes import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MUTED,
    PURPLE,
    RULE,
    Anchor,
    Label,
    Line,
    Shape,
)

SMALL: Final = 11.5
PHONE: Final = 500.0
PITCH: Final = 15.0
_LEFT: Final = 46.0
_PALETTE: Final = (BLUE, GREEN, PURPLE, INK)
_HALF_QUARTER: Final = 0.125
_HALF_YEAR: Final = 0.5


@dataclass(frozen=True, slots=True)
class BreakMark:
    """A break on the plane: where, what is said, and in which row above the plane."""

    x: float
    text: str
    row: int
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Plane:
    """Where everything of a trend chart stands.

    Attributes
    ----------
    series : tuple of TrendSeries
    across, up : Scale
        Years to px, index to px.
    width, height : float
        Of the whole drawing, in px.
    foot : float
        Baseline of the legend.
    breaks : tuple of BreakMark
    axis : str
    digits : int
    """

    series: tuple[TrendSeries, ...]
    across: Scale
    up: Scale
    width: float
    height: float
    foot: float
    breaks: tuple[BreakMark, ...]
    axis: str
    digits: int

    @property
    def phone(self) -> bool:
        """True when names stand above the plane."""
        return self.width < PHONE

    def at(self, point: TrendPoint) -> tuple[float, float]:
        """Return the px of a reading."""
        return self.across(place(point.period)), self.up(point.value)

    def colour(self, series: TrendSeries) -> str:
        """Return a series' colour: one each for the strong, in their order."""
        if not series.strong:
            return GREY
        strong = [one for one in self.series if one.strong]
        return _PALETTE[strong.index(series) % len(_PALETTE)]

    def told(self, series: TrendSeries) -> str:
        """Name a series with its latest reading."""
        return told(series, self.series, self.digits)


def latest(series: Sequence[TrendSeries]) -> float:
    """Return the time of the last reading of all."""
    return max(_times(series), default=0.0)


def told(one: TrendSeries, series: Sequence[TrendSeries], digits: int) -> str:
    """Name a series with its latest reading, and when that was if not at the chart's end."""
    known = [point for point in one.line if math.isfinite(point.value)]
    if not known:
        return one.name
    ended = place(known[-1].period) < latest(series) - 1 + 1e-6
    since = f" ({known[-1].period})" if ended else ""
    return f"{one.name} {words.number(known[-1].value, digits)}{since}"


def lay_plane(
    series: Sequence[TrendSeries], width: float, *, axis: str, digits: int, marks: int
) -> Plane:
    """Find room for names, breaks, the plane and the legend.

    Parameters
    ----------
    series : sequence of TrendSeries
    width : float
    axis : str
    digits : int
    marks : int
        Entries of the legend.

    Returns
    -------
    Plane
    """
    phone = width < PHONE
    across = _across(series, width, digits)
    breaks = tuple(_break_marks(series, across, width))
    names = sum(one.strong for one in series) + any(not one.strong for one in series)
    rows = 1 + max((mark.row for mark in breaks), default=-1)
    top = 30.0 + PITCH * rows + (18.0 * names if phone else 0)
    bottom = top + (190.0 if phone else 260.0)
    lines = 0 if not marks else marks if phone else 1
    limits = [
        value
        for one in series
        for point in one.points
        for value in (point.value, point.low, point.high, point.alternative)
    ]
    up = make_scale(limits, (bottom, top), (0.0, 100.0), 6)
    height = bottom + 30 + 18 * lines
    full = tuple(series)
    return Plane(full, across, up, width, height, bottom + 42, breaks, axis, digits)


def _across(series: Sequence[TrendSeries], width: float, digits: int) -> Scale:
    times = _times(series) or [0.5]
    low, high = min(times) - _HALF_QUARTER, max(times) + _HALF_QUARTER
    longest = max((words.width(told(one, series, digits), SMALL) for one in series), default=0)
    room = 14.0 if width < PHONE else min(1.06 * longest + 24, 0.32 * width)
    return Scale(low, high, _LEFT, width - room, 1.0)


def _times(series: Sequence[TrendSeries]) -> list[float]:
    return [place(p.period) for one in series for p in one.points if math.isfinite(p.value)]


def _break_marks(series: Sequence[TrendSeries], across: Scale, width: float) -> Iterator[BreakMark]:
    """Place the breaks of the strong series that lie between readings; texts keep apart."""
    reasons: dict[str, list[str]] = {}
    for one in series:
        for found in one.breaks if one.strong else ():
            kept = reasons.setdefault(found.period, [])
            kept += [found.reason] if found.reason not in kept else []
    times = _times(series)
    taken: list[float] = []
    for period in sorted(reasons, key=place):
        if not times or not min(times) < place(period) <= max(times):
            continue
        half = _HALF_QUARTER if "Q" in period else _HALF_YEAR
        x = across(place(period) - half)
        text = words.shorten("; ".join(reasons[period]), SMALL, width - 20)
        wide = words.width(text, SMALL)
        right = x + 3 + wide < width - 4
        start = x + 3 if right else max(x - 3 - wide, 4.0)
        row = next((i for i, end in enumerate(taken) if end + 10 < start), len(taken))
        taken[row : row + 1] = [start + wide]
        yield BreakMark(x, text, row, "start" if right else "end")


def draw_axes(plane: Plane) -> Iterator[Shape]:
    """Draw the grid, the years or quarters, what is measured, and the breaks."""
    left, right, bottom = plane.across.start, plane.across.end, plane.up.start
    for tick in plane.up.ticks:
        y = plane.up(tick)
        yield Line((left, y), (right, y), RULE)
        yield Label((left - 8, y + 4), words.number(tick, plane.up.digits), SMALL, MUTED, "end")
    yield Label((8, 14), words.shorten(plane.axis, SMALL, plane.width - 16), SMALL, MUTED)
    for time, text in _ticks(plane):
        x = plane.across(time)
        yield Line((x, bottom), (x, bottom + 4), MUTED)
        yield Label((x, bottom + 18), text, SMALL, MUTED, "middle")
    yield from _breaks(plane)


def _breaks(plane: Plane) -> Iterator[Shape]:
    """Draw the lines first, so that each text is legible on the others' lines."""
    bottom, top = plane.up.start, plane.up.end
    for mark in plane.breaks:
        y = top - 3 - PITCH * mark.row
        yield Line((mark.x, y), (mark.x, bottom), MUTED, 1.2, (4, 3))
    for mark in plane.breaks:
        wide = words.width(mark.text, SMALL)
        at = mark.x + 3 if mark.anchor == "start" else max(mark.x - 3, wide + 4)
        y = top - 6 - PITCH * mark.row
        yield Label((at, y), mark.text, SMALL, MUTED, mark.anchor, halo=True)


def _ticks(plane: Plane) -> Iterator[tuple[float, str]]:
    """Name quarters where there are few, else years at their middle; no two names meet."""
    periods = {
        point.period: place(point.period)
        for one in plane.series
        for point in one.points
        if math.isfinite(point.value)
    }
    ordered = sorted(periods.items(), key=lambda item: item[1])
    wide = words.width("2026Q3", SMALL) + 14
    room = plane.across.end - plane.across.start
    quarters = all("Q" in period for period in periods)
    if not quarters or len(ordered) * wide > room:
        years = range(math.floor(plane.across.low), math.floor(plane.across.high) + 1)
        inside = [y for y in years if plane.across.low <= y + 0.5 <= plane.across.high]
        ordered = [(str(year), year + 0.5) for year in inside]
    per = (ordered[-1][1] - ordered[0][1]) / max(len(ordered) - 1, 1) if ordered else 1.0
    each = max(per * room / (plane.across.high - plane.across.low), 1.0)
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if s * each >= wide or s == 1000)
    last = -math.inf
    for number, (text, time) in enumerate(ordered):
        on = int(text) % step == 0 if text.isdecimal() and step > 2 else number % step == 0
        x = plane.across(time)
        half = wide / 2 - 7
        if on and x - last >= wide - 8 and half <= x <= plane.width - half:
            last = x
            yield time, text
