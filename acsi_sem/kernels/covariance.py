"""Maximum likelihood for covariance structures: discrepancy, gradient, information, errors.

Needs second moments only (complete-case covariance matrix, divisor n). Batch axis first; a batch
element whose matrices are not positive definite is flagged in `ok` and holds NaN, never raised.

The steps are separate so that a fitter can share the costly one: `locate` inverts Σ once, and
discrepancy, gradient and information read from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acsi_sem.kernels.lisrel import Bools, Filled, Floats, Implied, Structure, fill, imply


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A place in the parameter space and what is needed to judge it.

    Attributes
    ----------
    implied : Implied
    inverse : ndarray, shape (B, p, p)
        Σ⁻¹; NaN where not ok.
    log_determinant : ndarray, shape (B,)
        log|Σ|; NaN where not ok.
    ok : ndarray of bool, shape (B,)
        True where Σ is positive definite.
    """

    implied: Implied
    inverse: Floats
    log_determinant: Floats
    ok: Bools


def _finite(matrices: Floats) -> Bools:
    """Which of the matrices (B, p, p) are free of NaN and infinity; shape (B,)."""
    return np.asarray(np.isfinite(matrices).all(axis=(-2, -1)), dtype=bool)


def _factor(matrices: Floats) -> tuple[Floats, Bools]:
    """Cholesky factors (B, p, p) and success (B,); a failed element holds the identity."""
    ok = _finite(matrices)
    identity = np.eye(matrices.shape[-1])
    safe = np.where(ok[:, None, None], matrices, identity)
    try:
        return np.linalg.cholesky(safe), ok
    except np.linalg.LinAlgError:
        pass
    factors = np.empty_like(safe)
    for b, matrix in enumerate(safe):
        try:
            factors[b] = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            factors[b], ok[b] = identity, False
    return factors, ok


def invert_positive(matrices: Floats) -> tuple[Floats, Floats, Bools]:
    """Invert symmetric positive definite matrices.

    Parameters
    ----------
    matrices : ndarray, shape (B, p, p)

    Returns
    -------
    inverse : ndarray, shape (B, p, p)
    log_determinant : ndarray, shape (B,)
    ok : ndarray of bool, shape (B,)
        False where a matrix is not positive definite; inverse and determinant are NaN there.

    Examples
    --------
    >>> inverse, logdet, ok = invert_positive(np.array([[[4.0]], [[-1.0]]]))
    >>> inverse.ravel().tolist(), ok.tolist()
    ([0.25, nan], [True, False])
    """
    factors, ok = _factor(matrices)
    root = np.linalg.inv(factors)
    inverse = root.mT @ root
    diagonal = np.diagonal(factors, axis1=-2, axis2=-1)
    log_determinant = 2.0 * np.log(diagonal).sum(axis=-1)
    inverse[~ok] = np.nan
    log_determinant[~ok] = np.nan
    return inverse, log_determinant, ok


def locate(structure: Structure, theta: Floats) -> Point:
    """Evaluate the model at parameters (B, k) and invert Σ."""
    implied = imply(structure, theta)
    return Point(implied, *invert_positive(implied.covariance))


def discrepancy(point: Point, sample: Floats) -> Floats:
    """Return the maximum likelihood discrepancy.

    Parameters
    ----------
    point : Point
    sample : ndarray, shape (B, p, p) or (1, p, p)
        Sample covariance matrices S, divisor n.

    Returns
    -------
    ndarray, shape (B,)
        F = log|Σ| + tr(S Σ⁻¹) - log|S| - p; NaN where Σ or S is not positive definite.
        Chi-square is n·F; lavaan's ``fmin`` is F/2.

    References
    ----------
    Jöreskog (1969), Psychometrika 34, 183-202.

    Examples
    --------
    >>> free = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> at = locate(free, np.array([[1.0], [2.0], [-1.0]]))
    >>> discrepancy(at, np.array([[[1.0]]])).round(6).tolist()
    [0.0, 0.193147, nan]
    """
    _, log_determinant, _ = invert_positive(sample)
    trace = np.einsum("bij,bij->b", np.broadcast_to(sample, point.inverse.shape), point.inverse)
    value: Floats = point.log_determinant + trace - log_determinant - sample.shape[-1]
    return value


def gradient(structure: Structure, point: Point, sample: Floats) -> Floats:
    """Return dF/dθ, shape (B, k); `sample` is (B, p, p) or (1, p, p). NaN where not ok."""
    first, second, factor = structure.factors
    vectors = point.implied.vectors
    weight = point.inverse - point.inverse @ sample @ point.inverse
    slopes = vectors.mT @ weight @ vectors
    return 2.0 * factor * slopes[:, first, second]


