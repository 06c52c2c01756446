"""Satisfaction rate: by hand, its limits, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from graded_cases import (
    amount,
    close,
    faults,
    method,
    people,
    row,
    run,
    scale,
    setting,
    value,
    view,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from acsi_sem.errors import UsageError
from acsi_sem.report.content import Figure
from acsi_sem.report.methods import satisfaction_rate as chapter

RATE = method(kind="satisfaction_rate", items=["S"], satisfied_from=4)
ANSWERS = [5, 4, 3, 2, 1, 5, 5, 4, 4, 4]


def test_by_hand_with_the_limits_of_statsmodels() -> None:
    """7 of 10 answer 4 or 5."""
    found = run(RATE, setting(people({"S": ANSWERS})))
    assert close(value(found, "satisfied", "S"), 70)
    made = row(found, "headline")
    assert made["n"] == 10
    low, high = proportion_confint(7, 10, method="wilson")
    assert close(made["conf_low"], 100 * low)
    assert close(made["conf_high"], 100 * high)
    assert "4 or better" in made["reading"]


def test_a_scale_whose_low_end_is_good() -> None:
    """Where 1 is best, 2 or better is satisfied: 1 and 2 count."""
    rate = method(kind="satisfaction_rate", items=["S"], satisfied_from=2)
    who = people({"S": [1, 2, 3, 4]}, [scale("S", reverse=True)])
    assert close(value(run(rate, setting(who)), "satisfied", "S"), 50)


def test_missing_answers_are_left_out_question_by_question() -> None:
    rate = method(kind="satisfaction_rate", items=["S", "T"], satisfied_from=4)
    who = people({"S": [5, None, 1], "T": [None, None, None], "g": ["a", "a", "b"]}, group="g")
    found = run(rate, setting(who))
    assert row(found, "satisfied", "S")["n"] == 2
    assert close(value(found, "satisfied", "S", group="a"), 100)
    nobody = row(found, "satisfied", "T")
    assert np.isnan(nobody["value"])
    assert nobody["note"] == "no answers"
    assert nobody["n"] == 0


def test_everybody_satisfied_still_has_an_interval() -> None:
    made = row(run(RATE, setting(people({"S": [5] * 40}), 60)), "satisfied", "S")
    assert made["value"] == made["conf_high"] == 100
    assert 85 < made["conf_low"] < 100
    assert made["note"] == ""


def test_small_groups_are_withheld() -> None:
    who = people({"S": ANSWERS, "g": ["a"] * 8 + ["b"] * 2}, group="g")
    found = run(RATE, setting(who, minimum=5))
    made = row(found, "satisfied", "S", group="b")
    assert np.isnan(made["value"])
    assert made["note"].startswith("withheld")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4)), min_size=1, max_size=20))
def test_frequencies_are_repeated_rows(rows: list[tuple[int, int]]) -> None:
    times = [float(count) for _, count in rows]
    weighted = people({"S": [v for v, _ in rows]}, weights=times, kind="frequency")
    repeated = people({"S": [v for v, count in rows for _ in range(count)]})
    one = row(run(RATE, setting(weighted)), "satisfied", "S")
    two = row(run(RATE, setting(repeated)), "satisfied", "S")
    for name in ("value", "conf_low", "conf_high", "n"):
        assert close(one[name], two[name])


@pytest.mark.parametrize("cut", [1, 0, 5.5])
def test_a_grade_that_all_or_none_reach_is_refused(cut: float) -> None:
    rate = method(kind="satisfaction_rate", items=["S"], satisfied_from=cut)
    with pytest.raises(UsageError, match="a grade within 1 to 5 of S, not the worst"):
        run(rate, setting(people({"S": ANSWERS})))


def test_an_amount_is_refused() -> None:
    with pytest.raises(UsageError, match=r"items\[0\]: expected a question with a scale"):
        run(RATE, setting(people({"S": [1.0, 2.0]}, [amount("S")])))


def test_malformed() -> None:
    assert faults(kind="satisfaction_rate", items=[], satisfied_from=4) == [
        ("items", "at least one entry", "none", "")
    ]
    assert faults(kind="satisfaction_rate", items=["S"])[0][1] == "the key 'satisfied_from'"


def test_the_chapter_says_the_rate_and_its_limits() -> None:
    found = run(RATE, setting(people({"S": ANSWERS})))
    (figure,) = chapter.section(view(RATE, found)).blocks
    assert isinstance(figure, Figure)
    assert figure.title == "<b>S</b>: 70.0 % are satisfied"
    assert [cell.text for cell in figure.table.rows[0]][:4] == [
        "All rows",
        "10",
        "70.0",
        "39.7 to 89.2",
    ]


def test_the_headline_is_withheld_where_its_question_is() -> None:
    """Of equal groups one is withheld to protect a: the same one for both."""
    rate = method(kind="satisfaction_rate", items=["S", "T"], satisfied_from=4)
    said: list[float | None] = [5, 1, 4, 2, 3, 5]
    who = people(
        {
            "S": [None] * 4 + said[4:] + said * 3,
            "T": said * 3 + [None] * 4 + said[4:],
            "g": list("aaaaaabbbbbbccccccdddddd"),
        },
        group="g",
    )
    found = run(rate, setting(who, minimum=5))
    first = {one["group"]: one for one in found.rows if one["subject"] == "S"}
    head = {one["group"]: one for one in found.rows if one["measure"] == "headline"}
    assert [group for group in "abcd" if np.isnan(first[group]["value"])] == ["a", "b"]
    for group, one in head.items():
        assert one["note"] == first[group]["note"]
        assert str(one["value"]) == str(first[group]["value"])
