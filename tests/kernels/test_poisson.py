"""Poisson(1) counts: their distribution, and what decides a draw that 16 bits leave open."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import pytest

from acsi_sem.kernels import poisson
from acsi_sem.kernels.poisson import OPEN, poisson_counts


class Bits:
    """Stands for a generator that gives chosen bits: first 16 of each draw, then 32 more."""

    def __init__(self, first: list[int], more: list[int]) -> None:
        self._given = [first, more]

    def integers(self, low: int, high: int, *, size: Any, dtype: Any) -> Any:
        given = self._given.pop(0)
        assert low <= min(given) <= max(given) < high
        return np.array(given, dtype=dtype).reshape(size)


def exact(k: int) -> float:
    """Return P(N = k)."""
    return math.exp(-1) / math.factorial(k)


def test_the_table_has_the_exact_probabilities_but_for_its_open_cells() -> None:
    table = poisson._TABLE
    left = int((table == OPEN).sum())
    assert left <= 9
    for k in range(9):
        decided = float((table == k).sum()) / poisson.CELLS
        # each end of the range of k lies in at most one open cell
        assert 0 <= exact(k) - decided <= 2 / poisson.CELLS


def test_frequencies_are_those_of_the_distribution() -> None:
    n = 2_000_000
    counts = poisson_counts(np.random.default_rng(11), 20, n // 20)
    found = np.bincount(counts.ravel(), minlength=8)
    for k in range(8):
        spread = math.sqrt(n * exact(k) * (1 - exact(k)))
        # five standard errors: a right generator fails once in 200,000 seeds, this seed never
        assert abs(found[k] - n * exact(k)) < 5 * spread, k


def test_draws_are_independent_across_replicates_and_rows() -> None:
    counts = poisson_counts(np.random.default_rng(3), 4, 400_000).astype(float)
    between = np.corrcoef(counts)[np.triu_indices(4, 1)]
    along = np.corrcoef(counts[0, 1:], counts[0, :-1])[0, 1]
    assert np.abs([*between, along]).max() < 5 / math.sqrt(400_000)  # five standard errors


@pytest.mark.parametrize(("k", "side"), [(k, side) for k in range(4) for side in (0, 1)])
def test_open_draws_are_decided_by_more_bits(k: int, side: int) -> None:
    limit = math.fsum(exact(i) for i in range(k + 1))
    cell = int(limit * poisson.CELLS)
    at = (limit * poisson.CELLS - cell) * 2**32
    # a step of two of 2^32 to either side of the limit
    bits = Bits([cell], [int(at) + (2 if side else -2)])
    assert poisson_counts(cast(Any, bits), 1, 1)[0, 0] == k + side


def test_the_far_tail_is_reached() -> None:
    top = Bits([65_535, 65_535], [2**32 - 1, 0])
    largest, smaller = poisson_counts(cast(Any, top), 1, 2)[0]
    assert largest > 13  # P(N > 13) is about 4e-12, the last of 2^48 draws is beyond it
    assert smaller < largest


def test_nothing_asked_for_is_nothing() -> None:
    assert poisson_counts(np.random.default_rng(1), 0, 7).shape == (0, 7)
    assert poisson_counts(np.random.default_rng(1), 3, 0).shape == (3, 0)
