"""Answers that methods read: scales, amounts, categories, missing codes, and every refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from graded_cases import amount, category, scale, text

from acsi_sem.analysis.values import Request
from acsi_sem.errors import DataError
from acsi_sem.methods.base import Setting
from acsi_sem.spec.fields import Field
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.study import Study
from acsi_sem.survey.people import People, nobody, people_from_frame, read_people
from acsi_sem.survey.read import survey_from_frame

STUDY = """\
schema: 1
name: shop
model: model.yaml
data: {file: survey.csv}
design: {weight: W}
levels: {company: FIRM}
columns: {FIRM: {codes: {1: First, 2: Second}}}
out_of_range: {S: {0: missing, 11: high}}
"""
MODEL = """\
schema: 1
name: m
kind: composite
defaults: {scale: [1, 10]}
constructs: {satisfaction: {indicators: {S: {}}}}
index: satisfaction
scoring: {form: scaled}
"""
CSV = "S,MONEY,KIND,W,FIRM\n1,10.5,a,1,1\n10,-3,b,2,1\n0,,a,1,2\n11,7,,1,2\n"


def read(columns: Mapping[str, Sequence[Any]], *fields: Field) -> People:
    return people_from_frame(pd.DataFrame(dict(columns)), fields)


def refusals(columns: Mapping[str, Sequence[Any]], *fields: Field) -> list[str]:
    with pytest.raises(DataError) as caught:
        read(columns, *fields)
    return [str(problem) for problem in caught.value.problems]


def place(row: int) -> str:
    """Where a row of a frame stands, as messages say it."""
    return f"1 position (position {row})"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study with weights, a level and rules for values outside the scale."""
    (tmp_path / "model.yaml").write_text(MODEL)
    (tmp_path / "survey.csv").write_text(CSV)
    (tmp_path / "study.yaml").write_text(STUDY)
    return load_study(tmp_path / "study.yaml")


def test_values_stay_as_given_and_good_turns_them() -> None:
    found = read({"S": [1, 2, 5]}, scale("S", reverse=True))
    assert found.column("S").tolist() == [1, 2, 5]
    assert found.good("S").tolist() == [5, 4, 1]
    assert read({"S": [1, 2]}, scale("S")).good("S").tolist() == [1, 2]


def test_answers_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        read({"S": [1, 2]}, scale("S")).values[0, 0] = 3


def test_amounts_may_be_any_number() -> None:
    found = read({"M": [-1e9, 0, 2.5, None]}, amount("M"))
    assert found.column("M")[:3].tolist() == [-1e9, 0, 2.5]
    assert np.isnan(found.column("M")[3])
    (blank,) = found.missing
    assert (blank.label, blank.count) == ("blank", 1)


def test_zero_is_an_amount_beside_a_missing_code_in_letters() -> None:
    """A code such as DK is itself missing, and no reason to lose the zeros."""
    one = replace(amount("M"), missing=(("DK", "don't know"), ("-1", "refused")))
    found = read({"M": ["0", "DK", "-1", "3"]}, one)
    assert np.array_equal(found.column("M"), [0, np.nan, np.nan, 3], equal_nan=True)
    told = [(count.code, count.label, count.count) for count in found.missing]
    assert told == [("DK", "don't know", 1), ("-1", "refused", 1)]


def test_a_missing_code_of_a_scale_within_the_scale_is_missing() -> None:
    found = read({"S": [1, 5, 5]}, replace(scale("S"), missing=(("5", "no opinion"),)))
    assert np.isnan(found.column("S")).tolist() == [False, True, True]
    assert [(m.code, m.count) for m in found.missing] == [("5", 2)]


def test_categories_are_numbered_in_the_order_of_the_codebook() -> None:
    found = read({"C": [2, 1, None, 2]}, category("C", "first", "second"))
    assert found.categories == {"C": ("first", "second")}
    assert np.array_equal(found.column("C"), [1, 0, np.nan, 1], equal_nan=True)
    assert [(m.label, m.count) for m in found.missing] == [("no answer", 1)]


def test_text_in_amounts_and_scales_is_refused_with_its_rows() -> None:
    columns = {"M": ["1", "a lot"], "S": ["x", "2"]}
    blank = "correct it; for no answer leave the cell blank"
    money, answer = refusals(columns, amount("M"), scale("S"))
    assert money.startswith("data frame: column M: expected a number")
    assert money.endswith(f"got 'a lot' in {place(1)}; {blank}")
    assert answer == (
        f"data frame: column S: expected a number from 1 to 5, got 'x' in {place(0)}; {blank}"
    )


def test_a_value_outside_the_scale_is_refused() -> None:
    (told,) = refusals({"S": [1, 7]}, scale("S"))
    assert told == (
        f"data frame: column S: expected an answer from 1 to 5, got 7 in {place(1)}; correct it, "
        "list it as missing in the model, or say how to treat it under out_of_range in the study"
    )


@pytest.mark.parametrize("bad", [float("inf"), float("-inf")])
def test_an_infinite_amount_is_refused(bad: float) -> None:
    (told,) = refusals({"M": [1.0, bad]}, amount("M"))
    got = f"an infinite one in {place(1)}; correct it, or leave it blank"
    assert told == f"data frame: column M: expected a finite number, got {got}"


def test_an_unknown_column_is_refused_by_name() -> None:
    assert refusals({"S": [1, 2]}, scale("S"), scale("SATIS")) == [
        "data frame: column SATIS: expected a column of this name, got none; the file has S"
    ]


def test_an_unknown_field_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="T"):
        read({"S": [1]}, scale("S")).column("T")


def test_the_study_gives_weights_levels_and_rules(study: Study) -> None:
    fields = [replace(scale("S", 1, 10), label=text("S")), amount("MONEY")]
    path = Path(study.folder) / "survey.csv"
    found = read_people(path, fields, study=study, group="company")
    assert found.groups is not None
    assert found.groups.categories == ("First", "Second")
    assert found.groups.codes.tolist() == [0, 0, 1, 1]
    assert found.design.weights.tolist() == [1, 2, 1, 1]
    assert np.array_equal(found.column("S"), [1, 10, np.nan, 10], equal_nan=True)
    assert [notice.kind for notice in found.notices] == ["recoded"]


def test_no_field_leaves_the_respondents(study: Study) -> None:
    """A method that asks nobody anything still has the groups of the survey."""
    path = Path(study.folder) / "survey.csv"
    found = read_people(path, (), study=study, group="company")
    assert found.values.shape == (4, 0)
    names = [name for name, _ in Setting(found, Request()).groups]
    assert names == ["all", "1", "2"]


def test_nobody_keeps_who_they_are() -> None:
    from acsi_sem.spec.load import load_model

    frame = pd.DataFrame({"ALLSAT": [1, 2], "PRODSAT": 3, "SERVSAT": 4, "IMAGESAT": 5, "REBUY": 6})
    survey = survey_from_frame(frame, load_model(Path("models/kcsi.yaml")), minimum_rows=2)
    found = nobody(survey)
    assert found.values.shape == (2, 0)
    assert found.design is survey.design
