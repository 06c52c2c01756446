"""Moments: closed forms, additivity, equivalence of weights and repeated rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.moments import (
    Floats,
    Moments,
    mean_columns,
    means_from_sums,
    moments_from_sums,
    products,
    scale_origin,
    weighted_sums,
)

SEEDS = st.integers(0, 2**32 - 1)


def answers(seed: int, n: int = 40, p: int = 4, missing: float = 0.1) -> Floats:
    """Draw whole answers 1-10 with holes; the first three rows are complete."""
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 11, (n, p)).astype(float)
    values[rng.random((n, p)) < missing] = np.nan
    values[:3] = rng.integers(1, 11, (3, p))
    return values


def finish(values: Floats, weights: Floats) -> Moments:
    """Reduce answers to moments under one weighting."""
    origin = np.full(values.shape[1], 5.5)
    return moments_from_sums(weighted_sums(weights[None], products(values, origin)), origin)


def test_equals_numpy_on_complete_rows() -> None:
    values = answers(1)
    kept = values[~np.isnan(values).any(axis=1)]
    found = finish(values, np.ones(len(values)))
    assert found.weight[0] == len(kept)
    # Sums of half integers are exact; only the final divisions and differences round.
    assert_allclose(found.mean[0], kept.mean(axis=0), rtol=1e-14)
    assert_allclose(found.covariance[0], np.cov(kept.T, bias=True), rtol=1e-12, atol=1e-13)
    assert_allclose(found.sd[0], kept.std(axis=0), rtol=1e-12)
    assert_allclose(found.item_mean[0], np.nanmean(values, axis=0), rtol=1e-14)
    assert_array_equal(found.item_weight[0], (~np.isnan(values)).sum(axis=0))


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_integer_weights_equal_repeated_rows(seed: int) -> None:
    values = answers(seed)
    counts = np.random.default_rng(seed).integers(1, 4, len(values))
    weighted = finish(values, counts.astype(float))
    repeated = finish(np.repeat(values, counts, axis=0), np.ones(counts.sum()))
    # Both are sums of the same half integers, exact in double precision.
    assert_allclose(weighted.covariance, repeated.covariance, rtol=1e-13, atol=1e-13)
    assert_allclose(weighted.item_mean, repeated.item_mean, rtol=1e-14)


@given(SEEDS, st.floats(0.01, 100))
@settings(max_examples=40, deadline=None)
def test_rescaled_weights_change_nothing(seed: int, factor: float) -> None:
    values = answers(seed)
    weights = np.random.default_rng(seed).uniform(0.2, 3, len(values))
    one, other = finish(values, weights), finish(values, weights * factor)
    # Rounding of the rescaled weights, amplified by the centring of second moments.
    assert_allclose(one.covariance, other.covariance, rtol=1e-11, atol=1e-11)
    assert_allclose(one.mean, other.mean, rtol=1e-12)


@given(SEEDS, st.integers(1, 39))
@settings(max_examples=40, deadline=None)
def test_sums_add_over_chunks_and_row_order_does_not_matter(seed: int, cut: int) -> None:
    values = answers(seed)
    rows = products(values, np.full(4, 5.5))
    ones = np.ones((1, len(values)))
    whole = weighted_sums(ones, rows)
    parts = weighted_sums(ones[:, :cut], rows[:cut]) + weighted_sums(ones[:, cut:], rows[cut:])
    assert_array_equal(whole, parts)  # half integers: exact
    order = np.random.default_rng(seed).permutation(len(values))
    assert_array_equal(whole, weighted_sums(ones, rows[order]))


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_origin_does_not_matter(seed: int) -> None:
    values = answers(seed)
    ones = np.ones((1, len(values)))
    found = [
        moments_from_sums(weighted_sums(ones, products(values, origin)), origin)
        for origin in (np.zeros(4), np.full(4, 5.5), np.arange(4.0))
    ]
    # About zero the second moments are up to a hundred times the variance: two digits lost.
    for other in found[1:]:
        assert_allclose(found[0].covariance, other.covariance, rtol=1e-11, atol=1e-11)


def test_replicates_are_rows_of_one_product() -> None:
    values = answers(3)
    weights = np.random.default_rng(3).integers(0, 4, (5, len(values))).astype(float)
    origin = np.full(4, 5.5)
    batch = moments_from_sums(weighted_sums(weights, products(values, origin)), origin)
    for b, row in enumerate(weights):
        assert_allclose(batch.covariance[b], finish(values, row).covariance[0], rtol=1e-14)


def test_means_of_the_small_sums_are_those_of_the_moments() -> None:
    values = answers(4)
    origin = np.full(4, 5.5)
    sums = weighted_sums(np.ones((1, len(values))), products(values, origin))
    whole = moments_from_sums(sums, origin)
    small = sums[:, mean_columns(4)]
    assert_array_equal(means_from_sums(small, origin, "available"), whole.item_mean)
    assert_array_equal(means_from_sums(small, origin, "complete"), whole.mean)


def test_an_empty_replicate_is_nan_not_a_number() -> None:
    values = answers(5)
    found = finish(values, np.zeros(len(values)))
    assert np.isnan(found.mean).all()
    assert np.isnan(found.covariance).all()


def test_origin_is_the_middle_of_the_scale() -> None:
    assert_array_equal(scale_origin(np.array([1.0, 0.0]), np.array([10.0, 1.0])), [5.5, 0.5])
