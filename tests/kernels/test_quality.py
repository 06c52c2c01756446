"""Quality criteria: closed forms (R's numbers are in test_pls)."""

from __future__ import annotations

import numpy as np
import pytest

from acsi_sem.kernels.quality import (
    adjusted_r2,
    average_variance_extracted,
    composite_reliability,
    cronbach_alpha,
)

BLOCKS = np.array([0, 0, 0, 1])


def test_parallel_items_follow_spearman_brown() -> None:
    r = np.eye(4)
    r[:3, :3] += 0.6 * (1 - np.eye(3))
    alpha = cronbach_alpha(r[None], BLOCKS)[0]
    assert alpha[0] == pytest.approx(3 * 0.6 / (1 + 2 * 0.6), rel=1e-14)
    assert np.isnan(alpha[1])  # a single item has no internal consistency


def test_equal_loadings() -> None:
    loadings = np.array([[0.8, 0.8, 0.8, 1.0]])
    rho = composite_reliability(loadings, BLOCKS)[0]
    assert rho[0] == pytest.approx(9 * 0.64 / (9 * 0.64 + 3 * 0.36), rel=1e-14)
    ave = average_variance_extracted(loadings, BLOCKS)[0]
    assert ave[0] == pytest.approx(0.64, rel=1e-14)
    assert np.isnan(rho[1])
    assert np.isnan(ave[1])


def test_adjusted_r2_of_one_predictor_and_two_rows_more_than_parameters() -> None:
    found = adjusted_r2(np.array([[0.5]]), np.array([4.0]), np.array([1]))
    assert found[0, 0] == pytest.approx(1 - 0.5 * 3 / 2, rel=1e-14)
