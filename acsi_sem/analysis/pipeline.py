"""The way from a survey to every table: moments, engines, replicates, scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from acsi_sem.analysis.covariance_runs import run_invariance
from acsi_sem.analysis.engines import RUNNERS
from acsi_sem.analysis.extras import Extra, compare_all, predict_groups, weight_rows
from acsi_sem.analysis.notices import find_notices
from acsi_sem.analysis.pls_runs import PlsRun
from acsi_sem.analysis.request import check_request
from acsi_sem.analysis.tables import assemble
from acsi_sem.analysis.values import Fit, ReplicateCount, Request
from acsi_sem.analysis.work import Progress as Progress
from acsi_sem.analysis.work import Work, prepare
from acsi_sem.estimators.preload import preload
from acsi_sem.estimators.result import EngineResult, Row
from acsi_sem.indices.breakdown import breakdown_rows, count_cells
from acsi_sem.indices.fewest import fewest_answers, parts_of, withheld_indices
from acsi_sem.indices.items import item_rows
from acsi_sem.indices.scores import Counts, Scored, impact_rows, index_rows
from acsi_sem.indices.specific import route_rows
from acsi_sem.inference.replicates import design_freedom
from acsi_sem.inference.sample import effective_size, respondents
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import (
    Antecedents,
    Engine,
    Errors,
    IndexMeans,
    Interval,
    MissingRule,
    Notice,
    Resampling,
    Scheme,
    WeightsPolicy,
)

WEIGHED: Final = ("pls", "composite")
"""Engines whose index weights the table of answers shows."""


def _silent(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


def fit(
    model: Model,
    survey: Survey,
    *,
    engines: Sequence[Engine] = (),
    scheme: Scheme = "path",
    bootstrap: int = 2000,
    seed: int = 1,
    level: float = 0.95,
    ci: Interval | Literal[""] = "",
    index_means: IndexMeans = "available",
    minimum_rows: int = 50,
    study: str = "",
    se: Errors | Literal[""] = "",
    missing: MissingRule = "complete",
    meanstructure: bool = False,
    invariance: bool = False,
    release: Sequence[str] = (),
    weights_policy: WeightsPolicy = "allow",
    resampling: Resampling = "bootstrap",
    fay: float = 0.5,
    folds: int = 0,
    repetitions: int = 5,
    antecedents: Antecedents = "earliest",
    comparison: bool = False,
    permutations: int = 999,
    period: str = "",
    progress: Progress = _silent,
) -> Fit:
    """Estimate a model on a survey, overall and in every group of the survey.

    Parameters
    ----------
    model : Model
    survey : Survey
        Read for this model (`acsi_sem.read_survey`).
    engines : sequence of {"pls", "plsc", "semopy", "ml", "ols", "ordinal", "composite"}
        Empty: pls, or composite for a composite model.
    scheme : {"path", "factorial", "centroid"}
        Inner weighting scheme of PLS.
    bootstrap : int
        Replicates, the whole estimation redone in each; 0 for none.
    seed : int
        With `study` and the group's name it determines every draw.
    level : float
        Confidence level of every interval.
    ci : {"", "percentile", "bca", "studentized", "normal", "linearised"}
        Limits from the replicates: percentiles, bias-corrected and accelerated, studentised or
        normal; or from influence functions alone, without replicates. Where limits are not defined
        the interval is withheld, with the reason. Empty: percentile for a bootstrap, else normal.
    index_means : {"available", "complete"}
        Index from every answer an item has, or from the complete cases.
    minimum_rows : int
        Breakdown cells with fewer respondents are withheld.
    study : str
        Key of the random streams; the model's name when empty.
    se : {"", "robust", "ml", "mlm", "cluster"}
        Standard errors of covariance structures; empty: ``cluster`` where the survey has strata or
        PSUs, else ``robust`` (Huber-White).
    missing : {"complete", "mean", "em", "fiml"}
        Complete cases; item means or moments by EM (engines pls, plsc and ols), anew in every
        replicate; full information maximum likelihood (engine ml).
    meanstructure : bool
        Intercepts in covariance structures; no other estimate changes.
    invariance : bool
        Assess what may be compared across the groups.
    release : sequence of str
        Parameters not held equal across groups, e.g. ``satisfaction =~ IDEAL``.
    weights_policy : {"allow", "nonnegative", "drop"}
        What PLS does about negative outer weights.
    resampling : {"bootstrap", "jackknife", "brr", "fay", "columns"}
        How replicates are made; ``columns``: replicate weights that came with the survey.
    fay : float
        Fay's factor, for ``fay``.
    folds, repetitions : int
        Cross-validated prediction (PLSpredict, CVPAT); no folds, no prediction.
    antecedents : {"earliest", "direct"}
        Whether predictions start from exogenous constructs or from direct predecessors.
    comparison : bool
        Compare every pair of groups (MICOM, permutation and bootstrap tests).
    permutations : int
        Per pair of groups.
    period : str
        Year or quarter that chooses the dated shares of a composite; empty: the latest.
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
        engines=tuple(engines) or ("composite" if model.kind == "composite" else "pls",),
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
        weights_policy=weights_policy,
        resampling=resampling,
        fay=fay,
        folds=folds,
        repetitions=repetitions,
        antecedents=antecedents,
        comparison=comparison,
        permutations=permutations,
        period=period,
    )
    return estimate(model, survey, request, progress)


