"""Cohen's effect size f2 of every path, in the two ways PLS packages define it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.plsc import disattenuate
from acsi_sem.kernels.regression import Arrows, Floats, solve_positive

Integers = NDArray[np.intp]

Refit = Callable[[Floats, Integers, Arrows, Integers], Floats]
"""Item correlations (B, p, p), blocks (p,), arrows (q, q) and the constructs' places in the whole
model (q,) to R2 (B, q); NaN where the fit failed."""


def f2(correlation: Floats, arrows: Arrows) -> Floats:
    """Return f2 of every path with the construct correlations kept.

    (R2 - R2 without the source) / (1 - R2), both from the same construct correlations.

    Parameters
    ----------
    correlation : ndarray, shape (B, q, q)
        Of the constructs; those corrected for attenuation with consistent PLS.
    arrows : ndarray of bool, shape (q, q)
        ``[target, source]``.

    Returns
    -------
    ndarray, shape (B, q, q)
        ``[b, target, source]``; NaN where no arrow runs, or the predictors are collinear, or
        they explain everything (R2 of 1 or more).

    Notes
    -----
    cSEM's definition and the one the tables show: it changes one thing only, so that f2 is never
    negative, and equals t2 / df of the path. seminr's (`f2_refit`) estimates the outer weights
    anew too, and mixes the source's contribution with a change of the measurement.

    References
    ----------
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, ch. 9.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.0, 0.6], [0.0, 1.0, 0.4], [0.6, 0.4, 1.0]]])
    >>> arrows = np.zeros((3, 3), bool); arrows[2, :2] = True
    >>> f2(r, arrows)[0, 2, :2].round(6).tolist()
    [0.75, 0.333333]
    """
    last = np.ascontiguousarray(np.moveaxis(correlation, 0, -1))
    found = np.full_like(last, np.nan)
    for target in np.flatnonzero(arrows.any(axis=1)).tolist():
        sources = np.flatnonzero(arrows[target]).tolist()
        full = _explained(last, target, sources)
        for source in sources:
            rest = [other for other in sources if other != source]
            found[target, source] = _share(full, _explained(last, target, rest))
    return np.ascontiguousarray(np.moveaxis(found, -1, 0))


def _explained(last: Floats, target: int, sources: Sequence[int]) -> Floats:
    """R2 of one equation, (B,), from correlations (q, q, B)."""
    right = last[sources, target]
    coefficients = solve_positive(last[np.ix_(sources, sources)], right)
    explained = np.zeros(last.shape[-1])
    for coefficient, value in zip(coefficients, right, strict=True):
        explained = explained + coefficient * value
    return explained


def _share(full: Floats, without: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(full < 1, (full - without) / (1 - full), np.nan)


def refit_pls(
    scheme: str = "path",
    modes: NDArray[np.bool_] | None = None,
    policy: str = "allow",
    *,
    consistent: bool = False,
) -> Refit:
    """Return a refit by PLS, for `f2_refit`.

    Parameters
    ----------
    scheme : {"path", "factorial", "centroid"}
        Inner weighting.
    modes : ndarray of bool, shape (q,), optional
        True for the Mode B blocks of the whole model; none by default.
    policy : {"allow", "nonnegative", "drop"}
        On negative weights, see `acsi_sem.kernels.pls.pls`.
    consistent : bool
        Correct for attenuation (PLSc).

    Returns
    -------
    Refit

    Examples
    --------
    >>> r = np.array([[[1.0, 0.5], [0.5, 1.0]]])
    >>> arrows = np.array([[False, False], [True, False]])
    >>> refit_pls()(r, np.array([0, 1]), arrows, np.array([0, 1]))[0, 1]
    np.float64(0.25)
    """

    def refit(correlation: Floats, blocks: Integers, arrows: Arrows, kept: Integers) -> Floats:
        own = None if modes is None else modes[kept]
        found = pls(correlation, blocks, arrows, scheme, modes=own, policy=policy)
        r2 = found.r2
        if consistent:
            scores = found.correlation
            r2 = disattenuate(found.weights, correlation, scores, blocks, arrows, own).r2
        return np.where(found.converged[:, None], r2, np.nan)

    return refit


def f2_refit(
    correlation: Floats, blocks: Integers, arrows: Arrows, r2: Floats, refit: Refit
) -> Floats:
    """Return f2 of every path with the model estimated anew without it.

    Parameters
    ----------
    correlation : ndarray, shape (B, p, p)
        Of the indicators.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.
    arrows : ndarray of bool, shape (q, q)
        ``[target, source]``.
    r2 : ndarray, shape (B, q)
        Of the whole model.
    refit : callable
        Estimates a model, see `refit_pls`.

    Returns
    -------
    ndarray, shape (B, q, q)
        ``[b, target, source]``; NaN where no arrow runs or a fit failed. May be negative: the
        reduced model has other scores, whose equation can fit better. A source that the path
        alone tied to the model leaves it, with its indicators. Without a path into the target
        R2 is 0.

    Notes
    -----
    seminr's definition. It costs one fit per path; the tables show `f2`.

    References
    ----------
    Ray, Danks & Calero Valdez, seminr: Building and Estimating Structural Equation Models.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.0, 0.6], [0.0, 1.0, 0.4], [0.6, 0.4, 1.0]]])
    >>> arrows = np.zeros((3, 3), bool); arrows[2, :2] = True
    >>> r2 = np.array([[np.nan, np.nan, 0.52]])
    >>> f2_refit(r, np.arange(3), arrows, r2, refit_pls())[0, 2, :2].round(6).tolist()
    [0.75, 0.333333]
    """
    found = np.full((correlation.shape[0], *arrows.shape), np.nan)
    for target, source in np.argwhere(arrows).tolist():
        reduced = arrows.copy()
        reduced[target, source] = False
        without = np.zeros(correlation.shape[0])
        if reduced[target].any():
            without = _reduced_r2(correlation, blocks, reduced, target, refit)
        found[:, target, source] = _share(r2[:, target], without)
    return found


def _reduced_r2(
    correlation: Floats, blocks: Integers, arrows: Arrows, target: int, refit: Refit
) -> Floats:
    """R2 of the target (B,) in the model of the constructs that still have an arrow."""
    tied = np.asarray(arrows.any(axis=0) | arrows.any(axis=1))
    number = np.cumsum(tied) - 1
    items = np.flatnonzero(tied[blocks])
    kept = np.flatnonzero(tied)
    found = refit(
        np.ascontiguousarray(correlation[:, items[:, None], items]),
        number[blocks[items]],
        arrows[np.ix_(kept, kept)],
        kept,
    )
    return found[:, number[target]]
