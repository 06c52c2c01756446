"""Many differences at once: p-values, limits, families, and what cannot be told apart."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_letters

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from acsi_sem.kernels.permutation import holm

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def two_sided(statistic: Floats, freedom: Floats) -> Floats:
    """Return two-sided p-values of t statistics; normal where the freedom is infinite.

    Parameters
    ----------
    statistic, freedom : ndarray of one shape

    Returns
    -------
    ndarray

    Examples
    --------
    >>> two_sided(np.array([1.959964, 12.7062]), np.array([np.inf, 1.0])).round(4)
    array([0.05, 0.05])
    """
    below = -np.abs(statistic)
    finite = np.isfinite(freedom)
    by_t = stdtr(np.where(finite, freedom, 1.0), below)
    found: Floats = 2 * np.where(finite, by_t, ndtr(below))
    found[np.isnan(freedom)] = np.nan
    return found


def reach(level: float, freedom: Floats) -> Floats:
    """Return how many standard errors two-sided limits lie from an estimate.

    Parameters
    ----------
    level : float
        Confidence level, in (0, 1).
    freedom : ndarray
        Infinite for normal limits.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> reach(0.95, np.array([np.inf, 10.0])).round(3)
    array([1.96 , 2.228])
    """
    finite = np.isfinite(freedom)
    by_t = stdtrit(np.where(finite, freedom, 1.0), (1 + level) / 2)
    found: Floats = np.where(finite, by_t, ndtri((1 + level) / 2))
    found[np.isnan(freedom)] = np.nan
    return found


def holm_within(p: Floats, family: Ints) -> Floats:
    """Adjust p-values by Holm's method, each family and column for itself.

    Parameters
    ----------
    p : ndarray, shape (T, B)
        NaN where there is no test; such a one is not counted.
    family : ndarray of int, shape (T,)
        Number of the family of each test.

    Returns
    -------
    ndarray, shape (T, B)

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm_within(np.array([[0.01], [0.04], [0.04]]), np.array([0, 0, 1])).T
    array([[0.02, 0.04, 0.04]])
    """
    found = np.full(p.shape, np.nan)
    for which in np.unique(family):
        at = np.flatnonzero(family == which)
        for column in range(p.shape[1]):
            found[at, column] = holm(p[at, column])
    return found


def letter_groups(different: NDArray[np.bool_]) -> list[frozenset[int]]:
    """Find the groups of units of which no two differ, so that equals always share a group.

    Parameters
    ----------
    different : ndarray of bool, shape (k, k)
        Symmetric; which pairs differ.

    Returns
    -------
    list of frozenset of int
        Ordered by their members. Two units share a group if and only if they do not differ.

    Notes
    -----
    Insert and absorb: start with all units in one group; for each pair that differs, split every
    group that holds both into one without the first and one without the second, and drop a group
    that another contains. The sweep that would drop letters not needed is left out, so the groups
    do not depend on the order of the pairs.

    References
    ----------
    Piepho (2004), Journal of Computational and Graphical Statistics 13, 456-466.

    Examples
    --------
    >>> pairs = np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=bool)
    >>> [sorted(group) for group in letter_groups(pairs)]
    [[0, 1], [1, 2]]
    """
    groups = [frozenset(range(different.shape[0]))]
    for first, second in np.argwhere(np.triu(different, 1)).tolist():
        groups = _absorbed(_split(groups, first, second))
    return sorted((group for group in groups if group), key=sorted)


def letters(different: NDArray[np.bool_]) -> list[str]:
    """Write the groups of units that cannot be told apart as letters.

    Parameters
    ----------
    different : ndarray of bool, shape (k, k)
        Symmetric, units best first, which makes ``a`` the group of the best.

    Returns
    -------
    list of str
        One per unit, ``a`` to ``Z``; a group beyond these is written as its number in brackets.

    Examples
    --------
    >>> letters(np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=bool))
    ['a', 'ab', 'b']
    """
    marks = [""] * different.shape[0]
    for number, group in enumerate(letter_groups(different)):
        mark = ascii_letters[number] if number < len(ascii_letters) else f"[{number + 1}]"
        for unit in group:
            marks[unit] += mark
    return marks


def _split(groups: list[frozenset[int]], first: int, second: int) -> Iterator[frozenset[int]]:
    for group in groups:
        if first in group and second in group:
            yield group - {first}
            yield group - {second}
        else:
            yield group


def _absorbed(groups: Iterator[frozenset[int]]) -> list[frozenset[int]]:
    """Drop groups that another contains."""
    kept: list[frozenset[int]] = []
    for group in sorted(set(groups), key=lambda group: (-len(group), sorted(group))):
        if not any(group <= other for other in kept):
            kept.append(group)
    return kept
