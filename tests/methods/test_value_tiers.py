"""Value tiers: ten customers by hand, the rules, weights, refusals, the chapter."""

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
from acsi_sem.methods.base import MethodResult
from acsi_sem.methods.value_tiers import TIERS
from acsi_sem.report.content import Bullets, Figure, IntervalChart

PLACES = ("revenue", "margin", "service", "upkeep", "frequency")
PART = {
    "kind": "value_tiers",
    **{place: place for place in PLACES},
    "loyalty": "stays",
    "loyal_from": 8,
}
FIELDS = (*(amount(place) for place in PLACES), scale("stays"))
PROFIT = [100, 90, 50, 40, 30, 20, 10, 5, 0, -5]
TEN: dict[str, list[Any]] = {
    "revenue": [200] * 10,
    "margin": [profit + 3 for profit in PROFIT],
    "service": [1] * 10,
    "upkeep": [2] * 10,
    "frequency": [6, 6, 6, 6, 6, 1, 6, 6, 6, 1],
    "stays": [10, 10, 10, 10, 2, 10, 10, 10, 10, 10],
}


def of_tiers(result: MethodResult, measure: str) -> list[float]:
    """Return a measure of the five tiers."""
    return [found(result, measure, tier)["value"] for tier in TIERS]


def test_by_hand() -> None:
    """Key 100 and 90 (top fifth), major 50 and 40, general 10 and 5; 30 is not loyal, 20 buys
    seldom, 0 and -5 are no profit. Profit 190, 90, 15, 50, -5 of 340, over revenue of 400 each.
    """
    result = run_one(PART, setting(TEN, FIELDS))
    np.testing.assert_allclose(of_tiers(result, "customers"), [20] * 5)
    profit = np.array([190, 90, 15, 50, -5])
    np.testing.assert_allclose(of_tiers(result, "profit"), 100 * profit / 340)
    np.testing.assert_allclose(of_tiers(result, "mean_profit"), profit / 2)
    np.testing.assert_allclose(of_tiers(result, "profit_rate"), profit / 4)


def test_what_hangs_on_the_cuts_by_hand() -> None:
    """Parts of 22 and 33 % make 50 a key customer; nobody buys 6.6 times, so six move down."""
    result = run_one(PART, setting(TEN, FIELDS))
    got = {
        f"{cut}, {way}": found(result, "changed", f"{cut}, {way}")["value"]
        for cut in ("profit", "frequency", "loyalty", "all")
        for way in ("stricter", "looser")
    }
    assert got == pytest.approx(
        {
            "profit, stricter": 0,
            "profit, looser": 10,
            "frequency, stricter": 60,
            "frequency, looser": 0,
            "loyalty, stricter": 0,
            "loyalty, looser": 0,
            "all, stricter": 60,
            "all, looser": 10,
        }
    )


def test_other_rules() -> None:
    part = PART | {"key_share": 0.1, "major_share": 0.1, "frequent_from": 7}
    result = run_one(part, setting(TEN, FIELDS))
    np.testing.assert_allclose(of_tiers(result, "customers"), [0, 0, 0, 80, 20])
    empty = found(result, "mean_profit", "key")
    assert math.isnan(empty["value"])
    assert empty["note"] == "no customers in this tier"
    often = run_one(part | {"frequent_from": 6}, setting(TEN, FIELDS))
    np.testing.assert_allclose(of_tiers(often, "customers"), [10, 10, 40, 20, 20])


def test_a_scale_whose_low_end_is_good() -> None:
    turned = TEN | {"stays": [11 - answer for answer in TEN["stays"]]}
    fields = (*FIELDS[:-1], scale("stays", reverse=True))
    result = run_one(PART | {"loyal_from": 3}, setting(turned, fields))
    np.testing.assert_allclose(of_tiers(result, "customers"), [20] * 5)


def test_all_at_a_loss() -> None:
    """Everybody is of the invalid tier, and shares of a loss are not made."""
    result = run_one(PART, setting(TEN | {"margin": [1] * 10}, FIELDS))
    np.testing.assert_allclose(of_tiers(result, "customers"), [0, 0, 0, 0, 100])
    row = found(result, "profit", "key")
    assert math.isnan(row["value"])
    assert row["note"] == "no shares of a total that is not above 0"


