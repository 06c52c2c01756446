"""Batch-last linear algebra against LAPACK."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from acsi_sem.kernels.small_linalg import (
    correlation_pivots,
    invert_definite,
    last,
    pad_lone,
    product,
)

Floats = NDArray[np.float64]


def definite(batch: int, q: int) -> Floats:
    rng = np.random.default_rng(q)
    factor = rng.standard_normal((batch, q, q))
    return np.asarray(factor @ factor.mT + 0.5 * np.eye(q))


@pytest.mark.parametrize("q", [1, 2, 6, 13])
def test_inverse_and_pivots_agree_with_lapack(q: int) -> None:
    matrices = definite(5, q)
    inverse, pivots = invert_definite(last(matrices))
    # condition numbers below 1e4
    np.testing.assert_allclose(np.moveaxis(inverse, -1, 0), np.linalg.inv(matrices), rtol=1e-9)
    np.testing.assert_allclose(pivots.prod(axis=0), np.linalg.det(matrices), rtol=1e-9)


def test_a_pivot_of_an_indefinite_matrix_is_not_positive() -> None:
    matrix = definite(1, 4)
    matrix[0, 3, 3] = -1.0
    _, pivots = invert_definite(last(matrix))
    assert pivots.min() <= 0


def test_products_agree_with_matmul_whatever_the_batch() -> None:
    left, right = np.random.default_rng(1).standard_normal((2, 9, 4, 4))
    both = product(last(left), last(right))
    np.testing.assert_allclose(np.moveaxis(both, -1, 0), left @ right, atol=1e-14)
    for size in (2, 3, 8):
        part = product(last(left[:size]), last(right[:size]))
        np.testing.assert_array_equal(part, both[..., :size])
    lone = product(pad_lone(last(left[:1])), pad_lone(last(right[:1])))
    np.testing.assert_array_equal(lone[..., :1], both[..., :1])


def test_correlation_pivots_know_no_units_and_leave_their_input_alone() -> None:
    matrices = definite(3, 5)
    kept = matrices.copy()
    units = np.geomspace(1e-6, 1e6, 5)
    smallest, logs = correlation_pivots(matrices)
    scaled = correlation_pivots(matrices * np.outer(units, units))
    np.testing.assert_allclose(scaled[0], smallest, rtol=1e-12)
    np.testing.assert_allclose(scaled[1], logs, rtol=1e-12)
    scale = np.sqrt(np.einsum("bii->bi", matrices))
    correlation = matrices / (scale[:, :, None] * scale[:, None])
    np.testing.assert_allclose(logs, np.linalg.slogdet(correlation)[1], rtol=1e-12)
    np.testing.assert_array_equal(matrices, kept)
    correlation_pivots(matrices[:1])
    np.testing.assert_array_equal(matrices, kept)


def test_correlation_pivots_name_what_is_not_definite() -> None:
    good = np.eye(3)
    constant = np.diag([1.0, 0.0, 2.0])
    indefinite = np.eye(3) + 2 * (np.ones((3, 3)) - np.eye(3))
    holed = np.where(np.eye(3) > 0, np.nan, 0.0)
    negative = -np.eye(3)
    smallest, logs = correlation_pivots(np.stack([good, constant, indefinite, holed, negative]))
    assert smallest[0] == 1
    assert (smallest[[1, 2, 4]] <= 0).all()
    assert np.isnan(smallest[3])
    assert np.isfinite(logs).tolist() == [True, False, False, False, False]
