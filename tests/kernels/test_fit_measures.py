"""Fit measures: lavaan's numbers are checked in tests/estimators; here the edges."""

from __future__ import annotations

import numpy as np
import pytest

from acsi_sem.kernels.fit_measures import INFERENTIAL, MEASURES, fit_measures

R = np.array([[1.0, 0.5, 0.4], [0.5, 1.0, 0.3], [0.4, 0.3, 1.0]])


def test_names_and_order_are_as_announced() -> None:
    found = fit_measures(R[None], R[None], 6, np.array([100.0]))
    assert sorted(found) == sorted(MEASURES)
    assert set(INFERENTIAL) <= set(MEASURES)


def test_a_saturated_model_fits_perfectly_and_tests_nothing() -> None:
    found = {k: v[0] for k, v in fit_measures(R[None], R[None], 6, np.array([100.0])).items()}
    assert found["df"] == 0
    for name in ("chisq", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "srmr"):
        assert found[name] == pytest.approx(0.0, abs=1e-12)  # rounding of log|R| only
    for name in ("cfi", "tli", "gfi", "agfi"):
        assert found[name] == pytest.approx(1.0, abs=1e-12)
    for name in ("pvalue", "rmsea.pvalue", "rmsea.notclose.pvalue", "cn_05"):
        assert np.isnan(found[name])


def test_the_independence_model_is_its_own_baseline() -> None:
    found = {
        k: v[0] for k, v in fit_measures(R[None], np.eye(3)[None], 3, np.array([80.0])).items()
    }
    assert found["chisq"] == pytest.approx(-80 * np.log(np.linalg.det(R)), rel=1e-12)
    assert found["chisq"] == pytest.approx(found["baseline.chisq"], rel=1e-12)
    assert found["pvalue"] == pytest.approx(found["baseline.pvalue"], rel=1e-9)
    assert found["cfi"] == pytest.approx(0.0, abs=1e-12)
    assert found["nfi"] == pytest.approx(0.0, abs=1e-12)
    assert found["srmr"] == pytest.approx(np.sqrt((0.5**2 + 0.4**2 + 0.3**2) / 6), rel=1e-12)
    assert found["crmr"] == pytest.approx(np.sqrt((0.5**2 + 0.4**2 + 0.3**2) / 3), rel=1e-12)


def test_rmsea_limits_solve_their_equations() -> None:
    from scipy.stats import ncx2

    n = np.array([80.0, 300.0, 5000.0])
    sample, implied = np.repeat(R[None], 3, axis=0), np.repeat(np.eye(3)[None], 3, axis=0)
    found = fit_measures(sample, implied, 3, n)
    for name, probability in (("rmsea.ci.lower", 0.95), ("rmsea.ci.upper", 0.05)):
        noncentrality = found[name] ** 2 * n * found["df"]
        got = ncx2.cdf(found["chisq"], found["df"], noncentrality)
        np.testing.assert_allclose(got, probability, rtol=1e-8)  # two algorithms of SciPy


def test_an_excellent_fit_has_its_rmsea_limit_at_zero() -> None:
    implied = R.copy()
    implied[0, 1] = implied[1, 0] = 0.499
    found = fit_measures(R[None], implied[None], 5, np.array([100.0]))
    assert found["rmsea"][0] == found["rmsea.ci.lower"][0] == found["rmsea.ci.upper"][0] == 0
    assert found["cfi"][0] == 1


def test_a_matrix_that_is_not_definite_gives_no_numbers_and_spares_the_rest() -> None:
    broken = np.array([[1.0, 2.0, 0], [2.0, 1.0, 0], [0, 0, 1.0]])
    found = fit_measures(np.stack([R, broken]), np.stack([np.eye(3)] * 2), 3, np.full(2, 90.0))
    for name in ("chisq", "pvalue", "cfi", "rmsea", "rmsea.ci.lower", "rmsea.pvalue"):
        assert np.isfinite(found[name][0])
        assert np.isnan(found[name][1]), name
