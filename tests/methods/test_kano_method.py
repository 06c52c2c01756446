"""Kano on answers: by hand, ties, stability, pairs never asked, its chapter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graded_cases import (
    amount,
    category,
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

from acsi_sem.errors import DataError, UsageError
from acsi_sem.report.content import Bullets, Figure, Prose, ScatterChart, StackChart
from acsi_sem.report.methods import kano as chapter

SAID: dict[str, Any] = {
    "kind": "kano",
    "features": {"wifi": {"functional": "F", "dysfunctional": "D", "label": "<u>Free</u> wifi"}},
}
KANO = method(**SAID)
PAIRS = {"A": (1, 3), "O": (1, 5), "M": (3, 5), "I": (2, 4), "R": (5, 1), "Q": (1, 1)}


def answers(counts: str) -> dict[str, list[int]]:
    """Pairs of answers, one for each letter of a category."""
    return {
        "F": [PAIRS[letter][0] for letter in counts],
        "D": [PAIRS[letter][1] for letter in counts],
    }


def test_by_hand() -> None:
    """2 A, 3 O, 1 M, 2 I, 1 R, 1 Q: better 5/8, worse -4/8."""
    found = run(KANO, setting(people(answers("AAOOOMIIRQ"))))
    assert close(value(found, "share", "wifi", "expected"), 30)
    assert close(value(found, "share", "wifi", "reverse"), 10)
    assert close(value(found, "better", "wifi"), 0.625)
    assert close(value(found, "worse", "wifi"), -0.5)
    assert row(found, "category", "wifi")["reading"] == "expected"
    assert row(found, "category_sum", "wifi")["reading"] == "expected"
    assert row(found, "category", "wifi")["n"] == 10


@pytest.mark.parametrize(
    ("counts", "mode", "rule"),
    [
        ("MMOO", "basic", "basic"),
        ("OOAA", "expected", "expected"),
        ("AAII", "excitement", "indifferent"),
        ("IIIMOA", "indifferent", "indifferent"),
        ("IIIMMOOA", "indifferent", "basic"),
    ],
)
def test_ties_and_the_second_rule(counts: str, mode: str, rule: str) -> None:
    found = run(KANO, setting(people(answers(counts))))
    assert row(found, "category", "wifi")["reading"] == mode
    assert row(found, "category_sum", "wifi")["reading"] == rule


def test_answers_in_the_other_direction_and_in_categories() -> None:
    given_ = answers("AAOM")
    turned = {name: [6 - value_ for value_ in column] for name, column in given_.items()}
    backwards = method(**SAID, first="dislike")
    names = ("like", "must be", "neutral", "live with", "dislike")
    found = [
        run(KANO, setting(people(given_))),
        run(backwards, setting(people(turned))),
        run(KANO, setting(people(given_, [category(name, *names) for name in "FD"]))),
    ]
    assert {value(one, "better", "wifi") for one in found} == {0.75}


def test_stability_is_the_share_of_replicates() -> None:
    sure = row(run(KANO, setting(people(answers("A" * 40)), 60)), "stability", "wifi")
    assert sure["value"] == 100
    torn = row(run(KANO, setting(people(answers("AO" * 20)), 200)), "stability", "wifi")
    assert 30 < torn["value"] < 80
    none = row(run(KANO, setting(people(answers("AO" * 20)))), "stability", "wifi")
    assert np.isnan(none["value"])
    assert none["note"] == "stability needs bootstrap replicates"
    halves = setting(people(answers("AO" * 20)), resampling="jackknife")
    assert np.isnan(value(run(KANO, halves), "stability", "wifi"))


def test_a_coefficient_of_nobody_is_not_certain() -> None:
    """Nobody of 40 misses it: Wilson's limit is z² / (n + z²) = 3.8415 / 43.8415 = 0.0876."""
    found = run(KANO, setting(people(answers("A" * 40 + "RQ")), 60))
    worse, better = (row(found, measure, "wifi") for measure in ("worse", "better"))
    assert (worse["value"], worse["conf_high"], better["conf_high"]) == (0, 0, 1)
    assert str(worse["conf_high"]) == "0.0"
    assert worse["conf_low"] == pytest.approx(-0.0876, abs=5e-5)
    assert better["conf_low"] == pytest.approx(1 - 0.0876, abs=5e-5)


def test_a_pair_never_asked_is_refused() -> None:
    who = people({"F": [1, None, 2], "D": [None, 5, None]})
    with pytest.raises(DataError) as error:
        run(KANO, setting(who))
    assert str(error.value) == (
        "methods.x: features.wifi: expected respondents who answered both F and D, got none; "
        "leave the feature out, or see whether a filter sent everybody past a question"
    )


def test_a_group_that_was_never_asked_has_no_numbers() -> None:
    data: dict[str, list[Any]] = {"F": [1, 1, None], "D": [5, 5, 5], "g": ["a", "a", "b"]}
    found = run(KANO, setting(people(data, group="g"), 60))
    for measure in ("category", "better", "stability"):
        gap = row(found, measure, "wifi", group="b")
        assert np.isnan(gap["value"])
        assert gap["note"] == "no answers"
        assert gap["reading"] == ""
    assert row(found, "category", "wifi", group="a")["reading"] == "expected"


