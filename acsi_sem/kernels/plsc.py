"""Consistent PLS: reliabilities from the weights, and everything corrected for attenuation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.regression import Arrows, Floats, regressions, solve_positive

EDGE: Final = 1e-12
"""How far beyond 1 rounding may carry a reliability or a loading that is 1."""

RELIABILITY: Final = 1
CORRELATION: Final = 2
INDEFINITE: Final = 4
LOADING: Final = 8

REASONS: Final[dict[int, str]] = {
    RELIABILITY: "a reliability rho_A is not within 0 and 1",
    CORRELATION: "a corrected correlation of two constructs is 1 or more in absolute value",
    INDEFINITE: "the corrected correlations of the constructs are not positive definite",
    LOADING: "a corrected loading exceeds 1 in absolute value",
}
"""What each bit of an inadmissibility code says."""


@dataclass(frozen=True, slots=True)
class Consistent:
    """PLS estimates corrected for attenuation.

    Attributes
    ----------
    reliability : ndarray, shape (B, q)
        rho_A of the corrected constructs, 1 for those that are not corrected.
    correlation : ndarray, shape (B, q, q)
        Correlations of the constructs.
    loadings : ndarray, shape (B, p)
    paths : ndarray, shape (B, q, q)
        Standardised, ``[b, i, j]`` the effect of j on i.
    r2 : ndarray, shape (B, q)
        NaN for exogenous constructs.
    inadmissible : ndarray of int, shape (B,)
        Sum of the bits of `REASONS`; 0 for an admissible element. The numbers of an inadmissible
        element show what is wrong and serve no other purpose.
    """

    reliability: Floats
    correlation: Floats
    loadings: Floats
    paths: Floats
    r2: Floats
    inadmissible: NDArray[np.intp]


def rho_a(weights: Floats, correlation: Floats, blocks: NDArray[np.intp]) -> Floats:
    """Return the reliability rho_A of Mode A scores.

    Parameters
    ----------
    weights : ndarray, shape (B, p)
        Outer weights on standardised indicators. Their scale within a block does not matter:
        they are rescaled to a score of unit variance.
    correlation : ndarray, shape (B, p, p)
        Correlations of the indicators, block by block.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.

    Returns
    -------
    ndarray, shape (B, q)
        NaN for a block where fewer than two indicators have a weight: a single item shows nothing
        of its reliability. May lie outside [0, 1] in samples; `disattenuate` names that.

    Notes
    -----
    (w'w)^2 w'(S - diag S)w / w'(ww' - diag ww')w. It rests on weights that are proportional to
    loadings, so it means nothing for Mode B. An indicator of weight zero does not enter.

    References
    ----------
    Dijkstra & Henseler (2015), MIS Quarterly 39, 297-316, equation 3.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.5], [0.5, 1.0]]])
    >>> rho_a(np.ones((1, 2)), r, np.array([0, 0])).round(12)
    array([[0.66666667]])
    """
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    squares = weights**2
    terms = correlation * weights[:, :, None] * weights[:, None, :]
    within = np.add.reduceat(np.add.reduceat(terms, starts, axis=1), starts, axis=2)
    variance = np.diagonal(within, axis1=1, axis2=2)
    own = np.diagonal(correlation, axis1=1, axis2=2) * squares
    shared = variance - np.add.reduceat(own, starts, axis=1)
    length = np.add.reduceat(squares, starts, axis=1) ** 2
    crossed = length - np.add.reduceat(squares**2, starts, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho: Floats = length * shared / (crossed * variance)
    return np.where(_weighted_items(weights, starts) > 1, rho, np.nan)


def _weighted_items(weights: Floats, starts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Count the indicators of each block that have a weight, shape (B, q)."""
    return np.asarray(np.add.reduceat((weights != 0).astype(np.intp), starts, axis=1))


