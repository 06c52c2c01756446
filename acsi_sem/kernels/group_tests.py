"""Score tests of equalities between groups.

Second moments and, in a mean structure, means. Batch axis first, groups second.
"""

from __future__ import annotations

import numpy as np

from acsi_sem.kernels.covariance import gradient, information, locate
from acsi_sem.kernels.lisrel import Floats
from acsi_sem.kernels.multigroup import GroupMoments, Groups, fitted_matrices, pool_information
from acsi_sem.kernels.robust import inverse_information


def score_test(wider: Groups, moments: GroupMoments, parameters: Floats) -> Floats:
    """Return how much the fit would gain if equalities were released.

    Parameters
    ----------
    wider : Groups
        With these equalities released.
    moments : GroupMoments
    parameters : ndarray, shape (B, G, k)
        The solution with the equalities.

    Returns
    -------
    ndarray, shape (B,)
        The Lagrange multiplier statistic N/4 g'I⁻¹g: an estimate of the fall of chi-square. NaN
        where the information about the wider model is singular.

    References
    ----------
    Aitchison & Silvey (1958), Annals of Mathematical Statistics 29, 813-828; Sörbom (1989),
    Psychometrika 54, 371-384.

    Examples
    --------
    Two variances, 2 and 4 in groups of 50, fitted as equal, 3:

    >>> from acsi_sem.kernels.lisrel import Structure
    >>> from acsi_sem.kernels.multigroup import group_maps
    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> free = Groups(one, group_maps([["v"], ["w"]]), np.zeros((2, 1)), means=False)
    >>> moments = GroupMoments(np.array([[[[2.0]], [[4.0]]]]), np.array([50.0, 50.0]))
    >>> score_test(free, moments, np.array([[[3.0], [3.0]]])).round(6).tolist()
    [5.555556]
    """
    sample = fitted_matrices(wider, moments)
    flat = parameters.reshape(-1, wider.structure.size)
    point = locate(wider.structure, flat)
    slope = gradient(wider.structure, point, sample.reshape(-1, *sample.shape[2:]))
    slope = slope.reshape(*parameters.shape[:2], 1, -1) @ wider.maps
    pooled = (slope[:, :, 0] * moments.shares[:, None]).sum(axis=1)
    expected = pool_information(wider, information(wider.structure, point), moments.shares)
    inverse, _ = inverse_information(expected)
    return np.asarray(moments.n.sum() / 4.0 * np.einsum("bi,bij,bj->b", pooled, inverse, pooled))
