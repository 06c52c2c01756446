"""Raking of cells: closed forms, the dual form, limits, and failures by name."""

from __future__ import annotations

import numpy as np
import pytest

from acsi_sem.kernels.raking import Floats, Margin, Raked, rake
from acsi_sem.kernels.raking_rows import RakingPlan, held_rows, make_part, rake_rows

ROWS, COLUMNS = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])

# Sums of 2,000 weights in doubles differ by their order; a share is good to some 1e-13.
ROUNDING = 1e-12


def table(rng: np.random.Generator, sizes: tuple[int, ...] = (2, 4, 5)) -> list[Margin]:
    """Cross categories fully and draw targets."""
    grid = np.indices(sizes).reshape(len(sizes), -1)
    return [
        Margin(codes, rng.dirichlet(np.full(size, 10.0)))
        for codes, size in zip(grid, sizes, strict=True)
    ]


def worst(margins: list[Margin], weights: Floats) -> float:
    """Return the largest difference of a share from its target."""
    total = weights.sum()
    return max(
        float(abs(weights[margin.codes == k].sum() / total - target))
        for margin in margins
        for k, target in enumerate(margin.targets)
    )


def draw(seed: int, batch: int = 5) -> tuple[list[Margin], Floats]:
    rng = np.random.default_rng(seed)
    margins = table(rng)
    return margins, rng.uniform(5, 60, (batch, 40))


@pytest.mark.parametrize("odds", [1.0, 2.0, 0.25])
def test_a_square_has_a_closed_form(odds: float) -> None:
    # With halves as targets, a = d = r / (2 (1 + r)) with r the root of the odds ratio, which
    # raking keeps: a d / (b c) = r^2.
    half = np.array([0.5, 0.5])
    start = np.array([[odds * 6.0, 3.0, 2.0, 1.0]])  # odds ratio: odds
    raked = rake(start, [Margin(ROWS, half), Margin(COLUMNS, half)], tolerance=1e-13)
    root = np.sqrt(odds)
    a, b = root / (2 * (1 + root)), 1 / (2 * (1 + root))
    np.testing.assert_allclose(raked.weights[0] / start.sum(), [a, b, b, a], rtol=0, atol=ROUNDING)


def test_one_sweep_by_hand() -> None:
    # Independent start: rows to 0.6/0.4, then columns to 0.3/0.7, and it is done.
    start = np.full((1, 4), 10.0)
    margins = [Margin(ROWS, np.array([0.6, 0.4])), Margin(COLUMNS, np.array([0.3, 0.7]))]
    raked = rake(start, margins)
    np.testing.assert_allclose(raked.weights, [[7.2, 16.8, 4.8, 11.2]], rtol=ROUNDING)
    assert raked.sweeps.tolist() == [2]  # the second only confirms


def test_one_margin_is_poststratification() -> None:
    margins, weights = draw(1)
    raked = rake(weights, margins[1:2]).weights
    codes, targets = margins[1].codes, margins[1].targets
    for start, found in zip(weights, raked, strict=True):
        sums = np.bincount(codes, start)
        expected = start * (targets * start.sum() / sums)[codes]
        np.testing.assert_allclose(found, expected, rtol=ROUNDING)


@pytest.mark.parametrize("seed", range(4))
def test_margins_are_met_and_totals_kept(seed: int) -> None:
    margins, weights = draw(seed)
    raked = rake(weights, margins, tolerance=1e-11)
    assert raked.converged.all()
    assert max(worst(margins, row) for row in raked.weights) < 1e-11
    np.testing.assert_allclose(raked.weights.sum(axis=1), weights.sum(axis=1), rtol=1e-10)


def test_the_scale_of_the_weights_and_the_order_of_margins_do_not_matter() -> None:
    margins, weights = draw(3)
    raked = rake(weights, margins).weights
    np.testing.assert_allclose(rake(weights * 1e9, margins).weights, raked * 1e9, rtol=ROUNDING)
    # Either order stops within 1e-10 of the targets, on shares of about 1 / 40.
    np.testing.assert_allclose(rake(weights, margins[::-1]).weights, raked, rtol=1e-8)
    tight = [rake(weights, part, tolerance=1e-13).weights for part in (margins, margins[::-1])]
    np.testing.assert_allclose(tight[0], tight[1], rtol=1e-9)


def test_log_ratios_lie_in_the_span_of_the_margins() -> None:
    # Deville & Saerndal's dual form: raked = base exp(x'b).
    margins, weights = draw(4)
    logs = np.log(rake(weights, margins).weights / weights).T
    dummies = np.column_stack([m.codes[:, None] == np.arange(m.targets.size) for m in margins])
    fitted = dummies @ np.linalg.lstsq(dummies.astype(float), logs, rcond=None)[0]
    np.testing.assert_allclose(fitted, logs, atol=ROUNDING)
    assert np.abs(logs).max() > 0.1


