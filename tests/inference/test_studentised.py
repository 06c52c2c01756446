"""Studentised limits: the textbook's bootstrap-t, rescaled and finite designs, raking, domains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acsi_model import acsi_model
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from simulated import make_survey

from acsi_sem.estimators.pls import PlsOptions, estimate_pls
from acsi_sem.inference.influence import Estimator, Fields, differentiate, drawn_units, sum_scales
from acsi_sem.inference.linearised import linearise
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import Sample, make_sample
from acsi_sem.inference.spreader import Spreader, pls_fields
from acsi_sem.inference.studentised import (
    Studentised,
    factor_chunks,
    forward_slopes,
    studentise,
)
from acsi_sem.kernels.moments import Floats
from acsi_sem.survey.survey import Survey

MODEL = acsi_model()
B = 200


def means_of(sample: Sample) -> Estimator:
    """Return means of the complete cases, and a constant."""

    def fields(sums: Floats) -> Fields:
        mean = sample.moments(sums).mean
        return {"mean": mean, "one": np.ones((len(sums), 1))}

    return fields


def pls_of(sample: Sample) -> Estimator:
    """Return the PLS estimator of a sample's sums."""

    def fields(sums: Floats) -> Fields:
        rows = np.full(len(sums), 300.0)
        return pls_fields(estimate_pls(MODEL, sample.moments(sums), rows, PlsOptions()))

    return fields


def studentised_means(sample: Sample, group: str = "all", count: int = B) -> Studentised:
    """Studentise the means of a sample."""
    found = linearise(means_of(sample), sample, group)
    factors = factor_chunks(sample, group, count, 1, "x")
    return studentise(means_of(sample), found, group, factors, ["mean", "one"])


def design(survey: Survey, **columns: object) -> Survey:
    """Return the survey with parts of its design replaced."""
    return replace(survey, design=replace(survey.design, **columns))  # type: ignore[arg-type]


def factors_of(sample: Sample, group: str = "all", count: int = B) -> Floats:
    """Return all factors at once."""
    return np.concatenate(list(factor_chunks(sample, group, count, 1, "x")))


def row_factors(sample: Sample, group: str = "all", count: int = B) -> Floats:
    """Return all factors at once, row by row of the group."""
    return factors_of(sample, group, count)[:, drawn_units(sample, group).unit]


def test_the_limits_of_a_mean_are_those_of_the_textbook() -> None:
    survey = make_survey(missing=0.0, sizes=(60,), grouped=False)
    sample = make_sample(survey)
    made = studentised_means(sample)
    y, times = survey.values, row_factors(sample).astype(int)
    resampled = [y[np.repeat(np.arange(60), row)] for row in times]
    draws = np.array([part.mean(axis=0) for part in resampled])
    errors = np.array([part.std(axis=0, ddof=1) for part in resampled]) / np.sqrt(60)
    # Forward differences by steps of 1e-5: errors of that order.
    assert_allclose(made.std_errors["mean"], errors, rtol=1e-4)
    t = (draws - y.mean(axis=0)) / errors
    se = y.std(axis=0, ddof=1) / np.sqrt(60)
    expected = y.mean(axis=0) - np.quantile(t, [0.95, 0.05], axis=0) * se
    spread = Spreader(studentised=made).spread(
        "mean", draws, y.mean(axis=0), np.ones(B, dtype=bool), 0.9
    )
    assert_allclose([spread.low, spread.high], expected, rtol=1e-5)
    assert_allclose(spread.std_error, se, rtol=1e-7)


def test_the_factors_are_those_of_the_replicates() -> None:
    sample = make_sample(make_survey())
    drawn = draw_replicates(sample, {}, replicates=B, seed=1, study="x")
    for group in ("all", "group 2"):
        rows = drawn_units(sample, group).rows
        sums = row_factors(sample, group) @ sample.products[rows]
        assert_allclose(sample.moments(sums).mean, drawn.moments[group].mean, rtol=1e-12)


