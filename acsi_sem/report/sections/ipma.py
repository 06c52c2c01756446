"""Importance and performance, down to the indicators: what to work on inside a driver."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Bullets,
    Cell,
    Figure,
    MapChart,
    MapPoint,
    Prose,
    Section,
    Table,
)
from acsi_sem.report.facts import Estimate, Facts, Row, reasons, rows
from acsi_sem.report.sections import shown
from acsi_sem.spec.graph import exogenous
from acsi_sem.terms import ALL

Quarter = Literal["work", "keep", "watch", "enough", "unclear"]
QUARTERS: Final[dict[Quarter, tuple[str, str]]] = {
    "work": ("Work on these first", "high importance, low performance"),
    "keep": ("Keep up", "high importance, high performance"),
    "watch": ("Watch", "low importance, low performance"),
    "enough": ("Enough is done", "low importance, high performance"),
    "unclear": ("No suggestion", "importance not above 0 beyond doubt"),
}
MOST_NAMED: Final = 5
RULE: Final = (
    "Importance: points of the target that one point more of an indicator goes with, both on "
    "0–100; the indicators of a driver share its importance by their weights. Performance: mean "
    "on 0–100. High and low: at or above the mean of the indicators, and below it (Martilla & "
    "James 1977; Ringle & Sarstedt 2016). The means are a ruler, not a test: an indicator near a "
    "line could stand on either side."
)


@dataclass(frozen=True, slots=True)
class Place:
    """A driver (no indicator) or an indicator on the map; `number` names it in the chart."""

    construct: str
    indicator: str
    importance: Estimate
    performance: Estimate
    number: int = 0
    quarter: Quarter = "unclear"


def section(facts: Facts) -> Section | None:
    """The chapter on drivers by indicator; None when there is no such map."""
    if not places(facts, ALL):
        return None
    target = words.in_sentence(facts.construct(facts.target))
    blocks: list[Block] = shown.per_group(facts, "By indicator", lambda g: _blocks(facts, g))
    blocks.append(Prose((RULE,), "note"))
    return Section("ipma", f"What to work on for {target}", "By indicator", tuple(blocks))


def places(facts: Facts, group: str) -> tuple[Place, ...]:
    """Return the drivers of the index, each followed by its indicators, in order of the model."""
    found = [_place(row) for row in _found(facts, group)]
    numbers = itertools.count(1)
    return tuple(
        replace(
            place,
            number=next(numbers) if place.indicator else 0,
            quarter=_quarter(place, [p for p in found if _same(p, place) and _known(p)]),
        )
        for place in found
    )


def _same(one: Place, other: Place) -> bool:
    return bool(one.indicator) == bool(other.indicator)


def _known(place: Place) -> bool:
    return place.importance.known and place.performance.known


def _found(facts: Facts, group: str) -> list[Row]:
    table = facts.fit.ipma
    engines = tuple(dict.fromkeys(table["engine"]))
    if not engines:
        return []
    engine = facts.engine if facts.engine in engines else engines[0]
    own = table[(table["group"] == group) & (table["engine"] == engine)]
    return list(rows(own))


def _place(row: Row) -> Place:
    importance, performance = (
        Estimate(row[n], row[f"{n}_low"], row[f"{n}_high"], note=words.clean(row["note"]))
        for n in ("importance", "performance")
    )
    return Place(row["construct"], row["indicator"], importance, performance)


def _quarter(place: Place, known: Sequence[Place]) -> Quarter:
    importance, performance = place.importance, place.performance
    if not _known(place) or importance.evidence == "unclear" or importance.value <= 0:
        return "unclear"
    strong, high = _means(known)
    if importance.value >= strong:
        return "keep" if performance.value >= high else "work"
    return "enough" if performance.value >= high else "watch"


def _means(known: Sequence[Place]) -> tuple[float, float]:
    count = len(known)
    return (
        math.fsum(place.importance.value for place in known) / count,
        math.fsum(place.performance.value for place in known) / count,
    )


def _blocks(facts: Facts, group: str) -> tuple[Block, ...]:
    found = places(facts, group)
    items = tuple(p for p in found if p.indicator and _known(p))
    if not found:
        return ()
    if not items:
        return (_table(facts, group, found),)
    return (Bullets(_priorities(facts, items)), _figure(facts, group, items, found))


def _priorities(facts: Facts, items: Sequence[Place]) -> tuple[tuple[str, str], ...]:
    made = []
    for quarter, (lead, meaning) in QUARTERS.items():
        own = sorted((p for p in items if p.quarter == quarter), key=lambda p: -p.importance.value)
        if own:
            named = words.listing([_named(facts, p) for p in own], MOST_NAMED)
            made.append((f"{lead} ({meaning}):", f"{named}."))
        elif quarter == "work":
            made.append((f"{lead} ({meaning}):", "no indicator."))
    return (*made, *_given(facts, items))


def _named(facts: Facts, place: Place) -> str:
    score = words.number(place.performance.value)
    return f"“{facts.indicator(place.indicator)}” ({facts.construct(place.construct)}, {score})"


def _given(facts: Facts, items: Sequence[Place]) -> tuple[tuple[str, str], ...]:
    """Say which drivers are not to be acted on at will."""
    outside = dict.fromkeys(p.construct for p in items if p.construct in exogenous(facts.fit.model))
    if not outside:
        return ()
    named = words.listing([facts.construct(name) for name in outside])
    what = "it, so it is" if len(outside) == 1 else "them, so they are"
    told = f"nothing in the model leads to {what} shaped by promises and past experience."
    return ((f"{named}:", told),)


def _figure(facts: Facts, group: str, items: Sequence[Place], found: Sequence[Place]) -> Figure:
    target = words.in_sentence(facts.construct(facts.target))
    families = tuple(dict.fromkeys(p.construct for p in items))
    points = tuple(
        MapPoint(
            p.number,
            facts.indicator(p.indicator),
            p.importance.value,
            p.performance.value,
            families.index(p.construct),
        )
        for p in items
    )
    chart = MapChart(
        points,
        tuple(facts.construct(name) for name in families),
        f"Importance: points of {target} per point",
        "Performance, 0–100",
        _means(items),
    )
    return Figure(
        shown.ident(facts, "ipma", group),
        _message(facts, group, items),
        chart,
        f"Importance and performance of indicators, {facts.group(group)}. "
        + " ".join(
            f"{p.number}, {facts.indicator(p.indicator)}: importance "
            f"{words.number(p.importance.value, 2)}, performance "
            f"{words.number(p.performance.value)}."
            for p in items
        ),
        f"{facts.group(group)}. Across: points of {target} for one point more of the indicator. "
        "Up: the indicator's mean on 0–100. Dashed lines: means of the indicators. Shaded: high "
        "importance, low performance. Intervals are in the table.",
        _table(facts, group, found),
    )


def _message(facts: Facts, group: str, items: Sequence[Place]) -> str:
    work = [p for p in items if p.quarter == "work"]
    if not work:
        return f"{facts.group(group)}: no indicator has high importance and low performance"
    best = max(work, key=lambda p: p.importance.value * (100 - p.performance.value))
    return (
        f"{facts.group(group)}, most to gain among what is important and low: "
        f"“{facts.indicator(best.indicator)}”"
    )


def _table(facts: Facts, group: str, found: Sequence[Place]) -> Table:
    target = words.in_sentence(facts.construct(facts.target))
    columns = cells.columns(
        "Driver or indicator",
        ">No.|number in the chart",
        f">Importance|points of {target.replace('|', '¦')} per point",
        f">{facts.level} interval",
        ">Performance",
        f">{facts.level} interval",
        "Reading",
    )
    notes = reasons({"note": p.importance.note} for p in found)
    ruler = "Drivers are read against the means of the drivers, indicators against their own."
    return Table(
        shown.ident(facts, "ipma-table", group),
        f"Importance and performance for {target}: {facts.group(group)}",
        columns,
        tuple(_row(facts, place) for place in found),
        (ruler, *notes),
        sortable=False,
    )


def _row(facts: Facts, place: Place) -> tuple[Cell, ...]:
    inside = bool(place.indicator)
    name = facts.indicator(place.indicator) if inside else facts.construct(place.construct)
    lead, meaning = QUARTERS[place.quarter]
    return (
        cells.text(name, tone="" if inside else "strong"),
        cells.text(str(place.number) if inside else "", place.number),
        cells.estimate(place.importance, 2),
        cells.interval(place.importance, 2),
        cells.estimate(place.performance),
        cells.interval(place.performance),
        cells.text(f"{lead}: {meaning}", tone="weak" if place.quarter == "work" else ""),
    )
