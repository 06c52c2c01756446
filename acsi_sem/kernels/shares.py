"""Shares of respondents and their limits."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]


def weighted_share(weights: Floats, counted: NDArray[np.bool_], asked: NDArray[np.bool_]) -> Floats:
    """Return the weighted share of those asked who count.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
    counted : ndarray of bool, shape (n,) or (n, k)
        Those who count, among those asked.
    asked : ndarray of bool, same shape

    Returns
    -------
    ndarray, shape (B,) or (B, k)
        Between 0 and 1; NaN where nobody with weight was asked.

    Examples
    --------
    >>> weighted_share(np.array([[1.0, 1.0, 2.0]]), np.array([True, False, True]),
    ...                np.array([True, True, True]))
    array([0.75])
    """
    whole = weights @ asked.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = (weights @ (counted & asked).astype(float)) / np.where(
            whole > 0, whole, np.nan
        )
    return share


def student_size(size: Floats, level: float, freedom: float) -> Floats:
    """Return the effective number that Wilson's limits take where the variance is estimated.

    Parameters
    ----------
    size : ndarray
        Effective number of respondents.
    level : float
    freedom : float
        Degrees of freedom of the variance; infinite without a design.

    Returns
    -------
    ndarray
        ``size`` times (z / t) squared.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24, 193-201.

    Examples
    --------
    >>> student_size(np.array(100.0), 0.95, 10.0).round(1)
    np.float64(77.4)
    """
    if not np.isfinite(freedom):
        return np.asarray(size, dtype=float)
    z, t = NormalDist().inv_cdf(0.5 + level / 2), stdtrit(freedom, 0.5 + level / 2)
    return np.asarray(size * (z / t) ** 2)


def wilson_limits(share: Floats, size: Floats, level: float) -> tuple[Floats, Floats]:
    """Return Wilson's score limits of shares.

    Parameters
    ----------
    share : ndarray
        Between 0 and 1.
    size : ndarray, same shape
        Number of respondents, or the effective number under a design.
    level : float
        Confidence level.

    Returns
    -------
    low, high : ndarray
        Within [0, 1]; NaN where the size is not positive.

    References
    ----------
    Wilson (1927), JASA 22, 209-212; Korn & Graubard (1998), Survey Methodology 24, 193-201, for
    the effective size.

    Examples
    --------
    >>> low, high = wilson_limits(np.array(0.9), np.array(10.0), 0.95)
    >>> round(float(low), 4), round(float(high), 4)
    (0.5958, 0.9821)
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    n = np.where(np.asarray(size) > 0, size, np.nan)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # Rounding must not put the limits of 0 and 1 inside them.
    low, high = np.minimum(centre - half, share), np.maximum(centre + half, share)
    return np.asarray(np.maximum(low, 0.0)), np.asarray(np.minimum(high, 1.0))


def effective_number(share: Floats, std_error: Floats, kish: Floats) -> Floats:
    """Return the simple random sample that would give a share its standard error.

    Parameters
    ----------
    share, std_error : ndarray
        Of one shape.
    kish : ndarray
        Kish's effective number, used where the standard error is unknown or nought.

    Returns
    -------
    ndarray
        Never more than `kish` times two: a share that happens to vary little is no larger sample.

    Examples
    --------
    >>> effective_number(np.array(0.5), np.array(0.05), np.array(100.0))
    array(100.)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found = share * (1 - share) / np.square(std_error)
    return np.asarray(np.where(np.isfinite(found) & (found > 0), np.minimum(found, 2 * kish), kish))
