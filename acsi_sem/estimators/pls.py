"""PLS path modelling of moments: points or replicates by the same call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem, UsageError
from acsi_sem.estimators.structural import Structural, make_structural, scale_ends
from acsi_sem.kernels.index import points_per_score, to_points
from acsi_sem.kernels.moments import Floats, Moments, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.quality import (
    adjusted_r2,
    average_variance_extracted,
    composite_reliability,
    cronbach_alpha,
)
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import IndexMeans, Scheme


@dataclass(frozen=True, slots=True)
class PlsEstimates:
    """PLS estimates of B weightings of the same items.

    Attributes
    ----------
    weights, loadings : ndarray, shape (B, p)
        On standardised indicators.
    paths : ndarray, shape (B, q, q)
        Standardised, ``[b, i, j]`` of j on i.
    r2, r2_adj, alpha, rho_c, ave : ndarray, shape (B, q)
    structural : Structural
        Indices and effects on 0-100 scores, and which elements may be used.
    converged : ndarray of bool, shape (B,)
    iterations : ndarray of int, shape (B,)
    """

    weights: Floats
    loadings: Floats
    paths: Floats
    r2: Floats
    r2_adj: Floats
    alpha: Floats
    rho_c: Floats
    ave: Floats
    structural: Structural
    converged: NDArray[np.bool_]
    iterations: NDArray[np.intp]


def check_modes(model: Model) -> None:
    """Refuse what this engine cannot do yet.

    Raises
    ------
    UsageError
        If a block with several indicators asks for Mode B.
    """
    problems = [
        Problem(
            f"model {model.name}",
            f"constructs.{construct.name}.mode",
            "mode A (Mode B blocks are not available yet)",
            "mode B",
            "remove the key or use another engine",
        )
        for construct in model.constructs
        if construct.mode == "B" and len(construct.indicators) > 1
    ]
    if problems:
        raise UsageError(problems)


def estimate_pls(
    model: Model, moments: Moments, rows: Floats, scheme: Scheme, means: IndexMeans
) -> PlsEstimates:
    """Estimate the model from moments.

    Parameters
    ----------
    model : Model
    moments : Moments
        B weightings of the p indicators in the model's order.
    rows : ndarray, shape (B,)
        Number of complete cases, for adjusted R2.
    scheme : str
        Inner weighting scheme.
    means : str
        Item means that the index uses.

    Returns
    -------
    PlsEstimates
        Elements that failed are NaN in `structural` and False in ``structural.ok``.
    """
    correlation, block, arrows = correlations(moments.covariance), blocks(model), adjacency(model)
    solution = pls(correlation, block, arrows, scheme)
    with np.errstate(divide="ignore", invalid="ignore"):
        index_weights = solution.weights / moments.sd
    low, high = scale_ends(model)
    worth = points_per_score(index_weights, low, high, block)
    structural = make_structural(
        model,
        moments,
        index_weights,
        to_points(solution.paths, worth),
        solution.converged,
        means,
    )
    return PlsEstimates(
        weights=solution.weights,
        loadings=solution.loadings,
        paths=solution.paths,
        r2=solution.r2,
        r2_adj=adjusted_r2(solution.r2, rows, arrows.sum(axis=1)),
        alpha=cronbach_alpha(correlation, block),
        rho_c=composite_reliability(solution.loadings, block),
        ave=average_variance_extracted(solution.loadings, block),
        structural=structural,
        converged=solution.converged,
        iterations=solution.iterations,
    )
