"""Accelerations of breakdown cells: against a jackknife that redoes everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acsi_model import acsi_model
from numpy.testing import assert_allclose
from simulated import make_survey, take

from acsi_sem.estimators.ols import estimate_ols
from acsi_sem.estimators.pls import PlsOptions, estimate_pls
from acsi_sem.estimators.structural import Structural, scale_ends
from acsi_sem.indices.cell_influence import cell_measures
from acsi_sem.inference.influence import Fields, Tangent, make_tangent, unit_acceleration
from acsi_sem.inference.sample import Sample, make_sample
from acsi_sem.inference.spreader import structural_fields
from acsi_sem.kernels.index import index_points
from acsi_sem.kernels.index_slopes import index_slopes, mean_slopes
from acsi_sem.kernels.moments import Floats, mean_columns, means_from_sums, moments_from_sums
from acsi_sem.spec.graph import blocks
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import Engine, IndexMeans

MODEL = acsi_model()
BLOCKS = blocks(MODEL)


def scores(sample: Sample, sums: Floats, engine: Engine, means: IndexMeans) -> Structural:
    """Score a batch of sums by an engine."""
    moments = moments_from_sums(sums, sample.origin)
    if engine == "ols":
        return estimate_ols(MODEL, moments, means)
    options = PlsOptions(means=means)
    return estimate_pls(MODEL, moments, np.full(len(sums), 300.0), options).structural


def tangent_of(sample: Sample, engine: Engine, means: IndexMeans) -> Tangent:
    """Differentiate an engine at the pooled sums."""

    def fields(sums: Floats) -> Fields:
        return structural_fields(scores(sample, sums, engine, means))

    return make_tangent(fields, sample, "all")


def found_of(survey: Survey, engine: Engine, means: IndexMeans) -> Floats:
    """Return the accelerations of the cells of the second factor, region."""
    sample, factor = make_sample(survey), survey.factors[1]
    weights = scores(sample, sample.weights[None] @ sample.products, engine, means).index_weights[0]
    tangent = tangent_of(sample, engine, means)
    categories = len(factor.categories)
    return cell_measures(
        MODEL, tangent, unit_acceleration, factor.codes, categories, weights, means
    )


def jackknife(survey: Survey, engine: Engine, means: IndexMeans, part: float) -> Floats:
    """Return the accelerations when a part of every row is left out in turn."""
    sample, factor = make_sample(survey), survey.factors[1]
    rows = sample.products
    weights = scores(sample, rows.sum(axis=0) - part * rows, engine, means).index_weights
    small = rows[:, mean_columns(13)]
    cells = []
    for k in range(len(factor.categories)):
        inside = (factor.codes == k)[:, None]
        centre = means_from_sums(
            small[inside[:, 0]].sum(axis=0) - part * small * inside, sample.origin, means
        )
        values = index_points(centre, weights, *scale_ends(MODEL), BLOCKS)
        lost = values.mean(axis=0) - values
        cells.append((lost**3).sum(axis=0) / (6 * (lost**2).sum(axis=0) ** 1.5))
    return np.array(cells)


@pytest.mark.parametrize("means", ["available", "complete"])
@pytest.mark.parametrize("engine", ["pls", "ols"])
def test_accelerations_are_those_of_the_jackknife(engine: Engine, means: IndexMeans) -> None:
    survey = make_survey(grouped=False)
    found = found_of(survey, engine, means)
    assert found.shape == (4, 6)
    # A thousandth of a row left out differs from the derivative by a thousandth of the curvature.
    expected = jackknife(survey, engine, means, 1e-3)
    assert_allclose(found, expected, rtol=0.01, atol=2e-5)


def test_frequencies_equal_repeated_rows() -> None:
    survey = make_survey(2, grouped=False)
    counts = np.random.default_rng(2).integers(1, 4, 330)
    design = replace(survey.design, weights=counts.astype(float), weight_kind="frequency")
    weighted = found_of(replace(survey, design=design), "pls", "available")
    repeated = found_of(take(survey, np.repeat(np.arange(330), counts)), "pls", "available")
    # The same sums in another order of addition: slopes differ by their noise.
    assert_allclose(weighted, repeated, rtol=1e-5, atol=1e-7)


def test_a_weight_that_is_not_smooth_withholds_its_construct() -> None:
    survey = make_survey(grouped=False)
    sample, factor = make_sample(survey), survey.factors[1]
    tangent = tangent_of(sample, "pls", "available")
    assert tangent.index_weights is not None

    def measured(local: Tangent) -> Floats:
        return cell_measures(
            MODEL, local, unit_acceleration, factor.codes, 4, np.ones(13), "available"
        )

    smooth = np.arange(13) != 4  # an item of perceived quality
    bent = replace(tangent, index_weights=replace(tangent.index_weights, smooth=smooth))
    found = measured(bent)
    assert np.isnan(found[:, 1]).all()
    assert np.isfinite(np.delete(found, 1, axis=1)).all()
    with pytest.raises(ValueError, match="index_weights"):
        measured(replace(tangent, index_weights=None))


def test_slopes_are_differences() -> None:
    rng = np.random.default_rng(7)
    means, weights = rng.uniform(2, 9, (1, 13)), rng.uniform(0.2, 1, (1, 13))
    ends = scale_ends(MODEL)
    by_mean, by_weight = index_slopes(means, weights, *ends, BLOCKS)
    nudge = 1e-6 * np.eye(13)
    for slopes, up, down in (
        (by_mean, (means + nudge, weights), (means - nudge, weights)),
        (by_weight, (means, weights + nudge), (means, weights - nudge)),
    ):
        above, below = (
            index_points(m + 0 * nudge, w + 0 * nudge, *ends, BLOCKS) for m, w in (up, down)
        )
        differences = (above - below)[np.arange(13), BLOCKS] / 2e-6
        # Rounding of 100 points over a step of 1e-6: 1e-8.
        assert_allclose(slopes[0], differences, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("means", ["available", "complete"])
def test_mean_slopes_are_differences(means: IndexMeans) -> None:
    sums = np.random.default_rng(8).uniform(1, 9, 1 + 3 * 2)
    nudge = 1e-6 * np.eye(7)
    above, below = (means_from_sums(sums + s * nudge, np.zeros(2), means) for s in (1, -1))
    assert_allclose(mean_slopes(sums, means), (above - below) / 2e-6, rtol=1e-7, atol=1e-8)
