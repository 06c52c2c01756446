"""Measurement invariance of the four industries against lavaan, and its words."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from acsi_model import acsi_model, make_model
from golden_data import moments
from golden_groups import ORDER, industries, lavaan_invariance

from acsi_sem.errors import UsageError
from acsi_sem.estimators.invariance import (
    Difference,
    GroupSample,
    Invariance,
    LevelFit,
    assess_invariance,
)
from acsi_sem.estimators.invariance_design import LEVELS, Level, Scope, groups_at, make_design
from acsi_sem.estimators.invariance_words import ALLOWS, FORBIDS, invariance_rows, verdict

LAVAAN: dict[Scope, str] = {"measurement": "cfa4", "model": "sem"}
SCOPES: tuple[Scope, ...] = ("measurement", "model")


@cache
def assessed(scope: Scope, blocks: bool = False, release: tuple[str, ...] = ()) -> Invariance:
    return assess_invariance(acsi_model(), industries(blocks=blocks), scope=scope, release=release)


def at(result: Invariance, level: Level) -> LevelFit:
    return result.levels[LEVELS.index(level)]


# --- golden ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("level", LEVELS)
def test_every_level_equals_lavaan(scope: Scope, level: Level) -> None:
    """lavaan's numbers come from its default optimiser, so they are short of its best."""
    reference = lavaan_invariance(LAVAAN[scope], "ML", level)
    found = at(assessed(scope), level).measures
    assert found["df"] == reference["df"]
    for name in ("chisq", "aic", "bic"):
        assert found[name] == pytest.approx(reference[name], abs=1e-4), name
    for name in ("cfi", "tli", "rmsea"):
        assert found[name] == pytest.approx(reference[name], abs=1e-7), name
    assert found["pvalue"] == pytest.approx(reference["pvalue"], abs=1e-8)
    # it depends on where the optimiser stopped, not only on how low
    assert found["srmr"] == pytest.approx(reference["srmr"], abs=5e-6)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("level", LEVELS)
def test_the_scaled_statistics_equal_lavaan(scope: Scope, level: Level) -> None:
    reference = lavaan_invariance(LAVAAN[scope], "MLR", level)
    found = at(assessed(scope, blocks=True), level).measures
    # the scaling, too, depends on where the optimiser stopped
    assert found["chisq.scaled"] == pytest.approx(reference["chisq_scaled"], rel=1e-6)
    assert found["cfi.robust"] == pytest.approx(reference["cfi_robust"], abs=1e-7)
    assert found["rmsea.robust"] == pytest.approx(reference["rmsea_robust"], abs=1e-7)


def test_the_groups_come_to_the_same_in_another_order() -> None:
    turned = assess_invariance(acsi_model(), industries()[::-1])
    for one, other in zip(assessed("measurement").levels, turned.levels, strict=True):
        assert one.measures["chisq"] == pytest.approx(other.measures["chisq"], rel=1e-9)
        assert one.measures["srmr"] == pytest.approx(other.measures["srmr"], abs=1e-7)


# --- what is equal ---------------------------------------------------------------------------


def by_name(step: LevelFit) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for _, name, value in step.estimates:
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("scope", SCOPES)
def test_each_level_holds_equal_what_it_says(scope: Scope) -> None:
    result = assessed(scope)
    for level in LEVELS:
        equal = {
            name for name, values in by_name(at(result, level)).items() if len(set(values)) == 1
        }
        loadings = "satisfaction =~ IDEAL" in equal
        intercepts = "IDEAL ~1" in equal
        errors = "IDEAL ~~ IDEAL" in equal
        assert [loadings, intercepts, errors] == [
            level in LEVELS[1:],
            level in LEVELS[2:],
            level in LEVELS[3:],
        ]
        assert "satisfaction ~~ satisfaction" not in equal
        if scope == "model":
            assert ("complaints ~1" in equal) == (level in LEVELS[2:])
            assert ("complaints ~~ complaints" in equal) == (level in LEVELS[3:])
            assert "loyalty ~ satisfaction" not in equal


def test_means_of_constructs_differ_from_the_scalar_level_on() -> None:
    result = assessed("measurement")
    assert by_name(at(result, "metric"))["satisfaction ~1"] == [0.0] * 4
    first, *others = by_name(at(result, "scalar"))["satisfaction ~1"]
    assert first == 0.0
    # food against airlines: between the least and the largest gap that an item's means show
    airlines, food = (moments(name) for name in ("3003", "1001"))
    loadings = [
        by_name(at(result, "scalar"))[f"satisfaction =~ {x}"][0] for x in ("CONFIRM", "IDEAL")
    ]
    gaps = (food.mean - airlines.mean)[8:11] / np.array([1.0, *loadings])
    assert min(gaps) < others[ORDER.index("1001") - 1] < max(gaps)


