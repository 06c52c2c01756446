"""`acsi-sem explore`, from files to files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from acsi_sem.cli.app import run
from acsi_sem.cli.explore import explore
from acsi_sem.errors import AcsiError
from acsi_sem.methods.explore.tables import SCHEMAS

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "acsi.yaml"
STUDY = ROOT / "data" / "demo" / "study.yaml"

command = typer.Typer()
command.command()(explore)


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated survey of the ACSI model."""
    path = tmp_path_factory.mktemp("explore") / "survey.csv"
    assert run(["simulate", "--model", str(MODEL), "--out", str(path)]) == 0
    return path


def said(*arguments: str) -> str:
    """Run the command and return what it prints."""
    outcome = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def refusal(*arguments: str) -> tuple[int, str]:
    """Run the command and return the error it ends with."""
    outcome = CliRunner().invoke(command, list(arguments))
    assert isinstance(outcome.exception, AcsiError), outcome.exception
    return outcome.exception.exit_code, str(outcome.exception)


def test_a_study_end_to_end(survey: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    text = said(str(STUDY), "--data", str(survey), "--out", str(out))
    assert "are at the top of the scale" in text
    assert text.rstrip().endswith(f"20 files in {out}")
    names = {f"{schema.name}.{form}" for schema in SCHEMAS for form in ("csv", "parquet")}
    assert {path.name for path in out.iterdir()} == names | {"explore.html", "manifest.json"}
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert set(manifest["files"]) == names | {"explore.html"}
    assert "scikit-learn" in manifest["versions"]
    assert str(tmp_path) not in (out / "manifest.json").read_text("utf-8")
    csv = pd.read_csv(out / "explore_items.csv")
    parquet = pd.read_parquet(out / "explore_items.parquet")
    assert csv["mean"].tolist() == parquet["mean"].tolist()
    page = (out / "explore.html").read_text("utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert all(f"{schema.name}.csv" in page for schema in SCHEMAS)


def test_twice_byte_for_byte(survey: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        said(str(STUDY), "--data", str(survey), "--out", str(tmp_path / name))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_model_with_options(survey: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--group", "COMPANY", "--weights", "WEIGHT", "--strata", "STRATUM")
    said(str(MODEL), "--data", str(survey), "--out", str(out), *options, "--min-rows", "30")
    table = pd.read_csv(out / "explore_items.csv")
    frame = pd.read_csv(survey)
    assert set(table["group"]) == {"all", *frame["COMPANY"].unique()}
    known = frame[frame["SATIS"].between(1, 10)]
    mean = (known["SATIS"] * known["WEIGHT"]).sum() / known["WEIGHT"].sum()
    row = table[(table["group"] == "all") & (table["indicator"] == "SATIS")]
    assert row["mean"].item() == pytest.approx(mean)


def test_bad_input_is_refused(survey: Path, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "out"))
    data = ("--data", str(survey))
    assert refusal(str(MODEL), *out) == (
        2,
        f"{MODEL}: data.file: expected a survey file, got none; name one in the study or by --data",
    )
    code, told = refusal(str(STUDY), *data, *out, "--weights", "WEIGHT")
    assert (code, told) == (
        2,
        "--weights: expected an option for a model file, got one for a study, which has a design",
    )
    assert refusal(str(MODEL), *data, *out, "--group", "NOWHERE")[0] == 4
    assert refusal(str(MODEL), *data, *out, "--min-rows", "0")[0] == 2
    assert refusal(str(MODEL), *data, *out, "--level", "95")[0] == 2
    assert refusal(str(MODEL), *data, *out, "--min-rows", "1000000")[0] == 4
    assert refusal(str(tmp_path / "none.yaml"), *data, *out)[0] in (2, 3)
    neither = tmp_path / "neither.yaml"
    neither.write_text("schema: 1\nname: x\n", "utf-8")
    assert refusal(str(neither), *data, *out)[0] == 3
    assert not (tmp_path / "out").exists()


def test_duplicates_are_told_and_kept_out_of_the_tables(survey: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(survey, dtype=str, keep_default_na=False)
    twice = pd.concat([frame, frame.head(2)])
    path = tmp_path / "twice.csv"
    twice.to_csv(path, index=False)
    outcome = CliRunner().invoke(
        command, [str(STUDY), "--data", str(path), "--out", str(tmp_path / "out")]
    )
    assert f"{len(frame) + 1}, {len(frame) + 2}" in outcome.stderr
    table = pd.read_csv(tmp_path / "out" / "explore_respondents.csv")
    assert table[table["measure"] == "surplus"]["value"].item() >= 2


@pytest.mark.parametrize("kind", ["study", "model"])
def test_the_folder_is_called_after_the_study_or_the_model(
    survey: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    file, name = {"study": (STUDY, "demo"), "model": (MODEL, "acsi")}[kind]
    said(str(file), "--data", str(survey))
    assert [path.name for path in (tmp_path / "reports").iterdir()] == [f"{name}-explore"]
