"""Replications of the coverage study: samples, fits, and their intervals.

Each replication has its own random streams, keyed by seed, population and number, so that its
numbers depend on neither the number of replications nor the number of workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from acsi_sem.estimators.compile import compile_model
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.estimators.structural import scale_ends
from acsi_sem.inference.intervals import FAILED_SHARE, percentile_spread
from acsi_sem.kernels.bca import acceleration, bca_limits
from acsi_sem.kernels.ml_fit import MlFit, fit_ml
from acsi_sem.kernels.moments import (
    Moments,
    moments_from_sums,
    products,
    scale_origin,
    weighted_sums,
)
from acsi_sem.kernels.resample import bootstrap_counts
from benchmarks.coverage_design import INDUSTRIES, Design, draw_answers, make_design, population
from benchmarks.coverage_estimates import (
    CovarianceTargets,
    Errors,
    PlsTargets,
    centred_rows,
    sample_moments,
    stack_moments,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Fits = Literal["admissible", "converged"]

LEVEL: Final = 0.95
LIMIT: Final = 60
"""Most steps of either method for a bootstrap replicate. Nearly all that converge need under 60;
the others, of samples near the boundary, would take most of the study's time to fail anyway."""

CHUNK: Final = 100
"""Samples whose standard errors are computed together: their blocks take 9 MB."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run.

    Attributes
    ----------
    replications : int
        Samples, each with textbook and robust intervals.
    bootstrapped : int
        The first of them, which are also bootstrapped.
    draws : int
        Bootstrap replicates per sample.
    interviews : int
        Size of a sample.
    seed : int
    """

    replications: int = 2000
    bootstrapped: int = 2000
    draws: int = 1000
    interviews: int = 250
    seed: int = 2015


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The population and what the estimators find in it.

    Attributes
    ----------
    design : Design
    covariance, pls : targets
    theta : ndarray, shape (k,)
        Maximum likelihood at the population's covariance matrix.
    covariance_values, pls_values : ndarray, shape (R,)
    origin : ndarray, shape (p,)
        Point about which products are taken.
    """

    design: Design
    covariance: CovarianceTargets
    pls: PlsTargets
    theta: Floats
    covariance_values: Floats
    pls_values: Floats
    origin: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Every sample fitted: moments and fits with the batch axis M, errors (M, R)."""

    fits: MlFit
    errors: Errors
    pls: Floats
    pls_ok: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """Limits and standard errors, each (R,); NaN where withheld or not defined."""

    low: Floats
    high: Floats
    error: Floats


Key = tuple[str, str, str]
"""Engine, method, which fits count."""


@cache
def find_truth(industry: str) -> Truth:
    """Evaluate the estimators at the exact moments of a population."""
    design = make_design(industry)
    exact = population(design)
    compiled = compile_model(design.model)
    covariance, pls = CovarianceTargets.of(design.model, compiled), PlsTargets(design.model)
    fit = minimise_ml(compiled, exact.covariance)
    one, mean = np.ones((1, len(exact.mean))), exact.mean[None]
    moments = Moments(one[:, 0], mean, exact.covariance[None], one, mean)
    pls_values, ok = pls.values(moments)
    if not (fit.admissible[0] and ok[0]):
        raise ValueError(f"the population {industry} has no proper solution")
    return Truth(
        design,
        covariance,
        pls,
        fit.theta[0],
        covariance.values(fit.theta[:1], mean)[0],
        pls_values[0],
        scale_origin(*scale_ends(design.model)),
    )


def streams(industry: str, plan: Plan, number: int) -> list[np.random.SeedSequence]:
    """Return the seeds of one replication: of its answers and of its bootstrap."""
    key = (tuple(INDUSTRIES).index(industry), number)
    return np.random.SeedSequence(plan.seed, spawn_key=key).spawn(2)


def answers(industry: str, plan: Plan, number: int) -> Floats:
    """Draw the answers (n, p) of one replication."""
    seed, _ = streams(industry, plan, number)
    return draw_answers(find_truth(industry).design, plan.interviews, np.random.default_rng(seed))


