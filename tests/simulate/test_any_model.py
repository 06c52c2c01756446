"""Every index system that ships can be simulated, and its own simulated survey can be fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model, make_indicator, make_model

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.errors import SpecError
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.plsc import disattenuate
from acsi_sem.simulate.answers import cut_to_scale
from acsi_sem.simulate.demo import (
    COMPANIES,
    EFFECTS,
    LOADINGS,
    demo_columns,
    demo_survey,
    given_effects,
)
from acsi_sem.simulate.latents import (
    EXPLAINED,
    OPEN,
    Structure,
    draw_latents,
    draw_responses,
    make_structure,
    topological_order,
)
from acsi_sem.spec.catalogue import list_models
from acsi_sem.spec.graph import adjacency, blocks, sources_of
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Construct, Model, Text
from acsi_sem.survey.read import survey_from_frame
from acsi_sem.terms import Sign

MODELS = {entry.name: load_model(entry.file) for entry in list_models()}
STRUCTURAL = [name for name, model in MODELS.items() if model.kind == "structural"]
COMPOSITE = [name for name, model in MODELS.items() if model.kind == "composite"]


def structure(model: Model) -> Structure:
    """Return what `demo_survey` draws from."""
    return make_structure(model, given_effects(model), LOADINGS)


def implied(made: Structure) -> np.ndarray:
    """Return the covariances of the constructs."""
    spread = np.linalg.inv(np.eye(len(made.paths)) - made.paths)
    return np.asarray((spread * made.disturbances) @ spread.T)


def numbers(table: pd.DataFrame, key: str, value: str) -> dict[str, float]:
    """Return a column of a table by another one."""
    keys, values = table[key].tolist(), table[value].to_numpy(dtype=float)
    return {str(name): float(number) for name, number in zip(keys, values, strict=True)}


def overall(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the fit to everybody."""
    return table[table["group"] == "all"]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_makes_a_survey_that_is_read_without_a_notice(name: str) -> None:
    model = MODELS[name]
    frame = demo_survey(model, seed=3, interviews=60)
    assert tuple(frame) == demo_columns(model)
    pd.testing.assert_frame_equal(frame, demo_survey(model, seed=3, interviews=60))
    assert not frame.equals(demo_survey(model, seed=4, interviews=60))
    survey = survey_from_frame(frame, model)
    assert survey.notices == ()
    assert survey.values.shape[0] == 360
    assert (np.isnan(survey.values).mean(axis=0) < 0.10).all()


@pytest.mark.parametrize("name", STRUCTURAL)
def test_sources_explain_what_they_should(name: str) -> None:
    model = MODELS[name]
    made, given = structure(model), given_effects(model)
    np.testing.assert_allclose(np.diag(implied(made)), 1, rtol=1e-12)
    for place, target in enumerate(model.construct_names):
        signs = {path.source: path.sign for path in model.paths if path.target == target}
        effects = [made.paths[place, model.construct_names.index(source)] for source in signs]
        if not signs:
            assert made.disturbances[place] == 1
        elif all((source, target) in given for source in signs):
            assert effects == [EFFECTS[source, target] for source in signs]
        elif set(signs.values()) == {"any"}:
            assert effects == [OPEN] * len(signs)
        else:
            assert made.disturbances[place] == pytest.approx(1 - EXPLAINED, abs=1e-12)
            sizes = [abs(v) for v, s in zip(effects, signs.values(), strict=True) if s != "any"]
            assert sizes == pytest.approx([sizes[0]] * len(sizes), rel=1e-12)
    matches = {"positive": 1.0, "negative": -1.0}
    for path in model.paths:
        at = model.construct_names.index(path.target), model.construct_names.index(path.source)
        assert path.sign == "any" or np.sign(float(made.paths[at])) == matches[path.sign]


def test_the_acsi_keeps_its_effects() -> None:
    assert given_effects(acsi_model()) == EFFECTS
    assert given_effects(MODELS["acsi_1994"]) == EFFECTS
    # Satisfaction without value is not explained as in the ACSI; handling is no complaint.
    assert ("expectations", "satisfaction") not in given_effects(MODELS["acsi_gov"])
    assert ("satisfaction", "complaints") not in given_effects(MODELS["ecsi_mobi"])


