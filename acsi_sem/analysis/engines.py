"""Each engine run over every group of an estimation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from acsi_sem.analysis.covariance_runs import error_kind, run_covariance
from acsi_sem.analysis.intervals import ols_spreader, pls_spreader
from acsi_sem.analysis.work import Progress, Work
from acsi_sem.estimators.ols import estimate_ols, fit_ols, ols_from_moments
from acsi_sem.estimators.pls import PlsEstimates, estimate_pls
from acsi_sem.estimators.result import EngineResult
from acsi_sem.estimators.structural import Structural
from acsi_sem.indices.scores import Scored
from acsi_sem.inference.pls_rows import Draws, pls_result
from acsi_sem.inference.spreader import PERCENTILE
from acsi_sem.terms import Engine

Ended = Iterator[tuple[EngineResult, Scored | None]]


def _run_pls(work: Work, progress: Progress) -> Ended:
    request, model = work.request, work.model
    rows = np.array([work.complete(name) for name in work.names])
    point = estimate_pls(model, work.moments, rows, request.scheme, request.index_means)
    for at, name in enumerate(work.names):
        progress("PLS path models", at + 1, len(work.names))
        draws = _pls_draws(work, name, rows[at])
        spreader, withheld = PERCENTILE, work.withheld(name)
        if draws is not None and point.structural.ok[at]:
            spreader = pls_spreader(model, work.sample, name, rows[at], request)
        kept = None if draws is None else Draws(draws, request.level, spreader, withheld)
        result = pls_result(model, name, point, at, kept)
        yield (
            result,
            Scored(
                group=name,
                engine="pls",
                point=point.structural,
                at=at,
                draws=None if draws is None else draws.structural,
                level=request.level,
                problem="; ".join(result.diagnosis.problems),
                spreader=spreader,
                withheld=withheld,
            ),
        )


def _pls_draws(work: Work, group: str, rows: float) -> PlsEstimates | None:
    moments = work.draws(group)
    if moments is None:
        return None
    repeated = np.full(moments.weight.shape, rows)
    request = work.request
    return estimate_pls(work.model, moments, repeated, request.scheme, request.index_means)


def _run_ols(work: Work, progress: Progress) -> Ended:
    request, model, sample = work.request, work.model, work.sample
    point = estimate_ols(model, work.moments, request.index_means)
    for at, name in enumerate(work.names):
        progress("OLS baseline", at + 1, len(work.names))
        result = _ols_result(work, point, at, name)
        moments = work.draws(name)
        draws: Structural | None = None
        problem, spreader = "; ".join(result.diagnosis.problems), PERCENTILE
        if moments is not None:
            draws = estimate_ols(model, moments, request.index_means)
            if not problem:
                spreader = ols_spreader(model, sample, name, request)
        yield (
            result,
            Scored(
                group=name,
                engine="ols",
                point=point,
                at=at,
                draws=draws,
                level=request.level,
                problem=problem,
                spreader=spreader,
                withheld=work.withheld(name),
            ),
        )


def _ols_result(work: Work, point: Structural, at: int, name: str) -> EngineResult:
    if work.request.missing == "em":
        return ols_from_moments(work.model, work.moments, point, at, group=name)
    rows = work.sample.rows_of(name)
    kept = rows[work.survey.complete[rows]]
    return fit_ols(
        work.model,
        work.survey.values[kept],
        work.sample.weights[kept],
        frequency=work.sample.frequency,
        group=name,
        level=work.request.level,
    )


def _run_semopy(work: Work, progress: Progress) -> Ended:
    for at, name in enumerate(work.names):
        progress("covariance structure (semopy)", at, len(work.names))
        yield run_covariance(work.group(name), "semopy")
        progress("covariance structure (semopy)", at + 1, len(work.names))


def _run_ml(work: Work, progress: Progress) -> Ended:
    for at, name in enumerate(work.names):
        progress("covariance structure", at + 1, len(work.names))
        if work.request.missing == "fiml":
            yield _fiml(work, name), None
        else:
            yield run_covariance(work.group(name), "ml")


def _fiml(work: Work, name: str) -> EngineResult:
    from acsi_sem.estimators.fiml import fit_fiml

    rows = work.sample.rows_of(name)
    return fit_fiml(
        work.model,
        work.survey.values[rows],
        work.sample.weights[rows],
        group=name,
        level=work.request.level,
        robust=error_kind(work.request, work.sample) != "ml",
        weight_kind=work.survey.design.weight_kind,
    )


def _run_ordinal(work: Work, progress: Progress) -> Ended:
    from acsi_sem.estimators.ordinal import fit_ordinal

    for at, name in enumerate(work.names):
        progress("ordinal structure", at + 1, len(work.names))
        rows = work.sample.rows_of(name)
        kept = rows[work.survey.complete[rows]]
        values, weights = work.survey.values[kept], work.sample.weights[kept]
        if work.sample.frequency:
            values = np.repeat(values, np.rint(weights).astype(int), axis=0)
            weights = np.ones(len(values))
        yield (
            fit_ordinal(work.model, values, weights, group=name, level=work.request.level),
            None,
        )


RUNNERS: Mapping[Engine, Callable[[Work, Progress], Ended]] = {
    "pls": _run_pls,
    "semopy": _run_semopy,
    "ml": _run_ml,
    "ols": _run_ols,
    "ordinal": _run_ordinal,
}
