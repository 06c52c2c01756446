"""The chapter on gaps between perception and expectation."""

from __future__ import annotations

import math
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Cell,
    Figure,
    IntervalChart,
    IntervalRow,
    Prose,
    Section,
    Table,
)
from acsi_sem.report.facts import Estimate
from acsi_sem.report.methods.base import View
from acsi_sem.terms import ALL

CAN: Final = (
    "Where the experience falls short of what customers expected, and where it exceeds it: the "
    "direction of the gap, dimension by dimension."
)
CANNOT: Final = (
    "How satisfied customers are: low expectations make a small gap. It is coarse, a difference of "
    "two answers has the error of both, and expectations asked after the experience are remembered "
    "ones, which the experience colours."
)
MOST_DIGITS: Final = 4
RULE: Final = (
    "Both answers are rescaled to 0–100 and subtracted, experience less expectation, so a gap runs "
    "from −100 to 100. The total weights the dimensions and is over the respondents with an answer "
    "to every pair; a dimension is over those who answered both of its questions. Above 0: "
    "delighted; at 0: satisfied; below 0: dissatisfied. Expectations that are asked in the same "
    "survey are remembered ones, which the experience colours: gaps tend to look too small."
)


def section(view: View) -> Section:
    """Make the chapter: gaps by dimension for each group, then the totals of the groups."""
    blocks: list[Block] = view.per_group(
        "Gaps by dimension", lambda g: (_dimensions(view, g), _shares(view, g))
    )
    if len(view.groups) > 1:
        blocks.append(_totals(view))
    blocks += [_weights(view), Prose((RULE, *_incomplete(view)), "note")]
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _label(view: View, name: str) -> str:
    labels = {pair.name: pair.label for pair in view.method.pairs}
    return words.clean(labels[name].get(view.language)) if name in labels else "Total"


def _digits(value: Estimate) -> int:
    """Return digits by which no limit beside 0 looks like 0: the sides of 0 are what is told."""
    limits = [limit for limit in (value.low, value.high) if limit and math.isfinite(limit)]
    return next(
        (d for d in range(1, MOST_DIGITS) if all(abs(limit) >= 0.5 / 10**d for limit in limits)),
        MOST_DIGITS,
    )


def _row(label: str, value: Estimate, *, strong: bool = False) -> IntervalRow:
    told = cells.brief(value, _digits(value)) if value.known else cells.withheld(value)
    return IntervalRow(label, value.value, value.low, value.high, told, strong=strong)


def _dimensions(view: View, group: str) -> Figure:
    names = [pair.name for pair in view.method.pairs]
    found = [(name, view.find("gap", group, name)) for name in names]
    total = view.find("headline", group)
    chart = IntervalChart(
        (
            *(_row(_label(view, name), value) for name, value in found),
            _row("Total", total, strong=True),
        ),
        "Experience less expectation, points of 0–100",
        (0.0, "as expected"),
        (-100.0, 100.0),
    )
    return Figure(
        view.ident("gaps", group),
        _message(view, group, found, total),
        chart,
        f"Gap between experience and expectation by dimension, {view.group(group)}. "
        + " ".join(f"{_label(view, n)}: {words.number(v.value)}." for n, v in found),
        f"{view.group(group)}. Right of 0: better than expected. Dot: mean gap. Line: {view.level} "
        f"interval. n = {words.count(total.n)} with every pair answered.",
        _table(view, group, names),
        open_table=group == ALL,
    )


def _message(view: View, group: str, found: list[tuple[str, Estimate]], total: Estimate) -> str:
    if not total.known:
        return f"{view.group(group)}: total gap withheld"
    unsure = ", not told from 0" if total.evidence == "unclear" else ""
    told = f"{view.group(group)}: total gap {words.number(total.value)} points{unsure}"
    worst = min(found, key=lambda pair: pair[1].high if pair[1].bounded else 0.0)
    best = max(found, key=lambda pair: pair[1].low if pair[1].bounded else 0.0)
    if worst[1].bounded and worst[1].high < 0:
        return f"{told}; shortest of expectations: {_label(view, worst[0])}"
    if best[1].bounded and best[1].low > 0:
        return f"{told}; most beyond expectations: {_label(view, best[0])}"
    return told


