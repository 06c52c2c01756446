"""Who holds the value: a case by hand, weights, refusals, the chapter."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from value_cases import (
    amount,
    cells,
    chapter,
    found,
    numbers,
    refused,
    run_one,
    scale,
    setting,
    tables,
)

from acsi_sem.errors import DataError, UsageError
from acsi_sem.methods.base import Setting
from acsi_sem.report.content import CurveChart, Figure, Prose

VALUE = {"kind": "pareto", "value": "value"}
# Ten customers: 50, 20, 10, 8, 4, 3, 2, 1, 1, 1 of 100 together.
TEN = [1, 50, 4, 20, 1, 10, 3, 8, 2, 1]


def run_ten(**part: Any) -> Any:
    """Carry out the method on the ten customers."""
    return run_one(VALUE | part, setting({"value": TEN}, [amount("value")]))


def test_by_hand() -> None:
    """Top tenth 50, two 70, three 80, half 92; classes by cumulated 50, 70, 80, 88, 92, 95, ...

    Gini from ranks, poorest first: 1, 1, 1, 2, 3, 4, 8, 10, 20, 50 times 1 ... 10 is 869, so
    2 * 869 / (10 * 100) - 11 / 10 = 0.638.
    """
    result = run_ten()
    shares = [found(result, "top_share", top)["value"] for top in ("10", "20", "30", "50")]
    np.testing.assert_allclose(shares, [50, 70, 80, 92], rtol=1e-12)
    assert found(result, "holders", "80")["value"] == pytest.approx(30)
    assert found(result, "gini")["value"] == pytest.approx(0.638, abs=1e-12)
    assert found(result, "headline")["value"] == pytest.approx(63.8, abs=1e-10)
    for measure, expected in (
        ("class_customers", [30, 30, 40]),
        ("class_value", [80, 15, 5]),
        ("class_mean", [80 / 3, 5, 1.25]),
    ):
        got = [found(result, measure, name)["value"] for name in "ABC"]
        np.testing.assert_allclose(got, expected, rtol=1e-12)
    assert [found(result, "class_mean", name)["n"] for name in "ABC"] == [3, 3, 4]
    assert found(result, "lorenz", "50")["value"] == pytest.approx(8)
    assert found(result, "lorenz", "0")["value"] == 0


def test_other_cuts() -> None:
    result = run_ten(cuts=[0.5, 0.7])
    assert [round(found(result, "class_customers", name)["value"]) for name in "ABC"] == [
        10,
        10,
        80,
    ]


def test_present_value_by_hand() -> None:
    """Years of 110 and 121 at 10 % are 100 + 100; a customer without a year is left out."""
    columns: dict[str, list[Any]] = {"one": [110.0, 0.0, 5.0], "two": [121.0, 0.0, None]}
    fields = [amount("one"), amount("two")]
    part = {"kind": "pareto", "values": ["one", "two"], "discount": 0.1}
    result = run_one(part, setting(columns, fields))
    assert found(result, "class_mean", "A")["value"] == pytest.approx(200)
    assert found(result, "gini")["value"] == pytest.approx(0.5)
    assert found(result, "gini")["n"] == 2
    assert [n.message for n in result.notices] == ["1 respondent is left out: no value."]


def test_one_customer_and_equal_customers() -> None:
    """No inequality, and nobody can be told from the others: all of class A."""
    for values in ([7.0], [0.1] * 6):
        result = run_one(VALUE, setting({"value": values}, [amount("value")]))
        assert found(result, "gini")["value"] == pytest.approx(0, abs=1e-12)
        assert found(result, "holders", "80")["value"] == pytest.approx(80)
        assert found(result, "class_customers", "A")["value"] == pytest.approx(100)
        assert found(result, "class_mean", "C")["note"] == "no customers in this class"


def test_a_group_without_value_has_no_numbers() -> None:
    columns: dict[str, list[Any]] = {"value": [1.0, 3.0, 0.0, 0.0], "g": ["a", "a", "b", "b"]}
    result = run_one(VALUE, setting(columns, [amount("value")], group="g", replicates=60))
    row = found(result, "gini", group="b")
    assert math.isnan(row["value"])
    assert row["note"] == "no value in this group"
    assert found(result, "gini", group="a")["value"] == pytest.approx(0.25)


def enough(values: list[Any], minimum: int, **columns: list[Any]) -> Setting:
    """Return customers of whom some are enough to publish."""
    group = next(iter(columns), None)
    where = setting({"value": values} | columns, [amount("value")], group=group)
    return replace(where, request=replace(where.request, minimum_rows=minimum))


@pytest.mark.parametrize(("count", "finest"), [(150, "35"), (1000, "5"), (5000, "1")])
def test_points_have_enough_customers_on_either_side(count: int, finest: str) -> None:
    """One per cent of 5,000 is 50 customers; a third of 150 is 50, of whom 30 % are 45."""
    result = run_one(VALUE, enough(list(range(1, count + 1)), 50))
    marks = [row["category"] for row in result.rows if row["measure"] == "lorenz"]
    assert marks[:2] == ["0", finest]
    assert marks[-2:] == [str(100 - int(finest)), "100"]


def test_top_shares_and_holders_rest_on_those_customers() -> None:
    """Of 40 the best tenth are four; 24 of value 9 and 16 of value 1 (232): 186 / 9 hold 80 %."""
    values = [9.0] * 24 + [1.0] * 16
    result = run_one(VALUE, enough(values, 5))
    rows = [found(result, "top_share", top) for top in ("10", "20", "30", "50")]
    assert [row["n"] for row in rows] == [4, 8, 12, 20]
    assert [math.isnan(row["value"]) for row in rows] == [True, False, False, False]
    holders = found(result, "holders", "80")
    assert (holders["n"], round(holders["value"], 2)) == (21, 51.56)
    rest = found(run_one(VALUE, enough(values, 20)), "holders", "80")
    assert rest["note"] == "withheld: fewer than 20 customers hold the rest"
    assert math.isnan(rest["value"])


def test_a_small_class_takes_value_and_mean_of_all_with_it() -> None:
    """A holds 80 % by the rule, so any mean with its share would tell that of the three."""
    for minimum, known in ((3, True), (4, False)):
        result = run_one(VALUE, enough(TEN, minimum))
        for measure in ("class_value", "class_mean"):
            rows = [found(result, measure, name) for name in "ABC"]
            assert [not math.isnan(row["value"]) for row in rows] == [known] * 3
            assert [row["n"] for row in rows] == [3, 3, 4]
        assert not math.isnan(found(result, "class_customers", "A")["value"])
    told = found(result, "class_mean", "C")["note"]
    assert told == "withheld, with all classes: one has fewer than 4 customers"


def test_no_mean_tells_that_of_a_small_group() -> None:
    """Group c has two customers: the smaller of the others is withheld with it, class by class."""
    groups = {"a": TEN * 6, "b": TEN * 4, "c": [7, 9]}
    values = [value for own in groups.values() for value in own]
    names = [name for name, own in groups.items() for _ in own]
    result = run_one(VALUE, enough(values, 5, g=names))
    for name in "ABC":
        assert math.isnan(found(result, "class_mean", name, "b")["value"])
    assert math.isnan(found(result, "class_mean", "A", "c")["value"])


def test_what_a_class_holds_has_no_limits() -> None:
    values = np.random.default_rng(2).lognormal(0, 1, 200).tolist()
    result = run_one(VALUE, setting({"value": values}, [amount("value")], replicates=60))
    for name in "ABC":
        row = found(result, "class_value", name)
        assert row["note"] == "what a class holds is set by the cuts, not found: no limits"
        assert math.isnan(row["conf_low"])
        assert found(result, "class_mean", name)["conf_low"] > 0
    assert found(result, "lorenz", "100")["note"] == "by definition: no limits"


def test_an_empty_class_keeps_a_limit_above() -> None:
    """None of six equal customers is of class C: up to 39 % by Wilson (1927)."""
    where = setting({"value": [2.0] * 6}, [amount("value")], replicates=60)
    result = run_one(VALUE, where)
    assert round(found(result, "class_customers", "C")["conf_high"], 1) == 39.0
    gini = found(result, "gini")
    assert (gini["value"], gini["note"]) == (0, "0 or all of it in some replicates: no limits")


def test_limits_are_normal_on_the_scale_of_logits() -> None:
    """Distances from the estimate, in logits, are the same on both sides."""
    values = np.random.default_rng(3).lognormal(0, 1, 120).tolist()
    result = run_one(VALUE, setting({"value": values}, [amount("value")], replicates=100))
    for measure, category, whole in (
        ("gini", "", 1),
        ("top_share", "20", 100),
        ("holders", "80", 100),
        ("lorenz", "50", 100),
    ):
        row = found(result, measure, category)
        shares = np.array([row[key] for key in ("conf_low", "value", "conf_high")]) / whole
        below, above = np.diff(np.log(shares / (1 - shares)))
        assert below == pytest.approx(above)
        assert below > 0.05


def test_limits_hold_the_estimate() -> None:
    values = np.random.default_rng(4).pareto(2.5, 300).tolist()
    where = setting({"value": values}, [amount("value")], replicates=200)
    result = run_one(VALUE, where)
    for measure, category in (("gini", ""), ("top_share", "20"), ("lorenz", "50")):
        row = found(result, measure, category)
        assert row["conf_low"] < row["value"] < row["conf_high"]
    assert repr(run_one(VALUE, where)) == repr(result)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 4)), min_size=1, max_size=8))
def test_frequency_weights_are_repeated_rows(rows: list[tuple[int, int]]) -> None:
    values, counts = [1.0 + v for v, _ in rows], [c for _, c in rows]
    weighted = run_one(VALUE, setting({"value": values}, [amount("value")], counts=counts))
    repeated = {"value": np.repeat(values, counts).tolist()}
    plain = numbers(run_one(VALUE, setting(repeated, [amount("value")])))
    for key, value in numbers(weighted).items():
        np.testing.assert_allclose(value, plain[key], atol=1e-9)
    assert found(weighted, "gini")["n"] == sum(counts)


EXAMPLE = "for example [0.8, 0.95]"
CUTS = "cuts: two ascending shares between 0 and 1, got"
UNDISCOUNTED = (
    "discount: the key 'discount' beside values, got none; write discount: 0 to add the years as "
    "they are"
)
SINGLE = (
    "discount: no discount beside a single value, got one; name the amounts of the years under "
    "values"
)
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"value": None}, "one of the keys value and values, got neither"),
    ({"values": ["a"], "discount": 0}, "one of the keys value and values, got both"),
    ({"cuts": [0.9, 0.8]}, f"{CUTS} [0.9, 0.8]; {EXAMPLE}"),
    ({"cuts": [0.8]}, f"{CUTS} [0.8]; {EXAMPLE}"),
    ({"value": None, "values": ["a", "b"]}, UNDISCOUNTED),
    ({"discount": 0.1}, SINGLE),
    (
        {"value": None, "values": ["a", "a"], "discount": 0.1},
        "values: each entry once, got 'a' twice; remove one",
    ),
    ({"value": None, "values": ["a"], "discount": -0.1}, "discount: 0 or more, got -0.1"),
]


@pytest.mark.parametrize(("part", "message"), MALFORMED)
def test_malformed(part: dict[str, Any], message: str) -> None:
    assert refused(VALUE | part) == [message]


def test_refused_data() -> None:
    with pytest.raises(DataError) as negative:
        run_one(VALUE, setting({"value": [3.0, -1.0, -2.0]}, [amount("value")]))
    assert str(negative.value) == (
        "methods.x: value: expected amounts of 0 or more, got 2 rows of value below 0; give "
        "returns and refunds as a field of their own"
    )
    with pytest.raises(DataError, match="expected customers with some value, got 0 of all"):
        run_one(VALUE, setting({"value": [0.0, 0.0]}, [amount("value")]))
    with pytest.raises(UsageError, match="expected an amount, got value, a scale; give the item"):
        run_one(VALUE, setting({"value": [1.0, 2.0]}, [scale("value", 0)]))


def test_chapter() -> None:
    section = chapter(VALUE, setting({"value": TEN}, [amount("value")]))
    figure = section.blocks[0]
    assert isinstance(figure, Figure)
    assert figure.title.replace("\u00a0", " ") == (
        "All rows: the best 20 % of customers hold 70.0 % of the value; 80 % of it is held by "
        "30.0 %"
    )
    assert isinstance(figure.chart, CurveChart)
    assert [text for _, _, text in figure.chart.marks] == [
        "20 % hold 70.0\u00a0%",
        "30.0\u00a0% hold 80 %",
    ]
    curve = next(curve for curve in figure.chart.curves if curve.strong)
    assert dict(zip(curve.x, curve.y, strict=True))[50.0] == pytest.approx(92)
    shares, classes = tables(section.blocks)
    assert cells(shares)[1][:3] == ["Value held by the best 20 % of customers, %", "2", "70.0"]
    assert cells(shares)[5][:3] == ["Gini coefficient, 0 to 1", "10", "0.638"]
    assert cells(classes)[0] == ["A", "30.0 (10.8 to 60.3)", "80.0", "3", "26.7"]


def test_chapter_with_a_mark_withheld() -> None:
    """The best fifth are two of ten where three are enough: the holders alone are told."""
    section = chapter(VALUE, enough(TEN, 3))
    figure = section.blocks[0]
    assert isinstance(figure, Figure)
    assert figure.title.replace("\u00a0", " ") == "All rows: 80 % of the value is held by 30.0 %"
    assert isinstance(figure.chart, CurveChart)
    assert [text for _, _, text in figure.chart.marks] == ["30.0\u00a0% hold 80 %"]
    assert "n = 10 customers" in figure.reading
    care = section.blocks[-1]
    assert isinstance(care, Prose)
    assert "too short" in care.paragraphs[1]
