"""Rank agreement against SciPy, with ties, gaps and constant sides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from acsi_sem.kernels.rank_agreement import kendall, reversed_pairs, spearman

RNG = np.random.default_rng(11)
MEASURES = (spearman, kendall, reversed_pairs)


@pytest.mark.parametrize("steps", [3, 6, 1_000_000])
@pytest.mark.parametrize("groups", [3, 5, 12])
def test_equals_scipy_with_many_ties_and_with_none(groups: int, steps: int) -> None:
    one = RNG.integers(0, steps, (40, groups)).astype(float)
    other = RNG.integers(0, steps, (40, groups)).astype(float)
    rho, tau = spearman(one, other), kendall(one, other)
    for i in range(40):
        if np.ptp(one[i]) and np.ptp(other[i]):
            assert rho[i] == pytest.approx(stats.spearmanr(one[i], other[i]).statistic, abs=1e-12)
            assert tau[i] == pytest.approx(stats.kendalltau(one[i], other[i]).statistic, abs=1e-12)
        else:  # nothing to correlate with
            assert np.isnan(rho[i])
            assert np.isnan(tau[i])


def test_by_hand() -> None:
    """Four groups, the last two exchanged: 1 of 6 pairs; rho = 1 - 6 * 2 / (4 * 15) = 0.8."""
    one, other = np.array([[1.0, 2, 3, 4]]), np.array([[10.0, 20, 40, 30]])
    assert spearman(one, other)[0] == pytest.approx(0.8)
    assert kendall(one, other)[0] == pytest.approx(4 / 6)
    assert reversed_pairs(one, other)[0] == pytest.approx(1 / 6)


def test_a_tie_is_no_reversal() -> None:
    one, other = np.array([[1.0, 2, 3]]), np.array([[5.0, 5, 5]])
    assert reversed_pairs(one, other)[0] == 0
    assert np.isnan(spearman(one, other)[0])
    assert np.isnan(kendall(one, other)[0])


@pytest.mark.parametrize("gap", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("measure", MEASURES)
def test_a_gap_spoils_its_own_pair_and_no_neighbour(measure: object, gap: float) -> None:
    assert callable(measure)
    one = RNG.normal(size=(3, 4))
    other = RNG.normal(size=(3, 4))
    clean = measure(one, other)
    one[1, 2] = gap
    found = measure(one, other)
    assert np.isnan(found[1])
    assert found[[0, 2]].tolist() == clean[[0, 2]].tolist()
    assert np.isnan(measure(other, one)[1])


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=8))
def test_symmetric_and_blind_to_rising_scales(pairs: list[tuple[int, int]]) -> None:
    one, other = (np.array([side], dtype=float) for side in zip(*pairs, strict=True))
    for measure in MEASURES:
        found = measure(one, other)
        np.testing.assert_allclose(measure(other, one), found, atol=1e-12)
        np.testing.assert_allclose(measure(np.exp(one), other), found, atol=1e-12)
    for measure in (spearman, kendall):
        np.testing.assert_allclose(measure(-one, other), -measure(one, other), atol=1e-12)
        assert not np.abs(measure(one, other)[0]) > 1 + 1e-12
