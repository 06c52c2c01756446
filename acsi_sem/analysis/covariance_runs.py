"""Covariance structures of one group: the moments they need, the fit, its scores and tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from acsi_sem.analysis.intervals import SCORE_FIELDS, make_spreader, structural_of
from acsi_sem.analysis.values import Request
from acsi_sem.estimators.covariance import (
    CovarianceEngine,
    CovarianceFit,
    CovarianceSample,
    fit_covariance,
    refit_covariances,
)
from acsi_sem.estimators.factor_index import score_replicates, score_solutions
from acsi_sem.estimators.invariance import GroupSample, assess_invariance
from acsi_sem.estimators.invariance_design import Scope
from acsi_sem.estimators.invariance_words import invariance_rows, verdict
from acsi_sem.estimators.modification_table import modification_table
from acsi_sem.estimators.result import EngineResult, Row
from acsi_sem.estimators.structural import Structural, scale_ends
from acsi_sem.indices.scores import Scored
from acsi_sem.inference.replicates import Replicates
from acsi_sem.inference.sample import Ints, Sample
from acsi_sem.inference.spreader import PERCENTILE
from acsi_sem.kernels.bollen_stine import bollen_stine
from acsi_sem.kernels.covariance import locate
from acsi_sem.kernels.fourth_moments import (
    cluster_block,
    cluster_totals,
    recentre,
    row_block,
    width,
)
from acsi_sem.kernels.index import to_points
from acsi_sem.kernels.modification import residuals
from acsi_sem.kernels.moments import Floats, Moments
from acsi_sem.spec.model import Model
from acsi_sem.terms import PATH, Errors, Notice

BOLLEN_STINE: Final = 1000
"""Refits that a Bollen-Stine p-value rests on: its Monte-Carlo error is then at most 0.016."""


@dataclass(frozen=True, slots=True)
class GroupWork:
    """One group of an estimation.

    Attributes
    ----------
    moments : Moments
        Point moments of every group; `at` is this one's.
    complete : float
        Respondents with every answer.
    draws : Moments or None
        Replicate moments of the group.
    withheld : str
        Why replicates give no standard errors; empty when they do.
    replicates : Replicates or None
        How they were made.
    """

    model: Model
    sample: Sample
    request: Request
    name: str
    moments: Moments
    at: int
    complete: float
    draws: Moments | None
    withheld: str
    replicates: Replicates | None = None

    @property
    def point(self) -> Moments:
        """The group's own moments, a batch of one."""
        part = slice(self.at, self.at + 1)
        names = ("weight", "mean", "covariance", "item_weight", "item_mean")
        return Moments(*(getattr(self.moments, name)[part] for name in names))


def error_kind(request: Request, sample: Sample) -> Errors:
    """Return how standard errors are made: as asked, else by clusters where there is a design."""
    if request.se:
        return request.se
    return "cluster" if sample.designed else "robust"


def run_covariance(work: GroupWork, engine: CovarianceEngine) -> tuple[EngineResult, Scored | None]:
    """Fit, score and test one group.

    Returns
    -------
    EngineResult
        With modification indices, residuals and the Bollen-Stine p-value.
    Scored or None
        None when the fit failed.
    """
    kind = error_kind(work.request, work.sample)
    fitted = fit_covariance(
        work.model,
        covariance_sample(work, kind),
        engine=engine,
        se=kind,
        meanstructure=work.request.meanstructure,
        level=work.request.level,
    )
    if fitted.theta is None:
        return fitted.result, None
    if work.request.detail == "core":
        return _within_scale(work, fitted.result, _score(work, fitted, engine))
    result = replace(
        fitted.result,
        fit_measures=(*fitted.result.fit_measures, *_bollen_stine(work, fitted)),
        modification=tuple(_modification(work, fitted)),
        residuals=tuple(_residuals(work, fitted)),
    )
    return _within_scale(work, result, _score(work, fitted, engine))


def covariance_sample(work: GroupWork, kind: Errors) -> CovarianceSample:
    """Return what a covariance structure needs of the group, its fourth-order block included."""
    point = work.point
    rows = work.sample.rows_of(work.name)
    block, withheld = None, ""
    if kind != "ml":
        block, withheld = _block(work, rows, kind)
        if block is not None:
            block = recentre(block[None] / work.complete, point.mean - work.sample.origin)[0]
    weights = work.sample.weights[rows]
    return CovarianceSample(
        work.name,
        point.covariance[0],
        work.complete,
        point.mean[0],
        block,
        weighted=not work.sample.frequency and bool((weights != weights[0]).any()),
        withheld=withheld,
    )


def _block(work: GroupWork, rows: Ints, kind: Errors) -> tuple[Floats | None, str]:
    """Return the fourth-order block about the origin, or why the design does not give one."""
    sample = work.sample
    z = sample.products[rows][:, : width(sample.origin.size)]
    weights = sample.weights[rows]
    if not sample.frequency:
        weights = weights * (work.complete / (weights @ z[:, 0]))
    if kind != "cluster":
        return row_block(weights[None], z, frequency=sample.frequency)[0], ""
    _, first, unit = np.unique(sample.psu[rows], return_index=True, return_inverse=True)
    _, strata = np.unique(sample.strata[rows][first], return_inverse=True)
    if (np.bincount(strata) == 1).any():
        return None, "a stratum has a single unit (row or PSU) in this group"
    if sample.frequency and first.size == rows.size:
        return None, "frequency weights without PSUs leave no units to compare"
    return cluster_block(cluster_totals(weights, z, unit), strata), ""


