"""How far the correlations that a PLS model implies lie from those of the sample."""

from __future__ import annotations

import math
from typing import Final

from acsi_sem.analysis.values import Fit
from acsi_sem.inference.thresholds import THRESHOLDS, verdict
from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Cell, Details, Heading, Prose, Table
from acsi_sem.report.facts import Facts
from acsi_sem.report.sections import shown
from acsi_sem.report.sections.errors import PLS_ENGINES
from acsi_sem.terms import ALL, ENGINE_TITLES

HABIT: Final = "The limit was made for maximum likelihood: here it is a habit, not a test."
MOST_REFITS: Final = 1000
FAILED_SHARE: Final = 0.05
MEANING: Final = (
    "A PLS model implies correlations between all questions. SRMR is the size of a typical "
    "difference from those in the sample; d_ULS sums the squared differences, d_G weighs them as "
    "distances between matrices. The saturated model lets all constructs correlate, so what is "
    "off there is measurement; what the estimated model adds is the missing arrows."
)
CANNOT: Final = (
    "The test of exact fit asks whether the difference could be chance: the answers are turned so "
    "that the model holds, drawn again, and fitted again (Beran & Srivastava 1985; Dijkstra & "
    "Henseler 2015). It cannot say that a model is right, for others may fit as well, nor that it "
    "predicts; with many rows it rejects nearly every model, for differences too small to matter. "
    "Mode A weights keep some misfit even where the model holds, which makes the test cautious. "
    "PLS does not minimise these distances, so they describe it and do not rank it."
)
_NAMES: Final = {"srmr": "SRMR", "d_uls": "d_ULS", "d_g": "d_G"}
_MODELS: Final = {"": "estimated", ".saturated": "saturated"}
_QUANTILE: Final = "q95"


def blocks(facts: Facts) -> tuple[Block, ...]:
    """Fit of every PLS engine that ran and has distances; nothing when none has."""
    engines = [e for e in PLS_ENGINES if e in facts.fit.request.engines and _has(facts, e)]
    if not engines:
        return _absent(facts)
    made: list[Block] = [
        Heading("pls-fit", "Fit of the PLS model"),
        Prose((_words(facts, engines[0]),), "lead"),
        Prose((MEANING, CANNOT)),
    ]
    for engine in engines:
        made += _tables(facts, engine, first=engine == engines[0])
    return tuple(made)


def _has(facts: Facts, engine: str) -> bool:
    return any(key[1] == engine and key[2] == "srmr" for key in facts.measures)


def _absent(facts: Facts) -> tuple[Block, ...]:
    """Say why a PLS engine has no distances, where a notice says so."""
    told = dict.fromkeys(
        words.clean(n.message)
        for n in facts.fit.notices
        if n.kind == "exact_fit_withheld" and n.engine in PLS_ENGINES
    )
    if not told:
        return ()
    return (Heading("pls-fit", "Fit of the PLS model"), Prose(tuple(told), "note"))


def _tables(facts: Facts, engine: str, *, first: bool) -> list[Block]:
    """Return the pooled table, and those of groups behind summary lines."""
    title = ENGINE_TITLES[engine]
    pooled = _table(facts, engine, ALL)
    made: list[Block] = [pooled] if first else [Details(f"Fit: {title}", (pooled,))]
    parts = tuple(_table(facts, engine, group) for group in shown.detailed(facts))
    if parts:
        made.append(Details(f"Fit by group: {title}", parts))
    return made


def _value(facts: Facts, group: str, engine: str, measure: str) -> float:
    return facts.measures.get((group, engine, measure), math.nan)


def _words(facts: Facts, engine: str) -> str:
    """Say what the pooled fit of the first engine shows."""
    value = _value(facts, ALL, engine, "srmr")
    if not math.isfinite(value):
        return f"{ENGINE_TITLES[engine]}: no distances for the pooled rows."
    zone = THRESHOLDS["srmr"].zones[THRESHOLDS["srmr"].zone(value)]
    told = f"{ENGINE_TITLES[engine]}: SRMR is {words.number(value, 3)}, {zone}"
    p = _value(facts, ALL, engine, "srmr.p")
    if math.isfinite(p):
        verb = "is rejected" if _rejected(facts, ALL, engine, "srmr") else "is not rejected"
        return f"{told}; that the model fits exactly {verb} (p {_p_words(facts, ALL, engine, p)})."
    return f"{told}; {_no_test(facts, ALL, engine)}."


