"""The PLS estimator: weight policies, Mode B, PLSc, and what it says when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from acsi_model import BLOCKS as ITEMS_OF
from acsi_model import PATHS, SCALES, acsi_model, make_model
from golden_data import moments as stored
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.estimators.pls import (
    PlsEstimates,
    PlsOptions,
    estimate_pls,
    explain_failure,
    formative_blocks,
)
from acsi_sem.kernels.moments import Floats, Moments, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.plsc import disattenuate
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import IndexMeans, WeightsPolicy

MODEL = acsi_model()
BLOCKS, ARROWS = blocks(MODEL), adjacency(MODEL)
TURNED = [1, 8]  # one item of expectations and one of satisfaction
CRITERIA = ("alpha", "rho_a", "rho_c", "ave")
PLSC = PlsOptions(consistent=True)


def with_moments(mean: Floats, covariance: Floats) -> Moments:
    """Return a batch of one, every answer given."""
    weight = np.array([1000.0])
    full = np.full((1, mean.size), 1000.0)
    return Moments(weight, mean[None], covariance[None], full, mean[None])


def survey_moments(turned: Sequence[int] = ()) -> Moments:
    """Return the moments of 3003, some items turned round on their scale."""
    known, at = stored("3003"), list(turned)
    turn, mean = np.ones(13), known.mean.copy()
    turn[at] = -1
    mean[at] = 11 - mean[at]
    return with_moments(mean, known.cov * turn[:, None] * turn)


def fit(moments: Moments, options: PlsOptions | None = None, model: Model = MODEL) -> PlsEstimates:
    """Estimate, with 1,372 complete cases."""
    rows = np.full(moments.weight.size, 1372.0)
    if options is None:
        return estimate_pls(model, moments, rows)
    return estimate_pls(model, moments, rows, options)


def stack(*parts: Moments) -> Moments:
    """Return one batch of several."""
    fields = ("weight", "mean", "covariance", "item_weight", "item_mean")
    return Moments(*(np.concatenate([getattr(p, name) for p in parts]) for name in fields))


def test_plain_estimates_are_the_kernel_s() -> None:
    found = fit(survey_moments())
    r = correlations(stored("3003").cov[None])
    plain = pls(r, BLOCKS, ARROWS)
    assert_array_equal(found.weights, plain.weights)
    assert_array_equal(found.correlation, plain.correlation)
    assert_array_equal(np.isnan(found.rho_a[0]), [False] * 4 + [True] * 2)
    assert found.structural.ok[0]
    assert not found.bound.any()
    assert explain_failure(MODEL, found, 0) == ()


@pytest.mark.parametrize("means", ["available", "complete"])
def test_the_index_takes_the_means_it_is_told(means: IndexMeans) -> None:
    moments = survey_moments()
    moments = replace(moments, item_mean=moments.item_mean + 1.0)
    raised = means == "available"
    found = fit(moments, PlsOptions(means=means)).structural.index[0, 3]
    plain = fit(survey_moments()).structural.index[0, 3]
    assert found - plain == pytest.approx(100 / 9 if raised else 0.0, abs=1e-10)


def test_plsc_corrects_the_model_and_leaves_the_index() -> None:
    plain, found = fit(survey_moments()), fit(survey_moments(), PLSC)
    r = correlations(stored("3003").cov[None])
    expected = disattenuate(plain.weights, r, plain.correlation, BLOCKS, ARROWS)
    for field in ("loadings", "paths", "r2", "correlation"):
        assert_array_equal(getattr(found, field), getattr(expected, field))
    for field in ("weights", "alpha", "rho_a"):
        assert_array_equal(getattr(found, field), getattr(plain, field))
    assert_array_equal(found.structural.index, plain.structural.index)
    assert_array_equal(found.structural.index_weights, plain.structural.index_weights)
    assert (found.ave[0, :4] < plain.ave[0, :4]).all()
    assert found.structural.ok[0]


def test_effects_of_plsc_are_those_between_the_latent_variables() -> None:
    """Parallel items: on 0-100 scales the effect is that of eta times the loadings' ratio."""
    model = make_model({"a": "xyz", "b": "uvw"}, [("a", "b")])
    slope, load = 0.6, np.array([[1.5, 0.0]] * 3 + [[0.0, 0.9]] * 3)
    latent = np.array([[1.0, slope], [slope, slope**2 + 0.5]])
    covariance = load @ latent @ load.T + np.diag([1.0] * 3 + [0.7] * 3)
    found = fit(with_moments(np.full(6, 6.0), covariance), PLSC, model)
    assert found.structural.direct[0, 1, 0] == pytest.approx(slope * 0.9 / 1.5, abs=1e-12)
    plain = fit(with_moments(np.full(6, 6.0), covariance), model=model)
    reliability = 1.5**2 / (1.5**2 + 1 / 3)  # of the mean of the three items of a
    expected = slope * 0.9 / 1.5 * reliability
    assert plain.structural.direct[0, 1, 0] == pytest.approx(expected, abs=1e-12)


