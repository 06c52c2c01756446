"""Suppression: nothing small is shown, nothing small can be worked out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from acsi_sem.indices.suppression import PUBLISHED, SECONDARY, SMALL, suppress

TABLES = arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    elements=st.integers(0, 200).map(float),
)


def with_whole(counts: np.ndarray) -> np.ndarray:
    """Put the whole survey above its groups, as the tables have it."""
    return np.vstack([counts.sum(axis=0), counts])


@given(TABLES, st.integers(2, 100))
@settings(max_examples=200, deadline=None)
def test_no_line_hides_too_little(counts: np.ndarray, minimum: int) -> None:
    table = with_whole(counts)
    state = suppress(table, minimum)
    hidden = (state != PUBLISHED) & (table > 0)
    assert ((state == SMALL) == ((table > 0) & (table < minimum))).all()
    only = (table > 0) & ((table > 0).sum(axis=1, keepdims=True) == 1)
    for line, held, known in [
        *zip(table, hidden, only, strict=True),
        *zip(table.T, hidden.T, only.T, strict=True),
    ]:
        unprotected = held.sum() == 1 or 0 < line[held].sum() < minimum
        assert not unprotected or not ((line > 0) & ~held & ~known).any()


@given(TABLES)
@settings(max_examples=50, deadline=None)
def test_nothing_is_held_without_cause(counts: np.ndarray) -> None:
    assert (suppress(with_whole(counts + 50), 50) == PUBLISHED).all()


def test_the_smallest_neighbour_protects() -> None:
    state = suppress(np.array([[10.0, 90.0, 60.0, 0.0]]), 50)
    assert_array_equal(state, [[SMALL, PUBLISHED, SECONDARY, PUBLISHED]])


def test_few_together_are_still_few() -> None:
    state = suppress(np.array([[3.0, 4.0, 300.0, 80.0]]), 50)
    assert_array_equal(state, [[SMALL, SMALL, PUBLISHED, SECONDARY]])


def test_protection_runs_across_groups_too() -> None:
    state = suppress(with_whole(np.array([[10.0, 80.0, 90.0], [70.0, 60.0, 90.0]])), 50)
    assert state[1, 0] == SMALL
    for line in (*state, state[:, 0]):
        assert (line != PUBLISHED).sum() != 1


def test_a_groups_only_category_cannot_protect_another() -> None:
    # Group B answers in one category only: its cell equals its published index.
    table = with_whole(np.array([[40.0, 100.0, 60.0], [0.0, 0.0, 300.0]]))
    state = suppress(table, 50)
    assert state[2, 2] == PUBLISHED
    assert state[1, 0] == SMALL
    hidden = state != PUBLISHED
    assert hidden[1].sum() >= 2  # in the row of A
    assert hidden[0, 0]  # A's cell is all of category 1
    third = hidden[:, 2]
    assert third.sum() != 1


@pytest.mark.parametrize("counts", [np.zeros((2, 3)), np.array([[3.0]])])
def test_degenerate_tables_end(counts: np.ndarray) -> None:
    assert suppress(counts, 50).shape == counts.shape
