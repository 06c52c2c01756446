"""What a trend chart shows: readings of a series over time, its breaks and its vintages."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

PointKind = Literal["current", "superseded", "baseline"]
_PERIOD: Final = re.compile(r"([0-9]{4})(?:Q([1-4]))?")
_SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One reading.

    Attributes
    ----------
    period : str
        ``2026Q3``, or ``1995`` for a whole year.
    value : float
        Unrounded; NaN where the unit was not measured, which interrupts the line.
    low, high : float
        Limits of its interval; NaN for none.
    kind : str
        ``superseded`` is what was said before a revision: drawn hollow, off the line.
        ``baseline`` is the first measurement, on the line and marked.
    alternative : float
        What another source says of a doubtful reading; NaN where there is no doubt.
    note : str
        Why it is doubtful, withheld or superseded.
    """

    period: str
    value: float
    low: float = math.nan
    high: float = math.nan
    kind: PointKind = "current"
    alternative: float = math.nan
    note: str = ""


@dataclass(frozen=True, slots=True)
class TrendBreak:
    """The period from which the series is not comparable with before, and why."""

    period: str
    reason: str


@dataclass(frozen=True, slots=True)
class TrendSeries:
    """Readings in order of time.

    Attributes
    ----------
    name : str
        As the end of the line says.
    points : tuple of TrendPoint
        Of any kind, sorted by period.
    breaks : tuple of TrendBreak
    strong : bool
        In colour, with intervals and marks; False for a thin grey line in the background.
    """

    name: str
    points: tuple[TrendPoint, ...]
    breaks: tuple[TrendBreak, ...] = ()
    strong: bool = True

    @property
    def line(self) -> tuple[TrendPoint, ...]:
        """The readings that stand: all but the superseded."""
        return tuple(point for point in self.points if point.kind != "superseded")


def place(period: str) -> float:
    """Return where a period stands on the axis of years: the middle of its time.

    Raises
    ------
    ValueError
        If it is neither a quarter nor a year.

    Examples
    --------
    >>> place("1995Q1"), place("1995")
    (1995.125, 1995.5)
    """
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(f"{period!r} is neither a quarter such as 2026Q3 nor a year")
    return int(found[1]) + ((int(found[2]) - 0.5) / 4 if found[2] else 0.5)


def pieces(series: TrendSeries) -> tuple[tuple[TrendPoint, ...], ...]:
    """Cut the line where it must not be drawn through: breaks, gaps, what was not measured.

    Parameters
    ----------
    series : TrendSeries

    Returns
    -------
    tuple of tuple of TrendPoint
        Measured readings that a line may join; a piece of one is a lone dot. A gap is a step
        longer than the series' shortest.

    Examples
    --------
    >>> years = ["1999", "2000", "2001", "2003"]
    >>> series = TrendSeries("a", tuple(TrendPoint(y, 70.0) for y in years),
    ...                      (TrendBreak("2000", "new questionnaire"),))
    >>> [[point.period for point in piece] for piece in pieces(series)]
    [['1999'], ['2000', '2001'], ['2003']]
    """
    line = series.line
    known = [point for point in line if math.isfinite(point.value)]
    step = _shortest(line)
    cuts = [place(each.period) for each in series.breaks]
    found: list[list[TrendPoint]] = []
    for point in known:
        if found and _joins(found[-1][-1], point, step, cuts):
            found[-1].append(point)
        else:
            found.append([point])
    return tuple(tuple(piece) for piece in found)


def _shortest(line: Sequence[TrendPoint]) -> float:
    places = [place(point.period) for point in line]
    steps = [b - a for a, b in itertools.pairwise(places) if b - a > _SLACK]
    return min(steps, default=math.inf)


def _joins(before: TrendPoint, after: TrendPoint, step: float, cuts: Sequence[float]) -> bool:
    start, end = place(before.period), place(after.period)
    cut = any(start < each <= end for each in cuts)
    return not cut and end - start <= step + _SLACK
