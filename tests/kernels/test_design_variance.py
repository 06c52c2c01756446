"""Variance from unit totals: closed forms, covariance, counts, strata that show nothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.design_variance import (
    degrees_of_freedom,
    design_covariance,
    design_variance,
    lonely_strata,
    sums_by,
)

RNG = np.random.default_rng(3)
STRATA = np.array([2, 0, 0, 1, 2, 1, 0, 2, 2, 3])
TOTALS = RNG.normal(size=(10, 4))


def test_a_simple_random_sample_has_the_variance_of_a_mean() -> None:
    values = RNG.normal(5, 2, size=(60, 1))
    influence = (values - values.mean()) / 60
    found = design_variance(influence, np.zeros(60, dtype=np.intp), np.array([0.25]))
    # An identity: only rounding is left.
    assert_allclose(found, 0.75 * values.var(ddof=1) / 60, rtol=1e-12)


def test_strata_add_up() -> None:
    fractions = np.array([0.1, 0.5, 0.0, 0.0])
    parts = []
    for h in range(3):
        own = TOTALS[h == STRATA]
        parts.append((1 - fractions[h]) * len(own) * own.var(axis=0, ddof=1))
    found = design_variance(TOTALS, STRATA, fractions)
    assert_allclose(found, np.sum(parts, axis=0), rtol=1e-12)


def test_the_covariance_has_the_variances_on_its_diagonal() -> None:
    fractions = np.array([0.1, 0.5, 0.0, 0.0])
    covariance = design_covariance(TOTALS, STRATA, fractions)
    assert_allclose(np.diag(covariance), design_variance(TOTALS, STRATA, fractions), rtol=1e-12)
    turn = RNG.normal(size=(4, 2))
    turned = design_covariance(TOTALS @ turn, STRATA, fractions)
    assert_allclose(turned, turn.T @ covariance @ turn, rtol=1e-10)


def test_counts_equal_repeated_units() -> None:
    counts = RNG.integers(1, 4, 10)
    again = np.repeat(np.arange(10), counts)
    for function in (design_variance, design_covariance):
        found = function(TOTALS, STRATA, None, counts.astype(float))
        assert_allclose(found, function(TOTALS[again], STRATA[again]), rtol=1e-12, atol=1e-14)
    assert degrees_of_freedom(STRATA, counts.astype(float)) == again.size - 4


def test_a_census_has_no_variance() -> None:
    assert_array_equal(design_variance(TOTALS, STRATA, np.ones(4)), 0.0)


def test_a_single_unit_adds_nothing_and_is_told() -> None:
    without = design_variance(TOTALS[:-1], STRATA[:-1])
    assert_allclose(design_variance(TOTALS, STRATA), without, rtol=1e-15)
    assert_array_equal(lonely_strata(STRATA), [False, False, False, True])
    taken = np.array([0.0, 0.0, 0.0, 1.0])
    assert not lonely_strata(STRATA, taken).any()


def test_a_result_does_not_depend_on_its_neighbours() -> None:
    whole = design_variance(TOTALS, STRATA)
    for r in range(4):
        # One column alone may be added in another order.
        assert design_variance(TOTALS[:, [r]], STRATA)[0] == pytest.approx(whole[r], rel=1e-14)


def test_places_without_rows_are_zero() -> None:
    assert_array_equal(sums_by(np.ones((3, 2)), np.array([3, 1, 3]), 5)[:, 0], [0, 1, 0, 2, 0])
    assert degrees_of_freedom(np.array([0, 0, 2, 2, 2])) == 3
