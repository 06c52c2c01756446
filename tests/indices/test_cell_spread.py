"""Breakdown cells of surveys with a design rest on their own units, not on the group's."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from design_cases import JACKKNIFE, LINEARISED, STRATA, UNITS, Case
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import t
from simulated import make_survey

from acsi_sem.indices.breakdown import LONE, count_cells
from acsi_sem.inference.sample import make_sample
from acsi_sem.spec.study import DesignColumns

ROWS: Final = 320
UNIT: Final = 20  # rows of a PSU: 16 PSUs, 4 strata of four
STRATIFIED: Final = DesignColumns(stratum="STRATUM", psu="PSU")
SPREAD: Final = ["std_error", "conf_low", "conf_high"]
NORMAL: Final[Mapping[str, Any]] = {"ci": "normal"}
EVERY: Final[tuple[Mapping[str, Any], ...]] = (
    LINEARISED,
    JACKKNIFE,
    NORMAL,
    {"ci": "bca"},
    {"ci": "percentile"},
)


def placed(frame: pd.DataFrame, units: Mapping[int, str]) -> pd.DataFrame:
    """Give each PSU its category of PLACE, `rest` unless named."""
    psu = np.arange(ROWS) // UNIT
    stratum = psu // 4
    place = [units.get(int(unit), "rest") for unit in psu]
    return frame.assign(PSU=psu, STRATUM=stratum, PLACE=place)


def cells_of(
    design: DesignColumns, units: Mapping[int, str], asked: Mapping[str, Any]
) -> dict[Hashable, dict[Hashable, Any]]:
    """Return the rows of the satisfaction index of the whole survey's cells by category."""
    case = Case(
        "cells",
        change=lambda frame: placed(frame, units),
        design=design,
        rows=ROWS,
        breakdown="PLACE",
        asked=dict(asked),
    )
    rows = case.run().breakdowns.query("construct == 'satisfaction'")
    return {row["category"]: row for row in rows.to_dict("records")}


@pytest.mark.parametrize("asked", EVERY)
def test_a_cell_in_one_psu_has_no_standard_error(asked: Mapping[str, Any]) -> None:
    found = cells_of(UNITS, {5: "one"}, asked)
    assert np.isfinite(found["one"]["index"])
    assert np.isnan([found["one"][name] for name in SPREAD]).all()
    assert found["one"]["note"] == LONE
    assert found["rest"]["std_error"] > 0
    assert found["rest"]["note"] != LONE


@pytest.mark.parametrize("asked", [LINEARISED, NORMAL])
def test_a_cell_with_one_psu_in_each_stratum_has_no_standard_error(
    asked: Mapping[str, Any],
) -> None:
    found = cells_of(STRATIFIED, dict.fromkeys((1, 6, 8, 15), "one each"), asked)
    assert np.isnan([found["one each"][name] for name in SPREAD]).all()
    assert found["one each"]["note"] == LONE
    assert found["rest"]["note"] == ""


@pytest.mark.parametrize("asked", [LINEARISED, JACKKNIFE, NORMAL])
def test_student_limits_have_the_cells_degrees_of_freedom(asked: Mapping[str, Any]) -> None:
    # Units 0, 1 of the first stratum and 5 of the second: 3 units less 2 strata; of the rest 13
    # units less 4 strata.
    found = cells_of(STRATIFIED, {0: "few", 1: "few", 5: "few"}, asked)
    for category, freedom in (("few", 1), ("rest", 9)):
        row = found[category]
        reach = t.ppf(0.975, freedom) * row["std_error"]
        # Two routes to the same quantile of Student's t: rounding.
        assert_allclose(row["conf_high"] - row["index"], reach, rtol=1e-10)
        assert_allclose(row["index"] - row["conf_low"], reach, rtol=1e-10)


def test_rows_are_units_where_there_are_no_psus() -> None:
    found = cells_of(STRATA, {5: "one"}, LINEARISED)
    reach = t.ppf(0.975, UNIT - 1) * found["one"]["std_error"]
    # Two routes to the same quantile of Student's t: rounding.
    assert_allclose(found["one"]["conf_high"] - found["one"]["index"], reach, rtol=1e-10)


def test_without_a_design_a_cell_has_the_groups_limits() -> None:
    found = cells_of(DesignColumns(), {5: "one"}, LINEARISED)
    row = found["one"]
    reach = t.ppf(0.975, ROWS - 1) * row["std_error"]
    # Two routes to the same quantile of Student's t: rounding.
    assert_allclose(row["conf_high"] - row["index"], reach, rtol=1e-10)


def test_freedom_counts_units_with_an_answer_to_the_construct() -> None:
    survey = make_survey(sizes=(80, 80), missing=0.0)
    psu, region = np.arange(160) // 20, np.repeat([0, 1], 80)
    answered = np.ones((160, 2), dtype=bool)
    answered[20:80, 1] = False  # of the first region, one PSU answered the second construct
    place = replace(survey.factors[0], codes=region)
    sample = make_sample(replace(survey, design=replace(survey.design, psu=psu)))
    found = count_cells(sample, place, answered, 20).freedom
    # Groups are drawn apart here, so that they are strata of `all`; each region is a group.
    assert_array_equal(found["all"], [[3, 0], [3, 3]])
    assert_array_equal(found["group 1"], [[3, 0], [0, 0]])
    assert count_cells(make_sample(survey), place, answered, 20).freedom == {}
    # Drawn one by one, each region has its groups for strata.
    mixed = replace(survey.factors[0], codes=np.arange(160) % 2)
    assert_array_equal(count_cells(sample, mixed, answered, 20).freedom["all"][:, 0], [6, 6])


def test_a_frequency_counts_its_respondents() -> None:
    survey = make_survey(sizes=(80,), missing=0.0, grouped=False)
    strata, codes = np.repeat([0, 1], 40), np.arange(80) % 2
    design = replace(
        survey.design, weights=np.full(80, 3.0), weight_kind="frequency", strata=strata
    )
    place = replace(survey.factors[0], codes=codes)
    sample = make_sample(replace(survey, design=design))
    found = count_cells(sample, place, np.ones((80, 1), dtype=bool), 20).freedom["all"]
    # Forty rows of three respondents each, less two strata.
    assert_array_equal(found, [[118], [118]])
