"""Refits for large numbers: the numbers of the general route, and who is given up."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from acsi_model import acsi_model
from covariance_cases import Case, cases
from golden_data import moments
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from replicate_cases import replicates
from simulated import make_survey
from threadpoolctl import threadpool_limits

from acsi_sem.estimators.compile import Compiled, compile_model
from acsi_sem.estimators.factor_index import REPLICATE_STEPS
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import group_moments, make_sample
from acsi_sem.kernels.covariance import gradient, information, locate
from acsi_sem.kernels.lisrel import Matrix, Structure
from acsi_sem.kernels.ml_batch import refit_fast
from acsi_sem.kernels.ml_batch_hessian import curvature, solve_definite
from acsi_sem.kernels.ml_fit import SLOPE, MlFit, fit_ml, parameter_units
from acsi_sem.kernels.observed_information import observed_information

Floats = NDArray[np.float64]


@pytest.fixture(autouse=True)
def _one_thread() -> object:
    return threadpool_limits(limits=1, user_api="blas")


@cache
def acsi() -> Compiled:
    return compile_model(acsi_model())


@cache
def survey(seed: int) -> tuple[Floats, Floats, MlFit]:
    """Replicates of 250 interviews, their sample's solution, and what the general route finds."""
    sample = make_sample(make_survey(seed, (250,), missing=0.0, grouped=False))
    drawn = draw_replicates(sample, {}, replicates=150, seed=1, study="batch")
    covariance = drawn.moments["all"].covariance
    start = minimise_ml(acsi(), group_moments(sample).covariance[0]).theta[0]
    return covariance, start, fit_ml(acsi().structure, covariance, start, limit=REPLICATE_STEPS)


def in_units(theta: Floats, covariance: Floats) -> Floats:
    """Parameters for items in standard deviations."""
    deviations = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    return np.asarray(theta / parameter_units(acsi().structure, deviations))


@pytest.mark.parametrize("subset", ["3003", "pooled"])
def test_replicates_of_the_2015_survey_end_where_they_did(subset: str) -> None:
    covariance = replicates(subset, 100)
    start = minimise_ml(acsi(), moments(subset).cov).theta[0]
    expected = fit_ml(acsi().structure, covariance, start, limit=REPLICATE_STEPS)
    theta, converged = refit_fast(acsi().structure, covariance, start)
    assert converged.tolist() == expected.converged.tolist()
    # both end below a slope of 1e-8; what that leaves of a parameter depends on the curvature
    np.testing.assert_allclose(
        in_units(theta, covariance)[converged],
        in_units(expected.theta, covariance)[converged],
        rtol=0.0,
        atol=1e-7,
    )


@pytest.mark.parametrize("seed", [2, 6])
def test_replicates_agree_or_are_given_up_and_no_admissible_one_is(seed: int) -> None:
    covariance, start, expected = survey(seed)
    theta, converged = refit_fast(acsi().structure, covariance, start)
    assert not (converged & ~expected.converged).any()
    assert not (expected.admissible & ~converged).any()
    assert np.count_nonzero(expected.converged & ~converged) <= 2
    gap = in_units(theta, covariance) - in_units(expected.theta, covariance)
    # 1e-6 of a standard deviation where constructs are nearly one and the minimum is flat
    assert np.abs(gap[converged]).max() < 1e-6
    assert np.abs(gap[expected.admissible]).max() < 1e-7


def test_survey_6_has_what_newton_settles_and_what_nothing_does() -> None:
    covariance, start, expected = survey(6)
    assert np.count_nonzero(~expected.converged) >= 5
    assert np.count_nonzero(expected.converged & (expected.iterations > REPLICATE_STEPS)) >= 3
    few, first = refit_fast(acsi().structure, covariance, start, trials=0)
    _, converged = refit_fast(acsi().structure, covariance, start)
    assert first.sum() < converged.sum()
    assert (converged | ~first).all()
    assert np.isfinite(few).all()


def test_what_converged_has_no_slope() -> None:
    covariance, start, _ = survey(6)
    theta, converged = refit_fast(acsi().structure, covariance, start)
    found = gradient(acsi().structure, locate(acsi().structure, theta), covariance)
    deviations = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    slopes = np.abs(found * parameter_units(acsi().structure, deviations)).max(axis=1)
    # other formulas at the same place: their rounding comes on top
    assert slopes[converged].max() < 1.1 * SLOPE
    assert slopes[~converged].min() > SLOPE


