"""`acsi-sem history`: SQL that only reads, series as table, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from history_cases import make_study, publish_tables
from typer.testing import CliRunner

from acsi_sem.cli.history import history
from acsi_sem.errors import AcsiError, UsageError
from acsi_sem.runs.history_query import query_history
from acsi_sem.spec.study import Study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Publish two quarters, the second in two revisions, in a folder that looks like a pattern."""
    folder = tmp_path_factory.mktemp("store") / "it's [1] *"
    folder.mkdir()
    study = make_study(folder)
    publish_tables(study, "2025Q4", 1, 0.0)
    publish_tables(study, "2026Q1", 1, 1.0)
    publish_tables(study, "2026Q1", 2, 1.5)
    return study


def test_tables_of_all_revisions_with_their_period(study: Study) -> None:
    sql = (
        'SELECT period, revision, current, round("index", 2) FROM Readings '
        "WHERE unit = 'North' AND engine = 'pls' ORDER BY ALL"
    )
    answer = query_history(study, sql)
    assert answer.columns[:3] == ("period", "revision", "current")
    assert answer.rows == (
        ("2025Q4", 1, True, 71.25),
        ("2026Q1", 1, False, 72.25),
        ("2026Q1", 2, True, 72.75),
    )


def test_what_there_is_and_what_is_unknown(study: Study) -> None:
    assert [row[0] for row in query_history(study, "SHOW TABLES").rows] == [
        "history",
        "national",
        "readings",
    ]
    counted = query_history(
        study,
        "SELECT count(*), count(\"index\") FROM history WHERE series = 'trial' AND unit = 'North'",
    )
    assert counted.rows == ((6, 3),)


def test_tables_can_be_joined(study: Study) -> None:
    sql = (
        "WITH latest AS (FROM national WHERE current) "
        'SELECT r.period, r.unit, r."index" - latest."index" FROM readings r '
        "JOIN latest USING (period) WHERE r.current AND r.engine = 'pls' AND r.unit = 'North' "
        "ORDER BY ALL"
    )
    assert query_history(study, sql).rows == (("2025Q4", "North", 2.25), ("2026Q1", "North", 2.25))


@pytest.mark.parametrize(
    "sql",
    [
        "COPY readings TO '{out}'",
        "COPY (SELECT 1) TO '{out}' (FORMAT parquet)",
        "EXPORT DATABASE '{out}'",
        "ATTACH '{out}' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA database_list",
        "CREATE TABLE mine AS SELECT 1",
        "DROP TABLE readings",
        "UPDATE readings SET period = ''",
        "SELECT 1; SELECT 2",
        "SELECT * FROM readings; COPY readings TO '{out}'",
        "CALL pragma_version()",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'",
        "",
        "SELEKT 1",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM glob('{secret}*')",
        "SELECT * FROM sniff_csv('{secret}')",
        "SELECT * FROM read_parquet('{internal}')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "SELECT * FROM study",
        "SELECT getenv('HOME')",
        "SELECT * FROM secret",
    ],
)
def test_nothing_else_can_be_read_or_written(sql: str, study: Study, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    internal = Path(study.folder, "store/periods/2025Q4/r1/internal/readings.parquet")
    assert internal.is_file()
    out = tmp_path / "out"
    escaped = str(internal).replace("'", "''")
    with pytest.raises(UsageError, match="SQL: expected one SELECT"):
        query_history(study, sql.format(out=out, secret=secret, internal=escaped))
    assert not out.exists()


def call(*arguments: str) -> str:
    """Run a command of `acsi-sem history` and return what it prints."""
    app = typer.Typer()
    app.add_typer(history, name="history")
    result = CliRunner().invoke(app, ["history", *arguments])
    if isinstance(result.exception, AcsiError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def path_of(study: Study) -> str:
    """Return the study's file."""
    return str(Path(study.folder) / "study.yaml")


def test_show_prints_the_current_series(study: Study) -> None:
    text = call("show", path_of(study), "--level", "company", "--engine", "pls")
    lines = text.splitlines()
    assert len(lines) == 1 + 2 * 2
    assert lines[0].split()[:4] == ["series", "level", "unit", "construct"]
    numbers = [[word for word in line.split() if "." in word] for line in lines[1:]]
    assert numbers == [["66.5"], [], ["71.25"], ["72.75"]]
    everything = call("show", path_of(study), "--vintage", "all", "--unit", "North", "--json")
    rows = json.loads(everything)
    assert [row["vintage"] for row in rows] == ["r1", "r1", "r2"] * 2
    assert [row["index"] for row in rows[:3]] == [None] * 3


def test_show_of_what_is_not_there_says_what_there_is(study: Study) -> None:
    words = ("--unit", "Nort", "--level", "town", "--construct", "joy", "--engine", "ml")
    with pytest.raises(UsageError) as caught:
        call("show", path_of(study), *words)
    told = {problem.where: problem.remedy for problem in caught.value.problems}
    assert told == {
        "--level": "there is nation and company",
        "--unit": "did you mean 'North'? there is nation, =South and North",
        "--construct": "there is satisfaction",
        "--engine": "there is ols and pls",
    }


def test_show_as_csv_keeps_others_series_and_neutralises_formulas(study: Study) -> None:
    rows = list(csv.DictReader(io.StringIO(call("show", path_of(study), "--csv"))))
    assert {row["series"] for row in rows} == {"trial", "Old"}
    assert {row["unit"] for row in rows} == {"North", "'=South", "nation"}
    only = call("show", path_of(study), "--csv", "--series", "Old", "--engine", "pls")
    assert len(only.splitlines()) == 3


def test_query_in_every_format(study: Study) -> None:
    sql = "SELECT unit, current, \"index\" FROM readings WHERE engine = 'ols' AND period = '2025Q4'"
    sql += " ORDER BY unit"
    assert call("query", path_of(study), sql, "--csv") == (
        "unit,current,index\n'=South,true,66.5\nNorth,true,\n"
    )
    assert json.loads(call("query", path_of(study), sql, "--json"))[1] == {
        "unit": "North",
        "current": True,
        "index": None,
    }
    assert call("query", path_of(study), sql) == (
        "unit    current  index\n=South     True   66.5\nNorth      True\n"
    )


def test_what_cannot_be_told_apart_in_json_is_refused(study: Study) -> None:
    with pytest.raises(UsageError, match="columns of different names"):
        call("query", path_of(study), "SELECT 1 AS a, 2 AS a", "--json")
    with pytest.raises(UsageError, match="one format"):
        call("query", path_of(study), "SELECT 1", "--json", "--csv")
    with pytest.raises(UsageError, match="current or all"):
        call("show", path_of(study), "--vintage", "r1")


def test_a_name_cannot_steer_the_terminal(study: Study) -> None:
    text = call("query", path_of(study), "SELECT 'a' || chr(27) || '[2J' || chr(10) || 'b' AS x")
    assert text == "x\na[2J b\n"


def test_the_command_line_starts_without_the_numbers() -> None:
    # Every command pays for what this module loads, the quick ones too.
    told = "import sys, acsi_sem.cli.history; print({'pandas', 'duckdb'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_import_tells_what_it_did(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    source = tmp_path / "Old scores.csv"
    source.write_text("level,unit,period,index\ncompany,u,2001,70\n", encoding="utf-8")
    arguments = ("import", path_of(study), str(source), "--series", "Mine")
    assert call(*arguments).startswith("imported 1 reading of Mine: ")
    assert call(*arguments).startswith("already imported, nothing changed: ")
    assert "Mine" in call("show", path_of(study), "--csv")
