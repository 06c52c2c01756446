"""Standard errors of the OLS baseline under a design: sandwiches, closed forms, reasons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from acsi_model import acsi_model
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student
from simulated import make_survey

from acsi_sem.analysis.ols_runs import linearised_rows
from acsi_sem.analysis.pipeline import fit
from acsi_sem.estimators.ols import estimate_ols, fit_ols, regression_fields, score_matrix
from acsi_sem.estimators.result import EngineResult
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.intervals import BENT, NO_FREEDOM, NO_SLOPE, WITHHELD
from acsi_sem.inference.linearised import Linearised, linearise
from acsi_sem.inference.sample import group_moments, make_sample
from acsi_sem.kernels.raking import Margin
from acsi_sem.kernels.raking_rows import RakingPlan, make_part, rake_rows
from acsi_sem.spec.graph import endogenous, sources_of
from acsi_sem.survey.survey import Survey
from acsi_sem.tables.schema import records

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

MODEL = acsi_model()
N = 480
PSU = (np.arange(N) // 12).astype(np.intp)
WEIGHTS = np.random.default_rng(5).uniform(0.5, 2.0, N)


def assert_near(found: ArrayLike, expected: ArrayLike) -> None:
    """Compare linearised numbers: central differences, exact to about 1e-9 of their size."""
    assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=1e-7, atol=1e-10)


def designed(missing: float = 0.02, **parts: object) -> Survey:
    """Return an ungrouped survey with the parts of a design."""
    survey = make_survey(4, (N,), grouped=False, missing=missing)
    return replace(survey, design=replace(survey.design, **parts))  # type: ignore[arg-type]


def estimates(survey: Survey, **asked: object) -> pd.DataFrame:
    """Return slopes and intercepts of OLS without replicates."""
    given = {"engines": ("ols",), "bootstrap": 0} | asked
    table = fit(MODEL, survey, **given).estimates  # type: ignore[arg-type]
    return table[table["op"] != "<~"].reset_index(drop=True)


def equations(survey: Survey) -> list[tuple[str, Floats, Floats]]:
    """Return target, answers and design matrix (slopes first) of each equation's complete rows."""
    kept = survey.complete
    scores = (survey.values[kept] - survey.low) @ score_matrix(MODEL).T
    place = {name: i for i, name in enumerate(MODEL.construct_names)}
    found = []
    for target in endogenous(MODEL):
        columns = [place[source] for source in sources_of(MODEL, target)]
        design = np.column_stack([scores[:, columns], np.ones(kept.sum())])
        found.append((target, scores[:, place[target]], design))
    return found


def influences(survey: Survey) -> dict[str, Floats]:
    """Return what each row's weight moves each coefficient by, per unit; zero if incomplete."""
    kept, weights = survey.complete, survey.design.weights[survey.complete]
    found = {}
    for target, answer, design in equations(survey):
        bread = np.linalg.inv((design * weights[:, None]).T @ design)
        residual = answer - design @ (bread @ (design.T @ (weights * answer)))
        each = np.zeros((kept.size, design.shape[1]))
        each[kept] = residual[:, None] * design @ bread
        found[target] = each
    return found


def own(table: pd.DataFrame, target: str) -> pd.DataFrame:
    return table[table["lhs"] == target]


@pytest.mark.parametrize("weights", [np.ones(N), WEIGHTS])
def test_psus_make_the_cluster_sandwich_of_statsmodels(weights: Floats) -> None:
    survey = designed(psu=PSU, weights=weights, weighted=True)
    table = estimates(survey)
    units, kept = PSU.max() + 1, survey.complete
    for target, answer, design in equations(survey):
        found = sm.WLS(answer, design, weights=weights[kept]).fit(
            cov_type="cluster", cov_kwds={"groups": PSU[kept], "use_correction": False}
        )
        rows = own(table, target)
        errors = found.bse * np.sqrt(units / (units - 1))  # surveys divide by units less one
        assert_near(rows["std_error"], errors)
        assert_near(rows["estimate"], found.params)
        reach = student.ppf(0.975, units - 1) * errors
        assert_near(rows["conf_high"], found.params + reach)
        assert_near(rows["conf_low"], found.params - reach)
        tests = 2 * student.sf(np.abs(found.params / errors), units - 1)
        assert_allclose(rows["p_value"], tests, rtol=1e-5, atol=1e-12)  # tails magnify 1e-7
    assert set(table["se_type"]) == {"linearised"}


