"""EM for many weightings at once: against Newton's method one by one, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from incomplete_cases import moments_of, punch, random_covariance, skewed
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.inference.incomplete import EmRule, make_reduction
from acsi_sem.kernels import em_batch as module
from acsi_sem.kernels.em import em_moments, saturate
from acsi_sem.kernels.em_batch import (
    APART,
    CONSTANT,
    EMPTY,
    FINE,
    SINGULAR,
    UNFINISHED,
    EmBatch,
    em_batch,
)
from acsi_sem.kernels.moments import Floats

SEEDS = st.integers(0, 2**32 - 1)


def sample(seed: int, n: int = 150, p: int = 5, share: float = 0.2) -> Floats:
    """Draw thick-tailed answers around 5 with a share of holes."""
    rng = np.random.default_rng(seed)
    return punch(skewed(random_covariance(p, rng), n, rng), share, rng)


def rule_of(values: Floats) -> EmRule:
    """Reduce answers about the origin 5."""
    made = make_reduction(values, np.full(values.shape[1], 5.0), "em")
    assert isinstance(made, EmRule)
    return made


def counts_of(seed: int, batch: int, n: int) -> Floats:
    """Draw bootstrap counts."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1 / n), size=batch).astype(float)


def estimate(values: Floats, weights: Floats | None = None) -> EmBatch:
    """Estimate under weights (B, n), or ones."""
    rule = rule_of(values)
    used = np.ones((1, len(values))) if weights is None else weights
    return em_batch(rule.plan, rule.sum_rows(used, np.arange(len(values))))


@given(seed=SEEDS, share=st.sampled_from([0.02, 0.2, 0.35]))
@settings(max_examples=10, deadline=None)
def test_every_replicate_has_the_maximum_that_newton_finds(seed: int, share: float) -> None:
    values = sample(seed, share=share)
    counts = counts_of(seed, 4, len(values))
    found = estimate(values, counts)
    for b, row in enumerate(counts):
        moments = moments_of(values, row)
        expected = em_moments(moments, saturate(moments))
        assert found.ok[b]
        # both stop within 1e-10 of the maximum; steps shrink linearly, so the rest adds up
        assert_allclose(found.moments.mean[b], expected.mean[0], rtol=1e-8)
        assert_allclose(found.moments.covariance[b], expected.covariance[0], rtol=1e-8, atol=1e-8)
        assert_allclose(found.moments.weight[b], expected.weight[0], rtol=1e-12)
        assert_allclose(found.moments.item_weight[b], expected.item_weight[0], rtol=1e-12)
        assert_allclose(found.moments.item_mean[b], expected.item_mean[0], rtol=1e-12)


def test_complete_answers_have_their_own_moments() -> None:
    values = sample(1, share=0.0)
    found = estimate(values)
    assert found.iterations[0] <= 5
    assert_allclose(found.moments.mean[0], values.mean(axis=0), rtol=1e-13)
    assert_allclose(found.moments.covariance[0], np.cov(values.T, bias=True), atol=1e-12)


def test_monotone_pattern_has_the_regression_estimate() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(5, 2, 80)
    y = 1 + 0.7 * x + rng.normal(0, 1, 80)
    y[x > 6] = np.nan
    seen = ~np.isnan(y)
    found = estimate(np.column_stack([x, y])).moments
    slope = np.cov(x[seen], y[seen], bias=True)[0, 1] / x[seen].var()
    # Anderson (1957): the likelihood factors into x, and y given x
    mean = y[seen].mean() + slope * (x.mean() - x[seen].mean())
    assert found.mean[0, 1] == pytest.approx(mean, abs=1e-10)
    assert found.covariance[0, 0, 1] == pytest.approx(slope * x.var(), abs=1e-10)


def test_an_element_does_not_depend_on_its_neighbours() -> None:
    values = sample(2)
    rule = rule_of(values)
    sums = rule.sum_rows(counts_of(2, 40, len(values)), np.arange(len(values)))
    whole = em_batch(rule.plan, sums)
    for at in ([0], [7], [3, 20, 39], list(range(5, 30))):
        part = em_batch(rule.plan, sums[at])
        assert_array_equal(part.moments.covariance, whole.moments.covariance[at])
        assert_array_equal(part.moments.mean, whole.moments.mean[at])
        assert_array_equal(part.iterations, whole.iterations[at])


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    values = sample(3)
    counts = counts_of(3, 9, len(values))
    whole = estimate(values, counts)
    monkeypatch.setattr(module, "CHUNK", 4)
    assert_array_equal(estimate(values, counts).moments.covariance, whole.moments.covariance)