def test_an_element_does_not_depend_on_its_neighbours() -> None:
    margins, weights = draw(5, batch=9)
    weights[2, margins[0].codes == 1] = 0  # fails
    limits = (np.full(weights.shape, 0.5), np.full(weights.shape, 2.5))
    for cut in (None, limits):
        together = rake(weights, margins, limits=cut)
        for i in range(9):
            own = None if cut is None else (cut[0][i : i + 1], cut[1][i : i + 1])
            alone = rake(weights[i : i + 1], margins, limits=own)
            np.testing.assert_array_equal(alone.weights[0], together.weights[i])
            assert alone.sweeps[0] == together.sweeps[i]
    assert together.converged.sum() == 8


def test_limits_are_kept_and_margins_met() -> None:
    margins, weights = draw(6)
    free = rake(weights, margins).weights / weights
    low, high = np.quantile(free, 0.05), np.quantile(free, 0.95)
    limits = (np.full(weights.shape, low), np.full(weights.shape, high))
    raked = rake(weights, margins, limits=limits)
    assert raked.converged.all()
    ratio = raked.weights / weights
    # A ratio is a product divided again: two roundings.
    assert ratio.min() >= low * (1 - 1e-14)
    assert ratio.max() <= high * (1 + 1e-14)
    assert max(worst(margins, row) for row in raked.weights) < 1e-9
    at_limit = (ratio < low * (1 + 1e-12)) | (ratio > high * (1 - 1e-12))
    assert at_limit.any()
    # Between the limits the dual form holds still.
    dummies = np.column_stack([m.codes[:, None] == np.arange(m.targets.size) for m in margins])
    for log, held in zip(np.log(ratio), at_limit, strict=True):
        inside = dummies[~held].astype(float)
        fitted = inside @ np.linalg.lstsq(inside, log[~held], rcond=None)[0]
        np.testing.assert_allclose(fitted, log[~held], atol=1e-10)


def test_limits_that_do_not_bind_change_nothing() -> None:
    margins, weights = draw(7)
    wide = (np.full(weights.shape, 1e-3), np.full(weights.shape, 1e3))
    np.testing.assert_allclose(
        rake(weights, margins, limits=wide).weights, rake(weights, margins).weights, rtol=1e-8
    )


def says(raked: Raked) -> tuple[bool, int, int, float]:
    """Return one element's outcome."""
    assert np.isnan(raked.weights[0]).all() != raked.converged[0]
    place = int(raked.margin[0]), int(raked.category[0])
    return bool(raked.converged[0]), *place, round(float(raked.off[0]), 3)


def test_failures_say_where() -> None:
    half, skewed = np.array([0.5, 0.5]), np.array([0.2, 0.8])
    margins = [Margin(ROWS, half), Margin(COLUMNS, skewed)]
    empty = rake(np.array([[1.0, 0, 1, 0]]), margins)
    assert says(empty) == (False, 1, 1, -0.8)
    tight = (np.full((1, 4), 0.5), np.full((1, 4), 1.2))
    assert says(rake(np.full((1, 4), 1.0), margins, limits=tight)) == (False, 1, 1, -0.2)
    # A diagonal ties the margins together: both shares of the first category are the same.
    tied = rake(np.array([[1.0, 0, 0, 1.0]]), margins)
    assert (tied.converged[0], tied.sweeps[0]) == (False, 1000)
    assert abs(tied.off[0]) == pytest.approx(0.3)  # it swings between 0.5 and 0.2


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_weights_that_are_none_fail(bad: float) -> None:
    half = [Margin(ROWS, np.array([0.5, 0.5]))]
    raked = rake(np.array([[1.0, 1, 1, bad], [1, 1, 1, 1], [0, 0, 0, 0]]), half)
    assert raked.converged.tolist() == [False, True, False]
    assert np.isnan(raked.weights[[0, 2]]).all()
    assert raked.margin.tolist() == [-1, 0, -1]


def with_gaps(rule: str) -> tuple[list[Margin], Floats]:
    """Take the answers of some cells to the first and the last margin away."""
    margins, weights = draw(8)
    first, last = margins[0].codes.copy(), margins[2].codes.copy()
    gaps = np.random.default_rng(80).random((2, 40)) < 0.2
    first[gaps[0]] = -1
    last[gaps[1]] = -1
    spread = "spread" if rule == "spread" else "own"
    return [
        Margin(first, margins[0].targets, spread),  # type: ignore[arg-type]
        margins[1],
        Margin(last, margins[2].targets, spread),  # type: ignore[arg-type]
    ], weights


