"""Replicates that are laid out and not drawn: jackknife, balanced half-samples, given columns.

A replicate multiplies each unit's weight by a factor. Its squared deviation from the estimate of
the full sample, times its coefficient, is its part of the variance; there are no percentiles.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

METHODS: Final = ("bootstrap", "jk1", "jkn", "brr", "fay")


def replicate_variance(draws: Floats, point: Floats, coefficients: Floats) -> Floats:
    """Return the variance of estimates from structured replicates.

    Parameters
    ----------
    draws : ndarray, shape (R, ...)
        The estimate in each replicate.
    point : ndarray, shape (...)
        The estimate of the full sample.
    coefficients : ndarray, shape (R,)

    Returns
    -------
    ndarray, shape (...)
        Σ_r c_r (θ_r - θ)²; NaN where a replicate with a coefficient above zero is not finite, as
        a sum without it would be too small. Deviations are from the full sample, as with
        ``mse = TRUE`` in R's survey package, whose default is their own mean.

    References
    ----------
    Wolter (2007), Introduction to Variance Estimation, ch. 3 and 4.

    Examples
    --------
    >>> replicate_variance(np.array([1.0, 3.0]), np.array(2.0), np.array([0.5, 0.5]))
    np.float64(1.0)
    """
    counted = np.flatnonzero(coefficients > 0)
    squares = (draws[counted] - point) ** 2
    shaped = coefficients[counted].reshape(-1, *(1,) * (squares.ndim - 1))
    return np.asarray((shaped * squares).sum(axis=0))[()]


def jackknife_units(strata: Ints, counts: Floats | None = None) -> Ints:
    """Return the units that are left out in turn: all but a stratum's only respondent.

    Parameters
    ----------
    strata : ndarray of int, shape (u,)
        Stratum of each unit, numbered from 0.
    counts : ndarray, shape (u,), optional
        Respondents that each unit stands for, left out one at a time; one by default.

    Returns
    -------
    ndarray of int, shape (R,)
        One replicate each, in this order.

    Examples
    --------
    >>> jackknife_units(np.array([0, 0, 1]))
    array([0, 1])
    """
    each = np.ones(strata.size) if counts is None else counts
    size = np.bincount(strata, each)
    return np.flatnonzero((size[strata] > 1) & (each > 0)).astype(np.intp)


def jackknife_factors(
    strata: Ints, left_out: Ints | None = None, counts: Floats | None = None
) -> Floats:
    """Return factors that leave one unit out of its stratum (JKn).

    Parameters
    ----------
    strata : ndarray of int, shape (u,)
    left_out : ndarray of int, shape (R,), optional
        All of `jackknife_units` by default; give part of them to make replicates in chunks.
    counts : ndarray, shape (u,), optional
        Respondents that each unit stands for: one of them is left out.

    Returns
    -------
    ndarray, shape (R, u)
        0 for the unit left out ((c - 1)/c n/(n - 1) where it stands for c respondents),
        n/(n - 1) for the others of its stratum of n, 1 for other strata.

    Raises
    ------
    ValueError
        If a unit is left out that is the only one of its stratum.

    References
    ----------
    Wolter (2007), Introduction to Variance Estimation, section 4.5.

    Examples
    --------
    >>> jackknife_factors(np.array([0, 0, 1, 1, 1]))[[0, 4]]
    array([[0. , 2. , 1. , 1. , 1. ],
           [1. , 1. , 1.5, 1.5, 0. ]])
    """
    each = np.ones(strata.size) if counts is None else counts
    size = np.bincount(strata, each)
    which = jackknife_units(strata, counts) if left_out is None else left_out
    if (size[strata[which]] <= 1).any():
        raise ValueError("the only unit of a stratum cannot be left out")
    others = size / np.where(size > 1, size - 1, 1)
    same = strata[which][:, None] == strata[None, :]
    factors = np.where(same, others[strata], 1.0)
    factors[np.arange(which.size), which] *= (each[which] - 1) / each[which]
    return factors


def jackknife_coefficients(
    strata: Ints, fractions: Floats | None = None, counts: Floats | None = None
) -> Floats:
    """Return the coefficients of all of `jackknife_units`.

    Parameters
    ----------
    strata : ndarray of int, shape (u,)
    fractions : ndarray, shape (h,), optional
        Sampling fraction of each stratum of a finite population; 0 by default.
    counts : ndarray, shape (u,), optional

    Returns
    -------
    ndarray, shape (R,)
        (1 - f) (n - 1)/n, times the number of respondents that the unit stands for.

    Examples
    --------
    >>> jackknife_coefficients(np.array([0, 0, 1, 1, 1]), np.array([0.0, 0.5])).round(4).tolist()
    [0.5, 0.5, 0.3333, 0.3333, 0.3333]
    """
    each = np.ones(strata.size) if counts is None else counts
    size = np.bincount(strata, each)
    sampled = np.zeros(size.size) if fractions is None else fractions
    which = jackknife_units(strata, counts)
    own = strata[which]
    found: Floats = each[which] * (1 - sampled[own]) * (size[own] - 1) / size[own]
    return found


def brr_factors(strata: Ints, fay: float = 0.0) -> Floats:
    """Return factors of balanced repeated replication: half-samples, one unit of each stratum.

    Parameters
    ----------
    strata : ndarray of int, shape (u,)
        Numbered from 0; each has exactly two units.
    fay : float
        Fay's factor, 0 <= fay < 1: the other unit keeps this share of its weight.

    Returns
    -------
    ndarray, shape (R, u)
        2 - fay or fay. R is the order of a Hadamard matrix, the least multiple of 4 above the
        number of strata that `hadamard` can build. The column of ones is not used, so that the
        replicates of a mean also average to the full sample's (full orthogonal balance).

    Raises
    ------
    ValueError
        If a stratum has not exactly two units, or `fay` is out of range.

    References
    ----------
    McCarthy (1969), Review of the International Statistical Institute 37, 239-264;
    Fay (1989), Proceedings of the Survey Research Methods Section, ASA, 212-217;
    Wolter (2007), Introduction to Variance Estimation, ch. 3.

    Examples
    --------
    >>> brr_factors(np.array([0, 0, 1, 1])).tolist()[:2]
    [[2.0, 0.0, 2.0, 0.0], [0.0, 2.0, 2.0, 0.0]]
    >>> brr_factors(np.array([0, 0]), fay=0.5).tolist()[:2]
    [[1.5, 0.5], [0.5, 1.5]]
    """
    if not 0 <= fay < 1:
        raise ValueError(f"Fay's factor must lie from 0 to below 1, not {fay}")
    size = np.bincount(strata)
    if (size != 2).any():
        worst = int(np.flatnonzero(size != 2)[0])
        raise ValueError(
            "balanced repeated replication needs exactly two units in every stratum; "
            f"{int((size != 2).sum())} of {size.size} strata have another number "
            f"(stratum number {worst}: {size[worst]})"
        )
    signs = hadamard(hadamard_order(size.size + 1))[:, 1 : size.size + 1]
    order = np.argsort(strata, kind="stable")
    side = np.empty(strata.size)
    side[order] = np.tile([1.0, -1.0], size.size)
    return 1 + (1 - fay) * signs[:, strata] * side


def column_coefficients(
    method: str,
    count: int,
    *,
    scale: float | None = None,
    rscales: Floats | None = None,
    fay: float = 0.0,
) -> Floats:
    """Return the coefficients of replicate weights by the way they were made.

    Parameters
    ----------
    method : {"bootstrap", "jk1", "jkn", "brr", "fay"}
    count : int
        Number R of replicates.
    scale : float, optional
        Common coefficient. By default 1/(R - 1) for ``bootstrap`` (rescaled, Rao, Wu & Yue),
        (R - 1)/R for ``jk1``, 1 for ``jkn``, 1/R for ``brr`` and 1/(R (1 - fay)²) for ``fay``.
    rscales : ndarray, shape (R,), optional
        Coefficient of each replicate, times the common one. ``jkn`` needs them, (n_h - 1)/n_h
        of the replicate's stratum, as weights do not show them.
    fay : float
        Fay's factor, for ``fay``.

    Returns
    -------
    ndarray, shape (R,)
        As the defaults of R's ``survey::svrepdesign`` for combined weights; unlike there, a
        given `scale` is used with every method.

    Raises
    ------
    ValueError
        If the method is unknown, there are too few replicates, a coefficient is negative or not
        a number, or ``jkn`` has neither `scale` nor `rscales`.

    References
    ----------
    Rao, Wu & Yue (1992), Survey Methodology 18, 209-217; Fay (1989); Wolter (2007);
    Lumley (2010), Complex Surveys, section 2.3.

    Examples
    --------
    >>> column_coefficients("bootstrap", 5).tolist()
    [0.25, 0.25, 0.25, 0.25, 0.25]
    >>> column_coefficients("fay", 2, fay=0.5).tolist()
    [2.0, 2.0]
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    if count < 2:
        raise ValueError(f"a variance needs at least two replicates, not {count}")
    if not 0 <= fay < 1:
        raise ValueError(f"Fay's factor must lie from 0 to below 1, not {fay}")
    if method == "jkn" and scale is None and rscales is None:
        raise ValueError(
            "jkn needs a coefficient for each replicate, (n - 1)/n of its stratum, or a scale"
        )
    usual = {
        "bootstrap": 1 / (count - 1),
        "jk1": (count - 1) / count,
        "jkn": 1.0,
        "brr": 1 / count,
        "fay": 1 / (count * (1 - fay) ** 2),
    }
    each = np.ones(count) if rscales is None else np.asarray(rscales, dtype=float)
    if each.shape != (count,):
        raise ValueError(f"there are {count} replicates and {each.size} coefficients")
    found = each * (usual[method] if scale is None else scale)
    if not (np.isfinite(found) & (found >= 0)).all():
        raise ValueError("coefficients must be numbers from 0")
    return found


