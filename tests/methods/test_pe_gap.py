"""Gaps between perception and expectation: a table by hand, weights, refusals, the chapter."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from answer_cases import (
    chapter,
    numbers,
    pick,
    refusals,
    run_on,
    scale_field,
    setting_of,
    tables_of,
    texts,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.errors import SpecError, UsageError
from acsi_sem.methods.base import Setting
from acsi_sem.methods.proportions import share_limits
from acsi_sem.methods.protection import MADE
from acsi_sem.report.facts import Estimate
from acsi_sem.report.methods import pe_gap as gap_chapter
from acsi_sem.spec.fields import Field
from acsi_sem.spec.model import Text

# Seven-point answers of four customers, as in a SERVQUAL table: expected and perceived.
TABLE = {"EA": [6, 5, 7, 4], "PA": [5, 5, 4, 7], "EB": [4, 4, 5, 6], "PB": [6, 4, 2, 6]}
FIELDS = [scale_field(name, 1, 7) for name in TABLE]
PAIRS = {
    "a": {"expected": "EA", "perceived": "PA", "label": "Reliability"},
    "b": {"expected": "EB", "perceived": "PB"},
}
SPEC = {"kind": "pe_gap", "pairs": PAIRS, "weights": {"a": 2, "b": 1}}


def servqual(**more: object) -> Setting:
    """The table as a survey."""
    return setting_of(TABLE, fields=FIELDS, **more)  # type: ignore[arg-type]


def test_a_table_by_hand() -> None:
    """Gaps of a: -1, 0, -3, 3; of b: 2, 0, -3, 0; totals by 2/3 and 1/3: 0, 0, -3, 2."""
    found = run_on(SPEC, servqual())
    point = 100 / 6
    assert pick(found, "gap_scale", "a")["value"] == pytest.approx(-0.25)
    assert pick(found, "gap", "a")["value"] == pytest.approx(-0.25 * point)
    assert pick(found, "gap", "b")["value"] == pytest.approx(-0.25 * point)
    assert pick(found, "expected", "a")["value"] == pytest.approx(4.5 * point)
    assert pick(found, "headline")["value"] == pytest.approx(-0.25 * point)
    assert pick(found, "weight", "a", group="")["value"] == pytest.approx(200 / 3)
    shares = {name: pick(found, name)["value"] for name in ("delighted", "satisfied")}
    assert shares == {"delighted": 25.0, "satisfied": 50.0}
    assert pick(found, "dissatisfied", "a")["value"] == 50.0
    assert pick(found, "incomplete")["value"] == 0.0


def test_weights_by_pairwise_judgement() -> None:
    ahp = {"order": ["a", "b"], "matrix": [[1, 3], ["1/3", 1]]}
    found = run_on(SPEC | {"weights": {"ahp": ahp}}, servqual())
    assert pick(found, "weight", "a", group="")["value"] == pytest.approx(75.0)
    assert pick(found, "consistency_ratio", group="")["value"] == pytest.approx(0.0, abs=1e-9)


def test_incomplete_pairs_count_for_their_dimension_only() -> None:
    answers = TABLE | {"PB": [6, None, 2, 6]}
    found = run_on(SPEC, setting_of(answers, fields=FIELDS))
    assert pick(found, "gap", "a")["n"] == 4
    assert pick(found, "gap", "b")["value"] == pytest.approx(-100 / 18)
    assert pick(found, "gap", "b")["n"] == pick(found, "headline")["n"] == 3
    assert pick(found, "incomplete")["value"] == 1.0


def test_a_scale_whose_low_end_is_good_is_turned() -> None:
    turned = {name: [8 - x for x in column] for name, column in TABLE.items()}
    fields = [scale_field(name, 1, 7, reverse=True) for name in TABLE]
    same = run_on(SPEC, setting_of(turned, fields=fields))
    np.testing.assert_allclose(numbers(same), numbers(run_on(SPEC, servqual())))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=4, max_size=4))
def test_frequencies_are_repeated_rows(counts: list[int]) -> None:
    weighted = run_on(SPEC, servqual(weights=counts, frequency=True))
    repeated = {name: np.repeat(column, counts) for name, column in TABLE.items()}
    other = run_on(SPEC, setting_of(repeated, fields=FIELDS))
    np.testing.assert_allclose(numbers(weighted), numbers(other))
    assert [one["n"] for one in weighted.rows if "n" in one] == [
        one["n"] for one in other.rows if "n" in one
    ]
    assert -100 <= pick(weighted, "headline")["value"] <= 100


def test_limits_hold_the_estimate_and_shares_have_them_at_the_ends() -> None:
    rng = np.random.default_rng(1)
    answers = {name: rng.integers(1, 8, 80) for name in TABLE}
    answers["PA"] = answers["EA"]
    found = run_on(SPEC, setting_of(answers, fields=FIELDS, replicates=60))
    total = pick(found, "headline")
    assert total["conf_low"] < total["value"] < total["conf_high"]
    none = pick(found, "delighted", "a")
    assert none["value"] == 0.0
    assert 0.0 == none["conf_low"] < none["conf_high"] < 10.0


def test_nobody_asked_in_one_group() -> None:
    answers = TABLE | {"EA": [6, 5, None, None]}
    setting = setting_of(answers, fields=FIELDS, groups=("x", "x", "y", "y"))
    found = run_on(SPEC, setting)
    lost = pick(found, "headline", group="y")
    assert math.isnan(lost["value"])
    assert lost["note"] == "nobody answered both questions"
    assert pick(found, "headline", group="x")["value"] == pytest.approx(0.0)


def test_small_groups_are_withheld() -> None:
    setting = servqual(groups=("x", "x", "x", "y"), minimum_rows=2)
    found = run_on(SPEC, setting)
    assert pick(found, "gap", "a", group="y")["note"] == "withheld: fewer than 2 answers"
    assert pick(found, "headline", group="y")["note"] == MADE
    assert math.isnan(pick(found, "headline", group="x")["value"])


def test_a_total_does_not_tell_a_dimension_that_is_withheld() -> None:
    """In x three of five answered a, so it is withheld, with y's; b is told, and so no total."""
    rng = np.random.default_rng(2)
    answers = {name: rng.integers(1, 8, 21).astype(float) for name in TABLE}
    answers["PA"][:2] = np.nan
    groups = ["x"] * 5 + ["y"] * 6 + ["z"] * 10
    found = run_on(SPEC, setting_of(answers, fields=FIELDS, groups=groups, minimum_rows=4))
    for group in ("x", "y"):
        assert math.isnan(pick(found, "gap", "a", group)["value"])
        assert math.isfinite(pick(found, "gap", "b", group)["value"])
        for measure in ("headline", "delighted", "satisfied", "dissatisfied"):
            assert pick(found, measure, group=group)["note"] == MADE
            assert math.isnan(pick(found, measure, group=group)["value"])
    assert math.isfinite(pick(found, "headline", group="z")["value"])


