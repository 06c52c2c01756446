"""Observed information against finite differences, and Newton's method with it."""

from __future__ import annotations

import numpy as np
from covariance_cases import Case, cases
from hypothesis import given, settings
from numpy.typing import NDArray

from acsi_sem.kernels.covariance import gradient, information, locate
from acsi_sem.kernels.lisrel import Matrix, Structure, implied_covariance
from acsi_sem.kernels.observed_information import newton_polish, observed_information

Floats = NDArray[np.float64]

STEP = 1e-5
# central differences of the gradient: truncation ~ STEP², rounding ~ 1e-15 / STEP, both 1e-10
DIFFERENCE = 1e-6


def sample_near(case: Case) -> Floats:
    """A positive definite matrix (1, p, p) that is not the implied one."""
    sigma = implied_covariance(case.compiled.structure, case.theta[None])[0]
    p = len(sigma)
    noise = np.random.default_rng(p).normal(size=(p, 3 * p))
    return np.asarray(sigma + 0.2 * noise @ noise.T / p)[None]


def differences(structure: Structure, theta: Floats, sample: Floats) -> Floats:
    steps = STEP * np.eye(structure.size)
    up = gradient(structure, locate(structure, theta + steps), sample)
    down = gradient(structure, locate(structure, theta - steps), sample)
    return np.asarray((up - down) / (4 * STEP))


@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_observed_information_equals_finite_differences(case: Case) -> None:
    structure, sample = case.compiled.structure, sample_near(case)
    theta = case.theta[None]
    found = observed_information(structure, theta, locate(structure, theta), sample)[0]
    expected = differences(structure, case.theta, sample)
    np.testing.assert_allclose(found, expected, atol=DIFFERENCE * np.abs(expected).max())
    np.testing.assert_array_equal(found, found.T)


def test_feedback_and_covariances_of_errors_and_disturbances() -> None:
    rng = np.random.default_rng(5)
    loadings: Floats = np.kron(np.eye(3), np.ones((3, 1))).astype(np.float64)
    places = [
        (Matrix.LOADINGS, 1, 0), (Matrix.LOADINGS, 5, 0), (Matrix.LOADINGS, 8, 2),
        (Matrix.PATHS, 1, 0), (Matrix.PATHS, 1, 2), (Matrix.PATHS, 2, 1),
        (Matrix.DISTURBANCES, 0, 0), (Matrix.DISTURBANCES, 2, 1), (Matrix.DISTURBANCES, 1, 1),
        (Matrix.ERRORS, 0, 0), (Matrix.ERRORS, 4, 1), (Matrix.ERRORS, 1, 1),
    ]  # fmt: skip
    matrix, rows, columns = np.array(places, dtype=np.intp).T
    loadings[[1, 8], [0, 2]] = 0.0
    structure = Structure(loadings, np.zeros((3, 3)), np.eye(3), np.eye(9), matrix, rows, columns)
    theta = np.array([0.8, 0.2, 1.1, 0.5, 0.3, -0.2, 1.2, 0.1, 0.9, 0.7, 0.15, 0.8])
    answers = rng.normal(size=(40, 9))
    sample = (answers.T @ answers / 40)[None]
    point = locate(structure, theta[None])
    found = observed_information(structure, theta[None], point, sample)[0]
    expected = differences(structure, theta, sample)
    np.testing.assert_allclose(found, expected, atol=DIFFERENCE * np.abs(expected).max())


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_observed_equals_expected_information_where_the_model_holds(case: Case) -> None:
    structure, theta = case.compiled.structure, case.theta[None]
    point = locate(structure, theta)
    found = observed_information(structure, theta, point, point.implied.covariance)
    expected = information(structure, point)
    # equal in exact arithmetic; 1e-10 of the largest element leaves room for the inverse of Σ
    np.testing.assert_allclose(found, expected, atol=1e-10 * np.abs(expected).max())


def test_newton_returns_to_the_truth_from_nearby() -> None:
    from acsi_model import acsi_model
    from covariance_cases import admissible

    from acsi_sem.estimators.compile import compile_model

    compiled = compile_model(acsi_model())
    theta = admissible(compiled, np.random.default_rng(1))
    starts = theta * np.array([[1.0], [1.001], [0.999]])
    sample = implied_covariance(compiled.structure, theta[None])
    found = newton_polish(compiled.structure, starts, sample)
    assert found.ok.all()
    assert found.steps <= 6
    # slope 1e-13 times a condition number near 1e3
    np.testing.assert_allclose(found.theta, np.repeat(theta[None], 3, axis=0), atol=1e-9)


def test_newton_stays_where_the_information_is_indefinite_and_says_so() -> None:
    variance = Structure(
        np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
        matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]),
    )  # fmt: skip
    # ½F'' = s/v³ - 1/(2v²) is negative for v > 2s; at v < 0 the matrix is not positive definite
    starts = np.array([[3.0], [-1.0], [1.1]])
    found = newton_polish(variance, starts, np.ones((1, 1, 1)))
    assert found.ok.tolist() == [False, False, True]
    assert found.theta[:2].ravel().tolist() == [3.0, -1.0]
    assert np.isinf(found.slope[1])
