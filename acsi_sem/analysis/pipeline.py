"""The way from a survey to every table: moments, engines, replicates, scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from threadpoolctl import threadpool_limits

from acsi_sem.analysis.covariance_runs import run_invariance
from acsi_sem.analysis.engines import RUNNERS
from acsi_sem.analysis.notices import find_notices
from acsi_sem.analysis.request import check_request
from acsi_sem.analysis.tables import assemble
from acsi_sem.analysis.values import Fit, ReplicateCount, Request
from acsi_sem.analysis.work import Progress as Progress
from acsi_sem.analysis.work import Work, prepare
from acsi_sem.estimators.pls import check_modes
from acsi_sem.estimators.preload import preload
from acsi_sem.estimators.result import EngineResult, Row
from acsi_sem.indices.breakdown import breakdown_rows, count_cells
from acsi_sem.indices.items import item_rows
from acsi_sem.indices.scores import Counts, Scored, impact_rows, index_rows
from acsi_sem.inference.sample import effective_size, respondents
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import Engine, Errors, IndexMeans, Interval, MissingRule, Notice, Scheme


def _silent(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


def fit(
    model: Model,
    survey: Survey,
    *,
    engines: Sequence[Engine] = ("pls",),
    scheme: Scheme = "path",
    bootstrap: int = 2000,
    seed: int = 1,
    level: float = 0.95,
    ci: Interval = "percentile",
    index_means: IndexMeans = "available",
    minimum_rows: int = 50,
    study: str = "",
    se: Errors | Literal[""] = "",
    missing: MissingRule = "complete",
    meanstructure: bool = False,
    invariance: bool = False,
    release: Sequence[str] = (),
    progress: Progress = _silent,
) -> Fit:
    """Estimate a model on a survey, overall and in every group of the survey.

    Parameters
    ----------
    model : Model
    survey : Survey
        Read for this model (`acsi_sem.read_survey`).
    engines : sequence of {"pls", "semopy", "ml", "ols", "ordinal"}
    scheme : {"path", "factorial", "centroid"}
        Inner weighting scheme of PLS.
    bootstrap : int
        Replicates, the whole estimation redone in each; 0 for none.
    seed : int
        With `study` and the group's name it determines every draw.
    level : float
        Confidence level of every interval.
    ci : {"percentile", "bca"}
        Limits from the replicates: percentiles, or bias-corrected and accelerated. Where BCa
        limits are not defined the interval is withheld, with the reason.
    index_means : {"available", "complete"}
        Index from every answer an item has, or from the complete cases.
    minimum_rows : int
        Breakdown cells with fewer respondents are withheld.
    study : str
        Key of the random streams; the model's name when empty.
    se : {"", "robust", "ml", "mlm", "cluster"}
        Standard errors of covariance structures; empty: ``cluster`` where the survey has strata or
        PSUs, else ``robust`` (Huber-White).
    missing : {"complete", "em", "fiml"}
        Complete cases; moments by EM (engines pls and ols, without a bootstrap); full information
        maximum likelihood (engine ml).
    meanstructure : bool
        Intercepts in covariance structures; no other estimate changes.
    invariance : bool
        Assess what may be compared across the groups.
    release : sequence of str
        Parameters not held equal across groups, e.g. ``satisfaction =~ IDEAL``.
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
        ci=ci,
        index_means=index_means,
        minimum_rows=minimum_rows,
        study=study or model.name,
        se=se,
        missing=missing,
        meanstructure=meanstructure,
        invariance=invariance,
        release=tuple(release),
    )
    check_request(request, model, survey)
    if "pls" in request.engines:
        check_modes(model)
    preload(request.engines)
    with threadpool_limits(limits=1):
        return _estimate(prepare(model, survey, request, progress), progress)


def _estimate(work: Work, progress: Progress) -> Fit:
    results: list[EngineResult] = []
    scored: list[Scored] = []
    for engine in work.request.engines:
        for result, score in RUNNERS[engine](work, progress):
            results.append(result)
            if score is not None:
                scored.append(score)
    rows = _score_rows(work, scored, progress)
    verdicts: list[Notice] = []
    if work.request.invariance:
        progress("invariance across groups", 0, 1)
        rows["invariance"], verdicts = run_invariance(work.parts(), work.request.release)
        progress("invariance across groups", 1, 1)
    fitted = assemble(
        model=work.model,
        survey=work.survey,
        request=work.request,
        groups=work.names,
        results=results,
        rows=rows,
        replicates=tuple(_replicate_counts(work, scored)),
    )
    freedom = {} if work.replicates is None else work.replicates.freedom
    return replace(fitted, notices=(*find_notices(fitted, results, freedom), *verdicts))


def _score_rows(work: Work, scored: Sequence[Scored], progress: Progress) -> dict[str, list[Row]]:
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


def _counts(work: Work, group: str) -> Counts:
    rows = work.sample.rows_of(group)
    answered = work.answered[rows].T
    return Counts(
        tuple(respondents(work.sample, rows, column) for column in answered),
        work.complete(group),
        tuple(effective_size(work.sample, rows, column) for column in answered),
    )


def _replicate_counts(work: Work, scored: Sequence[Scored]) -> Iterator[ReplicateCount]:
    for score in scored:
        if score.draws is not None:
            failed = int((~score.draws.ok).sum())
            yield ReplicateCount(score.group, score.engine, work.request.replicates, failed)
