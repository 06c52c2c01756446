"""What methods share: weightings, checked by the fit of the same mean, and protection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from graded_cases import people, scale, setting
from hypothesis import given
from hypothesis import strategies as st

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Request
from acsi_sem.errors import UsageError
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.raking import Margin
from acsi_sem.kernels.raking_rows import RakingPlan, make_part, rake_rows
from acsi_sem.methods.base import Measured, Setting
from acsi_sem.methods.base import row as method_row
from acsi_sem.methods.catalogue import MethodResults
from acsi_sem.methods.protection import protect
from acsi_sem.spec.model import Construct, Indicator, Model, Scoring, Text
from acsi_sem.survey.people import People
from acsi_sem.survey.read import survey_from_frame
from acsi_sem.survey.survey import ReplicateWeights

RNG = np.random.default_rng(8)
ANSWERS = RNG.integers(1, 6, 120)
COMPANY = np.repeat(["a", "b"], [70, 50])
LABEL = Text.of(None, "S")
Ints = Any


def who(**more: Any) -> People:
    """120 respondents of two companies with one answer each."""
    return people({"S": ANSWERS.tolist(), "g": COMPANY.tolist()}, group="g", **more)


def mean(where: Setting) -> Callable[[Floats, Ints], dict[str, Floats]]:
    """The index of one question as a statistic."""
    values = where.people.column("S")

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        own = values[rows]
        return {"index": 25 * (weights @ own / weights.sum(axis=1) - 1)}

    return statistic


def measured(who: People, **more: Any) -> dict[str, Measured]:
    where = setting(who, **more)
    return where.measure(mean(where))


def numbers(found: Measured) -> list[float]:
    spread = found.spreads["index"]
    return [float(x) for x in (found.values["index"], spread.std_error, spread.low, spread.high)]


@cache
def model() -> Model:
    block = Construct("s", LABEL, (Indicator("S", "S", 1.0, 5.0, (), False, LABEL),))
    return Model("x", LABEL, "", (block,), (), "s", kind="composite", scoring=Scoring("scaled"))


@pytest.mark.parametrize(
    "asked",
    [
        {"replicates": 200},
        {"replicates": 200, "ci": "normal", "level": 0.9},
        {"resampling": "jackknife"},
    ],
)
def test_a_mean_is_measured_as_the_fit_of_the_same_mean(asked: dict[str, Any]) -> None:
    """One seed, one study, one answer each: the replicates are the same, number for number."""
    made = survey_from_frame(
        pd.DataFrame({"S": ANSWERS, "g": COMPANY}), model(), group="g", minimum_rows=2
    )
    options = {("bootstrap" if key == "replicates" else key): x for key, x in asked.items()}
    table = fit(model(), made, study="study", seed=4, **options).indices
    rows = {row["group"]: row for row in table.to_dict("records")}
    found = measured(who(), seed=4, study="study", **asked)
    assert list(found) == ["all", "a", "b"]
    for group, one in found.items():
        wanted = [rows[group][name] for name in ("index", "std_error", "conf_low", "conf_high")]
        assert numbers(one) == pytest.approx(wanted, rel=1e-9)
        assert one.note == ""


def test_the_jackknife_of_a_mean_is_its_closed_form() -> None:
    found = measured(who(), resampling="jackknife")
    for name, own in (("a", ANSWERS[:70]), ("b", ANSWERS[70:])):
        known = 25 * own.std(ddof=1) / np.sqrt(own.size)
        assert numbers(found[name])[1] == pytest.approx(known, rel=1e-10)


def test_half_samples_of_a_mean_are_their_closed_form() -> None:
    """Strata of two units: the variance of a mean is the sum of (difference / n)^2."""
    strata = np.repeat(np.arange(60), 2)
    found = people({"S": ANSWERS.tolist()})
    found = replace(found, design=replace(found.design, strata=strata))
    apart = ANSWERS.reshape(60, 2) @ [1, -1]
    known = 25 * float(np.sqrt((apart**2).sum())) / 120
    for kind in ("brr", "fay"):
        assert numbers(measured(found, resampling=kind)["all"])[1] == pytest.approx(known)


def test_half_samples_without_pairs_are_refused() -> None:
    found = who()
    found = replace(found, design=replace(found.design, strata=np.zeros(120, dtype=np.intp)))
    with pytest.raises(UsageError, match="a design that allows it"):
        measured(found, resampling="brr")


def test_replicate_weights_of_the_survey_are_used_as_they_are() -> None:
    """Rescaled bootstrap weights: squared deviations from the estimate over one less than all."""
    columns = RNG.integers(0, 3, (6, 120)).astype(float)
    given_ = ReplicateWeights(columns, "bootstrap", None, 0.5)
    found = people({"S": ANSWERS.tolist()})
    found = replace(found, design=replace(found.design, replicates=given_))
    own = 25 * (columns @ ANSWERS / columns.sum(axis=1) - 1)
    point = 25 * (ANSWERS.mean() - 1)
    value, error, *_ = numbers(measured(found, resampling="columns")["all"])
    assert value == pytest.approx(point)
    assert error == pytest.approx(float(np.sqrt(((own - point) ** 2).sum() / 5)), rel=1e-9)


def test_raked_weights_are_raked_again_in_every_replicate() -> None:
    """A target that fixes the mean itself leaves it no sampling error."""
    values = np.tile([1.0, 5.0], 60)
    base, codes = np.ones(120), (values > 3).astype(np.intp)
    margin = Margin(codes, np.array([0.3, 0.7]))
    part = make_part("", np.arange(120), [codes], [margin], base, trimmed=False)
    plan = RakingPlan(base, (part,), ("S",), (("low", "high"),))
    weights = rake_rows(plan, base[None])[0][0]
    found = people({"S": values.tolist()})
    plain = replace(found.design, weights=weights, weighted=True)
    fixed = measured(replace(found, design=replace(plain, raking=plan)), replicates=60)
    assert numbers(fixed["all"]) == pytest.approx([70, 0, 70, 70], abs=1e-4)
    loose = measured(replace(found, design=plain), replicates=60)
    assert numbers(loose["all"])[1] > 2


def test_frequencies_are_repeated_rows() -> None:
    times = RNG.integers(1, 4, 120)
    rows = np.repeat(np.arange(120), times)
    counted = who(weights=times.astype(float).tolist(), kind="frequency")
    repeated = people({"S": ANSWERS[rows].tolist(), "g": COMPANY[rows].tolist()}, group="g")
    for group in ("all", "a", "b"):
        one, two = (measured(x, resampling="jackknife")[group] for x in (counted, repeated))
        assert numbers(one) == pytest.approx(numbers(two), rel=1e-9)
    where = setting(counted)
    every = np.arange(120)
    assert where.count(every, ANSWERS > 2) == times[ANSWERS > 2].sum()


def test_the_order_of_rows_and_the_scale_of_weights_do_not_matter() -> None:
    """Two questions tell rows apart; the third column is who they are."""
    n = 90
    first, second = RNG.integers(1, 6, n), RNG.normal(size=n).round(3)
    weights = RNG.uniform(0.5, 2, n)
    names = RNG.choice(["a", "b"], n)

    def ask(order: np.ndarray, factor: float) -> dict[str, Measured]:
        columns = {"S": first[order].tolist(), "T": second[order].tolist()}
        fields = [scale("S"), scale("T", -9, 9)]
        made = people(
            {**columns, "g": names[order].tolist()},
            fields,
            group="g",
            weights=(factor * weights[order]).tolist(),
        )
        return measured(made, replicates=60)

    base = ask(np.arange(n), 1.0)
    moved = ask(RNG.permutation(n), 1e4)
    for group, one in base.items():
        assert numbers(moved[group]) == pytest.approx(numbers(one), rel=1e-9), group


def test_the_seed_and_the_study_make_the_draws_and_nothing_else_does() -> None:
    first, again = (measured(who(), replicates=60, seed=2)["all"].draws["index"] for _ in "12")
    assert first.tolist() == again.tolist()
    for other in ({"seed": 3}, {"seed": 2, "study": "other"}):
        drawn = measured(who(), replicates=60, **other)["all"].draws["index"]
        assert drawn.tolist() != first.tolist()


def test_without_replicates_there_is_a_note_and_no_limit() -> None:
    found = measured(who(), replicates=0)["a"]
    assert found.note == "no replicates were asked for"
    assert np.isnan(numbers(found)[1:]).all()
    assert found.draws == {}


def test_a_statistic_that_some_replicates_do_not_have_has_no_limits_and_says_so() -> None:
    """One respondent in ten answers yes; the mean of T over them is lost in a third of draws."""
    asked = people({"S": [5] + [1] * 9})
    where = setting(asked, replicates=200)

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        own = weights * (where.people.column("S")[rows] == 5)
        with np.errstate(invalid="ignore"):
            return {"index": own.sum(axis=1) / own.sum(axis=1)}

    found = where.measure(statistic)["all"]
    told = method_row(found, "index", measure="x", n=10, level=0.95)
    assert told["value"] == 1
    assert np.isnan([told["conf_low"], told["conf_high"]]).all()
    assert told["note"] == "limits withheld: the estimate is not defined in every replicate"


def test_a_negative_factor_turns_the_limits_round() -> None:
    found = measured(who(), replicates=60)["all"]
    told = method_row(found, "index", measure="x", n=1, level=0.95, factor=-1.0)
    assert told["conf_low"] < told["value"] < told["conf_high"] < 0
    assert told["std_error"] > 0


def rows(counts: dict[str, int], measure: str = "m") -> list[dict[str, Any]]:
    """Rows of one measure with so many respondents in each group."""
    return [
        {
            "group": group,
            "subject": "",
            "measure": measure,
            "category": "",
            "n": n,
            **dict.fromkeys(("value", "std_error", "conf_low", "conf_high"), float(n)),
            "reading": "fine",
            "note": "",
        }
        for group, n in counts.items()
    ]


def told(found: tuple[dict[str, Any], ...]) -> dict[str, str]:
    return {one["group"]: str(one["note"]).split(":")[-1].strip() for one in found}


def test_a_withheld_group_takes_a_second_one_with_it() -> None:
    """All is published, so one withheld group could be worked out from the others."""
    found = protect(rows({"all": 90, "a": 50, "b": 30, "c": 10}), 20)
    assert told(found) == {
        "all": "",
        "a": "",
        "b": "with the other groups or parts it would tell a withheld one",
        "c": "fewer than 20 answers",
    }
    lost = found[2]
    assert np.isnan([lost[name] for name in ("value", "std_error", "conf_low", "conf_high")]).all()
    assert lost["reading"] == ""
    assert lost["n"] == 30


def test_rows_without_a_group_are_nobodys_and_stay() -> None:
    weight = {**rows({"": 0})[0], "value": 0.3}
    assert protect([weight], 20) == (weight,)


def test_a_measure_is_protected_by_itself() -> None:
    both = [*rows({"all": 60, "a": 40, "b": 20}, "x"), *rows({"all": 55, "a": 40, "b": 15}, "y")]
    found = protect(both, 20)
    assert [one["note"] == "" for one in found] == [True] * 3 + [True, False, False]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_protection_does_not_depend_on_order_and_leaves_no_single_gap(
    counts: list[int], random: Any
) -> None:
    made = rows({"all": sum(counts)} | {f"g{i}": n for i, n in enumerate(counts)})
    found = protect(made, 20)
    mixed = random.sample(made, len(made))
    lost = {one["group"]: one["n"] for one in found if np.isnan(one["value"])}
    again = {one["group"]: one["n"] for one in protect(mixed, 20) if np.isnan(one["value"])}
    if len(set(counts)) == len(counts):  # of equal groups the first is taken, whichever it is
        assert lost == again
    else:
        assert sorted(lost.values()) == sorted(again.values())
    groups = [n for name, n in lost.items() if name != "all" and n]
    spared = [n for n in counts if n and n not in groups]
    assert not (len(groups) == 1 and spared)
    assert all(one["n"] == 0 or one["n"] >= 20 for one in found if not np.isnan(one["value"]))


def test_setting_asks_nothing_of_the_request_that_is_not_there() -> None:
    found = Setting(who(), Request(replicates=0))
    assert [name for name, _ in found.groups] == ["all", "a", "b"]
    assert found.label("S") == "Label of S"
    with pytest.raises(KeyError):
        found.label("T")


def test_replicates_that_could_not_be_weighted_are_told() -> None:
    (told,) = MethodResults((), (), failed=(("a", 3),)).notices
    assert (told.kind, told.group) == ("method_replicates", "a")
    assert told.message.startswith("3 replicates could not be raked")
