"""PLS path modelling, thousands of correlation matrices at a time."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.pls_modes import least_squares, nonnegative_least_squares
from acsi_sem.kernels.regression import Arrows, Floats, regress_last, regressions, solve_positive

CHUNK = 256  # batch elements whose working arrays fit a core's cache (13 indicators: 350 KB)

POLICIES: Final = ("allow", "nonnegative", "drop")

UNDEFINED, COLLINEAR, LOST, UNSETTLED = 1, 2, 3, 4

FAILURES: Final = (
    "",
    "an item has no variance",
    "the items of a Mode B block are collinear",
    "construct scores are collinear or have no variance",
    "the outer weights did not settle",
)
"""Why an element is not solved, by its code; the empty text for a solved one."""


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
        Of the last fit, where a policy refitted.
    bound : ndarray of bool, shape (B, p)
        Indicators that the policy holds at weight zero; their loadings are still correlations
        with the score.
    failure : ndarray of int, shape (B,)
        Position in `FAILURES` of the reason why ``converged`` is False.
    """

    weights: Floats
    loadings: Floats
    correlation: Floats
    paths: Floats
    r2: Floats
    converged: NDArray[np.bool_]
    iterations: NDArray[np.intp]
    bound: NDArray[np.bool_]
    failure: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A model and how to solve it; ``formative`` are the Mode B blocks of several items."""

    blocks: NDArray[np.intp]
    starts: NDArray[np.intp]
    arrows: Arrows
    scheme: str
    slices: tuple[slice, ...]
    formative: frozenset[int]
    tolerance: float
    max_iterations: int
    nonnegative: bool = False


def pls(
    correlation: Floats,
    blocks: NDArray[np.intp],
    arrows: Arrows,
    scheme: str = "path",
    *,
    modes: NDArray[np.bool_] | None = None,
    policy: str = "allow",
    tolerance: float = 1e-12,
    max_iterations: int = 1000,
) -> PlsSolution:
    """Estimate PLS path models with Mode A and Mode B blocks.

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
    modes : ndarray of bool, shape (q,), optional
        True for Mode B: outer weights are the coefficients of the inner proxy on the block's
        indicators, not their covariances with it (Mode A, the default).
    policy : {"allow", "nonnegative", "drop"}
        What becomes of an element in which an indicator has a negative weight (see Notes).
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
        If scheme or policy is unknown, blocks do not ascend from 0 or modes do not fit them.

    Notes
    -----
    An index needs weights that are not negative. Elements without a negative weight are the same
    to the last bit under every policy. The others are fitted again:

    ``nonnegative`` solves each block's least-squares problem under w >= 0 in every iteration:
    for Mode A, where each item is regressed apart, negative covariances become zero; for Mode B
    it is non-negative least squares. The weights are the orientation: nothing is turned.

    ``drop`` takes out the item of the most negative weight, one per block at a time, and fits
    again from the start, until no weight is negative.

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
    if policy not in POLICIES:
        raise ValueError(f"policy must be allow, nonnegative or drop, not {policy!r}")
    shape = _make_shape(np.asarray(blocks), arrows, scheme, modes, (tolerance, max_iterations))
    found = _fit(correlation, shape)
    if policy == "nonnegative":
        return _constrain(correlation, found, shape)
    if policy == "drop":
        return _drop(correlation, found, shape)
    return found


def _make_shape(
    blocks: NDArray[np.intp],
    arrows: Arrows,
    scheme: str,
    modes: NDArray[np.bool_] | None,
    limits: tuple[float, int],
) -> _Shape:
    """Check the arguments and lay out the model."""
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    if scheme not in ("path", "factorial", "centroid"):
        raise ValueError(f"scheme must be path, factorial or centroid, not {scheme!r}")
    if not np.array_equal(blocks[starts], np.arange(arrows.shape[0])):
        raise ValueError("blocks must number the constructs in ascending order from 0")
    if modes is not None and np.shape(modes) != starts.shape:
        raise ValueError(f"modes must hold {starts.size} values, one for each construct")
    stops = (*starts[1:], blocks.size)
    slices = tuple(slice(a, b) for a, b in zip(starts, stops, strict=True))
    several = np.bincount(blocks) > 1
    formative = (
        frozenset() if modes is None else frozenset(np.flatnonzero(modes & several).tolist())
    )
    return _Shape(blocks, starts, arrows, scheme, slices, formative, *limits)