def estimate(model: Model, survey: Survey, request: Request, progress: Progress = _silent) -> Fit:
    """Carry out a request; see `fit`.

    Raises
    ------
    UsageError
        If the request cannot be carried out; every problem at once.
    """
    return estimate_scored(model, survey, request, progress)[0]


def estimate_scored(
    model: Model, survey: Survey, request: Request, progress: Progress = _silent
) -> tuple[Fit, tuple[Scored, ...]]:
    """Carry out a request and return the replicates of its scores too; see `fit`.

    Raises
    ------
    UsageError
        If the request cannot be carried out; every problem at once.
    """
    check_request(request, model, survey)
    preload(request.engines)
    with threadpool_limits(limits=1):
        return _estimate(prepare(model, survey, request, progress), progress)


def _estimate(work: Work, progress: Progress) -> tuple[Fit, tuple[Scored, ...]]:
    results: list[EngineResult] = []
    scored: list[Scored] = []
    runs: list[PlsRun] = []
    for engine in work.request.engines:
        for ended in RUNNERS[engine](work, progress):
            results.append(ended.result)
            if ended.scored is not None:
                scored.append(ended.scored)
            if isinstance(ended, PlsRun):
                runs.append(ended)
    rows = _score_rows(work, scored, progress)
    rows |= weight_rows(work)
    rows["ipma"] = [row for run in runs for row in run.drivers]
    verdicts: list[Notice] = []
    for extra in _extras(work, [run for run in runs if run.scored.engine == "pls"], progress):
        rows |= extra.rows
        verdicts += extra.notices
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
        replicates=tuple(_replicate_counts(scored)),
    )
    told = (*find_notices(fitted, results, _freedom(work)), *verdicts)
    return replace(fitted, notices=tuple(dict.fromkeys(told))), tuple(scored)


def _freedom(work: Work) -> Mapping[str, int]:
    """Return the degrees of freedom that any standard error rests on; empty when none does."""
    own = work.sample.designed or work.sample.raking is not None
    if not work.freedom and own and "ols" in work.request.engines:
        return design_freedom(work.sample)
    return work.freedom


def _extras(work: Work, runs: list[PlsRun], progress: Progress) -> Iterator[Extra]:
    if work.request.folds:
        yield predict_groups(work, progress)
    if work.request.comparison:
        yield compare_all(work, runs, progress)


def _score_rows(work: Work, scored: Sequence[Scored], progress: Progress) -> dict[str, list[Row]]:
    """Return the rows of indices, impacts, breakdowns and items."""
    model, request, sample = work.model, work.request, work.sample
    rows: dict[str, list[Row]] = {"indices": [], "impacts": [], "breakdowns": []}
    held: dict[str, tuple[str, ...]] = {}
    seen = None
    if model.kind == "composite":
        answers = ~np.isnan(work.survey.values)
        fewest = fewest_answers(model, sample, answers)
        made = parts_of(model)
        held = withheld_indices(fewest, request.minimum_rows, made)
        seen = (answers, blocks(model), made)
    cells = [
        count_cells(sample, factor, work.answered, request.minimum_rows, seen)
        for factor in work.survey.factors
    ]
    for at, score in enumerate(scored):
        progress("indices and breakdowns", at + 1, len(scored))
        rows["indices"] += index_rows(model, score, _counts(work, score.group, held))
        rows["impacts"] += impact_rows(model, score)
        rows["impacts"] += route_rows(model, score)
        for cell in cells:
            draws = None
            if work.replicates is not None:
                draws = work.replicates.cells[score.group, cell.factor.column]
            rows["breakdowns"] += breakdown_rows(
                model,
                sample,
                score,
                cell,
                draws,
                request.averaged,
                request.minimum_rows,
                held.get(score.group, ()),
            )
    pls_scores = {score.group: score for score in scored if score.engine in WEIGHED}
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
            request.averaged,
            held.get(name, ()),
        )
    ]
    return rows


def _counts(work: Work, group: str, held: Mapping[str, tuple[str, ...]]) -> Counts:
    rows = work.sample.rows_of(group)
    answered = work.answered[rows].T
    return Counts(
        tuple(respondents(work.sample, rows, column) for column in answered),
        work.complete(group),
        tuple(effective_size(work.sample, rows, column) for column in answered),
        held.get(group, ()),
    )


def _replicate_counts(scored: Sequence[Scored]) -> Iterator[ReplicateCount]:
    for score in scored:
        if score.draws is not None:
            failed = int((~score.draws.ok).sum())
            yield ReplicateCount(score.group, score.engine, score.draws.ok.size, failed)
