"""Power for a path: its size without an effect, a closed form, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from acsi_model import acsi_model, make_model
from scipy.special import ndtr, ndtri
from two_stage_cases import offer_model

from acsi_sem.errors import UsageError
from acsi_sem.runs.power import (
    Trial,
    bootstrap_errors,
    draw_sample,
    power_of_path,
    simulate_path,
)
from acsi_sem.simulate.latents import make_structure
from acsi_sem.spec.model import Model

PAIR = make_model({"quality": ["q"], "loyalty": ["l"]}, [("quality", "loyalty")])
BLOCKS = make_model(
    {"quality": ["q1", "q2", "q3"], "loyalty": ["l1", "l2", "l3"]}, [("quality", "loyalty")]
)


def messages(model: Model, *arguments: Any, **options: Any) -> list[str]:
    """Return what a call is refused for."""
    with pytest.raises(UsageError) as refused:
        power_of_path(model, *arguments, **options)
    return [str(problem) for problem in refused.value.problems]


def test_without_an_effect_the_test_finds_one_in_twenty() -> None:
    plan = power_of_path(PAIR, "quality", "loyalty", 0.0, [100], simulations=2000, engine="ols")
    # 3 Monte Carlo errors of 2,000 surveys; normal limits with n = 100 add under 0.003.
    found = plan.value("false positives", "100 interviews")
    assert found == pytest.approx(0.05, abs=0.015 + 0.003)
    assert plan.values("power") == {}
    assert plan.formula.startswith("false positives = share of simulated surveys")
    assert any("false positives may exceed the 5 %" in line for line in plan.assumptions)


def test_without_an_effect_nothing_is_said_of_power() -> None:
    plan = power_of_path(
        PAIR, "quality", "loyalty", 0.0, [40, 60], simulations=20, engine="ols", power=0.8
    )
    assert {line.quantity for line in plan.lines if "interviews" in line.quantity} == set()
    assert plan.title == "False positives: how often ols finds quality -> loyalty where it is 0"


def test_power_equals_that_of_a_correlation() -> None:
    """By Fisher's z, from the correlation that the answers have in a large sample."""
    structure = make_structure(PAIR, {("quality", "loyalty"): 0.25}, {})
    large = draw_sample(PAIR, structure, 400_000, np.random.default_rng(1))
    rho = float(np.asarray(np.corrcoef(large.T))[0, 1])
    expected = ndtr(np.arctanh(rho) * math.sqrt(120 - 3) - ndtri(0.975))
    plan = power_of_path(PAIR, "quality", "loyalty", 0.25, [120], simulations=2000, engine="ols")
    # 3 Monte Carlo errors of 2,000 surveys, and 0.02 for answers that are not normal.
    assert plan.value("power", "120 interviews") == pytest.approx(expected, abs=0.033 + 0.02)


def test_pls_errors_are_as_large_as_estimates_vary() -> None:
    structure = make_structure(BLOCKS, {("quality", "loyalty"): 0.4}, {})
    trial = Trial(BLOCKS, structure, "quality", "loyalty", "pls", 100, 5)
    estimates, errors = simulate_path(trial, 150, 200)
    # A standard deviation over 200 samples is itself good to 5 %; 3 of those.
    assert errors.mean() == pytest.approx(estimates.std(ddof=1), rel=0.15)


def test_a_curve_rises_and_names_the_fewest() -> None:
    plan = power_of_path(
        PAIR, "quality", "loyalty", 0.25, [200, 40, 100], simulations=400, engine="ols"
    )
    powers = list(plan.values("power").values())
    assert list(plan.values("power")) == ["40 interviews", "100 interviews", "200 interviews"]
    assert powers == sorted(powers)
    assert plan.value("fewest interviews") == 200
    low, high = plan.values("power, low"), plan.values("power, high")
    assert all(low[at] < value < high[at] for at, value in plan.values("power").items())


def test_a_curve_that_never_gets_there_says_so() -> None:
    plan = power_of_path(
        PAIR, "quality", "loyalty", 0.05, [40, 60], simulations=50, engine="ols", power=0.99
    )
    line = plan.lines[-1]
    assert math.isnan(line.value)
    assert line.note == "none of those tried has a power of 99 %"


def test_the_same_seed_gives_the_same_whatever_else_is_tried() -> None:
    options: dict[str, Any] = {"simulations": 25, "draws": 50}
    alone = power_of_path(BLOCKS, "quality", "loyalty", 0.3, [60], **options)
    among = power_of_path(BLOCKS, "quality", "loyalty", 0.3, [60, 40], **options)
    other = power_of_path(BLOCKS, "quality", "loyalty", 0.3, [60], seed=2, **options)
    at = ("mean estimate", "60 interviews")
    assert alone.value(*at) == among.value(*at)
    assert alone.value(*at) != other.value(*at)