def test_only_contradicting_answers() -> None:
    found = run(KANO, setting(people(answers("QQQR"))))
    assert row(found, "category", "wifi")["reading"] == "questionable"
    better = row(found, "better", "wifi")
    assert np.isnan(better["value"])
    assert better["note"] == "all answers are reverse or questionable"


def test_many_contradicting_answers_are_told_unless_few_answered() -> None:
    who = people(answers("QQAAAAAAAA"))
    (notice,) = run(KANO, setting(who)).notices
    assert notice.message.startswith("20 % of the answers on wifi contradict themselves")
    assert run(KANO, setting(who, minimum=50)).notices == ()
    assert run(KANO, setting(people(answers("QAAAAAAAAA")))).notices == ()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("AOMIRQ"), st.integers(1, 4)), min_size=1, max_size=15))
def test_frequencies_are_repeated_rows(rows: list[tuple[str, int]]) -> None:
    letters = "".join(letter for letter, _ in rows)
    times = [float(count) for _, count in rows]
    weighted = people(answers(letters), weights=times, kind="frequency")
    repeated = people(answers("".join(letter * count for letter, count in rows)))
    first, second = run(KANO, setting(weighted)), run(KANO, setting(repeated))
    for one, other in zip(first.rows, second.rows, strict=True):
        assert close(one["value"], other["value"]) or np.isnan([one["value"], other["value"]]).all()
        assert (one["reading"], one["n"]) == (other["reading"], other["n"])


def test_questions_that_do_not_fit_are_refused() -> None:
    wide = people({"F": [1, 2], "D": [1, 2]}, [scale("F", 1, 7), amount("D")])
    with pytest.raises(UsageError) as error:
        run(KANO, setting(wide))
    assert [problem.got for problem in error.value.problems] == ["7 answers", "D, an amount"]
    low_good = people({"F": [1], "D": [2]}, [scale("F", reverse=True), scale("D")])
    with pytest.raises(UsageError, match="F, whose low end is the good one"):
        run(method(**SAID, first="dislike"), setting(low_good))
    with pytest.raises(DataError, match="whole steps of the scale, got 1 between two"):
        run(KANO, setting(people({"F": [1, 1.5], "D": [1, 2]})))


def test_malformed() -> None:
    assert faults(kind="kano", features={}) == [("features", "at least one entry", "none", "")]
    assert faults(kind="kano", features={"a": {"functional": "F"}})[0][:2] == (
        "features.a.dysfunctional",
        "the key 'dysfunctional'",
    )
    same = {"a": {"functional": "F", "dysfunctional": "F"}}
    assert faults(kind="kano", features=same) == [
        ("features.a.dysfunctional", "another question", "'F' for both", "")
    ]
    assert faults(**SAID, first="neutral")[0][1] == "like or dislike"


def test_the_chapter_puts_basic_before_expected_before_excitement() -> None:
    order = {"gift": "AAAAA", "queue": "MMMMM", "price": "OOOOM", "odd": "QQIII"}
    data = {
        f"{name}_{side}": column
        for name, letters in order.items()
        for side, column in answers(letters).items()
    }
    features = {name: {"functional": f"{name}_F", "dysfunctional": f"{name}_D"} for name in order}
    one = method(kind="kano", features=features)
    found = run(one, setting(people(data), 60))
    bullets, prose, plane, shares, rule = chapter.section(view(one, found)).blocks
    assert isinstance(bullets, Bullets)
    assert [lead.split("(")[1] for lead, _ in bullets.items] == [
        "basic):",
        "expected):",
        "excitement):",
        "indifferent):",
    ]
    assert bullets.items[0][1] == "“queue”."
    assert isinstance(prose, Prose)
    assert "“odd” (40.0 %)" in prose.paragraphs[0]
    assert isinstance(plane, Figure)
    assert isinstance(plane.chart, ScatterChart)
    assert [(p.x, p.y) for p in plane.chart.points][:2] == [(0.0, 1.0), (1.0, 0.0)]
    assert [cell.text for cell in plane.table.rows[1]][:6] == [
        "queue",
        "5",
        "Basic",
        "100",
        "Basic",
        "0.00",
    ]
    assert isinstance(shares, Figure)
    assert isinstance(shares.chart, StackChart)
    assert shares.chart.rows[0].shares == (0, 0, 1, 0, 0, 0)
    assert isinstance(rule, Prose)


def test_better_and_worse_are_of_the_four_types_alone() -> None:
    """60 answered, 55 against sense: of the five that are left Better and Worse are withheld."""
    found = run(KANO, setting(people(answers("Q" * 55 + "OAOIA")), 200, minimum=50))
    for measure in ("better", "worse"):
        made = row(found, measure, "wifi")
        assert made["n"] == 5
        assert np.isnan(made["value"])
        assert made["note"] == "withheld: fewer than 50 answers"
    for measure in ("category", "category_sum", "stability"):
        made = row(found, measure, "wifi")
        assert made["n"] == 60
        assert np.isfinite(made["value"])


def test_limits_that_are_printed_are_not_called_withheld() -> None:
    """In some replicates nobody is left to make a coefficient of; Wilson's limits need none."""
    found = run(KANO, setting(people(answers("QQQQQQOM")), 200))
    for measure in ("better", "worse"):
        made = row(found, measure, "wifi")
        assert np.isfinite([made["conf_low"], made["conf_high"]]).all()
        assert made["note"] == ""
