"""PLS path modelling, thousands of correlation matrices at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.regression import Arrows, Floats, regress_last, regressions

CHUNK = 256  # batch elements whose working arrays fit a core's cache (13 indicators: 350 KB)


@dataclass(frozen=True, slots=True)
class PlsSolution:
    """The solution of B path models.

    Attributes
    ----------
    weights : ndarray, shape (B, p)
        Outer weights on standardised indicators; construct scores have unit variance.
    loadings : ndarray, shape (B, p)
        Correlation of each indicator with its construct's score.
    correlation : ndarray, shape (B, q, q)
        Correlations of construct scores.
    paths : ndarray, shape (B, q, q)
        Standardised path coefficients, ``[b, i, j]`` the effect of j on i.
    r2 : ndarray, shape (B, q)
        NaN for exogenous constructs.
    converged : ndarray of bool, shape (B,)
    iterations : ndarray of int, shape (B,)
    """

    weights: Floats
    loadings: Floats
    correlation: Floats
    paths: Floats
    r2: Floats
    converged: NDArray[np.bool_]
    iterations: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Shape:
    blocks: NDArray[np.intp]
    starts: NDArray[np.intp]
    arrows: Arrows
    scheme: str
    slices: tuple[slice, ...]


def pls(
    correlation: Floats,
    blocks: NDArray[np.intp],
    arrows: Arrows,
    scheme: str = "path",
    *,
    tolerance: float = 1e-12,
    max_iterations: int = 1000,
) -> PlsSolution:
    """Estimate PLS path models with Mode A blocks.

    Parameters
    ----------
    correlation : ndarray, shape (B, p, p)
        Correlations of the indicators, block by block.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct, 0 to q-1.
    arrows : ndarray of bool, shape (q, q)
        ``[target, source]``; every construct needs at least one arrow.
    scheme : {"path", "factorial", "centroid"}
        Inner weighting: regression coefficients from predecessors and correlations with
        successors, correlations, or their signs.
    tolerance : float
        Convergence when no outer weight moves by more.
    max_iterations : int

    Returns
    -------
    PlsSolution
        Each element's result does not depend on the others. Elements that did not converge,
        or met a singular matrix, have ``converged`` False and must not be used.
        Signs are oriented so that the loadings of a block sum to at least zero.

    Raises
    ------
    ValueError
        If the scheme is unknown or blocks do not ascend from 0.

    References
    ----------
    Wold (1982); Lohmoeller (1989), Latent Variable Path Modeling with Partial Least Squares;
    Tenenhaus et al. (2005), Computational Statistics & Data Analysis 48, 159-205.

    Examples
    --------
    >>> r = np.array([[[1.0, 0.5], [0.5, 1.0]]])
    >>> fit = pls(r, np.array([0, 1]), np.array([[False, False], [True, False]]))
    >>> fit.paths[0, 1, 0]
    np.float64(0.5)
    """
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    if scheme not in ("path", "factorial", "centroid"):
        raise ValueError(f"scheme must be path, factorial or centroid, not {scheme!r}")
    if not np.array_equal(blocks[starts], np.arange(arrows.shape[0])):
        raise ValueError("blocks must number the constructs in ascending order from 0")
    stops = (*starts[1:], blocks.size)
    slices = tuple(slice(a, b) for a, b in zip(starts, stops, strict=True))
    shape = _Shape(np.asarray(blocks), starts, arrows, scheme, slices)
    parts = [
        _solve(correlation[at : at + CHUNK], shape, tolerance, max_iterations)
        for at in range(0, correlation.shape[0], CHUNK)
    ]
    weights, converged, iterations = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _finish(correlation, weights, converged, iterations, shape)


def _solve(
    correlation: Floats, shape: _Shape, tolerance: float, max_iterations: int
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.intp]]:
    """Iterate outer weights (batch last inside); drop elements from the work as they finish."""
    batch, p = correlation.shape[:2]
    r = np.ascontiguousarray(np.moveaxis(correlation, 0, -1))
    weights = np.full((p, batch), np.nan)
    converged = np.zeros(batch, dtype=bool)
    iterations = np.zeros(batch, dtype=np.intp)
    active = np.flatnonzero(np.isfinite(r).all(axis=(0, 1)))
    r = r[:, :, active]
    current = np.ones((p, active.size))
    previous = np.full_like(current, np.inf)
    for step in range(max_iterations + 1):
        if not active.size:
            break
        normal, following = _outer_step(r, current, shape)
        change = np.abs(normal - previous).max(axis=0)
        weights[:, active], iterations[active] = normal, step
        converged[active] = change <= tolerance
        keep = ~(converged[active] | np.isnan(change))
        if keep.all():
            previous, current = normal, following
        else:
            active, r = active[keep], r[:, :, keep]
            previous, current = normal[:, keep], following[:, keep]
    return weights.T.copy(), converged, iterations


def _outer_step(r: Floats, weights: Floats, shape: _Shape) -> tuple[Floats, Floats]:
    """Return the weights scaled to unit-variance scores, and the next ones, unscaled."""
    cross = np.empty((r.shape[0], len(shape.slices), r.shape[2]))
    score = np.empty((len(shape.slices), *cross.shape[1:]))
    for c, block in enumerate(shape.slices):
        _add_products(r[:, block].swapaxes(0, 1), weights[block], cross[:, c])
    for c, block in enumerate(shape.slices):
        _add_products(cross[block], weights[block], score[c])
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = 1.0 / np.sqrt(np.einsum("iib->ib", score))
    score = score * scale * scale[:, None]
    cross = cross * scale
    inner = _inner_weights(score, shape)
    following = np.empty_like(weights)
    for block, own in zip(shape.slices, inner, strict=True):
        _add_products(cross[block].swapaxes(0, 1), own, following[block])
    return weights * scale[shape.blocks], following


def _add_products(terms: Floats, factors: Floats, out: Floats) -> None:
    """Sum terms[j] * factors[j] over j into `out`, in order.

    An einsum would be shorter but takes another order of addition for another batch size, and
    an element's last bits must not depend on its neighbours.
    """
    np.multiply(terms[0], factors[0], out=out)
    for term, factor in zip(terms[1:], factors[1:], strict=True):
        out += term * factor


def _inner_weights(score: Floats, shape: _Shape) -> Floats:
    """Return inner weights, shape (q, q, B): row c holds the weights of c's neighbours."""
    adjacent = (shape.arrows | shape.arrows.T)[:, :, None]
    if shape.scheme == "centroid":
        return np.where(adjacent, np.sign(score), 0.0)
    if shape.scheme == "factorial":
        return np.where(adjacent, score, 0.0)
    successors = np.where(shape.arrows.T[:, :, None], score, 0.0)
    return successors + regress_last(score, shape.arrows)


def _finish(
    correlation: Floats,
    weights: Floats,
    converged: NDArray[np.bool_],
    iterations: NDArray[np.intp],
    shape: _Shape,
) -> PlsSolution:
    """Orient signs and compute loadings, construct correlations, paths and R2."""
    items = np.arange(shape.blocks.size)
    cross = np.add.reduceat(correlation * weights[:, None, :], shape.starts, axis=2)
    loadings = cross[:, items, shape.blocks]
    signs = np.where(np.add.reduceat(loadings, shape.starts, axis=1) < 0, -1.0, 1.0)
    weights = weights * signs[:, shape.blocks]
    cross = cross * signs[:, None, :]
    score = np.add.reduceat(cross * weights[:, :, None], shape.starts, axis=1)
    structural = regressions(score, shape.arrows)
    return PlsSolution(
        weights=weights,
        loadings=cross[:, items, shape.blocks],
        correlation=score,
        paths=structural.coefficients,
        r2=structural.r2,
        converged=converged & np.isfinite(structural.coefficients).all(axis=(1, 2)),
        iterations=iterations,
    )
