"""How far two systems put the same groups in one order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _signs(values: Floats) -> Floats:
    """Return the order of every pair, shape (B, k(k-1)/2): 1, 0 for a tie, -1."""
    first, second = np.triu_indices(values.shape[1], 1)
    return np.asarray(np.sign(values[:, first] - values[:, second]))


def _mid_ranks(values: Floats) -> Floats:
    """Return ranks from 1, ties sharing their mean; shape (B, k)."""
    below = (values[:, None, :] < values[:, :, None]).sum(axis=2)
    equal = (values[:, None, :] == values[:, :, None]).sum(axis=2)
    ranks: Floats = below + (equal + 1) / 2.0
    return ranks


def _cosine(first: Floats, second: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return the cosines of rows; NaN where a row is nought or not `known`."""
    size = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    usable = known & (size > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = (first * second).sum(axis=1) / np.where(usable, size, np.nan)
    return found


def spearman(one: Floats, other: Floats) -> Floats:
    """Return Spearman's rank correlation of B pairs of k numbers.

    Parameters
    ----------
    one, other : ndarray, shape (B, k)

    Returns
    -------
    ndarray, shape (B,)
        NaN where a side is constant or has a NaN.

    References
    ----------
    Spearman (1904), American Journal of Psychology 15, 72-101.

    Examples
    --------
    >>> spearman(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 3.0, 2.0]]))
    array([0.5])
    """
    known = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    first, second = (_mid_ranks(part) for part in (one, other))
    first, second = (part - part.mean(axis=1, keepdims=True) for part in (first, second))
    return _cosine(first, second, np.asarray(known))


def kendall(one: Floats, other: Floats) -> Floats:
    """Return Kendall's tau-b of B pairs of k numbers.

    Parameters
    ----------
    one, other : ndarray, shape (B, k)

    Returns
    -------
    ndarray, shape (B,)
        NaN where a side is constant or has a NaN.

    References
    ----------
    Kendall (1945), Biometrika 33, 239-251.

    Examples
    --------
    >>> kendall(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 3.0, 2.0]])).round(4)
    array([0.3333])
    """
    known = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    first, second = _signs(one), _signs(other)
    return _cosine(first, second, np.asarray(known))


def reversed_pairs(one: Floats, other: Floats) -> Floats:
    """Return the share of pairs of groups that two systems put in opposite order.

    Parameters
    ----------
    one, other : ndarray, shape (B, k)

    Returns
    -------
    ndarray, shape (B,)
        Between 0 and 1; NaN where a side has a NaN.

    Examples
    --------
    >>> reversed_pairs(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 3.0, 2.0]])).round(4)
    array([0.3333])
    """
    known = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    with np.errstate(invalid="ignore"):
        share = (_signs(one) * _signs(other) < 0).mean(axis=1)
    return np.asarray(np.where(known, share, np.nan))
