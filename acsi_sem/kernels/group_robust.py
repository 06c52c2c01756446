"""The Yuan-Bentler-Mplus scaling of the tests of a model for several groups with means.

The score of a row is linear in z = (1, d, vech dd') of `fourth_moments`, with means too: with
y = (x, 1) = T (d, 1) it is ½ tr(Σ*⁻¹ Δ* Σ*⁻¹ (yy' - Σ*)), see `mean_structure`. Information and
meat of the groups are pooled as the parameters are; the unrestricted model has none in common.

Needs means, second moments and the fourth-order block, each divided by the group's n. One solution
at a time.
"""

from __future__ import annotations

import numpy as np

from acsi_sem.kernels.covariance import invert_positive, locate
from acsi_sem.kernels.lisrel import Floats
from acsi_sem.kernels.mean_structure import join_moments
from acsi_sem.kernels.multigroup import GroupMoments, Groups, pool_information
from acsi_sem.kernels.observed_information import observed_information
from acsi_sem.kernels.robust import inverse_information, meat, moments_about, saturated_information
from acsi_sem.kernels.scaled_tests import Scaling


def group_scaling(
    groups: Groups, moments: GroupMoments, parameters: Floats, blocks: Floats
) -> Scaling:
    """Compute the scaling of the test of fit.

    Parameters
    ----------
    groups : Groups
        With means.
    moments : GroupMoments
        B = 1.
    parameters : ndarray, shape (1, G, k)
        The maximum likelihood solution.
    blocks : ndarray, shape (G, 1 + q, 1 + q)
        Fourth-order blocks about the groups' means, divided by their n.

    Returns
    -------
    Scaling
        Each of shape (1,).

    Raises
    ------
    ValueError
        If there is no mean structure or more than one element.

    References
    ----------
    Yuan & Bentler (2000), Sociological Methodology 30, 165-200; Asparouhov & Muthén (2005),
    Multivariate statistical modeling with survey data.
    """
    if not groups.means or moments.mean is None or len(parameters) != 1:
        raise ValueError("one solution of a model with means is needed")
    structure, mean, covariance = groups.structure, moments.mean[0], moments.covariance[0]
    theta = parameters[0]
    point = locate(structure, theta)
    bread = observed_information(structure, theta, point, join_moments(mean, covariance))
    scores = _score_map(groups, theta, mean)
    pooled_bread = pool_information(groups, bread, moments.shares)
    pooled_meat = pool_information(groups, meat(scores, blocks), moments.shares)
    fitted = _trace(inverse_information(pooled_bread)[0], pooled_meat)
    unrestricted = _unrestricted_trace(covariance, blocks)
    return _scaling(groups, unrestricted, fitted)


def baseline_group_scaling(moments: GroupMoments, blocks: Floats) -> Scaling:
    """Compute the scaling of the test of unrelated items (see `group_scaling`)."""
    covariance = moments.covariance[0]
    p = covariance.shape[-1]
    unrestricted = _unrestricted_trace(covariance, blocks)
    variances = np.diagonal(covariance, axis1=-2, axis2=-1)
    fourth = moments_about(blocks, covariance)[:, p:, p:]
    squares = np.flatnonzero(np.equal(*np.triu_indices(p)))
    spread = np.diagonal(fourth, axis1=-2, axis2=-1)[:, squares]
    # of a mean 1/v · v = 1, of a variance 1/(2v²) times that of d²
    fitted = float(p * len(covariance) + (spread / (2.0 * variances**2)).sum())
    count = len(covariance)
    return _ratios(unrestricted, fitted, count * (p * (p + 1) // 2 + p), 2 * p * count)


def _scaling(groups: Groups, unrestricted: float, fitted: Floats) -> Scaling:
    total = groups.degrees_of_freedom + groups.size
    return _ratios(unrestricted, float(fitted[0]), total, groups.size)


def _ratios(unrestricted: float, fitted: float, moments: int, parameters: int) -> Scaling:
    df = moments - parameters
    factor = (unrestricted - fitted) / df if df > 0 else np.nan
    return Scaling(
        np.array([factor]), np.array([unrestricted / moments]), np.array([fitted / parameters])
    )


def _score_map(groups: Groups, theta: Floats, mean: Floats) -> Floats:
    """A (G, k, 1 + q) with the scores A z of a row, z about the group's mean."""
    structure = groups.structure
    u, w, factor = structure.factors
    point = locate(structure, theta)
    p = mean.shape[-1]
    shift = np.repeat(np.eye(p + 1)[None], len(mean), axis=0)
    shift[:, :p, p] = mean
    vectors = shift.mT @ point.inverse @ point.implied.vectors
    left, right = factor[:, None] * vectors[:, :, u].mT, vectors[:, :, w].mT
    first, second = np.triu_indices(p)
    pairs = left[:, :, first] * right[:, :, second] + left[:, :, second] * right[:, :, first]
    quadratic = pairs * np.where(first == second, 0.5, 1.0)
    linear = left[:, :, :p] * right[:, :, p:] + left[:, :, p:] * right[:, :, :p]
    product = point.implied.vectors.mT @ point.inverse @ point.implied.vectors
    constant = left[:, :, p] * right[:, :, p] - factor * product[:, u, w]
    return np.concatenate([constant[:, :, None], linear, quadratic], axis=-1)


def _unrestricted_trace(covariance: Floats, blocks: Floats) -> float:
    """tr(W Γ) of the unrestricted model, summed over the groups."""
    p = covariance.shape[-1]
    spread = moments_about(blocks, covariance)
    of_covariances = _trace(saturated_information(covariance), spread[:, p:, p:])
    of_means = _trace(invert_positive(covariance)[0], spread[:, :p, :p])
    return float((of_covariances + of_means).sum())


def _trace(left: Floats, right: Floats) -> Floats:
    """tr(AB) of symmetric matrices, shape (B,)."""
    product: Floats = np.einsum("bij,bij->b", left, right)
    return product
