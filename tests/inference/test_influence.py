"""Influence values: closed forms, the jackknife, repeated rows; kinks and bends are seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acsi_model import acsi_model
from numpy.testing import assert_allclose, assert_array_equal
from simulated import make_survey, take

from acsi_sem.estimators.pls import PlsOptions, estimate_pls
from acsi_sem.inference.influence import (
    Fields,
    Slopes,
    Tangent,
    accelerations,
    differentiate,
    drawn_units,
    make_tangent,
    row_influence,
    sum_scales,
)
from acsi_sem.inference.intervals import BENT, NO_SLOPE
from acsi_sem.inference.linearised import Linearised, group_slopes, linearise, linearised_covariance
from acsi_sem.inference.sample import Sample, make_sample, point_sums
from acsi_sem.inference.spreader import Spreader, pls_fields
from acsi_sem.kernels.discriminant import htmt
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.spec.graph import blocks
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import Scheme

MODEL = acsi_model()
SHOWN = ("weights", "loadings", "paths", "r2", "r2_adj", "alpha", "rho_c", "ave")
SCORES = ("index", "direct", "indirect", "total")


def pooled(seed: int = 1, **options: object) -> Survey:
    """Make a survey without groups."""
    return make_survey(seed, grouped=False, **options)  # type: ignore[arg-type]


class Pls:
    """PLS of a sample's sums, for estimators and for jackknives."""

    def __init__(self, sample: Sample, scheme: Scheme = "path", rows: float = 300.0) -> None:
        self.sample, self.scheme, self.rows = sample, scheme, rows

    def __call__(self, sums: Floats) -> Fields:
        """Estimate a batch."""
        rows = np.full(sums.shape[0], self.rows)
        options = PlsOptions(scheme=self.scheme)
        return pls_fields(estimate_pls(MODEL, self.sample.moments(sums), rows, options))


def tangent(survey: Survey, group: str = "all", scheme: Scheme = "path") -> Tangent:
    """Differentiate PLS."""
    sample = make_sample(survey)
    return make_tangent(Pls(sample, scheme), sample, group)


def slopes_of(survey: Survey, scheme: Scheme = "path") -> dict[str, Slopes]:
    """Return the derivatives at the pooled sums."""
    sample = make_sample(survey)
    rows = np.arange(sample.weights.size)
    return differentiate(Pls(sample, scheme), point_sums(sample, rows)[0], sum_scales(sample, rows))


def of_jackknife(values: Floats) -> Floats:
    """Return the acceleration from delete-one estimates, Efron and Tibshirani (1993), 14.15."""
    lost = values.mean(axis=0) - values
    with np.errstate(invalid="ignore"):
        found: Floats = (lost**3).sum(axis=0) / (6 * (lost**2).sum(axis=0) ** 1.5)
    return found


# A row left out whole differs from the derivative by the curvature, O(1/n): 0.0025 moves a 95 %
# limit by 0.0025 * 1.96^2 = 0.01 standard errors. A thousandth of a row differs a thousandth of it.
@pytest.mark.parametrize(
    ("n", "part", "relative", "absolute"), [(1500, 1.0, 0.05, 2.5e-3), (150, 1e-3, 0.01, 2e-5)]
)
@pytest.mark.parametrize("scheme", ["path", "factorial", "centroid"])
def test_accelerations_are_those_of_the_jackknife(
    scheme: Scheme, n: int, part: float, relative: float, absolute: float
) -> None:
    survey = pooled(sizes=(n,))
    sample = make_sample(survey)
    left = sample.products.sum(axis=0) - part * sample.products  # less of every row in turn
    deleted = Pls(sample, scheme)(left)
    found = tangent(survey, scheme=scheme).accelerations
    for name in (*SHOWN, *SCORES):
        expected = of_jackknife(deleted[name])
        known = np.isfinite(expected) & (deleted[name].std(axis=0) > 1e-9 * part)
        assert known.any(), name
        assert_allclose(
            found[name][known], expected[known], rtol=relative, atol=absolute, err_msg=name
        )


