"""Linearised standard errors: closed forms, another package, sandwiches, the bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
import statsmodels.api as sm
from acsi_model import acsi_model
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from simulated import make_survey, take

from acsi_sem.estimators.ols import estimate_ols
from acsi_sem.estimators.pls import PlsOptions, estimate_pls
from acsi_sem.inference.influence import Estimator, Fields
from acsi_sem.inference.linearised import (
    group_slopes,
    linearise,
    linearised_covariance,
)
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import Ints, Sample, make_sample
from acsi_sem.inference.spreader import Spreader, pls_fields, structural_fields
from acsi_sem.kernels.moments import Floats, Moments
from acsi_sem.survey.survey import Survey

MODEL = acsi_model()
RNG = np.random.default_rng(8)


def small_sample(
    values: Floats,
    weights: Floats,
    strata: Ints | None = None,
    psu: Ints | None = None,
    sampled: Floats | None = None,
) -> Sample:
    """Make a sample of one or two columns, of rows drawn at random unless there is a design."""
    n, p = values.shape
    blank = make_survey(sizes=(n,), grouped=False)
    return make_sample(
        replace(
            blank,
            items=tuple("yx"[:p]),
            values=values,
            low=np.zeros(p),
            high=np.zeros(p),
            factors=(),
            design=replace(blank.design, weights=weights, strata=strata, psu=psu, sampled=sampled),
        )
    )


def of_moments(sample: Sample, fields: Callable[[Moments], Fields]) -> Estimator:
    """Return an estimator of sums from fields of moments."""
    return lambda sums: fields(sample.moments(sums))


def two_columns(moments: Moments) -> Fields:
    """Return means, a total, a ratio and the regression of the first column on the second."""
    cov, mean = moments.covariance, moments.mean
    slope = cov[:, 0, 1] / cov[:, 1, 1]
    return {
        "mean": mean[:, :1],
        "total": mean[:, :1] * moments.weight[:, None],
        "ratio": mean[:, :1] / mean[:, 1:],
        "slope": slope[:, None],
        "intercept": (mean[:, 0] - slope * mean[:, 1])[:, None],
    }


def errors_of(sample: Sample) -> dict[str, float]:
    """Return the standard errors of `two_columns`."""
    found = linearise(of_moments(sample, two_columns), sample, "all").std_errors
    return {name: float(part[0]) for name, part in found.items()}


def pls_of(sample: Sample) -> Estimator:
    """Return the PLS estimator of a sample's sums."""

    def fields(moments: Moments) -> Fields:
        rows = np.full(moments.weight.shape, 300.0)
        return pls_fields(estimate_pls(MODEL, moments, rows, PlsOptions()))

    return of_moments(sample, fields)


def design(survey: Survey, **columns: object) -> Survey:
    """Return the survey with parts of its design replaced."""
    return replace(survey, design=replace(survey.design, **columns))  # type: ignore[arg-type]


def test_a_weighted_mean_has_its_closed_form() -> None:
    y, weights = RNG.normal(5, 2, (80, 2)), RNG.uniform(0.5, 2, 80)
    mean = weights @ y[:, 0] / weights.sum()
    squares = (weights**2 * (y[:, 0] - mean) ** 2).sum() / weights.sum() ** 2
    # Slopes are differences over steps of 1e-5 of functions with rounding 1e-16.
    found = errors_of(small_sample(y, weights))["mean"]
    assert found == pytest.approx(np.sqrt(80 / 79 * squares), rel=1e-7)


@dataclass(frozen=True)
class Reference:
    """Standard errors by svy 0.35.0 (Taylor linearisation) of the design in `formula_sample`."""

    finite: bool
    errors: dict[str, float]


