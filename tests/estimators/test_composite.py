"""Composite indices by hand, under weights, by period, in groups, and where answers lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.errors import UsageError
from acsi_sem.estimators.composite import fixed_weights
from acsi_sem.simulate.demo import demo_survey
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Construct, Indicator, Model, Scoring, Text
from acsi_sem.spec.study import Codebook, DesignColumns
from acsi_sem.survey.read import survey_from_frame
from acsi_sem.survey.survey import Survey

KCSI = load_model(Path("models/kcsi.yaml"))
ITEMS = ("ALLSAT", "PRODSAT", "SERVSAT", "IMAGESAT", "REBUY")


def label(name: str) -> Text:
    return Text.of(None, name)


def item(name: str, low: float = 1, high: float = 5, reverse: bool = False) -> Indicator:
    return Indicator(name, name, float(low), float(high), (), reverse, label(name))


def one_block(form: Any, *items: Indicator, boxes: int = 2) -> Model:
    """A composite of one construct."""
    block = Construct("satisfaction", label("satisfaction"), items)
    scoring = Scoring(form=form, boxes=boxes)
    return Model(
        "tiny", label("tiny"), "", (block,), (), "satisfaction", kind="composite", scoring=scoring
    )


def survey(model: Model, columns: Mapping[str, Sequence[Any]], **more: Any) -> Survey:
    return survey_from_frame(pd.DataFrame(dict(columns)), model, minimum_rows=2, **more)


def index(found: Fit, construct: str = "", group: str = "all") -> float:
    return float(row(found, construct, group)["index"])


def row(found: Fit, construct: str = "", group: str = "all") -> dict[str, Any]:
    table, name = found.indices, construct or found.model.index
    own = table[(table["construct"] == name) & (table["group"] == group)]
    assert len(own) == 1
    return {str(key): value for key, value in own.iloc[0].items()}


@cache
def kcsi_frame() -> pd.DataFrame:
    """Answers to the KCSI's questions, some of them missing."""
    return demo_survey(KCSI, seed=3, interviews=80)


@cache
def kcsi_survey(**more: Any) -> Survey:
    return survey_from_frame(kcsi_frame(), KCSI, **more)


def top(frame: pd.DataFrame, name: str) -> float:
    """Share of 6 and 7 among the answers from 1 to 7, in per cent."""
    answers = frame[name][frame[name].between(1, 7)]
    return 100 * float((answers >= 6).mean())


def test_scaled_by_hand() -> None:
    """A: mean 3 of 1-5 gives 50; B: mean 4 of 0-10 gives 40; equally, 45."""
    model = one_block("scaled", item("A"), item("B", 0, 10))
    made = survey(model, {"A": [1, 3, 5, 3], "B": [2, 6, 4, 4]})
    assert index(fit(model, made, minimum_rows=2, bootstrap=0)) == pytest.approx(45, abs=1e-12)


def test_of_maximum_by_hand() -> None:
    """A: mean 3 of at most 5 gives 60; B: 4 of 10 gives 40."""
    model = one_block("of_maximum", item("A"), item("B", 0, 10))
    made = survey(model, {"A": [1, 3, 5, 3], "B": [2, 6, 4, 4]})
    assert index(fit(model, made, minimum_rows=2, bootstrap=0)) == pytest.approx(50, abs=1e-12)


def test_top_box_by_hand_with_a_reversed_question() -> None:
    """A: 3 of 5 answer 4 or 5. R, where 1 is best: 2 of 5 answer 1 or 2."""
    model = one_block("top_box", item("A"), item("R", reverse=True))
    made = survey(model, {"A": [5, 4, 4, 3, 1], "R": [1, 2, 3, 4, 5]})
    assert index(fit(model, made, minimum_rows=2, bootstrap=0)) == pytest.approx(
        (60 + 40) / 2, abs=1e-12
    )


def test_missing_answers_neither_count_nor_are_counted_as_low() -> None:
    model = one_block("top_box", item("A"), item("B"))
    made = survey(model, {"A": [5, 5, None, 1], "B": [1, 1, 5, None]})
    found = fit(model, made, minimum_rows=2, bootstrap=0)
    assert index(found) == pytest.approx((200 / 3 + 100 / 3) / 2, abs=1e-12)
    assert row(found)["n"] == 4
    assert row(found)["n_complete"] == 2
    assert index(
        fit(model, made, minimum_rows=2, bootstrap=0, index_means="complete")
    ) == pytest.approx(50)


@pytest.mark.parametrize(
    ("period", "shares"),
    [("", (0.3, 0.5, 0.2)), ("2010", (0.4, 0.4, 0.2)), ("2011Q1", (0.3, 0.5, 0.2))],
)
def test_kcsi_by_hand_and_by_period(period: str, shares: tuple[float, ...]) -> None:
    frame = kcsi_frame()
    element = np.mean([top(frame, name) for name in ("PRODSAT", "SERVSAT", "IMAGESAT")])
    parts = (top(frame, "ALLSAT"), float(element), top(frame, "REBUY"))
    found = fit(KCSI, kcsi_survey(), bootstrap=0, period=period)
    assert index(found) == pytest.approx(float(np.dot(shares, parts)), abs=1e-10)
    assert index(found, "element") == pytest.approx(element, abs=1e-10)
    assert found.impacts.empty


def test_a_period_before_any_shares_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a period with shares, got 2001, before 2002"):
        fit(KCSI, kcsi_survey(), bootstrap=0, period="2001")


def test_shares_of_every_construct_sum_to_one() -> None:
    """Weights are shares per scale unit; a top box has the width 1."""
    weights = fixed_weights(KCSI)
    assert weights.tolist() == pytest.approx([1, *[1 / 3] * 3, 1, 0.3, *[0.5 / 3] * 3, 0.2])


