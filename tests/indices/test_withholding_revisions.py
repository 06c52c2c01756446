"""Two revisions of a period together tell no more than one: linear algebra on random nations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hierarchy_cases import NOW, Tree, nation_of, readings_of
from hypothesis import event, given, settings
from hypothesis import strategies as st
from withholding_cases import COLUMNS, MINIMUM, Case, functionals, in_span, nations

from acsi_sem.errors import DataError
from acsi_sem.indices.equations import Key
from acsi_sem.indices.rollup import RolledUp, roll_up
from acsi_sem.indices.withholding import (
    KEPT,
    RESTATED,
    Earlier,
    blank,
    earlier_revision,
    withheld_units,
)
from acsi_sem.spec.hierarchy import Hierarchy, Share
from acsi_sem.tables.national import REVISIONS
from acsi_sem.tables.schema import make_table

Pair = tuple[Case, Case]


@st.composite
def revised(draw: st.DrawFn) -> Pair:
    """Draw a nation and a correction of it: other shares, interviews and failures."""
    first = draw(nations())
    hierarchy, sizes, lost = first
    restated = draw(st.sampled_from(["", "company", "industry", "sector", "company industry"]))
    levels = set(restated.split())
    shares = tuple(_restated(draw, share, share.level in levels) for share in hierarchy.shares)
    counts = {
        name: draw(st.sampled_from([20, 200])) if draw(st.integers(0, 7)) == 0 else size
        for name, size in sizes.items()
    }
    gone = {name for name in sizes if draw(st.integers(0, 9)) == 0} if draw(st.booleans()) else lost
    tree = Hierarchy(hierarchy.levels, hierarchy.units, shares, hierarchy.measures)
    return first, (tree, counts, gone)


def _restated(draw: st.DrawFn, share: Share, may: bool) -> Share:
    if not may or not share.value or draw(st.booleans()):
        return share
    value = share.value * draw(st.sampled_from([0.5, 1.5, 2.0]))
    return Share(
        share.level, share.unit, share.measure, share.valid_from, share.valid_to, value, 0.0
    )


def rolled_up(case: Case) -> RolledUp:
    """Roll a case up; the second engine lacks the companies that it lost."""
    hierarchy, sizes, lost = case
    companies = readings_of(dict.fromkeys(sizes, 70.0), n=sizes, columns=COLUMNS)
    gone = companies["unit"].isin(list(lost)) & (companies["engine"] == "ols")
    companies.loc[gone, "index"] = np.nan
    return roll_up(hierarchy, NOW, companies, conf_level=0.95)


def decide(case: Case, *earlier: Earlier) -> Earlier:
    """Decide what a revision withholds, and return what it would be to later ones."""
    made = rolled_up(case)
    withheld = withheld_units(made.readings, case[0], MINIMUM, earlier)
    return earlier_revision(made.readings, made.shares, withheld)


def told_together(pair: Pair, made: tuple[Earlier, Earlier], corrected: bool) -> set[Key]:
    """Return the withheld units of both revisions that their published indices determine.

    With `corrected`, companies that were shown first and withheld then have a number of their own
    in the second.
    """
    names = list(pair[0][1])
    both = made[0].shown & set(made[1].withheld) if corrected else set()
    fresh = np.array([("company", name) in both for name in names])
    found: set[Key] = set()
    for engine in ("pls", "ols"):
        wide = []
        for at, case in enumerate(pair):
            vectors = functionals(case, engine)
            zero = np.zeros(len(names))
            wide.append(
                {
                    unit: np.concatenate([np.where(fresh, zero, own), np.where(fresh, own, zero)])
                    if at
                    else np.concatenate([own, zero])
                    for unit, own in vectors.items()
                }
            )
        rows = [
            vector
            for vectors, one in zip(wide, made, strict=True)
            for unit, vector in vectors.items()
            if unit not in one.withheld
        ]
        for vectors, one in zip(wide, made, strict=True):
            for unit in one.withheld:
                public = unit in made[0].shown and not corrected
                if unit in vectors and not public and in_span(rows, vectors[unit]):
                    found.add(unit)
    return found


@given(revised())
@settings(max_examples=80, deadline=None)
def test_no_two_revisions_determine_a_withheld_number(pair: Pair) -> None:
    first = decide(pair[0])
    try:
        second = decide(pair[1], first)
    except DataError:
        event("refused")
        return
    event("published" if second.withheld else "nothing withheld")
    known = set(second.shown) | set(second.withheld)
    assert set(first.withheld) & known <= set(second.withheld)
    for corrected in (False, True):
        assert not told_together(pair, (first, second), corrected)


@given(nations())
@settings(max_examples=25, deadline=None)
def test_an_ordinary_revision_withholds_what_the_first_did(case: Case) -> None:
    first = decide(case)
    assert decide(case, first).withheld == first.withheld
    assert decide(case, first, first).withheld == first.withheld


def case_of(tree: Tree, **sizes: int) -> Case:
    """Make a case without failures."""
    return nation_of(tree), sizes, set()


def with_sales(**sales: float) -> Tree:
    """One industry of five companies beside another."""
    return {"S": {"I": {name: sales.get(name, 1.0) for name in "ABCDE"}, "J": {"X": 3.0}}}


SIZES = {"A": 20, "B": 100, "C": 110, "D": 120, "E": 130, "X": 250}


def test_restated_shares_are_refused_and_would_tell() -> None:
    pair = case_of(with_sales(), **SIZES), case_of(with_sales(A=2.0), **SIZES)
    first = decide(pair[0])
    assert {name for _, name in first.withheld} == {"A", "B"}
    with pytest.raises(DataError) as error:
        decide(pair[1], first)
    assert [problem.path for problem in error.value.problems] == [
        "company A",
        "company B",
        "industry I",
    ]
    assert "publish the correction with the next period" in str(error.value)
    # Each revision taken alone is safe; both together are not.
    assert told_together(pair, (first, decide(pair[1])), False) == {
        ("company", "A"),
        ("company", "B"),
    }


def test_restated_shares_of_units_that_are_shown_are_published() -> None:
    tree = {"S": {**with_sales(C=4.0)["S"], "J": {"X": 9.0}}}
    first = decide(case_of(with_sales(), **SIZES))
    assert decide(case_of(tree, **SIZES), first).withheld == first.withheld


def test_the_partner_stays_though_another_is_smaller_now() -> None:
    pair = case_of(with_sales(), **SIZES), case_of(with_sales(), **{**SIZES, "C": 60})
    first = decide(pair[0])
    alone = decide(pair[1])
    assert {name for _, name in alone.withheld} == {"A", "C"}
    assert ("company", "A") in told_together(pair, (first, alone), False)
    assert decide(pair[1], first).withheld == first.withheld


def test_a_unit_that_grew_stays_withheld_and_says_why() -> None:
    first = decide(case_of(with_sales(), **SIZES))
    second = decide(case_of(with_sales(), **{**SIZES, "A": 90}), first)
    assert second.withheld == {**first.withheld, ("company", "A"): KEPT}


def test_nobody_who_was_shown_can_protect() -> None:
    large = decide(case_of(with_sales(), **{**SIZES, "A": 90}))
    assert not large.withheld
    with pytest.raises(
        DataError, match=r"revision of 2026Q3: company A: expected a number that can"
    ):
        decide(case_of(with_sales(), **SIZES), large)


def test_a_company_that_was_not_there_before_can_protect() -> None:
    before = {name: n for name, n in SIZES.items() if name not in "AB"}
    first = decide(case_of(with_sales(), **before))
    second = decide(case_of(with_sales(), **SIZES), first)
    assert {name for _, name in second.withheld} == {"A", "B"}


def test_restated_shares_below_a_withheld_parent_are_seen_through() -> None:
    tree = {
        "S": {"I": {"A": 1.0, "B": 2.0}, "J": {"C": 1.0, "D": 1.0}, "K": {"X": 1.0}},
        "T": {"L": {"Y": 1.0}},
    }
    sizes = {"A": 20, "B": 20, "C": 100, "D": 100, "X": 250, "Y": 250}
    first = decide(case_of(tree, **sizes))
    assert {name for _, name in first.withheld} == {"A", "B", "I", "J", "C"}
    other = {**tree, "S": {**tree["S"], "J": {"C": 1.5, "D": 0.5}}}
    pair = case_of(tree, **sizes), case_of(other, **sizes)
    # J hides the same company, yet is not the same mean of it: S moves by what C is off D.
    with pytest.raises(DataError, match="company C"):
        decide(pair[1], first)
    assert ("company", "C") in told_together(pair, (first, decide(pair[1])), False)


def test_a_company_that_one_engine_gains_is_not_given_away() -> None:
    hierarchy, sizes, _ = case_of(with_sales(), **{**SIZES, "B": 30, "C": 35})
    pair: Pair = (hierarchy, sizes, {"C"}), (hierarchy, sizes, set())
    first = decide(pair[0])
    assert ("company", "C") in first.withheld
    with pytest.raises(DataError, match="company C"):
        decide(pair[1], first)
    assert ("company", "C") in told_together(pair, (first, decide(pair[1])), False)


def test_blank_takes_withheld_units_out_of_the_table_of_revisions() -> None:
    rows = [
        {"level": "company", "unit": unit, "before": 70.0, "after": 71.0, "moved": 1.0}
        for unit in "AC"
    ]
    found = blank(make_table(REVISIONS, rows), {("company", "A"): RESTATED})
    assert found[["before", "after", "moved"]].isna().all(axis=1).tolist() == [True, False]
    assert found["note"].tolist() == [RESTATED, ""]


def test_a_quarter_without_readings_reveals_nothing() -> None:
    first = decide(case_of(with_sales(), **SIZES))
    empty = readings_of({})
    assert isinstance(empty, pd.DataFrame)
    assert withheld_units(empty, nation_of(with_sales()), MINIMUM, [first]) == {}
