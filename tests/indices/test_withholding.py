"""Nothing withheld can be worked out: linear algebra on random nations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hierarchy_cases import NOW, Tree, nation_of, readings_of, row, spec_of, with_shares
from hypothesis import given, settings
from withholding_cases import MINIMUM, Case, functionals, in_span, nations, rolled

from acsi_sem.indices.equations import determined
from acsi_sem.indices.national import coefficients, gather, national_index
from acsi_sem.indices.rollup import roll_up
from acsi_sem.indices.withholding import (
    blank,
    blank_forms,
    withheld_forms,
    withheld_units,
)
from acsi_sem.spec.hierarchy import NATIONAL_FORMS, Hierarchy, Share
from acsi_sem.spec.periods import Period
from acsi_sem.tables.schema import INDICES, ITEMS, make_table


@given(nations())
@settings(max_examples=60, deadline=None)
def test_no_published_numbers_determine_a_withheld_one(case: Case) -> None:
    readings = rolled(case)
    withheld = withheld_units(readings, case[0], MINIMUM)
    known = readings[readings["index"].notna()]
    small = {
        (level, unit)
        for level, unit, n in zip(known["level"], known["unit"], known["n"], strict=True)
        if n < MINIMUM
    }
    assert small <= set(withheld)
    assert small or not withheld
    for engine in ("pls", "ols"):
        vectors = functionals(case, engine)
        published = [vector for unit, vector in vectors.items() if unit not in withheld]
        for unit in withheld:
            if unit in vectors:
                assert not in_span(published, vectors[unit]), unit


def test_the_test_would_notice() -> None:
    hierarchy = nation_of({"S": {"I": {"A": 1, "B": 1, "C": 1}}})
    case: Case = hierarchy, {"A": 20, "B": 200, "C": 80}, set()
    vectors = functionals(case, "pls")
    only = [vector for unit, vector in vectors.items() if unit != ("company", "A")]
    assert in_span(only, vectors["company", "A"])


def reasons(tree: Tree, sizes: dict[str, int]) -> dict[str, str]:
    """Return what is withheld by name, and whether for its size."""
    case: Case = (nation_of(tree), sizes, set())
    found = withheld_units(rolled(case), case[0], MINIMUM)
    return {name: "small" if "fewer" in why else "secondary" for (_, name), why in found.items()}


def test_the_smallest_sibling_by_interviews_then_name_protects() -> None:
    tree = {"S": {"I": {"A": 1, "D": 1, "C": 9, "B": 1}, "J": {"E": 1}}}
    sizes = {"A": 20, "D": 60, "C": 60, "B": 250, "E": 250}
    assert reasons(tree, sizes) == {"A": "small", "C": "secondary"}


def test_few_together_are_still_few() -> None:
    tree = {"S": {"I": {"A": 1, "B": 1, "C": 1, "D": 1}, "J": {"E": 1}}}
    sizes = {"A": 20, "B": 20, "C": 90, "D": 80, "E": 250}
    assert reasons(tree, sizes) == {"A": "small", "B": "small", "D": "secondary"}


def test_an_only_child_takes_its_parent_and_an_uncle_with_it() -> None:
    tree = {"S": {"I": {"A": 1}, "J": {"B": 1, "C": 1}, "K": {"D": 1}}, "T": {"L": {"E": 1}}}
    sizes = {"A": 20, "B": 100, "C": 120, "D": 300, "E": 300}
    assert reasons(tree, sizes) == {
        "A": "small",
        "I": "small",
        "J": "secondary",
        "B": "secondary",
    }


def test_a_unit_that_weighs_nothing_protects_nobody() -> None:
    tree = {"S": {"I": {"A": 1, "Z": 0, "B": 1}, "J": {"E": 1}}}
    assert reasons(tree, {"A": 20, "Z": 55, "B": 250, "E": 250}) == {"A": "small", "B": "secondary"}


def test_large_units_are_all_published() -> None:
    tree = {"S": {"I": {"A": 1, "B": 1}}}
    assert reasons(tree, {"A": 50, "B": 50}) == {}


def quarterly(shares_change: bool) -> tuple[Hierarchy, dict[Period, pd.DataFrame]]:
    """Three sectors over five quarters; two of them are withheld in the second."""
    tree = {f"S{k}": {f"I{k}": {f"C{k}": 1.0}} for k in range(3)}
    hierarchy = nation_of(tree, sectors={"S0": 1.0, "S1": 2.0, "S2": 4.0})
    if shares_change:
        middle = NOW.back(2)
        given = [
            Share("sector", "S1", "sales", Period(2020, 1).first_day, middle.last_day, 2.0),
            Share("sector", "S1", "sales", middle.back(-1).first_day, NOW.last_day, 3.0),
        ]
        hierarchy = with_shares(hierarchy, given)
    readings = {}
    for back in range(5):
        at, sizes = NOW.back(back), dict.fromkeys(("C0", "C1", "C2"), 100)
        if back == 3:
            sizes["C0"] = 10
        names = sizes if back >= 3 else {"C2": 100}
        scores = dict.fromkeys(names, 70.0)
        own = readings_of(scores, n=sizes, period=at)
        readings[at] = roll_up(hierarchy, at, own, conf_level=0.95).readings
    return hierarchy, readings


@pytest.mark.parametrize("shares_change", [False, True])
def test_rolling_indices_do_not_give_a_sector_away(shares_change: bool) -> None:
    hierarchy, readings = quarterly(shares_change)
    withheld = {at: withheld_units(table, hierarchy, MINIMUM) for at, table in readings.items()}
    assert {name for _, name in withheld[NOW.back(3)]} == {"C0", "C1", "I0", "I1", "S0", "S1"}
    forms = withheld_forms(spec_of(), hierarchy, readings, withheld)
    # Only `latest` weighs an old reading by new shares, and only after they changed.
    assert {form for _, form in forms} == ({"latest"} if shares_change else set())
    pool = gather(hierarchy, readings)
    hidden = np.array(
        [
            ("sector", f"S{unit}") in withheld[pool.periods[quarter]]
            for quarter, unit in zip(pool.quarter, pool.unit, strict=True)
        ]
    )
    published = [
        coefficients(pool, form, at, 4).coefficients[hidden, 0]
        for at in readings
        for form in NATIONAL_FORMS
        if (at, form) not in forms
    ]
    published += [coefficients(pool, "pooled", at, 1).coefficients[hidden, 0] for at in readings]
    for k in range(int(hidden.sum())):
        assert not in_span(published, np.eye(int(hidden.sum()))[k])
    if shares_change:
        every = [coefficients(pool, "latest", at, 4).coefficients[hidden, 0] for at in readings]
        assert in_span([*published, *every], np.eye(2)[0])


def test_determined_agrees_with_least_squares() -> None:
    rng = np.random.default_rng(9)
    for _ in range(200):
        rows = rng.integers(0, 3, (rng.integers(1, 5), 5)).astype(float)
        found = determined(rows, np.ones(5, dtype=bool))
        assert found.tolist() == [in_span(list(rows), unit) for unit in np.eye(5)]


def test_blank_leaves_counts_and_reasons() -> None:
    hierarchy = nation_of({"S": {"I": {"A": 1, "B": 1, "C": 1}}})
    case: Case = hierarchy, {"A": 9, "B": 90, "C": 95}, set()
    readings = rolled(case)
    withheld = withheld_units(readings, case[0], MINIMUM)
    found = blank(readings, withheld)
    own = row(found, unit="A", engine="pls")
    assert np.isnan([own[name] for name in ("index", "std_error", "conf_low", "published")]).all()
    assert (own["n"], own["note"]) == (9, "withheld: fewer than 50 interviews")
    assert row(found, unit="B", engine="pls")["note"] == "withheld: would reveal a smaller unit"
    assert row(found, unit="C", engine="pls")["index"] == 70.0
    assert readings["index"].notna().all()
    assert blank(readings, {}) is readings


def test_blank_of_companies_tables() -> None:
    withheld = {("company", "A"): "withheld", ("industry", "B"): "withheld"}
    rows = [{"group": name, "engine": "pls", "index": 70.0, "n": 9} for name in ("A", "B")]
    found = blank(make_table(INDICES, rows), withheld, "company")
    assert found["index"].isna().tolist() == [True, False]
    assert found["note"].tolist() == ["withheld", ""]
    items = make_table(ITEMS, [{"group": name, "mean": 7.0} for name in ("A", "B")])
    assert blank(items, withheld, "company")["group"].tolist() == ["B"]
    with pytest.raises(ValueError, match="level of groups"):
        blank(items, withheld)


def test_only_the_form_that_would_tell_is_taken_out() -> None:
    hierarchy, readings = quarterly(False)
    table = national_index(hierarchy, NOW, readings, window=4, conf_level=0.95)
    assert table["index"].tolist() == [70.0] * 3
    found = blank_forms(table, {(NOW, "latest"): "withheld", (NOW.back(1), "pooled"): "withheld"})
    assert found["index"].isna().tolist() == [False, False, True]
    assert row(found, form="latest")["note"] == "withheld"
