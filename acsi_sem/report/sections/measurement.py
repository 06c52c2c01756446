"""How well the questions measure: loadings, reliability, validity, and fit of the models."""

from __future__ import annotations

from typing import Final

from acsi_sem.inference.thresholds import THRESHOLDS, verdict
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
from acsi_sem.report.sections import criteria, fit, pls_fit, reliability, shown
from acsi_sem.report.sections.criteria import Criteria
from acsi_sem.spec.model import Construct
from acsi_sem.terms import ALL, LOADING, WEIGHT

MEASURES: Final = ("alpha", "rho_a", "rho_c", "ave")
LOADING_FLOOR: Final = THRESHOLDS["loading"].limits[0]
FLOOR: Final = f"{LOADING_FLOOR:g}"
LEAD: Final = (
    "A construct is measured by several questions. Reliability asks whether they agree: alpha "
    "takes them as equals, ρC goes by the loadings and ρA by the weights of the index. The average "
    "variance extracted (AVE) is the share of their variance that the construct explains."
)
SINGLE: Final = "a single indicator has no reliability of its own"
APART: Final = "indicators of a composite need not agree"
CORRECTED: Final = (
    "These are the criteria of plain PLS; those of consistent PLS are in the table of quality "
    "beside this report."
)


def section(facts: Facts) -> Section:
    """Measurement quality of the leading engine, and how well the models fit."""
    told = [LEAD, _summary(facts)]
    if facts.engine == "pls" and "plsc" in facts.fit.request.engines:
        told.append(CORRECTED)
    blocks: list[Block] = [Prose(tuple(told))]
    blocks += shown.per_group(facts, "Measurement", lambda group: _blocks(facts, group))
    blocks += pls_fit.blocks(facts)
    blocks += fit.blocks(facts)
    return Section("quality", "How well it is measured", "Measurement", tuple(blocks))


def _blocks(facts: Facts, group: str) -> tuple[Block, ...]:
    found = criteria.gather_criteria(facts, group)
    made: list[Block] = [_reliability(facts, group, found)]
    if any(key[:2] == (group, facts.engine) and key[3] == LOADING for key in facts.estimates):
        made.append(_figure(facts, group))
    if group == ALL:
        made += reliability.details(facts, group, found)
    return tuple(made)


def _summary(facts: Facts) -> str:
    """Name the constructs of the pooled fit that miss a limit, or are not clearly above it."""
    found = criteria.gather_criteria(facts, ALL)
    verdicts = {c.name: _verdict(_values(found, c)) for c in facts.fit.model.constructs}
    named = {name: words.in_sentence(facts.construct(name)) for name in verdicts}
    low = [named[name] for name, (_, tone) in verdicts.items() if tone == "weak"]
    unsure = [named[name] for name, (told, tone) in verdicts.items() if told and not tone]
    if not any(told for told, _ in verdicts.values()):
        return "Reliability was not computed for the pooled rows."
    parts = [
        f"In the pooled rows {words.listing(low)} {'miss' if len(low) > 1 else 'misses'} a limit"
        if low
        else "In the pooled rows every construct with several indicators reaches the usual limits"
    ]
    if unsure:
        verb = "are" if len(unsure) > 1 else "is"
        parts.append(f"{words.listing(unsure)} {verb} near one: the interval reaches below it")
    return f"{'; '.join(parts)}."


def _values(found: Criteria, construct: Construct) -> dict[str, Estimate]:
    return {measure: found.get(measure, construct.name) for measure in MEASURES}


def _reliability(facts: Facts, group: str, found: Criteria) -> Table:
    known = tuple(m for m in MEASURES if m != "rho_a" or found.has("rho_a"))
    named = [
        (f"{criteria.NAMES[m]} of {words.in_sentence(facts.construct(c.name))}", v)
        for c in facts.fit.model.constructs
        for m, v in _values(found, c).items()
    ]
    heads = {
        "alpha": ">Alpha|Cronbach's alpha",
        "rho_a": ">ρA|Dijkstra and Henseler's reliability",
        "rho_c": ">ρC|composite reliability",
        "ave": ">AVE|average variance extracted",
    }
    return Table(
        shown.ident(facts, "reliability", group),
        f"Reliability and convergent validity: {facts.group(group)}",
        cells.columns("Construct", *(heads[m] for m in known), "Reading"),
        tuple(_reliability_row(facts, found, c, known) for c in facts.fit.model.constructs),
        (
            f"In brackets: {facts.level} interval.",
            criteria.sources(*known),
            *criteria.withheld(named),
        ),
    )


def _reliability_row(
    facts: Facts, found: Criteria, construct: Construct, known: tuple[str, ...]
) -> tuple[Cell, ...]:
    values = _values(found, construct)
    single = len(_items(construct)) == 1
    reason = SINGLE if single else APART if _composite(construct) else ""
    told, tone = _verdict(values)
    return (
        cells.text(facts.construct(construct.name)),
        *(criteria.shown(facts, values[m], reason=reason) for m in known),
        cells.text(told or ("single indicator" if single else "not judged"), tone=tone),
    )


