"""The commands of a nation, one after the other, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from acsi_sem.cli.app import run

SIZES = ["--sectors", "2", "--industries", "2", "--companies", "6", "--interviews", "70"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small nation, its last quarter of two published."""
    folder = tmp_path_factory.mktemp("nation")
    made = ["simulate", "--nation", "--out", str(folder), *SIZES, "--quarters", "2", "--no-truth"]
    assert run(made) == 0
    path = folder / "study.yaml"
    text = path.read_text("utf-8").replace("replicates: 2000", "replicates: 50")
    path.write_text(text.replace("engines: [pls, ml, ols]", "engines: [pls, ols]"), "utf-8")
    assert run(["run", str(path), "--period", "auto"]) == 0
    return path


def test_run_tells_the_nation_and_again_does_nothing(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["run", str(study), "--period", "2026Q1"]) == 0
    assert "2026Q1: already published" in capsys.readouterr().out
    assert run(["run", str(study), "--period", "auto"]) == 0
    assert "nothing is due" in capsys.readouterr().out


def test_run_refuses_a_period_that_is_none(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(study), "--period", "spring"]) == 2
    assert "expected a quarter such as 2026Q3, or auto, got 'spring'" in capsys.readouterr().err


def test_status_knows_what_is_published(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["status", str(study), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [one["period"] for one in told["periods"] if one["revision"]] == ["2025Q4", "2026Q1"]


def test_diff_of_two_quarters_names_what_differs(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["diff", str(study), "2025Q4", "2026Q1"]) == 0
    said = capsys.readouterr().out
    assert "survey" in said
    assert "readings" in said


def test_history_shows_and_answers(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["history", "show", str(study), "--level", "nation", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["period"] for row in rows} == {"2025Q4", "2026Q1"}
    query = "SELECT count(DISTINCT unit) AS units FROM readings WHERE level = 'company'"
    assert run(["history", "query", str(study), query, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"units": 6}]


def test_publish_to_a_file_twice(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"sqlite:///{tmp_path / 'team.db'}"
    assert run(["publish", str(study), "--to", address]) == 0
    assert "new" in capsys.readouterr().out
    assert run(["publish", str(study), "--to", address]) == 0
    assert "already there" in capsys.readouterr().out


def test_a_streamed_fit_agrees_with_one_in_memory(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, data = "models/acsi_1994.yaml", str(study.parent / "survey-2026Q1.parquet")
    common = ["fit", model, "--data", data, "--group", "SECTOR", "--weights", "WEIGHT"]
    common += ["--engine", "pls", "--bootstrap", "50"]
    assert run([*common, "--out", str(tmp_path / "memory")]) == 0
    assert run([*common, "--stream", "--jobs", "2", "--out", str(tmp_path / "streamed")]) == 0
    tables = [pd.read_parquet(tmp_path / way / "indices.parquet") for way in ("memory", "streamed")]
    gap = (tables[0]["index"] - tables[1]["index"]).abs().max()
    assert gap < 1e-10  # sums in another order
    capsys.readouterr()
    assert run([*common, "--jobs", "2", "--out", str(tmp_path / "other")]) == 2
    assert "--jobs: expected --stream beside it" in capsys.readouterr().err


def test_a_nation_is_not_overwritten(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = ["simulate", "--nation", "--out", str(study.parent), *SIZES, "--quarters", "2"]
    assert run(again) == 2
    assert "replace it by --force" in capsys.readouterr().err


def test_a_report_of_all_quarters_at_once_is_refused(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(study), "--out", str(tmp_path / "out")]) == 2
    assert "one file per quarter; name a quarter's file by --data" in capsys.readouterr().err
