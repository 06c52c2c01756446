"""Kano's evaluation table, categories of features, Better and Worse."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.grades import grade_shares
from acsi_sem.kernels.shares import Floats

Ints = NDArray[np.intp]

CATEGORIES: Final = "MOAIRQ"
"""Must-be (basic), one-dimensional (expected), attractive (excitement), indifferent, reverse,
questionable; in the order that decides between equally frequent ones."""
TABLE: Final = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")
"""Rows: answer to the functional question; columns: to the dysfunctional one; both from like
over must be, neutral and live with to dislike."""
_CODES: Final = np.array([[CATEGORIES.index(letter) for letter in row] for row in TABLE])
_TIE: Final = 1e-9


def classify(functional: Ints, dysfunctional: Ints) -> Ints:
    """Return the category of each pair of answers.

    Parameters
    ----------
    functional, dysfunctional : ndarray of int
        0 like, 1 must be, 2 neutral, 3 live with, 4 dislike; -1 where there is no answer.

    Returns
    -------
    ndarray of int, same shape
        Places in `CATEGORIES`; -1 unless both are answered.

    References
    ----------
    Kano, Seraku, Takahashi & Tsuji (1984), Hinshitsu 14, 39-48; Berger et al. (1993), Center for
    Quality of Management Journal 2(4), 3-36.

    Examples
    --------
    >>> found = classify(np.array([0, 0, 2, 4, 0]), np.array([2, 4, 4, 0, -1]))
    >>> "".join(CATEGORIES[code] if code >= 0 else "-" for code in found)
    'AOMR-'
    """
    known = (functional >= 0) & (dysfunctional >= 0)
    found = _CODES[np.where(known, functional, 0), np.where(known, dysfunctional, 0)]
    return np.asarray(np.where(known, found, -1))


def category_shares(weights: Floats, classes: Ints) -> Floats:
    """Return the share of each category.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
    classes : ndarray of int, shape (n, f)
        From `classify`.

    Returns
    -------
    ndarray, shape (B, f, 6)
        In the order of `CATEGORIES`; NaN for a feature that nobody with weight judged.

    Examples
    --------
    >>> category_shares(np.ones((1, 4)), np.array([[0], [0], [1], [-1]])).round(3)
    array([[[0.667, 0.333, 0.   , 0.   , 0.   , 0.   ]]])
    """
    return grade_shares(weights, classes, len(CATEGORIES))


def better_worse(shares: Floats) -> tuple[Floats, Floats]:
    """Return how far a feature satisfies where it is there, and dissatisfies where it is not.

    Parameters
    ----------
    shares : ndarray, shape (..., 6)
        In the order of `CATEGORIES`.

    Returns
    -------
    better, worse : ndarray, shape (...,)
        (A + O) / (A + O + M + I), within [0, 1], and -(O + M) / (A + O + M + I), within [-1, 0];
        NaN when all answers are reverse or questionable.

    References
    ----------
    Berger et al. (1993), Center for Quality of Management Journal 2(4), 3-36.

    Examples
    --------
    >>> better, worse = better_worse(np.array([0.1, 0.2, 0.3, 0.2, 0.1, 0.1]))
    >>> round(float(better), 4), round(float(worse), 4)
    (0.625, -0.375)
    """
    must, one, attractive, indifferent = (shares[..., i] for i in range(4))
    whole = must + one + attractive + indifferent
    whole = np.where(whole > 0, whole, np.nan)
    return (attractive + one) / whole, -(one + must) / whole


def by_mode(shares: Floats) -> Ints:
    """Return the most frequent category; of equally frequent ones M, then O, A, I, R, Q.

    Parameters
    ----------
    shares : ndarray, shape (..., 6)

    Returns
    -------
    ndarray of int, shape (...,)
        Places in `CATEGORIES`; -1 where there are no shares.

    Examples
    --------
    >>> int(by_mode(np.array([0.3, 0.1, 0.3, 0.2, 0.1, 0.0])))
    0
    """
    known = np.logical_and.reduce(np.isfinite(shares), axis=-1)
    filled = np.where(np.expand_dims(known, -1), shares, 0.0)
    top = filled >= filled.max(axis=-1, keepdims=True) - _TIE
    return np.asarray(np.where(known, top.argmax(axis=-1), -1))


def by_sum(shares: Floats) -> Ints:
    """Return the category by the rule that first asks whether the feature matters at all.

    Parameters
    ----------
    shares : ndarray, shape (..., 6)

    Returns
    -------
    ndarray of int, shape (...,)
        The most frequent of M, O and A where together they exceed I, R and Q together, else the
        most frequent of those; -1 where there are no shares.

    References
    ----------
    Berger et al. (1993), Center for Quality of Management Journal 2(4), 3-36 (Blauth's formula).

    Examples
    --------
    >>> int(by_sum(np.array([0.2, 0.2, 0.2, 0.4, 0.0, 0.0]))), int(
    ...     by_mode(np.array([0.2, 0.2, 0.2, 0.4, 0.0, 0.0])))
    (0, 3)
    """
    matters = np.expand_dims(shares[..., :3].sum(-1) > shares[..., 3:].sum(-1) + _TIE, -1)
    first = np.where(matters, shares[..., :3], -1.0)
    last = np.where(matters, -1.0, shares[..., 3:])
    found = by_mode(np.concatenate([first, last], axis=-1))
    return np.asarray(np.where(np.logical_and.reduce(np.isfinite(shares), axis=-1), found, -1))
