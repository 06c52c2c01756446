"""Several groups at once: recovery, equalities, means, measures, score tests."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from acsi_model import acsi_model
from covariance_cases import Case, admissible, cases
from golden_data import moments
from golden_groups import fourth_order_block
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from replicate_cases import replicates
from threadpoolctl import threadpool_limits

from acsi_sem.estimators.compile import Compiled, compile_model
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.kernels.covariance import discrepancy, gradient, information, locate
from acsi_sem.kernels.fit_measures import fit_measures
from acsi_sem.kernels.group_measures import group_measures
from acsi_sem.kernels.group_robust import baseline_group_scaling, group_scaling
from acsi_sem.kernels.group_tests import score_test
from acsi_sem.kernels.lisrel import Matrix, Structure, implied_covariance
from acsi_sem.kernels.mean_structure import join_moments, split_moments, with_means
from acsi_sem.kernels.ml_fit import fit_ml
from acsi_sem.kernels.multigroup import (
    GroupMoments,
    Groups,
    GroupsFit,
    fit_groups,
    group_maps,
    implied_moments,
    pool_information,
)
from acsi_sem.kernels.scaled_tests import baseline_scaling, scaling

Floats = NDArray[np.float64]


@pytest.fixture(autouse=True)
def _one_thread() -> object:
    return threadpool_limits(limits=1, user_api="blas")


@cache
def acsi() -> Compiled:
    return compile_model(acsi_model())


def plain(structure: Structure, labels: list[list[str | None]]) -> Groups:
    return Groups(structure, group_maps(labels), np.zeros((len(labels), structure.size)), False)


def own_labels(size: int, count: int, equal: set[int]) -> list[list[str | None]]:
    return [[f"{k}" if k in equal else f"{k} in {g}" for k in range(size)] for g in range(count)]


def conditioned(groups: Groups, parameters: Floats, shares: Floats) -> bool:
    """Whether the information tells the free parameters apart: scaled eigenvalues above 0.01."""
    point = locate(groups.structure, parameters)
    matrix = pool_information(groups, information(groups.structure, point), shares)[0]
    root = np.sqrt(np.diag(matrix))
    if not (root > 0).all():
        return False
    return bool(np.linalg.eigvalsh(matrix / np.outer(root, root)).min() > 0.01)


# --- mean structure --------------------------------------------------------------------------


def test_the_joint_discrepancy_is_that_of_covariances_and_means() -> None:
    """F = log|Σ| + tr(SΣ⁻¹) - log|S| - p + (m - μ)'Σ⁻¹(m - μ)."""
    rng = np.random.default_rng(4)
    structure = acsi().structure
    data = moments("3003")
    both = with_means(structure, np.arange(11), np.arange(6))
    base = minimise_ml(acsi(), data.cov).theta[0] * rng.uniform(0.9, 1.1, 33)
    theta = np.concatenate([base, rng.uniform(4, 9, 11), rng.uniform(-1, 1, 6)])[None]
    point = locate(both, theta)
    mean, sigma = split_moments(point.implied.covariance)
    np.testing.assert_allclose(sigma, implied_covariance(structure, base[None]), rtol=1e-9)
    found = discrepancy(point, join_moments(data.mean, data.cov)[None])[0]
    plain_part = discrepancy(locate(structure, base[None]), data.cov[None])[0]
    gap = data.mean - mean[0]
    assert found == pytest.approx(plain_part + gap @ np.linalg.solve(sigma[0], gap), rel=1e-9)


def test_means_of_constructs_travel_along_the_paths() -> None:
    """y = 2 + 3x with mean 5 of x: the items' means are 5 and 17."""
    line = Structure(
        np.eye(2),
        np.array([[0.0, 0], [3, 0]]),
        np.eye(2),
        np.zeros((2, 2)),
        matrix=np.array([], dtype=int),
        rows=np.array([], dtype=int),
        columns=np.array([], dtype=int),
    )
    both = with_means(line, np.array([], dtype=int), np.arange(2))
    mean, covariance = split_moments(implied_covariance(both, np.array([[5.0, 2.0]])))
    np.testing.assert_allclose(mean, [[5.0, 17.0]])
    np.testing.assert_allclose(covariance, [[[1.0, 3.0], [3.0, 10.0]]])


