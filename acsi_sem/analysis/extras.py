"""What is asked for beside the estimates: prediction, comparisons of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from acsi_sem.analysis.pls_runs import COMPARED, PlsRun, pls_options
from acsi_sem.analysis.values import Request, permutations_needed
from acsi_sem.analysis.work import Progress, Work
from acsi_sem.estimators.pls import estimate_pls
from acsi_sem.estimators.result import Row
from acsi_sem.inference.folds import respondent_keys
from acsi_sem.inference.group_comparison import compare_groups
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.micom import assess_micom
from acsi_sem.inference.permutations import all_pairs
from acsi_sem.inference.prediction import predict_group
from acsi_sem.inference.spreader import structural_fields
from acsi_sem.kernels.moments import Floats, Moments
from acsi_sem.survey.weight_diagnostics import raking_rows, weighting_rows
from acsi_sem.terms import Notice


@dataclass(frozen=True, slots=True)
class Extra:
    """Rows by table, and what a reader should know about them."""

    rows: dict[str, list[Row]]
    notices: tuple[Notice, ...] = ()


class _Asked(TypedDict):
    permutations: int
    seed: int
    study: str
    level: float


def predict_groups(work: Work, progress: Progress) -> Extra:
    """Predict the indicators of endogenous constructs out of sample, group by group."""
    request, survey = work.request, work.survey
    design, options = survey.design, pls_options(request)
    keys = respondent_keys(survey.values, design.strata, design.psu, design.ids)
    rows: list[Row] = []
    notices: list[Notice] = []
    if request.missing == "mean":
        message = "Prediction rests on complete cases; item means stand for no answer there."
        notices.append(Notice("prediction_complete_cases", message))

    def estimator(moments: Moments, trained: Floats) -> tuple[Floats, Floats, Floats, np.ndarray]:
        found = estimate_pls(work.model, moments, trained, options)
        return found.weights, found.loadings, found.paths, found.structural.ok

    for at, name in enumerate(work.names):
        progress("prediction", at, len(work.names))
        own = work.sample.rows_of(name)
        found = predict_group(
            work.model,
            survey.values[own],
            work.sample.weights[own],
            frequency=work.sample.frequency,
            keys=[keys[row] for row in own],
            strata=None if design.strata is None else design.strata[own],
            psu=None if design.psu is None else design.psu[own],
            estimator=estimator,
            folds=request.folds,
            repetitions=request.repetitions,
            seed=request.seed,
            study=request.study,
            group=name,
            level=request.level,
            antecedents=request.antecedents,
        )
        rows += found.rows
        notices += found.notices
        progress("prediction", at + 1, len(work.names))
    return Extra({"prediction": rows}, tuple(notices))


def compare_all(work: Work, runs: list[PlsRun], progress: Progress) -> Extra:
    """Compare every pair of groups: may composites be compared, and what differs."""
    request, options = work.request, pls_options(work.request)
    pairs = all_pairs([name for name in work.names if name != "all"])

    def estimator(sums: Floats) -> Fields:
        count = np.full(sums.shape[0], 1e6)
        found = estimate_pls(work.model, work.sample.moments(sums), count, options)
        fields = {"paths": found.paths, "weights": found.weights}
        fields |= structural_fields(found.structural)
        kept = {name: fields[name] for name in COMPARED}
        return {**kept, "ok": found.structural.ok.astype(float)}

    draws = None
    if request.resampled and request.resampling == "bootstrap":
        draws = {run.scored.group: run.compared for run in runs if run.compared}
    asked = _Asked(
        permutations=request.permutations,
        seed=request.seed,
        study=request.study,
        level=request.level,
    )
    progress("comparison of groups", 0, 2)
    micom = assess_micom(work.model, work.sample, estimator, pairs, **asked)
    progress("comparison of groups", 1, 2)
    compared = compare_groups(work.model, work.sample, estimator, pairs, draws, **asked)
    progress("comparison of groups", 2, 2)
    return Extra(
        {"micom": list(micom.rows), "comparisons": list(compared.rows)},
        (*micom.notices, *compared.notices, *_too_few(request, len(pairs))),
    )


def _too_few(request: Request, pairs: int) -> list[Notice]:
    """Tell when no adjusted p of the indices can reach the level."""
    least = permutations_needed(request, pairs)
    if not least:
        return []
    message = (
        f"With {pairs} pairs of groups no adjusted p of an index can reach the level by "
        f"{request.permutations} permutations: ask for at least {least}."
    )
    return [Notice("few_permutations", message)]


def weight_rows(work: Work) -> dict[str, list[Row]]:
    """Describe the weights group by group, and the raking; nothing where rows are not weighted."""
    design, sample = work.survey.design, work.sample
    if not design.weighted or design.weight_kind == "frequency":
        return {}
    plan = design.raking
    base = design.weights if plan is None else plan.base
    raked = None if plan is None else design.weights
    rows = {"weighting": list(weighting_rows(sample.groups, base, raked, plan))}
    if plan is not None:
        rows["raking"] = list(raking_rows(plan, base, design.weights))
    return rows
