"""Fields and tiers of customers: by hand, on the cuts, and what each class holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsi_sem.kernels.value_grid import (
    at_least,
    class_ratios,
    class_shares,
    grid_fields,
    value_tiers,
)

MONEY = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), min_size=1, max_size=12)


def test_on_the_cut_is_high() -> None:
    fields = grid_fields(np.array([5.0, 4.9]), np.array([2.0, 2.0]), np.array([[5.0, 2.0]]))
    assert fields.tolist() == [[1, 3]]


def test_the_mean_of_equal_amounts_is_reached_by_all() -> None:
    values = np.full(3, 0.1)
    cut = np.array([0.1 + 1e-17 + 1.4e-17])
    assert cut[0] > values[0]
    assert at_least(values, cut).all()


def test_tiers_keep_their_order_of_rules() -> None:
    """A loss is invalid however loyal; the disloyal and the seldom are kept up at most."""
    profit = np.array([9.0, 8.0, 3.0, 2.0, 9.5, 9.6, 0.0])
    frequent = np.array([[True, True, True, True, False, True, True]])
    loyal = np.array([True, True, True, True, True, False, True])
    before = np.array([[0.29, 0.43, 0.57, 0.71, 0.14, 0.0, 0.86]])
    found = value_tiers(profit, frequent, loyal, before, (0.3, 0.2))
    assert found.tolist() == [[0, 1, 2, 2, 3, 3, 4]]


def test_shares_and_means_by_hand() -> None:
    """Weights 1, 1, 2 and amounts 6, 2, 1 in classes 0, 1, 1: shares 6/10 and 4/10."""
    weights, classes = np.array([[1.0, 1.0, 2.0]]), np.array([[0, 1, 1]])
    amounts = np.array([6.0, 2.0, 1.0])
    np.testing.assert_allclose(class_shares(weights, classes, 2, amounts), [[0.6, 0.4]])
    np.testing.assert_allclose(class_ratios(weights, classes, 2, amounts, np.ones(3)), [[6, 4 / 3]])


def test_shares_of_no_total_are_nan() -> None:
    weights, classes = np.ones((1, 2)), np.array([[0, 1]])
    assert np.isnan(class_shares(weights, classes, 2, np.zeros(2))).all()
    assert np.isnan(class_shares(weights, classes, 2, np.array([1.0, -3.0]))).all()
    assert np.isnan(class_ratios(weights, classes, 3, np.ones(2), np.ones(2))[0, 2])
    assert np.isnan(class_ratios(weights, classes, 2, np.ones(2), np.array([0.0, 1.0]))[0, 0])


@given(MONEY, st.integers(0, 50))
def test_whole_weights_are_repeated_rows(money: list[tuple[int, int]], seed: int) -> None:
    earned, spent = np.array(money, dtype=float).T
    counts = np.random.default_rng(seed).integers(1, 4, earned.size)
    cuts = np.array([[45.0, 45.0]])
    fields = grid_fields(earned, spent, cuts)
    many = np.repeat(fields, counts, axis=1)
    weights, alike = counts[None, :].astype(float), np.ones((1, counts.sum()))
    found = class_shares(weights, fields, 4, earned + 1)
    assert found.sum() == pytest.approx(1, abs=1e-12)
    again = class_shares(alike, many, 4, np.repeat(earned + 1, counts))
    np.testing.assert_allclose(found, again, atol=1e-12)
    below = np.ones(earned.size)
    np.testing.assert_allclose(
        class_ratios(weights, fields, 4, earned, below),
        class_ratios(alike, many, 4, np.repeat(earned, counts), np.ones(many.size)),
        atol=1e-12,
    )
