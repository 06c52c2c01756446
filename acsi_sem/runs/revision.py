"""What a new revision of a period changed in the numbers that were published."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from acsi_sem.spec.hierarchy import NATION
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import NATIONAL, READINGS, REVISIONS
from acsi_sem.tables.schema import Schema, make_table, records

COMPARED: Final[tuple[tuple[Schema, tuple[str, ...]], ...]] = (
    (READINGS, ("period", "level", "unit", "engine", "construct")),
    (NATIONAL, ("period", "form", "engine", "construct")),
)
"""The tables compared, and the columns that say which row is which."""
PUBLISHED: Final = "published"
DECIMALS: Final = 1
"""Of published scores, at most."""
_Rows = dict[tuple[str, ...], dict[str, Any]]


def revision_table(
    period: Period, before: Mapping[str, pd.DataFrame], after: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Compare the published tables of two revisions, without any tolerance.

    Parameters
    ----------
    period : Period
    before, after : mapping of name -> DataFrame
        ``readings`` and ``national``, as published (what is withheld is blank).

    Returns
    -------
    DataFrame
        `REVISIONS`: one row per number that is not what it was, in the order of the new tables;
        `moved` is in the number's own unit, of a published score in the decimals that it is
        shown with, and empty where there was or is none, which `note`
        says. `measure` is the column; for the nation's rolling index ``index (pooled)``.

    Examples
    --------
    >>> row = {"period": "2026Q3", "level": "company", "unit": "A", "engine": "pls",
    ...        "construct": "satisfaction", "index": 70.0}
    >>> old, new = (make_table(READINGS, [row | {"index": at}]) for at in (70.0, 71.5))
    >>> nation = make_table(NATIONAL, [])
    >>> found = revision_table(Period(2026, 3), {"readings": old, "national": nation},
    ...                        {"readings": new, "national": nation})
    >>> found[["unit", "measure", "before", "after", "moved"]].values.tolist()
    [['A', 'index', 70.0, 71.5, 1.5]]
    """
    rows: list[dict[str, object]] = []
    for schema, keys in COMPARED:
        rows += _moves(schema, keys, before[schema.name], after[schema.name])
    return make_table(REVISIONS, [{"period": str(period), **row} for row in rows])


def read_compared(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of a published revision that a new one is compared with."""
    return {
        schema.name: pd.read_parquet(folder / f"{schema.name}.parquet") for schema, _ in COMPARED
    }


def _moves(
    schema: Schema, keys: tuple[str, ...], before: pd.DataFrame, after: pd.DataFrame
) -> Iterator[dict[str, object]]:
    old, new = _by_key(before, keys), _by_key(after, keys)
    measures = [name for name, type_ in schema.columns.items() if type_ != "text"]
    for key in [*new, *(key for key in old if key not in new)]:
        row = {"table": schema.name, **_names(dict(zip(keys, key, strict=True)))}
        form = row.pop("form", "")
        for measure in measures:
            found = _move(old.get(key), new.get(key), measure)
            if found is not None:
                yield {**row, "measure": f"{measure} ({form})" if form else measure, **found}


def _by_key(table: pd.DataFrame, keys: tuple[str, ...]) -> _Rows:
    return {tuple(str(row[name]) for name in keys): row for row in records(table)}


def _names(key: dict[str, str]) -> dict[str, str]:
    """Return which unit a key means; rolling indices are the nation's."""
    key.pop("period")
    return key if "unit" in key else {"level": NATION, "unit": NATION, **key}


def _move(
    old: dict[str, Any] | None, new: dict[str, Any] | None, measure: str
) -> dict[str, object] | None:
    """Return what became of a number; None when it is what it was."""
    before, after = (math.nan if row is None else float(row[measure]) for row in (old, new))
    blank = (math.isnan(before), math.isnan(after))
    if all(blank) or before == after:
        return None
    note = ""
    if any(blank):
        note = "new row" if old is None else "row gone" if new is None else ""
        note = note or ("blank before" if blank[0] else "blank now")
    moved = after - before
    if measure == PUBLISHED:  # the difference of two decimals is none in binary
        moved = round(moved, DECIMALS)
    return {"before": before, "after": after, "moved": moved, "note": note}
