"""Missing-data rules as reductions: what they share, and each against what it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from simulated import make_survey

from acsi_sem.inference.incomplete import RULES, EmRule, Reduction, make_reduction
from acsi_sem.inference.influence import differentiate
from acsi_sem.kernels.em import em_moments, saturate
from acsi_sem.kernels.moments import (
    Floats,
    Moments,
    mean_columns,
    means_from_sums,
    moments_from_sums,
    products,
    scale_origin,
    weighted_sums,
)
from acsi_sem.kernels.patterns import pattern_moments, pattern_sums

SURVEY = make_survey(5, sizes=(110, 140), missing=0.04)
ORIGIN = scale_origin(SURVEY.low, SURVEY.high)
EVERY = np.arange(250)
FIELDS = ("weight", "mean", "covariance", "item_weight", "item_mean")


def answers() -> Floats:
    """Return the survey's answers with one row that has none."""
    values = SURVEY.values.copy()
    values[17] = np.nan
    return values


def reduce(rule: str) -> Reduction:
    """Reduce the answers by a rule."""
    return make_reduction(answers(), ORIGIN, rule)


def counts(batch: int, seed: int = 1) -> Floats:
    """Draw bootstrap counts (B, 250)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(250, np.full(250, 1 / 250), size=batch).astype(float)


def replaced(values: Floats, weights: Floats) -> Floats:
    """Return the covariances of rows with an answer, missing ones at their item's mean."""
    some = ~np.isnan(values).all(axis=1)
    kept, w = values[some].copy(), weights[some]
    for item in kept.T:
        seen = ~np.isnan(item)
        item[~seen] = np.average(item[seen], weights=w[seen])
    return np.asarray(np.cov(kept.T, aweights=w, bias=True))


def test_complete_cases_are_bitwise_what_the_kernels_give() -> None:
    made, values = reduce("complete"), answers()
    rows = products(values, ORIGIN)
    part, weights = EVERY[40:190], counts(7)[:, 40:190]
    assert_array_equal(made.product_rows(part), rows[part])
    sums = made.sum_rows(weights, part)
    assert_array_equal(sums, weighted_sums(weights, rows[part]))
    small = np.ascontiguousarray(rows[:, mean_columns(13)])
    assert_array_equal(made.mean_sums(weights, part), weighted_sums(weights, small[part]))
    found, expected = made.moments(sums), moments_from_sums(sums, ORIGIN)
    for field in FIELDS:
        assert_array_equal(getattr(found, field), getattr(expected, field))


def test_the_mean_rule_replaces_anew_in_every_replicate() -> None:
    made, weights = reduce("mean"), counts(5)
    found = made.moments(made.sum_rows(weights, EVERY))
    for b, row in enumerate(weights):
        expected = replaced(answers()[row > 0], row[row > 0])
        assert_allclose(found.covariance[b], expected, atol=1e-12)


def test_em_finds_the_maximum_in_every_replicate() -> None:
    made, weights = reduce("em"), counts(5)
    assert isinstance(made, EmRule)
    found = made.moments(made.sum_rows(weights, EVERY))
    for b, row in enumerate(weights):
        moments = pattern_moments(pattern_sums(answers(), row, ORIGIN, fourth=False))
        expected: Moments = em_moments(moments, saturate(moments))
        for field in FIELDS:
            values = getattr(found, field)[b]
            # both stop within 1e-10 of the maximum
            assert_allclose(values, getattr(expected, field)[0], rtol=1e-8, atol=1e-9)