def _composite(construct: Construct) -> bool:
    return construct.kind == "composite" or construct.mode == "B"


def _verdict(values: dict[str, Estimate]) -> tuple[str, Tone]:
    """Say what misses a limit, and what reaches it without its interval doing so."""
    known = {name: value for name, value in values.items() if value.known}
    told = {
        name: f"{criteria.NAMES[name]} {verdict(name, v.value, v.low, v.high)}"
        for name, v in known.items()
    }
    low = [name for name, value in known.items() if not criteria.met(name, value.value)]
    near = [n for n, value in known.items() if n not in low and not criteria.clear(n, value)]
    if low or near:
        return "; ".join(told[name] for name in (*low, *near)), "weak" if low else ""
    if not known:
        return "", ""
    bare = not all(value.bounded for value in known.values())
    return f"reaches the usual limits{', not every interval known' if bare else ''}", "good"


def _figure(facts: Facts, group: str) -> Figure:
    rows = [
        _loading_row(facts, group, construct, item)
        for construct in facts.fit.model.constructs
        if len(_items(construct)) > 1
        for item in _items(construct)
    ]
    low = [row.label for row in rows if row.value < LOADING_FLOOR]
    return Figure(
        shown.ident(facts, "loadings", group),
        f"{facts.group(group)}: "
        + (
            f"loading below {FLOOR}: {words.listing(low, 3)}"
            if low
            else f"all loadings reach {FLOOR}"
        ),
        IntervalChart(tuple(rows), "Loading, standardised", (LOADING_FLOOR, FLOOR), (-1.0, 1.0), 1),
        f"Loadings of the indicators, {facts.group(group)}. "
        + " ".join(f"{row.label}: {row.text}." for row in rows),
        f"{facts.group(group)}. Dot: loading. Line: {facts.level} interval. Constructs with a "
        f"single indicator are left out. {facts.basis(group)}.",
        _loadings(facts, group),
    )


def _items(construct: Construct) -> tuple[str, ...]:
    """Name what loads on a construct: its components, if it has some, else its indicators."""
    return construct.components or tuple(item.name for item in construct.indicators)


def _label(facts: Facts, construct: Construct, item: str) -> str:
    return facts.construct(item) if construct.components else facts.indicator(item)


def _loading(facts: Facts, group: str, construct: str, item: str, op: str) -> Estimate:
    return facts.standardised.get((group, facts.engine, construct, op, item), NOTHING)


def _loading_row(facts: Facts, group: str, construct: Construct, item: str) -> IntervalRow:
    value = _loading(facts, group, construct.name, item, LOADING)
    told = cells.brief(value, 2) if value.known else value.note or cells.NO_NUMBER
    return IntervalRow(_label(facts, construct, item), value.value, value.low, value.high, told)


def _loadings(facts: Facts, group: str) -> Table:
    made = [(c, i) for c in facts.fit.model.constructs for i in _items(c)]
    named = [
        (_label(facts, c, i), _loading(facts, group, c.name, i, op))
        for c, i in made
        if len(_items(c)) > 1
        for op in (LOADING, WEIGHT)
    ]
    return Table(
        shown.ident(facts, "loadings-table", group),
        f"Loadings and outer weights: {facts.group(group)}",
        cells.columns(
            "Indicator",
            "Name",
            "Construct",
            ">Loading",
            f">{facts.level} interval",
            "Reading|of the loading",
            ">Weight|outer weight, standardised",
            f">{facts.level} interval",
            f"Reading|does the {facts.level} interval of the weight exclude 0",
        ),
        tuple(_loadings_row(facts, group, c, i) for c, i in made),
        (criteria.sources("loading"), *criteria.withheld(named)),
    )


def _loadings_row(facts: Facts, group: str, construct: Construct, item: str) -> tuple[Cell, ...]:
    loading = _loading(facts, group, construct.name, item, LOADING)
    weight = _loading(facts, group, construct.name, item, WEIGHT)
    return (
        cells.text(_label(facts, construct, item)),
        cells.text(item),
        cells.text(facts.construct(construct.name)),
        cells.estimate(loading, 2),
        cells.interval(loading, 2),
        _loading_reading(construct, loading),
        cells.estimate(weight, 2),
        cells.interval(weight, 2),
        _weight_reading(construct, weight),
    )


def _loading_reading(construct: Construct, loading: Estimate) -> Cell:
    if len(_items(construct)) == 1:
        return cells.text("fixed: single indicator")
    if not loading.known:
        return cells.text("not computed")
    return criteria.reading("loading", loading)


def _weight_reading(construct: Construct, weight: Estimate) -> Cell:
    if len(_items(construct)) == 1:
        return cells.text("fixed: single indicator")
    negative = weight.known and weight.value < 0
    told = criteria.differs(weight)
    return cells.text(f"negative; {told}" if negative else told, tone="weak" if negative else "")
