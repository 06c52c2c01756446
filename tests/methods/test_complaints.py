"""Complaints: ten customers by hand, nobody and everybody, refusals, the 2015 interviews."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
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
    text,
)

from acsi_sem.analysis.values import Request
from acsi_sem.errors import DataError, UsageError
from acsi_sem.methods.base import Setting
from acsi_sem.methods.complaints import AFTER
from acsi_sem.report.content import Figure, Prose
from acsi_sem.spec.fields import Field
from acsi_sem.survey.people import read_people

WORKBOOK = Path(__file__).parents[3] / "shared" / "data" / "ACSI Data 2015 ver2.xlsx"
CODES = ("98", "99")
TEN: dict[str, list[Any]] = {
    "voiced": [1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
    "liked": [3, 8, 2, 4, 2, 4, 9, 9, 9, None],
    "handled": [9, 8, 2, None, 5, None, None, None, None, None],
    "stays": [10, 10, 1, 4, 7, 7, 7, 7, 7, 7],
    "days": [1, 3, 8, None, None, None, None, None, None, None],
    "again": [1, 0, 0, 0, None, None, None, None, None, None],
}
FIELDS = (
    scale("voiced", 0, 1),
    scale("liked"),
    scale("handled"),
    scale("stays"),
    amount("days"),
    scale("again", 0, 1),
)
PART: dict[str, Any] = {
    "kind": "complaints",
    "complained": "voiced",
    "satisfaction": "liked",
    "dissatisfied_up_to": 4,
    "handling": "handled",
    "satisfied_handling_from": 8,
    "loyalty": "stays",
    "loyal_from": 7,
    "days": "days",
    "again": "again",
}
EXPECTED = {
    ("complaint_rate", ""): (40, 10),
    ("headline", ""): (40, 10),
    ("dissatisfied", ""): (500 / 9, 9),
    ("silent", "of all"): (200 / 9, 5),
    ("silent", "of dissatisfied"): (40, 5),
    ("handling_satisfied", ""): (200 / 3, 3),
    ("handling_mean", ""): ((800 + 700 + 100) / 27, 3),
    ("days", "mean"): (4, 3),
    ("days", "median"): (3, 3),
    ("again", ""): (25, 4),
    ("retention", "complaint"): (50, 4),
    ("retention", "no complaint"): (100, 6),
    ("loyalty", "no complaint"): (200 / 3, 6),
    ("loyalty", "well handled"): (100, 2),
    ("loyalty", "badly handled"): (0, 1),
    ("recovery", "well handled"): (100 / 3, 2),
    ("recovery", "badly handled"): (-200 / 3, 1),
}


def test_by_hand() -> None:
    """Four of ten complain; of five dissatisfied with a known answer two stay silent; handling is
    9, 8 and 2 on 1-10; loyalty is 7 without a complaint, 10 and 10 after a good, 1 after a bad one.
    """
    result = run_one(PART, setting(TEN, FIELDS))
    for (measure, category_), (value, n) in EXPECTED.items():
        row = found(result, measure, category_)
        assert (row["value"], row["n"]) == (pytest.approx(value), n), (measure, category_)
    assert len(result.rows) == len(EXPECTED)
    (notice,) = result.notices
    assert notice.message == (
        "1 answer to handled is left out: the question is for those who complained, and not for "
        "those who did not, or did not say."
    )


def test_a_category_that_means_a_complaint() -> None:
    columns = TEN | {"voiced": ["yes" if one else "no" for one in TEN["voiced"]]}
    fields = (category("voiced", "no", "yes"), *FIELDS[1:])
    plain = numbers(run_one(PART, setting(TEN, FIELDS)))
    assert numbers(run_one(PART | {"complained_is": "yes"}, setting(columns, fields))) == plain


def test_a_scale_whose_low_end_is_good() -> None:
    liked = [None if answer is None else 11 - answer for answer in TEN["liked"]]
    fields = (FIELDS[0], scale("liked", reverse=True), *FIELDS[2:])
    result = run_one(PART | {"dissatisfied_up_to": 7}, setting(TEN | {"liked": liked}, fields))
    assert found(result, "silent", "of dissatisfied")["value"] == pytest.approx(40)


def test_nobody_complained() -> None:
    columns = TEN | {"voiced": [0] * 10}
    result = run_one(PART, setting(columns, FIELDS, replicates=60))
    rate = found(result, "complaint_rate")
    assert rate["value"] == rate["conf_low"] == 0
    assert rate["conf_high"] > 20
    assert found(result, "silent", "of dissatisfied")["value"] == pytest.approx(100)
    for measure, category_ in (
        ("handling_mean", ""),
        ("handling_satisfied", ""),
        ("days", "median"),
        ("recovery", "well handled"),
        ("retention", "complaint"),
    ):
        row = found(result, measure, category_)
        assert math.isnan(row["value"])
        assert (row["n"], row["note"]) == (0, "no answers")


def test_everybody_complained() -> None:
    result = run_one(PART, setting(TEN | {"voiced": [1] * 10}, FIELDS))
    assert found(result, "complaint_rate")["value"] == 100
    assert found(result, "silent", "of dissatisfied")["value"] == 0
    assert found(result, "recovery", "well handled")["note"] == "no answers"


def hidden(
    columns: dict[str, list[Any]], part: dict[str, Any], minimum: int, group: str = "all"
) -> set[tuple[str, str]]:
    """Return what is withheld where some answers are enough."""
    where = setting(columns, FIELDS, group="g" if "g" in columns else None)
    where = replace(where, request=replace(where.request, minimum_rows=minimum))
    return {
        (row["measure"], row["category"])
        for row in run_one(part, where).rows
        if row["note"].startswith("withheld") and row["group"] == group
    }


SATISFACTION = {key: PART[key] for key in ("kind", "complained", "satisfaction")}
SATISFACTION |= {"dissatisfied_up_to": 4}
LOYALTY = {key: PART[key] for key in ("kind", "complained", "loyalty", "loyal_from")}


def test_both_shares_of_the_silent_are_withheld_alike() -> None:
    """Five are dissatisfied: silent of all over dissatisfied is silent of dissatisfied."""
    assert hidden(TEN, SATISFACTION, 6) == {("silent", "of all"), ("silent", "of dissatisfied")}
    assert not hidden(TEN, SATISFACTION, 5)


def test_loyalty_of_the_others_is_withheld_with_that_of_few() -> None:
    """Four complained: loyalty of all, as another method tells it, less the others' is theirs."""
    told = {(measure, name) for measure in ("retention",) for name in ("complaint", "no complaint")}
    assert hidden(TEN, LOYALTY, 5) == told | {("loyalty", "no complaint")}
    assert not hidden(TEN, LOYALTY, 4)


