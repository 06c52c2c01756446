"""Sizes, power and allocation against textbooks, statsmodels, simulation and their own promises."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import t
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_confint

from acsi_sem.kernels.allocation import (
    METHODS,
    allocate_interviews,
    allocation_weights,
    stratified_variance,
)
from acsi_sem.kernels.hc3 import regress_hc3
from acsi_sem.kernels.planning import (
    correction,
    design_effect,
    difference_interviews,
    difference_power,
    fewest,
    mean_half_width,
    mean_interviews,
    needed_ratio,
    share_half_width,
    share_interviews,
)

TWO_SIGMA = 2 * float(ndtr(2.0)) - 1  # the level at which textbooks' "about 2" is exact
SDS_2015 = {"food": 15.8, "airlines": 20.6, "providers": 27.5, "banks": 21.0}
LEVELS = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def test_cochran_section_4_4() -> None:
    """A share of one half to within 5 points: 400 interviews, 356 of 3,200 people."""
    assert mean_interviews(5, 50, TWO_SIGMA) == 400
    assert mean_interviews(5, 50, TWO_SIGMA, population=3200) == 356


def test_z_squared_s_squared_over_d_squared() -> None:
    # 1.959964^2 x 20^2 / 2^2 = 384.146
    assert mean_interviews(2, 20, 0.95) == 385
    assert mean_interviews(2, 20, 0.95, deff=1.5) == 577  # 384.146 x 1.5 = 576.2


def test_the_half_widths_of_the_2015_sample() -> None:
    found = mean_half_width(250, list(SDS_2015.values()), 0.95)
    np.testing.assert_allclose(found, [1.959, 2.554, 3.409, 2.603], atol=5e-4)  # three decimals
    assert [f"{value:.1f}" for value in found] == ["2.0", "2.6", "3.4", "2.6"]
    ninety = mean_half_width(250, [15.8, 27.5], 0.90)
    assert [f"{value:.1f}" for value in ninety] == ["1.6", "2.9"]


def test_a_census_has_no_error() -> None:
    assert mean_half_width(100, 20, 0.95, population=100) == 0
    assert share_half_width(100, 0.5, 0.95, population=100) == 0
    assert correction(1, 1) == 0


def test_student_is_iterated_until_it_fits() -> None:
    n = int(mean_interviews(5, 10, 0.95, student=True))
    assert t.ppf(0.975, n - 1) * 10 / n**0.5 <= 5 < t.ppf(0.975, n - 2) * 10 / (n - 1) ** 0.5
    assert n == 18
    assert np.isnan(mean_half_width(1, 10, 0.95, student=True))


def test_kish_design_effects() -> None:
    assert design_effect() == 1
    assert design_effect(cv_weights=1.0) == 2
    assert design_effect(icc=0.05, cluster=21) == pytest.approx(2.0)  # 1 + 20 x 0.05, rounded


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("n", [10, 250])
def test_wilson_equals_statsmodels(share: float, n: int) -> None:
    low, high = proportion_confint(share * n, n, alpha=0.05, method="wilson")
    assert share_half_width(n, share, 0.95) == pytest.approx((high - low) / 2, rel=1e-12)


@settings(max_examples=60)
@given(
    d=st.floats(0.2, 20),
    sd=st.floats(1, 50),
    deff=st.floats(0.5, 4),
    population=st.one_of(st.just(np.inf), st.integers(2, 100_000).map(float)),
    level=LEVELS,
)
def test_the_size_keeps_its_promise_and_one_less_does_not(
    d: float, sd: float, deff: float, population: float, level: float
) -> None:
    n = float(mean_interviews(d, sd, level, deff=deff, population=population))
    assert n <= population
    margin = 1e-8  # of rounding
    assert mean_half_width(n, sd, level, deff=deff, population=population) <= d * (1 + margin)
    if n > 1:
        less = mean_half_width(n - 1, sd, level, deff=deff, population=population)
        assert less > d * (1 - margin)
    assert mean_interviews(d * 1.5, sd, level, deff=deff, population=population) <= n


@settings(max_examples=40)
@given(d=st.floats(0.005, 0.3), share=st.floats(0, 1), level=LEVELS)
def test_the_size_for_a_share_keeps_its_promise(d: float, share: float, level: float) -> None:
    n = float(share_interviews(d, share, level))
    assert share_half_width(n, share, level) <= d * (1 + 1e-8)
    if n > 1:
        assert share_half_width(n - 1, share, level) > d * (1 - 1e-8)


def test_elements_do_not_depend_on_their_neighbours() -> None:
    together = mean_interviews([1, 2, 3], [20, 15, 27], 0.95, population=[500.0, np.inf, 1e4])
    apart = [
        float(mean_interviews(d, s, 0.95, population=n))
        for d, s, n in [(1, 20, 500), (2, 15, np.inf), (3, 27, 1e4)]
    ]
    assert together.tolist() == apart


def test_fewest_that_never_holds_is_unknown() -> None:
    assert np.isnan(fewest(lambda n: np.zeros(n.shape, dtype=bool)))


def test_half_widths_hold_what_they_say_in_repeated_samples() -> None:
    """Draws without replacement from 400 people: 95 % of intervals hold the mean."""
    rng = np.random.default_rng(1)
    people = np.clip(rng.normal(70, 20, 400), 0, 100)
    half_width = float(mean_half_width(100, people.std(), 0.95, population=400))
    means = [rng.choice(people, 100, replace=False).mean() for _ in range(4000)]
    held = np.mean(np.abs(np.array(means) - people.mean()) <= half_width)
    assert held == pytest.approx(0.95, abs=0.0105)  # 3 Monte Carlo errors of 4,000 samples


@pytest.mark.parametrize(("points", "sd", "ratio"), [(2, 20, 1), (3, 15, 2), (1, 27, 0.5)])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.9])
def test_sizes_equal_statsmodels(points: float, sd: float, ratio: float, power: float) -> None:
    oracle = NormalIndPower().solve_power(points / sd, None, 0.05, power, ratio)
    ours = difference_interviews(points, sd**2 * (1 + 1 / ratio), 0.95, power)
    assert ours == np.ceil(oracle - 1e-6)  # the oracle's search ends near its root


def test_power_equals_statsmodels() -> None:
    oracle = NormalIndPower().power(np.array([0.0, 0.05, 0.2]), 250, 0.05, 1)
    found = difference_power(np.array([0.0, 0.05, 0.2]), np.sqrt(2 / 250), 0.95)
    np.testing.assert_allclose(found, oracle, rtol=1e-12)


def test_power_below_the_size_of_the_test_is_refused() -> None:
    with pytest.raises(ValueError, match=r"between 0\.05 and 1"):
        needed_ratio(0.05, 0.95)
    assert needed_ratio(0.05001, 0.95) < 0.05


def test_cochran_section_5_9_neyman() -> None:
    """Six strata of teachers' colleges, 58 to be drawn: 9, 7, 11, 7, 14 and 10."""
    size = np.array([13.0, 18, 26, 42, 73, 24])
    sd = np.array([325.0, 190, 189, 82, 86, 190])
    weights = allocation_weights("neyman", size, sd, np.ones(6))
    assert weights.tolist() == [4225, 3420, 4914, 3444, 6278, 4560]
    assert allocate_interviews(weights, size, 58, 0).tolist() == [9, 7, 11, 7, 14, 10]


