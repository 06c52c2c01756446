"""A fit of a file larger than memory: one pass over it, then the engines on its sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from acsi_sem.analysis.covariance_runs import GroupWork, run_invariance
from acsi_sem.analysis.engines import RUNNERS, Run
from acsi_sem.analysis.intervals import SCORE_FIELDS, make_spreader, structural_of
from acsi_sem.analysis.notices import find_notices
from acsi_sem.analysis.pls_runs import PlsRun
from acsi_sem.analysis.request import STRUCTURES, check_request
from acsi_sem.analysis.tables import assemble
from acsi_sem.analysis.values import Fit, ReplicateCount, Request
from acsi_sem.analysis.work import Progress, Work
from acsi_sem.errors import Problem, UsageError
from acsi_sem.estimators.ols import estimate_ols, ols_from_moments, regression_fields
from acsi_sem.estimators.preload import preload
from acsi_sem.estimators.result import Row
from acsi_sem.estimators.structural import Structural, scale_ends
from acsi_sem.indices.scores import (
    Counts,
    Scored,
    impact_rows,
    index_rows,
    share_of_index,
)
from acsi_sem.indices.specific import route_rows
from acsi_sem.inference.pls_rows import Draws
from acsi_sem.inference.replicates import Replicates
from acsi_sem.inference.streamed import (
    Mapper,
    PartSums,
    Pass,
    StreamOptions,
    reduce_stream,
    rowless_sample,
    stream_freedom,
)
from acsi_sem.inference.streamed_checks import check_sums
from acsi_sem.inference.streamed_rows import (
    fourth_root,
    item_rows,
    weighting_row,
    with_replicate_errors,
)
from acsi_sem.kernels.moments import Floats
from acsi_sem.spec.model import Model
from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey.stream import StreamPlan, Told, close_stream, plan_stream
from acsi_sem.survey.survey import Design, Survey
from acsi_sem.terms import ALL, Notice


@dataclass(frozen=True, slots=True)
class StreamedWork(Work):
    """An estimation whose rows are gone: counts and blocks of fourth order stand in their place.

    Attributes
    ----------
    parts_of : mapping of group -> PartSums
        ``all`` included.
    """

    parts_of: Mapping[str, PartSums]

    def complete(self, group: str) -> float:
        """Return the respondents with every answer."""
        return self.parts_of[group].heads.complete

    def used(self, group: str) -> float:
        """Return the respondents that the moments rest on, by the rule for missing answers."""
        heads = self.parts_of[group].heads
        return heads.used if self.request.missing == "mean" else heads.complete

    def group(self, name: str, *, replicated: bool = True) -> GroupWork:
        """Return one group's part, with few rows whose squares add up to those of all."""
        part = self.parts_of[name]
        scale = part.heads.complete / part.sums.point[0]
        root = fourth_root(part.sums.fourth, scale)
        few = np.arange(len(root))
        sample = replace(
            self.sample,
            products=root,
            weights=np.ones(few.size),
            frequency=True,
            groups=tuple((other, few) for other in self.names),
        )
        return GroupWork(
            self.model,
            sample,
            self.request,
            name,
            self.moments,
            self.names.index(name),
            self.complete(name),
            self.draws(name) if replicated else None,
            self.withheld(name),
            self.replicates if replicated else None,
        )


