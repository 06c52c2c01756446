"""Diagonally weighted least squares of a covariance structure on correlations.

The variables behind ordinal answers have no unit: each has variance 1. One parameter for each
item, its error variance or, where a construct is its single item, the construct's disturbance, is
therefore bound by diag Σ = 1, which is linear in these parameters. The others are free and are
fitted to the correlations,

    F = Σ_i w_i (r_i - ρ_i(θ))²,

by Levenberg-Marquardt steps. Needs the correlations and their asymptotic covariance matrix only.
Batch axis first; pairs in the order of `acsi_sem.kernels.polychoric.pair_numbers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.lisrel import Bools, Floats, Ints, Matrix, Structure, imply
from acsi_sem.kernels.polychoric import pair_numbers

TOLERANCE: Final = 1e-10
"""Largest |dF/dθ| of a solution."""

_LIMIT: Final = 500
_FIRST: Final = 1e-3
_EASIER, _HARDER = 0.1, 8.0
_HARDEST: Final = 1e12
_ROUNDING: Final = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class DwlsFit:
    """Where B fits ended.

    Attributes
    ----------
    theta : ndarray, shape (B, k)
        All parameters, the bound ones included.
    value : ndarray, shape (B,)
        F; chi-square without adjustment is n·F.
    slope : ndarray, shape (B,)
        Largest |dF/dθ| of the free parameters.
    iterations : ndarray of int, shape (B,)
    converged : ndarray of bool, shape (B,)
    """

    theta: Floats
    value: Floats
    slope: Floats
    iterations: Ints
    converged: Bools


@dataclass(frozen=True, slots=True, eq=False)
class DwlsInference:
    """What the asymptotic covariance matrix of the correlations says about a fit.

    Attributes
    ----------
    covariance : ndarray, shape (B, k, k)
        n times the covariance matrix of all parameters; NaN where not identified.
    trace, trace_square : ndarray, shape (B,)
        tr(UΓ) and tr((UΓ)²), which adjust the test.
    """

    covariance: Floats
    trace: Floats
    trace_square: Floats


def bound_parameters(structure: Structure) -> Bools:
    """Say which parameters diag Σ = 1 determines, shape (k,): one for each item.

    Raises
    ------
    ValueError
        If an item has neither a free error variance nor a construct of its own with a free
        disturbance.
    """
    diagonal = structure.rows == structure.columns
    bound = diagonal & (structure.matrix == Matrix.ERRORS)
    for item in np.setdiff1d(np.arange(len(structure.loadings)), structure.rows[bound]):
        owners = np.flatnonzero(structure.loadings[item])
        here = diagonal & (structure.matrix == Matrix.DISTURBANCES) & (structure.rows == owners[:1])
        if len(owners) != 1 or here.sum() != 1 or (bound & here).any():
            raise ValueError(f"nothing can give item {item} the variance 1")
        bound |= here
    return np.asarray(bound)


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """The model at parameters: all of them, correlations (B, m), derivatives in the free ones."""

    theta: Floats
    correlations: Floats
    jacobian: Floats
    follow: Floats


def _place(structure: Structure, bound: Bools, theta: Floats) -> _Place:
    """Solve for the bound parameters; `jacobian` (B, m, f), `follow` (B, p, f)."""
    theta = theta.copy()
    theta[:, bound] = 0.0
    implied = imply(structure, theta)
    lacking = 1.0 - np.diagonal(implied.covariance, axis1=-2, axis2=-1)
    items = np.arange(len(structure.loadings))
    # Z depends on bound disturbances only in columns that bound parameters do not use.
    system = _slopes(structure, implied.vectors, items, items)[:, :, bound]
    theta[:, bound] = _solve(system, lacking[..., None])[..., 0]
    implied = imply(structure, theta)
    diagonal = _slopes(structure, implied.vectors, items, items)
    follow = -_solve(diagonal[:, :, bound], diagonal[:, :, ~bound])
    rows, columns = pair_numbers(len(items))
    apart = _slopes(structure, implied.vectors, rows, columns)
    jacobian = apart[:, :, ~bound] + apart[:, :, bound] @ follow
    return _Place(theta, implied.covariance[:, rows, columns], jacobian, follow)


def _slopes(structure: Structure, vectors: Floats, rows: Ints, columns: Ints) -> Floats:
    """dΣ[rows, columns]/dθ, shape (B, len(rows), k)."""
    first, second, factor = structure.factors
    u, w = vectors[:, :, first], vectors[:, :, second]
    found: Floats = factor * (u[:, rows] * w[:, columns] + w[:, rows] * u[:, columns])
    return found


def _solve(system: Floats, right: Floats) -> Floats:
    """Solutions of linear systems; NaN for those that are singular or not finite."""
    finite = np.isfinite(system).all(axis=(-2, -1)) & np.isfinite(right).all(axis=(-2, -1))
    found = np.full(right.shape, np.nan)
    for b in np.flatnonzero(finite):
        try:
            found[b] = np.linalg.solve(system[b], right[b])
        except np.linalg.LinAlgError:
            continue
    return found


def implied_correlations(structure: Structure, theta: Floats) -> Floats:
    """Return the correlations that free parameters imply, shape (B, m).

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
        All parameters; the bound ones are not looked at.

    Examples
    --------
    One construct, two items with loadings 1 and 0.5 on a variance of 0.6:

    >>> one = Structure(np.array([[1.0], [0.0]]), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     np.zeros((2, 2)), matrix=np.array([0, 2, 3, 3]), rows=np.array([1, 0, 0, 1]),
    ...     columns=np.array([0, 0, 0, 1]))
    >>> implied_correlations(one, np.array([[0.5, 0.6, 0.0, 0.0]])).tolist()
    [[0.3]]
    """
    return _place(structure, bound_parameters(structure), theta).correlations


def gradient(structure: Structure, theta: Floats, sample: Floats, weights: Floats) -> Floats:
    """Return dF/dθ of the free parameters, shape (B, k - p), in order."""
    place = _place(structure, bound_parameters(structure), theta)
    return _gradient(place, sample, weights)


def _gradient(place: _Place, sample: Floats, weights: Floats) -> Floats:
    pull = weights * (sample - place.correlations)
    return np.asarray(-2.0 * np.einsum("bm,bmf->bf", pull, place.jacobian))


def _value(place: _Place, sample: Floats, weights: Floats) -> Floats:
    return np.asarray((weights * (sample - place.correlations) ** 2).sum(axis=-1))


def fit_dwls(structure: Structure, sample: Floats, weights: Floats, start: Floats) -> DwlsFit:
    """Minimise F for each element of a batch.

    Parameters
    ----------
    structure : Structure
    sample : ndarray, shape (B, m)
        Correlations of pairs of items.
    weights : ndarray, shape (B, m)
        Positive; for diagonally weighted least squares 1 / diag Γ.
    start : ndarray, shape (B, k)
        Starting values; those of bound parameters are not looked at.

    Returns
    -------
    DwlsFit
        An element without convergence is flagged, its last values are returned.

    References
    ----------
    Muthén, du Toit & Spisic (1997), Robust inference using weighted least squares and quadratic
    estimating equations in latent variable modeling; Moré (1978) for the method of minimisation.
    """
    bound = bound_parameters(structure)
    place = _place(structure, bound, start)
    value, slope = _judge(place, sample, weights)
    damping = np.full(len(start), _FIRST)
    iterations = np.zeros(len(start), dtype=np.intp)
    for _ in range(_LIMIT):
        active = (slope > TOLERANCE) & (damping < _HARDEST) & np.isfinite(value)
        if not active.any():
            break
        step = _step(place, sample, weights, damping)
        theta = place.theta.copy()
        theta[:, ~bound] += np.where(active[:, None], step, 0.0)
        trial = _place(structure, bound, theta)
        new_value, new_slope = _judge(trial, sample, weights)
        # Where rounding hides a further fall of F, a falling slope shows the way.
        level = new_value <= value + _ROUNDING * (1 + value)
        good = active & ((new_value < value) | (level & (new_slope < slope)))
        place = _choose(good, trial, place)
        value, slope = np.where(good, new_value, value), np.where(good, new_slope, slope)
        damping = np.where(active, damping * np.where(good, _EASIER, _HARDER), damping)
        iterations += active
    return DwlsFit(place.theta, value, slope, iterations, slope <= TOLERANCE)


def _judge(place: _Place, sample: Floats, weights: Floats) -> tuple[Floats, Floats]:
    slope = np.abs(_gradient(place, sample, weights)).max(axis=-1)
    return _value(place, sample, weights), np.where(np.isfinite(slope), slope, np.inf)


def _step(place: _Place, sample: Floats, weights: Floats, damping: Floats) -> Floats:
    normal = place.jacobian.mT @ (weights[..., None] * place.jacobian)
    diagonal = np.diagonal(normal, axis1=-2, axis2=-1)
    ridge = damping[:, None] * np.maximum(diagonal, np.finfo(float).tiny)
    normal = normal + ridge[:, None, :] * np.eye(normal.shape[-1])
    return _solve(normal, -_gradient(place, sample, weights)[..., None] / 2)[..., 0]


def _choose(good: Bools, trial: _Place, place: _Place) -> _Place:
    one, two = good[:, None], good[:, None, None]
    return _Place(
        np.where(one, trial.theta, place.theta),
        np.where(one, trial.correlations, place.correlations),
        np.where(two, trial.jacobian, place.jacobian),
        np.where(two, trial.follow, place.follow),
    )


def dwls_inference(
    structure: Structure, theta: Floats, weights: Floats, gamma: Floats
) -> DwlsInference:
    """Compute the sandwich covariance matrix and what adjusts the test.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
        Solution.
    weights : ndarray, shape (B, m)
        As in the fit.
    gamma : ndarray, shape (B, m, m)
        n times the covariance matrix of the correlations, Γ.

    Returns
    -------
    DwlsInference

    Notes
    -----
    With J the derivatives of the correlations and W the weights, n times the covariance matrix is
    (J'WJ)⁻¹ J'WΓWJ (J'WJ)⁻¹, and U = W - WJ (J'WJ)⁻¹ J'W.

    References
    ----------
    Satorra & Bentler (1994), in von Eye & Clogg, Latent Variables Analysis; Muthén, du Toit &
    Spisic (1997).
    """
    bound = bound_parameters(structure)
    place = _place(structure, bound, theta)
    weighted = weights[..., None] * place.jacobian
    normal = place.jacobian.mT @ weighted
    bread = _solve(normal, np.broadcast_to(np.eye(normal.shape[-1]), normal.shape))
    free = bread @ weighted.mT @ gamma @ weighted @ bread
    spread = np.zeros((len(theta), structure.size, free.shape[-1]))
    spread[:, ~bound] = np.eye(free.shape[-1])
    spread[:, bound] = place.follow
    residual = weights[:, :, None] * np.eye(weights.shape[-1]) - weighted @ bread @ weighted.mT
    return DwlsInference(spread @ free @ spread.mT, *_traces(residual @ gamma))


def independence_inference(weights: Floats, gamma: Floats) -> tuple[Floats, Floats]:
    """Return tr(UΓ) and tr((UΓ)²), each (B,), of the model without any correlation."""
    return _traces(weights[:, :, None] * gamma)


def _traces(product: Floats) -> tuple[Floats, Floats]:
    trace = np.trace(product, axis1=-2, axis2=-1)
    return np.asarray(trace), np.asarray(np.einsum("bij,bji->b", product, product))


def shifted_test(chisq: Floats, df: Floats, trace: Floats, square: Floats) -> Floats:
    """Adjust a chi-square to the mean and variance of its reference distribution.

    Parameters
    ----------
    chisq : ndarray, shape (B,)
        n·F.
    df : ndarray, shape (B,)
        Degrees of freedom, positive.
    trace, square : ndarray, shape (B,)
        tr(UΓ) and tr((UΓ)²).

    Returns
    -------
    ndarray, shape (B,)
        a·chisq + b with mean df and variance 2·df under the model: the test of Mplus's WLSMV.

    References
    ----------
    Asparouhov & Muthén (2010), Simple second order chi-square correction, Mplus technical note.

    Examples
    --------
    With U Γ a projection nothing changes:

    >>> one = np.array([5.0])
    >>> shifted_test(np.array([7.5]), one, one, one).tolist()
    [7.5]
    """
    factor = np.sqrt(df / square)
    return np.asarray(factor * chisq + df - factor * trace)
