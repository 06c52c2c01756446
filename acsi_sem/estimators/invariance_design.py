"""The model of measurement invariance: parameters with means, and what each level holds equal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled, Parameter, compile_model
from acsi_sem.kernels.lisrel import Matrix, fill, reduced_form
from acsi_sem.kernels.mean_structure import with_means
from acsi_sem.kernels.multigroup import Groups, group_maps
from acsi_sem.spec.graph import endogenous
from acsi_sem.spec.model import Construct, Model
from acsi_sem.terms import INTERCEPT

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

Level = Literal["configural", "metric", "scalar", "strict"]
Scope = Literal["measurement", "model"]

LEVELS: Final[tuple[Level, ...]] = ("configural", "metric", "scalar", "strict")


@dataclass(frozen=True, slots=True)
class Role:
    """A parameter of every group.

    Attributes
    ----------
    name : str
        As the tables write it; an intercept is ``SATIS ~1``, a mean ``satisfaction ~1``.
    equal_from : str or None
        The level from which on it is equal in all groups.
    centre : bool
        True for the mean of a construct with several items: 0 where nothing else fixes its place.
    """

    name: str
    equal_from: Level | None
    centre: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The model of each group.

    Attributes
    ----------
    compiled : Compiled
        Without means.
    roles : tuple of Role
        Of all k parameters: those of `compiled`, intercepts of items, means of constructs.
    pick : ndarray of int
        Places of its items among the indicators of the whole model.
    items : ndarray of int
        Items with intercepts: those of constructs with several.
    single : ndarray of int, shape (q,)
        The item that a construct is; -1 for a construct with several.
    """

    compiled: Compiled
    roles: tuple[Role, ...]
    pick: Ints
    items: Ints
    single: Ints

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(role.name for role in self.roles)

    @property
    def intercepts(self) -> Mapping[str, tuple[str, ...]]:
        """For each construct with several items the names of their intercepts."""
        loads = (self.compiled.structure.loadings != 0) | self._free_loadings()
        return {
            name: tuple(f"{self.compiled.items[i]} {INTERCEPT}" for i in np.flatnonzero(column))
            for name, column, single in zip(
                self.compiled.constructs, loads.T, self.single, strict=True
            )
            if single < 0
        }

    def _free_loadings(self) -> NDArray[np.bool_]:
        structure = self.compiled.structure
        free = np.zeros(structure.loadings.shape, dtype=bool)
        here = structure.matrix == Matrix.LOADINGS
        free[structure.rows[here], structure.columns[here]] = True
        return free


def make_design(model: Model, scope: Scope) -> Design:
    """Lay out the model of each group.

    Parameters
    ----------
    model : Model
    scope : {"measurement", "model"}
        The constructs with several items, freely correlated; or the whole model.
    """
    used = _measurement(model) if scope == "measurement" else model
    compiled = compile_model(used)
    single = _single(used)
    place = {item.name: i for i, item in enumerate(model.indicators)}
    several = [c for c in used.constructs if len(c.indicators) > 1]
    with_intercept = {item.name for construct in several for item in construct.indicators}
    observed = _observed(used)
    return Design(
        compiled=compiled,
        roles=(
            *(Role(row.name, _equal_from(row, observed)) for row in compiled.free),
            *(
                Role(f"{name} {INTERCEPT}", "scalar")
                for name in compiled.items
                if name in with_intercept
            ),
            *(_mean_role(construct, observed) for construct in used.constructs),
        ),
        pick=np.array([place[name] for name in compiled.items], dtype=np.intp),
        items=np.flatnonzero([name in with_intercept for name in compiled.items]),
        single=single,
    )


def _measurement(model: Model) -> Model:
    several = tuple(c for c in model.constructs if len(c.indicators) > 1)
    return replace(model, constructs=several, paths=())


def _single(model: Model) -> Ints:
    sizes = np.array([len(construct.indicators) for construct in model.constructs], dtype=np.intp)
    return np.where(sizes == 1, np.cumsum(sizes) - 1, -1)


def _observed(model: Model) -> frozenset[str]:
    """Constructs of a single item that others act upon."""
    targets = endogenous(model)
    single = (c.name for c in model.constructs if len(c.indicators) == 1)
    return frozenset(name for name in single if name in targets)


def _equal_from(row: Parameter, observed: Collection[str]) -> Level | None:
    if row.matrix == Matrix.LOADINGS:
        return "metric"
    error = row.matrix == Matrix.ERRORS and row.row == row.column
    if error or (row.matrix == Matrix.DISTURBANCES and row.lhs == row.rhs and row.lhs in observed):
        return "strict"
    return None


def _mean_role(construct: Construct, observed: Collection[str]) -> Role:
    name = f"{construct.name} {INTERCEPT}"
    if len(construct.indicators) > 1:
        return Role(name, None, centre=True)
    return Role(name, "scalar" if construct.name in observed else None)


def groups_at(design: Design, level: Level, count: int, release: Collection[str] = ()) -> Groups:
    """Return the model of `count` groups at a level; `release` names what stays free."""
    structure = with_means(
        design.compiled.structure, design.items, np.arange(len(design.compiled.constructs))
    )
    labels = [
        [_label(role, level, group, release) for role in design.roles] for group in range(count)
    ]
    return Groups(structure, group_maps(labels), np.zeros((count, structure.size)), means=True)


def _label(role: Role, level: Level, group: int, release: Collection[str]) -> str | None:
    if role.centre:
        fixed = group == 0 or not _reached("scalar", level)
        return None if fixed else f"{role.name} in {group}"
    equal = role.equal_from is not None and _reached(role.equal_from, level)
    return role.name if equal and role.name not in release else f"{role.name} in {group}"


def _reached(wanted: Level, level: Level) -> bool:
    return LEVELS.index(wanted) <= LEVELS.index(level)


def equal_names(design: Design, level: Level, release: Collection[str]) -> Iterator[str]:
    """Names of the parameters that a level holds equal."""
    for role in design.roles:
        reached = role.equal_from is not None and _reached(role.equal_from, level)
        if reached and role.name not in release:
            yield role.name


def with_intercepts(design: Design, theta: Floats, mean: Floats) -> Floats:
    """Add the intercepts that reproduce the means, those of constructs with several items 0.

    Parameters
    ----------
    design : Design
    theta : ndarray, shape (k₀,)
        Parameters without means.
    mean : ndarray, shape (p,)

    Returns
    -------
    ndarray, shape (k,)
    """
    at = fill(design.compiled.structure, theta[None])
    owners = design.single >= 0
    given = np.where(owners, mean[design.single], 0.0)
    # a single-item construct has its item's mean, whatever acts upon it
    others = np.where(owners[:, None], 0.0, at.paths[0])
    centre = reduced_form(others[None])[0] @ given
    equation = centre - at.paths[0] @ centre
    intercepts = (mean - at.loadings[0] @ centre)[design.items]
    return np.concatenate([theta, intercepts, np.where(owners, equation, 0.0)])


def common_start(groups: Groups, parameters: Floats, n: Floats) -> Floats:
    """Start of the free parameters: what is equal begins at the groups' mean weighted by size.

    Parameters
    ----------
    groups : Groups
    parameters : ndarray, shape (G, k)
        A solution with fewer equalities.
    n : ndarray, shape (G,)

    Returns
    -------
    ndarray, shape (r,)
    """
    weights = groups.maps * n[:, None, None]
    total = weights.sum(axis=(0, 1))
    return np.asarray(np.einsum("gkr,gk->r", weights, parameters) / total)


def describe(names: Sequence[str]) -> str:
    """Join names in words: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
