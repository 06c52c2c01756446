"""Each engine run over every group of an estimation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from acsi_sem.analysis.covariance_runs import error_kind, run_covariance
from acsi_sem.analysis.intervals import SCORE_FIELDS, make_spreader, structural_of
from acsi_sem.analysis.ols_runs import with_design_errors
from acsi_sem.analysis.pls_runs import PlsRun, run_pls
from acsi_sem.analysis.work import Progress, Work
from acsi_sem.estimators.composite import estimate_composite, fit_composite
from acsi_sem.estimators.ols import estimate_ols, fit_ols, ols_from_moments
from acsi_sem.estimators.result import EngineResult
from acsi_sem.estimators.structural import Structural
from acsi_sem.indices.scores import Scored
from acsi_sem.inference.spreader import PERCENTILE
from acsi_sem.kernels.moments import Floats
from acsi_sem.terms import Engine


@dataclass(frozen=True, slots=True)
class Run:
    """How one engine ended on one group; no scores where it gives none."""

    result: EngineResult
    scored: Scored | None


Ended = Iterator[Run | PlsRun]


def _run_pls(work: Work, progress: Progress) -> Ended:
    yield from run_pls(work, progress, "pls")


def _run_plsc(work: Work, progress: Progress) -> Ended:
    yield from run_pls(work, progress, "plsc")


def _run_ols(work: Work, progress: Progress) -> Ended:
    request, model, sample = work.request, work.model, work.sample
    point = estimate_ols(model, work.moments, request.averaged)

    def estimate(sums: Floats) -> Structural:
        return estimate_ols(model, sample.moments(sums), request.averaged)

    for at, name in enumerate(work.names):
        progress("OLS baseline", at + 1, len(work.names))
        result = _ols_result(work, point, at, name)
        moments = work.draws(name)
        problem = "; ".join(result.diagnosis.problems)
        draws = None if moments is None else estimate_ols(model, moments, request.averaged)
        spreader = PERCENTILE
        if request.makes_intervals and not problem:
            spreader = make_spreader(
                structural_of(estimate), sample, name, request, work.replicates, SCORE_FIELDS
            )
        yield Run(
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
    if work.request.missing in ("mean", "em"):
        return ols_from_moments(work.model, work.moments, point, at, group=name)
    rows = work.sample.rows_of(name)
    kept = rows[work.survey.complete[rows]]
    result = fit_ols(
        work.model,
        work.survey.values[kept],
        work.sample.weights[kept],
        frequency=work.sample.frequency,
        group=name,
        level=work.request.level,
    )
    return with_design_errors(work.model, work.sample, name, result, work.request.level)


def _run_semopy(work: Work, progress: Progress) -> Ended:
    for at, name in enumerate(work.names):
        progress("covariance structure (semopy)", at, len(work.names))
        yield Run(*run_covariance(work.group(name), "semopy"))
        progress("covariance structure (semopy)", at + 1, len(work.names))


def _run_ml(work: Work, progress: Progress) -> Ended:
    for at, name in enumerate(work.names):
        progress("covariance structure", at + 1, len(work.names))
        if work.request.missing == "fiml":
            yield Run(_fiml(work, name), None)
        else:
            yield Run(*run_covariance(work.group(name), "ml"))


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
        yield Run(
            fit_ordinal(work.model, values, weights, group=name, level=work.request.level),
            None,
        )


def _run_composite(work: Work, progress: Progress) -> Ended:
    request, model, sample = work.request, work.model, work.sample
    period = request.period
    point = estimate_composite(model, work.moments, request.averaged, period)

    def estimate(sums: Floats) -> Structural:
        return estimate_composite(model, sample.moments(sums), request.averaged, period)

    for at, name in enumerate(work.names):
        progress("fixed weights", at + 1, len(work.names))
        result = fit_composite(model, point, at, group=name)
        problem = "; ".join(result.diagnosis.problems)
        moments = work.draws(name)
        draws = None
        if moments is not None:
            draws = estimate_composite(model, moments, request.averaged, period, strict=False)
        spreader = PERCENTILE
        if request.makes_intervals and not problem:
            structural = structural_of(estimate)
            spreader = make_spreader(
                structural, sample, name, request, work.replicates, SCORE_FIELDS
            )
        withheld = work.withheld(name)
        yield Run(
            result,
            Scored(name, "composite", point, at, draws, request.level, problem, spreader, withheld),
        )


RUNNERS: Mapping[Engine, Callable[[Work, Progress], Ended]] = {
    "pls": _run_pls,
    "plsc": _run_plsc,
    "semopy": _run_semopy,
    "ml": _run_ml,
    "ols": _run_ols,
    "ordinal": _run_ordinal,
    "composite": _run_composite,
}