REFERENCES = (
    Reference(
        False,
        {
            "mean": 0.4763807327753088,
            "total": 18.901161505314956,
            "ratio": 0.2329079634014433,
            "slope": 0.30449327739909826,
            "intercept": 0.8768449135705291,
        },
    ),
    Reference(
        True,
        {
            "mean": 0.3846937584378688,
            "total": 14.928416432679656,
            "ratio": 0.19016222489944784,
            "slope": 0.22913652773246468,
            "intercept": 0.6556094726829372,
        },
    ),
)


def formula_sample(*, finite: bool) -> Sample:
    """Make 24 rows in 12 PSUs of two rows in three strata, by formula."""
    i = np.arange(24)
    stratum, psu = i // 8, i // 2
    x = ((i * 11) % 13) / 2
    y = 3 + 0.5 * x + (i * 17) % 7 - ((i * 5) % 3) * stratum
    fractions = 4 / np.array([8, 16, 10])[stratum] if finite else None
    return small_sample(np.column_stack([y, x]), 1 + (i * 7 % 5) / 4, stratum, psu, fractions)


@pytest.mark.parametrize("reference", REFERENCES)
def test_means_totals_ratios_and_regressions_agree_with_svy(reference: Reference) -> None:
    found = errors_of(formula_sample(finite=reference.finite))
    for name, expected in reference.errors.items():
        # Numerical slopes, correct to the square of the step 1e-5 and rounding over it.
        assert found[name] == pytest.approx(expected, rel=1e-7), name


def test_a_slope_has_the_sandwich_of_heteroskedastic_errors() -> None:
    x = RNG.normal(size=90)
    y = 1 + 0.5 * x + RNG.normal(size=90) * (1 + np.abs(x))
    fit = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC0")
    found = errors_of(small_sample(np.column_stack([y, x]), np.ones(90)))
    expected = np.sqrt(90 / 89) * fit.bse
    assert_allclose([found["intercept"], found["slope"]], expected, rtol=1e-7)


