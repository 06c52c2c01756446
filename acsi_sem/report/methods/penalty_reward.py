"""The chapter on penalties and rewards."""

from __future__ import annotations

from typing import Final

from acsi_sem.methods.penalty_reward import TOLD
from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Bullets,
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

CAN: Final = (
    "Which attributes can only annoy, which satisfy in both directions, and which delight: whether "
    "to mend the worst or to excel."
)
CANNOT: Final = (
    "What causes what: people who are content answer high on everything. With few low or few high "
    "answers a contrast is wide, and it moves with where low and high begin."
)
KINDS: Final = {
    "dissatisfier": "Make sure of these first (dissatisfiers)",
    "satisfier": "The better the better (satisfiers)",
    "delighter": "Excel here once the rest is in order (delighters)",
    "unclear": "Not clear",
    "neutral": "No effect beyond doubt",
}
MOST_NAMED: Final = 8
NOT_CLASSED: Final = "not classed"


def section(view: View) -> Section:
    """Make the chapter: classes in words and the contrasts with their table, group by group."""
    blocks: list[Block] = view.per_group("Contrasts", lambda g: _blocks(view, g))
    blocks.append(Prose((_rule(view),), "note"))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _rule(view: View) -> str:
    low = "the bottom third of the scale" if view.method.low is None else f"{view.method.low:g}"
    high = (
        "the top two answers (of three, the top one)"
        if view.method.high is None
        else f"{view.method.high:g}"
    )
    return (
        f"Outcome: {view.label(view.method.outcome)}, on 0–100. Low: up to {low}; high: from "
        f"{high} (the other way round where the low end is good). All attributes are in one "
        "weighted regression: penalty, the points that a low answer goes with; reward, those of a "
        "high answer; both against an answer in between. "
        f"With {view.level} intervals: dissatisfier, penalty below 0 and penalty plus reward below "
        "0; delighter, reward above 0 and the sum above 0; satisfier, both and the sum not clear; "
        "neutral, neither. The intervals are not adjusted for the number of attributes."
    )


def _blocks(view: View, group: str) -> tuple[Block, ...]:
    if not view.rows("penalty", group):
        return ()
    return (Bullets(_classes(view, group)), _figure(view, group))


def kind_of(view: View, group: str, name: str) -> str:
    """Return an attribute's class; empty where there is none."""
    kind = view.reading("balance", group, name).partition(":")[0]
    return kind if kind in TOLD else ""


def _classes(view: View, group: str) -> tuple[tuple[str, str], ...]:
    found = {name: kind_of(view, group, name) for name in view.subjects("balance")}
    made = []
    for kind, lead in KINDS.items():
        own = [f"“{view.label(name)}”" for name, its in found.items() if its == kind]
        if own:
            made.append((f"{lead}:", f"{words.listing(own, MOST_NAMED)}."))
    lost = [f"“{view.label(name)}”" for name, its in found.items() if not its]
    if lost:
        made.append(("Not classed:", f"{words.listing(lost, MOST_NAMED)}; the table says why."))
    return tuple(made)


def _figure(view: View, group: str) -> Figure:
    names = view.subjects("balance")
    chart = IntervalChart(
        _rows(view, group, names),
        "Points of the outcome, 0–100",
        (0.0, "no difference"),
        (-100.0, 100.0),
    )
    fit = view.find("r_squared", group)
    explained = (
        f" They explain {words.number(100 * fit.value, 0)}{words.SPACE}%." if fit.known else ""
    )
    return Figure(
        view.ident("contrasts", group),
        _message(view, group),
        chart,
        f"Penalty and reward by attribute, {view.group(group)}. "
        + " ".join(_said(view, group, name) for name in names),
        f"{view.group(group)}. Left of 0: points of “{view.label(view.method.outcome)}” lost. "
        f"Right: gained. Line: {view.level} "
        f"interval. n = {words.count(fit.n)} who answered everything.{explained}",
        _table(view, group, names),
        open_table=group == view.groups[0],
    )


def _rows(view: View, group: str, names: tuple[str, ...]) -> tuple[IntervalRow, ...]:
    made = []
    for key, heading in (("penalty", "If low"), ("reward", "If high")):
        for name in names:
            value = view.find(key, group, name)
            told = cells.brief(value) if value.known else cells.withheld(value)
            label = view.label(name)
            limits = (value.value, value.low, value.high)
            made.append(IntervalRow(label, *limits, told, heading=heading))
            heading = ""
    return tuple(made)


def _said(view: View, group: str, name: str) -> str:
    penalty, reward = (view.find(key, group, name) for key in ("penalty", "reward"))
    told = f"{words.number(penalty.value)} if low, {words.number(reward.value)} if high"
    return f"{view.label(name)}: {told}."


def _message(view: View, group: str) -> str:
    found = {name: view.find("penalty", group, name) for name in view.subjects("balance")}
    if not any(value.bounded for value in found.values()):
        known = any(value.known for value in found.values())
        return f"{view.group(group)}: {'not classed, no intervals' if known else 'withheld'}"
    clear = {name: value for name, value in found.items() if value.known and value.high < 0}
    if not clear:
        return f"{view.group(group)}: no attribute has a penalty beyond doubt"
    worst = min(clear, key=lambda name: clear[name].value)
    lost = words.number(abs(clear[worst].value))
    return (
        f"{view.group(group)}: most is lost by low answers to “{view.label(worst)}” ({lost} points)"
    )


def _table(view: View, group: str, names: tuple[str, ...]) -> Table:
    columns = cells.columns(
        "Attribute",
        ">Low, %|share of low answers",
        ">High, %|share of high answers",
        ">Penalty",
        f">{view.level} interval",
        ">Reward",
        f">{view.level} interval",
        ">Reward plus penalty",
        f">{view.level} interval",
        "Class",
    )
    notes = tuple(dict.fromkeys(note for name in names for note in _notes(view, group, name)))
    return Table(
        view.ident("contrasts-table", group),
        f"Penalty and reward: {view.group(group)}",
        columns,
        tuple(_cells(view, group, name) for name in names),
        notes,
    )


def _notes(view: View, group: str, name: str) -> list[str]:
    found = [view.find(key, group, name).note for key in ("penalty", "reward", "balance")]
    return [f"{view.label(name)}: {note}." for note in dict.fromkeys(found) if note]


def _cells(view: View, group: str, name: str) -> tuple[Cell, ...]:
    kind = kind_of(view, group, name)
    told: list[Cell] = []
    for key in ("penalty", "reward", "balance"):
        value: Estimate = view.find(key, group, name)
        told += [cells.estimate(value), cells.interval(value)]
    meaning = f"{kind}: {TOLD[kind]}" if kind else NOT_CLASSED
    return (
        cells.text(view.label(name)),
        cells.estimate(view.find("low", group, name), 0),
        cells.estimate(view.find("high", group, name), 0),
        *told,
        cells.text(meaning, tone="weak" if kind == "dissatisfier" else ""),
    )