def test_equal_profits_share_a_tier_and_one_customer_is_key() -> None:
    same = {name: values[:1] * 6 for name, values in TEN.items()}
    for columns in (same, {name: values[:1] for name, values in TEN.items()}):
        result = run_one(PART, setting(columns, FIELDS))
        np.testing.assert_allclose(of_tiers(result, "customers"), [100, 0, 0, 0, 0])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=10, max_size=10))
def test_frequency_weights_are_repeated_rows(counts: list[int]) -> None:
    weighted = run_one(PART, setting(TEN, FIELDS, counts=counts))
    repeated = {name: np.repeat(values, counts).tolist() for name, values in TEN.items()}
    plain = numbers(run_one(PART, setting(repeated, FIELDS)))
    for key, value in numbers(weighted).items():
        np.testing.assert_allclose(value, plain[key], atol=1e-9)
    assert sum(of_tiers(weighted, "customers")) == pytest.approx(100)


MALFORMED: list[tuple[dict[str, Any], str]] = [
    (
        {"key_share": 0.6, "major_share": 0.4},
        "key_share: key_share and major_share below 1 together, got 1",
    ),
    ({"key_share": 0.0}, "key_share: a number above 0, got 0"),
    ({"frequent_from": "often"}, "frequent_from: median, or a number above 0, got 'often'"),
    ({"frequent_from": 0}, "frequent_from: median, or a number above 0, got 0"),
]


@pytest.mark.parametrize(("part", "message"), MALFORMED)
def test_malformed(part: dict[str, Any], message: str) -> None:
    assert refused(PART | part) == [message]


def test_refused() -> None:
    with pytest.raises(UsageError, match="a grade within 1 to 10 of stays, not the worst, got 1"):
        run_one(PART | {"loyal_from": 1}, setting(TEN, FIELDS))
    with pytest.raises(DataError) as error:
        run_one(PART, setting(TEN | {"revenue": [-1] * 10, "upkeep": [-2] * 10}, FIELDS))
    assert [problem.path for problem in error.value.problems] == ["revenue", "upkeep"]
    assert error.value.problems[1].remedy == "give credits as a field of their own"


MONEY = ("profit", "mean_profit", "profit_rate")


def customers_of(tiers: dict[str, int], upkeep: int = 0) -> dict[str, list[Any]]:
    """Return 50 customers or so: key yield 100 and more, maintenance 20, invalid nothing."""
    kinds = {"key": (100, 6, 10), "maintenance": (20, 6, 1), "invalid": (0, 6, 10)}
    one = [(k, *kinds[name]) for name, count in tiers.items() for k in range(count)]
    return {
        "revenue": [200] * len(one),
        "margin": [profit + k * (profit > 0) for k, profit, _, _ in one],
        "service": [0] * len(one),
        "upkeep": [upkeep] * len(one),
        "frequency": [often for _, _, often, _ in one],
        "stays": [grade for _, _, _, grade in one],
    }


def hidden(result: MethodResult, measure: str, group: str = "all") -> set[str]:
    """Return tiers whose number is withheld."""
    rows = {tier: found(result, measure, tier, group) for tier in TIERS}
    return {tier for tier, row in rows.items() if row["note"].startswith("withheld")}


def test_every_measure_of_a_tier_is_withheld_alike() -> None:
    """Three key customers where five are enough: the smallest other tier goes with them.

    Else (total - the others) gives the mean profit of the three: the total is any published mean
    times its customers over its share of profit.
    """
    columns = customers_of({"key": 3, "maintenance": 10, "invalid": 20})
    where = setting(columns, FIELDS)
    where = replace(where, request=replace(where.request, minimum_rows=5))
    result = run_one(PART, where)
    assert all(hidden(result, measure) == {"key", "maintenance"} for measure in MONEY)
    assert {found(result, measure, "key")["n"] for measure in MONEY} == {3}
    assert found(result, "customers", "key")["value"] == pytest.approx(100 * 3 / 33)


