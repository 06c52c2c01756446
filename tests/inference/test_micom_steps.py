"""MICOM: its steps on explicit rows, its verdicts, and PLS end to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from acsi_model import acsi_model, make_model
from group_cases import cell, numbers, pls_of, two_items
from numpy.testing import assert_allclose, assert_array_equal
from simulated import make_survey, take

from acsi_sem.inference.group_comparison import Compared
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.micom import CONFIGURAL, TRIVIAL, UNLIKE, assess_micom
from acsi_sem.inference.permutations import Estimator
from acsi_sem.inference.sample import Sample, make_sample
from acsi_sem.kernels.moments import Floats
from acsi_sem.survey.survey import Survey
from acsi_sem.tables.schema import MICOM, make_table

SETTINGS: Mapping[str, Any] = {"seed": 1, "study": "s", "level": 0.95}
ONE_BLOCK = make_model({"x": ("a", "b")}, [])
NAMES = ("one", "two")


def variance_weights(sample: Sample) -> Estimator:
    """Return an estimator whose weights are the variances of the items."""

    def estimate(sums: Floats) -> Fields:
        weights = np.diagonal(sample.moments(sums).covariance, axis1=1, axis2=2).copy()
        return {"weights": weights, "ok": np.isfinite(weights).all(axis=1).astype(float)}

    return estimate


def equal_weights(sums: Floats) -> Fields:
    """Weigh all items alike."""
    return {"weights": np.ones((len(sums), 2)), "ok": np.ones(len(sums))}


def assessed(survey: Survey, estimator: Estimator | None = None, n: int = 199) -> Compared:
    """Assess a survey of two items in one block."""
    sample = make_sample(survey)
    return assess_micom(
        ONE_BLOCK,
        sample,
        estimator or variance_weights(sample),
        [NAMES],
        permutations=n,
        **SETTINGS,
    )


def block_survey(
    n: int, shift: float = 0.0, spread: float = 1.0, tilt: float = 1.0, seed: int = 2
) -> Survey:
    """Draw two items; the second group's are shifted, spread, or its first item spread alone."""
    rng = np.random.default_rng(seed)
    codes = np.repeat([0, 1], n)
    noise = rng.normal(size=(2 * n, 2)) + rng.normal(size=(2 * n, 1))
    second = codes == 1
    noise[second] = noise[second] * spread + shift
    noise[second, 0] *= tilt
    return two_items(50 + 5 * noise, codes)


def verdict(found: Compared) -> str:
    """Return the verdict in words."""
    (said,) = [notice.message for notice in found.notices if notice.kind == "micom"]
    return said


def by_hand(values: Floats, ours: np.ndarray) -> Floats:
    """Return c, the difference of means and that of log variances from explicit scores."""
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    weights = [values[part].var(axis=0) for part in (ours, ~ours)]
    alike = np.corrcoef(z @ weights[0], z @ weights[1])[0, 1]
    # The estimator takes variances of the pooled rows for the pooled weights.
    score = z @ values.var(axis=0)
    one, two = score[ours], score[~ours]
    return np.array([alike, one.mean() - two.mean(), np.log(one.var() / two.var())])


def test_values_and_p_values_are_those_of_the_enumeration() -> None:
    survey = block_survey(4, shift=0.5)
    values = survey.values
    seen = by_hand(values, np.arange(8) < 4)
    every = np.array(
        [by_hand(values, np.isin(np.arange(8), chosen)) for chosen in combinations(range(8), 4)]
    )
    rows = assessed(survey, n=4000).rows[1:]
    assert_allclose(numbers(rows, "value"), seen, rtol=1e-10)
    below = (every <= seen + 1e-9).mean(axis=0)
    above = (every >= seen - 1e-9).mean(axis=0)
    exact = np.minimum(1, 2 * np.minimum(below, above))
    exact[0] = below[0]
    # Four standard errors of a share of 4,000 draws, twice for the two-sided ones.
    assert_allclose(numbers(rows, "p_value"), exact, atol=8 * 0.5 / np.sqrt(4000))
    assert numbers(rows, "limit_low")[0] == pytest.approx(
        np.quantile(every[:, 0], 0.05), abs=0.05 * (1 - every[:, 0].min())
    )
    assert numbers(rows, "limit_high")[0] == 1


def test_equal_weights_compose_alike() -> None:
    rows = assessed(block_survey(30), equal_weights).rows
    step = cell(rows, step="composition")
    assert step["value"] == pytest.approx(1, abs=1e-14)
    assert step["p_value"] == step["holds"] == 1.0
    assert step["reading"] == "composed alike"
    assert cell(rows, step="configural")["reading"] == CONFIGURAL


@pytest.mark.parametrize(
    ("survey", "words"),
    [
        (block_survey(80), "full measurement invariance: paths may be compared"),
        (block_survey(80, shift=1.5), "they differ in the mean of x."),
        (block_survey(80, spread=2.0), "they differ in the variance of x."),
        (block_survey(80, shift=1.5, spread=2.0), "the mean of x and the variance of x."),
        (block_survey(80, tilt=3.0), "no measurement invariance, as x is composed differently"),
    ],
)
def test_the_verdict_follows_from_what_differs(survey: Survey, words: str) -> None:
    assert words in verdict(assessed(survey))