def test_open_effects_fill_up_beside_those_given() -> None:
    arrows: list[tuple[str, str, Sign]] = [("a", "d", "positive"), ("b", "d", "negative")]
    model = make_model({n: (n.upper(),) for n in "abd"}, arrows)
    made = make_structure(model, {("a", "d"): 0.5}, {})
    assert made.paths[2].tolist() == pytest.approx([0.5, -np.sqrt(EXPLAINED - 0.25), 0.0])
    # What is given explains enough already: the other arrow is small.
    full = make_structure(model, {("a", "d"): 0.8}, {})
    assert full.paths[2].tolist() == pytest.approx([0.8, -OPEN, 0.0])


# 40,000 draws, standard error of a loading below 0.005; four of them allowed. Consistent PLS undoes
# the attenuation of scores made of a few items, so that it recovers the population.
@pytest.mark.parametrize("name", ["acsi_gov", "ecsi", "hkcsi", "ncsb_2001", "scsb_1989"])
def test_loadings_and_effects_are_recovered_by_consistent_pls(name: str) -> None:
    model = MODELS[name]
    made, rng = structure(model), np.random.default_rng(5)
    none = np.zeros((40_000, len(model.constructs)))
    responses = draw_responses(model, made, draw_latents(model, made, none, rng), rng)
    correlation = np.asarray(np.corrcoef(responses.T))[None]
    form = blocks(model), adjacency(model)
    found = pls(correlation, *form)
    assert found.converged.all()
    true = disattenuate(found.weights, correlation, found.correlation, *form)
    np.testing.assert_allclose(true.loadings[0], made.loadings, atol=0.02)
    np.testing.assert_allclose(true.correlation[0], implied(made), atol=0.03)


@pytest.mark.parametrize("name", STRUCTURAL)
def test_its_own_survey_is_fitted_by_pls_in_every_company(name: str) -> None:
    model = MODELS[name]
    survey = survey_from_frame(demo_survey(model, seed=1), model, group="COMPANY")
    fitted = fit(model, survey, engines=["pls"], bootstrap=0)
    assert [found.problems for found in fitted.diagnoses if not found.ok] == []
    assert len(fitted.diagnoses) == 7
    rows = fitted.indices[fitted.indices["construct"] == model.index]
    index = numbers(rows, "group", "index")
    lifts = {company.name: company.lift for company in COMPANIES}
    best, worst = max(lifts, key=lambda n: lifts[n]), min(lifts, key=lambda n: lifts[n])
    # They are 0.39 standard deviations of every driver apart: 5 to 20 points of the index.
    assert all(40 < value < 95 for value in index.values())
    assert index[best] - index[worst] > 4
    assert agreement(fitted, model) >= 0.9


# Every system is identified: a single item is its construct, pairs of items are connected to others
# by arrows, and there are fewer parameters than covariances.
@pytest.mark.parametrize("name", STRUCTURAL)
def test_its_own_survey_is_fitted_by_maximum_likelihood(name: str) -> None:
    model = MODELS[name]
    survey = survey_from_frame(demo_survey(model, seed=1), model)
    fitted = fit(model, survey, engines=["ml"], bootstrap=0)
    assert [found.problems for found in fitted.diagnoses if not found.ok] == []
    measures = numbers(overall(fitted.fit_measures), "measure", "value")
    # The model is true but for the cutting into steps, which bends the covariances a little.
    assert measures["rmsea"] < 0.06
    assert measures["cfi"] > 0.95
    assert agreement(fitted, model) >= 0.9


def agreement(fitted: Fit, model: Model) -> float:
    """Return the share of paths with the sign expected, of those with one."""
    rows = overall(fitted.estimates)
    rows = rows[rows["op"] == "~"].assign(arrow=lambda x: x["rhs"] + " -> " + x["lhs"])
    found = numbers(rows, "arrow", "std_estimate")
    agree = [
        (found[f"{path.source} -> {path.target}"] > 0) == (path.sign == "positive")
        for path in model.paths
        if path.sign != "any"
    ]
    return sum(agree) / len(agree)


