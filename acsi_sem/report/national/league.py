"""Units of one parent, ranked: the dot plot, the table, and which pairs can be told apart."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Cell, IntervalChart, IntervalRow, Prose, Table
from acsi_sem.report.national.content import Drawn, More, Part
from acsi_sem.report.national.look import Look, Reading, Row
from acsi_sem.report.national.names import address, plural
from acsi_sem.report.national.pictures import SLOW, picture
from acsi_sem.report.national.verdicts import (
    LEGEND,
    brief,
    change_cell,
    index_cell,
    link_cell,
)
from acsi_sem.spec.hierarchy import Unit

MOST_DRAWN: Final = 40
ENDS: Final = 15
MOST_DIFFERENCES: Final = 400
TIES: Final = (
    "Units that share a letter cannot be told apart: no difference between them is significant at "
    "95 %, tested pair by pair with Holm's correction. Overlapping intervals are not that test."
)
NOT_RANKED: Final = "not ranked: it stands for many"
_LETTER: Final = re.compile(r"[A-Za-z]|\[\d+\]")


def ranked(look: Look, units: Sequence[Unit]) -> tuple[Unit, ...]:
    """Return units in the order of the league; then those that are not ranked, then the unknown."""
    return tuple(sorted(units, key=lambda unit: _place(look, unit)))


def _place(look: Look, unit: Unit) -> tuple[int, float]:
    reading = look.reading(unit)
    rank_ = rank(look, unit)
    if rank_:
        return 0, float(rank_)
    return (1, -reading.estimate.value) if reading.known else (2, 0.0)


def rank(look: Look, unit: Unit) -> int:
    """Return a unit's rank within its parent; 0 for none."""
    row = look.league.get((unit.level, unit.name))
    known = row is not None and not unit.residual and math.isfinite(row["rank"])
    return int(row["rank"]) if row is not None and known else 0


def figure(
    look: Look, units: Sequence[Unit], here: str, ident: str, whole: tuple[str, Reading]
) -> Drawn:
    """Draw units with their intervals, above the table with links to their pages.

    Parameters
    ----------
    look : Look
    units : sequence of Unit
        Of one parent.
    here : str
        Path of the page.
    ident : str
    whole : tuple of (title, Reading)
        The parent, drawn as a line to compare with.
    """
    above, reading = whole
    order = ranked(look, units)
    drawn, choice = _drawn(order)
    level = units[0].level
    title = _message(look, order)
    told = look.construct(look.target)
    chart = IntervalChart(_rows(look, drawn), f"{told}, index 0–100", _reference(above, reading))
    said = " ".join(f"{row.label}: {row.text}." for row in chart.rows[:12])
    description = f"Dot chart of {plural(level)} in {above} with {look.level} intervals. {said}"
    return Drawn(
        ident,
        title,
        picture(chart, ident, title, description, SLOW),
        f"Dot: index before rounding. Line: {look.level} interval. Dashed: all together. The axis "
        f"does not begin at 0.{choice}",
        _table(look, order, here, f"{ident}-table", above),
        open_table=True,
    )


def _drawn(order: tuple[Unit, ...]) -> tuple[tuple[Unit, ...], str]:
    if len(order) <= MOST_DRAWN:
        return order, ""
    told = f" The {ENDS} first and last of {len(order)} are drawn; the table has every one."
    return order[:ENDS] + order[-ENDS:], told


def _message(look: Look, order: tuple[Unit, ...]) -> str:
    first = [unit for unit in order if rank(look, unit)]
    label = look.construct(look.target)
    if len(first) < 2:
        return f"{label} by {order[0].level}"
    top, bottom = first[0], first[-1]
    return (
        f"{label} runs from {words.number(look.reading(bottom).estimate.value)} "
        f"({look.name(bottom)}) to "
        f"{words.number(look.reading(top).estimate.value)} "
        f"({look.name(top)})"
    )


def _reference(above: str, reading: Reading) -> tuple[float, str] | None:
    value = reading.estimate.value
    told = words.shorten(above, 1, 24)
    return (value, f"{told} {words.number(value)}") if reading.known else None


def _rows(look: Look, drawn: Sequence[Unit]) -> tuple[IntervalRow, ...]:
    """Make a row per unit; a heading stands where those that are not ranked begin."""
    apart = next((unit for unit in drawn if not rank(look, unit)), None)
    heads = {apart.name: "Not ranked"} if apart and any(rank(look, u) for u in drawn) else {}
    return tuple(_row(look, unit, heads.get(unit.name, "")) for unit in drawn)


def _row(look: Look, unit: Unit, heading: str) -> IntervalRow:
    reading = look.reading(unit)
    value = reading.estimate
    told = brief(reading, unit.level)
    limits = (value.value, value.low, value.high)
    return IntervalRow(look.title(unit), *limits, told, heading=heading)


