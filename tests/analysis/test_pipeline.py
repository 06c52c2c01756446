"""The whole way from a survey to the tables: contracts that every engine keeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from simulated import make_survey, take

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.scores import score_index
from acsi_sem.analysis.values import Fit
from acsi_sem.errors import UsageError
from acsi_sem.spec.model import Construct
from acsi_sem.survey.survey import Survey
from acsi_sem.tables.schema import SCHEMAS
from acsi_sem.terms import Engine, Errors

MODEL = acsi_model()
ALL_ENGINES: tuple[Engine, ...] = ("pls", "semopy", "ols")


@pytest.fixture(scope="module")
def fitted() -> Fit:
    """Every engine on a survey of two groups."""
    return fit(MODEL, make_survey(), engines=ALL_ENGINES, bootstrap=300, seed=7)


def tables_of(found: Fit) -> dict[str, pd.DataFrame]:
    """Return the tables of a fit by name."""
    names = ["estimates", "fit_measures", "quality", "items", "indices", "impacts", "breakdowns"]
    return {name: getattr(found, name) for name in names}


def test_tables_have_their_columns_and_types(fitted: Fit) -> None:
    schemas = {schema.name: schema for schema in SCHEMAS}
    for name, table in tables_of(fitted).items():
        assert list(table.columns) == list(schemas[name].columns), name
        for column, kind in schemas[name].columns.items():
            if kind == "number":
                assert table[column].dtype == np.float64, (name, column)
            if kind == "text":
                assert all(isinstance(text, str) for text in table[column]), (name, column)


def test_every_group_and_engine_is_there(fitted: Fit) -> None:
    assert fitted.groups == ("all", "group 1", "group 2")
    assert [(d.group, d.engine) for d in fitted.diagnoses] == [
        (group, engine) for group in fitted.groups for engine in ALL_ENGINES
    ]
    for engine in ALL_ENGINES:
        own = fitted.estimates[fitted.estimates["engine"] == engine]
        paths = own[own["op"] == "~"]
        assert len(paths) == 3 * len(MODEL.paths)
        assert paths["estimate"].notna().all()
    assert set(fitted.indices["engine"]) == set(ALL_ENGINES)


def test_the_same_request_gives_the_same_numbers(fitted: Fit) -> None:
    again = fit(MODEL, make_survey(), engines=ALL_ENGINES, bootstrap=300, seed=7)
    for name, table in tables_of(fitted).items():
        assert_frame_equal(table, tables_of(again)[name], check_exact=True)


def test_another_seed_moves_only_the_spread(fitted: Fit) -> None:
    other = fit(MODEL, make_survey(), engines=ALL_ENGINES, bootstrap=300, seed=8)
    mine = fitted.indices
    assert (mine["index"] == other.indices["index"]).all()
    assert (mine["std_error"] != other.indices["std_error"]).any()


def test_inputs_are_not_changed() -> None:
    survey = make_survey()
    before = survey.values.copy()
    fit(MODEL, survey, bootstrap=100)
    np.testing.assert_array_equal(survey.values, before)


def test_a_group_is_fitted_for_itself(fitted: Fit) -> None:
    survey = make_survey()
    alone = replace(take(survey, np.arange(150)), groups=None, factors=())
    one = fit(MODEL, alone, bootstrap=0)
    whole = fitted.indices.query("engine == 'pls' and group == 'group 1'")
    assert_allclose(one.indices["index"], whole["index"], rtol=1e-12)


def test_without_a_bootstrap_there_are_points_but_no_spread() -> None:
    found = fit(MODEL, make_survey(), engines=("pls", "ols"), bootstrap=0)
    assert found.indices["index"].notna().all()
    assert found.indices[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    pls = found.estimates.query("engine == 'pls'")
    assert pls["std_error"].isna().all()
    assert (pls["se_type"] == "").all()
    assert found.replicates == ()


def test_limits_enclose_the_point(fitted: Fit) -> None:
    rows = fitted.indices[fitted.indices["engine"] != "semopy"]
    assert (rows["conf_low"] < rows["index"]).all()
    assert (rows["index"] < rows["conf_high"]).all()


def test_impacts_are_consistent(fitted: Fit) -> None:
    wide = fitted.impacts.pivot_table(
        index=["group", "engine", "source", "target"], columns="effect", values="estimate"
    )
    total = wide["direct"].fillna(0) + wide["indirect"].fillna(0)
    assert_allclose(wide["total"], total, rtol=1e-12, atol=1e-12)
    assert_allclose(wide["impact_5"], 5 * wide["total"], rtol=1e-12)


def test_direct_effects_of_ols_are_its_estimates(fitted: Fit) -> None:
    direct = fitted.impacts.query("engine == 'ols' and effect == 'direct'")
    slopes = fitted.estimates.query("engine == 'ols' and op == '~'")
    merged = direct.merge(
        slopes, left_on=["group", "target", "source"], right_on=["group", "lhs", "rhs"]
    )
    assert len(merged) == len(direct) == 27
    # Moments here, QR on rows in statsmodels.
    assert_allclose(merged["estimate_x"], merged["estimate_y"], rtol=1e-9, atol=1e-10)


def test_breakdowns_recombine_to_their_group(fitted: Fit) -> None:
    rows = fitted.breakdowns.query(
        "engine == 'pls' and construct == 'complaints' and variable == 'gender'"
    )
    whole = fitted.indices.query("engine == 'pls' and construct == 'complaints'")
    for group, parts in rows.groupby("group"):
        mean = np.average(parts["index"], weights=parts["n"])
        assert mean == pytest.approx(whole.loc[whole["group"] == group, "index"].item(), rel=1e-12)


def test_small_cells_are_withheld_and_said(fitted: Fit) -> None:
    rows = fitted.breakdowns
    small = rows["n"] < 50
    assert small.any()
    assert rows.loc[small, ["index", "std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    assert (rows.loc[rows["index"].isna(), "note"] != "").all()
    assert any(notice.kind == "small_cells" for notice in fitted.notices)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_row_order_changes_nothing(seed: int) -> None:
    survey = make_survey(seed)
    order = np.random.default_rng(seed).permutation(330)
    one = fit(MODEL, survey, engines=("pls", "ols"), bootstrap=0)
    other = fit(MODEL, take(survey, order), engines=("pls", "ols"), bootstrap=0)
    for name in ("estimates", "indices", "impacts"):
        # statsmodels decomposes the rows in their order; everything of ours is exact sums.
        assert_frame_equal(getattr(one, name), getattr(other, name), rtol=1e-9, atol=1e-10)


def frequency(survey: Survey, counts: np.ndarray) -> Survey:
    """Return the survey with frequency weights."""
    design = replace(survey.design, weights=counts.astype(float), weighted=True)
    return replace(survey, design=replace(design, weight_kind="frequency"))


def test_frequency_weights_equal_repeated_rows() -> None:
    survey = make_survey(3)
    counts = np.random.default_rng(3).integers(1, 4, 330)
    weighted = fit(MODEL, frequency(survey, counts), engines=ALL_ENGINES, bootstrap=0)
    repeated = fit(
        MODEL, take(survey, np.repeat(np.arange(330), counts)), engines=ALL_ENGINES, bootstrap=0
    )
    for name, table in tables_of(weighted).items():
        # semopy's optimiser ends within its own tolerance of the same optimum.
        assert_frame_equal(table, tables_of(repeated)[name], rtol=1e-6, atol=1e-8)


def test_sampling_weights_give_the_points_of_repeated_rows() -> None:
    survey = make_survey(4)
    counts = np.random.default_rng(4).integers(1, 4, 330).astype(float)
    weighted = replace(survey, design=replace(survey.design, weights=counts, weighted=True))
    scaled = replace(survey, design=replace(survey.design, weights=counts / 7, weighted=True))
    rows = np.repeat(np.arange(330), counts.astype(int))
    one = fit(MODEL, weighted, engines=("pls", "ols"), bootstrap=0)
    two = fit(MODEL, take(survey, rows), engines=("pls", "ols"), bootstrap=0)
    three = fit(MODEL, scaled, engines=("pls", "ols"), bootstrap=0)
    for name, column in (("indices", "index"), ("impacts", "estimate"), ("estimates", "estimate")):
        assert_allclose(getattr(one, name)[column], getattr(two, name)[column], rtol=1e-10)
        assert_allclose(getattr(one, name)[column], getattr(three, name)[column], rtol=1e-10)
    assert (one.indices["n"] == make_counts(survey, one)).all()


def make_counts(survey: Survey, found: Fit) -> pd.Series[int]:
    """Return the rows with an answer per index row: weights do not change them."""
    plain = fit(MODEL, survey, engines=("pls", "ols"), bootstrap=0)
    assert len(plain.indices) == len(found.indices)
    return plain.indices["n"]


@pytest.mark.parametrize("se", ["ml", "mlm"])
def test_textbook_errors_are_refused_with_sampling_weights(se: Errors) -> None:
    weights = np.random.default_rng(5).uniform(0.5, 2, 330)
    survey = make_survey(weights=weights)
    with pytest.raises(UsageError, match="does not hold with sampling weights"):
        fit(MODEL, survey, engines=("ml",), bootstrap=0, se=se)
    found = fit(MODEL, survey, engines=("ml",), bootstrap=0)
    assert set(found.estimates["se_type"]) == {"", "robust"}


def test_complete_means_differ_from_available_ones() -> None:
    survey = make_survey(missing=0.05)
    available = fit(MODEL, survey, bootstrap=0)
    complete = fit(MODEL, survey, bootstrap=0, index_means="complete")
    assert (available.indices["index"] != complete.indices["index"]).all()
    assert available.estimates["estimate"].equals(complete.estimates["estimate"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"engines": ("lisrel",)}, "'lisrel'"),
        ({"engines": ("pls", "pls")}, "pls twice"),
        ({"scheme": "newton"}, "scheme"),
        ({"bootstrap": 5}, "50 to 1000000"),
        ({"bootstrap": -1}, "50 to 1000000"),
        ({"level": 95}, "level"),
        ({"seed": -1}, "seed"),
        ({"index_means": "median"}, "index_means"),
        ({"minimum_rows": 0}, "minimum_rows"),
    ],
)
def test_bad_requests_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        fit(MODEL, make_survey(), **change)  # type: ignore[arg-type]
    assert caught.value.exit_code == 2


def test_all_request_problems_come_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        fit(MODEL, make_survey(), bootstrap=3, level=2, seed=-4)
    assert len(caught.value.problems) == 3


def test_mode_b_weights_are_those_of_a_regression() -> None:
    first, *rest = MODEL.constructs
    changed = Construct(first.name, first.label, first.indicators, mode="B")
    model = replace(MODEL, constructs=(changed, *rest))
    survey = make_survey(missing=0.0, grouped=False)
    found = fit(model, survey, bootstrap=0).estimates
    items = (survey.values - survey.values.mean(axis=0)) / survey.values.std(axis=0)
    weights = found.query("op == '<~' and lhs == 'expectations'")["estimate"].to_numpy()
    assert_allclose((items[:, :3] @ weights).std(), 1.0, rtol=1e-9)
    loadings = found.query("op == '=~' and lhs == 'expectations'")["estimate"].to_numpy()
    assert_allclose(np.corrcoef(items[:, :3].T) @ weights, loadings, rtol=1e-9)
    plain = fit(MODEL, survey, bootstrap=0).estimates
    before = plain.query("op == '<~' and lhs == 'expectations'")["estimate"].to_numpy()
    assert not np.allclose(weights, before, atol=0.01)


def test_a_survey_of_another_model_is_refused() -> None:
    survey = replace(make_survey(), items=("X",) * 13)
    with pytest.raises(UsageError, match="read the survey with this model"):
        fit(MODEL, survey, bootstrap=0)


def test_a_failed_group_is_blank_with_its_reason_and_the_rest_stands() -> None:
    survey = make_survey()
    values = survey.values.copy()
    values[:150, 0] = values[:150, 1] = values[:150, 2] = 7.0
    found = fit(MODEL, replace(survey, values=values), engines=("pls",), bootstrap=100)
    broken = found.indices[found.indices["group"] == "group 1"]
    assert broken["index"].isna().all()
    assert broken["note"].str.contains("converge").all()
    assert found.indices.loc[found.indices["group"] == "group 2", "index"].notna().all()
    assert [d.group for d in found.diagnoses if not d.ok] == ["group 1"]
    assert any(n.kind == "fit_failed" and n.group == "group 1" for n in found.notices)


def test_failing_replicates_are_counted_and_limits_withheld() -> None:
    survey = make_survey(sizes=(60, 180), missing=0.0)
    values = survey.values.copy()
    values[:60, 11] = 0.0
    values[0, 11] = 1.0  # a replicate without row 0 has a constant COMP: about one in e
    found = fit(MODEL, replace(survey, values=values), bootstrap=400)
    count = {c.group: c for c in found.replicates}["group 1"]
    assert 100 < count.failed < 200
    rows = found.indices[found.indices["group"] == "group 1"]
    assert rows["index"].notna().all()
    assert rows["std_error"].notna().all()
    assert rows["conf_low"].isna().all()
    assert rows["note"].str.contains("limits withheld").all()
    assert any(n.kind == "failed_replicates" for n in found.notices)


def test_an_unexpected_sign_is_told() -> None:
    survey = make_survey(6)
    values = survey.values.copy()
    values[:, 12] = 11 - values[:, 12]
    found = fit(MODEL, replace(survey, values=values), bootstrap=100)
    told = [n for n in found.notices if n.kind == "unexpected_sign" and n.group == "all"]
    assert "loyalty ~ satisfaction" in {n.subject for n in told}
    assert any("clearly so" in n.message for n in told)


def test_score_index_reads_the_indices(fitted: Fit) -> None:
    index = score_index(fitted)
    assert index.construct == "satisfaction"
    assert len(index.tidy()) == 9
    assert "<table" in index._repr_html_()
    with pytest.raises(UsageError, match="one of expectations"):
        score_index(fitted, "happiness")


def test_glance_has_a_row_per_fit(fitted: Fit) -> None:
    table = fitted.glance()
    assert len(table) == 9
    assert table["converged"].all()
    assert "<table" in fitted._repr_html_()
    assert fitted.tidy().equals(fitted.estimates)


def test_a_category_that_nobody_is_in_is_there_and_empty() -> None:
    survey = make_survey()
    first = survey.factors[0]
    wider = replace(first, categories=(*first.categories, "other"), keys=(*first.keys, "other"))
    found = fit(MODEL, replace(survey, factors=(wider,)), bootstrap=100)
    rows = found.breakdowns[found.breakdowns["category"] == "other"]
    assert len(rows) == 18
    assert (rows["note"] == "nobody in this category answered").all()


def test_a_design_without_variance_blanks_errors_with_the_reason() -> None:
    survey = make_survey()
    psu = np.repeat([0, 1], [150, 180]).astype(np.intp)
    design = replace(survey.design, psu=psu)
    found = fit(MODEL, replace(survey, design=design), engines=("pls", "ols"), bootstrap=100)
    group = found.indices[found.indices["group"] == "group 1"]
    assert group["index"].notna().all()
    assert group[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    assert group["note"].str.startswith("no standard error").all()
    paths = found.estimates.query("engine == 'pls' and group == 'group 1'")
    assert paths[["std_error", "p_value", "conf_low"]].isna().all(axis=None)
    kinds = {(n.kind, n.group) for n in found.notices}
    assert ("no_variance", "group 1") in kinds
    assert ("few_units", "all") in kinds


def test_an_index_beyond_its_scale_is_not_published() -> None:
    survey = make_survey(7)
    values = survey.values.copy()
    values[:, 7] = 11 - values[:, 7] + 0.4 * (values[:, 0] - 8)  # QP against PQ
    values[:, 7] = np.clip(np.rint(values[:, 7]), 1, 10)
    found = fit(MODEL, replace(survey, values=values), bootstrap=0)
    index = found.indices["index"]
    assert index.dropna().between(0, 100).all()
    for row in found.diagnoses:
        own = found.indices.loc[found.indices["group"] == row.group, "index"]
        assert row.ok == own.notna().all()
    assert any("reverse: true" in text for d in found.diagnoses for text in d.problems)


def test_constant_replicates_under_fractional_weights_fail() -> None:
    rng = np.random.default_rng(9)
    survey = make_survey(sizes=(183,), missing=0.0, weights=rng.uniform(0.3, 3, 183), grouped=False)
    values = survey.values.copy()
    values[:, 11] = 0.0
    values[:4, 11] = 1.0
    found = fit(MODEL, replace(survey, values=values), bootstrap=2000)
    (count,) = found.replicates
    # A replicate misses four given rows of 183 with probability (179/183)^183 = 1.75 %.
    assert 15 <= count.failed <= 60
    loadings = found.estimates.query("op == '=~'")
    assert (loadings["estimate"].abs() > 1e-3).all()


def test_a_few_replicates_for_a_high_level_are_told() -> None:
    found = fit(MODEL, make_survey(), bootstrap=100, level=0.999)
    assert any(notice.kind == "few_replicates" for notice in found.notices)


def test_huge_weights_do_not_overflow() -> None:
    weights = np.random.default_rng(1).uniform(1, 2, 330)
    plain = fit(MODEL, make_survey(weights=weights), bootstrap=0)
    huge = fit(MODEL, make_survey(weights=weights * 1e200), bootstrap=0)
    assert_allclose(huge.indices["n_eff"], plain.indices["n_eff"], rtol=1e-12)
    assert_allclose(huge.indices["index"], plain.indices["index"], rtol=1e-10)
