"""Rating form: by hand, weights and grades, degenerate answers, its chapter."""

from __future__ import annotations

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
from acsi_sem.methods.protection import MADE
from acsi_sem.report.charts import lay_out
from acsi_sem.report.content import Figure, StackChart
from acsi_sem.report.methods import rating_form as chapter

FORM = method(kind="rating_form", items={"A": {"weight": 3}, "B": {"weight": 1}})
# A: 2 x 100, 1 x 80, 1 x 60, 1 x 20, so 360 / 5 = 72. B: 80, 60, 40, 20, so 50; one is missing.
ANSWERS: dict[str, list[int | None]] = {"A": [5, 5, 4, 3, 1], "B": [4, 3, 2, 1, None]}


def test_by_hand() -> None:
    """Total (3 x 72 + 50) / 4 = 66.5."""
    found = run(FORM, setting(people(ANSWERS)))
    assert close(value(found, "score", "A"), 72)
    assert close(value(found, "score", "B"), 50)
    assert close(value(found, "headline"), 66.5)
    assert close(value(found, "share", "A", "very satisfied"), 40)
    assert row(found, "share", "B", "very satisfied")["n"] == 4
    assert row(found, "headline")["n"] == 4
    assert close(value(found, "weight", "A", group=""), 75)
    assert row(found, "headline")["reading"] == "points from 20 (worst) to 100 (best)"


def test_a_list_of_questions_weighs_them_the_same() -> None:
    form = method(kind="rating_form", items=["A", "B"])
    assert close(value(run(form, setting(people(ANSWERS))), "headline"), 61)


def test_the_lost_value_of_the_last_grade_can_be_set() -> None:
    form = method(kind="rating_form", items=["A"], values=[100, 80, 60, 40, 0])
    assert close(value(run(form, setting(people(ANSWERS))), "score", "A"), 68)


def test_a_low_end_that_is_good_and_categories_in_order() -> None:
    turned = people({"A": [1, 1, 2, 3, 5]}, [scale("A", reverse=True)])
    form = method(kind="rating_form", items=["A"])
    assert close(value(run(form, setting(turned)), "score", "A"), 72)
    named = people({"A": [1, 1, 2, 3, 5]}, [category("A", "top", "good", "fair", "poor", "bad")])
    found = run(form, setting(named))
    assert close(value(found, "score", "A"), 72)
    assert close(value(found, "share", "A", "top"), 40)


def test_pairwise_weights_come_with_their_consistency() -> None:
    ahp = {"order": ["A", "B"], "matrix": [[1, 3], ["1/3", 1]]}
    form = method(kind="rating_form", items=["A", "B"], weights={"ahp": ahp})
    found = run(form, setting(people(ANSWERS)))
    assert close(value(found, "headline"), 66.5)
    assert value(found, "consistency_ratio", group="") == 0


def test_one_grade_alone_and_nobody_at_all() -> None:
    who = people({"A": [5, 5, 5, None], "B": [1, 1, None, None], "g": list("aaab")}, group="g")
    found = run(FORM, setting(who, 60))
    same = row(found, "score", "A", group="a")
    assert same["value"] == same["conf_low"] == same["conf_high"] == 100
    nobody = row(found, "headline", group="b")
    assert np.isnan(nobody["value"])
    assert nobody["note"] == "no answers to A, B"
    assert row(found, "share", "A", "neutral", "b")["note"] == "no answers"


def test_a_total_does_not_tell_a_question_that_is_withheld() -> None:
    answers: dict[str, list[int | None]] = {"A": [5] * 8, "B": [1, 2] + [None] * 6}
    found = run(FORM, setting(people(answers), minimum=5))
    assert np.isfinite(value(found, "score", "A"))
    for withheld, note in (
        (row(found, "score", "B"), "withheld: fewer than 5 answers"),
        (row(found, "headline"), MADE),
    ):
        assert np.isnan(withheld["value"])
        assert withheld["note"] == note


