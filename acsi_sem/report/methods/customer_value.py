"""The chapter on customers by revenue and cost to serve."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Bullets,
    Cell,
    Figure,
    Prose,
    Section,
    StackChart,
    StackRow,
    Table,
)
from acsi_sem.report.methods.base import View
from acsi_sem.report.methods.brief import brief, digits_of, percent, score_head, whys

CAN: Final = (
    "Which customers bring much and cost little, how many there are, and where to move others."
)
CANNOT: Final = (
    "What a customer will bring in years to come, or whether a move will work; the fields depend "
    "on the cuts and on how costs are laid on customers."
)
FIELDS: Final = (
    ("1", "High revenue, low cost"),
    ("2", "High revenue, high cost"),
    ("3", "Low revenue, low cost"),
    ("4", "Low revenue, high cost"),
)
MOVES: Final = (
    ("Field 2 to field 1:", "serve customers who bring much at lower cost."),
    ("Field 3 to field 1:", "sell more to customers who cost little."),
    ("Field 4 to field 2 or 3:", "sell more, or serve at lower cost; else let go."),
    (
        "Field 1 under threat:",
        (
            "a rival's discount takes customers to field 3, a rival's service forces dearer "
            "service and field 2."
        ),
    ),
)
BARS: Final = (("customers", "Customers"), ("revenue", "Revenue"), ("cost", "Cost to serve"))


def section(view: View) -> Section:
    """Make the chapter: shares of the fields, their table, the moves."""
    blocks: list[Block] = view.per_group(
        view.title, lambda group: (_figure(view, group), _each(view, group))
    )
    blocks += [Bullets(MOVES), Prose((_rule(view),), "note")]
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _rule(view: View) -> str:
    cuts = view.method.cuts
    if cuts.rule == "given":
        told = f"the cuts given: revenue {cuts.revenue:g}, cost {cuts.cost:g}"
    else:
        told = f"the {cuts.rule} of the group's own customers"
    return (
        f"High: at or above {told}. Margin: mean of revenue less cost to serve, in the unit of "
        "both. Cuts are a ruler, not a test: a customer near one could stand on either side."
    )


def _figure(view: View, group: str) -> Figure:
    rows = []
    for measure, label in BARS:
        found = [view.find(measure, group, category=field) for field, _ in FIELDS]
        unknown = [value for value in found if not value.known]
        text = cells.withheld(unknown[0]) if unknown else percent(found[0])
        rows.append(StackRow(label, tuple(value.value / 100 for value in found), text))
    names = tuple(f"{field} {meaning.lower()}" for field, meaning in FIELDS)
    whole = view.find("customers", group, category="1")
    return Figure(
        view.ident("fields", group),
        _message(view, group),
        StackChart(tuple(rows), names, "Share, %", ordered=False),
        f"Shares of customers, revenue and cost by field: {view.group(group)}.",
        f"{view.group(group)}. Each bar is the whole; its end names the part of field 1. "
        f"n = {words.count(whole.n)} customers. Intervals are in the table.",
        _table(view, group),
        open_table=True,
    )


def _message(view: View, group: str) -> str:
    people, money = (view.find(name, group, category="1") for name in ("customers", "revenue"))
    if not people.known:
        return f"{view.group(group)}: shares withheld"
    end = f", and hold {percent(money)} of revenue" if money.known else ""
    return f"{view.group(group)}: {percent(people)} of customers bring much and cost little{end}"


def _table(view: View, group: str) -> Table:
    rows = tuple(
        (
            cells.text(f"{field}: {meaning}"),
            *(brief(view.find(measure, group, category=field)) for measure, _ in BARS),
        )
        for field, meaning in FIELDS
    )
    cuts = [view.find("cut", group, category=name) for name in ("revenue", "cost")]
    told = [cells.brief(cut, digits_of(cut.value)) for cut in cuts]
    return Table(
        view.ident("fields-table", group),
        f"Customers by revenue and cost to serve: {view.group(group)} ({view.level} intervals)",
        cells.columns("Field", ">Customers, %", ">Revenue, %", ">Cost, %"),
        rows,
        (
            f"High revenue from {told[0]}, high cost from {told[1]}.",
            *whys(view, group, *(measure for measure, _ in BARS)),
        ),
        sortable=False,
    )


def _each(view: View, group: str) -> Table:
    asked = view.method.satisfaction
    heads = ["Field", ">Customers", ">Mean margin"]
    heads += [score_head(view, asked)] if asked else []
    return Table(
        view.ident("fields-each", group),
        f"A customer of each field: {view.group(group)} ({view.level} intervals)",
        cells.columns(*heads),
        tuple(_row(view, group, field, meaning) for field, meaning in FIELDS),
        whys(view, group, "margin", "satisfaction"),
        sortable=False,
    )


def _row(view: View, group: str, field: str, meaning: str) -> tuple[Cell, ...]:
    margin = view.find("margin", group, category=field)
    asked = view.method.satisfaction
    score = (view.find("satisfaction", group, asked, field),) if asked else ()
    return (
        cells.text(f"{field}: {meaning}"),
        cells.whole(margin.n),
        brief(margin, digits_of(margin.value)),
        *(brief(value) for value in score),
    )
