"""Weights from pairwise comparisons against Saaty's published matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from acsi_sem.kernels.ahp import (
    RANDOM_INDEX,
    contradiction,
    pool_experts,
    priorities,
    reciprocal,
)

Floats = NDArray[np.float64]


def full(upper: list[list[float]]) -> Floats:
    """A reciprocal matrix of what stands right of its diagonal, row by row."""
    made = np.eye(len(upper) + 1)
    for i, row in enumerate(upper):
        made[i, i + 1 :] = row
        made[i + 1 :, i] = 1 / np.array(row)
    return made


# Saaty (1990), EJOR 48, 9-26, table 2: buying a house by size, transportation, neighbourhood, age,
# yard, modern facilities, condition, financing.
HOUSE = full(
    [
        [5, 3, 7, 6, 6, 1 / 3, 1 / 4],
        [1 / 3, 5, 3, 3, 1 / 5, 1 / 7],
        [6, 3, 4, 6, 1 / 5],
        [1 / 3, 1 / 4, 1 / 7, 1 / 8],
        [1 / 2, 1 / 5, 1 / 6],
        [1 / 5, 1 / 6],
        [1 / 2],
    ]
)
# Saaty (2008), Int. J. Services Sciences 1, 83-98, table 3: how much is drunk in the United
# States of coffee, wine, tea, beer, sodas, milk and water.
DRINKS = full(
    [
        [9, 5, 2, 1, 1, 1 / 2],
        [1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9],
        [1 / 3, 1 / 4, 1 / 3, 1 / 9],
        [1 / 2, 1, 1 / 3],
        [2, 1 / 2],
        [1 / 3],
    ]
)
PUBLISHED = 6e-4
"""Half a unit in the third decimal, which is what is printed, and a little arithmetic."""


def test_house_as_published() -> None:
    found = priorities(HOUSE[None])
    printed = [0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333]
    np.testing.assert_allclose(found.weights[0], printed, atol=PUBLISHED)
    np.testing.assert_allclose(found.largest, 9.669, atol=PUBLISHED)
    np.testing.assert_allclose(found.index, 0.238, atol=PUBLISHED)
    np.testing.assert_allclose(found.ratio, 0.169, atol=PUBLISHED)


def test_drinks_as_published() -> None:
    found = priorities(DRINKS[None])
    printed = [0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327]
    np.testing.assert_allclose(found.weights[0], printed, atol=PUBLISHED)
    np.testing.assert_allclose(found.ratio, 0.022, atol=PUBLISHED)


def test_the_judgement_that_saaty_would_revise() -> None:
    """Neighbourhood against condition, 6, should be about 1/2; then the eigenvalue is 8.811.

    Saaty (2003), EJOR 145, 85-91.
    """
    i, j, implied = contradiction(HOUSE)
    assert (i, j) == (2, 6)
    assert 0.4 < implied < 0.6
    revised = HOUSE.copy()
    revised[2, 6], revised[6, 2] = 0.5, 2
    found = priorities(revised[None])
    # Printed with its fourth decimal cut, not rounded.
    np.testing.assert_allclose(found.largest, 8.811, atol=1e-3)
    assert found.ratio[0] < 0.1


def test_random_indices_are_the_published_ones() -> None:
    assert RANDOM_INDEX[3:] == (0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
    assert RANDOM_INDEX[:3] == (0, 0, 0)


def test_two_by_hand() -> None:
    """Weights 3/4 and 1/4; two judgements cannot contradict each other."""
    found = priorities(np.array([[[1.0, 3.0], [1 / 3, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]))
    np.testing.assert_allclose(found.weights, [[0.75, 0.25], [0.5, 0.5]], atol=1e-12)
    assert (found.ratio == 0).all()
    assert priorities(np.ones((1, 1, 1))).weights.tolist() == [[1.0]]


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 10 things"):
        priorities(np.ones((1, 11, 11)))
    for wrong in (np.ones((1, 2, 3)), np.zeros((1, 2, 2)), np.full((1, 2, 2), np.inf)):
        with pytest.raises(ValueError, match="square, finite and positive"):
            priorities(wrong)


matrices = st.integers(3, 7).flatmap(
    lambda n: st.lists(
        st.sampled_from([1 / 9, 1 / 5, 1 / 3, 1 / 2, 1, 2, 3, 5, 9]),
        min_size=n * (n - 1) // 2,
        max_size=n * (n - 1) // 2,
    ).map(lambda entries: full(_rows(entries, n)))
)


def _rows(entries: list[float], n: int) -> list[list[float]]:
    left = iter(entries)
    return [[next(left) for _ in range(n - 1 - i)] for i in range(n - 1)]


@settings(max_examples=60, deadline=None)
@given(matrices, st.randoms(use_true_random=False))
def test_weights_follow_the_order_of_what_is_compared(matrix: Floats, chance: object) -> None:
    n = matrix.shape[0]
    order = np.random.default_rng(n).permutation(n)
    found, turned = priorities(matrix[None]), priorities(matrix[np.ix_(order, order)][None])
    np.testing.assert_allclose(turned.weights[0], found.weights[0][order], atol=1e-9)
    np.testing.assert_allclose(turned.ratio, found.ratio, atol=1e-9)
    assert abs(found.weights.sum() - 1) < 1e-12
    assert found.largest[0] >= n
    np.testing.assert_allclose(matrix @ found.weights[0], found.largest * found.weights[0])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.05, 1), min_size=3, max_size=8))
def test_judgements_without_contradiction_give_their_weights(weights: list[float]) -> None:
    given_ = np.array(weights)
    found = priorities((given_[:, None] / given_)[None])
    np.testing.assert_allclose(found.weights[0], given_ / given_.sum(), atol=1e-9)
    assert found.ratio[0] < 1e-9


def test_experts_pool_to_a_reciprocal_matrix() -> None:
    """Two experts of opposite judgement cancel out."""
    pooled = pool_experts(np.stack([HOUSE, HOUSE.T]))
    np.testing.assert_allclose(pooled, np.ones((8, 8)), atol=1e-12)
    np.testing.assert_allclose(pool_experts(HOUSE[None]), HOUSE, rtol=1e-12)
    np.testing.assert_allclose(reciprocal(HOUSE), HOUSE, rtol=1e-12)


def test_an_element_does_not_depend_on_its_neighbours() -> None:
    alone = priorities(HOUSE[None]).weights[0]
    among = priorities(np.stack([HOUSE.T, HOUSE, HOUSE.T])).weights[1]
    assert alone.tobytes() == among.tobytes()