def test_the_acceleration_of_a_rate_has_a_closed_form() -> None:
    survey = pooled(missing=0.0)
    answers = survey.values[:, 11]
    skewness = ((answers - answers.mean()) ** 3).mean() / answers.std() ** 3
    found = tangent(survey).accelerations["index"][4]  # complaints, one item: its mean times 100
    # The slopes are differences of noise 1e-12 over steps of 1e-5.
    assert found == pytest.approx(skewness / (6 * np.sqrt(330)), rel=1e-6)


def test_slopes_are_those_of_a_ratio() -> None:
    sums, scales = np.array([40.0, 10.0]), np.array([40.0, 20.0])
    found = differentiate(lambda s: {"mean": s[:, 1] / s[:, 0]}, sums, scales)["mean"]
    # Error of the order of the squared step, 1e-10, and of rounding over the step, 1e-11.
    assert_allclose(found.by_sum, [-10 / 1600, 1 / 40], rtol=1e-8)
    assert found.smooth


def test_influence_sums_to_zero() -> None:
    weights = np.random.default_rng(2).uniform(0.5, 2, 330)
    survey = pooled(weights=weights)
    sample, slopes = make_sample(survey), slopes_of(survey)
    units = drawn_units(sample, "all")
    for name in SCORES:
        by_sum = slopes[name].by_sum.reshape(sample.products.shape[1], -1)
        influence = row_influence(sample, units, by_sum)
        # Estimates do not change when all weights double; what is left is the noise of slopes.
        assert_allclose(
            influence.sum(axis=0) / np.abs(influence).sum(axis=0).clip(1e-9), 0, atol=1e-6
        )


def test_influence_predicts_what_a_small_change_of_weights_does() -> None:
    survey = pooled()
    sample, slopes = make_sample(survey), slopes_of(survey)
    change = np.random.default_rng(5).normal(size=330) * 1e-5
    sums = np.stack([np.ones(330), 1 + change]) @ sample.products
    before, after = (Pls(sample)(row[None]) for row in sums)
    for name in ("paths", *SCORES):
        by_sum = slopes[name].by_sum.reshape(sums.shape[1], -1)
        predicted = change @ row_influence(sample, drawn_units(sample, "all"), by_sum)
        moved = (after[name] - before[name]).ravel()
        # What is left is of second order in a change of 1e-5.
        assert_allclose(predicted, moved, rtol=1e-3, atol=1e-3 * np.abs(moved).max())


def test_frequencies_equal_repeated_rows() -> None:
    survey = pooled(3)
    counts = np.random.default_rng(3).integers(1, 4, 330)
    design = replace(survey.design, weights=counts.astype(float), weight_kind="frequency")
    weighted = tangent(replace(survey, design=design)).accelerations
    repeated = tangent(take(survey, np.repeat(np.arange(330), counts))).accelerations
    for name in (*SHOWN, *SCORES):
        # The same sums in another order of addition: slopes differ by their noise.
        assert_allclose(weighted[name], repeated[name], rtol=1e-5, atol=1e-7, err_msg=name)


def test_the_scale_of_sampling_weights_does_not_matter() -> None:
    weights = np.random.default_rng(4).uniform(0.5, 2, 330)
    one, other = (tangent(pooled(weights=w)).accelerations for w in (weights, 1000 * weights))
    for name in (*SHOWN, *SCORES):
        assert_allclose(one[name], other[name], rtol=1e-5, atol=1e-7, err_msg=name)


