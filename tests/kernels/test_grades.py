"""Shares of grades and their scores by hand; whole weights are repeated rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.kernels.grades import form_total, grade_shares, graded_scores

VALUES = np.array([100.0, 80.0, 60.0, 40.0, 20.0])


def test_by_hand() -> None:
    """Grades 0 0 1 2 4 with weights 1 1 2 1 5: points (2 x 100 + 2 x 80 + 60 + 5 x 20) / 10."""
    grades = np.array([[0], [0], [1], [2], [4], [-1]])
    shares = grade_shares(np.array([[1.0, 1, 2, 1, 5, 90]]), grades, 5)
    np.testing.assert_allclose(shares[0, 0], [0.2, 0.2, 0.1, 0, 0.5], atol=1e-15)
    np.testing.assert_allclose(graded_scores(shares, VALUES), [[52.0]])


def test_a_question_that_nobody_answered_has_no_score_and_no_total() -> None:
    grades = np.array([[0, -1], [1, -1]])
    scores = graded_scores(grade_shares(np.ones((1, 2)), grades, 5), VALUES)
    assert scores[0, 0] == 90
    assert np.isnan(scores[0, 1])
    assert np.isnan(form_total(scores, np.array([0.9, 0.1]))).all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4), st.integers(1, 4)), min_size=1),
)
def test_whole_weights_are_repeated_rows(rows: list[tuple[int, int, int]]) -> None:
    grades = np.array([row[:2] for row in rows])
    times = np.array([row[2] for row in rows])
    weighted = grade_shares(times[None].astype(float), grades, 5)
    repeated = grade_shares(np.ones((1, times.sum())), np.repeat(grades, times, axis=0), 5)
    np.testing.assert_allclose(weighted, repeated, atol=1e-12)
    known = np.isfinite(weighted).all(axis=-1)
    np.testing.assert_allclose(weighted.sum(axis=-1)[known], 1, atol=1e-12)
    points = graded_scores(weighted, VALUES)[known]
    assert ((points >= 20 - 1e-9) & (points <= 100 + 1e-9)).all()
