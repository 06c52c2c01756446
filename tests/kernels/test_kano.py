"""Kano's table, all 25 pairs, and what follows from shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.kernels.kano import (
    CATEGORIES,
    better_worse,
    by_mode,
    by_sum,
    category_shares,
    classify,
)

# Berger et al. (1993); rows functional, columns dysfunctional: like, must be, neutral, live with,
# dislike; the three middle rows are alike.
LIKE, MIDDLE, DISLIKE = "QAAAO", "RIIIM", "RRRRQ"
PUBLISHED = LIKE + 3 * MIDDLE + DISLIKE


@pytest.mark.parametrize("pair", range(25))
def test_every_pair_of_answers(pair: int) -> None:
    found = classify(np.array([pair // 5]), np.array([pair % 5]))
    assert CATEGORIES[int(found[0])] == PUBLISHED[pair]


def test_half_a_pair_is_no_pair() -> None:
    assert classify(np.array([-1, 0, -1]), np.array([0, -1, -1])).tolist() == [-1, -1, -1]


def test_better_and_worse_by_hand() -> None:
    """10 M, 20 O, 30 A, 20 I, 15 R, 5 Q: better 50/80, worse -30/80."""
    better, worse = better_worse(np.array([10, 20, 30, 20, 15, 5]) / 100)
    assert float(better) == pytest.approx(0.625, abs=1e-12)
    assert float(worse) == pytest.approx(-0.375, abs=1e-12)


def test_only_reverse_and_questionable_answers_have_no_coefficients() -> None:
    better, worse = better_worse(np.array([0, 0, 0, 0, 0.5, 0.5]))
    assert np.isnan(better)
    assert np.isnan(worse)


@pytest.mark.parametrize(
    ("counts", "mode", "rule"),
    [
        ([3, 3, 3, 3, 0, 0], "M", "M"),
        ([0, 3, 3, 3, 0, 0], "O", "O"),
        ([0, 0, 3, 3, 0, 0], "A", "I"),
        ([2, 2, 2, 4, 0, 0], "I", "M"),
        ([0, 0, 4, 3, 3, 0], "A", "I"),
        ([0, 0, 1, 0, 5, 4], "R", "R"),
        ([0, 0, 0, 0, 0, 9], "Q", "Q"),
    ],
)
def test_ties_and_the_rule_of_sums(counts: list[int], mode: str, rule: str) -> None:
    shares = np.array(counts) / sum(counts)
    assert CATEGORIES[int(by_mode(shares))] == mode
    assert CATEGORIES[int(by_sum(shares))] == rule


def test_nobody_has_no_category() -> None:
    nobody = category_shares(np.ones((1, 2)), np.array([[-1], [-1]]))
    assert np.isnan(nobody).all()
    assert by_mode(nobody).tolist() == by_sum(nobody).tolist() == [[-1]]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-1, 4), st.integers(-1, 4), st.integers(1, 3)),
        min_size=1,
        max_size=40,
    )
)
def test_shares_sum_to_one_and_weights_repeat_rows(rows: list[tuple[int, int, int]]) -> None:
    data = np.array(rows)
    classes = classify(data[:, 0], data[:, 1])[:, None]
    weighted = category_shares(data[None, :, 2].astype(float), classes)
    repeated = np.repeat(classes, data[:, 2], axis=0)
    whole = category_shares(np.ones((1, len(repeated))), repeated)
    np.testing.assert_allclose(weighted, whole, atol=1e-12)
    if (classes >= 0).any():
        assert abs(weighted.sum() - 1) < 1e-12
        better, worse = better_worse(weighted)
        assert np.isnan(better).all() or (0 <= better[0, 0] <= 1 and -1 <= worse[0, 0] <= 0)
