"""Percent changes as published, and the committed histories."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from acsi_sem.indices.published import from_facts, percent_changes
from acsi_sem.tables.national import HISTORY
from acsi_sem.tables.schema import make_table
from acsi_sem.tables.write import csv_bytes

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "data" / "published"
FACTS = ROOT.parent / "shared" / "facts"
FILES = {
    "acsi_national": ("acsi_national_quarterly.csv", "national"),
    "acsi_airlines": ("acsi_airlines.csv", "firms"),
    "acsi_portals": ("acsi_portals.csv", "firms"),
}


def committed(name: str) -> pd.DataFrame:
    """Return a committed history; periods are text."""
    return pd.read_csv(PUBLISHED / f"{name}.csv", dtype={"period": str, "vintage": str})


@pytest.mark.survey
@pytest.mark.skipif(not FACTS.exists(), reason="the parsed tables are not beside the checkout")
@pytest.mark.parametrize("name", FILES)
def test_committed_history_is_the_facts_converted(name: str) -> None:
    file, kind = FILES[name]
    made = from_facts(**{kind: pd.read_csv(FACTS / file)})
    assert csv_bytes(made) == (PUBLISHED / f"{name}.csv").read_bytes()


@pytest.mark.parametrize(("name", "rows"), [("national", 56), ("airlines", 135), ("portals", 120)])
def test_committed_history_has_every_cell_once(name: str, rows: int) -> None:
    table = committed(f"acsi_{name}")
    assert list(table.columns) == list(HISTORY.columns)
    assert len(table) == rows
    assert not table.duplicated(["level", "unit", "period"]).any()
    empty = table[table["index"].isna()]
    assert empty["note"].str.contains("not measured").all()


def test_doubtful_cells_carry_their_alternative_and_no_percentage() -> None:
    table = committed("acsi_national").set_index("period")
    doubtful = table[table["doubtful"] == 1]
    assert list(doubtful.index) == ["1997Q2", "1997Q3"]
    assert list(doubtful["index"]) == [71.7, 71.7]
    assert list(doubtful["alternative"]) == [71.1, 71.1]
    # 1997Q4 is itself beyond doubt, but a change on 1997Q3 would not be.
    resting = table.loc["1997Q2":"1997Q4"]
    assert resting["percent"].isna().all()
    assert resting["note"].str.contains("percent withheld").all()


def test_industries_lie_between_their_companies_in_every_year() -> None:
    # What a sales-weighted mean must do; a slipped column of the parsed tables would not.
    for name in ("acsi_airlines", "acsi_portals"):
        table = committed(name).dropna(subset=["index"])
        firms = table[table["level"] == "company"].groupby("period")["index"].agg(["min", "max"])
        industry = table[table["level"] == "industry"].set_index("period")["index"]
        assert len(industry) in (15, 9)
        assert ((firms["min"] <= industry) & (industry <= firms["max"])).all()


def changed(level: str, before: float, after: float) -> float:
    """Return the percentage of two readings of one unit."""
    rows = [
        {"series": "a", "level": level, "unit": "u", "period": period, "index": index}
        for period, index in (("2001", before), ("2002", after))
    ]
    return float(percent_changes(make_table(HISTORY, rows))["previous"].iloc[1])


def test_airlines_at_72_after_a_rise_of_4_3_per_cent_were_at_69() -> None:
    found = [before for before in range(50, 101) if changed("industry", before, 72) == 4.3]
    assert found == [69]


@pytest.mark.parametrize(
    ("level", "before", "after", "expected"),
    [
        ("company", 68.6, 72.4, 4.3),  # 72 on 69; unrounded it would be 5.5
        ("company", 69.49, 69.5, 1.4),  # 70 on 69: rounded first, so a hundredth of a point shows
        ("industry", 71.6, 72.3, 0.0),  # both 72, though 0.7 points lie between
        ("nation", 75.0, 75.15, 0.3),  # 75.2 on 75.0 = 0.267; the nation keeps one decimal
        ("company", 69.0, 68.5, 0.0),  # half up: to even would make 68 and -1.4
        ("company", 0.4, 60.0, math.nan),
        ("company", 70.0, math.nan, math.nan),
    ],
)
def test_scores_are_rounded_before_the_change(
    level: str, before: float, after: float, expected: float
) -> None:
    assert changed(level, before, after) == pytest.approx(expected, nan_ok=True, abs=0)


def test_changes_are_on_the_reading_before_and_on_the_baseline() -> None:
    table = committed("acsi_airlines")
    changes = percent_changes(table)
    industry = table["unit"] == "Airlines"
    last = changes[industry & (table["period"] == "2008")].iloc[0]
    # 62 after 63, and after 72 in 1994.
    assert (last["previous_period"], last["previous"]) == ("2007", -1.6)
    assert (last["baseline_period"], last["baseline"]) == ("1994", -13.9)
    first = changes[industry & (table["period"] == "1994")].iloc[0]
    assert (first["previous_period"], first["baseline_period"]) == ("", "")


def test_order_of_rows_does_not_matter_and_gaps_are_named() -> None:
    readings = {"2001": 70.0, "2002": math.nan, "2003": 72.0}
    rows = [{"series": "a", "unit": "u", "period": p, "index": i} for p, i in readings.items()]
    table = make_table(HISTORY, rows)
    changes = percent_changes(table)
    assert changes["previous"].isna().all()
    assert changes["note"].iloc[2] == "previous: 2002 was not measured"
    turned = percent_changes(table.iloc[::-1])
    pd.testing.assert_frame_equal(turned.sort_index(), changes)