def test_readings_say_which_group_is_greater_and_warn_of_unlike_composition() -> None:
    rows = assessed(block_survey(80, shift=1.5, tilt=3.0)).rows
    assert cell(rows, step="composition")["reading"] == "composed differently"
    mean = cell(rows, step="mean")
    assert mean["reading"] == "the mean is greater in two"
    assert float(str(mean["value"])) < float(str(mean["limit_low"]))
    assert mean["note"] == UNLIKE
    alike = assessed(block_survey(80)).rows
    assert cell(alike, step="mean")["reading"] == "no difference of the mean can be told"


def test_what_is_withheld_leaves_the_verdict_open() -> None:
    few = assessed(block_survey(80), n=19)
    assert "is not decided (permutation p withheld: 19 permutations are too few)" in verdict(few)
    steps = few.rows[1:]
    assert np.isfinite(numbers(steps, "value")).all()
    for column in ("p_value", "holds", "limit_low"):
        assert np.isnan(numbers(steps, column)).all()
    assert all(str(row["note"]).startswith("permutation p withheld") for row in steps)
    survey = block_survey(20)
    empty = replace(survey, values=np.where(np.arange(40)[:, None] < 20, np.nan, survey.values))
    assert "not assessed: no fit of a group" in verdict(assessed(empty))


def test_a_composite_without_variance_is_not_decided() -> None:
    survey = block_survey(20)
    values = survey.values.copy()
    values[20:] = 50.0
    # Most permutations mix the groups; the two groups as they are have no log variance ratio.
    found = assessed(replace(survey, values=values), equal_weights)
    step = cell(found.rows, step="variance")
    assert np.isnan([float(str(step[c])) for c in ("value", "p_value", "holds")]).all()
    assert step["note"] == "withheld: not defined in every permutation"
    assert "Means and variances are not decided" in verdict(found)


def test_the_scale_of_sampling_weights_does_not_matter() -> None:
    weights = np.random.default_rng(3).uniform(0.5, 2, 60)
    survey = block_survey(30)
    one, other = (
        assessed(replace(survey, design=replace(survey.design, weights=w, weighted=True)))
        for w in (weights, 50 * weights)
    )
    for column in ("value", "limit_low", "limit_high", "p_value", "holds"):
        assert_allclose(numbers(one.rows, column), numbers(other.rows, column), atol=1e-10)


def test_steps_hold_about_as_often_as_the_level_when_groups_do_not_differ() -> None:
    holds = np.array(
        [
            numbers(assessed(block_survey(15, seed=seed), n=39).rows[1:], "p_value") <= 0.05
            for seed in range(300)
        ]
    )
    # Permutation tests are exact, and 39 permutations reach 0.05 itself by one tail and by two:
    # a twentieth of 300, with four standard errors.
    assert (np.abs(holds.mean(axis=0) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 300)).all()


def pls_micom(survey: Survey, permutations: int = 256) -> Compared:
    """Assess two groups of the ACSI model by PLS."""
    model, sample = acsi_model(), make_sample(survey)
    pair = [("group 1", "group 2")]
    return assess_micom(
        model, sample, pls_of(model, sample), pair, permutations=permutations, **SETTINGS
    )


def test_pls_of_two_groups_end_to_end() -> None:
    survey = make_survey(seed=3, sizes=(150, 180))
    found = pls_micom(survey)
    table = make_table(MICOM, found.rows)
    assert table["step"].value_counts().to_dict() == {
        "composition": 6,
        "mean": 6,
        "variance": 6,
        "configural": 1,
    }
    assert make_table(MICOM, pls_micom(survey).rows).equals(table)
    for name in ("complaints", "loyalty"):
        row = cell(found.rows, construct=name, step="composition")
        assert row["value"] == row["limit_low"] == row["p_value"] == 1.0
        assert row["note"] == TRIVIAL
    composed = table[table["step"] == "composition"]
    assert (composed["value"] > 0.95).all()  # PLS composites of 150 rows hardly differ
    assert "measurement invariance" in verdict(found)
    assert_array_equal(table["holds"].isna(), np.zeros(19, dtype=bool))


def test_pls_sees_a_construct_that_is_composed_differently() -> None:
    survey = make_survey(seed=5, sizes=(200, 200), missing=0.0)
    values = survey.values.copy()
    noise = np.random.default_rng(1).integers(1, 11, 200).astype(float)
    values[200:, 3] = noise  # an item of perceived quality that means nothing in group 2
    said = verdict(pls_micom(replace(survey, values=values)))
    assert "as perceived_quality is composed differently" in said


def test_the_order_of_rows_does_not_change_a_step() -> None:
    survey = block_survey(40, shift=0.4, spread=1.3)
    order = np.random.default_rng(7).permutation(80)
    one, other = (assessed(s).rows for s in (survey, take(survey, order)))
    assert_array_equal(numbers(one, "p_value"), numbers(other, "p_value"))
    for column in ("limit_low", "limit_high"):
        # The pooled weights are of sums in the order of the file: rounding of numbers near 1.
        assert_allclose(numbers(one, column), numbers(other, column), rtol=0, atol=1e-12)
