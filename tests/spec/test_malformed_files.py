"""Every malformed file has its exact messages, its place and exit code 3."""

from __future__ import annotations

from pathlib import Path

import pytest
from malformed import MODEL, STUDY, Case, read_cases

from acsi_sem.errors import SpecError
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study

MODEL_CASES = read_cases("malformed_models.txt")
STUDY_CASES = read_cases("malformed_studies.txt")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("acsi.yaml").write_text(MODEL, encoding="utf-8")


def test_the_valid_files_are_valid() -> None:
    Path("study.yaml").write_text(STUDY, encoding="utf-8")
    assert load_model("acsi.yaml").name == load_study("study.yaml").name == "toy"


def test_there_are_enough_cases() -> None:
    assert len(MODEL_CASES) + len(STUDY_CASES) >= 60


@pytest.mark.parametrize("case", MODEL_CASES, ids=lambda case: case.name)
def test_malformed_model(case: Case) -> None:
    Path("file.yaml").write_text(case.text(MODEL), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_model("file.yaml")
    assert str(caught.value).splitlines() == [f"file.yaml:{line}" for line in case.messages]
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("case", STUDY_CASES, ids=lambda case: case.name)
def test_malformed_study(case: Case) -> None:
    Path("file.yaml").write_text(case.text(STUDY), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_study("file.yaml")
    assert str(caught.value).splitlines() == [f"file.yaml:{line}" for line in case.messages]
    assert caught.value.exit_code == 3


def test_faults_of_shape_and_of_meaning_come_together_in_file_order() -> None:
    Path("file.yaml").write_text(
        """\
schema: 1
name: toy
defaults: {scale: 1-10}
constructs:
  quality: {indicators: {Q1: {revers: true}, Q2: {}}}
  satisfaction: {mode: C, indicators: {S1: {scale: [1, 10], missing: {5: none}}, Q2: {}}}
  loyalty: {indicators: {L1: {}}}
paths:
  quality: [satisfaction, loyality]
  satisfaction: [quality]
index: satisfacton
""",
        encoding="utf-8",
    )
    with pytest.raises(SpecError) as caught:
        load_model("file.yaml")
    assert [(p.where, p.path) for p in caught.value.problems] == [
        ("file.yaml:3:19", "defaults.scale"),
        ("file.yaml:5:31", "constructs.quality.indicators.Q1.revers"),
        ("file.yaml:6:24", "constructs.satisfaction.mode"),
        ("file.yaml:6:71", "constructs.satisfaction.indicators.S1.missing.5"),
        ("file.yaml:6:82", "constructs.satisfaction.indicators.Q2"),
        ("file.yaml:9:27", "paths.quality[1]"),
        ("file.yaml:10:18", "paths.satisfaction[0]"),
        ("file.yaml:11:8", "index"),
    ]
