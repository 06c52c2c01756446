"""Weighted means of independent readings: levels of a nation, rolling windows, their changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Aggregates:
    """Weighted means and their precision.

    Attributes
    ----------
    index : ndarray
        NaN where there is nothing to average.
    variance : ndarray
        Same shape; NaN where a part that counts has none.
    freedom : ndarray
        Same shape; Welch-Satterthwaite, infinite where every part's is.
    """

    index: Floats
    variance: Floats
    freedom: Floats


def weights_within(known: NDArray[np.bool_], shares: Floats, parents: Ints, count: int) -> Floats:
    """Return what each unit weighs within its parent among the units that have a reading.

    Parameters
    ----------
    known : ndarray of bool, shape (U, B)
        Which units have a reading, in each element of the batch.
    shares : ndarray, shape (U,)
        In any unit, zero or more.
    parents : ndarray of int, shape (U,)
        Each below `count`.
    count : int
        Number of parents.

    Returns
    -------
    ndarray, shape (U, B)
        Sums to one within a parent; zero for units without a reading, and throughout a parent
        whose readings weigh nothing.

    Examples
    --------
    >>> known = np.array([[True], [True], [False]])
    >>> weights_within(known, np.array([1.0, 3.0, 4.0]), np.array([0, 0, 0]), 1).T
    array([[0.25, 0.75, 0.  ]])
    """
    present = np.where(known, shares[:, None], 0.0)
    totals = _sums(present, parents, count)[parents]
    found: Floats = np.divide(present, totals, out=np.zeros_like(present), where=totals > 0)
    return found


def roll_level(
    parts: Aggregates, shares: Floats, share_errors: Floats, parents: Ints, count: int
) -> Aggregates:
    """Average the units of a level into their parents.

    Parameters
    ----------
    parts : Aggregates, arrays of shape (U, B)
        NaN indices are left out and the other shares stretched over them.
    shares, share_errors : ndarray, shape (U,)
        What a unit weighs, zero or more, and its standard error in the same unit (0: known).
    parents : ndarray of int, shape (U,)
        Each below `count`.
    count : int
        Number of parents, P.

    Returns
    -------
    Aggregates, arrays of shape (P, B)

    Notes
    -----
    With I = sum_f S_f I_f / S and independent readings and shares, the derivatives are a_f = S_f/S
    by I_f and d_f/S by S_f, where d_f = I_f - I. So Var(I) = sum_f a_f^2 V_f + sum_f d_f^2 s_f^2 /
    S^2, to the first order in the shares. A V_f that is such a variance itself carries the shares
    below it upward by the same chain rule, because no share enters two levels. Freedom is
    Var^2 / sum_f (a_f^2 V_f)^2 / v_f, the shares' part counted as infinite; taken level by level it
    equals the same formula over all readings at once.

    References
    ----------
    Satterthwaite (1946), Biometrics Bulletin 2, 110-114.

    Examples
    --------
    >>> parts = Aggregates(np.array([[70.0], [80.0]]), np.array([[1.0], [4.0]]),
    ...                    np.full((2, 1), np.inf))
    >>> rolled = roll_level(parts, np.array([3.0, 1.0]), np.zeros(2), np.array([0, 0]), 1)
    >>> rolled.index[0, 0].item(), rolled.variance[0, 0].item()
    (72.5, 0.8125)
    """
    known = np.isfinite(parts.index)
    weights = weights_within(known, shares, parents, count)
    used = weights > 0
    index = _sums(np.where(used, weights * parts.index, 0.0), parents, count)
    pieces = np.where(used, weights**2 * parts.variance, 0.0)
    totals = _sums(np.where(known, shares[:, None], 0.0), parents, count)
    empty = ~(totals > 0)
    index[empty] = np.nan
    slopes = np.where(known, parts.index - index[parents], 0.0) / np.where(
        empty, np.nan, totals
    ).take(parents, axis=0)
    # A parent whose readings weigh nothing has no index, hence no slope either.
    drift = np.where(known & (share_errors[:, None] > 0), slopes * share_errors[:, None], 0.0)
    variance = _sums(pieces + drift**2, parents, count)
    variance[empty] = np.nan
    spread = _sums(_shares_of_freedom(pieces, parts.freedom), parents, count)
    return Aggregates(index, variance, _freedom(variance, spread))


def combine(
    coefficients: Floats, parts: Aggregates, extra_variance: Floats | float = 0.0
) -> Aggregates:
    """Form linear combinations of independent readings.

    Parameters
    ----------
    coefficients : ndarray, shape (L, R) or (L, R, B)
        A reading with coefficient zero does not count, known or not.
    parts : Aggregates, arrays of shape (R, B)
    extra_variance : ndarray, shape (L, B), or float
        Added to the variances, with infinite freedom.

    Returns
    -------
    Aggregates, arrays of shape (L, B)
        NaN where a reading that counts is.

    Notes
    -----
    Var = sum_r c_r^2 V_r. With c the difference of two periods' weights this is the variance of the
    change of a rolling index: what both windows share cancels.

    Examples
    --------
    >>> parts = Aggregates(np.array([[70.0], [72.0], [75.0]]), np.ones((3, 1)),
    ...                    np.full((3, 1), 9.0))
    >>> change = combine(np.array([[-0.5, 0.0, 0.5]]), parts)
    >>> change.index[0, 0].item(), change.variance[0, 0].item(), change.freedom[0, 0].item()
    (2.5, 0.5, 18.0)
    """
    weights = coefficients if coefficients.ndim == parts.index.ndim + 1 else coefficients[..., None]
    used = weights != 0
    index = np.where(used, weights * parts.index, 0.0).sum(axis=1)
    pieces = np.where(used, weights**2 * parts.variance, 0.0)
    variance = pieces.sum(axis=1) + extra_variance
    spread = _shares_of_freedom(pieces, parts.freedom).sum(axis=1)
    return Aggregates(index, variance, _freedom(variance, spread))


def aggregate_draws(weights: Floats, draws: Floats) -> Floats:
    """Average replicates of independent units into replicates of their aggregate.

    Parameters
    ----------
    weights : ndarray, shape (L, U)
        A unit of weight zero does not count.
    draws : ndarray, shape (U, B)
        Replicates of each unit, drawn independently of the others'.

    Returns
    -------
    ndarray, shape (L, B)

    Examples
    --------
    >>> aggregate_draws(np.array([[0.5, 0.5, 0.0]]), np.array([[70.0], [80.0], [np.nan]]))
    array([[75.]])
    """
    used = weights[:, :, None] != 0
    found: Floats = np.where(used, weights[:, :, None] * draws, 0.0).sum(axis=1)
    return found


def effective_size(weights: Floats, sizes: Floats, parents: Ints, count: int) -> Floats:
    """Return the effective number of interviews of each parent, 1 / sum_f a_f^2 / n_f.

    Parameters
    ----------
    weights : ndarray, shape (U, B)
        Within the parent, as of `weights_within`.
    sizes : ndarray, shape (U, B)
        Effective numbers of the units.
    parents : ndarray of int, shape (U,)
    count : int

    Returns
    -------
    ndarray, shape (P, B)
        NaN where no unit counts.

    Examples
    --------
    >>> effective_size(np.full((2, 1), 0.5), np.full((2, 1), 250.0), np.array([0, 0]), 1)
    array([[500.]])
    """
    used = weights > 0
    pieces = np.divide(weights**2, sizes, out=np.zeros_like(weights), where=used)
    total = _sums(pieces, parents, count)
    found: Floats = np.divide(1.0, total, out=np.full_like(total, np.nan), where=total > 0)
    return found


def _shares_of_freedom(pieces: Floats, freedom: Floats) -> Floats:
    """Return the squares of pieces of a variance over their freedoms; zero for infinite ones."""
    known = np.isfinite(freedom) & (pieces != 0)
    found: Floats = np.divide(pieces**2, freedom, out=np.zeros_like(pieces), where=known)
    return found


def _freedom(variance: Floats, spread: Floats) -> Floats:
    found = np.divide(variance**2, spread, out=np.full_like(variance, np.inf), where=spread > 0)
    found[np.isnan(variance)] = np.nan
    return found


def _sums(values: Floats, parents: Ints, count: int) -> Floats:
    """Add rows by parent, in row order, so that no column depends on its neighbours."""
    total = np.zeros((count, values.shape[1]))
    np.add.at(total, parents, values)
    return total
