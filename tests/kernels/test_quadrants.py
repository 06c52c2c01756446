"""Quadrants: cuts, ties, totals and stability by hand; correlations against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from acsi_sem.kernels.quadrants import (
    STRENGTH,
    UNKNOWN,
    correlations,
    cut_of,
    place_in_quadrants,
    stability,
    weighted_total,
)

ROWS = arrays(np.float64, (1, 6), elements=st.floats(0, 100, allow_subnormal=False))


def test_cuts_leave_out_what_is_unknown() -> None:
    values = np.array([[10.0, 20.0, 60.0, np.nan], [np.nan] * 4])
    assert cut_of(values, "midpoint", 50.0)[0] == 50.0
    for rule in ("mean", "median", "midpoint"):
        assert np.isnan(cut_of(values, rule, 50.0)[1])


def test_attributes_all_alike_are_all_high() -> None:
    """The mean of three equal numbers may differ from them in the last bit."""
    same = np.full((1, 3), 0.1 + 0.2)
    cuts = (cut_of(same, "mean"), cut_of(same, "mean"))
    assert place_in_quadrants(same, same, cuts).tolist() == [[STRENGTH] * 3]


def test_unknown_stays_unknown() -> None:
    cut = np.array([50.0])
    one, gone = np.array([[60.0]]), np.array([[np.nan]])
    assert place_in_quadrants(gone, one, (cut, cut)).tolist() == [[UNKNOWN]]
    assert np.isnan(stability(np.array([[0], [0]]), np.array([UNKNOWN]))).all()
    assert np.isnan(stability(np.zeros((0, 1), int), np.array([STRENGTH]))).all()


def test_importance_that_sums_to_nothing_has_no_total() -> None:
    assert np.isnan(weighted_total(np.array([[1.0, -1.0]]), np.array([[50.0, 60.0]]))).all()


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS, st.permutations(range(6)), st.sampled_from(["mean", "median", "midpoint"]))
def test_order_of_attributes_does_not_matter(
    importance: np.ndarray, performance: np.ndarray, order: list[int], rule: str
) -> None:
    def places(at: list[int]) -> np.ndarray:
        pair = importance[:, at], performance[:, at]
        return place_in_quadrants(*pair, tuple(cut_of(one, rule, 50.0) for one in pair))  # type: ignore[arg-type]

    assert (places(list(range(6)))[:, order] == places(order)).all()
    total = np.atleast_1d(weighted_total(importance, performance))
    if importance.sum() > 1e-6:
        inside = performance.min() - 1e-6 <= total[0] <= performance.max() + 1e-6
        assert inside
    np.testing.assert_allclose(
        weighted_total(importance[:, order], performance[:, order]), total, rtol=1e-9
    )


def test_correlations_are_those_of_repeated_rows() -> None:
    rng = np.random.default_rng(2)
    x: np.ndarray = rng.normal(size=(40, 2)) + 1e6
    y: np.ndarray = rng.normal(size=40)
    x[:, 0] += y
    x[3, 1], y[5] = np.nan, np.nan
    counts = rng.integers(1, 4, 40)
    found = correlations(counts[None].astype(float), x, y)[0]
    for j in range(2):
        kept = ~np.isnan(x[:, j]) & ~np.isnan(y)
        rows = np.repeat(np.column_stack([x[:, j], y])[kept], counts[kept], axis=0)
        # Six digits of the answers are spent on the distance from nought, nine remain.
        assert found[j] == pytest.approx(np.corrcoef(rows.T)[0, 1], abs=1e-9)


@pytest.mark.parametrize("still", [0.0, 7.0, 0.1])
def test_what_does_not_vary_correlates_with_nothing(still: float) -> None:
    y = np.array([1.0, 2.0, 4.0])
    assert np.isnan(correlations(np.ones((1, 3)), np.full((3, 1), still), y)).all()
    assert np.isnan(correlations(np.ones((1, 3)), y[:, None], np.full(3, still))).all()
    assert np.isnan(correlations(np.ones((1, 3)), np.full((3, 1), np.nan), y)).all()
