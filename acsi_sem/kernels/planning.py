"""Precision and power of a sample that is yet to be drawn.

A standard deviation is that of the whole population (divisor N), so that a simple random sample of
n has the variance s^2/n (N - n)/(N - 1). Sizes come from searching the precision they promise:
the size found keeps the promise, and one interview less does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, stdtrit

Floats = NDArray[np.float64]

LARGEST: Final = 1e12
"""No more interviews than this are looked for."""
SLACK: Final = 1e-9
"""Share by which rounding may miss a promise."""


def design_effect(cv_weights: float = 0.0, icc: float = 0.0, cluster: float = 1.0) -> float:
    """Return by how much weights and clusters swell the variance of a mean.

    Parameters
    ----------
    cv_weights : float
        Standard deviation of the weights over their mean.
    icc : float
        Correlation of two answers of one cluster.
    cluster : float
        Interviews per cluster.

    Returns
    -------
    float
        (1 + cv^2) (1 + (m - 1) rho).

    References
    ----------
    Kish (1965), Survey Sampling; Kish (1987), Survey Methodology 13, 130.

    Examples
    --------
    >>> round(design_effect(0.5, 0.02, 11), 6)
    1.5
    """
    return (1 + cv_weights**2) * (1 + (cluster - 1) * icc)


def correction(interviews: ArrayLike, population: ArrayLike = np.inf) -> Floats:
    """Return the finite population's correction (N - n)/(N - 1); 1 without limit, 0 for a census.

    Parameters
    ----------
    interviews, population : array_like
        Broadcast against each other.

    Examples
    --------
    >>> correction([356, 3200], 3200).round(4)
    array([0.889, 0.   ])
    """
    n, size = np.broadcast_arrays(np.asarray(interviews, float), np.asarray(population, float))
    finite = np.isfinite(size)
    left = np.maximum(np.where(finite, size, 2.0) - n, 0.0)
    found = left / np.maximum(np.where(finite, size, 2.0) - 1, 1.0)
    return np.where(finite, found, 1.0)


def mean_half_width(
    interviews: ArrayLike,
    sd: ArrayLike,
    level: float,
    *,
    deff: ArrayLike = 1.0,
    population: ArrayLike = np.inf,
    student: bool = False,
) -> Floats:
    """Return half the width of a confidence interval of a mean.

    Parameters
    ----------
    interviews, sd : array_like
        Broadcast against each other, as are `deff` and `population`.
    level : float
        Confidence level, in (0, 1).
    deff : array_like
        Design effect.
    population : array_like
        People that the sample is drawn from.
    student : bool
        True for limits by Student's t with n - 1 degrees of freedom, else normal.

    Returns
    -------
    ndarray
        In the units of `sd`; NaN for Student's limits of a single interview.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., chapter 2.

    Examples
    --------
    >>> mean_half_width(250, [15.8, 27.5], 0.95).round(2)
    array([1.96, 3.41])
    """
    n = np.asarray(interviews, float)
    swollen = np.asarray(sd, float) ** 2 * np.asarray(deff, float)
    variance = swollen * correction(n, population) / n
    found: Floats = _reach(level, n, student) * np.sqrt(variance)
    return found


def _reach(level: float, interviews: Floats, student: bool) -> Floats:
    tail = (1 + level) / 2
    if not student:
        return np.full(interviews.shape, ndtri(tail))
    known = interviews >= 2
    return np.where(known, stdtrit(np.where(known, interviews - 1, 1.0), tail), np.nan)


def share_half_width(
    interviews: ArrayLike,
    share: ArrayLike,
    level: float,
    *,
    deff: ArrayLike = 1.0,
    population: ArrayLike = np.inf,
) -> Floats:
    """Return half the width of the Wilson interval of a share.

    Parameters
    ----------
    interviews, share, level, deff, population
        As of `mean_half_width`; shares from 0 to 1.

    Returns
    -------
    ndarray
        From 0 to 1. The design effect and the finite population stretch the interviews.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> share_half_width(100, [0.0, 0.5], 0.95).round(4)
    array([0.0185, 0.0962])
    """
    n, p, z = np.asarray(interviews, float), np.asarray(share, float), ndtri((1 + level) / 2)
    per_interview = np.asarray(deff, float) * correction(n, population) / n
    spread = p * (1 - p) * per_interview + (z * per_interview) ** 2 / 4
    found: Floats = z / (1 + z**2 * per_interview) * np.sqrt(spread)
    return found


def fewest(meets: Callable[[Floats], NDArray[np.bool_]], shape: tuple[int, ...] = ()) -> Floats:
    """Return the smallest whole numbers for which something holds, from 1 to `LARGEST`.

    Parameters
    ----------
    meets : callable
        Whole numbers to whether it holds there; it must hold from some number on.
    shape : tuple of int
        Of what `meets` takes and returns.

    Returns
    -------
    ndarray
        NaN where it does not hold for `LARGEST`.

    Examples
    --------
    >>> fewest(lambda n: n**2 >= np.array([10, 100]), (2,))
    array([ 4., 10.])
    """
    below, above = np.zeros(shape), np.full(shape, LARGEST)
    reached = meets(above)
    while (above - below > 1).any():
        middle = np.floor((below + above) / 2)
        middle = np.where(above - below > 1, middle, above)
        there = meets(middle)
        below, above = np.where(there, below, middle), np.where(there, middle, above)
        below = np.minimum(below, above - 1)
    return np.where(reached, above, np.nan)


def mean_interviews(
    half_width: ArrayLike,
    sd: ArrayLike,
    level: float,
    *,
    deff: ArrayLike = 1.0,
    population: ArrayLike = np.inf,
    student: bool = False,
) -> Floats:
    """Return the fewest interviews whose interval of a mean is as narrow as `half_width`.

    Parameters
    ----------
    half_width : array_like
        In the units of `sd`; the others as of `mean_half_width`.

    Returns
    -------
    ndarray of whole numbers
        Without Student's t, z^2 s^2 deff/d^2 = n0 and n0/(1 + (n0 - 1)/N), rounded up. Never
        more than `population`.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 4.4 and 4.6.

    Examples
    --------
    >>> mean_interviews(2, 20, 0.95), mean_interviews(2, 20, 0.95, population=1000)
    (array(385.), array(278.))
    """
    parts = np.broadcast_arrays(*(np.asarray(one, float) for one in (half_width, sd, deff)))
    size = np.broadcast_to(np.asarray(population, float), parts[0].shape)

    def meets(n: Floats) -> NDArray[np.bool_]:
        found = mean_half_width(n, parts[1], level, deff=parts[2], population=size, student=student)
        return np.asarray(found <= parts[0] * (1 + SLACK))

    return fewest(meets, parts[0].shape)


def share_interviews(
    half_width: ArrayLike,
    share: ArrayLike,
    level: float,
    *,
    deff: ArrayLike = 1.0,
    population: ArrayLike = np.inf,
) -> Floats:
    """Return the fewest interviews whose Wilson interval is as narrow as `half_width`.

    Parameters
    ----------
    half_width : array_like
        From 0 to 1; the others as of `share_half_width`.

    Returns
    -------
    ndarray of whole numbers

    Examples
    --------
    >>> share_interviews(0.05, 0.5, 0.95)
    array(381.)
    """
    parts = np.broadcast_arrays(*(np.asarray(one, float) for one in (half_width, share, deff)))
    size = np.broadcast_to(np.asarray(population, float), parts[0].shape)

    def meets(n: Floats) -> NDArray[np.bool_]:
        found = share_half_width(n, parts[1], level, deff=parts[2], population=size)
        return np.asarray(found <= parts[0] * (1 + SLACK))

    return fewest(meets, parts[0].shape)


def difference_power(difference: ArrayLike, std_error: ArrayLike, level: float) -> Floats:
    """Return how probable it is that a two-sided normal test finds a difference.

    Parameters
    ----------
    difference, std_error : array_like
        In the same units, broadcast against each other.
    level : float
        1 less the test's size, e.g. 0.95.

    Returns
    -------
    ndarray
        Both tails counted: 1 - `level` where there is no difference.

    Examples
    --------
    >>> difference_power([0.0, 2.8016], 1.0, 0.95).round(3)
    array([0.05, 0.8 ])
    """
    z = ndtri((1 + level) / 2)
    ratio = np.abs(np.asarray(difference, float)) / np.asarray(std_error, float)
    found: Floats = ndtr(ratio - z) + ndtr(-ratio - z)
    return found


def needed_ratio(power: float, level: float) -> float:
    """Return how many standard errors a difference must be to be found with `power`.

    Parameters
    ----------
    power : float
        Above 1 - `level`, below 1.
    level : float

    Raises
    ------
    ValueError
        If even no difference at all is found that often.

    Examples
    --------
    >>> round(needed_ratio(0.8, 0.95), 4)
    2.8016
    """
    if not 1 - level < power < 1:
        raise ValueError(f"power must lie between {1 - level:.6g} and 1")
    far = float(ndtri((1 + level) / 2) + ndtri(max(power, 0.5)) + 1)
    return float(
        brentq(lambda ratio: difference_power(ratio, 1.0, level) - power, 0.0, far, xtol=1e-13)
    )


def difference_interviews(
    difference: ArrayLike, variance: ArrayLike, level: float, power: float
) -> Floats:
    """Return the fewest interviews for which a difference is found with `power`.

    Parameters
    ----------
    difference : array_like
    variance : array_like
        Of the difference, times the interviews: s1^2 + s2^2/k for two samples of n and k n.
    level, power : float

    Returns
    -------
    ndarray of whole numbers
        n = (lambda/difference)^2 variance, rounded up; lambda by `needed_ratio`.

    Examples
    --------
    >>> difference_interviews(2, 2 * 20.0**2, 0.95, 0.8)
    np.float64(1570.0)
    """
    ratio = needed_ratio(power, level)
    exact = (ratio / np.asarray(difference, float)) ** 2 * np.asarray(variance, float)
    found: Floats = np.maximum(np.ceil(exact * (1 - SLACK)), 1.0)
    return found
