"""Readings over time: which stand, which were superseded, where a series breaks."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from acsi_sem.report import cells, words
from acsi_sem.report.charts.trend_data import PointKind, TrendBreak, TrendPoint, TrendSeries, place
from acsi_sem.report.content import Cell, Prose, Table
from acsi_sem.report.facts import Estimate
from acsi_sem.report.national.content import Drawn, Part
from acsi_sem.report.national.look import Look, Row, walk
from acsi_sem.report.national.names import shown
from acsi_sem.report.national.pictures import Painter, trend_picture
from acsi_sem.spec.hierarchy import NATION, Unit

READING: Final = (
    "Dot: index. Line through it: {level} interval. Grey line: what it belongs to. Lines are "
    "interrupted where nothing was measured and at a break (dashed), where the series is not "
    "comparable with before. The axis does not begin at 0."
)
NOTHING_EARLIER: Final = "There is no earlier reading to show."
_NUMBERS: Final = re.compile(r"(\d+)")
_LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class Known:
    """The rows of one series of one unit, earliest first."""

    series: str
    rows: tuple[Row, ...]


Histories: TypeAlias = Mapping[tuple[str, str], tuple[Known, ...]]


def gather(look: Look) -> Histories:
    """Sort the history into series, by level and unit; those of the run's own study first."""
    found: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in walk(look.national.history):
        if _wanted(look, row):
            unit = found.setdefault((row["level"], row["unit"]), {})
            unit.setdefault(row["series"], []).append(row)
    return {
        key: tuple(Known(name, _in_time(series[name])) for name in sorted(series, key=_ours(look)))
        for key, series in found.items()
    }


def _ours(look: Look) -> Callable[[str], tuple[bool, str]]:
    return lambda name: (name != look.national.study.name, name)


def _wanted(look: Look, row: Row) -> bool:
    """True for the headline's index: by the leading engine and in the published form where ours."""
    if row["construct"] not in ("", look.target):
        return False
    if row["series"] != look.national.study.name:
        return row["form"] in ("", look.form)
    form = look.form if row["level"] == NATION else ""
    return row["form"] == form and row["source"] in ("", look.engine)


def _in_time(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (place(row["period"]), _natural(row["vintage"]))))


def _natural(text: str) -> tuple[tuple[int, Any], ...]:
    """Sort ``r10`` behind ``r9``."""
    parts = (part for part in _NUMBERS.split(text) if part)
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts)


def series_of(
    look: Look, known: Known, level: str, unit: str, name: str, *, strong: bool = True
) -> TrendSeries:
    """Make a series to be drawn: the last vintage of a period stands, earlier ones are hollow."""
    last = {row["period"]: place_ for place_, row in enumerate(known.rows)}
    points = tuple(_point(row, last[row["period"]] == i) for i, row in enumerate(known.rows))
    told = {each.period: each for each in _breaks(look, level, unit)}
    for row in known.rows:
        if row["break"] > 0:
            told.setdefault(row["period"], TrendBreak(row["period"], shown(row["note"])))
    return TrendSeries(name, points, tuple(told.values()), strong)


def _breaks(look: Look, level: str, unit: str) -> tuple[TrendBreak, ...]:
    nation = look.national.study.nation
    made = nation.breaks if nation else ()
    mine = {"", unit} | ({NATION} if level == NATION else set())
    return tuple(TrendBreak(b.period, shown(b.reason)) for b in made if b.series in mine)


def _point(row: Row, stands: bool) -> TrendPoint:
    kind: PointKind = "current" if stands else "superseded"
    if stands and row["baseline"] > 0:
        kind = "baseline"
    limits = (row["conf_low"], row["conf_high"])
    alternative = row["alternative"] if row["doubtful"] > 0 else float("nan")
    return TrendPoint(row["period"], row["index"], *limits, kind, alternative, shown(row["note"]))


def history(look: Look, unit: Unit, histories: Histories, painter: Painter) -> tuple[Part, ...]:
    """Draw each series of a unit for itself, with what it belongs to behind."""
    above = look.parent(unit)
    key, name = (NATION, NATION), look.titles[NATION, NATION]
    if above:
        key, name = (above.level, above.name), look.title(above)
    behind = {known.series: known for known in histories.get(key, ())}
    made: list[Part] = []
    for number, known in enumerate(histories.get((unit.level, unit.name), ())):
        series = [series_of(look, known, unit.level, unit.name, look.title(unit))]
        if known.series in behind:
            series.append(series_of(look, behind[known.series], *key, name, strong=False))
        own = known.series == look.national.study.name
        title = message(look, series[0], look.name(unit), "" if own else known.series)
        drawn = trend(look, tuple(series), f"trend-{number}", title, painter)
        made += [drawn] if drawn else []
    return tuple(made) or (Prose((NOTHING_EARLIER,)),)


def message(look: Look, series: TrendSeries, unit: str, source: str) -> str:
    """Say from where to where a series runs."""
    known = [point for point in series.line if math.isfinite(point.value)]
    head = f"{look.construct(look.target)}, {unit}{f', by {source}' if source else ''}"
    if len(known) < _LEAST:
        return head
    ends = [f"{words.number(p.value)} in {p.period}" for p in (known[0], known[-1])]
    return f"{head}: {ends[0]}, {ends[1]}"


def trend(
    look: Look, series: tuple[TrendSeries, ...], ident: str, title: str, painter: Painter
) -> Drawn | None:
    """Draw series over time with their table; None before there are two readings."""
    own = [point for one in series if one.strong for point in one.line]
    if len({point.period for point in own}) < _LEAST:
        return None
    description = (
        f"{look.construct(look.target)} of {words.listing([one.name for one in series])}, "
        f"{own[0].period} to {own[-1].period}; the table has every number."
    )
    return Drawn(
        ident,
        title,
        trend_picture(series, ident, title, description, painter),
        READING.format(level=look.level),
        _table(look, series, f"{ident}-table"),
    )


def _table(look: Look, series: tuple[TrendSeries, ...], ident: str) -> Table:
    columns = cells.columns("Period", "Series", ">Index", f">{look.level} interval", "Note")
    rows = tuple(_row(one, point) for one in series for point in reversed(one.points))
    return Table(ident, "Index over time, 0–100", columns, rows)


def _row(series: TrendSeries, point: TrendPoint) -> tuple[Cell, ...]:
    value = Estimate(point.value, point.low, point.high, note=point.note)
    said = [{"superseded": "superseded", "baseline": "first measurement"}.get(point.kind, "")]
    if point.alternative == point.alternative:
        said.append(f"doubtful: another source has {words.number(point.alternative)}")
    said += [point.note, *(b.reason for b in series.breaks if b.period == point.period)]
    return (
        cells.text(point.period, place(point.period)),
        cells.text(series.name),
        cells.estimate(value),
        cells.interval(value),
        cells.text("; ".join(dict.fromkeys(part for part in said if part))),
    )
