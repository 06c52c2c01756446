"""PLS path models, plain and consistent, over every group of an estimation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal

import numpy as np

from acsi_sem.analysis.intervals import CORE_FIELDS, make_spreader, no_draws, se_kind
from acsi_sem.analysis.values import Request
from acsi_sem.analysis.work import Progress, Work
from acsi_sem.estimators.pls import PlsEstimates, PlsOptions, estimate_pls, formative_blocks
from acsi_sem.estimators.pls_panel import (
    SATURATED,
    Solved,
    exact_fit_refit,
    implied_items,
    panel_fields,
)
from acsi_sem.estimators.result import EngineResult, Row
from acsi_sem.estimators.two_stage import Stage, TwoStageSolution, stage_models
from acsi_sem.indices.ipma import CONSTRUCTS, ITEMS, ipma_fields, ipma_rows
from acsi_sem.indices.scores import Scored
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.intervals import Spread
from acsi_sem.inference.panel_rows import exact_fit_rows, fit_rows, panel_rows, tetrad_rows
from acsi_sem.inference.pls_rows import Draws, pls_result
from acsi_sem.inference.spreader import PERCENTILE, pls_fields
from acsi_sem.kernels.exact_fit import exact_fit
from acsi_sem.kernels.moments import Floats, Moments, correlations
from acsi_sem.spec.graph import blocks, components, higher_order
from acsi_sem.spec.model import Model
from acsi_sem.terms import Notice

PlsEngine = Literal["pls", "plsc"]
COMPARED: Final = ("paths", "total", "index", "weights")
PART_FIELDS: Final = ("part_weights", "part_loadings")
EXACT_FIT: Final = 1000
"""Refits that a test of exact fit rests on: the Monte-Carlo error of p is then at most 0.016."""


@dataclass(frozen=True, slots=True)
class PlsRun:
    """One engine's fit of one group, with everything made from its replicates.

    Attributes
    ----------
    result : EngineResult
    scored : Scored
    drivers : tuple of Row
        Importance and performance of what drives the index.
    compared : mapping of field -> ndarray
        Replicates of `COMPARED` and of ``ok``, where groups are compared.
    """

    result: EngineResult
    scored: Scored
    drivers: tuple[Row, ...] = ()
    compared: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Made:
    """Every field of a group and of its replicates, and what makes intervals of them."""

    result: EngineResult
    point: Fields
    draws: Fields
    intervals: Draws | None


def pls_options(request: Request, engine: PlsEngine = "pls") -> PlsOptions:
    """Return how a request wants PLS done."""
    return PlsOptions(request.scheme, request.averaged, request.weights_policy, engine == "plsc")


def estimate_fields(
    model: Model, moments: Moments, rows: Floats, options: PlsOptions
) -> tuple[PlsEstimates, Fields]:
    """Estimate a batch; return the estimates, and every field that is tabulated of them."""
    found, core = core_fields(model, moments, rows, options)
    fields = dict(core)
    if found.stages is not None:
        for key, stage in _stages(found.stages).items():
            solution = stage.solution
            made = panel_fields(
                stage.model,
                stage.correlation,
                solution.weights,
                solution.loadings,
                solution.correlation,
                solution.paths,
                bound=solution.bound,
            )
            fields |= {f"{key}.{name}": values for name, values in made.items()}
    else:
        fields |= panel_fields(
            model,
            correlations(moments.covariance),
            found.weights,
            found.loadings,
            found.correlation,
            found.paths,
            reflective=corrected_blocks(model) if options.consistent else None,
            bound=found.bound,
        )
    return found, fields


def fields_of(
    request: Request,
) -> Callable[[Model, Moments, Floats, PlsOptions], tuple[PlsEstimates, Fields]]:
    """Return what estimates the fields that a request has tabulated."""
    return core_fields if request.detail == "core" else estimate_fields


def _stages(found: TwoStageSolution) -> dict[str, Stage]:
    return {"one": found.first, "two": found.second}


def core_fields(
    model: Model, moments: Moments, rows: Floats, options: PlsOptions
) -> tuple[PlsEstimates, Fields]:
    """Estimate a batch; return the estimates and all fields but the criteria of the panel."""
    found = estimate_pls(model, moments, rows, options)
    structural = found.structural
    means = moments.item_mean if options.means == "available" else moments.mean
    drivers = ipma_fields(
        model, means, structural.index_weights, structural.index, structural.total
    )
    parts: dict[str, Floats] = {}
    if found.stages is not None:
        parts = {name: getattr(found.stages, name) for name in PART_FIELDS}
    return found, {**pls_fields(found), **drivers, **parts}


def corrected_blocks(model: Model) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which blocks PLSc corrects: several indicators weighted by Mode A; shape (q,)."""
    return np.asarray((np.bincount(blocks(model)) > 1) & ~formative_blocks(model))