def test_a_single_exogenous_item_is_never_held_equal() -> None:
    model = make_model({"x": ("x1",), "y": ("y1", "y2", "y3")}, [("x", "y")])
    design = make_design(model, "model")
    roles = {role.name: role for role in design.roles}
    assert roles["x ~1"].equal_from is None
    assert roles["x ~~ x"].equal_from is None
    assert not roles["x ~1"].centre
    assert roles["y ~1"].centre
    assert (
        groups_at(design, "strict", 2).degrees_of_freedom
        == 2 * 14 - groups_at(design, "strict", 2).size
    )


# --- partial invariance ----------------------------------------------------------------------


def test_released_parameters_stay_free_and_better_the_fit() -> None:
    release = ("satisfaction =~ IDEAL", "SATIS ~1")
    partial, full = assessed("measurement", release=release), assessed("measurement")
    values = by_name(at(partial, "strict"))
    assert len(set(values["satisfaction =~ IDEAL"])) == 4
    assert len(set(values["SATIS ~1"])) == 4
    assert len(set(values["IDEAL ~1"])) == 1
    steps: tuple[tuple[Level, int], ...] = (("metric", 1), ("scalar", 2))
    for level, released in steps:
        one, other = at(partial, level).measures, at(full, level).measures
        assert one["df"] == other["df"] - 3 * released
        assert one["chisq"] < other["chisq"]
    assert at(partial, "configural").measures == at(full, "configural").measures


def test_the_first_candidate_foretells_the_fall_of_chi_square() -> None:
    full = assessed("measurement")
    name, statistic, pvalue = at(full, "metric").candidates[0]
    assert name == "perceived_quality =~ WRONGQ"
    fall = (
        at(full, "metric").measures["chisq"]
        - at(assessed("measurement", release=(name,)), "metric").measures["chisq"]
    )
    # a score test is a second-order guess of the likelihood ratio
    assert statistic == pytest.approx(fall, rel=0.1)
    assert pvalue < 1e-10
    statistics = [row[1] for row in at(full, "scalar").candidates]
    assert statistics == sorted(statistics, reverse=True)
    assert len(statistics) == 7 + 11


# --- differences and words -------------------------------------------------------------------


def test_differences_between_levels() -> None:
    result = assessed("measurement")
    metric = at(result, "metric").difference
    assert metric is not None
    before, after = (lavaan_invariance("cfa4", "ML", level) for level in ("configural", "metric"))
    assert metric.chisq == pytest.approx(after["chisq"] - before["chisq"], abs=1e-4)
    assert metric.df == 21
    assert metric.cfi == pytest.approx(before["cfi"] - after["cfi"], abs=1e-7)
    assert metric.rmsea == pytest.approx(after["rmsea"] - before["rmsea"], abs=1e-7)
    assert not metric.scaled
    assert at(result, "configural").difference is None


def test_scaled_differences() -> None:
    """Satorra-Bentler 2001, from lavaan's scaled and unscaled statistics."""
    result = assessed("measurement", blocks=True)
    found = at(result, "scalar").difference
    assert found is not None
    assert found.scaled
    one, other = (lavaan_invariance("cfa4", "MLR", level) for level in ("scalar", "metric"))
    factors = [row["chisq"] / row["chisq_scaled"] for row in (one, other)]
    factor = (factors[0] * one["df"] - factors[1] * other["df"]) / (one["df"] - other["df"])
    # the factors' own differences, 1e-7, are multiplied by df and subtracted
    assert found.chisq == pytest.approx((one["chisq"] - other["chisq"]) / factor, rel=1e-5)


@pytest.mark.parametrize("scope", SCOPES)
def test_scalar_invariance_is_attained_and_said(scope: Scope) -> None:
    result = assessed(scope)
    assert result.attained == "scalar"
    sentences = verdict(result)
    assert sentences[2].startswith("Scalar invariance (equal intercepts) holds (CFI falls by 0.00")
    assert sentences[3].startswith("Strict invariance (equal error variances) does not hold")
    assert "1001:" in sentences[3]
    assert sentences[4] == (
        f"Across 3003, 3013, 1001 and 5001: {ALLOWS['metric']}; {ALLOWS['scalar']}."
    )
    assert sentences[5].startswith("The model itself does not fit the groups closely")


def test_rows_of_the_table() -> None:
    table = invariance_rows(assessed("measurement", blocks=True))
    assert [row["level"] for row in table] == list(LEVELS)
    assert [row["holds"] for row in table] == [True, True, True, False]
    assert [row["reading"] for row in table] == [
        *(ALLOWS[level] for level in LEVELS[:3]),
        FORBIDS["strict"],
    ]
    assert {"chisq.scaled", "cfi.robust", "cfi_fall", "pvalue_diff"} <= set(table[1])
    assert "cfi_fall" not in table[0]
    assert "not positive definite" in str(table[3]["note"])


