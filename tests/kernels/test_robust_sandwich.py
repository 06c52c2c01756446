"""Fourth-order block, scores and sandwich against casewise formulas and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from covariance_cases import Case, cases
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from acsi_sem.kernels.covariance import gradient, information, locate
from acsi_sem.kernels.fourth_moments import (
    block_of_answers,
    cluster_block,
    cluster_totals,
    recentre,
    row_block,
    width,
)
from acsi_sem.kernels.lisrel import implied_covariance
from acsi_sem.kernels.moments import products
from acsi_sem.kernels.observed_information import observed_information
from acsi_sem.kernels.robust import (
    influence_map,
    inverse_information,
    meat,
    sandwich,
    saturated_information,
    score_map,
)
from acsi_sem.kernels.scaled_tests import scaling

Floats = NDArray[np.float64]


def normal_block(sigma: Floats) -> Floats:
    """The population's fourth-order block of centred normal answers, by Isserlis' theorem."""
    p = len(sigma)
    first, second = np.triu_indices(p)
    a, b = first[:, None], second[:, None]
    vech = sigma[first, second]
    block = np.zeros((width(p), width(p)))
    block[0, 0] = 1.0
    block[0, 1 + p :] = block[1 + p :, 0] = vech
    block[1 : 1 + p, 1 : 1 + p] = sigma
    spread = sigma[a, first] * sigma[b, second] + sigma[a, second] * sigma[b, first]
    block[1 + p :, 1 + p :] = spread + np.outer(vech, vech)
    return block


def skewed(case: Case, n: int = 60) -> Floats:
    """Skewed answers (n, p) with about the implied covariance matrix."""
    sigma = implied_covariance(case.compiled.structure, case.theta[None])[0]
    rng = np.random.default_rng(len(sigma))
    return np.asarray((rng.exponential(size=(n, len(sigma))) - 1) @ np.linalg.cholesky(sigma).T)


def z_of(values: Floats, mean: Floats) -> Floats:
    d = values - mean
    first, second = np.triu_indices(values.shape[1])
    return np.hstack([np.ones((len(d), 1)), d, d[:, first] * d[:, second]])


def casewise_scores(case: Case, values: Floats, mean: Floats) -> Floats:
    """Derivatives (n, k) of each row's normal log-likelihood, by their definition."""
    structure = case.compiled.structure
    step = 1e-6
    steps = step * np.eye(structure.size)

    def log_likelihood(theta: Floats) -> Floats:
        sigma = implied_covariance(structure, theta)
        inverse = np.linalg.inv(sigma)
        form = np.einsum("ni,kij,nj->kn", values - mean, inverse, values - mean)
        return np.asarray(-0.5 * (np.linalg.slogdet(sigma)[1][:, None] + form))

    difference = log_likelihood(case.theta + steps) - log_likelihood(case.theta - steps)
    return np.asarray(difference.T / (2 * step))


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_scores_are_derivatives_of_each_rows_likelihood(case: Case) -> None:
    values = skewed(case)
    structure, point = case.compiled.structure, locate(case.compiled.structure, case.theta[None])
    mean, covariance, _ = block_of_answers(values)
    scores = z_of(values, mean) @ score_map(structure, point)[0].T
    expected = casewise_scores(case, values, mean)
    # central differences with step 1e-6: truncation 1e-12, rounding 1e-15 / 1e-6, times a quadratic
    # form that can reach 1e3
    np.testing.assert_allclose(scores, expected, atol=1e-6 * np.abs(expected).max())
    slope = gradient(structure, point, covariance[None])[0]
    np.testing.assert_allclose(scores.mean(axis=0), -slope / 2, atol=1e-9 * np.abs(scores).max())


