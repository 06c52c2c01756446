"""Discriminant validity: are constructs that are meant to differ told apart by the answers?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FornellLarcker:
    """The criterion of Fornell and Larcker, and the two numbers it compares; shapes (B, q).

    Attributes
    ----------
    margin : ndarray
        `root_ave` less `largest`: positive where the criterion is met; NaN for a single indicator.
    root_ave : ndarray
        Square root of AVE.
    largest : ndarray
        Largest absolute correlation with another construct; NaN when there is none.
    """

    margin: Floats
    root_ave: Floats
    largest: Floats


def _starts(blocks: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.flatnonzero(np.diff(blocks, prepend=-1))


def _block_sums(matrix: Floats, blocks: NDArray[np.intp]) -> Floats:
    """Sum a matrix (B, p, p) over pairs of blocks, (B, q, q)."""
    starts = _starts(blocks)
    return np.add.reduceat(np.add.reduceat(matrix, starts, axis=1), starts, axis=2)


def _mean_over_pairs(matrix: Floats, blocks: NDArray[np.intp], alone: float) -> Floats:
    """Average over the pairs of items of two blocks, an item's pair with itself left out.

    A block of one item has no such pair on the diagonal: there `alone` stands.
    """
    k = np.bincount(blocks).astype(float)
    pairs = np.outer(k, k) - np.diag(k)
    mean = _block_sums(matrix * (1 - np.eye(blocks.size)), blocks) / np.where(pairs > 0, pairs, 1.0)
    return np.where(pairs > 0, mean, alone)


def cross_loadings(correlation: Floats, weights: Floats, blocks: NDArray[np.intp]) -> Floats:
    """Return the correlation of every indicator with every construct's score.

    Parameters
    ----------
    correlation : ndarray, shape (B, p, p)
        Of the indicators.
    weights : ndarray, shape (B, p)
        Outer weights that give scores of unit variance.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.

    Returns
    -------
    ndarray, shape (B, p, q)
        With consistent PLS too the correlations are with the scores, not with the factors.

    References
    ----------
    Chin (1998), in Marcoulides (ed.), Modern Methods for Business Research, 295-336.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.5], [0.5, 1.0]]])
    >>> cross_loadings(r, np.ones((1, 2)), np.array([0, 1]))[0, 0].tolist()
    [1.0, 0.5]
    """
    return np.add.reduceat(correlation * weights[:, None, :], _starts(blocks), axis=2)


def htmt(correlation: Floats, blocks: NDArray[np.intp], *, absolute: bool = True) -> Floats:
    """Return the heterotrait-monotrait ratio of every pair of constructs.

    The mean correlation between the items of two constructs, divided by the geometric mean of
    the mean correlations within them: an estimate of the constructs' correlation when the items
    of a block are parallel.

    Parameters
    ----------
    correlation : ndarray, shape (B, p, p)
        Of the indicators.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.
    absolute : bool
        True, the default, averages absolute correlations as seminr does (Ringle et al. 2023): a
        reverse-worded item then does not cancel the others and pass for discriminant validity.
        False averages signed correlations: the original definition, and cSEM's.

    Returns
    -------
    ndarray, shape (B, q, q)
        Symmetric, 1 on the diagonal. A single item agrees with itself (1 for the mean within),
        as in seminr; cSEM leaves single items out. NaN where the mean within a block is not
        positive.

    References
    ----------
    Henseler, Ringle & Sarstedt (2015), J. of the Academy of Marketing Science 43, 115-135;
    Ringle, Sarstedt, Sinkovics & Sinkovics (2023), Data in Brief 48, 109074.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.8, 0.4], [0.8, 1.0, 0.4], [0.4, 0.4, 1.0]]])
    >>> htmt(r, np.array([0, 0, 1]))[0, 1, 0].round(6)
    np.float64(0.447214)
    """
    mean = _mean_over_pairs(np.abs(correlation) if absolute else correlation, blocks, 1.0)
    within = np.einsum("bii->bi", mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(np.where(within > 0, within, np.nan))
        ratio: Floats = mean / root[:, :, None] / root[:, None, :]
    return _unit_diagonal(ratio)


def htmt2(correlation: Floats, blocks: NDArray[np.intp]) -> Floats:
    """Return the heterotrait-monotrait ratio from geometric means of every pair of constructs.

    Consistent for the constructs' correlation also when the loadings of a block differ.

    Parameters
    ----------
    correlation : ndarray, shape (B, p, p)
        Of the indicators.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.

    Returns
    -------
    ndarray, shape (B, q, q)
        Symmetric, 1 on the diagonal; absolute, like `htmt`. A geometric mean asks for numbers of
        one sign: NaN unless all correlations between the two blocks have the same sign and all
        within each are positive. Single items as in `htmt`. Where every correlation is positive
        it is cSEM's number.

    References
    ----------
    Roemer, Schuberth & Henseler (2021), Industrial Management & Data Systems 121, 2637-2650.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.8, 0.4], [0.8, 1.0, 0.1], [0.4, 0.1, 1.0]]])
    >>> htmt2(r, np.array([0, 0, 1]))[0, 1, 0].round(6)
    np.float64(0.223607)
    """
    starts = _starts(blocks)
    low = np.minimum.reduceat(np.minimum.reduceat(correlation, starts, axis=1), starts, axis=2)
    high = np.maximum.reduceat(np.maximum.reduceat(correlation, starts, axis=1), starts, axis=2)
    logs = np.log(np.where(correlation == 0, np.nan, np.abs(correlation)))
    mean = np.where((low > 0) | (high < 0), _mean_over_pairs(logs, blocks, 0.0), np.nan)
    within = np.einsum("bii->bi", mean)
    ratio: Floats = np.exp(mean - within[:, :, None] / 2 - within[:, None, :] / 2)
    return _unit_diagonal(ratio)


def _unit_diagonal(ratio: Floats) -> Floats:
    """Put 1 where a construct meets itself, unless its own mean is not defined."""
    own = np.arange(ratio.shape[1])
    ratio[:, own, own] = np.where(np.isnan(ratio[:, own, own]), np.nan, 1.0)
    return ratio


def fornell_larcker(ave: Floats, correlation: Floats) -> FornellLarcker:
    """Compare the square root of AVE with the largest correlation of each construct.

    Parameters
    ----------
    ave : ndarray, shape (B, q)
        Average variance extracted, NaN for a single indicator.
    correlation : ndarray, shape (B, q, q)
        Of the constructs.

    Returns
    -------
    FornellLarcker

    Notes
    -----
    On the scale of correlations, as in seminr's tables; cSEM prints AVE and squared correlations,
    which gives the same verdict.

    References
    ----------
    Fornell & Larcker (1981), Journal of Marketing Research 18, 39-50.

    Examples
    --------
    >>> r = np.array([[[1.0, -0.5], [-0.5, 1.0]]])
    >>> fornell_larcker(np.array([[0.64, 0.16]]), r).margin.round(6).tolist()
    [[0.3, -0.1]]
    """
    q = ave.shape[1]
    others = np.where(np.eye(q, dtype=bool), -np.inf, np.abs(correlation))
    largest = others.max(axis=2)
    largest = np.where(np.isfinite(largest), largest, np.nan)
    with np.errstate(invalid="ignore"):
        root = np.sqrt(ave)
    return FornellLarcker(root - largest, root, largest)
