"""Batched maximum likelihood fits: recovery, golden numbers, flags, independence of neighbours."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from acsi_model import acsi_model, make_model
from covariance_cases import Case, cases
from golden_data import REFERENCE_SUBSETS, lavaan_estimates, moments
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from replicate_cases import replicates
from threadpoolctl import threadpool_limits

from acsi_sem.estimators.compile import Compiled, compile_model
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.kernels import ml_fit
from acsi_sem.kernels.covariance import discrepancy, gradient, information, locate
from acsi_sem.kernels.lisrel import Matrix, Structure, implied_covariance
from acsi_sem.kernels.ml_fit import SLOPE, fit_ml, parameter_units, polish
from acsi_sem.kernels.simple_structure import plan_simple, slope
from acsi_sem.kernels.small_linalg import last

Floats = NDArray[np.float64]

COUNT = 60


@pytest.fixture(autouse=True)
def _one_thread() -> object:
    return threadpool_limits(limits=1, user_api="blas")


@cache
def acsi() -> Compiled:
    return compile_model(acsi_model())


@cache
def solution(subset: str) -> Floats:
    theta = minimise_ml(acsi(), moments(subset).cov).theta[:1]
    return np.asarray(polish(acsi().structure, moments(subset).cov[None], theta)[0])


def conditioned(structure: Structure, theta: Floats) -> bool:
    """Whether the information tells all parameters apart: eigenvalues above 0.01."""
    matrix = information(structure, locate(structure, theta[None]))[0]
    root = np.sqrt(np.diag(matrix))
    if not (root > 0).all():
        return False
    return bool(np.linalg.eigvalsh(matrix / np.outer(root, root)).min() > 0.01)


# --- the fast formulas against the general ones ----------------------------------------------


@settings(max_examples=40, deadline=None)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_discrepancy_and_gradient_through_the_constructs(case: Case, seed: int) -> None:
    structure = case.compiled.structure
    plan = plan_simple(structure)
    assert plan is not None
    rng = np.random.default_rng(seed)
    theta = case.theta * rng.uniform(0.8, 1.2, (3, structure.size))
    noise = rng.standard_normal((3, 60, len(structure.loadings)))
    sample = noise.mT @ noise / 60
    point = locate(structure, theta)
    found = slope(plan, last(theta), last(sample))
    assert np.isfinite(found.value).tolist() == point.ok.tolist()
    ok = point.ok
    scale = np.sqrt(np.einsum("bii->bi", sample))
    correlation = sample / (scale[:, :, None] * scale[:, None])
    value = found.value - np.linalg.slogdet(correlation)[1]
    np.testing.assert_allclose(value[ok], discrepancy(point, sample)[ok], rtol=1e-9)
    expected = gradient(structure, point, sample)
    # both subtract numbers of order one divided by error variances of 0.4 and more
    np.testing.assert_allclose(found.gradient.T[ok], expected[ok], rtol=1e-9, atol=1e-9)


def test_effects_in_a_circle() -> None:
    base = acsi().structure
    paths = base.paths.copy()
    paths[3, 5] = 0.2  # loyalty back on satisfaction, fixed
    circle = Structure(
        base.loadings, paths, base.disturbances, base.errors, base.matrix, base.rows, base.columns
    )
    plan = plan_simple(circle)
    assert plan is not None
    assert plan.order is None
    theta, sample = solution("3003")[None].repeat(2, axis=0), replicates("3003", 2)
    expected = gradient(circle, locate(circle, theta), sample)
    np.testing.assert_allclose(
        slope(plan, last(theta), last(sample)).gradient.T, expected, rtol=1e-8, atol=1e-9
    )
    assert fit_ml(circle, sample, theta[0]).converged.all()


def with_free(structure: Structure, kind: Matrix, row: int, column: int) -> Structure:
    return Structure(
        *structure.fixed,
        matrix=np.append(structure.matrix, kind),
        rows=np.append(structure.rows, row),
        columns=np.append(structure.columns, column),
    )


@pytest.mark.parametrize(
    ("kind", "row", "column"), [(Matrix.ERRORS, 0, 3), (Matrix.LOADINGS, 2, 1)]
)
def test_structures_of_another_kind_are_fitted_all_the_same(
    kind: Matrix, row: int, column: int
) -> None:
    """An error covariance, a cross-loading: no fast formulas, but the same minimum or lower."""
    wider = with_free(acsi().structure, kind, row, column)
    assert plan_simple(wider) is None
    sample = replicates("1001", 3)
    narrow = fit_ml(acsi().structure, sample, solution("1001"))
    found = fit_ml(wider, sample, np.append(solution("1001"), 0.0))
    assert found.converged.all()
    assert (found.discrepancy < narrow.discrepancy).all()


# --- recovery --------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_a_covariance_matrix_of_the_model_gives_its_parameters_back(case: Case, seed: int) -> None:
    structure = case.compiled.structure
    assume(structure.degrees_of_freedom >= 0)
    assume(conditioned(structure, case.theta))
    sigma = implied_covariance(structure, case.theta[None])
    assume(np.linalg.eigvalsh(sigma).min() > 1e-3)
    rng = np.random.default_rng(seed)
    near = case.theta * rng.uniform(0.9, 1.1, structure.size)
    assume(bool(locate(structure, near[None]).ok[0]))
    for start in (near, near[None]):  # by BFGS, by Newton's method
        found = fit_ml(structure, sigma, start)
        assert found.converged[0]
        assert found.gradient[0] <= SLOPE
        exact = polish(structure, sigma, found.theta)[0]
        # gradient 1e-10 over a Hessian with scaled eigenvalues above 0.02
        np.testing.assert_allclose(exact, case.theta, rtol=1e-8, atol=1e-8)


@settings(max_examples=25, deadline=None)
@given(case=cases(smallest_block=3))
def test_from_scratch_too(case: Case) -> None:
    structure = case.compiled.structure
    assume(conditioned(structure, case.theta))
    sigma = implied_covariance(structure, case.theta[None])
    found = minimise_ml(case.compiled, sigma[0])
    assert found.converged[0]
    exact = polish(structure, sigma, found.theta[:1])[0]
    np.testing.assert_allclose(exact, case.theta, rtol=1e-8, atol=1e-8)


# --- golden ----------------------------------------------------------------------------------


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
def test_estimates_equal_lavaan(subset: str) -> None:
    reference = lavaan_estimates(subset)
    checked = 0
    for row, value in zip(acsi().free, solution(subset), strict=True):
        expected = reference[row.lhs, row.op, row.rhs]["estimate"]
        # what lavaan's polished numbers support
        assert value == pytest.approx(expected, abs=1e-6 * max(1.0, abs(expected))), row.name
        checked += 1
    assert checked == 33


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
def test_a_polished_solution_has_no_gradient_left(subset: str) -> None:
    data = moments(subset)
    units = parameter_units(acsi().structure, np.sqrt(np.diag(data.cov))[None])
    rough = solution(subset) + 1e-3 * units[0]
    theta = polish(acsi().structure, data.cov[None], rough[None])
    point = locate(acsi().structure, theta)
    slopes = gradient(acsi().structure, point, data.cov[None]) * units
    assert np.abs(slopes).max() < 1e-10
    np.testing.assert_allclose(theta[0], solution(subset), rtol=1e-8, atol=1e-9)


# --- replicates ------------------------------------------------------------------------------


@pytest.mark.parametrize("subset", ["1001", "3003", "pooled"])
def test_both_methods_end_at_the_same_place(subset: str) -> None:
    sample, start = replicates(subset, COUNT), solution(subset)
    batched = fit_ml(acsi().structure, sample, start)
    single = fit_ml(acsi().structure, sample, np.repeat(start[None], COUNT, axis=0))
    assert batched.converged.all()
    assert single.converged.all()
    np.testing.assert_allclose(batched.discrepancy, single.discrepancy, rtol=1e-12)
    # gradients of 1e-8 over curvatures near 0.01 in the flattest direction
    np.testing.assert_allclose(batched.theta, single.theta, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(batched.admissible, single.admissible)


def test_the_reported_gradient_and_discrepancy_are_true() -> None:
    sample = replicates("3003", COUNT)
    found = fit_ml(acsi().structure, sample, solution("3003"))
    point = locate(acsi().structure, found.theta)
    units = parameter_units(acsi().structure, np.sqrt(np.einsum("bii->bi", sample)))
    slopes = np.abs(gradient(acsi().structure, point, sample) * units).max(axis=1)
    assert slopes.max() < 1.01 * SLOPE
    np.testing.assert_allclose(slopes, found.gradient, atol=1e-12)
    np.testing.assert_allclose(found.discrepancy, discrepancy(point, sample), rtol=1e-11)


@pytest.mark.parametrize("pick", [[0], [5, 4], [3, 3, 3], range(7), range(COUNT - 1, -1, -3)])
@pytest.mark.parametrize("shared", [True, False])
def test_numbers_do_not_depend_on_the_neighbours(pick: range, shared: bool) -> None:
    sample, start = replicates("3003", COUNT), solution("3003")
    begin = start if shared else np.repeat(start[None], COUNT, axis=0)
    everyone = fit_ml(acsi().structure, sample, begin)
    some = np.array(pick)
    found = fit_ml(acsi().structure, sample[some], begin if shared else begin[some])
    np.testing.assert_array_equal(found.theta, everyone.theta[some])
    np.testing.assert_array_equal(found.discrepancy, everyone.discrepancy[some])
    np.testing.assert_array_equal(found.iterations, everyone.iterations[some])


def test_numbers_do_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    sample, start = replicates("3003", COUNT), solution("3003")
    whole = fit_ml(acsi().structure, sample, start)
    monkeypatch.setattr(ml_fit, "CHUNK", 7)
    np.testing.assert_array_equal(fit_ml(acsi().structure, sample, start).theta, whole.theta)


def test_units_do_not_matter() -> None:
    sample, start = replicates("1001", 5), solution("1001")
    units = np.geomspace(1e-3, 1e3, 13)
    factor = parameter_units(acsi().structure, units[None])
    plain = fit_ml(acsi().structure, sample, start)
    scaled = fit_ml(acsi().structure, sample * np.outer(units, units), start * factor[0])
    # the same steps up to rounding, both to a gradient of 1e-8
    np.testing.assert_allclose(scaled.theta / factor, plain.theta, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(scaled.discrepancy, plain.discrepancy, rtol=1e-10)


def test_the_input_stays_as_it_is() -> None:
    for count in (1, 2):
        sample = replicates("1001", COUNT)[:count].copy()
        kept, start = sample.copy(), solution("1001").copy()
        fit_ml(acsi().structure, sample, start)
        np.testing.assert_array_equal(sample, kept)
        np.testing.assert_array_equal(start, solution("1001"))


# --- flags -----------------------------------------------------------------------------------


def test_what_cannot_be_fitted_keeps_its_place() -> None:
    sample = replicates("1001", 6).copy()
    sample[1] = -sample[1]
    sample[2, 4, :] = sample[2, :, 4] = np.nan
    sample[3, 7, :] = sample[3, :, 7] = 0.0
    sample[4, :, 12] = sample[4, 12, :] = sample[4, :, 11]
    sample[4, 12, 12] = sample[4, 11, 11]
    found = fit_ml(acsi().structure, sample, solution("1001"))
    good = [True, False, False, False, False, True]
    assert found.converged.tolist() == good
    assert found.definite.tolist() == good
    assert found.admissible.tolist() == good
    assert np.isnan(found.theta).all(axis=1).tolist() == [not g for g in good]
    assert np.isinf(found.gradient).tolist() == [not g for g in good]
    alone = fit_ml(acsi().structure, replicates("1001", 6)[[0, 5]], solution("1001"))
    np.testing.assert_array_equal(found.theta[[0, 5]], alone.theta)


@pytest.mark.parametrize("shared", [True, False])
def test_heywood_cases_are_found_and_named(shared: bool) -> None:
    """Just identified: the error variance of x is 1 - .9·.9/.7 < 0; beside it a proper case."""
    compiled = compile_model(make_model({"a": ("x", "y", "z")}, []))
    bad = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.7], [0.9, 0.7, 1.0]])
    fine = np.array([[1.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]])
    start = minimise_ml(compiled, fine).theta[0]
    begin = start if shared else np.stack([start, start])
    found = fit_ml(compiled.structure, np.stack([bad, fine]), begin)
    assert found.converged.tolist() == [True, True]
    assert found.admissible.tolist() == [False, True]
    names = [row.name for row in compiled.free]
    assert [names[k] for k in np.flatnonzero(found.negative[0])] == ["x ~~ x"]
    place = names.index("x ~~ x")
    assert found.theta[0, place] == pytest.approx(1 - 0.81 / 0.7, abs=1e-7)
    assert not found.negative[1].any()


def test_constructs_that_correlate_beyond_one_are_improper() -> None:
    loadings = np.kron(np.eye(2), np.ones((3, 1)))
    covariance = loadings @ np.array([[1.0, 1.2], [1.2, 1.0]]) @ loadings.T + 1.5 * np.eye(6)
    compiled = compile_model(make_model({"a": ("x1", "x2", "x3"), "b": ("y1", "y2", "y3")}, []))
    found = minimise_ml(compiled, covariance)
    assert found.converged[0]
    assert found.improper[0]
    assert not found.negative[0].any()
    assert not found.admissible[0]


def test_steps_that_run_out_show() -> None:
    found = fit_ml(acsi().structure, replicates("3003", 3), solution("3003"), limit=2)
    assert not found.converged.any()
    assert not found.admissible.any()
    assert np.isfinite(found.theta).all()
    assert (found.gradient > SLOPE).all()


def test_a_start_without_a_positive_definite_sigma_is_no_solution() -> None:
    start = -solution("3003")
    found = fit_ml(acsi().structure, replicates("3003", 2), start)
    assert not found.converged.any()
    assert found.definite.all()


def test_no_replicates_at_all() -> None:
    found = fit_ml(acsi().structure, np.empty((0, 13, 13)), solution("3003"))
    assert found.theta.shape == (0, 33)


def test_wrong_shapes_are_refused() -> None:
    structure = acsi().structure
    with pytest.raises(ValueError, match=r"covariance must have shape \(B, 13, 13\)"):
        fit_ml(structure, np.eye(13), solution("3003"))
    with pytest.raises(ValueError, match="start must have shape"):
        fit_ml(structure, np.eye(13)[None], np.zeros((2, 33)))