@pytest.mark.parametrize("rule", ["own", "spread"])
def test_missing_answers(rule: str) -> None:
    margins, weights = with_gaps(rule)
    raked = rake(weights, margins)
    assert raked.converged.all()
    for start, found in zip(weights, raked.weights, strict=True):
        for margin in margins:
            answered = margin.codes >= 0
            assert worst([Margin(margin.codes[answered], margin.targets)], found[answered]) < 1e-9
            if rule == "own":
                kept = start[~answered].sum() / start.sum()
                assert found[~answered].sum() / found.sum() == pytest.approx(kept, abs=1e-9)


@pytest.mark.parametrize("rule", ["own", "spread"])
def test_missing_answers_and_the_dual_form(rule: str) -> None:
    # Spread: an unanswered margin has its targets as dummies. Own: it has a dummy of its own.
    margins, weights = with_gaps(rule)
    logs = np.log(rake(weights, margins).weights / weights).T
    blocks = [np.ones((40, 1))]
    for margin in margins:
        dummies = (margin.codes[:, None] == np.arange(margin.targets.size)).astype(float)
        gone = margin.codes < 0
        if rule == "spread":
            dummies[gone] = margin.targets
        blocks += [dummies, gone[:, None].astype(float)] if rule == "own" else [dummies]
    design = np.column_stack(blocks)
    fitted = design @ np.linalg.lstsq(design, logs, rcond=None)[0]
    np.testing.assert_allclose(fitted, logs, atol=1e-10)


def test_spread_answers_have_no_limits() -> None:
    margins, weights = with_gaps("spread")
    limits = (np.zeros(weights.shape), np.full(weights.shape, 9.0))
    with pytest.raises(ValueError, match="limits cannot be combined"):
        rake(weights, margins, limits=limits)


def plan_of(
    rng: np.random.Generator, n: int, base: Floats, **options: object
) -> tuple[RakingPlan, list[np.ndarray]]:
    codes = [rng.integers(0, 3, n), rng.integers(0, 4, n)]
    margins = [
        Margin(c, rng.dirichlet(np.full(k, 20.0))) for c, k in zip(codes, (3, 4), strict=True)
    ]
    part = make_part("", np.arange(n), codes, margins, base, "trim" in options)
    names = (("a", "b", "c"), ("p", "q", "r", "s"))
    return RakingPlan(base, (part,), ("x", "y"), names, **options), codes  # type: ignore[arg-type]


def test_trimmed_weights_stay_below_the_cap_and_meet_the_margins() -> None:
    rng = np.random.default_rng(9)
    base = rng.lognormal(0, 0.8, 400)
    plan, codes = plan_of(rng, 400, base, trim=2.5)
    raked, met, _ = rake_rows(plan, base[None, :])
    cap = 2.5 * base.mean()
    assert met[0]
    assert raked[0].max() <= cap * (1 + 1e-9)
    held = held_rows(plan, raked[0])
    np.testing.assert_array_equal(held, raked[0] > cap * (1 - 1e-9))
    assert 0 < held.sum() < 100
    for margin, code in zip(plan.parts[0].margins, codes, strict=True):
        shares = np.bincount(code, raked[0]) / base.sum()
        np.testing.assert_allclose(shares, margin.targets, atol=1e-9)


@pytest.mark.parametrize("options", [{}, {"bounds": (0.36, 2.6)}, {"trim": 2.0}])
def test_counts_are_repeated_rows(options: dict[str, object]) -> None:
    rng = np.random.default_rng(10)
    base = rng.lognormal(0, 0.5, 300)
    plan, codes = plan_of(rng, 300, base, **options)
    counts = rng.multinomial(300, np.full(300, 1 / 300), size=3)
    raked, met, _ = rake_rows(plan, counts * base)
    assert met.all()
    for count, found in zip(counts, raked, strict=True):
        rows = np.repeat(np.arange(300), count)
        margins = [Margin(c, m.targets) for c, m in zip(codes, plan.parts[0].margins, strict=True)]
        own = base[rows]
        part = make_part(
            "", np.arange(300), [c[rows] for c in codes], margins, own, "trim" in options
        )
        again = RakingPlan(own, (part,), (), (), plan.bounds, plan.trim)
        repeated = rake_rows(again, own[None, :])[0][0]
        expected = np.bincount(rows, repeated, 300)
        # Both stop within 1e-10 of the targets, on shares of about 1 / 12.
        np.testing.assert_allclose(found, expected, rtol=1e-8)
