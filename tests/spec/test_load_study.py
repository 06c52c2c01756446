"""Study files become frozen studies."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from malformed import MODEL, STUDY

from acsi_sem.errors import SpecError
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.study import Codebook, DesignColumns, OutOfRangeRule, Settings, Study
from acsi_sem.spec.validate import validate_file

ROOT = Path(__file__).parents[2]


def read(text: str, folder: Path) -> Study:
    (folder / "acsi.yaml").write_text(MODEL, encoding="utf-8")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return load_study(folder / "study.yaml")


def book(study: Study, column: str) -> Codebook:
    return next(entry for entry in (*study.columns, *study.breakdowns) if entry.column == column)


def test_every_key_reaches_the_study(tmp_path: Path) -> None:
    study = read(STUDY, tmp_path)
    assert (study.name, study.model, study.data) == ("toy", "acsi.yaml", "survey.csv")
    assert study.folder == str(tmp_path)
    assert study.design == DesignColumns("W", "sampling", "REGION", "AREA")
    assert study.levels == (("company", "COMPANY"), ("industry", "INDUSTRY"))
    assert study.column_of(study.group) == "COMPANY"
    assert [(code, text.get()) for code, text in book(study, "INDUSTRY").codes] == [
        ("1001", "Food"),
        ("3003", "Airlines"),
    ]
    assert book(study, "AGE").bins == (18.0, 35.0, 55.0)
    assert book(study, "GENDER").missing == (("9", "refused"),)
    assert study.out_of_range == (OutOfRangeRule("SATIS", 0.0, "missing", ""),)
    assert study.settings == Settings(engines=("pls", "ols"), replicates=200)


def test_a_study_chooses_its_intervals(tmp_path: Path) -> None:
    study = read(STUDY.replace("level: 0.95", "level: 0.9, ci: bca"), tmp_path)
    assert (study.settings.level, study.settings.ci) == (0.9, "bca")


def test_a_short_study_takes_the_defaults(tmp_path: Path) -> None:
    study = read("schema: 1\nname: toy\nmodel: acsi.yaml\n", tmp_path)
    assert study.settings == Settings()
    assert study.design == DesignColumns()
    assert (study.data, study.sheet, study.group, study.language) == ("", "", "", "en")
    assert study.title.get() == "toy"


def test_rules_outside_the_scale(tmp_path: Path) -> None:
    rules = "{any: error, 0: {treat: low, label: not at all}, 11.5: high}"
    study = read(STUDY.replace("{0: missing}", rules), tmp_path)
    assert study.out_of_range == (
        OutOfRangeRule("SATIS", None, "error", ""),
        OutOfRangeRule("SATIS", 0.0, "low", "not at all"),
        OutOfRangeRule("SATIS", 11.5, "high", ""),
    )


@pytest.mark.parametrize("code", ["1", "1.0", "'1'", '"1"', "01"])
def test_codes_are_text_in_their_shortest_form(code: str, tmp_path: Path) -> None:
    study = read(STUDY.replace("{1: Male", f"{{{code}: Male"), tmp_path)
    assert book(study, "GENDER").codes[0][0] == "1"


def test_a_quoted_code_stays_as_written(tmp_path: Path) -> None:
    study = read(STUDY.replace("{1: Male", "{'01': Male"), tmp_path)
    assert book(study, "GENDER").codes[0][0] == "01"


def test_labels_in_several_languages(tmp_path: Path) -> None:
    study = read(STUDY.replace("Male", "{en: Male, zh-Hans: 男}"), tmp_path)
    label = book(study, "GENDER").codes[0][1]
    assert (label.get("zh-Hans"), label.get("de")) == ("男", "Male")


def test_a_group_may_be_a_column_the_study_says_nothing_about(tmp_path: Path) -> None:
    assert read(STUDY.replace("group: company", "group: BRAND"), tmp_path).group == "BRAND"


def test_a_study_is_frozen(tmp_path: Path) -> None:
    study = read(STUDY, tmp_path)
    hash(study)
    with pytest.raises(dataclasses.FrozenInstanceError):
        study.group = "other"  # type: ignore[misc]


def test_the_model_is_looked_up_from_the_studys_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "models/acsi.yaml").write_text(MODEL, encoding="utf-8")
    text = STUDY.replace("acsi.yaml", "../models/acsi.yaml")
    (tmp_path / "data/study.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_study("data/study.yaml").folder == "data"
    assert validate_file("data/study.yaml") == (
        "data/study.yaml: study toy, model toy, 2 breakdowns, engines pls and ols"
    )


def test_validating_a_study_checks_its_model_too(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "acsi.yaml").write_text(MODEL.replace("index: s", "index: x"), encoding="utf-8")
    with pytest.raises(SpecError, match=r"acsi\.yaml:8:8: index: ") as caught:
        validate_file(tmp_path / "study.yaml")
    assert caught.value.exit_code == 3


def test_the_real_study_holds_the_dictionary() -> None:
    study = load_study(ROOT / "data/acsi2015/study.yaml")
    assert (study.data, study.sheet) == ("ACSI Data 2015 ver2.xlsx", "ACSI Data")
    assert study.group == ""
    assert study.design == DesignColumns()
    assert [code for code, _ in book(study, "INDUSTRY").codes] == ["1001", "3003", "3013", "5001"]
    counts = {entry.column: len(entry.codes) or len(entry.bins) for entry in study.breakdowns}
    assert counts == {
        "AGE": 6,
        "GENDER": 2,
        "EDUCAT": 5,
        "INCOME": 7,
        "HISPANIC": 2,
        "RACE_1": 6,
    }
    for entry in study.breakdowns:
        assert [code for code, _ in entry.missing] == ["98", "99"]
    assert "doi:10.17632/64xkbj2ry5.2" in study.source
    assert (study.settings.replicates, study.settings.seed) == (2000, 2015)


def test_the_demo_study() -> None:
    study = load_study(ROOT / "data/demo/study.yaml")
    assert (study.data, study.group) == ("survey.csv", "COMPANY")
    assert study.design == DesignColumns("WEIGHT", "sampling", "STRATUM")
    assert [entry.column for entry in study.breakdowns] == ["GENDER", "AGE", "REGION"]
    assert study.settings == Settings(
        engines=("pls", "semopy", "ols"),
        invariance=True,
        folds=10,
        repetitions=2,
        comparison=True,
        permutations=399,
    )
    assert study.rake is not None
