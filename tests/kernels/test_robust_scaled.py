"""Scaled tests against the trace formula written out, and the measures that follow."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from robust_cases import acsi, inference, sample

from acsi_sem.kernels.covariance import locate
from acsi_sem.kernels.fit_measures import fit_measures
from acsi_sem.kernels.lisrel import imply
from acsi_sem.kernels.mean_measures import with_means
from acsi_sem.kernels.robust import moments_about, saturated_information
from acsi_sem.kernels.scaled_tests import (
    Kind,
    Scaling,
    baseline_scaling,
    independence,
    scaled_measures,
    scaling,
)

Floats = NDArray[np.float64]


def slopes(theta: Floats) -> Floats:
    """dvech Σ / dθ (p(p+1)/2, k) by central differences."""
    structure = acsi().structure
    step = 1e-6
    steps = step * np.eye(len(theta))
    first, second = np.triu_indices(13)
    up = imply(structure, theta + steps).covariance[:, first, second]
    down = imply(structure, theta - steps).covariance[:, first, second]
    return np.asarray((up - down).T / (2 * step))


def test_satorra_bentler_is_the_trace_of_u_gamma() -> None:
    data, theta = sample("3003"), inference("MLM", "3003").theta
    structure = acsi().structure
    sigma = locate(structure, theta[None]).implied.covariance
    gamma = moments_about(data.block[None], data.cov[None])[0, 13:, 13:]
    weight = saturated_information(sigma)[0]
    delta = slopes(theta)
    bent = weight @ delta
    u = weight - bent @ np.linalg.inv(delta.T @ bent) @ bent.T
    expected = np.trace(u @ gamma) / 58
    found = scaling(structure, theta[None], data.cov[None], data.block[None], "mlm").factor[0]
    # central differences of Σ with step 1e-6: 1e-9 relative, amplified by the inverse
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", ["mlr", "mlm"])
@pytest.mark.parametrize("means", [False, True])
def test_a_batch_equals_its_elements(kind: Kind, means: bool) -> None:
    subsets = ("1001", "3003")
    theta = np.stack([inference("MLR", subset).theta for subset in subsets])
    cov = np.stack([sample(subset).cov for subset in subsets])
    block = np.stack([sample(subset).block for subset in subsets])
    structure = acsi().structure
    both = scaling(structure, theta, cov, block, kind, means=means)
    for b in range(2):
        one = slice(b, b + 1)
        alone = scaling(structure, theta[one], cov[one], block[one], kind, means=means)
        assert both.factor[b] == pytest.approx(alone.factor[0], rel=1e-12)


def test_saturated_means_do_not_change_the_factor_without_weights() -> None:
    """Both models count tr(Σ⁻¹S) = p for the means, which cancels."""
    data, theta = sample("1001"), inference("MLR", "1001").theta[None]
    structure = acsi().structure
    plain = scaling(structure, theta, data.cov[None], data.block[None])
    with_them = scaling(structure, theta, data.cov[None], data.block[None], means=True)
    assert with_them.factor[0] == pytest.approx(plain.factor[0], rel=1e-10)
    assert with_them.h0[0] == pytest.approx((plain.h0[0] * 33 + 13) / 46, rel=1e-10)


def test_without_degrees_of_freedom_there_is_no_factor() -> None:
    free = independence(1)
    cov = np.array([[[2.0]]])
    block = np.array([[[1.0, 0.0, 2.0], [0.0, 2.0, 1.0], [2.0, 1.0, 9.0]]])
    assert np.isnan(scaling(free, np.array([[2.0]]), cov, block).factor[0])


def test_a_factor_of_one_leaves_the_measures_as_they_are() -> None:
    data, theta = sample("1001"), inference("ML", "1001").theta[None]
    sigma = locate(acsi().structure, theta).implied.covariance
    plain = fit_measures(data.cov[None], sigma, 33, np.array([float(data.n)]))
    ones = Scaling(np.ones(1), np.ones(1), np.ones(1))
    found = scaled_measures(plain, ones, ones)
    for name, value in found.items():
        stem = name.removesuffix(".scaled").removesuffix(".robust")
        if stem in plain:
            assert value[0] == pytest.approx(plain[stem][0], rel=1e-12), name
    assert {n for n in found if n.endswith(".robust")} >= {"cfi.robust", "rmsea.ci.upper.robust"}


def test_yuan_bentler_also_scales_the_baseline() -> None:
    data = sample("3003")
    found = baseline_scaling(data.cov[None], data.block[None])
    diagonal = np.diag(data.cov)
    gamma = moments_about(data.block[None], data.cov[None])[0, 13:, 13:]
    first, second = np.triu_indices(13)
    kurtosis = np.diag(gamma)[first == second] / (2 * diagonal**2)
    # independence: the information about a variance v is 1/(2v²), observed and expected
    assert found.h0[0] == pytest.approx(kurtosis.mean(), rel=1e-10)


def test_means_add_moments_without_residuals() -> None:
    data, theta = sample("1001"), inference("ML", "1001").theta[None]
    sigma = locate(acsi().structure, theta).implied.covariance
    plain = fit_measures(data.cov[None], sigma, 33, np.array([float(data.n)]))
    found = with_means(plain, data.cov[None], sigma, data.mean[None])
    assert found["srmr"][0] == pytest.approx(plain["srmr"][0] * np.sqrt(91 / 104), rel=1e-12)
    assert found["bic"][0] - plain["bic"][0] == pytest.approx(13 * np.log(data.n), rel=1e-9)
