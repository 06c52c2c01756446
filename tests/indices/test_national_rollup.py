"""Roll-up and rolling forms of a small nation, against hand calculation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hierarchy_cases import NOW, nation_of, readings_of, row, with_shares
from numpy.testing import assert_allclose

from acsi_sem.errors import DataError
from acsi_sem.indices.national import coefficients, form_index, gather, national_index
from acsi_sem.indices.rollup import roll_up
from acsi_sem.indices.rounding import half_up, percent_change, publish
from acsi_sem.spec.hierarchy import Hierarchy, Share
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import NATIONAL, READINGS, SHARES

TREE = {
    "Travel": {"Airlines": {"Southwest": 11, "Delta": 22, "Others": 17}, "Hotels": {"Hilton": 10}},
    "Finance": {"Banks": {"One": 60, "Two": 40}},
}
SCORES = {
    "Southwest": 79.0,
    "Delta": 60.0,
    "Others": 75.0,
    "Hilton": 78.0,
    "One": 73.0,
    "Two": 70.0,
}
NATION = nation_of(TREE, residual=["Others"], sectors={"Travel": 1.0, "Finance": 3.0})


def test_an_airlines_table_by_hand() -> None:
    errors = {"Southwest": 1.0, "Delta": 2.0, "Others": 0.5, "Hilton": 1.0, "One": 1.0, "Two": 1.5}
    found = roll_up(NATION, NOW, readings_of(SCORES, errors), conf_level=0.95)
    assert list(found.readings.columns) == list(READINGS.columns)
    airlines = row(found.readings, unit="Airlines")
    # (11 79 + 22 60 + 17 75) / 50; the residual airlines count.
    assert_allclose(airlines["index"], 69.28, rtol=1e-14)
    assert_allclose(airlines["std_error"] ** 2, (11**2 + 44**2 + 8.5**2) / 50**2, rtol=1e-14)
    assert (airlines["published"], airlines["n"], airlines["parent"]) == (69.0, 750, "Travel")
    # 1 / sum a_f^2 / 250
    assert_allclose(airlines["n_eff"], 250 / (0.22**2 + 0.44**2 + 0.34**2), rtol=1e-14)
    travel = row(found.readings, unit="Travel")
    assert_allclose(travel["index"], (50 * 69.28 + 10 * 78) / 60, rtol=1e-14)
    nation = row(found.readings, unit="nation")
    expected = 0.25 * travel["index"] + 0.75 * (0.6 * 73 + 0.4 * 70)
    assert_allclose(nation["index"], expected, rtol=1e-14)
    assert nation["published"] == half_up(expected, 1)
    # Limits are normal where the freedom is not told.
    assert_allclose(nation["conf_high"] - nation["index"], 1.959963984540054 * nation["std_error"])
    assert np.isnan(nation["freedom"])
    assert (found.notices, set(found.readings["note"])) == ((), {""})
    assert row(found.readings, unit="Delta")["published"] == 60.0


def test_what_every_unit_weighs() -> None:
    scores = {name: score for name, score in SCORES.items() if name != "Delta"}
    found = roll_up(NATION, NOW, readings_of(scores), conf_level=0.95)
    assert list(found.shares.columns) == list(SHARES.columns)
    lost, kept = row(found.shares, unit="Delta"), row(found.shares, unit="Southwest")
    assert (lost["share"], lost["weight"], lost["note"]) == (0.44, 0.0, "no reading this quarter")
    assert_allclose(kept["share"], 0.22)
    assert_allclose(kept["weight"], 0.25 * 50 / 60 * 11 / 28)
    companies = found.shares[found.shares["level"] == "company"]
    assert_allclose(companies["weight"].sum(), 1.0)
    own = companies.set_index("unit")["weight"]
    nation = row(found.readings, unit="nation")["index"]
    assert_allclose(sum(own[name] * score for name, score in scores.items()), nation)


def test_lost_units_are_left_out_and_named() -> None:
    columns = [("pls", "satisfaction"), ("ols", "satisfaction")]
    companies = readings_of(SCORES, columns=columns)
    at = (companies["unit"] == "Delta") & (companies["engine"] == "ols")
    companies.loc[at, ["index", "std_error"]] = np.nan
    companies = companies[companies["unit"] != "Hilton"]
    found = roll_up(NATION, NOW, companies, conf_level=0.95)
    assert "Hotels" not in set(found.readings["unit"])
    ols = row(found.readings, unit="Airlines", engine="ols")
    assert_allclose(ols["index"], (11 * 79 + 17 * 75) / 28)
    assert ols["note"] == "without Delta, 44.0 % of Airlines by sales"
    assert row(found.readings, unit="Airlines", engine="pls")["note"] == ""
    assert row(found.readings, unit="Travel", engine="pls")["note"] == (
        "without Hotels, 16.7 % of Travel by sales"
    )
    first, second = found.notices
    assert (first.engine, first.subject) == ("ols", "Airlines")
    assert first.message == (
        "industry Airlines in 2026Q3: without Delta, 44.0 % of Airlines by sales"
    )
    assert (second.engine, second.subject) == ("", "Travel")
    assert second.message == "sector Travel in 2026Q3: without Hotels, 16.7 % of Travel by sales"


def test_a_reading_without_an_error_makes_none_and_says_so() -> None:
    errors = dict.fromkeys(SCORES, 1.0) | {"Two": float("nan")}
    found = roll_up(NATION, NOW, readings_of(SCORES, errors), conf_level=0.95).readings
    for unit, lacking in (("Banks", "Two"), ("Finance", "Banks"), ("nation", "Finance")):
        own = row(found, unit=unit)
        assert np.isfinite(own["index"])
        assert np.isnan([own["std_error"], own["conf_low"], own["conf_high"]]).all()
        assert own["note"] == f"no standard error: {lacking} without one"
    assert row(found, unit="Travel")["std_error"] > 0


def test_bad_readings_are_refused() -> None:
    with pytest.raises(DataError, match="readings of 2026Q3: company Pan Am: expected a unit, got"):
        roll_up(NATION, NOW, readings_of({"Pan Am": 70.0}), conf_level=0.95)
    twice = pd.concat([readings_of({"One": 70.0})] * 2)
    with pytest.raises(ValueError, match="two readings"):
        roll_up(NATION, NOW, twice, conf_level=0.95)
    kept = tuple(share for share in NATION.shares if share.unit != "Banks")
    cut = Hierarchy(NATION.levels, NATION.units, kept, NATION.measures)
    with pytest.raises(DataError, match="Banks: expected a share that holds on 2026-09-30"):
        roll_up(cut, NOW, readings_of({"One": 70.0}), conf_level=0.95)


def test_a_quarter_without_readings_has_none() -> None:
    empty = readings_of({})
    found = roll_up(NATION, NOW, empty, conf_level=0.95)
    assert (len(found.readings), found.notices) == (0, ())
    assert (found.shares["weight"] == 0).all()
    table = national_index(NATION, NOW, {NOW: found.readings}, window=4, conf_level=0.95)
    assert (len(table), list(table.columns)) == (0, list(NATIONAL.columns))


def sectors(period: Period, **scores: float) -> pd.DataFrame:
    """Make a quarter's readings of sectors."""
    return readings_of(scores, period=period, level="sector", freedom=50.0)