def _rejected(facts: Facts, group: str, engine: str, measure: str) -> bool:
    """True where a distance is beyond its 95 % quantile under exact fit."""
    value = _value(facts, group, engine, measure)
    return value > _value(facts, group, engine, f"{measure}.{_QUANTILE}")


def _no_test(facts: Facts, group: str, engine: str, ending: str = "") -> str:
    """Say why there is no test of exact fit."""
    subject = f"fit{ending}"
    for notice in _withheld(facts.fit):
        if (notice[0], notice[1], notice[2]) == (group, engine, subject):
            return words.clean(notice[3]).rstrip(".").replace("No boot", "no boot", 1)
    if facts.fit.request.resampled and facts.fit.request.resampling == "bootstrap":
        return "no test of exact fit: the group has no standard errors"
    return "no test of exact fit: it needs bootstrap replicates"


def _withheld(fit: Fit) -> list[tuple[str, str, str, str]]:
    return [
        (n.group, n.engine, n.subject, n.message)
        for n in fit.notices
        if n.kind == "exact_fit_withheld"
    ]


def _table(facts: Facts, engine: str, group: str) -> Table:
    ident = shown.ident(facts, f"fit-{engine}", group)
    rows = tuple(_row(facts, group, engine, name, ending) for ending in _MODELS for name in _NAMES)
    return Table(
        ident,
        f"Distance from the implied correlations: {facts.group(group)}, {ENGINE_TITLES[engine]}",
        cells.columns(
            "Measure",
            "Model",
            ">Value",
            ">95\u00a0% quantile|of samples for which the model holds exactly",
            ">p|share of those samples that are as far off",
            "Reading",
        ),
        rows,
        (f"SRMR: {THRESHOLDS['srmr'].zones[0]} ({THRESHOLDS['srmr'].source}). {HABIT}",),
        sortable=False,
    )


def _row(facts: Facts, group: str, engine: str, name: str, ending: str) -> tuple[Cell, ...]:
    measure = f"{name}{ending}"
    value = _value(facts, group, engine, measure)
    quantile = _value(facts, group, engine, f"{measure}.{_QUANTILE}")
    p = _value(facts, group, engine, f"{measure}.p")
    why = _no_test(facts, group, engine, ending)
    return (
        cells.text(_NAMES[name]),
        cells.text(_MODELS[ending]),
        cells.number(value, 3, "not defined, or the model was not fitted"),
        cells.number(quantile, 3, why),
        _p_cell(facts, group, engine, p, why),
        _reading(facts, group, engine, measure, why),
    )


def _p_cell(facts: Facts, group: str, engine: str, p: float, why: str) -> Cell:
    if not math.isfinite(p):
        return Cell(words.DASH, "", why)
    return Cell(_p_words(facts, group, engine, p), round(p, 9))


def _p_words(facts: Facts, group: str, engine: str, p: float) -> str:
    """Write a share of replicates; none at all is known to be below one in as many as there were.

    Of the replicates up to `FAILED_SHARE` may have failed, so the bound is that of the fewest.
    """
    if p > 0:
        return words.number(p, 3)
    drawn = max(
        (r.requested for r in facts.fit.replicates if (r.group, r.engine) == (group, engine)),
        default=0,
    )
    if not drawn:
        return words.p_value(p)
    fewest = math.floor((1 - FAILED_SHARE) * min(drawn, MOST_REFITS))
    return f"<{words.SPACE}{math.ceil(1e4 / fewest) / 1e4:g}"


def _reading(facts: Facts, group: str, engine: str, measure: str, why: str) -> Cell:
    value = _value(facts, group, engine, measure)
    told = [verdict(measure, value).removesuffix(", no interval")]
    if math.isfinite(_value(facts, group, engine, f"{measure}.p")):
        beyond = _rejected(facts, group, engine, measure)
        told.append("exact fit rejected" if beyond else "exact fit not rejected")
    elif math.isfinite(value):
        told.append(why)
    return cells.text("; ".join(part for part in told if part) or "not judged")
