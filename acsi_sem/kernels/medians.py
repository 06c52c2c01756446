"""Weighted means and medians of one column under many weightings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TIE = 1e-12
"""Shares of the whole weight nearer than this are equal: cumulated sums round."""


def weighted_mean(weights: Floats, values: Floats) -> Floats:
    """Return weighted means of the known values.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        Not negative; their scale does not matter.
    values : ndarray, shape (n,)
        In any unit; NaN where unknown.

    Returns
    -------
    ndarray, shape (B,)
        In the unit of the values; NaN where no known value has weight.

    Examples
    --------
    >>> weighted_mean(np.array([[1.0, 1.0, 2.0]]), np.array([2.0, 4.0, np.nan]))
    array([3.])
    """
    known = np.flatnonzero(~np.isnan(values))
    own = np.ascontiguousarray(weights[:, known])
    whole = own.sum(axis=1)
    mean: Floats = (own * values[known]).sum(axis=1) / np.where(whole > 0, whole, np.nan)
    return mean


def weighted_median(weights: Floats, values: Floats) -> Floats:
    """Return weighted medians of the known values.

    Where the cumulated weight meets one half exactly, the median is midway between the value there
    and the next one, so whole weights count as repeated rows and equal weights give the common
    median.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        Not negative; their scale does not matter.
    values : ndarray, shape (n,)
        In any unit; NaN where unknown.

    Returns
    -------
    ndarray, shape (B,)
        In the unit of the values; NaN where no known value has weight.

    Examples
    --------
    >>> weighted_median(np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 5.0]]),
    ...                 np.array([1.0, 2.0, 4.0, 9.0]))
    array([3., 9.])
    """
    order = np.argsort(values, kind="stable")[: int((~np.isnan(values)).sum())]
    if not order.size:
        return np.full(len(weights), np.nan)
    ordered = values[order]
    reached = np.cumsum(weights[:, order], axis=1)
    whole = reached[:, -1:]
    low = _first(reached >= (0.5 - TIE) * whole)
    high = _first(reached > (0.5 + TIE) * whole)
    median: Floats = (ordered[low] + ordered[high]) / 2
    return np.where(whole[:, 0] > 0, median, np.nan)


def _first(true: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.asarray(true.argmax(axis=1))
