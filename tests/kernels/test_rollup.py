"""Weighted means of independent readings: variance, freedom, shares that are estimated."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.rollup import (
    Aggregates,
    aggregate_draws,
    combine,
    effective_size,
    roll_level,
    weights_within,
)

RNG = np.random.default_rng(7)
PARENTS = np.array([0, 0, 0, 1, 1, 2])


def parts(columns: int = 3) -> Aggregates:
    """Make readings of six units."""
    return Aggregates(
        70 + 5 * RNG.standard_normal((6, columns)),
        RNG.uniform(0.5, 2, (6, columns)),
        RNG.uniform(20, 200, (6, columns)),
    )


def test_two_levels_equal_one_linear_combination_of_all_readings() -> None:
    own, shares = parts(), np.array([3.0, 1.0, 2.0, 5.0, 1.0, 4.0])
    middle = roll_level(own, shares, np.zeros(6), PARENTS, 3)
    top = roll_level(middle, np.array([2.0, 1.0, 1.0]), np.zeros(3), np.zeros(3, dtype=int), 1)
    within = weights_within(np.ones((6, 1), dtype=bool), shares, PARENTS, 3)[:, 0]
    flat = combine((within * np.array([0.5, 0.25, 0.25])[PARENTS])[None], own)
    for name in ("index", "variance", "freedom"):
        # The same sums in another order: rounding alone.
        assert_allclose(getattr(top, name), getattr(flat, name), rtol=1e-13)


def test_estimated_shares_add_what_the_derivative_says() -> None:
    own, shares = parts(1), np.array([3.0, 1.0, 2.0, 5.0, 1.0, 4.0])
    errors = np.array([0.3, 0.1, 0.0, 0.5, 0.2, 0.4])
    upper, upper_errors = np.array([2.0, 1.0, 1.5]), np.array([0.1, 0.2, 0.0])

    def nation(low: np.ndarray, high: np.ndarray) -> float:
        middle = roll_level(own, low, errors, PARENTS, 3)
        return float(roll_level(middle, high, upper_errors, np.zeros(3, int), 1).index[0, 0])

    expected, step = 0.0, 1e-5
    for at, error in enumerate(errors):
        moved = step * np.eye(6)[at]
        slope = (nation(shares + moved, upper) - nation(shares - moved, upper)) / (2 * step)
        expected += (slope * error) ** 2
    for at, error in enumerate(upper_errors):
        moved = step * np.eye(3)[at]
        slope = (nation(shares, upper + moved) - nation(shares, upper - moved)) / (2 * step)
        expected += (slope * error) ** 2
    known = roll_level(
        roll_level(own, shares, np.zeros(6), PARENTS, 3), upper, np.zeros(3), np.zeros(3, int), 1
    )
    both = roll_level(
        roll_level(own, shares, errors, PARENTS, 3), upper, upper_errors, np.zeros(3, int), 1
    )
    # Central differences of step 1e-5 on numbers of 70 are right to about 1e-9.
    assert_allclose(both.variance - known.variance, [[expected]], rtol=1e-7)
    assert both.freedom[0, 0] > known.freedom[0, 0]


def test_a_column_does_not_depend_on_its_neighbours() -> None:
    own, shares, errors = parts(5), RNG.uniform(1, 9, 6), RNG.uniform(0, 1, 6)
    own.index[0, 1] = np.nan
    together = roll_level(own, shares, errors, PARENTS, 3)
    for at in range(5):
        one = Aggregates(
            own.index[:, at : at + 1], own.variance[:, at : at + 1], own.freedom[:, at : at + 1]
        )
        alone = roll_level(one, shares, errors, PARENTS, 3)
        for name in ("index", "variance", "freedom"):
            assert_array_equal(getattr(alone, name)[:, 0], getattr(together, name)[:, at])


def test_units_without_a_reading_are_left_out_and_a_parent_without_any_has_none() -> None:
    own = parts(1)
    own.index[[0, 5], 0] = np.nan
    rolled = roll_level(own, np.ones(6), np.zeros(6), PARENTS, 3)
    assert_allclose(rolled.index[0, 0], own.index[1:3, 0].mean(), rtol=1e-15)
    assert_allclose(rolled.variance[0, 0], own.variance[1:3, 0].sum() / 4, rtol=1e-15)
    assert np.isnan([rolled.index[2, 0], rolled.variance[2, 0], rolled.freedom[2, 0]]).all()


def test_readings_that_weigh_nothing_make_no_mean() -> None:
    rolled = roll_level(parts(1), np.zeros(6), np.ones(6), PARENTS, 3)
    assert np.isnan(rolled.index).all()
    assert np.isnan(rolled.variance).all()


def test_a_missing_variance_is_not_taken_for_none() -> None:
    own = parts(1)
    own.variance[0, 0] = np.nan
    rolled = roll_level(own, np.ones(6), np.zeros(6), PARENTS, 3)
    assert np.isfinite(rolled.index[0, 0])
    assert np.isnan([rolled.variance[0, 0], rolled.freedom[0, 0]]).all()
    assert np.isfinite(rolled.variance[1, 0])


def test_freedom_of_equal_means_is_the_pooled_one() -> None:
    own = Aggregates(np.full((4, 1), 70.0), np.ones((4, 1)), np.full((4, 1), 9.0))
    assert combine(np.full((1, 4), 0.25), own).freedom.item() == 36.0
    own.freedom[:] = np.inf
    assert combine(np.full((1, 4), 0.25), own).freedom.item() == np.inf


def test_variance_and_size_agree_with_many_draws() -> None:
    draws = 70 + RNG.standard_normal((3, 200_000)) * np.array([[1.0], [2.0], [3.0]])
    weights = np.array([[0.5, 0.3, 0.2]])
    own = Aggregates(
        np.full((3, 1), 70.0), np.array([[1.0], [4.0], [9.0]]), np.full((3, 1), np.inf)
    )
    made = aggregate_draws(weights, draws)
    # A variance from 200,000 draws has a relative standard error of 0.3 %; four of them.
    assert_allclose(made.var(), combine(weights, own).variance.item(), rtol=0.0127)
    size = effective_size(weights.T, np.full((3, 1), 100.0), np.zeros(3, dtype=int), 1)
    assert_allclose(size, 100 / (0.25 + 0.09 + 0.04))