def test_shares_have_the_limits_of_all_shares() -> None:
    """Under a design, where nobody counts, they are for the units drawn, not for the answers."""
    answers = {name: np.full(80, 4) for name in TABLE}
    where = setting_of(answers, fields=FIELDS, replicates=60)
    design = replace(where.people.design, psu=np.repeat(np.arange(8), 10))
    where = replace(where, people=replace(where.people, design=design))
    made = pick(run_on(SPEC, where), "delighted", "a")
    assert made == share_limits(made, np.ones(80), where)
    assert made["conf_high"] > 30


def test_a_limit_beside_nought_is_not_written_as_nought() -> None:
    """All but one of 2000 fall short by a little: the upper limit rounds to 0.0."""
    view = Estimate(-2.9, -5.9, -0.02, n=50)
    assert gap_chapter._digits(view) == 2
    assert gap_chapter._row("a", view).text == "−2.90 (−5.90 to −0.02)"
    assert gap_chapter._digits(Estimate(-2.9, -5.9, -0.004, n=50)) == 3
    assert gap_chapter._digits(Estimate(-2.9, -5.9, 0.0, n=50)) == 1
    assert gap_chapter._digits(Estimate(-2.9, n=50)) == 1


def test_specs_that_mean_nothing() -> None:
    same = {"a": {"expected": "EA", "perceived": "EA"}}
    assert refusals({"kind": "pe_gap", "pairs": same}) == [
        "methods.x.pairs.a.perceived: another question than the expected one; got 'EA'"
    ]
    assert refusals({"kind": "pe_gap", "pairs": {}}) == [
        "methods.x.pairs: at least one entry; got none"
    ]
    assert refusals({"kind": "pe_gap", "pairs": {"a": {"expected": "EA"}}}) == [
        "methods.x.pairs.a.perceived: the key 'perceived'; got none"
    ]
    assert refusals(SPEC | {"weights": {"a": 1, "c": 1}}) == [
        "methods.x.weights: each of a, b once; got no 'b' and the unknown 'c'"
    ]


def test_refused_before_anything_is_computed() -> None:
    fields = [*FIELDS[:3], Field("PB", "PB", Text((("en", "PB"),)), kind="amount")]
    with pytest.raises(UsageError) as caught:
        run_on(SPEC, setting_of(TABLE, fields=fields))
    assert str(caught.value) == (
        "methods.x: pairs.b.perceived: expected a question with a scale, got amount"
    )
    three = PAIRS | {"c": {"expected": "EA", "perceived": "PB"}}
    matrix = [[1, 9, "1/9"], ["1/9", 1, 9], [9, "1/9", 1]]
    spec = {"kind": "pe_gap", "pairs": three}
    wild = {"ahp": {"order": ["a", "b", "c"], "matrix": matrix}}
    with pytest.raises(SpecError, match=r"consistency ratio below 0\.1"):
        run_on(spec | {"weights": wild}, servqual())


def test_the_chapter_says_what_it_found() -> None:
    section = chapter(SPEC, servqual())
    tables = tables_of(section)
    rows = tables["Expectation and experience on 0–100: All rows"].rows
    assert texts(rows[0])[:7] == ["Reliability", "4", "75.0", "70.8", "−4.2", "—", "−0.25"]
    shares = tables["Respondents by the sign of their gap: All rows"].rows
    assert texts(shares[2])[:2] == ["Total", "4"]
    assert [text.split(" ")[0] for text in texts(shares[2])[2:]] == ["25.0", "50.0", "25.0"]
    assert texts(tables["Weights of the dimensions"].rows[0]) == ["Reliability", "66.7"]