def test_sampling_units_are_totals_less_the_mean_of_their_stratum() -> None:
    psu = (np.arange(330) // 5).astype(np.intp)
    strata = (psu % 2).astype(np.intp)
    survey = pooled(missing=0.0)
    survey = replace(survey, design=replace(survey.design, psu=psu, strata=strata))
    answers = survey.values[:, 11] - survey.values[:, 11].mean()
    totals = np.bincount(psu, answers)
    for stratum in (0, 1):
        here = np.arange(66) % 2 == stratum
        totals[here] -= totals[here].mean()
    expected = (totals**3).sum() / (6 * (totals**2).sum() ** 1.5)
    found = tangent(survey).accelerations["index"][4]
    assert found == pytest.approx(expected, rel=1e-6)


def test_groups_drawn_apart_are_strata_of_all() -> None:
    survey = make_survey(missing=0.0)
    answers = survey.values[:, 11].copy()
    for part in (slice(0, 150), slice(150, 330)):
        answers[part] -= answers[part].mean()
    expected = (answers**3).sum() / (6 * (answers**2).sum() ** 1.5)
    assert tangent(survey).accelerations["index"][4] == pytest.approx(expected, rel=1e-6)


def test_units_without_rows_in_the_group_count_as_drawn() -> None:
    survey = make_survey(sizes=(150, 180), missing=0.0)
    psu = (np.arange(330) // 6).astype(np.intp)
    psu[149] = 40  # one unit runs across both groups, so units are drawn for the whole survey
    survey = replace(survey, design=replace(survey.design, psu=psu))
    units = drawn_units(make_sample(survey), "group 1")
    assert units.stratum.size == 55
    assert_array_equal(units.rows, np.arange(150))
    answers = survey.values[:150, 11] - survey.values[:150, 11].mean()
    totals = np.bincount(psu[:150], answers, minlength=55)
    expected = (totals**3).sum() / (6 * (totals**2).sum() ** 1.5)
    found = tangent(survey, "group 1").accelerations["index"][4]
    assert found == pytest.approx(expected, rel=1e-6)


def test_kinks_jumps_and_holes_are_not_smooth() -> None:
    def fields(sums: Floats) -> Fields:
        x = sums[:, 0] / 10
        with np.errstate(invalid="ignore"):
            hole = np.sqrt(x - 1)
        made = {"kink": np.abs(x - 1), "bent": np.maximum(x, 1 + 1.2 * (x - 1))}
        made |= {"jump": np.sign(x - 1), "beside": np.sign(x - 1.000001), "hole": hole}
        return made | {"square": (x - 0.99) ** 2, "constant": np.full_like(x, 3.0)}

    found = differentiate(fields, np.array([10.0, 4.0]), np.array([10.0, 0.0]))
    smooth = {name for name, part in found.items() if part.smooth}
    assert smooth == {"square", "constant"}
    assert_array_equal(found["constant"].by_sum, [0.0, 0.0])
    assert_array_equal(found["kink"].by_sum[1], 0.0)  # a sum that no row moves


def test_where_an_estimate_is_not_smooth_there_is_no_acceleration() -> None:
    sample = make_sample(pooled())
    rows = np.arange(330)
    sums, scales = point_sums(sample, rows)[0], sum_scales(sample, rows)
    place = sums[1] / sums[0]

    def fields(s: Floats) -> Fields:
        mean = s[:, 1] / s[:, 0]
        return {"both": np.column_stack([np.abs(mean - place), mean])}

    slopes = differentiate(fields, sums, scales)
    found = accelerations(sample, drawn_units(sample, "all"), slopes)["both"]
    assert np.isnan(found[0])
    assert np.isfinite(found[1])


def uncorrelated_survey() -> Survey:
    """Make answers whose expectations and values correlate at zero, to the last bits."""
    loadings = np.zeros((13, 2))
    loadings[[0, 1, 2, 3, 4, 5, 8, 9, 10, 12], 0] = 1.0
    loadings[[3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 1] = 0.7
    loadings *= np.array([1.0, 0.6, 0.3] * 4 + [0.8])[:, None]
    population = loadings @ loadings.T + np.eye(13)
    raw = np.random.default_rng(9).normal(size=(330, 13)) ** 3
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T, ddof=0))).T
    return replace(pooled(), values=5.0 + white @ np.linalg.cholesky(population).T)


def test_a_sign_about_to_turn_in_the_centroid_scheme_is_seen() -> None:
    survey = uncorrelated_survey()
    turning = tangent(survey, scheme="centroid").accelerations
    assert np.isnan(turning["weights"][[0, 1, 6, 7]]).all()
    assert np.isnan(turning["direct"][1, 0])
    smooth = tangent(survey, scheme="factorial").accelerations
    assert np.isfinite(smooth["weights"]).all()
    assert np.isfinite(smooth["direct"]).all()


