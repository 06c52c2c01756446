"""Batched regressions against numpy's least squares."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from acsi_sem.kernels.regression import regressions, solve_positive, total_effects

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_solves_like_numpy(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(6, k, 3 * k + 2))
    matrix = root @ root.transpose(0, 2, 1)
    right = rng.normal(size=(6, k))
    found = solve_positive(np.moveaxis(matrix, 0, -1), right.T)
    expected = np.linalg.solve(matrix, right[..., None])[..., 0]
    # Condition numbers of random k x k Gram matrices with three times the columns stay < 1e5.
    assert_allclose(found.T, expected, rtol=1e-8, atol=1e-9)


def test_a_singular_element_is_nan_and_leaves_the_others() -> None:
    good = np.array([[2.0, 0.5], [0.5, 1.0]])
    bad = np.ones((2, 2))
    found = solve_positive(np.stack([good, bad], axis=-1), np.ones((2, 2)))
    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(found[:, 1]).all()


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_equals_least_squares_on_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4))
    arrows = np.zeros((4, 4), dtype=bool)
    arrows[2, [0, 1]] = arrows[3, [0, 2]] = True
    found = regressions(np.cov(x.T, bias=True)[None], arrows)
    centred = x - x.mean(axis=0)
    for target, sources in ((2, [0, 1]), (3, [0, 2])):
        slopes, *_ = np.linalg.lstsq(centred[:, sources], centred[:, target], rcond=None)
        # Random mixing matrices may be ill conditioned; squared by the normal equations.
        assert_allclose(found.coefficients[0, target, sources], slopes, rtol=1e-5, atol=1e-7)
        residual = centred[:, target] - centred[:, sources] @ slopes
        r2 = 1 - residual.var() / centred[:, target].var()
        assert_allclose(found.r2[0, target], r2, atol=1e-7)
    assert np.isnan(found.r2[0, :2]).all()


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_total_effects_are_the_sum_of_all_routes(seed: int) -> None:
    direct = np.tril(np.random.default_rng(seed).normal(size=(3, 5, 5)), -1)
    power, routes = direct, np.zeros_like(direct)
    for _ in range(5):
        routes, power = routes + power, power @ direct
    assert_allclose(total_effects(direct), routes, rtol=1e-9, atol=1e-12)
