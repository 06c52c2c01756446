"""Penalties and rewards: an outcome regressed on low and high answers to attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LOST: Final = 1e-9
"""Eigenvalue of the dummies' correlations below which a combination of them does not vary."""
_STILL: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Contrasts:
    """Penalties and rewards of many weightings.

    Attributes
    ----------
    penalty, reward : ndarray, shape (B, k)
        Points of the outcome that a low, or a high, answer goes with, against one in between;
        NaN where the answers cannot tell.
    r2 : ndarray, shape (B,)
        Share of the outcome's variance that all of them explain; NaN where it does not vary.
    """

    penalty: Floats
    reward: Floats
    r2: Floats


def dummies(answers: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Code answers as low and high.

    Parameters
    ----------
    answers : ndarray, shape (n, k)
        High is good.
    low, high : ndarray, shape (k,)
        Answers at or below, and at or above.

    Returns
    -------
    low, high : ndarray of 0 and 1, shape (n, k)
        NaN where there is no answer.

    Examples
    --------
    >>> low, high = dummies(np.array([[2.0], [5.0], [9.0]]), np.array([3.0]), np.array([9.0]))
    >>> low.ravel().tolist(), high.ravel().tolist()
    ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    """
    gone = np.isnan(answers)
    below, above = answers <= low, answers >= high
    return np.where(gone, np.nan, below), np.where(gone, np.nan, above)


def pair_products(columns: Floats) -> Floats:
    """Return what a unit of weight adds to the sums that a regression is made of.

    Parameters
    ----------
    columns : ndarray, shape (n, q)
        Dummies and, last, the outcome; rows with a NaN add nothing.

    Returns
    -------
    ndarray, shape (n, (q + 1)(q + 2) / 2)
        Products of every pair of (1, columns), the upper triangle row by row.

    Examples
    --------
    >>> pair_products(np.array([[2.0, 3.0], [np.nan, 1.0]])).tolist()
    [[1.0, 2.0, 3.0, 4.0, 6.0, 9.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    whole = np.asarray(~np.isnan(columns).any(axis=1))
    full = np.column_stack([np.ones(len(columns)), columns])
    first, second = np.triu_indices(full.shape[1])
    return np.where(whole[:, None], full[:, first] * full[:, second], 0.0)


def contrasts(sums: Floats, attributes: int) -> Contrasts:
    """Regress an outcome on the low and high dummies of all attributes together.

    Parameters
    ----------
    sums : ndarray, shape (B, m)
        Weighted sums of `pair_products` of k low dummies, k high dummies and the outcome.
    attributes : int
        k.

    Returns
    -------
    Contrasts

    Notes
    -----
    Weighted least squares with an intercept. A dummy that does not vary, or that others add up
    to, has no coefficient; those of the others stand.

    References
    ----------
    Brandt (1987), in: Surprenant (ed.), Add Value to Your Service, 61-65; Matzler & Sauerwein
    (2002), International Journal of Service Industry Management 13, 314-332.

    Examples
    --------
    >>> low, high = np.array([1.0, 0, 0, 0]), np.array([0.0, 0, 0, 1])
    >>> outcome = np.array([20.0, 50, 60, 65])
    >>> rows = pair_products(np.column_stack([low, high, outcome]))
    >>> found = contrasts(np.ones((1, 4)) @ rows, 1)
    >>> found.penalty.round(6).tolist(), found.reward.round(6).tolist()
    ([[-35.0]], [[10.0]])
    """
    q = 2 * attributes + 2
    full = np.zeros((len(sums), q, q))
    first, second = np.triu_indices(q)
    full[:, first, second] = full[:, second, first] = sums
    weight = full[:, 0, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        square = full[:, 1:, 1:] / weight[:, None, None]
        mean = full[:, 0, 1:] / weight[:, None]
    cross = square - mean[:, :, None] * mean[:, None, :]
    slopes, known = _solve(cross, np.diagonal(square, axis1=1, axis2=2))
    total = cross[:, -1, -1]
    still = ~(total > _STILL * square[:, -1, -1])
    with np.errstate(invalid="ignore", divide="ignore"):
        r2 = np.where(still, np.nan, (slopes * cross[:, :-1, -1]).sum(axis=1) / total)
    told = np.where(known, slopes, np.nan)
    return Contrasts(told[:, :attributes], told[:, attributes:], r2)


def _solve(cross: Floats, second: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return least-squares slopes (B, p) and which of them the data determine.

    A slope is determined where no direction that does not vary runs through it.
    """
    spread = np.diagonal(cross, axis1=1, axis2=2)[:, :-1]
    moving = spread > _STILL * second[:, :-1]
    scale = np.where(moving, np.sqrt(np.where(moving, spread, 1.0)), 1.0)
    usable = np.asarray(np.isfinite(cross).all(axis=(1, 2)))
    both = moving[:, :, None] & moving[:, None, :] & usable[:, None, None]
    inner = np.where(both, cross[:, :-1, :-1] / scale[:, :, None] / scale[:, None, :], 0.0)
    right = np.where(moving & usable[:, None], cross[:, :-1, -1] / scale, 0.0)
    values, vectors = np.linalg.eigh(inner)
    alive = values > _LOST
    inverse = np.where(alive, 1.0 / np.where(alive, values, 1.0), 0.0)
    along = (vectors * right[:, :, None]).sum(axis=1) * inverse
    slopes = (vectors * along[:, None, :]).sum(axis=2) / scale
    lost = np.where(alive[:, None, :], 0.0, vectors**2).sum(axis=2)
    return slopes, (lost < _LOST) & usable[:, None]
