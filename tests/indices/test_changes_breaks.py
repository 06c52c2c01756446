"""How far a break reaches, and what is said of rolling indices and quarters that were not run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hierarchy_cases import NOW, nation_of, readings_of, row, spec_of, with_shares
from withholding_cases import MINIMUM

from acsi_sem.indices.changes import find_changes
from acsi_sem.indices.national import coefficients, gather, national_index, window_notes
from acsi_sem.indices.rollup import roll_up
from acsi_sem.indices.withholding import withheld_forms, withheld_units
from acsi_sem.spec.hierarchy import NATIONAL_FORMS, Break, Hierarchy, Share
from acsi_sem.spec.periods import Period

TREE = {
    "S1": {"I1": {"A": 3, "B": 2}, "I2": {"D": 4}},
    "S2": {"I3": {"E": 1, "F": 1}, "A": {"G": 1}},
}
NATION = nation_of(TREE)
NAMES = ("A", "B", "D", "E", "F", "G")


def rolled(period: Period, names: Sequence[str] = NAMES, index: float = 70.0) -> pd.DataFrame:
    """Roll companies of a quarter up."""
    own = readings_of(dict.fromkeys(names, index), period=period)
    return roll_up(NATION, period, own, conf_level=0.95).readings


def broken(*breaks: Break) -> set[tuple[str, str]]:
    """Return the units whose change on last quarter is not tested for a break."""
    readings = {NOW.back(1): rolled(NOW.back(1)), NOW: rolled(NOW, index=72.0)}
    found = find_changes(spec_of(breaks=breaks), NATION, NOW, readings, conf_level=0.95)
    assert (found["p_holm"].isna() == (found["note"].str.contains("not comparable"))).all()
    own = found[found["p_holm"].isna()]
    return set(zip(own["level"], own["unit"] + own["form"], strict=True))


TOP = {("nation", "nation"), *(("nation", f"nation{form}") for form in NATIONAL_FORMS)}
ABOVE_A = {("company", "A"), ("industry", "I1"), ("sector", "S1"), *TOP}
IN_A = {("industry", "A"), ("company", "G"), ("sector", "S2"), *TOP}


@pytest.mark.parametrize(
    ("series", "reached"),
    [
        ("D", {("company", "D"), ("industry", "I2"), ("sector", "S1"), *TOP}),
        ("I3", {("industry", "I3"), ("company", "E"), ("company", "F"), ("sector", "S2"), *TOP}),
        ("company A", ABOVE_A),
        ("industry A", IN_A),
        ("A", ABOVE_A | IN_A),
    ],
)
def test_a_break_reaches_what_is_above_and_below(
    series: str, reached: set[tuple[str, str]]
) -> None:
    assert broken(Break("2026Q3", "new questionnaire", series)) == reached


def test_a_break_of_all_or_of_the_nation_reaches_everything() -> None:
    every = broken(Break("2026Q3", "new questionnaire"))
    assert len(every) == 6 + 4 + 2 + 4
    assert broken(Break("2026Q3", "new questionnaire", "nation")) == every
    assert broken(Break("2026Q2", "before"), Break("2026Q4", "after")) == set()


def test_what_broke_is_named_elsewhere_than_in_its_own_row() -> None:
    readings = {NOW.back(1): rolled(NOW.back(1)), NOW: rolled(NOW)}
    spec = spec_of(breaks=(Break("2026Q3", "merger", "A"),))
    found = find_changes(spec, NATION, NOW, readings, conf_level=0.95)
    assert row(found, unit="A", level="company")["note"] == "not comparable across 2026Q3: merger"
    assert row(found, unit="S1")["note"] == "not comparable across 2026Q3 of A: merger"


@pytest.mark.parametrize(("back", "forms"), [(2, {"pooled", "mean_of_quarters"}), (4, set())])
def test_windows_that_reach_over_a_break(back: int, forms: set[str]) -> None:
    at = NOW.back(back)
    readings = {NOW.back(k): rolled(NOW.back(k), index=70.0 + k) for k in range(5)}
    spec = spec_of(breaks=(Break(str(at), "new questionnaire"),))
    found = find_changes(spec, NATION, NOW, readings, conf_level=0.95)
    own = found[(found["versus"] == "last_quarter") & (found["form"] != "")]
    # A year's window still holds the old questionnaire; latest readings are all of the new one.
    marked = own["note"].str.contains("not comparable")
    assert set(own.loc[marked, "form"]) == forms
    assert own["p_value"].isna().tolist() == marked.tolist()
    plain = found[(found["versus"] == "last_quarter") & (found["form"] == "")]
    assert plain["p_value"].notna().all()


def restated() -> Hierarchy:
    """Three sectors whose shares change with the year."""
    tree = {f"S{k}": {f"I{k}": {f"C{k}": 1.0}} for k in range(3)}
    old, new = Period(2025, 4), Period(2026, 1)
    given = [
        Share("sector", "S1", "sales", Period(2020, 1).first_day, old.last_day, 2.0),
        Share("sector", "S1", "sales", new.first_day, Period(2030, 1).last_day, 3.0),
    ]
    return with_shares(nation_of(tree, sectors={"S0": 1.0, "S1": 2.0, "S2": 4.0}), given)


def test_no_rolling_change_against_a_quarter_that_was_not_run() -> None:
    hierarchy, readings = restated(), {}
    for at, n in ((Period(2025, 4), 10), (Period(2026, 2), 200)):
        names = ("C0", "C1", "C2") if n < MINIMUM else ("C2",)
        own = readings_of(dict.fromkeys(names, 70.0), n={"C0": n, "C1": 90, "C2": 95}, period=at)
        readings[at] = roll_up(hierarchy, at, own, conf_level=0.95).readings
    withheld = {at: withheld_units(table, hierarchy, MINIMUM) for at, table in readings.items()}
    assert withheld[Period(2025, 4)]
    forms = withheld_forms(spec_of(), hierarchy, readings, withheld)
    found = find_changes(
        spec_of(), hierarchy, Period(2026, 2), readings, conf_level=0.95, withheld=withheld,
        forms=forms,
    )  # fmt: skip
    # The latest of 2026Q1 weighs hidden sectors of 2025Q4 by new shares: a second equation.
    assert "2026Q1" not in set(found["base_period"])


def test_a_quarter_without_any_reading_is_gone_through_too() -> None:
    hierarchy, since = restated(), Period(2025, 4)
    own = readings_of(
        dict.fromkeys(("C0", "C1", "C2"), 70.0), n={"C0": 10, "C1": 90, "C2": 95}, period=since
    )
    empty = since.back(-1)
    readings = {
        since: roll_up(hierarchy, since, own, conf_level=0.95).readings,
        empty: roll_up(hierarchy, empty, readings_of({}), conf_level=0.95).readings,
    }
    withheld = {at: withheld_units(table, hierarchy, MINIMUM) for at, table in readings.items()}
    forms = withheld_forms(spec_of(), hierarchy, readings, withheld)
    assert set(forms) == {(empty, "latest")}


def notes_of(readings: dict[Period, pd.DataFrame]) -> dict[str, str]:
    """Return the note of each form's index."""
    table = national_index(NATION, NOW, readings, window=4, conf_level=0.95)
    return dict(zip(table["form"], table["note"], strict=True))


def test_notes_of_the_latest_say_only_what_a_reader_needs() -> None:
    now = {NOW: rolled(NOW)}
    assert notes_of(now) == {
        "pooled": "rests on 1 of 4 quarters",
        "mean_of_quarters": "rests on 1 of 4 quarters",
        "latest": "",
    }
    assert notes_of({NOW.back(1): rolled(NOW.back(1)), **now})["latest"] == ""
    rotated = {NOW.back(2): rolled(NOW.back(2), ("E",)), NOW: rolled(NOW, ("A",))}
    assert notes_of(rotated)["latest"] == "oldest reading of 2026Q1"
    assert notes_of({NOW: rolled(NOW, ("A",))})["latest"] == "without S2"
    # Readings that are all of one quarter are old when that is not this one.
    assert notes_of({NOW.back(1): rolled(NOW.back(1))})["latest"] == "oldest reading of 2026Q2"


def test_a_column_without_readings_has_no_note() -> None:
    pool = gather(NATION, {NOW: rolled(NOW)})
    made = coefficients(pool, "latest", NOW.back(-5), 4)
    assert not np.any(made.coefficients)
    assert window_notes(pool, made, "latest", NOW.back(-5), 4) == [""]
