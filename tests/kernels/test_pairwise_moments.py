"""Moments under item-mean replacement: against answers that are really replaced."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.moments import Floats, Moments
from acsi_sem.kernels.pairwise_moments import (
    mean_rule_moments,
    pairwise_mean_columns,
    pairwise_products,
    pairwise_width,
)

SEEDS = st.integers(0, 2**32 - 1)
ORIGIN = np.full(5, 5.5)


def answers(seed: int, n: int = 40, missing: float = 0.3) -> Floats:
    """Draw whole answers 1-10 with holes; the first two rows are complete and the third empty."""
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 11, (n, 5)).astype(float)
    values[rng.random((n, 5)) < missing] = np.nan
    values[:2] = [[1, 3, 5, 7, 9], [2, 2, 10, 1, 4]]
    values[2] = np.nan
    return values


def weights_of(seed: int, n: int = 40) -> Floats:
    """Draw weights from 0.1 to 3."""
    return np.random.default_rng(seed).uniform(0.1, 3.0, n)


def finish(values: Floats, weights: Floats) -> Moments:
    """Reduce answers to moments under one weighting."""
    return mean_rule_moments(weights[None] @ pairwise_products(values, ORIGIN), ORIGIN)


def replaced(values: Floats, weights: Floats) -> tuple[Floats, Floats, float]:
    """Replace every missing answer; return mean, covariance (divisor: weights) and their sum."""
    some = ~np.isnan(values).all(axis=1)
    kept, w = values[some].copy(), weights[some]
    for item in kept.T:
        seen = ~np.isnan(item)
        item[~seen] = np.average(item[seen], weights=w[seen])
    mean = np.average(kept, axis=0, weights=w)
    return mean, np.cov(kept.T, aweights=w, bias=True), float(w.sum())


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_equals_explicit_replacement(seed: int) -> None:
    values, weights = answers(seed), weights_of(seed)
    found = finish(values, weights)
    mean, covariance, weight = replaced(values, weights)
    # answers up to 10 and sums of 40 of them: rounding stays below 1e-13
    assert_allclose(found.mean[0], mean, rtol=1e-12)
    assert_allclose(found.covariance[0], covariance, atol=1e-12)
    assert found.weight[0] == pytest.approx(weight, rel=1e-14)
    assert_array_equal(found.item_mean, found.mean)
    assert_allclose(found.item_weight[0], ~np.isnan(values).T @ weights, rtol=1e-14)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_integer_weights_equal_repeated_rows(seed: int) -> None:
    values = answers(seed)
    counts = np.random.default_rng(seed).integers(1, 4, len(values))
    weighted = finish(values, counts.astype(float))
    repeated = finish(np.repeat(values, counts, axis=0), np.ones(counts.sum()))
    # sums of the same half integers, exact in double precision
    assert_array_equal(weighted.covariance, repeated.covariance)
    assert_array_equal(weighted.mean, repeated.mean)


def test_sums_add_and_every_replicate_has_its_own_means() -> None:
    values = answers(1)
    rows = pairwise_products(values, ORIGIN)
    counts = np.random.default_rng(2).integers(0, 4, (6, 40)).astype(float)
    assert rows.shape[1] == pairwise_width(5)
    sums = counts[:, :13] @ rows[:13] + counts[:, 13:] @ rows[13:]
    assert_array_equal(sums, counts @ rows)  # half integers: exact
    found = mean_rule_moments(sums, ORIGIN)
    for b, row in enumerate(counts):
        mean, covariance, _ = replaced(values[row > 0], row[row > 0])
        assert_allclose(found.mean[b], mean, rtol=1e-12)
        assert_allclose(found.covariance[b], covariance, atol=1e-12)


def test_rows_without_any_answer_are_left_out() -> None:
    values = answers(3)
    empty = np.full((10, 5), np.nan)
    one, other = finish(values, np.ones(40)), finish(np.vstack([values, empty]), np.ones(50))
    assert_array_equal(one.weight, other.weight)
    assert_array_equal(one.covariance, other.covariance)


def test_complete_answers_have_their_own_moments() -> None:
    values = np.random.default_rng(4).integers(1, 11, (30, 5)).astype(float)
    found = finish(values, np.ones(30))
    assert_allclose(found.covariance[0], np.cov(values.T, bias=True), atol=1e-12)


def test_an_item_that_nobody_answered_is_nan_and_the_others_are_not() -> None:
    values = answers(5)
    values[:, 4] = np.nan
    found = finish(values, np.ones(40))
    assert np.isnan(found.mean[0, 4])
    assert np.isnan(found.covariance[0, 4]).all()
    mean, covariance, _ = replaced(values[:, :4], np.ones(40))
    assert_allclose(found.mean[0, :4], mean, rtol=1e-12)
    assert_allclose(found.covariance[0, :4, :4], covariance, atol=1e-12)


def test_a_constant_item_has_no_variance_and_an_empty_replicate_no_numbers() -> None:
    values = answers(6)
    values[~np.isnan(values[:, 1]), 1] = 3.0
    assert finish(values, weights_of(6) * 0.1).covariance[0, 1, 1] == 0.0
    assert np.isnan(finish(values, np.zeros(40)).covariance).all()


def test_mean_columns_are_answered_and_answers() -> None:
    values = answers(7)
    rows = pairwise_products(values, ORIGIN)[:, pairwise_mean_columns(5)]
    assert_array_equal(rows[:, :5], ~np.isnan(values))
    assert_array_equal(rows[:, 5:], np.nan_to_num(values - ORIGIN))
