"""BCa limits and Bollen and Stine's test."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from acsi_sem.kernels.bca import acceleration, bca_limits
from acsi_sem.kernels.bollen_stine import (
    bollen_stine,
    bollen_stine_transform,
    transform_replicates,
)

Floats = NDArray[np.float64]


def test_the_acceleration_of_a_mean_is_a_sixth_of_its_skewness() -> None:
    values = np.random.default_rng(0).exponential(size=(500, 2)) * np.array([1.0, 7.0])
    centred = values - values.mean(axis=0)
    skewness = (centred**3).mean(axis=0) / centred.std(axis=0) ** 3
    np.testing.assert_allclose(acceleration(centred), skewness / (6 * np.sqrt(500)), rtol=1e-12)
    np.testing.assert_allclose(acceleration(3 * centred), acceleration(centred), rtol=1e-12)
    assert acceleration(np.zeros((4, 1))).tolist() == [0.0]


def test_limits_equal_scipys() -> None:
    from scipy.stats import bootstrap

    values = np.random.default_rng(1).exponential(size=60)
    centred = values - values.mean()
    result = bootstrap(
        (values,),
        np.mean,
        n_resamples=1999,
        confidence_level=0.9,
        method="BCa",
        rng=np.random.default_rng(2),
    )
    draws = np.asarray(result.bootstrap_distribution)[:, None]
    # the jackknife values of a mean are linear in the influence values: the same acceleration
    found = bca_limits(draws, np.array([values.mean()]), acceleration(centred[:, None]), 0.9)
    expected = (result.confidence_interval.low, result.confidence_interval.high)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-10)


def test_limits_follow_monotone_transformations_up_to_interpolation() -> None:
    draws = np.random.default_rng(3).normal(size=(2000, 1))
    point, a = np.array([0.1]), np.array([0.02])
    plain = bca_limits(draws, point, a, 0.95)
    curved = bca_limits(np.exp(draws), np.exp(point), a, 0.95)
    # neighbouring draws near the limits lie about 0.01 apart, over which exp is almost linear
    np.testing.assert_allclose(np.log(curved), plain, atol=1e-3)


def test_without_bias_and_acceleration_limits_are_percentiles() -> None:
    draws = np.concatenate([np.linspace(-2, 2, 401)[:, None], [[np.nan]] * 3])
    found = bca_limits(draws, np.zeros(1), np.zeros(1), 0.95)
    expected = np.quantile(draws[:401, 0], [0.025, 0.975])
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-12)


def test_what_is_not_defined_is_nan() -> None:
    draws = np.column_stack(
        [np.arange(10.0), np.full(10, np.nan), np.arange(10.0), np.full(10, 5.0)]
    )
    point = np.array([-1.0, 0.0, 4.5, 5.0])
    a = np.array([0.0, 0.0, 0.9, 0.0])
    found = bca_limits(draws, point, a, 0.95)
    assert np.isnan(found[:, :3]).all()  # all on one side, no draws, past the pole
    assert found[:, 3].tolist() == [5.0, 5.0]  # a constant keeps its value
    with pytest.raises(ValueError, match="level"):
        bca_limits(draws, point, a, 95.0)


def random_covariance(seed: int, p: int = 4) -> Floats:
    root = np.random.default_rng(seed).normal(size=(p, 2 * p))
    return np.asarray(root @ root.T / (2 * p))


def test_transformed_answers_have_the_implied_covariance() -> None:
    rng = np.random.default_rng(0)
    answers = rng.exponential(size=(80, 4))
    answers -= answers.mean(axis=0)
    sample, implied = answers.T @ answers / 80, random_covariance(7)
    transform = bollen_stine_transform(sample[None], implied[None])[0]
    moved = answers @ transform
    np.testing.assert_allclose(moved.T @ moved / 80, implied, atol=1e-12)
    # on the moments of a replicate it does what it does on the replicate's rows
    drawn = rng.integers(0, 80, 80)
    own = np.cov(answers[drawn].T, ddof=0)
    found = transform_replicates(transform, own[None])[0]
    np.testing.assert_allclose(found, np.cov(moved[drawn].T, ddof=0), atol=1e-12)


def test_where_the_model_holds_nothing_is_transformed() -> None:
    sample = random_covariance(1)
    transform = bollen_stine_transform(sample[None], sample[None])[0]
    np.testing.assert_allclose(transform, np.eye(4), atol=1e-12)


def test_failed_replicates_are_counted_not_used() -> None:
    fitted = np.array([0.1, np.nan, 0.3, 0.2, np.inf])
    one = np.eye(2)
    found = bollen_stine(one, one, 0.2, np.repeat(one[None], 5, axis=0), lambda _: fitted)
    assert (found.used, found.failed) == (3, 2)
    assert found.p_value == pytest.approx(2 / 3)
    none = bollen_stine(one, one, 0.2, one[None], lambda _: np.array([np.nan]))
    assert np.isnan(none.p_value)


def test_an_indefinite_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match="positive definite"):
        bollen_stine_transform(np.array([[[1.0, 2.0], [2.0, 1.0]]]), np.eye(2)[None])


def test_the_test_keeps_its_level_for_skewed_answers() -> None:
    """Independence of skewed items: p-values are about uniform, as n·F's textbook ones are not."""
    rng = np.random.default_rng(12)

    def minimum(matrices: Floats) -> Floats:
        diagonal = np.log(np.diagonal(matrices, axis1=-2, axis2=-1)).sum(axis=-1)
        return np.asarray(diagonal - np.linalg.slogdet(matrices)[1])

    p_values = []
    for _ in range(200):
        answers = rng.exponential(size=(60, 3))
        counts = rng.multinomial(60, np.full(60, 1 / 60), size=199) / 60.0
        means = counts @ answers
        second = np.einsum("bn,ni,nj->bij", counts, answers, answers)
        replicates = second - means[:, :, None] * means[:, None, :]
        sample = np.cov(answers.T, ddof=0)
        implied = np.diag(np.diag(sample))
        result = bollen_stine(sample, implied, float(minimum(sample[None])[0]), replicates, minimum)
        p_values.append(result.p_value)
    # binomial standard error of a share of 0.05 (0.5) in 200 samples: 0.015 (0.035)
    assert np.mean(np.array(p_values) < 0.05) < 0.05 + 3 * 0.0154
    assert abs(np.mean(np.array(p_values) < 0.5) - 0.5) < 0.15


def test_rows_that_stand_for_several_count_as_repeated() -> None:
    rng = np.random.default_rng(5)
    values, counts = rng.exponential(size=(40, 3)), rng.integers(0, 4, 40)
    repeated = acceleration(np.repeat(values, counts, axis=0))
    np.testing.assert_allclose(acceleration(values, counts.astype(float)), repeated, rtol=1e-12)
