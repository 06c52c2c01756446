"""Classes of customers: fields of revenue by cost, tiers of value, and what each class holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
NEAR = 1e-12
"""Relative distance at which a value stands on a cut: a mean of equal numbers rounds."""


def at_least(values: Floats, cuts: Floats) -> NDArray[np.bool_]:
    """Return whose value reaches a cut, rounding aside.

    Parameters
    ----------
    values : ndarray, shape (n,)
    cuts : ndarray, shape (B,)

    Returns
    -------
    ndarray of bool, shape (B, n)
        False where either is NaN.

    Examples
    --------
    >>> at_least(np.array([1.0, 2.0, 3.0]), np.array([2.0]))
    array([[False,  True,  True]])
    """
    return np.asarray(values >= (cuts - NEAR * np.abs(cuts))[:, None])


def grid_fields(revenue: Floats, cost: Floats, cuts: Floats) -> Ints:
    """Return the field of each customer by revenue and cost to serve.

    Parameters
    ----------
    revenue, cost : ndarray, shape (n,)
        In one currency; none unknown.
    cuts : ndarray, shape (B, 2)
        From where revenue, and cost, is high.

    Returns
    -------
    ndarray of int, shape (B, n)
        0: high revenue, low cost; 1: both high; 2: both low; 3: low revenue, high cost.

    Examples
    --------
    >>> grid_fields(np.array([9.0, 9.0, 1.0, 1.0]), np.array([1.0, 9.0, 1.0, 9.0]),
    ...             np.array([[5.0, 5.0]]))
    array([[0, 1, 2, 3]])
    """
    low, dear = ~at_least(revenue, cuts[:, 0]), at_least(cost, cuts[:, 1])
    return np.asarray(2 * low + dear, dtype=np.intp)


def value_tiers(
    profit: Floats,
    frequent: NDArray[np.bool_],
    loyal: NDArray[np.bool_],
    before: Floats,
    shares: tuple[float, float],
) -> Ints:
    """Return the value tier of each customer.

    Parameters
    ----------
    profit : ndarray, shape (n,)
        Margin less the costs of service and upkeep, none unknown.
    frequent : ndarray of bool, shape (B, n)
        Who buys often enough.
    loyal : ndarray of bool, shape (n,)
    before : ndarray, shape (B, n)
        Share of customers with a higher profit.
    shares : tuple of float
        Share of customers in the top of profit, and in the part below it.

    Returns
    -------
    ndarray of int, shape (B, n)
        0 key: in the top; 1 major: in the part below; 2 general: below both; all three frequent
        and loyal. 3 maintenance: profitable, but not loyal or not frequent. 4 invalid: no profit.

    Examples
    --------
    >>> value_tiers(np.array([9.0, 5.0, 2.0, 7.0, -1.0]),
    ...             np.array([[True, True, True, False, True]]), np.ones(5, dtype=bool),
    ...             np.array([[0.0, 0.4, 0.6, 0.2, 0.8]]), (0.2, 0.3))
    array([[0, 1, 2, 3, 4]])
    """
    top, next_to = shares
    ranked = 2 - (before < top - NEAR).astype(np.intp) - (before < top + next_to - NEAR)
    good = frequent & loyal
    return np.asarray(np.where(profit <= 0, 4, np.where(good, ranked, 3)), dtype=np.intp)


def class_shares(weights: Floats, classes: Ints, count: int, amounts: Floats) -> Floats:
    """Return what share of the amounts each class holds.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
    classes : ndarray of int, shape (B, n)
        From 0 to `count` - 1.
    count : int
        Number of classes.
    amounts : ndarray, shape (n,)
        Ones for shares of customers; may be negative (profits).

    Returns
    -------
    ndarray, shape (B, count)
        They sum to one; NaN where the total is not above nought.

    Examples
    --------
    >>> class_shares(np.ones((1, 3)), np.array([[0, 1, 1]]), 2, np.array([5.0, 3.0, 2.0]))
    array([[0.5, 0.5]])
    """
    held = weights * amounts
    whole = held.sum(axis=1)
    parts = np.stack([(held * (classes == k)).sum(axis=1) for k in range(count)], axis=1)
    shares: Floats = parts / np.where(whole > 0, whole, np.nan)[:, None]
    return shares


def class_ratios(
    weights: Floats, classes: Ints, count: int, above: Floats, below: Floats
) -> Floats:
    """Return each class's sum of one amount over its sum of another.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
    classes : ndarray of int, shape (B, n)
        From 0 to `count` - 1.
    count : int
        Number of classes.
    above, below : ndarray, shape (n,)
        Numerators and denominators; a customer with either unknown is left out. Ones below give
        means.

    Returns
    -------
    ndarray, shape (B, count)
        NaN where the denominator is not above nought.

    Examples
    --------
    >>> class_ratios(np.ones((1, 3)), np.array([[0, 1, 1]]), 3, np.array([5.0, 3.0, np.nan]),
    ...              np.ones(3))
    array([[ 5.,  3., nan]])
    """
    known = ~(np.isnan(above) | np.isnan(below))
    own = weights * known
    top, base = np.where(known, above, 0.0), np.where(known, below, 0.0)
    found = np.empty((len(weights), count))
    for k in range(count):
        counted = own * (classes == k)
        whole = (counted * base).sum(axis=1)
        found[:, k] = (counted * top).sum(axis=1) / np.where(whole > 0, whole, np.nan)
    return found
