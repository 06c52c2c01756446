"""SQL over the published tables: what one may ask of them, and nothing else of the machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from acsi_sem.errors import Problem, UsageError
from acsi_sem.runs.history import load_history, published_revisions, revision_tables
from acsi_sem.runs.history_import import store_folder
from acsi_sem.runs.store import Store
from acsi_sem.spec.study import Study

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HISTORY: Final = "history"
_ADDED: Final = ("period", "revision", "current")
_CONFIG: Final[dict[str, Any]] = {
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
# Last, in this order: nothing outside can be reached, and nothing of it can be changed back.
_LOCKS: Final = (
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
_READS: Final = ("SELECT", "EXPLAIN")
_GLOB: Final = re.compile(r"([*?\[])")

Files = list[tuple[Path, str, int, bool]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a query.

    Attributes
    ----------
    columns : tuple of str
    rows : tuple of tuple
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def query_history(study: Study, sql: str) -> Answer:
    """Ask one question of all published tables in SQL.

    Every table of the revisions is a table here (``readings``, ``national``, ``changes``, …) with
    `period`, `revision` and `current` in front; ``history`` is what `load_history` returns. They
    are copied into memory first; then the connection can reach no file and no network, and only
    a single question is accepted.

    Parameters
    ----------
    study : Study
        With a part `run`.
    sql : str
        One ``SELECT`` (or what reads alike: ``FROM``, ``DESCRIBE``, ``SHOW TABLES``, ``EXPLAIN``).

    Returns
    -------
    Answer

    Raises
    ------
    UsageError
        If it is no single question, or the database refuses it.
    DataError
        If the store or a file of history is damaged.
    """
    import duckdb

    with duckdb.connect(":memory:", config=_CONFIG) as connection:
        try:
            _check(connection, sql)
            _fill(connection, study, sql)
            for lock in _LOCKS:
                connection.execute(lock)
            found = connection.execute(sql)
            columns = tuple(str(column[0]) for column in found.description or ())
            return Answer(columns, tuple(tuple(row) for row in found.fetchall()))
        except duckdb.Error as error:
            raise UsageError(_refused(str(error))) from error


def _check(connection: DuckDBPyConnection, sql: str) -> None:
    """Refuse whatever is not one question; the locks would stop most of it, but late."""
    kinds = [statement.type.name for statement in connection.extract_statements(sql)]
    if len(kinds) != 1 or kinds[0] not in _READS:
        raise UsageError(_refused(" and ".join(kinds) or "nothing"))


def _refused(got: str) -> Problem:
    remedy = "history query only reads; SHOW TABLES lists what there is"
    return Problem("SQL", "", "one SELECT over the published tables", got, remedy)


def _fill(connection: DuckDBPyConnection, study: Study, sql: str) -> None:
    """Copy the tables that the question names into memory; all when it names none."""
    files = _files(Store(store_folder(study)))
    known = [*files, _HISTORY]
    asked = [name for name in known if re.search(rf"\b{re.escape(name)}\b", sql, re.IGNORECASE)]
    for name in asked or known:
        if name == _HISTORY:
            _add_frame(connection, name, load_history(study))
        else:
            _add_files(connection, name, files[name])


def _files(store: Store) -> dict[str, Files]:
    """Return table name -> its files of every published revision, oldest first."""
    found: dict[str, Files] = {}
    for period, number, current in published_revisions(store):
        for name, path in revision_tables(store, period, number).items():
            found.setdefault(name, []).append((path, str(period), number, current))
    return dict(sorted(found.items()))


def _add_files(connection: DuckDBPyConnection, name: str, files: Files) -> None:
    added = ", ".join(f"'{column}'" for column in _ADDED)
    # A column's own `period` says the same; a table written by an older version may lack columns.
    part = (
        "SELECT ?::VARCHAR AS period, ?::INTEGER AS revision, ?::BOOLEAN AS current, "
        f"COLUMNS(lambda name: name NOT IN ({added})) FROM read_parquet(?)"
    )
    parts = " UNION ALL BY NAME ".join([part] * len(files))
    values = [v for path, *told in files for v in (*told, _GLOB.sub(r"[\1]", str(path)))]
    connection.execute(f"CREATE TABLE {_quoted(name)} AS {parts}", values)


def _add_frame(connection: DuckDBPyConnection, name: str, table: pd.DataFrame) -> None:
    connection.register("_given", table)
    connection.execute(f"CREATE TABLE {_quoted(name)} AS SELECT * FROM _given")
    connection.unregister("_given")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
