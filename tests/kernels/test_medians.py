"""Weighted means and medians: by hand, against NumPy, and as repeated rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsi_sem.kernels.medians import Floats, weighted_mean, weighted_median

ROWS = st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 4)), min_size=1, max_size=12)


def test_by_hand() -> None:
    """Weights 1, 2, 1 of 10, 20, 60: mean 110/4; half the weight is reached at 20."""
    weights, values = np.array([[1.0, 2.0, 1.0]]), np.array([10.0, 20.0, 60.0])
    assert weighted_mean(weights, values).tolist() == [27.5]
    assert weighted_median(weights, values).tolist() == [20.0]


def test_half_the_weight_met_exactly_is_midway() -> None:
    weights = np.array([[1.0, 1.0], [0.1 + 0.2, 0.3]])
    assert weighted_median(weights, np.array([4.0, 7.0])).tolist() == [5.5, 5.5]


@pytest.mark.parametrize("function", [weighted_mean, weighted_median])
def test_nobody_is_nan(function: Callable[[Floats, Floats], Floats]) -> None:
    assert np.isnan(function(np.ones((2, 2)), np.full(2, np.nan))).all()
    assert np.isnan(function(np.zeros((1, 2)), np.array([1.0, 2.0]))).all()
    assert np.isnan(function(np.zeros((1, 0)), np.zeros(0))).all()


@given(ROWS)
def test_whole_weights_are_repeated_rows(rows: list[tuple[int, int]]) -> None:
    values = np.array([float(value) for value, _ in rows])
    counts = np.array([count for _, count in rows])
    weights = counts[None, :].astype(float)
    repeated = np.repeat(values, counts)
    if not repeated.size:
        assert np.isnan(weighted_median(weights, values)[0])
        return
    assert weighted_median(weights, values)[0] == np.median(repeated)
    np.testing.assert_allclose(weighted_mean(weights, values)[0], repeated.mean(), atol=1e-12)


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=9))
def test_neither_order_nor_scale_nor_neighbours_matter(values: list[float]) -> None:
    y = np.array(values)
    weights = np.linspace(1, 2, y.size)
    shuffled = np.random.default_rng(3).permutation(y.size)
    both = np.array([weights, weights[::-1]])
    for function in (weighted_mean, weighted_median):
        alone = function(weights[None, :], y)
        np.testing.assert_allclose(function(8 * weights[None, shuffled], y[shuffled]), alone)
        assert function(both, y)[0] == alone[0]
