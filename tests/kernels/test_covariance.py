"""The covariance structure kernel against definitions, finite differences and symmetries."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from covariance_cases import Case, admissible, cases
from hypothesis import given, settings
from numpy.typing import NDArray

from acsi_sem.estimators.compile import compile_model
from acsi_sem.kernels.covariance import (
    discrepancy,
    gradient,
    information,
    invert_positive,
    locate,
    standard_errors,
    standardise,
    unidentified,
)
from acsi_sem.kernels.lisrel import (
    Matrix,
    Structure,
    fill,
    implied_covariance,
    imply,
    reduced_form,
    scale_factors,
)

Floats = NDArray[np.float64]

STEP = 1e-5
# central differences: truncation ~ STEP² = 1e-10, rounding ~ 1e-15 / STEP = 1e-10
DIFFERENCE = 1e-6


def sample_near(case: Case) -> Floats:
    """A positive definite matrix (p, p) that is not the implied one."""
    sigma = implied_covariance(case.compiled.structure, case.theta[None])[0]
    p = len(sigma)
    noise = np.random.default_rng(p).normal(size=(p, 3 * p))
    return np.asarray(sigma + 0.2 * noise @ noise.T / p)


def slopes_of(structure: Structure, theta: Floats) -> Floats:
    """dΣ/dθ by central differences, shape (k, p, p)."""
    steps = STEP * np.eye(structure.size)
    up = implied_covariance(structure, theta + steps)
    down = implied_covariance(structure, theta - steps)
    return (up - down) / (2 * STEP)


@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_gradient_equals_finite_differences(case: Case) -> None:
    structure, sample = case.compiled.structure, sample_near(case)[None]
    analytic = gradient(structure, locate(structure, case.theta[None]), sample)[0]
    steps = STEP * np.eye(structure.size)
    up = discrepancy(locate(structure, case.theta + steps), sample)
    down = discrepancy(locate(structure, case.theta - steps), sample)
    numeric = (up - down) / (2 * STEP)
    scale = max(1.0, float(np.abs(numeric).max()))
    np.testing.assert_allclose(analytic, numeric, atol=DIFFERENCE * scale, rtol=0)


@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_information_equals_its_definition(case: Case) -> None:
    structure = case.compiled.structure
    point = locate(structure, case.theta[None])
    slopes = slopes_of(structure, case.theta)
    inner = point.inverse[0] @ slopes
    expected = 0.5 * np.einsum("kij,lji->kl", inner, inner)
    scale = float(np.abs(expected).max())
    np.testing.assert_allclose(
        information(structure, point)[0], expected, atol=DIFFERENCE * scale, rtol=0
    )


@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_implied_covariance_equals_its_definition(case: Case) -> None:
    structure = case.compiled.structure
    at = fill(structure, case.theta[None])
    effects = np.linalg.inv(np.eye(len(at.paths[0])) - at.paths[0])
    common = at.loadings[0] @ effects
    sigma = common @ at.disturbances[0] @ common.T + at.errors[0]
    # same sums in another order: a few rounding errors of numbers below 1e3
    np.testing.assert_allclose(
        implied_covariance(structure, case.theta[None])[0], sigma, atol=1e-11, rtol=1e-12
    )


@settings(max_examples=25, deadline=None)
@given(case=cases())
def test_units_change_parameters_but_not_the_fit(case: Case) -> None:
    structure, sample = case.compiled.structure, sample_near(case)
    units = np.random.default_rng(structure.size).uniform(0.1, 10.0, len(sample))
    factors = scale_factors(structure, units[None], units[case.compiled.markers][None])
    there = locate(structure, case.theta[None] * factors)
    here = locate(structure, case.theta[None])
    turned = sample * np.outer(units, units)
    np.testing.assert_allclose(
        discrepancy(there, turned[None]), discrepancy(here, sample[None]), rtol=1e-9, atol=1e-9
    )
    before = standardise(structure, here.implied, case.theta[None])
    after = standardise(structure, there.implied, case.theta[None] * factors)
    for one, other in zip(before.all, after.all, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(case=cases())
def test_standardised_matrices_imply_the_correlations(case: Case) -> None:
    structure = case.compiled.structure
    implied = imply(structure, case.theta[None])
    at = standardise(structure, implied, case.theta[None])
    effects = reduced_form(at.paths)[0]
    common = at.loadings[0] @ effects
    deviation = np.sqrt(np.diag(implied.covariance[0]))
    np.testing.assert_allclose(
        common @ at.disturbances[0] @ common.T + at.errors[0],
        implied.covariance[0] / np.outer(deviation, deviation),
        atol=1e-11,
    )


def test_a_batch_equals_its_elements() -> None:
    compiled = compile_model(acsi_model())
    structure = compiled.structure
    rng = np.random.default_rng(3)
    theta = np.array([admissible(compiled, rng) for _ in range(5)])
    sample = implied_covariance(structure, theta[::-1])
    point = locate(structure, theta)
    for b in range(5):
        alone, one = locate(structure, theta[b : b + 1]), sample[b : b + 1]
        pairs = (
            (discrepancy(point, sample), discrepancy(alone, one)),
            (gradient(structure, point, sample), gradient(structure, alone, one)),
            (information(structure, point), information(structure, alone)),
        )
        for together, single in pairs:
            # BLAS may sum a batch in another order
            np.testing.assert_allclose(together[b], single[0], rtol=1e-11, atol=1e-11)


def test_discrepancy_and_gradient_vanish_at_the_truth() -> None:
    compiled = compile_model(acsi_model())
    theta = admissible(compiled, np.random.default_rng(4))[None]
    point = locate(compiled.structure, theta)
    sample = point.implied.covariance
    # thirteen logarithms and a trace of thirteen: rounding only
    assert abs(discrepancy(point, sample)[0]) < 1e-12
    assert np.abs(gradient(compiled.structure, point, sample)).max() < 1e-10


@pytest.mark.parametrize("bad", [np.nan, np.inf, -5.0])
def test_a_bad_element_is_flagged_and_leaves_the_others_alone(bad: float) -> None:
    compiled = compile_model(acsi_model())
    structure = compiled.structure
    theta = np.tile(admissible(compiled, np.random.default_rng(5)), (3, 1))
    sample = implied_covariance(structure, theta[:1]) + 0.1 * np.eye(13)
    theta[1, [row.free for row in compiled.free if row.matrix == Matrix.ERRORS]] = bad
    point = locate(structure, theta)
    assert point.ok.tolist() == [True, False, True]
    value = discrepancy(point, sample)
    assert np.isnan(value).tolist() == [False, True, False]
    assert value[0] == value[2]
    errors, ok = standard_errors(information(structure, point), np.full(3, 100.0))
    assert ok.tolist() == [True, False, True]
    assert np.isnan(errors[1]).all()
    assert np.isfinite(errors[[0, 2]]).all()


def test_paths_without_an_inverse_are_flagged() -> None:
    loop = np.array([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 0.5], [0.0, 0.0]], [[0.0, np.nan], [0, 0]]])
    effects = reduced_form(loop)
    assert np.isnan(effects[0]).all()
    np.testing.assert_allclose(effects[1], [[1.0, 0.5], [0.0, 1.0]])
    assert np.isnan(effects[2]).all()


def test_inverse_and_determinant() -> None:
    matrices = np.array([np.diag([2.0, 4.0]), [[1.0, 2.0], [2.0, 1.0]], [[2.0, 1.0], [1.0, 2.0]]])
    inverse, log_determinant, ok = invert_positive(matrices)
    assert ok.tolist() == [True, False, True]
    np.testing.assert_allclose(inverse[2], np.linalg.inv(matrices[2]), rtol=1e-14)
    np.testing.assert_allclose(log_determinant[[0, 2]], np.log([8.0, 3.0]), rtol=1e-14)


def test_standard_error_of_a_variance() -> None:
    one = Structure(
        loadings=np.ones((1, 1)),
        paths=np.zeros((1, 1)),
        disturbances=np.zeros((1, 1)),
        errors=np.zeros((1, 1)),
        matrix=np.array([Matrix.DISTURBANCES]),
        rows=np.array([0]),
        columns=np.array([0]),
    )
    variance = 3.0
    unit = information(one, locate(one, np.array([[variance]])))
    errors, _ = standard_errors(unit, np.array([50.0]))
    # closed form: var(s²) = 2σ⁴/n for a normal variable
    assert errors[0, 0] == pytest.approx(np.sqrt(2 * variance**2 / 50), rel=1e-14)


def test_standard_errors_of_regression_coefficients() -> None:
    """Saturated regression on observed variables: var(b) = σ² (X'X)⁻¹ with divisor n."""
    paths = np.zeros((3, 3))
    structure = Structure(
        loadings=np.eye(3),
        paths=paths,
        disturbances=np.zeros((3, 3)),
        errors=np.zeros((3, 3)),
        matrix=np.array([1, 1, 2, 2, 2, 2]),
        rows=np.array([2, 2, 0, 1, 2, 0]),
        columns=np.array([0, 1, 0, 1, 2, 1]),
    )
    cov_x = np.array([[2.0, 0.6], [0.6, 1.0]])
    residual, n = 0.7, 200.0
    theta = np.array([[0.4, -0.3, 2.0, 1.0, residual, 0.6]])
    errors, _ = standard_errors(information(structure, locate(structure, theta)), np.array([n]))
    expected = np.sqrt(residual * np.diag(np.linalg.inv(cov_x)) / n)
    np.testing.assert_allclose(errors[0, :2], expected, rtol=1e-12)


def test_information_without_rank_names_the_parameters() -> None:
    unit = np.zeros((2, 3, 3))
    unit[0] = np.diag([1.0, 4.0, 0.0])
    unit[1] = np.nan
    assert unidentified(unit).tolist() == [[False, False, True], [True, True, True]]


@pytest.mark.parametrize(("row", "column", "matrix"), [(2, 0, 0), (0, 1, 0), (1, 0, 1), (0, -1, 3)])
def test_a_place_outside_its_matrix_is_refused(row: int, column: int, matrix: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        Structure(
            loadings=np.ones((2, 1)),
            paths=np.zeros((1, 1)),
            disturbances=np.zeros((1, 1)),
            errors=np.zeros((2, 2)),
            matrix=np.array([matrix]),
            rows=np.array([row]),
            columns=np.array([column]),
        )


def test_shapes_that_disagree_are_refused() -> None:
    none = np.empty(0, dtype=np.intp)
    with pytest.raises(ValueError, match="loadings"):
        Structure(np.ones((2, 1)), np.zeros((2, 2)), np.eye(1), np.eye(2), none, none, none)
