"""The chapter on who holds the value."""

from __future__ import annotations

import math
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Curve, CurveChart, Figure, Prose, Section, Table
from acsi_sem.report.facts import Estimate
from acsi_sem.report.methods.base import View
from acsi_sem.report.methods.brief import brief, digits_of, percent, whys
from acsi_sem.report.words import clean

CAN: Final = "How much of the value the best customers hold, as it is found, and how unequal it is."
CANNOT: Final = (
    "Why they hold it, whether they stay, or what it costs to serve them; a share of a few large "
    "customers moves with every one of them that the survey happens to meet."
)
TOP: Final = ("10", "20", "30", "50")
CLASSES: Final = ("A", "B", "C")
MARKED: Final = "20"
NEAR: Final = 8.0
"""Marks nearer to one another than this, in per cent of customers, are one."""


def section(view: View) -> Section:
    """Make the chapter: the share curve and the tables of shares and classes."""
    blocks: list[Block] = view.per_group(
        view.title, lambda group: (_figure(view, group), _classes(view, group))
    )
    blocks.append(Prose((_rule(view), _care(view)), "note"))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _rule(view: View) -> str:
    first, second = (f"{100 * cut:g}" for cut in view.method.cuts)
    discount = view.method.discount
    worth = (
        f"Value: present value of {words.plural(len(view.method.values), 'year')} of purchases, "
        f"the amount of year t divided by {1 + discount:g} to the power t (due at the end of each "
        "year). "
        if discount is not None
        else ""
    )
    return (
        f"{worth}Customers are put in order of value, the best first. Class A: those who hold the "
        f"first {first} % of the value together; B: up to {second} %; C: the rest. The customer "
        "with whom a cut is passed is of the better class, and equal values share a class. Gini: "
        "0 where all hold the same, near 1 where one holds all; without correction for few "
        "customers. “80/20” is a saying, not a law: the shares are those found here."
    )


def _care(view: View) -> str:
    return (
        "Intervals of shares and of the Gini coefficient are too short where a few customers hold "
        "much of the value: the largest ones are not in every sample. What a class holds is set by "
        "the cuts, so it has no interval. Where a class has fewer than "
        f"{words.count(view.minimum)} customers, value and mean of all classes are withheld; the "
        "curve is straight between points that have so many customers on either side."
    )


def _figure(view: View, group: str) -> Figure:
    most = view.find("holders", group, category="80")
    top = view.find("top_share", group, category=MARKED)
    return Figure(
        view.ident("curve", group),
        _message(view, group, top, most),
        _chart(view, group, top, most),
        f"Share of the value held by the best customers: {view.group(group)}.",
        f"{view.group(group)}. Across: customers, the best first. Up: the share of the value they "
        "hold together. Broken line: all hold the same. The higher the curve above it, the more "
        f"unequal. n = {words.count(view.find('gini', group).n)} customers. Intervals are in the "
        "table.",
        _table(view, group),
        open_table=True,
    )


def _message(view: View, group: str, top: Estimate, most: Estimate) -> str:
    told = []
    if top.known:
        told.append(f"the best {MARKED} % of customers hold {percent(top)} of the value")
    if most.known:
        told.append(f"80 % of {'it' if told else 'the value'} is held by {percent(most)}")
    return f"{view.group(group)}: {'; '.join(told) or 'shares withheld'}"


def _chart(view: View, group: str, top: Estimate, most: Estimate) -> CurveChart:
    found = [
        (100 - float(row["category"]), 100 - float(row["value"]))
        for row in view.rows("lorenz", group)
        if math.isfinite(float(row["value"]))
    ]
    equal = Curve("all equal", (0.0, 100.0), (0.0, 100.0), dashed=True)
    if not found:
        return CurveChart((equal,), *_AXES)
    points = sorted(found)
    # Without a name: it is the one full line, and a name would be read as that of a mark.
    curve = Curve("", tuple(x for x, _ in points), tuple(y for _, y in points), strong=True)
    marks = []
    if top.known:
        marks.append((float(MARKED), top.value, f"{MARKED} % hold {percent(top)}"))
    # Near one another the two marks say the same.
    if most.known and not (top.known and abs(most.value - float(MARKED)) <= NEAR):
        marks.append((most.value, 80.0, f"{percent(most)} hold 80 %"))
    return CurveChart((equal, curve), *_AXES, tuple(marks))


_AXES: Final = ("Customers, the best first, %", "Value held, %", ((0.0, 100.0), (0.0, 100.0)))


def _table(view: View, group: str) -> Table:
    rows = []
    for name in TOP:
        value = view.find("top_share", group, category=name)
        rows.append((f"Value held by the best {name} % of customers, %", value, 1))
    rows.append(
        ("Customers who hold 80 % of the value, %", view.find("holders", group, category="80"), 1)
    )
    rows.append(("Gini coefficient, 0 to 1", view.find("gini", group), 3))
    heads = ("Measure", ">Customers", ">Value", f">{view.level} interval", "Note")
    return Table(
        view.ident("curve-table", group),
        f"How the value is shared: {view.group(group)}",
        cells.columns(*heads),
        tuple(
            (
                cells.text(name),
                cells.whole(value.n),
                cells.estimate(value, digits),
                cells.interval(value, digits),
                cells.text(clean(value.note)),
            )
            for name, value, digits in rows
        ),
        sortable=False,
    )


def _classes(view: View, group: str) -> Table:
    rows = []
    for name in CLASSES:
        people, held, mean = (
            view.find(measure, group, category=name)
            for measure in ("class_customers", "class_value", "class_mean")
        )
        rows.append(
            (
                cells.text(name),
                brief(people),
                brief(held),
                cells.whole(mean.n),
                brief(mean, digits_of(mean.value)),
            )
        )
    heads = ("Class", ">Customers, %", ">Value, %", ">Customers", ">Mean value")
    return Table(
        view.ident("classes", group),
        f"Classes A, B and C: {view.group(group)} ({view.level} intervals)",
        cells.columns(*heads),
        tuple(rows),
        whys(view, group, "class_customers", "class_value", "class_mean"),
        sortable=False,
    )
