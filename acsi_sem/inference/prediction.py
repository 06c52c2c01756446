"""Cross-validated prediction of one group: PLSpredict beside its benchmarks, and CVPAT.

A fold's training moments are the sums of the other folds' sums, so that all training samples of
all repetitions are one batch of the estimator. Squared errors of the RMSE and Q2_predict follow
from the moments of the fold left out; absolute errors and each respondent's loss take one pass over
the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem, UsageError
from acsi_sem.estimators.result import Row
from acsi_sem.estimators.structural import scale_ends
from acsi_sem.inference.folds import Folds, deal_folds, key_order
from acsi_sem.inference.prediction_rows import Losses, Targets, loss_rows, make_targets, withheld
from acsi_sem.inference.sample import Ints
from acsi_sem.kernels.moments import (
    Floats,
    Moments,
    moments_from_sums,
    products,
    scale_origin,
    weighted_sums,
)
from acsi_sem.kernels.prediction import (
    benchmark_slopes,
    case_errors,
    pls_slopes,
    score_slopes,
    squared_error,
)
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import ANTECEDENTS, Antecedents, Notice

Estimates = tuple[Floats, Floats, Floats, NDArray[np.bool_]]
Estimator = Callable[[Moments, Floats], Estimates]
"""Moments and numbers of respondents to weights and loadings (B, p), paths (B, q, q), ok (B,)."""

FEW_TRAINED: Final = 30
"""Respondents in a training sample below which its estimates are rough."""


@dataclass(frozen=True, slots=True)
class PredictionResult:
    """Prediction of one group.

    Attributes
    ----------
    rows : tuple of mapping
        For the table ``prediction``.
    notices : tuple of Notice
    complete : float
        Respondents who answered every indicator: those who took part.
    ok : bool
        False when prediction is withheld; the rows then say why.
    """

    rows: tuple[Row, ...]
    notices: tuple[Notice, ...]
    complete: float
    ok: bool


@dataclass(frozen=True, slots=True)
class Cases:
    """Complete cases in the order of their keys.

    Attributes
    ----------
    values : ndarray, shape (n, p)
    weights : ndarray, shape (n,)
    frequency : bool
    keys : tuple of str
    strata, psu : ndarray of int, shape (n,), or None
    """

    values: Floats
    weights: Floats
    frequency: bool
    keys: tuple[str, ...]
    strata: Ints | None
    psu: Ints | None

    @property
    def respondents(self) -> int:
        """Number of respondents: rows, or the sum of frequencies."""
        return int(self.weights.sum()) if self.frequency else self.weights.size

    @property
    def units(self) -> int:
        """Number of what is dealt to folds: PSUs where there are any, else respondents."""
        return self.respondents if self.psu is None else int(np.unique(self.psu).size)


def predict_group(
    model: Model,
    values: Floats,
    weights: Floats,
    *,
    frequency: bool,
    keys: Sequence[str],
    strata: Ints | None,
    psu: Ints | None,
    estimator: Estimator,
    folds: int,
    repetitions: int,
    seed: int,
    study: str,
    group: str,
    level: float,
    antecedents: Antecedents = "earliest",
) -> PredictionResult:
    """Predict the endogenous indicators of respondents whom the model has not seen.

    Parameters
    ----------
    model : Model
    values : ndarray, shape (n, p)
        The group's answers in scale units, NaN where there is none.
    weights : ndarray, shape (n,)
    frequency : bool
        True when a weight counts respondents.
    keys : sequence of str, length n
        From `acsi_sem.inference.folds.respondent_keys`.
    strata, psu : ndarray of int, shape (n,), or None
        Design of the group's rows; whole PSUs are dealt to folds.
    estimator : callable
        See `Estimator`; called once, with folds times repetitions training samples.
    folds, repetitions, seed : int
    study, group : str
    level : float
        Confidence level of CVPAT's limits, e.g. 0.95.
    antecedents : {"earliest", "direct"}
        Predict from the indicators of the exogenous constructs through the whole model, or from
        the scores of the direct predecessors. Earliest is the default, as in Shmueli et al.
        (2016): it uses nothing but what the linear benchmark uses, so that the comparison is fair.
        The direct predictions of seminr's default and of SmartPLS's CVPAT also use the answers to
        mediators, which the benchmark does not see.

    Returns
    -------
    PredictionResult
        Per endogenous indicator ``rmse``, ``mae`` (scale units) and ``q2_predict`` of PLS, and
        RMSE and MAE of the linear model (``_lm``: regression on all indicators of exogenous
        constructs) and of the training mean (``_mean``). Per endogenous construct, and overall
        with an empty construct: ``loss``, ``loss_lm``, ``loss_mean``, the mean squared error over
        its indicators (squared scale units), and ``cvpat_lm``, ``cvpat_mean``, the benchmark's
        loss less that of PLS. Above zero PLS predicts better; SmartPLS prints the opposite sign.

    Raises
    ------
    UsageError
        For folds below 2, repetitions below 1, a level outside (0, 1), or unknown antecedents.

    Notes
    -----
    Errors are squared in each repetition and then averaged, so that ``loss`` of a single item is
    ``rmse`` squared; averaging the repetitions' predictions first would measure an ensemble that
    nobody uses. The t test has one loss difference per respondent, its mean over the repetitions,
    and n - 1 degrees of freedom (units less strata in a design): repetitions steady the result but
    do not count as respondents. As in Liengaard et al. the training samples' overlap is left out.

    References
    ----------
    Shmueli, Ray, Velasquez Estrada & Chatla (2016), Journal of Business Research 69, 4552-4564.
    Shmueli et al. (2019), European Journal of Marketing 53, 2322-2347.
    Liengaard et al. (2021), Decision Sciences 52, 362-392.
    Sharma et al. (2023), European Journal of Marketing 57, 1662-1677.
    """
    _check(folds, repetitions, level, antecedents)
    targets = make_targets(model)
    cases = _complete_cases(values, weights, frequency, keys, strata, psu)
    if reason := _too_few(cases, folds):
        return _nothing(targets, group, cases, "prediction_few_cases", reason)
    dealt = deal_folds(
        cases.keys,
        cases.weights,
        frequency,
        cases.psu,
        folds=folds,
        repetitions=repetitions,
        seed=seed,
        study=study,
    )
    low, high = scale_ends(model)
    split = _split(cases, dealt, scale_origin(low, high))
    estimates = estimator(split.train, split.trained)
    failed = _failed(estimates)
    if failed:
        reason = f"PLS failed in {failed} of {split.trained.size} training samples"
        return _nothing(targets, group, cases, "prediction_failed", reason)
    slopes = _slopes(model, targets, split, estimates, antecedents)
    losses = _losses(cases, dealt, split, slopes, targets)
    rows, notices = loss_rows(losses, targets, group, level)
    few = _few_trained(split.trained, group)
    return PredictionResult(rows, (*few, *notices), float(cases.respondents), True)


def _check(folds: int, repetitions: int, level: float, antecedents: str) -> None:
    rules = (
        ("folds", "2 or more", folds, folds < 2),
        ("repetitions", "1 or more", repetitions, repetitions < 1),
        ("level", "a share between 0 and 1", level, not 0 < level < 1),
        ("antecedents", " or ".join(ANTECEDENTS), antecedents, antecedents not in ANTECEDENTS),
    )
    problems = [
        Problem("prediction", path, expected, str(got)) for path, expected, got, bad in rules if bad
    ]
    if problems:
        raise UsageError(problems)


def _complete_cases(
    values: Floats,
    weights: Floats,
    frequency: bool,
    keys: Sequence[str],
    strata: Ints | None,
    psu: Ints | None,
) -> Cases:
    """Keep the complete cases, sorted by key so that sums take the same order for any file."""
    kept = np.flatnonzero(~np.isnan(values).any(axis=1))
    at = kept[key_order([keys[i] for i in kept.tolist()], weights[kept])]
    return Cases(
        values=values[at],
        weights=weights[at],
        frequency=frequency,
        keys=tuple(keys[i] for i in at.tolist()),
        strata=None if strata is None else strata[at],
        psu=None if psu is None else psu[at],
    )


def _too_few(cases: Cases, folds: int) -> str:
    """Say why nobody can be predicted, or return an empty text."""
    if cases.units >= folds:
        return ""
    units = "complete cases" if cases.psu is None else "PSUs with complete cases"
    return f"{cases.units} {units} for {folds} folds"


def _few_trained(trained: Floats, group: str) -> tuple[Notice, ...]:
    least = int(trained.min())
    if least >= FEW_TRAINED:
        return ()
    message = f"A training sample has {least} complete cases: prediction is rough."
    return (Notice("prediction_few_trained", message, group, "pls"),)


def _nothing(
    targets: Targets, group: str, cases: Cases, kind: str, reason: str
) -> PredictionResult:
    message = f"Prediction is withheld: {reason}."
    notice = Notice(kind, message, group, "pls")
    rows = withheld(targets, group, f"withheld: {reason}")
    return PredictionResult(rows, (notice,), float(cases.respondents), False)


@dataclass(frozen=True, slots=True)
class _Split:
    """Moments of training samples and of the folds left out, repetition by repetition."""

    train: Moments
    test: Moments
    trained: Floats


def _split(cases: Cases, dealt: Folds, origin: Floats) -> _Split:
    """Sum row products by fold; a training sample is the sum of the other folds."""
    counts = dealt.counts(cases.weights.size)
    each = np.ones_like(cases.weights) if cases.frequency else cases.weights
    rows = products(cases.values, origin)
    sums = np.stack([weighted_sums(part * each, rows) for part in counts])
    # Adding up the others loses nothing where one fold holds most of the weight.
    others = np.matmul(1.0 - np.eye(dealt.folds), sums)
    sizes = counts.sum(axis=2)
    return _Split(
        train=moments_from_sums(others.reshape(-1, rows.shape[1]), origin),
        test=moments_from_sums(sums.reshape(-1, rows.shape[1]), origin),
        trained=(sizes.sum(axis=1, keepdims=True) - sizes).ravel().astype(float),
    )


def _failed(estimates: Estimates) -> int:
    """Count the training samples without a usable solution."""
    weights, loadings, paths, ok = estimates
    finite = [np.isfinite(part).reshape(ok.size, -1).all(axis=1) for part in (weights, loadings)]
    usable = ok & finite[0] & finite[1] & np.isfinite(paths).all(axis=(1, 2))
    return int((~usable).sum())


def _slopes(
    model: Model,
    targets: Targets,
    split: _Split,
    estimates: Estimates,
    antecedents: Antecedents,
) -> Floats:
    """Return slopes of PLS, linear model and mean, shape (3, B, t, p)."""
    weights, loadings, paths, _ = estimates
    scores = score_slopes(paths, adjacency(model), antecedents)
    own = pls_slopes(weights, loadings, scores, split.train.sd, blocks(model), targets.items)
    linear = benchmark_slopes(split.train.covariance, targets.sources, targets.items)
    return np.stack([own, linear, np.zeros_like(own)])


def _losses(cases: Cases, dealt: Folds, split: _Split, slopes: Floats, targets: Targets) -> Losses:
    """Gather squared errors from fold moments, and absolute errors and losses from the rows."""
    train, test = split.train, split.test
    squared = np.stack(
        [
            squared_error(own, train.mean, test.mean, test.covariance, targets.items)
            for own in slopes
        ]
    )
    each = np.ones(dealt.row.size) if cases.frequency else cases.weights[dealt.row]
    absolute = np.zeros((3, targets.items.size))
    losses = np.zeros((3, dealt.row.size, targets.starts.size))
    for at in range(slopes.shape[1]):
        repetition, fold = divmod(at, dealt.folds)
        who = np.flatnonzero(dealt.fold[repetition] == fold)
        answers = cases.values[dealt.row[who]]
        for which, own in enumerate(slopes[:, at]):
            errors = case_errors(answers, train.mean[at], own, targets.items)
            absolute[which] += each[who] @ np.abs(errors)
            losses[which, who] += np.add.reduceat(errors**2, targets.starts, axis=1) / targets.sizes
    repetitions = dealt.fold.shape[0]
    alone = np.arange(dealt.row.size)
    return Losses(
        squared=np.tensordot(squared, test.weight, axes=(1, 0)) / test.weight.sum(),
        absolute=absolute / (each.sum() * repetitions),
        cases=losses / repetitions,
        weights=each,
        strata=np.zeros_like(alone) if cases.strata is None else cases.strata[dealt.row],
        units=alone if cases.psu is None else cases.psu[dealt.row],
        collinear=int(np.isnan(slopes[1]).any(axis=(1, 2)).sum()),
        samples=slopes.shape[1],
    )
