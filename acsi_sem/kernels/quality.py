"""Criteria of measurement and structure, from correlations and loadings, batch first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _starts(blocks: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.flatnonzero(np.diff(blocks, prepend=-1))


def _sizes(blocks: NDArray[np.intp]) -> Floats:
    return np.bincount(blocks).astype(float)


def cronbach_alpha(correlation: Floats, blocks: NDArray[np.intp]) -> Floats:
    """Return standardised alpha of every block, shape (B, q); NaN for a single indicator.

    Parameters
    ----------
    correlation : ndarray, shape (B, p, p)
    blocks : ndarray of int, shape (p,)

    Notes
    -----
    k r / (1 + (k - 1) r), r the mean correlation within the block: the form PLS packages print,
    because PLS standardises its indicators.

    References
    ----------
    Cronbach (1951), Psychometrika 16, 297-334.

    Examples
    --------
    >>> cronbach_alpha(np.array([[[1.0, 0.5], [0.5, 1.0]]]), np.array([0, 0]))
    array([[0.66666667]])
    """
    starts, k = _starts(blocks), _sizes(blocks)
    within = np.add.reduceat(np.add.reduceat(correlation, starts, axis=1), starts, axis=2)
    total = np.diagonal(within, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha: Floats = k / (k - 1) * (1 - k / total)
    return np.where(k > 1, alpha, np.nan)


def composite_reliability(loadings: Floats, blocks: NDArray[np.intp]) -> Floats:
    """Return rho_C of every block, shape (B, q); NaN for a single indicator.

    Parameters
    ----------
    loadings : ndarray, shape (B, p)
        Standardised loadings.
    blocks : ndarray of int, shape (p,)

    Notes
    -----
    (sum l)^2 / ((sum l)^2 + sum (1 - l^2)), from the Mode A loadings as seminr does.

    References
    ----------
    Werts, Linn & Joereskog (1974), Educational and Psychological Measurement 34, 25-33.

    Examples
    --------
    >>> composite_reliability(np.array([[0.8, 0.8]]), np.array([0, 0]))
    array([[0.7804878]])
    """
    starts, k = _starts(blocks), _sizes(blocks)
    common = np.add.reduceat(loadings, starts, axis=1) ** 2
    unique = np.add.reduceat(1 - loadings**2, starts, axis=1)
    return np.where(k > 1, common / (common + unique), np.nan)


def average_variance_extracted(loadings: Floats, blocks: NDArray[np.intp]) -> Floats:
    """Return AVE, the mean squared loading, of every block; NaN for a single indicator.

    Shapes as in `composite_reliability`.

    References
    ----------
    Fornell & Larcker (1981), Journal of Marketing Research 18, 39-50.

    Examples
    --------
    >>> average_variance_extracted(np.array([[0.8, 0.6]]), np.array([0, 0]))
    array([[0.5]])
    """
    k = _sizes(blocks)
    squared = np.add.reduceat(loadings**2, _starts(blocks), axis=1)
    return np.where(k > 1, squared / k, np.nan)


def adjusted_r2(r2: Floats, n: Floats, predictors: NDArray[np.intp]) -> Floats:
    """Return adjusted R2.

    Parameters
    ----------
    r2 : ndarray, shape (B, q)
    n : ndarray, shape (B,)
        Number of rows.
    predictors : ndarray of int, shape (q,)

    Examples
    --------
    >>> adjusted_r2(np.array([[0.5]]), np.array([12.0]), np.array([1]))
    array([[0.45]])
    """
    n = n[:, None]
    adjusted: Floats = 1 - (1 - r2) * (n - 1) / (n - 1 - predictors)
    return adjusted
