"""Permutations and what is made of them: against enumeration and brute force."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2, multivariate_hypergeom
from statsmodels.stats.multitest import multipletests

from acsi_sem.kernels.permutation import (
    acceptance_region,
    bootstrap_share,
    holm,
    paired_share,
    permutation_p,
    permuted_counts,
    smallest_p,
    tail_p,
    two_sided_share,
)

ONES = np.ones(6, dtype=np.intp)
BLOCKS = np.array([0, 1, 0, 1, 0, 0])


def test_every_arrangement_is_equally_likely() -> None:
    first = np.array([2, 1])
    drawn = permuted_counts(np.random.default_rng(1), BLOCKS, ONES, first, 12_000)
    _, found = np.unique(drawn, axis=0, return_counts=True)
    assert found.size == 12  # (4 choose 2) times (2 choose 1)
    # A right sampler fails once in 10,000 seeds; the seed is fixed.
    assert ((found - 1000) ** 2 / 1000).sum() < chi2.isf(1e-4, 11)


def test_sizes_are_kept_in_every_block() -> None:
    counts = np.array([3, 1, 2, 300, 1, 4])
    drawn = permuted_counts(np.random.default_rng(2), BLOCKS, counts, np.array([4, 7]), 50)
    assert_array_equal(drawn[:, BLOCKS == 0].sum(axis=1), np.full(50, 4))
    assert_array_equal(drawn[:, BLOCKS == 1].sum(axis=1), np.full(50, 7))
    assert (drawn <= counts).all()


@pytest.mark.parametrize(("first", "kept"), [([0, 0], 0), ([4, 2], 1)])
def test_a_block_of_one_group_stays(first: list[int], kept: int) -> None:
    drawn = permuted_counts(np.random.default_rng(3), BLOCKS, ONES, np.array(first), 5)
    assert_array_equal(drawn, np.full((5, 6), kept))


def test_respondents_of_a_row_are_drawn_as_repeated_rows() -> None:
    counts = np.array([1, 2, 5])
    drawn = permuted_counts(
        np.random.default_rng(4), np.zeros(3, np.intp), counts, np.array([3]), 40_000
    )
    repeated = np.repeat(np.arange(3), counts)
    every = [np.bincount(repeated[list(taken)], minlength=3) for taken in combinations(range(8), 3)]
    for row in np.unique(every, axis=0):
        share = (np.array(every) == row).all(axis=1).mean()
        assert share == pytest.approx(multivariate_hypergeom.pmf(row, counts, 3))
        found = (drawn == row).all(axis=1).mean()
        # Four standard errors of a share of 40,000 draws.
        assert abs(found - share) < 4 * np.sqrt(share * (1 - share) / 40_000)


@pytest.mark.parametrize("first", [[2, 1], [1, 1], [3, 2], [0, 2]])
def test_the_smallest_p_is_that_of_the_enumeration(first: list[int]) -> None:
    values = np.random.default_rng(5).normal(size=6)
    choices = [list(combinations(np.flatnonzero(b == BLOCKS), k)) for b, k in enumerate(first)]
    differences = []
    for chosen in product(*choices):
        ours = np.isin(np.arange(6), np.concatenate([np.array(c, dtype=int) for c in chosen]))
        differences.append(values[ours].sum() / sum(first) - values[~ours].mean())
    sizes = np.abs(differences)
    expected = (sizes >= sizes.max() - 1e-12).mean()
    assert smallest_p(BLOCKS, ONES, np.array(first)) == pytest.approx(expected)
    doubled = min(1, 2 / len(differences))
    assert smallest_p(BLOCKS, ONES, np.array(first), tails=2) == pytest.approx(doubled)


def test_the_smallest_p_counts_respondents_of_rows() -> None:
    found = smallest_p(np.zeros(2, np.intp), np.array([3, 4]), np.array([2]))
    assert found == pytest.approx(1 / 21)  # 7 choose 2


def test_p_values_count_what_is_at_least_as_far() -> None:
    rng = np.random.default_rng(6)
    observed, drawn = rng.normal(size=5), rng.normal(size=(199, 5)).round(1)
    observed[0] = drawn[0, 0] * (1 + 1e-12)  # rounding does not part equals
    far = (np.abs(drawn) >= np.abs(observed) - 1e-9).sum(axis=0)
    below, above = (drawn <= observed + 1e-9).sum(0), (drawn >= observed - 1e-9).sum(0)
    assert_allclose(permutation_p(observed, drawn), (1 + far) / 200, rtol=1e-15)
    assert_allclose(tail_p(observed, drawn, two_sided=False), (1 + below) / 200, rtol=1e-15)
    both = np.minimum(1, 2 * np.minimum(1 + below, 1 + above) / 200)
    assert_allclose(tail_p(observed, drawn, two_sided=True), both, rtol=1e-15)


def test_an_estimate_that_is_not_defined_everywhere_has_no_p_value_and_no_region() -> None:
    observed = np.array([1.0, np.nan, 1.0])
    drawn = np.array([[0.5, 0.5, np.nan], [2.0, 0.5, 0.5]])
    assert_array_equal(np.isnan(permutation_p(observed, drawn)), [False, True, True])
    for two_sided in (False, True):
        assert_array_equal(
            np.isnan(tail_p(observed, drawn, two_sided=two_sided)), [False, True, True]
        )
    assert_array_equal(np.isnan(acceptance_region(drawn, 0.9)), [[False, False, True]] * 2)
    assert np.isnan(acceptance_region(drawn[:0], 0.9)).all()


def test_the_two_sided_tail_agrees_with_the_region() -> None:
    drawn = np.random.default_rng(7).exponential(size=(999, 1))
    for value in np.linspace(0, 6, 200):
        p = tail_p(np.array([value]), drawn, two_sided=True)[0]
        low, high = acceptance_region(drawn, 0.95).ravel()
        if not 0.04 < p < 0.06:  # one draw more or less, at the limit itself
            assert (p > 0.05) == (low < value < high)


def test_shares_of_bootstrap_pairs_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(8)
    one, other = rng.normal(0.4, 1, (60, 4)), rng.normal(0, 2, (45, 4))
    one[:, 1], other[:, 1] = rng.integers(0, 3, 60), rng.integers(0, 3, 45)  # ties
    other[:, 2] = 7.0
    left = 2 * one.mean(axis=0) - one
    right = 2 * other.mean(axis=0) - other
    gap = left[:, None] - right[None]
    expected = ((gap < -1e-9) + 0.5 * (np.abs(gap) <= 1e-9)).mean(axis=(0, 1))
    assert_allclose(bootstrap_share(one, other), expected, rtol=1e-12)
    assert_allclose(bootstrap_share(other, one), 1 - expected, rtol=1e-12)


def test_constants_do_not_differ_and_holes_have_no_share() -> None:
    one, other = np.ones((5, 2)), np.ones((7, 2))
    one[2, 1] = np.nan
    assert_array_equal(bootstrap_share(one, other), [0.5, np.nan])
    assert_array_equal(paired_share(one, one), [0.5, np.nan])
    assert_array_equal(two_sided_share(bootstrap_share(one, other)), [1.0, np.nan])
    assert np.isnan(bootstrap_share(one[:0], other)).all()
    assert np.isnan(paired_share(one[:0], one[:0])).all()


def test_replicates_drawn_together_keep_their_covariance() -> None:
    rng = np.random.default_rng(9)
    common = rng.normal(size=(500, 1))
    one, other = common + 0.3 + 0.1 * rng.normal(size=(500, 1)), common
    difference = one - other
    expected = (2 * difference.mean() - difference <= 0).mean()
    assert paired_share(one, other)[0] == expected
    assert expected < 0.05 < bootstrap_share(one, other)[0]


def test_holm_is_that_of_statsmodels() -> None:
    p = np.random.default_rng(10).uniform(0, 0.2, 12)
    assert_allclose(holm(p), multipletests(p, method="holm")[1], rtol=1e-14)
    holes = np.insert(p, [0, 5], np.nan)
    assert_allclose(holm(holes)[np.isfinite(holes)], holm(p), rtol=0)
    assert np.isnan(holm(np.full(3, np.nan))).all()