def test_a_total_does_not_tell_a_question_that_is_withheld_to_protect_another() -> None:
    """In a few answered A; to protect it, A is withheld in b; B in c, where few answered, and a.

    Twice the total of b less its score of B would be its score of A, and that of a the rest.
    """
    rng = np.random.default_rng(1)
    one, two = (rng.integers(1, 6, 300).astype(float) for _ in "AB")
    one[:60], one[100:140], two[200:255] = np.nan, np.nan, np.nan
    groups = ["a"] * 100 + ["b"] * 100 + ["c"] * 100
    who = people({"A": one.tolist(), "B": two.tolist(), "g": groups}, group="g")
    found = run(FORM, setting(who, minimum=50))
    shown = {
        group: [
            bool(np.isfinite(value(found, measure, subject, "", group)))
            for measure, subject in (("score", "A"), ("score", "B"), ("headline", ""))
        ]
        for group in ("a", "b", "c", "all")
    }
    assert shown == {
        "a": [False, False, False],
        "b": [False, True, False],
        "c": [True, False, False],
        "all": [True, True, True],
    }


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3)), min_size=1, max_size=15
    )
)
def test_frequencies_repeat_rows_and_the_order_of_questions_does_not_matter(
    rows: list[tuple[int, int, int]],
) -> None:
    columns = {"A": [a for a, _, _ in rows], "B": [b for _, b, _ in rows]}
    times = [t for _, _, t in rows]
    weighted = people(columns, weights=[float(t) for t in times], kind="frequency")
    long = {k: np.repeat(v, times).tolist() for k, v in columns.items()}
    turned = method(kind="rating_form", items={"B": {"weight": 1}, "A": {"weight": 3}})
    first = run(FORM, setting(weighted))
    for other in (run(FORM, setting(people(long))), run(turned, setting(people(long)))):
        assert close(value(first, "headline"), value(other, "headline"))
        assert row(first, "headline")["n"] == row(other, "headline")["n"] == sum(times)
    assert 20 <= value(first, "headline") <= 100 + 1e-9


def test_questions_with_other_answers_are_refused() -> None:
    ten = people({"A": [1, 10], "B": [1, 5]}, [scale("A", 1, 10), scale("B")])
    with pytest.raises(UsageError) as error:
        run(FORM, setting(ten))
    assert str(error.value) == (
        "methods.x: items.A: expected a question with 5 answers, one for each grade, got 10 "
        "answers; name other questions, or give as many values as there are answers"
    )
    money = people({"A": [1, 2], "B": [1, 5]}, [amount("A"), scale("B")])
    with pytest.raises(UsageError, match="got A, an amount"):
        run(FORM, setting(money))


def test_categories_in_two_orders_are_refused() -> None:
    names = ("a", "b", "c", "d", "e")
    who = people({"A": [1], "B": [1]}, [category("A", *names), category("B", *names[::-1])])
    with pytest.raises(UsageError, match="the categories in the order of A: a, b, c, d, e"):
        run(FORM, setting(who))


def test_an_answer_between_two_grades_is_refused() -> None:
    with pytest.raises(DataError, match=r"items\.A: expected answers that are whole steps"):
        run(FORM, setting(people({"A": [1, 2.5], "B": [1, 2]})))


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"items": []}, ("items", "at least one entry", "none", "")),
        ({"items": ["A", "A"]}, ("items", "each entry once", "'A' twice", "remove one")),
        (
            {"items": {"A": {"weight": 1}, "B": {}}},
            ("items", "a weight for every question, or for none", "none for B", ""),
        ),
        (
            {"items": {"A": {"weight": 1}}, "weights": {"A": 1}},
            ("weights", "weights beside the questions, or the key weights", "both", "remove one"),
        ),
        (
            {"items": ["A"], "weights": {"B": 1}},
            ("weights", "each of A once", "no 'A' and the unknown 'B'", ""),
        ),
        ({"items": ["A"], "values": [1]}, ("values", "at least two grades", "[1]", "")),
        (
            {"items": ["A"], "values": [20, 40]},
            ("values", "descending values, the best grade first", "[20, 40]", ""),
        ),
        (
            {"items": ["A"], "labels": ["good"]},
            ("labels", "5 names, one for each value", "1", ""),
        ),
        ({"items": {"A": {"weight": -1}}}, ("items.A.weight", "a number above 0", "-1", "")),
    ],
)
def test_malformed(said: dict[str, object], fault: tuple[str, str, str, str]) -> None:
    assert fault in faults(kind="rating_form", **said)


def test_the_chapter_shows_bars_from_bad_to_good() -> None:
    found = run(FORM, setting(people(ANSWERS), 60))
    figure = chapter.section(view(FORM, found)).blocks[0]
    assert isinstance(figure, Figure)
    assert isinstance(figure.chart, StackChart)
    assert figure.title == "All rows: 66.5 points; lowest of the questions: <b>B</b>, 50.0"
    assert figure.chart.categories[0] == "very dissatisfied"
    assert figure.chart.rows[0].shares == pytest.approx((0.2, 0, 0.2, 0.2, 0.4))
    texts = [[cell.text for cell in cells] for cells in figure.table.rows]
    assert texts[0][:4] == ["<b>A</b>", "75.0", "5", "72.0"]
    assert texts[-1][:4] == ["Total", "100.0", "4", "66.5"]
    assert lay_out(figure.chart, narrow=True).labels
