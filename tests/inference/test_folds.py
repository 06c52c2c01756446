"""Folds: balanced, keyed by respondent, blind to the order of rows and the scale of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from acsi_sem.errors import DataError, UsageError
from acsi_sem.inference.folds import Folds, deal_folds, key_order, respondent_keys
from acsi_sem.inference.sample import Ints
from acsi_sem.kernels.moments import Floats

ANSWERS = np.random.default_rng(1).integers(1, 11, size=(97, 3)).astype(float)
KEYS = respondent_keys(ANSWERS, None, None, None)
ONES = np.ones(97)


def deal(
    keys: tuple[str, ...] = KEYS,
    weights: Floats = ONES,
    frequency: bool = False,
    psu: Ints | None = None,
    **options: Any,
) -> Folds:
    """Deal with defaults."""
    wanted: dict[str, Any] = {"folds": 10, "repetitions": 3, "seed": 1, "study": "s"} | options
    return deal_folds(keys, weights, frequency, psu, **wanted)


def by_row(dealt: Folds, rows: int) -> Ints:
    """Return each row's fold, for rows of one respondent, shape (R, rows)."""
    found = np.empty((dealt.fold.shape[0], rows), dtype=np.intp)
    found[:, dealt.row] = dealt.fold
    return found


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 60), folds=st.integers(2, 12), seed=st.integers(0, 9))
def test_folds_are_balanced_to_one(n: int, folds: int, seed: int) -> None:
    if folds > n:
        return
    dealt = deal(tuple(map(str, range(n))), np.ones(n), folds=folds, seed=seed)
    sizes = dealt.counts(n).sum(axis=2)
    assert (sizes.sum(axis=1) == n).all()
    assert sizes.max() - sizes.min() <= 1


def test_every_respondent_is_in_one_fold_of_each_repetition() -> None:
    assert_array_equal(deal().counts(97).sum(axis=1), np.ones((3, 97)))


@pytest.mark.parametrize("change", [{"seed": 2}, {"study": "t"}])
def test_seed_study_and_repetition_deal_anew(change: dict[str, Any]) -> None:
    one, other = by_row(deal(), 97), by_row(deal(**change), 97)
    assert (one != other).mean() > 0.5  # nine in ten by chance
    assert (one[0] != one[1]).mean() > 0.5


def test_a_respondent_keeps_the_fold_when_rows_are_shuffled() -> None:
    ids = tuple(f"r{i}" for i in range(97))
    rows = np.random.default_rng(2).permutation(97)
    shuffled = deal(tuple(ids[i] for i in rows))
    assert_array_equal(by_row(shuffled, 97), by_row(deal(ids), 97)[:, rows])


def test_content_keys_give_the_same_folds_of_answers() -> None:
    values = ANSWERS[:, :1]  # ten different answers among 97 rows: many are alike
    rows = np.random.default_rng(3).permutation(97)
    one = deal(respondent_keys(values, None, None, None))
    other = deal(respondent_keys(values[rows], None, None, None))
    for repetition in range(3):
        for fold in range(10):
            kept = values[one.row[one.fold[repetition] == fold], 0]
            again = values[rows][other.row[other.fold[repetition] == fold], 0]
            assert_array_equal(np.sort(kept), np.sort(again))


def test_a_frequency_is_so_many_repeated_rows() -> None:
    frequency = np.random.default_rng(4).integers(1, 5, size=97)
    repeated = np.repeat(np.arange(97), frequency)
    counted = deal(weights=frequency.astype(float), frequency=True).counts(97)
    rows = deal(tuple(KEYS[i] for i in repeated), np.ones(repeated.size)).counts(repeated.size)
    found = np.add.reduceat(rows, np.cumsum(frequency) - frequency, axis=2)
    codes = np.unique(KEYS, return_inverse=True)[1]  # rows alike are interchangeable
    for repetition in range(3):
        for fold in range(10):
            assert_array_equal(
                np.bincount(codes, weights=counted[repetition, fold]),
                np.bincount(codes, weights=found[repetition, fold]),
            )


def test_rescaled_weights_deal_the_same_folds() -> None:
    weights = np.random.default_rng(5).random(97) + 0.1
    keys = respondent_keys(ANSWERS[:, :1], None, None, None)
    one, other = deal(keys, weights), deal(keys, weights * 7.3)
    assert_array_equal(one.row, other.row)
    assert_array_equal(one.fold, other.fold)


def test_whole_psus_are_dealt() -> None:
    psu = np.random.default_rng(6).integers(0, 25, size=97)
    folds = by_row(deal(psu=psu), 97)
    for unit in np.unique(psu):
        assert (np.ptp(folds[:, psu == unit], axis=1) == 0).all()
    units = [np.unique(psu[folds[0] == fold]).size for fold in range(10)]
    assert max(units) - min(units) <= 1


def test_keys_see_answers_strata_and_psus() -> None:
    values = np.array([[0.0, np.nan], [-0.0, np.nan], [0.0, 1.0]])
    zero = np.zeros(3, dtype=np.intp)
    plain = respondent_keys(values, zero, zero, None)
    assert plain[0] == plain[1] != plain[2]
    other = np.array([0, 1, 0])
    assert len(set(respondent_keys(values, other, zero, None))) == 3
    assert len(set(respondent_keys(values, zero, other, None))) == 3


def test_repeated_ids_are_refused() -> None:
    with pytest.raises(DataError, match="each id once, got 2 repeated \\('a', 'b'\\)"):
        respondent_keys(np.ones((5, 1)), None, None, ["b", "a", "c", "a", "b"])


def test_key_order_sorts_by_key_then_weight() -> None:
    assert_array_equal(key_order(["b", "a", "a"], np.array([1.0, 9.0, 2.0])), [2, 1, 0])


@pytest.mark.parametrize(
    ("options", "words"),
    [({"folds": 1}, "2 or more"), ({"repetitions": 0}, "1 or more"), ({"folds": 98}, "at most 97")],
)
def test_what_cannot_be_dealt_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        deal(**options)