def test_a_negative_effect_is_found_as_such() -> None:
    plan = power_of_path(
        acsi_model(), "satisfaction", "complaints", -0.5, [300], simulations=40, engine="ols"
    )
    assert plan.value("power", "300 interviews") > 0.9
    assert plan.value("mean estimate", "300 interviews") < 0


def test_samples_without_a_result_find_nothing_and_are_counted() -> None:
    """Nobody among a few complains: there is nothing to regress."""
    model = make_model(
        {"quality": ["q"], "complaints": ["c"]},
        [("quality", "complaints")],
        scales={"c": (0.0, 1.0)},
    )
    plan = power_of_path(model, "quality", "complaints", 0.3, [4], simulations=200, engine="ols")
    failed = plan.value("samples without a result", "4 interviews")
    # Nobody complains in .82^4 = 45 % of samples (all do in 0.1 %): 91 of 200, by chance 70 to 112.
    assert 70 <= failed <= 112
    notes = [line.note for line in plan.lines]
    assert "counted as not finding the path" in notes


def test_bootstrap_errors_need_most_draws() -> None:
    draws = np.array([[1.0, 2.0, 3.0, np.nan] * 5, [1.0, 2.0] * 10])
    found = bootstrap_errors(draws)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(np.std(draws[1], ddof=1), rel=1e-12)


def test_higher_order_constructs_can_be_planned() -> None:
    plan = power_of_path(
        offer_model(), "offer", "satisfaction", 0.6, [200], simulations=20, draws=50
    )
    assert plan.value("samples without a result", "200 interviews") == 0
    assert plan.value("power", "200 interviews") > 0.9


NO_PATH = (
    "plan power: path: expected a path of the model acsi, got 'satisfacton:loyalty'; did you mean "
    "'satisfaction:loyalty'?"
)
NO_OTHER = (
    "plan power: others: expected a path of the model acsi, got 'satisfacton:complaints'; did you "
    "mean 'satisfaction:complaints'?"
)
TOO_LARGE = (
    "plan power: effect: expected effects that leave some variance unexplained, got 1 for "
    "satisfaction:loyalty; the sources of loyalty explain all of its variance or more; lower it, "
    "or the effects of other paths"
)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("satisfacton", "loyalty", 0.3, [250]), NO_PATH),
        (("satisfaction", "loyalty", 1.0, [250]), TOO_LARGE),
        (
            ("satisfaction", "loyalty", 1.2, [250]),
            "plan power: effect: expected a number from -1 to 1, got 1.2",
        ),
        (
            ("satisfaction", "loyalty", math.nan, [250]),
            "plan power: effect: expected a number from -1 to 1, got nan",
        ),
        (
            ("satisfaction", "loyalty", 0.3, []),
            "plan power: interviews: expected a number of interviews, got none",
        ),
    ],
)
def test_effects_and_paths_that_cannot_be(arguments: tuple[Any, ...], told: str) -> None:
    assert messages(acsi_model(), *arguments) == [told]


def test_effects_of_other_paths_are_checked_too() -> None:
    arguments = (acsi_model(), "satisfaction", "loyalty", 0.3, [250])
    assert messages(*arguments, others={("satisfacton", "complaints"): 0.2}) == [NO_OTHER]
    told = "plan power: others: expected effects of other paths, got one of "
    itself = messages(*arguments, others={("satisfaction", "loyalty"): 0.2})
    assert itself == [told + "satisfaction:loyalty itself"]


def test_numbers_that_cannot_be_simulated_are_refused_together() -> None:
    options: dict[str, Any] = {"simulations": 5, "engine": "ml", "draws": 3, "power": 1.0}
    assert messages(PAIR, "quality", "loyalty", 0.3, [3], **options) == [
        "plan power: interviews: expected a whole number from 4 on, got 3",
        "plan power: simulations: expected a whole number from 20 on, got 5",
        "plan power: draws: expected a whole number from 50 on, got 3",
        "plan power: power: expected a number between 0 and 1, got 1",
        "plan power: engine: expected pls or ols, got 'ml'",
    ]


def test_a_composite_has_no_paths() -> None:
    model = dataclasses.replace(acsi_model(), kind="composite", paths=())
    told = "plan power: model: expected a model with paths, got the composite index acsi"
    assert messages(model, "satisfaction", "loyalty", 0.3, [250]) == [told]