def test_what_few_of_a_tier_say_is_withheld() -> None:
    """Ten customers of the tier, of whom two answered: their number counts, not the tier's."""
    columns = customers_of({"key": 6, "maintenance": 10, "invalid": 20})
    columns["liked"] = [5] * 6 + [4, 7] + [None] * 8 + [5] * 20
    where = setting(columns, (*FIELDS, scale("liked")))
    where = replace(where, request=replace(where.request, minimum_rows=5))
    result = run_one(PART | {"satisfaction": "liked"}, where)
    assert hidden(result, "satisfaction") == {"key", "maintenance"}
    assert not hidden(result, "mean_profit")


def test_no_total_tells_that_of_a_small_group() -> None:
    """Group c has three customers; with b's tiers published, all less a and b would be c's."""
    parts = {"a": {"maintenance": 30, "invalid": 20}, "b": {"maintenance": 12, "invalid": 10}}
    sizes = parts | {"c": {"maintenance": 3}}
    made = {name: customers_of(size) for name, size in sizes.items()}
    columns: dict[str, list[Any]] = {
        place: [value for one in made.values() for value in one[place]] for place in made["a"]
    }
    columns["g"] = [name for name, one in made.items() for _ in one["stays"]]
    where = setting(columns, FIELDS, group="g")
    where = replace(where, request=replace(where.request, minimum_rows=5))
    result = run_one(PART, where)
    for measure in MONEY:
        assert hidden(result, measure, "c") == {"maintenance"}
        assert hidden(result, measure, "b") == {"maintenance", "invalid"}


def test_nobody_and_everybody_keep_limits_apart() -> None:
    """Nobody of 36 is general or major: up to 9.6 % by Wilson (1927), not exactly nought."""
    columns = customers_of({"key": 6, "maintenance": 10, "invalid": 20})
    result = run_one(PART, setting(columns, FIELDS, replicates=60))
    row = found(result, "customers", "major")
    assert (row["value"], row["conf_low"]) == (0, 0)
    assert row["conf_high"] == pytest.approx(100 * 1.959964**2 / (36 + 1.959964**2), abs=1e-3)
    assert found(result, "changed", "all, looser")["conf_high"] > 5


@pytest.mark.parametrize(("cut", "looser"), [(6, True), (11, False), (9.5, False)])
def test_a_cut_that_passes_no_whole_number_moves_nobody(cut: float, looser: bool) -> None:
    """From 6 to 5.4 lies no whole number; from 11 to 9.9 lies 10, from 9.5 to 8.55 lies 9."""
    result = run_one(PART | {"frequent_from": cut}, setting(TEN, FIELDS, replicates=60))
    row = found(result, "changed", "frequency, looser")
    assert row["note"].startswith("frequencies are whole numbers") is looser
    assert math.isnan(row["conf_high"]) is looser
    parted = TEN | {"frequency": [6.5, *TEN["frequency"][1:]]}
    result = run_one(PART | {"frequent_from": cut}, setting(parted, FIELDS, replicates=60))
    assert not found(result, "changed", "frequency, looser")["note"]


def test_chapter_states_the_rule() -> None:
    section = chapter(PART | {"satisfaction": "stays"}, setting(TEN, FIELDS))
    figure = section.blocks[0]
    assert isinstance(figure, Figure)
    assert isinstance(figure.chart, IntervalChart)
    assert figure.title.replace("\u00a0", " ") == (
        "All rows: 20.0 % of customers are key customers and make 55.9 % of the profit"
    )
    shares, each, changes = tables(section.blocks)
    # Wilson (1927): 2 of 10 lie between 5.7 and 51.0 %, 6 of 10 between 31.3 and 83.2 %.
    assert cells(shares)[4] == ["Invalid", "20.0 (5.7 to 51.0)", "−1.5", "−1.3"]
    assert cells(each)[0] == ["Key", "2", "95.0", "100.0"]
    assert cells(changes)[1] == ["Frequency", "60.0 (31.3 to 83.2)", "0.0"]
    assert any(note.startswith("Frequencies are whole numbers, and none") for note in changes.notes)
    rule = next(block for block in section.blocks if isinstance(block, Bullets))
    told = "among the 20 % of highest profit, at least the median frequency, and “<b>a | b</b>” at"
    assert rule.items[0] == ("Key:", f"{told} 8 or better.")
