"""From replicates to standard errors and limits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.moments import Floats

FAILED_SHARE = 0.05
"""With more failed replicates than this the limits are withheld; the standard error stays."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Spread of a statistic over replicates: standard error and limits, arrays of one shape."""

    std_error: Floats
    low: Floats
    high: Floats


def no_spread(shape: tuple[int, ...]) -> Spread:
    """Return a spread that is withheld throughout."""
    empty = np.full(shape, np.nan)
    return Spread(empty, empty, empty)


def percentile_spread(draws: Floats, ok: NDArray[np.bool_], level: float) -> Spread:
    """Return the bootstrap standard error and percentile limits.

    Parameters
    ----------
    draws : ndarray, shape (B, ...)
        The statistic in each replicate.
    ok : ndarray of bool, shape (B,)
        Replicates that may be used.
    level : float
        Confidence level, e.g. 0.95.

    Returns
    -------
    Spread
        Arrays of the statistic's shape; NaN with fewer than two usable replicates. Limits are
        NaN when more than `FAILED_SHARE` of the replicates failed. Percentiles are R's type 7.

    References
    ----------
    Efron & Tibshirani (1993), ch. 13; Hyndman & Fan (1996), American Statistician 50, 361-365.

    Examples
    --------
    >>> spread = percentile_spread(np.arange(101.0), np.ones(101, bool), 0.9)
    >>> [round(float(limit), 6) for limit in (spread.low, spread.high)]
    [5.0, 95.0]
    """
    kept = draws[ok]
    if kept.shape[0] < 2:
        return no_spread(draws.shape[1:])
    std_error = kept.std(axis=0, ddof=1)
    if ok.mean() < 1 - FAILED_SHARE:
        empty = np.full(draws.shape[1:], np.nan)
        return Spread(std_error, empty, empty)
    tail = (1 - level) / 2
    low, high = np.quantile(kept, [tail, 1 - tail], axis=0)
    return Spread(std_error, low, high)


def two_sided_p(statistic: float) -> float:
    """Return the two-sided normal p-value of a z statistic.

    Examples
    --------
    >>> round(two_sided_p(1.959964), 6)
    0.05
    """
    return math.erfc(abs(statistic) / math.sqrt(2))
