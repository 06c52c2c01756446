"""The Hessian of F at many places, and linear systems with it, batch last.

The formulas are those of `observed_information`. Its two traces of pairs are one, being linear in
the second matrix, and symmetric as they stand:

    ∂²F/∂θ_k∂θ_l = tr(Σ⁻¹ Δ_l R Δ_k) + tr(M ∂Δ_k/∂θ_l),  R = 2Q - Σ⁻¹,  M = Σ⁻¹ - Q,

with Q = Σ⁻¹SΣ⁻¹; one triangle is computed.
"""

from __future__ import annotations

import numpy as np

from acsi_sem.kernels.covariance import Point
from acsi_sem.kernels.lisrel import Bools, Floats, Ints, Matrix, Structure, fill, reduced_form
from acsi_sem.kernels.small_linalg import last, pad_lone


def curvature(
    structure: Structure, theta: Floats, point: Point, sample: Floats
) -> tuple[Floats, Floats]:
    """Return the Hessian of F, scaled by the expected one.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
    point : Point
        ``locate(structure, theta)``.
    sample : ndarray, shape (B, p, p)
        Sample covariance matrices S, divisor n.

    Returns
    -------
    hessian : ndarray, shape (k, k, B)
        ∂²F/∂θ∂θ' over the products of the roots. A lone element is there twice.
    roots : ndarray, shape (k, B)
        Of the diagonal of the expected Hessian; 1 where it is not positive.

    References
    ----------
    Yuan & Hayashi (2006), British J. Mathematical and Statistical Psychology 59, 397-417.

    Examples
    --------
    A single variance v: F'' = 2s/v³ - 1/v², expected 1/v².

    >>> from acsi_sem.kernels.covariance import locate
    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> theta = np.array([[2.0], [4.0]])
    >>> hessian, roots = curvature(one, theta, locate(one, theta), np.full((2, 1, 1), 3.0))
    >>> hessian[0, 0].round(12).tolist(), roots[0].round(12).tolist()
    ([2.0, 0.5], [0.5, 0.25])
    """
    vectors = point.implied.vectors
    weighted = point.inverse @ sample @ point.inverse
    plain = pad_lone(last(vectors.mT @ point.inverse @ vectors))
    empirical = pad_lone(last(vectors.mT @ weighted @ vectors))
    hessian = _pairs(structure, plain, 2.0 * empirical - plain)
    bent = _bend(structure, theta, point, plain - empirical)
    hessian += (bent + bent.swapaxes(0, 1)) / 2
    u, w, factor = structure.factors
    same = plain[u, u] * plain[w, w] + plain[u, w] ** 2
    expected = 2.0 * factor[:, None] ** 2 * same
    roots = np.sqrt(np.where(expected > 0, expected, 1.0))
    hessian /= roots[:, None] * roots
    return hessian, roots


def _pairs(structure: Structure, left: Floats, right: Floats) -> Floats:
    """tr(A Δ_l C Δ_k) (k, k, B) from left = Z'AZ and right = Z'CZ, both symmetric."""
    u, w, factor = structure.factors
    result = np.empty((structure.size, structure.size, left.shape[-1]))
    for k in range(structure.size):
        a, b = u[: k + 1], w[: k + 1]
        row = left[w[k], a] * right[u[k], b]
        row += left[u[k], a] * right[w[k], b]
        row += left[w[k], b] * right[u[k], a]
        row += left[u[k], b] * right[w[k], a]
        row *= (factor[k] * factor[: k + 1])[:, None]
        result[k, : k + 1] = row
        result[: k + 1, k] = row
    return result


def _bend(structure: Structure, theta: Floats, point: Point, weight: Floats) -> Floats:
    """tr(M ∂Δ_k/∂θ_l) (k, k, B) from weight = Z'MZ; errors bend nothing."""
    u, w, factor = structure.factors
    result = np.zeros((structure.size, structure.size, weight.shape[-1]))
    bent = np.flatnonzero(structure.matrix != Matrix.ERRORS)
    alpha, beta = _shares(structure, theta, point.implied.constructs, bent)
    a, b = u[bent], w[bent]
    for number, k in enumerate(bent):
        row = alpha[:, a[number]] * weight[a, b[number]]
        row += beta[:, a[number]] * weight[b, b[number]]
        row += alpha[:, b[number]] * weight[a, a[number]]
        row += beta[:, b[number]] * weight[b, a[number]]
        result[k, bent] = 2.0 * factor[k] * row
    return result


def _shares(
    structure: Structure, theta: Floats, constructs: Floats, which: Ints
) -> tuple[Floats, Floats]:
    """α, β (n, p + 2q, B) with ∂Z[:, m]/∂θ_l = α[l, m] u_l + β[l, m] w_l, for some l."""
    effects = pad_lone(last(reduced_form(fill(structure, theta).paths)))
    spread = pad_lone(last(constructs))
    p, q = structure.loadings.shape
    alpha = np.zeros((len(which), p + 2 * q, effects.shape[-1]))
    beta = np.zeros_like(alpha)
    for number, l in enumerate(which):  # noqa: E741 (the index of the formula)
        row, column = structure.rows[l], structure.columns[l]
        if structure.matrix[l] == Matrix.DISTURBANCES:
            once = 0.5 if row == column else 1.0
            alpha[number, p + q :] = once * effects[:, column]
            beta[number, p + q :] = once * effects[:, row]
            continue
        alpha[number, p : p + q] = effects[column]
        alpha[number, p + q :] = spread[column]
        if structure.matrix[l] == Matrix.PATHS:
            beta[number, p + q :] = effects[:, row]
    return alpha, beta


def solve_definite(matrix: Floats, vector: Floats) -> tuple[Floats, Bools]:
    """Solve symmetric positive definite systems by elimination without pivoting.

    Parameters
    ----------
    matrix : ndarray, shape (k, k, B)
        Of order one on the diagonal.
    vector : ndarray, shape (k, B)

    Returns
    -------
    solution : ndarray, shape (k, B)
        Means nothing where the matrix is not positive definite.
    definite : ndarray of bool, shape (B,)

    Examples
    --------
    >>> found, definite = solve_definite(
    ...     np.array([[[2.0, 1], [1, 2]], [[1, 2], [2, 1]]]), np.array([[3.0, 1], [3, 1]]))
    >>> found[:, 0].tolist(), definite.tolist()
    ([1.0, 1.0], [True, False])
    """
    left, right = matrix.copy(), vector.copy()
    k = len(left)
    definite = np.ones(left.shape[-1], dtype=bool)
    with np.errstate(all="ignore"):
        for j in range(k):
            definite &= left[j, j] > 0
            below = left[j + 1 :, j] / left[j, j]
            left[j + 1 :, j + 1 :] -= below[:, None] * left[j, j + 1 :]
            right[j + 1 :] -= below * right[j]
            left[j + 1 :, j] = below
            right[j] /= left[j, j]
        for j in range(k - 1, 0, -1):
            right[:j] -= left[j, :j] * right[j]
    return right, definite