def test_neighbours_leave_no_trace() -> None:
    covariance, start, _ = survey(6)
    theta, converged = refit_fast(acsi().structure, covariance, start)
    hard = np.flatnonzero(~survey(6)[2].converged)[:2]
    for which in (np.arange(1), hard, np.arange(60, 20, -1)):
        alone, settled = refit_fast(acsi().structure, covariance[which], start)
        assert settled.tolist() == converged[which].tolist()
        np.testing.assert_array_equal(alone, theta[which])


def test_what_cannot_be_fitted_is_flagged_and_keeps_its_place() -> None:
    covariance, start, _ = survey(2)
    broken = covariance[:4].copy()
    broken[1] = np.nan
    broken[2, 0] = broken[2, 1]
    broken[2, :, 0] = broken[2, :, 1]
    theta, converged = refit_fast(acsi().structure, broken, start)
    assert converged.tolist() == [True, False, False, True]
    assert np.isnan(theta[1:3]).all()
    nothing, none = refit_fast(acsi().structure, covariance[:0], start)
    assert nothing.shape == (0, acsi().structure.size)
    assert none.shape == (0,)


def test_other_structures_go_the_general_way() -> None:
    covariance, start, _ = survey(2)
    simple = acsi().structure
    wider = Structure(
        *simple.fixed,
        np.append(simple.matrix, Matrix.ERRORS),
        np.append(simple.rows, 0),
        np.append(simple.columns, 1),
    )
    begin = np.append(start, 0.0)
    expected = fit_ml(wider, covariance[:2], begin, limit=60)
    theta, converged = refit_fast(wider, covariance[:2], begin)
    assert converged.tolist() == expected.converged.tolist() == [True, True]
    np.testing.assert_array_equal(theta, expected.theta)


def test_shapes_that_disagree_are_refused() -> None:
    covariance, start, _ = survey(2)
    for matrices, begin in ((covariance[:, 1:], start), (covariance, start[1:])):
        with pytest.raises(ValueError, match="covariance must have shape"):
            refit_fast(acsi().structure, matrices, begin)


@settings(max_examples=40, deadline=None)
@given(case=cases(), seed=st.integers(0, 2**32 - 1), count=st.integers(1, 3))
def test_the_hessian_is_that_of_the_general_formulas(case: Case, seed: int, count: int) -> None:
    structure = case.compiled.structure
    rng = np.random.default_rng(seed)
    theta = case.theta * rng.uniform(0.9, 1.1, (count, structure.size))
    noise = rng.standard_normal((count, 60, len(structure.loadings)))
    sample = noise.mT @ noise / 60
    point = locate(structure, theta)
    hessian, roots = curvature(structure, theta, point, sample)
    found = np.moveaxis(hessian * roots[:, None] * roots, -1, 0)[:count]
    expected = 2.0 * observed_information(structure, theta, point, sample)
    size = np.abs(expected).max(axis=(1, 2), initial=0.0, keepdims=True)
    assert (np.abs(found - expected) <= 1e-12 * size)[point.ok].all()
    diagonal = 2.0 * np.diagonal(information(structure, point), axis1=-2, axis2=-1)
    np.testing.assert_allclose(roots.T[:count][point.ok] ** 2, diagonal[point.ok], rtol=1e-9)


def test_systems_are_solved_and_indefinite_ones_flagged() -> None:
    rng = np.random.default_rng(3)
    factor = rng.standard_normal((6, 9, 12))
    matrix = factor @ factor.mT / 12
    matrix[1] -= 2.0 * np.eye(9)
    vector = rng.standard_normal((6, 9))
    found, definite = solve_definite(np.moveaxis(matrix, 0, -1), vector.T)
    assert definite.tolist() == (np.linalg.eigvalsh(matrix)[:, 0] > 0).tolist()
    assert definite.tolist() == [True, False, True, True, True, True]
    expected = np.linalg.solve(matrix, vector[:, :, None])[:, :, 0]
    np.testing.assert_allclose(found.T[definite], expected[definite], rtol=1e-8)