def test_strata_and_a_finite_population_shrink_errors_as_taylor_says() -> None:
    strata = (PSU // 10).astype(np.intp)
    fractions = np.array([0.1, 0.2, 0.3, 0.5])
    survey = designed(psu=PSU, strata=strata, sampled=fractions[strata], weights=WEIGHTS)
    table = estimates(survey)
    for target, each in influences(survey).items():
        totals = np.add.reduceat(each * WEIGHTS[:, None], np.arange(0, N, 12), axis=0)
        apart = totals.reshape(4, 10, -1)
        within = ((apart - apart.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        variance = ((1 - fractions)[:, None] * 10 / 9 * within).sum(axis=0)
        assert_near(own(table, target)["std_error"], np.sqrt(variance))


def raked() -> tuple[Survey, list[Ints]]:
    """Return a survey raked to two margins, and their codes."""
    rng = np.random.default_rng(6)
    base = designed(missing=0.0)
    # Margins that go with the answers, so that raking takes variance away.
    codes = [(base.values[:, k] > np.median(base.values[:, k])).astype(np.intp) for k in (0, 8)]
    start = rng.uniform(0.8, 1.25, N)
    margins = [Margin(c, np.array([0.55, 0.45])) for c in codes]
    part = make_part("all", np.arange(N), codes, margins, start, False)
    plan = RakingPlan(start, (part,), ("x", "y"), (("a", "b"),) * 2, tolerance=1e-12)
    weights, met, _ = rake_rows(plan, start[None])
    assert met.all()
    design = replace(base.design, weights=weights[0], weighted=True, raking=plan)
    return replace(base, design=design), codes


def test_raking_leaves_the_residuals_of_its_margins() -> None:
    survey, codes = raked()
    weights = survey.design.weights
    table = estimates(survey)
    margins = np.column_stack([np.ones(N), *codes])
    for target, each in influences(survey).items():
        left = sm.WLS(each[:, 0], margins, weights=weights).fit().resid * weights
        variance = N / (N - 1) * ((left - left.mean()) ** 2).sum()
        assert_near(own(table, target)["std_error"].iloc[0], np.sqrt(variance))


@pytest.mark.parametrize("weights", [np.ones(N), WEIGHTS])
def test_without_a_design_errors_stay_hc3_to_the_byte(weights: Floats) -> None:
    survey = designed(weights=weights, weighted=True)
    kept = survey.complete
    direct = fit_ols(
        MODEL, survey.values[kept], weights[kept], frequency=False, group="all", level=0.95
    )
    table = estimates(survey)
    assert set(table["se_type"]) == {"hc3"}
    expected = [row for row in direct.estimates if row["op"] != "<~"]
    for column in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"):
        assert_array_equal(table[column], [row[column] for row in expected])


def test_linearised_impacts_and_estimates_are_the_same_numbers() -> None:
    survey = replace(make_survey(4, (N,)), design=designed(psu=PSU).design)
    found = fit(MODEL, survey, engines=("ols",), bootstrap=0, ci="linearised")
    slopes = found.estimates[found.estimates["op"] == "~"]
    direct = found.impacts[found.impacts["effect"] == "direct"]
    both = slopes.merge(
        direct, left_on=["group", "lhs", "rhs"], right_on=["group", "target", "source"]
    )
    assert len(both) == len(slopes) == 2 * 9
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        assert_near(both[f"{column}_x"], both[f"{column}_y"])


def test_fields_of_moments_are_the_coefficients_of_the_rows() -> None:
    survey = designed(psu=PSU, weights=WEIGHTS)
    moments = group_moments(make_sample(survey))
    found, table = regression_fields(MODEL, moments), estimates(survey)
    assert_array_equal(found["slopes"], estimate_ols(MODEL, moments, "complete").direct)
    names = MODEL.construct_names
    for row in records(table):
        target = names.index(row["lhs"])
        slope = row["op"] == "~"
        value = found["slopes"][0, target, names.index(row["rhs"])] if slope else None
        value = found["intercepts"][0, target] if value is None else value
        # Two orders of summation.
        assert_allclose(value, row["estimate"], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("strata", [PSU, None])
def test_a_unit_per_stratum_withholds_errors_with_the_reason(strata: Ints | None) -> None:
    alone = np.zeros(N, dtype=np.intp)
    table = estimates(designed(psu=alone if strata is None else PSU, strata=strata))
    numbers = table[["std_error", "statistic", "p_value", "conf_low", "conf_high"]]
    assert numbers.isna().all(axis=None)
    assert (table["note"] == WITHHELD[NO_FREEDOM]).all()
    assert set(table["se_type"]) == {""}
    assert table["estimate"].notna().all()


def test_a_group_in_one_psu_of_many_has_no_errors() -> None:
    survey = make_survey(4, (36, N - 36))
    psu = np.r_[np.zeros(36, dtype=np.intp), PSU[: N - 36]]  # the first PSU holds both groups
    table = estimates(replace(survey, design=replace(survey.design, psu=psu)), minimum_rows=20)
    held = table["group"] == "group 1"
    assert (table.loc[held, "note"] == WITHHELD[NO_FREEDOM]).all()
    assert table.loc[held, "std_error"].isna().all()
    assert table.loc[~held, "std_error"].notna().all()


def local_errors(survey: Survey) -> tuple[EngineResult, Linearised]:
    """Return the fit with HC3, and its linearised standard errors."""
    sample, kept = make_sample(survey), survey.complete
    result = fit_ols(
        MODEL, survey.values[kept], np.ones(kept.sum()), frequency=False, group="all", level=0.95
    )

    def estimate(sums: Floats) -> Fields:
        return regression_fields(MODEL, sample.moments(sums))

    return result, linearise(estimate, sample, "all")


def test_an_element_that_is_withheld_is_blank_with_its_reason() -> None:
    result, local = local_errors(designed(psu=PSU))
    slopes, intercepts = local.std_errors["slopes"].copy(), local.std_errors["intercepts"].copy()
    reasons = local.reasons["slopes"].copy()
    slopes[1, 0] = intercepts[1] = np.nan
    reasons[1, 0] = BENT
    held = replace(
        local,
        std_errors={"slopes": slopes, "intercepts": intercepts},
        reasons={**local.reasons, "slopes": reasons},
    )
    rows = [r for r in linearised_rows(MODEL, result, held, 0.95) if r["op"] != "<~"]
    target, source = MODEL.construct_names[1], MODEL.construct_names[0]
    # A number lost to overflow has no reason of its own, and must not be silent either.
    expected = {(target, source): WITHHELD[BENT], (target, ""): WITHHELD[NO_SLOPE]}
    noted = {(r["lhs"], r["rhs"]): r["note"] for r in rows if r["note"]}
    assert noted == expected
    blank = {(r["lhs"], r["rhs"]) for r in rows if np.isnan(np.float64(str(r["conf_low"])))}
    assert blank == set(expected)


def test_a_census_has_errors_of_zero_and_no_tests() -> None:
    table = estimates(designed(sampled=np.ones(N), strata=np.zeros(N, dtype=np.intp)))
    assert (table["std_error"] == 0).all()
    assert table["statistic"].isna().all()
    assert table["note"].str.startswith("no test").all()
    assert_array_equal(table["conf_low"], table["estimate"])