def of_form(table: pd.DataFrame) -> dict[str, float]:
    """Return the index of each form."""
    return dict(zip(table["form"], table["index"], strict=True))


def test_forms_by_hand_with_shares_that_change() -> None:
    old, new = Period(2026, 2), NOW
    changed = with_shares(
        NATION,
        [
            Share("sector", "Travel", "sales", old.first_day, old.last_day, 1.0),
            Share("sector", "Travel", "sales", new.first_day, new.last_day, 2.0),
        ],
    )
    readings = {
        old: sectors(old, Travel=70.0, Finance=80.0),
        new: sectors(new, Travel=74.0),
    }
    table = national_index(changed, new, readings, window=4, conf_level=0.95)
    assert of_form(table) == pytest.approx(
        {
            "pooled": (70 + 3 * 80 + 2 * 74) / 6,
            "mean_of_quarters": ((70 + 3 * 80) / 4 + 74) / 2,
            "latest": (2 * 74 + 3 * 80) / 5,
        },
        rel=1e-14,
    )
    latest = row(table, form="latest")
    assert (latest["quarters"], latest["readings"]) == (2, 2)
    assert_allclose(latest["std_error"] ** 2, (2**2 + 3**2) / 25)
    # (4 + 9)^2 / ((4^2 + 9^2) / 50)
    assert_allclose(latest["freedom"], 50 * 13**2 / (16 + 81))
    assert latest["note"] == "oldest reading of 2026Q2"
    pooled = row(table, form="pooled")
    assert pooled["readings"] == 3
    assert pooled["note"] == "rests on 2 of 4 quarters; 1 to 2 readings of a sector"
    assert latest["published"] == 77.6


