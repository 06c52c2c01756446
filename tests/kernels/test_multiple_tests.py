"""Families of tests against statsmodels and SciPy; letters against their definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.multitest import multipletests

from acsi_sem.kernels.multiple_tests import holm_within, letter_groups, letters, reach, two_sided


def test_families_equal_statsmodels() -> None:
    rng = np.random.default_rng(3)
    p, family = rng.uniform(0, 0.2, (60, 2)), rng.integers(0, 7, 60)
    found = holm_within(p, family)
    for which in range(7):
        for column in range(2):
            own = p[family == which, column]
            expected = multipletests(own, method="holm")[1]
            # The same products and maxima.
            assert_allclose(found[family == which, column], expected, rtol=1e-14)


def test_an_untested_one_is_not_counted() -> None:
    found = holm_within(np.array([[0.01], [np.nan], [0.03]]), np.zeros(3, dtype=int))
    assert_allclose(found[:, 0], [0.02, np.nan, 0.03])


def test_p_values_and_limits_equal_scipy() -> None:
    statistic, freedom = np.array([0.3, -2.2, 4.0, 2.0]), np.array([3.0, 17.5, 200.0, np.inf])
    expected = [*(2 * stats.t.sf(np.abs(statistic[:3]), freedom[:3])), 2 * stats.norm.sf(2.0)]
    # Two implementations of the incomplete beta function.
    assert_allclose(two_sided(statistic, freedom), expected, rtol=1e-11)
    quantiles = [*stats.t.ppf(0.975, freedom[:3]), stats.norm.ppf(0.975)]
    assert_allclose(reach(0.95, freedom), quantiles, rtol=1e-9)
    assert np.isnan(two_sided(np.array([1.0]), np.array([np.nan]))).all()


@given(st.integers(1, 9), st.integers(0, 2**36 - 1))
@settings(max_examples=200, deadline=None)
def test_two_share_a_letter_exactly_when_they_do_not_differ(size: int, bits: int) -> None:
    different = np.zeros((size, size), dtype=bool)
    upper = np.triu_indices(size, 1)
    different[upper] = [bool(bits >> k & 1) for k in range(upper[0].size)]
    different |= different.T
    groups = letter_groups(different)
    for i in range(size):
        assert any(i in group for group in groups)
        for j in range(i + 1, size):
            assert any({i, j} <= group for group in groups) != different[i, j]
    assert not any(a < b for a in groups for b in groups)
    marks = letters(different)
    for i in range(size):
        for j in range(i + 1, size):
            assert bool(set(marks[i]) & set(marks[j])) != different[i, j]


def test_the_best_unit_has_the_first_letter_and_many_groups_keep_apart() -> None:
    apart = ~np.eye(60, dtype=bool)
    marks = letters(apart)
    assert marks[:2] == ["a", "b"]
    assert len(set(marks)) == 60
    assert marks[-1] == "[60]"
    assert letters(np.zeros((0, 0), dtype=bool)) == []
