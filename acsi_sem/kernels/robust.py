"""Sandwich covariance of a covariance structure's estimates from the fourth-order block.

The score of row i is linear in z_i = (1, d, vech dd') of `fourth_moments`:

    s_ik = ½ tr(Σ⁻¹ Δ_k Σ⁻¹ (d_i d_i' - Σ)),

so that its second moment, the meat, is A G A' with the score map A (k, 1 + q) and the block G.
Bread: the observed information gives the Huber-White sandwich (``MLR``), the expected one that of
Satorra and Bentler (``MLM``).

Needs second moments and the fourth-order block, both of the complete cases and divided by n.
Batch axis first.
"""

from __future__ import annotations

import numpy as np

from acsi_sem.kernels.covariance import Point, invert_positive
from acsi_sem.kernels.lisrel import Bools, Floats, Structure


def _vech_weights(p: int) -> Floats:
    """1 on the diagonal and 2 off it, in the order of vech; shape (p(p+1)/2,)."""
    first, second = np.triu_indices(p)
    return np.where(first == second, 1.0, 2.0)


def score_map(structure: Structure, point: Point) -> Floats:
    """Return the matrix that turns z of a row into its scores.

    Parameters
    ----------
    structure : Structure
    point : Point
        The model at the solution.

    Returns
    -------
    ndarray, shape (B, k, 1 + p + p(p+1)/2)
        A with s_i = A z_i, z about the (weighted) mean. s_i is the derivative of row i's
        log-likelihood; Σ_i s_i = -½ n dF/dθ.

    Examples
    --------
    One variance v: s = d²/(2v²) - 1/(2v).

    >>> from acsi_sem.kernels.covariance import locate
    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> score_map(one, locate(one, np.array([[2.0]])))
    array([[[-0.25 ,  0.   ,  0.125]]])
    """
    u, w, factor = structure.factors
    sigma = point.implied.covariance
    p = sigma.shape[-1]
    first, second = np.triu_indices(p)
    vectors = point.inverse @ point.implied.vectors
    left, right = vectors[:, :, u].mT, vectors[:, :, w].mT
    pairs = left[:, :, first] * right[:, :, second] + left[:, :, second] * right[:, :, first]
    slopes = factor[:, None] * pairs * _vech_weights(p) / 2.0
    offset = -(slopes @ sigma[:, first, second][:, :, None])
    means = np.zeros((*slopes.shape[:2], p))
    return np.concatenate([offset, means, slopes], axis=-1)


def mean_score_map(point: Point) -> Floats:
    """Return the matrix that turns z of a row into the scores of free means, (B, p, 1 + q)."""
    batch, p, _ = point.inverse.shape
    matrix = np.zeros((batch, p, 1 + p + p * (p + 1) // 2))
    matrix[:, :, 1 : 1 + p] = point.inverse
    return matrix


def meat(scores: Floats, block: Floats) -> Floats:
    """Return the second moment of the scores, shape (B, k, k), from score map and block."""
    found: Floats = scores @ block @ scores.mT
    return found


def sandwich(bread: Floats, filling: Floats, n: Floats) -> tuple[Floats, Bools]:
    """Return the covariance matrix of the estimates.

    Parameters
    ----------
    bread : ndarray, shape (B, k, k)
        Information in one observation, observed or expected.
    filling : ndarray, shape (B, k, k)
        Second moment of the scores of one observation.
    n : ndarray, shape (B,)
        Number of observations.

    Returns
    -------
    covariance : ndarray, shape (B, k, k)
        bread⁻¹ · filling · bread⁻¹ / n; NaN where not ok.
    ok : ndarray of bool, shape (B,)
        False where the bread is not positive definite.

    References
    ----------
    Huber (1967); White (1982), Econometrica 50, 1-25; Satorra & Bentler (1994), in von Eye &
    Clogg, Latent Variables Analysis, 399-419.

    Examples
    --------
    >>> covariance, ok = sandwich(np.array([[[4.0]]]), np.array([[[32.0]]]), np.array([8.0]))
    >>> covariance.ravel().tolist(), ok.tolist()
    ([0.25], [True])
    """
    inverse, ok = inverse_information(bread)
    covariance: Floats = inverse @ filling @ inverse / n[:, None, None]
    return covariance, ok


def influence_map(scores: Floats, bread: Floats) -> Floats:
    """Return the matrix that turns z of a row into its influence on the estimates.

    Parameters
    ----------
    scores : ndarray, shape (B, k, 1 + q)
        From `score_map`.
    bread : ndarray, shape (B, k, k)
        Information in one observation.

    Returns
    -------
    ndarray, shape (B, k, 1 + q)
        bread⁻¹ A: the derivative of the estimates by the row's share in the sample. The covariance
        matrix of the estimates is the sum over rows of its squares divided by n².

    References
    ----------
    Hampel (1974), J. American Statistical Association 69, 383-393.
    """
    found: Floats = inverse_information(bread)[0] @ scores
    return found


def inverse_information(information: Floats) -> tuple[Floats, Bools]:
    """Invert information matrices (B, k, k), free of the units of the parameters.

    Returns
    -------
    inverse : ndarray, shape (B, k, k)
        NaN where not ok.
    ok : ndarray of bool, shape (B,)
        False where the matrix is not positive definite.
    """
    diagonal = np.diagonal(information, axis1=-2, axis2=-1)
    roots = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    outer = roots[:, :, None] * roots[:, None, :]
    inverse, _, ok = invert_positive(information / outer)
    return inverse / outer, ok


def saturated_information(covariance: Floats) -> Floats:
    """Return the expected information about vech Σ in one observation.

    Parameters
    ----------
    covariance : ndarray, shape (B, p, p)
        Σ, positive definite.

    Returns
    -------
    ndarray, shape (B, p(p+1)/2, p(p+1)/2)
        ½ D'(Σ⁻¹ ⊗ Σ⁻¹)D, vech by rows of the upper triangle; NaN where not positive definite.

    Examples
    --------
    >>> saturated_information(np.array([[[2.0]]]))
    array([[[0.125]]])
    """
    inverse, _, _ = invert_positive(covariance)
    p = covariance.shape[-1]
    first, second = np.triu_indices(p)
    a, b = first[:, None], second[:, None]
    products = inverse[:, a, first] * inverse[:, b, second]
    products = products + inverse[:, a, second] * inverse[:, b, first]
    weights = _vech_weights(p)
    information: Floats = np.outer(weights, weights) * products / 4.0
    return information


def moments_about(block: Floats, covariance: Floats) -> Floats:
    """Return the second moment of (d, vech dd' - vech C), shape (B, q, q).

    Parameters
    ----------
    block : ndarray, shape (B, 1 + q, 1 + q)
        Fourth-order block about the mean, divided by n.
    covariance : ndarray, shape (B, p, p)
        C; the sample covariance matrix gives Γ, the asymptotic covariance matrix of S.
    """
    p = covariance.shape[-1]
    first, second = np.triu_indices(p)
    centre = np.zeros((len(covariance), block.shape[-1] - 1, 1))
    centre[:, p:, 0] = covariance[:, first, second]
    mixed = centre @ block[:, :1, 1:]
    moved: Floats = block[:, 1:, 1:] - mixed - mixed.mT + block[:, :1, :1] * (centre @ centre.mT)
    return moved
