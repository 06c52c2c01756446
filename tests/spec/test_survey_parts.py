"""The study parts `survey`, `items`, `compare` and `methods`: what they mean, every refusal."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from methods_study import carry_out, write_study

from acsi_sem.errors import SpecError
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.load_survey_parts import WITHOUT_HEADLINE
from acsi_sem.spec.methods.catalogue import KINDS
from acsi_sem.spec.study import Study

STUDY = """\
schema: 1
name: toy
model: {model}
survey: {{type: overview, mode: telephone, period: 2026Q3, response_rate: 0.21}}
items:
  WISH: {{label: Would you like it?, scale: [1, 5], missing: {{9: don't know}}, reverse: true}}
  SPENT: {{amount: true, column: MONEY}}
  PLAN: {{codes: {{a: Basic, b: Full}}}}
methods:
  rate: {{kind: satisfaction_rate, items: [SATIS], satisfied_from: 8}}
compare:
  systems:
    share: {{method: rate}}
    acsi: {{engine: pls}}
    half: {{title: Half, questions: {{SATIS: Q1, OVERALLQ: Q2}}, scale: [0, 10], weights: none}}
"""
MODEL = Path("models/acsi.yaml").resolve()


def load(folder: Path, old: str = "", new: str = "") -> Study:
    text = STUDY.format(model=MODEL)
    assert old in text
    path = folder / "study.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_study(path)


def refusals(folder: Path, old: str, new: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(folder, old, new)
    return [str(problem).removeprefix(f"{folder}/study.yaml:") for problem in caught.value.problems]


def test_what_the_parts_say(tmp_path: Path) -> None:
    study = load(tmp_path)
    assert (study.survey.type, study.survey.mode) == ("overview", "telephone")
    assert (study.survey.period, study.survey.response_rate) == ("2026Q3", 0.21)
    assert study.settings.period == "2026Q3"  # it chooses dated shares
    wish, spent, plan = study.items
    assert (wish.kind, wish.low, wish.high, wish.steps, wish.reverse) == ("scale", 1, 5, 5, True)
    assert wish.missing == (("9", "don't know"),)
    assert (spent.kind, spent.column, spent.low, spent.high) == (
        "amount",
        "MONEY",
        -math.inf,
        math.inf,
    )
    assert (plan.kind, plan.column) == ("category", "PLAN")
    assert [(code, label.get("en")) for code, label in plan.codes] == [
        ("a", "Basic"),
        ("b", "Full"),
    ]


def test_a_heading_that_is_no_name_goes_under_column(tmp_path: Path) -> None:
    said = (
        "6:3: items.How was it?: expected a name of letters, digits, '_', '.' or '-' that does not "
        "begin with a digit, got 'How was it?'; name it in letters, and give the heading in the "
        "file by 'column:'"
    )
    assert refusals(tmp_path, "WISH: {", "How was it?: {") == [said]


def test_systems_and_the_first_with_a_model_as_base(tmp_path: Path) -> None:
    """Nothing can be taken from a method, so it is not compared with."""
    found = load(tmp_path).comparison
    assert found is not None
    assert found.base == "acsi"
    share, acsi, half = found.systems
    assert (share.method, acsi.engine, acsi.weighted) == ("rate", "pls", True)
    assert half.questions == (("SATIS", "Q1"), ("OVERALLQ", "Q2"))
    assert (half.scale, half.weighted, half.title.get("en")) == ((0, 10), False, "Half")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "scale: [1, 5], missing",
            "missing",
            [
                (
                    "6:3: items.WISH: expected one of scale, amount and codes, got none of them; "
                    "scale: [1, 10] for answers, amount: true for money, codes for categories"
                ),
                "6:63: items.WISH.reverse: expected a scale beside it, got none",
            ],
        ),
        (
            "amount: true, column",
            "amount: true, scale: [1, 3], column",
            [
                (
                    "7:3: items.SPENT: expected one of scale, amount and codes, got scale and "
                    "amount; scale: [1, 10] for answers, amount: true for money, codes for "
                    "categories"
                )
            ],
        ),
        (
            "compare:\n",
            "compare:\n  base: asci\n",
            ["12:9: compare.base: expected share, acsi or half, got 'asci'; did you mean 'acsi'?"],
        ),
        (
            "compare:\n",
            "compare:\n  base: share\n",
            [
                (
                    "12:9: compare.base: expected a system with a model, not the method 'share', "
                    "got 'share'; a method's number is no index on 0-100, so nothing can be "
                    "taken from it"
                )
            ],
        ),
        (
            "method: rate}",
            "method: rat}",
            [
                (
                    "13:21: compare.systems.share.method: expected a method of this study, got "
                    "'rat'; did you mean 'rate'?"
                )
            ],
        ),
        (
            "method: rate}",
            "method: rate, engine: pls, weights: none}",
            [
                "13:27: compare.systems.share.engine: expected 'engine' or 'method', got both",
                "13:40: compare.systems.share.weights: expected 'weights' or 'method', got both",
            ],
        ),
        (
            "engine: pls}",
            "engine: pls, scale: [1, 5]}",
            ["14:25: compare.systems.acsi.scale: expected questions beside it, got none"],
        ),
        (
            "response_rate: 0.21",
            "response_rate: 21",
            ["4:74: survey.response_rate: expected a number up to 1, got 21"],
        ),
    ],
)
def test_refusals(tmp_path: Path, old: str, new: str, told: list[str]) -> None:
    assert refusals(tmp_path, old, new) == told


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("type: overview", "type: sometimes", "4:16: survey.type: expected "),
        ("mode: telephone", "mode: pigeon", "4:32: survey.mode: expected "),
        ("period: 2026Q3", "period: 2026Q5", "4:51: survey.period: expected "),
        ("engine: pls", "engine: magic", "14:20: compare.systems.acsi.engine: expected "),
        ("weights: none", "weights: some", "15:"),
        ("SATIS: Q1, OVERALLQ: Q2", "", "15:"),
        ("kind: satisfaction_rate", "kind: satisfaction_rat", "10:16: methods.rate.kind: expected"),
        ("{codes: {a: Basic, b: Full}}", "3", "8:9: items.PLAN: expected "),
    ],
)
def test_refusals_have_their_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    (told,) = refusals(tmp_path, old, new)
    assert told.startswith(place)


def test_methods_alone_are_no_comparison(tmp_path: Path) -> None:
    text = STUDY.format(model=MODEL)
    rest = text[text.index("    acsi:") :]
    assert refusals(tmp_path, rest, "    again: {method: rate}\n") == [
        (
            "12:3: compare.systems: expected a system with a model, to compare the others with, "
            "got methods only"
        )
    ]


def test_one_system_is_no_comparison(tmp_path: Path) -> None:
    text = STUDY.format(model=MODEL)
    rest = text[text.index("    share:") :]
    assert refusals(tmp_path, rest, "    acsi: {engine: pls}\n") == [
        (
            "12:3: compare.systems: expected at least two systems, got one; name at least two: "
            "other models, engines or weights, or a method of this study"
        )
    ]


@pytest.mark.parametrize(
    ("method", "got"),
    [
        ("{kind: ahp, order: [a, b], matrix: [[1, 2], [1/2, 1]]}", "'rate' of the kind ahp"),
        (
            "{kind: quadrant, importance: model}",
            "'rate', a quadrant whose importance is the model's",
        ),
    ],
)
def test_a_method_without_one_number_is_no_system(tmp_path: Path, method: str, got: str) -> None:
    rate = "{kind: satisfaction_rate, items: [SATIS], satisfied_from: 8}"
    assert refusals(tmp_path, rate, method) == [
        (
            "13:21: compare.systems.share.method: expected a method with one number for each "
            f"group, got {got}; its results stand in the study's report: leave it out here"
        )
    ]


def test_just_the_kinds_that_make_no_headline_are_refused(tmp_path: Path) -> None:
    found = carry_out(write_study(tmp_path))
    with_one = set(found.loc[found["measure"] == "headline", "kind"])
    assert set(KINDS) - with_one == set(WITHOUT_HEADLINE)
