"""Analytic hierarchy process: weights from pairwise comparisons, and their consistency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RANDOM_INDEX: Final = (0.0, 0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
"""Mean CI of random matrices by their size; up to 2 x 2 no judgement can contradict another."""
MOST: Final = len(RANDOM_INDEX) - 1
LARGEST_RATIO: Final = 0.1


@dataclass(frozen=True, slots=True)
class Priorities:
    """Weights from pairwise comparisons.

    Attributes
    ----------
    weights : ndarray, shape (B, n)
        Positive, sum one.
    largest : ndarray, shape (B,)
        Principal eigenvalue; n for judgements without contradiction.
    index : ndarray, shape (B,)
        Consistency index, (largest - n) / (n - 1).
    ratio : ndarray, shape (B,)
        Consistency ratio, the index over that of random judgements; 0 for n up to 2.
    """

    weights: Floats
    largest: Floats
    index: Floats
    ratio: Floats


def reciprocal(matrices: Floats) -> Floats:
    """Make matrices exactly reciprocal, so that rounding of 1/3 to 0.33 favours no side.

    Parameters
    ----------
    matrices : ndarray, shape (..., n, n)
        Positive; row against column.

    Returns
    -------
    ndarray, same shape
        Square root of each entry over its mirror entry.

    Examples
    --------
    >>> made = reciprocal(np.array([[1.0, 3.0], [0.33, 1.0]]))
    >>> round(float(made[0, 1]), 3), round(float(made[0, 1] * made[1, 0]), 9)
    (3.015, 1.0)
    """
    return np.asarray(np.sqrt(matrices / np.swapaxes(matrices, -1, -2)))


def priorities(matrices: Floats) -> Priorities:
    """Return the weights and the consistency of matrices of pairwise comparisons.

    Parameters
    ----------
    matrices : ndarray, shape (B, n, n)
        Positive, reciprocal up to rounding; row against column.

    Returns
    -------
    Priorities

    Raises
    ------
    ValueError
        If a matrix is not square and positive, or n exceeds 10, for which no random index is
        published.

    References
    ----------
    Saaty (1980), The Analytic Hierarchy Process; Saaty (1987), Mathematical Modelling 9, 161-176.

    Examples
    --------
    >>> found = priorities(np.array([[[1.0, 2.0, 4.0], [0.5, 1.0, 2.0], [0.25, 0.5, 1.0]]]))
    >>> found.weights.round(4), abs(found.ratio.round(6))
    (array([[0.5714, 0.2857, 0.1429]]), array([0.]))
    """
    count = matrices.shape[-1]
    if matrices.shape[-2] != count or not (np.isfinite(matrices) & (matrices > 0)).all():
        raise ValueError("matrices must be square, finite and positive")
    if not 1 <= count <= MOST:
        raise ValueError(f"1 to {MOST} things can be compared, not {count}")
    values, vectors = np.linalg.eig(reciprocal(matrices))
    at = values.real.argmax(axis=-1)
    vector = np.abs(np.take_along_axis(vectors, at[:, None, None], axis=-1)[..., 0])
    # By Perron and Frobenius the eigenvalue is real and not below n; less is arithmetic.
    largest = np.maximum(np.take_along_axis(values.real, at[:, None], axis=-1)[:, 0], count)
    index = (largest - count) / max(count - 1, 1)
    random = RANDOM_INDEX[count]
    ratio = index / random if random else np.zeros_like(index)
    return Priorities(vector / vector.sum(axis=-1, keepdims=True), largest, index, ratio)


def pool_experts(matrices: Floats) -> Floats:
    """Pool the judgements of experts, the only way that keeps them reciprocal.

    Parameters
    ----------
    matrices : ndarray, shape (k, n, n)
        Positive; one matrix per expert.

    Returns
    -------
    ndarray, shape (n, n)
        Geometric mean of each judgement.

    References
    ----------
    Aczel & Saaty (1983), Journal of Mathematical Psychology 27, 93-102.

    Examples
    --------
    >>> pool_experts(np.array([[[1.0, 8.0], [0.125, 1.0]], [[1.0, 2.0], [0.5, 1.0]]])).round(6)
    array([[1.  , 4.  ],
           [0.25, 1.  ]])
    """
    return np.asarray(np.exp(np.log(reciprocal(matrices)).mean(axis=0)))


def contradiction(matrix: Floats) -> tuple[int, int, float]:
    """Find the judgement that contradicts the others most.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
        Positive, n at least 3.

    Returns
    -------
    i, j : int
        Row and column of the judgement, i before j.
    implied : float
        What the ways round by each third thing imply: geometric mean of a_ik a_kj.

    Examples
    --------
    >>> i, j, implied = contradiction(np.array(
    ...     [[1, 2, 4, 1 / 8], [0.5, 1, 2, 4], [0.25, 0.5, 1, 2], [8, 0.25, 0.5, 1]]))
    >>> i, j, round(implied, 2)
    (0, 3, 8.0)
    """
    logs = np.log(reciprocal(np.asarray(matrix, dtype=float)))
    count = logs.shape[0]
    # The sum over k holds the direct judgement twice: by k = i and by k = j.
    ways = (logs.sum(axis=1)[:, None] + logs.sum(axis=0)[None, :] - 2 * logs) / (count - 2)
    apart = np.triu(np.abs(ways - logs), 1)
    i, j = (int(place) for place in np.unravel_index(apart.argmax(), apart.shape))
    return i, j, float(np.exp(ways[i, j]))
