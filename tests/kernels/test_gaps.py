"""Gaps by hand, and what holds for any."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from acsi_sem.kernels.gaps import sign_shares, total_gap, weighted_mean

GAPS = arrays(np.float64, (6, 3), elements=st.integers(-9, 9).map(float))


def test_rounding_is_no_gap() -> None:
    """Thirds of 10, 10 and -20 are nought on paper, not in binary."""
    gaps = np.array([[10.0, 10.0, -20.0]]) * 1.1
    assert float(gaps[0] @ np.full(3, 1 / 3)) != 0.0
    assert total_gap(gaps, np.full(3, 1 / 3)).tolist() == [0.0]


def test_nobody_asked_has_no_mean_and_no_share() -> None:
    blank = np.full((4, 1), np.nan)
    assert np.isnan(weighted_mean(np.ones((2, 4)), blank)).all()
    assert np.isnan(sign_shares(np.ones((2, 4)), blank)).all()


@settings(max_examples=40, deadline=None)
@given(GAPS, st.permutations(range(3)), arrays(np.int64, 6, elements=st.integers(1, 4)))
def test_totals_and_signs(gaps: np.ndarray, order: list[int], counts: np.ndarray) -> None:
    """Order of dimensions does not matter; a weight of three is the row three times."""
    shares = np.array([0.5, 0.3, 0.2])
    total = total_gap(gaps, shares)
    np.testing.assert_allclose(total_gap(gaps[:, order], shares[order]), total, atol=1e-9)
    weighted = sign_shares(counts[None].astype(float), gaps)
    repeated = np.repeat(gaps, counts, axis=0)
    np.testing.assert_allclose(weighted, sign_shares(np.ones((1, counts.sum())), repeated))
    np.testing.assert_allclose(weighted.sum(axis=-1), 1.0)
    mean = weighted_mean(counts[None].astype(float), total[:, None])[0, 0]
    by_dimension = weighted_mean(counts[None].astype(float), gaps)[0] @ shares
    np.testing.assert_allclose(mean, by_dimension, atol=1e-8)
