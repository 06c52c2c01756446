"""Moments per missing pattern: what they are, that they add, what weights do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from incomplete_cases import incomplete, moments_of, punch
from numpy.typing import NDArray

from acsi_sem.kernels.patterns import (
    PatternMoments,
    PatternSums,
    add_sums,
    change_units,
    pattern_moments,
    pattern_sums,
)

Floats = NDArray[np.float64]

# Sums of at most a few thousand numbers of size 1 to 1e4: rounding of double precision.
ROUNDING = 1e-11


def grams(moments: PatternMoments | PatternSums) -> Floats:
    """Sum of outer products of each pattern's root; shape (J, m, m)."""
    found = [
        moments.root[moments.pattern == j].T @ moments.root[moments.pattern == j]
        for j in range(len(moments.observed))
    ]
    return np.array(found)


def assert_same(one: PatternSums, other: PatternSums) -> None:
    np.testing.assert_array_equal(one.observed, other.observed)
    np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_allclose(one.sums, other.sums, rtol=ROUNDING)
    np.testing.assert_allclose(grams(one), grams(other), rtol=ROUNDING, atol=ROUNDING)
    assert one.empty == other.empty


@settings(deadline=None)
@given(values=incomplete())
def test_each_pattern_has_the_moments_of_its_rows(values: Floats) -> None:
    origin = np.full(values.shape[1], 5.5)
    moments = pattern_moments(pattern_sums(values, None, origin))
    seen = ~np.isnan(values)
    assert moments.rows.sum() + moments.empty == len(values)
    assert moments.empty == (~seen).all(axis=1).sum()
    for j, mask in enumerate(moments.observed):
        rows = values[(seen == mask).all(axis=1)][:, mask]
        assert moments.rows[j] == moments.weight[j] == len(rows)
        np.testing.assert_allclose(moments.mean[j][mask], rows.mean(axis=0), rtol=ROUNDING)
        expected = np.cov(rows.T, bias=True).reshape(mask.sum(), mask.sum())
        found = moments.covariance[j][np.ix_(mask, mask)]
        np.testing.assert_allclose(found, expected, atol=1e-10)
        assert not moments.mean[j][~mask].any()
        assert not moments.covariance[j][~mask].any()


@settings(deadline=None)
@given(values=incomplete())
def test_roots_have_the_fourth_order_sums(values: Floats) -> None:
    p = values.shape[1]
    weights = np.arange(1.0, len(values) + 1)
    sums = pattern_sums(values, weights, np.full(p, 5.0))
    rows, columns = np.tril_indices(p)
    seen = ~np.isnan(values)
    d = np.where(seen, values - 5.0, 0.0)
    z = np.hstack([np.ones((len(d), 1)), d, d[:, rows] * d[:, columns]]) * weights[:, None]
    for j, gram in enumerate(grams(sums)):
        here = z[(seen == sums.observed[j]).all(axis=1)]
        np.testing.assert_allclose(gram, here.T @ here, rtol=ROUNDING, atol=ROUNDING)


@settings(deadline=None)
@given(values=incomplete(), cut=st.integers(0, 12), seed=st.integers(0, 99))
def test_sums_add_over_chunks_in_any_row_order(values: Floats, cut: int, seed: int) -> None:
    origin = np.full(values.shape[1], 5.5)
    order = np.random.default_rng(seed).permutation(len(values))
    shuffled = values[order]
    parts = (pattern_sums(part, None, origin) for part in (shuffled[:cut], shuffled[cut:]))
    assert_same(add_sums(*parts), pattern_sums(values, None, origin))


def test_many_rows_of_a_pattern_are_compressed_and_still_add() -> None:
    rng = np.random.default_rng(4)
    values = punch(rng.normal(5, 2, size=(400, 3)), 0.3, rng)
    whole = pattern_sums(values, None, np.full(3, 5.0))
    width = 1 + 3 + 6
    assert len(whole.rows) == 7
    assert np.bincount(whole.pattern).max() == width
    chunks = [pattern_sums(part, None, np.full(3, 5.0)) for part in np.array_split(values, 7)]
    total = chunks[0]
    for chunk in chunks[1:]:
        total = add_sums(total, chunk)
    assert_same(total, whole)