def _fit(correlation: Floats, shape: _Shape, held: NDArray[np.bool_] | None = None) -> PlsSolution:
    """Solve chunk by chunk; the items `held`, shape (B, p), have weight zero throughout."""
    parts = [
        _solve(correlation[at], shape, None if held is None else held[at])
        for at in (slice(b, b + CHUNK) for b in range(0, correlation.shape[0], CHUNK))
    ]
    weights, converged, iterations = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _finish(correlation, _Outer(weights, converged, iterations, held), shape)


def _constrain(correlation: Floats, found: PlsSolution, shape: _Shape) -> PlsSolution:
    """Fit again, under w >= 0, the elements that broke it or never settled."""
    again = (found.weights < 0).any(axis=1) | (found.failure == UNSETTLED)
    at = np.flatnonzero(again)
    if not at.size:
        return found
    part = _fit(correlation[at], replace(shape, nonnegative=True))
    return _splice(found, at, replace(part, bound=part.weights == 0))


def _drop(correlation: Floats, found: PlsSolution, shape: _Shape) -> PlsSolution:
    """Fit again without the worst item of each block until no weight is negative."""
    bound = np.zeros(found.weights.shape, dtype=bool)
    pending = _negative(found, np.arange(len(bound)))
    while pending.size:
        bound[pending] |= _worst(found.weights[pending], shape)
        part = _fit(correlation[pending], shape, bound[pending])
        found = _splice(found, pending, part)
        pending = _negative(found, pending)
    return found


def _worst(weights: Floats, shape: _Shape) -> NDArray[np.bool_]:
    """Return the item of the most negative weight in each block that has one; the first of ties."""
    lowest = np.minimum.reduceat(weights, shape.starts, axis=1)[:, shape.blocks]
    worst: NDArray[np.bool_] = (weights == lowest) & (weights < 0)
    for block in shape.slices:
        worst[:, block] &= np.cumsum(worst[:, block], axis=1) == 1
    return worst


