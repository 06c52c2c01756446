"""Derivatives of standardised values, effects and intercepts against finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from covariance_cases import Case, cases
from hypothesis import given, settings
from numpy.typing import NDArray

from acsi_sem.kernels.covariance import standardise
from acsi_sem.kernels.delta import (
    Derived,
    delta_errors,
    indirect_effects,
    standard_scales,
    standardised,
    total_effects,
)
from acsi_sem.kernels.intercepts import intercepts, standardised_intercepts
from acsi_sem.kernels.lisrel import Matrix, Structure, fill, imply, reduced_form

Floats = NDArray[np.float64]

STEP = 1e-6
# central differences: truncation ~ STEP² = 1e-12, rounding ~ 1e-15 / STEP = 1e-9
DIFFERENCE = 1e-7


def check_jacobian(function: Callable[[Floats], Derived], theta: Floats) -> None:
    """Compare the jacobian at theta (k,) with central differences of the values."""
    steps = STEP * np.eye(len(theta))
    up, down = function(theta + steps).values, function(theta - steps).values
    expected = np.moveaxis((up - down) / (2 * STEP), 0, -1)
    found = function(theta[None]).jacobian[0]
    np.testing.assert_allclose(found, expected, atol=DIFFERENCE * max(1.0, np.abs(expected).max()))


def places_of(case: Case) -> NDArray[np.intp]:
    rows = case.compiled.parameters
    return np.array([(row.matrix, row.row, row.column) for row in rows], dtype=np.intp).T


@settings(max_examples=30, deadline=None)
@given(case=cases())
def test_standardised_values_and_their_derivatives(case: Case) -> None:
    structure, places = case.compiled.structure, places_of(case)
    check_jacobian(lambda theta: standardised(structure, theta, *places), case.theta)
    theta = case.theta[None]
    found = standardised(structure, theta, *places)
    reference = standardise(structure, imply(structure, theta), theta)
    for place, row in enumerate(case.compiled.parameters):
        expected = reference.all[row.matrix][0, row.row, row.column]
        assert found.values[0, place] == pytest.approx(expected, rel=1e-12)
    scales = standard_scales(structure, theta, *places)
    plain = [fill(structure, theta).all[m][0, i, j] for m, i, j in places.T]
    np.testing.assert_allclose(scales[0] * plain, found.values[0], rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_effects_and_their_derivatives(case: Case) -> None:
    structure = case.compiled.structure
    for standard in (False, True):
        check_jacobian(lambda t, s=standard: total_effects(structure, t, standard=s), case.theta)  # type: ignore[misc]
        check_jacobian(lambda t, s=standard: indirect_effects(structure, t, standard=s), case.theta)  # type: ignore[misc]


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_total_less_indirect_is_direct(case: Case) -> None:
    structure, theta = case.compiled.structure, case.theta[None]
    at = fill(structure, theta)
    direct = total_effects(structure, theta).values - indirect_effects(structure, theta).values
    np.testing.assert_allclose(direct, at.paths, atol=1e-12)
    standard = standardise(structure, imply(structure, theta), theta).paths
    total = total_effects(structure, theta, standard=True).values
    np.testing.assert_allclose(total, reduced_form(standard) - np.eye(total.shape[-1]), atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_intercepts_and_their_derivatives(case: Case) -> None:
    structure = case.compiled.structure
    k, p = structure.size, structure.loadings.shape[0]
    mean: Floats = np.random.default_rng(k).normal(5.0, 2.0, size=(p,))
    errors = {row.row for row in case.compiled.parameters if row.matrix == Matrix.ERRORS}
    single = np.array([-1 if i in errors else i for i in case.compiled.markers])

    def both(joint: Floats) -> Derived:
        return intercepts(structure, joint[:, :k], joint[:, k:], single)

    def scaled(joint: Floats) -> Derived:
        return standardised_intercepts(structure, joint[:, :k], both(joint))

    joint = np.concatenate([case.theta, mean])
    check_jacobian(both, joint)
    check_jacobian(scaled, joint)
    implied_means(structure, case.theta, both(joint[None]).values[0], single, mean)


def implied_means(
    structure: Structure, theta: Floats, values: Floats, single: NDArray[np.intp], mean: Floats
) -> None:
    """The intercepts give the means back: μ = ν + Λ (I - B)⁻¹ α."""
    at = fill(structure, theta[None])
    alpha = np.where(single >= 0, values[single], 0.0)
    nu = values.copy()
    nu[single[single >= 0]] = 0.0
    found = nu + at.loadings[0] @ reduced_form(at.paths)[0] @ alpha
    np.testing.assert_allclose(found, mean, atol=1e-9)


def test_delta_errors_are_exact_for_linear_functions() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    spread = root @ root.T
    jacobian = rng.normal(size=(1, 2, 2, 3))
    found = delta_errors(jacobian, spread[None])
    assert found.shape == (1, 2, 2)
    draws = root @ rng.normal(size=(3, 100_000))
    simulated = (jacobian[0] @ draws).std(axis=-1)
    # the standard error of a standard deviation from 1e5 draws is 0.22 %; four of them
    np.testing.assert_allclose(found[0], simulated, rtol=0.01)


def test_a_covariance_of_errors_is_standardised_to_their_correlation() -> None:
    """lavaan's std.all; its Bollen data: 0.624 / sqrt(1.891 * 2.351) = 0.296 for y1 ~~ y5."""
    pair = Structure(
        np.ones((2, 1)), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((2, 2)),
        matrix=np.full(3, Matrix.ERRORS), rows=np.array([0, 1, 1]), columns=np.array([0, 1, 0]),
    )  # fmt: skip
    theta = np.array([1.891, 2.351, 0.624])
    place = (np.array([Matrix.ERRORS]), np.array([0]), np.array([1]))

    def correlation(at: Floats) -> Derived:
        return standardised(pair, at, *place)

    assert correlation(theta[None]).values[0, 0] == pytest.approx(0.296, abs=5e-4)
    check_jacobian(correlation, theta)
