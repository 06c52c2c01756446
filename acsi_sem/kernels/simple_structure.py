"""Discrepancy and gradient of models whose indicators each load on one construct.

With errors uncorrelated, Σ = ΛVΛ' + Θ is inverted through the constructs alone (Woodbury):

    Σ⁻¹ = D - K N K',   D = Θ⁻¹,  K = DΛ,  J = Λ'K (diagonal),  N = (V⁻¹ + J)⁻¹,

and with T = SK, U = K'T everything wanted follows from q × q matrices: tr(SΣ⁻¹) from D, S and NU;
with W = Σ⁻¹ - Σ⁻¹SΣ⁻¹, the diagonal of W, the block entries of WΛV, and Λ'WΛ. V is not inverted:
with A = √J V √J, N = (I - (I + A)⁻¹) / √J√J', and Σ is positive definite exactly if I + A is.

A single item without error has no Θ⁻¹. Σ stays the same when its variance s is added to Θ and
s/λ² taken from the variance of its construct, which leaves V symmetric though perhaps indefinite;
no formula needs more.

Second moments only. Batch last; element-wise operations, so that no element depends on others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.lisrel import Bools, Floats, Ints, Matrix, Structure, reduced_form
from acsi_sem.kernels.small_linalg import invert_definite, product

SMALLEST_ERROR: Final = 1e-4
"""Share of an item's variance below which its error is too small to divide by."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Numbers, rows and columns of the free parameters in one matrix."""

    at: Ints
    rows: Ints
    columns: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Where things stand in a structure of this kind.

    Attributes
    ----------
    structure : Structure
    places : tuple of Places
        In the order of `Matrix`.
    block : ndarray of int, shape (p,)
        The construct of each item.
    members : tuple of ndarray of int
        The items of each construct.
    errorless : ndarray of int
        Items without error, each the only one of its block.
    order : tuple of int or None
        Constructs, causes before effects; None when they act on each other in a circle.
    """

    structure: Structure
    places: tuple[Places, ...]
    block: Ints
    members: tuple[Ints, ...]
    errorless: Ints
    order: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """F, up to terms of S alone, and its gradient.

    Attributes
    ----------
    value : ndarray, shape (B,)
        log|Σ| + tr(SΣ⁻¹) - p - Σ log s_ii; infinite where not ok.
    gradient : ndarray, shape (k, B)
        dF/dθ; NaN where not ok.
    """

    value: Floats
    gradient: Floats


def plan_simple(structure: Structure) -> Plan | None:
    """Return the plan of a structure, or None when it is not of this kind."""
    present = [np.asarray(fixed != 0) for fixed in structure.fixed]
    places = tuple(_places(structure, kind) for kind in Matrix)
    for matrix, found in zip(present, places, strict=True):
        matrix[found.rows, found.columns] = True
    loads, paths, _, errors = present
    if not (loads.sum(axis=1) == 1).all() or errors[~np.eye(len(errors), dtype=bool)].any():
        return None
    block = loads.argmax(axis=1)
    errorless = np.flatnonzero(~np.diag(errors))
    alone = np.bincount(block, minlength=loads.shape[1])[block] == 1
    marked = structure.loadings[np.arange(len(block)), block] != 0
    if not (alone & marked)[errorless].all() or not loads.any(axis=0).all():
        return None
    members = tuple(np.flatnonzero(column) for column in loads.T)
    return Plan(structure, places, block, members, errorless, _causal_order(paths))


def _places(structure: Structure, kind: Matrix) -> Places:
    at = np.flatnonzero(structure.matrix == kind)
    return Places(at, structure.rows[at], structure.columns[at])


def _causal_order(paths: Bools) -> tuple[int, ...] | None:
    order: list[int] = []
    waiting = list(range(len(paths)))
    while waiting:
        ready = [j for j in waiting if not paths[j, waiting].any()]
        if not ready:
            return None
        order += ready
        waiting = [j for j in waiting if j not in ready]
    return tuple(order)


def slope(plan: Plan, theta: Floats, sample: Floats) -> Slope:
    """Evaluate discrepancy and gradient.

    Not defined where Σ is not positive definite, nor where an error variance is not a good deal
    larger than zero: there rounding would spoil the result.

    Parameters
    ----------
    plan : Plan
    theta : ndarray, shape (k, B)
    sample : ndarray, shape (p, p, B)
        Sample covariance matrices S.

    Returns
    -------
    Slope

    Examples
    --------
    A construct with two items, x = η + ε; S equals Σ, so that the gradient vanishes:

    >>> one = Structure(
    ...     loadings=np.ones((2, 1)), paths=np.zeros((1, 1)), disturbances=np.zeros((1, 1)),
    ...     errors=np.zeros((2, 2)), matrix=np.array([2, 3, 3]), rows=np.array([0, 0, 1]),
    ...     columns=np.array([0, 0, 1]))
    >>> plan = plan_simple(one)
    >>> found = slope(plan, np.array([[2.0], [1.0], [3.0]]), np.array([[[3.0], [2]], [[2], [5]]]))
    >>> bool(abs(found.gradient).max() < 1e-15)
    True
    """
    with np.errstate(all="ignore"):
        return _slope(plan, theta, sample)


@dataclass(frozen=True, slots=True, eq=False)
class _Reduced:
    """S seen through the constructs: J (q, B), T (p, q, B), U (q, q, B)."""

    weight: Floats
    cross: Floats
    moment: Floats


def _slope(plan: Plan, theta: Floats, sample: Floats) -> Slope:
    variances = np.einsum("iib->ib", sample)
    effects = _effects(plan, theta)
    constructs = _constructs(plan, theta, effects)
    loadings, errors = _items(plan, theta, variances)
    scaled = loadings / errors
    reduced = _reduce(plan, loadings, scaled, sample)
    inner, pivots = _inner_matrix(plan, constructs, reduced.weight, variances, loadings)
    left = product(inner, reduced.moment)
    around = product(left, inner)

    shares = errors / variances
    trace = (variances / errors).sum(axis=0) - np.einsum("iib->b", left)
    value = np.log(shares.prod(axis=0) * pivots.prod(axis=0)) + trace - len(plan.block)
    gradient = np.empty_like(theta)
    own = np.einsum("iib->ib", inner + around)[plan.block]
    _item_gradient(plan, gradient, _Items(loadings, errors, scaled, variances), own, reduced, inner)
    middle = _middle(reduced, inner, left, around)
    _construct_gradient(plan, gradient, effects, constructs, middle)
    ok = (shares.min(axis=0) > SMALLEST_ERROR) & (pivots.min(axis=0) > 0)
    ok &= np.isfinite(gradient).all(axis=0) & np.isfinite(value)
    return Slope(np.where(ok, value, np.inf), np.where(ok, gradient, np.nan))


def _effects(plan: Plan, theta: Floats) -> Floats:
    """E = (I - B)⁻¹, shape (q, q, B)."""
    structure, places = plan.structure, plan.places[Matrix.PATHS]
    q, batch = len(structure.paths), theta.shape[-1]
    if plan.order is None:
        paths = np.repeat(structure.paths[None], batch, axis=0)
        paths[:, places.rows, places.columns] = theta[places.at].T
        return np.ascontiguousarray(np.moveaxis(reduced_form(paths), 0, -1))
    effects = np.zeros((q, q, batch))
    for target in plan.order:
        effects[target, target] = 1.0
        for source in np.flatnonzero(structure.paths[target]):
            effects[target] += structure.paths[target, source] * effects[source]
        here = places.rows == target
        for k, source in zip(places.at[here], places.columns[here], strict=True):
            effects[target] += theta[k] * effects[source]
    return effects


def _constructs(plan: Plan, theta: Floats, effects: Floats) -> Floats:
    """V = EΨE', shape (q, q, B)."""
    fixed, places = plan.structure.disturbances, plan.places[Matrix.DISTURBANCES]
    spread = np.zeros_like(effects)
    for row, column in np.argwhere(fixed):
        spread[:, column] += fixed[row, column] * effects[:, row]
    for k, row, column in zip(places.at, places.rows, places.columns, strict=True):
        spread[:, column] += theta[k] * effects[:, row]
        if row != column:
            spread[:, row] += theta[k] * effects[:, column]
    return product(spread, effects.swapaxes(0, 1))


