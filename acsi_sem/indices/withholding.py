"""What may not be published: small units, and others that would give them away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.indices.grid import columns_of, make_grid, parents_of, units_of, weighing
from acsi_sem.indices.national import Readings, coefficients, gather
from acsi_sem.kernels.rollup import Floats
from acsi_sem.spec.hierarchy import NATION, NATIONAL_FORMS, Hierarchy, NationSpec
from acsi_sem.spec.periods import Period

Key = tuple[str, str]
"""Level and name of a unit."""
Withheld = Mapping[Key, str]
"""Units that are withheld, and why."""

PROTECTS: Final = "withheld: would reveal a smaller unit"
FORM: Final = "withheld: would reveal a smaller unit together with what is published"
DETERMINED: Final = 1e-9
"""Below this part of the unknown moves freely, a reading is taken for determined."""


def withheld_units(readings: pd.DataFrame, hierarchy: Hierarchy, minimum: int) -> dict[Key, str]:
    """Decide which units' readings of a quarter are withheld, for every engine and construct.

    Parameters
    ----------
    readings : DataFrame
        Unsuppressed `READINGS` of one quarter, every level of it.
    hierarchy : Hierarchy
    minimum : int
        Units with fewer interviews are withheld.

    Returns
    -------
    dict of (level, unit) -> reason

    Notes
    -----
    With the shares known, a parent and its children are one equation. The equations of a quarter
    form a tree, so nothing withheld can be worked out if and only if no equation has exactly one
    unknown. What an equation hides must moreover be `minimum` interviews together, or their mean
    would be published in effect. While an equation falls short, its smallest published child (by
    interviews, then by name) is withheld too; without any left, the parent is. A parent that is
    withheld needs a withheld child, or its children would give it away. Engines and constructs
    that leave out different units have equations of their own, each of which must hold.
    """
    lines, sizes, names = _lines(readings, hierarchy)
    found = {
        unit: f"withheld: fewer than {minimum} interviews"
        for unit, size in sizes.items()
        if size < minimum
    }
    while more := [unit for line in lines if (unit := line.needs(found, sizes, minimum))]:
        found[more[0]] = PROTECTS
    return {unit: found[unit] for unit in names if unit in found}


@dataclass(frozen=True, slots=True)
class _Line:
    """One equation: a parent is the weighted mean of its children."""

    parent: Key
    children: tuple[Key, ...]

    def needs(self, found: Withheld, sizes: Mapping[Key, float], minimum: int) -> Key | None:
        """Return which unit is to be withheld next for the equation to hide what it must."""
        hidden = [child for child in self.children if child in found]
        above = self.parent in found
        if not hidden and not above:
            return None
        enough = sum(sizes[child] for child in hidden) >= minimum
        if enough and (above or len(hidden) > 1):
            return None
        open_ = [child for child in self.children if child not in found]
        if open_:
            return min(open_, key=lambda child: (sizes[child], child))
        return None if above else self.parent


def _lines(
    readings: pd.DataFrame, hierarchy: Hierarchy
) -> tuple[list[_Line], dict[Key, float], list[Key]]:
    """Return the equations of a quarter, the interviews of each unit, and the units in order."""
    if readings.empty:
        return [], {}, []
    columns = columns_of(readings)
    period = Period.parse(str(readings["period"].iloc[0]))
    lines: dict[_Line, None] = {}
    sizes: dict[Key, float] = {}
    for level in (*hierarchy.levels, NATION):
        units = units_of(hierarchy, level)
        grid = make_grid(readings, level, units, columns)
        least = np.where(grid.known, grid.n, np.inf).min(axis=1)
        sizes |= {
            (level, unit.name): float(n)
            for unit, n in zip(units, least, strict=True)
            if np.isfinite(n)
        }
        if level == NATION:
            break
        above, parents = parents_of(hierarchy, level)
        held = weighing(hierarchy, level, period, grid.surveyed)
        counts = np.array([share is not None and share.value > 0 for share in held])
        for column in np.unique((grid.known & counts[:, None]).T, axis=0):
            for at in np.unique(parents[column]).tolist():
                rows = np.flatnonzero(column & (parents == at)).tolist()
                children = tuple((level, units[i].name) for i in rows)
                lines[_Line((above[at].level, above[at].name), children)] = None
    return list(lines), sizes, list(sizes)


def withheld_forms(
    spec: NationSpec,
    hierarchy: Hierarchy,
    readings: Readings,
    withheld: Mapping[Period, Withheld],
) -> dict[tuple[Period, str], str]:
    """Decide which rolling indices of the nation are withheld.

    Parameters
    ----------
    spec : NationSpec
        Its published form is the last to go.
    hierarchy : Hierarchy
    readings : mapping of Period -> DataFrame
        Unsuppressed `READINGS` of every quarter that is known.
    withheld : mapping of Period -> mapping of (level, unit) -> reason
        What `withheld_units` says of each.

    Returns
    -------
    dict of (Period, form) -> reason

    Notes
    -----
    Each quarter's national reading and each rolling index is an equation in the sectors' readings.
    They are gone through in order of time; an index whose equation, with all before it, would
    determine a sector's reading that is withheld is withheld itself.
    """
    pool = gather(hierarchy, {at: table for at, table in readings.items() if not table.empty})
    level = hierarchy.levels[-1]
    names = [unit.name for unit in hierarchy.of_level(level)]
    hidden = np.array(
        [
            (level, names[unit]) in withheld.get(pool.periods[quarter], {})
            for quarter, unit in zip(pool.quarter.tolist(), pool.unit.tolist(), strict=True)
        ],
        dtype=bool,
    )
    found: dict[tuple[Period, str], str] = {}
    if not hidden.any():
        return found
    known = [np.zeros((0, int(hidden.sum()))) for _ in pool.columns]
    forms = sorted(NATIONAL_FORMS, key=lambda form: form != spec.form)
    for period in pool.periods:
        if (NATION, NATION) not in withheld.get(period, {}):
            own = coefficients(pool, "pooled", period, 1).coefficients
            known = _with(known, own[hidden])
        for form in forms:
            made = coefficients(pool, form, period, spec.window).coefficients
            tried = _with(known, made[hidden])
            free = [pool.known[hidden, b] for b in range(len(pool.columns))]
            if any(determined(rows, use).any() for rows, use in zip(tried, free, strict=True)):
                found[period, form] = FORM
            else:
                known = tried
    return found


def _with(known: list[Floats], rows: Floats) -> list[Floats]:
    return [np.vstack([own, rows[:, b]]) for b, own in enumerate(known)]


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


def blank(table: pd.DataFrame, withheld: Withheld, lowest: str = "") -> pd.DataFrame:
    """Take withheld units' numbers out of a table.

    Parameters
    ----------
    table : DataFrame
        With columns ``level`` and ``unit`` (and ``other``), or ``group`` (and ``other``).
    withheld : mapping of (level, unit) -> reason
    lowest : str
        The level that groups are units of, for tables of companies.

    Returns
    -------
    DataFrame
        Every number but counts and the confidence level is empty and `note` says why. A table
        without notes loses the rows: a number gone without a reason would be taken for a mistake.

    Raises
    ------
    ValueError
        If the table names neither.
    """
    reasons = _reasons(table, withheld, lowest)
    at = reasons != ""
    if not at.any():
        return table
    if "note" not in table.columns:
        kept: pd.DataFrame = table.loc[~at].reset_index(drop=True)
        return kept
    return _emptied(table, reasons)


def blank_forms(table: pd.DataFrame, forms: Mapping[tuple[Period, str], str]) -> pd.DataFrame:
    """Take withheld rolling indices out of a table of them.

    Parameters
    ----------
    table : DataFrame
        `acsi_sem.tables.national.NATIONAL`.
    forms : mapping of (Period, form) -> reason
        See `withheld_forms`.

    Returns
    -------
    DataFrame
        Numbers are empty and `note` says why.
    """
    told = {(str(period), form): reason for (period, form), reason in forms.items()}
    keys = zip(table["period"].tolist(), table["form"].tolist(), strict=True)
    return _emptied(table, np.array([told.get(key, "") for key in keys], dtype=object))


def _emptied(table: pd.DataFrame, reasons: NDArray[np.object_]) -> pd.DataFrame:
    at = reasons != ""
    blanked = table.copy()
    for name in blanked.columns:
        if name != "conf_level" and pd.api.types.is_float_dtype(blanked[name]):
            blanked.loc[at, name] = np.nan
    if "tied" in blanked.columns:
        blanked.loc[at, "tied"] = ""
    blanked.loc[at, "note"] = reasons[at]
    return blanked


def _reasons(table: pd.DataFrame, withheld: Withheld, lowest: str) -> NDArray[np.object_]:
    if "unit" in table.columns and "level" in table.columns:
        levels, names = table["level"].tolist(), ["unit"]
    elif "group" in table.columns and lowest:
        levels, names = [lowest] * len(table), ["group"]
    else:
        raise ValueError("a table of units names level and unit, or group and the level of groups")
    names += ["other"] if "other" in table.columns else []
    found = np.full(len(table), "", dtype=object)
    for name in reversed(names):
        for i, key in enumerate(zip(levels, table[name].tolist(), strict=True)):
            found[i] = withheld.get(key, found[i])
    return found
