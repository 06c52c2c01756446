"""How well the questions measure: loadings, reliability, validity, fit of the covariance model."""

from __future__ import annotations

import math
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.cells import Tone
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
from acsi_sem.report.facts import NOTHING, Estimate, Facts
from acsi_sem.report.sections import fit, shown
from acsi_sem.spec.graph import endogenous
from acsi_sem.spec.model import Construct
from acsi_sem.terms import LOADING, WEIGHT

LOADING_FLOOR: Final = 0.70
RELIABILITY_FLOOR: Final = 0.70
AVE_FLOOR: Final = 0.50
THRESHOLDS: Final = (
    "What people look for: loadings of 0.70 or more (Hair, Hult, Ringle & Sarstedt 2022); alpha "
    "and ρC of 0.70 or more (Nunnally & Bernstein 1994); average variance extracted (AVE) of 0.50 "
    "or more (Fornell & Larcker 1981). These are habits of the field, not tests."
)
SINGLE: Final = "a single indicator has no reliability of its own"


def section(facts: Facts) -> Section:
    """Measurement quality of the leading engine, and the fit of the covariance model."""
    blocks: list[Block] = [Prose((THRESHOLDS,))]
    blocks += shown.per_group(facts, "Measurement", lambda group: _blocks(facts, group))
    blocks += fit.blocks(facts)
    return Section("quality", "How well it is measured", "Measurement", tuple(blocks))


def _blocks(facts: Facts, group: str) -> tuple[Block, ...]:
    made: list[Block] = [_reliability(facts, group)]
    if any(key[:2] == (group, facts.engine) and key[3] == LOADING for key in facts.estimates):
        made.append(_figure(facts, group))
    return tuple(made)


def _reliability(facts: Facts, group: str) -> Table:
    return Table(
        shown.ident(facts, "reliability", group),
        f"Reliability, validity and explained variance: {facts.group(group)}",
        cells.columns(
            "Construct",
            ">Indicators",
            ">Alpha|Cronbach's alpha",
            ">ρC|composite reliability",
            ">AVE|average variance extracted",
            ">R²",
            ">R² adjusted",
            "Reading",
        ),
        tuple(_reliability_row(facts, group, c) for c in facts.fit.model.constructs),
    )


def _reliability_row(facts: Facts, group: str, construct: Construct) -> tuple[Cell, ...]:
    single = len(construct.indicators) == 1
    values = {m: facts.measure(group, construct.name, m) for m in ("alpha", "rho_c", "ave")}
    reason = SINGLE if single else cells.NO_NUMBER
    inner = construct.name in endogenous(facts.fit.model)
    no_arrow = cells.NO_NUMBER if inner else "no arrow leads to it"
    told, tone = _verdict({} if single else values)
    return (
        cells.text(facts.construct(construct.name)),
        cells.whole(len(construct.indicators)),
        *(Cell(words.DASH, "", reason) if single else cells.number(v, 2) for v in values.values()),
        cells.number(facts.measure(group, construct.name, "r2"), 2, no_arrow),
        cells.number(facts.measure(group, construct.name, "r2_adj"), 2, no_arrow),
        cells.text(told, tone=tone),
    )


def _verdict(values: dict[str, float]) -> tuple[str, Tone]:
    floors = {"alpha": RELIABILITY_FLOOR, "rho_c": RELIABILITY_FLOOR, "ave": AVE_FLOOR}
    names = {"alpha": "alpha", "rho_c": "ρC", "ave": "AVE"}
    known = {name: value for name, value in values.items() if math.isfinite(value)}
    if not known:
        return "not judged", ""
    low = [names[name] for name, value in known.items() if value < floors[name]]
    if low:
        return f"{words.listing(low)} below the usual floor", "weak"
    return "meets the usual floors", "good"


def _figure(facts: Facts, group: str) -> Figure:
    rows = [
        _loading_row(facts, group, construct, item.name)
        for construct in facts.fit.model.constructs
        if len(construct.indicators) > 1
        for item in construct.indicators
    ]
    low = [row.label for row in rows if row.value < LOADING_FLOOR]
    return Figure(
        shown.ident(facts, "loadings", group),
        f"{facts.group(group)}: "
        + (f"loading below 0.70: {words.listing(low, 3)}" if low else "all loadings reach 0.70"),
        IntervalChart(
            tuple(rows), "Loading, standardised", (LOADING_FLOOR, "0.70"), (-1.0, 1.0), 1
        ),
        f"Loadings of the indicators, {facts.group(group)}. "
        + " ".join(f"{row.label}: {row.text}." for row in rows),
        f"{facts.group(group)}. Dot: loading. Line: {facts.level} interval. Constructs with a "
        f"single indicator are left out. {facts.basis(group)}.",
        _loadings(facts, group),
    )


def _loading(facts: Facts, group: str, construct: str, item: str, op: str) -> Estimate:
    return facts.standardised.get((group, facts.engine, construct, op, item), NOTHING)


def _loading_row(facts: Facts, group: str, construct: Construct, item: str) -> IntervalRow:
    value = _loading(facts, group, construct.name, item, LOADING)
    told = cells.brief(value, 2) if value.known else value.note or cells.NO_NUMBER
    return IntervalRow(facts.indicator(item), value.value, value.low, value.high, told)


def _loadings(facts: Facts, group: str) -> Table:
    rows = []
    for construct in facts.fit.model.constructs:
        for item in construct.indicators:
            loading = _loading(facts, group, construct.name, item.name, LOADING)
            weight = _loading(facts, group, construct.name, item.name, WEIGHT)
            rows.append(
                (
                    cells.text(facts.indicator(item.name)),
                    cells.text(item.name),
                    cells.text(facts.construct(construct.name)),
                    cells.estimate(loading, 2),
                    cells.interval(loading, 2),
                    cells.estimate(weight, 2),
                    cells.interval(weight, 2),
                    _loading_reading(construct, loading),
                )
            )
    return Table(
        shown.ident(facts, "loadings-table", group),
        f"Loadings and outer weights: {facts.group(group)}",
        cells.columns(
            "Indicator",
            "Name",
            "Construct",
            ">Loading",
            f">{facts.level} interval",
            ">Weight|outer weight, standardised",
            f">{facts.level} interval",
            "Reading",
        ),
        tuple(rows),
    )


def _loading_reading(construct: Construct, loading: Estimate) -> Cell:
    if len(construct.indicators) == 1:
        return cells.text("fixed: single indicator")
    if not loading.known:
        return cells.text("not computed")
    if loading.value < LOADING_FLOOR:
        return cells.text("below 0.70", tone="weak")
    return cells.text("0.70 or more", tone="good")
