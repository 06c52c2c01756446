"""What differs between two published runs: inputs, versions, numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from acsi_sem.errors import Problem, UsageError
from acsi_sem.report.words import clean
from acsi_sem.runs.scheduled import input_changes, read_inputs
from acsi_sem.runs.store import Store, read_manifest
from acsi_sem.spec.findings import listed
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import NATIONAL_SCHEMAS
from acsi_sem.tables.schema import SCHEMAS

_PERIODS: Final = ("period", "base_period")
_RESULT: Final = "tied"  # a text that is a result, not a name
_SCHEMAS: Final = {schema.name: schema for schema in (*SCHEMAS, *NATIONAL_SCHEMAS)}
_BETWEEN: Final = " / "
_SCORES: Final = ("index", "published", "change", "difference", "rank")
_LIMITS: Final = ("conf_low", "conf_high", "std_error")
_LAST: Final = "freedom"
MOVES: Final = 5
"""Largest moves listed per table."""


@dataclass(frozen=True, slots=True)
class Move:
    """A number that is not what it was.

    Attributes
    ----------
    row : str
        Which row, in words.
    column : str
    before, after : float
    """

    row: str
    column: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class TableDifference:
    """What differs between two tables of the same name.

    Attributes
    ----------
    table : str
    added, removed, changed : int
        Rows; a changed one is in both with another number or note.
    columns : tuple of str
        Columns that only one of them has.
    largest : tuple of Move
        At most `MOVES`: scores first, then limits, degrees of freedom last; of each the largest.
    """

    table: str
    added: int
    removed: int
    changed: int
    columns: tuple[str, ...] = ()
    largest: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two runs.

    Attributes
    ----------
    inputs : tuple of str
        Files, versions and options, one phrase each.
    tables : tuple of TableDifference
        Those that differ.
    reasons : tuple of str
        Why a run is a new revision of its period, where one is.
    """

    inputs: tuple[str, ...]
    tables: tuple[TableDifference, ...]
    reasons: tuple[str, ...] = ()

    def content(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    def lines(self) -> tuple[str, ...]:
        """Return it in words."""
        found = (*self.inputs, *(line for table in self.tables for line in _lines(table)))
        return (*self.reasons, *found) if found else ("no difference",)


def _lines(found: TableDifference) -> Iterator[str]:
    counts = (f"{found.changed} rows changed", f"{found.added} added", f"{found.removed} removed")
    yield f"{found.table}: {', '.join(counts)}"
    if found.columns:
        yield f"  only in one of them: {', '.join(found.columns)}"
    for move in found.largest:
        yield f"  {move.row}: {move.column} {move.before:.6g} -> {move.after:.6g}"


def revision_folder(store: Store, name: str) -> Path:
    """Return the folder that ``2026Q3`` (its current revision) or ``2026Q3/r1`` names.

    Raises
    ------
    UsageError
        If there is none.
    """
    period, _, revision = name.partition("/")
    there: list[str] = []
    with suppress(ValueError):
        quarter = Period.parse(period)
        current = store.current(quarter)
        chosen = revision or (f"r{current.revision}" if current else "")
        there = [f"r{number}" for number in store.revisions(quarter)]
        if chosen in there:
            return store.folder(quarter) / chosen
    expected = "a published period such as 2026Q3, or a revision such as 2026Q3/r1"
    known = [f"{period}/{number}" for number in there] or [str(one) for one in store.published()]
    remedy = f"there is {listed(known, 'and')}" if known else "nothing is published yet"
    raise UsageError(Problem(str(store.root), "", expected, repr(name), remedy))


def diff_runs(before: Path, after: Path) -> Difference:
    """Compare two folders of runs.

    Parameters
    ----------
    before, after : Path
        With manifest and Parquet tables. Runs of two periods are compared row by row too: their
        own period does not tell rows apart.

    Returns
    -------
    Difference

    Raises
    ------
    DataError
        If one has no manifest.
    """
    old, new = read_manifest(before), read_manifest(after)
    names = sorted({path.stem for folder in (before, after) for path in folder.glob("*.parquet")})
    changes = input_changes(_made_of(old), _made_of(new))
    found = (_table(name, *(_read(folder, name) for folder in (before, after))) for name in names)
    tables = tuple(table for table in found if table is not None)
    return Difference(changes, tables, tuple(_reason(one) for one in (old, new) if _reason(one)))


def _reason(manifest: dict[str, Any]) -> str:
    """Return why a run is a new revision, in words; "" where it is none."""
    if not manifest.get("reason"):
        return ""
    return clean(f"{manifest['period']}/r{manifest['revision']}: {manifest['reason']}")


def _made_of(manifest: dict[str, Any]) -> dict[str, str]:
    """Return inputs and versions; runs that are not of a store list versions apart."""
    versions = manifest.get("versions", {})
    listed = {f"package {name}": str(number) for name, number in versions.items()}
    return {**listed, **read_inputs(manifest)}


def _read(folder: Path, name: str) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    return pd.read_parquet(path) if path.is_file() else pd.DataFrame()


def _table(name: str, before: pd.DataFrame, after: pd.DataFrame) -> TableDifference | None:
    """Compare two tables; None where they say the same."""
    keys = _keys(name, before, after)
    old, new = (_by_key(table, keys) for table in (before, after))
    both = [key for key in new.index if key in old.index]
    columns = [column for column in new.columns if column in old.columns]
    left, right = old.loc[both, columns], new.loc[both, columns]
    same = (left == right) | (left.isna() & right.isna())
    added, removed = len(new) - len(both), len(old) - len(both)
    changed = int((~same.all(axis=1)).sum()) if columns else 0
    there = len(before.columns) and len(after.columns)
    alone = tuple(sorted(set(before.columns) ^ set(after.columns))) if there else ()
    if not (added or removed or changed or alone):
        return None
    return TableDifference(name, added, removed, changed, alone, _largest(left, right))


def _keys(name: str, *tables: pd.DataFrame) -> list[str]:
    """Return the columns that tell rows apart: the text columns before the first number."""
    types = _SCHEMAS[name].columns if name in _SCHEMAS else {}
    text = list(takewhile(lambda column: types[column] == "text", types))
    filled = [table for table in tables if len(table.columns)]
    keys = [key for key in text if key != _RESULT and all(key in table for table in filled)]
    own = all(table["period"].nunique() <= 1 for table in filled if "period" in table)
    return [key for key in keys if not (own and key in _PERIODS)]


def _by_key(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Index a table by its key in words; equal keys are told apart by their order."""
    if table.empty:
        return pd.DataFrame(columns=list(table.columns))
    names = table[keys].astype(str).agg(_BETWEEN.join, axis=1) if keys else table.index.astype(str)
    order = pd.Series(list(names)).groupby(list(names)).cumcount()
    index = [f"{name} #{n + 1}" if n else str(name) for name, n in zip(names, order, strict=True)]
    rest = table.drop(
        columns=[*keys, *(name for name in _PERIODS if name in table)], errors="ignore"
    )
    return rest.set_axis(index, axis=0)


def _largest(left: pd.DataFrame, right: pd.DataFrame) -> tuple[Move, ...]:
    columns = sorted((name for name in left.columns if is_numeric_dtype(left[name])), key=_interest)
    before, after = (table[columns].to_numpy(dtype=float) for table in (left, right))
    moved = np.nan_to_num(np.abs(after - before)).ravel()
    kinds = np.tile([_interest(name) for name in columns], len(left))
    order = np.lexsort((-moved, kinds))
    largest = [int(at) for at in order if moved[at] > 0][:MOVES]
    return tuple(
        Move(
            _words(str(left.index[at // len(columns)])),
            str(columns[at % len(columns)]),
            float(before.ravel()[at]),
            float(after.ravel()[at]),
        )
        for at in largest
    )


def _interest(column: str) -> int:
    """Return how early a reader wants a column's moves: scores, limits, the rest."""
    if column == _LAST:
        return 3
    return 0 if column in _SCORES else 1 if column in _LIMITS else 2


def _words(key: str) -> str:
    """Return a row's key without the names that it leaves empty."""
    return _BETWEEN.join(part for part in key.split(_BETWEEN) if part.strip())
