"""What must not change the numbers does not: repeated rows, units, the order of rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model
from numpy.testing import assert_allclose
from simulated import make_survey, take

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import WeightKind

MODEL = acsi_model()
NUMBERS = {
    "estimates": ["estimate", "std_error", "p_value", "conf_low", "conf_high", "std_estimate"],
    "indices": ["index", "std_error", "conf_low", "conf_high"],
    "impacts": ["estimate", "std_error", "conf_low", "conf_high"],
    "quality": ["value", "std_error", "conf_low", "conf_high"],
    "ipma": ["importance", "performance", "importance_low", "performance_high"],
    "breakdowns": ["index", "std_error", "conf_low", "conf_high"],
    "prediction": ["value", "std_error", "p_value"],
}
POINTS = {"estimate", "std_estimate", "index", "value", "importance", "performance"}


def linearised(survey: Survey, model: Model = MODEL, **changed: object) -> Fit:
    """Fit without random draws, everything tabulated."""
    asked: dict[str, object] = {"engines": ("pls",), "ci": "linearised", "folds": 4, **changed}
    return fit(model, survey, repetitions=2, minimum_rows=2, **asked)  # type: ignore[arg-type]


def assert_same(one: Fit, other: Fit, tolerance: float, *, points: bool = False) -> None:
    """Compare every number of every table; only point estimates if `points`."""
    for name, columns in NUMBERS.items():
        left, right = (getattr(found, name) for found in (one, other))
        if name == "prediction" and points:
            continue
        if points and name == "quality":  # adjusted R2 counts rows
            left, right = (t.query("measure != 'r2_adj'") for t in (left, right))
        text = [c for c in left.columns if not pd.api.types.is_numeric_dtype(left[c])]
        assert left[text].reset_index(drop=True).equals(right[text].reset_index(drop=True)), name
        for column in columns:
            if not points or column in POINTS:
                # Numbers near zero are differences of numbers of the order of one (or of 100).
                size = 100 * tolerance if left[column].abs().max() > 10 else tolerance
                assert_allclose(
                    left[column],
                    right[column],
                    rtol=tolerance,
                    atol=size,
                    err_msg=f"{name} {column}",
                )


def weighted(survey: Survey, weights: np.ndarray, kind: WeightKind = "sampling") -> Survey:
    """Weight the rows of a survey."""
    design = replace(survey.design, weights=weights, weighted=True, weight_kind=kind)
    return replace(survey, design=design)


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    """Draw whole-number weights."""
    return np.random.default_rng(4).integers(1, 4, 330).astype(float)


def test_frequency_weights_equal_repeated_rows_in_everything(counts: np.ndarray) -> None:
    survey = make_survey(3)
    repeated = take(survey, np.repeat(np.arange(330), counts.astype(int)))
    # Sums in another order of addition; slopes by differences carry 1e-5 of it.
    assert_same(linearised(weighted(survey, counts, "frequency")), linearised(repeated), 1e-6)


@pytest.mark.parametrize("missing", ["complete", "mean", "em"])
def test_sampling_weights_equal_repeated_rows_in_points(counts: np.ndarray, missing: str) -> None:
    survey = make_survey(5)
    repeated = take(survey, np.repeat(np.arange(330), counts.astype(int)))
    found = [
        linearised(each, missing=missing, ci="", bootstrap=0, folds=0)
        for each in (weighted(survey, counts), repeated)
    ]
    # EM stops within 1e-12 of its optimum on either path.
    assert_same(found[0], found[1], 1e-8 if missing == "em" else 1e-11, points=True)


def test_the_scale_of_sampling_weights_does_not_matter() -> None:
    weights = np.random.default_rng(6).uniform(0.2, 5, 330)
    survey = make_survey(6)
    one, other = (linearised(weighted(survey, weights * by)) for by in (1.0, 1e-4))
    assert_same(one, other, 1e-6)


def test_the_order_of_rows_does_not_matter() -> None:
    survey = make_survey(7)
    order = np.random.default_rng(7).permutation(330)
    other = take(survey, order)
    assert_same(linearised(survey), linearised(other), 1e-6)
    drawn = [linearised(each, ci="percentile", bootstrap=100) for each in (survey, other)]
    # The same replicates, summed in another order.
    assert_same(drawn[0], drawn[1], 1e-9)


def test_the_units_of_an_item_change_no_standardised_result() -> None:
    survey = make_survey(8)
    values, low, high = survey.values.copy(), survey.low.copy(), survey.high.copy()
    constructs = list(MODEL.constructs)
    first = constructs[0]
    values[:, 1], low[1], high[1] = 7 * values[:, 1] - 3, 7 * low[1] - 3, 7 * high[1] - 3
    item = replace(first.indicators[1], low=float(low[1]), high=float(high[1]))
    constructs[0] = replace(first, indicators=(first.indicators[0], item, first.indicators[2]))
    model = replace(MODEL, constructs=tuple(constructs))
    moved = replace(survey, values=values, low=low, high=high)
    one, other = linearised(survey, folds=0), linearised(moved, model, folds=0)
    assert_same(one, other, 1e-6)
