"""Publishing to SQLite and to a real PostgreSQL server by the same code."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres_server import PASSWORD, engine_of, new_database
from publish_cases import (
    HOSTILE,
    add_revision,
    ask,
    breaking_after,
    content,
    make_study,
    publish,
    readings,
    schema_digest,
)

from acsi_sem.errors import DataError, UsageError
from acsi_sem.runs import database_rows
from acsi_sem.runs.database import STEPS, Database
from acsi_sem.runs.database_address import read_address
from acsi_sem.runs.database_tables import PUBLISHED, Layout, make_layout
from acsi_sem.tables.national import READINGS
from acsi_sem.tables.schema import make_table

# What version 1 of the tables has. Columns that change need a step in acsi_sem.runs.database.STEPS
# for the databases that are out there; renew this digest together with it, never alone.
COLUMNS_OF_VERSION = (1, "67e72eec608f7726")


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    return f"sqlite:///{tmp_path / 'team.db'}" if request.param == "sqlite" else new_database()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study with one published period."""
    path = make_study(tmp_path / "study")
    add_revision(path, "2026Q2", 1)
    return path


def test_every_value_arrives_as_it_is(study: Path, address: str) -> None:
    assert publish(study, address) == [("2026Q2", 1, "new")]
    found = ask(address, "SELECT * FROM acsi_current_readings ORDER BY line")
    names = ["study", *make_layout().outputs["readings"].columns.keys()]
    rows = [dict(zip(names, row, strict=True)) for row in found]
    assert [row["line"] for row in rows] == [1, 2, 3]
    for row, given in zip(rows, readings("2026Q2"), strict=True):
        assert (row["study"], row["period"], row["revision"]) == ("nation", "2026Q2", 1)
        for name, type_ in READINGS.columns.items():
            empty: object = "" if type_ == "text" else None
            assert row[name] == given.get(name, empty), name
    assert rows[2]["unit"] == HOSTILE
    assert ask(address, "SELECT unit FROM acsi_readings WHERE unit = 'SECRET'") == []
    # The table has no period of its own; the run's stands in.
    query = 'SELECT period, revision, "group", estimate FROM acsi_current_estimates'
    assert ask(address, query) == [("2026Q2", 1, "A", 0.0)]


def test_again_changes_nothing(study: Path, address: str) -> None:
    publish(study, address)
    before = content(address)
    assert publish(study, address) == [("2026Q2", 1, "already there")]
    assert publish(study, address, period="2026Q2") == [("2026Q2", 1, "already there")]
    # Tables hold their run's number and the moment it was written, so a rewrite would show.
    assert content(address) == before


def test_a_revision_takes_the_place_of_the_one_before(study: Path, address: str) -> None:
    publish(study, address)
    add_revision(study, "2026Q2", 2, shift=1.0)
    assert publish(study, address) == [("2026Q2", 2, "new")]
    runs = "SELECT revision, is_current, reason FROM acsi_run ORDER BY revision"
    assert ask(address, runs) == [(1, False, ""), (2, True, "late interviews")]
    assert ask(address, "SELECT DISTINCT revision FROM acsi_current_readings") == [(2,)]
    assert len(ask(address, "SELECT line FROM acsi_readings")) == 6


def test_all_publishes_every_revision_of_every_period(study: Path, address: str) -> None:
    add_revision(study, "2026Q2", 2, shift=1.0)
    add_revision(study, "2026Q3", 1)
    everything = [("2026Q2", 2, "new"), ("2026Q2", 1, "new"), ("2026Q3", 1, "new")]
    assert publish(study, address, period="all") == everything
    current = "SELECT period, revision FROM acsi_run WHERE is_current ORDER BY period"
    assert ask(address, current) == [("2026Q2", 2), ("2026Q3", 1)]
    assert {state for _, _, state in publish(study, address, period="all")} == {"already there"}


def test_the_store_decides_which_is_current(study: Path, address: str) -> None:
    pointer = study.parent / "store" / "periods" / "2026Q2" / "CURRENT"
    first = pointer.read_bytes()
    add_revision(study, "2026Q2", 2, shift=1.0)
    publish(study, address, period="all")
    pointer.write_bytes(first)
    assert publish(study, address) == [("2026Q2", 1, "made current")]
    assert ask(address, "SELECT revision FROM acsi_run WHERE is_current") == [(1,)]


def test_a_store_made_anew_replaces(study: Path, address: str, tmp_path: Path) -> None:
    publish(study, address)
    other = make_study(tmp_path / "other")
    add_revision(other, "2026Q2", 1, shift=5.0)
    assert publish(other, address) == [("2026Q2", 1, "replaced")]
    assert ask(address, "SELECT estimate FROM acsi_current_estimates") == [(5.0,)]
    assert len(ask(address, "SELECT line FROM acsi_readings")) == 3


def test_studies_do_not_touch_each_other(study: Path, address: str, tmp_path: Path) -> None:
    publish(study, address)
    other = make_study(tmp_path / "other")
    other.write_text(other.read_text("utf-8").replace("name: nation", "name: region"), "utf-8")
    add_revision(other, "2026Q2", 1, shift=5.0)
    assert publish(other, address) == [("2026Q2", 1, "new")]
    query = "SELECT study, estimate FROM acsi_current_estimates ORDER BY study"
    assert ask(address, query) == [("nation", 0.0), ("region", 5.0)]