def _table(look: Look, order: tuple[Unit, ...], here: str, ident: str, above: str) -> Table:
    level = order[0].level
    columns = cells.columns(
        words.sentence_case(level),
        ">Rank|by the index before rounding, within its parent",
        ">Index|as published, rounded once",
        f">{look.level} interval",
        ">On last quarter",
        ">On last year",
        "Told apart|units that share a letter cannot be told apart",
        ">Interviews|rows with at least one answer to the construct",
        "Note",
    )
    rows = tuple(_table_row(look, unit, here) for unit in order)
    caption = f"{words.sentence_case(plural(level))} of {above}, {look.period}"
    return Table(ident, caption, columns, rows, (LEGEND, TIES))


def _table_row(look: Look, unit: Unit, here: str) -> tuple[Cell, ...]:
    reading = look.reading(unit)
    place = rank(look, unit)
    why = reading.estimate.note if not reading.known else ""
    row = look.league.get((unit.level, unit.name), {})
    told = words.clean(row.get("note", "")) if reading.known else ""
    note = told or (NOT_RANKED if unit.residual else "")
    return (
        link_cell(look.title(unit), address(here, look.path(unit))),
        cells.whole(place) if place else Cell(words.DASH, "", note or why or "not ranked"),
        index_cell(reading, unit.level),
        cells.interval(reading.estimate),
        change_cell(look.change(unit, "last_quarter")),
        change_cell(look.change(unit, "last_year")),
        cells.text(_letters(look, unit)),
        cells.whole(reading.estimate.n) if reading.known else Cell(words.DASH, "", why),
        cells.text("; ".join(part for part in (note, why) if part)),
    )


def _letters(look: Look, unit: Unit) -> str:
    row = look.league.get((unit.level, unit.name))
    return words.clean(row["tied"]) if row and rank(look, unit) else ""


def standing(look: Look, unit: Unit, units: Sequence[Unit]) -> str:
    """Say from which of its ranked siblings a unit cannot be told apart.

    Parameters
    ----------
    look : Look
    unit : Unit
    units : sequence of Unit
        The siblings, the unit itself among them.

    Returns
    -------
    str
        The end of a sentence; without letters it claims nothing.
    """
    others = [other for other in ranked(look, units) if other.name != unit.name]
    others = [other for other in others if rank(look, other)]
    own = _groups(look, unit)
    near = [other for other in others if own & _groups(look, other)]
    if not own:
        return "was not tested against the others"
    if near:
        named = words.listing([look.name(other) for other in near], 3)
        return f"cannot be told apart from {named}"
    if all(_groups(look, other) for other in others):
        return "is told apart from every other"
    return "is told apart from every other that could be tested"


def _groups(look: Look, unit: Unit) -> set[str]:
    """Return the letters of a unit; beyond the alphabet they are numbers in brackets."""
    return set(_LETTER.findall(_letters(look, unit)))


def differences(look: Look, level: str, parent: str, ident: str) -> tuple[Part, ...]:
    """Give every pair of a parent's units, compared, behind a summary line."""
    rows = [
        row
        for row in look.by_unit("differences", "parent").get(parent, ())
        if row["level"] == level and row["engine"] == look.engine
    ]
    if not rows:
        return ()
    rows.sort(key=_doubt)
    left = len(rows) - MOST_DIFFERENCES
    notes = (f"{left} more pairs are in the table of differences.",) if left > 0 else ()
    table = Table(
        ident,
        "Differences between pairs",
        cells.columns(
            words.sentence_case(level),
            "Compared with",
            ">Difference",
            ">Standard error",
            ">p, Holm",
            "Reading",
        ),
        tuple(_pair(look, level, row) for row in rows[:MOST_DIFFERENCES]),
        notes,
    )
    summary = f"Which pairs differ: {words.plural(len(rows), 'pair')} tested"
    return (More(summary, (Prose((TIES,), "note"), table)),)


def _doubt(row: Row) -> float:
    value: float = row["p_holm"]
    return value if math.isfinite(value) else math.inf


def _pair(look: Look, level: str, row: Row) -> tuple[Cell, ...]:
    note = words.clean(row["note"]) or "not tested"
    reading = "no clear difference"
    if row["flag_95"] > 0 or row["flag_90"] > 0:
        reading = f"differ, at {'95' if row['flag_95'] > 0 else '90'} %"
    elif not math.isfinite(row["p_value"]):
        reading = note
    p_holm = row["p_holm"]
    known = math.isfinite(p_holm)
    return (
        cells.text(look.titles.get((level, row["unit"]), row["unit"])),
        cells.text(look.titles.get((level, row["other"]), row["other"])),
        cells.number(row["difference"], 1, note),
        cells.number(row["std_error"], 2, note),
        Cell(words.p_value(p_holm), round(p_holm, 9)) if known else Cell(words.DASH, "", note),
        cells.text(reading),
    )
