"""Derivatives of the 0-100 index with respect to means and weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.index import index_points, points_per_score

Floats = NDArray[np.float64]


def index_slopes(
    means: Floats, weights: Floats, low: Floats, high: Floats, blocks: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Return the derivatives of each indicator's index with respect to its mean and its weight.

    Parameters
    ----------
    means, weights, low, high, blocks
        As in `acsi_sem.kernels.index.index_points`.

    Returns
    -------
    by_mean, by_weight : ndarray, shape (B, p)
        In index points per scale unit, and per unit of weight.

    Notes
    -----
    Of I = 100 sum w (m - low) / R with R = sum w (high - low): 100 w / R, and
    (100 (m - low) - I (high - low)) / R.

    Examples
    --------
    >>> by_mean, by_weight = index_slopes(np.array([[10.0, 1.0]]), np.ones((1, 2)), np.ones(2),
    ...                                   np.full(2, 10.0), np.array([0, 0]))
    >>> by_mean.round(4).tolist(), by_weight.tolist()
    ([[5.5556, 5.5556]], [[25.0, -25.0]])
    """
    worth = points_per_score(weights, low, high, blocks)[:, blocks]
    index = index_points(means, weights, low, high, blocks)[:, blocks]
    by_mean: Floats = weights * worth
    by_weight: Floats = worth * ((means - low) - index / 100.0 * (high - low))
    return by_mean, by_weight


def mean_slopes(sums: Floats, means: str) -> Floats:
    """Return the derivatives of item means with respect to sums of the `mean_columns`.

    Parameters
    ----------
    sums : ndarray, shape (1 + 3p,)
    means : {"available", "complete"}
        As in `acsi_sem.kernels.moments.means_from_sums`.

    Returns
    -------
    ndarray, shape (1 + 3p, p)

    Examples
    --------
    >>> mean_slopes(np.array([2.0, 6.0, 4.0, 8.0]), "available")[:, 0].tolist()
    [0.0, 0.0, -0.5, 0.25]
    >>> mean_slopes(np.array([2.0, 6.0, 4.0, 8.0]), "complete")[:, 0].tolist()
    [-1.5, 0.5, 0.0, 0.0]
    """
    p = (sums.size - 1) // 3
    item = np.arange(p)
    weight, total = (0, 1 + item) if means == "complete" else (1 + p + item, 1 + 2 * p + item)
    slopes = np.zeros((sums.size, p))
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes[weight, item] = -sums[total] / sums[weight] ** 2
        slopes[total, item] = 1.0 / sums[weight]
    return slopes
