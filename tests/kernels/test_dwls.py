"""Diagonally weighted least squares: exact recovery, gradient, sandwich, adjusted test."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from covariance_cases import Case, admissible, cases
from hypothesis import assume, given, settings
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled, compile_model
from acsi_sem.estimators.covariance_checks import free_directions
from acsi_sem.estimators.starts import regression_start
from acsi_sem.kernels.dwls import (
    bound_parameters,
    dwls_inference,
    fit_dwls,
    gradient,
    implied_correlations,
    independence_inference,
    shifted_test,
)
from acsi_sem.kernels.lisrel import Structure, imply, scale_factors
from acsi_sem.kernels.polychoric import pair_numbers

Floats = NDArray[np.float64]


def unit(compiled: Compiled, theta: Floats) -> tuple[Floats, Floats]:
    """Bring parameters (k,) to items of variance 1; with the correlation matrix (p, p)."""
    covariance = imply(compiled.structure, theta[None]).covariance[0]
    scale = 1 / np.sqrt(np.diag(covariance))
    factors = scale_factors(compiled.structure, scale[None], scale[compiled.markers][None])[0]
    return theta * factors, covariance * np.outer(scale, scale)


def acsi() -> tuple[Compiled, Floats, Floats]:
    """The ACSI model at admissible parameters, with its correlations (m,)."""
    compiled = compile_model(acsi_model())
    theta, matrix = unit(compiled, admissible(compiled, np.random.default_rng(2)))
    return compiled, theta, matrix[pair_numbers(len(matrix))]


@given(cases(smallest_block=1))
@settings(max_examples=40, deadline=None)
def test_a_population_gives_its_parameters_back(case: Case) -> None:
    structure = case.compiled.structure
    assume(structure.degrees_of_freedom >= 0)
    theta, matrix = unit(case.compiled, case.theta)
    assume(not free_directions(case.compiled, theta))
    sample = matrix[pair_numbers(len(matrix))][None]
    weights = np.random.default_rng(1).uniform(1, 20, sample.shape)
    bound = bound_parameters(structure)
    # From nearby: that starts far away lead here too is tested on the ACSI model.
    start = theta * np.where(bound, 0.0, 1.02)
    normal = dwls_inference(structure, theta[None], weights, np.eye(sample.shape[1])[None])
    # A nearly flat direction makes a gradient of 1e-10 mean little for the parameter.
    assume(np.sqrt(np.diagonal(normal.covariance[0])).max() < 100)
    found = fit_dwls(structure, sample, weights, start[None])
    assert found.converged.all()
    np.testing.assert_allclose(found.theta[0], theta, atol=1e-7)
    assert found.value[0] < 1e-16


def test_the_acsi_model_is_recovered_from_its_own_start() -> None:
    compiled, theta, sample = acsi()
    matrix = imply(compiled.structure, theta[None]).covariance[0]
    start = regression_start(compiled, matrix)
    found = fit_dwls(compiled.structure, sample[None], np.ones((1, 78)), start[None])
    assert found.converged.all()
    np.testing.assert_allclose(found.theta[0], theta, atol=1e-8)
    assert found.slope[0] < 1e-8


def test_bound_parameters_give_every_item_the_variance_one() -> None:
    compiled, theta, _ = acsi()
    bound = bound_parameters(compiled.structure)
    assert [row.name for row in compiled.free if bound[row.free]][-2:] == [
        *("complaints ~~ complaints", "loyalty ~~ loyalty")
    ]
    assert bound.sum() == 13
    wild = np.where(bound, 17.0, theta)
    found = implied_correlations(compiled.structure, wild[None])
    expected = implied_correlations(compiled.structure, theta[None])
    np.testing.assert_array_equal(found, expected)


def test_the_gradient_equals_differences() -> None:
    compiled, theta, sample = acsi()
    structure = compiled.structure
    bound = bound_parameters(structure)
    rng = np.random.default_rng(4)
    weights = rng.uniform(0.5, 20, (1, 78))
    elsewhere = sample[None] + 0.1 * rng.normal(size=(1, 78))
    exact = gradient(structure, theta[None], elsewhere, weights)[0]

    def value(at: Floats) -> float:
        return float((weights * (elsewhere - implied_correlations(structure, at[None])) ** 2).sum())

    step = 1e-5
    moves = np.eye(structure.size)[~bound] * step
    slopes = [
        (8 * (value(theta + d) - value(theta - d)) - (value(theta + 2 * d) - value(theta - 2 * d)))
        / (12 * step)
        for d in moves
    ]
    # Rounding of F, 1e-15 times its size of about 10, over the step: 1e-9.
    np.testing.assert_allclose(exact, slopes, rtol=1e-8, atol=1e-8)


def test_a_sample_off_the_model_ends_at_a_flat_place() -> None:
    compiled, theta, sample = acsi()
    rng = np.random.default_rng(6)
    many = sample + 0.05 * rng.normal(size=(5, 78))
    weights = rng.uniform(1, 20, (5, 78))
    start = np.repeat(theta[None], 5, axis=0)
    found = fit_dwls(compiled.structure, many, weights, start)
    assert found.converged.all()
    assert np.abs(gradient(compiled.structure, found.theta, many, weights)).max() < 1e-8
    alone = fit_dwls(compiled.structure, many[2:3], weights[2:3], start[2:3])
    # The same minimum, reached within the tolerance of the gradient.
    np.testing.assert_allclose(alone.theta[0], found.theta[2], atol=1e-8)


def test_an_element_that_cannot_be_fitted_is_flagged() -> None:
    compiled, theta, sample = acsi()
    many = np.stack([sample, np.full(78, np.nan)])
    found = fit_dwls(compiled.structure, many, np.ones((2, 78)), np.stack([theta, theta]))
    assert found.converged.tolist() == [True, False]
    assert np.isnan(found.value[1])


def test_optimal_weights_need_no_adjustment() -> None:
    compiled, theta, _ = acsi()
    weights = np.random.default_rng(8).uniform(1, 20, (1, 78))
    gamma = np.zeros((1, 78, 78))
    gamma[0, range(78), range(78)] = 1 / weights[0]
    found = dwls_inference(compiled.structure, theta[None], weights, gamma)
    df = compiled.structure.degrees_of_freedom
    np.testing.assert_allclose([found.trace[0], found.trace_square[0]], df, rtol=1e-9)
    np.testing.assert_allclose(independence_inference(weights, gamma), 78.0, rtol=1e-12)
    chisq = np.array([70.0])
    adjusted = shifted_test(chisq, np.array([float(df)]), found.trace, found.trace_square)
    np.testing.assert_allclose(adjusted, chisq, rtol=1e-9)


def test_the_sandwich_is_the_spread_of_fits_to_noisy_correlations() -> None:
    compiled, theta, sample = acsi()
    rng = np.random.default_rng(10)
    root = 0.01 * rng.normal(size=(78, 78)) / np.sqrt(78)
    gamma = root @ root.T
    weights = np.ones((1, 78))
    said = dwls_inference(compiled.structure, theta[None], weights, gamma[None]).covariance[0]
    many = sample + rng.normal(size=(600, 78)) @ root.T * 0.1
    start = np.repeat(theta[None], 600, axis=0)
    fits = fit_dwls(compiled.structure, many, np.repeat(weights, 600, axis=0), start)
    assert fits.converged.all()
    ratio = fits.theta.std(axis=0, ddof=1) / (0.1 * np.sqrt(np.diag(said)))
    # Standard error of a standard deviation over 600: 2.9 %; the largest of 33 within 4 of them.
    assert np.abs(ratio - 1).max() < 0.12


def test_a_structure_without_a_scale_is_refused() -> None:
    one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)),
                    *(np.zeros(0, dtype=np.intp) for _ in range(3)))  # fmt: skip
    with pytest.raises(ValueError, match="item 0"):
        bound_parameters(one)