def test_a_stratum_that_is_full_is_taken_whole_and_the_rest_is_shared_again() -> None:
    # In proportion 90 : 5 : 5, but the first has 30 people: 70 are left for two alike.
    found = allocate_interviews(np.array([90.0, 5, 5]), np.array([30.0, 900, 900]), 100, 0)
    assert found.tolist() == [30, 35, 35]


def test_what_no_weighted_stratum_can_take_goes_to_the_others() -> None:
    found = allocate_interviews(np.array([5.0, 0, 0]), np.array([10.0, 60, 30]), 40, 2)
    assert found.tolist() == [10, 20, 10]


def test_cost_draws_fewer_where_interviews_are_dear() -> None:
    weights = allocation_weights(
        "cost", np.array([100.0, 100]), np.array([10.0, 10]), np.array([1.0, 9.0])
    )
    assert allocate_interviews(weights, np.array([100.0, 100]), 40, 0).tolist() == [30, 10]


@settings(max_examples=150)
@given(data=st.data())
def test_allocations_add_up_within_their_bounds(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    size = np.array(data.draw(st.lists(st.integers(1, 5000), min_size=count, max_size=count)))
    sd = np.array(data.draw(st.lists(st.floats(0, 50), min_size=count, max_size=count)))
    cost = np.array(data.draw(st.lists(st.floats(0.1, 90), min_size=count, max_size=count)))
    minimum = data.draw(st.integers(0, 60))
    least = int(np.minimum(minimum, size).sum())
    total = data.draw(st.integers(max(least, 1), int(size.sum())))
    for method in METHODS:
        weights = allocation_weights(method, size.astype(float), sd, cost)
        found = allocate_interviews(weights, size.astype(float), total, minimum)
        assert found.sum() == total
        assert (found <= size).all()
        assert (found >= np.minimum(minimum, size)).all()


@settings(max_examples=60)
@given(data=st.data())
def test_neyman_is_at_least_as_precise_as_proportional(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 6))
    size = np.array(data.draw(st.lists(st.integers(800, 5000), min_size=count, max_size=count)))
    sd = np.array(data.draw(st.lists(st.floats(5, 30), min_size=count, max_size=count)))
    numbers = {}
    for method in ("neyman", "proportional"):
        weights = allocation_weights(method, size.astype(float), sd, np.ones(count))
        found = allocate_interviews(weights, size.astype(float), 600, 2).astype(float)
        numbers[method] = stratified_variance(found, size.astype(float), sd)
    # Whole numbers cost the optimum a little, at some 100 interviews per stratum under 1 in 1,000.
    assert numbers["neyman"] <= numbers["proportional"] * 1.001


