"""From replicates to standard errors and limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.bca import bca_limits
from acsi_sem.kernels.moments import Floats

FAILED_SHARE = 0.05
"""With more failed replicates than this the limits are withheld; the standard error stays."""


NOT_SMOOTH, ONE_SIDED, PAST_POLE, UNDEFINED = 1, 2, 3, 4
WITHHELD: Final = (
    "",
    "limits withheld: the estimate has no derivative at these answers, which BCa limits need",
    "limits withheld: every replicate lies on one side of the estimate",
    "limits withheld: the BCa correction is too large at this level",
    "limits withheld: the estimate is not defined in every replicate",
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Spread of a statistic over replicates: standard error and limits, arrays of one shape.

    `withheld` holds, in the same shape, why limits are NaN that the replicates as such allow:
    a place in `WITHHELD`. None: nowhere.
    """

    std_error: Floats
    low: Floats
    high: Floats
    withheld: NDArray[np.intp] | None = None

    def note(self, at: tuple[int, ...]) -> str:
        """Say why the limits of one element are withheld, or return an empty text."""
        return "" if self.withheld is None else WITHHELD[self.withheld[at]]


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
    errors = _errors_alone(kept)
    if kept.shape[0] < 2 or ok.mean() < 1 - FAILED_SHARE:
        return errors
    tail = (1 - level) / 2
    low, high = np.quantile(kept, [tail, 1 - tail], axis=0)
    return Spread(errors.std_error, low, high)


def _errors_alone(kept: Floats) -> Spread:
    """Return standard errors, where there are two replicates, and no limits."""
    empty = np.full(kept.shape[1:], np.nan)
    return Spread(kept.std(axis=0, ddof=1) if kept.shape[0] > 1 else empty, empty, empty)


def bca_spread(
    draws: Floats, point: Floats, accelerations: Floats, ok: NDArray[np.bool_], level: float
) -> Spread:
    """Return the bootstrap standard error and bias-corrected and accelerated limits.

    Parameters
    ----------
    draws : ndarray, shape (B, ...)
        The statistic in each replicate.
    point : ndarray, shape (...)
        The statistic in the sample.
    accelerations : ndarray, shape (...)
        From `acsi_sem.inference.influence`; NaN where the statistic is not smooth.
    ok : ndarray of bool, shape (B,)
        Replicates that may be used.
    level : float
        Confidence level, e.g. 0.95.

    Returns
    -------
    Spread
        The standard error of `percentile_spread`. Limits that are not defined are NaN, never
        replaced by percentiles, and `withheld` says why.

    References
    ----------
    Efron (1987), J. American Statistical Association 82, 171-185.

    Examples
    --------
    >>> spread = bca_spread(np.arange(101.0), np.array(50.0), np.array(0.0),
    ...                     np.ones(101, bool), 0.9)
    >>> [round(float(limit), 6) for limit in (spread.low, spread.high)]
    [5.0, 95.0]
    """
    kept = draws[ok]
    errors = _errors_alone(kept)
    if kept.shape[0] < 2 or ok.mean() < 1 - FAILED_SHARE:
        return errors
    flat = kept.reshape(kept.shape[0], -1)
    bend = np.where(np.isfinite(flat).all(axis=0), accelerations.ravel(), np.nan)
    limits = bca_limits(flat, point.ravel(), bend, level)
    low, high = limits.reshape(2, *point.shape)
    return Spread(errors.std_error, low, high, _reasons(kept, point, accelerations, low))


def _reasons(kept: Floats, point: Floats, accelerations: Floats, low: Floats) -> NDArray[np.intp]:
    """Return why limits are not defined, in order of precedence."""
    below = (kept < point).any(axis=0) & (kept > point).any(axis=0)
    reasons = np.where(np.isnan(low), PAST_POLE, 0)
    for why, where in (
        (ONE_SIDED, ~below),
        (NOT_SMOOTH, np.isnan(accelerations)),
        (UNDEFINED, ~np.isfinite(kept).all(axis=0)),
    ):
        reasons = np.where(np.isnan(low) & where, why, reasons)
    return reasons


def normal_spread(point: Floats, std_error: Floats, level: float) -> Spread:
    """Return normal limits about estimates with known standard errors.

    Examples
    --------
    >>> spread = normal_spread(np.array(1.0), np.array(0.5), 0.95)
    >>> round(float(spread.high), 3)
    1.98
    """
    reach = NormalDist().inv_cdf((1 + level) / 2) * std_error
    return Spread(std_error, point - reach, point + reach)


def two_sided_p(statistic: float) -> float:
    """Return the two-sided normal p-value of a z statistic.

    Examples
    --------
    >>> round(two_sided_p(1.959964), 6)
    0.05
    """
    return math.erfc(abs(statistic) / math.sqrt(2))
