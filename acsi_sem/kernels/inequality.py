"""How unequally customers share a value: Lorenz curve, Gini coefficient, ABC classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
TIE = 1e-12
"""Shares nearer than this are equal: cumulated sums round."""


def gini(weights: Floats, values: Floats) -> Floats:
    """Return Gini coefficients: twice the area between the Lorenz curve and the diagonal.

    The plug-in estimate without correction for few customers, so whole weights count as repeated
    rows; where one of n equally weighted customers has all, it is (n - 1) / n.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        Not negative; their scale does not matter.
    values : ndarray, shape (n,)
        Not negative, none unknown; in any unit.

    Returns
    -------
    ndarray, shape (B,)
        From 0 (all equal) to below 1; NaN where there is no value.

    References
    ----------
    Gini (1914); Lerman & Yitzhaki (1989), Journal of Econometrics 42, 43-47.

    Examples
    --------
    >>> gini(np.ones((1, 4)), np.array([0.0, 0.0, 0.0, 8.0]))
    array([0.75])
    """
    if not values.size:
        return np.full(len(weights), np.nan)
    people, held = _curve(weights, values, np.argsort(values, kind="stable"))
    steps = np.diff(people, axis=1)
    area = (steps * (held[:, 1:] + held[:, :-1])).sum(axis=1)
    # Equal values leave a rounding error of either sign.
    return np.asarray(np.where(np.isnan(area), np.nan, np.maximum(1.0 - area, 0.0)))


def lorenz(weights: Floats, values: Floats, at: Sequence[float]) -> Floats:
    """Return the share of the value that the poorest customers hold.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        Not negative.
    values : ndarray, shape (n,)
        Not negative, none unknown.
    at : sequence of float, length k
        Shares of customers, 0 to 1, poorest first.

    Returns
    -------
    ndarray, shape (B, k)
        From 0 to 1; between two customers in proportion; NaN where there is no value.

    References
    ----------
    Lorenz (1905), Publications of the American Statistical Association 9, 209-219.

    Examples
    --------
    >>> lorenz(np.ones((1, 4)), np.array([4.0, 1.0, 3.0, 2.0]), [0.25, 0.5, 1.0])
    array([[0.1, 0.3, 1. ]])
    """
    if not values.size:
        return np.full((len(weights), len(at)), np.nan)
    people, held = _curve(weights, values, np.argsort(values, kind="stable"))
    wanted = np.asarray(at, dtype=float)
    return np.array([np.interp(wanted, x, y) for x, y in zip(people, held, strict=True)])


def holders(weights: Floats, values: Floats, share: float) -> Floats:
    """Return the smallest share of customers who hold a share of the value.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        Not negative.
    values : ndarray, shape (n,)
        Not negative, none unknown.
    share : float
        Of the value, above 0 and below 1.

    Returns
    -------
    ndarray, shape (B,)
        From 0 to 1, a part of a customer in proportion; NaN where there is no value.

    Examples
    --------
    >>> holders(np.ones((1, 4)), np.array([1.0, 8.0, 1.0, 0.0]), 0.8)
    array([0.25])
    """
    if not values.size:
        return np.full(len(weights), np.nan)
    people, held = _curve(weights, values, np.argsort(-values, kind="stable"))
    return np.array([np.interp(share, y, x) for x, y in zip(people, held, strict=True)])


def share_before(weights: Floats, values: Floats, amounts: Floats) -> Floats:
    """Return, customer by customer, the share of the amounts that those of higher value hold.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        Not negative.
    values : ndarray, shape (n,)
        Orders the customers, highest first; equal values stand side by side.
    amounts : ndarray, shape (n,)
        What is shared, not negative: the values themselves, or ones for shares of customers.

    Returns
    -------
    ndarray, shape (B, n)
        From 0 to 1, in the order of the customers; NaN where there is no amount.

    Examples
    --------
    >>> share_before(np.ones((1, 4)), np.array([2.0, 5.0, 2.0, 1.0]), np.ones(4))
    array([[0.25, 0.  , 0.25, 0.75]])
    """
    order = np.argsort(-values, kind="stable")
    people = np.zeros((len(weights), values.size + 1))
    np.cumsum((weights * amounts)[:, order], axis=1, out=people[:, 1:])
    first = np.searchsorted(-values[order], -values, side="left")
    whole = people[:, -1:]
    before: Floats = people[:, first] / np.where(whole > 0, whole, np.nan)
    return before


def ranked_classes(before: Floats, cuts: Sequence[float]) -> Ints:
    """Return the class of each customer by the share that those before them hold.

    The customer with whom a cut is passed is still of the better class.

    Parameters
    ----------
    before : ndarray, shape (B, n)
        As of `share_before`.
    cuts : sequence of float, length k
        Ascending, between 0 and 1.

    Returns
    -------
    ndarray of int, shape (B, n)
        From 0, the best, to k; k also where `before` is NaN.

    Examples
    --------
    >>> values = np.array([50.0, 30.0, 15.0, 5.0])
    >>> ranked_classes(share_before(np.ones((1, 4)), values, values), [0.8, 0.95])
    array([[0, 0, 1, 2]])
    """
    classes = np.zeros(before.shape, dtype=np.intp)
    for cut in cuts:
        classes += ~(before < cut - TIE)
    return classes


def present_value(values: Floats, discount: float) -> Floats:
    """Return the present value of yearly amounts, each due at the end of its year.

    Parameters
    ----------
    values : ndarray, shape (n, T)
        Amounts of years 1 to T; NaN where unknown.
    discount : float
        Yearly rate, e.g. 0.1; not negative.

    Returns
    -------
    ndarray, shape (n,)
        Sum over years t of value / (1 + discount)^t; NaN where any year is unknown.

    Examples
    --------
    >>> present_value(np.array([[110.0, 121.0]]), 0.1).round(9)
    array([200.])
    """
    years = np.arange(1, values.shape[1] + 1)
    worth: Floats = (values * (1.0 + discount) ** -years.astype(float)).sum(axis=1)
    return worth


def _curve(weights: Floats, values: Floats, order: Ints) -> tuple[Floats, Floats]:
    """Return cumulated shares of customers and of value from (0, 0), shape (B, n + 1) each."""
    made = []
    for amounts in (weights, weights * values):
        summed = np.zeros((len(weights), values.size + 1))
        np.cumsum(amounts[:, order], axis=1, out=summed[:, 1:])
        made.append(summed / np.where(summed[:, -1:] > 0, summed[:, -1:], np.nan))
    return made[0], made[1]
