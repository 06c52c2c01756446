"""The way from a survey to every table: moments, engines, replicates, scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from acsi_sem.analysis.notices import find_notices
from acsi_sem.analysis.request import check_request
from acsi_sem.analysis.tables import assemble
from acsi_sem.analysis.values import Fit, ReplicateCount, Request
from acsi_sem.estimators.ols import estimate_ols, fit_ols
from acsi_sem.estimators.pls import PlsEstimates, check_modes, estimate_pls
from acsi_sem.estimators.preload import preload
from acsi_sem.estimators.result import EngineResult, Row
from acsi_sem.estimators.structural import Structural
from acsi_sem.indices.breakdown import breakdown_rows, count_cells
from acsi_sem.indices.items import item_rows
from acsi_sem.indices.scores import Counts, Scored, impact_rows, index_rows
from acsi_sem.inference.pls_rows import Draws, pls_result
from acsi_sem.inference.replicates import Replicates, draw_replicates
from acsi_sem.inference.sample import (
    Sample,
    effective_size,
    group_moments,
    make_sample,
    respondents,
)
from acsi_sem.kernels.moments import Moments, moments_from_sums
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import Engine, IndexMeans, Scheme

Progress = Callable[[str, int, int], None]
"""Told a stage, how much of it is done, and how much there is."""


def _silent(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What every step of one estimation shares."""

    model: Model
    survey: Survey
    request: Request
    sample: Sample
    moments: Moments
    answered: NDArray[np.bool_]
    replicates: Replicates | None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.sample.groups)

    def complete(self, group: str) -> float:
        """Return the respondents with every answer."""
        rows = self.sample.rows_of(group)
        return respondents(self.sample, rows, self.survey.complete[rows])

    def withheld(self, group: str) -> str:
        """Return why a group has no standard errors, if the design gives it none."""
        return "" if self.replicates is None else self.replicates.withheld(group)

    def draws(self, group: str) -> Moments | None:
        """Return the replicate moments of a group."""
        if self.replicates is None:
            return None
        return moments_from_sums(self.replicates.sums[group], self.sample.origin)


def fit(
    model: Model,
    survey: Survey,
    *,
    engines: Sequence[Engine] = ("pls",),
    scheme: Scheme = "path",
    bootstrap: int = 2000,
    seed: int = 1,
    level: float = 0.95,
    index_means: IndexMeans = "available",
    minimum_rows: int = 50,
    study: str = "",
    progress: Progress = _silent,
) -> Fit:
    """Estimate a model on a survey, overall and in every group of the survey.

    Parameters
    ----------
    model : Model
    survey : Survey
        Read for this model (`acsi_sem.read_survey`).
    engines : sequence of {"pls", "semopy", "ols"}
    scheme : {"path", "factorial", "centroid"}
        Inner weighting scheme of PLS.
    bootstrap : int
        Replicates, the whole estimation redone in each; 0 for none.
    seed : int
        With `study` and the group's name it determines every draw.
    level : float
        Confidence level of every interval.
    index_means : {"available", "complete"}
        Index from every answer an item has, or from the complete cases.
    minimum_rows : int
        Breakdown cells with fewer respondents are withheld.
    study : str
        Key of the random streams; the model's name when empty.
    progress : callable
        ``progress(stage, done, total)``.

    Returns
    -------
    Fit
        Every table; fits that failed stand in it blank, with the reason.

    Raises
    ------
    UsageError
        If the request cannot be carried out; every problem at once.

    Examples
    --------
    >>> import acsi_sem
    >>> model = acsi_sem.load_model("models/acsi.yaml")              # doctest: +SKIP
    >>> survey = acsi_sem.read_survey("survey.csv", model)           # doctest: +SKIP
    >>> acsi_sem.fit(model, survey, bootstrap=500).indices           # doctest: +SKIP
    """
    request = Request(
        engines=tuple(engines),
        scheme=scheme,
        replicates=bootstrap,
        seed=seed,
        level=level,
        index_means=index_means,
        minimum_rows=minimum_rows,
        study=study or model.name,
    )
    check_request(request, model, survey)
    if "pls" in request.engines:
        check_modes(model)
    preload(request.engines)
    with threadpool_limits(limits=1):
        return _estimate(_prepare(model, survey, request, progress), progress)


def _prepare(model: Model, survey: Survey, request: Request, progress: Progress) -> _Work:
    sample = make_sample(survey)
    seen = ~np.isnan(survey.values)
    starts = np.flatnonzero(np.diff(blocks(model), prepend=-1))
    answered = np.logical_or.reduceat(seen, starts, axis=1)
    replicates = None
    scoring = {"pls", "ols"} & set(request.engines)
    if request.replicates and scoring:
        replicates = _draw(survey, sample, request, progress)
    return _Work(model, survey, request, sample, group_moments(sample), answered, replicates)


def _draw(survey: Survey, sample: Sample, request: Request, progress: Progress) -> Replicates:
    total = request.replicates * survey.values.shape[0]
    done = 0

    def count(step: int) -> None:
        nonlocal done
        done += step
        progress("bootstrap replicates", done, total)

    return draw_replicates(
        sample,
        {part.column: (part.codes, len(part.categories)) for part in survey.factors},
        replicates=request.replicates,
        seed=request.seed,
        study=request.study,
        progress=count,
    )


