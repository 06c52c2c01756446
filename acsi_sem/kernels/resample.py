"""Replicates as rows of counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def bootstrap_counts(
    generator: np.random.Generator, strata: NDArray[np.intp], replicates: int
) -> Floats:
    """Draw a stratified bootstrap: how often each unit is drawn in each replicate.

    Parameters
    ----------
    generator : numpy.random.Generator
    strata : ndarray of int, shape (u,)
        Stratum of each unit, numbered from 0; as many units are drawn as a stratum has.
    replicates : int

    Returns
    -------
    ndarray, shape (replicates, u)
        Counts; each row sums, within a stratum, to the stratum's size.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 6 and 8.

    Examples
    --------
    >>> counts = bootstrap_counts(np.random.default_rng(1), np.array([0, 0, 1]), 4)
    >>> counts.sum(axis=1), counts[:, 2]
    (array([3., 3., 3., 3.]), array([1., 1., 1., 1.]))
    """
    counts = np.zeros((replicates, strata.size))
    for stratum in range(strata.max(initial=-1) + 1):
        members = np.flatnonzero(strata == stratum)
        drawn = generator.integers(0, members.size, (replicates, members.size), dtype=np.int32)
        offsets = np.arange(replicates)[:, None] * members.size
        tally = np.bincount((drawn + offsets).ravel(), minlength=replicates * members.size)
        counts[:, members] = tally.reshape(replicates, members.size)
    return counts


def rescaled_counts(
    generator: np.random.Generator, strata: NDArray[np.intp], replicates: int
) -> Floats:
    """Draw the rescaled bootstrap of a stratified sample of units.

    Parameters and result as of `bootstrap_counts`; of a stratum's n units n - 1 are drawn and
    counted n / (n - 1) times each. A stratum's only unit keeps its count of 1: it says nothing
    about its variance, which the caller must tell.

    Notes
    -----
    Unbiased for the variance of a mean however few units a stratum has; the ordinary bootstrap is
    too small by (n - 1) / n, a half with two units.

    References
    ----------
    Rao & Wu (1988), Journal of the American Statistical Association 83, 231-241.

    Examples
    --------
    >>> rescaled_counts(np.random.default_rng(1), np.array([0, 0, 1]), 2).sum(axis=1)
    array([3., 3.])
    """
    counts = np.ones((replicates, strata.size))
    for stratum in range(strata.max(initial=-1) + 1):
        members = np.flatnonzero(strata == stratum)
        size = members.size
        if size < 2:
            continue
        drawn = generator.integers(0, size, (replicates, size - 1), dtype=np.int32)
        offsets = np.arange(replicates)[:, None] * size
        tally = np.bincount((drawn + offsets).ravel(), minlength=replicates * size)
        counts[:, members] = tally.reshape(replicates, size) * (size / (size - 1))
    return counts


def frequency_counts(
    generator: np.random.Generator,
    frequency: Floats,
    strata: NDArray[np.intp],
    replicates: int,
    *,
    rescaled: bool = False,
) -> Floats:
    """Draw a stratified bootstrap of rows that each stand for `frequency` respondents.

    Parameters
    ----------
    generator : numpy.random.Generator
    frequency : ndarray, shape (u,)
        Whole numbers.
    strata : ndarray of int, shape (u,)
    replicates : int
    rescaled : bool
        As `rescaled_counts` does.

    Returns
    -------
    ndarray, shape (replicates, u)
        Multinomial counts: the distribution of a bootstrap of the repeated rows.

    Examples
    --------
    >>> frequency_counts(np.random.default_rng(1), np.array([2.0, 3.0]), np.zeros(2, int), 2).sum(1)
    array([5., 5.])
    """
    counts = np.zeros((replicates, strata.size))
    for stratum in range(strata.max(initial=-1) + 1):
        members = np.flatnonzero(strata == stratum)
        total = round(float(frequency[members].sum()))
        shares = frequency[members] / total
        if rescaled and total > 1:
            drawn = generator.multinomial(total - 1, shares, size=replicates)
            counts[:, members] = drawn * (total / (total - 1))
        else:
            counts[:, members] = generator.multinomial(total, shares, size=replicates)
    return counts
