"""`acsi-sem publish`: revisions of a store into a team's database, each whole and once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Literal

from acsi_sem.errors import DataError, Problem, UsageError
from acsi_sem.runs.durable import sha256_of
from acsi_sem.runs.store import MANIFEST, Store, read_manifest
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from acsi_sem.runs.database import Database
    from acsi_sem.runs.database_rows import Known, Run

EVERY: Final = "all"
CURRENT: Final = "current"
State = Literal["new", "replaced", "made current", "already there"]


@dataclass(frozen=True, slots=True)
class PublishCommand:
    """What `acsi-sem publish` was asked.

    Attributes
    ----------
    study : Path
    to : str
        Address of the database, or ``env:VARIABLE``.
    period : str
        A quarter, ``current`` for the current revision of every period, or ``all`` for every
        revision of every period.
    schema : str
        Of PostgreSQL; empty for the user's own.
    dry_run : bool
        Say what would be done.
    """

    study: Path
    to: str
    period: str = CURRENT
    schema: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one revision; `rows` is of those written."""

    period: str
    revision: int
    state: State
    rows: int = 0


@dataclass(frozen=True, slots=True)
class PublishOutcome:
    """Where to, without the password, and what became of each revision."""

    database: str
    revisions: tuple[Published, ...]


def run_publish(command: PublishCommand, environment: Mapping[str, str]) -> PublishOutcome:
    """Publish revisions of a study's store to a database.

    Parameters
    ----------
    command : PublishCommand
    environment : mapping
        Where ``env:VARIABLE`` is looked up.

    Returns
    -------
    PublishOutcome
        A revision that the database has already is left as it is and told so.

    Raises
    ------
    UsageError
        If there is no store, no such period, or the database cannot be used.
    DataError
        If a run folder is not as its manifest says.
    SpecError
        If the study file is not valid.
    """
    study = load_study(command.study)
    store = store_of(study, command.study)
    periods = _wanted(store, command.period)
    database = _open(command, environment)
    publish = _look if command.dry_run else _publish
    done: list[Published] = []
    for period in periods:
        # The current one first: a fault in an older one must not keep it from being published.
        first, latest = publish(database, study.name, store, period, None)
        older = range(1, latest) if command.period == EVERY else ()
        done.append(first)
        done += [publish(database, study.name, store, period, number)[0] for number in older]
    return PublishOutcome(database.address.shown, tuple(done))


def _open(command: PublishCommand, environment: Mapping[str, str]) -> Database:
    """Open the database; say which packages that needs where they are missing."""
    try:
        from acsi_sem.runs.database import Database
        from acsi_sem.runs.database_address import read_address

        return Database(read_address(command.to, command.schema, environment))
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("sqlalchemy", "psycopg"):
            raise
        remedy = "pip install 'acsi-sem[db]'"
        raise UsageError(
            Problem("acsi-sem publish", "", f"the package {error.name}", "none", remedy)
        ) from error


def store_of(study: Study, path: Path) -> Store:
    """Return the store of a study.

    Raises
    ------
    UsageError
        If the study names no store, or nothing was published there yet.
    """
    remedy = f"acsi-sem run {path} publishes a period"
    if study.run is None:
        raise UsageError(Problem(str(path), "run", "the part `run` with a store", "none"))
    store = Store(Path(study.folder) / study.run.store)
    if not store.published():
        got = "nothing published" if store.root.is_dir() else "no folder"
        raise UsageError(Problem(str(store.root), "", "a store of published runs", got, remedy))
    return store


def _wanted(store: Store, asked: str) -> tuple[Period, ...]:
    """Return the periods to publish, oldest first."""
    there = store.published()
    if asked in (EVERY, CURRENT):
        return there
    try:
        period = Period.parse(asked)
    except ValueError as error:
        expected = f"a quarter such as 2026Q3, {CURRENT} or {EVERY}"
        raise UsageError(Problem("acsi-sem publish", "--period", expected, repr(asked))) from error
    if period not in there:
        remedy = f"there is {', '.join(map(str, there))}"
        problem = Problem("acsi-sem publish", "--period", "a published period", asked, remedy)
        raise UsageError(problem)
    return (period,)


