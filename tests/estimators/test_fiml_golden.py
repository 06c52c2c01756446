"""FIML and robust FIML against lavaan 0.6-14, from the 2015 interviews.

Patterns of few rows would reveal answers, so that no moments are stored: these tests need the
survey file.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import GOLDEN, REFERENCE_SUBSETS
from numpy.typing import NDArray

from acsi_sem.estimators.fiml import fit_fiml
from acsi_sem.estimators.result import EngineResult
from acsi_sem.survey.read import read_survey

WORKBOOK = Path(__file__).parents[3] / "shared" / "data" / "ACSI Data 2015 ver2.xlsx"

pytestmark = [
    pytest.mark.survey,
    pytest.mark.skipif(not WORKBOOK.exists(), reason="the 2015 interviews are not on this machine"),
]

Floats = NDArray[np.float64]
Key = tuple[str, str, str]

# What lavaan's numbers support: estimates polished to a gradient of 1e-13, but its observed
# information is a difference of gradients, its standardised errors differences of values.
ESTIMATE = 1e-6
ERROR = 1e-4
FIT = 1e-5
PROBABILITY = 1e-8
# lavaan's derivative of a constant, such as a standardised exogenous variance, is rounding
CONSTANT = 1e-7

ESTIMATORS = {"FIML": False, "FIMLR": True}
ROWS = {"1001": 1968, "3003": 1479, "pooled": 8239}
SINGLE = {"COMP": "complaints", "REPUR": "loyalty"}

every_reference = pytest.mark.parametrize(
    ("estimator", "subset"), [(e, s) for e in ESTIMATORS for s in REFERENCE_SUBSETS]
)


@cache
def answers(subset: str) -> Floats:
    survey = read_survey(WORKBOOK, acsi_model(), group="INDUSTRY")
    assert survey.groups is not None
    if subset == "pooled":
        return survey.values
    kept: Floats = survey.values[survey.groups.codes == survey.groups.keys.index(subset)]
    return kept


@cache
def fitted(estimator: str, subset: str) -> EngineResult:
    robust = ESTIMATORS[estimator]
    return fit_fiml(acsi_model(), answers(subset), group=subset, level=0.95, robust=robust)


@cache
def reference_rows(kind: str) -> tuple[dict[str, str], ...]:
    with (GOLDEN / f"lavaan_{kind}_fiml.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))


def reference_estimates(estimator: str, subset: str) -> dict[Key, dict[str, float]]:
    """lavaan's rows by (lhs, op, rhs) with our construct names; its fixed intercepts left out."""
    found = {}
    for row in reference_rows("estimates"):
        if (row["estimator"], row["subset"]) != (estimator, subset):
            continue
        if row["op"] == "~1" and float(row["std_error"]) == 0:
            continue
        right = "" if row["op"] == "~1" else SINGLE.get(row["rhs"], row["rhs"])
        key = (SINGLE.get(row["lhs"], row["lhs"]), row["op"], right)
        columns = ("estimate", "std_error", "std_estimate", "std_estimate_se")
        found[key] = {column: float(row[column]) for column in columns}
    return found


def ours(estimator: str, subset: str) -> dict[Key, dict[str, object]]:
    single = {("complaints", "=~", "COMP"), ("loyalty", "=~", "REPUR")}
    rows = {
        (str(r["lhs"]), str(r["op"]), str(r["rhs"])): r for r in fitted(estimator, subset).estimates
    }
    return {key: dict(row) for key, row in rows.items() if key not in single}


@every_reference
def test_every_subset_converges_with_every_row(estimator: str, subset: str) -> None:
    result = fitted(estimator, subset)
    assert result.diagnosis.ok, result.diagnosis.problems
    assert result.diagnosis.gradient < 1e-8
    assert result.notices == ()
    measures = {row["measure"]: row["value"] for row in result.fit_measures}
    assert measures["ntotal"] == ROWS[subset]


@every_reference
@pytest.mark.parametrize("column", ["estimate", "std_estimate"])
def test_estimates_equal_lavaan(estimator: str, subset: str, column: str) -> None:
    reference, found = reference_estimates(estimator, subset), ours(estimator, subset)
    assert set(found) == set(reference)
    for key, row in found.items():
        expected = reference[key][column]
        tolerance = ESTIMATE * max(1.0, abs(expected))
        assert row[column] == pytest.approx(expected, abs=tolerance), key


@every_reference
def test_standard_errors_equal_lavaan(estimator: str, subset: str) -> None:
    reference, found = reference_estimates(estimator, subset), ours(estimator, subset)
    free = 0
    for key, row in found.items():
        expected = reference[key]["std_error"]
        if expected == 0:
            assert "std_error" not in row, key
            continue
        assert row["std_error"] == pytest.approx(expected, rel=ERROR), key
        assert row["se_type"] == ("fiml_robust" if ESTIMATORS[estimator] else "fiml")
        free += 1
    assert free == 33 + 13


@every_reference
def test_standard_errors_of_standardised_estimates_equal_lavaan(
    estimator: str, subset: str
) -> None:
    reference, found = reference_estimates(estimator, subset), ours(estimator, subset)
    for key, row in found.items():
        expected = reference[key]["std_estimate_se"]
        assert row["std_estimate_se"] == pytest.approx(expected, rel=ERROR, abs=CONSTANT), key


@every_reference
def test_fit_measures_equal_lavaan(estimator: str, subset: str) -> None:
    reference = {
        row["measure"]: float(row["value"])
        for row in reference_rows("fit")
        if (row["estimator"], row["subset"]) == (estimator, subset)
    }
    found = {str(r["measure"]): r["value"] for r in fitted(estimator, subset).fit_measures}
    assert set(found) == set(reference)
    for name, value in found.items():
        if "pvalue" in name:
            assert value == pytest.approx(reference[name], abs=PROBABILITY), name
        else:
            assert value == pytest.approx(reference[name], rel=FIT), name
