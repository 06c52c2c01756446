"""The chapter on value tiers."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Bullets,
    Cell,
    Figure,
    IntervalChart,
    Prose,
    Section,
    Table,
)
from acsi_sem.report.methods.base import View
from acsi_sem.report.methods.brief import brief, digits_of, dotted, percent, score_head, whys

CAN: Final = "How many customers are worth most in profit, frequency and loyalty together."
CANNOT: Final = (
    "Where the cuts ought to be: tiers follow rules, and customers near a cut change tier with it; "
    "profit of one year is not the value of a lifetime."
)
TIERS: Final = ("key", "major", "general", "maintenance", "invalid")
CUTS: Final = (
    ("profit", "Parts of profit"),
    ("frequency", "Frequency"),
    ("loyalty", "Grade of loyalty"),
    ("all", "All three"),
)


def section(view: View) -> Section:
    """Make the chapter: shares of the tiers, the rule, and what hangs on the cuts."""
    blocks: list[Block] = view.per_group(
        view.title, lambda group: (_figure(view, group), _each(view, group), _changes(view, group))
    )
    blocks.append(Bullets(_rule(view)))
    told = (
        "Profit: margin less the costs of service and of upkeep. Profit rate: profit over revenue. "
        "Cuts are those of the group's own customers; customers of equal profit share a tier. "
        "Shares of profit may be below 0 where a tier makes a loss."
    )
    blocks.append(Prose((told,), "note"))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _rule(view: View) -> tuple[tuple[str, str], ...]:
    key, major = (f"{100 * share:g}" for share in view.method.shares)
    often = view.method.frequent_from
    frequent = "at least the median frequency" if often is None else f"frequency {often:g} or more"
    loyal = f"“{view.label(view.method.loyalty)}” at {view.method.loyal_from:g} or better"
    return (
        (f"{view.word('key')}:", f"among the {key} % of highest profit, {frequent}, and {loyal}."),
        (f"{view.word('major')}:", f"among the next {major} % of profit, as frequent and loyal."),
        (f"{view.word('general')}:", "profitable, as frequent and loyal, below both."),
        (f"{view.word('maintenance')}:", "profitable, but not as loyal or not as frequent."),
        (f"{view.word('invalid')}:", "profit of 0 or less."),
    )


def _figure(view: View, group: str) -> Figure:
    whole = view.find("customers", group, category="key")
    rows = tuple(
        dotted(
            view.word(tier),
            view.find(measure, group, category=tier),
            heading=heading if tier == TIERS[0] else "",
        )
        for measure, heading in (("customers", "Customers, %"), ("profit", "Profit, %"))
        for tier in TIERS
    )
    return Figure(
        view.ident("tiers", group),
        _message(view, group),
        IntervalChart(rows, "Share, %", bounds=(-100.0, 100.0)),
        f"Shares of customers and of profit by tier: {view.group(group)}.",
        f"{view.group(group)}. Dot: share of the whole. Line: {view.level} interval. A tier that "
        f"makes a loss is left of 0. n = {words.count(whole.n)} customers.",
        _table(view, group),
        open_table=True,
    )


def _message(view: View, group: str) -> str:
    people, money = (view.find(name, group, category="key") for name in ("customers", "profit"))
    if not people.known:
        return f"{view.group(group)}: shares withheld"
    end = f" and make {percent(money)} of the profit" if money.known else ""
    return f"{view.group(group)}: {percent(people)} of customers are key customers{end}"


def _table(view: View, group: str) -> Table:
    heads = ("Tier", ">Customers, %", ">Profit, %", ">Profit rate, %|profit over revenue")
    rows = tuple(
        (
            cells.text(view.word(tier)),
            *(brief(view.find(m, group, category=tier)) for m in ("customers", "profit")),
            brief(view.find("profit_rate", group, category=tier)),
        )
        for tier in TIERS
    )
    return Table(
        view.ident("tiers-table", group),
        f"Value tiers: {view.group(group)} ({view.level} intervals)",
        cells.columns(*heads),
        rows,
        whys(view, group, "customers", "profit", "profit_rate"),
        sortable=False,
    )


def _each(view: View, group: str) -> Table:
    asked = view.method.satisfaction
    heads = ["Tier", ">Customers", ">Mean profit"]
    heads += [score_head(view, asked)] if asked else []
    return Table(
        view.ident("tiers-each", group),
        f"A customer of each tier: {view.group(group)} ({view.level} intervals)",
        cells.columns(*heads),
        tuple(_row(view, group, tier) for tier in TIERS),
        whys(view, group, "mean_profit", "satisfaction"),
        sortable=False,
    )


def _row(view: View, group: str, tier: str) -> tuple[Cell, ...]:
    mean = view.find("mean_profit", group, category=tier)
    asked = view.method.satisfaction
    score = (view.find("satisfaction", group, asked, tier),) if asked else ()
    return (
        cells.text(view.word(tier)),
        cells.whole(mean.n),
        brief(mean, digits_of(mean.value)),
        *(brief(value) for value in score),
    )


def _changes(view: View, group: str) -> Table:
    rows = tuple(
        (
            cells.text(label),
            brief(view.find("changed", group, category=f"{cut}, stricter")),
            brief(view.find("changed", group, category=f"{cut}, looser")),
        )
        for cut, label in CUTS
    )
    heads = ("Cut that moves by a tenth", ">Change tier if stricter, %", ">If looser, %")
    return Table(
        view.ident("changes", group),
        f"Customers whose tier hangs on the cuts: {view.group(group)} ({view.level} intervals)",
        cells.columns(*heads),
        rows,
        (
            "A grade moves by a tenth of its scale, and one answer at least.",
            *whys(view, group, "changed"),
        ),
        sortable=False,
    )
