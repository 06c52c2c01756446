"""Delta-method standard errors of functions of the parameters.

Standardised values and effects are differentiated analytically, with dΣ and dV as in `lisrel`;
their standard errors hold for any covariance matrix of θ: textbook, sandwich, cluster-robust.
Batch axis first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acsi_sem.kernels.lisrel import (
    Floats,
    Implied,
    Ints,
    Matrix,
    Structure,
    fill,
    imply,
    reduced_form,
)


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """Functions of the parameters and their derivatives.

    Attributes
    ----------
    values : ndarray, shape (B, ...)
    jacobian : ndarray, shape (B, ..., k)
    """

    values: Floats
    jacobian: Floats


def delta_errors(jacobian: Floats, covariance: Floats) -> Floats:
    """Return standard errors of functions of the parameters.

    Parameters
    ----------
    jacobian : ndarray, shape (B, ..., k)
    covariance : ndarray, shape (B, k, k)
        Of the estimates.

    Returns
    -------
    ndarray, shape (B, ...)
        sqrt(J C J'); 0 for a constant.

    References
    ----------
    Sobel (1982), Sociological Methodology 13, 290-312.

    Examples
    --------
    >>> delta_errors(np.array([[[1.0, 1.0]]]), np.array([[[9.0, 0.0], [0.0, 16.0]]]))
    array([[5.]])
    """
    batch, k = covariance.shape[:2]
    flat = jacobian.reshape(batch, -1, k)
    variances = np.einsum("brk,brk->br", flat @ covariance, flat)
    errors: Floats = np.sqrt(np.maximum(variances, 0.0)).reshape(jacobian.shape[:-1])
    return errors


@dataclass(frozen=True, slots=True, eq=False)
class _Variances:
    """Variances (B, m) and their derivatives (B, m, k)."""

    values: Floats
    slopes: Floats


def _items(structure: Structure, implied: Implied) -> _Variances:
    u, w, factor = structure.factors
    vectors = implied.vectors
    return _Variances(
        np.diagonal(implied.covariance, axis1=-2, axis2=-1),
        2.0 * factor * vectors[:, :, u] * vectors[:, :, w],
    )


def _constructs(structure: Structure, theta: Floats, implied: Implied) -> _Variances:
    return _Variances(
        np.diagonal(implied.constructs, axis1=-2, axis2=-1),
        _construct_slopes(structure, theta, implied),
    )


def _residuals(structure: Structure, theta: Floats, kind: Matrix) -> _Variances:
    """Variances of disturbances or errors: parameters themselves, or fixed."""
    values = np.diagonal(fill(structure, theta).all[kind], axis1=-2, axis2=-1)
    slopes = np.zeros((*values.shape, structure.size))
    free = np.flatnonzero((structure.matrix == kind) & (structure.rows == structure.columns))
    slopes[:, structure.rows[free], free] = 1.0
    return _Variances(values, slopes)


def _construct_slopes(structure: Structure, theta: Floats, implied: Implied) -> Floats:
    """dV_jj/dθ_k, shape (B, q, k): paths and disturbances only."""
    effects = reduced_form(fill(structure, theta).paths)
    slopes = np.zeros((*implied.constructs.shape[:2], structure.size))
    _, _, factor = structure.factors
    for kind, other in ((Matrix.PATHS, implied.constructs), (Matrix.DISTURBANCES, effects)):
        here = np.flatnonzero(structure.matrix == kind)
        rows, columns = structure.rows[here], structure.columns[here]
        slopes[:, :, here] = 2.0 * factor[here] * effects[:, :, rows] * other[:, :, columns]
    return slopes


@dataclass(frozen=True, slots=True, eq=False)
class _Scales:
    """What standardises an element of each matrix."""

    items: _Variances
    constructs: _Variances
    errors: _Variances
    disturbances: _Variances

    @classmethod
    def at(cls, structure: Structure, theta: Floats) -> _Scales:
        """Evaluate the variances at parameters (B, k)."""
        implied = imply(structure, theta)
        return cls(
            _items(structure, implied),
            _constructs(structure, theta, implied),
            _residuals(structure, theta, Matrix.ERRORS),
            _residuals(structure, theta, Matrix.DISTURBANCES),
        )

    def of(self, kind: Matrix, i: int, j: int) -> tuple[Floats, Floats]:
        """Factor (B,) of an element, and the derivative (B, k) of its logarithm."""
        left, right, power = {
            Matrix.LOADINGS: (self.items, self.constructs, 0.5),
            Matrix.PATHS: (self.constructs, self.constructs, 0.5),
            Matrix.DISTURBANCES: (self.constructs, self.constructs, -0.5),
            Matrix.ERRORS: (self.items, self.items, -0.5),
        }[kind]
        if kind in (Matrix.DISTURBANCES, Matrix.ERRORS) and i != j:
            left = right = self.errors if kind == Matrix.ERRORS else self.disturbances
        first = np.where(left.values[:, i] > 0, left.values[:, i], np.nan)
        second = np.where(right.values[:, j] > 0, right.values[:, j], np.nan)
        bend = power * right.slopes[:, j] / second[:, None]
        bend = bend - 0.5 * left.slopes[:, i] / first[:, None]
        return second**power / np.sqrt(first), bend


def standardised(
    structure: Structure, theta: Floats, matrix: Ints, rows: Ints, columns: Ints
) -> Derived:
    """Standardise elements of the model's matrices and differentiate them.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
    matrix, rows, columns : ndarray of int, shape (R,)
        The elements, free or fixed.

    Returns
    -------
    Derived
        Values (B, R) are lavaan's ``std.all``: a covariance of errors or disturbances is divided
        by their own standard deviations, all else by those of items and constructs. Jacobian
        (B, R, k). NaN where a variance is not positive.

    Examples
    --------
    A standardised loading sqrt(v / (v + 1)) has the slope 1/(2 sqrt(v) (v + 1)^1.5):

    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> zero = np.array([0])
    >>> found = standardised(one, np.array([[3.0]]), zero, zero, zero)
    >>> found.values.round(6).tolist(), found.jacobian.round(6).tolist()
    ([[0.866025]], [[[0.036084]]])
    """
    scales = _Scales.at(structure, theta)
    at = fill(structure, theta)
    batch, size = theta.shape
    values = np.empty((batch, len(matrix)))
    jacobian = np.empty((batch, len(matrix), size))
    for place, (kind, i, j) in enumerate(zip(matrix, rows, columns, strict=True)):
        scale, bend = scales.of(Matrix(int(kind)), int(i), int(j))
        values[:, place] = at.all[int(kind)][:, i, j] * scale
        jacobian[:, place] = values[:, place, None] * bend
        jacobian[:, place, _is_parameter(structure, int(kind), int(i), int(j))] += scale[:, None]
    return Derived(values, jacobian)


def _is_parameter(structure: Structure, kind: int, i: int, j: int) -> Ints:
    """Number of the free parameter at a place, as an array of length one or none."""
    same = (structure.rows == i) & (structure.columns == j)
    if kind in (Matrix.DISTURBANCES, Matrix.ERRORS):
        same |= (structure.rows == j) & (structure.columns == i)
    return np.flatnonzero(same & (structure.matrix == kind))


def total_effects(structure: Structure, theta: Floats, *, standard: bool = False) -> Derived:
    """Compute total effects among constructs and differentiate them.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
    standard : bool
        True for effects in standard deviations of the constructs.

    Returns
    -------
    Derived
        T = (I - B)⁻¹ - I, values (B, q, q) with ``[target, source]``, jacobian (B, q, q, k).

    References
    ----------
    Bollen (1987), Sociological Methodology 17, 37-69.

    Examples
    --------
    >>> chain = Structure(np.eye(3), np.zeros((3, 3)), np.eye(3), np.zeros((3, 3)),
    ...     matrix=np.array([1, 1]), rows=np.array([1, 2]), columns=np.array([0, 1]))
    >>> found = total_effects(chain, np.array([[2.0, 3.0]]))
    >>> found.values[0, 2, 0], found.jacobian[0, 2, 0]
    (np.float64(6.0), array([3., 2.]))
    """
    effects = reduced_form(fill(structure, theta).paths)
    values = effects - np.eye(effects.shape[-1])
    jacobian = np.zeros((*values.shape, structure.size))
    paths = np.flatnonzero(structure.matrix == Matrix.PATHS)
    rows, columns = structure.rows[paths], structure.columns[paths]
    jacobian[:, :, :, paths] = effects[:, :, None, rows] * effects[:, columns, :].mT[:, None]
    found = Derived(values, jacobian)
    return _standard_effects(structure, theta, found) if standard else found


def indirect_effects(structure: Structure, theta: Floats, *, standard: bool = False) -> Derived:
    """Compute indirect effects, T - B, and differentiate them (see `total_effects`)."""
    total = total_effects(structure, theta)
    jacobian = total.jacobian.copy()
    paths = np.flatnonzero(structure.matrix == Matrix.PATHS)
    jacobian[:, structure.rows[paths], structure.columns[paths], paths] -= 1.0
    found = Derived(total.values - fill(structure, theta).paths, jacobian)
    return _standard_effects(structure, theta, found) if standard else found


def _standard_effects(structure: Structure, theta: Floats, effects: Derived) -> Derived:
    constructs = _constructs(structure, theta, imply(structure, theta))
    variance = np.where(constructs.values > 0, constructs.values, np.nan)
    root = np.sqrt(variance)
    scale = root[:, None, :] / root[:, :, None]
    bend = 0.5 * constructs.slopes / variance[:, :, None]
    values = effects.values * scale
    jacobian = effects.jacobian * scale[..., None]
    jacobian += values[..., None] * (bend[:, None, :, :] - bend[:, :, None, :])
    return Derived(values, jacobian)


def standard_scales(
    structure: Structure, theta: Floats, matrix: Ints, rows: Ints, columns: Ints
) -> Floats:
    """Return the factors (B, R) that standardise elements of the model's matrices."""
    scales = _Scales.at(structure, theta)
    places = zip(matrix, rows, columns, strict=True)
    found = [scales.of(Matrix(int(m)), int(i), int(j))[0] for m, i, j in places]
    return np.stack(found, axis=-1) if found else np.empty((len(theta), 0))
