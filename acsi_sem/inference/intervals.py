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
from acsi_sem.kernels.percentiles import percentiles
from acsi_sem.kernels.replicate_designs import replicate_variance

FAILED_SHARE = 0.05
"""With more failed replicates than this the limits are withheld; the standard error stays."""


NOT_SMOOTH, ONE_SIDED, PAST_POLE, UNDEFINED, NO_SLOPE, LOST, NO_FREEDOM, NOT_SCALED = range(1, 9)
BENT, NOT_MADE = 9, 10
WITHHELD: Final = (
    "",
    "limits withheld: the estimate has no derivative at these answers, which BCa limits need",
    "limits withheld: every replicate lies on one side of the estimate",
    "limits withheld: the BCa correction is too large at this level",
    "limits withheld: the estimate is not defined in every replicate",
    "standard error withheld: the estimate has no derivative at these answers",
    "standard error withheld: the estimate is not defined in every replicate, all of which count",
    "standard error withheld: every stratum has a single unit (row or PSU) here",
    "limits withheld: too many replicates have no standard error of their own to studentise by",
    "standard error withheld: within its sampling error the estimate is too far from linear",
    "limits withheld: studentised limits are not made for this criterion",
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Spread of a statistic over replicates: standard error and limits, arrays of one shape.

    `withheld` holds, in the same shape, why limits, or the standard error with them, are NaN that
    the replicates as such allow: a place in `WITHHELD`. None: nowhere.
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
    low, high = percentiles(kept, [tail, 1 - tail])
    return Spread(errors.std_error, low, high, _holes(kept))


def _holes(kept: Floats) -> NDArray[np.intp]:
    """Return a reason where some replicates are not defined; where none is, nothing was asked."""
    known = np.isfinite(kept)
    return np.where(known.any(axis=0) & ~known.all(axis=0), UNDEFINED, 0)


def errors_only(draws: Floats, ok: NDArray[np.bool_], reason: int) -> Spread:
    """Return the standard errors of replicates without limits, which `reason` explains.

    Parameters
    ----------
    draws : ndarray, shape (B, ...)
    ok : ndarray of bool, shape (B,)
    reason : int
        A place in `WITHHELD`.

    Examples
    --------
    >>> errors_only(np.arange(5.0), np.ones(5, bool), NOT_MADE).note(())[:15]
    'limits withheld'
    """
    errors = _errors_alone(draws[ok])
    why = np.where(np.isnan(errors.std_error), UNDEFINED, reason)
    return Spread(errors.std_error, errors.low, errors.high, why)


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


def normal_spread(
    point: Floats, std_error: Floats, level: float, freedom: float | None = None
) -> Spread:
    """Return normal limits, or Student's, about estimates with known standard errors.

    Parameters
    ----------
    point, std_error : ndarray, shape (...)
    level : float
    freedom : float, optional
        Degrees of freedom of the standard errors; none for normal limits.

    Examples
    --------
    >>> spread = normal_spread(np.array(1.0), np.array(0.5), 0.95)
    >>> round(float(spread.high), 3)
    1.98
    >>> round(float(normal_spread(np.array(1.0), np.array(0.5), 0.95, 10).high), 3)
    2.114
    """
    reach = quantile((1 + level) / 2, freedom) * std_error
    return Spread(std_error, point - reach, point + reach)


def bootstrap_normal_spread(
    draws: Floats,
    point: Floats,
    ok: NDArray[np.bool_],
    level: float,
    freedom: float | None = None,
) -> Spread:
    """Return the bootstrap standard error, and normal limits about the estimate.

    Parameters as of `percentile_spread` and `normal_spread`; limits are withheld as there.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13.

    Examples
    --------
    >>> spread = bootstrap_normal_spread(np.array([1.0, 3.0]), np.array(2.0),
    ...                                  np.ones(2, bool), 0.95)
    >>> round(float(spread.std_error), 3), round(float(spread.high), 3)
    (1.414, 4.772)
    """
    kept = draws[ok]
    errors = _errors_alone(kept)
    if kept.shape[0] < 2 or ok.mean() < 1 - FAILED_SHARE:
        return errors
    made = normal_spread(point, errors.std_error, level, freedom)
    return Spread(made.std_error, made.low, made.high, _holes(kept))


def structured_spread(
    draws: Floats,
    point: Floats,
    ok: NDArray[np.bool_],
    level: float,
    coefficients: Floats,
    freedom: float | None = None,
) -> Spread:
    """Return standard errors and limits from jackknife, balanced or given replicates.

    Parameters
    ----------
    draws : ndarray, shape (R, ...)
    point : ndarray, shape (...)
        The estimate of the full sample, from which deviations are taken.
    ok : ndarray of bool, shape (R,)
    level : float
    coefficients : ndarray, shape (R,)
        From `acsi_sem.kernels.replicate_designs`.
    freedom : float, optional
        Degrees of freedom for Student's limits; without, they are normal.

    Returns
    -------
    Spread
        Withheld with a reason where any replicate failed: a sum without it would be too small.

    References
    ----------
    Wolter (2007), Introduction to Variance Estimation, ch. 3 and 4.

    Examples
    --------
    >>> halves = np.full(2, 0.5)
    >>> spread = structured_spread(np.array([1.0, 3.0]), np.array(2.0), np.ones(2, bool), 0.95,
    ...                            halves, 10)
    >>> float(spread.std_error), round(float(spread.high), 3)
    (1.0, 4.228)
    """
    usable = np.where(ok.reshape(-1, *(1,) * (draws.ndim - 1)), draws, np.nan)
    errors = np.sqrt(replicate_variance(usable, point, coefficients))
    return _reasoned(point, errors, level, freedom, np.isfinite(errors), LOST)


def linearised_spread(
    point: Floats,
    std_error: Floats,
    level: float,
    freedom: float,
    reasons: NDArray[np.intp] | int = NO_SLOPE,
) -> Spread:
    """Return Student's limits about estimates with linearised standard errors.

    Parameters
    ----------
    point, std_error : ndarray, shape (...)
        Standard errors are NaN where the estimate has no derivative.
    level : float
    freedom : float
        Units less strata; below 1 everything is withheld.
    reasons : ndarray of int, shape (...), or int
        Places in `WITHHELD`, for standard errors that are NaN.

    Examples
    --------
    >>> spread = linearised_spread(np.array([1.0, 2.0]), np.array([0.5, np.nan]), 0.95, 10)
    >>> spread.high.round(3).tolist(), spread.note((1,))[:23]
    ([2.114, nan], 'standard error withheld')
    """
    return _reasoned(point, std_error, level, freedom, np.isfinite(std_error), reasons)


def _reasoned(
    point: Floats,
    std_error: Floats,
    level: float,
    freedom: float | None,
    known: NDArray[np.bool_],
    why: NDArray[np.intp] | int,
) -> Spread:
    """Return limits where the standard error is known, and a reason where it is not."""
    estimated = np.isfinite(point)
    if freedom is not None and freedom < 1:
        none = no_spread(point.shape)
        return Spread(none.std_error, none.low, none.high, np.where(estimated, NO_FREEDOM, 0))
    spread = normal_spread(point, std_error, level, freedom)
    held = np.where(estimated & ~known, why, 0)
    return Spread(spread.std_error, spread.low, spread.high, held)


def quantile(share: float, freedom: float | None = None) -> float:
    """Return a quantile of the normal distribution, or of Student's t.

    Examples
    --------
    >>> round(quantile(0.975), 4), round(quantile(0.975, 5), 4)
    (1.96, 2.5706)
    """
    if freedom is None:
        return NormalDist().inv_cdf(share)
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))


def two_sided_p(statistic: float, freedom: float | None = None) -> float:
    """Return the two-sided p-value of a z statistic, or of a t statistic.

    Examples
    --------
    >>> round(two_sided_p(1.959964), 6), round(two_sided_p(2.570582, 5), 6)
    (0.05, 0.05)
    """
    if freedom is None:
        return math.erfc(abs(statistic) / math.sqrt(2))
    from scipy.special import stdtr

    return float(2 * stdtr(freedom, -abs(statistic)))