def test_loyalty_after_complaints_is_one_table() -> None:
    """Two well and one badly handled, where two are enough: badly, and well with it."""
    part = LOYALTY | {"handling": "handled", "satisfied_handling_from": 8}
    told = hidden(TEN, part, 2)
    assert told == {
        *((measure, name) for measure in ("loyalty", "recovery") for name in AFTER[1:]),
    }


def test_a_difference_goes_with_either_side() -> None:
    """Four well, one badly handled, two without a complaint, who are withheld for the one: mean
    after good handling less the difference would be theirs.
    """
    columns: dict[str, list[Any]] = {name: [None] * 7 for name in TEN} | {
        "voiced": [1, 1, 1, 1, 1, 0, 0],
        "handled": [9, 8, 9, 8, 2, None, None],
        "stays": [10, 9, 8, 7, 3, 5, 6],
    }
    part = LOYALTY | {"handling": "handled", "satisfied_handling_from": 8}
    told = hidden(columns, part, 2)
    assert ("loyalty", "well handled") not in told
    assert {("loyalty", "no complaint"), ("recovery", "well handled")} <= told


def test_limits_hold_the_recovery() -> None:
    rng = np.random.default_rng(8)
    voiced = rng.integers(0, 2, 300)
    handled = np.where(voiced == 1, rng.integers(1, 11, 300), np.nan)
    stays = np.clip(np.where(handled >= 8, 9, 6) + rng.integers(-2, 2, 300), 1, 10)
    columns = {name: [None] * 300 for name in TEN} | {
        "voiced": voiced.tolist(),
        "handled": handled.tolist(),
        "stays": stays.tolist(),
    }
    part = {key: PART[key] for key in ("kind", "complained", "handling", "loyalty", "loyal_from")}
    part["satisfied_handling_from"] = 8
    fields = (FIELDS[0], FIELDS[2], FIELDS[3])
    row = found(run_one(part, setting(columns, fields, replicates=200)), "recovery", "well handled")
    assert 25 < row["conf_low"] < row["value"] < row["conf_high"] < 42


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=10, max_size=10))
def test_frequency_weights_are_repeated_rows(counts: list[int]) -> None:
    weighted = run_one(PART, setting(TEN, FIELDS, counts=counts))
    repeated = {name: [v for v, c in zip(values, counts, strict=True) for _ in range(c)]
                for name, values in TEN.items()}  # fmt: skip
    plain = numbers(run_one(PART, setting(repeated, FIELDS)))
    for key, value in numbers(weighted).items():
        np.testing.assert_allclose(value, plain[key], atol=1e-9)


