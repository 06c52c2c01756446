"""The chapter on loyalty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Figure, IntervalChart, Prose, Section, Table
from acsi_sem.report.facts import Estimate
from acsi_sem.report.methods.base import View
from acsi_sem.report.methods.brief import brief, digits_of, dotted, whys

CAN: Final = "How many customers say they stay, buy more and recommend, and what is counted of it."
CANNOT: Final = (
    "Whether they do what they say; and those without a choice look loyal. Rates of the "
    "organisation stand beside the survey, not in it."
)
MEASURES: Final = {
    "repurchase": "Buying again",
    "cross_buy": "Buying other things",
    "price_sensitivity": "Bearing higher prices",
    "recommendation": "Recommending",
    "joining": "Joining others' purchases",
    "repeat_count": "Repeat purchases",
    "share_of_need": "Share of need bought here",
    "brand_attention": "Attention to the brand",
    "decision_time": "Time to decide",
    "attitude_to_rivals": "Standing by it against rivals",
    "tolerance_of_faults": "Bearing faults",
}
INTERNAL: Final = {
    "complaint": "Complaints",
    "turnover": "Turnover",
    "violation": "Violations and losses",
    "suggestion": "Suggestions",
    "training": "Training",
}


def section(view: View) -> Section:
    """Make the chapter: shares of the loyal, amounts, what the organisation counts."""
    blocks: list[Block] = view.per_group(view.title, lambda group: tuple(_blocks(view, group)))
    internal = view.rows("internal")
    if internal:
        blocks.append(_internal(view))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _blocks(view: View, group: str) -> Iterator[Block]:
    asked = [one for one in view.method.external if one.cut is not None]
    amounts = [one for one in view.method.external if one.cut is None]
    if asked:
        yield _figure(view, group)
    for row in view.rows("net_recommendation", group):
        value = view.find("net_recommendation", group, str(row["subject"]), "recommendation")
        yield Prose((_net(view, group, value),))
    if amounts:
        yield _amounts(view, group)


def _net(view: View, group: str, value: Estimate) -> str:
    told = cells.brief(value) if value.known else cells.withheld(value)
    why = f" ({words.clean(value.note)})" if value.known and value.note else ""
    return (
        f"{view.group(group)}: promoters (9 or 10) less detractors (0 to 6) on the question of "
        f"recommending: {told} points, n = {words.count(value.n)}{why}."
    )


def _figure(view: View, group: str) -> Figure:
    asked = [one for one in view.method.external if one.cut is not None]
    found = [(one, view.find("loyal", group, one.item, one.measure)) for one in asked]
    rows = tuple(dotted(MEASURES[one.measure], value) for one, value in found)
    grades = "; ".join(f"{MEASURES[one.measure]} from {one.cut:g}" for one in asked)
    first, value = MEASURES[found[0][0].measure], found[0][1]
    told = f"{words.number(value.value)} % are loyal" if value.known else "share withheld"
    return Figure(
        view.ident("loyal", group),
        f"{view.group(group)}, {words.in_sentence(first)}: {told}",
        IntervalChart(rows, "At or above the grade, %"),
        f"Shares of loyal customers by question: {view.group(group)}.",
        f"{view.group(group)}. Dot: share at or above the grade ({grades}). Line: {view.level} "
        f"interval (Wilson). n = {words.count(max(v.n for _, v in found))} answers at most; each "
        "question's are in the table.",
        _table(view, group),
    )


def _table(view: View, group: str) -> Table:
    rows = []
    for one in view.method.external:
        if one.cut is None:
            continue
        loyal = view.find("loyal", group, one.item, one.measure)
        mean = view.find("mean", group, one.item, one.measure)
        rows.append(
            (
                cells.text(MEASURES[one.measure]),
                cells.text(view.label(one.item)),
                cells.whole(loyal.n),
                cells.estimate(loyal),
                cells.interval(loyal),
                brief(mean),
                cells.text(loyal.note),
            )
        )
    heads = ("Measure", "Question", ">Answers", ">Loyal, %", f">{view.level} interval")
    return Table(
        view.ident("loyal-table", group),
        f"Loyalty by question: {view.group(group)}",
        cells.columns(*heads, ">Mean, 0–100", "Note"),
        tuple(rows),
    )


def _amounts(view: View, group: str) -> Table:
    rows = []
    for one in view.method.external:
        if one.cut is not None:
            continue
        mean = view.find("mean", group, one.item, one.measure)
        median = view.find("median", group, one.item, one.measure)
        unit = {"share": ", 0 to 1", "percent": ", %", None: ""}[one.unit]
        rows.append(
            (
                cells.text(f"{MEASURES[one.measure]}{unit}"),
                cells.text(view.label(one.item)),
                cells.whole(mean.n),
                brief(mean, digits_of(mean.value)),
                brief(median, digits_of(median.value)),
            )
        )
    heads = ("Measure", "Amount", ">Answers", ">Mean", ">Median")
    return Table(
        view.ident("amounts", group),
        f"Amounts: {view.group(group)} ({view.level} intervals)",
        cells.columns(*heads),
        tuple(rows),
        whys(view, group, "median"),
    )


def _internal(view: View) -> Table:
    rows = []
    for one in view.method.internal:
        value = view.find("internal", "", category=one.measure)
        rows.append(
            (
                cells.text(INTERNAL[one.measure]),
                cells.whole(one.count),
                cells.whole(one.of),
                cells.estimate(value),
                cells.interval(value),
            )
        )
    heads = ("Measure", ">Cases", ">Out of", ">Rate, %", f">{view.level} interval")
    note = "Given by the organisation, not asked in the survey; intervals are Wilson's."
    return Table(
        view.ident("internal"),
        "What the organisation counts",
        cells.columns(*heads),
        tuple(rows),
        (note,),
    )
