"""Overall fit of a PLS model: distances of the items' correlations from those it implies.

Two models share the measurement: the saturated one lets all constructs correlate as their scores
do, the estimated one lets them correlate as the paths imply.
"""

from __future__ import annotations

import graphlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.regression import Arrows, Floats

SINGULAR = 1e-12
"""An eigenvalue of a correlation matrix below this is rounding."""


@dataclass(frozen=True, slots=True)
class Distances:
    """Discrepancies between observed and implied correlations, each of shape (B,).

    Attributes
    ----------
    srmr : ndarray
        Root mean square of the residual correlations.
    d_uls : ndarray
        Half the squared Euclidean distance.
    d_g : ndarray
        Geodesic distance; NaN where either matrix is not positive definite.
    d_ml : ndarray
        Discrepancy of maximum likelihood; NaN likewise.
    """

    srmr: Floats
    d_uls: Floats
    d_g: Floats
    d_ml: Floats


def implied_construct_correlation(correlation: Floats, paths: Floats, arrows: Arrows) -> Floats:
    """Return the construct correlations that a recursive path model implies.

    Parameters
    ----------
    correlation : ndarray, shape (B, q, q)
        Of the constructs: those of exogenous constructs are kept.
    paths : ndarray, shape (B, q, q)
        Standardised, ``[b, target, source]``.
    arrows : ndarray of bool, shape (q, q)
        ``[target, source]``.

    Returns
    -------
    ndarray, shape (B, q, q)
        Disturbances are uncorrelated, and so large that every construct has variance one.

    Raises
    ------
    ValueError
        If the arrows run in a circle.

    References
    ----------
    Dijkstra & Henseler (2015), Computational Statistics & Data Analysis 81, 10-23.

    Examples
    --------
    >>> paths = np.zeros((1, 3, 3)); paths[0, 1, 0] = 0.5; paths[0, 2, 1] = 0.4
    >>> implied_construct_correlation(np.eye(3)[None], paths, paths[0] != 0)[0, 2, 0]
    np.float64(0.2)
    """
    implied = np.array(np.broadcast_to(np.eye(arrows.shape[0]), correlation.shape))
    first = np.flatnonzero(~arrows.any(axis=1))
    implied[:, first[:, None], first] = correlation[:, first[:, None], first]
    known = first.tolist()
    for target in _endogenous_order(arrows):
        row = np.zeros((correlation.shape[0], len(known)))
        for source in np.flatnonzero(arrows[target]):
            row = row + paths[:, target, source, None] * implied[:, source, known]
        implied[:, target, known] = row
        implied[:, known, target] = row
        known.append(target)
    return implied


def _endogenous_order(arrows: Arrows) -> list[int]:
    """Put the constructs that an arrow enters after their sources."""
    graph = {t: np.flatnonzero(arrows[t]).tolist() for t in range(arrows.shape[0])}
    try:
        order = list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        raise ValueError("fit of a path model needs arrows without circles") from error
    return [construct for construct in order if arrows[construct].any()]