def run_pls(work: Work, progress: Progress, engine: PlsEngine) -> Iterator[PlsRun]:
    """Fit every group."""
    model, options = work.model, pls_options(work.request, engine)
    complete = np.array([work.used(name) for name in work.names])
    point, fields = fields_of(work.request)(model, work.moments, complete, options)
    stage = "PLS path models" if engine == "pls" else "consistent PLS"
    for at in range(len(work.names)):
        progress(stage, at, len(work.names))
        yield _run_group(work, engine, point, {k: v[at] for k, v in fields.items()}, at)
        progress(stage, at + 1, len(work.names))


def _run_group(
    work: Work, engine: PlsEngine, point: PlsEstimates, fields: Fields, at: int
) -> PlsRun:
    name = work.names[at]
    rows = work.used(name)
    estimates, drawn = _drawn(work, engine, name, rows)
    intervals = _intervals(work, engine, name, point, at, fields, drawn)
    if intervals is not None and estimates is not None:
        intervals = replace(intervals, ok=estimates.structural.ok)
    result = pls_result(work.model, name, point, at, intervals, engine)
    scored = Scored(
        group=name,
        engine=engine,
        point=point.structural,
        at=at,
        draws=None if estimates is None else estimates.structural,
        level=work.request.level,
        problem="; ".join(result.diagnosis.problems),
        withheld=work.withheld(name),
        spreader=PERCENTILE if intervals is None else intervals.spreader,
    )
    if not result.diagnosis.ok:
        return PlsRun(result, scored)
    made = _Made(_with_bounds(work.model, result, point, at), fields, drawn, intervals)
    if work.request.detail == "core":
        return PlsRun(made.result, scored)
    return PlsRun(
        _with_panel(work, made),
        scored,
        tuple(_driver_rows(work, made)),
        _compared(work, made),
    )


def _compared(work: Work, made: _Made) -> Fields:
    lost = made.intervals is None or made.intervals.withheld
    if not work.request.comparison or not made.draws or lost:
        return {}
    assert made.intervals is not None
    kept = {name: made.draws[name] for name in COMPARED}
    return {**kept, "ok": made.intervals.ok.astype(float)}


def _with_bounds(model: Model, result: EngineResult, point: PlsEstimates, at: int) -> EngineResult:
    """Give notice of indicators that the weights policy holds at zero."""
    held = [
        (model.construct_names[c], item.name)
        for c, item, bound in zip(blocks(model), model.indicators, point.bound[at], strict=True)
        if bound
    ]
    told = [
        Notice(
            "weight_at_bound",
            f"The outer weight of {item} in {construct} would be negative and is held at zero: "
            "the indicator is left out of the index.",
            result.diagnosis.group,
            str(result.diagnosis.engine),
            f"{construct} <~ {item}",
        )
        for construct, item in held
    ]
    return replace(result, notices=(*result.notices, *told))


def _drawn(
    work: Work, engine: PlsEngine, group: str, rows: float
) -> tuple[PlsEstimates | None, Fields]:
    moments = work.draws(group)
    if moments is None:
        return None, {}
    repeated = np.full(moments.weight.shape, rows)
    options = pls_options(work.request, engine)
    return fields_of(work.request)(work.model, moments, repeated, options)


def _intervals(
    work: Work,
    engine: PlsEngine,
    group: str,
    point: PlsEstimates,
    at: int,
    fields: Fields,
    drawn: Fields,
) -> Draws | None:
    """Return what makes intervals, or None when nothing does."""
    request = work.request
    if not drawn and request.interval != "linearised":
        return None
    options, rows = pls_options(request, engine), work.used(group)

    def estimate(sums: Floats) -> Fields:
        repeated = np.full(sums.shape[0], rows)
        moments = work.sample.moments(sums)
        if request.interval == "studentized":  # the criteria would make it ten times as slow
            return core_fields(work.model, moments, repeated, options)[1]
        return fields_of(request)(work.model, moments, repeated, options)[1]

    spreader = PERCENTILE
    if point.structural.ok[at]:
        bent = fields if point.bound[at].any() else {}
        spreader = make_spreader(
            estimate, work.sample, group, request, work.replicates, CORE_FIELDS, bent
        )
    withheld = work.withheld(group)
    return Draws(drawn, no_draws(), request.level, spreader, withheld, se_kind(request))


