"""What differs between two runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from scheduled_study import PlayedWork, command, write_data, write_study

from acsi_sem.cli.diff import diff as diff_in_terminal
from acsi_sem.errors import DataError, UsageError
from acsi_sem.runs.diff import Move, diff_runs, revision_folder
from acsi_sem.runs.jobs import load_scheduled, run_command
from acsi_sem.runs.revision import revision_table
from acsi_sem.runs.store import Store
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import CHANGES, LEAGUE, NATIONAL, READINGS
from acsi_sem.tables.schema import WARNINGS, make_table
from acsi_sem.tables.write import parquet_bytes

NAMES = {"period": "2026Q1", "level": "company", "engine": "pls", "construct": "satisfaction"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish two periods, the second twice; nobody changes it."""
    folder = tmp_path_factory.mktemp("study")
    study = write_study(folder, periods=("2025Q4", "2026Q1"))

    def publish(period: str, reason: str = "") -> None:
        asked = command(study, period, reason=reason)
        list(run_command(asked, told=print, produce=PlayedWork(study)))

    publish("2025Q4")
    publish("2026Q1")
    write_data(folder, "2026Q1", 72.0)
    publish("2026Q1", "late interviews")
    return study


def store_of(study: Path) -> Store:
    """Return the store of a study."""
    return load_scheduled(study).store


def write_run(folder: Path, manifest: dict[str, object], **tables: object) -> Path:
    """Write a run by hand."""
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for name, table in tables.items():
        (folder / f"{name}.parquet").write_bytes(parquet_bytes(table))  # type: ignore[arg-type]
    return folder


def test_two_revisions_differ_in_their_survey_and_what_moved(study: Path) -> None:
    store = store_of(study)
    found = diff_runs(revision_folder(store, "2026Q1/r1"), revision_folder(store, "2026Q1"))
    assert [text.split()[0] for text in found.inputs] == ["survey"]
    readings = {table.table: table for table in found.tables}["readings"]
    assert (readings.added, readings.removed, readings.changed) == (0, 0, 1)
    move = Move("company / A / pls / satisfaction", "index", 70.0, 72.0)
    assert readings.largest == (move,)
    assert {table.table for table in found.tables} == {"readings", "national", "revisions"}
    assert found.lines()[0] == "2026Q1/r2: late interviews"


def test_two_periods_are_compared_row_by_row(study: Path) -> None:
    store = store_of(study)
    found = diff_runs(revision_folder(store, "2025Q4"), revision_folder(store, "2026Q1"))
    readings = {table.table: table for table in found.tables}["readings"]
    assert (readings.added, readings.removed, readings.changed) == (0, 0, 1)
    assert "past 2025Q4 is new" in found.inputs


def test_a_run_does_not_differ_from_itself(study: Path) -> None:
    folder = revision_folder(store_of(study), "2026Q1")
    assert diff_runs(folder, folder).lines() == ("no difference",)


@pytest.mark.parametrize("name", ["2026Q2", "2026Q1/r3", "2026", "2026Q1/../2025Q4/r1", "r1"])
def test_unknown_runs_are_refused(study: Path, name: str) -> None:
    with pytest.raises(UsageError, match="a published period such as 2026Q3"):
        revision_folder(store_of(study), name)


def test_an_unknown_run_is_told_with_those_there_are(study: Path) -> None:
    with pytest.raises(UsageError, match=r"there is 2026Q1/r1 and 2026Q1/r2$"):
        revision_folder(store_of(study), "2026Q1/r9")
    with pytest.raises(UsageError, match=r"there is 2025Q4 and 2026Q1$"):
        revision_folder(store_of(study), "2026Q2")


def test_scores_are_told_before_limits_and_freedom(tmp_path: Path) -> None:
    before = {"index": 70.0, "published": 70.0, "conf_low": 60.0, "freedom": 900.0, "n": 9}
    after = {"index": 71.0, "published": 72.0, "conf_low": 69.0, "freedom": 100.0, "n": 8}
    folders = [
        write_run(
            tmp_path / name, {}, readings=make_table(READINGS, [{**NAMES, "unit": "A", **row}])
        )
        for name, row in (("a", before), ("b", after))
    ]
    (table,) = diff_runs(*folders).tables
    told = [move.column for move in table.largest]
    assert told == ["published", "index", "conf_low", "n", "freedom"]


