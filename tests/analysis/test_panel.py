"""Units fitted a few at a time: as `fit` fits them, however they are portioned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model
from pandas.testing import assert_frame_equal
from simulated import make_survey

from acsi_sem.analysis.panel import TABLES, Panel, UnitFits, batches, fit_units, join_units
from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Request
from acsi_sem.inference.apart import within_groups
from acsi_sem.survey.survey import Survey
from acsi_sem.survey.units import take_units

MODEL = acsi_model()
SIZES = (140, 120, 8, 130)
REQUEST = Request(engines=("pls", "ml", "ols"), replicates=100, seed=3, study="s")


def survey_of(sizes: tuple[int, ...] = SIZES, *, designed: bool = False) -> Survey:
    """Make a survey, its strata shared by all groups and one of them with a single unit."""
    made = make_survey(4, sizes)
    if not designed:
        return made
    strata = np.arange(sum(sizes)) % 5
    strata[0] = 5
    return replace(made, design=replace(made.design, strata=strata))


@pytest.fixture(scope="module")
def panel() -> Panel:
    return Panel(MODEL, survey_of(), REQUEST, ("pls", "ols"))


@pytest.fixture(scope="module")
def whole(panel: Panel) -> UnitFits:
    return fit_units(panel, panel.survey.groups.values if panel.survey.groups else ())


def assert_same(a: UnitFits, b: UnitFits) -> None:
    """Assert that two sets of fits are the same to the last bit."""
    for name in TABLES:
        assert_frame_equal(a.tables[name], b.tables[name], check_exact=True, obj=name)
    assert replace(a, tables={}) == replace(b, tables={})


@pytest.mark.parametrize("designed", [False, True])
def test_portions_do_not_matter(designed: bool) -> None:
    survey = survey_of(designed=designed)
    made = Panel(MODEL, survey, replace(REQUEST, engines=("pls", "ols")))
    names = survey.groups.values if survey.groups else ()
    one_by_one = join_units([fit_units(made, [name]) for name in names], names)
    assert_same(one_by_one, fit_units(made, names))


def test_a_unit_is_as_fit_has_it(panel: Panel, whole: UnitFits) -> None:
    """`fit` of the groups draws them by the same streams; only `all` is left out here."""
    kept = take_units(panel.survey, ["group 1", "group 2", "group 4"])
    direct = fit(MODEL, kept, engines=("pls", "ols"), bootstrap=100, seed=3, study="s")
    for name in ("indices", "estimates", "impacts"):
        mine, theirs = whole.tables[name], getattr(direct, name)
        mine = mine[mine["engine"] != "ml"].reset_index(drop=True)
        theirs = theirs[theirs["group"] != "all"].reset_index(drop=True)
        assert_frame_equal(mine, theirs, check_exact=True, obj=name)


def test_engines_without_replicates_are_linearised(panel: Panel) -> None:
    survey = survey_of((600,))
    mine = fit_units(replace(panel, survey=survey), ["group 1"]).tables["indices"]
    direct = fit(MODEL, survey, engines=("ml",), ci="linearised", study="s").indices
    columns = ["index", "std_error", "conf_low", "conf_high"]
    mine, theirs = mine[mine["engine"] == "ml"], direct[direct["group"] == "group 1"]
    assert mine["std_error"].notna().all()
    np.testing.assert_array_equal(mine[columns], theirs[columns])


def test_a_unit_too_small_is_lost_with_its_reason(whole: UnitFits) -> None:
    lost = {(one.unit, one.engine) for one in whole.lost}
    assert lost == {("group 3", engine) for engine in REQUEST.engines}
    assert all("complete rows, fewer than the 14" in one.reason for one in whole.lost)
    assert "group 3" not in set(whole.tables["indices"]["group"])


def test_a_unit_whose_answers_do_not_vary_is_lost_and_the_others_stand() -> None:
    survey = survey_of((120, 120))
    values = survey.values.copy()
    values[:120, 8] = 7.0
    found = fit_units(Panel(MODEL, replace(survey, values=values), REQUEST), ["group 1", "group 2"])
    assert {(one.unit, one.engine) for one in found.lost} >= {("group 1", "pls"), ("group 1", "ml")}
    indices = found.tables["indices"].set_index(["group", "engine"])["index"]
    assert indices.loc[("group 1", "pls")].isna().all()
    assert indices.loc[("group 2", "pls")].notna().all()


def test_rows_stand_unit_by_unit_and_engine_by_engine(whole: UnitFits) -> None:
    pairs = whole.tables["indices"][["group", "engine"]].drop_duplicates()
    units = ("group 1", "group 2", "group 4")
    assert list(pairs.itertuples(index=False, name=None)) == [
        (unit, engine) for unit in units for engine in REQUEST.engines
    ]
    assert whole.tables["items"]["index_weight"].notna().all()


def test_packing_gives_the_same_back(whole: UnitFits) -> None:
    assert_same(UnitFits.unpacked(whole.packed()), whole)
    with pytest.raises(ValueError, match="not whole"):
        UnitFits.unpacked(whole.packed()[:-40])


def test_freedom_is_that_of_the_design(whole: UnitFits) -> None:
    assert whole.freedom == {"group 1": 139, "group 2": 119, "group 4": 129}


def test_batches_hold_every_unit_once() -> None:
    names = tuple(f"group {i + 1}" for i in range(20))
    made = make_survey(1, (20,) * 20)
    assert tuple(name for batch in batches(made) for name in batch) == names


def test_cutting_keeps_rows_weights_and_design() -> None:
    made = survey_of(designed=True)
    cut = take_units(made, ["group 4", "group 1"])
    rows = np.r_[0:140, 268:398]
    np.testing.assert_array_equal(cut.values, made.values[rows])
    assert cut.groups is not None
    assert cut.groups.values == ("group 4", "group 1")
    np.testing.assert_array_equal(cut.groups.codes, np.r_[np.ones(140), np.zeros(130)])
    with pytest.raises(KeyError):
        take_units(made, ["nobody"])


def test_tables_are_of_the_unit_alone(whole: UnitFits) -> None:
    assert all("all" not in set(table["group"]) for table in whole.tables.values())
    assert isinstance(whole.tables["breakdowns"], pd.DataFrame)
    assert not whole.tables["breakdowns"].empty


def test_strata_with_a_single_row_count_as_variance() -> None:
    """Left alone they would count as none: nearly all rows here are strata of their own."""
    survey = survey_of((200,))
    strata = np.minimum(np.arange(200), 150)
    lone = replace(survey, design=replace(survey.design, strata=strata))
    request = replace(REQUEST, engines=("pls",), ci="linearised")
    found = fit_units(Panel(MODEL, lone, request), ["group 1"])
    plain = fit_units(Panel(MODEL, survey, request), ["group 1"])
    errors = [part.tables["indices"]["std_error"].to_numpy() for part in (found, plain)]
    np.testing.assert_allclose(errors[0], errors[1], rtol=0.05)  # strata without an effect
    assert [told.kind for told in found.notices if told.group].count("strata_joined") == 1
    drawn = fit_units(Panel(MODEL, lone, replace(request, ci="", replicates=400)), ["group 1"])
    np.testing.assert_allclose(drawn.tables["indices"]["std_error"], errors[1], rtol=0.2)


def test_a_lone_stratum_joins_the_smallest_other_and_stays_in_its_group() -> None:
    survey = survey_of((6, 6))
    named = replace(survey.design, strata=np.array([0, 1, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]))
    rows = np.arange(12)
    strata, psu, joined = within_groups(replace(survey, design=named), rows)
    assert strata.tolist() == [1, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert psu.tolist() == rows.tolist()
    assert joined == {"group 1": 1}


def test_replicates_stand_in_where_linearised_errors_are_withheld() -> None:
    """At 130 rows the covariance structure bends too much for a slope to tell."""
    survey = survey_of((130,))
    found = fit_units(Panel(MODEL, survey, REQUEST, ("pls", "ols")), ["group 1"])
    full = fit_units(Panel(MODEL, survey, REQUEST), ["group 1"])
    local = fit_units(Panel(MODEL, survey, replace(REQUEST, ci="linearised")), ["group 1"])
    tables = [part.tables["indices"] for part in (found, full, local)]
    mine, drawn, withheld = (table[table["engine"] == "ml"] for table in tables)
    assert withheld["std_error"].isna().all()
    assert_frame_equal(mine, drawn, check_exact=True)
    assert [told.kind for told in found.notices].count("replicated") == 1
    assert list(found.tables["indices"]["engine"].drop_duplicates()) == ["pls", "ml", "ols"]
