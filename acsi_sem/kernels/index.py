"""The 0-100 index and effects on 0-100 scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _starts(blocks: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.flatnonzero(np.diff(blocks, prepend=-1))


def index_points(
    means: Floats, weights: Floats, low: Floats, high: Floats, blocks: NDArray[np.intp]
) -> Floats:
    """Rescale weighted indicator means to 0-100 indices, one per block.

    Parameters
    ----------
    means : ndarray, shape (B, p)
        Indicator means in scale units.
    weights : ndarray, shape (B, p)
        Unstandardised index weights, w / s: outer weight over standard deviation.
    low, high : ndarray, shape (p,)
        Ends of the scales, high > low.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.

    Returns
    -------
    ndarray, shape (B, q)
        Index points. Within [0, 100] when no weight is negative; NaN where the weights of a
        block do not sum to a positive range, because the index has no meaning there.

    Notes
    -----
    100 sum w (mean - low) / sum w (high - low). Weights are not normalised per item first: that
    would make the index change with an item's units.

    References
    ----------
    Fornell et al. (1996), Journal of Marketing 60(4), 7-18.

    Examples
    --------
    >>> index_points(np.array([[10.0, 1.0]]), np.ones((1, 2)), np.ones(2), np.full(2, 10.0),
    ...              np.array([0, 0]))
    array([[50.]])
    """
    gained = np.add.reduceat(weights * (means - low), _starts(blocks), axis=1)
    points: Floats = gained * points_per_score(weights, low, high, blocks)
    return points


def points_per_score(
    weights: Floats, low: Floats, high: Floats, blocks: NDArray[np.intp]
) -> Floats:
    """Return how many index points one unit of the weighted sum of answers is worth.

    Parameters and shapes as in `index_points`; returns shape (B, q), NaN without positive range.

    Notes
    -----
    A PLS score has unit variance and equals the sum of w x / s, so this is also the standard
    deviation of the 0-100 construct score.

    Examples
    --------
    >>> points_per_score(np.ones((1, 1)), np.array([1.0]), np.array([10.0]), np.array([0]))
    array([[11.11111111]])
    """
    span = np.add.reduceat(weights * (high - low), _starts(blocks), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        worth: Floats = 100.0 / np.where(span > 0, span, np.nan)
    return worth


def to_points(coefficients: Floats, deviation: Floats) -> Floats:
    """Turn standardised coefficients into effects between 0-100 scores.

    Parameters
    ----------
    coefficients : ndarray, shape (B, q, q)
        ``[b, i, j]``: standardised effect of j on i.
    deviation : ndarray, shape (B, q)
        Standard deviations of the 0-100 scores.

    Returns
    -------
    ndarray, shape (B, q, q)
        Points of i per point of j.

    Examples
    --------
    >>> to_points(np.array([[[0.0, 0.0], [0.5, 0.0]]]), np.array([[10.0, 20.0]]))[0, 1, 0]
    np.float64(1.0)
    """
    points: Floats = coefficients * deviation[:, :, None] / deviation[:, None, :]
    return points