def test_pooled_is_the_mean_of_quarters_when_shares_are_constant() -> None:
    rng = np.random.default_rng(5)
    periods = [NOW.back(back) for back in range(6)]
    readings = {
        at: sectors(at, Travel=70 + rng.normal(), Finance=75 + rng.normal()) for at in periods
    }
    made = of_form(national_index(NATION, NOW, readings, window=4, conf_level=0.95))
    assert made["pooled"] == pytest.approx(made["mean_of_quarters"], rel=1e-14)
    assert made["latest"] != pytest.approx(made["pooled"], abs=1e-6)


def test_with_annual_rotation_and_constant_shares_pooled_is_the_latest() -> None:
    readings = {
        NOW.back(1): sectors(NOW.back(1), Travel=70.0),
        NOW: sectors(NOW, Finance=80.0),
    }
    made = of_form(national_index(NATION, NOW, readings, window=4, conf_level=0.95))
    assert made["pooled"] == made["latest"] == pytest.approx(77.5, rel=1e-14)
    assert made["mean_of_quarters"] == 75.0


def test_readings_outside_the_window_do_not_count() -> None:
    readings = {at: sectors(at, Travel=70.0) for at in (NOW.back(4), NOW)}
    table = national_index(NATION, NOW, readings, window=4, conf_level=0.95)
    assert set(table["readings"]) == {1}
    assert set(table["note"]) == {
        "rests on 1 of 4 quarters; without Finance",
        "without Finance",
    }


def test_a_share_that_stands_in_several_quarters_errs_once() -> None:
    early, step = Period(2026, 1), 1e-5
    periods = [NOW.back(back) for back in range(3)]
    readings = {at: sectors(at, Travel=70.0 + k, Finance=78.0 - k) for k, at in enumerate(periods)}

    def nation(travel: float, finance: float) -> Hierarchy:
        since, until = early.first_day, NOW.last_day
        return with_shares(
            NATION,
            [
                Share("sector", "Travel", "sales", since, until, travel, 0.2),
                Share("sector", "Finance", "sales", since, until, finance, 0.1),
            ],
        )

    for form in ("pooled", "mean_of_quarters", "latest"):

        def index(travel: float, finance: float, form: str = form) -> float:
            table = national_index(
                nation(travel, finance), NOW, readings, window=4, conf_level=0.95
            )
            return float(row(table, form=form)["index"])

        pool = gather(nation(1.0, 3.0), readings)
        made = coefficients(pool, form, NOW, 4)
        known = (made.coefficients**2 * pool.parts.variance).sum()
        by_travel = (index(1 + step, 3) - index(1 - step, 3)) / (2 * step)
        by_finance = (index(1, 3 + step) - index(1, 3 - step)) / (2 * step)
        expected = known + (0.2 * by_travel) ** 2 + (0.1 * by_finance) ** 2
        # Central differences are right to about 1e-9.
        assert_allclose(form_index(pool, made).variance, expected, rtol=1e-7)


def test_rounding_is_half_up_even_where_binary_numbers_fall_short() -> None:
    # Each of these is a tie on paper; 72.45, 0.15 and 64.35 lie below theirs in binary.
    values = [72.45, 0.15, 64.35, 0.25, -0.05]
    assert half_up(values, 1).tolist() == [72.5, 0.2, 64.4, 0.3, -0.1]
    assert half_up([0.5, 1.5, 2.5, -2.5], 0).tolist() == [1.0, 2.0, 3.0, -3.0]
    blurred = (72.0 * 0.1 + 73.0 * 0.1) / 0.2
    assert publish("company", [blurred, 72.5 - 1e-6]).tolist() == [73.0, 72.0]
    assert np.isnan(half_up([np.nan])[0])
    assert str(half_up([-0.04], 1)[0]) == "0.0"
    assert percent_change("company", [72.0], [69.0]).tolist() == [4.3]
    assert percent_change("nation", [75.04], [74.26]).tolist() == [0.9]
    assert np.isnan(percent_change("company", [72.0], [0.2])[0])