def step(level: Level, fall: float | None, *problems: str) -> LevelFit:
    difference = None if fall is None else Difference(5.0, 2.0, 0.08, False, fall, 0.0)
    return LevelFit(level, {"cfi": 0.99, "rmsea": 0.03}, difference, problems)


def test_a_level_stands_on_those_before_it() -> None:
    levels = (
        step("configural", None),
        step("metric", 0.0101),
        step("scalar", 0.001),
        step("strict", 0.001),
    )
    result = Invariance("model", ("a", "b"), (), levels)
    assert result.attained == "configural"
    assert [row["holds"] for row in invariance_rows(result)] == [True, False, False, False]
    first, second, third = verdict(result)
    assert first == (
        "Configural invariance (the same model) holds (CFI 0.990, RMSEA 0.030): the same questions "
        "stand for the same constructs."
    )
    assert second == (
        "Metric invariance (equal loadings) does not hold (CFI falls by 0.0101; a fall of 0.01 is "
        "allowed): differences in loadings, paths and effects may come from the questions."
    )
    assert third == (
        "Across a and b no number may be compared: only that the same questions stand for the "
        "same constructs is shown."
    )


def test_what_cannot_be_fitted_is_said() -> None:
    levels = (step("configural", None, "a: did not converge"), *(step(x, None) for x in LEVELS[1:]))
    result = Invariance("model", ("a", "b"), ("x ~1",), levels)
    assert result.attained is None
    first, second, third, *_ = verdict(result)
    assert first == (
        "Configural invariance (the same model) cannot be shown (a: did not converge): nothing "
        "may be compared."
    )
    assert second == "Nothing may be compared across a and b."
    assert third == "Not held equal: x ~1."


def test_a_fall_of_exactly_one_hundredth_is_allowed() -> None:
    assert step("metric", 0.01).holds
    assert step("metric", -0.002).holds
    assert not step("metric", 0.0100001).holds
    assert not step("metric", None).holds
    assert not step("metric", 0.0, "a: Heywood").holds


# --- groups that cannot be fitted --------------------------------------------------------------


def test_problems_of_the_data_are_named_by_group() -> None:
    good, other = industries()[:2]
    constant = good.covariance.copy()
    constant[8, :] = constant[:, 8] = 0.0
    samples = (
        good,
        replace(other, name="small", n=10.0),
        replace(good, name="flat", covariance=constant),
        replace(good, name="holes", mean=np.full(13, np.nan)),
    )
    result = assess_invariance(acsi_model(), samples, scope="model")
    assert result.attained is None
    for level in result.levels:
        assert not level.measures
        assert any(text.startswith("small: 10 complete cases") for text in level.problems)
        assert any("flat: no variation in the answers to SATIS" in text for text in level.problems)
        assert "holes: the means have no numbers" in level.problems
    assert verdict(result)[-1].startswith("Nothing may be compared")


def test_a_group_of_twenty_rows_is_fitted_or_told() -> None:
    good = industries()[0]
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((20, 13)) @ np.linalg.cholesky(good.covariance).T + good.mean
    small = GroupSample("tiny", 20.0, rows.mean(axis=0), np.cov(rows.T, bias=True))
    result = assess_invariance(acsi_model(), (good, small))
    for level in result.levels:
        assert level.measures or level.problems
        if level.problems:
            assert all(text.startswith(("tiny:", "3003:", "did not")) for text in level.problems)


def test_wrong_calls_are_told_all_at_once() -> None:
    good = industries()[0]
    release = ("satisfaction =~ IDEA", "loyalty ~ satisfaction", "PQ ~1", "QP ~1")
    with pytest.raises(UsageError) as caught:
        assess_invariance(acsi_model(), (good, good), release=release)
    text = str(caught.value)
    assert "3003 more than once" in text
    assert "did you mean 'satisfaction =~ IDEAL'?" in text
    assert "'loyalty ~ satisfaction'" in text
    assert "release: perceived_value: expected an intercept left equal" in text
    with pytest.raises(UsageError, match="two or more, got 1"):
        assess_invariance(acsi_model(), (good,))
    with pytest.raises(UsageError, match="a construct with several indicators"):
        assess_invariance(
            make_model({"a": ("x",), "b": ("y",)}, [("a", "b")]),
            tuple(GroupSample(g, 50.0, np.zeros(2), np.eye(2)) for g in "ab"),
        )


def test_wrong_shapes_are_refused() -> None:
    good, other = industries()[:2]
    with pytest.raises(ValueError, match="mean"):
        assess_invariance(acsi_model(), (good, replace(other, mean=np.zeros(3))))
    with pytest.raises(ValueError, match="block"):
        assess_invariance(acsi_model(), (good, replace(other, block=np.eye(3))))
    with pytest.raises(ValueError, match="or none"):
        assess_invariance(acsi_model(), (good, industries(blocks=True)[1]))
