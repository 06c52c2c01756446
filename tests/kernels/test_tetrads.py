"""Tetrads: which are independent, when they vanish, verdicts."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.tetrads import (
    NOT_REJECTED,
    REJECTED,
    UNDECIDED,
    block_tetrads,
    tetrad_labels,
    tetrad_set,
    tetrad_test,
    tetrads,
)

FOUR = np.zeros(4, dtype=np.intp)


def one_factor(loadings: Floats) -> Floats:
    """Return the correlations of items with one common factor."""
    r = np.outer(loadings, loadings)
    np.fill_diagonal(r, 1.0)
    return r


@pytest.mark.parametrize("k", [4, 5, 6, 7])
def test_the_set_is_independent_and_complete(k: int) -> None:
    found = tetrad_set(k)
    assert len(found) == k * (k - 3) // 2
    r = one_factor(np.linspace(0.5, 0.9, k))
    rows, columns = np.triu_indices(k, 1)

    def gradient(tetrad: tuple[int, ...]) -> Floats:
        g, h, i, j = tetrad
        out = np.zeros((k, k))
        for (a, b), (c, d), sign in (((g, h), (i, j), 1), ((g, i), (h, j), -1)):
            for (one, two), other in (((a, b), r[c, d]), ((c, d), r[a, b])):
                out[min(one, two), max(one, two)] += sign * other
        return np.asarray(out[rows, columns])

    own = np.stack([gradient(t) for t in found])
    every = np.stack([gradient(t) for t in permutations(range(k), 4)])
    # chosen at loadings of one, the set must do at others too
    assert np.linalg.matrix_rank(own) == len(found)
    assert np.linalg.matrix_rank(every) == len(found)


@given(st.lists(st.floats(-0.95, 0.95), min_size=6, max_size=6))
@settings(max_examples=30, deadline=None)
def test_all_vanish_under_one_factor(loadings: list[float]) -> None:
    r = one_factor(np.array(loadings))
    assert_allclose(tetrads(r[None], np.zeros(6, dtype=np.intp)), 0.0, atol=1e-15)


def test_follow_the_definition_block_by_block() -> None:
    r = np.asarray(np.corrcoef(np.random.default_rng(2).normal(size=(9, 40))))
    blocks = np.array([0, 1, 1, 1, 1, 2, 2, 2, 2])
    found = tetrads(r[None], blocks)[0]
    expected = [
        r[1, 2] * r[3, 4] - r[1, 3] * r[2, 4],
        r[1, 2] * r[3, 4] - r[1, 4] * r[2, 3],
        r[5, 6] * r[7, 8] - r[5, 7] * r[6, 8],
        r[5, 6] * r[7, 8] - r[5, 8] * r[6, 7],
    ]
    assert_allclose(found, expected, rtol=1e-14)
    assert tetrad_labels("abcdefghi", blocks)[2:] == ("f,g,h,i", "f,g,i,h")
    assert block_tetrads(blocks).shape == (4, 4)


def test_blocks_of_three_have_none() -> None:
    blocks = np.array([0, 0, 0, 1, 1])
    assert tetrads(np.eye(5)[None], blocks).shape == (1, 0)
    assert tetrad_labels("abcde", blocks) == ()
    found = tetrad_test(np.empty((9, 0)), np.empty(0), blocks)
    assert (found.verdicts, found.low.size) == ({}, 0)


def sampled(population: Floats, seed: int) -> tuple[Floats, Floats]:
    """Return tetrads of a sample of 300 and of 400 resamples of it."""
    rng = np.random.default_rng(seed)
    x = np.linalg.cholesky(population) @ rng.normal(size=(len(population), 300))
    draws = [np.corrcoef(x[:, rng.integers(0, 300, 300)]) for _ in range(400)]
    own = np.zeros(len(population), dtype=np.intp)
    return tetrads(np.asarray(np.corrcoef(x))[None], own)[0], tetrads(np.stack(draws), own)


@pytest.mark.parametrize("k", [4, 5])
def test_one_factor_is_not_rejected_and_two_are(k: int) -> None:
    blocks = np.zeros(k, dtype=np.intp)
    point, draws = sampled(one_factor(np.full(k, 0.8)), seed=3)
    assert tetrad_test(draws, point, blocks).verdicts == {0: NOT_REJECTED}
    two = one_factor(np.full(k, 0.8))
    two[:2, 2:] *= 0.3
    two[2:, :2] *= 0.3
    point, draws = sampled(two, seed=3)
    assert tetrad_test(draws, point, blocks).verdicts == {0: REJECTED}


def test_bonferroni_counts_the_tetrads_of_the_block() -> None:
    blocks = np.repeat([0, 1], [4, 5])
    found = tetrad_test(np.zeros((3, 7)), np.zeros(7), blocks, level=0.9)
    assert_allclose(found.level, [0.95] * 2 + [0.98] * 5, rtol=1e-15)


def test_limits_of_a_symmetric_distribution_are_its_quantiles() -> None:
    draws = np.linspace(-1.0, 1.0, 2001)[:, None] + np.zeros(2)
    found = tetrad_test(draws, np.zeros(2), FOUR, level=0.9)
    assert_allclose(found.low, -0.95, atol=1e-12)
    assert_allclose(found.high, 0.95, atol=1e-12)


def test_limits_that_are_not_defined_decide_nothing_unless_another_rejects() -> None:
    draws = np.full((50, 2), np.nan)
    found = tetrad_test(draws, np.zeros(2), FOUR)
    assert found.verdicts == {0: UNDECIDED}
    assert np.isnan(found.low).all()
    draws[:, 1] = np.linspace(0.1, 0.3, 50)
    assert tetrad_test(draws, np.array([0.0, 0.2]), FOUR).verdicts == {0: REJECTED}


def test_an_element_does_not_depend_on_its_batch() -> None:
    rng = np.random.default_rng(8)
    batch = np.stack([np.corrcoef(rng.normal(size=(5, 20))) for _ in range(4)])
    together = tetrads(batch, np.zeros(5, dtype=np.intp))
    for b in range(4):
        assert_array_equal(together[b], tetrads(batch[b : b + 1], np.zeros(5, dtype=np.intp))[0])