def _publish(
    database: Database, study: str, store: Store, period: Period, number: int | None
) -> tuple[Published, int]:
    """Publish a revision, the current one by default; return that one's number as well.

    Which one is current is read within the transaction: a publisher that had to wait must not
    put an older revision back in its place.
    """
    from acsi_sem.runs.database_rows import known, make_current, write_run

    layout = database.layout
    with database.writing() as connection:
        database.prepare(connection)
        run, latest = read_run(study, store, period, number)
        old = known(connection, layout, study, run.period, run.revision)
        state = _state(run, old, latest)
        rows = 0
        if state in ("new", "replaced"):
            tables = read_outputs(store.revision(period, run.revision), run.manifest)
            rows = write_run(connection, layout, run, tables)
        if run.revision == latest and state != "already there":
            make_current(connection, layout, study, run.period, latest)
    return Published(run.period, run.revision, state, rows), latest


def _look(
    database: Database, study: str, store: Store, period: Period, number: int | None
) -> tuple[Published, int]:
    """Say what `_publish` would do; a database that is not there yet is not made."""
    from acsi_sem.runs.database_rows import known

    run, latest = read_run(study, store, period, number)
    old: Known | None = None
    if database.exists:
        with database.reading() as connection:
            if database.version_there(connection):
                old = known(connection, database.layout, study, run.period, run.revision)
    return Published(run.period, run.revision, _state(run, old, latest)), latest


def _state(run: Run, old: Known | None, latest: int) -> State:
    """Say what a revision needs."""
    if old is None:
        return "new"
    if (old.run_key, old.manifest_sha256) != (run.run_key, run.manifest_sha256):
        return "replaced"
    return "made current" if run.revision == latest and not old.is_current else "already there"


def read_run(study: str, store: Store, period: Period, number: int | None) -> tuple[Run, int]:
    """Read what a revision is, without its tables, and which one is current.

    Parameters
    ----------
    study : str
        Name of the study.
    store : Store
    period : Period
    number : int or None
        Of the revision; None for the current one.

    Raises
    ------
    DataError
        If the pointer or a manifest is missing or damaged.
    """
    from acsi_sem.runs.database_rows import Run

    current = store.current(period)
    if current is None:
        raise DataError(Problem(str(store.folder(period)), "", "a published period", "none"))
    chosen = number or current.revision
    folder = store.revision(period, chosen)
    manifest = read_manifest(folder)
    key, reason = (str(manifest.get(name) or "") for name in ("run_key", "reason"))
    digest = sha256_of(folder / MANIFEST)
    return Run(study, str(period), chosen, key, reason, manifest, digest), current.revision


def read_outputs(folder: Path, manifest: Mapping[str, object]) -> dict[str, pd.DataFrame]:
    """Read the published tables of a run folder, checked against its manifest.

    Parameters
    ----------
    folder : Path
    manifest : mapping
        Its ``files`` give the SHA-256 of every file; those under ``internal/`` stay where they
        are.

    Returns
    -------
    dict of name -> DataFrame

    Raises
    ------
    DataError
        If a table is missing, changed since, or has columns that this version does not know.
    """
    import pandas as pd

    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for name, path, digest in _listed(folder, manifest):
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != digest:
            got = "another file" if data else "none"
            problems.append(Problem(str(path), "", "the file that the manifest lists", got))
            continue
        tables[name] = pd.read_parquet(BytesIO(data))
        problems += _unknown_columns(name, path, tables[name])
    if problems:
        raise DataError(problems)
    return tables


def _listed(folder: Path, manifest: Mapping[str, object]) -> Iterator[tuple[str, Path, str]]:
    """Yield name, path and digest of each published table that a manifest lists."""
    from acsi_sem.runs.database_tables import PUBLISHED

    files = manifest.get("files")
    if not isinstance(files, dict):
        got = type(files).__name__
        raise DataError(Problem(str(folder / MANIFEST), "files", "names and digests", got))
    names = {schema.name for schema in PUBLISHED}
    for file, digest in files.items():
        path = PurePosixPath(file)
        if path.suffix == ".parquet" and path.stem in names and path.parts[0] != "internal":
            yield path.stem, folder / path, str(digest)


def _unknown_columns(name: str, path: Path, table: pd.DataFrame) -> Iterator[Problem]:
    """Yield what a newer program's table has that the database would lose."""
    from acsi_sem.runs.database_tables import PUBLISHED

    columns = next(schema.columns for schema in PUBLISHED if schema.name == name)
    if unknown := [str(column) for column in table.columns if column not in columns]:
        remedy = "publish with the newer acsi-sem that made it"
        yield Problem(str(path), "", f"the columns of {name}", ", ".join(unknown), remedy)
