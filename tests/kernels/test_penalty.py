"""Penalties and rewards against least squares of statsmodels, and what they cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from acsi_sem.kernels.penalty import contrasts, dummies, pair_products


def answers(seed: int, n: int = 200, k: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return answers 1-10 to k attributes, an outcome on 0-100, and weights."""
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 11, (n, k)).astype(float)
    y = 50 + 4 * (x - 5.5).sum(axis=1) / k + rng.normal(0, 8, n)
    return x, y, rng.uniform(0.5, 3, n)


def test_weighted_least_squares_of_statsmodels() -> None:
    x, y, weights = answers(1)
    x[3, 1], y[8] = np.nan, np.nan
    low, high = dummies(x, np.full(3, 3.0), np.full(3, 9.0))
    found = contrasts(weights[None] @ pair_products(np.column_stack([low, high, y])), 3)
    kept = ~np.isnan(x).any(axis=1) & ~np.isnan(y)
    design = sm.add_constant(np.column_stack([low, high])[kept])
    theirs = sm.WLS(y[kept], design, weights=weights[kept]).fit()
    # Normal equations here, an orthogonal decomposition there.
    np.testing.assert_allclose(found.penalty[0], theirs.params[1:4], rtol=1e-9)
    np.testing.assert_allclose(found.reward[0], theirs.params[4:], rtol=1e-9)
    assert found.r2[0] == pytest.approx(theirs.rsquared, rel=1e-9)


def test_an_empty_dummy_leaves_the_others_standing() -> None:
    x, y, weights = answers(2)
    x[:, 1] = np.maximum(x[:, 1], 4)
    low, high = dummies(x, np.full(3, 3.0), np.full(3, 9.0))
    found = contrasts(weights[None] @ pair_products(np.column_stack([low, high, y])), 3)
    design = sm.add_constant(np.column_stack([low[:, [0, 2]], high]))
    theirs = sm.WLS(y, design, weights=weights).fit()
    assert np.isnan(found.penalty[0, 1])
    np.testing.assert_allclose(found.penalty[0, [0, 2]], theirs.params[1:3], rtol=1e-9)
    np.testing.assert_allclose(found.reward[0], theirs.params[3:], rtol=1e-9)


def test_the_same_attribute_twice_cannot_be_told_apart() -> None:
    x, y, weights = answers(3)
    x[:, 2] = x[:, 0]
    low, high = dummies(x, np.full(3, 3.0), np.full(3, 9.0))
    found = contrasts(weights[None] @ pair_products(np.column_stack([low, high, y])), 3)
    assert np.isnan(found.penalty[0, [0, 2]]).all()
    assert np.isnan(found.reward[0, [0, 2]]).all()
    alone = contrasts(
        weights[None] @ pair_products(np.column_stack([low[:, :2], high[:, :2], y])), 2
    )
    # Nine digits: the double attribute is taken out by its eigenvalue.
    np.testing.assert_allclose(found.penalty[0, 1], alone.penalty[0, 1], rtol=1e-9)
    assert found.r2[0] == pytest.approx(alone.r2[0], rel=1e-9)


def test_nobody_and_everybody_alike() -> None:
    rows = pair_products(np.column_stack([np.zeros(4), np.zeros(4), np.full(4, 70.0)]))
    none = contrasts(np.zeros((1, 4)) @ rows, 1)
    same = contrasts(np.ones((1, 4)) @ rows, 1)
    for found in (none, same):
        assert np.isnan([found.penalty[0, 0], found.reward[0, 0], found.r2[0]]).all()


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10_000),
    arrays(np.int64, 60, elements=st.integers(1, 3)),
    st.permutations(range(3)),
)
def test_weights_are_repeats_and_order_does_not_matter(
    seed: int, counts: np.ndarray, order: list[int]
) -> None:
    x, y, _ = answers(seed, 60)
    cuts = np.full(3, 3.0), np.full(3, 9.0)

    def run(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        sums = weights[None] @ pair_products(np.column_stack([*dummies(x, *cuts), y]))
        found = contrasts(sums, 3)
        return np.stack([found.penalty[0], found.reward[0]])

    weighted = run(x, y, counts.astype(float))
    repeated = run(np.repeat(x, counts, axis=0), np.repeat(y, counts), np.ones(counts.sum()))
    np.testing.assert_allclose(weighted, repeated, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(
        run(x[:, order], y, counts.astype(float)), weighted[:, order], rtol=1e-7, atol=1e-7
    )
