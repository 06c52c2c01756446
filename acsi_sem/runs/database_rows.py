"""Writing a revision to a team's database, within a transaction that the caller holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import pandas as pd
import sqlalchemy as sa

from acsi_sem.runs.database_tables import Layout


@dataclass(frozen=True, slots=True)
class Run:
    """A revision as the table ``acsi_run`` has it."""

    study: str
    period: str
    revision: int
    run_key: str
    reason: str
    manifest: Mapping[str, object]
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the database already has of a revision."""

    run_id: int
    run_key: str
    manifest_sha256: str
    is_current: bool


def known(
    connection: sa.Connection, layout: Layout, study: str, period: str, revision: int
) -> Known | None:
    """Return what the database has of a revision; None where it has nothing."""
    runs = layout.runs
    columns = (runs.c.run_id, runs.c.run_key, runs.c.manifest_sha256, runs.c.is_current)
    of_period = _of_period(runs, study, period)
    query = sa.select(*columns).where(of_period, runs.c.revision == revision)
    row = connection.execute(query).one_or_none()
    return None if row is None else Known(*row)


def _of_period(runs: sa.Table, study: str, period: str) -> sa.ColumnElement[bool]:
    return sa.and_(runs.c.study == study, runs.c.period == period)


def write_run(
    connection: sa.Connection, layout: Layout, run: Run, tables: Mapping[str, pd.DataFrame]
) -> int:
    """Put a revision in the place of what the database has of it; return the rows written.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        Within `acsi_sem.runs.database.Database.writing`.
    layout : Layout
    run : Run
        A new one is not current before `make_current`; one that is replaced stays what it was.
    tables : mapping of name -> DataFrame
        Outputs; those that a run does not have get no rows.
    """
    old = known(connection, layout, run.study, run.period, run.revision)
    if old is not None:
        for table in (*layout.outputs.values(), layout.runs):
            connection.execute(table.delete().where(table.c.run_id == old.run_id))
    values = {name: getattr(run, name) for name in Run.__slots__}
    values["is_current"] = old is not None and old.is_current
    inserted = connection.execute(layout.runs.insert().values(values)).inserted_primary_key
    run_id = int(inserted[0]) if inserted else 0
    for name, table_ in tables.items():
        output = layout.outputs[name]
        write_rows(connection, output, rows_of(output, table_, run, run_id))
    return sum(len(table) for table in tables.values())


def make_current(
    connection: sa.Connection, layout: Layout, study: str, period: str, revision: int
) -> None:
    """Make a revision the current one of its period, in the place of any other."""
    runs = layout.runs
    update = runs.update().where(_of_period(runs, study, period))
    connection.execute(update.where(runs.c.is_current).values(is_current=False))
    connection.execute(update.where(runs.c.revision == revision).values(is_current=True))


def write_rows(
    connection: sa.Connection, table: sa.Table, rows: Iterable[tuple[object, ...]]
) -> None:
    """Append rows: by COPY in PostgreSQL, by one prepared statement in SQLite."""
    prepare = connection.dialect.identifier_preparer
    names = ", ".join(prepare.quote(column.name) for column in table.columns)
    target = f"{prepare.format_table(table)} ({names})"
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.columns))
        cursor.executemany(f"INSERT INTO {target} VALUES ({marks})", rows)
        return
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def rows_of(
    output: sa.Table, table: pd.DataFrame, run: Run, run_id: int
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of an output in the columns' order; an unknown number is None.

    Examples
    --------
    >>> from acsi_sem.runs.database_tables import make_layout
    >>> run = Run("demo", "2026Q3", 1, "k", "", {}, "s")
    >>> table = pd.DataFrame({"group": ["A"], "engine": "pls", "measure": "m", "value": [None]})
    >>> list(rows_of(make_layout().outputs["fit_measures"], table, run, 7))
    [(7, 1, '2026Q3', 1, 'A', 'pls', 'm', None)]
    """
    lines = len(table)
    fixed = {"run_id": run_id, "period": run.period, "revision": run.revision}
    columns: list[Iterable[object]] = []
    for column in output.columns:
        if column.name in table:
            columns.append(_values(table[column.name], column))
        elif column.name == "line":
            columns.append(range(1, lines + 1))
        else:
            # A run of an older program may lack a column: its numbers are unknown.
            empty = "" if isinstance(column.type, sa.Text) else None
            columns.append(repeat(fixed.get(column.name, empty), lines))
    return zip(*columns, strict=True)


def _values(series: pd.Series[Any], column: sa.Column[Any]) -> list[object]:
    """Return a column as Python has its values."""
    if isinstance(column.type, sa.Text):
        texts = series.astype("object")
        return [str(text) for text in texts.where(texts.notna(), "").tolist()]
    whole = isinstance(column.type, sa.BigInteger)
    numbers = series.astype("Int64" if whole else "float64")
    return [None if gone else n for gone, n in zip(numbers.isna(), numbers.tolist(), strict=True)]
