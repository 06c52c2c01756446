"""`acsi-sem rake` from files to files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from acsi_sem.cli.rake import rake
from acsi_sem.errors import AcsiError, DataError, UsageError
from acsi_sem.runs.rake import RakeCommand, run_rake

TARGETS = """\
schema: 1
margins:
  - {column: GENDER, targets: {1: 0.5, 2: 0.5}}
  - {column: FIRM, targets: {"=cmd": 0.3, "<script>": 0.3, Plain: 0.4}}
trim: 3
"""
FIRMS = ("=cmd", "<script>", "Plain")


@pytest.fixture
def command(tmp_path: Path) -> RakeCommand:
    """Write a survey with hostile categories and a file of targets."""
    survey, targets = tmp_path / "survey.csv", tmp_path / "targets.yaml"
    with survey.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ID", "GENDER", "FIRM", "W", "@note", "SCORE"])
        for i in range(90):
            gender = 1 + (i % 4 == 0)
            writer.writerow([f"{i:03}", gender, FIRMS[i * i % 7 % 3], 1 + i % 5 / 4, "a,b", -i])
    targets.write_text(TARGETS, encoding="utf-8")
    return RakeCommand(survey, targets, tmp_path / "out" / "raked.csv", weights="W")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_columns_weights_tables_and_manifest(command: RakeCommand) -> None:
    outcome = run_rake(command)
    out = command.out.parent
    assert sorted(file.name for file in out.iterdir()) == [
        "raked.csv",
        "raked.manifest.json",
        "raked.raking.csv",
        "raked.weighting.csv",
    ]
    rows = rows_of(command.out)
    assert list(rows[0]) == ["ID", "GENDER", "FIRM", "W", "'@note", "SCORE", "weight"]
    assert (rows[7]["ID"], rows[7]["SCORE"], rows[7]["'@note"]) == ("007", "-7", "a,b")
    # Spreadsheets must not run a category; what a browser would run is the report's to escape.
    assert {row["FIRM"] for row in rows} == {"'=cmd", "<script>", "Plain"}
    weights = [float(row["weight"]) for row in rows]
    total = sum(weights)
    assert total == pytest.approx(sum(float(row["W"]) for row in rows), rel=1e-9)
    women = sum(w for w, row in zip(weights, rows, strict=True) if row["GENDER"] == "2")
    assert women / total == pytest.approx(0.5, abs=1e-9)
    weighting = rows_of(out / "raked.weighting.csv")
    assert [(row["group"], row["stage"]) for row in weighting] == [
        ("all", "base"),
        ("all", "raked"),
    ]
    raking = rows_of(out / "raked.raking.csv")
    assert [row["category"] for row in raking] == ["1", "2", "'=cmd", "<script>", "Plain"]
    manifest = json.loads((out / "raked.manifest.json").read_text(encoding="utf-8"))
    assert [entry["input"] for entry in manifest["inputs"]] == [
        "survey survey.csv",
        "targets targets.yaml",
    ]
    assert sorted(manifest["files"]) == ["raked.csv", "raked.raking.csv", "raked.weighting.csv"]
    assert outcome.summary[0].startswith("90 rows raked to GENDER, FIRM; every share within ")
    assert outcome.summary[2].startswith("raked weights: design effect 1.")


def test_the_same_files_twice_are_the_same_bytes(command: RakeCommand, tmp_path: Path) -> None:
    first = run_rake(command)
    again = RakeCommand(command.survey, command.targets, tmp_path / "2" / "raked.csv", weights="W")
    for one, other in zip(first.files, run_rake(again).files, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_raking_again_from_the_raked_file_changes_nothing(command: RakeCommand) -> None:
    run_rake(command)
    names = TARGETS.replace('"=cmd"', '"\'=cmd"')
    command.targets.write_text(names, encoding="utf-8")
    twice = RakeCommand(
        command.out, command.targets, command.out.with_name("twice.csv"), "weight", "again"
    )
    run_rake(twice)
    for row in rows_of(twice.out):
        assert float(row["again"]) == pytest.approx(float(row["weight"]), rel=1e-8)


def refusal(command: RakeCommand) -> AcsiError:
    before = sorted(command.out.parent.glob("*"))
    with pytest.raises(AcsiError) as caught:
        run_rake(command)
    assert sorted(command.out.parent.glob("*")) == before
    return caught.value


def test_nothing_is_replaced_unasked(command: RakeCommand) -> None:
    run_rake(command)
    written = command.out.read_bytes()
    error = refusal(command)
    assert isinstance(error, UsageError)
    assert len(error.problems) == 4
    command.targets.write_text(
        TARGETS.replace("1: 0.5, 2: 0.5", "1: 0.6, 2: 0.4"), encoding="utf-8"
    )
    force = RakeCommand(command.survey, command.targets, command.out, "W", force=True)
    run_rake(force)
    assert command.out.read_bytes() != written


def test_commands_that_cannot_be_carried_out(command: RakeCommand) -> None:
    survey, targets, folder = command.survey, command.targets, command.out.parent
    cases = {
        "a name that ends in .csv": RakeCommand(survey, targets, folder / "raked.xlsx"),
        "choose another --weight-name": RakeCommand(survey, targets, command.out, None, "W"),
        "a name for the column": RakeCommand(survey, targets, command.out, None, " "),
        "the survey itself": RakeCommand(survey, targets, survey, force=True),
        "a column of this name": RakeCommand(survey, targets, command.out, "WW"),
    }
    for words, wrong in cases.items():
        assert words in str(refusal(wrong))


def test_faults_of_weights_and_targets_are_told_together(command: RakeCommand) -> None:
    text = command.survey.read_text(encoding="utf-8").replace("000,2,=cmd,1.0", "000,2,=cmd,0")
    command.survey.write_text(text, encoding="utf-8")
    command.targets.write_text(TARGETS.replace("Plain", "Plane"), encoding="utf-8")
    error = refusal(command)
    assert isinstance(error, DataError)
    assert "column W: expected a finite weight above 0, got 0 in 1 row (row 2)" in str(error)
    assert "targets.yaml:4:60: margins[1].targets.Plane: expected a category of FIRM" in str(error)


def test_from_the_command_line(command: RakeCommand) -> None:
    app = typer.Typer()
    app.command()(rake)
    done = CliRunner().invoke(
        app,
        [
            *(str(command.survey), "--targets", str(command.targets), "--out", str(command.out)),
            *("--weights", "W", "--weight-name", "w2"),
        ],
    )
    assert done.exit_code == 0, done.output
    assert "90 rows raked to GENDER, FIRM" in done.stdout
    assert "w2" in rows_of(command.out)[0]