def _negative(found: PlsSolution, at: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return those elements of `at` that are solved with a negative weight."""
    negative: NDArray[np.bool_] = (found.weights < 0).any(axis=1) & found.converged
    return at[negative[at]]


def _splice(whole: PlsSolution, at: NDArray[np.intp], part: PlsSolution) -> PlsSolution:
    """Return the solution with the elements `at` replaced."""
    new: dict[str, Any] = {}
    for field in fields(whole):
        new[field.name] = getattr(whole, field.name).copy()
        new[field.name][at] = getattr(part, field.name)
    return PlsSolution(**new)


def _solve(
    correlation: Floats, shape: _Shape, held: NDArray[np.bool_] | None
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.intp]]:
    """Iterate outer weights (batch last inside); drop elements from the work as they finish."""
    batch, p = correlation.shape[:2]
    r = np.ascontiguousarray(np.moveaxis(correlation, 0, -1))
    weights = np.full((p, batch), np.nan)
    converged = np.zeros(batch, dtype=bool)
    iterations = np.zeros(batch, dtype=np.intp)
    active = np.flatnonzero(np.isfinite(r).all(axis=(0, 1)))
    r = r[:, :, active]
    used = None if held is None else ~held.T[:, active]
    current = np.ones((p, active.size)) if used is None else used.astype(float)
    previous = np.full_like(current, np.inf)
    for step in range(shape.max_iterations + 1):
        if not active.size:
            break
        normal, following = _outer_step(r, current, shape, used)
        change = np.abs(normal - previous).max(axis=0)
        weights[:, active], iterations[active] = normal, step
        converged[active] = change <= shape.tolerance
        keep = ~(converged[active] | np.isnan(change))
        if keep.all():
            previous, current = normal, following
        else:
            active, r = active[keep], r[:, :, keep]
            used = None if used is None else used[:, keep]
            previous, current = normal[:, keep], following[:, keep]
    return weights.T.copy(), converged, iterations


def _outer_step(
    r: Floats, weights: Floats, shape: _Shape, used: NDArray[np.bool_] | None
) -> tuple[Floats, Floats]:
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
    for c, (block, own) in enumerate(zip(shape.slices, inner, strict=True)):
        _add_products(cross[block].swapaxes(0, 1), own, following[block])
        if shape.nonnegative or used is not None or c in shape.formative:
            free = None if used is None else used[block]
            following[block] = _regress(r[block, block], following[block], shape, c, free)
    return weights * scale[shape.blocks], following


def _regress(
    r: Floats, covariance: Floats, shape: _Shape, c: int, used: NDArray[np.bool_] | None
) -> Floats:
    """Turn covariances of a block's items with the inner proxy into its outer weights."""
    if c not in shape.formative:
        if used is not None:
            return np.where(used, covariance, 0.0)
        return np.maximum(covariance, 0.0)
    if shape.nonnegative:
        return nonnegative_least_squares(r, covariance)
    return solve_positive(r, covariance) if used is None else least_squares(r, covariance, used)


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


@dataclass(frozen=True, slots=True)
class _Outer:
    """Outer weights of B elements, of unit-variance scores, and the items held at zero."""

    weights: Floats
    converged: NDArray[np.bool_]
    iterations: NDArray[np.intp]
    held: NDArray[np.bool_] | None


def _finish(correlation: Floats, outer: _Outer, shape: _Shape) -> PlsSolution:
    """Orient signs and compute loadings, construct correlations, paths and R2."""
    items = np.arange(shape.blocks.size)
    cross = np.add.reduceat(correlation * outer.weights[:, None, :], shape.starts, axis=2)
    signs = _signs(cross[:, items, shape.blocks], outer.held, shape)
    weights = outer.weights * signs[:, shape.blocks]
    cross = cross * signs[:, None, :]
    score = np.add.reduceat(cross * weights[:, :, None], shape.starts, axis=1)
    structural = regressions(score, shape.arrows)
    converged = outer.converged & np.isfinite(structural.coefficients).all(axis=(1, 2))
    held = np.zeros(weights.shape, dtype=bool) if outer.held is None else outer.held
    return PlsSolution(
        weights=weights,
        loadings=cross[:, items, shape.blocks],
        correlation=score,
        paths=structural.coefficients,
        r2=structural.r2,
        converged=converged,
        iterations=outer.iterations,
        bound=held,
        failure=_failures(correlation, outer, converged, shape),
    )


def _signs(loadings: Floats, held: NDArray[np.bool_] | None, shape: _Shape) -> Floats:
    """Return -1 for the constructs to turn, shape (B, q); dropped items have no say."""
    if shape.nonnegative:
        return np.ones((loadings.shape[0], shape.starts.size))
    counted = loadings if held is None else np.where(held, 0.0, loadings)
    return np.where(np.add.reduceat(counted, shape.starts, axis=1) < 0, -1.0, 1.0)


def _failures(
    correlation: Floats, outer: _Outer, solved: NDArray[np.bool_], shape: _Shape
) -> NDArray[np.intp]:
    """Say why elements are not solved, shape (B,)."""
    code = np.zeros(solved.size, dtype=np.intp)
    at = np.flatnonzero(~solved)
    if not at.size:
        return code
    undefined = ~np.isfinite(correlation[at]).all(axis=(1, 2))
    r = np.ascontiguousarray(np.moveaxis(correlation[at], 0, -1))
    used = np.ones((shape.blocks.size, at.size), dtype=bool)
    used = used if outer.held is None else ~outer.held[at].T
    singular = np.zeros(at.size, dtype=bool)
    for block in (shape.slices[c] for c in shape.formative):
        tried = least_squares(r[block, block], np.ones(used[block].shape), used[block])
        singular |= np.isnan(tried).any(axis=0)
    lost = np.isnan(outer.weights[at]).any(axis=1) | outer.converged[at]
    code[at] = np.select([undefined, singular, lost], [UNDEFINED, COLLINEAR, LOST], UNSETTLED)
    return code