def test_a_published_score_moves_by_what_is_shown() -> None:
    def nation(**scores: float) -> dict[str, pd.DataFrame]:
        row = {"period": "2026Q1", "form": "pooled", "engine": "pls", "construct": "satisfaction"}
        return {
            "readings": make_table(READINGS, []),
            "national": make_table(NATIONAL, [{**row, **scores}]),
        }

    before, after = nation(index=73.21, published=73.2), nation(index=73.63, published=73.6)
    moved = revision_table(Period(2026, 1), before, after).set_index("measure")["moved"]
    assert 73.6 - 73.2 != 0.4  # in binary
    assert moved["published (pooled)"] == 0.4
    assert moved["index (pooled)"] == 73.63 - 73.21  # unrounded stays unrounded


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the manifest of a run"):
        diff_runs(tmp_path, tmp_path)


def test_rows_are_told_apart_by_names_and_counted(tmp_path: Path) -> None:
    def readings(**units: float) -> object:
        rows = [NAMES | {"unit": unit, "index": index} for unit, index in units.items()]
        return make_table(READINGS, rows)

    nothing = float("nan")
    before = readings(A=70.0, B=60.0, C=nothing, D=nothing, E=5.0)
    after = readings(F=1.0, E=9.0, D=nothing, C=50.0, A=70.0)
    folders = (
        write_run(tmp_path / "a", {"versions": {"numpy": "2.2"}}, readings=before),
        write_run(tmp_path / "b", {"versions": {"numpy": "2.3"}}, readings=after),
    )
    found = diff_runs(*folders)
    assert found.inputs == ("package numpy 2.2 -> 2.3",)
    (table,) = found.tables
    assert (table.added, table.removed, table.changed) == (1, 1, 2)
    assert [move.row.split(" / ")[1] for move in table.largest] == ["E"]


def test_ties_are_results_and_repeated_rows_are_told_apart(tmp_path: Path) -> None:
    def tables(tied: str, warnings: int) -> dict[str, object]:
        row = {"period": "2026Q1", "level": "company", "parent": "X", "unit": "A", "tied": tied}
        told = {"group": "A", "engine": "pls", "kind": "k", "subject": "s", "message": "m"}
        return {
            "league": make_table(LEAGUE, [row]),
            "warnings": make_table(WARNINGS, [told] * warnings),
        }

    folders = (
        write_run(tmp_path / "a", {}, **tables("a", 1)),
        write_run(tmp_path / "b", {}, **tables("ab", 3)),
    )
    found = {table.table: table for table in diff_runs(*folders).tables}
    assert (found["league"].changed, found["league"].added) == (1, 0)
    assert (found["warnings"].changed, found["warnings"].added) == (0, 2)


def test_tables_and_columns_of_only_one_run_are_told(tmp_path: Path) -> None:
    row = {"period": "2026Q1", "unit": "A", "change": 1.0}
    changes = make_table(CHANGES, [row])
    folders = (
        write_run(tmp_path / "a", {}, changes=changes),
        write_run(tmp_path / "b", {}, changes=changes.drop(columns="percent"), other=changes),
    )
    found = {table.table: table for table in diff_runs(*folders).tables}
    assert found["changes"].columns == ("percent",)
    assert found["other"].added == 1


def test_the_terminal_takes_folders_or_a_study(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    diff_in_terminal([str(study), "2026Q1/r1", "2026Q1/r2"])
    told = capsys.readouterr().out
    assert "readings: 1 rows changed, 0 added, 0 removed\n" in told
    assert "  company / A / pls / satisfaction: index 70 -> 72\n" in told
    folders = [str(study.parent / "store" / "periods" / "2026Q1" / name) for name in ("r1", "r2")]
    diff_in_terminal(folders, as_json=True)
    assert json.loads(capsys.readouterr().out)["tables"][1]["table"] == "readings"
    for names, told in (([], "1 name$"), (["2026Q1"], "a study and one period$")):
        with pytest.raises(UsageError, match=told):
            diff_in_terminal([str(study), *names])


def test_a_reader_who_has_seen_enough_is_no_failure(study: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    asked = [sys.executable, "-m", "acsi_sem", "diff", str(study), "2026Q1/r1", "2026Q1/r2"]
    found = subprocess.run(asked, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (found.returncode, found.stderr) == (0, b"")
