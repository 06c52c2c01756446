"""Degrees of freedom: units with rows in a group less the strata they are drawn in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acsi_model import acsi_model
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.inference.linearised import linearise
from acsi_sem.inference.replicates import design_freedom
from acsi_sem.inference.sample import make_sample
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import Interval

MODEL = acsi_model()


def designed(psu: np.ndarray, strata: np.ndarray | None = None) -> Survey:
    """Make a survey of two groups (150 and 180 rows) with a design."""
    survey = make_survey(missing=0.0)
    return replace(survey, design=replace(survey.design, psu=psu, strata=strata))


def test_groups_drawn_apart_are_strata_of_all() -> None:
    psu = (np.arange(330) // 5).astype(np.intp)  # 30 PSUs in group 1, 36 in group 2
    strata = (psu % 3).astype(np.intp)
    freedom = design_freedom(make_sample(designed(psu, strata)))
    assert freedom == {"group 1": 30 - 3, "group 2": 36 - 3, "all": 66 - 6}


def test_units_without_rows_in_a_group_do_not_count_for_it() -> None:
    psu = (np.arange(330) // 5).astype(np.intp)
    psu[149] = 40
    sample = make_sample(designed(psu))
    freedom = design_freedom(sample)
    assert freedom == {"group 1": 31 - 1, "group 2": 36 - 1, "all": 66 - 1}
    means = linearise(lambda s: {"mean": sample.moments(s).mean}, sample, "group 1")
    assert means.freedom == 30


def test_frequencies_are_respondents() -> None:
    survey = make_survey(missing=0.0)
    counts = (np.arange(330) % 3 + 1).astype(np.float64)
    design = replace(survey.design, weights=counts, weighted=True, weight_kind="frequency")
    freedom = design_freedom(make_sample(replace(survey, design=design)))
    assert freedom["group 1"] == counts[:150].sum() - 1


@pytest.mark.parametrize("ci", ["linearised", "bca", "normal"])
def test_a_group_within_one_unit_has_no_standard_errors(ci: Interval) -> None:
    psu = np.where(np.arange(330) < 150, 0, np.arange(330) // 5).astype(np.intp)
    found = fit(MODEL, designed(psu), engines=("pls", "ols"), ci=ci, bootstrap=60)
    for name in ("indices", "impacts"):
        rows = getattr(found, name).query("group == 'group 1'")
        assert rows["std_error"].isna().all()
        assert rows["note"].str.contains("single unit").all()
    paths = found.estimates.query("group == 'group 1' and engine == 'pls'")
    assert paths["std_error"].isna().all()
    assert "no_variance" in {n.kind for n in found.notices if n.group == "group 1"}
    assert found.indices.query("group == 'group 2'")["std_error"].gt(0).all()
