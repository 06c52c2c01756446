"""The committed table of the national coverage study keeps what it promises."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

TABLE = Path(__file__).parents[2] / "benchmarks" / "coverage_national.csv"


def rows(interval: str) -> pd.DataFrame:
    """Return a kind of interval, of the truth of all answers."""
    table = pd.read_csv(TABLE)
    return table[(table["interval"] == interval) & (table["truth"] == "all answers")]


def test_linearised_intervals_cover_at_every_level() -> None:
    found = rows("linearised")
    assert (found["quarters"] >= 496).all()  # the rolling change needs five quarters
    assert set(found["level"]) == {"company", "industry", "sector", "nation"}
    assert found["coverage"].between(0.93, 0.97).all()
    assert (found["withheld"] == 0).all()


def test_the_nation_is_covered_within_two_monte_carlo_errors() -> None:
    nation = rows("linearised").query("level == 'nation'")
    assert len(nation) == 4
    assert ((nation["coverage"] - 0.95).abs() <= 2 * nation["monte_carlo_error"]).all()


def test_twenty_quarters_were_also_drawn() -> None:
    drawn = rows("bootstrap").query("level == 'company' and quantity == 'index'")
    assert drawn["quarters"].tolist() == [20]
    assert drawn["coverage"].between(0.93, 0.97).all()
