"""Predictive power in words, and what the linear benchmark is made of."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from numpy.testing import assert_array_equal

from acsi_sem.inference.prediction_rows import make_targets, predictive_power


def rows_of(rmse: tuple[float, ...], gains: tuple[float, ...]) -> list[dict[str, object]]:
    """Return rows of one construct whose linear model has an RMSE of 2 throughout."""
    return [
        {"construct": "c", "indicator": f"i{i}", "measure": name, "value": value}
        for i, (own, gain) in enumerate(zip(rmse, gains, strict=True))
        for name, value in (("rmse", own), ("rmse_lm", 2.0), ("q2_predict", gain))
    ]


@pytest.mark.parametrize(
    ("rmse", "power", "better"),
    [
        ((1.0, 1.0, 1.0), "high", 3),
        ((1.0, 1.0, 3.0), "medium", 2),
        ((1.0, 3.0, 3.0), "low", 1),
        ((2.0, 2.0 - 1e-12, 3.0), "no", 0),
    ],
)
def test_power_in_words(rmse: tuple[float, ...], power: str, better: int) -> None:
    compared = f"better than the linear model for {better} of 3 indicators"
    assert predictive_power(rows_of(rmse, (0.1, 0.1, 0.1))) == {
        "c": f"{power} predictive power: {compared}"
    }


@pytest.mark.parametrize(
    ("gains", "worse"), [((0.1, 0.0, 0.1), 1), ((-0.1, 0.1, -0.2), 2), ((-0.1,) * 3, 3)]
)
def test_no_grade_while_the_mean_predicts_as_well(gains: tuple[float, ...], worse: int) -> None:
    for rmse, better in (((1.0,) * 3, 3), ((1.0, 1.0, 3.0), 2)):
        assert predictive_power(rows_of(rmse, gains))["c"] == (
            f"no better than the mean for {worse} of 3 indicators; "
            f"better than the linear model for {better} of 3 indicators"
        )


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