def fit_samples(industry: str, plan: Plan) -> Samples:
    """Fit every sample, all in one call, and compute standard errors."""
    truth = find_truth(industry)
    parts = [_chunk_moments(industry, plan, at)[0] for at in range(0, plan.replications, CHUNK)]
    moments = stack_moments(parts)
    fits = fit_ml(truth.covariance.compiled.structure, moments.covariance, truth.theta)
    errors = []
    for at in range(0, plan.replications, CHUNK):
        part, block = _chunk_moments(industry, plan, at)
        found = truth.covariance.errors(fits.theta[at : at + CHUNK], part, block)
        errors.append(found)
    pls, ok = truth.pls.values(moments)
    return Samples(fits, _joined(errors), pls, ok)


def _chunk_moments(industry: str, plan: Plan, at: int) -> tuple[Moments, Floats]:
    truth = find_truth(industry)
    numbers = range(at, min(at + CHUNK, plan.replications))
    found = [sample_moments(answers(industry, plan, i), truth.origin) for i in numbers]
    return stack_moments([part for part, _ in found]), np.concatenate([b for _, b in found])


def _joined(parts: list[Errors]) -> Errors:
    """Errors of all samples; their influence matrices are left behind."""
    values, ml, mlr = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("values", "ml", "mlr")
    )
    return Errors(values, ml, mlr, np.empty((0, *parts[0].influence.shape[1:])))


def normal_interval(values: Floats, errors: Floats) -> Interval:
    """Return normal limits about estimates."""
    from scipy.special import ndtri

    reach = ndtri((1 + LEVEL) / 2) * errors
    return Interval(values - reach, values + reach, errors)


def bootstrap(industry: str, plan: Plan, number: int, theta: Floats) -> dict[Key, Interval]:
    """Bootstrap one replication.

    Parameters
    ----------
    theta : ndarray, shape (k,)
        The sample's own solution, from which its replicates start.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        truth = find_truth(industry)
        values = answers(industry, plan, number)
        rows = products(values, truth.origin)
        rng = np.random.default_rng(streams(industry, plan, number)[1])
        counts = bootstrap_counts(rng, np.zeros(len(rows), dtype=np.intp), plan.draws)
        drawn = moments_from_sums(weighted_sums(counts, rows), truth.origin)
        return {
            **_covariance_intervals(truth, values, drawn, theta),
            **_pls_intervals(truth, rows, drawn),
        }


def _covariance_intervals(
    truth: Truth, values: Floats, drawn: Moments, theta: Floats
) -> dict[Key, Interval]:
    targets = truth.covariance
    fits = fit_ml(targets.compiled.structure, drawn.covariance, theta, limit=LIMIT)
    draws = targets.values(fits.theta, drawn.mean)
    sample, block = sample_moments(values, truth.origin)
    point = targets.errors(theta[None], sample, block)
    pull = acceleration(centred_rows(values) @ point.influence[0].T)
    found: dict[Key, Interval] = {}
    for name in ("admissible", "converged"):
        both = _both(draws, getattr(fits, name), point.values[0], pull)
        found |= {("ml", method, name): interval for method, interval in both.items()}
    return found


def _pls_intervals(truth: Truth, rows: Floats, drawn: Moments) -> dict[Key, Interval]:
    draws, ok = truth.pls.values(drawn)
    sums = rows.sum(axis=0, keepdims=True)
    point, _ = truth.pls.values(moments_from_sums(sums, truth.origin))
    pull = acceleration(truth.pls.influence(rows, truth.origin))
    both = _both(draws, ok, point[0], pull)
    return {("pls", method, "converged"): interval for method, interval in both.items()}


def _both(draws: Floats, ok: Bools, point: Floats, pull: Floats) -> dict[str, Interval]:
    """Percentile and BCa limits, withheld where too many draws failed, as in every report."""
    spread = percentile_spread(draws, ok, LEVEL)
    percentile = Interval(spread.low, spread.high, spread.std_error)
    if ok.mean() < 1 - FAILED_SHARE:
        return {"percentile": percentile, "bca": percentile}
    low, high = bca_limits(np.where(ok[:, None], draws, np.nan), point, pull, LEVEL)
    return {"percentile": percentile, "bca": Interval(low, high, spread.std_error)}
