"""Covariance structures through the pipeline: errors by design, scores, groups, missing answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import moments
from numpy.testing import assert_allclose
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.errors import UsageError
from acsi_sem.estimators.compile import compile_model
from acsi_sem.estimators.factor_index import factor_weights
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.survey.survey import Survey

MODEL = acsi_model()


def survey(seed: int = 2, sizes: tuple[int, ...] = (240, 260), missing: float = 0.02) -> Survey:
    """Make a survey whose groups have proper solutions."""
    return make_survey(seed, sizes, missing=missing)


def values(found: Fit, table: str, **key: str) -> dict[object, float]:
    """Return one column of a table by its measure or construct."""
    frame = getattr(found, table)
    for column, value in key.items():
        frame = frame[frame[column] == value]
    name, number = {"fit_measures": ("measure", "value"), "indices": ("construct", "index")}[table]
    return dict(zip(frame[name], frame[number], strict=True))


@pytest.fixture(scope="module")
def fitted() -> Fit:
    """Every covariance engine on two groups, with invariance."""
    return fit(MODEL, survey(), engines=("semopy", "ml"), bootstrap=300, invariance=True)


def test_both_engines_give_the_same_tables(fitted: Fit) -> None:
    for name in ("estimates", "indices", "impacts", "quality", "modification", "residuals"):
        table = getattr(fitted, name)
        keys = [c for c in table.columns if table[c].dtype == object or table[c].dtype == "str"]
        table = table.sort_values([key for key in keys if key != "note"])
        one = table[table["engine"] == "semopy"].select_dtypes("number").to_numpy(float)
        other = table[table["engine"] == "ml"].select_dtypes("number").to_numpy(float)
        assert len(one) == len(other) > 0
        # Starts differ in the tenth digit; replicates follow them.
        assert_allclose(one, other, rtol=1e-5, atol=1e-7, err_msg=name)


def test_robust_errors_are_the_default_and_scaled_tests_come_along(fitted: Fit) -> None:
    assert set(fitted.estimates["se_type"]) == {"", "robust"}
    found = values(fitted, "fit_measures", group="all", engine="ml")
    assert {"chisq.scaled", "cfi.robust", "rmsea.robust", "pvalue.bollen.stine"} <= set(found)
    assert 0 <= found["pvalue.bollen.stine"] <= 1
    assert found["bollen.stine.replicates"] > 290


def test_standardised_values_have_errors(fitted: Fit) -> None:
    paths = fitted.estimates[fitted.estimates["op"] == "~"]
    assert (paths["std_estimate_se"] > 0).all()


def test_the_index_is_that_of_the_factor_score_weights() -> None:
    stored = moments("5001")
    compiled = compile_model(MODEL)
    theta = minimise_ml(compiled, stored.cov).theta[:1]
    weights = factor_weights(MODEL, compiled, theta)[0, 8:11]
    free = {row.name: theta[0, row.free] for row in compiled.free}
    expected = [1.0, free["satisfaction =~ CONFIRM"], free["satisfaction =~ IDEAL"]]
    errors = [free[f"{item} ~~ {item}"] for item in ("SATIS", "CONFIRM", "IDEAL")]
    assert_allclose(weights, np.array(expected) / errors, rtol=1e-12)
    # Within a block these are the regression weights of the factor, up to one factor.
    block = stored.cov[8:11, 8:11] * 0 + np.outer(expected, expected) + np.diag(errors)
    regression = np.linalg.solve(block, expected)
    assert_allclose(weights / weights.sum(), regression / regression.sum(), rtol=1e-10)


def test_replicates_carry_the_index_and_its_impacts(fitted: Fit) -> None:
    rows = fitted.indices[fitted.indices["engine"] == "ml"]
    assert rows["index"].between(0, 100).all()
    assert (rows["std_error"] > 0).all()
    counts = {(c.group, c.engine): c for c in fitted.replicates}
    assert counts["all", "ml"].requested == 300
    drivers = fitted.impacts.query(
        "engine == 'ml' and group == 'all' and effect == 'impact_5' and target == 'satisfaction'"
    )
    assert len(drivers) == 3


def test_effects_have_delta_errors_without_a_bootstrap() -> None:
    large = survey(3, (1500, 1600), missing=0.0)
    key = ["group", "source", "target", "effect"]
    every = fit(MODEL, large, engines=("ml",), bootstrap=0).impacts
    routes = every.query("effect == 'specific'")
    assert routes["std_error"].isna().all()
    assert (routes["note"] == "no standard error of a specific effect without replicates").all()
    plain = every.query("effect != 'specific'")
    drawn = fit(MODEL, large, engines=("ml",), bootstrap=400).impacts.query("effect != 'specific'")
    merged = plain.merge(drawn, on=key)
    assert len(merged) == len(plain)
    assert (merged["std_error_x"] > 0).all()
    # A product of two effects near zero has no slope to go by: the delta method fails there.
    seen = merged[merged["estimate_x"].abs() > 2 * merged["std_error_x"]]
    ratio = seen["std_error_x"] / seen["std_error_y"]
    # Monte-Carlo noise of 400 draws is 3.5 %; the rest is curvature at n = 1,500.
    assert ratio.between(0.8, 1.2).all()
    assert abs(ratio.median() - 1) < 0.05
    total, impact = (plain[plain["effect"] == name] for name in ("total", "impact_5"))
    assert_allclose(impact["conf_high"], 5 * total["conf_high"], rtol=1e-12)


def test_modification_indices_come_largest_first(fitted: Fit) -> None:
    own = fitted.modification.query("group == 'all' and engine == 'ml'")
    assert own["mi"].is_monotonic_decreasing
    assert len(own) > 50


def test_invariance_is_told_in_tables_and_words(fitted: Fit) -> None:
    assert fitted.invariance["scope"].unique().tolist() == ["measurement", "model"]
    assert fitted.invariance["level"].tolist()[:4] == ["configural", "metric", "scalar", "strict"]
    told = [notice for notice in fitted.notices if notice.kind == "invariance"]
    assert [notice.subject for notice in told] == ["measurement", "model"]
    # Both groups were drawn from one population.
    assert fitted.invariance["holds"].tolist()[:3] == [1.0, 1.0, 1.0]


def test_a_released_parameter_costs_no_degree_of_freedom() -> None:
    plain = fit(MODEL, survey(), engines=("ml",), bootstrap=0, invariance=True)
    freed = fit(
        MODEL,
        survey(),
        engines=("ml",),
        bootstrap=0,
        invariance=True,
        release=("satisfaction =~ IDEAL",),
    )
    fall = plain.invariance["df"] - freed.invariance["df"]
    assert fall.tolist() == [0, 1, 1, 1] * 2
    assert set(freed.invariance["released"]) == {"satisfaction =~ IDEAL"}


def clustered(size: int) -> Survey:
    """Return a survey with strata of four PSUs of `size` rows each."""
    found = survey(missing=0.0)
    psu = (np.arange(500) // size).astype(np.intp)
    return replace(found, design=replace(found.design, psu=psu, strata=psu // 4), groups=None)


def test_a_design_makes_cluster_errors_the_default() -> None:
    plain = fit(MODEL, replace(survey(missing=0.0), groups=None), engines=("ml",), bootstrap=0)
    found = fit(MODEL, clustered(5), engines=("ml",), bootstrap=0)
    assert set(found.estimates["se_type"]) == {"", "cluster"}
    assert_allclose(found.estimates["estimate"], plain.estimates["estimate"], rtol=1e-12)
    assert not np.allclose(
        found.estimates["std_error"].dropna(), plain.estimates["std_error"].dropna()
    )


def test_a_stratum_with_one_psu_withholds_cluster_errors() -> None:
    base = clustered(5)
    strata = base.design.psu
    found = fit(
        MODEL,
        replace(base, design=replace(base.design, strata=strata)),
        engines=("ml",),
        bootstrap=0,
    )
    assert found.estimates["std_error"].isna().all()
    assert found.estimates["note"].str.contains("single unit").all()
    assert any(notice.kind == "no_variance" for notice in found.notices)


def test_weights_change_estimates_and_rescaling_them_changes_nothing() -> None:
    weights = np.random.default_rng(1).uniform(0.5, 2, 500)
    base = survey()
    one = replace(base, design=replace(base.design, weights=weights, weighted=True))
    two = replace(base, design=replace(base.design, weights=7 * weights, weighted=True))
    first, second = (fit(MODEL, s, engines=("ml",), bootstrap=0) for s in (one, two))
    for column in ("estimate", "std_error", "std_estimate_se"):
        assert_allclose(first.estimates[column], second.estimates[column], rtol=1e-7, atol=1e-9)


def test_a_mean_structure_adds_intercepts_only() -> None:
    plain = fit(MODEL, survey(), engines=("ml",), bootstrap=0)
    with_means = fit(MODEL, survey(), engines=("ml",), bootstrap=0, meanstructure=True)
    own = with_means.estimates[with_means.estimates["op"] != "~1"].reset_index(drop=True)
    assert_allclose(own["estimate"], plain.estimates["estimate"], rtol=1e-12)
    assert (with_means.estimates["op"] == "~1").sum() == 3 * 13


def test_fiml_uses_every_row_and_equals_ml_without_holes() -> None:
    whole = survey(missing=0.0)
    ml = fit(MODEL, whole, engines=("ml",), bootstrap=0, meanstructure=True)
    fiml = fit(MODEL, whole, engines=("ml",), bootstrap=0, missing="fiml")
    merged = ml.estimates.merge(fiml.estimates, on=["group", "lhs", "op", "rhs"])
    assert len(merged) == len(ml.estimates)
    # Two optimisers of one likelihood, each to a gradient of 1e-8 or better.
    assert_allclose(merged["estimate_x"], merged["estimate_y"], rtol=1e-6, atol=1e-7)
    holes = fit(MODEL, survey(missing=0.1), engines=("ml",), bootstrap=0, missing="fiml")
    assert all(diagnosis.ok for diagnosis in holes.diagnoses)
    assert set(holes.estimates["se_type"]) == {"", "fiml_robust"}


def test_only_a_bootstrap_gives_a_bollen_stine_p() -> None:
    small = survey(3, (120, 130), missing=0.0)
    left_out = fit(MODEL, small, engines=("ml",), resampling="jackknife")
    assert "pvalue.bollen.stine" not in set(left_out.fit_measures["measure"])
    drawn = fit(MODEL, small, engines=("ml",), bootstrap=60)
    assert "pvalue.bollen.stine" in set(drawn.fit_measures["measure"])


def test_em_moments_serve_pls_and_ols() -> None:
    whole = survey(missing=0.0)
    complete = fit(MODEL, whole, engines=("pls", "ols"), bootstrap=0)
    em = fit(MODEL, whole, engines=("pls", "ols"), bootstrap=0, missing="em")
    assert_allclose(em.indices["index"], complete.indices["index"], rtol=1e-9)
    paths = complete.estimates.query("op == '~'").merge(
        em.estimates, on=["group", "engine", "lhs", "op", "rhs"]
    )
    assert_allclose(paths["estimate_x"], paths["estimate_y"], rtol=1e-7, atol=1e-9)
    holes = fit(MODEL, survey(missing=0.1), engines=("pls", "ols"), bootstrap=0, missing="em")
    listwise = fit(MODEL, survey(missing=0.1), engines=("pls", "ols"), bootstrap=0)
    assert (holes.indices["index"] != listwise.indices["index"]).any()
    assert holes.estimates.query("engine == 'ols' and op == '~'")["note"].str.contains("EM").all()


def test_ordinal_answers_have_their_engine() -> None:
    found = fit(MODEL, survey(), engines=("ordinal",), bootstrap=0)
    assert all(diagnosis.ok for diagnosis in found.diagnoses)
    assert found.estimates["estimate"].notna().all()
    assert found.indices.empty


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"engines": ("semopy",), "missing": "fiml"}, "engines ml with fiml"),
        ({"engines": ("ml",), "missing": "em"}, "engines pls, plsc, ols with em"),
        ({"engines": ("pls",), "missing": "em", "ci": "bca"}, "percentile or normal with em"),
        ({"engines": ("pls",), "missing": "em", "index_means": "complete"}, "available with em"),
        ({"engines": ("pls",), "missing": "em", "folds": 5}, "item means"),
        ({"engines": ("pls",), "resampling": "jackknife", "ci": "bca"}, "normal with jackknife"),
        ({"engines": ("pls",), "resampling": "columns"}, "replicate weights in the survey"),
        ({"engines": ("pls",), "resampling": "brr"}, "strata of two units each"),
        ({"engines": ("ols",), "folds": 5}, "engine pls"),
        ({"engines": ("pls",), "comparison": True, "permutations": 20}, "100 to 1000000"),
        ({"engines": ("pls",), "weights_policy": "clip"}, "allow, nonnegative, drop"),
        ({"engines": ("ml",), "missing": "fiml", "se": "cluster"}, "robust or ml with fiml"),
        ({"engines": ("ml",), "se": "cluster"}, "strata or PSUs beside cluster"),
        ({"engines": ("ml",), "se": "sandwich"}, "one of robust"),
        ({"engines": ("ml",), "missing": "mean"}, "engines pls, plsc, ols, composite with mean"),
        ({"engines": ("pls",), "missing": "median"}, "one of complete"),
        ({"engines": ("pls",), "invariance": True}, "engine semopy or ml"),
        ({"engines": ("ml",), "release": ("a =~ b",)}, "invariance beside it"),
        ({"engines": ("ml",), "invariance": True, "release": ("a =~ b",)}, "a =~ b"),
    ],
)
def test_what_does_not_go_together_is_refused(change: dict[str, object], words: str) -> None:
    arguments = {"bootstrap": 0, **change}
    with pytest.raises(UsageError, match=words):
        fit(MODEL, survey(), **arguments)  # type: ignore[arg-type]


def test_invariance_needs_groups() -> None:
    alone = replace(survey(), groups=None)
    with pytest.raises(UsageError, match="two groups or more"):
        fit(MODEL, alone, engines=("ml",), bootstrap=0, invariance=True)
