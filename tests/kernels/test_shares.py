"""Shares of respondents and Wilson's limits against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from acsi_sem.kernels.shares import effective_number, weighted_share, wilson_limits


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.sampled_from([0.8, 0.9, 0.95, 0.99]),
)
def test_wilson_limits_of_statsmodels(case: tuple[int, int], level: float) -> None:
    counted, asked = case
    low, high = wilson_limits(np.array(counted / asked), np.array(float(asked)), level)
    wanted = proportion_confint(counted, asked, alpha=1 - level, method="wilson")
    # Both are the closed form; what differs is the order of arithmetic.
    np.testing.assert_allclose((low, high), np.clip(wanted, 0, 1), atol=1e-10)


def test_wilson_by_hand() -> None:
    """9 of 10, z = 1.96: (0.9 + 0.19208 -+ 1.96 sqrt(0.009 + 0.009604)) / 1.38416."""
    low, high = wilson_limits(np.array(0.9), np.array(10.0), 0.95)
    assert float(low) == pytest.approx(0.5958, abs=5e-5)
    assert float(high) == pytest.approx(0.9821, abs=5e-5)


def test_all_and_none_have_limits_nobody_has_not() -> None:
    low, high = wilson_limits(np.array([1.0, 0.0]), np.array([20.0, 20.0]), 0.95)
    assert 0.8 < low[0] < 1
    assert high[0] == 1
    assert low[1] == 0
    assert 0 < high[1] < 0.2
    assert np.isnan(wilson_limits(np.array(np.nan), np.array(0.0), 0.95)).all()


def test_nobody_asked_has_no_share() -> None:
    nobody = weighted_share(np.ones((2, 3)), np.ones(3, bool), np.zeros(3, bool))
    assert np.isnan(nobody).all()


def test_effective_number_by_hand() -> None:
    """0.5 x 0.5 / 0.05 squared is 100; a standard error of nought or unknown gives Kish's."""
    share, error = np.array([0.5, 1.0, 0.5, 0.5]), np.array([0.05, 0.0, np.nan, 1e-6])
    found = effective_number(share, error, np.full(4, 70.0))
    np.testing.assert_allclose(found, [100, 70, 70, 140], rtol=1e-12)
