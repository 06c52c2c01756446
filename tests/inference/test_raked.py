"""Raking in replicates and in linearised variance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from acsi_sem.inference.raked import Raking
from acsi_sem.inference.replicates import stream
from acsi_sem.kernels.raking import Floats, Margin
from acsi_sem.kernels.raking_rows import RakingPlan, make_part, rake_rows

N = 400


def make(seed: int = 1, parts: int = 1, rule: str = "", **options: Any) -> tuple[Raking, Floats]:
    """Make a raking of two margins that is met, and an answer that goes with them."""
    rng = np.random.default_rng(seed)
    base = rng.lognormal(0, 0.4, N)
    codes = [rng.choice(2, N, p=[0.6, 0.4]), rng.choice(3, N, p=[0.5, 0.3, 0.2])]
    answer = 2.0 * codes[0] + codes[1] + rng.normal(size=N)
    if rule:
        codes[1][rng.random(N) < 0.15] = -1
    missing: Any = rule or "own"
    targets = (np.array([0.5, 0.5]), np.array([0.4, 0.35, 0.25]))
    margins = [Margin(c, t, missing) for c, t in zip(codes, targets, strict=True)]
    where = rng.integers(0, parts, N)
    made = tuple(
        make_part(f"part {i}", np.flatnonzero(where == i), codes, margins, base, "trim" in options)
        for i in range(parts)
    )
    tight: dict[str, Any] = {"tolerance": 1e-12, **options}
    return Raking(
        RakingPlan(base, made, ("x", "y"), (("a", "b"), ("p", "q", "r")), **tight)
    ), answer


def mean_influence(answer: Floats, weights: Floats) -> Floats:
    """Return the influence of a unit of weight on a weighted mean, (n, 1)."""
    centred: Floats = (answer - weights @ answer / weights.sum())[:, None] / weights.sum()
    return centred


def raked_weights(raking: Raking) -> Floats:
    weights, met = raking.rerake(raking.plan.base[None, :])
    assert met.all()
    first: Floats = weights[0]
    return first


@pytest.mark.parametrize("parts", [1, 2])
def test_the_mean_of_a_margin_has_no_variance(parts: int) -> None:
    raking, _ = make(parts=parts)
    weights = raked_weights(raking)
    plan = raking.plan
    for number in range(2):
        for k in range(2):
            dummy = np.zeros(N)
            for part in plan.parts:
                dummy[part.rows] = part.margins[number].codes[part.cells] == k
            left = raking.residuals(mean_influence(dummy, weights), weights)
            assert np.abs(left).max() < 1e-15  # influence is of the order 1 / 400


@pytest.mark.parametrize(
    ("rule", "bounded"),
    [("", False), ("own", False), ("spread", False), ("", True), ("own", True)],
)
@pytest.mark.parametrize("parts", [1, 2])
def test_residuals_are_the_derivative_of_raking_again(rule: str, bounded: bool, parts: int) -> None:
    raking, answer = make(2, parts, rule)
    base, weights = raking.plan.base, raked_weights(raking)
    if bounded:
        ratio = weights / base
        low, high = 1.02 * ratio.min(), 0.98 * ratio.max()
        raking, answer = make(2, parts, rule, bounds=(low, high))
        weights = raked_weights(raking)
        ratio = weights / base
        assert ((ratio < low * (1 + 1e-9)) | (ratio > high * (1 - 1e-9))).sum() > 20
    residuals = raking.residuals(mean_influence(answer, weights), weights)[:, 0]
    # One part's total against another's is not raked, so the derivative is of one survey's rows.
    chosen = np.random.default_rng(3).choice(N, 25, replace=False)
    # A step of 1e-4 leaves errors of 1e-8 of the derivative, and the tolerance 1e-12 / 1e-4.
    step = 1e-4
    factors = np.ones((50, N))
    factors[np.arange(25), chosen] += step
    factors[np.arange(25, 50), chosen] -= step
    moved, met = raking.rerake(factors * base)
    assert met.all()
    means = moved @ answer / moved.sum(axis=1)
    slopes = (means[:25] - means[25:]) / (2 * step)
    np.testing.assert_allclose(slopes, weights[chosen] * residuals[chosen], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("options", [{}, {"bounds": (0.6, 1.8)}, {"trim": 2.5}])
def test_the_linearised_error_agrees_with_a_raked_bootstrap(options: dict[str, Any]) -> None:
    raking, answer = make(4, **options)
    base, weights = raking.plan.base, raked_weights(raking)
    rows = weights[:, None] * raking.residuals(mean_influence(answer, weights), weights)
    linear = float(np.sqrt(N / (N - 1) * ((rows - rows.mean()) ** 2).sum()))
    counts = stream(1, "raked", "all", 0).multinomial(N, np.full(N, 1 / N), size=1500)
    moved, met = raking.rerake(counts * base)
    assert met.mean() > 0.99
    errors = (moved[met] @ answer / moved[met].sum(axis=1)).std(ddof=1)
    # A standard error from 1,500 replicates is good to 1 / sqrt(3000) = 1.8 %; n = 400 adds 1 %.
    assert errors == pytest.approx(linear, rel=0.06)
    unraked = float(np.sqrt((mean_influence(answer, weights)[:, 0] ** 2 * weights**2).sum()))
    assert unraked > 1.3 * linear  # what is explained by the margins would count as error


def test_a_replicate_without_a_category_is_named_not_divided() -> None:
    raking, _ = make(5)
    codes = raking.plan.parts[0].margins[1].codes[raking.plan.parts[0].cells]
    weights = np.stack([raking.plan.base, np.where(codes == 2, 0.0, raking.plan.base)])
    raked, met = raking.rerake(weights)
    assert met.tolist() == [True, False]
    assert np.isnan(raked[1]).all()
    alone, _ = raking.rerake(weights[:1])
    np.testing.assert_array_equal(alone[0], raked[0])


def test_parts_are_raked_by_themselves() -> None:
    raking, _ = make(6, parts=2)
    plan, weights = raking.plan, raked_weights(raking)
    for part in plan.parts:
        own = weights[part.rows]
        assert own.sum() == pytest.approx(plan.base[part.rows].sum(), rel=1e-11)
        for margin in part.margins:
            shares = np.bincount(margin.codes[part.cells], own) / own.sum()
            np.testing.assert_allclose(shares, margin.targets, atol=1e-12)
    assert len(rake_rows(plan, plan.base[None, :])[2]) == 2
