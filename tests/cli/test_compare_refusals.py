"""What `acsi-sem compare` refuses before anything is fitted, and models named without a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from compare_cases import MODELS, refused, write_study

from acsi_sem.cli.app import run

Capture = pytest.CaptureFixture[str]
KCSI = MODELS / "kcsi.yaml"
MAPPED = "questions: {ALLSAT: SATIS, PRODSAT: OVERALLQ, REBUY: REPUR}"


def test_a_study_with_one_engine_and_no_weights_compares_nothing(
    tmp_path: Path, capsys: Capture
) -> None:
    study = write_study(tmp_path, "")
    text = study.read_text(encoding="utf-8")
    text = text.replace("design: {weight: WEIGHT, stratum: STRATUM}\n", "")
    methods = text.index("methods:")
    study.write_text(text[:methods] + "engines: [ols]\n", encoding="utf-8")
    assert refused(study, capsys, 3) == [
        (
            "compare: expected at least two systems, got one: ols; name at least two under "
            "compare.systems, or further engines of the study"
        )
    ]


def test_weights_make_a_second_system(tmp_path: Path, capsys: Capture) -> None:
    study = write_study(tmp_path, "")
    text = study.read_text(encoding="utf-8")
    study.write_text(text[: text.index("methods:")] + "engines: [ols]\n", encoding="utf-8")
    assert run(["compare", str(study), "--out", str(tmp_path / "out")]) == 0
    one, two = capsys.readouterr().out.splitlines()[:2]
    assert re.search(r" to \d+\.\d +ols +OLS baseline", one), one
    assert re.search(r" to \d+\.\d +unweighted  OLS baseline, unweighted$", two), two


def test_a_model_that_ships_goes_by_its_name(tmp_path: Path) -> None:
    systems = f"systems: {{acsi: {{engine: ols}}, kcsi: {{model: kcsi, {MAPPED}}}}}"
    study = write_study(tmp_path, systems)
    assert run(["compare", str(study), "--out", str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert [one["model"] for one in told["systems"]] == ["acsi", "kcsi"]


def test_a_file_of_the_study_goes_before_a_model_that_ships(
    tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "kcsi").write_text("schema: 1\nname: own\n", encoding="utf-8")
    study = write_study(tmp_path, "systems: {acsi: {engine: ols}, own: {model: kcsi}}")
    assert run(["compare", str(study), "--out", str(tmp_path / "out")]) == 3
    assert f"{tmp_path / 'kcsi'}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (
            "kcsy",
            (
                "compare.systems.new.model: expected a model that ships, or a model file, got no "
                "such file 'kcsy'; did you mean 'kcsi'? Or a model file"
            ),
        ),
        (
            "mine/kcsi.yaml",
            (
                "compare.systems.new.model: expected a model file, got no such file "
                "'mine/kcsi.yaml'; paths count from the study's folder"
            ),
        ),
    ],
)
def test_a_model_that_is_not_there(tmp_path: Path, capsys: Capture, model: str, told: str) -> None:
    study = write_study(tmp_path, f"systems: {{acsi: {{engine: ols}}, new: {{model: {model}}}}}")
    assert refused(study, capsys, 3) == [told]


def test_names_and_columns_are_refused_together_at_their_places(
    tmp_path: Path, capsys: Capture
) -> None:
    systems = """\
systems:
  acsi: {engine: ols}
  kcsi: {model: kcsi, questions: {ALSAT: SATIS, ALLSAT: SATISF, PRODSATT: OVERALLQ}}
  late: {model: kcsi, period: 1999, questions: {ALLSAT: SATIS, PRODSAT: OVERAL, REBUY: REPUR}}
"""
    told = refused(write_study(tmp_path, systems), capsys, 3)
    assert [line.split(": expected")[0] for line in told] == [
        "compare.systems.kcsi.questions.ALSAT",
        "compare.systems.kcsi.questions.ALLSAT",
        "compare.systems.kcsi.questions.PRODSATT",
        "compare.systems.late.period",
        "compare.systems.late.questions.PRODSAT",
    ]
    assert "got 1999, before 2002Q1" in told[3]
    assert told[1].endswith("got 'SATISF'; did you mean 'SATIS'?")


def test_a_column_that_is_not_there_is_a_data_error(tmp_path: Path, capsys: Capture) -> None:
    own = f"kcsi: {{model: {KCSI}, questions: {{ALLSAT: SATISF}}}}"
    study = write_study(tmp_path, f"systems: {{acsi: {{engine: ols}}, {own}}}")
    assert refused(study, capsys, 4) == [
        (
            "compare.systems.kcsi.questions.ALLSAT: expected a column of the survey, got 'SATISF'; "
            "did you mean 'SATIS'?"
        )
    ]


def test_a_system_whose_own_questions_were_not_asked_is_named(
    tmp_path: Path, capsys: Capture
) -> None:
    study = write_study(tmp_path, "systems: {acsi: {engine: ols}, kcsi: {model: kcsi}}")
    assert run(["compare", str(study), "--out", str(tmp_path / "out")]) == 4
    told = capsys.readouterr().err.splitlines()
    place = "survey.csv: compare.systems.kcsi: column "
    assert len(told) == 5
    assert all(line.startswith(place) for line in told)
