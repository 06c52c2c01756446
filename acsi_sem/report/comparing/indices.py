"""What each system says: its index, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from acsi_sem.analysis.systems import Measurement
from acsi_sem.report import cells, words
from acsi_sem.report.comparing.look import Look
from acsi_sem.report.content import (
    Block,
    Details,
    Figure,
    IntervalChart,
    IntervalRow,
    Section,
    Table,
)
from acsi_sem.report.facts import Estimate
from acsi_sem.report.methods.names import method_name
from acsi_sem.terms import ALL, ENGINE_TITLES


def section(look: Look) -> Section:
    """The chapter on every system's index, all rows first, groups behind summary lines."""
    blocks: list[Block] = [_index_figure(look, ALL)]
    blocks += [
        Details(f"Systems: {look.group(group)}", (_index_figure(look, group),))
        for group in look.parts[:8]
    ]
    return Section("systems", "What each system says", "Indices", tuple(blocks))


def _index_figure(look: Look, group: str) -> Figure:
    ordered = sorted(look.compared.measurements, key=lambda one: not one.on_scale)
    shown = [(one, look.index(one.system.name, group)) for one in ordered]
    found = [(one, value) for one, value in shown if one.on_scale]
    firsts = {one.on_scale: one.system.name for one in reversed(ordered)}
    rows = tuple(
        IntervalRow(
            look.name(one.system.name),
            value.value,
            value.low,
            value.high,
            cells.brief(value) if value.known else cells.withheld(value),
            strong=one.system.name == look.compared.base,
            heading=_HEADS[one.on_scale] if firsts[one.on_scale] == one.system.name else "",
        )
        for one, value in shown
    )
    base = look.index(look.compared.base, group)
    place = look.compared.groups.index(group)
    return Figure(
        f"systems-{place}",
        f"{look.group(group)}: {_message(look, found)}",
        IntervalChart(
            rows,
            "Points",
            (base.value, look.name(look.compared.base)) if base.known else None,
            bounds=(-100.0, 100.0),
        ),
        f"Index of {look.group(group)} by system.",
        f"{look.group(group)}. Dot: index. Line: {look.level} interval. n = "
        f"{words.count(max((v.n for _, v in found), default=0))} rows with an answer. Dashed: "
        f"{look.name(look.compared.base)}.{_OTHERS if len(shown) > len(found) else ''}",
        _index_table(look, group, place, [one for one, _ in shown]),
        open_table=group == ALL,
    )


def _message(look: Look, found: Sequence[tuple[Measurement, Estimate]]) -> str:
    """Say how far indices are apart; of one alone what it says."""
    known = [(value.value, one.system.name) for one, value in found if value.known]
    if not known:
        return "no system has a number here"
    (low, name), (high, _) = min(known), max(known)
    if len(known) == 1:
        return f"{look.name(name)} says {words.number(low)}"
    return f"{words.count(len(known))} indices, {words.number(high - low)} points apart"


_OTHERS: Final = " Quantities in other units are no higher or lower than an index: see the ranks."
_HEADS: Final = {True: "Indices, 0–100", False: "Other quantities, in their own units"}


def _index_table(look: Look, group: str, place: int, ordered: Sequence[Measurement]) -> Table:
    heads = cells.columns(
        "System",
        "Estimated by",
        ">Questions",
        ">Rows",
        ">Index",
        f">{look.level} interval",
        ">Difference|from the system compared with",
        f">{look.level} interval",
    )
    rows = []
    for one in ordered:
        name = one.system.name
        value, difference = look.index(name, group), look.difference(name, group)
        why = "compared with itself" if name == look.compared.base else value.note
        rows.append(
            (
                cells.text(look.name(name)),
                cells.text(_by(look, one)),
                cells.whole(one.items),
                cells.whole(value.n),
                cells.estimate(value),
                cells.interval(value),
                cells.number(difference.value, 1, why or cells.NO_NUMBER),
                cells.interval(difference),
            )
        )
    caption = f"Systems: {look.group(group)}"
    return Table(f"systems-table-{place}", caption, heads, tuple(rows), sortable=False)


def _by(look: Look, one: Measurement) -> str:
    engine = ENGINE_TITLES.get(str(one.engine), str(one.engine))
    title = engine or method_name(one.model, look.study.language)
    return title if one.weighting == "none" else f"{title}, weighted"
