"""The 2015 interviews, read from the workbook, equal the cleaned file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from acsi_model import acsi_model

from acsi_sem.survey.read import read_survey
from acsi_sem.survey.survey import Survey

DATA = Path(__file__).parents[3] / "shared" / "data"
WORKBOOK = DATA / "ACSI Data 2015 ver2.xlsx"
CLEAN = DATA / "acsi2015_clean.csv"

pytestmark = [
    pytest.mark.survey,
    pytest.mark.skipif(not WORKBOOK.exists(), reason="the 2015 interviews are not on this machine"),
]


@pytest.fixture(scope="module")
def survey() -> Survey:
    return read_survey(WORKBOOK, acsi_model(), group="INDUSTRY")


def test_answers_equal_the_cleaned_file(survey: Survey) -> None:
    clean = read_survey(CLEAN, acsi_model(), group="INDUSTRY")
    np.testing.assert_array_equal(survey.values, clean.values)
    assert survey.groups is not None
    assert clean.groups is not None
    assert survey.groups.keys == clean.groups.keys == ("1001", "3003", "3013", "5001")
    np.testing.assert_array_equal(survey.groups.codes, clean.groups.codes)


def test_complete_cases_are_those_of_the_reference(survey: Survey) -> None:
    assert survey.groups is not None
    complete = np.bincount(survey.groups.codes[survey.complete])
    assert complete.tolist() == [1716, 1372, 1990, 2263]
    assert complete.sum() == 7341


def test_missing_codes_are_counted(survey: Survey) -> None:
    counts = {m.code: m.count for m in survey.missing if m.indicator == "OVERALLX"}
    assert counts == {"98": 154, "99": 13, "": 168}
