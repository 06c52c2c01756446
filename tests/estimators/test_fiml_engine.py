"""The FIML estimator: rows, weights, and what it says when answers cannot carry the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from acsi_model import make_model
from incomplete_cases import punch, skewed
from numpy.typing import NDArray

from acsi_sem.estimators.compile import compile_model
from acsi_sem.estimators.fiml import ENGINE, fit_fiml, fit_fiml_sums
from acsi_sem.estimators.fiml_rows import WITHHELD
from acsi_sem.estimators.result import EngineResult
from acsi_sem.kernels.lisrel import Matrix, implied_covariance
from acsi_sem.kernels.moments import scale_origin
from acsi_sem.kernels.patterns import add_sums, pattern_sums
from acsi_sem.tables.schema import ESTIMATES, FIT_MEASURES, QUALITY, make_table

Floats = NDArray[np.float64]

BLOCKS = {"quality": ["q1", "q2", "q3"], "value": ["v1", "v2", "v3"], "loyalty": ["l1"]}
MODEL = make_model(BLOCKS, [("quality", "value"), ("value", "loyalty"), ("quality", "loyalty")])


def population(error: float = 0.5) -> Floats:
    """Covariance matrix of the answers; `error` is the error variance of q2."""
    compiled = compile_model(MODEL)
    values = {Matrix.LOADINGS: 0.9, Matrix.PATHS: 0.5, Matrix.ERRORS: 0.5, Matrix.DISTURBANCES: 1.0}
    theta = np.array([error if row.lhs == "q2" else values[row.matrix] for row in compiled.free])
    found: Floats = implied_covariance(compiled.structure, theta[None])[0]
    return found


def answers(n: int = 300, share: float = 0.2, seed: int = 0, error: float = 0.5) -> Floats:
    rng = np.random.default_rng(seed)
    return punch(skewed(population(error), n, rng), share, rng)


def fit(values: Floats, weights: Floats | None = None, **options: Any) -> EngineResult:
    return fit_fiml(MODEL, values, weights, group="g", level=0.9, **options)


def column(result: EngineResult, name: str) -> Floats:
    return np.array([float(str(row.get(name, np.nan))) for row in result.estimates])


def measures(result: EngineResult) -> dict[str, float]:
    return {str(row["measure"]): float(str(row["value"])) for row in result.fit_measures}


def test_rows_fit_the_tables() -> None:
    result = fit(answers())
    assert result.diagnosis.ok
    assert result.diagnosis.gradient < 1e-8
    estimates = make_table(ESTIMATES, result.estimates)
    assert len(estimates) == len(compile_model(MODEL).parameters) + 7
    assert set(estimates["engine"]) == {ENGINE}
    intercepts = estimates[estimates["op"] == "~1"]
    assert intercepts["lhs"].tolist() == ["q1", "q2", "q3", "v1", "v2", "v3", "loyalty"]
    assert (intercepts["rhs"] == "").all()
    assert len(make_table(FIT_MEASURES, result.fit_measures)) == len(result.fit_measures)
    assert set(make_table(QUALITY, result.quality)["measure"]) == {"r2", "ave", "rho_c"}
    single = estimates[(estimates["lhs"] == "loyalty") & (estimates["op"] == "=~")].iloc[0]
    assert (single["estimate"], single["std_estimate"]) == (1.0, 1.0)
    assert np.isnan(single["std_error"])
    assert np.isnan(single["std_estimate_se"])


def test_inference_columns_are_consistent() -> None:
    from scipy.stats import norm

    for row in fit(answers()).estimates:
        if "std_error" not in row:
            continue
        estimate, error = float(str(row["estimate"])), float(str(row["std_error"]))
        assert row["statistic"] == pytest.approx(estimate / error, rel=1e-14)
        assert row["p_value"] == pytest.approx(2 * norm.sf(abs(estimate / error)), rel=1e-9)
        assert row["conf_low"] == pytest.approx(estimate - norm.ppf(0.95) * error, rel=1e-12)


@pytest.mark.parametrize("robust", [True, False])
def test_frequency_weights_equal_repeated_rows_in_everything(robust: bool) -> None:
    values = answers()
    counts = np.random.default_rng(3).integers(0, 4, size=len(values))
    weighted = fit(values, counts.astype(float), robust=robust, weight_kind="frequency")
    repeated = fit(np.repeat(values, counts, axis=0), robust=robust)
    for name in ("estimate", "std_error", "std_estimate", "std_estimate_se", "conf_low"):
        # two roundings of the same sums, through a Newton search to 1e-10
        np.testing.assert_allclose(
            column(weighted, name), column(repeated, name), rtol=1e-7, atol=1e-9
        )
    one, other = measures(weighted), measures(repeated)
    for name, value in one.items():
        assert value == pytest.approx(other[name], rel=1e-7, abs=1e-9, nan_ok=True), name


def test_sampling_weights_may_be_rescaled() -> None:
    values = answers()
    weights = 0.5 + np.arange(len(values)) % 5 / 4
    one, other = fit(values, weights), fit(values, 37.0 * weights)
    for name in ("estimate", "std_error", "std_estimate_se"):
        np.testing.assert_allclose(column(one, name), column(other, name), rtol=1e-7, atol=1e-9)
    assert measures(one)["ntotal"] == pytest.approx(300, rel=1e-12)


def test_sampling_weights_move_robust_errors_and_withhold_naive_inference() -> None:
    values = answers()
    weights = np.where(np.arange(len(values)) % 2, 0.2, 1.8)
    plain, robust, naive = fit(values), fit(values, weights), fit(values, weights, robust=False)
    # Kish: n_eff / n = 1 / (1 + 0.8²), errors grow by about sqrt(1.64) = 1.28
    growth = np.nanmedian(column(robust, "std_error") / column(plain, "std_error"))
    assert 1.1 < growth < 1.5
    assert np.isnan(measures(robust)["pvalue"])
    assert np.isfinite(measures(robust)["pvalue.scaled"])
    assert np.isnan(column(naive, "std_error")).all()
    assert {row.get("note", WITHHELD) for row in naive.estimates} == {WITHHELD}
    assert np.isnan(measures(naive)["rmsea.pvalue.robust"])
    np.testing.assert_allclose(column(naive, "estimate"), column(robust, "estimate"), rtol=1e-9)
    assert [notice.kind for notice in naive.notices] == ["weighted_standard_errors"]


def test_equal_weights_are_no_weights() -> None:
    values = answers()
    result = fit(values, np.full(len(values), 2.5), robust=False)
    assert np.isfinite(measures(result)["pvalue"])
    np.testing.assert_allclose(
        column(result, "std_error"), column(fit(values, robust=False), "std_error"), rtol=1e-9
    )


def test_sums_of_chunks_give_the_same_fit() -> None:
    values = answers()
    low, high = (np.array([getattr(i, end) for i in MODEL.indicators]) for end in ("low", "high"))
    origin = scale_origin(low, high)
    chunks = [pattern_sums(part, None, origin) for part in np.array_split(values, 3)]
    total = add_sums(add_sums(chunks[0], chunks[1]), chunks[2])
    chunked = fit_fiml_sums(MODEL, total, group="g", level=0.9)
    for name in ("estimate", "std_error"):
        np.testing.assert_allclose(
            column(chunked, name), column(fit(values), name), rtol=1e-8, atol=1e-10
        )


def test_input_is_not_changed() -> None:
    values = answers()
    before = values.copy()
    fit(values)
    np.testing.assert_array_equal(values, before)


def test_rows_without_any_answer_are_left_out_and_counted() -> None:
    values = answers()
    more = np.vstack([values, np.full((4, 7), np.nan)])
    result = fit(more)
    (notice,) = result.notices
    assert notice.kind == "rows_without_answers"
    assert notice.message.startswith("4 rows have no answer")
    np.testing.assert_array_equal(column(result, "estimate"), column(fit(values), "estimate"))
    assert measures(result)["ntotal"] == 300


def test_thin_coverage_is_named() -> None:
    values = answers()
    values[20:, 0] = np.nan
    notices = fit(values).notices
    assert [n.kind for n in notices] == ["thin_coverage"]
    assert "q1 and q2" in notices[0].message


def test_composites_are_named() -> None:
    first, *rest = MODEL.constructs
    model = replace(MODEL, constructs=(replace(first, kind="composite"), *rest))
    result = fit_fiml(model, answers(), group="g", level=0.9)
    assert [(n.kind, n.subject) for n in result.notices] == [("composite_as_factor", "quality")]


def assert_blank(result: EngineResult, *said: str) -> None:
    assert not result.diagnosis.ok
    assert len(result.estimates) == len(fit(answers()).estimates)
    for row in result.estimates:
        assert "estimate" not in row
        for part in said:
            assert part in str(row["note"])
    assert all(np.isnan(value) for value in measures(result).values())
    assert result.quality == ()


def test_indicators_never_answered_together_are_named() -> None:
    values = answers()
    values[:150, 0] = np.nan
    values[150:, 4] = np.nan
    assert_blank(fit(values), "not identified", "no row answered both q1 and v2")


def test_many_pairs_never_answered_together_are_cut_short() -> None:
    values = answers()
    values[:150, :3] = np.nan
    values[150:, 3:] = np.nan
    assert_blank(fit(values), "q1 and v1", "and 6 more pairs")


def test_pairs_with_too_few_common_rows_are_named() -> None:
    values = answers(share=0.0)
    values[1:150, 0] = np.nan
    values[150:, 1:] = np.nan
    assert_blank(fit(values), "q1")


def test_an_unanswered_and_a_constant_indicator_are_named_together() -> None:
    values = answers()
    values[:, 1] = np.nan
    values[~np.isnan(values[:, 5]), 5] = 7.0
    assert_blank(fit(values), "nobody answered q2", "no variation in the answers to v3")


def test_collinear_indicators_are_named() -> None:
    values = answers(share=0.0)
    values[:, 2] = values[:, 0] + values[:, 1]
    values[:30, 5] = np.nan
    assert_blank(fit(values), "linearly dependent", "q1, q2 and q3")


def test_too_few_rows_are_refused() -> None:
    assert_blank(fit(answers(n=7)), "7 rows with answers for 7 indicators")


def test_no_rows_are_refused() -> None:
    assert_blank(fit(np.full((5, 7), np.nan)), "0 rows with answers")
    assert_blank(fit(np.empty((0, 7))), "0 rows with answers")
    assert_blank(fit(answers(), np.zeros(300)), "0 rows with answers")


def test_a_group_of_twenty_rows_is_fitted_or_told_why_not() -> None:
    for seed in range(5):
        result = fit(answers(n=20, share=0.1, seed=seed))
        if result.diagnosis.ok:
            assert np.isfinite(column(result, "estimate")).all()
            assert (
                np.isfinite(column(result, "std_error")).sum()
                == compile_model(MODEL).structure.size + 7
            )
        else:
            assert_blank(result, result.diagnosis.problems[0])


def test_a_heywood_case_is_named() -> None:
    result = fit(answers(n=3000, share=0.05, error=-0.1))
    assert_blank(result, "the error variance of q2 is negative (a Heywood case)")
    assert result.diagnosis.converged


def test_a_model_that_is_not_identified_is_named() -> None:
    lonely = make_model({"a": ["a1", "a2"]}, [])
    result = fit_fiml(lonely, answers()[:, :2], group="g", level=0.9)
    assert "not identified" in result.diagnosis.problems[0]
    assert all("estimate" not in row for row in result.estimates)


def test_wrong_calls_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        fit(np.ones((5, 3)))
    with pytest.raises(ValueError, match="level"):
        fit_fiml(MODEL, answers(), group="g", level=1.0)
    with pytest.raises(ValueError, match="not negative"):
        fit(answers(), np.full(300, -1.0))