def test_the_start_does_not_matter() -> None:
    values = sample(4)
    rule = rule_of(values)
    sums = rule.sum_rows(counts_of(4, 5, len(values)), np.arange(len(values)))
    cold = em_batch(rule.plan, sums)
    near = (cold.moments.mean[0], cold.moments.covariance[0])
    warm = em_batch(rule.plan, sums, near)
    # both stop at steps of 1e-12
    assert_allclose(warm.moments.covariance, cold.moments.covariance, rtol=1e-9, atol=1e-9)
    assert warm.iterations[0] == 2


def test_weights_equal_repeated_rows_and_their_size_does_not_matter() -> None:
    values = sample(5)
    counts = np.random.default_rng(5).integers(0, 4, len(values))
    found = estimate(values, np.stack([counts, counts / 700.0])).moments
    repeated = estimate(np.repeat(values, counts, axis=0)).moments
    for b in range(2):
        assert_allclose(found.covariance[b], repeated.covariance[0], rtol=1e-9, atol=1e-10)
        assert_allclose(found.mean[b], repeated.mean[0], rtol=1e-10)
    assert_allclose(found.weight, [counts.sum(), counts.sum() / 700.0], rtol=1e-13)


def test_units_do_not_matter() -> None:
    values = sample(6)
    factor, shift = np.array([0.01, 1, 7, 100, 3.0]), np.array([0, 50, -3, 2, 9.0])
    one, other = estimate(values).moments, estimate(values * factor + shift).moments
    assert_allclose(other.mean, one.mean * factor + shift, rtol=1e-9)
    scaled = one.covariance * np.outer(factor, factor)
    # 100 units from the origin: three digits of the second moments are lost
    assert_allclose(other.covariance, scaled, rtol=1e-7)


def failing() -> dict[int, Floats]:
    """Return answers for each way to fail."""
    constant, apart, singular = sample(7), sample(7), sample(7, share=0.0)
    constant[~np.isnan(constant[:, 1]), 1] = 3.0
    apart[:75, 0] = np.nan
    apart[75:, 1] = np.nan
    singular[:, 3] = singular[:, 0] + singular[:, 1]
    singular = punch(singular, 0.2, np.random.default_rng(7))
    return {CONSTANT: constant, APART: apart, SINGULAR: singular}


@pytest.mark.parametrize("outcome", [CONSTANT, APART, SINGULAR])
def test_what_has_no_maximum_is_named_and_not_a_number(outcome: int) -> None:
    found = estimate(failing()[outcome])
    assert found.outcome.tolist() == [outcome]
    assert not found.ok[0]
    assert found.reasons[0]
    assert np.isnan(found.moments.mean).all()
    assert np.isnan(found.moments.covariance).all()


def test_failures_leave_the_others_alone() -> None:
    values = sample(9)
    rule, weights = rule_of(values), np.ones((4, len(values)))
    weights[1] = 0.0
    weights[2, 3:] = 0.0
    sums = rule.sum_rows(weights, np.arange(len(values)))
    sums[3] = sums[0]
    found = em_batch(rule.plan, sums)
    assert found.outcome[[0, 1, 3]].tolist() == [FINE, EMPTY, FINE]
    assert found.outcome[2] in (CONSTANT, APART, SINGULAR)
    alone = em_batch(rule.plan, sums[:1])
    assert_array_equal(found.moments.covariance[[0, 3]], alone.moments.covariance[[0, 0]])


def test_no_convergence_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LIMIT", 3)
    found = estimate(sample(10))
    assert found.outcome.tolist() == [UNFINISHED]
    assert np.isnan(found.moments.covariance).all()


def test_sums_of_another_plan_are_refused_and_none_is_fine() -> None:
    rule = rule_of(sample(11))
    with pytest.raises(ValueError, match="sums"):
        em_batch(rule.plan, np.zeros((1, rule.width + 1)))
    assert em_batch(rule.plan, np.zeros((0, rule.width))).moments.covariance.shape == (0, 5, 5)
