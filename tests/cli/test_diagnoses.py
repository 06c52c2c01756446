"""What cannot be fitted: named, with a remedy, by the right exit code, nothing half-written."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from acsi_model import acsi_model

from acsi_sem.cli.app import run
from acsi_sem.simulate.demo import demo_survey

MODEL = """schema: 1
name: small
defaults: {scale: [1, 10], missing: {98: don't know, 99: refused}}
constructs:
  quality: {indicators: {OVERALLQ: {}, CUSTOMQ: {}, WRONGQ: {}}}
  satisfaction: {indicators: {SATIS: {}, CONFIRM: {}, IDEAL: {}}}
paths: {quality: [satisfaction]}
index: satisfaction
"""


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    """Return a simulated survey."""
    return demo_survey(acsi_model(), seed=1, interviews=120)


def attempt(folder: Path, frame: pd.DataFrame, model: str, *more: str) -> int:
    """Fit engine ml to a frame and return the exit code."""
    (folder / "model.yaml").write_text(model, encoding="utf-8")
    frame.to_csv(folder / "survey.csv", index=False)
    paths = [str(folder / name) for name in ("model.yaml", "survey.csv", "out")]
    always = ["fit", paths[0], "--data", paths[1], "--out", paths[2], "--bootstrap", "0"]
    return run([*always, "--engine", "ml", *more])


def problems(folder: Path) -> str:
    """Return what the manifest says of the fits."""
    manifest = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))
    return " ".join(text for found in manifest["convergence"] for text in found["problems"])


def blank(folder: Path) -> bool:
    """Tell whether every estimate is blank, with a note."""
    table = pd.read_csv(folder / "out" / "estimates.csv")
    return bool(table["estimate"].isna().all() and table["note"].notna().all())


def test_collinear_items(tmp_path: Path, answers: pd.DataFrame) -> None:
    frame = answers.assign(CUSTOMQ=answers["OVERALLQ"])
    assert attempt(tmp_path, frame, MODEL) == 5
    assert "OVERALLQ" in problems(tmp_path)
    assert "CUSTOMQ" in problems(tmp_path)
    assert blank(tmp_path)


def test_a_model_that_is_not_identified(tmp_path: Path, answers: pd.DataFrame) -> None:
    lonely = MODEL.replace("quality: {indicators: {OVERALLQ: {}, CUSTOMQ: {}, WRONGQ: {}}}\n", "")
    lonely = lonely.replace("SATIS: {}, CONFIRM: {}, IDEAL: {}", "SATIS: {}, CONFIRM: {}")
    lonely = lonely.replace("paths: {quality: [satisfaction]}\n", "")
    code = attempt(tmp_path, answers, lonely)
    assert code in (3, 5)
    if code == 5:
        assert "identified" in problems(tmp_path)


def test_a_heywood_case(tmp_path: Path, answers: pd.DataFrame) -> None:
    # An item that is the mean of two weakly related ones explains more than all of itself.
    kept = answers[(answers["WRONGX"] < 90) & (answers["PQ"] < 90)]
    mean = ((kept["WRONGX"] + kept["PQ"]) / 2).round()
    frame = kept.assign(CONFIRM=kept["WRONGX"], IDEAL=kept["PQ"], SATIS=mean)
    assert attempt(tmp_path, frame, MODEL) == 5
    assert "negative" in problems(tmp_path) or "positive definite" in problems(tmp_path)
    assert blank(tmp_path)


def test_a_constant_item(
    tmp_path: Path, answers: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attempt(tmp_path, answers.assign(SATIS=7), MODEL) == 4
    assert "answers that vary" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_more_indicators_than_rows(
    tmp_path: Path, answers: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attempt(tmp_path, answers.head(5), MODEL, "--min-rows", "2") == 4
    assert "add rows or drop indicators" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_group_with_twenty_rows(
    tmp_path: Path, answers: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    company = answers["COMPANY"].iloc[0]
    small = pd.concat(
        [answers[answers["COMPANY"] == company].head(20), answers[answers["COMPANY"] != company]]
    )
    assert attempt(tmp_path, small, MODEL, "--group", "COMPANY") == 4
    assert "add rows, join groups" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
