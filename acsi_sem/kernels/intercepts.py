"""Intercepts of a covariance structure with saturated means.

Constructs with several items have no mean of their own: their intercepts are zero and their items
have free ones. A single-item construct is its item: the intercept is that of its structural
equation, in the units of the item. The p intercepts then are a one-to-one function of the p means
and the other parameters, so that the delta method is exact.
"""

from __future__ import annotations

import numpy as np

from acsi_sem.kernels.delta import Derived
from acsi_sem.kernels.lisrel import Floats, Ints, Matrix, Structure, fill, imply, reduced_form


def intercepts(structure: Structure, theta: Floats, mean: Floats, single: Ints) -> Derived:
    """Compute the intercepts and differentiate them.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
    mean : ndarray, shape (B, p)
        Means of the items.
    single : ndarray of int, shape (q,)
        The item that a single-item construct is, -1 for a construct with several.

    Returns
    -------
    Derived
        Values (B, p): of each item, and in the place of a single item that of its construct's
        equation. Jacobian (B, p, k + p): by θ, then by the means.

    References
    ----------
    Bollen (1989), Structural Equations with Latent Variables, ch. 4 and 7.

    Examples
    --------
    Two observed variables, y = α + 2x: α is the mean of y less twice that of x.

    >>> line = Structure(np.eye(2), np.zeros((2, 2)), np.eye(2), np.zeros((2, 2)),
    ...     matrix=np.array([1]), rows=np.array([1]), columns=np.array([0]))
    >>> theta, mean = np.array([[2.0]]), np.array([[3.0, 10.0]])
    >>> found = intercepts(line, theta, mean, np.array([0, 1]))
    >>> found.values.tolist(), found.jacobian[0, 1].tolist()
    ([[3.0, 4.0]], [-3.0, -2.0, 1.0])
    """
    at = fill(structure, theta)
    centre, slopes = _construct_means(structure, at.paths, mean, single)
    owners = np.flatnonzero(single >= 0)
    values = mean - np.einsum("bij,bj->bi", at.loadings, centre)
    moved = -at.loadings @ slopes
    moved[:, :, structure.size :] += np.eye(mean.shape[-1])
    _subtract_direct(structure, Matrix.LOADINGS, moved, centre)
    equation = centre - np.einsum("bij,bj->bi", at.paths, centre)
    bent = slopes - at.paths @ slopes
    _subtract_direct(structure, Matrix.PATHS, bent, centre)
    values[:, single[owners]] = equation[:, owners]
    moved[:, single[owners]] = bent[:, owners]
    return Derived(values, moved)


def _construct_means(
    structure: Structure, paths: Floats, mean: Floats, single: Ints
) -> tuple[Floats, Floats]:
    """Means of constructs (B, q) and their derivatives (B, q, k + p)."""
    owners = np.flatnonzero(single >= 0)
    # a single-item construct has the mean of its item, whatever acts upon it
    others = np.where((single < 0)[:, None], paths, 0.0)
    effects = reduced_form(others)
    given = np.zeros((len(mean), len(single)))
    given[:, owners] = mean[:, single[owners]]
    centre = np.einsum("bij,bj->bi", effects, given)
    slopes = np.zeros((*centre.shape, structure.size + mean.shape[-1]))
    slopes[:, :, structure.size + single[owners]] = effects[:, :, owners]
    free = np.flatnonzero(structure.matrix == Matrix.PATHS)
    free = free[single[structure.rows[free]] < 0]
    rows, columns = structure.rows[free], structure.columns[free]
    slopes[:, :, free] = effects[:, :, rows] * centre[:, None, columns]
    return centre, slopes


def _subtract_direct(structure: Structure, kind: Matrix, slopes: Floats, centre: Floats) -> None:
    """Subtract the construct's mean where a parameter of this kind multiplies it."""
    here = np.flatnonzero(structure.matrix == kind)
    slopes[:, structure.rows[here], here] -= centre[:, structure.columns[here]]


def standardised_intercepts(structure: Structure, theta: Floats, plain: Derived) -> Derived:
    """Divide intercepts by the implied standard deviations of their items, and differentiate.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
    plain : Derived
        From `intercepts`.

    Returns
    -------
    Derived
        lavaan's ``std.all``; NaN where an implied variance is not positive.
    """
    implied = imply(structure, theta)
    u, w, factor = structure.factors
    variance = np.diagonal(implied.covariance, axis1=-2, axis2=-1)
    variance = np.where(variance > 0, variance, np.nan)
    root = np.sqrt(variance)
    values = plain.values / root
    jacobian = plain.jacobian / root[:, :, None]
    slopes = 2.0 * factor * implied.vectors[:, :, u] * implied.vectors[:, :, w]
    jacobian[:, :, : structure.size] -= 0.5 * (values / variance)[:, :, None] * slopes
    return Derived(values, jacobian)