def _items(plan: Plan, theta: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Loadings λ (p, B) and error variances (p, B); those without error get their variance."""
    structure, batch = plan.structure, theta.shape[-1]
    loads, places = plan.places[Matrix.LOADINGS], plan.places[Matrix.ERRORS]
    own = structure.loadings[np.arange(len(plan.block)), plan.block]
    loadings = np.repeat(own[:, None], batch, axis=1)
    loadings[loads.rows] = theta[loads.at]
    errors = np.repeat(np.diag(structure.errors)[:, None], batch, axis=1)
    errors[places.rows] = theta[places.at]
    errors[plan.errorless] = variances[plan.errorless]
    return loadings, errors


def _reduce(plan: Plan, loadings: Floats, scaled: Floats, sample: Floats) -> _Reduced:
    p, q = plan.structure.loadings.shape
    batch = scaled.shape[-1]
    weight = np.empty((q, batch))
    cross = np.empty((p, q, batch))
    moment = np.empty((q, q, batch))
    for j, items in enumerate(plan.members):
        np.einsum("ib,ib->b", scaled[items], loadings[items], out=weight[j])
        np.einsum("jib,jb->ib", sample[items], scaled[items], out=cross[:, j])
    for j, items in enumerate(plan.members):
        np.einsum("ib,ilb->lb", scaled[items], cross[items], out=moment[j])
    return _Reduced(weight, cross, moment)


def _inner_matrix(
    plan: Plan, constructs: Floats, weight: Floats, variances: Floats, loadings: Floats
) -> tuple[Floats, Floats]:
    """N (q, q, B), and the pivots (q, B) of I + A."""
    lone, item = plan.block[plan.errorless], plan.errorless
    shifted = constructs.copy()
    shifted[lone, lone] -= variances[item] / loadings[item] ** 2
    root = np.sqrt(weight)
    roots = root[:, None] * root
    capacity = shifted * roots
    diagonal = np.arange(len(weight))
    capacity[diagonal, diagonal] += 1.0
    inverse, pivots = invert_definite(capacity)
    np.negative(inverse, out=inverse)
    inverse[diagonal, diagonal] += 1.0
    inverse /= roots
    return inverse, pivots


@dataclass(frozen=True, slots=True, eq=False)
class _Items:
    """λ, θ, λ/θ and s of the items, each (p, B)."""

    loadings: Floats
    errors: Floats
    scaled: Floats
    variances: Floats


def _item_gradient(
    plan: Plan, gradient: Floats, items: _Items, own: Floats, reduced: _Reduced, inner: Floats
) -> None:
    """Fill in dF/dΛ = 2WΛV and dF/dΘ = W; `own` is the item's entry of N + NUN."""
    reach = np.einsum("ijb,jib->ib", reduced.cross, inner[:, plan.block])
    loads, errors = plan.places[Matrix.LOADINGS], plan.places[Matrix.ERRORS]
    twice = 2.0 / items.errors
    gradient[loads.at] = (twice * (items.loadings * own - reach))[loads.rows]
    noise = (items.errors - items.variances) / items.errors**2
    noise += items.scaled * (twice * reach - items.scaled * own)
    gradient[errors.at] = noise[errors.rows]


def _middle(reduced: _Reduced, inner: Floats, left: Floats, around: Floats) -> Floats:
    """Λ'WΛ = J - JNJ - (I - JN) U (I - NJ), shape (q, q, B)."""
    weight = reduced.weight
    tilted = weight[:, None] * left
    result = tilted + tilted.swapaxes(0, 1)
    result -= reduced.moment
    result -= weight[:, None] * (inner + around) * weight
    diagonal = np.arange(len(weight))
    result[diagonal, diagonal] += weight
    return result


def _construct_gradient(
    plan: Plan, gradient: Floats, effects: Floats, constructs: Floats, middle: Floats
) -> None:
    """Fill in dF/dB = 2 E'Λ'WΛV and dF/dΨ from E'Λ'WΛE, at their places."""
    pulled = product(effects.swapaxes(0, 1), middle)
    paths, spread = plan.places[Matrix.PATHS], plan.places[Matrix.DISTURBANCES]
    entry = "njb,jnb->nb"
    if paths.at.size:
        at_paths = np.einsum(entry, pulled[paths.rows], constructs[:, paths.columns])
        gradient[paths.at] = 2.0 * at_paths
    once = np.where(spread.rows == spread.columns, 1.0, 2.0)[:, None]
    at_spread = np.einsum(entry, pulled[spread.rows], effects[:, spread.columns])
    gradient[spread.at] = once * at_spread
