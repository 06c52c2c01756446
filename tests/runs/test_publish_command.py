"""`acsi-sem publish`: its addresses, its refusals and what it prints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import typer
from publish_cases import add_revision, ask, make_study, publish
from typer.testing import CliRunner

from acsi_sem.cli.publish import publish as command
from acsi_sem.errors import AcsiError, DataError, UsageError
from acsi_sem.runs.database_address import read_address
from acsi_sem.runs.publish import PublishCommand, run_publish


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study with one published period."""
    path = make_study(tmp_path / "study")
    add_revision(path, "2026Q2", 1)
    return path


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            "postgresql://me:a%40b@db.example.org:5433/acsi",
            "postgresql://me@db.example.org:5433/acsi",
        ),
        ("postgres://db/acsi?password=secret", "postgresql://db/acsi"),
        ("postgresql+psycopg:///acsi?host=/run/postgresql", "postgresql:///acsi"),
        ("sqlite:///team.db", "sqlite:///team.db"),
        ("env:DB", "postgresql://me@db/acsi"),
    ],
)
def test_addresses(address: str, shown: str) -> None:
    found = read_address(address, "", {"DB": "postgresql://me:secret@db/acsi"})
    assert found.shown == shown
    assert found.url.drivername in ("postgresql+psycopg", "sqlite")


@pytest.mark.parametrize(
    ("address", "schema", "expected"),
    [
        ("secret", "", "postgresql://USER"),
        ("postgresql://me:se:cret@db:port/acsi", "", "postgresql://USER"),
        ("postgresql://me:p@secret@db/acsi", "", "write @ in a password as %40"),
        ("mysql://me:secret@db/acsi", "", "got mysql://"),
        ("sqlite://", "", "three slashes"),
        ("sqlite:///:memory:", "", "three slashes"),
        ("sqlite:///team.db?secret=1", "", "leave them out"),
        ("sqlite:///team.db", "team", "leave out --schema"),
        ("env:NOWHERE", "", "environment variable NOWHERE"),
        ("env:", "", "environment variable"),
        ("postgresql://me:secret@db/acsi", "pg_mine", "not beginning with pg_"),
        ("postgresql://me:secret@db/acsi", 'a"; DROP', "lower-case letters"),
    ],
)
def test_addresses_that_are_refused_are_not_repeated(
    address: str, schema: str, expected: str
) -> None:
    with pytest.raises(UsageError) as raised:
        read_address(address, schema, {})
    assert expected in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "cret" not in str(raised.value)


def test_what_a_server_says_is_masked() -> None:
    address = read_address("postgresql://me:p%40ss@db/acsi?sslpassword=other", "", {})
    assert address.masked("cannot use p@ss or other") == "cannot use *** or ***"


def test_options_that_the_driver_does_not_know_are_told(study: Path) -> None:
    with pytest.raises(UsageError, match="a database that takes the tables"):
        publish(study, "postgresql://me@127.0.0.1:1/acsi?colour=red")


def test_a_folder_that_is_not_there(study: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unable to open database file"):
        publish(study, f"sqlite:///{tmp_path}/none/team.db")


def test_a_file_that_is_no_database(study: Path, tmp_path: Path) -> None:
    (tmp_path / "team.db").write_bytes(b"something else " * 100)
    for dry_run in (True, False):
        with pytest.raises(UsageError, match="file is not a database"):
            publish(study, f"sqlite:///{tmp_path / 'team.db'}", dry_run=dry_run)


def test_no_store_no_period(study: Path, tmp_path: Path) -> None:
    to = f"sqlite:///{tmp_path / 'team.db'}"
    place = "^acsi-sem publish: --period: expected "
    for period, expected in (
        ("2026Q3", "a published period, got 2026Q3; there is 2026Q2"),
        ("2026", "a quarter such as 2026Q3, current or all, got '2026'"),
    ):
        with pytest.raises(UsageError, match=place + expected):
            publish(study, to, period=period)
    empty = make_study(tmp_path / "empty")
    with pytest.raises(UsageError, match="a store of published runs, got no folder"):
        publish(empty, to)
    (empty.parent / "store").mkdir()
    with pytest.raises(UsageError, match="got nothing published"):
        publish(empty, to)
    text = empty.read_text("utf-8")
    empty.write_text(text.replace("run: {store: store}\n", ""), "utf-8")
    with pytest.raises(UsageError, match="the part `run` with a store"):
        publish(empty, to)
    assert not (tmp_path / "team.db").exists()


@pytest.mark.parametrize("broken", ["CURRENT", "r1/manifest.json"])
def test_a_damaged_store_is_told(study: Path, tmp_path: Path, broken: str) -> None:
    (study.parent / "store" / "periods" / "2026Q2" / broken).write_text("{", encoding="utf-8")
    with pytest.raises(DataError):
        publish(study, f"sqlite:///{tmp_path / 'team.db'}")


@pytest.mark.parametrize("missing", ["sqlalchemy", "psycopg"])
def test_the_extra_is_named_where_it_is_missing(
    study: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in ("acsi_sem.runs.database", "acsi_sem.runs.database_address"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UsageError, match=rf"{missing}, got none; pip install 'acsi-sem\[db\]'"):
        run_publish(PublishCommand(study, "postgresql://db/acsi"), {})


def call(*arguments: object, **environment: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it printed."""
    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, [str(word) for word in arguments], env=environment)
    if isinstance(done.exception, AcsiError):
        return done.exception.exit_code, str(done.exception)
    return done.exit_code, done.output


def test_the_command_line(study: Path, tmp_path: Path) -> None:
    to = f"sqlite:///{tmp_path / 'team.db'}"
    said = f"2026Q2 r1: new\nnothing written to: {to}\n"
    assert call(study, "--to", to, "--dry-run") == (0, said)
    assert call(study, "--to", "env:TEAM", TEAM=to) == (
        0,
        f"2026Q2 r1: new, 5 rows\ndatabase: {to}\n",
    )
    again = f"2026Q2 r1: already there\ndatabase: {to}\n"
    assert call(study, "--to", to, "--period", "all") == (0, again)
    assert len(ask(to, "SELECT line FROM acsi_readings")) == 3
    code, said = call(study, "--to", "env:NOBODY")
    assert (code, "export NOBODY" in said) == (2, True)
