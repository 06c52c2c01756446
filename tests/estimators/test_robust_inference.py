"""Inference at a solution: names, effects, designs, and calls that cannot be answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from robust_cases import acsi, inference, sample

from acsi_sem.estimators.robust_inference import infer
from acsi_sem.kernels.fourth_moments import (
    block_of_answers,
    cluster_block,
    cluster_totals,
    recentring,
    width,
)
from acsi_sem.kernels.lisrel import implied_covariance
from acsi_sem.kernels.moments import products
from acsi_sem.kernels.observed_information import newton_polish

Floats = NDArray[np.float64]


def fitted(cov: Floats) -> Floats:
    start = inference("ML", "1001").theta
    found = newton_polish(acsi().structure, start[None], cov[None], tolerance=1e-12)
    assert found.ok.all(), found.slope
    return np.asarray(found.theta[0])


def test_total_effects_are_direct_and_indirect() -> None:
    found = inference("MLR", "3003")
    names = acsi().constructs
    direct = {(r.lhs, r.rhs): r for r in found.rows if r.op == "~"}
    for (target, source), row in direct.items():
        i, j = names.index(target), names.index(source)
        assert found.total.estimate[i, j] - found.indirect.estimate[i, j] == pytest.approx(
            row.estimate, abs=1e-12
        )
    # one path only leads to complaints from satisfaction: total = direct, with its error
    i, j = names.index("complaints"), names.index("satisfaction")
    row = direct["complaints", "satisfaction"]
    assert found.total.std_error[i, j] == pytest.approx(row.std_error, rel=1e-10)
    assert found.total.std_estimate_se[i, j] == pytest.approx(row.std_estimate_se, rel=1e-10)
    assert found.indirect.std_error[i, j] == pytest.approx(0.0, abs=1e-12)


def test_a_product_of_two_paths_has_sobels_error() -> None:
    found = inference("ML", "3003")
    names = acsi().constructs
    free = {(row.lhs, row.op, row.rhs): row.free for row in acsi().free}
    a = free["satisfaction", "~", "perceived_value"]
    b = free["complaints", "~", "satisfaction"]
    theta, spread = found.theta, found.covariance
    slope = np.zeros(len(theta))
    slope[a], slope[b] = theta[b], theta[a]
    i, j = names.index("complaints"), names.index("perceived_value")
    assert found.indirect.estimate[i, j] == pytest.approx(theta[a] * theta[b], rel=1e-12)
    assert found.indirect.std_error[i, j] == pytest.approx(
        np.sqrt(slope @ spread @ slope), rel=1e-10
    )


def test_robust_errors_exceed_the_textbooks_on_real_answers() -> None:
    ratio = inference("MLR", "3003").errors / inference("ML", "3003").errors
    assert 1.1 < np.median(ratio) < 2.0


def test_influence_sums_to_nothing_and_its_squares_to_the_covariance() -> None:
    rng = np.random.default_rng(8)
    sigma = implied_covariance(acsi().structure, inference("ML", "1001").theta[None])[0]
    values = (rng.exponential(size=(4000, 13)) - 1) @ np.linalg.cholesky(sigma).T
    mean, cov, block = block_of_answers(values)
    found = infer(acsi(), fitted(cov), cov, 4000, kind="robust", block=block)
    z = products(values, np.zeros(13))[:, : width(13)] @ recentring(mean[None])[0].T
    influence = z @ found.influence.T
    scale = np.abs(influence).max()
    np.testing.assert_allclose(influence.mean(axis=0), 0.0, atol=1e-9 * scale)
    expected = influence.T @ influence / 4000**2
    np.testing.assert_allclose(found.covariance, expected, atol=1e-9 * np.abs(expected).max())


def test_rows_as_clusters_differ_by_n_over_n_less_one() -> None:
    rng = np.random.default_rng(9)
    sigma = implied_covariance(acsi().structure, inference("ML", "1001").theta[None])[0]
    n = 400
    values = rng.normal(size=(n, 13)) @ np.linalg.cholesky(sigma).T
    mean, cov, block = block_of_answers(values)
    theta = fitted(cov)
    z = products(values, np.zeros(13))[:, : width(13)] @ recentring(mean[None])[0].T
    totals = cluster_totals(np.ones(n), z, np.arange(n))
    clusters = cluster_block(totals, np.zeros(n, dtype=np.intp)) / n
    robust = infer(acsi(), theta, cov, n, kind="robust", block=block, mean=mean)
    cluster = infer(acsi(), theta, cov, n, kind="cluster", block=clusters, mean=mean)
    np.testing.assert_allclose(cluster.errors, robust.errors * np.sqrt(n / (n - 1)), rtol=1e-8)
    # normal answers: both near the textbook's, whose ratio has a standard error near 1/sqrt(2n)
    textbook = infer(acsi(), theta, cov, n, kind="ml", mean=mean)
    assert np.median(robust.errors / textbook.errors) == pytest.approx(1.0, abs=0.05)
    assert robust.measures["chisq.scaling.factor"] == pytest.approx(1.0, abs=0.1)


def test_the_error_of_a_free_mean_is_the_standard_deviation_by_root_n() -> None:
    data = sample("3003")
    found = infer(
        acsi(), inference("MLR", "3003").theta, data.cov, data.n, block=data.block, mean=data.mean
    )
    row = next(r for r in found.rows if (r.lhs, r.op) == ("IDEAL", "~1"))
    i = acsi().items.index("IDEAL")
    assert row.std_error == pytest.approx(np.sqrt(data.cov[i, i] / data.n), rel=1e-10)
    # third moments enter the joint covariance, but not the errors of the other parameters
    without = inference("MLR", "3003").errors
    np.testing.assert_allclose(found.errors[:33], without, rtol=1e-10)


def test_an_information_that_is_not_positive_definite_is_flagged() -> None:
    data = sample("3003")
    far = inference("ML", "3003").theta * 3.0
    found = infer(acsi(), far, data.cov, data.n, kind="robust", block=data.block)
    assert not found.ok
    assert np.isnan(found.errors).all()


def test_calls_that_cannot_be_answered() -> None:
    data, theta = sample("1001"), inference("ML", "1001").theta
    compiled = acsi()
    with pytest.raises(ValueError, match="needs a fourth-order block"):
        infer(compiled, theta, data.cov, data.n, kind="robust")
    with pytest.raises(ValueError, match=r"shape \(105, 105\)"):
        infer(compiled, theta, data.cov, data.n, kind="mlm", block=data.block[1:, 1:])
    for kind in ("ml", "mlm"):
        with pytest.raises(ValueError, match="sampling weights"):
            infer(compiled, theta, data.cov, data.n, kind=kind, block=data.block, weighted=True)
    with pytest.raises(ValueError, match="kind must be one of"):
        infer(compiled, theta, data.cov, data.n, kind="hc3")  # type: ignore[arg-type]


def test_results_are_frozen_values() -> None:
    found = inference("ML", "1001")
    assert replace(found, ok=False).ok is False
    with pytest.raises(AttributeError):
        found.ok = False  # type: ignore[misc]


def test_clusters_of_one_size_give_a_mean_the_error_of_their_means() -> None:
    rng = np.random.default_rng(10)
    sigma = implied_covariance(acsi().structure, inference("ML", "1001").theta[None])[0]
    common = np.repeat(rng.normal(size=(80, 13)), 5, axis=0)
    noise = rng.normal(size=(400, 13))
    values = (0.6 * common + 0.8 * noise) @ np.linalg.cholesky(sigma).T
    mean, cov, _ = block_of_answers(values)
    z = products(values, np.zeros(13))[:, : width(13)] @ recentring(mean[None])[0].T
    totals = cluster_totals(np.ones(400), z, np.repeat(np.arange(80), 5))
    block = cluster_block(totals, np.zeros(80, dtype=np.intp)) / 400
    theta = inference("ML", "1001").theta  # the error of a mean does not depend on it
    found = infer(acsi(), theta, cov, 400, kind="cluster", block=block, mean=mean)
    expected = values.reshape(80, 5, 13).mean(axis=1).std(axis=0, ddof=1) / np.sqrt(80)
    np.testing.assert_allclose(found.errors[33:], expected, rtol=1e-9)
