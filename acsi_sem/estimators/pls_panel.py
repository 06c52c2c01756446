"""Every criterion of measurement, structure and fit of PLS estimates: points or replicates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.approximate_fit import approximate_fit, rms_theta
from acsi_sem.kernels.collinearity import indicator_vif, predictor_vif
from acsi_sem.kernels.composite_fit import (
    distances,
    implied_construct_correlation,
    implied_item_correlation,
)
from acsi_sem.kernels.discriminant import cross_loadings, fornell_larcker, htmt, htmt2
from acsi_sem.kernels.effect_size import f2
from acsi_sem.kernels.exact_fit import MEASURES, Refit
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.plsc import rho_a
from acsi_sem.kernels.quality import average_variance_extracted
from acsi_sem.kernels.tetrads import block_tetrads, tetrads
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model

SATURATED: Final = "_saturated"
"""Ends the names of distances from the model in which all constructs correlate freely."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What the implied correlations of B fits follow from; NaN where a fit failed.

    Attributes
    ----------
    loadings : ndarray, shape (B, p)
    correlation : ndarray, shape (B, q, q)
        Of the constructs.
    paths : ndarray, shape (B, q, q)
    """

    loadings: Floats
    correlation: Floats
    paths: Floats


def composites(model: Model) -> NDArray[np.bool_]:
    """Return which constructs are not common factors of several indicators, shape (q,).

    Those declared composites, and Mode B blocks that are not declared factors.
    """
    return np.array(
        [
            len(c.indicators) > 1 and (c.kind == "composite" or (c.mode == "B" and not c.kind))
            for c in model.constructs
        ]
    )


def panel_fields(
    model: Model,
    item_correlation: Floats,
    weights: Floats,
    loadings: Floats,
    score_correlation: Floats,
    paths: Floats,
    *,
    reflective: NDArray[np.bool_] | None = None,
    bound: NDArray[np.bool_] | None = None,
) -> dict[str, Floats]:
    """Return the criteria that need no other fit than the one at hand.

    Parameters
    ----------
    model : Model
    item_correlation : ndarray, shape (B, p, p)
    weights, loadings : ndarray, shape (B, p)
        Outer weights of unit-variance scores; loadings, consistent ones with PLSc.
    score_correlation, paths : ndarray, shape (B, q, q)
        Of the constructs, corrected for attenuation with PLSc.
    reflective : ndarray of bool, shape (q,), optional
        Blocks whose items correlate by their loadings alone in the implied correlations: those
        that PLSc corrects. None by default, as befits the composites of ordinary PLS.
    bound : ndarray of bool, shape (B, p), optional
        Items that a weights policy holds at zero. fornell_larcker, htmt, htmt2 and vif_item are of
        the items left, vif_item of a held one is NaN. Tetrads and distances keep all items.

    Returns
    -------
    dict of str to ndarray
        ``cross_loadings`` (B, p, q); ``rho_a``, ``fornell_larcker`` (B, q); ``construct_cor``,
        ``htmt``, ``htmt2`` (B, q, q); ``vif_item`` (B, p); ``vif``, ``f2`` (B, q, q) as
        [target, source]; ``srmr``, ``d_uls``, ``d_g``, ``d_ml`` and the same with ``_saturated``
        (B,); ``tetrads`` (B, t) where a block has four items. Criteria of common factors (rho_a,
        fornell_larcker, htmt, htmt2, tetrads) are NaN for `composites`, rho_a for Mode B blocks.

    Raises
    ------
    ValueError
        If the model has higher-order constructs, whose items stand in it twice: ask for the panel
        of each stage; or if the paths run in a circle.

    References
    ----------
    See the kernels: discriminant, collinearity, effect_size, composite_fit, tetrads, plsc.
    """
    if any(construct.components for construct in model.constructs):
        raise ValueError("the panel needs a model without higher-order constructs")
    block, arrows = blocks(model), adjacency(model)
    left = _of_items_left(item_correlation, loadings, block, bound)
    fields = _measurement(model, item_correlation, weights, left, score_correlation)
    fields |= {
        "construct_cor": score_correlation,
        "vif_item": left["vif_item"],
        "vif": predictor_vif(score_correlation, arrows),
        "f2": f2(score_correlation, arrows),
    }
    solved = Solved(loadings, score_correlation, paths)
    return fields | _distances(model, item_correlation, solved, reflective)


def _distances(
    model: Model, items: Floats, solved: Solved, reflective: NDArray[np.bool_] | None
) -> dict[str, Floats]:
    """Distances of the estimated and the saturated model."""
    fields: dict[str, Floats] = {}
    for ending, saturated in (("", False), (SATURATED, True)):
        implied = implied_items(model, items, solved, reflective=reflective, saturated=saturated)
        found = distances(items, implied)
        fields |= {f"{name}{ending}": getattr(found, name) for name in MEASURES}
    return fields


def _agreement(items: Floats, loadings: Floats, block: NDArray[np.intp]) -> dict[str, Floats]:
    """Criteria that ask every item of a block, whatever its weight."""
    return {
        "ave": average_variance_extracted(loadings, block),
        "htmt": htmt(items, block),
        "htmt2": htmt2(items, block),
        "vif_item": indicator_vif(items, block),
    }


def _of_items_left(
    items: Floats, loadings: Floats, block: NDArray[np.intp], bound: NDArray[np.bool_] | None
) -> dict[str, Floats]:
    """Criteria of agreement of the items that are left, one set of them after the other."""
    if bound is None or not bound.any():
        return _agreement(items, loadings, block)
    found: dict[str, Floats] = {}
    left, which = np.unique(~bound, axis=0, return_inverse=True)
    for i, kept in enumerate(left):
        at = np.flatnonzero(which.ravel() == i)
        made = _agreement(items[np.ix_(at, kept, kept)], loadings[np.ix_(at, kept)], block[kept])
        apart = np.full((at.size, block.size), np.nan)
        apart[:, kept] = made["vif_item"]
        for name, values in (made | {"vif_item": apart}).items():
            found.setdefault(name, np.full((len(items), *values.shape[1:]), np.nan))[at] = values
    return found


def _measurement(
    model: Model, items: Floats, weights: Floats, left: Mapping[str, Floats], constructs: Floats
) -> dict[str, Floats]:
    """Criteria of the blocks; NaN where they would take a composite for a common factor."""
    block, apart = blocks(model), composites(model)
    pairs = apart[:, None] | apart
    fitted = np.array([construct.mode == "B" for construct in model.constructs])
    fields = {
        "cross_loadings": cross_loadings(items, weights, block),
        "rho_a": np.where(apart | fitted, np.nan, rho_a(weights, items, block)),
        "fornell_larcker": np.where(apart, np.nan, fornell_larcker(left["ave"], constructs).margin),
        "htmt": np.where(pairs, np.nan, left["htmt"]),
        "htmt2": np.where(pairs, np.nan, left["htmt2"]),
    }
    chosen = block_tetrads(block)
    if chosen.size:
        owner = block[chosen[:, 0]]
        fields["tetrads"] = np.where(apart[owner], np.nan, tetrads(items, block))
    return fields


def implied_items(
    model: Model,
    item_correlation: Floats,
    solved: Solved,
    *,
    reflective: NDArray[np.bool_] | None = None,
    saturated: bool = False,
) -> Floats:
    """Return the item correlations that fits imply.

    Parameters
    ----------
    model : Model
    item_correlation : ndarray, shape (B, p, p)
    solved : Solved
    reflective : ndarray of bool, shape (q,), optional
        As in `panel_fields`.
    saturated : bool
        Let all constructs correlate freely instead of as the paths imply.

    Returns
    -------
    ndarray, shape (B, p, p)

    Raises
    ------
    ValueError
        If the paths run in a circle.
    """
    arrows = adjacency(model)
    own = np.zeros(arrows.shape[0], dtype=bool) if reflective is None else reflective
    constructs = solved.correlation
    if not saturated:
        constructs = implied_construct_correlation(constructs, solved.paths, arrows)
    return implied_item_correlation(
        item_correlation, solved.loadings, constructs, blocks(model), own
    )


def degrees_of_freedom(model: Model, reflective: NDArray[np.bool_] | None = None) -> int:
    """Count the restrictions that the estimated model puts on the item correlations.

    Parameters
    ----------
    model : Model
    reflective : ndarray of bool, shape (q,), optional
        As in `panel_fields`.

    Returns
    -------
    int
        Correlations less parameters: paths, correlations of exogenous constructs, k loadings of
        a reflective block of k > 1 items, k - 1 weights and k (k - 1) / 2 correlations of a
        composite. cSEM takes blocks declared as factors for reflective also without PLSc.
    """
    sizes, arrows = np.bincount(blocks(model)), adjacency(model)
    own = np.zeros(sizes.size, dtype=bool) if reflective is None else reflective
    free = np.where(own, sizes, sizes - 1 + sizes * (sizes - 1) // 2)
    first = int((~arrows.any(axis=1)).sum())
    items = int(sizes.sum())
    parameters = int(free[sizes > 1].sum() + arrows.sum()) + first * (first - 1) // 2
    return items * (items - 1) // 2 - parameters


def approximate_fields(
    model: Model,
    item_correlation: Floats,
    solved: Solved,
    panel: Mapping[str, Floats],
    n: Floats,
    *,
    reflective: NDArray[np.bool_] | None = None,
) -> dict[str, Floats]:
    """Return chi-square and what is made of it, by lavaan's names, and RMS_theta.

    Parameters
    ----------
    model : Model
    item_correlation : ndarray, shape (B, p, p)
    solved : Solved
        Corrected for attenuation with PLSc, as in `panel_fields`.
    panel : mapping of str to ndarray
        From `panel_fields`.
    n : ndarray, shape (B,)
        Number of rows.
    reflective : ndarray of bool, shape (q,), optional
        As in `panel_fields`.

    Returns
    -------
    dict of str to ndarray, shape (B,)
        ``chisq``, ``df``, ``cfi``, ``tli``, ``ifi``, ``nfi``, ``rmsea``, ``cn``, ``rms_theta``;
        the last alone for a model without degrees of freedom.

    References
    ----------
    See `acsi_sem.kernels.approximate_fit`.
    """
    df = degrees_of_freedom(model, reflective)
    theta = rms_theta(
        item_correlation,
        panel["cross_loadings"],
        solved.loadings,
        solved.correlation,
        blocks(model),
    )
    if df <= 0:
        return {"rms_theta": theta}
    found = approximate_fit(item_correlation, panel["d_ml"], n, df)
    measures = {name: getattr(found, name) for name in found.__slots__}
    return {**measures, "df": np.full(n.shape, float(df)), "rms_theta": theta}


def exact_fit_refit(
    model: Model,
    solve: Callable[[Floats], Solved],
    *,
    reflective: NDArray[np.bool_] | None = None,
    saturated: bool = False,
) -> Refit:
    """Return the refit that `acsi_sem.kernels.exact_fit.exact_fit` asks for.

    Parameters
    ----------
    model : Model
    solve : callable
        Fits the model to item correlations (B, p, p), NaN where that fails.
    reflective, saturated
        As in `implied_items`; the same as for the sample.

    Returns
    -------
    Refit
    """

    def refit(correlation: Floats) -> Floats:
        return implied_items(
            model, correlation, solve(correlation), reflective=reflective, saturated=saturated
        )

    return refit
