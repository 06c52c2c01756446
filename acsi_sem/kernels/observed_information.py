"""Observed information of a covariance structure, and Newton's method with it.

The gradient of F is dF_k = tr(M Δ_k) with M = Σ⁻¹ - Σ⁻¹SΣ⁻¹. Differentiating once more,

    ∂²F/∂θ_k∂θ_l = -tr(Σ⁻¹ Δ_l Σ⁻¹ Δ_k) + 2 tr(Σ⁻¹ Δ_l Q Δ_k) + tr(M ∂Δ_k/∂θ_l),  Q = Σ⁻¹SΣ⁻¹.

Both traces are read off from Z'·Z products as in `covariance`. So is the last term, because the
derivative of a column of Z = [I, ΛE, ΛV] is again a combination of two columns of Z.

Needs second moments only (covariance matrix of the complete cases). Batch axis first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acsi_sem.kernels.covariance import Point, gradient, invert_positive, locate
from acsi_sem.kernels.lisrel import Bools, Floats, Matrix, Structure, fill, reduced_form


def _shares(structure: Structure, theta: Floats, constructs: Floats) -> tuple[Floats, Floats]:
    """Return α, β (B, k, p + 2q): ∂Z[:, m]/∂θ_l = α[l, m] u_l + β[l, m] w_l."""
    effects = reduced_form(fill(structure, theta).paths)
    p, q = structure.loadings.shape
    matrix, rows, columns = structure.matrix, structure.rows, structure.columns
    first = np.zeros((len(theta), structure.size, p + 2 * q))
    second = np.zeros_like(first)
    directed = np.flatnonzero(np.isin(matrix, (Matrix.LOADINGS, Matrix.PATHS)))
    first[:, directed, p : p + q] = effects[:, columns[directed], :]
    first[:, directed, p + q :] = constructs[:, columns[directed], :]
    paths = np.flatnonzero(matrix == Matrix.PATHS)
    second[:, paths, p + q :] = effects[:, :, rows[paths]].mT
    spread = np.flatnonzero(matrix == Matrix.DISTURBANCES)
    once = np.where(rows == columns, 0.5, 1.0)[spread][None, :, None]
    first[:, spread, p + q :] = once * effects[:, :, columns[spread]].mT
    second[:, spread, p + q :] = once * effects[:, :, rows[spread]].mT
    return first, second


def _curvature(structure: Structure, theta: Floats, point: Point, weight: Floats) -> Floats:
    """tr(M ∂Δ_k/∂θ_l), shape (B, k, k), for a symmetric `weight` M (B, p, p)."""
    u, w, factor = structure.factors
    vectors = point.implied.vectors
    alpha, beta = _shares(structure, theta, point.implied.constructs)
    product = vectors.mT @ weight @ vectors
    along_u, along_w = product[:, u, :], product[:, w, :]  # row l, any column of Z
    moved_first = alpha[:, :, u] * along_u[:, :, w] + beta[:, :, u] * along_w[:, :, w]
    moved_second = alpha[:, :, w] * along_u[:, :, u] + beta[:, :, w] * along_w[:, :, u]
    by_row: Floats = 2.0 * factor * (moved_first + moved_second)
    return by_row.mT


def _pairs(left: Floats, right: Floats, structure: Structure) -> Floats:
    """tr(A Δ_l C Δ_k) (B, k, k) from left = Z'AZ and right = Z'CZ, symmetrised over k and l."""
    u, w, factor = structure.factors
    first, second = u[:, None], w[:, None]
    total = (
        left[:, second, u] * right[:, first, w]
        + left[:, first, u] * right[:, second, w]
        + left[:, second, w] * right[:, first, u]
        + left[:, first, w] * right[:, second, u]
    )
    total = np.outer(factor, factor) * total
    half: Floats = (total + total.mT) / 2
    return half


def observed_information(
    structure: Structure, theta: Floats, point: Point, sample: Floats
) -> Floats:
    """Return the observed information about θ in one observation.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
    point : Point
        ``locate(structure, theta)``.
    sample : ndarray, shape (B, p, p) or (1, p, p)
        Sample covariance matrices S, divisor n.

    Returns
    -------
    ndarray, shape (B, k, k)
        ½ ∂²F/∂θ∂θ', the negative Hessian of the log-likelihood divided by n. NaN where Σ is not
        positive definite. Equals the expected information where S = Σ.

    References
    ----------
    Yuan & Hayashi (2006), British J. Mathematical and Statistical Psychology 59, 397-417.

    Examples
    --------
    A single variance v: F = log v + s/v, so that ½F'' = s/v³ - 1/(2v²).

    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> theta = np.array([[2.0]])
    >>> observed_information(one, theta, locate(one, theta), np.array([[[3.0]]])).ravel()
    array([0.25])
    """
    vectors = point.implied.vectors
    weighted = point.inverse @ sample @ point.inverse
    expected = vectors.mT @ point.inverse @ vectors
    empirical = vectors.mT @ weighted @ vectors
    hessian = (
        2.0 * _pairs(expected, empirical, structure)
        - _pairs(expected, expected, structure)
        + _curvature(structure, theta, point, point.inverse - weighted)
    )
    half: Floats = (hessian + hessian.mT) / 4
    return half


@dataclass(frozen=True, slots=True, eq=False)
class Polished:
    """Where Newton's method ended.

    Attributes
    ----------
    theta : ndarray, shape (B, k)
    slope : ndarray, shape (B,)
        Largest |dF/dθ_k| / sqrt(I_kk) there, I the observed information.
    ok : ndarray of bool, shape (B,)
        True where the slope is within the tolerance.
    steps : int
        Steps taken by the batch.
    """

    theta: Floats
    slope: Floats
    ok: Bools
    steps: int


def newton_polish(
    structure: Structure,
    theta: Floats,
    sample: Floats,
    tolerance: float = 1e-13,
    limit: int = 20,
) -> Polished:
    """Improve a nearly converged solution by Newton steps with the observed information.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
        Close to a minimum: there is no step control, and an element whose observed information
        is not positive definite stays where it is.
    sample : ndarray, shape (B, p, p) or (1, p, p)
        Sample covariance matrices, divisor n.
    tolerance : float
        On the slope: the largest |dF/dθ_k| / sqrt(I_kk), free of the units of measurement.
    limit : int
        Most steps taken.

    Returns
    -------
    Polished
        The point with the smallest slope of those visited.

    Examples
    --------
    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> found = newton_polish(one, np.array([[2.9]]), np.array([[[3.0]]]))
    >>> found.theta.round(12).tolist(), found.ok.tolist()
    ([[3.0]], [True])
    """
    best, slope = theta, np.full(len(theta), np.inf)
    trial = theta
    steps = 0
    while True:
        found, step = _newton_step(structure, trial, sample)
        better = found < slope
        best, slope = np.where(better[:, None], trial, best), np.where(better, found, slope)
        # rounding ends the descent: a step that does not lower the slope is the last
        if steps == limit or not (better & (slope > tolerance)).any():
            break
        trial = np.where(better[:, None], trial + step, best)
        steps += 1
    return Polished(best, slope, slope <= tolerance, steps)


def _newton_step(structure: Structure, theta: Floats, sample: Floats) -> tuple[Floats, Floats]:
    """Slope (B,) at the points and Newton's step (B, k) from them; infinite slope if undefined."""
    point = locate(structure, theta)
    slopes = gradient(structure, point, sample)
    information = observed_information(structure, theta, point, sample)
    diagonal = np.diagonal(information, axis1=-2, axis2=-1)
    roots = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    inverse, _, ok = invert_positive(information / (roots[:, :, None] * roots[:, None, :]))
    scaled = slopes / roots
    step = -np.einsum("bkl,bl->bk", inverse, scaled) / (2.0 * roots)
    largest = np.abs(scaled).max(axis=-1, initial=0.0)
    return np.where(np.isfinite(largest), largest, np.inf), np.where(ok[:, None], step, 0.0)
