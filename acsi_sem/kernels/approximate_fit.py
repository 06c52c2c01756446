"""Approximate fit of a PLS model in the measures of covariance structure analysis.

They judge the maximum likelihood discrepancy at estimates that do not minimise it: larger than at
its minimum, so that limits known from covariance structure analysis are strict here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.composite_fit import distances
from acsi_sem.kernels.regression import Floats


@dataclass(frozen=True, slots=True)
class ApproximateFit:
    """Measures made of the discrepancy, its degrees of freedom and n, each of shape (B,).

    Attributes
    ----------
    chisq : ndarray
        (n - 1) times the discrepancy.
    cfi, tli, ifi, nfi : ndarray
        Against the model in which no items correlate; `tli` is cSEM's NNFI.
    rmsea : ndarray
    cn : ndarray
        Hoelter's critical number at 5 %.
    """

    chisq: Floats
    cfi: Floats
    tli: Floats
    ifi: Floats
    nfi: Floats
    rmsea: Floats
    cn: Floats


def approximate_fit(observed: Floats, d_ml: Floats, n: Floats, df: int) -> ApproximateFit:
    """Return measures of approximate fit.

    Parameters
    ----------
    observed : ndarray, shape (B, p, p)
        Correlations of the items.
    d_ml : ndarray, shape (B,)
        From `acsi_sem.kernels.composite_fit.distances`.
    n : ndarray, shape (B,)
        Number of rows.
    df : int
        Degrees of freedom of the model, positive.

    Returns
    -------
    ApproximateFit
        NaN where the discrepancy is.

    Raises
    ------
    ValueError
        If `df` is not positive: a model without restrictions has no fit to judge.

    References
    ----------
    Bentler & Bonett (1980), Psychological Bulletin 88, 588-606; Bentler (1990), Psychological
    Bulletin 107, 238-246; Bollen (1989), Sociological Methods & Research 17, 303-316; Hoelter
    (1983), Sociological Methods & Research 11, 325-344; Steiger & Lind (1980).

    Examples
    --------
    >>> r = np.array([[[1.0, 0.6], [0.6, 1.0]]])
    >>> found = approximate_fit(r, np.array([0.1]), np.array([101.0]), 1)
    >>> found.chisq.tolist(), found.rmsea.round(6).tolist()
    ([10.0], [0.3])
    """
    from scipy.stats import chi2

    if df <= 0:
        raise ValueError(f"approximate fit needs positive degrees of freedom, not {df}")
    p = observed.shape[1]
    zero = p * (p - 1) // 2
    nothing = distances(observed, np.broadcast_to(np.eye(p), observed.shape)).d_ml
    chisq, worst = (n - 1) * d_ml, (n - 1) * nothing
    excess, most = np.maximum(chisq - df, 0.0), np.maximum(worst - zero, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ApproximateFit(
            chisq=chisq,
            cfi=1 - excess / np.maximum(most, excess),
            tli=(worst / zero - chisq / df) / (worst / zero - 1),
            ifi=(worst - chisq) / (worst - df),
            nfi=1 - chisq / worst,
            rmsea=np.sqrt(excess / df / (n - 1)),
            cn=float(chi2.ppf(0.95, df)) / d_ml + 1,
        )


def rms_theta(
    observed: Floats,
    cross_loadings: Floats,
    loadings: Floats,
    constructs: Floats,
    blocks: NDArray[np.intp],
) -> Floats:
    """Return the root mean square covariance of the residuals of the items on their constructs.

    Parameters
    ----------
    observed : ndarray, shape (B, p, p)
        Correlations of the items.
    cross_loadings : ndarray, shape (B, p, q)
        Correlations of the items with the scores.
    loadings : ndarray, shape (B, p)
    constructs : ndarray, shape (B, q, q)
        Correlations of the constructs, corrected for attenuation with PLSc, as in cSEM.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.

    Returns
    -------
    ndarray, shape (B,)
        Over all pairs of items. Lohmoeller's own is over the pairs of different blocks.

    References
    ----------
    Lohmoeller (1989), Latent Variable Path Modeling with Partial Least Squares, eq. 2.118.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.5], [0.5, 1.0]]])
    >>> rms_theta(r, r, np.ones((1, 2)), r, np.array([0, 1]))
    array([0.])
    """
    crossed = cross_loadings[:, :, blocks] * loadings[:, None, :]
    modelled = constructs[:, blocks[:, None], blocks] * loadings[:, :, None] * loadings[:, None, :]
    theta = observed - crossed - crossed.mT + modelled
    low = np.tril_indices(blocks.size, -1)
    # rows must be contiguous: numpy adds others in an order that depends on the batch
    pairs = np.ascontiguousarray(theta[:, low[0], low[1]])
    found: Floats = np.sqrt((pairs**2).mean(axis=1))
    return found


def goodness_of_fit(
    loadings: Floats, r2: Floats, blocks: NDArray[np.intp], endogenous: NDArray[np.bool_]
) -> Floats:
    """Return GoF, the geometric mean of mean communality and mean R2.

    Parameters
    ----------
    loadings : ndarray, shape (B, p)
    r2 : ndarray, shape (B, q)
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct. Single items do not count.
    endogenous : ndarray of bool, shape (q,)
        True where an arrow enters; the others have no R2.

    Returns
    -------
    ndarray, shape (B,)
        NaN where no block has several items, or R2 is NaN.

    Notes
    -----
    It cannot tell models that hold from models that do not (Henseler & Sarstedt 2013,
    Computational Statistics 28, 565-580), hence no part of the default tables.

    References
    ----------
    Tenenhaus et al. (2005), Computational Statistics & Data Analysis 48, 159-205.

    Examples
    --------
    >>> loadings, r2 = np.array([[0.8, 0.8, 1.0]]), np.array([[np.nan, 0.25]])
    >>> goodness_of_fit(loadings, r2, np.array([0, 0, 1]), np.array([False, True]))
    array([0.4])
    """
    several = np.bincount(blocks)[blocks] > 1
    if not several.any():
        return np.full(loadings.shape[0], np.nan)
    communality = (np.ascontiguousarray(loadings[:, several]) ** 2).mean(axis=1)
    explained = np.ascontiguousarray(r2[:, endogenous]).mean(axis=1)
    found: Floats = np.sqrt(communality * explained)
    return found
