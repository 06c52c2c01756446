"""What must hold before and after a covariance structure is fitted; every answer in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled
from acsi_sem.kernels.covariance import information, locate, unidentified
from acsi_sem.kernels.lisrel import Matrix

Floats = NDArray[np.float64]

SINGULAR: Final = 1e-10
"""Smallest eigenvalue of a correlation matrix that counts as positive."""

_NEGATIVE: Final = -1e-9
_SHARE: Final = 0.01


def check_before(compiled: Compiled, covariance: Floats, n: float) -> tuple[str, ...]:
    """Say why a covariance matrix cannot be fitted; empty when it can.

    Parameters
    ----------
    compiled : Compiled
    covariance : ndarray, shape (p, p)
    n : float
        Number of complete cases.
    """
    return (*_check_data(compiled.items, covariance, n), *_check_model(compiled))


def _check_data(items: Sequence[str], covariance: Floats, n: float) -> Iterator[str]:
    unknown = [name for name, row in zip(items, covariance, strict=True) if np.isnan(row).any()]
    if not np.isfinite(covariance).all():
        yield f"the covariance matrix has no numbers for {_list(unknown or items)}"
        return
    if n <= len(items):
        yield f"{n:g} complete cases for {len(items)} indicators: more cases than that are needed"
        return
    constant = [name for name, s in zip(items, np.diag(covariance), strict=True) if s <= 0]
    if constant:
        yield f"no variation in the answers to {_list(constant)}"
        return
    dependent = _dependent(items, covariance)
    if dependent:
        yield (
            "the covariance matrix is not positive definite: the answers to "
            f"{_list(dependent)} are linearly dependent"
        )


def _check_model(compiled: Compiled) -> Iterator[str]:
    df = compiled.structure.degrees_of_freedom
    if df < 0:
        moments = df + compiled.structure.size
        yield (
            f"the model is not identified: {compiled.structure.size} free parameters, "
            f"{moments} variances and covariances"
        )
        return
    names = free_directions(compiled, _generic(compiled))
    if names:
        yield f"the model is not identified, whatever the data: {_list(names)} cannot be told apart"


def _generic(compiled: Compiled) -> Floats:
    """Parameters of no special kind, fixed once and for all, where rank shows identification."""
    draw = np.random.Generator(np.random.PCG64(20150101)).uniform
    ranges = {
        Matrix.LOADINGS: (0.6, 1.4),
        Matrix.PATHS: (0.2, 0.6),
        Matrix.DISTURBANCES: (0.8, 1.4),
        Matrix.ERRORS: (0.4, 0.9),
    }
    theta = np.array([draw(*ranges[row.matrix]) for row in compiled.free])
    covariance = [
        row.matrix == Matrix.DISTURBANCES and row.row != row.column for row in compiled.free
    ]
    theta[covariance] *= 0.2
    return theta


def free_directions(compiled: Compiled, theta: Floats) -> tuple[str, ...]:
    """Return the names of the parameters (k,) that the information at `theta` leaves open."""
    point = locate(compiled.structure, theta[None])
    loose = unidentified(information(compiled.structure, point))[0]
    return tuple(row.name for row in compiled.free if loose[row.free])


def check_after(compiled: Compiled, theta: Floats, constructs: Floats) -> tuple[str, ...]:
    """Say why a solution is inadmissible; empty when it is not.

    Parameters
    ----------
    compiled : Compiled
    theta : ndarray, shape (k,)
        Solution, items in standard deviation units.
    constructs : ndarray, shape (q, q)
        Implied covariance matrix of the constructs.
    """
    problems = tuple(_negative_variances(compiled, theta))
    if not problems and (dependent := _dependent(compiled.constructs, constructs)):
        problems = (
            f"the covariance matrix of the constructs is not positive definite: {_list(dependent)}",
        )
    if loose := free_directions(compiled, theta):
        problems += (f"these data do not identify the model: {_list(loose)} cannot be told apart",)
    return problems


def _negative_variances(compiled: Compiled, theta: Floats) -> Iterator[str]:
    targets = {row.row for row in compiled.free if row.matrix == Matrix.PATHS}
    for row in compiled.free:
        variance = row.matrix in (Matrix.ERRORS, Matrix.DISTURBANCES) and row.row == row.column
        if not variance or theta[row.free] >= _NEGATIVE:
            continue
        kind = "error variance" if row.matrix == Matrix.ERRORS else "variance"
        if row.matrix == Matrix.DISTURBANCES and row.row in targets:
            kind = "disturbance variance"
        unit = compiled.items[row.row if row.matrix == Matrix.ERRORS else compiled.markers[row.row]]
        yield (
            f"the {kind} of {row.lhs} is negative (a Heywood case): {theta[row.free]:.4g} of the "
            f"variance of {unit}"
        )


def _dependent(names: Sequence[str], covariance: Floats) -> tuple[str, ...]:
    """Return the names that take part in a direction without positive variance."""
    deviation = np.sqrt(np.maximum(np.diag(covariance), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(covariance / np.outer(deviation, deviation))
    share = (vectors[:, values < SINGULAR] ** 2).sum(axis=1)
    return tuple(name for name, part in zip(names, share, strict=True) if part > _SHARE)


def _list(names: Sequence[str]) -> str:
    """Join names in words: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
