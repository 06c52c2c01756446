"""What every scoring engine shares: indices and effects on 0-100 scores, batch first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.index import index_points
from acsi_sem.kernels.moments import Floats, Moments
from acsi_sem.kernels.regression import total_effects
from acsi_sem.kernels.routes import find_routes, specific_effects
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.spec.scoring import scored_ends
from acsi_sem.terms import IndexMeans


@dataclass(frozen=True, slots=True)
class Structural:
    """Indices and effects of B weightings.

    Attributes
    ----------
    index_weights : ndarray, shape (B, p)
        Unstandardised weights of the indicators within their index.
    index : ndarray, shape (B, q)
        0-100 indices.
    direct, total : ndarray, shape (B, q, q)
        Effects between 0-100 scores, ``[b, i, j]`` of j on i.
    specific : ndarray, shape (B, R)
        Effects along every route of two arrows or more, in the order of `find_routes`.
    ok : ndarray of bool, shape (B,)
        False where the estimation failed; such an element must not be used.
    """

    index_weights: Floats
    index: Floats
    direct: Floats
    total: Floats
    specific: Floats
    ok: NDArray[np.bool_]


def scale_ends(model: Model) -> tuple[Floats, Floats]:
    """Return what makes 0 and 100 of every indicator, two arrays of shape (p,)."""
    return scored_ends(model)


def make_structural(
    model: Model,
    moments: Moments,
    index_weights: Floats,
    direct: Floats,
    ok: NDArray[np.bool_],
    means: IndexMeans,
) -> Structural:
    """Score indices and total effects from index weights and direct effects.

    Failed elements become NaN throughout, so that none can slip into a table.
    """
    low, high = scale_ends(model)
    centre = moments.item_mean if means == "available" else moments.mean
    index = index_points(centre, index_weights, low, high, blocks(model))
    ok = ok & np.isfinite(direct).all(axis=(1, 2))
    safe = np.where(ok[:, None, None], direct, 0.0)
    total = np.where(ok[:, None, None], total_effects(safe), np.nan)
    return Structural(
        index_weights=np.where(ok[:, None], index_weights, np.nan),
        index=np.where(ok[:, None], index, np.nan),
        direct=np.where(ok[:, None, None], direct, np.nan),
        total=total,
        specific=np.where(
            ok[:, None], specific_effects(safe, find_routes(adjacency(model))), np.nan
        ),
        ok=ok,
    )