def _with_panel(work: Work, run: _Made) -> EngineResult:
    """Add the criteria of measurement, structure and fit."""
    result, intervals = run.result, run.intervals
    group, engine = result.diagnosis.group, str(result.diagnosis.engine)
    spread = (lambda *_: None) if intervals is None else intervals.spread
    note = "" if intervals is None else intervals.note
    if higher_order(work.model):
        quality = _stage_rows(work, run, spread, note)
        message = (
            "The distances of the implied correlations and the test of exact fit are not made for "
            "a model with higher-order constructs, whose items stand in it twice."
        )
        told = Notice("exact_fit_withheld", message, group, engine)
        return replace(
            result,
            quality=(*result.quality, *quality),
            notices=(*result.notices, told),
        )
    freedom = None if intervals is None else intervals.freedom
    quality = list(panel_rows(work.model, group, engine, run.point, spread, note, freedom))
    if "tetrads" in run.point:
        usable = None if intervals is None or not run.draws else run.draws["tetrads"][intervals.ok]
        quality += tetrad_rows(
            work.model, group, engine, run.point["tetrads"], usable, work.request.level, note
        )
    fit, notices = _fit_rows(work, run)
    return replace(
        result,
        quality=(*result.quality, *quality),
        fit_measures=(*result.fit_measures, *fit),
        notices=(*result.notices, *notices),
    )


SpreadOf = Callable[[str, Floats], Spread | None]


def _named(spread: SpreadOf, start: str, name: str, point: Floats) -> Spread | None:
    return spread(start + name, point)


def _stage_rows(work: Work, run: _Made, spread: SpreadOf, note: str) -> list[Row]:
    """Return the criteria of components by stage one, and of all others by stage two."""
    group, engine = run.result.diagnosis.group, str(run.result.diagnosis.engine)
    parts = components(work.model)
    rows: list[Row] = []
    for key, model in zip(("one", "two"), stage_models(work.model), strict=True):
        start = f"{key}."
        point = {n.removeprefix(start): v for n, v in run.point.items() if n.startswith(start)}
        own = partial(_named, spread, start)
        made = panel_rows(model, group, engine, point, own, note)
        for row in made:
            inside = row["construct"] in parts or row.get("indicator") in parts
            if key == "two" or inside:
                rows.append(row)
    return rows


def _fit_rows(work: Work, run: _Made) -> tuple[list[Row], list[Notice]]:
    """Return distances from the implied correlations, and the test of exact fit."""
    group, engine = run.result.diagnosis.group, str(run.result.diagnosis.engine)
    rows = list(fit_rows(group, engine, run.point))
    notices: list[Notice] = []
    draws = work.draws(group)
    if draws is None or work.request.resampling != "bootstrap" or work.withheld(group):
        return rows, []
    for saturated in (False, True):
        found, told = _exact_fit(work, run, draws, saturated=saturated)
        rows += found
        notices += told
    return rows, notices


def _exact_fit(
    work: Work, run: _Made, draws: Moments, *, saturated: bool
) -> tuple[tuple[Row, ...], tuple[Notice, ...]]:
    model, group = work.model, run.result.diagnosis.group
    engine: PlsEngine = "plsc" if run.result.diagnosis.engine == "plsc" else "pls"
    options = pls_options(work.request, engine)
    own = corrected_blocks(model) if options.consistent else None
    covariance = work.moments.covariance[work.names.index(group)]

    def solve(correlation: Floats) -> Solved:
        return _solved(model, correlation, options)

    sample = correlations(covariance[None])
    implied = implied_items(model, sample, solve(sample), reflective=own, saturated=saturated)
    refit = exact_fit_refit(model, solve, reflective=own, saturated=saturated)
    usable = np.isfinite(draws.covariance).all(axis=(1, 2))
    test = exact_fit(covariance, implied[0], draws.covariance[usable][:EXACT_FIT], refit)
    return exact_fit_rows(
        group, engine, test, f"{SATURATED.replace('_', '.')}" if saturated else ""
    )


def _solved(model: Model, correlation: Floats, options: PlsOptions) -> Solved:
    """Fit item correlations as they are: a mean of 0 and a variance of 1 throughout."""
    count, p = correlation.shape[:2]
    ones, zeros = np.ones((count, p)), np.zeros((count, p))
    moments = Moments(np.ones(count), zeros, correlation, ones, zeros)
    found = estimate_pls(model, moments, np.full(count, 1e6), options)
    lost = ~found.structural.ok
    shapes: Mapping[str, Floats] = {
        "loadings": found.loadings,
        "correlation": found.correlation,
        "paths": found.paths,
    }
    return Solved(
        **{
            name: np.where(lost.reshape(-1, *[1] * (values.ndim - 1)), np.nan, values)
            for name, values in shapes.items()
        }
    )


def _driver_rows(work: Work, run: _Made) -> Iterator[Row]:
    """Yield importance and performance of what drives the index."""
    diagnosis, intervals = run.result.diagnosis, run.intervals
    names = (*CONSTRUCTS, *ITEMS)
    point = {name: run.point[name] for name in names}
    spreads = {}
    if intervals is not None:
        spreads = {name: intervals.spread(name, point[name]) for name in names}
    note = "" if intervals is None else intervals.note
    yield from ipma_rows(
        work.model,
        diagnosis.group,
        diagnosis.engine,
        work.request.level,
        point,
        spreads,
        note,
    )