def _table(view: View, group: str, names: list[str]) -> Table:
    columns = cells.columns(
        "Dimension",
        ">Answers",
        ">Expected",
        ">Experienced",
        ">Gap, points",
        f">{view.level} interval",
        ">Gap, scale units",
        "Reading",
    )
    return Table(
        view.ident("gaps-table", group),
        f"Expectation and experience on 0–100: {view.group(group)}",
        columns,
        tuple(_cells(view, group, name) for name in (*names, "")),
        sortable=False,
    )


def _cells(view: View, group: str, name: str) -> tuple[Cell, ...]:
    measure = "gap" if name else "headline"
    gap = view.find(measure, group, name)
    same = "the two questions have different scales" if name else "dimensions may differ in scale"
    return (
        cells.text(_label(view, name), tone="" if name else "strong"),
        cells.whole(gap.n),
        cells.estimate(view.find("expected", group, name), reason="by dimension only"),
        cells.estimate(view.find("perceived", group, name), reason="by dimension only"),
        cells.estimate(gap, _digits(gap)),
        cells.interval(gap, _digits(gap)),
        cells.estimate(view.find("gap_scale", group, name), 2, same),
        cells.text(view.reading(measure, group, name)),
    )


def _shares(view: View, group: str) -> Table:
    names = [*(pair.name for pair in view.method.pairs), ""]
    columns = cells.columns(
        "Dimension",
        ">Answers",
        ">Delighted, %|gap above 0",
        f">{view.word('satisfied')}, %|gap of 0",
        f">{view.word('dissatisfied')}, %|gap below 0",
    )
    signs = ("delighted", "satisfied", "dissatisfied")
    return Table(
        view.ident("shares-table", group),
        f"Respondents by the sign of their gap: {view.group(group)}",
        columns,
        tuple(
            (
                cells.text(_label(view, name), tone="" if name else "strong"),
                cells.whole(view.find("delighted", group, name).n),
                *(_share(view.find(sign, group, name)) for sign in signs),
            )
            for name in names
        ),
        (f"In brackets: {view.level} intervals (Wilson).",),
        sortable=False,
    )


def _share(value: Estimate) -> Cell:
    if not value.known:
        return cells.estimate(value)
    return Cell(cells.brief(value), round(value.value, 6))


def _totals(view: View) -> Figure:
    found = [(group, view.find("headline", group)) for group in view.groups]
    chart = IntervalChart(
        tuple(_row(view.group(g), value, strong=g == ALL) for g, value in found),
        "Total gap, points of 0–100",
        (0.0, "as expected"),
        (-100.0, 100.0),
    )
    below = sum(value.high < 0 for group, value in found if group != ALL)
    parts = len([group for group in view.groups if group != ALL])
    table = Table(
        view.ident("totals-table"),
        "Total gap by group",
        cells.columns("Group", ">Answers", ">Gap, points", f">{view.level} interval", "Reading"),
        tuple(
            (
                cells.text(view.group(group)),
                cells.whole(value.n),
                cells.estimate(value, _digits(value)),
                cells.interval(value, _digits(value)),
                cells.text(view.reading("headline", group) or value.note),
            )
            for group, value in found
        ),
    )
    return Figure(
        view.ident("totals"),
        f"Clearly short of expectations: {words.count(below)} of {words.plural(parts, 'group')}",
        chart,
        "Total gap between experience and expectation by group.",
        f"Dot: weighted mean gap. Line: {view.level} interval. n is in the table.",
        table,
    )


def _weights(view: View) -> Table:
    rows = tuple(
        (
            cells.text(_label(view, str(row["subject"]))),
            cells.number(row["value"]),
        )
        for row in view.rows("weight")
    )
    ratio = view.find("consistency_ratio", "")
    told = f"From pairwise judgements, consistency ratio {words.number(ratio.value, 3)}."
    notes = (told,) if ratio.known else ()
    columns = cells.columns("Dimension", ">Weight, %")
    return Table(view.ident("weights"), "Weights of the dimensions", columns, rows, notes)


def _incomplete(view: View) -> tuple[str, ...]:
    value = view.find("incomplete", view.groups[0])
    if not value.known or not value.value:
        return ()
    told = (
        f"{words.count(value.value)} of {words.count(value.n)} respondents left a pair incomplete"
    )
    return (f"{told} and are not in the total.",)
