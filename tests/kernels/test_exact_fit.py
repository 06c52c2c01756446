"""The bootstrap test of exact fit: what it must reject, what it must not, named outcomes."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import moments
from numpy.testing import assert_allclose

from acsi_sem.kernels.composite_fit import distances, implied_item_correlation
from acsi_sem.kernels.exact_fit import (
    IMPROPER_MODEL,
    MEASURES,
    SINGULAR_SAMPLE,
    exact_fit,
)
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.spec.graph import adjacency, blocks

MODEL = acsi_model()
BLOCKS, ARROWS = blocks(MODEL), adjacency(MODEL)
FORMATIVE = np.ones(6, dtype=bool)
COMPOSITES = np.zeros(6, dtype=bool)
SIZE = 400


def saturated(correlation: Floats) -> Floats:
    """Fit by Mode B and return what the composites imply when they correlate freely."""
    fit = pls(correlation, BLOCKS, ARROWS, "factorial", modes=FORMATIVE)
    scores = np.where(fit.converged[:, None, None], fit.correlation, np.nan)
    return implied_item_correlation(correlation, fit.loadings, scores, BLOCKS, COMPOSITES)


def true_model() -> Floats:
    """Return item correlations (13, 13) at which the composite model holds."""
    return np.asarray(saturated(correlations(moments("3003").cov[None]))[0])


def resamples(population: Floats, count: int, seed: int) -> Floats:
    """Draw covariance matrices of samples of `SIZE` rows."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(population)
    return np.stack([np.cov(root @ rng.normal(size=(13, SIZE))) for _ in range(count)])


def test_a_model_that_holds_is_reproduced_by_its_fit() -> None:
    truth = true_model()[None]
    found = distances(truth, saturated(truth))
    # to the tolerance of the iteration
    assert_allclose([getattr(found, name)[0] for name in MEASURES], 0.0, atol=1e-9)


def test_a_true_model_is_kept_and_a_false_one_rejected() -> None:
    truth = true_model()
    sample = resamples(truth, 1, seed=11)[0]
    kept = exact_fit(
        sample, saturated(correlations(sample[None]))[0], resamples(sample, 200, 1), saturated
    )
    false = truth.copy()
    false[0, 3] = false[3, 0] = false[0, 3] - 0.25
    sample = resamples(false, 1, seed=11)[0]
    left = exact_fit(
        sample, saturated(correlations(sample[None]))[0], resamples(sample, 200, 2), saturated
    )
    for name in MEASURES:
        assert kept.measures[name].p_value > 0.05, name
        assert kept.measures[name].value < kept.measures[name].quantile, name
        assert left.measures[name].p_value < 0.05, name
        assert left.measures[name].value > left.measures[name].quantile, name
    assert (kept.used, kept.failed, kept.problem, kept.level) == (200, 0, "", 0.95)


def test_units_of_the_items_change_nothing() -> None:
    sample = resamples(true_model(), 1, seed=5)[0]
    draws = resamples(sample, 30, 3)
    implied = saturated(correlations(sample[None]))[0]
    unit = np.geomspace(0.01, 100, 13)
    plain = exact_fit(sample, implied, draws, saturated)
    moved = exact_fit(
        sample * unit * unit[:, None], implied, draws * unit * unit[:, None], saturated
    )
    for name in MEASURES:
        assert moved.measures[name].quantile == pytest.approx(
            plain.measures[name].quantile, rel=1e-6
        )
        assert moved.measures[name].p_value == plain.measures[name].p_value


def test_replicates_equal_to_the_sample_fit_exactly() -> None:
    """T turns the sample's correlations into those implied."""
    sample = moments("1001").cov
    implied = saturated(correlations(sample[None]))[0]
    seen: list[Floats] = []

    def remember(moved: Floats) -> Floats:
        seen.append(moved)
        return moved

    found = exact_fit(sample, implied, np.stack([sample, sample]), remember)
    assert_allclose(seen[0], np.stack([implied, implied]), atol=1e-10)
    assert {d.p_value for d in found.measures.values()} == {0.0}
    assert max(d.quantile for d in found.measures.values()) < 1e-12  # rounding


def test_named_outcomes() -> None:
    good = np.eye(2)
    draws = np.stack([good] * 20)
    singular, improper = np.ones((2, 2)), np.array([[1.0, 1.5], [1.5, 1.0]])
    constant = np.diag([1.0, 0.0])
    cases = [
        (singular, good, SINGULAR_SAMPLE),
        (constant, good, SINGULAR_SAMPLE),
        (good, improper, IMPROPER_MODEL),
        (good, np.full((2, 2), np.nan), IMPROPER_MODEL),
    ]
    for sample, implied, problem in cases:
        found = exact_fit(sample, implied, draws, lambda r: r)
        assert found.problem == problem
        assert all(np.isnan(d.p_value) for d in found.measures.values())


@pytest.mark.parametrize(("lost", "problem"), [(1, ""), (2, "2 of 20 refits failed")])
def test_more_failures_than_one_in_twenty_withhold_the_test(lost: int, problem: str) -> None:
    def fails(r: Floats) -> Floats:
        return np.where(np.arange(20)[:, None, None] < lost, np.nan, r)

    found = exact_fit(np.eye(2), np.eye(2), np.stack([np.eye(2)] * 20), fails)
    assert (found.problem, found.used, found.failed) == (problem, 20 - lost, lost)
    assert np.isnan(found.measures["srmr"].p_value) == bool(problem)


def test_the_quantile_has_the_asked_level() -> None:
    rho = np.linspace(-0.5, 0.5, 101)
    draws = np.stack([np.array([[1.0, r], [r, 1.0]]) for r in rho])
    found = exact_fit(np.eye(2), np.eye(2), draws, lambda r: np.eye(2) + 0 * r, level=0.9)
    assert found.measures["d_uls"].quantile == pytest.approx(np.quantile(rho**2, 0.9), rel=1e-12)
    with pytest.raises(ValueError, match="level"):
        exact_fit(np.eye(2), np.eye(2), draws, lambda r: r, level=1.0)