def hadamard_order(least: int) -> int:
    """Return the least order from `least` up, a multiple of 4, that `hadamard` builds.

    Examples
    --------
    >>> [hadamard_order(n) for n in (1, 5, 13, 21, 29, 37, 89)]
    [4, 8, 16, 24, 32, 40, 96]
    """
    order = max(4, -(-least // 4) * 4)
    while not _buildable(order):
        order += 4
    return order


def hadamard(order: int) -> Floats:
    """Return a Hadamard matrix whose first row and first column are ones.

    Parameters
    ----------
    order : int
        Sylvester's doubling of orders 1, p + 1 (p a prime, 3 modulo 4) and 2 (p + 1) (p a
        prime, 1 modulo 4), Paley's constructions; prime powers are not used, so that 52 and 92,
        among others, cannot be built.

    Returns
    -------
    ndarray, shape (order, order)
        Of 1 and -1, with orthogonal columns.

    Raises
    ------
    ValueError
        If the order cannot be built.

    References
    ----------
    Sylvester (1867), Philosophical Magazine 34, 461-475; Paley (1933), Journal of Mathematics
    and Physics 12, 311-320.

    Examples
    --------
    >>> h = hadamard(12)
    >>> np.array_equal(h @ h.T, 12 * np.eye(12))
    True
    """
    if not _buildable(order):
        raise ValueError(f"no Hadamard matrix of order {order} can be built here")
    half = order // 2
    if order == 1:
        return np.ones((1, 1))
    made: Floats
    if order % 4 == 0 and _prime(order - 1):
        made = _paley(order - 1) + np.eye(order)
    elif half % 4 == 2 and _prime(half - 1):
        off, on = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([[1.0, -1.0], [-1.0, -1.0]])
        made = np.asarray(np.kron(_paley(half - 1), off) + np.kron(np.eye(half), on))
    else:
        smaller = hadamard(half)
        made = np.block([[smaller, smaller], [smaller, -smaller]])
    made = made * made[:, :1]
    return made * made[:1]


def _paley(prime: int) -> Floats:
    """Return the matrix of Legendre symbols of differences, bordered: skew for 3 modulo 4."""
    square = np.full(prime, -1.0)
    square[np.unique(np.arange(1, prime) ** 2 % prime)] = 1.0
    square[0] = 0.0
    places = np.arange(prime)
    made = np.zeros((prime + 1, prime + 1))
    made[0, 1:] = 1.0
    made[1:, 0] = -1.0 if prime % 4 == 3 else 1.0
    made[1:, 1:] = square[(places[:, None] - places[None, :]) % prime]
    return made


def _buildable(order: int) -> bool:
    if order in (1, 2):
        return True
    if order % 4:
        return False
    half = order // 2
    return _prime(order - 1) or (half % 4 == 2 and _prime(half - 1)) or _buildable(half)


def _prime(number: int) -> bool:
    return number > 1 and all(number % part for part in range(2, int(number**0.5) + 1))