def _score(work: GroupWork, fitted: CovarianceFit, engine: CovarianceEngine) -> Scored:
    theta, means = fitted.theta, work.request.averaged
    assert theta is not None
    model, compiled = work.model, fitted.compiled
    ok = np.ones(1, dtype=bool)
    point = score_solutions(model, compiled, theta[None], work.point, ok, means)

    def estimate(sums: Floats) -> Structural:
        moments = work.sample.moments(sums)
        return score_replicates(model, compiled, theta, moments, means)

    draws = None
    spreader = PERCENTILE
    if work.draws is not None:
        draws = score_replicates(model, compiled, theta, work.draws, means)
    if work.request.makes_intervals:
        spreader = make_spreader(
            structural_of(estimate),
            work.sample,
            work.name,
            work.request,
            work.replicates,
            SCORE_FIELDS,
        )
    return Scored(
        work.name,
        engine,
        point,
        0,
        draws,
        work.request.level,
        withheld=work.withheld,
        spreader=spreader,
        errors=_effect_errors(work.model, fitted),
    )


def _effect_errors(model: Model, fitted: CovarianceFit) -> dict[str, Floats]:
    """Return delta-method standard errors of effects, turned to 0-100 scores."""
    found = fitted.inference
    if found is None or fitted.withheld:
        return {}
    place = {name: i for i, name in enumerate(model.construct_names)}
    direct = np.full(found.total.std_error.shape, np.nan)
    for row in found.rows:
        if row.op == PATH:
            direct[place[row.lhs], place[row.rhs]] = row.std_error
    low, high = scale_ends(model)
    worth = (100.0 / (high - low)[fitted.compiled.markers])[None]
    errors = {
        "direct": direct,
        "indirect": found.indirect.std_error,
        "total": found.total.std_error,
    }
    return {name: to_points(values[None], worth)[0] for name, values in errors.items()}


def _within_scale(
    work: GroupWork, result: EngineResult, scored: Scored
) -> tuple[EngineResult, Scored]:
    """Blank the scores, with a notice, when negative weights carry an index off its scale."""
    index = scored.point.index[0]
    if ((index >= 0) & (index <= 100)).all():
        return result, scored
    names = ", ".join(
        name
        for name, value in zip(work.model.construct_names, index, strict=True)
        if not 0 <= value <= 100
    )
    problem = f"the index of {names} is not within 0-100: factor-score weights are negative"
    notice = Notice("index_off_scale", f"{problem[:1].upper()}{problem[1:]}.", work.name)
    told = replace(result, notices=(*result.notices, replace(notice, engine=scored.engine)))
    return told, replace(scored, problem=problem)


def _bollen_stine(work: GroupWork, fitted: CovarianceFit) -> Iterator[Row]:
    if work.draws is None or fitted.theta is None or work.withheld:
        return
    if work.request.resampling != "bootstrap":
        return
    theta, compiled = fitted.theta, fitted.compiled
    implied = locate(compiled.structure, theta[None]).implied.covariance[0]
    minimum = fitted.result.diagnosis.polished
    usable = np.isfinite(work.draws.covariance).all(axis=(1, 2))
    found = bollen_stine(
        work.point.covariance[0],
        implied,
        minimum,
        work.draws.covariance[usable][:BOLLEN_STINE],
        lambda replicates: refit_covariances(compiled, replicates, theta),
    )
    common = {"group": work.name, "engine": fitted.result.diagnosis.engine}
    yield {**common, "measure": "pvalue.bollen.stine", "value": found.p_value}
    yield {**common, "measure": "bollen.stine.replicates", "value": float(found.used)}


def _modification(work: GroupWork, fitted: CovarianceFit) -> Iterator[Row]:
    assert fitted.theta is not None
    covariance = work.point.covariance[0]
    for row in modification_table(fitted.compiled, fitted.theta, covariance, work.complete):
        yield {
            "group": work.name,
            "engine": fitted.result.diagnosis.engine,
            "lhs": row.lhs,
            "op": row.op,
            "rhs": row.rhs,
            "mi": row.index,
            "epc": row.change,
            "sepc_all": row.standard_change,
        }


def _residuals(work: GroupWork, fitted: CovarianceFit) -> Iterator[Row]:
    assert fitted.theta is not None
    implied = locate(fitted.compiled.structure, fitted.theta[None]).implied.covariance
    found = residuals(work.point.covariance, implied)
    items = fitted.compiled.items
    for i, j in zip(*np.tril_indices(len(items)), strict=True):
        yield {
            "group": work.name,
            "engine": fitted.result.diagnosis.engine,
            "lhs": items[i],
            "rhs": items[j],
            "residual": float(found.raw[0, i, j]),
            "cor_residual": float(found.correlation[0, i, j]),
        }


def run_invariance(
    works: list[GroupWork], release: tuple[str, ...]
) -> tuple[list[Row], list[Notice]]:
    """Assess what may be compared across groups; return rows and the verdicts as notices.

    Two scopes: the multi-item constructs, and the whole model. Moments are weighted as the point
    fits are; scaled measures need rows as units, so a clustered design gets the textbook ones.
    """
    samples = []
    for work in works:
        made = covariance_sample(work, "robust")
        samples.append(GroupSample(work.name, made.n, made.mean, made.covariance, block=made.block))
    rows: list[Row] = []
    notices: list[Notice] = []
    scopes: tuple[Scope, ...] = ("measurement", "model")
    for scope in scopes:
        found = assess_invariance(works[0].model, samples, scope=scope, release=release)
        rows += invariance_rows(found)
        text = " ".join(verdict(found))
        notices.append(Notice("invariance", text, subject=scope))
    return rows, notices