def _estimate(work: _Work, progress: Progress) -> Fit:
    results: list[EngineResult] = []
    scored: list[Scored] = []
    for engine in work.request.engines:
        for result, score in _ENGINES[engine](work, progress):
            results.append(result)
            if score is not None:
                scored.append(score)
    fitted = assemble(
        model=work.model,
        survey=work.survey,
        request=work.request,
        groups=work.names,
        results=results,
        rows=_score_rows(work, scored, progress),
        replicates=tuple(_replicate_counts(work, scored)),
    )
    freedom = {} if work.replicates is None else work.replicates.freedom
    return replace(fitted, notices=find_notices(fitted, results, freedom))


Ended = Iterator[tuple[EngineResult, Scored | None]]


def _run_pls(work: _Work, progress: Progress) -> Ended:
    request, model = work.request, work.model
    rows = np.array([work.complete(name) for name in work.names])
    point = estimate_pls(model, work.moments, rows, request.scheme, request.index_means)
    for at, name in enumerate(work.names):
        progress("PLS path models", at + 1, len(work.names))
        draws = _pls_draws(work, name, rows[at])
        withheld = work.withheld(name)
        kept = None if draws is None else Draws(draws, request.level, withheld)
        result = pls_result(model, name, point, at, kept)
        problem = "; ".join(result.diagnosis.problems)
        replicated = None if draws is None else draws.structural
        yield (
            result,
            Scored(name, "pls", point.structural, at, replicated, request.level, problem, withheld),
        )


def _pls_draws(work: _Work, group: str, rows: float) -> PlsEstimates | None:
    moments = work.draws(group)
    if moments is None:
        return None
    repeated = np.full(moments.weight.shape, rows)
    request = work.request
    return estimate_pls(work.model, moments, repeated, request.scheme, request.index_means)


def _run_ols(work: _Work, progress: Progress) -> Ended:
    request, model, sample = work.request, work.model, work.sample
    point = estimate_ols(model, work.moments, request.index_means)
    for at, name in enumerate(work.names):
        progress("OLS baseline", at + 1, len(work.names))
        rows = sample.rows_of(name)
        kept = rows[work.survey.complete[rows]]
        result = fit_ols(
            model,
            work.survey.values[kept],
            sample.weights[kept],
            frequency=sample.frequency,
            group=name,
            level=request.level,
        )
        moments = work.draws(name)
        draws: Structural | None = None
        if moments is not None:
            draws = estimate_ols(model, moments, request.index_means)
        problem = "; ".join(result.diagnosis.problems)
        withheld = work.withheld(name)
        yield result, Scored(name, "ols", point, at, draws, request.level, problem, withheld)


def _run_semopy(work: _Work, progress: Progress) -> Ended:
    from acsi_sem.estimators.covariance import fit_semopy

    for at, name in enumerate(work.names):
        progress("covariance structure (semopy)", at, len(work.names))
        result = fit_semopy(
            work.model,
            work.moments.covariance[at],
            work.complete(name),
            group=name,
            level=work.request.level,
            weighted=work.survey.design.weighted and not work.sample.frequency,
        )
        progress("covariance structure (semopy)", at + 1, len(work.names))
        yield result, None


_ENGINES: Mapping[Engine, Callable[[_Work, Progress], Ended]] = {
    "pls": _run_pls,
    "semopy": _run_semopy,
    "ols": _run_ols,
}


def _score_rows(work: _Work, scored: Sequence[Scored], progress: Progress) -> dict[str, list[Row]]:
    """Return the rows of indices, impacts, breakdowns and items."""
    model, request, sample = work.model, work.request, work.sample
    rows: dict[str, list[Row]] = {"indices": [], "impacts": [], "breakdowns": []}
    cells = [
        count_cells(sample, factor, work.answered, request.minimum_rows)
        for factor in work.survey.factors
    ]
    for at, score in enumerate(scored):
        progress("indices and breakdowns", at + 1, len(scored))
        rows["indices"] += index_rows(model, score, _counts(work, score.group))
        rows["impacts"] += impact_rows(model, score)
        for cell in cells:
            draws = None
            if work.replicates is not None:
                draws = work.replicates.cells[score.group, cell.factor.column]
            rows["breakdowns"] += breakdown_rows(
                model, sample, score, cell, draws, request.index_means, request.minimum_rows
            )
    pls_scores = {score.group: score for score in scored if score.engine == "pls"}
    rows["items"] = [
        row
        for at, name in enumerate(work.names)
        for row in item_rows(
            model,
            work.survey,
            sample,
            name,
            work.moments,
            at,
            pls_scores.get(name),
            request.index_means,
        )
    ]
    return rows


def _counts(work: _Work, group: str) -> Counts:
    rows = work.sample.rows_of(group)
    answered = work.answered[rows].T
    return Counts(
        tuple(respondents(work.sample, rows, column) for column in answered),
        work.complete(group),
        tuple(effective_size(work.sample, rows, column) for column in answered),
    )


def _replicate_counts(work: _Work, scored: Sequence[Scored]) -> Iterator[ReplicateCount]:
    for score in scored:
        if score.draws is not None:
            failed = int((~score.draws.ok).sum())
            yield ReplicateCount(score.group, score.engine, work.request.replicates, failed)