@settings(max_examples=15, deadline=None)
@given(case=cases(), weighted=st.booleans())
def test_meat_is_the_sum_of_squared_weighted_scores(case: Case, weighted: bool) -> None:
    values = skewed(case)
    n = len(values)
    weights = np.linspace(0.2, 3.0, n) if weighted else np.ones(n)
    mean, _, block = block_of_answers(values, weights)
    point = locate(case.compiled.structure, case.theta[None])
    maps = score_map(case.compiled.structure, point)
    scaled = weights * n / weights.sum()
    scores = scaled[:, None] * (z_of(values, mean) @ maps[0].T)
    expected = scores.T @ scores / n
    np.testing.assert_allclose(
        meat(maps, block[None])[0], expected, atol=1e-10 * np.abs(expected).max()
    )


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_normal_moments_give_the_textbook_errors_and_a_scaling_of_one(case: Case) -> None:
    structure, theta = case.compiled.structure, case.theta[None]
    point = locate(structure, theta)
    sigma = point.implied.covariance
    block = normal_block(sigma[0])[None]
    expected = information(structure, point)
    filling = meat(score_map(structure, point), block)
    # information identity: the variance of the score is the information
    np.testing.assert_allclose(filling, expected, atol=1e-9 * np.abs(expected).max())
    n = np.array([250.0])
    textbook, identified = inverse_information(expected)
    assume(identified.all() and np.linalg.cond(expected[0]) < 1e8)
    bread = observed_information(structure, theta, point, sigma)
    robust, _ = sandwich(bread, filling, n)
    np.testing.assert_allclose(robust, textbook / 250, rtol=1e-6, atol=1e-9)
    if structure.degrees_of_freedom > 0:
        for kind in ("mlr", "mlm"):
            for means in (False, True):
                found = scaling(structure, theta, sigma, block, kind, means=means)
                for value in (found.factor, found.h0, found.h1):
                    assert value[0] == pytest.approx(1.0, abs=1e-6)  # rounding over df >= 1


def test_stored_products_give_the_block_of_the_answers() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(1, 11, size=(50, 4)).astype(float)
    weights = rng.uniform(0.5, 2.0, size=50)
    weights *= 50 / weights.sum()
    origin = np.full(4, 5.5)
    incomplete = np.vstack([values, [np.nan, 1.0, 2.0, 3.0]])
    rows = products(incomplete, origin)[:, : width(4)]
    raw = row_block(np.append(weights, 7.0)[None], rows) / 50
    mean, _, block = block_of_answers(values, weights)
    found = recentre(raw, (mean - origin)[None])[0]
    np.testing.assert_allclose(found, block, atol=1e-10 * np.abs(block).max())


def test_blocks_add_over_chunks_and_frequencies_equal_repeated_rows() -> None:
    rng = np.random.default_rng(1)
    rows = z_of(rng.normal(size=(30, 3)), np.zeros(3))
    counts = rng.integers(1, 4, size=30).astype(float)
    whole = row_block(counts[None], rows)
    parts = row_block(counts[None, :11], rows[:11]) + row_block(counts[None, 11:], rows[11:])
    np.testing.assert_allclose(parts, whole, rtol=1e-12)
    repeated = np.repeat(rows, counts.astype(int), axis=0)
    found = row_block(counts[None], rows, frequency=True)
    np.testing.assert_allclose(found, row_block(np.ones((1, len(repeated))), repeated), rtol=1e-12)


@settings(max_examples=10, deadline=None)
@given(case=cases())
def test_errors_follow_the_units_of_the_items(case: Case) -> None:
    """z statistics of paths between constructs do not move when items change their units."""
    values = skewed(case, n=200)
    structure = case.compiled.structure
    point = locate(structure, case.theta[None])
    maps = score_map(structure, point)
    _, _, block = block_of_answers(values)
    found = meat(maps, block[None])[0]
    for units in (0.01, 100.0):
        # all items by one factor: Σ by its square, so that scores of covariances fall by it
        theta = case.theta.copy()
        covariances = structure.matrix >= 2
        theta[covariances] *= units**2
        other = score_map(structure, locate(structure, theta[None]))
        moved = meat(other, block_of_answers(values * units)[2][None])[0]
        factor = np.where(covariances, units**2, 1.0)
        np.testing.assert_allclose(
            moved * np.outer(factor, factor), found, atol=1e-9 * np.abs(found).max()
        )


def clustered() -> tuple[Floats, Floats, NDArray[np.intp], NDArray[np.intp]]:
    """z, weights, PSU of 60 rows, and stratum of 9 PSUs."""
    rng = np.random.default_rng(3)
    values = rng.exponential(size=(60, 2))
    psu = np.sort(rng.integers(0, 9, size=60))
    psu[:9] = np.arange(9)
    return (
        z_of(values, values.mean(axis=0)),
        rng.uniform(0.5, 2.0, 60),
        psu,
        np.array([0, 0, 0, 1, 1, 2, 2, 2, 2]),
    )


