"""Modification indices and residuals: where a covariance structure does not fit.

Needs second moments only (covariance matrix of the complete cases, divisor n). Batch axis first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.covariance import gradient, information, locate
from acsi_sem.kernels.delta import standard_scales
from acsi_sem.kernels.lisrel import Floats, Ints, Structure
from acsi_sem.kernels.robust import inverse_information

_EMPTY: Final = 1e-8
"""Share of a candidate's information, left by the free parameters, that counts as none."""


@dataclass(frozen=True, slots=True, eq=False)
class Modification:
    """What freeing a parameter that is fixed at zero would do; each of shape (B, C).

    Attributes
    ----------
    index : ndarray
        Expected fall of chi-square, itself a chi-square with one degree of freedom.
    change : ndarray
        Expected value of the parameter once free (lavaan's ``epc``).
    standard_change : ndarray
        The same in standard deviation units (``sepc.all``).
    """

    index: Floats
    change: Floats
    standard_change: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Sample less implied moments, each of shape (B, p, p).

    Attributes
    ----------
    raw : ndarray
        Covariances, in squared units of the items.
    correlation : ndarray
        Correlations, lavaan's ``cor.bollen``: each matrix scaled by its own variances.
    """

    raw: Floats
    correlation: Floats


def extend(structure: Structure, matrix: Ints, rows: Ints, columns: Ints) -> Structure:
    """Free more elements.

    Parameters
    ----------
    structure : Structure
    matrix, rows, columns : ndarray of int, shape (C,)
        Fixed elements; their fixed values must be zero.

    Returns
    -------
    Structure
        With the new parameters after the old ones.

    Raises
    ------
    ValueError
        If an element is fixed at another value than zero.
    """
    places = zip(matrix, rows, columns, strict=True)
    if any(structure.fixed[int(m)][i, j] != 0 for m, i, j in places):
        raise ValueError("only elements fixed at zero can be freed")
    return Structure(
        loadings=structure.loadings,
        paths=structure.paths,
        disturbances=structure.disturbances,
        errors=structure.errors,
        matrix=np.concatenate([structure.matrix, matrix]),
        rows=np.concatenate([structure.rows, rows]),
        columns=np.concatenate([structure.columns, columns]),
    )


def modification_indices(
    structure: Structure,
    theta: Floats,
    sample: Floats,
    n: Floats,
    matrix: Ints,
    rows: Ints,
    columns: Ints,
) -> Modification:
    """Compute score tests of parameters that are fixed at zero, one at a time.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
        The maximum likelihood solution.
    sample : ndarray, shape (B, p, p)
        S, divisor n.
    n : ndarray, shape (B,)
    matrix, rows, columns : ndarray of int, shape (C,)
        The candidates.

    Returns
    -------
    Modification
        NaN for a candidate that the free parameters already absorb: freed, it would not be
        identified.

    Notes
    -----
    With the expected information, as lavaan's ``modindices`` after ``ML``.

    References
    ----------
    Sörbom (1989), Psychometrika 54, 371-384.
    """
    wide = extend(structure, matrix, rows, columns)
    k = structure.size
    at = np.concatenate([theta, np.zeros((len(theta), len(matrix)))], axis=1)
    point = locate(wide, at)
    score = -0.5 * gradient(wide, point, sample)[:, k:]
    expected = information(wide, point)
    mixed = expected[:, k:, :k]
    inverse, _ = inverse_information(expected[:, :k, :k])
    alone = np.diagonal(expected[:, k:, k:], axis1=-2, axis2=-1)
    left = alone - np.einsum("bck,bck->bc", mixed @ inverse, mixed)
    left = np.where(left > _EMPTY * alone, left, np.nan)
    change = score / left
    scales = standard_scales(structure, theta, matrix, rows, columns)
    return Modification(n[:, None] * score * change, change, change * scales)


def residuals(sample: Floats, implied: Floats) -> Residuals:
    """Return residual covariances and correlations.

    Parameters
    ----------
    sample, implied : ndarray, shape (B, p, p)

    Returns
    -------
    Residuals
        NaN where a variance is not positive.

    Examples
    --------
    >>> found = residuals(np.array([[[4.0, 1.0], [1.0, 1.0]]]), np.eye(2)[None])
    >>> found.raw[0, 0].tolist(), found.correlation[0, 0].tolist()
    ([3.0, 1.0], [0.0, 0.5])
    """
    return Residuals(sample - implied, _correlation(sample) - _correlation(implied))


def _correlation(covariance: Floats) -> Floats:
    variances = np.diagonal(covariance, axis1=-2, axis2=-1)
    root = np.sqrt(np.where(variances > 0, variances, np.nan))
    correlation: Floats = covariance / (root[:, :, None] * root[:, None, :])
    return correlation
