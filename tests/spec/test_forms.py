"""A system cut to what a survey asked: scales, codes, shares, arrows, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acsi_sem.errors import SpecError
from acsi_sem.spec.fields import Field
from acsi_sem.spec.forms import Form, form_of
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Indicator, Model, Scoring, Text
from acsi_sem.spec.survey_parts import System

ACSI, KCSI, SPLIT = (load_model(Path(f"models/{n}.yaml")) for n in ("acsi", "kcsi", "acsi_split"))
SATISFIED = {"SATIS": "SATIS", "CONFIRM": "CONFIRM", "IDEAL": "IDEAL"}
QUALITY = {"OVERALLQ": "OVERALLQ", "CUSTOMQ": "CUSTOMQ"}


def cut(
    model: Model,
    questions: Mapping[str, str],
    known: Mapping[str, Field] | None = None,
    **more: Any,
) -> Form:
    system = System("s", Text.of(None, "s"), questions=tuple(questions.items()), **more)
    return form_of(model, system, known or {}, "study.yaml")


def refused(model: Model, questions: Mapping[str, str], **more: Any) -> list[str]:
    with pytest.raises(SpecError) as caught:
        cut(model, questions, **more)
    return [str(problem) for problem in caught.value.problems]


def item(form: Form, name: str) -> Indicator:
    return next(one for one in form.model.answers if one.name == name)


def field(column: str, **said: Any) -> Field:
    return Field(column, column, Text.of(None, column), **said)


def test_without_questions_the_model_is_as_it_stands() -> None:
    assert cut(ACSI, {}) == Form(ACSI)


def test_the_study_says_scale_codes_and_direction_of_its_columns() -> None:
    known = {"Q9": field("Q9", low=0.0, high=4.0, missing=(("9", "no"), ("x", "")), reverse=True)}
    one = item(cut(KCSI, {"ALLSAT": "Q9", "PRODSAT": "P"}, known), "ALLSAT")
    assert (one.column, one.low, one.high, one.reverse) == ("Q9", 0, 4, True)
    assert one.missing == ((9.0, "no"),)


def test_a_scale_of_the_system_wins_and_the_model_speaks_for_other_columns() -> None:
    known = {"Q9": field("Q9", low=0.0, high=4.0)}
    form = cut(KCSI, {"ALLSAT": "Q9", "PRODSAT": "P"}, known, scale=(0.0, 10.0))
    assert [(i.low, i.high) for i in form.model.answers] == [(0, 10), (0, 10)]
    assert item(form, "ALLSAT").missing == ()
    assert item(form, "PRODSAT").missing == item(Form(KCSI), "PRODSAT").missing
    assert [(i.low, i.high) for i in cut(KCSI, {"ALLSAT": "A"}).model.answers] == [(1, 7)]


def test_shares_of_components_that_were_not_asked_go_to_the_others_at_every_time() -> None:
    form = cut(KCSI, {"ALLSAT": "A", "REBUY": "R"})
    assert form.model.scoring is not None
    told = [dict(entry.shares) for entry in form.model.scoring.shares]
    assert told == [
        pytest.approx({"overall": 2 / 3, "repurchase": 1 / 3}),
        pytest.approx({"overall": 0.6, "repurchase": 0.4}),
    ]
    assert form.dropped == ("element",)
    assert form.left_out == ("PRODSAT", "SERVSAT", "IMAGESAT")
    assert form.model.construct("kcsi").components == ("overall", "repurchase")
    assert [i.name for i in form.model.construct("kcsi").indicators] == ["ALLSAT", "REBUY"]


def test_a_construct_that_no_arrow_reaches_any_more_is_left_out() -> None:
    form = cut(ACSI, {**SATISFIED, **QUALITY, "REPUR": "REPUR"})
    assert form.model.construct_names == ("perceived_quality", "satisfaction", "loyalty")
    assert len(form.model.paths) == 2
    alone = cut(ACSI, {**SATISFIED, "OVERALLX": "X", "COMP": "COMP"})
    assert alone.model.construct_names == ("expectations", "satisfaction", "complaints")


def test_components_of_a_construct_stay_though_no_arrow_touches_them() -> None:
    """Product and service quality make up quality, which alone has arrows."""
    asked = {i.name: i.column for i in SPLIT.answers}
    form = cut(SPLIT, asked)
    assert form.model.construct_names == SPLIT.construct_names
    assert form.dropped == ()


def test_names_that_the_model_does_not_have_are_told_one_by_one() -> None:
    told = refused(ACSI, {"SATTIS": "S", "CONFIRM": "C", "FOO": "F"})
    place = "study.yaml: compare.systems.s.questions"
    assert told == [
        (
            f"{place}.SATTIS: expected a question of the model acsi, got 'SATTIS'; did you mean "
            "'SATIS'?"
        ),
        (
            f"{place}.FOO: expected a question of the model acsi, got 'FOO'; it asks "
            "OVERALLX, CUSTOMX, WRONGX, OVERALLQ, CUSTOMQ, WRONGQ, PQ, QP, SATIS, CONFIRM, IDEAL, "
            "COMP and REPUR"
        ),
    ]


def test_an_index_without_a_question_is_refused() -> None:
    assert refused(ACSI, QUALITY) == [
        (
            "study.yaml: compare.systems.s.questions: expected at least one question of "
            "'satisfaction', the index, got none; map one of SATIS, CONFIRM and IDEAL"
        )
    ]


def test_an_index_that_no_arrow_reaches_is_refused() -> None:
    assert refused(ACSI, SATISFIED) == [
        (
            "study.yaml: compare.systems.s.questions: expected questions of a construct that an "
            "arrow ties to 'satisfaction', got none; map some, or measure by a composite model"
        )
    ]


@pytest.mark.parametrize(("kind", "said"), [("amount", "an amount"), ("category", "a category")])
def test_a_column_without_a_scale_is_refused(kind: str, said: str) -> None:
    assert refused(KCSI, {"ALLSAT": "MONEY"}, known={"MONEY": field("MONEY", kind=kind)}) == [
        (
            "study.yaml: compare.systems.s.questions.ALLSAT: expected a column of answers on a "
            f"scale, got MONEY, which this study calls {said}"
        )
    ]


def test_a_scale_all_of_which_is_top_box_is_refused() -> None:
    """Yes or no has two steps: every answer would be among the highest two."""
    assert refused(KCSI, {"ALLSAT": "YES"}, scale=(0.0, 1.0)) == [
        (
            "study.yaml: compare.systems.s.questions.ALLSAT: expected an answer scale of more than "
            "2 steps, got [0, 1] of YES; every answer to it would count as a top box"
        )
    ]
    assert cut(KCSI, {"ALLSAT": "YES"}, scale=(0.0, 2.0)).model.index == "kcsi"


def test_a_percentage_of_the_maximum_needs_a_scale_from_zero_up() -> None:
    share = replace(KCSI, scoring=Scoring("of_maximum"))
    (told,) = refused(share, {"ALLSAT": "A"}, scale=(-3.0, 3.0))
    assert told.endswith("expected an answer scale from 0 or above, got [-3, 3] of A")
