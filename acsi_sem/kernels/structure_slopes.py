"""First and second derivatives of the implied covariance matrix, for one fit.

dΣ/dθ_k = c_k (u_k w_k' + w_k u_k') with u, w columns of Z = [I, ΛE, ΛV] (see
`acsi_sem.kernels.lisrel`); second derivatives follow from those of Z, which are sums of at most
two products of vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acsi_sem.kernels.lisrel import Floats, Implied, Matrix, Structure, fill, reduced_form


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """Derivatives by the k free parameters.

    Attributes
    ----------
    covariance : ndarray, shape (k, p, p)
        Of Σ.
    vectors : ndarray, shape (k, p, p + 2q)
        Of Z.
    """

    covariance: Floats
    vectors: Floats


def bend(structure: Structure, implied: Implied, theta: Floats) -> Bend:
    """Differentiate what a structure implies.

    Parameters
    ----------
    structure : Structure
    implied : Implied
        The model at `theta`, batch of one.
    theta : ndarray, shape (k,)

    Returns
    -------
    Bend

    Examples
    --------
    >>> from acsi_sem.kernels.lisrel import imply
    >>> one = Structure(np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([0]), rows=np.array([0]), columns=np.array([0]))
    >>> theta = np.array([3.0])  # Σ = λ²
    >>> bend(one, imply(one, theta[None]), theta).covariance.tolist()
    [[[6.0]]]
    """
    z = implied.vectors[0]
    first, second, factor = structure.factors
    outer = np.einsum("ak,bk->kab", z[:, first] * factor, z[:, second])
    return Bend(outer + outer.mT, _vectors(structure, implied, theta))


def _vectors(structure: Structure, implied: Implied, theta: Floats) -> Floats:
    """Derivatives of Z, shape (k, p, p + 2q)."""
    p, q = structure.loadings.shape
    inner, outer = slice(p, p + q), slice(p + q, p + 2 * q)
    effects = reduced_form(fill(structure, theta[None]).paths)[0]
    spread, vectors = implied.constructs[0], implied.vectors[0]
    reach, common = vectors[:, inner], vectors[:, outer]
    found = np.zeros((structure.size, *vectors.shape))
    places = zip(structure.matrix, structure.rows, structure.columns, strict=True)
    for k, (kind, a, b) in enumerate(places):
        if kind == Matrix.LOADINGS:
            found[k, a, inner] = effects[b]
            found[k, a, outer] = spread[b]
        elif kind == Matrix.PATHS:
            found[k, :, inner] = np.outer(reach[:, a], effects[b])
            found[k, :, outer] = np.outer(reach[:, a], spread[b])
            found[k, :, outer] += np.outer(common[:, b], effects[:, a])
        elif kind == Matrix.DISTURBANCES:
            moved = np.outer(reach[:, a], effects[:, b]) + np.outer(reach[:, b], effects[:, a])
            found[k, :, outer] = moved * (0.5 if a == b else 1.0)
    return found


def second_slopes(
    structure: Structure, implied: Implied, slopes: Bend, by_covariance: Floats
) -> Floats:
    """Return tr(G d²Σ/dθ_k dθ_l), shape (k, k), for a symmetric G, shape (p, p).

    Examples
    --------
    >>> from acsi_sem.kernels.lisrel import imply
    >>> one = Structure(np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([0]), rows=np.array([0]), columns=np.array([0]))
    >>> at = imply(one, np.array([[3.0]]))
    >>> second_slopes(one, at, bend(one, at, np.array([3.0])), np.eye(1)).tolist()
    [[2.0]]
    """
    first, second, factor = structure.factors
    mixed = slopes.vectors.mT @ by_covariance @ implied.vectors[0]
    found: Floats = 2.0 * factor * (mixed[:, first, second] + mixed[:, second, first])
    return found
