"""Readings as arrays: units down, engines and constructs across."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.errors import DataError, Problem
from acsi_sem.kernels.multiple_tests import reach
from acsi_sem.kernels.rollup import Aggregates, Floats, Ints
from acsi_sem.spec.hierarchy import NATION, Hierarchy, Share, Unit
from acsi_sem.spec.periods import Period
from acsi_sem.spec.unit_checks import first_problems, shares_at
from acsi_sem.tables.schema import Schema

Column = tuple[str, str]
"""Engine and construct."""
Texts = NDArray[np.object_]

_DTYPES: Final = {"text": "str", "number": "float64", "count": "int64"}
_EMPTY: Final[dict[str, object]] = {"text": "", "number": np.nan, "count": 0}


@dataclass(frozen=True, slots=True)
class Grid:
    """Readings of the units of a level; arrays of shape (units, columns).

    Attributes
    ----------
    present : ndarray of bool
        Which have a row at all.
    parts : Aggregates
        NaN where there is none; the freedom is infinite where the table says nothing.
    n, n_eff : ndarray
        Zero, and NaN, where there is none.
    """

    present: NDArray[np.bool_]
    parts: Aggregates
    n: Floats
    n_eff: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which readings there are."""
        found: NDArray[np.bool_] = np.isfinite(self.parts.index)
        return found

    @property
    def surveyed(self) -> NDArray[np.bool_]:
        """Which units have a reading in any column, shape (units,)."""
        return np.asarray(self.known.any(axis=1))


def columns_of(*tables: pd.DataFrame) -> tuple[Column, ...]:
    """Return the engines and constructs of readings, in order of appearance."""
    found: dict[Column, None] = {}
    for table in tables:
        found |= dict.fromkeys(_pairs(table))
    return tuple(found)


def _pairs(table: pd.DataFrame) -> Iterator[Column]:
    return zip(table["engine"].tolist(), table["construct"].tolist(), strict=True)


def units_of(hierarchy: Hierarchy, level: str) -> tuple[Unit, ...]:
    """Return the units of a level; the nation is one of its own."""
    if level == NATION:
        return (Unit(NATION, NATION, "", NATION),)
    return hierarchy.of_level(level)


def parents_of(hierarchy: Hierarchy, level: str) -> tuple[tuple[Unit, ...], Ints]:
    """Return the units of the next higher level, and for each unit of a level its place there."""
    at = hierarchy.levels.index(level) + 1
    above = units_of(hierarchy, hierarchy.levels[at] if at < len(hierarchy.levels) else NATION)
    place = {unit.name: i for i, unit in enumerate(above)}
    return above, np.array(
        [place[unit.parent] for unit in hierarchy.of_level(level)], dtype=np.intp
    )


def make_grid(
    readings: pd.DataFrame, level: str, units: Sequence[Unit], columns: Sequence[Column]
) -> Grid:
    """Arrange the readings of a level.

    Parameters
    ----------
    readings : DataFrame
        `acsi_sem.tables.national.READINGS`; other levels' rows are passed over.
    level : str
    units : sequence of Unit
    columns : sequence of (engine, construct)
        Rows of others are passed over.

    Returns
    -------
    Grid

    Raises
    ------
    DataError
        Naming every unit that the hierarchy does not have.
    ValueError
        If a unit has two readings for one engine and construct.
    """
    own = readings[readings["level"] == level]
    place = {column: at for at, column in enumerate(columns)}
    j = np.array([place.get(pair, -1) for pair in _pairs(own)], dtype=np.intp)
    own, j = own[j >= 0], j[j >= 0]
    names = {unit.name: at for at, unit in enumerate(units)}
    i = np.array([names.get(name, -1) for name in own["unit"].tolist()], dtype=np.intp)
    shape = (len(units), len(columns))
    if (i < 0).any():
        raise DataError(_unknown(own[i < 0], level))
    if np.unique(i * shape[1] + j).size != i.size:
        raise ValueError(f"two readings of one {level}, engine and construct")

    def spread(name: str, empty: float) -> Floats:
        values = np.full(shape, empty)
        values[i, j] = own[name].to_numpy(dtype=np.float64)
        return values

    present = np.zeros(shape, dtype=bool)
    present[i, j] = True
    freedom = spread("freedom", np.nan)
    parts = Aggregates(
        spread("index", np.nan),
        spread("std_error", np.nan) ** 2,
        np.where(np.isnan(freedom), np.inf, freedom),
    )
    return Grid(present, parts, spread("n", 0.0), spread("n_eff", np.nan))


def _unknown(readings: pd.DataFrame, level: str) -> list[Problem]:
    rows = readings[["period", "unit"]].drop_duplicates()
    remedy = "keep the row of a unit that is gone, with a share of 0 from then on"
    return first_problems(
        [
            Problem(f"readings of {period}", f"{level} {unit}", "a unit", "no such unit", remedy)
            for period, unit in zip(rows["period"].tolist(), rows["unit"].tolist(), strict=True)
        ]
    )


def weighing(
    hierarchy: Hierarchy, level: str, period: Period, surveyed: NDArray[np.bool_]
) -> list[Share | None]:
    """Return the share of each unit of a level, in file order.

    Parameters
    ----------
    hierarchy : Hierarchy
    level : str
    period : Period
    surveyed : ndarray of bool, shape (units,)
        Which must have one.

    Raises
    ------
    DataError
        Naming every unit that has a reading and no share on the period's last day.
    """
    held = shares_at(hierarchy, level, period)
    units = hierarchy.of_level(level)
    problems = [
        Problem(
            hierarchy.sha256[-1][0] if hierarchy.sha256 else "shares",
            f"{level} {unit.name}",
            f"a share that holds on {period.last_day}",
            "none",
            "add one, or extend valid_to of the last",
        )
        for unit, needed in zip(units, surveyed.tolist(), strict=True)
        if needed and unit.name not in held
    ]
    if problems:
        raise DataError(first_problems(problems))
    return [held.get(unit.name) for unit in units]


def interval(parts: Aggregates, level: float) -> dict[str, Floats]:
    """Return the standard error and limit columns of estimates."""
    std_error = np.sqrt(parts.variance)
    half = reach(level, parts.freedom) * std_error
    return {
        "std_error": std_error,
        "freedom": np.where(np.isinf(parts.freedom), np.nan, parts.freedom),
        "conf_low": parts.index - half,
        "conf_high": parts.index + half,
    }


def fill(schema: Schema, rows: int, columns: Mapping[str, object]) -> pd.DataFrame:
    """Build a table from whole columns; one that is absent is empty.

    Parameters
    ----------
    schema : Schema
    rows : int
    columns : mapping of name -> array or scalar

    Raises
    ------
    KeyError
        If a column is none of the schema's.
    """
    if unknown := set(columns) - set(schema.columns):
        raise KeyError(f"{schema.name} has no column {sorted(unknown)}")
    made: dict[str, Any] = {}
    for name, kind in schema.columns.items():
        value: Any = columns.get(name, _EMPTY[kind])
        if isinstance(value, str) or not isinstance(value, Sized):
            value = [value] * rows
        text = kind == "text"
        made[name] = pd.array(value, dtype="str") if text else np.asarray(value, _DTYPES[kind])
    return pd.DataFrame(made, index=pd.RangeIndex(rows))


def joined(*notes: str) -> str:
    """Join what there is to say."""
    return "; ".join(note for note in notes if note)
