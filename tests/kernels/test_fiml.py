"""Full information maximum likelihood against scipy's density, complete data and exact recovery."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from covariance_cases import Case, admissible, cases
from hypothesis import given, settings
from hypothesis import strategies as st
from incomplete_cases import moments_of, punch, row_loglikelihoods, skewed
from numpy.typing import NDArray

from acsi_sem.kernels.covariance import (
    discrepancy,
    gradient,
    information,
    locate,
    standard_errors,
    unidentified,
)
from acsi_sem.kernels.em import saturate
from acsi_sem.kernels.fiml import (
    FimlFit,
    fiml_information,
    loglikelihood_slopes,
    minimise,
    parameter_covariance,
    score_products,
    settle,
)
from acsi_sem.kernels.fiml_measures import Comparison, fiml_measures
from acsi_sem.kernels.fit_measures import fit_measures
from acsi_sem.kernels.incomplete import stand
from acsi_sem.kernels.lisrel import implied_covariance, imply
from acsi_sem.kernels.patterns import PatternMoments, complete_moments
from acsi_sem.kernels.structure_slopes import bend, second_slopes

Floats = NDArray[np.float64]

STEP = 1e-5
seeds = st.integers(0, 2**32 - 1)


def sample(case: Case, seed: int, n: int = 60, share: float = 0.25) -> Floats:
    rng = np.random.default_rng(seed)
    covariance = implied_covariance(case.compiled.structure, case.theta[None])[0]
    return punch(skewed(covariance, n, rng), share, rng)


def fit(case: Case, moments: PatternMoments) -> FimlFit:
    found = minimise(case.compiled.structure, moments, case.theta)
    assert found is not None
    return found


def is_identified(case: Case) -> bool:
    point = locate(case.compiled.structure, case.theta[None])
    return not unidentified(information(case.compiled.structure, point)).any()


@given(case=cases(), seed=seeds)
@settings(max_examples=20, deadline=None)
def test_value_slopes_information_and_scores(case: Case, seed: int) -> None:
    structure, k = case.compiled.structure, case.compiled.structure.size
    values = sample(case, seed, n=25)
    moments = moments_of(values)
    rng = np.random.default_rng(seed)
    x = np.concatenate([admissible(case.compiled, rng), 5 + rng.standard_normal(values.shape[1])])

    def casewise(point: Floats) -> Floats:
        covariance = implied_covariance(structure, point[None, :k])[0]
        return row_loglikelihoods(values, point[k:], covariance)

    def slope(point: Floats) -> Floats:
        there = settle(structure, moments, point[:k], point[k:])
        assert there is not None
        return loglikelihood_slopes(structure, moments, there)

    at = settle(structure, moments, x[:k], x[k:])
    assert at is not None
    assert at.place.value == pytest.approx(casewise(x).sum(), rel=1e-11)
    steps = STEP * np.eye(len(x))
    differences = np.array([(casewise(x + h) - casewise(x - h)) / (2 * STEP) for h in steps]).T
    # truncation about STEP² times third derivatives, rounding about 1e-14 / STEP per row
    np.testing.assert_allclose(
        slope(x), differences.sum(axis=0), atol=1e-6 * (1 + np.abs(differences).sum())
    )
    second = np.array([(slope(x + h) - slope(x - h)) / (2 * STEP) for h in steps])
    found = fiml_information(structure, moments, at)
    np.testing.assert_allclose(found, -second, atol=1e-6 * (1 + np.abs(found).max()))
    expected = differences.T @ differences
    products = score_products(structure, moments, at)
    np.testing.assert_allclose(products, expected, atol=1e-5 * (1 + np.abs(expected).max()))


@given(case=cases(), seed=seeds)
@settings(max_examples=30, deadline=None)
def test_derivatives_of_the_implied_covariance(case: Case, seed: int) -> None:
    structure, theta = case.compiled.structure, case.theta
    implied = imply(structure, theta[None])
    found = bend(structure, implied, theta)
    steps = STEP * np.eye(len(theta))

    def slopes_at(point: Floats) -> Floats:
        return bend(structure, imply(structure, point[None]), point).covariance

    for k, h in enumerate(steps):
        up, down = (implied_covariance(structure, (theta + s * h)[None])[0] for s in (1, -1))
        np.testing.assert_allclose(found.covariance[k], (up - down) / (2 * STEP), atol=1e-7)
    weight = np.random.default_rng(seed).standard_normal(implied.covariance.shape[1:])
    weight = weight + weight.T
    second = second_slopes(structure, implied, found, weight)
    for k, h in enumerate(steps):
        moved = (slopes_at(theta + h) - slopes_at(theta - h)) / (2 * STEP)
        expected = np.einsum("ab,lab->l", weight, moved)
        np.testing.assert_allclose(second[k], expected, atol=1e-5)


@given(case=cases(smallest_block=2), seed=seeds)
@settings(max_examples=25, deadline=None)
def test_patterns_with_implied_moments_give_the_parameters_back(case: Case, seed: int) -> None:
    if not is_identified(case):
        return
    structure = case.compiled.structure
    moments = moments_of(sample(case, seed))
    covariance = implied_covariance(structure, case.theta[None])[0]
    mean = np.linspace(3.0, 7.0, len(covariance))
    both = moments.observed[:, :, None] & moments.observed[:, None, :]
    ideal = replace(
        moments,
        mean=np.where(moments.observed, mean, 0.0),
        covariance=np.where(both, covariance, 0.0),
    )
    near = minimise(structure, ideal, case.theta * 1.02)
    assert near is not None
    assert near.converged
    # A gradient of 1e-8 along the flattest direction of a random model.
    np.testing.assert_allclose(near.theta, case.theta, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(near.intercepts, mean, rtol=1e-6)


@given(case=cases(smallest_block=3), seed=seeds)
@settings(max_examples=10, deadline=None)
def test_complete_answers_are_fitted_by_ordinary_maximum_likelihood(case: Case, seed: int) -> None:
    if not is_identified(case):
        return
    structure = case.compiled.structure
    values = sample(case, seed, n=400, share=0.0)
    found = fit(case, moments_of(values))
    assert found.converged
    np.testing.assert_allclose(found.intercepts, values.mean(axis=0), atol=1e-9)
    covariance = np.cov(values.T, bias=True)[None]
    point = locate(structure, found.theta[None])
    assert np.abs(gradient(structure, point, covariance)).max() < 1e-8
    unrestricted = saturate(moments_of(values))
    chisq = 2 * (unrestricted.value - found.value)
    assert chisq == pytest.approx(400 * discrepancy(point, covariance)[0], abs=1e-8)


def test_without_holes_the_expected_information_is_the_textbook_one() -> None:
    case = example()
    structure = case.compiled.structure
    covariance = implied_covariance(structure, case.theta[None])[0]
    moments = complete_moments(np.zeros(len(covariance)), covariance, 200.0)
    at = settle(structure, moments, case.theta, np.zeros(len(covariance)))
    assert at is not None
    for observed in (True, False):  # the same where the sample equals what is implied
        spread = parameter_covariance(fiml_information(structure, moments, at, observed=observed))
        assert spread is not None
        errors = np.sqrt(np.diag(spread))[: structure.size]
        point = locate(structure, case.theta[None])
        expected, _ = standard_errors(information(structure, point), np.array([200.0]))
        np.testing.assert_allclose(errors, expected[0], rtol=1e-9)


def example(seed: int = 1) -> Case:
    """Three constructs, three indicators each."""
    from acsi_model import make_model

    from acsi_sem.estimators.compile import compile_model

    blocks = {f"c{j}": [f"c{j}_{i}" for i in range(3)] for j in range(3)}
    model = make_model(blocks, [("c0", "c1"), ("c0", "c2"), ("c1", "c2")])
    compiled = compile_model(model)
    return Case(model, compiled, admissible(compiled, np.random.default_rng(seed)))


def comparison(case: Case, moments: PatternMoments) -> Comparison:
    saturated, found = saturate(moments), fit(case, moments)
    assert found.converged
    place = stand(moments, saturated.mean, saturated.covariance)
    assert place is not None
    p = len(saturated.mean)
    return Comparison(
        case.compiled.structure, moments, place, found.setting, np.zeros(p), np.ones(p)
    )


def test_measures_of_complete_answers_are_the_ordinary_ones() -> None:
    case = example()
    values = sample(case, 3, n=500, share=0.0)
    at = comparison(case, moments_of(values))
    found = fiml_measures(at, robust=False)
    sample_covariance = np.cov(values.T, bias=True)[None]
    implied = at.fitted.place.covariance[None]
    size = case.compiled.structure.size
    ordinary = fit_measures(sample_covariance, implied, size, np.array([500.0]))
    means = {"npar", "aic", "bic", "bic2", "ecvi"}
    residual = {"rmr", "srmr", "srmr_bentler", "crmr", "srmr_mplus"}
    goodness = {"gfi", "agfi", "pgfi"}
    for name in set(ordinary) - means - residual - goodness:
        assert found[name][0] == pytest.approx(ordinary[name][0], rel=1e-8, abs=1e-9), name
    for name in residual - {"srmr"}:
        assert found[f"{name}_nomean"][0] == pytest.approx(ordinary[name][0], rel=1e-8), name
    assert found["npar"][0] == ordinary["npar"][0] + 9
    # nothing to correct without holes
    for name in ("cfi", "tli", "rni", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper"):
        assert found[f"{name}.robust"][0] == pytest.approx(found[name][0], rel=1e-8), name


def test_scaling_factors_are_one_where_scores_vary_as_the_information_says() -> None:
    """Roots whose products are those of a normal sample with exactly the implied moments."""
    case = example()
    rng = np.random.default_rng(11)
    covariance = implied_covariance(case.compiled.structure, case.theta[None])[0]
    normal = rng.standard_normal((60_000, 9)) @ np.linalg.cholesky(covariance).T + 5
    found = fiml_measures(comparison(case, moments_of(punch(normal, 0.2, rng))), robust=True)
    # fourth moments of 60,000 rows: the factors' sampling error is about 0.3 %
    for name in ("scaling.factor.h1", "scaling.factor.h0", "chisq.scaling.factor"):
        assert found[name][0] == pytest.approx(1.0, abs=0.02), name


def test_a_saturated_model_fits_perfectly_and_has_no_scaled_test() -> None:
    from acsi_model import make_model

    from acsi_sem.estimators.compile import compile_model

    model = make_model({"a": ["x"], "b": ["y"]}, [("a", "b")])
    compiled = compile_model(model)
    case = Case(model, compiled, admissible(compiled, np.random.default_rng(0)))
    found = fiml_measures(comparison(case, moments_of(sample(case, 4))), robust=True)
    assert found["df"][0] == 0
    assert found["chisq"][0] == pytest.approx(0.0, abs=1e-9)
    assert found["cfi"][0] == found["cfi.robust"][0] == 1.0
    assert found["rmsea.robust"][0] == 0.0
    assert np.isnan(found["chisq.scaled"][0])


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_parameters_are_recovered_from_answers_with_holes(share: float) -> None:
    case = example()
    rng = np.random.default_rng(21)
    structure, k = case.compiled.structure, case.compiled.structure.size
    covariance = implied_covariance(structure, case.theta[None])[0]
    moments = moments_of(punch(skewed(covariance, 4000, rng), share, rng))
    found = fit(case, moments)
    assert found.converged
    spread = parameter_covariance(
        fiml_information(structure, moments, found.setting),
        score_products(structure, moments, found.setting),
    )
    assert spread is not None
    distance = (found.theta - case.theta) / np.sqrt(np.diag(spread))[:k]
    # 21 standardised distances: beyond 4 once in 750 such tests
    assert np.abs(distance).max() < 4
    assert 0.3 < (distance**2).mean() < 2.5


def test_an_indefinite_start_or_information_has_no_answer() -> None:
    case = example()
    moments = moments_of(sample(case, 1))
    assert minimise(case.compiled.structure, moments, -case.theta) is None
    assert parameter_covariance(np.array([[1.0, 2.0], [2.0, 1.0]])) is None
    assert parameter_covariance(np.zeros((1, 1))) is None