def implied_item_correlation(
    items: Floats,
    loadings: Floats,
    constructs: Floats,
    blocks: NDArray[np.intp],
    reflective: NDArray[np.bool_],
) -> Floats:
    """Return the item correlations that a model implies.

    Parameters
    ----------
    items : ndarray, shape (B, p, p)
        Observed correlations of the indicators.
    loadings : ndarray, shape (B, p)
        Standardised; consistent ones for reflective blocks.
    constructs : ndarray, shape (B, q, q)
        Correlations of the constructs, as implied by the model that is tested.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.
    reflective : ndarray of bool, shape (q,)
        True for a common factor: items of the block correlate by the product of their loadings.
        False for a composite, which leaves its items' correlations as they are.

    Returns
    -------
    ndarray, shape (B, p, p)
        Between blocks: loading times construct correlation times loading.

    Notes
    -----
    Ordinary PLS estimates composites, hence all False there: products of composite loadings
    overstate the correlations within a block. cSEM, told that blocks are common factors but not
    to correct for attenuation, takes these products all the same; all True gives its numbers.

    References
    ----------
    Henseler et al. (2014), Organizational Research Methods 17, 182-209; Dijkstra & Henseler
    (2015), Computational Statistics & Data Analysis 81, 10-23.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.5, 0.3], [0.5, 1.0, 0.3], [0.3, 0.3, 1.0]]])
    >>> l, c = np.array([[0.8, 0.8, 1.0]]), np.array([[[1.0, 0.4], [0.4, 1.0]]])
    >>> implied_item_correlation(r, l, c, np.array([0, 0, 1]), np.ones(2, bool))[0, 1].round(2)
    array([0.64, 1.  , 0.32])
    """
    implied = constructs[:, blocks[:, None], blocks] * loadings[:, :, None] * loadings[:, None, :]
    kept = (blocks[:, None] == blocks) & ~reflective[blocks]
    implied = np.where(kept, items, implied)
    diagonal = np.arange(blocks.size)
    implied[:, diagonal, diagonal] = np.where(np.isnan(implied[:, diagonal, diagonal]), np.nan, 1.0)
    return implied


def distances(observed: Floats, implied: Floats) -> Distances:
    """Return SRMR, squared Euclidean, geodesic and maximum likelihood distance.

    Parameters
    ----------
    observed, implied : ndarray, shape (B, p, p)
        Correlation matrices of the items.

    Returns
    -------
    Distances
        NaN throughout where a matrix is not finite.

    Notes
    -----
    SRMR averages over the p (p + 1) / 2 places of one triangle with its diagonal. d_ULS is half
    the sum of all squared residuals, d_G half the sum of squared natural logarithms of the
    eigenvalues of S^-1 Sigma. cSEM takes decimal logarithms: its d_G is ours / (ln 10)^2.
    d_ML is log|Sigma| - log|S| + tr(S Sigma^-1) - p.

    References
    ----------
    Dijkstra & Henseler (2015), Computational Statistics & Data Analysis 81, 10-23; Hu & Bentler
    (1999), Structural Equation Modeling 6, 1-55.

    Examples
    --------
    >>> found = distances(np.eye(2)[None], np.array([[[1.0, 0.6], [0.6, 1.0]]]))
    >>> found.srmr.round(6).tolist(), found.d_uls.round(6).tolist(), found.d_g.round(6).tolist()
    ([0.34641], [0.36], [0.530246])
    """
    p = observed.shape[1]
    low = np.tril_indices(p)
    # rows must be contiguous: numpy adds others in an order that depends on the batch
    residual = np.ascontiguousarray((observed - implied)[:, low[0], low[1]])
    squares = (residual**2).sum(axis=1)
    ratios = _eigenvalues(observed, implied)
    logs = np.log(ratios)
    own = np.ascontiguousarray(residual[:, low[0] == low[1]])
    diagonal = (own**2).sum(axis=1)
    return Distances(
        np.sqrt(squares / (p * (p + 1) / 2)),
        squares - diagonal / 2,
        0.5 * (logs**2).sum(axis=1),
        (logs + 1 / ratios - 1).sum(axis=1),
    )


def _eigenvalues(observed: Floats, implied: Floats) -> Floats:
    """Eigenvalues of S^-1 Sigma, (B, p); NaN unless both are positive definite."""
    usable = np.isfinite(observed).all(axis=(1, 2)) & np.isfinite(implied).all(axis=(1, 2))
    found = np.full(observed.shape[:2], np.nan)
    values, vectors = np.linalg.eigh(observed[usable])
    regular = values[:, 0] > SINGULAR
    half = vectors / np.sqrt(np.where(regular[:, None], values, 1.0))[:, None, :]
    ratios = np.linalg.eigvalsh(half.mT @ implied[usable] @ half)
    regular &= ratios[:, 0] > SINGULAR
    found[usable] = np.where(regular[:, None], ratios, np.nan)
    return found
