"""The fourth-order block: what robust inference needs to know of the answers besides S.

Each complete row becomes z = (1, d, vech dd') with d = x - origin, vech by the rows of the upper
triangle: the first 1 + p + p(p+1)/2 columns of `moments.products`. The block is Σ w² zz', or with
clusters the sum over strata of n_h/(n_h - 1) Σ (t - t̄)(t - t̄)' of the totals t = Σ w z of the
primary sampling units. Every casewise score is a linear map of z, so that sandwich, Satorra-
Bentler and linearised standard errors read from the block alone, whatever the design.

Blocks of rows add over chunks and files if the origin is the same; a change of origin is a linear
map too (`recentre`). Which statistics serve what:

===================================================  ========================================
Σ w² zz' (rows)                                      sandwich, Satorra-Bentler, scaled tests,
                                                     linearised standard errors
PSU totals of w z (a PSU is never split)             the same, cluster-robust by stratum
===================================================  ========================================
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def width(p: int) -> int:
    """Number of elements of z for p items."""
    return 1 + p + p * (p + 1) // 2


def row_block(weights: Floats, rows: Floats, *, frequency: bool = False) -> Floats:
    """Sum the squares and products of weighted rows.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        Row weights. For sampling weights scaled to sum to the number of rows; for robust standard
        errors without weights, ones.
    rows : ndarray, shape (n, 1 + p + p(p+1)/2)
        z of each row, zero for an incomplete one.
    frequency : bool
        True where a weight w stands for w equal rows: w in place of w².

    Returns
    -------
    ndarray, shape (B, 1 + q, 1 + q)
        Σ w² zz'. Additive over rows; divide by n for the functions of `robust`.

    Examples
    --------
    >>> row_block(np.array([[1.0, 2.0]]), np.array([[1.0, 3.0, 9.0], [1.0, 1.0, 1.0]]))[0, 0]
    array([ 5.,  7., 13.])
    """
    factor = weights if frequency else weights**2
    return np.stack([(rows * each[:, None]).T @ rows for each in factor])


def cluster_totals(weights: Floats, rows: Floats, clusters: Ints) -> Floats:
    """Sum weighted rows within primary sampling units.

    Parameters
    ----------
    weights : ndarray, shape (n,)
    rows : ndarray, shape (n, 1 + q)
        z of each row.
    clusters : ndarray of int, shape (n,)
        Number of each row's PSU, from 0.

    Returns
    -------
    ndarray, shape (C, 1 + q)
        Σ w z of each PSU; additive over chunks that number PSUs alike.

    Examples
    --------
    >>> cluster_totals(np.ones(3), np.array([[1.0], [1.0], [1.0]]), np.array([0, 1, 1])).ravel()
    array([1., 2.])
    """
    totals = np.zeros((int(clusters.max(initial=-1)) + 1, rows.shape[1]))
    np.add.at(totals, clusters, weights[:, None] * rows)
    return totals


def cluster_block(totals: Floats, strata: Ints, sampled: Floats | None = None) -> Floats:
    """Return the fourth-order block of a stratified cluster sample.

    Parameters
    ----------
    totals : ndarray, shape (C, 1 + q)
        From `cluster_totals`.
    strata : ndarray of int, shape (C,)
        Number of each PSU's stratum, from 0.
    sampled : ndarray, shape (H,), optional
        Share of the stratum's PSUs that was sampled, for the finite population correction.

    Returns
    -------
    ndarray, shape (1 + q, 1 + q)
        Σ_h (1 - f_h) n_h/(n_h - 1) Σ_i (t_hi - t̄_h)(t_hi - t̄_h)', t̄_h the mean of the stratum.

    Raises
    ------
    ValueError
        If a stratum has a single PSU: its variance cannot be estimated; merge strata.

    Notes
    -----
    With one stratum the scores of a solution sum to zero, so that the centring changes nothing
    and the result is lavaan's ``cluster =``, which multiplies by C/(C - 1) and knows no strata.

    References
    ----------
    Binder (1983), International Statistical Review 51, 279-292.

    Examples
    --------
    >>> cluster_block(np.array([[1.0], [3.0]]), np.array([0, 0]))
    array([[4.]])
    """
    counts = np.bincount(strata)
    if (counts == 1).any():
        alone = np.flatnonzero(counts == 1).tolist()
        raise ValueError(f"strata {alone} have a single PSU: merge them with others")
    means = np.zeros((len(counts), totals.shape[1]))
    np.add.at(means, strata, totals)
    means /= np.maximum(counts, 1)[:, None]
    factor = counts / np.maximum(counts - 1, 1)
    if sampled is not None:
        factor = factor * (1.0 - sampled)
    centred = totals - means[strata]
    block: Floats = (centred * factor[strata][:, None]).T @ centred
    return block


def recentring(shift: Floats) -> Floats:
    """Return the matrix that moves z to another origin.

    Parameters
    ----------
    shift : ndarray, shape (B, p)
        New origin less the old one.

    Returns
    -------
    ndarray, shape (B, 1 + q, 1 + q)
        L with z(new) = L z(old).
    """
    batch, p = shift.shape
    first, second = np.triu_indices(p)
    place = np.arange(len(first))
    matrix = np.repeat(np.eye(width(p))[None], batch, axis=0)
    matrix[:, 1 : 1 + p, 0] = -shift
    matrix[:, 1 + p :, 0] = shift[:, first] * shift[:, second]
    # d_i d_j = y_i y_j - δ_i y_j - δ_j y_i + δ_i δ_j; both terms fall together where i = j
    matrix[:, 1 + p + place, 1 + second] -= shift[:, first]
    matrix[:, 1 + p + place, 1 + first] -= shift[:, second]
    return matrix


def recentre(block: Floats, shift: Floats) -> Floats:
    """Move a fourth-order block to another origin.

    Parameters
    ----------
    block : ndarray, shape (B, 1 + q, 1 + q)
        About any origin.
    shift : ndarray, shape (B, p)
        New origin less the old one.

    Returns
    -------
    ndarray, shape (B, 1 + q, 1 + q)

    Examples
    --------
    >>> about_zero = row_block(np.ones((1, 1)), np.array([[1.0, 3.0, 9.0]]))
    >>> recentre(about_zero, np.array([[1.0]]))[0, 0]
    array([1., 2., 4.])
    """
    move = recentring(shift)
    return move @ block @ move.mT


def block_of_answers(
    values: Floats, weights: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return mean, covariance and fourth-order block of complete answers.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Answers without a missing one.
    weights : ndarray, shape (n,), optional
        Sampling weights of any scale.

    Returns
    -------
    mean : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        Divisor n.
    block : ndarray, shape (1 + q, 1 + q)
        Σ w² zz' / n about the mean, weights scaled to sum to n.

    Examples
    --------
    >>> mean, covariance, block = block_of_answers(np.array([[0.0], [2.0]]))
    >>> mean, covariance, block[0]
    (array([1.]), array([[1.]]), array([1., 0., 1.]))
    """
    n, p = values.shape
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=float) * n / weights.sum()
    mean = w @ values / n
    centred = values - mean
    first, second = np.triu_indices(p)
    rows = np.hstack([np.ones((n, 1)), centred, centred[:, first] * centred[:, second]])
    covariance = (centred * w[:, None]).T @ centred / n
    return mean, covariance, row_block(w[None], rows)[0] / n