def information(structure: Structure, point: Point) -> Floats:
    """Return the expected information about θ in one observation.

    Parameters
    ----------
    structure : Structure
    point : Point

    Returns
    -------
    ndarray, shape (B, k, k)
        ½ tr(Σ⁻¹ Δ_k Σ⁻¹ Δ_l) with Δ_k = dΣ/dθ_k: half the expected Hessian of F. NaN where not ok.

    References
    ----------
    Bollen (1989), appendix 4B; Yuan & Bentler (2006), Handbook of Statistics 26, 297-358.
    """
    first, second, factor = structure.factors
    vectors = point.implied.vectors
    products = vectors.mT @ point.inverse @ vectors
    same = products[:, first[:, None], first] * products[:, second[:, None], second]
    crossed = products[:, first[:, None], second] * products[:, second[:, None], first]
    expected: Floats = np.outer(factor, factor) * (same + crossed)
    return expected


def standard_errors(unit_information: Floats, n: Floats) -> tuple[Floats, Bools]:
    """Return standard errors from the expected information, as lavaan's ``ML`` does.

    Parameters
    ----------
    unit_information : ndarray, shape (B, k, k)
        Information in one observation.
    n : ndarray, shape (B,)
        Number of observations.

    Returns
    -------
    errors : ndarray, shape (B, k)
        sqrt(diag((n I)⁻¹)), in the units of the parameters; NaN where not ok.
    ok : ndarray of bool, shape (B,)
        False where the information is not positive definite.

    Examples
    --------
    >>> errors, ok = standard_errors(np.array([[[0.25]], [[0.0]]]), np.array([100.0, 100.0]))
    >>> errors.tolist(), ok.tolist()
    ([[0.2], [nan]], [True, False])
    """
    scaled, roots = _unit_diagonal(unit_information)
    inverse, _, ok = invert_positive(scaled)
    variances = np.diagonal(inverse, axis1=-2, axis2=-1)
    return np.sqrt(variances / n[:, None]) / roots, ok


def _unit_diagonal(matrices: Floats) -> tuple[Floats, Floats]:
    """Scale to a unit diagonal: (B, k, k) and the roots (B, k); rows without any stay zero."""
    diagonal = np.diagonal(matrices, axis1=-2, axis2=-1)
    roots = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    return matrices / (roots[:, :, None] * roots[:, None, :]), roots


def unidentified(unit_information: Floats, tolerance: float = 1e-9) -> Bools:
    """Say which parameters the data cannot tell apart.

    Parameters
    ----------
    unit_information : ndarray, shape (B, k, k)
    tolerance : float
        Smallest eigenvalue, of the information scaled to a unit diagonal, that counts as positive.

    Returns
    -------
    ndarray of bool, shape (B, k)
        True for a parameter with a share in a direction without information; a batch element
        without a finite information has True throughout.

    References
    ----------
    Rothenberg (1971), Econometrica 39, 577-591: local identification by the information's rank.

    Examples
    --------
    >>> unidentified(np.array([[[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]])).tolist()
    [[True, True, False]]
    """
    finite = _finite(unit_information)
    safe = np.where(finite[:, None, None], unit_information, 0.0)
    values, vectors = np.linalg.eigh(_unit_diagonal(safe)[0])
    empty = values < tolerance
    share: Floats = np.einsum("bij,bij,bj->bi", vectors, vectors, empty.astype(np.float64))
    return share > 1e-6


def standardise(structure: Structure, implied: Implied, theta: Floats) -> Filled:
    """Return the matrices in standard deviation units of indicators and constructs.

    Parameters
    ----------
    structure : Structure
    implied : Implied
        The model at `theta`.
    theta : ndarray, shape (B, k)

    Returns
    -------
    Filled
        lavaan's ``std.all``, fixed elements included; NaN where an implied variance is not
        positive. One less the diagonal of `disturbances` is R² of an endogenous construct.

    Examples
    --------
    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> theta = np.array([[3.0]])
    >>> standardise(one, imply(one, theta), theta).loadings.round(6).tolist()
    [[[0.866025]]]
    """
    at = fill(structure, theta)
    item, construct = _deviations(implied.covariance), _deviations(implied.constructs)
    return Filled(
        loadings=at.loadings * construct[:, None, :] / item[:, :, None],
        paths=at.paths * construct[:, None, :] / construct[:, :, None],
        disturbances=at.disturbances / (construct[:, None, :] * construct[:, :, None]),
        errors=at.errors / (item[:, None, :] * item[:, :, None]),
    )


def _deviations(covariance: Floats) -> Floats:
    """Standard deviations, shape (B, p); NaN where a variance is not positive."""
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    return np.sqrt(np.where(variance > 0, variance, np.nan))
