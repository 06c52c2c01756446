"""Variance inflation factors: how much collinearity inflates the variance of a coefficient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.regression import SINGULAR, Arrows, Floats
from acsi_sem.kernels.small_linalg import invert_definite


def indicator_vif(correlation: Floats, blocks: NDArray[np.intp]) -> Floats:
    """Return the variance inflation factor of every indicator within its block.

    Parameters
    ----------
    correlation : ndarray, shape (B, p, p)
        Of the indicators.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.

    Returns
    -------
    ndarray, shape (B, p)
        1 / (1 - R2) of the regression on the other indicators of the block; 1 for a single
        indicator; NaN for a block with a singular correlation matrix.

    References
    ----------
    Diamantopoulos & Siguaw (2006), British Journal of Management 17, 263-282.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.6], [0.6, 1.0]]])
    >>> indicator_vif(r, np.array([0, 0])).tolist()
    [[1.5625, 1.5625]]
    """
    last = np.ascontiguousarray(np.moveaxis(correlation, 0, -1))
    found = np.empty((blocks.size, last.shape[-1]))
    for block in range(int(blocks.max()) + 1):
        own = np.flatnonzero(blocks == block)
        found[own] = _inflation(last, own.tolist())
    return found.T.copy()


def predictor_vif(correlation: Floats, arrows: Arrows) -> Floats:
    """Return the variance inflation factor of every predictor in every equation.

    Parameters
    ----------
    correlation : ndarray, shape (B, q, q)
        Of the constructs. cSEM takes those corrected for attenuation with consistent PLS, seminr
        those of the scores: we take what the paths are computed from, as cSEM does, because
        the factor is to say how well those paths can be told apart.
    arrows : ndarray of bool, shape (q, q)
        ``[target, source]``.

    Returns
    -------
    ndarray, shape (B, q, q)
        ``[b, target, source]``; 1 for a lone predictor, NaN where no arrow runs, and for the
        whole equation where the predictors' correlation matrix is not positive definite.

    References
    ----------
    Belsley, Kuh & Welsch (1980), Regression Diagnostics; Hair et al. (2022), A Primer on PLS-SEM.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.6, 0.5], [0.6, 1.0, 0.5], [0.5, 0.5, 1.0]]])
    >>> arrows = np.zeros((3, 3), bool); arrows[2, :2] = True
    >>> predictor_vif(r, arrows)[0, 2, :2].tolist()
    [1.5625, 1.5625]
    """
    last = np.ascontiguousarray(np.moveaxis(correlation, 0, -1))
    found = np.full_like(last, np.nan)
    for target in np.flatnonzero(arrows.any(axis=1)):
        sources = np.flatnonzero(arrows[target]).tolist()
        found[target, sources] = _inflation(last, sources)
    return np.ascontiguousarray(np.moveaxis(found, -1, 0))


def _inflation(last: Floats, at: Sequence[int]) -> Floats:
    """Diagonal of the inverse of the rows and columns `at` of correlations (q, q, B)."""
    inverse, pivots = invert_definite(last[np.ix_(at, at)])
    regular = (pivots > SINGULAR).all(axis=0)
    return np.where(regular, np.einsum("iib->ib", inverse), np.nan)