def test_rescaled_replicates_are_samples_of_one_unit_less() -> None:
    survey = make_survey(missing=0.0, sizes=(90,), grouped=False)
    psu = (np.arange(90) // 5).astype(np.intp)
    sample = make_sample(design(survey, psu=psu, strata=psu // 9))
    made = studentised_means(sample)
    y = survey.values
    for row, errors in zip(factors_of(sample), made.std_errors["mean"], strict=True):
        weight = row[psu]
        influence = weight[:, None] * (y - weight @ y / weight.sum()) / weight.sum()
        totals = np.zeros((18, 13))
        np.add.at(totals, psu, influence)
        variance = 0.0
        for stratum in (0, 1):
            here = np.arange(18) // 9 == stratum
            times = np.rint(row[here] * 8 / 9).astype(int)  # 8 of 9 are drawn
            each = totals[here] / np.maximum(times, 1)[:, None]
            copies = each[np.repeat(np.arange(9), times)]
            assert len(copies) == 8
            variance = variance + 8 / 7 * ((copies - copies.mean(axis=0)) ** 2).sum(axis=0)
        assert_allclose(errors, np.sqrt(variance), rtol=1e-4)  # forward differences, as above


@pytest.mark.parametrize("fraction", [0.0, 0.3])
def test_a_replicates_variance_is_on_average_that_of_the_replicates(fraction: float) -> None:
    survey = make_survey(missing=0.0, sizes=(80,), grouped=False)
    strata = (np.arange(80) // 20).astype(np.intp)
    survey = design(survey, strata=strata, sampled=np.full(80, fraction))
    sample = make_sample(survey)
    made = studentised_means(sample, count=1200)
    moments = draw_replicates(sample, {}, replicates=1200, seed=1, study="x").moments["all"]
    spread = moments.mean.var(axis=0, ddof=1)
    # Five Monte-Carlo errors of a variance of 1,200 draws: 5 * sqrt(2 / 1200) = 0.2.
    assert_allclose((made.std_errors["mean"] ** 2).mean(axis=0), spread, rtol=0.2)
    assert_allclose(made.linearised.std_errors["mean"] ** 2, spread, rtol=0.2)


def test_strata_of_two_units_have_no_studentised_limits() -> None:
    survey = make_survey(missing=0.0, sizes=(80,), grouped=False)
    sample = make_sample(design(survey, strata=(np.arange(80) // 2).astype(np.intp)))
    made = studentised_means(sample)
    assert np.isnan(made.std_errors["mean"]).all()
    spread = Spreader(studentised=made).spread(
        "mean", np.ones((B, 13)), np.ones(13), np.ones(B, dtype=bool), 0.9
    )
    assert np.isnan(spread.low).all()
    assert np.isfinite(spread.std_error).all()
    assert "studentise" in spread.note((0,))


def test_frequencies_are_repeated_rows() -> None:
    survey = make_survey(missing=0.0, sizes=(60,), grouped=False)
    counts = np.random.default_rng(3).integers(1, 4, 60).astype(float)
    sample = make_sample(design(survey, weights=counts, weight_kind="frequency"))
    made = studentised_means(sample)
    for row, errors in zip(row_factors(sample), made.std_errors["mean"], strict=True):
        y = survey.values[np.repeat(np.arange(60), row.astype(int))]
        assert_allclose(errors, y.std(axis=0, ddof=1) / np.sqrt(len(y)), rtol=1e-4)


def test_units_without_rows_in_the_group_count_as_drawn() -> None:
    survey = make_survey(sizes=(150, 180), missing=0.0)
    psu = (np.arange(330) // 6).astype(np.intp)
    psu[149] = 40
    sample = make_sample(design(survey, psu=psu))
    made = studentised_means(sample, "group 1")
    row, errors = factors_of(sample, "group 1")[7], made.std_errors["mean"][7]
    y, weight = survey.values[:150], row[psu[:150]]
    deviation = (y - weight @ y / weight.sum()) / weight.sum()
    totals = np.zeros((55, 13))
    np.add.at(totals, psu[:150], deviation)
    mean = row @ totals / 55
    expected = np.sqrt(55 / 53 * (row[:, None] * (totals - mean) ** 2).sum(axis=0))
    assert_allclose(errors, expected, rtol=1e-4)


class Unraked:
    """Targets that explain nothing, and are met where the first respondent is drawn."""

    def rerake(self, weights: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Keep the weights."""
        return weights, weights[:, 0] > 0

    def residuals(self, influence: Floats, weights: Floats) -> Floats:
        """Keep the influence."""
        assert weights.shape == (330,)
        return influence


def test_raked_replicates_use_their_own_weights() -> None:
    weights = np.random.default_rng(2).uniform(0.5, 2, 330)
    plain = make_sample(make_survey(missing=0.0, weights=weights))
    raked = replace(plain, raking=Unraked())
    factors = np.random.default_rng(1).multinomial(150, np.full(150, 1 / 150), 8).astype(float)
    rows: list[Fields] = []
    for sample, units in ((plain, 150), (raked, 330)):
        chunk = np.ones((8, units))
        chunk[:, drawn_units(sample, "group 1").unit] = factors
        found = linearise(means_of(sample), sample, "group 1")
        rows.append(studentise(means_of(sample), found, "group 1", [chunk], ["mean"]).std_errors)
    failed = factors[:, 0] == 0
    assert 0 < failed.sum() < 8
    assert_array_equal(np.isnan(rows[1]["mean"]).all(axis=1), failed)
    # Both sums are the same in another order of addition, then differenced over 1e-5.
    assert_allclose(rows[1]["mean"][~failed], rows[0]["mean"][~failed], rtol=1e-6)


def test_a_constant_keeps_its_value() -> None:
    made = studentised_means(make_sample(make_survey(grouped=False)), count=20)
    spread = Spreader(studentised=made).spread(
        "one", np.ones((20, 1)), np.ones(1), np.ones(20, dtype=bool), 0.9
    )
    assert (spread.low[0], spread.high[0], spread.note((0,))) == (1.0, 1.0, "")


def test_forward_slopes_of_pls_are_its_derivatives() -> None:
    sample = make_sample(make_survey(grouped=False))
    rows = np.arange(330)
    scales, sums = sum_scales(sample, rows), sample.products.sum(axis=0)
    exact = differentiate(pls_of(sample), sums, scales)["index"].by_sum
    found = forward_slopes(pls_of(sample), scales, ["index"])(np.stack([sums, sums]))["index"]
    size = np.abs(exact * scales[:, None]).max(axis=0)
    # A forward difference is off by the curvature times half the step of 1e-5.
    assert_allclose(found[0] * scales[:, None] / size, exact * scales[:, None] / size, atol=1e-4)
    assert_array_equal(found[0], found[1])


def test_studentised_limits_of_pls_surround_the_estimate() -> None:
    sample = make_sample(make_survey(grouped=False, sizes=(250,)))
    found = linearise(pls_of(sample), sample, "all")
    factors = factor_chunks(sample, "all", 60, 1, "x")
    made = studentise(pls_of(sample), found, "all", factors, ["index", "paths"])
    moments = draw_replicates(sample, {}, replicates=60, seed=1, study="x").moments["all"]
    rows = np.full(60, 300.0)
    draws = pls_fields(estimate_pls(MODEL, moments, rows, PlsOptions()))["index"]
    point = pls_of(sample)(sample.products.sum(axis=0)[None])["index"][0]
    spread = Spreader(studentised=made).spread("index", draws, point, np.ones(60, bool), 0.95)
    assert (spread.low < point).all()
    assert (point < spread.high).all()
    ratio = made.std_errors["index"].mean(axis=0) / found.std_errors["index"]
    assert_allclose(ratio, 1.0, rtol=0.15)  # smooth in the sample: curvature and noise of 60 draws
