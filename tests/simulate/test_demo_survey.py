"""The demo survey: seeded, realistic, and readable as any other file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model, make_model
from survey_cases import price_model

from acsi_sem.simulate.answers import (
    cut_to_scale,
    punch_holes,
    share_threshold,
    skewed_thresholds,
)
from acsi_sem.simulate.demo import COMPANIES, EFFECTS, LOADINGS, demo_survey
from acsi_sem.simulate.latents import (
    draw_latents,
    draw_responses,
    make_structure,
    topological_order,
)
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey.read import read_survey, survey_from_frame
from acsi_sem.terms import Sign

# Twelve thousand interviews keep sampling error of shares and correlations under 0.02.
MANY = 2000


@pytest.fixture(scope="module")
def demo() -> pd.DataFrame:
    return demo_survey(acsi_model(), seed=1)


def test_the_seed_determines_every_answer(demo: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(demo, demo_survey(acsi_model(), seed=1))
    assert not demo.equals(demo_survey(acsi_model(), seed=2))


def test_columns_and_rows(demo: pd.DataFrame) -> None:
    items = [item.column for item in acsi_model().indicators]
    people = ["AGE", "GENDER", "REGION", "WEIGHT", "STRATUM"]
    assert list(demo) == ["COMPANY", "INDUSTRY", *items, *people]
    assert len(demo) == 6 * 220
    assert demo.groupby("COMPANY")["INDUSTRY"].nunique().eq(1).all()
    assert demo.groupby("INDUSTRY")["COMPANY"].nunique().tolist() == [3, 3]
    assert set(demo["GENDER"]) == {1, 2}
    assert set(demo["REGION"]) == {1, 2, 3, 4}
    assert demo["AGE"].between(18, 85).all()
    assert demo["STRATUM"].nunique() == 8


def test_it_is_read_without_a_notice(demo: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "survey.csv"
    demo.to_csv(path, index=False)
    design = DesignColumns("WEIGHT", "sampling", "STRATUM")
    from_file = read_survey(path, acsi_model(), group="COMPANY", design=design)
    from_frame = survey_from_frame(demo, acsi_model(), group="COMPANY", design=design)
    np.testing.assert_array_equal(from_file.values, from_frame.values)
    assert from_file.notices == ()
    assert from_file.groups is not None
    complete = np.bincount(from_file.groups.codes[from_file.complete])
    assert complete.min() >= 170


def test_answers_are_skewed_and_some_are_missing() -> None:
    frame = demo_survey(acsi_model(), seed=5, interviews=MANY)
    for item in acsi_model().indicators:
        answers = frame[item.column]
        missing = answers.isin((98, 99))
        assert 0.004 < missing.mean() < 0.035
        assert 0.6 < (answers[missing] == 98).mean() < 1
        if item.name != "COMP":
            assert answers[~missing].between(1, 10).all()
            valid = answers[~missing].to_numpy(dtype=float)
            assert ((valid - valid.mean()) ** 3).mean() / valid.std() ** 3 < -0.4
            assert answers[~missing].nunique() == 10


def test_dissatisfied_customers_complain_more() -> None:
    frame = demo_survey(acsi_model(), seed=6, interviews=MANY)
    valid = frame[(frame["COMP"] <= 1) & (frame["SATIS"] <= 10)]
    assert 0.10 < valid["COMP"].mean() < 0.25
    assert -0.5 < valid["COMP"].corr(valid["SATIS"]) < -0.2


def test_companies_differ_as_intended() -> None:
    frame = demo_survey(acsi_model(), seed=7, interviews=MANY)
    items = ["SATIS", "CONFIRM", "IDEAL"]
    scores = (frame[items].where(frame[items] <= 10).mean(axis=1) - 1) / 9 * 100
    means = scores.groupby(frame["COMPANY"]).mean()
    assert 62 < means.min() < 68
    assert 76 < means.max() < 83
    lifts = pd.Series({company.name: company.lift for company in COMPANIES})
    assert means.sort_values().index.tolist() == lifts.sort_values().index.tolist()


def test_weights_restore_the_population() -> None:
    frame = demo_survey(acsi_model(), seed=8, interviews=MANY)
    shares = frame.groupby("REGION")["WEIGHT"].sum() / frame["WEIGHT"].sum()
    np.testing.assert_allclose(shares, [0.28, 0.22, 0.32, 0.18], atol=0.02)
    assert abs(frame["WEIGHT"].mean() - 1) < 0.02
    assert frame["WEIGHT"].min() > 0.4
    assert frame["WEIGHT"].max() < 2.5


def test_price_tolerance_is_asked_as_two_questions() -> None:
    frame = demo_survey(price_model(), seed=1)
    assert (frame["HIGHPTOL"].notna() ^ frame["LOWPTOL"].notna()).all()
    survey = survey_from_frame(frame, price_model(), group="COMPANY")
    tolerance = survey.values[:, survey.items.index("PT")]
    assert 5 < np.nanmean(tolerance) < 9
    assert 0 < np.isnan(tolerance).mean() < 0.03


def test_any_model_can_be_simulated() -> None:
    blocks_ = {"trust": ("T1", "T2"), "use": ("U1", "U2", "U3")}
    arrows: list[tuple[str, str, Sign]] = [("trust", "use", "negative")]
    model = make_model(blocks_, arrows, scales={"T1": (0.0, 6.0)})
    frame = demo_survey(model, seed=1, interviews=400)
    valid = frame[(frame[["T1", "U1"]] <= 10).all(axis=1)]
    assert valid["T1"].max() == 6
    assert valid["T1"].corr(valid["U1"]) < -0.15


def test_latents_have_the_correlations_of_the_structure() -> None:
    model = acsi_model()
    structure = make_structure(model, EFFECTS, LOADINGS)
    rng = np.random.default_rng(1)
    latents = draw_latents(model, structure, np.zeros((200_000, 6)), rng)
    spread = np.linalg.inv(np.eye(6) - structure.paths)
    implied = spread @ np.diag(structure.disturbances) @ spread.T
    np.testing.assert_allclose(np.diag(implied), 1, rtol=1e-12)
    # 200,000 draws: standard error of a correlation at most 0.0023, five of them allowed.
    np.testing.assert_allclose(np.corrcoef(latents.T), implied, atol=0.012)
    responses = draw_responses(model, structure, latents, rng)
    of_construct = latents[:, blocks(model)]
    loadings = [np.corrcoef(*pair)[0, 1] for pair in zip(responses.T, of_construct.T, strict=True)]
    np.testing.assert_allclose(loadings, structure.loadings, atol=0.012)


def test_sources_come_before_targets() -> None:
    order = topological_order(acsi_model())
    arrows = adjacency(acsi_model())
    assert sorted(order) == list(range(6))
    for target, source in np.argwhere(arrows):
        assert order.index(source) < order.index(target)


def test_an_impossible_structure_is_refused() -> None:
    with pytest.raises(ValueError, match="the sources of perceived_quality explain all"):
        make_structure(acsi_model(), {("expectations", "perceived_quality"): 1.0}, {})


def test_cuts_give_the_shares_they_promise() -> None:
    item = acsi_model().indicators[0]
    responses = np.random.default_rng(2).standard_normal(200_000)
    answers = cut_to_scale(responses, skewed_thresholds(10, 3.0), item)
    # Up to 9 of 10: 0.88 * 0.9^3 + 0.12 * 0.9; standard error of a share at most 0.0012.
    assert abs((answers <= 9).mean() - (0.88 * 0.729 + 0.108)) < 0.006
    assert (answers.min(), answers.max()) == (1, 10)
    assert abs((responses > share_threshold(0.2)).mean() - 0.2) < 0.006


def test_a_reversed_item_is_answered_the_other_way_round() -> None:
    item = acsi_model().indicators[0]
    responses = np.linspace(-3, 3, 50)
    cuts = skewed_thresholds(10, 2.0)
    plain = cut_to_scale(responses, cuts, item)
    np.testing.assert_array_equal(
        cut_to_scale(responses, cuts, replace(item, reverse=True)), 11 - plain
    )


def test_holes_are_codes_or_blanks() -> None:
    item = acsi_model().indicators[0]
    answers = np.full(50_000, 7.0)
    coded = punch_holes(answers, 0.1, item, np.random.default_rng(3))
    assert set(coded) == {7.0, 98.0, 99.0}
    assert abs((coded != 7).mean() - 0.1) < 0.01
    blank = punch_holes(answers, 0.1, replace(item, missing=()), np.random.default_rng(3))
    assert np.isnan(blank).any()
    assert set(blank[~np.isnan(blank)]) == {7.0}
    np.testing.assert_array_equal(answers, 7.0)