@pytest.mark.parametrize("name", COMPOSITE)
def test_a_composite_index_is_what_was_drawn(name: str) -> None:
    model = MODELS[name]
    frame = demo_survey(model, seed=1)
    survey = survey_from_frame(frame, model, group="COMPANY")
    fitted = fit(model, survey, engines=["composite"], bootstrap=0)
    assert [found.problems for found in fitted.diagnoses if not found.ok] == []
    answers = {
        item.column: frame[item.column].where(frame[item.column] <= item.high)
        for item in model.answers
    }
    value = numbers(overall(fitted.indices), "construct", "index")
    assert value[model.index] == pytest.approx(by_hand(model, answers), abs=1e-9)
    complete = pd.DataFrame(answers).dropna().to_numpy()
    assert np.abs(np.corrcoef(complete.T)).min() > 0.3  # one factor is behind them all


def by_hand(model: Model, answers: dict[str, pd.Series[float]]) -> float:
    """Return an index by its published formula."""
    if model.name == "kundenmonitor":
        return float(25 * (5 - answers["GLOBALSAT"].mean()))
    if model.name == "ukcsi":
        means = [
            np.mean([10 * answers[item.column].mean() for item in part.indicators])
            for part in model.constructs
            if not part.components
        ]
        names = [part.name for part in model.constructs if not part.components]
        scoring = model.scoring
        assert scoring is not None
        return float(np.dot([dict(scoring.shares[-1].shares)[n] for n in names], means))
    top = {column: 100 * (x.dropna() >= 6).mean() for column, x in answers.items()}
    elements = np.mean([top["PRODSAT"], top["SERVSAT"], top["IMAGESAT"]])
    return float(0.3 * top["ALLSAT"] + 0.5 * elements + 0.2 * top["REBUY"])


def two_levels() -> Model:
    """Return a model whose quality is made of two components."""
    model = make_model(
        {"food": ("F1", "F2"), "staff": ("S1", "S2"), "satisfaction": ("T1", "T2", "T3")},
        [("quality", "satisfaction")],
    )
    first, second, third = model.constructs
    items = first.indicators + second.indicators
    whole = Construct("quality", Text.of(None, "q"), items, components=("food", "staff"))
    return replace(model, constructs=(first, second, whole, third))


def test_components_load_on_the_whole() -> None:
    model = two_levels()
    made = structure(model)
    assert topological_order(model).index(2) < topological_order(model).index(0)
    correlations = implied(made)
    assert correlations[0, 1] == pytest.approx(0.85**2)
    assert correlations[0, 3] == pytest.approx(0.85 * np.sqrt(EXPLAINED))
    frame = demo_survey(model, seed=1)
    assert tuple(frame)[2:9] == ("F1", "F2", "S1", "S2", "T1", "T2", "T3")
    fitted = fit(model, survey_from_frame(frame, model), engines=["pls"], bootstrap=0)
    assert all(found.ok for found in fitted.diagnoses)


def test_the_models_own_question_goes_before_the_surveys() -> None:
    columns = demo_columns(MODELS["hkcsi"])
    assert columns.count("AGE") == 1
    assert columns.index("AGE") < columns.index("GENDER")
    frame = demo_survey(MODELS["hkcsi"], seed=1, interviews=60)
    ages = frame["AGE"]
    assert ages[ages < 90].between(1, 6).all()


def test_an_item_in_the_column_of_a_unit_is_refused() -> None:
    model = make_model({"a": ("COMPANY",), "b": ("WEIGHT", "B2")}, [("a", "b")])
    with pytest.raises(SpecError) as caught:
        demo_survey(model, seed=1)
    assert [problem.path for problem in caught.value.problems] == ["COMPANY", "WEIGHT"]


def test_a_long_scale_is_answered_in_equal_steps() -> None:
    item = make_indicator("SHARE", (0.0, 1000.0))
    answers = cut_to_scale(np.array([-9.0, 0.1, 9.0]), np.array([-1.0, 0.0, 1.0, 2.0]), item)
    assert answers.tolist() == [0.0, 500.0, 1000.0]
    model = make_model(
        {"a": ("SHARE",), "b": ("B1", "B2")}, [("a", "b")], scales={"SHARE": (0.0, 1e6)}
    )
    values = demo_survey(model, seed=1)["SHARE"]
    assert values.max() == 1e6
    assert values.nunique() <= 103  # 101 steps and two missing codes


def test_sources_are_found_for_every_target() -> None:
    for model in MODELS.values():
        order = topological_order(model)
        for place, name in enumerate(model.construct_names):
            for source in sources_of(model, name):
                at = model.construct_names.index(source)
                assert order.index(at) < order.index(place)