@pytest.mark.parametrize("good", [0, 2])
def test_a_failure_half_way_leaves_the_old_state(
    study: Path, address: str, monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    publish(study, address)
    before = content(address)
    add_revision(study, "2026Q2", 2, shift=1.0)

    def fault() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        broken = breaking_after(database_rows.write_rows, good, fault)
        patch.setattr(database_rows, "write_rows", broken)
        with pytest.raises(KeyboardInterrupt):
            publish(study, address)
    assert content(address) == before
    assert publish(study, address) == [("2026Q2", 2, "new")]


def test_a_failure_at_first_leaves_no_tables(
    study: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault() -> None:
        raise KeyboardInterrupt

    broken = breaking_after(database_rows.write_rows, 1, fault)
    monkeypatch.setattr(database_rows, "write_rows", broken)
    with pytest.raises(KeyboardInterrupt):
        publish(study, address)
    assert content(address) == {}


def test_publishers_at_once_take_turns(study: Path, address: str) -> None:
    together = threading.Barrier(4)
    found: list[tuple[str, int, str]] = []

    def one() -> None:
        together.wait()
        found.extend(publish(study, address))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(state for _, _, state in found) == [*["already there"] * 3, "new"]
    assert len(ask(address, "SELECT line FROM acsi_readings")) == 3


def test_a_dry_run_changes_nothing(study: Path, address: str) -> None:
    assert publish(study, address, dry_run=True) == [("2026Q2", 1, "new")]
    if address.startswith("sqlite"):
        assert not Path(address.removeprefix("sqlite:///")).exists()
    assert content(address) == {}
    publish(study, address)
    before = content(address)
    add_revision(study, "2026Q2", 2, shift=1.0)
    add_revision(study, "2026Q3", 1)
    would = [("2026Q2", 2, "new"), ("2026Q2", 1, "already there"), ("2026Q3", 1, "new")]
    assert publish(study, address, period="all", dry_run=True) == would
    assert content(address) == before


def add_remark(connection: sa.Connection, layout: Layout) -> None:
    """A step to a version that is yet to come."""
    connection.exec_driver_sql(f"ALTER TABLE {layout.runs.name} ADD COLUMN remark TEXT")


def fail(connection: sa.Connection, layout: Layout) -> None:
    """A step that breaks."""
    add_remark(connection, layout)
    raise RuntimeError


def versions(address: str) -> list[tuple[object, ...]]:
    """Return the versions that a database has been through."""
    return ask(address, "SELECT version FROM acsi_schema ORDER BY version")


def test_older_tables_are_brought_up_to_date_once(study: Path, address: str) -> None:
    publish(study, address)
    assert versions(address) == [(1,)]
    before = content(address)
    broken = Database(read_address(address, "", {}), [fail])
    with pytest.raises(RuntimeError), broken.writing() as connection:
        broken.prepare(connection)
    assert content(address) == before
    newer = Database(read_address(address, "", {}), [add_remark])
    for _ in range(2):
        with newer.writing() as connection:
            newer.prepare(connection)
    assert versions(address) == [(1,), (2,)]
    assert ask(address, "SELECT revision, remark FROM acsi_run") == [(1, None)]
    # This program is older than those tables now.
    for dry_run in (False, True):
        with pytest.raises(UsageError, match="version 1 or older, got version 2"):
            publish(study, address, dry_run=dry_run)


def test_a_new_database_needs_no_steps(address: str) -> None:
    database = Database(read_address(address, "", {}), [fail])
    with database.writing() as connection:
        database.prepare(connection)
    assert versions(address) == [(2,)]


def test_changed_columns_need_a_new_version() -> None:
    assert (1 + len(STEPS), schema_digest(PUBLISHED)) == COLUMNS_OF_VERSION


def test_tables_of_others_are_not_taken_over(study: Path, address: str) -> None:
    with engine_of(address).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE acsi_warnings (mine TEXT)")
    with pytest.raises(UsageError, match=r"acsi_warnings.* already exists") as raised:
        publish(study, address)
    assert PASSWORD not in str(raised.value)
    assert list(content(address)) == ["acsi_warnings"]


def test_a_changed_file_is_not_published(study: Path, address: str) -> None:
    folder = study.parent / "store" / "periods" / "2026Q2" / "r1"
    (folder / "readings.parquet").write_bytes((folder / "changes.parquet").read_bytes())
    (folder / "estimates.parquet").unlink()
    with pytest.raises(DataError) as raised:
        publish(study, address)
    assert [problem.got for problem in raised.value.problems] == ["none", "another file"]
    assert content(address) == {}


def test_columns_of_a_newer_run_are_refused_and_an_older_run_has_unknowns(
    study: Path, address: str
) -> None:
    table = make_table(READINGS, readings("2026Q3"))
    add_revision(study, "2026Q3", 1, tables={"readings": table.assign(extra=1.0)})
    with pytest.raises(DataError, match="columns of readings, got extra"):
        publish(study, address, period="2026Q3")
    older = table.drop(columns=["std_error", "note"])
    add_revision(study, "2026Q4", 1, tables={"readings": older})
    publish(study, address, period="2026Q4")
    query = "SELECT DISTINCT std_error, note FROM acsi_readings"
    assert ask(address, query) == [(None, "")]