MALFORMED: list[tuple[dict[str, Any], str]] = [
    (
        {"satisfied_handling_from": None},
        "satisfied_handling_from: the key 'satisfied_handling_from' beside handling, got none",
    ),
    ({"loyalty": None}, "loyalty: the key 'loyalty' beside loyal_from, got none"),
    ({"complained": ""}, "complained: text, got empty text"),
    (
        {"dissatisfied_up_to": "4"},
        "dissatisfied_up_to: a number, got '4'",
    ),
]


@pytest.mark.parametrize(("part", "message"), MALFORMED)
def test_malformed(part: dict[str, Any], message: str) -> None:
    assert refused(PART | part) == [message]


def test_refused_kinds_and_grades() -> None:
    part = PART | {
        "complained": "liked",
        "satisfied_handling_from": 11,
        "loyal_from": 1,
        "dissatisfied_up_to": 10,
        "again": "days",
    }
    with pytest.raises(UsageError) as error:
        run_one(part, setting(TEN, FIELDS))
    assert [(p.path, p.expected, p.got) for p in error.value.problems] == [
        ("complained", "a question on 0 to 1, or a category", "liked, 1 to 10"),
        ("satisfied_handling_from", "a grade within 1 to 10 of handled, not the worst", "11"),
        ("loyal_from", "a grade within 1 to 10 of stays, not the worst", "1"),
        ("dissatisfied_up_to", "a grade within 1 to 10 of liked, not the best", "10"),
        ("again", "a question on 0 to 1", "days"),
    ]


def test_refused_codes_and_days() -> None:
    columns = TEN | {"voiced": ["no"] * 5 + ["yes"] * 5}
    where = setting(columns, (category("voiced", "no", "yes"), *FIELDS[1:]))
    with pytest.raises(UsageError, match="complained_is: expected one of the codes no, yes, got y"):
        run_one(PART | {"complained_is": "y"}, where)
    with pytest.raises(UsageError, match="no code beside a question on 0 to 1, got 1"):
        run_one(PART | {"complained_is": "1"}, setting(TEN, FIELDS))
    with pytest.raises(DataError, match="1 row of days below 0; code open cases as missing"):
        run_one(PART, setting(TEN | {"days": [-1, *TEN["days"][1:]]}, FIELDS))


def test_chapter() -> None:
    section = chapter(PART, setting(TEN, FIELDS))
    figure = section.blocks[0]
    assert isinstance(figure, Figure)
    assert figure.title.replace("\u00a0", " ") == (
        "All rows: 40.0 % complained; 40.0 % of the dissatisfied stayed silent"
    )
    shares, means = tables(section.blocks)
    assert cells(shares)[0][:3] == ["Complained", "10", "40.0"]
    assert cells(means)[2][:3] == ["Days until settled, median", "3", "3.00"]
    assert cells(means)[7][:3] == ["Badly handled less no complaint, points", "1", "−66.7"]
    note = section.blocks[-1]
    assert isinstance(note, Prose)
    assert note.paragraphs[0].startswith("No complaint is not satisfaction")


def test_chapter_of_the_rate_alone() -> None:
    section = chapter({"kind": "complaints", "complained": "voiced"}, setting(TEN, FIELDS))
    (table,) = tables(section.blocks)
    assert [row[0] for row in cells(table)] == ["Complained"]


@pytest.mark.survey
@pytest.mark.skipif(not WORKBOOK.exists(), reason="the 2015 interviews are not on this machine")
def test_the_2015_interviews() -> None:
    """1,393 complained, and the same 1,393 were asked how it was handled."""
    unknown = tuple((code, "no answer") for code in CODES)
    fields = tuple(
        Field(name, name, text(name), low=low, high=high, missing=unknown)
        for name, low, high in (("COMP", 0.0, 1.0), ("HANDLE", 1.0, 10.0))
    )
    people = read_people(WORKBOOK, fields)
    where = Setting(people, Request(replicates=0))
    part = {
        "kind": "complaints",
        "complained": "COMP",
        "handling": "HANDLE",
        "satisfied_handling_from": 8,
    }
    result = run_one(part, where)
    rate, handled = found(result, "complaint_rate"), found(result, "handling_satisfied")
    assert rate["n"] == 7962
    assert rate["value"] == pytest.approx(100 * 1393 / 7962)
    unsure = sum(m.count for m in people.missing if m.indicator == "HANDLE" and m.code in CODES)
    assert handled["n"] + unsure == 1393
    assert not result.notices
