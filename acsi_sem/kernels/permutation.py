"""Tests of a difference between two groups: by permutation, and from both groups' bootstraps."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

TIE: Final = 1e-9
"""Differences closer than this, per unit of 1 + their size, are equal: the same arrangement is
summed in another order and solved to 1e-12, and must still count as equal to itself."""


def permuted_counts(
    generator: np.random.Generator, block: Ints, counts: Ints, first: Ints, permutations: int
) -> NDArray[np.integer]:
    """Reassign respondents to two groups at random, keeping the groups' sizes in every block.

    Parameters
    ----------
    generator : numpy.random.Generator
    block : ndarray of int, shape (u,)
        Block of each unit, numbered from 0; respondents change places within a block only.
    counts : ndarray of int, shape (u,)
        Respondents of each unit, at least 1, who are moved one by one.
    first : ndarray of int, shape (number of blocks,)
        Respondents of each block who belong to the first group.
    permutations : int

    Returns
    -------
    ndarray of int, shape (permutations, u)
        How many of each unit's respondents belong to the first group; the others belong to the
        second. Of a unit that counts for one it is 0 or 1. A unit of several respondents gets a
        hypergeometric count: the distribution of permutations of the repeated rows.

    References
    ----------
    Good (2005), Permutation, Parametric and Bootstrap Tests of Hypotheses, ch. 3.

    Examples
    --------
    >>> drawn = permuted_counts(np.random.default_rng(1), np.array([0, 0, 0, 1]),
    ...                         np.array([1, 1, 1, 5]), np.array([2, 3]), 2)
    >>> drawn[:, :3].sum(axis=1), drawn[:, 3]
    (array([2, 2], dtype=uint64), array([3, 3], dtype=uint8))
    """
    small = counts.max(initial=1) <= np.iinfo(np.uint8).max
    drawn = np.zeros((permutations, block.size), dtype=np.uint8 if small else np.intp)
    order = np.argsort(block, kind="stable")
    for number, members in enumerate(_split(order, block)):
        drawn[:, members] = _drawn(generator, counts[members], int(first[number]), permutations)
    return drawn


def _split(order: Ints, block: Ints) -> list[Ints]:
    sizes = np.bincount(block)
    return np.split(order, np.cumsum(sizes)[:-1])


def _drawn(
    generator: np.random.Generator, counts: Ints, first: int, permutations: int
) -> NDArray[np.integer]:
    """Draw one block; a block whose respondents all stay is not drawn."""
    shape, total = (permutations, counts.size), int(counts.sum())
    if first in (0, total) or counts.size == 1:
        return np.broadcast_to(counts if first == total else np.intp(first), shape)
    if counts.max() > 1:
        return generator.multivariate_hypergeometric(
            counts, first, size=permutations, method="marginals"
        )
    labels = (np.arange(counts.size) < first).astype(np.uint8)
    return generator.permuted(np.broadcast_to(labels, shape), axis=1)


def smallest_p(block: Ints, counts: Ints, first: Ints, *, tails: int = 1) -> float:
    """Return the smallest p-value that the permutations of a design can give.

    Parameters
    ----------
    block, counts : ndarray of int, shape (u,)
    first : ndarray of int, shape (number of blocks,)
        As of `permuted_counts`.
    tails : {1, 2}
        2 for a p-value of twice the smaller tail.

    Returns
    -------
    float
        One over the number of arrangements of the respondents; twice that with two tails, or
        where the groups are of equal size in every block, as each arrangement then has a mirror
        image with the same absolute difference.

    Examples
    --------
    Two units against two have six arrangements, and no test at 5 %:

    >>> zero, one = np.zeros(4, dtype=int), np.ones(4, dtype=int)
    >>> round(smallest_p(zero, one, np.array([2])), 12)
    0.333333333333
    """
    totals = np.rint(np.bincount(block, counts)).astype(np.intp)
    logs = sum(_log_choose(int(n), int(k)) for n, k in zip(totals, first, strict=True))
    mirrored = bool((2 * first == totals).all())
    return min(1.0, (2.0 if mirrored else float(tails)) * math.exp(-logs))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def permutation_p(observed: Floats, permuted: Floats) -> Floats:
    """Return two-sided p-values by the absolute size of permuted differences.

    Parameters
    ----------
    observed : ndarray, shape (R,)
    permuted : ndarray, shape (P, R)
        The differences under P random permutations.

    Returns
    -------
    ndarray, shape (R,)
        (1 + number of |permuted| >= |observed|) / (1 + P); NaN where a difference is not finite.

    References
    ----------
    Chin & Dibbern (2010), in Handbook of Partial Least Squares, 171-193; Phipson & Smyth (2010),
    Statistical Applications in Genetics and Molecular Biology 9(1), 39, for the ones.

    Examples
    --------
    >>> permutation_p(np.array([2.0]), np.array([[1.0], [-2.0], [0.5]]))
    array([0.5])
    """
    reach = np.abs(observed)
    beyond = (np.abs(permuted) >= reach - TIE * (1 + reach)).sum(axis=0)
    return _known(observed, permuted, (1 + beyond) / (1 + len(permuted)))


def tail_p(observed: Floats, permuted: Floats, *, two_sided: bool) -> Floats:
    """Return p-values by the tails of the permutation distribution.

    Parameters
    ----------
    observed : ndarray, shape (R,)
    permuted : ndarray, shape (P, R)
    two_sided : bool
        False: the lower tail, (1 + number of permuted <= observed) / (1 + P). True: twice the
        smaller tail, at most 1; it agrees with the `acceptance_region`, and with `permutation_p`
        where the distribution is symmetric.

    Returns
    -------
    ndarray, shape (R,)
        NaN where a value is not finite.

    Examples
    --------
    >>> drawn = np.array([[0.97], [0.99], [0.98]])
    >>> tail_p(np.array([0.975]), drawn, two_sided=False)
    array([0.5])
    >>> tail_p(np.array([0.975]), drawn, two_sided=True)
    array([1.])
    """
    slack = TIE * (1 + np.abs(observed))
    lower = (1 + (permuted <= observed + slack).sum(axis=0)) / (1 + len(permuted))
    if not two_sided:
        return _known(observed, permuted, lower)
    upper = (1 + (permuted >= observed - slack).sum(axis=0)) / (1 + len(permuted))
    return _known(observed, permuted, np.minimum(1.0, 2 * np.minimum(lower, upper)))


def _known(observed: Floats, permuted: Floats, p: Floats) -> Floats:
    known = np.isfinite(observed) & np.isfinite(permuted).all(axis=0)
    found: Floats = np.where(known, p, np.nan)
    return found


def acceptance_region(permuted: Floats, level: float) -> Floats:
    """Return the limits within which permutation leaves a share `level` of the differences.

    Parameters
    ----------
    permuted : ndarray, shape (P, R)
    level : float
        For example 0.95.

    Returns
    -------
    ndarray, shape (2, R)
        Lower and upper limit, R's quantiles of type 7; NaN without permutations or where a
        difference is not finite.

    Examples
    --------
    >>> acceptance_region(np.arange(101.0)[:, None], 0.9).ravel().round(6)
    array([ 5., 95.])
    """
    if not len(permuted):
        return np.full((2, permuted.shape[1]), np.nan)
    tail = (1 - level) / 2
    known = np.isfinite(permuted).all(axis=0)
    limits = np.quantile(np.where(known, permuted, 0.0), [tail, 1 - tail], axis=0)
    return np.where(known, limits, np.nan)


def bootstrap_share(one: Floats, other: Floats) -> Floats:
    """Return the share of bootstrap pairs that speak against the first group's being greater.

    Parameters
    ----------
    one : ndarray, shape (J, R)
        R estimates in J bootstrap replicates of the first group.
    other : ndarray, shape (K, R)
        In K independent replicates of the second group.

    Returns
    -------
    ndarray, shape (R,)
        Share of the J x K pairs with 2 mean(one) - one_j <= 2 mean(other) - other_k; pairs that
        are equal count half, so that two constants give 0.5. NaN where an estimate is not finite
        or there are no replicates.

    Notes
    -----
    The one-sided p-value of PLS-MGA: replicates are reflected at their mean. The published
    formula counts equal pairs in full, which matters for constants only. Sorting replaces the
    J x K comparisons.

    References
    ----------
    Henseler, Ringle & Sinkovics (2009), Advances in International Marketing 20, 277-319;
    Henseler (2012), in Challenges at the Interface of Data Analysis, 495-501.

    Examples
    --------
    >>> bootstrap_share(np.array([[3.0], [5.0]]), np.array([[1.0], [2.0], [4.5]]))
    array([0.25])
    """
    if not len(one) or not len(other):
        return np.full(one.shape[1], np.nan)
    share = np.full(one.shape[1], np.nan)
    for r in np.flatnonzero(np.isfinite(one).all(axis=0) & np.isfinite(other).all(axis=0)):
        left = 2 * one[:, r].mean() - one[:, r]
        right = np.sort(2 * other[:, r].mean() - other[:, r])
        slack = TIE * (1 + np.abs(left))
        above = right.size - np.searchsorted(right, left - slack, side="left")
        clear = right.size - np.searchsorted(right, left + slack, side="right")
        share[r] = (above + clear).sum() / (2 * left.size * right.size)
    return share


def paired_share(one: Floats, other: Floats) -> Floats:
    """Return the same share from replicates drawn together, one pair per replicate.

    Parameters
    ----------
    one, other : ndarray, shape (J, R)
        Replicate j of both groups comes from one draw (units that run across the groups, or
        weights raked together), so that only pairs of the same draw have their covariance.

    Returns
    -------
    ndarray, shape (R,)

    Examples
    --------
    >>> paired_share(np.array([[3.0], [5.0]]), np.array([[1.0], [2.0]]))
    array([0.])
    """
    if not len(one):
        return np.full(one.shape[1], np.nan)
    difference = one - other
    reflected = 2 * difference.mean(axis=0) - difference
    slack = TIE * (1 + np.abs(one))
    against = (reflected <= slack).mean(axis=0) + (reflected < -slack).mean(axis=0)
    return np.where(np.isfinite(difference).all(axis=0), against / 2, np.nan)


def two_sided_share(share: Floats) -> Floats:
    """Return the two-sided p-value of a one-sided share, 2 min(p, 1 - p).

    Zero means that no pair of replicates disagrees, so p is below the resolution of the draws.

    Examples
    --------
    >>> two_sided_share(np.array([0.01, 0.5, 0.9])).round(12)
    array([0.02, 1.  , 0.2 ])
    """
    doubled: Floats = 2 * np.minimum(share, 1 - share)
    return doubled


def holm(p: Floats) -> Floats:
    """Adjust p-values of one family so that the chance of any false rejection keeps the level.

    Parameters
    ----------
    p : ndarray, shape (R,)
        NaN where there is no test; such a one is not counted.

    Returns
    -------
    ndarray, shape (R,)

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm(np.array([0.04, 0.01, np.nan, 0.03]))
    array([0.06, 0.03,  nan, 0.06])
    """
    adjusted = np.full(p.shape, np.nan)
    order = np.argsort(p, kind="stable")[: np.isfinite(p).sum()]
    steps = np.maximum.accumulate(p[order] * np.arange(order.size, 0, -1))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
