"""semopy's point beside the kernel's: agreement, disagreement, errors withheld."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import moments
from numpy.typing import NDArray

from acsi_sem.estimators import covariance as covariance_module
from acsi_sem.estimators import semopy_fit
from acsi_sem.estimators.compile import Compiled
from acsi_sem.estimators.covariance import CovarianceSample, fit_covariance
from acsi_sem.estimators.result import EngineResult

Floats = NDArray[np.float64]


def estimates(result: EngineResult) -> dict[tuple[str, str, str], float]:
    """Return the estimates by row."""
    return {
        (str(r["lhs"]), str(r["op"]), str(r["rhs"])): float(str(r.get("estimate", "nan")))
        for r in result.estimates
    }


def test_a_design_without_errors_blanks_them_with_the_reason() -> None:
    data = moments("1001")
    sample = CovarianceSample("all", data.cov, data.n, data.mean, withheld="one unit per stratum")
    found = fit_covariance(acsi_model(), sample, se="cluster").result
    assert found.diagnosis.ok
    for row in found.estimates:
        assert row["note"] == "one unit per stratum"
        assert not {"std_error", "p_value", "conf_low"} & set(row)
    assert [notice.kind for notice in found.notices] == ["no_variance"]


def test_the_kernel_alone_gives_semopys_answer() -> None:
    for subset in ("1001", "3003", "5001"):
        data = moments(subset)
        sample = CovarianceSample(subset, data.cov, data.n, data.mean)
        by_semopy = fit_covariance(acsi_model(), sample, se="ml").result
        alone = fit_covariance(acsi_model(), sample, engine="ml", se="ml").result
        one, other = estimates(by_semopy), estimates(alone)
        assert one.keys() == other.keys()
        for key, value in one.items():
            # Both end at a gradient of 1e-10.
            assert value == pytest.approx(other[key], rel=1e-8, abs=1e-9), key
        for found in (by_semopy, alone):
            diagnosis = found.diagnosis
            assert diagnosis.gradient < 1e-8
            assert diagnosis.objective == pytest.approx(diagnosis.polished, abs=1e-9)
            assert diagnosis.shift < 1e-3
            assert found.notices == ()


def test_a_bad_optimum_of_semopy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    data = moments("3003")
    real = semopy_fit.minimise

    def lazy(compiled: Compiled, correlation: Floats) -> tuple[semopy_fit.Attempt, ...]:
        best, *rest = real(compiled, correlation)
        return (replace(best, theta=best.theta * 1.01, value=best.value + 0.01), *rest)

    monkeypatch.setattr(covariance_module, "minimise", lazy)
    sample = CovarianceSample("all", data.cov, data.n, data.mean)
    found = fit_covariance(acsi_model(), sample, se="ml").result
    assert "semopy_disagrees" in {notice.kind for notice in found.notices}
    assert found.diagnosis.shift > 1e-3
