"""Standard deviations for planning, from a survey and from the tables of a fit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acsi_sem.errors import UsageError
from acsi_sem.planning.size import plan_size
from acsi_sem.runs.simulated import write_demo
from acsi_sem.runs.spreads import read_spreads
from acsi_sem.spec.load import load_model
from acsi_sem.survey.read import read_survey
from acsi_sem.tables.schema import INDICES, make_table
from acsi_sem.tables.write import csv_bytes

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "acsi.yaml"
SURVEY = ROOT.parent / "shared" / "data" / "ACSI Data 2015 ver2.xlsx"

STUDY = """\
schema: 1
name: small
title: A small study
model: {model}
data: {{file: survey.csv}}
group: COMPANY
columns: {{COMPANY: {{label: Company}}}}
report: {{minimum_rows: 50}}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of six invented companies."""
    folder = tmp_path_factory.mktemp("spreads")
    write_demo(MODEL, folder / "survey.csv", seed=3, interviews=120, force=False)
    path = folder / "study.yaml"
    path.write_text(STUDY.format(model=MODEL.as_posix()), "utf-8")
    return path


def indices(folder: Path, *rows: dict[str, Any]) -> Path:
    """Write a table of indices."""
    path = folder / "indices.csv"
    usual = {"group": "all", "engine": "pls", "construct": "satisfaction", "n_eff": 400.0}
    path.write_bytes(csv_bytes(make_table(INDICES, [{**usual, **row} for row in rows])))
    return path


def test_the_spread_of_a_study_is_that_of_its_scores(study: Path) -> None:
    found = dict(read_spreads(study).by_group)
    assert len(found) == 6
    survey = read_survey(study.parent / "survey.csv", load_model(MODEL), group="COMPANY")
    assert survey.groups is not None
    items = [survey.items.index(name) for name in ("SATIS", "CONFIRM", "IDEAL")]
    for code, name in enumerate(survey.groups.values):
        rows = (survey.groups.codes == code) & survey.complete
        answers = (survey.values[np.ix_(rows, items)] - 1) / 9 * 100
        # Weights of a PLS index are positive here: a weighted mean of three answers varies no
        # more than the answer that varies most, and about as much as their plain mean.
        assert found[name] <= answers.std(axis=0).max()
        assert found[name] == pytest.approx(answers.mean(axis=1).std(), rel=0.03)


def test_without_groups_the_survey_is_one(study: Path) -> None:
    found = read_spreads(study, group="")
    assert [name for name, _ in found.by_group] == [""]


def test_weights_are_told_and_not_hidden_in_the_spread(study: Path) -> None:
    weighted = study.with_name("weighted.yaml")
    weighted.write_text(study.read_text("utf-8") + "design: {weight: WEIGHT}\n", "utf-8")
    assert "for --deff" in read_spreads(weighted).words
    assert "for --deff" not in read_spreads(study).words


def test_a_table_of_indices_gives_errors_times_the_root_of_the_size(tmp_path: Path) -> None:
    path = indices(
        tmp_path,
        {"std_error": 0.9},
        {"group": "A", "std_error": 1.0},
        {"group": "B", "note": "fewer than 50"},
        {"group": "A", "construct": "loyalty", "std_error": 1.5},
    )
    found = read_spreads(path)
    assert found.by_group == (("A", 20.0),)
    assert found.left_out == ("B: fewer than 50",)
    assert read_spreads(path, construct="loyalty").by_group == (("A", 30.0),)


def test_a_table_without_groups_gives_one(tmp_path: Path) -> None:
    found = read_spreads(indices(tmp_path, {"std_error": 1.1}))
    ((name, sd),) = found.by_group
    assert name == ""
    assert sd == pytest.approx(22.0)  # 1.1 x 20, rounded


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"construct": "satisfacton"}, "column construct: expected a row of satisfacton, got none"),
        ({"engine": "ml"}, "column engine: expected a row of ml, got none"),
        ({}, "column engine: expected one engine, got pls and ols; choose by --engine"),
        ({"group": "A"}, "--group: expected an option for a study, got one for indices.csv"),
    ],
)
def test_tables_that_do_not_have_it(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    path = indices(tmp_path, {"std_error": 1.0}, {"engine": "ols", "std_error": 1.0})
    with pytest.raises(UsageError, match=told):
        read_spreads(path, **options)


def test_a_table_without_errors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="got all: no standard error"):
        read_spreads(indices(tmp_path, {"std_error": math.nan}))


def test_a_construct_of_a_study_is_refused(study: Path) -> None:
    told = "--construct: expected an option for a table of indices, got one for study.yaml"
    with pytest.raises(UsageError, match=told):
        read_spreads(study, construct="loyalty")


def test_a_study_without_a_survey_is_refused(study: Path) -> None:
    bare = study.with_name("bare.yaml")
    bare.write_text(study.read_text("utf-8").replace("data: {file: survey.csv}\n", ""), "utf-8")
    with pytest.raises(UsageError, match="expected a survey file, got none; name one by --data"):
        read_spreads(bare)


@pytest.mark.survey
@pytest.mark.skipif(not SURVEY.exists(), reason="the 2015 interviews are not on this machine")
def test_250_of_the_2015_interviews_are_worth_two_to_three_and_a_half_points() -> None:
    study = ROOT / "data" / "acsi2015" / "study.yaml"
    found = dict(read_spreads(study, data=SURVEY, group="INDUSTRY").by_group)
    assert {name: f"{sd:.1f}" for name, sd in found.items()} == {
        "1001": "15.8",
        "3003": "20.6",
        "3013": "27.5",
        "5001": "21.0",
    }
    widths = plan_size(interviews=250, sd=found).values("half-width")
    assert [f"{value:.1f}" for value in widths.values()] == ["2.0", "2.6", "3.4", "2.6"]