def _silent(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


def fit_streamed(
    model: Model,
    path: Path,
    request: Request,
    *,
    group: str | None = None,
    design: DesignColumns | None = None,
    mapper: Mapper = map,
    progress: Progress = _silent,
) -> Fit:
    """Estimate a model on a file of any length, overall and in every group.

    Parameters
    ----------
    model : Model
    path : Path
        A csv, tsv or parquet file.
    request : Request
        Replicates are those of the Poisson bootstrap.
    group : str, optional
        Grouping column.
    design : DesignColumns, optional
        The column of sampling weights.
    mapper : callable
        As the built-in `map`, over picklable portions of the file.
    progress : callable
        ``progress(stage, done, total)``.

    Returns
    -------
    Fit
        With the tables of `acsi_sem.fit`; its survey has counts, but no rows.

    Raises
    ------
    UsageError
        For what cannot be had without the rows; every problem at once.
    DataError
        With everything that is wrong in the file, at once.
    """
    columns = design or DesignColumns()
    problems = [*_refused(request), *_refused_columns(columns)]
    if problems:
        raise UsageError(problems)
    plan = plan_stream(path, model, group=group, weight=columns.weight)
    early = replace(request, invariance=False, release=())  # how many groups there are is not known
    check_request(early, model, _survey(plan, Told(None, (), ()), 0))
    preload(engine for engine in request.engines if engine != "ols")  # which is all moments here
    found = _reduce(plan, request, mapper, progress)
    told = close_stream(plan, found.tallies, found.problems)
    survey = _survey(plan, told, found.rows)
    check_request(request, model, survey)
    check_sums(model, found, told.groups, told.missing, request.minimum_rows, path.name)
    with threadpool_limits(limits=1):
        return _estimate(_prepare(model, survey, request, found), progress)


def _refused(request: Request) -> Iterator[Problem]:
    """Yield a problem for everything that needs the rows."""
    remedy = "leave --stream out, or ask for what is expected"
    wanted: list[tuple[bool, str, str, str]] = [
        ("ordinal" in request.engines, "engine", "an engine that rests on moments", "ordinal"),
        ("composite" in request.engines, "engine", "a model with paths", "composite"),
        (
            request.missing not in ("complete", "mean"),
            "missing",
            "complete or mean, whose sums add over chunks",
            request.missing,
        ),
        (
            request.interval not in ("percentile", "normal"),
            "ci",
            "percentile or normal: the others need the influence of each row",
            request.interval,
        ),
        (
            request.resampling != "bootstrap",
            "resampling",
            "bootstrap, which needs no look ahead",
            request.resampling,
        ),
        (request.folds > 0, "prediction", "none: folds need the rows again", "prediction"),
        (request.comparison, "comparison", "none: permutations need the rows", "comparison"),
        (request.se == "cluster", "se", "robust or ml: PSUs may be cut by chunks", "cluster"),
        (not request.whole, "whole", "a fit to every row beside the groups", "none"),
    ]
    for refused, what, expected, got in wanted:
        if refused:
            yield Problem("request", what, f"{expected}, when a file is streamed", got, remedy)


def _refused_columns(design: DesignColumns) -> Iterator[Problem]:
    remedy = "leave --stream out"
    named = {"strata": design.stratum, "psu": design.psu, "population": design.population}
    named |= {"id": design.id}
    for what, column in named.items():
        if column:
            expected = "no such column when a file is streamed: units may be cut by chunks"
            yield Problem("request", what, expected, column, remedy)
    if design.replicates is not None:
        expected = "no replicate weights when a file is streamed"
        yield Problem("request", "replicate_weights", expected, "some", remedy)
    if design.weight_kind == "frequency":
        expected = "sampling weights when a file is streamed: rows are drawn, not respondents"
        yield Problem("request", "weight_kind", expected, "frequency", remedy)


def _reduce(plan: StreamPlan, request: Request, mapper: Mapper, progress: Progress) -> Pass:
    total, done = plan.layout.source.rows, 0

    def count(rows: int) -> None:
        nonlocal done
        done += rows
        progress("rows streamed", done, max(total, done))

    progress("rows streamed", 0, total)
    options = StreamOptions(
        request.missing,
        request.replicates if request.resampled else 0,
        request.seed,
        request.study,
        fourth=bool(set(STRUCTURES) & set(request.engines)),
    )
    return reduce_stream(plan, options, mapper, count)


def _survey(plan: StreamPlan, told: Told, rows: int) -> Survey:
    """Return the survey without its rows."""
    model = plan.model
    low, high = scale_ends(model)
    notice = Notice(
        "streamed",
        "The file was streamed: tables that need its rows (breakdowns) are not made, and "
        "replicates are those of the Poisson bootstrap.",
    )
    return Survey(
        items=tuple(item.name for item in model.indicators),
        values=np.zeros((0, len(model.indicators))),
        low=low,
        high=high,
        design=Design(np.zeros(0), weighted=plan.weight is not None),
        source=replace(plan.layout.source, rows=rows),
        groups=told.groups,
        missing=told.missing,
        notices=(*told.notices, notice),
    )


def _prepare(model: Model, survey: Survey, request: Request, found: Pass) -> StreamedWork:
    """Turn the sums of all groups into moments, points and replicates alike."""
    own = [""] if survey.groups is None else list(survey.groups.values)
    parts = {ALL: found.whole(own)}
    if survey.groups is not None:
        parts |= {name: found.parts[name] for name in own}
    sample = rowless_sample(model, request.missing, tuple(parts))
    moments = sample.moments(np.stack([part.sums.point for part in parts.values()]))
    freedom = stream_freedom(own, found)
    replicates = None
    if request.resampled:
        draws = {name: sample.moments(part.sums.draws) for name, part in parts.items()}
        replicates = Replicates(draws, {}, freedom)
    return StreamedWork(
        model=model,
        survey=survey,
        request=request,
        sample=sample,
        moments=moments,
        answered=np.zeros((0, len(model.constructs)), dtype=bool),
        replicates=replicates,
        freedom=freedom if request.resampled else {},
        parts_of=parts,
    )


def _estimate(work: StreamedWork, progress: Progress) -> Fit:
    runs: list[Run | PlsRun] = []
    for engine in work.request.engines:
        if engine == "ols":
            runs += _run_ols(work, progress)
        else:
            runs += RUNNERS[engine](work, progress)
    results = [run.result for run in runs]
    scored = [run.scored for run in runs if run.scored is not None]
    rows = _rows(work, scored)
    rows["ipma"] = [row for run in runs if isinstance(run, PlsRun) for row in run.drivers]
    verdicts: list[Notice] = []
    if work.request.invariance:
        rows["invariance"], verdicts = run_invariance(work.parts(), work.request.release)
    fitted = assemble(
        model=work.model,
        survey=work.survey,
        request=work.request,
        groups=work.names,
        results=results,
        rows=rows,
        replicates=tuple(_replicate_counts(scored)),
    )
    told = (*find_notices(fitted, results, work.freedom), *verdicts)
    return replace(fitted, notices=tuple(dict.fromkeys(told)))


def _run_ols(work: StreamedWork, progress: Progress) -> Iterator[Run]:
    """Regress by moments: HC3 would need the leverage of each row."""
    request, model = work.request, work.model
    point = estimate_ols(model, work.moments, request.averaged)

    def estimate(sums: Floats) -> Structural:
        return estimate_ols(model, work.sample.moments(sums), request.averaged)

    for at, name in enumerate(work.names):
        progress("OLS baseline", at + 1, len(work.names))
        moments = work.draws(name)
        draws = None if moments is None else estimate_ols(model, moments, request.averaged)
        spreader = make_spreader(
            structural_of(estimate), work.sample, name, request, work.replicates, SCORE_FIELDS
        )
        made = None
        if moments is not None and draws is not None:
            fields = regression_fields(model, moments)
            made = Draws(fields, draws.ok, request.level, spreader, work.withheld(name))
        bare = ols_from_moments(model, work.moments, point, at, group=name)
        result = with_replicate_errors(model, bare, work.moments, at, made)
        problem = "; ".join(result.diagnosis.problems)
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


def _rows(work: StreamedWork, scored: Sequence[Scored]) -> dict[str, list[Row]]:
    """Return the rows of indices, impacts, items and weights."""
    rows: dict[str, list[Row]] = {"indices": [], "impacts": [], "breakdowns": [], "items": []}
    for score in scored:
        heads = work.parts_of[score.group].heads
        counts = Counts(
            tuple(heads.answered.tolist()), heads.complete, tuple(heads.effective[1:].tolist())
        )
        rows["indices"] += index_rows(work.model, score, counts)
        rows["impacts"] += impact_rows(work.model, score)
        rows["impacts"] += route_rows(work.model, score)
    shown = {score.group: score for score in scored if score.engine == "pls"}
    for at, name in enumerate(work.names):
        rows["items"] += item_rows(
            work.model,
            name,
            work.parts_of[name].heads,
            work.moments,
            at,
            work.request.averaged,
            _shares(work.model, shown.get(name)),
        )
    if work.survey.design.weighted:
        rows["weighting"] = [weighting_row(name, work.parts_of[name]) for name in work.names]
    return rows


def _shares(model: Model, scored: Scored | None) -> Floats:
    """Return the weights of the indicators in their index; NaN where PLS gives none."""
    if scored is None or scored.problem:
        return np.full(len(model.indicators), np.nan)
    return share_of_index(model, scored.point.index_weights[scored.at])


def _replicate_counts(scored: Sequence[Scored]) -> Iterator[ReplicateCount]:
    for score in scored:
        if score.draws is not None:
            failed = int((~score.draws.ok).sum())
            yield ReplicateCount(score.group, score.engine, score.draws.ok.size, failed)
