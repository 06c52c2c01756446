"""Design-based variance of estimates from the totals of sampled units within strata.

A unit is a primary sampling unit, or a row where each row was sampled by itself; its total is the
sum of its rows' weighted influence values. Units count as drawn with replacement, less the finite
population's share: the variance of a first stage, which also carries that of later ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def sums_by(values: Floats, place: Ints, places: int) -> Floats:
    """Sum rows by place.

    Parameters
    ----------
    values : ndarray, shape (m, R)
    place : ndarray of int, shape (m,)
        From 0 to `places` - 1.
    places : int

    Returns
    -------
    ndarray, shape (places, R)
        Zero where no row goes.

    Examples
    --------
    >>> sums_by(np.array([[1.0], [2.0], [4.0]]), np.array([2, 0, 2]), 3).ravel().tolist()
    [2.0, 0.0, 5.0]
    """
    if place.size == places and np.array_equal(place, np.arange(places)):
        return values
    order = np.argsort(place, kind="stable")
    ordered = place[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    sums = np.zeros((places, values.shape[1]))
    if starts.size:
        sums[ordered[starts]] = np.add.reduceat(values[order], starts, axis=0)
    return sums


def centred_totals(totals: Floats, strata: Ints, counts: Floats | None = None) -> Floats:
    """Return totals of units less the mean of their stratum.

    Parameters
    ----------
    totals : ndarray, shape (u, R)
    strata : ndarray of int, shape (u,)
        Stratum of each unit, numbered from 0.
    counts : ndarray, shape (u,), optional
        Respondents that each unit stands for, each with that total; one by default.

    Returns
    -------
    ndarray, shape (u, R)

    Examples
    --------
    >>> centred_totals(np.array([[1.0], [3.0], [9.0]]), np.array([0, 0, 1])).ravel().tolist()
    [-1.0, 1.0, 0.0]
    """
    each = np.ones(strata.size) if counts is None else counts
    size = np.bincount(strata, each)
    weighted = totals if counts is None else totals * each[:, None]
    means = sums_by(weighted, strata, size.size) / np.where(size > 0, size, 1)[:, None]
    centred: Floats = totals - means[strata]
    return centred


def stratum_factors(
    strata: Ints, fractions: Floats | None = None, counts: Floats | None = None
) -> Floats:
    """Return what each unit's squared deviation counts for: (1 - f) n/(n - 1), shape (u,).

    0 for the only unit of a stratum; parameters as of `design_variance`.

    Examples
    --------
    >>> stratum_factors(np.array([0, 0, 1]), np.array([0.25, 0.25])).tolist()
    [1.5, 1.5, 0.0]
    """
    size = np.bincount(strata, counts).astype(float)
    sampled = np.zeros(size.size) if fractions is None else fractions
    factors = np.where(size > 1, (1 - sampled) * size / np.where(size > 1, size - 1, 1), 0.0)
    found: Floats = factors[strata] * (1.0 if counts is None else counts)
    return found


def design_variance(
    totals: Floats,
    strata: Ints,
    fractions: Floats | None = None,
    counts: Floats | None = None,
) -> Floats:
    """Return the linearised variance of R estimates.

    Parameters
    ----------
    totals : ndarray, shape (u, R)
        Each unit's total of weighted influence values, zero for a unit without rows in the domain.
    strata : ndarray of int, shape (u,)
        Stratum of each unit, numbered from 0.
    fractions : ndarray, shape (h,), optional
        Sampling fraction of each stratum, 0 to 1; 0 by default.
    counts : ndarray, shape (u,), optional
        Respondents that each unit stands for, each with that total: the same as repeating it.

    Returns
    -------
    ndarray, shape (R,)
        Σ_h (1 - f_h) n_h/(n_h - 1) Σ_i (z_hi - z̄_h)². The only unit of a stratum adds nothing:
        right where the whole stratum was taken (f = 1), too little elsewhere (`lonely_strata`).

    References
    ----------
    Binder (1983), International Statistical Review 51, 279-292; Woodruff (1971), J. American
    Statistical Association 66, 411-414; Wolter (2007), Introduction to Variance Estimation, ch. 6.

    Examples
    --------
    >>> totals = np.array([[1.0], [3.0], [0.0], [4.0]])
    >>> design_variance(totals, np.array([0, 0, 1, 1])).tolist()
    [20.0]
    >>> design_variance(totals, np.array([0, 0, 1, 1]), np.array([1.0, 0.5])).tolist()
    [8.0]
    """
    centred = centred_totals(totals, strata, counts)
    factors = stratum_factors(strata, fractions, counts)
    found: Floats = (factors[:, None] * centred**2).sum(axis=0)
    return found


def design_covariance(
    totals: Floats,
    strata: Ints,
    fractions: Floats | None = None,
    counts: Floats | None = None,
) -> Floats:
    """Return the linearised covariance matrix of R estimates, shape (R, R).

    Parameters and references as of `design_variance`, whose result is the diagonal.

    Examples
    --------
    >>> totals = np.array([[1.0, 0.0], [3.0, 1.0]])
    >>> design_covariance(totals, np.array([0, 0])).tolist()
    [[4.0, 2.0], [2.0, 1.0]]
    """
    centred = centred_totals(totals, strata, counts)
    factors = stratum_factors(strata, fractions, counts)
    found: Floats = (factors[:, None] * centred).T @ centred
    return found


def lonely_strata(
    strata: Ints, fractions: Floats | None = None, counts: Floats | None = None
) -> NDArray[np.bool_]:
    """Return which strata have a single unit and were not taken whole, shape (h,).

    Their variance cannot be seen: a standard error is too small without it.

    Examples
    --------
    >>> lonely_strata(np.array([0, 0, 1, 2]), np.array([0.0, 0.0, 1.0])).tolist()
    [False, True, False]
    """
    size = np.bincount(strata, counts)
    taken = np.zeros(size.size, dtype=bool) if fractions is None else fractions >= 1
    return np.asarray((size == 1) & ~taken)


def degrees_of_freedom(strata: Ints, counts: Floats | None = None) -> int:
    """Return units less strata.

    References
    ----------
    Korn & Graubard (1990), The American Statistician 44, 270-276.

    Examples
    --------
    >>> degrees_of_freedom(np.array([0, 0, 0, 1, 1]))
    3
    """
    size = np.bincount(strata, counts)
    return round(float((size[size > 0] - 1).sum()))
