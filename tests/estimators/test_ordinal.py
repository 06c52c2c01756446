"""The ordinal engine: recovery, errors against samples, diagnoses, the real survey."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from acsi_model import acsi_model, make_model
from numpy.typing import NDArray

from acsi_sem.estimators.compile import compile_model
from acsi_sem.estimators.ordinal import MEASURES, fit_ordinal
from acsi_sem.estimators.result import EngineResult
from acsi_sem.kernels.lisrel import imply
from acsi_sem.spec.model import Model
from acsi_sem.tables.schema import ESTIMATES, FIT_MEASURES, QUALITY, make_table

Floats = NDArray[np.float64]

BLOCKS = {"a": ("a1", "a2", "a3"), "b": ("b1", "b2", "b3"), "c": ("c1",)}
PATHS = [("a", "b"), ("b", "c"), ("a", "c")]
SKEWED = np.array([-1.8, -1.2, -0.5, 0.3])
TRUTH = {
    "a =~ a2": 1.1,
    "a =~ a3": 0.8,
    "b =~ b2": 0.9,
    "b =~ b3": 1.2,
    "b ~ a": 0.5,
    "c ~ b": 0.4,
    "c ~ a": 0.2,
    "a ~~ a": 0.6,
    "b ~~ b": 0.35,
}


def small_model() -> Model:
    return make_model(BLOCKS, PATHS)


@cache
def correlation() -> Floats:
    """The correlation matrix of the variables behind the answers."""
    compiled = compile_model(small_model())
    theta = np.array([TRUTH.get(row.name, 0.0) for row in compiled.free])
    covariance: Floats = imply(compiled.structure, theta[None]).covariance[0]
    np.fill_diagonal(covariance, 1.0)
    covariance.setflags(write=False)
    return covariance


def drawn(n: int, rng: np.random.Generator) -> Floats:
    """Five-point skewed answers, the last item 0 or 1."""
    normal = rng.normal(size=(n, 7)) @ np.linalg.cholesky(correlation()).T
    answers = np.searchsorted(SKEWED, normal).astype(np.float64) + 1
    answers[:, 6] = normal[:, 6] > 0.5
    return answers


def fitted(
    values: Floats, weights: Floats | None = None, model: Model | None = None
) -> EngineResult:
    return fit_ordinal(model or small_model(), values, weights, group="all", level=0.95)


def numbers(result: EngineResult, column: str) -> dict[str, float]:
    return {
        f"{row['lhs']} {row['op']} {row['rhs']}": float(str(row[column]))
        for row in result.estimates
        if column in row
    }


def measures(result: EngineResult) -> dict[str, float]:
    return {str(row["measure"]): float(str(row["value"])) for row in result.fit_measures}


def test_many_rows_recover_the_parameters() -> None:
    result = fitted(drawn(50_000, np.random.default_rng(1)))
    assert result.diagnosis.ok
    assert result.diagnosis.gradient < 1e-8
    estimates, errors = numbers(result, "estimate"), numbers(result, "std_error")
    distances = {name: (estimates[name] - value) / errors[name] for name, value in TRUTH.items()}
    assert max(map(abs, distances.values())) < 3.5, distances  # nine variates: 1 in 240
    assert errors["b ~ a"] < 0.02
    assert measures(result)["pvalue.scaled"] > 0.001


@cache
def replications() -> tuple[Floats, Floats, Floats, float]:
    """Estimates, standard errors (R, k), adjusted test (R,) and its df over 300 samples."""
    rng = np.random.default_rng(20)
    estimates, errors, tests = [], [], []
    for _ in range(300):
        result = fitted(drawn(600, rng))
        assert result.diagnosis.ok, result.diagnosis.problems
        known = numbers(result, "std_error")
        estimates.append([numbers(result, "estimate")[name] for name in known])
        errors.append(list(known.values()))
        tests.append(measures(result)["chisq.scaled"])
    return np.array(estimates), np.array(errors), np.array(tests), measures(result)["df"]


def test_standard_errors_equal_the_spread_over_samples() -> None:
    estimates, errors, _, _ = replications()
    ratio = np.sqrt((errors**2).mean(axis=0)) / estimates.std(axis=0, ddof=1)
    # Over 300 samples a standard deviation is known to 4.1 %; the largest of 16 within 4 of them.
    assert np.abs(ratio - 1).max() < 0.17
    assert np.abs(ratio - 1).mean() < 0.06


def test_the_adjusted_test_has_mean_and_variance_of_chi_square() -> None:
    from scipy.stats import chi2

    _, _, tests, df = replications()
    assert df == 12
    assert tests.mean() == pytest.approx(df, abs=4 * np.sqrt(2 * df / 300))
    rejected = (tests > chi2.ppf(0.95, df)).mean()
    assert rejected == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 300))


def test_a_bootstrap_gives_the_same_standard_errors() -> None:
    """On answers behind which stand variables with heavy tails, tied in the tails."""
    rng = np.random.default_rng(30)
    normal = rng.normal(size=(700, 7)) @ np.linalg.cholesky(correlation()).T
    heavy = normal / np.sqrt(rng.chisquare(4, (700, 1)) / 4)
    values = np.searchsorted(SKEWED, heavy).astype(np.float64)
    errors = numbers(fitted(values), "std_error")
    samples = [numbers(fitted(values[rng.integers(0, 700, 700)]), "estimate") for _ in range(150)]
    for name in ("a =~ a2", "b =~ b3", "b ~ a", "c ~ b"):
        spread = float(np.std([sample[name] for sample in samples], ddof=1))
        # 150 samples know a standard deviation to 6 %; the bootstrap itself is off by O(1/n).
        assert errors[name] == pytest.approx(spread, rel=0.24)


def test_rows_fit_the_tables() -> None:
    result = fitted(drawn(800, np.random.default_rng(2)))
    for rows, schema in (
        (result.estimates, ESTIMATES),
        (result.fit_measures, FIT_MEASURES),
        (result.quality, QUALITY),
    ):
        assert len(make_table(schema, rows)) == len(rows) > 0
    found = measures(result)
    assert tuple(found) == MEASURES
    assert found["npar"] == 9 + 6 * 4 + 1  # structure and thresholds
    assert all(row["engine"] == "ordinal" for row in result.estimates)


def test_items_have_variance_one_and_limits_surround_estimates() -> None:
    result = fitted(drawn(800, np.random.default_rng(2)))
    estimate, standard = numbers(result, "estimate"), numbers(result, "std_estimate")
    for name in ("a1", "b3"):
        block = name[0]
        loading = standard[f"{block} =~ {name}"]
        assert loading**2 + estimate[f"{name} ~~ {name}"] == pytest.approx(1.0, abs=1e-12)
    for row in result.estimates:
        if "std_error" in row:
            value, error = float(str(row["estimate"])), float(str(row["std_error"]))
            assert float(str(row["conf_low"])) == pytest.approx(value - 1.959964 * error, abs=1e-6)
            assert row["se_type"] == "robust"
    assert "std_error" not in next(row for row in result.estimates if row["rhs"] == "a1")


def test_only_the_order_of_answers_counts() -> None:
    values = drawn(500, np.random.default_rng(3))
    one, two = fitted(values), fitted(np.exp(values) * 3 - 7)
    assert numbers(one, "estimate") == numbers(two, "estimate")
    assert measures(one) == measures(two)


def test_weights_repeat_rows_in_estimates() -> None:
    rng = np.random.default_rng(4)
    values = drawn(400, rng)
    counts = rng.integers(1, 4, 400)
    weights = counts.astype(np.float64)
    one = numbers(fitted(values, weights), "estimate")
    two = numbers(fitted(np.repeat(values, counts, axis=0)), "estimate")
    # The weights of least squares, 1 / diag Γ, differ: repeated rows are no sampling weights.
    assert one.keys() == two.keys()
    assert max(abs(one[name] - two[name]) for name in one) < 0.05
    doubled = fitted(values, weights * 2)
    for name, value in numbers(doubled, "estimate").items():
        assert value == pytest.approx(one[name], abs=1e-9)
    assert numbers(doubled, "std_error")["b ~ a"] == pytest.approx(
        numbers(fitted(values, weights), "std_error")["b ~ a"], rel=1e-8
    )


def spoilt(kind: str) -> Floats:
    values = drawn(300, np.random.default_rng(5))
    match kind:
        case "constant":
            values[:, 1] = 3.0
        case "continuous":
            values[:, 1] = np.linspace(0, 1, 300)
        case "copy":
            values[:, 1] = values[:, 0]
        case "few":
            values = values[:7]
    return values


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("constant", "no variation in the answers to a2"),
        ("continuous", "300 different answers to a2"),
        ("copy", "no polychoric correlation of a2 and a1"),
        ("few", "7 complete cases for 7 indicators"),
    ],
)
def test_unusable_answers_are_diagnosed(kind: str, words: str) -> None:
    result = fitted(spoilt(kind))
    assert not result.diagnosis.ok
    assert any(words in problem for problem in result.diagnosis.problems)
    assert all("estimate" not in row and words in str(row["note"]) for row in result.estimates)
    assert all(np.isnan(value) for value in measures(result).values())


def test_a_heywood_case_is_diagnosed() -> None:
    matrix = correlation().copy()
    matrix[0, 1] = matrix[1, 0] = 0.75
    matrix[0, 2] = matrix[2, 0] = 0.75
    matrix[1, 2] = matrix[2, 1] = 0.35
    normal = np.random.default_rng(6).normal(size=(3_000, 7)) @ np.linalg.cholesky(matrix).T
    result = fitted(np.searchsorted([-1.0, 0.0, 1.0], normal).astype(np.float64))
    assert result.diagnosis.converged
    assert not result.diagnosis.admissible
    assert "Heywood" in result.diagnosis.problems[0]


def test_an_unidentified_model_is_diagnosed() -> None:
    model = make_model({"a": ("a1", "a2"), "b": ("b1",)}, [])
    result = fitted(drawn(300, np.random.default_rng(7))[:, [0, 1, 6]], model=model)
    alone = make_model({"a": ("a1", "a2")}, [])
    two = fitted(drawn(300, np.random.default_rng(7))[:, :2], model=alone)
    assert result.diagnosis.ok  # b tells the loadings of a apart
    assert "not identified" in two.diagnosis.problems[0]


def test_a_rare_answer_is_told() -> None:
    values = drawn(300, np.random.default_rng(8))
    values[:, 0] = np.maximum(values[:, 0], 2.0)
    values[3, 0] = 1.0
    (notice,) = (n for n in fitted(values).notices if n.subject == "a1")
    assert notice.kind == "thin_category"
    assert "1 of 300 answered 1 to a1" in notice.message


@pytest.mark.parametrize(
    ("values", "weights"),
    [
        (np.ones((9, 6)), None),
        (np.full((9, 7), np.nan), None),
        (np.ones((9, 7)), np.zeros(9)),
        (np.ones((9, 7)), np.ones(8)),
    ],
)
def test_a_wrong_call_is_refused(values: Floats, weights: Floats | None) -> None:
    with pytest.raises(ValueError, match="values must"):
        fitted(values, weights)


DATA = Path(__file__).parents[3] / "shared" / "data" / "ACSI Data 2015 ver2.xlsx"


@pytest.mark.survey
@pytest.mark.skipif(not DATA.exists(), reason="the 2015 interviews are not on this machine")
def test_every_industry_of_the_survey_is_fitted() -> None:
    from acsi_sem.survey.read import read_survey

    survey = read_survey(DATA, acsi_model(), group="INDUSTRY")
    assert survey.groups is not None
    for number, key in enumerate(survey.groups.keys):
        values = survey.values[survey.groups.codes == number]
        values = values[np.isfinite(values).all(axis=1)]
        result = fitted(values, model=acsi_model())
        assert result.diagnosis.ok, (key, result.diagnosis.problems)
        assert result.diagnosis.gradient < 1e-8
        found = measures(result)
        assert found["df"] == 58
        assert 0.95 < found["cfi.scaled"] < 1.0
        # As with the other covariance engines: expectations and quality are nearly collinear.
        assert numbers(result, "estimate")["satisfaction ~ expectations"] < 0.1
