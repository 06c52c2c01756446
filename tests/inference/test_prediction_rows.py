"""Predictive power in words, and what the linear benchmark is made of."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from numpy.testing import assert_array_equal

from acsi_sem.inference.prediction_rows import make_targets, predictive_power


@pytest.mark.parametrize(
    ("rmse", "words"),
    [
        ((1.0, 1.0, 1.0), "high predictive power: better than the linear model for 3 of 3"),
        ((1.0, 1.0, 3.0), "medium predictive power"),
        ((1.0, 3.0, 3.0), "low predictive power"),
        ((2.0, 2.0 - 1e-12, 3.0), "no predictive power"),
    ],
)
def test_power_in_words(rmse: tuple[float, ...], words: str) -> None:
    rows = [
        {"construct": "c", "indicator": f"i{i}", "measure": name, "value": value}
        for i, own in enumerate(rmse)
        for name, value in (("rmse", own), ("rmse_lm", 2.0), ("q2_predict", 0.1 - (own == 3.0)))
    ]
    found = predictive_power(rows)["c"]
    assert found.startswith(words)
    assert ("no better than the mean" in found) == (3.0 in rmse)


def test_no_reading_where_the_benchmark_is_withheld() -> None:
    rows = [
        {"construct": "c", "indicator": "i", "measure": name, "value": value}
        for name, value in (("rmse", 1.0), ("rmse_lm", np.nan), ("q2_predict", 0.2))
    ]
    assert predictive_power(rows) == {}


def test_targets_are_the_indicators_of_endogenous_constructs() -> None:
    targets = make_targets(acsi_model())
    assert_array_equal(targets.items, np.arange(3, 13))
    assert_array_equal(targets.sources, np.arange(3))
    assert_array_equal(targets.starts, [0, 3, 5, 8, 9])
    assert_array_equal(targets.sizes, [3, 2, 3, 1, 1])
    assert targets.owners[3:5] == ("perceived_value", "perceived_value")
    assert targets.indicators[-1] == "REPUR"
