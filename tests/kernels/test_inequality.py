"""Gini, Lorenz and ABC: by hand, against closed forms, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsi_sem.kernels.inequality import (
    gini,
    holders,
    lorenz,
    present_value,
    ranked_classes,
    share_before,
)

VALUES = st.lists(st.integers(0, 1000), min_size=1, max_size=15).filter(any)
MARKS = tuple(k / 20 for k in range(21))


def ones(n: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return one weighting of n customers alike."""
    return np.ones((1, n))


def test_gini_by_hand() -> None:
    """1, 2, 3, 4: Gini = sum over pairs |a - b| / (2 n^2 mean) = 20 / (2 * 16 * 2.5) = 0.25."""
    assert gini(ones(4), np.array([3.0, 1.0, 4.0, 2.0]))[0] == pytest.approx(0.25, abs=1e-15)


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_gini_of_equals_and_of_one_who_has_all(n: int) -> None:
    assert gini(ones(n), np.full(n, 0.1))[0] == pytest.approx(0, abs=1e-12)
    alone = np.zeros(n)
    alone[0] = 5.0
    assert gini(ones(n), alone)[0] == pytest.approx((n - 1) / n, abs=1e-12)


def test_gini_of_the_uniform_is_a_third() -> None:
    """Midpoints of n equal parts give (1 - 1/n^2) / 3 exactly."""
    n = 500
    values = (np.arange(n) + 0.5) / n
    assert gini(ones(n), values)[0] == pytest.approx((1 - 1 / n**2) / 3, abs=1e-12)


@pytest.mark.parametrize("a", [2.0, 3.0, 5.0])
def test_gini_of_pareto_is_its_closed_form(a: float) -> None:
    """Quantiles at midpoints; the cut tail takes less than 1 / n^(1 - 1/a) of the value."""
    n = 20_000
    values = (1 - (np.arange(n) + 0.5) / n) ** (-1 / a)
    bound = n ** -(1 - 1 / a)
    assert gini(ones(n), values)[0] == pytest.approx(1 / (2 * a - 1), abs=bound)


@pytest.mark.parametrize("a", [2.0, 3.0])
def test_lorenz_of_pareto_is_its_closed_form(a: float) -> None:
    """L(p) = 1 - (1 - p)^(1 - 1/a); the tail beyond the last quantile as above."""
    n = 20_000
    values = (1 - (np.arange(n) + 0.5) / n) ** (-1 / a)
    found = lorenz(ones(n), values, [0.2, 0.5, 0.8])[0]
    expected = 1 - (1 - np.array([0.2, 0.5, 0.8])) ** (1 - 1 / a)
    np.testing.assert_allclose(found, expected, atol=n ** -(1 - 1 / a))


def test_eighty_twenty_by_hand() -> None:
    """Ten customers, two of them with 40 each, eight with 2.5: the saying holds to the letter."""
    values = np.array([40.0, 40.0, *[2.5] * 8])
    assert holders(ones(10), values, 0.8)[0] == pytest.approx(0.2)
    assert 1 - lorenz(ones(10), values, [0.8])[0, 0] == pytest.approx(0.8)


def test_classes_by_hand() -> None:
    """60, 20, 10, 6, 4 of 100: those before hold 0, 60, 80, 90 and 96 per cent."""
    values = np.array([6.0, 60.0, 4.0, 20.0, 10.0])
    before = share_before(ones(5), values, values)
    np.testing.assert_allclose(before[0], [0.9, 0.0, 0.96, 0.6, 0.8])
    assert ranked_classes(before, (0.8, 0.95)).tolist() == [[1, 0, 2, 0, 1]]


def test_equal_values_share_a_class() -> None:
    values = np.array([5.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    before = share_before(ones(6), values, values)
    assert ranked_classes(before, (0.8, 0.95)).tolist() == [[0, 0, 0, 0, 0, 0]]
    assert ranked_classes(before, (0.3, 0.4)).tolist() == [[0, 2, 2, 2, 2, 2]]


def test_no_value_is_nan_not_equality() -> None:
    for values in (np.zeros(3), np.zeros(0)):
        weights = ones(values.size)
        assert np.isnan(gini(weights, values)).all()
        assert np.isnan(lorenz(weights, values, [0.5])).all()
        assert np.isnan(holders(weights, values, 0.8)).all()


def test_present_value_by_hand() -> None:
    """100 in each of two years at 25 %: 80 + 64."""
    found = present_value(np.array([[100.0, 100.0], [100.0, np.nan]]), 0.25)
    assert found[0] == pytest.approx(144.0, abs=1e-12)
    assert np.isnan(found[1])


@given(VALUES, st.floats(0.001, 1000))
def test_scale_and_order_do_not_matter(values: list[int], scale: float) -> None:
    y = np.array(values, dtype=float)
    weights = np.linspace(1, 3, y.size)
    order = np.random.default_rng(1).permutation(y.size)
    found = gini(weights[None, :], y)
    assert 0 <= found[0] < 1
    np.testing.assert_allclose(gini(weights[None, order], scale * y[order]), found, atol=1e-12)


@given(VALUES)
def test_lorenz_curve_is_convex_below_the_diagonal(values: list[int]) -> None:
    y = np.array(values, dtype=float)
    curve = lorenz(ones(y.size), y, MARKS)[0]
    assert curve[0] == 0
    assert curve[-1] == 1
    assert (curve <= np.array(MARKS) + 1e-12).all()
    assert (np.diff(curve, 2) >= -1e-12).all()


@given(VALUES, st.integers(0, 100))
def test_whole_weights_are_repeated_rows(values: list[int], seed: int) -> None:
    y = np.array(values, dtype=float)
    counts = np.random.default_rng(seed).integers(1, 5, y.size)
    many, weights = np.repeat(y, counts), counts[None, :].astype(float)
    alike = ones(many.size)
    np.testing.assert_allclose(gini(weights, y), gini(alike, many), atol=1e-12)
    np.testing.assert_allclose(lorenz(weights, y, MARKS), lorenz(alike, many, MARKS), atol=1e-12)
    np.testing.assert_allclose(holders(weights, y, 0.8), holders(alike, many, 0.8), atol=1e-12)
    classes = ranked_classes(share_before(weights, y, y), (0.8, 0.95))[0]
    repeated = ranked_classes(share_before(alike, many, many), (0.8, 0.95))[0]
    np.testing.assert_array_equal(np.repeat(classes, counts), repeated)


def test_a_weighting_does_not_depend_on_its_neighbours() -> None:
    rng = np.random.default_rng(2)
    y, weights = rng.pareto(1.5, 300), rng.exponential(size=(5, 300))
    assert gini(weights, y)[3] == gini(weights[3:4], y)[0]
    np.testing.assert_array_equal(lorenz(weights, y, MARKS)[3], lorenz(weights[3:4], y, MARKS)[0])