# --- recovery --------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    case=cases(smallest_block=2),
    count=st.integers(1, 3),
    means=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_moments_of_the_model_give_its_parameters_back(
    case: Case, count: int, means: bool, seed: int
) -> None:
    """Loadings equal; with means, intercepts equal too and means of constructs free but in one."""
    compiled, rng = case.compiled, np.random.default_rng(seed)
    p, q = compiled.structure.loadings.shape
    k = compiled.structure.size
    loadings = set(np.flatnonzero(compiled.structure.matrix == Matrix.LOADINGS).tolist())
    labels = own_labels(k, count, loadings)
    truth = np.stack([admissible(compiled, rng) for _ in range(count)])
    truth[:, sorted(loadings)] = truth[0, sorted(loadings)]
    structure = compiled.structure
    nu, alpha = rng.uniform(3, 8, (1, p)), rng.uniform(-1, 1, (count, q))
    alpha[0] = 0.0
    if means:
        structure = with_means(structure, np.arange(p), np.arange(q))
        labels = [
            row + [f"ν{i}" for i in range(p)] + [f"α{j} in {g}" if g else None for j in range(q)]
            for g, row in enumerate(labels)
        ]
        truth = np.concatenate([truth, np.repeat(nu, count, axis=0), alpha], axis=1)
    groups = Groups(structure, group_maps(labels), np.zeros((count, structure.size)), means)
    n = rng.integers(50, 500, count).astype(float)
    assume(conditioned(groups, truth, n / n.sum()))
    mean, covariance = implied_moments(groups, truth[None])
    assume(np.linalg.eigvalsh(covariance).min() > 1e-3)
    weights = groups.maps.sum(axis=(0, 1))
    free = np.einsum("gkr,gk->r", groups.maps, truth) / weights
    start = free * rng.uniform(0.9, 1.1, groups.size)
    assume(bool(locate(structure, groups.parameters(start[None])[0]).ok.all()))
    found = fit_groups(groups, GroupMoments(covariance, n, mean), start[None], tolerance=1e-10)
    assert found.converged[0]
    # gradient 1e-10 over a Hessian with scaled eigenvalues above 0.02
    np.testing.assert_allclose(found.parameters[0], truth, rtol=1e-8, atol=1e-8)
    measures = group_measures(groups, GroupMoments(covariance, n, mean), found.parameters)
    assert measures["chisq"][0] == pytest.approx(0, abs=1e-8)
    assert measures["srmr"][0] == pytest.approx(0, abs=1e-7)


# --- equalities ------------------------------------------------------------------------------


def fit_two(equal: set[int], swap: bool = False) -> tuple[Groups, GroupMoments, GroupsFit]:
    names = ["1001", "3003"][:: -1 if swap else 1]
    groups = plain(acsi().structure, own_labels(33, 2, equal))
    data = [moments(name) for name in names]
    found = GroupMoments(
        np.stack([d.cov for d in data])[None], np.array([d.n for d in data], float)
    )
    own = np.stack([minimise_ml(acsi(), d.cov).theta[0] for d in data])
    weights = groups.maps * found.n[:, None, None]
    start = np.einsum("gkr,gk->r", weights, own) / weights.sum(axis=(0, 1))
    return groups, found, fit_groups(groups, found, start[None])


def test_without_equalities_the_groups_are_fitted_alone() -> None:
    _, data, found = fit_two(set())
    for g in range(2):
        own = minimise_ml(acsi(), data.covariance[0, g])
        np.testing.assert_allclose(found.discrepancy[0, g], own.discrepancy[0], rtol=1e-10)
        np.testing.assert_allclose(found.parameters[0, g], own.theta[0], rtol=1e-6, atol=1e-6)


