"""Prediction kernels: against explicit regressions, rows and textbook tests."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import moments
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from acsi_sem.kernels.prediction import (
    benchmark_slopes,
    case_errors,
    design_means,
    pls_slopes,
    score_slopes,
    squared_error,
    t_limits,
)
from acsi_sem.kernels.regression import Floats
from acsi_sem.spec.graph import adjacency, blocks

ARROWS = adjacency(acsi_model())
BLOCKS = blocks(acsi_model())
TARGETS = np.flatnonzero(BLOCKS > 0)


def random_paths(seed: int = 3, batch: int = 4) -> Floats:
    """Draw path coefficients of the ACSI model."""
    return np.where(ARROWS, np.random.default_rng(seed).normal(size=(batch, 6, 6)), 0.0)


def test_earliest_antecedents_follow_the_arrows_step_by_step() -> None:
    paths = random_paths()
    found = score_slopes(paths, ARROWS, "earliest")
    score = np.zeros((4, 6))
    score[:, 0] = 1.0  # expectations, the only construct without an arrow into it
    for target in range(1, 6):
        score[:, target] = (paths[:, target] * score).sum(axis=1)
    assert_allclose(found[:, 1:, 0], score[:, 1:], rtol=1e-12)  # sums of at most five products
    assert not found[:, :, 1:].any()


def test_direct_antecedents_are_the_paths() -> None:
    paths = random_paths()
    assert_array_equal(score_slopes(paths, ARROWS, "direct"), paths)
    with pytest.raises(ValueError, match="earliest or direct"):
        score_slopes(paths, ARROWS, "both")


def test_a_failed_element_stays_alone() -> None:
    paths = random_paths()
    alone = score_slopes(paths[:1], ARROWS, "earliest")
    paths[1, 2, 0] = np.nan
    found = score_slopes(paths, ARROWS, "earliest")
    assert np.isnan(found[1, 1:, 0]).all()
    assert_array_equal(found[:1], alone)


def test_pls_predictions_are_standardised_weighted_and_put_back() -> None:
    rng = np.random.default_rng(5)
    weights, loadings = rng.random((2, 13)), rng.random((2, 13))
    sd, scores = 1 + rng.random((2, 13)), score_slopes(random_paths(batch=2), ARROWS, "direct")
    mean, x = rng.normal(size=13), rng.normal(size=13)
    slopes = pls_slopes(weights, loadings, scores, sd, BLOCKS, TARGETS)
    z = (x - mean) / sd[1]
    score = np.array([z[c == BLOCKS] @ weights[1, c == BLOCKS] for c in range(6)])
    expected = (scores[1] @ score)[BLOCKS] * loadings[1] * sd[1]
    assert_allclose(slopes[1] @ (x - mean), expected[TARGETS], rtol=1e-12)  # the same products
    once = pls_slopes(weights[1:], loadings[1:], scores[1:], sd[1:], BLOCKS, TARGETS)
    assert_array_equal(once[0], slopes[1])


def test_the_benchmark_is_least_squares() -> None:
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(60, 13)) @ np.linalg.cholesky(moments("1001").cov).T
    sources = np.flatnonzero(BLOCKS == 0)
    covariance = np.cov(rows.T, bias=True)
    found = benchmark_slopes(np.stack([np.eye(13), covariance]), sources, TARGETS)
    design = np.column_stack([np.ones(60), rows[:, sources]])
    expected = np.linalg.lstsq(design, rows[:, TARGETS])[0][1:]
    # Normal equations against QR: the condition number of three items is about ten.
    assert_allclose(found[1][:, sources], expected.T, rtol=1e-10)
    assert not found[1][:, TARGETS].any()


@pytest.mark.parametrize("copy", [lambda x: 2 * x[:, 0] - 1, lambda x: x[:, 0] + x[:, 1]])
def test_collinear_predictors_are_named_not_solved(copy: object) -> None:
    rng = np.random.default_rng(8)
    rows = rng.integers(1, 11, size=(200, 4)).astype(float)
    rows[:, 2] = copy(rows)  # type: ignore[operator]
    sound = np.cov(rng.normal(size=(50, 4)).T)
    covariance = np.stack([sound, np.cov(rows.T, bias=True)])
    found = benchmark_slopes(covariance, np.arange(3), np.array([3]))
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[0]).all()


def test_squared_error_of_moments_is_that_of_rows() -> None:
    rng = np.random.default_rng(9)
    rows, weights = rng.normal(3, 2, size=(25, 13)), rng.random(25) + 0.1
    slopes, trained = rng.normal(size=(TARGETS.size, 13)), rng.normal(3, 1, size=13)
    mean = weights @ rows / weights.sum()
    covariance = ((rows - mean).T * weights) @ (rows - mean) / weights.sum()
    found = squared_error(slopes[None], trained[None], mean[None], covariance[None], TARGETS)[0]
    errors = case_errors(rows, trained, slopes, TARGETS)
    predicted = np.array([trained[TARGETS] + slopes @ (row - trained) for row in rows])
    assert_allclose(errors, rows[:, TARGETS] - predicted, rtol=1e-11, atol=1e-12)
    # Bias and spread are added, never subtracted: rounding alone.
    assert_allclose(found, weights @ errors**2 / weights.sum(), rtol=1e-12)


def test_design_means_of_equal_weights_are_the_t_test() -> None:
    y = np.random.default_rng(10).normal(0.3, 1, size=(40, 2))
    found = design_means(y, np.full(40, 3.0), np.zeros(40, int), np.arange(40))
    statistic, p_value, low, high = t_limits(found.mean, found.std_error, found.freedom, 0.9)
    expected = stats.ttest_1samp(y, 0.0)
    limits = expected.confidence_interval(0.9)
    assert found.freedom == 39
    for got, wanted in (
        (statistic, expected.statistic),
        (p_value, expected.pvalue),
        (low, limits.low),
        (high, limits.high),
    ):
        assert_allclose(got, wanted, rtol=1e-11)  # two codes of the same t distribution


def test_design_means_of_units_in_strata_by_hand() -> None:
    y = np.array([[1.0], [2.0], [4.0], [8.0], [3.0], [5.0]])
    w, units = np.array([1.0, 2, 1, 1, 3, 1]), np.array([0, 0, 1, 2, 3, 3])
    strata = np.array([0, 0, 0, 1, 1, 1])
    found = design_means(y, w * 1e200, strata, units)
    mean = (w @ y[:, 0]) / w.sum()
    z = w * (y[:, 0] - mean) / w.sum()
    totals = np.array([z[0] + z[1], z[2], z[3], z[4] + z[5]])
    # Two units in each stratum: n/(n-1) times the squared deviations is the squared difference.
    variance = (totals[0] - totals[1]) ** 2 + (totals[2] - totals[3]) ** 2
    assert found.mean[0] == pytest.approx(mean, rel=1e-14)
    assert found.std_error[0] == pytest.approx(np.sqrt(variance), rel=1e-13)
    assert (found.freedom, found.alone) == (2, 0)


def test_a_stratum_of_one_unit_withholds_the_standard_error() -> None:
    found = design_means(
        np.arange(3.0)[:, None], np.ones(3), np.array([0, 0, 1]), np.array([0, 1, 2])
    )
    assert (found.mean[0], found.freedom, found.alone) == (1.0, 1, 1)
    assert np.isnan(found.std_error).all()


def test_no_spread_has_no_statistic() -> None:
    statistic, p_value, low, high = t_limits(np.array([0.5]), np.zeros(1), 9, 0.95)
    assert np.isnan([statistic[0], p_value[0]]).all()
    assert low[0] == high[0] == 0.5
