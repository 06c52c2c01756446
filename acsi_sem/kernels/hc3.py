"""Least squares with errors that need not be alike, many samples at a time."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOST: Final = 1e-10
"""Determinant of the sources' correlations below which predictors are collinear."""


def regress_hc3(target: Floats, sources: Floats) -> tuple[Floats, Floats]:
    """Regress a variable on others, with an intercept; return slopes and their HC3 errors.

    Parameters
    ----------
    target : ndarray, shape (B, n)
    sources : ndarray, shape (B, n, k)

    Returns
    -------
    slopes, std_errors : ndarray, shape (B, k)
        NaN in samples whose sources are collinear or constant.

    References
    ----------
    MacKinnon & White (1985), Journal of Econometrics 29, 305-325.

    Examples
    --------
    >>> x = np.array([[[0.0], [1.0], [2.0], [3.0]]])
    >>> slopes, errors = regress_hc3(np.array([[0.0, 1.0, 1.0, 3.0]]), x)
    >>> slopes.round(4), errors.round(4)
    (array([[0.9]]), array([[0.4252]]))
    """
    n = target.shape[1]
    part = sources - sources.mean(axis=1, keepdims=True)
    left = target - target.mean(axis=1, keepdims=True)
    cross = np.einsum("bni,bnj->bij", part, part)
    size = np.sqrt(np.diagonal(cross, axis1=1, axis2=2))
    usable = np.asarray((size > 0).all(axis=1) & np.isfinite(size).all(axis=1))
    scale = np.where(usable[:, None], size, 1.0)
    scaled = np.where(usable[:, None, None], cross / scale[:, :, None] / scale[:, None, :], 0.0)
    usable &= np.linalg.det(scaled) > LOST
    safe = np.where(usable[:, None, None], scaled, np.eye(part.shape[2]))
    inverse = np.linalg.inv(safe) / scale[:, :, None] / scale[:, None, :]
    solved = np.einsum("bni,bij->bnj", part, inverse)
    slopes = np.einsum("bnj,bn->bj", solved, left)
    residual = left - np.einsum("bni,bi->bn", part, slopes)
    leverage = 1 / n + np.einsum("bni,bni->bn", solved, part)
    with np.errstate(divide="ignore", invalid="ignore"):
        stretched = residual / (1 - leverage)
        errors = np.sqrt(np.einsum("bni,bn->bi", solved**2, stretched**2))
    known = usable[:, None]
    return np.where(known, slopes, np.nan), np.where(known, errors, np.nan)
