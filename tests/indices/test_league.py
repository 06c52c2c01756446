"""Ranks, pairwise tests and letters within a parent."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hierarchy_cases import NOW, nation_of, readings_of, row
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.multitest import multipletests

from acsi_sem.indices.league import rank_units
from acsi_sem.indices.rollup import roll_up
from acsi_sem.indices.withholding import blank
from acsi_sem.tables.national import DIFFERENCES, LEAGUE

TREE = {
    "S1": {"I1": {"A": 3, "B": 2, "C": 1, "D": 1, "rest": 1}, "I2": {"E": 4, "F": 1}},
    "S2": {"I3": {"G": 1}},
}
NATION = nation_of(TREE, residual=["rest"])
SCORES = {"A": 70.0, "B": 76.0, "C": 73.0, "D": 73.0, "rest": 90.0, "E": 70.0, "F": 71.0, "G": 60.0}
ERRORS = {"A": 0.8, "B": 0.9, "C": 1.0, "D": 1.1, "rest": 1.0, "E": 1.0, "F": 1.0, "G": 1.0}
COLUMNS = [("pls", "satisfaction"), ("pls", "loyalty"), ("ols", "satisfaction")]
READINGS = roll_up(
    NATION, NOW, readings_of(SCORES, ERRORS, columns=COLUMNS, freedom=40.0), conf_level=0.95
).readings


def test_ranks_and_pairs_by_hand() -> None:
    league, pairs = rank_units(NATION, READINGS, "satisfaction")
    assert list(league.columns) == list(LEAGUE.columns)
    assert list(pairs.columns) == list(DIFFERENCES.columns)
    own = league[(league["parent"] == "I1") & (league["engine"] == "pls")]
    assert own["unit"].tolist() == ["B", "C", "D", "A", "rest"]
    assert own["rank"].tolist()[:4] == [1, 2, 2, 4]
    last = own.iloc[-1]
    assert np.isnan(last["rank"])
    assert (last["tied"], last["note"], last["index"]) == ("", "not ranked: residual unit", 90.0)
    tests = pairs[(pairs["parent"] == "I1") & (pairs["engine"] == "pls")]
    assert list(zip(tests["unit"], tests["other"], strict=True)) == list(combinations("ABCD", 2))
    first = tests.iloc[0]
    error = (0.8**2 + 0.9**2) ** 0.5
    freedom = error**4 / ((0.8**4 + 0.9**4) / 40)
    assert (first["difference"], first["std_error"]) == (-6.0, error)
    assert_allclose(first["p_value"], 2 * stats.t.sf(6 / error, freedom))
    assert_allclose(tests["p_holm"], multipletests(tests["p_value"], method="holm")[1])


def test_a_shared_letter_is_a_difference_that_was_not_found() -> None:
    league, pairs = rank_units(NATION, READINGS, "satisfaction")
    told = league.set_index(["level", "unit", "engine"])["tied"]
    assert len(pairs) == 2 * (6 + 1 + 1 + 1)
    for _, pair in pairs.iterrows():
        mine = told[pair["level"], pair["unit"], pair["engine"]]
        other = told[pair["level"], pair["other"], pair["engine"]]
        assert bool(set(mine) & set(other)) == (pair["p_holm"] >= 0.05)
        assert pair["flag_95"] == (pair["p_holm"] < 0.05)
    assert row(league, unit="B", engine="pls")["tied"].startswith("a")


def test_every_level_is_ranked_and_engines_are_families_of_their_own() -> None:
    league, pairs = rank_units(NATION, READINGS, "satisfaction")
    assert row(league, level="sector", unit="S1", engine="ols")["rank"] == 1
    assert row(league, level="sector", unit="S1", engine="ols")["parent"] == "nation"
    assert row(league, unit="G", engine="ols")["tied"] == "a"
    assert len(pairs[pairs["level"] == "industry"]) == 2


def test_what_is_withheld_leaves_no_trace_in_ranks_and_letters() -> None:
    withheld = {("company", "B"): "withheld: fewer than 50 interviews"}
    league, pairs = rank_units(NATION, blank(READINGS, withheld), "satisfaction")
    own = row(league, unit="B", engine="pls")
    assert np.isnan([own["rank"], own["index"], own["published"]]).all()
    assert (own["tied"], own["note"]) == ("", "withheld: fewer than 50 interviews")
    assert row(league, unit="C", engine="pls")["rank"] == 1
    assert "B" not in {*pairs["unit"], *pairs["other"]}
    without = READINGS[READINGS["unit"] != "B"]
    again = rank_units(NATION, without, "satisfaction")
    assert league[league["unit"] != "B"].reset_index(drop=True).equals(again[0])
    assert pairs.equals(again[1])


def test_a_unit_without_an_error_is_ranked_and_not_compared() -> None:
    errors = ERRORS | {"C": float("nan")}
    readings = roll_up(NATION, NOW, readings_of(SCORES, errors), conf_level=0.95).readings
    league, pairs = rank_units(NATION, readings, "satisfaction")
    own = row(league, unit="C")
    assert (own["rank"], own["tied"], own["note"]) == (2, "", "not compared: no standard error")
    assert "C" not in {*pairs["unit"], *pairs["other"]}


def test_without_readings_there_are_two_empty_tables() -> None:
    league, pairs = rank_units(NATION, READINGS, "quality")
    assert (len(league), len(pairs)) == (0, 0)
