"""Changes and their tests: under overlap, within families, across breaks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hierarchy_cases import NOW, nation_of, readings_of, row, spec_of, with_shares
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.multitest import multipletests

from acsi_sem.errors import DataError
from acsi_sem.indices.changes import find_changes
from acsi_sem.indices.national import coefficients, form_index, gather
from acsi_sem.indices.rollup import roll_up
from acsi_sem.indices.withholding import withheld_units
from acsi_sem.kernels.rollup import Aggregates, combine
from acsi_sem.spec.hierarchy import NATIONAL_FORMS, Break, Hierarchy, Share
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import CHANGES

TREE = {
    "S1": {"I1": {"A": 3, "B": 2, "C": 1, "rest": 1}, "I2": {"D": 4}},
    "S2": {"I3": {"E": 1, "F": 1}},
}
NATION = nation_of(TREE, residual=["rest"])
BASE = {"A": 70.0, "B": 71.0, "C": 72.0, "rest": 60.0, "D": 74.0, "E": 75.0, "F": 76.0}
NEXT = {"A": 73.0, "B": 74.5, "C": 72.1, "rest": 70.0, "D": 75.0, "E": 70.0, "F": 79.0}


def rolled(period: Period, scores: dict[str, float], **parts: float) -> pd.DataFrame:
    """Roll companies of a quarter up."""
    own = readings_of(scores, period=period, **parts)  # type: ignore[arg-type]
    return roll_up(NATION, period, own, conf_level=0.95).readings


READINGS = {NOW.back(1): rolled(NOW.back(1), BASE), NOW: rolled(NOW, NEXT)}


def test_two_readings_of_a_company() -> None:
    found = find_changes(spec_of(), NATION, NOW, READINGS, conf_level=0.95)
    assert list(found.columns) == list(CHANGES.columns)
    own = row(found, unit="A", versus="last_quarter")
    assert (own["base_period"], own["change"], own["std_error"]) == ("2026Q2", 3.0, 2**0.5)
    assert_allclose(own["p_value"], 2 * stats.norm.sf(3 / 2**0.5))
    assert own["percent"] == 4.3
    assert (found["versus"] == "last_quarter").all()


def test_families_are_the_parents_children_without_residual_units() -> None:
    found = find_changes(spec_of(), NATION, NOW, READINGS, conf_level=0.95)
    airlines = found[found["unit"].isin(["A", "B", "C"])]
    expected = multipletests(airlines["p_value"], method="holm")[1]
    assert_allclose(airlines["p_holm"], expected, rtol=1e-14)
    assert (airlines["flag_95"] == (expected < 0.05)).all()
    assert (airlines["flag_90"] == (expected < 0.10)).all()
    alone = row(found, unit="D")
    assert alone["p_holm"] == alone["p_value"]
    rest = row(found, unit="rest")
    assert rest["change"] == 10.0
    assert np.isnan([rest["p_value"], rest["p_holm"], rest["flag_95"]]).all()
    assert rest["note"] == "not tested: residual unit"


def test_small_designs_are_tested_by_t_with_combined_freedom() -> None:
    few = {
        period: rolled(period, scores, freedom=8.0)
        for period, scores in ((NOW.back(4), BASE), (NOW, NEXT))
    }
    own = row(find_changes(spec_of(), NATION, NOW, few, conf_level=0.90), unit="A")
    assert (own["versus"], own["freedom"]) == ("last_year", 16.0)
    assert_allclose(own["p_value"], 2 * stats.t.sf(3 / 2**0.5, 16))
    assert_allclose(own["conf_high"] - 3, stats.t.ppf(0.95, 16) * 2**0.5)


def test_a_unit_that_was_not_measured_has_no_change() -> None:
    one = {name: BASE[name] for name in ("A", "B", "C", "rest", "D")}
    other = {name: NEXT[name] for name in ("E", "F")}
    readings = {NOW.back(1): rolled(NOW.back(1), one), NOW: rolled(NOW, other)}
    found = find_changes(spec_of(), NATION, NOW, readings, conf_level=0.95)
    # Different sectors make up the nation's two quarters: only the rolling index has a change.
    assert set(found["unit"]) == {"nation"}
    assert sorted(found["form"]) == sorted(NATIONAL_FORMS)


def test_an_aggregate_of_other_units_says_so() -> None:
    fewer = {name: score for name, score in NEXT.items() if name != "B"}
    readings = {**READINGS, NOW: rolled(NOW, fewer)}
    found = find_changes(spec_of(), NATION, NOW, readings, conf_level=0.95)
    plain = found[found["form"] == ""].set_index("unit")["note"]
    for unit in ("I1", "S1", "nation"):
        assert plain[unit] == "not of the same units in both periods"
    assert (plain["I2"], plain["S2"]) == ("", "")


def test_no_test_across_a_break() -> None:
    breaks = (Break("2026Q3", "new questionnaire"), Break("2026Q2", "before", "A"))
    found = find_changes(spec_of(breaks=breaks), NATION, NOW, READINGS, conf_level=0.95)
    assert found["p_holm"].isna().all()
    assert row(found, unit="A")["note"] == "not comparable across 2026Q3: new questionnaire"
    assert row(found, unit="A")["change"] == 3.0
    own = find_changes(spec_of(breaks=(Break("2026Q3", "moved", "B"),)), NATION, NOW, READINGS,
                       conf_level=0.95)  # fmt: skip
    expected = multipletests(own[own["unit"].isin(["A", "C"])]["p_value"], method="holm")[1]
    assert_allclose(own[own["unit"].isin(["A", "C"])]["p_holm"], expected)


def test_a_withheld_unit_has_no_change_and_is_not_counted() -> None:
    held = {NOW.back(1): {("company", "A"): "withheld: fewer than 50 interviews"}}
    found = find_changes(spec_of(), NATION, NOW, READINGS, conf_level=0.95, withheld=held)
    own = row(found, unit="A")
    assert own["index"] == 73.0
    assert np.isnan([own["base_index"], own["change"], own["percent"], own["p_holm"]]).all()
    assert own["note"] == "withheld or without a result in the base period"
    pair = found[found["unit"].isin(["B", "C"])]
    assert_allclose(pair["p_holm"], multipletests(pair["p_value"], method="holm")[1])
    rolling = {(NOW, "pooled"): "withheld"}
    found = find_changes(spec_of(), NATION, NOW, READINGS, conf_level=0.95, forms=rolling)
    blanked = row(found, form="pooled")
    assert np.isnan([blanked["index"], blanked["change"], blanked["std_error"]]).all()
    assert np.isfinite([blanked["base_index"], row(found, form="latest")["change"]]).all()


def changing() -> Hierarchy:
    """Two sectors with shares that change in 2026."""
    since, until = Period(2024, 1), Period(2025, 4)
    return with_shares(
        nation_of({"S1": {"I": {"A": 1}}, "S2": {"J": {"B": 1}}}),
        [
            Share("sector", "S1", "sales", since.first_day, until.last_day, 1.0),
            Share("sector", "S1", "sales", until.back(-1).first_day, NOW.last_day, 3.0),
            Share("sector", "S2", "sales", since.first_day, NOW.last_day, 2.0),
        ],
    )


@pytest.mark.parametrize("rotation", ["annual", "quarterly"])
def test_the_variance_of_a_rolling_change_is_what_draws_show(rotation: str) -> None:
    hierarchy, rng = changing(), np.random.default_rng(11)
    spans = [NOW.back(back) for back in range(5)]
    measured = {
        at: ["S1", "S2"] if rotation == "quarterly" else [("S1", "S2")[at.quarter % 2]]
        for at in spans
    }
    readings = {
        at: readings_of(
            dict.fromkeys(measured[at], 70.0 + at.quarter),
            {"S1": 1.0, "S2": 2.0},
            period=at,
            level="sector",
        )
        for at in spans
    }
    table = find_changes(spec_of(), hierarchy, NOW, readings, conf_level=0.95)
    pool = gather(hierarchy, readings)
    error = np.sqrt(np.nan_to_num(pool.parts.variance))
    draws = 70 + error * rng.standard_normal((len(pool.quarter), 100_000))
    for form in NATIONAL_FORMS:
        made = row(table, form=form, versus="last_quarter")
        now, then = (
            np.where(pool.known, coefficients(pool, form, at, 4).coefficients, 0.0)
            for at in (NOW, NOW.back(1))
        )
        drawn = (now * draws).sum(axis=0) - (then * draws).sum(axis=0)
        # A variance from 100,000 draws has a relative standard error of 0.45 %; four of them.
        assert_allclose(drawn.var(), made["std_error"] ** 2, rtol=0.018)
        apart = combine(
            np.array([[1.0, -1.0]]),
            Aggregates(
                *(
                    np.array([getattr(form_index(pool, coefficients(pool, form, at, 4)), name)
                              for at in (NOW, NOW.back(1))])
                    for name in ("index", "variance", "freedom")
                )
            ),
        )  # fmt: skip
        assert_allclose(apart.index[0, 0], made["change"], rtol=1e-12, atol=1e-12)
        if form == "pooled":
            # Taking overlapping windows for independent is far too cautious.
            assert apart.variance[0, 0] > 1.5 * made["std_error"] ** 2


def test_no_new_reading_means_no_change_and_no_test() -> None:
    readings = {NOW.back(1): READINGS[NOW.back(1)], NOW: readings_of({}, period=NOW)}
    found = find_changes(spec_of(), NATION, NOW, readings, conf_level=0.95)
    own = row(found, form="latest")
    assert (own["change"], own["std_error"]) == (0.0, 0.0)
    assert np.isnan(own["p_value"])
    assert "no reading is new, none has gone" in own["note"]


def test_what_is_withheld_cannot_come_back_by_the_changes() -> None:
    small = {**dict.fromkeys(BASE, 250), "A": 20}
    base = readings_of(BASE, period=NOW.back(1), n=small)
    readings = {
        NOW.back(1): roll_up(NATION, NOW.back(1), base, conf_level=0.95).readings,
        NOW: READINGS[NOW],
    }
    withheld = {at: withheld_units(table, NATION, 50) for at, table in readings.items()}
    assert {name for _, name in withheld[NOW.back(1)]} == {"A", "B"}
    found = find_changes(spec_of(), NATION, NOW, readings, conf_level=0.95, withheld=withheld)
    gone = found[found["unit"].isin(["A", "B"])]
    numbers = ["base_index", "change", "std_error", "conf_low", "statistic", "p_value", "percent"]
    assert gone[numbers].isna().all(axis=None)


def test_a_company_that_moved_between_industries_is_told_of() -> None:
    tree = {"S1": {"I1": {"A": 3, "B": 2, "rest": 1}, "I2": {"D": 4, "C": 1}}, "S2": TREE["S2"]}
    moved = nation_of(tree, residual=["rest"])
    own = roll_up(moved, NOW, readings_of(NEXT), conf_level=0.95).readings
    readings = {NOW.back(1): READINGS[NOW.back(1)], NOW: own}
    found = find_changes(spec_of(), moved, NOW, readings, conf_level=0.95)
    notes = found[found["form"] == ""].set_index("unit")["note"]
    for unit in ("I1", "I2", "S1", "nation"):
        assert notes[unit] == "not of the same units in both periods"
    assert (notes["I3"], notes["S2"], notes["C"]) == ("", "", "")


def test_a_unit_that_was_struck_from_the_file_is_missed() -> None:
    struck = nation_of({"S1": {"I1": {"A": 3, "B": 2, "C": 1, "rest": 1}}, "S2": TREE["S2"]})
    scores = {name: score for name, score in NEXT.items() if name != "D"}
    own = roll_up(struck, NOW, readings_of(scores), conf_level=0.95).readings
    readings = {NOW.back(1): READINGS[NOW.back(1)], NOW: own}
    with pytest.raises(DataError, match="readings of 2026Q2: company D: expected a unit, got no"):
        find_changes(spec_of(), struck, NOW, readings, conf_level=0.95)
