"""Means and covariances of incomplete answers: closed forms, and scipy's likelihood row by row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from incomplete_cases import moments_of, punch, random_covariance, row_loglikelihoods, skewed
from numpy.typing import NDArray

from acsi_sem.kernels.em import em_moments, saturate
from acsi_sem.kernels.incomplete import information, scores, slopes, stand, vech_slopes
from acsi_sem.kernels.patterns import change_units, vech_places

Floats = NDArray[np.float64]

seeds = st.integers(0, 2**32 - 1)


def sample(seed: int, n: int = 120, p: int = 4, share: float = 0.25) -> Floats:
    rng = np.random.default_rng(seed)
    return punch(skewed(random_covariance(p, rng), n, rng), share, rng)


@given(seed=seeds)
@settings(deadline=None)
def test_complete_answers_have_their_own_moments(seed: int) -> None:
    values = sample(seed, share=0.0)
    found = saturate(moments_of(values))
    assert found.converged
    np.testing.assert_allclose(found.mean, values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(values.T, bias=True), atol=1e-11)


@given(seed=seeds)
@settings(max_examples=25, deadline=None)
def test_the_value_is_scipys_and_no_neighbour_is_higher(seed: int) -> None:
    values = sample(seed)
    found = saturate(moments_of(values))
    assert found.converged
    assert found.slope < 1e-10
    best = row_loglikelihoods(values, found.mean, found.covariance).sum()
    # a sum of some 120 logarithms
    assert found.value == pytest.approx(best, rel=1e-12)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        mean = found.mean + 1e-3 * rng.standard_normal(4)
        bump = rng.standard_normal((4, 4))
        covariance = found.covariance + 1e-3 * (bump + bump.T)
        assert row_loglikelihoods(values, mean, covariance).sum() < best


def test_monotone_pattern_has_the_regression_estimate() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(5, 2, 80)
    y = 1 + 0.7 * x + rng.normal(0, 1, 80)
    y[x > 6] = np.nan
    seen = ~np.isnan(y)
    found = saturate(moments_of(np.column_stack([x, y])))
    slope = np.cov(x[seen], y[seen], bias=True)[0, 1] / x[seen].var()
    residual = y[seen] - y[seen].mean() - slope * (x[seen] - x[seen].mean())
    expected = y[seen].mean() + slope * (x.mean() - x[seen].mean())
    # Anderson (1957): the likelihood factors into x, and y given x
    assert found.mean[1] == pytest.approx(expected, abs=1e-9)
    assert found.covariance[0, 1] == pytest.approx(slope * x.var(), abs=1e-9)
    variance = residual.var() + slope**2 * x.var()
    assert found.covariance[1, 1] == pytest.approx(variance, abs=1e-9)


@given(seed=seeds, factor=st.floats(0.01, 100.0), shift=st.floats(-50.0, 50.0))
@settings(max_examples=25, deadline=None)
def test_units_do_not_matter(seed: int, factor: float, shift: float) -> None:
    values = sample(seed)
    moments = moments_of(values)
    one, other = (
        saturate(moments),
        saturate(change_units(moments, np.full(4, shift), np.full(4, factor))),
    )
    np.testing.assert_allclose(other.mean, (one.mean - shift) / factor, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(other.covariance, one.covariance / factor**2, rtol=1e-7)


@given(seed=seeds)
@settings(max_examples=25, deadline=None)
def test_slopes_information_and_scores_against_differences(seed: int) -> None:
    values = sample(seed, n=30, p=3)
    rng = np.random.default_rng(seed)
    moments = moments_of(values)
    mean, covariance = 5 + rng.standard_normal(3), random_covariance(3, rng)
    rows, columns = vech_places(3)
    x = np.concatenate([mean, covariance[rows, columns]])

    def matrix(point: Floats) -> Floats:
        found = np.empty((3, 3))
        found[rows, columns] = found[columns, rows] = point[3:]
        return found

    def casewise(point: Floats) -> Floats:
        return row_loglikelihoods(values, point[:3], matrix(point))

    def slope(point: Floats) -> Floats:
        place = stand(moments, point[:3], matrix(point))
        assert place is not None
        by_mean, by_covariance = slopes(moments, place)
        return np.concatenate([by_mean, vech_slopes(by_covariance)])

    place = stand(moments, mean, covariance)
    assert place is not None
    assert place.value == pytest.approx(casewise(x).sum(), rel=1e-11)
    steps = 1e-5 * np.eye(len(x))
    differences = np.array([(casewise(x + h) - casewise(x - h)) / 2e-5 for h in steps]).T
    # central differences with a step of 1e-5: error about 1e-10 times third derivatives
    size = np.abs(differences).sum() + 1
    np.testing.assert_allclose(slope(x), differences.sum(axis=0), atol=1e-7 * size)
    second = np.array([(slope(x + h) - slope(x - h)) / 2e-5 for h in steps])
    found = information(moments, place)
    np.testing.assert_allclose(found, -second, atol=1e-6 * np.abs(found).max())
    by_mean, by_covariance = scores(moments, place)
    root = np.hstack([by_mean, vech_slopes(by_covariance)])
    expected = differences.T @ differences
    np.testing.assert_allclose(root.T @ root, expected, atol=1e-6 * np.abs(expected).max())


def test_expected_information_is_that_of_patterns_with_implied_moments() -> None:
    rng = np.random.default_rng(2)
    moments = moments_of(sample(2))
    mean, covariance = rng.standard_normal(4), random_covariance(4, rng)
    both = moments.observed[:, :, None] & moments.observed[:, None, :]
    ideal = replace(
        moments,
        mean=np.where(moments.observed, mean, 0.0),
        covariance=np.where(both, covariance, 0.0),
    )
    here, there = stand(moments, mean, covariance), stand(ideal, mean, covariance)
    assert here is not None
    assert there is not None
    expected = information(moments, here, observed=False)
    np.testing.assert_allclose(information(ideal, there), expected, atol=1e-10)


def test_weights_equal_repeated_rows() -> None:
    values = sample(5)
    counts = np.random.default_rng(5).integers(0, 4, size=len(values))
    one = saturate(moments_of(values, counts.astype(float)))
    other = saturate(moments_of(np.repeat(values, counts, axis=0)))
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-9)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-8)


@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_collinear_items_have_no_maximum(holes: float) -> None:
    values = sample(6, share=0.0)
    values[:, 3] = values[:, 0] + values[:, 1]
    found = saturate(moments_of(punch(values, holes, np.random.default_rng(6))))
    assert not found.converged


def test_a_constant_item_has_no_covariance_matrix() -> None:
    values = sample(7)
    values[~np.isnan(values[:, 1]), 1] = 3.0
    found = saturate(moments_of(values))
    assert not found.converged
    assert np.isnan(found.covariance).all()


def test_moments_for_other_engines() -> None:
    values = sample(9)
    moments = moments_of(values)
    saturated = saturate(moments)
    found = em_moments(moments, saturated)
    assert found.weight.tolist() == [120.0]
    np.testing.assert_array_equal(found.covariance[0], saturated.covariance)
    np.testing.assert_allclose(found.item_mean[0], np.nanmean(values, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(found.item_weight[0], (~np.isnan(values)).sum(axis=0))
