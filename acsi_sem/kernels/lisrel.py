"""Covariance structures of constructs with indicators: matrices, implied covariance, derivatives.

The model is x = Λ η + ε, η = B η + ζ with Ψ = cov(ζ), Θ = cov(ε), so that

    Σ = Λ V Λ' + Θ,   V = E Ψ E',   E = (I - B)⁻¹.

Every derivative of Σ is a symmetric product of two vectors, dΣ/dθ_k = c_k (u_k w_k' + w_k u_k'),
whose vectors are columns of one matrix Z = [I, ΛE, ΛV]. Gradient and information are then read
off from Z'·Z products, without a p × p matrix per parameter.

Needs second moments only (complete-case covariance matrix). Batch axis first throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class Matrix(IntEnum):
    """Where a free parameter stands."""

    LOADINGS = 0
    PATHS = 1
    DISTURBANCES = 2
    ERRORS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Fixed values of Λ, B, Ψ, Θ and the places of the free parameters.

    Attributes
    ----------
    loadings : ndarray, shape (p, q)
        Λ with its fixed values; places of free parameters hold 0.
    paths : ndarray, shape (q, q)
        B; ``[target, source]``.
    disturbances : ndarray, shape (q, q)
        Ψ, symmetric.
    errors : ndarray, shape (p, p)
        Θ, symmetric.
    matrix : ndarray of int, shape (k,)
        `Matrix` of each free parameter.
    rows, columns : ndarray of int, shape (k,)
        Its place; of a symmetric matrix either triangle, the other follows.

    Raises
    ------
    ValueError
        If shapes disagree or a place lies outside its matrix.
    """

    loadings: Floats
    paths: Floats
    disturbances: Floats
    errors: Floats
    matrix: Ints
    rows: Ints
    columns: Ints

    def __post_init__(self) -> None:
        p, q = self.loadings.shape
        shapes = np.array([(p, q), (q, q), (q, q), (p, p)])
        if any(a.shape != tuple(s) for a, s in zip(self.fixed, shapes, strict=True)):
            raise ValueError("loadings (p, q), paths (q, q), disturbances (q, q), errors (p, p)")
        places = np.stack([self.rows, self.columns], axis=-1)
        if ((places < 0) | (places >= shapes[self.matrix])).any():
            raise ValueError("a free parameter lies outside its matrix")
        for array in (*self.fixed, self.matrix, self.rows, self.columns):
            array.setflags(write=False)

    @property
    def fixed(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The four matrices in the order of `Matrix`."""
        return self.loadings, self.paths, self.disturbances, self.errors

    @property
    def size(self) -> int:
        """Number of free parameters, k."""
        return len(self.matrix)

    @property
    def degrees_of_freedom(self) -> int:
        """Distinct elements of the covariance matrix less free parameters; may be negative."""
        p = len(self.loadings)
        return p * (p + 1) // 2 - self.size

    @property
    def factors(self) -> tuple[Ints, Ints, Floats]:
        """Columns of Z that are u and w of each parameter, and c; each of shape (k,)."""
        p, q = self.loadings.shape
        first = np.array([0, p, p, 0])[self.matrix] + self.rows
        second = np.array([p + q, p + q, p, 0])[self.matrix] + self.columns
        symmetric = np.isin(self.matrix, (Matrix.DISTURBANCES, Matrix.ERRORS))
        return first, second, np.where(symmetric & (self.rows == self.columns), 0.5, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """The matrices at given parameters, each with a leading batch axis."""

    loadings: Floats
    paths: Floats
    disturbances: Floats
    errors: Floats

    @property
    def all(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The four matrices in the order of `Matrix`."""
        return self.loadings, self.paths, self.disturbances, self.errors


@dataclass(frozen=True, slots=True, eq=False)
class Implied:
    """What the model implies.

    Attributes
    ----------
    covariance : ndarray, shape (B, p, p)
        Σ of the indicators.
    constructs : ndarray, shape (B, q, q)
        V, the covariance matrix of the constructs.
    vectors : ndarray, shape (B, p, p + 2q)
        Z = [I, ΛE, ΛV], the vectors that make up the derivatives of Σ.
    """

    covariance: Floats
    constructs: Floats
    vectors: Floats


def fill(structure: Structure, theta: Floats) -> Filled:
    """Put free parameters into the matrices.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)

    Returns
    -------
    Filled
        Matrices of shapes (B, p, q), (B, q, q), (B, q, q), (B, p, p).
    """
    filled = []
    for kind, fixed in zip(Matrix, structure.fixed, strict=True):
        matrix = np.repeat(fixed[None], len(theta), axis=0)
        here = structure.matrix == kind
        rows, columns = structure.rows[here], structure.columns[here]
        matrix[:, rows, columns] = theta[:, here]
        if kind in (Matrix.DISTURBANCES, Matrix.ERRORS):
            matrix[:, columns, rows] = theta[:, here]
        filled.append(matrix)
    return Filled(*filled)


def reduced_form(paths: Floats) -> Floats:
    """Return E = (I - B)⁻¹, shape (B, q, q); NaN where I - B is singular or not finite."""
    identity = np.eye(paths.shape[-1])
    bad = np.asarray(~np.isfinite(paths).all(axis=(-2, -1)), dtype=bool)
    system = np.where(bad[:, None, None], identity, identity - paths)
    try:
        effects = np.asarray(np.linalg.inv(system), dtype=np.float64)
    except np.linalg.LinAlgError:
        bad |= np.linalg.matrix_rank(system) < len(identity)
        system[bad] = identity
        effects = np.asarray(np.linalg.inv(system), dtype=np.float64)
    effects[bad] = np.nan
    return effects


def imply(structure: Structure, theta: Floats) -> Implied:
    """Compute the implied covariance matrices and the vectors of their derivatives.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)

    Returns
    -------
    Implied
    """
    at = fill(structure, theta)
    effects = reduced_form(at.paths)
    constructs = effects @ at.disturbances @ effects.mT
    spread = at.loadings @ constructs
    covariance = spread @ at.loadings.mT + at.errors
    identity = np.broadcast_to(np.eye(covariance.shape[-1]), covariance.shape)
    vectors = np.concatenate([identity, at.loadings @ effects, spread], axis=-1)
    return Implied((covariance + covariance.mT) / 2, constructs, vectors)


def implied_covariance(structure: Structure, theta: Floats) -> Floats:
    """Return the covariance matrices that the model implies.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
        Free parameters, in the order of the structure.

    Returns
    -------
    ndarray, shape (B, p, p)
        Σ = Λ V Λ' + Θ, in squared units of the indicators.

    References
    ----------
    Bollen (1989), Structural Equations with Latent Variables, ch. 8.

    Examples
    --------
    One construct, two indicators, the second loading and three variances free:

    >>> one = Structure(
    ...     loadings=np.array([[1.0], [0.0]]), paths=np.zeros((1, 1)),
    ...     disturbances=np.zeros((1, 1)), errors=np.zeros((2, 2)),
    ...     matrix=np.array([0, 2, 3, 3]), rows=np.array([1, 0, 0, 1]),
    ...     columns=np.array([0, 0, 0, 1]))
    >>> implied_covariance(one, np.array([[0.5, 2.0, 1.0, 1.0]]))
    array([[[3. , 1. ],
            [1. , 1.5]]])
    """
    return imply(structure, theta).covariance


def scale_factors(structure: Structure, items: Floats, constructs: Floats) -> Floats:
    """Return what a change of units does to the free parameters.

    Parameters
    ----------
    structure : Structure
    items : ndarray, shape (B, p)
        Factor on each indicator.
    constructs : ndarray, shape (B, q)
        Factor on each construct.

    Returns
    -------
    ndarray, shape (B, k)
        Parameters in the new units = parameters in the old ones times these factors.

    Examples
    --------
    Doubling the unit of an indicator halves its numbers, so that its variance falls to a quarter:

    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([3]), rows=np.array([0]), columns=np.array([0]))
    >>> scale_factors(one, np.array([[0.5]]), np.array([[1.0]]))
    array([[0.25]])
    """
    both = np.concatenate([items, constructs], axis=-1)
    p = items.shape[-1]
    row = np.array([0, p, p, 0])[structure.matrix] + structure.rows
    column = np.array([p, p, p, 0])[structure.matrix] + structure.columns
    directed = np.isin(structure.matrix, (Matrix.LOADINGS, Matrix.PATHS))
    return both[:, row] * np.where(directed, 1.0 / both[:, column], both[:, column])
