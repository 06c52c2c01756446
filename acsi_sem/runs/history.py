"""The history of a nation: what was published in every period, by us and before us."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pandas as pd

from acsi_sem.errors import DataError, Problem
from acsi_sem.runs.history_import import (
    FOLDER,
    READING,
    parse_history,
    read_bytes,
    store_folder,
)
from acsi_sem.runs.store import Store
from acsi_sem.spec.hierarchy import NATION
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Study
from acsi_sem.tables.national import HISTORY
from acsi_sem.tables.schema import make_table, records

_COPIED: Final = ("period", "index", "std_error", "conf_low", "conf_high", "conf_level", "note")
_NAMED: Final = ("level", "unit", "parent", "construct", "form", "engine")
_ORDER: Final = ("series", "level", "unit", "construct", "form", "source", "period")
_OWN: Final = ("readings", "national")
QUARTER: Final = "quarter"
"""Form of the nation's reading of one quarter, beside those of its rolling index."""

_DIGITS: Final = re.compile(r"(\d+)")


def load_history(study: Study, until: Period | None = None) -> pd.DataFrame:
    """Read all readings: our own of every period and revision, and those published elsewhere.

    Parameters
    ----------
    study : Study
        With a part `run`.
    until : Period, optional
        Our own readings of later periods are left out.

    Returns
    -------
    DataFrame
        Columns of `HISTORY`, sorted. Our own have the study's name as `series`, the engine as
        `source` and the revision as `vintage`: every revision up to the current one, as it was
        published, so with what was withheld blank.

    Raises
    ------
    DataError
        If a file of history is not valid, two of them tell the same reading differently, or a
        published table is missing or was changed.
    UsageError
        If a file that the study names cannot be read.
    """
    store = Store(store_folder(study))
    own = [
        own_history(study, tables["readings"], tables["national"], number)
        for period in store.published()
        if until is None or period <= until
        for number, tables in _revisions(store, period)
    ]
    return join_histories([*own, *_elsewhere(study, store.root)])


def own_history(
    study: Study, readings: pd.DataFrame, national: pd.DataFrame, revision: int
) -> pd.DataFrame:
    """Turn a period's own tables into history.

    Parameters
    ----------
    study : Study
    readings, national : DataFrame
        Columns of `READINGS` and `NATIONAL`, as published.
    revision : int
        Of the period, from 1.

    Returns
    -------
    DataFrame
        Columns of `HISTORY`; `break` is 1 in the first period after one, and the note says why.
        `form` is the form of the nation's rolling index, `QUARTER` for its reading of the one
        quarter, and empty for other units.
    """
    companies = readings.assign(form=readings["level"].eq(NATION).map({True: QUARTER, False: ""}))
    nation = national.assign(level=NATION, unit=NATION, parent="")
    rows = pd.concat([part[[*_COPIED, *_NAMED]] for part in (companies, nation)])
    made = rows.reset_index(drop=True).rename(columns={"engine": "source"})
    made = made.assign(series=study.name, vintage=f"r{revision}", doubtful=0.0, baseline=0.0)
    made["break"] = 0.0
    for found in study.nation.breaks if study.nation else ():
        hit = made["period"].eq(found.period) & (made["unit"].eq(found.series) | (not found.series))
        made.loc[hit, "break"] = 1.0
        before = made.loc[hit, "note"]
        made.loc[hit, "note"] = before.where(before.eq(""), before + "; ") + found.reason
    return pd.concat([make_table(HISTORY, []), made])[list(HISTORY.columns)]


def join_histories(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put histories into one, sorted; the same row twice is kept once.

    Raises
    ------
    DataError
        If two parts tell the same reading differently.
    """
    table = pd.concat([make_table(HISTORY, []), *parts]).drop_duplicates(ignore_index=True)
    twice = table[table.duplicated(list(READING))]
    if len(twice):
        raise DataError([_conflict(row) for row in records(twice)])
    ages = {name: age for age, name in enumerate(sorted(table["vintage"].unique(), key=natural))}
    table["_age"] = table["vintage"].map(ages)
    ordered = table.sort_values([*_ORDER, "_age"], kind="stable", ignore_index=True)
    return ordered.drop(columns="_age")


def current_vintages(history: pd.DataFrame) -> pd.DataFrame:
    """Keep the latest vintage of every reading.

    Parameters
    ----------
    history : DataFrame
        Sorted as `load_history` does it: vintages in natural order, r2 before r10.

    Returns
    -------
    DataFrame
    """
    key = [name for name in READING if name != "vintage"]
    return history.drop_duplicates(key, keep="last").reset_index(drop=True)


def revision_tables(store: Store, period: Period, number: int) -> dict[str, Path]:
    """Return the published Parquet tables of a revision by name; nothing of ``internal/``.

    Raises
    ------
    DataError
        If the revision has no manifest.
    """
    folder = store.revision(period, number)
    names = [str(name) for name in store.manifest(period, number)["files"]]
    public = [name for name in names if not name.startswith("internal/")]
    found = {Path(name).stem: folder / name for name in public if name.endswith(".parquet")}
    return dict(sorted(found.items()))


def published_revisions(store: Store) -> tuple[tuple[Period, int, bool], ...]:
    """Return period, number and whether it is current, of every revision that was published.

    One that a crash left complete but not current has never been published.
    """
    found = []
    for period in store.published():
        current = store.current(period)
        last = current.revision if current else 0
        found += [(period, n, n == last) for n in store.revisions(period) if n <= last]
    return tuple(found)


def _revisions(store: Store, period: Period) -> Iterator[tuple[int, dict[str, pd.DataFrame]]]:
    for found, number, _ in published_revisions(store):
        if found == period:
            yield number, {name: _table(store, period, number, name) for name in _OWN}


def _table(store: Store, period: Period, number: int, name: str) -> pd.DataFrame:
    """Read a published table, held against the manifest's hash."""
    folder = store.revision(period, number)
    path = revision_tables(store, period, number).get(name, folder / f"{name}.parquet")
    expected = store.manifest(period, number)["files"].get(path.relative_to(folder).as_posix())
    data = path.read_bytes() if path.is_file() else None
    if data is None or hashlib.sha256(data).hexdigest() != expected:
        got = "no such file" if data is None else "one that was changed since"
        remedy = "restore the store from a copy; published files are never edited"
        raise DataError(Problem(str(path), "", "the table that was published", got, remedy))
    return pd.read_parquet(io.BytesIO(data))


def _elsewhere(study: Study, root: Path) -> Iterator[pd.DataFrame]:
    """Read what was imported, and what the study names; the same bytes once."""
    named = [Path(study.folder) / name for name in (study.run.history if study.run else ())]
    seen = set()
    for path in [*sorted((root / FOLDER).glob("*.csv")), *named]:
        data = read_bytes(path)
        digest = hashlib.sha256(data).hexdigest()
        if digest not in seen:
            yield parse_history(data, str(path))
        seen.add(digest)


def _conflict(row: dict[Any, Any]) -> Problem:
    told = ", ".join(str(row[name]) for name in READING if row[name])
    remedy = "remove one of the files, or give the newer edition another vintage"
    return Problem("history", told, "one value for a reading", "two that differ", remedy)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts numbers within text by their value.

    Examples
    --------
    >>> sorted(["r10", "r2", "2008Q2", "2008"], key=natural)
    ['2008', '2008Q2', 'r2', 'r10']
    """
    parts = [part for part in _DIGITS.split(text) if part]
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)