def test_rare_patterns_are_carried_by_fewer_sums() -> None:
    made = reduce("em")
    assert isinstance(made, EmRule)
    full = sum((1 + o) * (2 + o) // 2 for o in made.plan.observed.sum(axis=1).tolist())
    assert made.width < full / 5
    carried = made.sum_rows(np.ones((1, 250)), EVERY).T
    whole = pattern_sums(answers(), None, ORIGIN, fourth=False)
    assert_array_equal(made.plan.observed, whole.observed)
    for j, sums in enumerate(whole.sums):
        # 1, x of the answered items: exact half integers
        first = made.plan.scatter(carried, j)[0, :, 0]
        answered = np.concatenate([[True], whole.observed[j]])
        assert_array_equal(first, sums[:14][answered])


@pytest.mark.parametrize("rule", RULES)
def test_sums_add_over_groups_and_are_those_of_the_rows(rule: str) -> None:
    made, weights = reduce(rule), counts(6)
    one, other = EVERY[:110], EVERY[110:]
    whole = made.sum_rows(weights, EVERY)
    assert whole.shape == (6, made.width)
    added = made.sum_rows(weights[:, :110], one) + made.sum_rows(weights[:, 110:], other)
    assert_array_equal(added, whole)  # whole counts times half integers: exact
    assert_array_equal(weights @ made.product_rows(EVERY), whole)
    small = made.mean_sums(weights, EVERY)
    assert_array_equal(weights @ made.mean_rows(EVERY), small)


@pytest.mark.parametrize("rule", RULES)
def test_integer_weights_equal_repeated_rows_in_any_order(rule: str) -> None:
    made, weight = reduce(rule), counts(1, seed=3)
    rows = np.random.default_rng(4).permutation(np.repeat(EVERY, weight[0].astype(int)))
    found = made.moments(made.sum_rows(weight, EVERY))
    same = made.moments(made.sum_rows(np.ones((1, rows.size)), rows))
    other = make_reduction(answers()[rows], ORIGIN, rule)
    repeated = other.moments(other.sum_rows(np.ones((1, rows.size)), np.arange(rows.size)))
    for field in FIELDS:
        assert_array_equal(getattr(found, field), getattr(same, field))
        # other sums carry the rare patterns of repeated rows; EM stops at steps of 1e-12
        assert_allclose(getattr(found, field), getattr(repeated, field), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("rule", RULES)
def test_available_means_are_those_of_the_moments(rule: str) -> None:
    made, weights = reduce(rule), counts(4)
    found = made.moments(made.sum_rows(weights, EVERY))
    small = made.mean_sums(weights, EVERY)
    assert_allclose(means_from_sums(small, ORIGIN, "available"), found.item_mean, rtol=1e-14)


def test_the_mean_rule_has_no_complete_cases_to_take_means_of() -> None:
    made = reduce("mean")
    small = made.mean_sums(np.ones((1, 250)), EVERY)
    assert np.isnan(means_from_sums(small, ORIGIN, "complete")).all()
    assert made.index_means("complete") == "available"
    assert reduce("complete").index_means("complete") == "complete"
    assert reduce("em").index_means("complete") == "complete"


@pytest.mark.parametrize("rule", RULES)
def test_an_empty_replicate_is_nan_with_a_reason(rule: str) -> None:
    made = reduce(rule)
    sums = made.sum_rows(np.vstack([np.zeros(250), np.ones(250)]), EVERY)
    found = made.moments(sums)
    assert np.isnan(found.covariance[0]).all()
    assert np.isfinite(found.covariance[1]).all()
    reasons = made.problems(sums)
    assert reasons[0]
    assert not reasons[1]


@pytest.mark.parametrize("rule", RULES)
def test_without_holes_every_rule_gives_the_same(rule: str) -> None:
    values = make_survey(6, sizes=(120,), missing=0.0, grouped=False).values
    made = make_reduction(values, ORIGIN, rule)
    found = made.moments(made.sum_rows(np.ones((1, 120)), np.arange(120)))
    assert_allclose(found.covariance[0], np.cov(values.T, bias=True), atol=1e-11)


@pytest.mark.parametrize("rule", RULES)
def test_influence_by_product_rows_is_that_of_taking_some_weight_away(rule: str) -> None:
    made = reduce(rule)
    rows = made.product_rows(EVERY)
    scales = 250 * np.maximum(rows.std(axis=0), 0.01 * np.sqrt((rows**2).mean(axis=0)))

    def correlation(sums: Floats) -> dict[str, Floats]:
        c = made.moments(sums).covariance
        return {"r": np.asarray(c[:, 0, 4] / np.sqrt(c[:, 0, 0] * c[:, 4, 4]))}

    ones = np.ones((1, 250))
    slopes = differentiate(correlation, made.sum_rows(ones, EVERY)[0], scales)["r"]
    assert bool(slopes.smooth)
    less = np.tile(ones, (30, 1))
    less[np.arange(30), np.arange(30)] -= 1e-4
    before, after = (correlation(made.sum_rows(w, EVERY))["r"] for w in (ones, less))
    # a step of 1e-4 of a row among 250: curvature of order 1e-8; influences reach 0.02
    found = rows[:30] @ slopes.by_sum
    assert_allclose(found, (before - after) / 1e-4, atol=1e-7)
    assert np.abs(found).max() > 1e-3


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="complete, mean, em"):
        make_reduction(answers(), ORIGIN, "fiml")
