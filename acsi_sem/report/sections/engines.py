"""The engines side by side: one theory, several ways to estimate it."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Cell,
    Details,
    EngineChart,
    EngineRow,
    Figure,
    Prose,
    Section,
    Table,
)
from acsi_sem.report.facts import Facts
from acsi_sem.report.sections import criteria, errors, shown
from acsi_sem.spec.model import Path
from acsi_sem.terms import ALL, ENGINE_TITLES

WHAT: Final = {
    "pls": "PLS weights each block's indicators so that neighbouring constructs are predicted "
    "well, and relates the weighted scores.",
    "plsc": "Consistent PLS takes the same weights and corrects loadings, coefficients and R² for "
    "measurement error, as if each block measured one thing; the index is that of PLS.",
    "semopy": "The covariance structure model (maximum likelihood, by semopy) relates factors "
    "freed of measurement error, so its coefficients are usually larger and less certain.",
    "ml": "The covariance structure by this package's own kernel maximises the same likelihood "
    "without semopy, and with full information where incomplete rows are to count.",
    "ordinal": "The ordinal structure takes answers for ordered categories of normal variables "
    "(polychoric correlations, diagonally weighted least squares).",
    "ols": "The OLS baseline regresses plain, equally weighted means on one another, equation by "
    "equation: what one gets without a model of measurement.",
}
FACTOR_WEIGHTS: Final = (
    "Covariance structures weight the indicators of a construct by loading / error variance."
)
NO_INDEX: Final = "this engine gives no index"


def section(facts: Facts) -> Section:
    """Standardised coefficients and indices by engine."""
    engines = facts.fit.request.engines
    lead = " ".join(WHAT[engine] for engine in engines)
    blocks: list[Block] = [Prose((lead, _agreement(facts)))]
    blocks += shown.per_group(facts, "Engines", lambda group: (_figure(facts, group),))
    blocks += [_indices(facts), Details("How each estimation ended", (_endings(facts),))]
    title = "Do the methods agree?" if len(engines) > 1 else "How it was estimated"
    return Section("engines", title, "Methods compared", tuple(blocks))


def _agreement(facts: Facts) -> str:
    """Say where engines contradict each other about the sign of a path."""
    split = [_arrow(facts, p) for p in facts.fit.model.paths if _contradicted(facts, p)]
    if len(facts.fit.request.engines) < 2:
        return "One engine was asked for; nothing to compare it with."
    if not split:
        return "All engines agree on the sign of every path in the pooled fit."
    return (
        f"The engines disagree on the sign of {words.listing(split)} in the pooled fit. "
        "Closely related sources are the usual reason; read that coefficient with care."
    )


def _contradicted(facts: Facts, path: Path) -> bool:
    values = [facts.path(ALL, path.target, path.source, e).value for e in facts.fit.request.engines]
    known = [value for value in values if value == value]
    return any(v > 0 for v in known) and any(v < 0 for v in known)


def _arrow(facts: Facts, path: Path) -> str:
    return f"{facts.construct(path.source)} → {facts.construct(path.target)}"


def _figure(facts: Facts, group: str) -> Figure:
    engines = facts.fit.request.engines
    chart_rows = []
    for path in facts.fit.model.paths:
        found = [facts.path(group, path.target, path.source, engine) for engine in engines]
        values = tuple((e.value, e.low, e.high) for e in found)
        chart_rows.append(EngineRow(_arrow(facts, path), values))
    titles = tuple(ENGINE_TITLES[engine] for engine in engines)
    return Figure(
        shown.ident(facts, "engines", group),
        f"{facts.group(group)}: standardised path coefficients by engine",
        EngineChart(titles, tuple(chart_rows), "Standardised coefficient"),
        f"Standardised path coefficients of {words.listing(titles)} for {facts.group(group)}; "
        "the table below has every number.",
        f"{facts.group(group)}. Symbol: coefficient. Line: {facts.level} interval "
        f"({_interval_words(facts)}). {facts.basis(group)}.",
        _table(facts, group),
    )


def _interval_words(facts: Facts) -> str:
    kinds = {
        "pls": f"PLS: {errors.limits(facts)}",
        "plsc": f"Consistent PLS: {errors.limits(facts)}",
        "ols": f"OLS: {errors.ols_limits(facts)}",
    }
    kinds |= {engine: _normal(facts, engine) for engine in facts.covariance_engines}
    have = [e for e in facts.fit.request.engines if _bounded(facts, e)]
    told = [kinds[engine] for engine in have]
    lost = [
        ENGINE_TITLES[e] for e in facts.fit.request.engines if e not in (*have, *_tested(facts))
    ]
    if lost:
        told.append(f"no interval: {words.listing(lost)}, the table says why")
    if bare := [ENGINE_TITLES[e] for e in _tested(facts)]:
        told.append(
            f"no interval of standardised coefficients: {words.listing(bare)}, see p in the table"
        )
    return "; ".join(told)


def _normal(facts: Facts, engine: str) -> str:
    """Say where the normal interval of a covariance structure comes from."""
    kind = errors.brief(facts, engine)
    told = f"{kind} standard errors" if kind else "its standard error"
    return f"{ENGINE_TITLES[engine]}: normal, from {told}"


def _bounded(facts: Facts, engine: str) -> bool:
    """True when an engine has intervals of standardised coefficients."""
    return any(facts.path(ALL, p.target, p.source, engine).bounded for p in facts.fit.model.paths)


def _tested(facts: Facts) -> tuple[str, ...]:
    """Return the engines that have a p-value in the place of an interval.

    The limits of PLS estimates may be withheld, and then the reason stands in their place.
    """
    return tuple(
        engine
        for engine in facts.fit.request.engines
        if engine not in errors.PLS_ENGINES and not _bounded(facts, engine)
    )


def _table(facts: Facts, group: str) -> Table:
    heads = []
    for engine in facts.fit.request.engines:
        title = ENGINE_TITLES[engine]
        second = "p" if engine in _tested(facts) else f"{facts.level} interval"
        heads += [f">{title}", f">{second}|{title}"]
    rows = tuple(_row(facts, group, path) for path in facts.fit.model.paths)
    named = (
        (
            f"{ENGINE_TITLES[engine]}, {_arrow(facts, p)}",
            facts.path(group, p.target, p.source, engine),
        )
        for engine in facts.fit.request.engines
        if engine in errors.PLS_ENGINES
        for p in facts.fit.model.paths
    )
    return Table(
        shown.ident(facts, "engines-table", group),
        f"Standardised path coefficients by engine: {facts.group(group)}",
        cells.columns("Path", *heads),
        rows,
        (
            *(("p: two-sided, of the unstandardised coefficient.",) if _tested(facts) else ()),
            *criteria.withheld(named),
        ),
    )


def _row(facts: Facts, group: str, path: Path) -> tuple[Cell, ...]:
    made: list[Cell] = [cells.text(_arrow(facts, path))]
    for engine in facts.fit.request.engines:
        found = facts.path(group, path.target, path.source, engine)
        tested = engine in _tested(facts)
        second = cells.p_value(found) if tested else cells.interval(found, 2)
        made += [cells.estimate(found, 2), second]
    return tuple(made)


def _indices(facts: Facts) -> Table:
    engines = facts.fit.request.engines
    heads = [
        head
        for e in engines
        for head in (f">{ENGINE_TITLES[e]}", f">{facts.level} interval|{ENGINE_TITLES[e]}")
    ]
    notes = [
        f"— under {ENGINE_TITLES[e]}: {NO_INDEX}." for e in engines if e not in facts.index_engines
    ]
    if {"semopy", "ml"} & set(facts.index_engines):
        notes.insert(0, FACTOR_WEIGHTS)
    if "ols" in engines:
        notes.insert(0, "The OLS baseline weights all indicators of a construct equally.")
    return Table(
        "engine-indices",
        f"{facts.construct(facts.target)} by engine, index 0–100",
        cells.columns("Group", *heads),
        tuple(_index_row(facts, group) for group in (*facts.parts, ALL)),
        tuple(notes),
    )


def _index_row(facts: Facts, group: str) -> tuple[Cell, ...]:
    made: list[Cell] = [cells.text(facts.group(group))]
    for engine in facts.fit.request.engines:
        reason = cells.NO_NUMBER if engine in facts.index_engines else NO_INDEX
        found = facts.index(group, engine=engine)
        made += [
            cells.estimate(found, 1, reason),
            cells.interval(found, 1, reason if not found.known else "no interval was computed"),
        ]
    return tuple(made)


def _endings(facts: Facts) -> Table:
    rows = tuple(
        (
            cells.text(facts.group(d.group)),
            cells.text(ENGINE_TITLES[d.engine]),
            cells.text("yes" if d.converged else "no", tone="" if d.converged else "weak"),
            cells.text("yes" if d.admissible else "no", tone="" if d.admissible else "weak"),
            cells.whole(d.iterations),
            cells.text("; ".join(words.clean(p) for p in d.problems) or "none"),
        )
        for d in facts.fit.diagnoses
    )
    return Table(
        "endings",
        "Convergence and admissibility by group and engine",
        cells.columns("Group", "Engine", "Converged", "Admissible", ">Iterations", "Problems"),
        rows,
    )
