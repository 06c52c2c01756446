"""Benchmarks: three groups by hand, industries, the past, correlations, refusals, the chapter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answer_cases import chapter, pick, pls_fit, refusals, run_on, setting_of, tables_of, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.analysis.values import Fit
from acsi_sem.errors import DataError, UsageError
from acsi_sem.methods.base import Setting
from acsi_sem.survey.survey import Factor
from acsi_sem.tables.schema import INDICES, make_table

SPEC = {"kind": "benchmarks"}
HAND = {"a": (80.0, 1.0), "b": (70.0, 1.0), "c": (75.0, 2.0)}
TWO = {"x": ["a", "b"], "y": ["c"]}


def fit_of(indices: Mapping[str, tuple[float, float]], n: int = 60) -> Fit:
    """A fit with the given index and standard error of every group."""
    rows = [
        {
            "group": name,
            "engine": "pls",
            "construct": "satisfaction",
            "index": index,
            "std_error": error,
            "conf_low": index - 2 * error,
            "conf_high": index + 2 * error,
            "n": n,
        }
        for name, (index, error) in indices.items()
    ]
    return replace(pls_fit(), indices=make_table(INDICES, rows))


def hand(indices: Mapping[str, tuple[float, float]] = HAND, **more: object) -> Setting:
    """Two respondents in every group."""
    groups = [name for name in indices for _ in range(2)]
    answers = {"Q": np.arange(len(groups)) % 10 + 1}
    return setting_of(answers, groups=groups, fitted=fit_of(indices), **more)  # type: ignore[arg-type]


def test_three_groups_by_hand() -> None:
    """Mean 75. Var(a - mean) = 4/9 + (1 + 4)/9 = 1, of b the same, of c 16/9 + 2/9 = 2.

    z = 5, -5, 0: Holm gives 3 p(5) twice and 1. Against a, the best: b by 10 with error √2, c by 5
    with √5, p = 0.0253; three pairs, so 3 p(7.07) and 2 x 0.0253.
    """
    found = run_on(SPEC, hand())
    for group, difference, error in (("a", 5, 1), ("b", -5, 1), ("c", 0, math.sqrt(2))):
        one = pick(found, "versus_industry", group=group)
        assert (one["value"], one["std_error"]) == pytest.approx((difference, error), abs=1e-12)
    assert pick(found, "p_industry", group="b")["value"] == pytest.approx(3 * 5.733e-7, rel=1e-3)
    assert pick(found, "p_industry", group="c")["value"] == pytest.approx(1.0)
    assert pick(found, "versus_industry", group="a")["reading"] == "above"
    assert pick(found, "versus_best", group="b")["value"] == -10
    assert pick(found, "versus_best", group="c")["std_error"] == pytest.approx(math.sqrt(5))
    assert pick(found, "p_best", group="c")["value"] == pytest.approx(2 * 0.025347, rel=1e-4)
    assert pick(found, "versus_best", group="c")["reading"] == "not told apart"
    assert pick(found, "versus_best", group="a")["note"] == "is the best itself"
    low = pick(found, "versus_best", group="b")["conf_low"]
    assert low == pytest.approx(-10 - 1.959964 * math.sqrt(2), rel=1e-6)


def test_industries_by_name_and_by_column() -> None:
    named = run_on(SPEC | {"peers": {"industries": TWO}}, hand())
    assert pick(named, "industry_mean", group="a")["value"] == 75.0
    assert pick(named, "industry_mean", group="a")["reading"] == "x"
    alone = pick(named, "versus_industry", group="c")
    assert (math.isnan(alone["value"]), alone["note"]) == (True, "the only group of its industry")
    setting = hand()
    codes = np.array([0, 0, 0, 0, 1, 1])
    people = replace(setting.people, factors=(Factor("BRANCH", "Branch", ("x", "y"), codes),))
    by_column = run_on(SPEC | {"peers": {"column": "BRANCH"}}, replace(setting, people=people))
    assert str(by_column.rows) == str(named.rows)


def test_means_by_survey_weights() -> None:
    weights = [3, 3, 1, 1, 1, 1]
    found = run_on(SPEC | {"average": "weights"}, hand(weights=weights))
    assert pick(found, "industry_mean", group="a")["value"] == pytest.approx(77.0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(40, 90), st.floats(0.5, 3)), min_size=2, max_size=6))
def test_differences_from_the_mean_sum_to_nought(made: list[tuple[float, float]]) -> None:
    indices = {f"g{i}": one for i, one in enumerate(made)}
    found = run_on(SPEC, hand(indices))
    own = [pick(found, "versus_industry", group=name) for name in indices]
    assert sum(one["value"] for one in own) == pytest.approx(0.0, abs=1e-9)
    assert all(0 < one["std_error"] < 3 for one in own)
    adjusted = [pick(found, "p_industry", group=name)["value"] for name in indices]
    assert all(0 <= p <= 1 for p in adjusted)


def earlier(folder: Path, text: str) -> None:
    """Write an earlier table of indices."""
    (folder / "old.csv").write_text(text, encoding="utf-8")


def test_against_the_past_by_hand(tmp_path: Path) -> None:
    """a: 80 - 76 = 4 with error √(1 + 1), p = 0.00468; b is new; c: 0, p = 1. Two tests."""
    head = "group,engine,construct,index,std_error\n"
    rows = "a,pls,satisfaction,76,1\na,ml,satisfaction,1,1\nc,pls,satisfaction,75,1\n"
    earlier(tmp_path, head + rows + "gone,pls,satisfaction,50,1\n")
    found = run_on(SPEC | {"previous": "old.csv"}, hand(folder=str(tmp_path)))
    one = pick(found, "versus_previous", group="a")
    assert (one["value"], one["std_error"]) == pytest.approx((4, math.sqrt(2)))
    assert pick(found, "p_previous", group="a")["value"] == pytest.approx(2 * 0.004678, rel=1e-3)
    assert pick(found, "versus_previous", group="b")["note"] == "not in the earlier table"
    assert pick(found, "versus_previous", group="c")["reading"] == "not told apart"
    assert [notice.message for notice in found.notices] == [
        "In the earlier table but not in this survey: gone."
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("group,engine\na,pls\n", "no construct, index and std_error"),
        (
            "group,engine,construct,index,std_error\na,ml,satisfaction,1,1\n",
            "by engine pls, got none",
        ),
        (
            "group,engine,construct,index,std_error\na,pls,satisfaction,x,1\n",
            "row 2: expected numbers",
        ),
        ("group,engine,construct,index,std_error\na,pls,satisfaction,inf,1\n", "got 'inf'"),
    ],
)
def test_earlier_tables_that_are_none(tmp_path: Path, text: str, words: str) -> None:
    earlier(tmp_path, text)
    with pytest.raises(DataError, match=words):
        run_on(SPEC | {"previous": "old.csv"}, hand(folder=str(tmp_path)))


def test_no_earlier_table(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        run_on(SPEC | {"previous": "old.csv"}, hand(folder=str(tmp_path)))
    expected = "methods.x: previous: expected a table of indices at old.csv, got no such file"
    assert str(caught.value) == expected


def test_correlation_across_groups_is_numpys() -> None:
    indices = {f"g{i}": (70.0 + 3 * i * (-1) ** i, 1.0) for i in range(6)}
    found = run_on(SPEC | {"correlates": ["Q"]}, hand(indices))
    means = [pick(found, "mean", "Q", group=name)["value"] for name in indices]
    wanted = np.corrcoef(means, [index for index, _ in indices.values()])[0, 1]
    one = pick(found, "correlation", "Q", group="")
    assert one["value"] == pytest.approx(wanted)
    reach = 1.959964 / math.sqrt(6 - 3)
    assert one["conf_high"] == pytest.approx(math.tanh(math.atanh(wanted) + reach), rel=1e-6)
    few = pick(run_on(SPEC | {"correlates": ["Q"]}, hand()), "correlation", "Q", group="")
    assert (math.isnan(few["value"]), few["note"]) == (True, "fewer than 4 groups with both")


def test_without_errors_nothing_is_tested() -> None:
    found = run_on(SPEC, hand({name: (index, math.nan) for name, (index, _) in HAND.items()}))
    one = pick(found, "versus_industry", group="a")
    assert one["value"] == pytest.approx(5.0)
    assert one["note"] == "not tested: no standard error"
    assert math.isnan(pick(found, "p_industry", group="a")["value"])


def test_small_groups_are_in_no_benchmark() -> None:
    setting = hand(minimum_rows=50)
    table = setting.fit.indices.copy()  # type: ignore[union-attr]
    table.loc[table["group"] == "a", "n"] = 20
    small = replace(setting, fit=replace(setting.fit, indices=table))  # type: ignore[type-var]
    found = run_on(SPEC, small)
    assert math.isnan(pick(found, "index", group="a")["value"])
    assert all(one.get("reading") != "a" for one in found.rows)
    assert "no mean and no comparison: a and b." in found.notices[0].message


def counted(indices: Mapping[str, tuple[float, float]], n: Mapping[str, int]) -> Setting:
    """Groups with so many respondents each, at least 50 of whom must be behind a number."""
    fitted = fit_of(indices)
    table = fitted.indices.copy()
    table["n"] = [n[group] for group in table["group"]]
    groups = [name for name in indices for _ in range(n[name])]
    answers = {"Q": np.arange(len(groups)) % 10 + 1}
    whole = replace(fitted, indices=table)
    return setting_of(answers, groups=groups, fitted=whole, minimum_rows=50)


FIVE = {"a": (60.0, 2.0), "b": (82.0, 1.0), "c": (75.0, 1.0), "d": (70.0, 1.0), "e": (66.0, 1.0)}
SIZES = {"a": 49, "b": 55, "c": 100, "d": 120, "e": 90}


def test_a_withheld_group_is_nowhere_told() -> None:
    """a is small, and b, the best of all, is withheld with it: neither name nor number is left."""
    found = run_on(SPEC | {"correlates": ["Q"]}, counted(FIVE, SIZES))
    for group in "ab":
        own = [one for one in found.rows if one["group"] == group]
        told = {"index", "industry_mean", "best", "mean"} | {
            f"{what}_{which}" for what in ("versus", "p") for which in ("industry", "best")
        }
        assert {one["measure"] for one in own} == told
        assert all(math.isnan(one["value"]) for one in own)
        assert all(one["note"].startswith("withheld") for one in own)
    assert not any(one.get("reading") in ("a", "b") for one in found.rows)
    assert pick(found, "best", group="d")["reading"] == "c"
    assert pick(found, "industry_mean", group="d")["value"] == pytest.approx((75 + 70 + 66) / 3)
    assert pick(found, "correlation", "Q", group="")["n"] == 3


def test_the_mean_of_an_industry_that_hides_one_group_is_not_told() -> None:
    """b protects a over all; each is alone withheld in its industry."""
    peers: dict[str, object] = {"peers": {"industries": {"x": ["a", "c", "d"], "y": ["b", "e"]}}}
    found = run_on(SPEC | peers, counted(FIVE, SIZES))
    for group in "cde":
        assert math.isfinite(pick(found, "index", group=group)["value"])
        for measure in ("industry_mean", "versus_industry", "p_industry"):
            made = pick(found, measure, group=group)
            assert math.isnan(made["value"])
            assert made["note"] == "withheld: a group of the industry is withheld"
    assert pick(found, "best", group="d")["reading"] == "c"
    both: dict[str, object] = {"peers": {"industries": {"x": ["a", "b", "c", "d"], "y": ["e"]}}}
    found = run_on(SPEC | both, counted(FIVE, SIZES))
    assert pick(found, "industry_mean", group="d")["value"] == pytest.approx(72.5)


def test_a_group_that_the_fit_withholds_is_withheld() -> None:
    where = counted(FIVE, SIZES | {"a": 60})
    assert where.fit is not None
    table = where.fit.indices.copy()
    own = table["group"] == "e"
    table.loc[own, "index"], table.loc[own, "note"] = math.nan, "withheld: few answers"
    found = run_on(SPEC, replace(where, fit=replace(where.fit, indices=table)))
    assert pick(found, "index", group="e")["note"] == "withheld: few answers"
    assert math.isnan(pick(found, "index", group="b")["value"])
    assert math.isfinite(pick(found, "index", group="a")["value"])


def test_the_chapter_gives_reasons_for_what_is_withheld() -> None:
    peers: dict[str, object] = {"peers": {"industries": {"x": ["a", "c", "d"], "y": ["b", "e"]}}}
    section = chapter(SPEC | peers, counted(FIVE, SIZES), groups=tuple("abcde"))
    rows = tables_of(section)["Index against the mean of the industry"].rows
    assert [texts(one)[:2] for one in rows] == [
        *(["C", "x"], ["D", "x"], ["A", "x"], ["E", "y"], ["B", "y"])
    ]
    assert texts(rows[2])[-1] == "withheld: fewer than 50 answers"
    assert texts(rows[0])[-1] == "withheld: a group of the industry is withheld"


def test_refusals() -> None:
    with pytest.raises(UsageError, match="a fit with an index of two groups or more, got none"):
        run_on(SPEC, setting_of({"Q": [1, 2]}, groups=("a", "b")))
    wrong = SPEC | {"peers": {"industries": {"x": ["a", "B"]}}}
    with pytest.raises(UsageError) as caught:
        run_on(wrong, hand())
    assert str(caught.value).splitlines() == [
        "methods.x: peers.industries.x: expected groups of the survey, got 'B'; did you mean 'b'?",
        "methods.x: peers.industries: expected an industry for every group, got none for b and c",
    ]
    with pytest.raises(UsageError, match="a breakdown column of the study"):
        run_on(SPEC | {"peers": {"column": "BRANCH"}}, hand())
    setting = hand()
    split = (Factor("BRANCH", "Branch", ("x", "y"), np.array([0, 1, 0, 0, -1, -1])),)
    with pytest.raises(DataError) as torn:
        run_on(
            SPEC | {"peers": {"column": "BRANCH"}},
            replace(setting, people=replace(setting.people, factors=split)),
        )
    assert str(torn.value).splitlines() == [
        "methods.x: column BRANCH: expected one industry for each group, got x and y for a",
        "methods.x: column BRANCH: expected one industry for each group, got none for c",
    ]


def test_specs_that_mean_nothing() -> None:
    assert refusals(SPEC | {"peers": {}}) == [
        "methods.x.peers: one of the keys column and industries; got neither"
    ]
    twice = {"x": ["a", "b"], "y": ["b"]}
    assert refusals(SPEC | {"peers": {"industries": twice}}) == [
        "methods.x.peers.industries.y.0: each group in one industry; got 'b', also under 'x'"
    ]
    assert refusals(SPEC | {"average": "median"}) == [
        "methods.x.average: groups or weights; got 'median'"
    ]


def test_the_chapter_tells_who_is_above() -> None:
    section = chapter(SPEC | {"correlates": ["Q"]}, hand(), groups=("a", "b", "c"))
    tables = tables_of(section)
    rows = tables["Index against the mean of the industry"].rows
    assert texts(rows[0]) == [
        *("A", "60", "80.0", "78.0 to 82.0", "75.0", "5.0", "3.0 to 7.0", "<\u00a00.001", "above")
    ]
    assert [texts(row)[0] for row in rows] == ["A", "C", "B"]
    best = tables["Index against the best of the industry"].rows
    assert texts(best[1])[3:] == ["80.0 (A)", "−5.0", "−9.4 to −0.6", "0.051", "not told apart"]
