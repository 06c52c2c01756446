"""PLS path modelling of moments, plain or consistent: points or replicates by the same call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.structural import Structural, make_structural, scale_ends
from acsi_sem.estimators.two_stage import TwoStageSolution, solve_two_stage
from acsi_sem.estimators.two_stage_measures import component_quality
from acsi_sem.kernels.index import points_per_score, to_points
from acsi_sem.kernels.moments import Floats, Moments, correlations
from acsi_sem.kernels.pls import FAILURES, PlsSolution, pls
from acsi_sem.kernels.plsc import (
    CORRELATION,
    INDEFINITE,
    LOADING,
    REASONS,
    RELIABILITY,
    Consistent,
    disattenuate,
    rho_a,
)
from acsi_sem.kernels.quality import (
    adjusted_r2,
    average_variance_extracted,
    composite_reliability,
    cronbach_alpha,
)
from acsi_sem.spec.graph import adjacency, blocks, higher_order
from acsi_sem.spec.model import Model
from acsi_sem.terms import IndexMeans, Scheme, WeightsPolicy


@dataclass(frozen=True, slots=True)
class PlsOptions:
    """How PLS is to be done.

    Attributes
    ----------
    scheme : {"path", "factorial", "centroid"}
        Inner weighting.
    means : {"available", "complete"}
        Item means that the index uses.
    policy : {"allow", "nonnegative", "drop"}
        What becomes of negative outer weights; see `acsi_sem.kernels.pls.pls`.
    consistent : bool
        Correct loadings, paths and R2 for attenuation (PLSc, engine ``plsc``).
    """

    scheme: Scheme = "path"
    means: IndexMeans = "available"
    policy: WeightsPolicy = "allow"
    consistent: bool = False


DEFAULTS: Final = PlsOptions()


@dataclass(frozen=True, slots=True)
class PlsEstimates:
    """PLS estimates of B weightings of the same items.

    Where ``structural.ok`` is False the other numbers only show what went wrong (`explain_failure`
    puts it into words) and must not be used.

    Attributes
    ----------
    weights, loadings : ndarray, shape (B, p)
        On standardised indicators. Weights make the scores, loadings are consistent under PLSc.
    paths : ndarray, shape (B, q, q)
        Standardised, ``[b, i, j]`` of j on i.
    r2, r2_adj : ndarray, shape (B, q)
    alpha, rho_a, rho_c, ave : ndarray, shape (B, q)
        Of the indicators that the weights policy left in; NaN for constructs with one of them and
        for Mode B blocks, whose indicators need not agree. rho_C and AVE are of the `loadings`.
    correlation : ndarray, shape (B, q, q)
        Of the scores; of the constructs under PLSc.
    bound : ndarray of bool, shape (B, p)
        Indicators held at weight zero by the policy.
    structural : Structural
        Indices and effects on 0-100 scores, and which elements may be used.
    converged : ndarray of bool, shape (B,)
    iterations : ndarray of int, shape (B,)
    failure, inadmissible : ndarray of int, shape (B,)
        Codes of `acsi_sem.kernels.pls.FAILURES` and, under PLSc, of
        `acsi_sem.kernels.plsc.REASONS`; 0 where nothing is wrong.
    stages : TwoStageSolution or None
        Both stages, where there are higher-order constructs.
    """

    weights: Floats
    loadings: Floats
    paths: Floats
    r2: Floats
    r2_adj: Floats
    alpha: Floats
    rho_a: Floats
    rho_c: Floats
    ave: Floats
    correlation: Floats
    bound: NDArray[np.bool_]
    structural: Structural
    converged: NDArray[np.bool_]
    iterations: NDArray[np.intp]
    failure: NDArray[np.intp]
    inadmissible: NDArray[np.intp]
    stages: TwoStageSolution | None = None


def formative_blocks(model: Model) -> NDArray[np.bool_]:
    """Return which constructs have several indicators weighted by Mode B, shape (q,).

    Parameters
    ----------
    model : Model

    Returns
    -------
    ndarray of bool, shape (q,)
        A single item is the same in either mode and is not among them.
    """
    return np.array([c.mode == "B" and len(c.indicators) > 1 for c in model.constructs])


def estimate_pls(
    model: Model, moments: Moments, rows: Floats, options: PlsOptions = DEFAULTS
) -> PlsEstimates:
    """Estimate the model from moments.

    Parameters
    ----------
    model : Model
    moments : Moments
        B weightings of the p indicators in the model's order.
    rows : ndarray, shape (B,)
        Number of complete cases, for adjusted R2.
    options : PlsOptions

    Returns
    -------
    PlsEstimates
        Elements that failed are NaN in `structural` and False in ``structural.ok``; under PLSc an
        inadmissible correction is such a failure.

    Notes
    -----
    Under PLSc the index and its weights stay those of the composite: an index is a weighted mean
    of answers that people gave, and correcting for attenuation changes no answer. Effects are
    between latent variables on the 0-100 scale, whose standard deviation is that of the score
    times sqrt(rho_A).
    """
    correlation, block, arrows = correlations(moments.covariance), blocks(model), adjacency(model)
    modes = formative_blocks(model)
    solution, stages = _solve(model, correlation, options)
    used: PlsSolution | Consistent = solution
    inadmissible = np.zeros(solution.converged.size, dtype=np.intp)
    with np.errstate(divide="ignore", invalid="ignore"):
        index_weights = solution.weights / moments.sd
    deviation = points_per_score(index_weights, *scale_ends(model), block)
    if options.consistent:
        used = disattenuate(
            solution.weights, correlation, solution.correlation, block, arrows, modes
        )
        inadmissible = np.where(solution.converged, used.inadmissible, 0)
        with np.errstate(invalid="ignore"):
            deviation = deviation * np.sqrt(used.reliability)
    ok = solution.converged & (inadmissible == 0)
    direct = to_points(used.paths, deviation)
    measures = _measurement(correlation, solution, used.loadings, block)
    if stages is not None:
        agreed = component_quality(model, stages)
        measures |= {name: getattr(agreed, name) for name in ("alpha", "rho_c", "ave")}
        measures["rho_a"] = np.where(_composed(model), np.nan, measures["rho_a"])
    return PlsEstimates(
        weights=solution.weights,
        loadings=used.loadings,
        paths=used.paths,
        r2=used.r2,
        r2_adj=adjusted_r2(used.r2, rows, arrows.sum(axis=1)),
        **{name: np.where(modes, np.nan, values) for name, values in measures.items()},
        correlation=used.correlation,
        bound=solution.bound,
        structural=make_structural(model, moments, index_weights, direct, ok, options.means),
        converged=solution.converged,
        iterations=solution.iterations,
        failure=solution.failure,
        inadmissible=inadmissible,
        stages=stages,
    )


def _solve(
    model: Model, correlation: Floats, options: PlsOptions
) -> tuple[PlsSolution, TwoStageSolution | None]:
    """Solve by one stage, or by two where there are higher-order constructs."""
    modes = np.array([construct.mode == "B" for construct in model.constructs])
    if higher_order(model):
        stages = solve_two_stage(
            model, correlation, options.scheme, modes=modes, policy=options.policy
        )
        return stages.whole, stages
    modes = formative_blocks(model)
    block, arrows = blocks(model), adjacency(model)
    return pls(correlation, block, arrows, options.scheme, modes=modes, policy=options.policy), None


def _composed(model: Model) -> NDArray[np.bool_]:
    return np.array([bool(construct.components) for construct in model.constructs])


def _measurement(
    correlation: Floats, solution: PlsSolution, loadings: Floats, block: NDArray[np.intp]
) -> dict[str, Floats]:
    """Return the criteria of the items that are left, one set of them after the other."""
    shape = solution.r2.shape
    found = {name: np.full(shape, np.nan) for name in ("alpha", "rho_a", "rho_c", "ave")}
    left, which = np.unique(~solution.bound, axis=0, return_inverse=True)
    for i, items in enumerate(left):
        at = np.flatnonzero(which.ravel() == i)
        r, own = correlation[np.ix_(at, items, items)], block[items]
        found["alpha"][at] = cronbach_alpha(r, own)
        found["rho_a"][at] = rho_a(solution.weights[np.ix_(at, items)], r, own)
        kept = loadings[np.ix_(at, items)]
        found["rho_c"][at] = composite_reliability(kept, own)
        found["ave"][at] = average_variance_extracted(kept, own)
    return found


def explain_failure(model: Model, estimates: PlsEstimates, at: int) -> tuple[str, ...]:
    """Say why one element failed or is inadmissible, with the names and numbers involved.

    Parameters
    ----------
    model : Model
    estimates : PlsEstimates
    at : int
        Which element.

    Returns
    -------
    tuple of str
        Empty when the estimation itself went well; an index that is not defined (weights that
        cancel) is not told here.
    """
    if not estimates.converged[at]:
        stage = "" if estimates.stages is None else estimates.stages.reason(at)
        return (f"PLS did not converge: {stage or FAILURES[estimates.failure[at]]}",)
    return tuple(_inadmissible(model, estimates, at))


def _inadmissible(model: Model, estimates: PlsEstimates, at: int) -> Iterator[str]:
    """Yield a sentence per thing that a factor model cannot have."""
    code, names = int(estimates.inadmissible[at]), model.construct_names
    if code & RELIABILITY:
        for i, rho in enumerate(estimates.rho_a[at].tolist()):
            if rho <= 0 or rho > 1:
                yield f"PLSc: rho_A of {names[i]} is {rho:.6g}, not within 0 and 1"
    if code & CORRELATION:
        pairs = np.abs(np.triu(estimates.correlation[at], 1)) >= 1
        for i, j in np.argwhere(pairs).tolist():
            value = estimates.correlation[at, i, j]
            yield f"PLSc: the corrected correlation of {names[i]} and {names[j]} is {value:.6g}"
    if code & INDEFINITE:
        yield f"PLSc: {REASONS[INDEFINITE]}"
    if code & LOADING:
        loadings = estimates.loadings[at].tolist()
        for item, value in zip(model.indicators, loadings, strict=True):
            if abs(value) > 1:
                yield f"PLSc: the corrected loading of {item.name} is {value:.6g}"
