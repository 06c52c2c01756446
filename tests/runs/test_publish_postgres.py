"""What only a server does: locks, lost connections, schemas, rights, refusals."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres_server import PASSWORD, USER, engine_of, free_port, new_database
from publish_cases import add_revision, ask, breaking_after, content, make_study, publish

from acsi_sem.errors import UsageError
from acsi_sem.runs import database_rows
from acsi_sem.runs.database import LOCK, Database
from acsi_sem.runs.database_address import read_address
from acsi_sem.tables.schema import ESTIMATES, make_table

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def address() -> str:
    """An empty database."""
    return new_database()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study with one published period."""
    path = make_study(tmp_path / "study")
    add_revision(path, "2026Q2", 1)
    return path


def until(found: Callable[[], bool]) -> None:
    """Wait for something that is bound to come."""
    for _ in range(2000):
        if found():
            return
        time.sleep(0.01)
    raise TimeoutError


def test_a_lost_connection_leaves_the_old_state(
    study: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(study, address)
    before = content(address)
    add_revision(study, "2026Q2", 2, shift=1.0)
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    killed: list[int] = []
    broken = breaking_after(
        database_rows.write_rows, 1, lambda: killed.append(len(ask(address, others)))
    )
    with monkeypatch.context() as patch:
        patch.setattr(database_rows, "write_rows", broken)
        with pytest.raises(UsageError, match="a database that takes the tables, got"):
            publish(study, address)
    assert killed == [1]
    assert content(address) == before
    assert publish(study, address) == [("2026Q2", 2, "new")]


def test_who_had_to_wait_publishes_what_is_current_then(study: Path, address: str) -> None:
    publish(study, address)
    found: list[tuple[str, int, str]] = []
    waiting = threading.Thread(target=lambda: found.extend(publish(study, address)))
    with engine_of(address).begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        waiting.start()
        until(lambda: ask(address, WAITING) == [(1,)])
        add_revision(study, "2026Q2", 2, shift=1.0)
    waiting.join()
    assert found == [("2026Q2", 2, "new")]
    assert ask(address, "SELECT revision FROM acsi_run WHERE is_current") == [(2,)]


def test_readers_see_the_old_state_until_the_new_one_is_whole(
    study: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(study, address)
    add_revision(study, "2026Q2", 2, shift=1.0)
    query = "SELECT DISTINCT revision FROM acsi_current_readings"
    seen: list[list[tuple[object, ...]]] = []
    looking = breaking_after(database_rows.write_rows, 0, lambda: seen.append(ask(address, query)))
    monkeypatch.setattr(database_rows, "write_rows", looking)
    publish(study, address)
    assert seen == [[(1,)]] * 3
    assert ask(address, query) == [(2,)]


def test_schemas_are_kept_apart(study: Path, address: str) -> None:
    assert publish(study, address, schema="team_a") == [("2026Q2", 1, "new")]
    assert publish(study, address, schema="team_b") == [("2026Q2", 1, "new")]
    assert publish(study, address, schema="team_a") == [("2026Q2", 1, "already there")]
    assert content(address) == {}
    assert len(ask(address, "SELECT unit FROM team_b.acsi_current_readings")) == 3


def test_a_user_without_rights_is_told(study: Path, address: str) -> None:
    # Databases share their users; these rights are this database's alone.
    with engine_of(address).begin() as connection:
        connection.exec_driver_sql("CREATE ROLE reader LOGIN PASSWORD 'other-pass'")
    reader = address.replace(f"{USER}:{PASSWORD}", "reader:other-pass")
    try:
        with pytest.raises(UsageError, match="permission denied for schema public"):
            publish(study, reader)
        publish(study, address)
        with engine_of(address).begin() as connection:
            connection.exec_driver_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        # Rights to read are enough to look.
        assert publish(study, reader, dry_run=True) == [("2026Q2", 1, "already there")]
    finally:
        with engine_of(address).begin() as connection:
            connection.exec_driver_sql("DROP OWNED BY reader; DROP ROLE reader")


def test_a_look_cannot_write(address: str) -> None:
    database = Database(read_address(address, "", {}))
    with pytest.raises(UsageError, match="read-only"), database.reading() as connection:
        connection.exec_driver_sql("CREATE TABLE mine (a TEXT)")


def test_a_wrong_password_is_refused_and_not_shown(study: Path, address: str) -> None:
    with pytest.raises(UsageError, match="password authentication failed") as raised:
        publish(study, address.replace(PASSWORD, "hunter2"))
    assert "hunter2" not in str(raised.value)
    assert raised.value.exit_code == 2


def test_no_server_is_told(study: Path) -> None:
    port = free_port()
    with pytest.raises(UsageError, match="that the server runs") as raised:
        publish(study, f"postgresql://me:hunter2@127.0.0.1:{port}/acsi")
    assert raised.value.problems[0].where == f"postgresql://me@127.0.0.1:{port}/acsi"
    assert "hunter2" not in str(raised.value)


def test_text_that_the_server_cannot_hold_is_told(study: Path, address: str) -> None:
    table = make_table(ESTIMATES, [{"group": "A\0B"}])
    add_revision(study, "2026Q3", 1, tables={"estimates": table})
    with pytest.raises(UsageError, match="NUL"):
        publish(study, address, period="2026Q3")
    assert content(address) == {}


def test_many_rows(study: Path, address: str) -> None:
    rows = [{"group": f"company {i % 400}", "estimate": i / 7} for i in range(20_000)]
    add_revision(study, "2026Q3", 1, tables={"estimates": make_table(ESTIMATES, rows)})
    publish(study, address, period="2026Q3")
    found = ask(address, "SELECT estimate FROM acsi_estimates ORDER BY line")
    assert [value for (value,) in found] == [row["estimate"] for row in rows]
