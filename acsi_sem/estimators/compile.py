"""A model's theory as a covariance structure, and as semopy's syntax.

Identification: the first loading of a block is 1; exogenous constructs vary and covary freely;
disturbances do not covary; a single-item construct is its item, without error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.lisrel import Matrix, Structure
from acsi_sem.spec.graph import blocks, exogenous
from acsi_sem.spec.model import Model
from acsi_sem.terms import COVARIANCE, LOADING, PATH


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row of the parameter table.

    Attributes
    ----------
    lhs, op, rhs : str
        As in the table `estimates`.
    matrix : Matrix
    row, column : int
        Its place in the matrix.
    fixed : float or None
        The value of a parameter that is not free.
    free : int
        Number of the free parameter, -1 for a fixed one.
    """

    lhs: str
    op: str
    rhs: str
    matrix: Matrix
    row: int
    column: int
    fixed: float | None = None
    free: int = -1

    @property
    def name(self) -> str:
        """The parameter as the tables write it, e.g. ``loyalty ~ satisfaction``."""
        return f"{self.lhs} {self.op} {self.rhs}"


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A covariance structure with names.

    Attributes
    ----------
    structure : Structure
    parameters : tuple of Parameter
        Every row of the table of estimates; the free ones are numbered in this order.
    items, constructs : tuple of str
        Names of the rows of Λ and of its columns.
    markers : ndarray of int, shape (q,)
        The indicator whose unit each construct has.
    """

    structure: Structure
    parameters: tuple[Parameter, ...]
    items: tuple[str, ...]
    constructs: tuple[str, ...]
    markers: NDArray[np.intp]

    @property
    def free(self) -> tuple[Parameter, ...]:
        """The free parameters in order; length k."""
        return tuple(parameter for parameter in self.parameters if parameter.free >= 0)


def compile_model(model: Model) -> Compiled:
    """Turn a model into a covariance structure with a parameter table.

    Parameters
    ----------
    model : Model
        Its indicators, in order, are the rows of the covariance matrix to be fitted; its
        constructs, in order, the latent variables.

    Returns
    -------
    Compiled
        Rows in the order loadings, paths, error variances, construct variances (of disturbances
        where a construct has predecessors), covariances of exogenous constructs.
    """
    parameters = _number((*_loadings(model), *_paths(model), *_variances(model)))
    _, markers = np.unique(blocks(model), return_index=True)
    return Compiled(
        structure=_structure(model, parameters),
        parameters=parameters,
        items=tuple(item.name for item in model.indicators),
        constructs=model.construct_names,
        markers=markers,
    )


def _number(rows: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """Number the free parameters from 0."""
    numbered: list[Parameter] = []
    count = 0
    for row in rows:
        numbered.append(row if row.fixed is not None else replace(row, free=count))
        count += row.fixed is None
    return tuple(numbered)


def _loadings(model: Model) -> list[Parameter]:
    rows = []
    i = 0
    for j, construct in enumerate(model.constructs):
        for place, item in enumerate(construct.indicators):
            fixed = 1.0 if place == 0 else None
            rows.append(Parameter(construct.name, LOADING, item.name, Matrix.LOADINGS, i, j, fixed))
            i += 1
    return rows


def _paths(model: Model) -> list[Parameter]:
    place = {name: j for j, name in enumerate(model.construct_names)}
    ordered = sorted(model.paths, key=lambda path: (place[path.target], place[path.source]))
    return [
        Parameter(
            path.target, PATH, path.source, Matrix.PATHS, place[path.target], place[path.source]
        )
        for path in ordered
    ]


def _variances(model: Model) -> list[Parameter]:
    items = [
        Parameter(item.name, COVARIANCE, item.name, Matrix.ERRORS, i, i)
        for i, (item, block) in enumerate(zip(model.indicators, blocks(model), strict=True))
        if len(model.constructs[block].indicators) > 1
    ]
    names = model.construct_names
    constructs = [
        Parameter(name, COVARIANCE, name, Matrix.DISTURBANCES, j, j) for j, name in enumerate(names)
    ]
    covariances = [
        Parameter(a, COVARIANCE, b, Matrix.DISTURBANCES, names.index(a), names.index(b))
        for a, b in combinations(exogenous(model), 2)
    ]
    return [*items, *constructs, *covariances]


def _structure(model: Model, parameters: tuple[Parameter, ...]) -> Structure:
    p, q = len(model.indicators), len(model.constructs)
    fixed = [np.zeros(shape) for shape in ((p, q), (q, q), (q, q), (p, p))]
    for row in parameters:
        if row.fixed is not None:
            fixed[row.matrix][row.row, row.column] = row.fixed
    free = [row for row in parameters if row.fixed is None]
    return Structure(
        loadings=fixed[Matrix.LOADINGS],
        paths=fixed[Matrix.PATHS],
        disturbances=fixed[Matrix.DISTURBANCES],
        errors=fixed[Matrix.ERRORS],
        matrix=np.array([row.matrix for row in free], dtype=np.intp),
        rows=np.array([row.row for row in free], dtype=np.intp),
        columns=np.array([row.column for row in free], dtype=np.intp),
    )


def item_code(i: int) -> str:
    """Return the name of indicator number `i` in semopy's syntax."""
    return f"v{i + 1}"


def parameter_code(k: int) -> str:
    """Return the label of free parameter number `k` in semopy's syntax."""
    return f"t{k + 1}"


def _construct_code(j: int) -> str:
    return f"c{j + 1}"


def semopy_syntax(compiled: Compiled) -> str:
    """Write a covariance structure in semopy's language.

    Names are v1 ... vp for indicators, c1 ... cq for constructs and t1 ... tk for free parameters,
    in the order of `compiled`, so that nothing depends on what the model calls its things.
    Every variance and covariance is written out: what semopy adds by default differs from it.

    Parameters
    ----------
    compiled : Compiled

    Returns
    -------
    str
        One line per left-hand side and operator.
    """
    terms: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in compiled.parameters:
        left, operator, right = _codes(row)
        weight = parameter_code(row.free) if row.fixed is None else repr(row.fixed)
        terms[left, operator].append(f"{weight}*{right}")
    for i in _errorless(compiled):
        terms[item_code(i), COVARIANCE].append(f"0.0*{item_code(i)}")
    return "\n".join(f"{left} {op} {' + '.join(right)}" for (left, op), right in terms.items())


def _codes(row: Parameter) -> tuple[str, str, str]:
    """Left side, operator and right side of a row in semopy's names."""
    if row.matrix == Matrix.LOADINGS:
        return _construct_code(row.column), LOADING, item_code(row.row)
    code = item_code if row.matrix == Matrix.ERRORS else _construct_code
    return code(row.row), row.op, code(row.column)


def _errorless(compiled: Compiled) -> list[int]:
    """Return the indicators without an error variance: those of single-item constructs."""
    with_error = {row.row for row in compiled.parameters if row.matrix == Matrix.ERRORS}
    return [i for i in range(len(compiled.items)) if i not in with_error]