def test_all_equal_is_one_fit_to_the_weighted_mean_of_the_matrices() -> None:
    """Σ w_g F_g differs from F at Σ w_g S_g by a constant."""
    groups, data, found = fit_two(set(range(33)))
    pooled = np.einsum("g,gij->ij", data.shares, data.covariance[0])
    own = minimise_ml(acsi(), pooled)
    np.testing.assert_allclose(found.free[0], own.theta[0], rtol=1e-6, atol=1e-6)
    assert groups.degrees_of_freedom == 2 * 91 - 33


def test_the_order_of_the_groups_does_not_matter() -> None:
    equal = set(np.flatnonzero(acsi().structure.matrix == Matrix.LOADINGS).tolist())
    one, other = fit_two(equal)[2], fit_two(equal, swap=True)[2]
    assert one.converged[0]
    np.testing.assert_allclose(one.discrepancy[0], other.discrepancy[0, ::-1], rtol=1e-9)
    np.testing.assert_allclose(one.parameters[0], other.parameters[0, ::-1], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(one.parameters[0, 0, :7], one.parameters[0, 1, :7])


def test_offsets_fix_parameters() -> None:
    """The path from expectations to satisfaction fixed at -0.1 in the second group only."""
    structure = acsi().structure
    place = [row.name for row in acsi().free].index("satisfaction ~ expectations")
    labels = own_labels(33, 2, set())
    labels[1][place] = None
    offsets = np.zeros((2, 33))
    offsets[1, place] = -0.1
    groups = Groups(structure, group_maps(labels), offsets, False)
    _, data, free = fit_two(set())
    start = np.einsum("gkr,gk->r", groups.maps, free.parameters[0])
    found = fit_groups(groups, data, start[None])
    assert found.converged[0]
    assert found.parameters[0, 1, place] == -0.1
    np.testing.assert_allclose(found.discrepancy[0, 0], free.discrepancy[0, 0], rtol=1e-10)
    assert found.discrepancy[0, 1] > free.discrepancy[0, 1]


def test_elements_do_not_depend_on_their_neighbours() -> None:
    groups, data, found = fit_two({0, 1})
    sample = np.stack([replicates("1001", 9), replicates("3003", 9)], axis=1)
    sample[4, 1] = -sample[4, 1]
    start = np.repeat(found.free, 9, axis=0)
    everyone = fit_groups(groups, GroupMoments(sample, data.n), start)
    assert everyone.converged.tolist() == [b != 4 for b in range(9)]
    assert everyone.definite.tolist() == [[True, b != 4] for b in range(9)]
    assert np.isnan(everyone.discrepancy[4]).tolist() == [False, True]
    for pick in ([0], [8, 4, 2]):
        some = fit_groups(groups, GroupMoments(sample[pick], data.n), start[pick])
        np.testing.assert_array_equal(some.free, everyone.free[pick])
        np.testing.assert_array_equal(some.iterations, everyone.iterations[pick])


def test_one_group_is_the_single_fit() -> None:
    groups = plain(acsi().structure, own_labels(33, 1, set()))
    sample = replicates("3003", 4)
    start = np.repeat(minimise_ml(acsi(), moments("3003").cov).theta[:1], 4, axis=0)
    one = fit_groups(groups, GroupMoments(sample[:, None], np.array([1372.0])), start)
    other = fit_ml(acsi().structure, sample, start)
    np.testing.assert_allclose(one.free, other.theta, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(one.admissible, other.admissible)
    measures = group_measures(
        groups, GroupMoments(sample[:, None], np.array([1372.0])), one.parameters
    )
    known = fit_measures(
        sample, implied_covariance(groups.structure, other.theta), 33, np.full(4, 1372.0)
    )
    for name, values in measures.items():
        # p-values far out in the tail amplify the rounding of chi-square
        np.testing.assert_allclose(values, known[name], rtol=1e-7, atol=1e-12, err_msg=name)


# --- tests -----------------------------------------------------------------------------------


def test_the_score_test_foretells_the_fall_of_chi_square() -> None:
    """Near the truth the two statistics agree to first order: here within a tenth."""
    equal = set(range(33))
    groups = plain(acsi().structure, own_labels(33, 2, equal))
    wider = plain(acsi().structure, own_labels(33, 2, equal - {0}))
    base = minimise_ml(acsi(), moments("pooled").cov).theta[0]
    truth = np.stack([base, base])
    truth[1, 0] += 0.03
    sigma = implied_covariance(acsi().structure, truth)[None]
    data = GroupMoments(sigma, np.array([1000.0, 1500.0]))
    found = fit_groups(groups, data, base[None])
    chisq = float((data.n * found.discrepancy[0]).sum())
    assert chisq > 0.5
    assert score_test(wider, data, found.parameters)[0] == pytest.approx(chisq, rel=0.1)
    assert score_test(groups, data, found.parameters)[0] == pytest.approx(0, abs=1e-8)


def test_the_scaling_of_one_group_with_saturated_means_is_the_known_one() -> None:
    data = moments("3003")
    block = fourth_order_block(data)
    compiled = acsi()
    own = fit_ml(compiled.structure, data.cov[None], minimise_ml(compiled, data.cov).theta[:1])
    both = with_means(compiled.structure, np.arange(11), np.array([4, 5]))
    # any intercepts that reproduce the means will do
    shift = np.zeros(46)
    shift[:33] = own.theta[0]
    shift[33:44] = data.mean[:11]
    slope = dict(zip((row.name for row in compiled.free), own.theta[0], strict=True))
    shift[44] = data.mean[11]
    shift[45] = data.mean[12] - slope["loyalty ~ complaints"] * data.mean[11]
    groups = Groups(both, group_maps([[str(k) for k in range(46)]]), np.zeros((1, 46)), True)
    sample = GroupMoments(data.cov[None, None], np.array([float(data.n)]), data.mean[None, None])
    point = locate(both, shift[None])
    joint = join_moments(data.mean, data.cov)[None]
    assert np.abs(gradient(both, point, joint)).max() < 1e-6
    found = group_scaling(groups, sample, shift[None, None], block[None])
    known = scaling(compiled.structure, own.theta, data.cov[None], block[None], means=True)
    # the means' squares, near 60, stand beside variances near 3
    np.testing.assert_allclose(found.factor, known.factor, rtol=1e-7)
    np.testing.assert_allclose(found.h1, known.h1, rtol=1e-9)
    np.testing.assert_allclose(found.h0, known.h0, rtol=1e-7)
    base = baseline_group_scaling(sample, block[None])
    known = baseline_scaling(data.cov[None], block[None], means=True)
    np.testing.assert_allclose(base.factor, known.factor, rtol=1e-9)


# --- calls -----------------------------------------------------------------------------------


def test_wrong_calls_are_refused() -> None:
    structure = acsi().structure
    good = plain(structure, own_labels(33, 2, set()))
    data = GroupMoments(np.stack([np.eye(13)] * 2)[None], np.array([50.0, 50.0]))
    with pytest.raises(ValueError, match="no part in any group"):
        Groups(structure, np.zeros((2, 33, 1)), np.zeros((2, 33)), False)
    with pytest.raises(ValueError, match="maps must have shape"):
        Groups(structure, np.ones((2, 5, 1)), np.zeros((2, 33)), False)
    with pytest.raises(ValueError, match="start must have shape"):
        fit_groups(good, data, np.zeros((1, 33)))
    with pytest.raises(ValueError, match="covariance must have shape"):
        fit_groups(good, GroupMoments(np.eye(13)[None, None], data.n), np.zeros((1, 66)))
    with pytest.raises(ValueError, match="n must have shape"):
        fit_groups(good, GroupMoments(data.covariance, np.array([5.0])), np.zeros((1, 66)))
    both = with_means(structure, np.arange(11), np.arange(6))
    means = Groups(both, group_maps([[str(k) for k in range(50)]] * 2), np.zeros((2, 50)), True)
    with pytest.raises(ValueError, match="means must have shape"):
        fit_groups(means, data, np.zeros((1, 50)))
    with pytest.raises(ValueError, match="one solution"):
        group_scaling(good, data, np.zeros((1, 2, 33)), np.zeros((2, 105, 105)))
