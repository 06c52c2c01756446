"""Readings over time: intervals, breaks, vintages, doubts, and the names at the lines' ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.charts.trend_axes import SMALL, Plane, draw_axes, lay_plane
from acsi_sem.report.charts.trend_data import TrendPoint, TrendSeries, pieces, place
from acsi_sem.report.charts.trend_names import draw_names
from acsi_sem.report.figures import draw_svg
from acsi_sem.report.shapes import (
    GREY,
    INK,
    MUTED,
    VERMILLION,
    WHITE,
    Dot,
    Drawing,
    Label,
    Line,
    Shape,
)

SUPERSEDED: Final = "superseded by a revision"
BASELINE: Final = "baseline"
ELSEWHERE: Final = "doubtful: what another source has"
_RADIUS: Final = 4.0
_HOLE: Final = 2.2
# Dots closer than this, in px, would make a caterpillar of the line; whiskers a hedge.
_APART: Final = 9.0


def trend_chart(
    series: Sequence[TrendSeries],
    *,
    width: float,
    title: str,
    description: str = "",
    ident: str = "trend",
    axis: str = "Index, 0–100",
    digits: int = 1,
) -> str:
    """Draw readings over time as an inline SVG element, the same bytes every time.

    Parameters
    ----------
    series : sequence of TrendSeries
        The strong ones in colour; the others as thin grey lines behind them.
    width : float
        In px; below 500 names stand above the plane instead of at the lines' ends.
    title, description : str
        Read aloud instead of the picture.
    ident : str
        Prefix of every id inside; unique on the page.
    axis : str
        What is measured.
    digits : int
        Decimals of the latest reading, which stands beside the name.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    drawing = draw_trend(series, width, axis=axis, digits=digits)
    return draw_svg(drawing, ident, title, description or title)


def draw_trend(
    series: Sequence[TrendSeries], width: float, *, axis: str = "Index, 0–100", digits: int = 1
) -> Drawing:
    """Place readings over time in `width` px; parameters as of `trend_chart`.

    Returns
    -------
    Drawing
        Lines are interrupted at breaks and gaps. A superseded reading is hollow and grey, a
        baseline a square, and a doubtful reading is tied to what another source has instead.

    Examples
    --------
    >>> points = tuple(TrendPoint(f"{year}", 70.0 + year % 3) for year in range(1995, 2002))
    >>> drawing = draw_trend([TrendSeries("Airlines", points)], 820.0, digits=0)
    >>> [label.text for label in drawing.labels][-1]
    'Airlines 70'
    """
    marks = _marks_in_use(series)
    plane = lay_plane(series, width, axis=axis, digits=digits, marks=len(marks))
    weak, strong = ([s for s in series if s.strong is flag] for flag in (False, True))
    shapes = (
        *draw_axes(plane),
        *(shape for one in weak for shape in _lines(plane, one, GREY, 1.2)),
        *(shape for one in strong for shape in _series(plane, one)),
        *_legend(plane, marks),
        *draw_names(plane),
    )
    return Drawing(width, plane.height, shapes)


def _series(plane: Plane, series: TrendSeries) -> Iterator[Shape]:
    """Paint a series in colour: what is below first."""
    colour = plane.colour(series)
    known = [point for point in series.line if math.isfinite(point.value)]
    xs = [plane.across(place(point.period)) for point in known]
    crowded = min((b - a for a, b in itertools.pairwise(xs)), default=_APART) < _APART
    yield from _intervals(plane, series, colour, crowded)
    yield from _lines(plane, series, colour, 2.2)
    for point in series.points:
        if point.kind == "superseded" and math.isfinite(point.value):
            yield from _hollow(plane.at(point), GREY)
    alone = {id(piece[0]) for piece in pieces(series) if len(piece) == 1}
    for point in known:
        yield from _reading(plane, point, colour, small=crowded and id(point) not in alone)


def _lines(plane: Plane, series: TrendSeries, colour: str, thickness: float) -> Iterator[Shape]:
    """Join what may be joined; a reading without neighbours is a dot."""
    for piece in pieces(series):
        for before, after in itertools.pairwise(piece):
            yield Line(plane.at(before), plane.at(after), colour, thickness)
        if len(piece) == 1 and not series.strong:
            yield Dot(plane.at(piece[0]), 2.5, colour)


def _intervals(plane: Plane, series: TrendSeries, colour: str, crowded: bool) -> Iterator[Shape]:
    """Paint a whisker through each dot; where they would be a hedge, two thin lines of limits."""
    for piece in pieces(series):
        bound = [p for p in piece if math.isfinite(p.low) and math.isfinite(p.high)]
        if not crowded or len(piece) == 1:
            for point in bound:
                x = plane.across(place(point.period))
                yield Line((x, plane.up(point.low)), (x, plane.up(point.high)), colour, 1.2)
            continue
        for before, after in itertools.pairwise(piece):
            for name in ("low", "high"):
                a, b = getattr(before, name), getattr(after, name)
                if math.isfinite(a) and math.isfinite(b):
                    x, z = (plane.across(place(p.period)) for p in (before, after))
                    yield Line((x, plane.up(a)), (z, plane.up(b)), colour, 0.8, (2, 2))


def _reading(plane: Plane, point: TrendPoint, colour: str, *, small: bool) -> Iterator[Shape]:
    x, y = plane.at(point)
    if math.isfinite(point.alternative):
        other = plane.up(point.alternative)
        yield Line((x, y), (x, other), VERMILLION, 1.2, (2, 2))
        yield Dot((x, other), _RADIUS, VERMILLION, "diamond")
    if point.kind == "baseline":
        yield Dot((x, y), _RADIUS + 0.5, INK, "square")
    elif math.isfinite(point.alternative):
        yield from _hollow((x, y), colour)
    elif not small:
        yield Dot((x, y), _RADIUS, colour)


def _hollow(centre: tuple[float, float], colour: str) -> Iterator[Shape]:
    yield Dot(centre, _RADIUS, colour)
    yield Dot(centre, _HOLE, WHITE)


def _marks_in_use(series: Sequence[TrendSeries]) -> tuple[str, ...]:
    points = [p for one in series if one.strong for p in one.points if math.isfinite(p.value)]
    used = {
        BASELINE: any(point.kind == "baseline" for point in points),
        SUPERSEDED: any(point.kind == "superseded" for point in points),
        ELSEWHERE: any(math.isfinite(p.alternative) for p in points if p.kind != "superseded"),
    }
    return tuple(name for name, found in used.items() if found)


def _legend(plane: Plane, marks: Sequence[str]) -> Iterator[Shape]:
    """Name the marks below the axis: side by side, on a phone one below the other."""
    x, y = plane.across.start, plane.foot
    for mark in marks:
        if mark == BASELINE:
            yield Dot((x + 5, y - 4), _RADIUS + 0.5, INK, "square")
        elif mark == SUPERSEDED:
            yield from _hollow((x + 5, y - 4), GREY)
        else:
            yield Dot((x + 5, y - 4), _RADIUS, VERMILLION, "diamond")
        yield Label((x + 15, y), mark, SMALL, MUTED)
        if plane.phone:
            y += 18
        else:
            x += words.width(mark, SMALL) + 40
