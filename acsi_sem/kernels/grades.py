"""Answers in grades: shares of each grade, and scores from what grades are worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.shares import Floats, weighted_share

Ints = NDArray[np.intp]


def grade_shares(weights: Floats, grades: Ints, count: int) -> Floats:
    """Return the share of each grade among those who answered.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
    grades : ndarray of int, shape (n, k)
        Grade of each answer, from 0; -1 where there is none.
    count : int
        Number of grades.

    Returns
    -------
    ndarray, shape (B, k, count)
        Sums to one over grades; NaN for a question that nobody with weight answered.

    Examples
    --------
    >>> grade_shares(np.array([[1.0, 1.0, 2.0]]), np.array([[0], [1], [1]]), 3)
    array([[[0.25, 0.75, 0.  ]]])
    """
    asked = grades >= 0
    return np.stack([weighted_share(weights, grades == t, asked) for t in range(count)], axis=-1)


def graded_scores(shares: Floats, values: Floats) -> Floats:
    """Return mean values of grades, sum of n_k v_k over sum of n_k.

    Parameters
    ----------
    shares : ndarray, shape (..., T)
    values : ndarray, shape (T,)
        What each grade is worth.

    Returns
    -------
    ndarray, shape (...,)

    Examples
    --------
    >>> graded_scores(np.array([0.25, 0.75, 0.0]), np.array([100.0, 60.0, 20.0]))
    array(70.)
    """
    return np.asarray(np.einsum("...t,t->...", shares, values))


def form_total(scores: Floats, weights: Floats) -> Floats:
    """Return the weighted mean of the questions' scores.

    Parameters
    ----------
    scores : ndarray, shape (B, k)
    weights : ndarray, shape (k,)
        Sum one.

    Returns
    -------
    ndarray, shape (B,)
        NaN when a question has no score: leaving it out would change what is measured.

    Examples
    --------
    >>> form_total(np.array([[80.0, 60.0]]), np.array([0.75, 0.25]))
    array([75.])
    """
    return np.asarray(np.einsum("bk,k->b", scores, weights))
