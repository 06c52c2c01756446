"""Linear algebra of many small matrices, batch last.

Each scalar or row step is one vector operation over the whole batch, which for matrices of rank
below about ten is much faster than a stacked LAPACK call. Sums run in a fixed order, element by
element: what comes out for one batch element does not depend on its neighbours, to the last bit,
as long as a batch has two elements or more (`pad_lone`).
"""

from __future__ import annotations

import numpy as np

from acsi_sem.kernels.lisrel import Floats


def last(array: Floats) -> Floats:
    """Return a contiguous copy with the batch axis moved from the front to the end."""
    return np.moveaxis(array, 0, -1).copy()


def pad_lone(array: Floats) -> Floats:
    """Return the array (..., B) with a lone batch element doubled; others as they are.

    `numpy.einsum` with a batch axis of length one would sum along another axis, in another order.
    """
    return np.repeat(array, 2, axis=-1) if array.shape[-1] == 1 else array


def product(left: Floats, right: Floats) -> Floats:
    """Multiply matrices.

    Parameters
    ----------
    left : ndarray, shape (m, k, B)
    right : ndarray, shape (k, n, B)

    Returns
    -------
    ndarray, shape (m, n, B)

    Examples
    --------
    >>> product(np.array([[[1.0], [2.0]]]), np.array([[[3.0]], [[4.0]]])).tolist()
    [[[11.0]]]
    """
    return np.asarray(np.einsum("ikb,kjb->ijb", left, right))


def invert_definite(matrix: Floats) -> tuple[Floats, Floats]:
    """Invert symmetric positive definite matrices by Gauss-Jordan sweeps.

    Parameters
    ----------
    matrix : ndarray, shape (q, q, B)
        Of order one on the diagonal; needs no pivoting when positive definite.

    Returns
    -------
    inverse : ndarray, shape (q, q, B)
    pivots : ndarray, shape (q, B)
        Their product is the determinant; all are positive exactly if the matrix is positive
        definite. Where one is not, neither inverse nor later pivots mean anything.

    Examples
    --------
    >>> inverse, pivots = invert_definite(np.array([[[2.0], [1.0]], [[1.0], [2.0]]]))
    >>> (3 * inverse[:, :, 0]).round(12).tolist(), pivots[:, 0].tolist()
    ([[2.0, -1.0], [-1.0, 2.0]], [2.0, 1.5])
    """
    inverse = matrix.copy()
    q = len(inverse)
    pivots = np.empty(inverse.shape[1:])
    term = np.empty_like(inverse)
    with np.errstate(all="ignore"):
        for k in range(q):
            pivots[k] = inverse[k, k]
            column = inverse[:, k] / pivots[k]
            np.multiply(column[:, None], inverse[k], out=term)
            inverse -= term
            inverse[k], inverse[:, k] = column, column
            inverse[k, k] = -1.0 / pivots[k]
    np.negative(inverse, out=inverse)
    return inverse, pivots


def correlation_pivots(covariance: Floats) -> tuple[Floats, Floats]:
    """Judge how far covariance matrices are from singular, whatever the units.

    Parameters
    ----------
    covariance : ndarray, shape (B, p, p)

    Returns
    -------
    smallest : ndarray, shape (B,)
        Smallest variance share of a variable that those before it leave unexplained: at most 0
        where the matrix is not positive definite; NaN where a number is missing.
    log_determinant : ndarray, shape (B,)
        Of the correlation matrix; NaN where not positive definite.

    Examples
    --------
    >>> smallest, log = correlation_pivots(np.array([[[4.0, 1.0], [1.0, 1.0]]]))
    >>> smallest.tolist(), np.exp(log).round(12).tolist()
    ([0.75], [0.75])
    """
    left = last(covariance)
    smallest, log_determinant = np.full(left.shape[-1], np.inf), np.zeros(left.shape[-1])
    variances = np.einsum("iib->ib", left).copy()
    with np.errstate(all="ignore"):
        for k in range(len(left)):
            pivot = left[k, k] / variances[k]
            # a variable without variance has no share to leave
            pivot = np.where(variances[k] <= 0, 0.0, pivot)
            smallest = np.fmin(smallest, pivot)  # after a pivot of 0 there may be NaN
            log_determinant += np.log(pivot)
            below = left[k + 1 :, k] / left[k, k]
            left[k + 1 :, k + 1 :] -= below[:, None] * left[k, k + 1 :]
        failed = ~(smallest > 0)
    missing = ~np.isfinite(covariance).all(axis=(-2, -1))
    smallest[missing] = np.nan
    smallest[failed & ~missing] = np.minimum(smallest[failed & ~missing], 0.0)
    log_determinant[failed | missing] = np.nan
    return smallest, log_determinant
