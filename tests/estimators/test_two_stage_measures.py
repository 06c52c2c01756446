"""What is said of components: reliability, shares of the index, the baseline's weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from acsi_model import BLOCKS
from golden_data import moments as stored
from numpy.testing import assert_allclose
from simulated import draw_answers
from two_stage_cases import correlation_of, moments_of, offer_model

from acsi_sem.estimators.ols import estimate_ols, fit_ols
from acsi_sem.estimators.two_stage import TwoStageSolution, solve_two_stage
from acsi_sem.estimators.two_stage_measures import (
    component_quality,
    component_shares,
    per_construct,
)
from acsi_sem.kernels.index import index_points
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.quality import cronbach_alpha
from acsi_sem.spec.graph import answer_places, blocks
from acsi_sem.spec.model import Model


def test_quality_is_of_the_components() -> None:
    model = offer_model()
    found = solve_two_stage(model, correlation_of(model))
    quality = component_quality(model, found)
    r = found.whole.correlation[0, 1, 2]
    loadings = found.part_loadings[0]
    assert quality.alpha[0, 6] == pytest.approx(2 * r / (1 + r))
    assert quality.ave[0, 6] == pytest.approx((loadings**2).mean())
    common = loadings.sum() ** 2
    assert quality.rho_c[0, 6] == pytest.approx(common / (common + (1 - loadings**2).sum()))
    plain = cronbach_alpha(correlations(stored("1001").cov[None]), blocks_of_acsi())[0]
    assert_allclose(quality.alpha[0, :6], plain, rtol=1e-12)
    assert_allclose(quality.ave[0, 1], (found.first.solution.loadings[0, 3:6] ** 2).mean())
    assert per_construct(model, found, lambda s: s.solution.r2)[0, 6] == found.whole.r2[0, 6]


def test_quality_leaves_out_what_the_policy_holds() -> None:
    model = offer_model()
    turn = np.array([-1.0 if item.name == "WRONGQ" else 1.0 for item in model.indicators])
    found = solve_two_stage(
        model, correlation_of(model) * turn[:, None] * turn, policy="nonnegative"
    )
    loadings = found.first.solution.loadings[0, 3:5]
    r = correlation_of(model)[0, 3, 4]
    quality = component_quality(model, found)
    assert quality.alpha[0, 1] == pytest.approx(2 * r / (1 + r))
    assert quality.ave[0, 1] == pytest.approx((loadings**2).mean())
    assert np.isfinite(quality.alpha[0, 6])


def blocks_of_acsi() -> Any:
    """Return the block of each of the 13 indicators."""
    return np.repeat(np.arange(6), [len(block) for block in BLOCKS.values()])


def index_of(model: Model, found: TwoStageSolution) -> tuple[Floats, Floats]:
    """Return index weights and the 0-100 indices."""
    moments = moments_of(model)
    weights = found.whole.weights / moments.sd
    low = np.array([item.low for item in model.indicators])
    high = np.array([item.high for item in model.indicators])
    return weights, index_points(moments.mean, weights, low, high, blocks(model))


def test_the_index_is_the_mean_of_the_components_by_their_shares() -> None:
    model = offer_model()
    found = solve_two_stage(model, correlation_of(model))
    weights, index = index_of(model, found)
    shares = component_shares(model, weights)[0]
    assert shares.sum() == pytest.approx(1, abs=1e-14)
    assert index[0, 6] == pytest.approx(shares @ index[0, 1:3], abs=1e-11)
    assert (shares > 0.2).all()


def test_the_baseline_averages_the_repeated_items() -> None:
    model = offer_model()
    rows = draw_answers(np.random.default_rng(8), 300)
    values = rows[:, answer_places(model)]
    result = fit_ols(model, values, np.ones(300), frequency=False, group="all", level=0.95)
    assert result.diagnosis.ok
    paths = {(r["lhs"], r["rhs"]): r["estimate"] for r in result.estimates if r["op"] == "~"}
    offer = 100 * (rows[:, 3:8].mean(axis=1) - 1) / 9
    score = 100 * (rows[:, 8:11].mean(axis=1) - 1) / 9
    before = 100 * (rows[:, :3].mean(axis=1) - 1) / 9
    expected = np.linalg.lstsq(np.column_stack((np.ones(300), before, offer)), score, rcond=None)[0]
    assert paths["satisfaction", "offer"] == pytest.approx(expected[2], abs=1e-10)
    weights = [r["estimate"] for r in result.estimates if (r["lhs"], r["op"]) == ("offer", "<~")]
    assert weights == [0.2] * 5
    point = estimate_ols(model, moments_of(model), "complete")
    assert point.index[0, 6] == pytest.approx(
        100 * (stored("1001").mean[3:8].mean() - 1) / 9, abs=1e-10
    )
