"""0-100 indices and effects from a covariance structure, batch first."""

from __future__ import annotations

from typing import Final

import numpy as np

from acsi_sem.estimators.compile import Compiled
from acsi_sem.estimators.structural import Structural, make_structural, scale_ends
from acsi_sem.kernels.index import to_points
from acsi_sem.kernels.lisrel import Floats, fill
from acsi_sem.kernels.ml_batch import refit_fast
from acsi_sem.kernels.ml_fit import improper_constructs, negative_variances, parameter_units
from acsi_sem.kernels.moments import Moments
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import IndexMeans

REPLICATE_STEPS: Final = 60
"""Steps that a replicate may take; one that needs more does not settle, and is counted."""


def factor_weights(model: Model, compiled: Compiled, theta: Floats) -> Floats:
    """Return regression factor-score weights of every indicator within its block.

    Parameters
    ----------
    model : Model
    compiled : Compiled
    theta : ndarray, shape (B, k)

    Returns
    -------
    ndarray, shape (B, p)
        Loading over error variance, on answers in scale units; 1 for a single item. Up to a
        factor these are the regression weights of the construct on its own block, so an index
        never answers for another construct's indicators.

    References
    ----------
    Thurstone (1935), The Vectors of Mind; Thomson (1951), The Factorial Analysis of Human Ability.
    """
    filled = fill(compiled.structure, theta)
    block = blocks(model)
    items = np.arange(block.size)
    single = np.bincount(block)[block] == 1
    loadings = np.broadcast_to(filled.loadings, (len(theta), *filled.loadings.shape[1:]))
    own = loadings[:, items, block]
    errors = np.broadcast_to(filled.errors, (len(theta), *filled.errors.shape[1:]))
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = own / errors[:, items, items]
    return np.where(single, 1.0, weights)


def score_solutions(
    model: Model,
    compiled: Compiled,
    theta: Floats,
    moments: Moments,
    ok: np.ndarray,
    means: IndexMeans,
) -> Structural:
    """Score indices and effects at many solutions.

    Effects are between constructs in the units of their first indicators, rescaled to 0-100.

    Parameters
    ----------
    theta : ndarray, shape (B, k)
    moments : Moments
        Of the same B weightings.
    ok : ndarray of bool, shape (B,)
        Converged and admissible.
    """
    low, high = scale_ends(model)
    filled = fill(compiled.structure, np.where(ok[:, None], theta, 0.0))
    markers = compiled.markers
    worth = 100.0 / (high - low)[markers]
    paths = np.broadcast_to(filled.paths, (len(theta), *filled.paths.shape[1:]))
    direct = to_points(paths, np.broadcast_to(worth, (len(theta), worth.size)))
    weights = factor_weights(model, compiled, theta)
    return make_structural(model, moments, weights, direct, ok, means)


def score_replicates(
    model: Model, compiled: Compiled, theta: Floats, moments: Moments, means: IndexMeans
) -> Structural:
    """Refit the model to B weightings from the solution (k,) and score them.

    Replicates that did not converge or are inadmissible are not `ok`.
    """
    structure = compiled.structure
    found, converged = refit_fast(structure, moments.covariance, theta, limit=REPLICATE_STEPS)
    safe = np.where(np.isfinite(found), found, 0.0)
    units = parameter_units(structure, np.where(converged[:, None], moments.sd, 1.0))
    ok = converged & ~negative_variances(structure, safe / units).any(axis=1)
    ok &= ~improper_constructs(structure, safe)
    return score_solutions(model, compiled, found, moments, ok, means)
