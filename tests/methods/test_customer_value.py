"""Revenue by cost to serve: eight customers by hand, weights, refusals, the chapter."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from value_cases import (
    HOSTILE,
    amount,
    category,
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
from acsi_sem.methods.base import MethodResult
from acsi_sem.report.content import Figure, StackChart

GRID = {"kind": "customer_value", "revenue": "earned", "cost": "spent"}
EIGHT: dict[str, list[Any]] = {
    "earned": [100, 80, 90, 70, 10, 20, 10, 20],
    "spent": [5, 10, 50, 40, 5, 10, 60, 60],
    "liked": [10, 10, 1, 1, None, 4, 7, 10],
}
MONEY = (amount("earned"), amount("spent"))
FIELDS = (*MONEY, scale("liked"))


def of_fields(result: MethodResult, measure: str) -> list[float]:
    """Return a measure of the four fields."""
    return [found(result, measure, name)["value"] for name in "1234"]


@pytest.mark.parametrize("cuts", ["mean", "median"])
def test_by_hand(cuts: str) -> None:
    """Means are 50 and 30, medians 45 and 25: two customers in each field by either.

    Revenue 180, 160, 30, 30 of 400; cost 15, 90, 15, 120 of 240; margins (95 + 70) / 2 and so on;
    answers of 1-10 on 0-100, the fifth customer gave none.
    """
    result = run_one(GRID | {"cuts": cuts, "satisfaction": "liked"}, setting(EIGHT, FIELDS))
    at = [found(result, "cut", name)["value"] for name in ("revenue", "cost")]
    assert at == ([50, 30] if cuts == "mean" else [45, 25])
    np.testing.assert_allclose(of_fields(result, "customers"), [25] * 4)
    np.testing.assert_allclose(of_fields(result, "revenue"), [45, 40, 7.5, 7.5])
    np.testing.assert_allclose(of_fields(result, "cost"), [6.25, 37.5, 6.25, 50])
    np.testing.assert_allclose(of_fields(result, "margin"), [82.5, 35, 7.5, -45])
    expected = [100, 0, 100 / 3, 250 / 3]
    np.testing.assert_allclose(of_fields(result, "satisfaction"), expected)
    assert [found(result, "satisfaction", name)["n"] for name in "1234"] == [2, 2, 1, 2]


def test_given_cuts() -> None:
    part = GRID | {"cuts": {"revenue": 85, "cost": 45}}
    result = run_one(part, setting(EIGHT, MONEY))
    np.testing.assert_allclose(of_fields(result, "customers"), [12.5, 12.5, 50, 25])


def test_moves_are_told_in_words() -> None:
    result = run_one(GRID, setting(EIGHT, MONEY))
    told = [found(result, "customers", name)["reading"] for name in "1234"]
    assert "discount takes them to field 3" in told[0]
    assert "to field 1, by serving them at lower cost" in told[1]
    assert "to field 1, by selling them more" in told[2]
    assert "to field 2 by selling them more, or to field 3" in told[3]


def test_one_customer_and_equal_customers_are_high_in_both() -> None:
    for count in (1, 5):
        where = setting({"earned": [0.1] * count, "spent": [0.3] * count}, MONEY)
        result = run_one(GRID, where)
        np.testing.assert_allclose(of_fields(result, "customers"), [0, 100, 0, 0])
        empty = found(result, "margin", "1")
        assert math.isnan(empty["value"])
        assert empty["note"] == "no customers in this field"


def test_missing_amounts_are_left_out_and_counted() -> None:
    where = setting({"earned": [5, None, 1], "spent": [1, 1, None]}, MONEY)
    result = run_one(GRID, where)
    assert found(result, "customers", "2")["n"] == 1
    assert result.notices[0].message == "2 respondents are left out: no revenue or cost."


def test_shares_of_money_that_rest_on_few_are_withheld_with_a_second() -> None:
    """Fields of 3, 1, 2 and 2 customers where 2 are enough: the one of 1, and the next smallest."""
    earned, spent = [9, 9, 9, 9, 1, 1, 1, 1], [1, 1, 1, 9, 1, 1, 9, 9]
    where = setting({"earned": earned, "spent": spent}, MONEY)
    result = run_one(GRID, replace(where, request=replace(where.request, minimum_rows=2)))
    notes = [found(result, "revenue", name)["note"] for name in "1234"]
    assert notes[1] == "withheld: fewer than 2 answers"
    assert [note for note in notes if note.startswith("withheld: with the other groups or parts")]
    known = [not math.isnan(value) for value in of_fields(result, "revenue")]
    assert sum(known) == 2
    assert not known[1]
    assert found(result, "customers", "2")["value"] == 12.5
    for measure in ("cost", "margin"):
        assert [not math.isnan(value) for value in of_fields(result, measure)] == known


def test_a_field_hidden_in_one_group_is_hidden_in_a_second() -> None:
    """With given cuts the fields of all are those of the groups together: all less a is b."""
    few, many = [(9, 9)] * 2 + [(9, 1)] * 6 + [(1, 1)] * 8, [(9, 9)] * 7 + [(9, 1)] * 9
    columns: dict[str, list[Any]] = {
        "earned": [earned for earned, _ in few + many],
        "spent": [spent for _, spent in few + many],
        "g": ["a"] * len(few) + ["b"] * len(many),
    }
    where = setting(columns, MONEY, group="g")
    where = replace(where, request=replace(where.request, minimum_rows=5))
    result = run_one(GRID | {"cuts": {"revenue": 5, "cost": 5}}, where)
    for measure in ("revenue", "cost", "margin"):
        for group, fields in (("a", "12"), ("b", "12"), ("all", "")):
            rows = [found(result, measure, name, group) for name in "1234"]
            told = [row["category"] for row in rows if row["note"].startswith("withheld")]
            assert told == list(fields), (measure, group)


def test_nobody_in_a_field_keeps_a_limit_above() -> None:
    """None of 8: up to 32.4 % by Wilson (1927)."""
    where = setting({"earned": [9] * 8, "spent": [1] * 8}, MONEY, replicates=60)
    result = run_one(GRID | {"cuts": {"revenue": 5, "cost": 5}}, where)
    row = found(result, "customers", "4")
    assert (row["value"], round(row["conf_high"], 1)) == (0, 32.4)
    assert round(found(result, "customers", "1")["conf_low"], 1) == 67.6


def test_a_group_without_any_amount_has_no_numbers() -> None:
    columns: dict[str, list[Any]] = {
        "earned": [5, 6, None, None],
        "spent": [1, 2, 1, 2],
        "g": ["a", "a", "b", "b"],
    }
    result = run_one(GRID, setting(columns, MONEY, group="g", replicates=60))
    assert math.isnan(found(result, "customers", "1", "b")["value"])
    assert found(result, "customers", "1", "b")["n"] == 0
    assert found(result, "customers", "2", "a")["value"] == 50


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 3)), min_size=1, max_size=8
    )
)
def test_frequency_weights_are_repeated_rows(rows: list[tuple[int, int, int]]) -> None:
    earned, spent, counts = ([row[k] + (k < 2) for row in rows] for k in range(3))
    weighted = run_one(GRID, setting({"earned": earned, "spent": spent}, MONEY, counts=counts))
    repeated = {
        name: np.repeat(values, counts).tolist()
        for name, values in (("earned", earned), ("spent", spent))
    }
    plain = numbers(run_one(GRID, setting(repeated, MONEY)))
    for key, value in numbers(weighted).items():
        np.testing.assert_allclose(value, plain[key], atol=1e-9)
    assert sum(of_fields(weighted, "customers")) == pytest.approx(100)


CUTS = "cuts: mean, median, or a mapping {revenue: number, cost: number} of numbers above 0, got"
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"cuts": "mode"}, f"{CUTS} 'mode'"),
    ({"cuts": {"revenue": 5}}, f"{CUTS} {{revenue: 5}}"),
    ({"cuts": {"revenue": 5, "cost": -1}}, f"{CUTS} {{revenue: 5, cost: -1}}"),
    ({"cuts": {"revenue": True, "cost": 1}}, f"{CUTS} {{revenue: true, cost: 1}}"),
    ({"revenue": 7}, "revenue: text, got 7; put it in quotes"),
]


@pytest.mark.parametrize(("part", "message"), MALFORMED)
def test_malformed(part: dict[str, Any], message: str) -> None:
    assert refused(GRID | part) == [message]


MONEY_RULE = "methods.x: {}: expected amounts of 0 or more, got"
OWN = "as a field of their own"


def test_refused_data() -> None:
    where = setting({"earned": [-1.0, 2, 3], "spent": [-1.0, -2, 3]}, MONEY)
    with pytest.raises(DataError) as error:
        run_one(GRID, where)
    assert str(error.value).splitlines() == [
        f"{MONEY_RULE.format('revenue')} 1 row of earned below 0; give returns and refunds {OWN}",
        f"{MONEY_RULE.format('cost')} 2 rows of spent below 0; give credits {OWN}",
    ]
    columns: dict[str, list[Any]] = {"earned": [1], "spent": [1], "liked": ["1"]}
    with pytest.raises(UsageError, match="a question with a scale, got liked, a category"):
        run_one(
            GRID | {"satisfaction": "liked"}, setting(columns, (*MONEY, category("liked", "1")))
        )


def test_chapter() -> None:
    section = chapter(GRID | {"satisfaction": "liked"}, setting(EIGHT, FIELDS))
    figure = section.blocks[0]
    assert isinstance(figure, Figure)
    assert isinstance(figure.chart, StackChart)
    assert figure.title.replace("\u00a0", " ") == (
        "All rows: 25.0 % of customers bring much and cost little, and hold 45.0 % of revenue"
    )
    shares, each = tables(section.blocks)
    assert cells(shares)[3] == ["4: Low revenue, high cost", "25.0 (7.1 to 59.1)", "7.5", "50.0"]
    assert shares.notes == (
        "High revenue from 50.0, high cost from 30.0.",
        "No replicates were asked for.",
    )
    assert cells(each)[3] == ["4: Low revenue, high cost", "2", "−45.0", "83.3"]
    assert each.columns[3].head == "Satisfaction, 0–100"
    assert each.columns[3].meaning == HOSTILE.replace("\x00", "")
