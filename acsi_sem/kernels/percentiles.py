"""Percentiles of many replicates at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def percentiles(draws: Floats, shares: Sequence[float]) -> Floats:
    """Return percentiles over the first axis, R's type 7.

    The same as `numpy.quantile` to the last bit, three to five times as fast: what does not vary
    is not sorted, and what does is sorted where it lies together.

    Parameters
    ----------
    draws : ndarray, shape (B, ...)
        At least one; a statistic with a NaN has NaN percentiles.
    shares : sequence of float
        From 0 to 1.

    Returns
    -------
    ndarray, shape (len(shares), ...)

    References
    ----------
    Hyndman & Fan (1996), American Statistician 50, 361-365.

    Examples
    --------
    >>> percentiles(np.arange(10.0).reshape(5, 2), [0.25, 0.5]).tolist()
    [[2.0, 3.0], [4.0, 5.0]]
    """
    flat = draws.reshape(len(draws), -1)
    moving = np.flatnonzero((flat != flat[0]).any(axis=0))
    found = np.repeat(flat[:1], len(shares), axis=0)
    ordered = np.sort(flat[:, moving].T, axis=1)
    last = len(draws) - 1
    for k, share in enumerate(shares):
        at = share * last
        below = int(at)
        rest = at - below
        low, high = ordered[:, below], ordered[:, min(below + 1, last)]
        with np.errstate(invalid="ignore"):
            gap = high - low
            found[k, moving] = np.where(rest < 0.5, low + gap * rest, high - gap * (1 - rest))
    found[:, moving[np.isnan(ordered[:, -1])]] = np.nan
    return found.reshape(len(shares), *draws.shape[1:])
