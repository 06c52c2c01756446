"""The headline, the findings, and the groups ranked with their intervals."""

from __future__ import annotations

import itertools
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Card,
    Cards,
    Cell,
    Details,
    Figure,
    Headline,
    IntervalChart,
    IntervalRow,
    Prose,
    Section,
    Table,
)
from acsi_sem.report.facts import Estimate, Facts
from acsi_sem.report.sections import errors
from acsi_sem.terms import ALL

MOST_CARDS: Final = 12
MOST_ROWS_DRAWN: Final = 40
ENDS_DRAWN: Final = 15
OVERLAP: Final = (
    "Groups whose intervals overlap are not called different here. Overlap is a cautious reading, "
    "not a test: a test of the difference between two groups is sharper and can find a difference "
    "although the intervals overlap."
)

TESTED: Final = "Such tests, pair by pair, are in the chapter Differences."


def ranked(facts: Facts) -> tuple[str, ...]:
    """Return the groups with an index, highest first; ties in file order."""
    known = [group for group in facts.parts if facts.index(group).known]
    return tuple(sorted(known, key=lambda group: -facts.index(group).value))


def headline(facts: Facts) -> Headline:
    """The pooled index in large type."""
    index = facts.index(ALL)
    label = facts.construct(facts.target)
    if not index.known:
        reason = index.note or "none of the engines asked for gives an index"
        return Headline(label, "", "", f"No index is shown: {reason}.")
    interval = (
        f"{facts.level} interval {words.limits(index.low, index.high)}"
        if index.bounded
        else index.note or f"no interval: {errors.absent(facts)}"
    )
    return Headline(label, words.number(index.value), interval, _basis(facts, index))


def _basis(facts: Facts, index: Estimate) -> str:
    parts = words.plural(len(facts.parts), "group")
    tail = f", in {parts} taken together" if facts.parts else ""
    return f"On a scale from 0 to 100, from {words.plural(index.n, 'row')} with an answer{tail}."


def findings(facts: Facts) -> tuple[str, ...]:
    """The highest, the lowest, and how many can be told apart."""
    order = ranked(facts)
    if len(order) < 2:
        return ()
    first, last = order[0], order[-1]
    top, bottom = facts.index(first), facts.index(last)
    return (
        (
            f"{facts.group(first)} is highest with {cells.with_limits(top, facts)}; "
            f"{facts.group(last)} is lowest with {cells.with_limits(bottom, facts)}. "
            f"They are {words.number(top.value - bottom.value)} points apart."
        ),
        *(() if _tested(facts) else (_apart(facts, order),)),
    )


def _tested(facts: Facts) -> bool:
    """True when differences of groups are tested: overlap of intervals then decides nothing."""
    return not facts.fit.comparisons.empty


def _apart(facts: Facts, order: tuple[str, ...]) -> str:
    """Say which neighbours in the ranking cannot be told apart."""
    if not all(facts.index(group).bounded for group in order):
        return "Without intervals for every group, differences between groups cannot be judged."
    tied = [(a, b) for a, b in itertools.pairwise(order) if _overlap(facts, a, b)]
    if not tied:
        return "No interval overlaps the next one in the ranking."
    names = [f"{facts.group(a)} with {facts.group(b)}" for a, b in tied]
    return (
        f"The intervals of {words.plural(len(tied), 'neighbouring pair')} in the ranking overlap, "
        f"so these are not called different: {words.listing(names, 3)}."
    )


def _overlap(facts: Facts, one: str, other: str) -> bool:
    return facts.index(one).overlaps(facts.index(other))


def section(facts: Facts) -> Section | None:
    """The league chapter; None when there is only the pooled fit."""
    if not any(facts.index(group).known for group in facts.parts):
        return None
    blocks: list[Block] = []
    if len(facts.parts) <= MOST_CARDS:
        blocks.append(Cards(tuple(_card(facts, g) for g in _in_order(facts)), "Index by group"))
    blocks += [_figure(facts), Prose((OVERLAP, *((TESTED,) if _tested(facts) else ())), "note")]
    blocks.append(Details("Every construct, group by group", (_all_constructs(facts),)))
    return Section("groups", "How the groups compare", "Groups", tuple(blocks))


def _in_order(facts: Facts) -> tuple[str, ...]:
    order = ranked(facts)
    return order + tuple(group for group in facts.parts if group not in order)


def _card(facts: Facts, group: str) -> Card:
    index = facts.index(group)
    shown = words.limits(index.low, index.high)
    remark = words.plural(index.n, "row")
    return Card(
        facts.group(group),
        words.number(index.value),
        shown if index.known else index.note or cells.NO_NUMBER,
        remark,
    )