def test_everybody_in_the_top_box_is_100_and_not_a_failure() -> None:
    model = one_block("top_box", item("A"), item("B"))
    made = survey(model, {"A": [5] * 30, "B": [4, 5] * 15})
    found = fit(model, made, minimum_rows=2, bootstrap=60)
    assert index(found) == 100
    assert (row(found)["conf_low"], row(found)["conf_high"]) == (100, 100)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4)), min_size=3, max_size=15
    )
)
def test_frequencies_are_repeated_rows(rows: list[tuple[int, int, int]]) -> None:
    model = one_block("scaled", item("A"), item("B"))
    names = ("A", "B", "W")
    weighted = pd.DataFrame(rows, columns=list(names))
    repeated = weighted.loc[np.repeat(weighted.index, weighted["W"])].drop(columns="W")
    columns = DesignColumns(weight="W", weight_kind="frequency")
    one = survey_from_frame(weighted, model, design=columns, minimum_rows=2)
    two = survey_from_frame(repeated.reset_index(drop=True), model, minimum_rows=2)
    first, second = (row(fit(model, made, ci="linearised")) for made in (one, two))
    for name in ("index", "std_error", "conf_low", "n", "n_complete"):
        assert first[name] == pytest.approx(second[name], abs=1e-9, nan_ok=True)


def test_weights_count_by_their_ratios_alone() -> None:
    frame = kcsi_frame().assign(W=lambda f: 1e6 * f["WEIGHT"])
    found = [
        fit(KCSI, survey_from_frame(frame, KCSI, design=DesignColumns(weight=name)), bootstrap=60)
        for name in ("WEIGHT", "W")
    ]
    for name in ("index", "std_error", "conf_low", "conf_high", "n_eff"):
        assert row(found[0])[name] == pytest.approx(row(found[1])[name], rel=1e-9)
    assert abs(index(found[0]) - index(fit(KCSI, kcsi_survey(), bootstrap=0))) > 0.01


def test_errors_of_every_kind_agree() -> None:
    """Of one mean without gaps they are known: s / sqrt(n), which the jackknife is exactly."""
    model = one_block("scaled", item("A"))
    values = np.random.default_rng(5).integers(1, 6, 400)
    made = survey(model, {"A": values.tolist()})
    known = 25 * float(values.std(ddof=1)) / 20
    jackknife = row(fit(model, made, resampling="jackknife"))
    assert jackknife["std_error"] == pytest.approx(known, rel=1e-10)
    linear = row(fit(model, made, ci="linearised"))
    assert linear["std_error"] == pytest.approx(known, rel=2e-3)  # n or n - 1: 1/800
    drawn = row(fit(model, made, bootstrap=2000))
    assert drawn["std_error"] == pytest.approx(known, rel=0.07)  # 4.4 errors of 1/sqrt(2 B)


def test_linearised_and_bootstrap_agree_on_kcsi_with_gaps_and_strata() -> None:
    columns = DesignColumns(weight="WEIGHT", stratum="STRATUM")
    made = survey_from_frame(kcsi_frame(), KCSI, design=columns)
    linear = row(fit(KCSI, made, ci="linearised"))["std_error"]
    assert row(fit(KCSI, made, bootstrap=2000))["std_error"] == pytest.approx(linear, rel=0.07)
    jackknife = row(fit(KCSI, made, resampling="jackknife"))["std_error"]
    assert jackknife == pytest.approx(linear, rel=0.01)  # they differ by O(1/n)


def test_groups_and_breakdowns_are_the_index_of_their_rows() -> None:
    frame = kcsi_frame()
    book = Codebook("GENDER", label("Gender"), (("1", label("men")), ("2", label("women"))))
    made = survey_from_frame(frame, KCSI, group="INDUSTRY", breakdowns=(book,))
    found = fit(KCSI, made, bootstrap=0)
    for name, part in frame.groupby("INDUSTRY"):
        alone = fit(KCSI, survey_from_frame(part, KCSI), bootstrap=0)
        assert index(found, group=str(name)) == pytest.approx(index(alone), abs=1e-10)
    cells = found.breakdowns
    own = cells[(cells["group"] == "all") & (cells["construct"] == "kcsi")]
    for code, part in frame.groupby("GENDER"):
        alone = fit(KCSI, survey_from_frame(part, KCSI), bootstrap=0)
        told = own.loc[own["category"] == {1: "men", 2: "women"}[int(str(code))], "index"]
        assert told.item() == pytest.approx(index(alone), abs=1e-10)


def test_a_group_that_was_not_asked_one_question_is_blank_with_the_reason() -> None:
    frame = kcsi_frame().copy()
    frame.loc[frame["COMPANY"] == "Quillbrook", "REBUY"] = np.nan
    made = kcsi_survey()
    answers = survey_from_frame(frame, KCSI).values
    groups = survey_from_frame(kcsi_frame(), KCSI, group="COMPANY").groups
    found = fit(KCSI, replace(made, values=answers, groups=groups), bootstrap=60)
    lost = row(found, group="Quillbrook")
    assert np.isnan([lost["index"], lost["std_error"], lost["conf_low"]]).all()
    assert lost["note"] == "an indicator has no answers here"
    assert [d.group for d in found.diagnoses if not d.ok] == ["Quillbrook"]
    others = found.indices[found.indices["group"] != "Quillbrook"]
    assert others["index"].notna().all()


def test_an_engine_that_does_not_suit_the_model_is_refused() -> None:
    with pytest.raises(UsageError, match="expected engine composite for the composite model kcsi"):
        fit(KCSI, kcsi_survey(), engines=("pls",))
    with pytest.raises(UsageError, match="expected an engine for paths, as acsi has them"):
        fit(acsi_model(), make_survey(), engines=("composite",))
