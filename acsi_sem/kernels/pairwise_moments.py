"""Moments under item-mean replacement, without replacing anything.

Where every missing answer is replaced by the mean of the item's answers, the mean does not move,
and a deviation from it is zero. The covariance of two items is therefore the sum over the rows
that answered both of w (x_i - m_i)(x_j - m_j), divided by the weight of all rows. That sum follows
from sums which add over rows, so a replicate redoes the replacement by one matrix product.

Rows without any answer are left out: they are no interviews, and would only shrink covariances.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.moments import ROUNDING, Floats, Moments

Ints = NDArray[np.intp]


def pairwise_width(p: int) -> int:
    """Return the number of columns of `pairwise_products`: 1 + p + 2p².

    Examples
    --------
    >>> pairwise_width(13)
    352
    """
    return 1 + p + 2 * p * p


def pairwise_products(values: Floats, origin: Floats) -> Floats:
    """Turn answers into the row products whose weighted sums give `mean_rule_moments`.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Answers in scale units, NaN where there is none.
    origin : ndarray, shape (p,)
        Point about which products are taken (`acsi_sem.kernels.moments.scale_origin`).

    Returns
    -------
    ndarray, shape (n, 1 + p + 2p²)
        Columns, with a = answered (0/1) and x about the origin, 0 where not answered: any answer
        (0/1); a; x; vech(x x'), the upper triangle row by row; x_i a_j for every i other than j,
        row by row; a_i a_j above the diagonal. A row without any answer is zero.

    Examples
    --------
    >>> pairwise_products(np.array([[2.0, 3.0], [1.0, np.nan]]), np.zeros(2)).tolist()
    [[1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 2.0, 3.0, 1.0], \
[1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    seen = ~np.isnan(values)
    a = seen.astype(np.float64)
    x = np.where(seen, values - origin, 0.0)
    p = values.shape[1]
    first, second = np.triu_indices(p)
    left, right = np.nonzero(~np.eye(p, dtype=bool))
    above, beyond = np.triu_indices(p, 1)
    some = a.max(axis=1, keepdims=True, initial=0.0)
    parts = [some, a, x, x[:, first] * x[:, second], x[:, left] * a[:, right]]
    return np.ascontiguousarray(np.hstack([*parts, a[:, above] * a[:, beyond]]))


def mean_rule_moments(sums: Floats, origin: Floats) -> Moments:
    """Finish sums into the moments of the rows with every missing answer replaced by a mean.

    Parameters
    ----------
    sums : ndarray, shape (B, 1 + p + 2p²)
        Weighted sums of `pairwise_products`, added over chunks.
    origin : ndarray, shape (p,)
        The origin the products were taken about.

    Returns
    -------
    Moments
        `weight` is that of all rows with at least one answer, the divisor of the covariances;
        `mean` equals `item_mean`, the (weighted) mean of the item's answers, and `item_weight` is
        their weight. NaN for an item that nobody answered, and its covariances.

    Notes
    -----
    Replacement by means shrinks variances and correlations towards zero. It is offered because
    PLS packages do it by default, not because it is good.

    References
    ----------
    Little & Rubin (2002), Statistical Analysis with Missing Data, section 4.2.1.

    Examples
    --------
    The second item's missing answer becomes 5, the mean of 2 and 8:

    >>> answers = np.array([[1.0, 2.0], [3.0, 8.0], [2.0, np.nan]])
    >>> rows = pairwise_products(answers, np.zeros(2))
    >>> mean_rule_moments(np.ones((1, 3)) @ rows, np.zeros(2)).covariance[0].round(6).tolist()
    [[0.666667, 2.0], [2.0, 6.0]]
    """
    p = origin.size
    q, pairs = p * (p + 1) // 2, p * (p - 1)
    weight, item_weight, item_first, second, crossed, _ = np.split(
        sums, np.cumsum([1, p, p, q, pairs]), axis=1
    )
    joint = _joint_weight(sums, p)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = item_first / item_weight
        shared = _shared_first(crossed, item_first)
        rows, columns = np.triu_indices(p)
        one, other = centre[:, rows], centre[:, columns]
        apart = one * shared[:, columns, rows] + other * shared[:, rows, columns]
        upper = second - apart + one * other * joint[:, rows, columns]
        own = np.flatnonzero(rows == columns)
        # A constant item under fractional weights leaves rounding where its variance was.
        lost = upper[:, own] <= ROUNDING * second[:, own]
        upper[:, own] = np.where(lost, 0.0, upper[:, own])
        upper /= weight
    covariance = np.empty((sums.shape[0], p, p))
    covariance[:, rows, columns] = upper
    covariance[:, columns, rows] = upper
    mean = centre + origin
    return Moments(weight[:, 0].copy(), mean, covariance, item_weight.copy(), mean.copy())


def _shared_first(crossed: Floats, item_first: Floats) -> Floats:
    """Return [b, i, j] = Σ w x_i over the rows that answered j as well; shape (B, p, p)."""
    batch, p = item_first.shape
    shared = np.empty((batch, p, p))
    shared[:, ~np.eye(p, dtype=bool)] = crossed
    shared[:, np.arange(p), np.arange(p)] = item_first
    return shared


def _joint_weight(sums: Floats, p: int) -> Floats:
    """Return Σ w over the rows that answered both items of a pair; shape (B, p, p)."""
    joint = np.empty((sums.shape[0], p, p))
    rows, columns = np.triu_indices(p, 1)
    joint[:, rows, columns] = joint[:, columns, rows] = sums[:, sums.shape[1] - rows.size :]
    joint[:, np.arange(p), np.arange(p)] = sums[:, 1 : 1 + p]
    return joint


def pairwise_mean_columns(p: int) -> Ints:
    """Return which product columns carry the means of p items: answered, then x.

    Parameters
    ----------
    p : int
        Number of items.

    Returns
    -------
    ndarray of int, shape (2p,)
        They are the last 2p of the 1 + 3p sums of `acsi_sem.kernels.moments.means_from_sums`.

    Notes
    -----
    The mean of the replaced rows is the mean of the answers an item has. Sums over complete cases,
    the first 1 + p of that layout, have no counterpart under this rule.

    Examples
    --------
    >>> pairwise_mean_columns(2).tolist()
    [1, 2, 3, 4]
    """
    return np.arange(1, 1 + 2 * p)