def _figure(facts: Facts) -> Figure:
    drawn, words_of_choice = _drawn(facts)
    pooled = facts.index(ALL)
    chart = IntervalChart(
        tuple(_row(facts, group) for group in drawn),
        f"{facts.construct(facts.target)}, index 0–100",
        (pooled.value, f"{facts.group(ALL)} {words.number(pooled.value)}")
        if pooled.known
        else None,
    )
    return Figure(
        "league",
        _message(facts),
        chart,
        f"Dot chart of the index with {facts.level} intervals, highest first. "
        + " ".join(f"{row.label}: {row.text}." for row in chart.rows[:MOST_CARDS]),
        f"Dot: index. Line: {facts.level} interval. n = "
        f"{words.count(pooled.n)} rows with an answer. The axis does not begin at 0."
        f"{words_of_choice}",
        _table(facts),
        open_table=True,
    )


def _message(facts: Facts) -> str:
    order = ranked(facts)
    label = facts.construct(facts.target)
    if len(order) < 2:
        return f"{label} by group"
    top, bottom = facts.index(order[0]), facts.index(order[-1])
    return (
        f"{label} runs from {words.number(bottom.value)} ({facts.group(order[-1])}) "
        f"to {words.number(top.value)} ({facts.group(order[0])})"
    )


def _drawn(facts: Facts) -> tuple[tuple[str, ...], str]:
    order = _in_order(facts)
    if len(order) <= MOST_ROWS_DRAWN:
        return order, ""
    ends = order[:ENDS_DRAWN] + order[-ENDS_DRAWN:]
    return ends, (
        f" Of {words.count(len(order))} groups the {ENDS_DRAWN} highest and the {ENDS_DRAWN} "
        "lowest are drawn; the table has every one."
    )


def _row(facts: Facts, group: str) -> IntervalRow:
    index = facts.index(group)
    told = cells.brief(index) if index.known else cells.withheld(index)
    return IntervalRow(facts.group(group), index.value, index.low, index.high, told)


def _table(facts: Facts) -> Table:
    order = ranked(facts)
    columns = cells.columns(
        "Group",
        ">Rank|by the index as estimated",
        ">Index",
        f">{facts.level} interval",
        ">Standard error",
        ">Rows|rows with at least one answer to the construct",
        ">Complete|rows with an answer to every indicator of the model",
        "Intervals that overlap",
    )
    rows = [_table_row(facts, group, order) for group in (*_in_order(facts), ALL)]
    return Table(
        "league-table",
        f"{facts.construct(facts.target)} by group, index 0–100",
        columns,
        tuple(rows),
        (f"“{facts.group(ALL)}” is one fit to every row, not a roll-up of the groups.",),
    )


def _table_row(facts: Facts, group: str, order: tuple[str, ...]) -> tuple[Cell, ...]:
    index = facts.index(group)
    rank = order.index(group) + 1 if group in order else None
    return (
        cells.text(facts.group(group), tone="strong" if group == ALL else ""),
        cells.whole(rank) if rank else Cell(words.DASH, "", "not part of the ranking"),
        cells.estimate(index),
        cells.interval(index),
        cells.number(index.std_error, 2, index.note or errors.absent(facts)),
        cells.whole(index.n),
        cells.whole(index.n_complete),
        _overlapping(facts, group, order),
    )


def _overlapping(facts: Facts, group: str, order: tuple[str, ...]) -> Cell:
    index = facts.index(group)
    if group == ALL or not index.bounded:
        return Cell(words.DASH, "", "the pooled fit is not compared with its own groups")
    near = [facts.group(g) for g in order if g != group and index.overlaps(facts.index(g))]
    return cells.text(words.listing(near, 3) or "none", len(near) or -1)


def _all_constructs(facts: Facts) -> Table:
    constructs = facts.fit.model.constructs
    rows = tuple(
        (
            cells.text(facts.group(group)),
            *(cells.estimate(facts.index(group, c.name)) for c in constructs),
        )
        for group in (*_in_order(facts), ALL)
    )
    return Table(
        "construct-table",
        "Index of every construct by group, 0–100",
        cells.columns("Group", *(f">{facts.construct(c.name)}" for c in constructs)),
        rows,
        ("Intervals of every index are in indices.csv.", *_single_items(facts)),
    )


def _single_items(facts: Facts) -> tuple[str, ...]:
    single = [c.name for c in facts.fit.model.constructs if len(c.indicators) == 1]
    if not single:
        return ()
    named = words.listing([facts.construct(name) for name in single])
    return (f"With a single indicator, an index is that indicator's mean on 0–100: {named}.",)