def test_a_slope_has_the_sandwich_of_clusters() -> None:
    x, psu = RNG.normal(size=90), (np.arange(90) // 6).astype(np.intp)
    y = 1 + 0.5 * x + RNG.normal(size=15)[psu] + RNG.normal(size=90)
    weights = RNG.uniform(0.5, 2, 90)
    fit = sm.WLS(y, sm.add_constant(x), weights).fit(
        cov_type="cluster", cov_kwds={"groups": psu, "use_correction": False}
    )
    found = errors_of(small_sample(np.column_stack([y, x]), weights, psu=psu))
    expected = np.sqrt(15 / 14) * fit.bse
    assert_allclose([found["intercept"], found["slope"]], expected, rtol=1e-7)


def test_a_census_has_no_standard_error_and_a_fraction_shrinks_it() -> None:
    y, ones = RNG.normal(5, 2, (50, 2)), np.ones(50)
    plain = errors_of(small_sample(y, ones))["mean"]
    assert errors_of(small_sample(y, ones, sampled=ones))["mean"] == 0.0
    part = errors_of(small_sample(y, ones, sampled=ones * 0.36))["mean"]
    assert part == pytest.approx(0.8 * plain, rel=1e-12)


def designed_survey(n: int = 960) -> Survey:
    """Make a stratified, clustered, weighted survey whose clusters differ."""
    survey = make_survey(5, sizes=(n,), grouped=False)
    psu = (np.arange(n) // 6).astype(np.intp)
    lift = np.random.default_rng(6).integers(-2, 3, n // 6)[psu]
    values = survey.values.copy()
    items = [i for i in range(13) if i != 11]
    values[:, items] = np.clip(values[:, items] + lift[:, None], 1, 10)
    weights = np.random.default_rng(7).uniform(0.5, 2, n)
    survey = replace(survey, values=values)
    return design(survey, psu=psu, strata=psu // 40, weights=weights, weighted=True)


@pytest.mark.parametrize("clustered", [False, True])
def test_pls_agrees_with_the_bootstrap(clustered: bool) -> None:
    survey = designed_survey() if clustered else make_survey(4, sizes=(900,), grouped=False)
    sample = make_sample(survey)
    moments = draw_replicates(sample, {}, replicates=1500, seed=1, study="x").moments["all"]
    rows = np.full(1500, 300.0)
    draws = pls_fields(estimate_pls(MODEL, moments, rows, PlsOptions()))
    found = linearise(pls_of(sample), sample, "all")
    for name in ("index", "total", "paths", "loadings"):
        spread, errors = draws[name].std(axis=0, ddof=1), found.std_errors[name]
        moving = errors > 1e-9
        assert moving.sum() >= 6
        # A standard deviation of 1,500 draws has a Monte-Carlo error of 2 %; four of them, and
        # the curvature that linearisation leaves out.
        assert_allclose(errors[moving], spread[moving], rtol=0.1, err_msg=name)
    assert found.freedom == (156 if clustered else 899)


def test_clusters_that_differ_widen_the_index() -> None:
    clustered = make_sample(designed_survey())
    plain = make_sample(design(designed_survey(), psu=None, strata=None))
    wide, narrow = (linearise(pls_of(s), s, "all").std_errors["index"] for s in (clustered, plain))
    assert (wide[[0, 1, 2, 3]] > 1.2 * narrow[[0, 1, 2, 3]]).all()


def test_ols_effects_and_index_are_linearised_alike() -> None:
    sample = make_sample(make_survey(4, sizes=(900,), grouped=False))
    fields = of_moments(sample, lambda m: structural_fields(estimate_ols(MODEL, m, "available")))
    moments = draw_replicates(sample, {}, replicates=1500, seed=1, study="x").moments["all"]
    draws = structural_fields(estimate_ols(MODEL, moments, "available"))
    found = linearise(fields, sample, "all").std_errors
    for name in ("index", "direct", "total"):
        moving = found[name] > 1e-9
        spread = draws[name].std(axis=0, ddof=1)
        assert_allclose(found[name][moving], spread[moving], rtol=0.1)  # as above


def test_frequencies_equal_repeated_rows() -> None:
    survey = make_survey(3, grouped=False)
    counts = np.random.default_rng(3).integers(1, 4, 330)
    weighted = make_sample(design(survey, weights=counts.astype(float), weight_kind="frequency"))
    repeated = make_sample(take(survey, np.repeat(np.arange(330), counts)))
    one, other = (linearise(pls_of(s), s, "all") for s in (weighted, repeated))
    assert one.freedom == other.freedom == counts.sum() - 1
    for name in ("index", "paths", "weights"):
        # The same sums in another order of addition: slopes differ by their noise.
        assert_allclose(one.std_errors[name], other.std_errors[name], rtol=1e-5, atol=1e-9)


def test_the_scale_of_weights_does_not_matter() -> None:
    weights = np.random.default_rng(4).uniform(0.5, 2, 330)
    samples = [make_sample(make_survey(weights=w, grouped=False)) for w in (weights, 1e3 * weights)]
    one, other = (linearise(pls_of(s), s, "all").std_errors["index"] for s in samples)
    assert_allclose(one, other, rtol=1e-6)


def test_a_group_is_a_domain_where_units_run_across_groups() -> None:
    survey = make_survey(sizes=(150, 180), missing=0.0)
    psu = (np.arange(330) // 6).astype(np.intp)
    psu[149] = 40
    sample = make_sample(design(survey, psu=psu))
    means = of_moments(sample, lambda m: {"mean": m.mean})
    found = linearise(means, sample, "group 1")
    answers = survey.values[:150] - survey.values[:150].mean(axis=0)
    totals = np.zeros((55, 13))
    np.add.at(totals, psu[:150], answers / 150)
    expected = np.sqrt(55 / 54 * ((totals - totals.mean(axis=0)) ** 2).sum(axis=0))
    assert_allclose(found.std_errors["mean"], expected, rtol=1e-6)
    assert found.freedom == 26 - 1  # units with rows in the group


def test_groups_drawn_apart_are_strata_of_all() -> None:
    survey = make_survey(missing=0.0)
    sample = make_sample(survey)
    found = linearise(of_moments(sample, lambda m: {"mean": m.mean}), sample, "all")
    parts = [survey.values[:150], survey.values[150:]]
    variance = np.sum([len(part) * part.var(axis=0, ddof=1) for part in parts], axis=0) / 330**2
    assert_allclose(found.std_errors["mean"], np.sqrt(variance), rtol=1e-6)
    assert found.freedom == 328


class Halves:
    """Post-stratification to two cells: influence leaves its deviation from the cell's mean."""

    def __init__(self, cell: Ints) -> None:
        self.cell = np.eye(2)[cell]

    def rerake(self, weights: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Give each cell the weight of its rows."""
        scale = self.cell.sum(axis=0) / (weights @ self.cell)
        return weights * (scale @ self.cell.T), np.ones(len(weights), dtype=bool)

    def residuals(self, influence: Floats, weights: Floats) -> Floats:
        """Return deviations from the weighted mean of the cell."""
        cells = self.cell * weights[:, None]
        means = (cells.T @ influence) / cells.sum(axis=0)[:, None]
        return np.asarray(influence - self.cell @ means)


def test_raking_leaves_what_its_targets_do_not_explain() -> None:
    survey = make_survey(missing=0.0)
    cell = (survey.values[:, 0] > survey.values[:, 1]).astype(np.intp)
    sample = replace(make_sample(survey), raking=Halves(cell))
    found = linearise(of_moments(sample, lambda m: {"mean": m.mean}), sample, "group 1")
    # The mean of group 1 moves with rows of both groups: they shift weight between its cells.
    inside = np.arange(330) < 150
    own = survey.values[:150] - survey.values[:150].mean(axis=0)
    influence = np.zeros((330, 13))
    influence[:150] = own / 150
    for half in (cell == 0, cell == 1):
        influence[half] -= influence[half].mean(axis=0)
    parts = [influence[inside], influence[~inside]]
    variance = np.sum([len(part) * part.var(axis=0, ddof=1) for part in parts], axis=0)
    assert_allclose(found.std_errors["mean"], np.sqrt(variance), rtol=1e-6)


def test_the_mean_of_a_raked_margin_is_known() -> None:
    survey = make_survey(missing=0.0, grouped=False)
    cell = survey.values[:, 11].astype(np.intp)  # complaints are yes or no
    plain = make_sample(survey)
    raked = replace(plain, raking=Halves(cell))
    errors = [
        linearise(of_moments(s, lambda m: {"mean": m.mean}), s, "all").std_errors["mean"]
        for s in (plain, raked)
    ]
    assert errors[1][11] < 1e-6 * errors[0][11]  # noise of slopes
    assert (errors[1] < errors[0]).all()


def test_covariances_have_the_squared_errors_on_their_diagonal() -> None:
    sample = make_sample(make_survey(grouped=False))
    whole = linearise(pls_of(sample), sample, "all")
    slopes = group_slopes(pls_of(sample), sample, "all")
    covariance = linearised_covariance(sample, whole.units, slopes, "index")
    assert_allclose(np.sqrt(np.diag(covariance)), whole.std_errors["index"], rtol=1e-12)


def test_strata_of_single_units_are_told() -> None:
    strata = np.minimum(np.arange(50), 47).astype(np.intp)
    sample = small_sample(RNG.normal(size=(50, 2)), np.ones(50), strata)
    found = linearise(of_moments(sample, two_columns), sample, "all")
    assert (found.freedom, found.lonely) == (2, 47)
    alone = small_sample(RNG.normal(size=(50, 2)), np.ones(50), np.arange(50))
    nothing = linearise(of_moments(alone, two_columns), alone, "all")
    spread = Spreader(linearised=nothing).spread("mean", None, np.ones(1), None, 0.95)
    assert np.isnan(spread.std_error[0])
    assert "single unit" in spread.note((0,))
