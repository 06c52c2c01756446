"""Interviews for a half-width, a change or a difference, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from statsmodels.stats.power import NormalIndPower

from acsi_sem.errors import UsageError
from acsi_sem.planning.change import plan_change, plan_difference
from acsi_sem.planning.size import plan_size

TOO_NARROW = (
    "plan size: half_width: expected one that 1e+12 interviews reach, got 1e-06; ask for a wider "
    "one"
)


def messages(call: Any, **arguments: Any) -> list[str]:
    """Return what a call is refused for."""
    with pytest.raises(UsageError) as refused:
        call(**arguments)
    return [str(problem) for problem in refused.value.problems]


def test_250_interviews_are_worth_two_to_three_and_a_half_points() -> None:
    sds = {"food": 15.8, "airlines": 20.6, "providers": 27.5, "banks": 21.0}
    plan = plan_size(interviews=250, sd=sds)
    told = {name: f"{value:.1f}" for name, value in plan.values("half-width").items()}
    assert told == {"food": "2.0", "airlines": "2.6", "providers": "3.4", "banks": "2.6"}
    assert plan.value("interviews", "all 4 groups") == 1000


def test_from_a_half_width_to_the_people_to_contact() -> None:
    plan = plan_size(half_width=2, sd=20, response=0.3, groups=10)
    assert plan.value("interviews") == 385
    assert plan.value("people to contact") == 1284  # 385 / 0.3 = 1283.3
    assert plan.value("interviews", "all 10 groups") == 3850
    assert plan.value("people to contact", "all 10 groups") == 12840


def test_the_minimum_of_the_smallest_part_decides_where_it_asks_for_more() -> None:
    plan = plan_size(half_width=5, sd=20, minimum=50, smallest=0.1)
    assert plan.value("interviews") == 500
    notes = {line.quantity: line.note for line in plan.lines}
    assert notes["interviews"] == "set by the minimum"
    assert plan.value("half-width") == pytest.approx(1.959964 * 20 / math.sqrt(500), rel=1e-6)
    few = plan_size(interviews=300, minimum=50, smallest=0.1)
    assert "fewer than the 500 that the minimum asks for" in [line.note for line in few.lines]


def test_more_contacts_than_people_are_told() -> None:
    plan = plan_size(half_width=2, population=1000, response=0.2)
    line = next(one for one in plan.lines if one.quantity == "people to contact")
    assert (line.value, line.note) == (1390, "more than the 1,000 that there are")


def test_a_share_is_planned_by_wilson() -> None:
    plan = plan_size(half_width=5, share=0.5)
    assert plan.value("interviews") == 381  # Wald: 385
    assert plan.value("half-width") <= 5
    assert plan.formula.startswith("Wilson")


def test_the_table_has_its_columns() -> None:
    table = plan_size(half_width=2).tidy()
    assert list(table.columns) == ["question", "subject", "quantity", "value", "unit", "note"]
    assert table["value"].tolist() == [20, 385, pytest.approx(1.9978, abs=5e-5)]
    with pytest.raises(KeyError, match="median"):
        plan_size(half_width=2).value("median")


def test_sizes_that_cannot_be_planned_are_refused_together() -> None:
    found = messages(plan_size, half_width=-2, sd=-3, population=1, response=0, level=1.0, deff=0)
    assert found == [
        "plan size: half_width: expected a number above 0, got -2",
        "plan size: sd: expected a standard deviation above 0 and up to 50, got -3",
        "plan size: level: expected a number between 0 and 1, got 1",
        "plan size: deff: expected a number above 0, got 0",
        "plan size: population: expected a whole number from 2 on, got 1",
        "plan size: response: expected a share above 0 and up to 1, got 0",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "plan size: expected one of half_width and interviews, got none"),
        (
            {"half_width": 2, "interviews": 9},
            "plan size: expected one of half_width and interviews, got half_width and interviews",
        ),
        (
            {"half_width": 2, "response": 1.2},
            "plan size: response: expected a share above 0 and up to 1, got 1.2",
        ),
        (
            {"interviews": 500, "population": 400},
            "plan size: interviews: expected at most the population of 400, got 500",
        ),
        (
            {"half_width": 2, "minimum": 50, "population": 40},
            "plan size: minimum: expected at most the population of 40, got 50",
        ),
        (
            {"half_width": math.nan},
            "plan size: half_width: expected a number above 0, got nan",
        ),
        (
            {"half_width": 2, "sd": {"a": 20, "b": 21}, "groups": 3},
            "plan size: groups: expected 1 beside standard deviations of several groups, got 3",
        ),
        (
            {"half_width": 1e-6, "response": 0.5},
            TOO_NARROW,
        ),
        (
            {"half_width": 2, "smallest": 0.1},
            "plan size: smallest: expected a minimum beside it, got none",
        ),
        (
            {"half_width": 2, "share": 80},
            "plan size: share: expected a number from 0 to 1, got 80",
        ),
    ],
)
def test_each_refusal_of_a_size(arguments: dict[str, Any], told: str) -> None:
    assert messages(plan_size, **arguments) == [told]


def test_a_change_between_independent_quarters_equals_statsmodels() -> None:
    oracle = NormalIndPower().solve_power(2 / 20, None, 0.05, 0.8, 1)
    plan = plan_change(points=2, sd=20)
    assert plan.value("interviews", "each quarter") == math.ceil(oracle) == 1570
    assert plan.value("power") == pytest.approx(0.8, abs=1e-3)  # one whole interview more
    back = plan_change(interviews=1570, sd=20)
    assert back.value("detectable change") == pytest.approx(2, abs=1e-3)


def test_a_panel_needs_fewer() -> None:
    apart = plan_change(points=2).value("interviews", "each quarter")
    panel = plan_change(points=2, overlap=0.5, correlation=0.6)
    assert panel.value("interviews", "each quarter") == math.ceil(1569.77 * 0.7) < apart


def test_a_difference_with_unequal_companies() -> None:
    # lambda = 2.8016; (2.8016/3)^2 (15^2 + 27^2/2) = 514.1
    plan = plan_difference(points=3, sd=15, other_sd=27, ratio=2)
    assert plan.value("interviews", "first company") == 515
    assert plan.value("interviews", "other company") == 1030


def test_many_comparisons_cost_interviews() -> None:
    oracle = NormalIndPower().solve_power(3 / 20, None, 0.05 / 10, 0.8, 1)
    plan = plan_difference(points=3, sd=20, comparisons=10)
    assert plan.value("interviews", "first company") == math.ceil(oracle)
    assert any("99.5 %" in text and "Holm" in text for text in plan.assumptions)


def test_points_and_interviews_together_give_the_power() -> None:
    plan = plan_difference(points=3, sd=20, interviews=250)
    oracle = NormalIndPower().power(3 / 20, 250, 0.05, 1)
    assert plan.value("power") == pytest.approx(oracle, rel=1e-12)
    assert plan.title.startswith("Power of 250 interviews")


@pytest.mark.parametrize(
    ("call", "arguments", "told"),
    [
        (plan_change, {}, "plan change: expected points or interviews, got none"),
        (
            plan_change,
            {"points": 2, "power": 0.01},
            "plan change: power: expected a number between 0.05 and 1, got 0.01",
        ),
        (
            plan_change,
            {"points": 2, "overlap": 0.5},
            "plan change: correlation: expected one other than 0 beside an overlap, got 0",
        ),
        (
            plan_change,
            {"points": 2, "overlap": 1.0, "correlation": 1.0},
            "plan change: correlation: expected less than 1 for a full overlap, got 1",
        ),
        (
            plan_difference,
            {"points": 2, "ratio": 0},
            "plan difference: ratio: expected a number above 0, got 0",
        ),
        (
            plan_difference,
            {"points": 2, "other_sd": -1},
            "plan difference: other_sd: expected a standard deviation above 0 and up to 50, got -1",
        ),
        (
            plan_difference,
            {"points": 2, "comparisons": 0},
            "plan difference: comparisons: expected a whole number from 1 on, got 0",
        ),
    ],
)
def test_each_refusal_of_a_comparison(call: Any, arguments: dict[str, Any], told: str) -> None:
    assert messages(call, **arguments) == [told]
