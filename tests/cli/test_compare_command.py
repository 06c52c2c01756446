"""`acsi-sem compare`, `fit` and `report` on composites: exit codes, messages, files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from compare_cases import KCSI, MODELS, frame, refused, write_study

from acsi_sem.cli.app import run
from acsi_sem.simulate.demo import demo_survey
from acsi_sem.spec.load import load_model

Capture = pytest.CaptureFixture[str]
SYSTEMS = f"""\
systems:
  acsi: {{engine: pls}}
  plain: {{engine: pls, weights: none}}
  kcsi: {{model: {MODELS}/kcsi.yaml, {KCSI}}}
  rate: {{method: rate}}
"""
TABLES = ("systems", "agreement", "system_drivers", "system_fit")
KCSI_FILE = MODELS / "kcsi.yaml"


def kcsi_survey(folder: Path) -> Path:
    """Write answers to the KCSI's questions."""
    path = folder / "kcsi.csv"
    demo_survey(load_model(KCSI_FILE), seed=3, interviews=60).to_csv(path, index=False)
    return path


def fit(survey: Path, out: Path, *more: str) -> int:
    always = ["--data", str(survey), "--out", str(out), "--bootstrap", "60"]
    return run(["fit", str(KCSI_FILE), *always, *more])


def test_compare_writes_the_same_bytes_twice(tmp_path: Path, capsys: Capture) -> None:
    study = write_study(tmp_path, SYSTEMS)
    for out in ("one", "two"):
        assert run(["compare", str(study), "--out", str(tmp_path / out)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[4] for line in told[:4]] == ["acsi", "plain", "kcsi", "rate"]
    names = {path.name for path in (tmp_path / "one").iterdir()}
    tables = {f"{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")}
    assert names == {*tables, "compare.html", "manifest.json"}
    for name in names:
        one, two = ((tmp_path / out / name).read_bytes() for out in ("one", "two"))
        assert one == two, name
        assert str(tmp_path).encode() not in one, name


def test_the_manifest_names_every_input_and_what_was_left_out(tmp_path: Path) -> None:
    study = write_study(tmp_path, SYSTEMS)
    assert run(["compare", str(study), "--out", str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert [one["input"] for one in told["inputs"]] == [
        "study shops",
        "survey survey.csv",
        "model acsi",
        "model kcsi",
    ]
    assert told["base"] == "acsi"
    kcsi = told["systems"][2]
    assert kcsi["questions"] == {"ALLSAT": "SATIS", "PRODSAT": "OVERALLQ", "REBUY": "REPUR"}
    assert kcsi["left_out"] == ["SERVSAT", "IMAGESAT"]
    assert kcsi["failed"] == []
    assert all(failed == 0 for _, _, failed in kcsi["replicates"])
    assert {entry["indicator"] for entry in kcsi["missing"]} <= {"ALLSAT", "PRODSAT", "REBUY"}
    assert told["arguments"]["seed"] == "5"


def test_options_go_before_the_study(tmp_path: Path) -> None:
    study = write_study(tmp_path, SYSTEMS)
    out = tmp_path / "out"
    more = ["--group", "INDUSTRY", "--bootstrap", "0", "--level", "0.9"]
    assert run(["compare", str(study), "--out", str(out), *more]) == 0
    table = pd.read_csv(out / "systems.csv")
    assert set(table["group"]) == {"all", *frame()["INDUSTRY"]}
    assert set(table["conf_level"]) == {0.9}
    assert table.loc[table["system"] != "rate", "conf_low"].isna().all()


def test_limits_that_are_not_there_are_no_numbers(tmp_path: Path, capsys: Capture) -> None:
    study = write_study(
        tmp_path, "systems: {acsi: {engine: pls}, ols: {engine: ols}}", group="INDUSTRY"
    )
    out = ["--out", str(tmp_path / "out"), "--bootstrap", "0"]
    assert run(["compare", str(study), *out]) == 0
    assert "nan" not in capsys.readouterr().out


def test_wrong_systems_are_refused_together_before_anything_is_computed(
    tmp_path: Path, capsys: Capture
) -> None:
    systems = f"""\
systems:
  acsi: {{engine: composite}}
  lost: {{model: nowhere.yaml}}
  kcsi: {{model: {KCSI_FILE}, engine: pls}}
  form: {{model: {KCSI_FILE}, questions: {{ALSAT: SATIS}}}}
"""
    told = refused(write_study(tmp_path, systems), capsys, 3)
    assert [line for line in told if "systems.acsi" in line] == [
        (
            "compare.systems.acsi.engine: expected an engine for paths for the structural "
            "model acsi, got composite"
        )
    ]
    assert [line for line in told if "systems.kcsi" in line] == [
        (
            "compare.systems.kcsi.engine: expected composite, or no engine, for the composite "
            "model kcsi, got pls"
        )
    ]
    assert any("nowhere.yaml" in line for line in told)
    assert any("ALSAT" in line and "did you mean 'ALLSAT'?" in line for line in told)


@pytest.mark.parametrize(
    ("old", "new", "got"),
    [
        (
            "weight: WEIGHT",
            "weight: TIMES, weight_kind: frequency",
            "weights that count the respondents of a row",
        ),
        (
            "seed: 5",
            "seed: 5, method: columns",
            "replicate weights of the survey, which are weighted all the same",
        ),
    ],
)
def test_weights_that_cannot_be_left_out(
    tmp_path: Path, capsys: Capture, old: str, new: str, got: str
) -> None:
    study = write_study(tmp_path, SYSTEMS)
    text = study.read_text(encoding="utf-8").replace(old, new)
    if "columns" in new:
        text = text.replace("weight: WEIGHT", "weight: WEIGHT, replicates: {prefix: REP}")
    study.write_text(text, encoding="utf-8")
    place = "compare.systems.plain.weights: expected sampling weights"
    assert refused(study, capsys, 3) == [f"{place}, which can be left out, got {got}"]


def test_too_few_replicates_are_a_usage_error(tmp_path: Path, capsys: Capture) -> None:
    study = write_study(tmp_path, SYSTEMS)
    assert run(["compare", str(study), "--out", str(tmp_path / "out"), "--bootstrap", "10"]) == 2
    told = capsys.readouterr().err
    assert "50 to 1000000 replicates" in told


def test_a_composite_needs_no_engine_named(tmp_path: Path) -> None:
    assert fit(kcsi_survey(tmp_path), tmp_path / "out", "--group", "COMPANY") == 0
    table = pd.read_csv(tmp_path / "out" / "indices.csv")
    assert set(table["engine"]) == {"composite"}
    assert table["conf_low"].notna().all()
    assert fit(kcsi_survey(tmp_path), tmp_path / "old", "--period", "2005") == 0
    old = pd.read_csv(tmp_path / "old" / "indices.csv").set_index("construct")["index"]
    parts = 0.4 * old["overall"] + 0.4 * old["element"] + 0.2 * old["repurchase"]
    assert old["kcsi"] == pytest.approx(parts)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--engine", "pls"), "expected engine composite for the composite model kcsi, got pls"),
        (("--period", "1999"), "expected a period with shares, got 1999, before 2002Q1"),
        (("--period", "99"), "--period: expected a year such as 2011 or a quarter"),
        (("--stream",), "composite"),
    ],
)
def test_what_a_composite_cannot_do(
    tmp_path: Path, capsys: Capture, more: tuple[str, ...], told: str
) -> None:
    assert fit(kcsi_survey(tmp_path), tmp_path / "out", *more) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_group_that_was_not_asked_is_blank_and_exit_5(tmp_path: Path, capsys: Capture) -> None:
    path = kcsi_survey(tmp_path)
    survey = pd.read_csv(path)
    survey.loc[survey["COMPANY"] == "Larkspeed", "REBUY"] = np.nan
    survey.to_csv(path, index=False)
    assert fit(path, tmp_path / "out", "--group", "COMPANY") == 5
    assert "Larkspeed: composite: an indicator has no answers here" in capsys.readouterr().err
    table = pd.read_csv(tmp_path / "out" / "indices.csv").query("construct == 'kcsi'")
    assert table.loc[table["index"].isna(), "group"].tolist() == ["Larkspeed"]


