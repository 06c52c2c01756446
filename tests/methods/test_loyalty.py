"""Loyalty: five customers by hand, net recommendation, rates of the organisation, refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from value_cases import (
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
from acsi_sem.report.content import Figure, Prose

FIVE: dict[str, list[Any]] = {
    "stay": [10, 8, 3, 1, None],
    "tell": [10, 9, 9, 7, 0],
    "times": [1, 1, 2, 4, 12],
    "need": [0.5, 1, 0, 0.25, 0.75],
}
FIELDS = (scale("stay"), scale("tell", 0), amount("times"), amount("need"))
EXTERNAL = {
    "repurchase": {"item": "stay", "from": 8},
    "recommendation": {"item": "tell", "from": 9},
    "repeat_count": {"item": "times"},
    "share_of_need": {"item": "need", "unit": "share"},
}
PART: dict[str, Any] = {"kind": "loyalty", "external": EXTERNAL}
INTERNAL = {"complaint": {"count": 9, "of": 10}, "turnover": {"count": 0, "of": 5}}


def test_by_hand() -> None:
    """Two of four at 8 or more; mean of 100, 700/9, 200/9 and 0; three promoters less one
    detractor of five; purchases 20 / 5 and the third of five.
    """
    result = run_one(PART, setting(FIVE, FIELDS))
    stay, tell = found(result, "loyal", "repurchase"), found(result, "loyal", "recommendation")
    assert (stay["value"], stay["n"], stay["subject"]) == (50, 4, "stay")
    assert (tell["value"], tell["n"]) == (60, 5)
    assert found(result, "mean", "repurchase")["value"] == pytest.approx(50)
    assert found(result, "headline")["value"] == pytest.approx(50)
    assert found(result, "net_recommendation", "recommendation")["value"] == pytest.approx(40)
    assert found(result, "mean", "repeat_count")["value"] == 4
    assert found(result, "median", "repeat_count")["value"] == 2
    assert found(result, "mean", "share_of_need")["value"] == 0.5


def test_limits_are_wilsons() -> None:
    """Wilson (1927) for 2 of 4 at z = 1.96: centre 0.5, half-width 0.349996."""
    row = found(run_one(PART, setting(FIVE, FIELDS)), "loyal", "repurchase")
    half = 1.959964 / (1 + 1.959964**2 / 4) * math.sqrt(0.25 / 4 + 1.959964**2 / 64)
    assert row["conf_low"] == pytest.approx(50 - 100 * half, abs=1e-4)
    assert row["conf_high"] == pytest.approx(50 + 100 * half, abs=1e-4)


def test_rates_of_the_organisation_have_no_group() -> None:
    """9 of 10: 59.58 to 98.21 (Wilson); none of 5 is nought with a limit above it."""
    result = run_one({"kind": "loyalty", "internal": INTERNAL}, setting(FIVE, FIELDS))
    row = found(result, "internal", "complaint", group="")
    assert (row["value"], row["n"]) == (90, 10)
    assert (round(row["conf_low"], 2), round(row["conf_high"], 2)) == (59.58, 98.21)
    none = found(result, "internal", "turnover", group="")
    assert none["value"] == 0
    assert none["conf_high"] > 40
    assert len(result.rows) == 2


def test_net_recommendation_is_not_made_on_another_scale() -> None:
    part = {"kind": "loyalty", "external": {"recommendation": {"item": "stay", "from": 9}}}
    result = run_one(part, setting(FIVE, FIELDS))
    assert not [row for row in result.rows if row["measure"] == "net_recommendation"]
    assert [notice.message for notice in result.notices] == [
        "Promoters less detractors is not made: stay is asked on 1 to 10, not on 0 to 10."
    ]


@pytest.mark.parametrize(("answers", "value"), [([9, 10, 10], 100), ([0, 6, 3], -100)])
def test_net_recommendation_of_one_side_has_no_limits(answers: list[int], value: float) -> None:
    """All three are promoters in every replicate: from 100 to 100 would claim to be certain."""
    where = setting({"tell": answers}, FIELDS[1:2], replicates=60)
    part = {"kind": "loyalty", "external": {"recommendation": {"item": "tell", "from": 9}}}
    row = found(run_one(part, where), "net_recommendation", "recommendation")
    assert row["value"] == value
    assert all(math.isnan(row[name]) for name in ("std_error", "conf_low", "conf_high"))
    assert row["note"] == "all are promoters, or all are detractors: no limits"
    told = chapter(part, where).blocks[1]
    assert isinstance(told, Prose)
    assert told.paragraphs[0].endswith(f"n = 3 ({row['note']}).")


def test_a_group_that_nobody_was_asked_in() -> None:
    columns = FIVE | {"g": ["a", "a", "a", "a", "b"]}
    result = run_one(PART, setting(columns, FIELDS, group="g", replicates=60))
    for measure in ("loyal", "mean"):
        row = found(result, measure, "repurchase", "b")
        assert math.isnan(row["value"])
        assert row["n"] == 0
        assert row["note"] == "no answers"
    assert found(result, "loyal", "recommendation", "b")["value"] == 0


def test_all_loyal_keeps_a_limit_below() -> None:
    where = setting({"stay": [9, 10, 10]}, FIELDS[:1], replicates=60)
    part = {"kind": "loyalty", "external": {"repurchase": {"item": "stay", "from": 8}}}
    row = found(run_one(part, where), "loyal", "repurchase")
    assert row["value"] == 100
    assert 30 < row["conf_low"] < 60
    assert row["conf_high"] == 100


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 10), st.integers(0, 10), st.integers(1, 3)),
        min_size=1,
        max_size=6,
    )
)
def test_frequency_weights_are_repeated_rows(rows: list[tuple[int, int, int]]) -> None:
    stay, tell, counts = ([row[k] for row in rows] for k in range(3))
    columns: dict[str, list[Any]] = {"stay": stay, "tell": tell, "times": tell}
    columns["need"] = [answer / 10 for answer in tell]
    weighted = run_one(PART, setting(columns, FIELDS, counts=counts))
    repeated = {name: np.repeat(values, counts).tolist() for name, values in columns.items()}
    plain = numbers(run_one(PART, setting(repeated, FIELDS)))
    for key, value in numbers(weighted).items():
        np.testing.assert_allclose(value, plain[key], atol=1e-9)


def external(**parts: Any) -> dict[str, Any]:
    """Return a method of what customers say and do."""
    return {"kind": "loyalty", "external": parts}


NOTHING = "at least one measure under external or internal, got none"
UNIT = "external.share_of_need.unit: the key 'unit': share (0-1) or percent (0-100), got none"
GRADED = (
    "external.repeat_count.from: no grade for repeat_count and share_of_need, which are amounts, "
    "got one"
)
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "loyalty"}, NOTHING),
    (external(), NOTHING),
    (external(share_of_need={"item": "need"}), UNIT),
    (external(repeat_count={"item": "times", "from": 3}), GRADED),
    (
        external(repurchase={"item": "stay", "from": 8, "unit": "share"}),
        "external.repurchase.unit: a unit for share_of_need only, got one here",
    ),
    (
        {"kind": "loyalty", "internal": {"complaint": {"count": 9, "of": 4}}},
        "internal.complaint.count: at most 4, what it is out of, got 9",
    ),
    (
        {"kind": "loyalty", "internal": {"complaint": {"count": 0, "of": 0}}},
        "internal.complaint.of: a number above 0, got 0",
    ),
]


@pytest.mark.parametrize(("part", "message"), MALFORMED)
def test_malformed(part: dict[str, Any], message: str) -> None:
    assert refused(part) == [message]


def test_an_unknown_measure_is_named() -> None:
    (line,) = refused(external(repurchas={"item": "stay", "from": 8}))
    assert line.startswith("external.repurchas: one of the keys repurchase, cross_buy")
    assert line.endswith("did you mean 'repurchase'?")


def test_refused_kinds() -> None:
    columns: dict[str, list[Any]] = FIVE | {"c": ["1"] * 5}
    where = setting(columns, (*FIELDS, category("c", "1")))
    part = external(
        repurchase={"item": "stay"},
        joining={"item": "c"},
        repeat_count={"item": "stay"},
        decision_time={"item": "times", "from": 2},
        cross_buy={"item": "stay", "from": 11},
    )
    with pytest.raises(UsageError) as error:
        run_one(part, where)
    assert [(p.path, p.expected, p.got) for p in error.value.problems] == [
        ("external.repurchase.from", "the lowest answer that counts as loyal", "none"),
        (
            "external.cross_buy.from",
            "a grade within 1 to 10 of stay, not the worst",
            "11",
        ),
        ("external.joining.item", "a question with a scale, or an amount", "c, a category"),
        ("external.repeat_count.item", "an amount", "stay, a scale"),
        ("external.decision_time.from", "no grade for an amount", "2"),
    ]


def test_refused_amounts() -> None:
    with pytest.raises(DataError, match="got 1 row of times below 0"):
        run_one(PART, setting(FIVE | {"times": [1, 1, 1, 1, -1]}, FIELDS))
    with pytest.raises(DataError) as error:
        run_one(PART, setting(FIVE | {"need": [50, 0, 20, 1, 1]}, FIELDS))
    assert str(error.value) == (
        "methods.x: external.share_of_need.item: expected shares up to 1, got 2 rows of need "
        "above 1; unit: percent, if it is out of 100"
    )


def test_chapter() -> None:
    section = chapter(PART | {"internal": INTERNAL}, setting(FIVE, FIELDS))
    figure = section.blocks[0]
    assert isinstance(figure, Figure)
    assert figure.title == "All rows, buying again: 50.0 % are loyal"
    asked, amounts, internal = tables(section.blocks)
    assert cells(asked)[0][:4] == ["Buying again", "<b>a | b</b>", "4", "50.0"]
    assert cells(amounts)[0] == ["Repeat purchases", "Times", "5", "4.00", "2.00"]
    assert cells(amounts)[1][0] == "Share of need bought here, 0 to 1"
    assert cells(internal)[0] == ["Complaints", "9", "10", "90.0", "59.6 to 98.2"]
    told = next(block for block in section.blocks if isinstance(block, Prose))
    assert "40.0 points, n = 5" in told.paragraphs[0]


def test_chapter_of_the_organisation_alone() -> None:
    section = chapter({"kind": "loyalty", "internal": INTERNAL}, setting(FIVE, FIELDS))
    assert len(tables(section.blocks)) == len(section.blocks) == 1
