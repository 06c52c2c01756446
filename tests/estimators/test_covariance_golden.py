"""The covariance structure engine against lavaan 0.6-14, from stored moments."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import REFERENCE_SUBSETS, SUBSETS, lavaan_estimates, lavaan_fit, moments

from acsi_sem.estimators.covariance import CovarianceSample, fit_covariance
from acsi_sem.estimators.result import EngineResult
from acsi_sem.tables.schema import ESTIMATES, FIT_MEASURES, QUALITY, make_table

# What lavaan's polished numbers support (its gradient is 1e-13, ours 1e-10).
ESTIMATE = 1e-6
FIT = 1e-5
PROBABILITY = 1e-8


@cache
def fitted(subset: str) -> EngineResult:
    data = moments(subset)
    sample = CovarianceSample(subset, data.cov, data.n, data.mean)
    return fit_covariance(acsi_model(), sample, se="ml").result


def number(value: object) -> float:
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize("subset", SUBSETS)
def test_every_subset_converges_to_an_admissible_solution(subset: str) -> None:
    diagnosis = fitted(subset).diagnosis
    assert diagnosis.ok, diagnosis.problems
    assert diagnosis.gradient < 1e-8
    assert fitted(subset).notices == ()


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("column", ["estimate", "std_estimate"])
def test_estimates_equal_lavaan(subset: str, column: str) -> None:
    reference = lavaan_estimates(subset)
    checked = set()
    for row in fitted(subset).estimates:
        key = (str(row["lhs"]), str(row["op"]), str(row["rhs"]))
        if key in reference:
            expected = reference[key][column]
            assert number(row[column]) == pytest.approx(
                expected, abs=ESTIMATE * max(1.0, abs(expected))
            ), key
            checked.add(key)
    assert checked == set(reference)


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
def test_standard_errors_equal_lavaan(subset: str) -> None:
    reference = lavaan_estimates(subset)
    free = 0
    for row in fitted(subset).estimates:
        if "std_error" in row:
            expected = reference[str(row["lhs"]), str(row["op"]), str(row["rhs"])]["std_error"]
            assert number(row["std_error"]) == pytest.approx(expected, rel=1e-6)
            assert row["se_type"] == "ml"
            free += 1
    assert free == 33


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
def test_fit_measures_equal_lavaan(subset: str) -> None:
    ours = {str(row["measure"]): number(row["value"]) for row in fitted(subset).fit_measures}
    reference = lavaan_fit(subset)
    assert set(reference) == set(ours)
    for name, value in ours.items():
        if name.endswith("pvalue"):
            expected = pytest.approx(reference[name], abs=PROBABILITY)
        else:
            expected = pytest.approx(reference[name], rel=FIT)
        assert value == expected, name


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
def test_r2_is_one_less_the_standardised_disturbance(subset: str) -> None:
    reference = lavaan_estimates(subset)
    found = {
        str(row["construct"]): number(row["value"])
        for row in fitted(subset).quality
        if row["measure"] == "r2"
    }
    assert set(found) == {
        *("perceived_quality", "perceived_value", "satisfaction", "complaints", "loyalty")
    }
    for name, value in found.items():
        expected = 1 - reference[name, "~~", name]["std_estimate"]
        assert value == pytest.approx(expected, abs=ESTIMATE)


def test_ave_and_composite_reliability_follow_from_lavaans_loadings() -> None:
    reference = lavaan_estimates("3003")
    loading = np.array(
        [reference["satisfaction", "=~", x]["std_estimate"] for x in ("SATIS", "CONFIRM", "IDEAL")]
    )
    quality = {(r["construct"], r["measure"]): r["value"] for r in fitted("3003").quality}
    common = loading.sum() ** 2
    assert quality["satisfaction", "ave"] == pytest.approx((loading**2).mean(), abs=ESTIMATE)
    assert quality["satisfaction", "rho_c"] == pytest.approx(
        common / (common + (1 - loading**2).sum()), abs=ESTIMATE
    )
    assert ("complaints", "ave") not in quality


def test_inference_columns_are_consistent() -> None:
    from scipy.stats import norm

    for row in fitted("1001").estimates:
        if "std_error" not in row:
            assert row["estimate"] == 1.0
            continue
        estimate, error = number(row["estimate"]), number(row["std_error"])
        assert row["statistic"] == pytest.approx(estimate / error, rel=1e-14)
        assert row["p_value"] == pytest.approx(2 * norm.sf(abs(estimate / error)), rel=1e-9)
        assert row["conf_low"] == pytest.approx(estimate - norm.ppf(0.975) * error, rel=1e-12)
        assert row["conf_high"] == pytest.approx(estimate + norm.ppf(0.975) * error, rel=1e-12)


def test_rows_fit_the_tables() -> None:
    result = fitted("1001")
    estimates = make_table(ESTIMATES, result.estimates)
    assert len(estimates) == 39
    single = estimates[(estimates["lhs"] == "complaints") & (estimates["op"] == "=~")].iloc[0]
    assert (single["rhs"], single["estimate"], single["std_estimate"]) == ("COMP", 1.0, 1.0)
    assert np.isnan(single["std_error"])
    assert estimates["std_estimate_se"].notna().all()
    assert len(make_table(FIT_MEASURES, result.fit_measures)) == len(result.fit_measures)
    assert set(make_table(QUALITY, result.quality)["measure"]) == {"r2", "ave", "rho_c"}