def test_compare_exits_5_where_a_system_has_no_result(tmp_path: Path, capsys: Capture) -> None:
    systems = f"systems: {{acsi: {{engine: ols}}, kcsi: {{model: {KCSI_FILE}, {KCSI}}}}}"
    study = write_study(tmp_path, systems)
    survey = frame().copy()
    survey["PRIVATE"] = survey["REPUR"].where(survey["COMPANY"] != "Larkspeed")
    survey.to_csv(tmp_path / "survey.csv", index=False)
    text = study.read_text(encoding="utf-8").replace("REBUY: REPUR", "REBUY: PRIVATE")
    study.write_text(text, encoding="utf-8")
    assert run(["compare", str(study), "--out", str(tmp_path / "out")]) == 5
    assert "kcsi: Larkspeed: an indicator has no answers here" in capsys.readouterr().err
    table = pd.read_csv(tmp_path / "out" / "systems.csv")
    assert table["index"].isna().sum() == 1


def test_the_report_of_a_composite_has_no_chapter_on_paths(tmp_path: Path) -> None:
    kcsi_survey(tmp_path)
    (tmp_path / "study.yaml").write_text(
        f"schema: 1\nname: k\nmodel: {KCSI_FILE}\ndata: {{file: kcsi.csv}}\n"
        "survey: {period: 2008}\nlevels: {company: COMPANY}\ngroup: company\n"
        "resampling: {replicates: 60}\nbreakdowns: {GENDER: {codes: {1: Men, 2: Women}}}\n"
    )
    out = tmp_path / "out"
    assert run(["report", str(tmp_path / "study.yaml"), "--out", str(out)]) == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "0.40 Overall satisfaction + 0.40 Element satisfaction + 0.20 Repurchase" in page
    assert "the shares that hold from 2002Q1 until 2010Q4" in page
    body = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)
    chapters = re.sub(r"<[^>]+>", "", body.split('id="downloads"')[0])
    assert "KCSI" in chapters
    for absent in ("Path coefficient", "R²", "weighs most", "impact", "None", "nan", "{", " . "):
        assert not re.search(rf"(?<![A-Za-z]){re.escape(absent)}(?![A-Za-z])", chapters), absent
