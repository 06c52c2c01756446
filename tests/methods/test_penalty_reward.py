"""Penalties and rewards: statsmodels, classes by construction, refusals, the chapter."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
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
from statsmodels.stats.proportion import proportion_confint

from acsi_sem.errors import DataError, UsageError
from acsi_sem.methods.penalty_reward import classify

SPEC = {"kind": "penalty_reward", "outcome": "OUT", "attributes": ["CLEAN", "FAST", "GIFT", "IDLE"]}
NAMES = ("CLEAN", "FAST", "GIFT", "IDLE")


def answers(n: int = 400, seed: int = 4) -> dict[str, np.ndarray]:
    """Clean can only annoy, fast counts both ways, a gift can only delight, the last is idle."""
    rng = np.random.default_rng(seed)
    x = {name: rng.integers(1, 11, n) for name in NAMES}
    low = {name: column <= 3 for name, column in x.items()}
    high = {name: column >= 9 for name, column in x.items()}
    score = 5.5 - 2.5 * low["CLEAN"] + 2.0 * high["GIFT"] + 1.5 * (1.0 * high["FAST"] - low["FAST"])
    return x | {"OUT": np.clip(np.rint(score + rng.normal(0, 0.6, n)), 1, 10)}


def test_statsmodels_finds_the_same() -> None:
    own = answers()
    weights = np.random.default_rng(1).uniform(0.5, 2, 400)
    found = run_on(SPEC, setting_of(own, weights=weights))
    dummies = [own[name] <= 3 for name in NAMES] + [own[name] >= 9 for name in NAMES]
    design = sm.add_constant(np.column_stack(dummies).astype(float))
    theirs = sm.WLS((own["OUT"] - 1) / 9 * 100, design, weights=weights).fit()
    for j, name in enumerate(NAMES):
        # Normal equations here, an orthogonal decomposition there.
        assert pick(found, "penalty", name)["value"] == pytest.approx(
            theirs.params[1 + j], rel=1e-9
        )
        assert pick(found, "reward", name)["value"] == pytest.approx(theirs.params[5 + j], rel=1e-9)
    assert pick(found, "r_squared")["value"] == pytest.approx(theirs.rsquared)
    share = weights[own["CLEAN"] <= 3].sum() / weights.sum()
    assert pick(found, "low", "CLEAN")["value"] == pytest.approx(100 * share)


def test_attributes_are_classed_as_they_were_made() -> None:
    found = run_on(SPEC, setting_of(answers(), replicates=120))
    kinds = [pick(found, "balance", name)["reading"].partition(":")[0] for name in NAMES]
    assert kinds == ["dissatisfier", "satisfier", "delighter", "neutral"]
    for name in NAMES:
        one = pick(found, "penalty", name)
        assert one["conf_low"] < one["value"] < one["conf_high"]


@pytest.mark.parametrize(
    ("penalty", "reward", "balance", "kind"),
    [
        ((-9, -7), (1, 2), (-8, -5), "dissatisfier"),
        ((-2, -1), (6, 8), (4, 7), "delighter"),
        ((-5, -3), (3, 5), (-1, 1), "satisfier"),
        ((-5, -3), (-1, 5), (-4, 1), "unclear"),
        ((-1, 1), (-1, 1), (-2, 2), "neutral"),
        ((2, 4), (-1, 1), (1, 5), "neutral"),
        ((math.nan, math.nan), (3, 5), (math.nan, math.nan), ""),
    ],
)
def test_the_rule_of_the_classes(
    penalty: tuple[float, float],
    reward: tuple[float, float],
    balance: tuple[float, float],
    kind: str,
) -> None:
    made = {
        name: {"conf_low": low, "conf_high": high}
        for name, (low, high) in zip(
            ("penalty", "reward", "balance"), (penalty, reward, balance), strict=True
        )
    }
    assert classify(made) == kind


def test_cuts_are_those_of_the_scale() -> None:
    """On 1-5 the bottom third is 1 and the top two are 4 and 5; a turned scale the other way."""
    own = {"OUT": [1, 3, 5, 4, 2, 3], "A": [1, 2, 3, 4, 5, 3]}
    spec = {"kind": "penalty_reward", "outcome": "OUT", "attributes": ["A"]}
    fields = [scale_field("OUT", 1, 5), scale_field("A", 1, 5)]
    found = run_on(spec, setting_of(own, fields=fields))
    between = (50 + 100 + 50) / 3
    assert pick(found, "penalty", "A")["value"] == pytest.approx(0 - between)
    assert pick(found, "reward", "A")["value"] == pytest.approx((75 + 25) / 2 - between)
    turned = own | {"A": [6 - x for x in own["A"]]}
    fields = [scale_field("OUT", 1, 5), scale_field("A", 1, 5, reverse=True)]
    np.testing.assert_allclose(
        numbers(run_on(spec, setting_of(turned, fields=fields))), numbers(found)
    )
    named = run_on(spec | {"low": 5, "high": 2}, setting_of(turned, fields=fields))
    np.testing.assert_allclose(numbers(named), numbers(found))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=40, max_size=40))
def test_frequencies_are_repeated_rows(counts: list[int]) -> None:
    own = answers(40)
    rows = {name: np.repeat(column, counts) for name, column in own.items()}
    weighted = run_on(SPEC, setting_of(own, weights=counts, frequency=True))
    # Sums in another order, through a division by small determinants.
    np.testing.assert_allclose(
        numbers(weighted), numbers(run_on(SPEC, setting_of(rows))), rtol=1e-7, atol=1e-7
    )


def test_what_the_answers_cannot_tell_has_a_reason() -> None:
    own = answers()
    own["CLEAN"] = np.maximum(own["CLEAN"], 4)
    own["IDLE"] = own["FAST"]
    found = run_on(SPEC, setting_of(own))
    assert pick(found, "penalty", "CLEAN")["note"] == "nobody gave a low answer"
    assert math.isfinite(pick(found, "reward", "CLEAN")["value"])
    for name in ("FAST", "IDLE"):
        assert pick(found, "penalty", name)["note"].startswith("not told apart")
    one = {name: np.full(30, 2.0) for name in (*NAMES, "OUT")}
    same = run_on(SPEC, setting_of(one))
    assert pick(same, "penalty", "CLEAN")["note"] == "everybody gave a low answer"
    assert math.isnan(pick(same, "r_squared")["value"])


def test_refusals_of_answers() -> None:
    own = answers(30)
    with pytest.raises(UsageError) as caught:
        run_on(SPEC | {"low": 8, "high": 9}, setting_of(own))
    assert str(caught.value).splitlines()[0] == (
        "methods.x: low, high: expected low and high answers with one between them, within 1 to "
        "10, got low 8 and high 9 of CLEAN; an attribute needs three answers or more: low, in "
        "between, high"
    )
    yes_no = setting_of(own | {"IDLE": own["IDLE"] > 5}, fields=[scale_field("IDLE", 0, 1)])
    with pytest.raises(UsageError, match="of IDLE"):
        run_on(SPEC, yes_no)
    with pytest.raises(DataError, match="rows with an answer to OUT and every attribute, got none"):
        run_on(SPEC, setting_of(own | {"OUT": [None] * 30}))


def test_specs_that_mean_nothing() -> None:
    assert refusals(SPEC | {"attributes": ["CLEAN", "OUT"]}) == [
        "methods.x.attributes.1: another question than the outcome; got 'OUT'"
    ]
    assert refusals(SPEC | {"attributes": []}) == [
        "methods.x.attributes: at least one entry; got none"
    ]
    assert refusals(SPEC | {"low": "three"}) == ["methods.x.low: a number; got 'three'"]


def test_the_chapter_names_the_classes() -> None:
    section = chapter(SPEC, setting_of(answers(), replicates=120))
    rows = tables_of(section)["Penalty and reward: All rows"].rows
    assert texts(rows[0])[0] == "Label of CLEAN"
    assert texts(rows[0])[-1] == "dissatisfier: a low answer costs more than a high one gains"
    assert float(texts(rows[0])[3].replace("−", "-")) < -20


@pytest.mark.parametrize("reverse", [False, True])
def test_three_answers_are_low_between_and_high_by_default(reverse: bool) -> None:
    """Means of the outcome on 0-100: 25 where the answer is worst, 50, and 100 where it is best."""
    answers = [1, 1, 2, 2, 3, 3]
    own = {"OUT": [1, 3, 3, 3, 5, 5], "A": [4 - x for x in answers] if reverse else answers}
    fields = [scale_field("OUT", 1, 5), scale_field("A", 1, 3, reverse=reverse)]
    spec = {"kind": "penalty_reward", "outcome": "OUT", "attributes": ["A"]}
    found = run_on(spec, setting_of(own, fields=fields))
    assert pick(found, "penalty", "A")["value"] == pytest.approx(-25)
    assert pick(found, "reward", "A")["value"] == pytest.approx(50)
    low = run_on(spec | {"low": 3 if reverse else 1}, setting_of(own, fields=fields))
    np.testing.assert_allclose(numbers(low), numbers(found))


def test_shares_of_low_and_high_answers_have_wilsons_limits() -> None:
    own = answers(60)
    own["CLEAN"] = np.maximum(own["CLEAN"], 4)
    found = run_on(SPEC, setting_of(own, replicates=60))
    made = pick(found, "low", "CLEAN")
    wanted = proportion_confint(0, 60, method="wilson")
    assert made["value"] == 0
    assert [made["conf_low"], made["conf_high"]] == pytest.approx([100 * x for x in wanted])