def test_an_inadmissible_correction_is_a_failed_replicate_with_its_reason() -> None:
    bad = survey_moments()
    covariance = bad.covariance.copy()
    covariance[0, :2, 2] = covariance[0, 2, :2] = -0.6  # WRONGX against its block
    both = stack(replace(bad, covariance=covariance), survey_moments())
    found = fit(both, PLSC)
    assert found.converged.all()
    assert found.structural.ok.tolist() == [False, True]
    assert np.isnan(found.structural.index[0]).all()
    assert np.isnan(found.structural.total[0]).all()
    assert explain_failure(MODEL, found, 1) == ()
    (reason, *_) = explain_failure(MODEL, found, 0)
    assert "expectations" in reason
    assert fit(both).structural.ok.all()  # plain PLS corrects nothing
    assert_array_equal(found.paths[1], fit(survey_moments(), PLSC).paths[0])


TWO_BLOCKS = make_model({"a": "xyz", "b": "uvw"}, [("a", "b")])


def two_blocks(first: float = 0.6, within: float | None = None, across: float | None = None) -> str:
    """Return the only complaint of PLSc about two blocks of loading 0.6, the first item's given."""
    load = np.array([[0.6, 0.0]] * 3 + [[0.0, 0.6]] * 3)
    load[0, 0] = first
    r = load @ np.array([[1.0, 0.4], [0.4, 1.0]]) @ load.T
    r[:3, :3] = r[:3, :3] if within is None else within
    if across is not None:
        r[:3, 3:] = r[3:, :3] = across
    np.fill_diagonal(r, 1.0)
    found = fit(with_moments(np.full(6, 6.0), r), PLSC, TWO_BLOCKS)
    assert found.converged[0]
    assert not found.structural.ok[0]
    (reason,) = explain_failure(TWO_BLOCKS, found, 0)
    return reason


def test_every_inadmissible_value_is_named_with_its_number() -> None:
    # rho_A of three parallel items is alpha: 3 r / (1 + 2 r).
    assert two_blocks(within=-0.1) == "PLSc: rho_A of a is -0.375, not within 0 and 1"
    # 0.4 between items of loading 0.6.
    beyond = "PLSc: the corrected correlation of a and b is 1.11111"
    assert two_blocks(across=0.4) == beyond
    assert two_blocks(first=1.05) == "PLSc: the corrected loading of x is 1.05"


def test_near_collinear_constructs_of_the_survey_are_named() -> None:
    found = fit(survey_moments([1, 9]), PlsOptions(policy="drop", consistent=True))
    assert explain_failure(MODEL, found, 0) == (
        "PLSc: the corrected correlations of the constructs are not positive definite",
    )


def without_turned() -> tuple[Model, Moments]:
    """Return the model and the moments without the turned items."""
    left = np.delete(np.arange(13), TURNED)
    moments = survey_moments()
    short = Moments(
        moments.weight,
        moments.mean[:, left],
        moments.covariance[:, left][:, :, left],
        moments.item_weight[:, left],
        moments.item_mean[:, left],
    )
    gone = {MODEL.indicators[i].name for i in TURNED}
    items = {name: [i for i in own if i not in gone] for name, own in ITEMS_OF.items()}
    model = make_model(items, PATHS, index="satisfaction", name="acsi", scales=SCALES)
    return model, short


@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("policy", ["drop", "nonnegative"])
def test_items_held_at_zero_leave_the_model_without_them(
    policy: WeightsPolicy, consistent: bool
) -> None:
    """Mode A regresses items apart: both policies end with the same items and weights."""
    found = fit(survey_moments(TURNED), PlsOptions(policy=policy, consistent=consistent))
    model, short = without_turned()
    expected = fit(short, PlsOptions(consistent=consistent), model)
    assert np.flatnonzero(found.bound[0]).tolist() == TURNED
    assert found.structural.ok[0]
    for field in (*CRITERIA, "paths", "r2", "r2_adj", "correlation"):
        # Started from other weights, both stop within the convergence criterion.
        assert_allclose(getattr(found, field), getattr(expected, field), atol=1e-10)
    assert_allclose(found.structural.index, expected.structural.index, atol=1e-8)
    assert_allclose(found.structural.total, expected.structural.total, atol=1e-10)
    assert (found.structural.index_weights[0] >= 0).all()
    assert (found.loadings[0, TURNED] < 0).all()


def test_the_default_policy_lets_negative_weights_be_seen() -> None:
    found = fit(survey_moments(TURNED))
    assert (found.weights[0, TURNED] < 0).all()
    assert not found.bound.any()


def test_criteria_of_agreement_are_not_given_for_mode_b() -> None:
    second = replace(MODEL.constructs[1], mode="B")
    last = replace(MODEL.constructs[5], mode="B")
    model = replace(MODEL, constructs=(MODEL.constructs[0], second, *MODEL.constructs[2:5], last))
    assert np.flatnonzero(formative_blocks(model)).tolist() == [1]
    found = fit(survey_moments(), model=model)
    for field in CRITERIA:
        assert np.isnan(getattr(found, field)[0]).tolist() == [
            False,
            True,
            False,
            False,
            True,
            True,
        ]
    assert found.structural.ok[0]
    assert found.weights[0, 3] != fit(survey_moments()).weights[0, 3]


def test_a_fit_that_fails_says_why() -> None:
    moments = survey_moments()
    covariance = moments.covariance.copy()
    covariance[0, 4] = covariance[0, :, 4] = 0.0
    for options in (PlsOptions(), PLSC, PlsOptions(policy="drop")):
        found = fit(replace(moments, covariance=covariance), options)
        assert not found.structural.ok[0]
        assert found.inadmissible[0] == 0
        assert explain_failure(MODEL, found, 0) == (
            "PLS did not converge: an item has no variance",
        )
