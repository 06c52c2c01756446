"""Weighted moments of a survey: the sums everything else is computed from.

Rows become *products* once (`products`); any set of row weights, point or replicate, becomes
moments by one matrix product (`weighted_sums`). Sums add over chunks, files, companies and
quarters, provided the origin is the same: keep it fixed by the questionnaire (`scale_origin`),
not by the data.

Which statistics serve what (the others of the design come with the estimators that need them):

==============================================  =============================================
first and second moments of the complete cases  every point estimate, quality criteria, index
per item, sum w and sum w x over its answers    available-case means of the index
==============================================  =============================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDING: Final = 1e-12
"""Share of the second moment about the origin below which a variance is rounding."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of B weightings of the same items.

    Attributes
    ----------
    weight : ndarray, shape (B,)
        Sum of weights of the complete cases.
    mean : ndarray, shape (B, p)
        Means of the complete cases, in scale units.
    covariance : ndarray, shape (B, p, p)
        Covariances of the complete cases; divisor: sum of weights.
    item_weight : ndarray, shape (B, p)
        Sum of weights of the rows that answered the item.
    item_mean : ndarray, shape (B, p)
        Mean of every answer to the item, in scale units.
    """

    weight: Floats
    mean: Floats
    covariance: Floats
    item_weight: Floats
    item_mean: Floats

    @property
    def sd(self) -> Floats:
        """Standard deviations of the complete cases, shape (B, p)."""
        variance = np.diagonal(self.covariance, axis1=1, axis2=2)
        root: Floats = np.sqrt(np.maximum(variance, 0.0))
        return root


def scale_origin(low: Floats, high: Floats) -> Floats:
    """Return the middle of each scale, the origin about which sums are taken; shape (p,)."""
    middle: Floats = (np.asarray(low, dtype=float) + np.asarray(high, dtype=float)) / 2
    return middle


def products(values: Floats, origin: Floats) -> Floats:
    """Turn answers into the row products whose weighted sums are the moments.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Answers in scale units, NaN where there is none.
    origin : ndarray, shape (p,)
        Point about which products are taken (see `scale_origin`).

    Returns
    -------
    ndarray, shape (n, 1 + p + p(p+1)/2 + 2p)
        Columns: complete (0/1), x, vech(x x'), then per item answered (0/1) and its answer,
        x about the origin. A row with a missing answer is zero in the complete-case part.

    Examples
    --------
    >>> products(np.array([[2.0, 3.0], [1.0, np.nan]]), np.zeros(2))
    array([[1., 2., 3., 4., 6., 9., 1., 1., 2., 3.],
           [0., 0., 0., 0., 0., 0., 1., 0., 1., 0.]])
    """
    answered: NDArray[np.bool_] = np.asarray(~np.isnan(values))
    x = np.where(answered, values - origin, 0.0)
    complete = np.asarray(answered.all(axis=1), dtype=bool)
    z = np.where(complete[:, None], x, 0.0)
    first, second = np.triu_indices(values.shape[1])
    return np.ascontiguousarray(
        np.hstack([complete[:, None].astype(float), z, z[:, first] * z[:, second], answered, x])
    )


def weighted_sums(weights: Floats, rows: Floats) -> Floats:
    """Sum row products under B weightings by one matrix product.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        Non-negative row weights; a bootstrap replicate is a row.
    rows : ndarray, shape (n, k)
        From `products`.

    Returns
    -------
    ndarray, shape (B, k)
        Additive: sums of two sets of rows are the sum of their sums.

    Examples
    --------
    >>> weighted_sums(np.array([[1.0, 2.0]]), np.array([[1.0, 5.0], [1.0, 7.0]]))
    array([[ 3., 19.]])
    """
    sums: Floats = weights @ rows
    return sums


def moments_from_sums(sums: Floats, origin: Floats) -> Moments:
    """Finish weighted sums into means and covariances.

    Parameters
    ----------
    sums : ndarray, shape (B, k)
        From `weighted_sums`, added over chunks.
    origin : ndarray, shape (p,)
        The origin the products were taken about.

    Returns
    -------
    Moments
        NaN where a weight sum is zero (an empty replicate): such elements fail by name later.

    Examples
    --------
    >>> rows = products(np.array([[1.0, 2.0], [3.0, 6.0]]), np.zeros(2))
    >>> moments_from_sums(weighted_sums(np.ones((1, 2)), rows), np.zeros(2)).covariance[0]
    array([[1., 2.],
           [2., 4.]])
    """
    p = origin.size
    q = p * (p + 1) // 2
    weight, first, second, item_weight, item_first = np.split(sums, np.cumsum([1, p, q, p]), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = first / weight
        raw = second / weight
        item_centre = item_first / item_weight
    rows, columns = np.triu_indices(p)
    upper = raw - centre[:, rows] * centre[:, columns]
    diagonal = np.flatnonzero(rows == columns)
    # A constant item under fractional weights leaves rounding where its variance was.
    rounding = ROUNDING * np.abs(raw[:, diagonal])
    lost = upper[:, diagonal] <= rounding
    upper[:, diagonal] = np.where(lost, 0.0, upper[:, diagonal])
    covariance = np.empty((sums.shape[0], p, p))
    covariance[:, rows, columns] = upper
    covariance[:, columns, rows] = upper
    return Moments(
        weight[:, 0], centre + origin, covariance, item_weight.copy(), item_centre + origin
    )


def correlations(covariance: Floats) -> Floats:
    """Return correlation matrices of covariance matrices, shape (B, p, p).

    A variable without variance gives NaN in its row and column.

    Examples
    --------
    >>> correlations(np.array([[[4.0, 3.0], [3.0, 9.0]]]))[0, 0, 1]
    np.float64(0.5)
    """
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = 1.0 / np.sqrt(np.where(variance > 0, variance, np.nan))
        scaled: Floats = covariance * scale[:, :, None] * scale[:, None, :]
    return scaled


def mean_columns(p: int) -> NDArray[np.intp]:
    """Return which product columns carry means of p items: 1 + p complete-case, 2p available."""
    width = 1 + p + p * (p + 1) // 2 + 2 * p
    return np.concatenate([np.arange(1 + p), np.arange(width - 2 * p, width)])


def means_from_sums(sums: Floats, origin: Floats, means: str) -> Floats:
    """Finish sums of the `mean_columns` into item means.

    Parameters
    ----------
    sums : ndarray, shape (..., 1 + 3p)
    origin : ndarray, shape (p,)
    means : {"available", "complete"}
        Over every answer an item has, or over the complete cases.

    Returns
    -------
    ndarray, shape (..., p)
        In scale units; NaN where nobody answered.

    Examples
    --------
    >>> rows = products(np.array([[2.0, 3.0], [4.0, np.nan]]), np.zeros(2))
    >>> total = weighted_sums(np.ones((1, 2)), rows[:, mean_columns(2)])
    >>> means_from_sums(total, np.zeros(2), "available")
    array([[3., 3.]])
    >>> means_from_sums(total, np.zeros(2), "complete")
    array([[2., 3.]])
    """
    p = origin.size
    weight, first, item_weight, item_first = np.split(sums, [1, 1 + p, 1 + 2 * p], axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        if means == "complete":
            return first / weight + origin
        available: Floats = item_first / item_weight + origin
    return available
