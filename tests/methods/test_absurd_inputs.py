"""Inputs that are numbers and yet make no sense: refused with place and remedy."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import acsi_sem as acsi
from acsi_sem.errors import AcsiError, DataError, SpecError, UsageError

FRAME = pd.DataFrame({"A": [1, 5, 9] * 20, "B": [1, 3, 5] * 20, "M": [1e308, 2.0, 3.0] * 20})
ITEMS: dict[str, Any] = {
    "A": {"scale": [1, 10]},
    "B": {"scale": [1, 5]},
    "M": {"amount": True},
}


@pytest.mark.parametrize(
    ("method", "error", "told"),
    [
        (
            {"kind": "ahp", "order": ["x", "y"], "matrix": [[1, 1e300], [1e-300, 1]]},
            SpecError,
            "expected a judgement from 1/99 to 99 times (usually 1/9 to 9), got 1e+300",
        ),
        (
            {"kind": "pe_gap", "pairs": {"d": {"expected": "A", "perceived": "B"}}},
            UsageError,
            (
                "pairs.d: expected expectation and perception on one scale, got A from 1 to 10, "
                "B from 1 to 5"
            ),
        ),
        (
            {"kind": "pareto", "value": "M"},
            DataError,
            "value: expected amounts up to 1e+15, got 20 rows of M beyond it",
        ),
    ],
)
def test_absurd_numbers_are_refused(
    method: dict[str, Any], error: type[AcsiError], told: str
) -> None:
    with pytest.raises(error) as caught:
        acsi.assess(FRAME, {"m": method}, items=ITEMS, bootstrap=50)
    assert told in str(caught.value)
