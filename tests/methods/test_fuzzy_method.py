"""Fuzzy evaluation of answers: by hand in both operators, gaps, refusals, its chapter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graded_cases import close, faults, method, people, row, run, scale, setting, value, view
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from acsi_sem.errors import SpecError, UsageError
from acsi_sem.methods.protection import MADE
from acsi_sem.report.charts import lay_out
from acsi_sem.report.content import Details, Figure, StackChart, Table
from acsi_sem.report.methods import fuzzy as chapter
from acsi_sem.spec.fields import Field

GRADES: dict[str, Any] = {"labels": ["good", "fair", "poor"], "values": [100, 60, 20]}
FACTORS: dict[str, Any] = {
    "product": {"items": ["A", "B"], "weights": {"A": 6, "B": 4}},
    "service": {"items": ["C"], "label": "The <service>"},
}
SAID: dict[str, Any] = {
    "kind": "fuzzy",
    "factors": FACTORS,
    "factor_weights": {"product": 0.7, "service": 0.3},
    "grades": GRADES,
}
FUZZY = method(**SAID)
MAXMIN = method(**SAID, operator="maxmin")
# Ten answers from 1 (poor) to 3 (good): A good 5, fair 3, poor 2; B 1, 4, 5; C 6, 2, 2.
ANSWERS: dict[str, list[Any]] = {
    "A": [3] * 5 + [2] * 3 + [1] * 2,
    "B": [3] * 1 + [2] * 4 + [1] * 5,
    "C": [3] * 6 + [2] * 2 + [1] * 2,
}
THREE: list[Field] = [scale(name, 1, 3) for name in ANSWERS]


def test_the_weighted_sum_by_hand() -> None:
    """Product (.34, .34, .32), service (.6, .2, .2), whole .7 and .3 of them."""
    found = run(FUZZY, setting(people(ANSWERS, THREE)))
    for grade, product, whole in (("good", 34, 41.8), ("fair", 34, 29.8), ("poor", 32, 28.4)):
        assert close(value(found, "membership", "product", grade), product)
        assert close(value(found, "membership", "", grade), whole)
    assert close(value(found, "score", "product"), 34 + 20.4 + 6.4)
    assert close(value(found, "headline"), 41.8 + 0.6 * 29.8 + 0.2 * 28.4)
    assert close(value(found, "score_product"), value(found, "headline"))
    assert row(found, "grade")["reading"] == "good"
    assert row(found, "grade", "product")["reading"] == "good or fair"
    assert row(found, "headline")["n"] == 10


def test_max_min_by_hand() -> None:
    """Product (.5, .4, .4) / 1.3, service (.6, .2, .2).

    Whole: max(min(.7, 5/13), min(.3, .6)) = 5/13; max(4/13, .2) = 4/13 twice; sum 1.
    """
    found = run(MAXMIN, setting(people(ANSWERS, THREE)))
    for grade, share in (("good", 5 / 13), ("fair", 4 / 13), ("poor", 4 / 13)):
        assert close(value(found, "membership", "product", grade), 100 * share)
        assert close(value(found, "membership", "", grade), 100 * share)
    assert close(value(found, "headline"), (500 + 240 + 80) / 13)
    both = run(FUZZY, setting(people(ANSWERS, THREE)))
    assert close(value(both, "score_maxmin"), value(found, "headline"))


def test_factors_weighted_by_comparisons() -> None:
    ahp = {"ahp": {"order": ["service", "product"], "matrix": [[1, "3/7"], ["7/3", 1]]}}
    found = run(method(**{**SAID, "factor_weights": ahp}), setting(people(ANSWERS, THREE)))
    assert close(value(found, "headline"), 65.36)
    assert close(value(found, "weight", "product", group=""), 70)
    assert close(value(found, "weight", "A", "product", group=""), 60)


def test_a_question_never_answered_leaves_its_factor_and_the_whole_open() -> None:
    answers = {**ANSWERS, "C": [3] * 5 + [None] * 5, "g": ["a"] * 5 + ["b"] * 5}
    found = run(FUZZY, setting(people(answers, THREE, group="g"), 60))
    for subject, measure in (("", "headline"), ("service", "score")):
        gap = row(found, measure, subject, group="b")
        assert np.isnan(gap["value"])
        assert gap["note"] == "no answers to C"
    assert row(found, "grade", "service", group="b")["reading"] == ""
    assert np.isfinite(value(found, "score", "product", group="b"))
    assert row(found, "score", "service", group="a")["n"] == 5


def test_everybody_in_one_grade() -> None:
    for one in (FUZZY, MAXMIN):
        found = run(one, setting(people({name: [3] * 4 for name in ANSWERS}, THREE), 60))
        made = row(found, "headline")
        assert close(made["value"], 100)
        assert close(made["conf_low"], 100)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(1, 3)] * 4), min_size=1, max_size=12),
    st.sampled_from([FUZZY, MAXMIN]),
)
def test_frequencies_repeat_rows_and_memberships_sum_to_one(
    rows: list[tuple[int, ...]], one: Any
) -> None:
    columns = {name: [r[i] for r in rows] for i, name in enumerate("ABC")}
    times = [r[3] for r in rows]
    weighted = people(columns, THREE, weights=[float(t) for t in times], kind="frequency")
    repeated = people({k: np.repeat(v, times).tolist() for k, v in columns.items()}, THREE)
    first, second = run(one, setting(weighted)), run(one, setting(repeated))
    for subject in ("", "product", "service"):
        shares = [value(first, "membership", subject, grade) for grade in GRADES["labels"]]
        assert close(sum(shares), 100)
    assert close(value(first, "headline"), value(second, "headline"))


def test_answers_that_are_no_grades_are_refused() -> None:
    with pytest.raises(
        UsageError, match=r"factors\.product\.items\[0\]: expected a question with 3"
    ):
        run(FUZZY, setting(people({name: [1, 5] for name in ANSWERS})))


def test_contradicting_comparisons_are_refused() -> None:
    ahp = {"order": ["a", "b", "c"], "matrix": [[1, 5, "1/5"], ["1/5", 1, 5], [5, "1/5", 1]]}
    factors = {name: {"items": [item]} for name, item in zip("abc", "ABC", strict=True)}
    one = method(kind="fuzzy", factors=factors, factor_weights={"ahp": ahp}, grades=GRADES)
    with pytest.raises(SpecError, match=r"factor_weights\.ahp\.matrix: expected a consistency"):
        run(one, setting(people(ANSWERS, THREE)))


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"factors": {}}, ("factors", "at least one entry", "none", "")),
        ({"factors": {"f": {"items": []}}}, ("factors.f.items", "at least one entry", "none", "")),
        (
            {"factor_weights": {"product": 1}},
            ("factor_weights", "each of product, service once", "no 'service'", ""),
        ),
        (
            {
                "factors": {
                    "product": {"items": ["A"], "weights": {"B": 1}},
                    "service": {"items": ["B"]},
                }
            },
            ("factors.product.weights", "each of A once", "no 'A' and the unknown 'B'", ""),
        ),
        ({"operator": "sum"}, ("operator", "product or maxmin", "'sum'", "")),
        (
            {"grades": {"labels": ["a", "b"], "values": [3, 2, 1]}},
            ("grades.labels", "3 names, one for each value", "2", ""),
        ),
        (
            {"grades": {"labels": ["a", "a"], "values": [2, 1]}},
            ("grades.labels", "a name of its own for each grade", "['a', 'a']", ""),
        ),
    ],
)
def test_malformed(more: dict[str, Any], fault: tuple[str, str, str, str]) -> None:
    assert fault in faults(**{**SAID, **more})


def test_the_chapter_shows_memberships_and_both_operators() -> None:
    found = run(FUZZY, setting(people(ANSWERS, THREE), 60))
    figure, details = chapter.section(view(FUZZY, found)).blocks
    assert isinstance(figure, Figure)
    assert isinstance(figure.chart, StackChart)
    assert figure.title == "All rows: 65.4 points; most of all “good” (41.8 %)"
    assert figure.chart.categories == ("poor", "fair", "good")
    assert [bar.label for bar in figure.chart.rows] == ["Whole", "product", "The <service>"]
    first = [cell.text for cell in figure.table.rows[0]]
    assert (first[1], first[2], first[4]) == ("100.0", "65.4", "good")
    assert first[5:] == ["41.8", "29.8", "28.4"]
    assert isinstance(details, Details)
    both = details.blocks[0]
    assert isinstance(both, Table)
    assert [both.rows[0][i].text for i in (0, 1, 3)] == ["Whole", "65.4", "63.1"]
    assert lay_out(figure.chart, narrow=True).labels


def test_a_membership_that_nobody_or_everybody_has_still_has_limits() -> None:
    """Of 40 answers to C none is fair: Wilson's limits, not percentiles of nothing."""
    who = people({"A": [3, 1] * 20, "B": [3, 2] * 20, "C": [3, 1] * 20}, THREE)
    found = run(FUZZY, setting(who, 60))
    made = row(found, "membership", "service", "fair")
    wanted = proportion_confint(0, 40, method="wilson")
    assert made["value"] == 0
    assert [made["conf_low"], made["conf_high"]] == pytest.approx([100 * x for x in wanted])
    half = row(found, "membership", "service", "good")
    assert half["conf_low"] < 50 < half["conf_high"]
    top = row(found, "grade", "service")
    assert [top["conf_low"], top["conf_high"]] == [half["conf_low"], half["conf_high"]]


def test_the_whole_does_not_tell_a_factor_that_is_withheld() -> None:
    """In a few answered C: it is withheld there and in b, and so is all about the whole."""
    three: list[Any] = [3, 2, 1] * 10
    answers = {"A": three, "B": three, "C": [None] * 7 + three[7:], "g": list("abc" * 10)}
    answers["g"] = ["a"] * 10 + ["b"] * 10 + ["c"] * 10
    found = run(FUZZY, setting(people(answers, THREE, group="g"), minimum=5))
    for group in "ab":
        assert np.isfinite(value(found, "score", "product", "", group))
        assert np.isnan(value(found, "score", "service", "", group))
        for measure, grade in (("headline", ""), ("membership", "good"), ("score_maxmin", "")):
            assert row(found, measure, "", grade, group)["note"] == MADE
            assert np.isnan(value(found, measure, "", grade, group))
        assert row(found, "grade", "", "", group)["reading"] == ""
    assert np.isfinite(value(found, "headline", "", "", "c"))