def test_cluster_block_is_the_linearised_variance_of_a_total() -> None:
    rows, weights, psu, strata = clustered()
    totals = cluster_totals(weights, rows, psu)
    share = np.array([0.1, 0.5, 0.0])
    expected = np.zeros((rows.shape[1], rows.shape[1]))
    for h in range(3):
        units = [totals[c] for c in range(9) if strata[c] == h]
        # n_h/(n_h - 1) Σ (t - t̄)(t - t̄)' = n_h times numpy's covariance with divisor n_h - 1
        spread = np.cov(np.array(units).T, ddof=1) * len(units)
        expected += (1 - share[h]) * spread
    np.testing.assert_allclose(cluster_block(totals, strata, share), expected, atol=1e-10)
    np.testing.assert_allclose(totals[4], (weights[:, None] * rows)[psu == 4].sum(axis=0))


def test_totals_add_over_chunks() -> None:
    rows, weights, psu, _ = clustered()
    last = np.array([8])
    first = cluster_totals(
        np.append(weights[:30], 0.0), np.vstack([rows[:30], rows[:1]]), np.append(psu[:30], last)
    )
    second = cluster_totals(
        np.append(weights[30:], 0.0), np.vstack([rows[30:], rows[:1]]), np.append(psu[30:], last)
    )
    np.testing.assert_allclose(first + second, cluster_totals(weights, rows, psu), atol=1e-12)


def test_a_stratum_with_one_cluster_is_refused() -> None:
    with pytest.raises(ValueError, match="single PSU"):
        cluster_block(np.ones((3, 2)), np.array([0, 0, 1]))


def fitted_variance(values: Floats) -> tuple[Floats, Floats]:
    """Influence map (1, 1, 3) of the variance of one item at its solution, and z."""
    from acsi_sem.kernels.scaled_tests import independence

    mean, covariance, _ = block_of_answers(values)
    structure = independence(1)
    point = locate(structure, covariance[0][None])
    maps = influence_map(score_map(structure, point), information(structure, point))
    return maps, z_of(values, mean)


def test_rows_as_clusters_give_the_sandwich_times_n_over_n_less_one() -> None:
    values = np.random.default_rng(4).exponential(size=(40, 1))
    maps, rows = fitted_variance(values)
    each = cluster_block(cluster_totals(np.ones(40), rows, np.arange(40)), np.zeros(40, dtype=int))
    plain = row_block(np.ones((1, 40)), rows)
    found = meat(maps, each[None])
    np.testing.assert_allclose(found, meat(maps, plain) * 40 / 39, rtol=1e-10)
    # closed form: the influence of a row on the variance is d² - s²
    influence = (values - values.mean()) ** 2 - values.var()
    np.testing.assert_allclose(meat(maps, plain)[0, 0, 0], (influence**2).sum(), rtol=1e-10)


def test_repeated_rows_in_a_cluster_bring_nothing() -> None:
    values = np.random.default_rng(4).exponential(size=(40, 1))
    twice = np.repeat(values, 2, axis=0)
    maps, rows = fitted_variance(values)
    maps_twice, rows_twice = fitted_variance(twice)
    psu = np.repeat(np.arange(40), 2)
    once = row_block(np.ones((1, 40)), rows) / 40**2
    block = cluster_block(cluster_totals(np.ones(80), rows_twice, psu), np.zeros(40, dtype=int))
    found = meat(maps_twice, block[None] / 80**2)
    np.testing.assert_allclose(found, meat(maps, once) * 40 / 39, rtol=1e-10)


@pytest.mark.parametrize("p", [1, 2, 4])
def test_saturated_information_is_the_kronecker_formula(p: int) -> None:
    root = np.random.default_rng(p).normal(size=(p, p + 2))
    sigma = root @ root.T
    first, second = np.triu_indices(p)
    duplication = np.zeros((p * p, len(first)))
    for place, (i, j) in enumerate(zip(first, second, strict=True)):
        duplication[i * p + j, place] = duplication[j * p + i, place] = 1.0
    inverse = np.linalg.inv(sigma)
    expected = duplication.T @ np.kron(inverse, inverse) @ duplication / 2
    found = saturated_information(sigma[None])[0]
    np.testing.assert_allclose(found, expected, atol=1e-12 * np.abs(expected).max())


def test_an_indefinite_bread_is_flagged() -> None:
    bread = np.array([[[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]])
    covariance, ok = sandwich(bread, np.eye(2)[None], np.array([10.0, 10.0]))
    assert ok.tolist() == [False, True]
    assert np.isnan(covariance[0]).all()