def test_bounds_that_cannot_be_met_are_refused() -> None:
    with pytest.raises(ValueError, match="9 is not from 10 to 20"):
        allocate_interviews(np.ones(2), np.array([10.0, 10]), 9, 5)
    with pytest.raises(ValueError, match="method must be one of"):
        allocation_weights("best", np.ones(1), np.ones(1), np.ones(1))


def test_a_stratum_without_interviews_leaves_the_variance_unknown() -> None:
    assert np.isnan(stratified_variance(np.array([5.0, 0]), np.full(2, 9.0), np.ones(2)))


def test_hc3_equals_statsmodels() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, 40, 2)) * [1, 50] + [0, 400]
    y = x @ [0.5, 0.02] + rng.normal(size=(3, 40)) * (1 + np.abs(x[..., 0]))
    slopes, errors = regress_hc3(y, x)
    for at in range(3):
        oracle = sm.OLS(y[at], sm.add_constant(x[at])).fit(cov_type="HC3")
        np.testing.assert_allclose(slopes[at], oracle.params[1:], rtol=1e-9)  # other algebra
        np.testing.assert_allclose(errors[at], oracle.bse[1:], rtol=1e-9)


def test_hc3_of_collinear_sources_is_unknown_and_leaves_others_alone() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 30, 2))
    y = rng.normal(size=(2, 30))
    alone = regress_hc3(y[1:], x[1:])
    x[0, :, 1] = 2 * x[0, :, 0]
    slopes, errors = regress_hc3(y, x)
    assert np.isnan(slopes[0]).all()
    assert np.isnan(errors[0]).all()
    np.testing.assert_array_equal(slopes[1], alone[0][0])
    np.testing.assert_array_equal(errors[1], alone[1][0])