def disattenuate(
    weights: Floats,
    correlation: Floats,
    scores: Floats,
    blocks: NDArray[np.intp],
    arrows: Arrows,
    modes: NDArray[np.bool_] | None = None,
) -> Consistent:
    """Correct a PLS solution for the unreliability of its scores (PLSc).

    Parameters
    ----------
    weights : ndarray, shape (B, p)
        Outer weights that give scores of unit variance.
    correlation : ndarray, shape (B, p, p)
        Correlations of the indicators, block by block.
    scores : ndarray, shape (B, q, q)
        Correlations of the construct scores.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.
    arrows : ndarray of bool, shape (q, q)
        ``[target, source]``.
    modes : ndarray of bool, shape (q,), optional
        True for a Mode B block; none by default.

    Returns
    -------
    Consistent
        Nothing is put right behind the reader's back: an element whose corrected values cannot be
        those of a factor model says so in ``inadmissible``. An element that came in as NaN leaves
        as NaN with code 0, because it failed before.

    Notes
    -----
    Constructs with one (weighted) item and Mode B blocks are not corrected: their reliability is
    taken as 1 and their loadings stay correlations with the score, as cSEM and seminr do. A
    single item tells nothing about its error, and a Mode B score is the composite itself.

    A loading is w sqrt(rho_A) / w'w. For an item of weight zero, held there by a policy, that
    would be zero whatever the item; its correlation with the score over sqrt(rho_A) is consistent,
    because its error is no part of the score. It is out of the model: whatever its loading, the
    element is as admissible as without it.

    References
    ----------
    Dijkstra & Henseler (2015), MIS Quarterly 39, 297-316; Dijkstra & Henseler (2015),
    Computational Statistics & Data Analysis 81, 10-23.

    Examples
    --------
    Two items that share half their variance, and a single item:

    >>> r = np.array([[[1.0, 0.5, 0.3], [0.5, 1.0, 0.3], [0.3, 0.3, 1.0]]])
    >>> w = np.array([[3**-0.5, 3**-0.5, 1.0]])
    >>> scores = np.array([[[1.0, 0.6 / 3**0.5], [0.6 / 3**0.5, 1.0]]])
    >>> arrows = np.array([[False, False], [True, False]])
    >>> found = disattenuate(w, r, scores, np.array([0, 0, 1]), arrows)
    >>> found.loadings[0].round(6), found.paths[0, 1, 0].round(6)
    (array([0.707107, 0.707107, 1.      ]), np.float64(0.424264))
    """
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    corrected = _weighted_items(weights, starts) > 1
    if modes is not None:
        corrected &= ~modes
    reliability = np.where(corrected, rho_a(weights, correlation, blocks), 1.0)
    reliability = np.where(np.isfinite(scores).all(axis=2), reliability, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(reliability)
        latent = scores / root[:, :, None] / root[:, None, :]
        raw = np.add.reduceat(correlation * weights[:, None, :], starts, axis=2)
        simple = raw[:, np.arange(blocks.size), blocks] / root[:, blocks]
        length = np.add.reduceat(weights**2, starts, axis=1)
        scaled = weights * (root / length)[:, blocks]
    at = np.arange(latent.shape[1])
    latent[:, at, at] = np.where(np.isnan(root), np.nan, 1.0)
    loadings = np.where(corrected[:, blocks] & (weights != 0), scaled, simple)
    structural = regressions(latent, arrows)
    failed = ~np.isfinite(scores).all(axis=(1, 2))
    codes = _inadmissible(reliability, latent, np.where(weights != 0, loadings, 0.0))
    return Consistent(
        reliability=reliability,
        correlation=latent,
        loadings=loadings,
        paths=structural.coefficients,
        r2=structural.r2,
        inadmissible=np.where(failed, 0, codes),
    )


def _inadmissible(reliability: Floats, latent: Floats, loadings: Floats) -> NDArray[np.intp]:
    """Return the sum of the bits that apply to each element.

    A NaN that an impossible reliability left is told by that reliability alone, and a matrix that
    an impossible correlation makes indefinite by that correlation.
    """
    q = latent.shape[1]
    sound = ((reliability > 0) & (reliability <= 1 + EDGE)).all(axis=1)
    outside = ((np.abs(latent) >= 1) & ~np.eye(q, dtype=bool)).any(axis=(1, 2))
    last = np.ascontiguousarray(np.moveaxis(latent, 0, -1))
    solved = solve_positive(last, np.ones((q, latent.shape[0])))
    indefinite = np.isfinite(latent).all(axis=(1, 2)) & np.isnan(solved).any(axis=0) & ~outside
    large = (np.abs(loadings) > 1 + EDGE).any(axis=1)
    codes: NDArray[np.intp] = (
        RELIABILITY * ~sound + CORRELATION * outside + INDEFINITE * indefinite + LOADING * large
    ).astype(np.intp)
    return codes


def inadmissible_reasons(code: int) -> tuple[str, ...]:
    """Return the sentences that a code of `Consistent.inadmissible` stands for.

    Parameters
    ----------
    code : int

    Returns
    -------
    tuple of str
        Empty for an admissible element.

    Examples
    --------
    >>> inadmissible_reasons(8)
    ('a corrected loading exceeds 1 in absolute value',)
    """
    return tuple(text for bit, text in REASONS.items() if code & bit)
