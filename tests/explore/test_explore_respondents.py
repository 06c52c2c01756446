"""Straight lines, duplicates."""

from __future__ import annotations

import numpy as np
import pytest
from explore_cases import answers, questions

from acsi_sem.methods.explore.answers import Answers
from acsi_sem.methods.explore.respondents import (
    COUNTED,
    FEW_ANSWERS,
    blocks_of,
    duplicates,
    longest_runs,
    repeated_ids,
    straight_lines,
)

NO_TRAITS = np.zeros((0, 0), dtype=np.intp)


def test_straight_lines_by_hand() -> None:
    values = np.array([[7, 7, 7], [7, 7, 3], [2, 2, 2], [5, np.nan, 5]], dtype=float)
    found = straight_lines(answers(values, np.array([1.0, 1.0, 2.0, 9.0])), "b", (0, 1, 2))
    assert (found.n, found.straight, found.longest) == (3, 2, 3)
    assert found.share == pytest.approx(3 / 4)
    assert found.mean_run == pytest.approx((3 + 2 + 2 * 3) / 4)


def test_nobody_answered_all() -> None:
    found = straight_lines(answers(np.full((3, 3), np.nan)), "b", (0, 1, 2))
    assert (found.n, found.straight, found.longest) == (0, 0, 0)
    assert np.isnan(found.share)


def test_runs_do_not_cross_gaps() -> None:
    gap = np.nan
    values = np.array([[1, 1, gap, 1, 1, 1], [gap] * 6, [1, 2, 3, 4, 5, 6]], dtype=float)
    assert longest_runs(values).tolist() == [3, 0, 1]


def test_blocks_share_a_scale_and_have_three_questions() -> None:
    wide = questions("a", "a", "a", "b", "b")
    asked = (*wide, *questions("a", low=0, high=1))
    found = blocks_of(Answers(asked, np.zeros((1, 6)), np.ones(1)))
    assert found == (("", (0, 1, 2, 3, 4)), ("a", (0, 1, 2)))


def eight(rows: list[int]) -> np.ndarray:
    """Return rows of eight answers: each is told by its number."""
    return np.array([[row % 10 + 1] * 4 + [row // 10 + 1] * 4 for row in rows], dtype=float)


def test_duplicates_are_sets_of_equal_rows() -> None:
    values = eight([11, 23, 11, 11, 45, 23])
    traits = np.array([[0], [0], [0], [0], [0], [1]])
    found = duplicates(answers(values), traits)
    # 11 is a straight line (2s throughout); 23 differs by its trait.
    assert (found.sets, found.surplus, found.largest, found.varied) == (1, 2, 3, 0)
    assert found.places == (2, 3)
    without = duplicates(answers(values), traits[:, :0])
    assert (without.sets, without.surplus, without.varied) == (2, 3, 1)


def test_duplicates_need_answers_and_single_respondents() -> None:
    assert duplicates(answers(np.ones((4, 7))), NO_TRAITS).note == FEW_ANSWERS
    counted = answers(eight([1, 1]), np.array([2.0, 1.0]), frequency=True)
    assert duplicates(counted, NO_TRAITS).note == COUNTED
    blank = answers(np.full((3, 9), np.nan))
    assert duplicates(blank, np.zeros((3, 0), dtype=np.intp)).surplus == 0


def test_repeated_ids() -> None:
    found = repeated_ids(("a", "b", "", "a", ""))
    assert (found.sets, found.surplus, found.places) == (1, 1, (3,))
