"""Least squares of one block, as Mode B and the weight policies need it; batch last."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.regression import Floats, solve_positive

ROUNDS: Final = 500
"""Exchanges before an element is given up; blocks of twelve need about ten."""

PATIENCE: Final = 3
"""Full exchanges without progress before Murty's rule, which cannot cycle, takes over."""

ROUNDING: Final = 1e-14
"""Share of the largest covariance by which a multiplier may be negative from rounding."""


def least_squares(matrix: Floats, right: Floats, used: NDArray[np.bool_]) -> Floats:
    """Regress on the used variables only.

    Parameters
    ----------
    matrix : ndarray, shape (k, k, B)
        Correlations of the variables of a block.
    right : ndarray, shape (k, B)
        Their covariances with what is regressed.
    used : ndarray of bool, shape (k, B)

    Returns
    -------
    ndarray, shape (k, B)
        Zero where not used; NaN for elements whose used variables are collinear.

    Examples
    --------
    >>> r = np.array([[1.0, 0.5], [0.5, 1.0]])[:, :, None]
    >>> least_squares(r, np.array([[0.6], [0.3]]), np.array([[True], [False]])).tolist()
    [[0.6], [0.0]]
    """
    identity = np.eye(right.shape[0])[:, :, None]
    masked = np.where(used[:, None] & used[None], matrix, identity)
    return solve_positive(masked, np.where(used, right, 0.0))


def nonnegative_least_squares(matrix: Floats, right: Floats) -> Floats:
    """Minimise w'Rw / 2 - c'w over w >= 0, exactly.

    Parameters
    ----------
    matrix : ndarray, shape (k, k, B)
        R, positive definite, of order one on the diagonal.
    right : ndarray, shape (k, B)
        c.

    Returns
    -------
    ndarray, shape (k, B)
        The solution of `numpy.linalg.solve` in kind where that is non-negative. NaN for elements
        whose R is not positive definite.

    Notes
    -----
    Block principal pivoting: variables that break a sign condition change sides all at once;
    when that stops helping, only the last of them does, which ends after finitely many steps.

    References
    ----------
    Portugal, Judice & Vicente (1994), Mathematics of Computation 63, 625-643;
    Kim & Park (2011), SIAM Journal on Scientific Computing 33, 3261-3281.

    Examples
    --------
    >>> r = np.array([[1.0, 0.8], [0.8, 1.0]])[:, :, None]
    >>> nonnegative_least_squares(r, np.array([[0.5], [0.1]])).tolist()
    [[0.5], [0.0]]
    """
    k, batch = right.shape
    found = np.full((k, batch), np.nan)
    active = np.arange(batch)
    used = np.ones((k, batch), dtype=bool)
    best, patience = np.full(batch, k + 1), np.full(batch, PATIENCE)
    for _ in range(ROUNDS):
        weights = least_squares(matrix, right, used)
        wrong = _broken(matrix, right, weights, used)
        count = wrong.sum(axis=0)
        done = count == 0
        found[:, active[done]] = weights[:, done]
        if done.all():
            break
        patience = np.where(count < best, PATIENCE, patience - 1)
        best = np.minimum(count, best)
        used = used ^ np.where(patience >= 0, wrong, _last_only(wrong))
        left = ~done
        active, used, best, patience = active[left], used[:, left], best[left], patience[left]
        matrix, right = matrix[:, :, left], right[:, left]
    return found


def _broken(
    matrix: Floats, right: Floats, weights: Floats, used: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which variables are used with a negative weight or unused with a negative multiplier.

    A NaN breaks nothing: its element is done, and stays NaN.
    """
    multiplier = -right
    for column, weight in zip(matrix.swapaxes(0, 1), weights, strict=True):
        multiplier = multiplier + column * weight
    slack = ROUNDING * np.abs(right).max(axis=0)
    wrong: NDArray[np.bool_] = (used & (weights < 0)) | (~used & (multiplier < -slack))
    return wrong


def _last_only(wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the last True of each column."""
    later = np.cumsum(wrong[::-1], axis=0)[::-1]
    last: NDArray[np.bool_] = wrong & (later == 1)
    return last
