"""Modification indices with names: what a model leaves out, the largest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from acsi_sem.estimators.compile import Compiled, Parameter
from acsi_sem.kernels.lisrel import Floats, Matrix
from acsi_sem.kernels.modification import modification_indices
from acsi_sem.terms import COVARIANCE, LOADING, PATH


@dataclass(frozen=True, slots=True)
class ModificationIndex:
    """A parameter that is fixed at zero, and what freeing it would do.

    Attributes
    ----------
    lhs, op, rhs : str
    index : float
        Expected fall of chi-square (lavaan's ``mi``); 3.84 is the 5 % point.
    change : float
        Expected estimate (``epc``).
    standard_change : float
        The same, standardised (``sepc.all``).
    """

    lhs: str
    op: str
    rhs: str
    index: float
    change: float
    standard_change: float


def candidates(compiled: Compiled) -> tuple[Parameter, ...]:
    """Return the parameters that are fixed at zero and could be free.

    Cross-loadings on constructs with several items, covariances of item errors, paths, and
    covariances of disturbances. A single-item construct is its item: its cross-loading would be a
    path, its error its disturbance.
    """
    taken = {(row.matrix, row.row, row.column) for row in compiled.parameters}
    taken |= {(row.matrix, row.column, row.row) for row in compiled.parameters if row.op == "~~"}
    return tuple(row for row in _zeros(compiled) if (row.matrix, row.row, row.column) not in taken)


def _zeros(compiled: Compiled) -> Iterator[Parameter]:
    items, constructs = compiled.items, compiled.constructs
    errors = sorted(row.row for row in compiled.parameters if row.matrix == Matrix.ERRORS)
    several = sorted(
        {row.column for row in compiled.parameters if row.op == LOADING and row.row in errors}
    )
    for j in several:
        for i in errors:
            yield Parameter(constructs[j], LOADING, items[i], Matrix.LOADINGS, i, j)
    for a, b in combinations(errors, 2):
        yield Parameter(items[a], COVARIANCE, items[b], Matrix.ERRORS, a, b)
    for i, target in enumerate(constructs):
        for j, source in enumerate(constructs):
            if i != j:
                yield Parameter(target, PATH, source, Matrix.PATHS, i, j)
    for a, b in combinations(range(len(constructs)), 2):
        yield Parameter(constructs[a], COVARIANCE, constructs[b], Matrix.DISTURBANCES, a, b)


def modification_table(
    compiled: Compiled, theta: Floats, covariance: Floats, n: float
) -> tuple[ModificationIndex, ...]:
    """Compute the modification index of every candidate.

    Parameters
    ----------
    compiled : Compiled
    theta : ndarray, shape (k,)
        The maximum likelihood solution.
    covariance : ndarray, shape (p, p)
        S of the complete cases, divisor n.
    n : float

    Returns
    -------
    tuple of ModificationIndex
        The largest index first; candidates that would not be identified are left out.
    """
    rows = candidates(compiled)
    if not rows:
        return ()
    places = np.array([(row.matrix, row.row, row.column) for row in rows], dtype=np.intp).T
    found = modification_indices(
        compiled.structure, theta[None], covariance[None], np.array([float(n)]), *places
    )
    table = [
        ModificationIndex(row.lhs, row.op, row.rhs, float(index), float(change), float(standard))
        for row, index, change, standard in zip(
            rows, found.index[0], found.change[0], found.standard_change[0], strict=True
        )
        if np.isfinite(index)
    ]
    return tuple(sorted(table, key=lambda row: -row.index))
