"""The 0-100 index: published formula, bounds, units, the 2015 industries."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import GOLDEN, moments
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from acsi_sem.kernels.index import index_points, points_per_score, to_points
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.regression import total_effects
from acsi_sem.spec.graph import adjacency, blocks

MODEL = acsi_model()
LOW = np.array([item.low for item in MODEL.indicators])
HIGH = np.array([item.high for item in MODEL.indicators])
SATISFACTION = 3
ONE_BLOCK = np.zeros(3, dtype=np.intp)

# Reference computations on the public 2015 sample, to the four decimals they are known by.
COMPLETE = {"1001": 79.4297, "3003": 69.3152, "3013": 61.3633, "5001": 75.5868}
AVAILABLE = {"1001": 78.3363, "3003": 69.1287, "3013": 60.9073, "5001": 75.2003}
IMPACTS = {  # of expectations, quality and value, two decimals known
    "1001": (3.96, 3.36, 2.06),
    "3003": (4.43, 3.88, 2.06),
    "3013": (3.81, 4.87, 2.86),
    "5001": (3.99, 4.87, 2.05),
}


def available_means(subset: str) -> Floats:
    """Return the stored means of every answer, in item order."""
    with (GOLDEN / "available_means.csv").open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["subset"] == subset]
    return np.array([float(row["mean"]) for row in rows])


@pytest.mark.parametrize("subset", sorted(COMPLETE))
def test_the_2015_industries(subset: str) -> None:
    stored = moments(subset)
    found = pls(correlations(stored.cov[None]), blocks(MODEL), adjacency(MODEL))
    weights = found.weights / np.sqrt(np.diag(stored.cov))
    for means, expected in (
        (stored.mean, COMPLETE[subset]),
        (available_means(subset), AVAILABLE[subset]),
    ):
        index = index_points(means[None], weights, LOW, HIGH, blocks(MODEL))
        assert index[0, SATISFACTION] == pytest.approx(expected, abs=5e-5)
    worth = points_per_score(weights, LOW, HIGH, blocks(MODEL))
    impacts = 5 * total_effects(to_points(found.paths, worth))[0, SATISFACTION, :3]
    assert_allclose(impacts, IMPACTS[subset], atol=5e-3)


@given(
    st.lists(st.floats(1, 10), min_size=3, max_size=3),
    st.lists(st.floats(0.01, 5), min_size=3, max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_it_stays_on_the_scale(means: list[float], weights: list[float]) -> None:
    found = index_points(
        np.array([means]), np.array([weights]), np.ones(3), np.full(3, 10.0), ONE_BLOCK
    )
    assert -1e-9 <= found[0, 0] <= 100 + 1e-9


@given(st.floats(0.1, 50), st.floats(-100, 100))
@settings(max_examples=50, deadline=None)
def test_the_units_of_an_item_do_not_matter(factor: float, shift: float) -> None:
    means, weights = np.array([[7.0, 5.0, 8.0]]), np.array([[0.3, 0.5, 0.4]])
    low, high = np.ones(3), np.full(3, 10.0)
    plain = index_points(means, weights, low, high, ONE_BLOCK)
    turn = np.array([1.0, factor, 1.0])
    move = np.array([0.0, shift, 0.0])
    other = index_points(
        means * turn + move, weights / turn, low * turn + move, high * turn + move, ONE_BLOCK
    )
    # An answer of 10 shifted by 100 loses two digits.
    assert_allclose(other, plain, rtol=1e-9)


def test_weights_without_a_positive_range_give_no_index() -> None:
    weights = np.array([[1.0, -1.0, 0.0]])
    found = index_points(np.full((1, 3), 5.0), weights, np.ones(3), np.full(3, 10.0), ONE_BLOCK)
    assert np.isnan(found[0, 0])


def test_the_worth_of_a_score_is_its_standard_deviation_in_points() -> None:
    stored = moments("5001")
    found = pls(correlations(stored.cov[None]), blocks(MODEL), adjacency(MODEL))
    weights = found.weights / np.sqrt(np.diag(stored.cov))
    worth = points_per_score(weights, LOW, HIGH, blocks(MODEL))[0]
    for c in range(6):
        own = np.flatnonzero(blocks(MODEL) == c)
        w = weights[0, own] / (weights[0, own] @ (HIGH - LOW)[own]) * 100
        variance = w @ stored.cov[np.ix_(own, own)] @ w
        assert worth[c] == pytest.approx(np.sqrt(variance), rel=1e-10)