def note_of(found: Linearised, field: str, at: tuple[int, ...]) -> str:
    """Return why an element's standard error is withheld."""
    errors = found.std_errors[field]
    spread = Spreader(linearised=found).spread(field, None, np.ones(errors.shape), None, 0.95)
    assert np.isnan(spread.std_error[at]) == np.isnan(spread.low[at])
    return spread.note(at)


def test_a_sign_about_to_turn_leaves_no_linearised_error_and_a_reason() -> None:
    sample = make_sample(uncorrelated_survey())
    found = linearise(Pls(sample, "centroid"), sample, "all")
    assert np.isnan(found.std_errors["weights"][[0, 1, 6, 7]]).all()
    assert "no derivative" in note_of(found, "weights", (6,))
    smooth = linearise(Pls(sample, "factorial"), sample, "all")
    assert np.isfinite(smooth.std_errors["weights"][[1, 6, 7]]).all()
    assert note_of(smooth, "weights", (6,)) == ""


def test_the_absolute_correlations_of_htmt_are_withheld_at_zero() -> None:
    sample = make_sample(uncorrelated_survey())

    def fields(sums: Floats) -> Fields:
        return {"htmt": htmt(correlations(sample.moments(sums).covariance), blocks(MODEL))}

    found = linearise(fields, sample, "all")
    assert "no derivative" in note_of(found, "htmt", (2, 0))
    assert note_of(found, "htmt", (3, 1)) == ""
    slopes = group_slopes(fields, sample, "all")
    covariance = linearised_covariance(sample, found.units, slopes, "htmt")
    kinked = found.reasons["htmt"].ravel() == NO_SLOPE
    assert_array_equal(np.isnan(np.diag(covariance)), kinked)


def test_what_is_not_linear_within_its_sampling_error_is_withheld() -> None:
    sample = make_sample(pooled(missing=0.0))
    sums = point_sums(sample, np.arange(330))[0]
    centre, se = (
        sums[1] / sums[0],
        np.sqrt(sums[14] / sums[0] - (sums[1] / sums[0]) ** 2) / 330**0.5,
    )

    def fields(s: Floats) -> Fields:
        away = (s[:, 1] / s[:, 0] - centre) / se
        near, far = away + 0.3, away + 6.0  # zero lies so many standard errors off
        made = {"kink": np.abs(near), "smooth": np.abs(far), "top": near**2, "slope": far**2}
        return {name: values[:, None] for name, values in made.items()}

    found = linearise(fields, sample, "all")
    reasons = {name: int(part[0]) for name, part in found.reasons.items()}
    assert reasons == {"kink": BENT, "smooth": 0, "top": BENT, "slope": 0}
    assert "too far from linear" in note_of(found, "top", (0,))
    # One standard error, as one divides by n and the other by n - 1; slopes are differences.
    assert found.std_errors["smooth"][0] == pytest.approx(np.sqrt(330 / 329), rel=1e-6)


def test_bends_do_not_depend_on_the_order_of_rows() -> None:
    survey = pooled(1)
    shuffled = take(survey, np.random.default_rng(1).permutation(330))
    one, other = (
        linearise(Pls(sample), sample, "all")
        for sample in (make_sample(survey), make_sample(shuffled))
    )
    for name in ("r2", "paths", "index"):
        assert_array_equal(one.reasons[name], other.reasons[name])
    assert one.reasons["r2"][4] == BENT  # complaints are hardly explained: an R2 near zero


def test_elements_at_a_bound_are_withheld_by_name() -> None:
    sample = make_sample(pooled())
    bound = np.arange(13) == 4
    found = linearise(Pls(sample), sample, "all", {"weights": bound})
    assert_array_equal(np.isnan(found.std_errors["weights"]), bound)
    assert "no derivative" in note_of(found, "weights", (4,))
