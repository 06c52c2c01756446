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


@given(TABLES, st.integers(2, 100))
@settings(max_examples=200, deadline=None)
def test_no_line_hides_a_single_cell(counts: np.ndarray, minimum: int) -> None:
    state = suppress(counts, minimum)
    hidden = (state != PUBLISHED) & (counts > 0)
    assert ((state == SMALL) == ((counts > 0) & (counts < minimum))).all()
    lines = list(zip(counts, hidden, strict=True))
    if counts.shape[0] > 1:
        lines += list(zip(counts.T, hidden.T, strict=True))
    for line, held in lines:
        filled = int((line > 0).sum())
        assert held.sum() != 1 or filled == 1


@given(TABLES)
@settings(max_examples=50, deadline=None)
def test_nothing_is_held_without_cause(counts: np.ndarray) -> None:
    assert (suppress(counts + 50, 50) == PUBLISHED).all()


def test_the_smallest_neighbour_protects() -> None:
    assert_array_equal(
        suppress(np.array([[10.0, 90.0, 60.0, 0.0]]), 50), [[SMALL, 0, SECONDARY, 0]]
    )


def test_protection_runs_across_groups_too() -> None:
    counts = np.array([[10.0, 80.0, 90.0], [70.0, 60.0, 90.0]])
    state = suppress(counts, 50)
    assert state[0, 0] == SMALL
    assert state[1, 0] == SECONDARY
    assert (state != PUBLISHED).sum(axis=1).tolist() == [2, 2]


@pytest.mark.parametrize("counts", [np.zeros((2, 3)), np.array([[3.0]])])
def test_degenerate_tables_end(counts: np.ndarray) -> None:
    assert suppress(counts, 50).shape == counts.shape