@settings(deadline=None)
@given(values=incomplete(), seed=st.integers(0, 99))
def test_frequency_weights_equal_repeated_rows(values: Floats, seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 4, size=len(values))
    origin = np.full(values.shape[1], 5.0)
    weighted = pattern_sums(values, counts.astype(float), origin, squared=False)
    repeated = pattern_sums(np.repeat(values, counts, axis=0), None, origin)
    np.testing.assert_array_equal(weighted.observed, repeated.observed)
    np.testing.assert_allclose(weighted.sums, repeated.sums, rtol=ROUNDING)
    np.testing.assert_allclose(grams(weighted), grams(repeated), rtol=ROUNDING, atol=ROUNDING)


@settings(deadline=None)
@given(values=incomplete(), factor=st.floats(0.01, 100.0))
def test_rescaling_sampling_weights_changes_nothing(values: Floats, factor: float) -> None:
    origin = np.full(values.shape[1], 5.0)
    weights: Floats = 1.0 + np.arange(len(values), dtype=np.float64) % 3
    one, other = (
        pattern_moments(pattern_sums(values, w, origin), total=float(len(values)))
        for w in (weights, factor * weights)
    )
    np.testing.assert_allclose(one.weight, other.weight, rtol=1e-12)
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-12)
    np.testing.assert_allclose(grams(one), grams(other), rtol=ROUNDING, atol=ROUNDING)


@settings(deadline=None)
@given(values=incomplete())
def test_changing_units_equals_moments_of_changed_answers(values: Floats) -> None:
    p = values.shape[1]
    centre, scale = np.linspace(1.0, 8.0, p), np.linspace(0.5, 2.0, p)
    found = change_units(moments_of(values), centre, scale)
    expected = pattern_moments(pattern_sums((values - centre) / scale, None, np.zeros(p)))
    np.testing.assert_allclose(found.mean, expected.mean, atol=ROUNDING)
    np.testing.assert_allclose(found.covariance, expected.covariance, atol=1e-9)
    # products of four answers, up to 20^4
    np.testing.assert_allclose(grams(found), grams(expected), rtol=1e-9, atol=1e-7)


def test_rows_of_weight_zero_do_not_make_a_pattern() -> None:
    values = np.array([[1.0, 2.0], [3.0, np.nan]])
    sums = pattern_sums(values, np.array([1.0, 0.0]), np.zeros(2))
    assert sums.observed.tolist() == [[True, True]]
    assert sums.rows.tolist() == [1]


def test_joint_weight_counts_rows_that_answered_both() -> None:
    values = np.array([[1.0, 2.0, 3.0], [3.0, np.nan, 1.0], [np.nan, 4.0, np.nan]])
    assert moments_of(values).joint_weight.tolist() == [[2, 1, 2], [1, 2, 1], [2, 1, 2]]


def test_no_rows_make_no_patterns() -> None:
    moments = pattern_moments(pattern_sums(np.full((3, 2), np.nan), None, np.zeros(2)), total=0.0)
    assert (len(moments.rows), moments.n, moments.empty) == (0, 0.0, 3)


@pytest.mark.parametrize(
    ("values", "weights", "origin", "said"),
    [
        (np.ones((2, 2)), None, np.zeros(3), "origin"),
        (np.ones((2, 2)), np.ones(3), np.zeros(2), "one weight per row"),
        (np.ones((2, 2)), np.array([1.0, -1.0]), np.zeros(2), "not negative"),
        (np.ones((2, 2)), np.array([1.0, np.nan]), np.zeros(2), "finite"),
        (np.array([[np.inf]]), None, np.zeros(1), "finite"),
    ],
)
def test_unusable_input_is_refused(
    values: Floats, weights: Floats | None, origin: Floats, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        pattern_sums(values, weights, origin)


def test_sums_about_different_origins_do_not_add() -> None:
    one, other = (pattern_sums(np.ones((1, 1)), None, np.array([o])) for o in (0.0, 1.0))
    with pytest.raises(ValueError, match="origins"):
        add_sums(one, other)
