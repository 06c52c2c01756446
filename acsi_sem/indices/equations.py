"""A quarter's readings as equations: what some of them tell of others."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.indices.grid import Column, columns_of, make_grid, parents_of, units_of, weighing
from acsi_sem.kernels.rollup import Floats
from acsi_sem.spec.hierarchy import NATION, Hierarchy
from acsi_sem.spec.periods import Period

Key = tuple[str, str]
"""Level and name of a unit."""

SAME: Final = 1e-9
"""Shares of hidden units that differ by no more of themselves make no second equation."""
DETERMINED: Final = 1e-9
"""Below this part of the unknown moves freely, a reading is taken for determined."""


@dataclass(frozen=True, slots=True)
class Line:
    """One equation of some engines and constructs: a parent is the weighted mean of its children.

    Attributes
    ----------
    parent : (level, unit)
    shares : tuple of ((level, unit), share)
        Of the children that have a reading; they sum to one.
    columns : frozenset of (engine, construct)
    """

    parent: Key
    shares: tuple[tuple[Key, float], ...]
    columns: frozenset[Column]

    def hidden(self, withheld: Container[Key]) -> dict[Key, float]:
        """Return the shares of the children that are withheld.

        Parameters
        ----------
        withheld : container of (level, unit)

        Returns
        -------
        dict of (level, unit) -> share
        """
        return {child: share for child, share in self.shares if child in withheld}

    def adds_to(self, other: Line, withheld: Container[Key], found: Container[Key]) -> bool:
        """Say whether it tells more of hidden children than an earlier revision's equation did.

        Parameters
        ----------
        other : Line
            Of the earlier revision.
        withheld, found : container of (level, unit)
            What was withheld then, and is now.

        Returns
        -------
        bool
            True when both are of one parent, which was published then, and what they hide differs
            in its units or in their shares among themselves.
        """
        same = other.parent == self.parent and self.columns & other.columns
        if not same or self.parent in withheld:
            return False
        own, before = self.hidden(found), other.hidden(withheld)
        if not own or not before:
            return False
        keys = sorted({**own, **before})
        one, two = (np.array([part.get(key, 0.0) for key in keys]) for part in (own, before))
        return not np.allclose(one / one.sum(), two / two.sum(), rtol=SAME, atol=0.0)


def equations_of(
    readings: pd.DataFrame, hierarchy: Hierarchy
) -> tuple[tuple[Line, ...], dict[Key, float]]:
    """Return the equations of a quarter and the interviews of each unit.

    Parameters
    ----------
    readings : DataFrame
        Unsuppressed `READINGS` of one quarter.
    hierarchy : Hierarchy

    Returns
    -------
    tuple of Line
    dict of (level, unit) -> interviews
        From the lowest level up, in file order; the fewest over engines and constructs.

    Raises
    ------
    DataError
        If a unit with a reading is none of the hierarchy's, or has no share.
    """
    if readings.empty:
        return (), {}
    columns = columns_of(readings)
    period = Period.parse(str(readings["period"].iloc[0]))
    held: dict[Key, tuple[Key, float]] = {}
    sizes: dict[Key, float] = {}
    for level in (*hierarchy.levels, NATION):
        units = units_of(hierarchy, level)
        grid = make_grid(readings, level, units, columns)
        least = np.where(grid.known, grid.n, np.inf).min(axis=1).tolist()
        named = zip(units, least, strict=True)
        sizes |= {(level, unit.name): n for unit, n in named if np.isfinite(n)}
        if level != NATION:
            above, parents = parents_of(hierarchy, level)
            weights = weighing(hierarchy, level, period, grid.surveyed)
            for unit, at, share in zip(units, parents.tolist(), weights, strict=True):
                if share:
                    parent = above[at].level, above[at].name
                    held[level, unit.name] = parent, share.value
    return lines_of(readings, held), sizes


def lines_of(readings: pd.DataFrame, held: Mapping[Key, tuple[Key, float]]) -> tuple[Line, ...]:
    """Return the equations that readings obey, given each unit's parent and share.

    Parameters
    ----------
    readings : DataFrame
        Unsuppressed `READINGS` of one quarter.
    held : mapping of (level, unit) -> (parent, share)
        Shares in any unit; units that weigh nothing are in no equation.

    Returns
    -------
    tuple of Line
    """
    inside: dict[tuple[Key, Column], dict[Key, float]] = {}
    known = readings[readings["index"].notna()]
    names = (known[name].tolist() for name in ("level", "unit", "engine", "construct"))
    for level, unit, engine, construct in zip(*names, strict=True):
        parent, share = held.get((level, unit), (("", ""), 0.0))
        if share > 0:
            inside.setdefault((parent, (engine, construct)), {})[level, unit] = share
    columns: dict[tuple[Key, tuple[tuple[Key, float], ...]], set[Column]] = {}
    for (parent, column), shares in inside.items():
        total = sum(shares.values())
        own = tuple((child, share / total) for child, share in shares.items())
        columns.setdefault((parent, own), set()).add(column)
    return tuple(Line(*line, frozenset(which)) for line, which in columns.items())


def determined(equations: Floats, unknown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which unknowns a system of linear equations determines.

    Parameters
    ----------
    equations : ndarray, shape (E, R)
        Coefficients.
    unknown : ndarray of bool, shape (R,)
        Which readings are not known otherwise.

    Returns
    -------
    ndarray of bool, shape (R,)

    Examples
    --------
    >>> both = np.ones(2, dtype=bool)
    >>> determined(np.array([[0.4, 0.6]]), both)
    array([False, False])
    >>> determined(np.array([[0.4, 0.6], [0.5, 0.5]]), both)
    array([ True,  True])
    """
    found = np.zeros(unknown.shape, dtype=bool)
    at = np.flatnonzero(unknown)
    own = equations[:, at]
    own = own[(own != 0).any(axis=1)]
    if not own.size:
        return found
    own = own / np.abs(own).max(axis=1, keepdims=True)
    _, values, rows = np.linalg.svd(own, full_matrices=True)
    rank = int((values > DETERMINED * values.max()).sum())
    # What no equation restrains spans the null space; an unknown without a part in it is fixed.
    found[at] = np.sqrt((rows[rank:] ** 2).sum(axis=0)) < np.sqrt(DETERMINED)
    return found


def determined_keys(rows: Sequence[Mapping[tuple[int, Key], float]]) -> list[Key]:
    """Return the units that a system of named equations determines.

    Parameters
    ----------
    rows : sequence of mapping of (revision, (level, unit)) -> coefficient
        What is not known of each equation.

    Returns
    -------
    list of (level, unit)

    Examples
    --------
    >>> a, b = (0, ("company", "A")), (0, ("company", "B"))
    >>> determined_keys([{a: 0.4, b: 0.6}]), determined_keys([{a: 0.4}])
    ([], [('company', 'A')])
    """
    unknowns = list(dict.fromkeys(name for row in rows for name in row))
    if not unknowns:
        return []
    matrix = np.array([[row.get(name, 0.0) for name in unknowns] for row in rows if row])
    fixed = determined(matrix, np.ones(len(unknowns), dtype=bool))
    return [key for (_, key), one in zip(unknowns, fixed.tolist(), strict=True) if one]
