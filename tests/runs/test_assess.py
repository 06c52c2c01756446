"""`assess`: methods on a frame, asked for by dicts as people write them in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model
from methods_study import write_study
from ruamel.yaml import YAML

import acsi_sem
from acsi_sem.errors import AcsiError, DataError, SpecError, UsageError
from acsi_sem.runs.assess import assess

METHODS = Path(__file__).parents[2] / "data" / "methods"
RATE = {"kind": "satisfaction_rate", "items": ["Q"], "satisfied_from": 4}
QUESTION = {"scale": [1, 5], "missing": {"98": "don't know"}}


def frame() -> pd.DataFrame:
    answers = np.tile([1, 2, 4, 5, 5, 98], 20)
    return pd.DataFrame({"Q": answers, "W": np.tile([1.0, 2.0], 60), "S": np.repeat([1, 2], 60)})


def run(**options: Any) -> pd.DataFrame:
    given = {"methods": {"rate": RATE}, "items": {"Q": QUESTION}, "bootstrap": 50, **options}
    return assess(given.pop("data", frame()), **given).tidy()


def refusal(kind: type[AcsiError], **options: Any) -> list[str]:
    with pytest.raises(kind) as refused:
        run(**options)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    "question",
    [
        {"scale": [1, 5], "missing": {98: "don't know"}},
        {"scale": (1, 5), "missing": {98.0: "don't know"}},
        {"scale": np.array([1, 5]), "missing": {np.int64(98): "don't know"}},
        {"scale": [1, 5], "missing": {9.8e1: "don't know"}},
    ],
)
def test_numbers_are_keys_as_in_a_file(question: dict[str, object]) -> None:
    pd.testing.assert_frame_equal(run(items={"Q": question}), run())


def test_codes_may_be_numbers() -> None:
    method = {
        "kind": "complaints",
        "complained": "C",
        "complained_is": "1",
        "handling": "Q",
        "satisfied_handling_from": 4,
    }
    items = {"Q": {"scale": [1, 5], "missing": {98: "none"}}, "C": {"codes": {1: "yes", 2: "no"}}}
    asked = frame().assign(C=np.tile([1, 1, 2], 40))
    found = run(data=asked, items=items, methods={"complaints": method}, minimum_rows=2)
    text = {"Q": QUESTION, "C": {"codes": {"1": "yes", "2": "no"}}}
    same = run(data=asked, items=text, methods={"complaints": method}, minimum_rows=2)
    pd.testing.assert_frame_equal(found, same)


def test_a_key_twice() -> None:
    twice = {"scale": [1, 5], "missing": {98: "don't know", "98": "refused"}}
    said = "assess: items.Q.missing.98: expected each key once, got 98 twice"
    assert refusal(SpecError, items={"Q": twice}) == [said]
    said = "assess: items.Q: expected text or a number as a key, got a tuple"
    assert refusal(SpecError, items={"Q": {(1, 2): 3}}) == [said]


def test_the_study_of_every_method_as_other_readers_of_yaml_have_it(tmp_path: Path) -> None:
    study = YAML(typ="safe", pure=True).load(METHODS / "study.yaml")
    assert study["items"]["HANDLE"]["missing"] == {98: "don't know"}
    alone = ("quadrant", "benchmarks")  # they rest on the model's fit
    methods = {name: one for name, one in study["methods"].items() if one["kind"] not in alone}
    found = assess(
        write_study(tmp_path).with_name("survey.csv"),
        methods,
        items=study["items"],
        model=acsi_sem.load_model(METHODS / study["model"]),
        design={key: study["design"][key] for key in ("weight", "stratum")},
        bootstrap=0,
    )
    assert set(found.tidy()["method"]) == set(methods)


def test_a_design_as_a_mapping() -> None:
    columns = acsi_sem.DesignColumns(weight="W", stratum="S")
    by_mapping = run(design={"weight": "W", "stratum": "S"})
    pd.testing.assert_frame_equal(by_mapping, run(design=columns))
    shares = [table["value"].iloc[0] for table in (by_mapping, run())]
    # The answers 1, 2, 4, 5, 5 weigh 1, 2, 1, 2, 1.
    assert shares[1] == pytest.approx(60)
    assert shares[0] == pytest.approx(100 * 4 / 7)


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ({"weight": 1}, "design.weight: expected text, got 1; put it in quotes"),
        (
            {"wieght": "W"},
            (
                "design.wieght: expected one of the keys weight, weight_kind, stratum, psu, "
                "population, id or replicates, got the unknown key 'wieght'; did you mean 'weight'?"
            ),
        ),
        (
            {"weight": "W", "stratum": "W"},
            "design.stratum: expected a column of its own, got 'W', the column of weights",
        ),
    ],
)
def test_a_design_that_is_refused(design: dict[str, object], said: str) -> None:
    assert refusal(SpecError, design=design) == [f"assess: {said}"]


def test_a_column_of_the_design_that_is_not_there() -> None:
    said = "data frame: column WW: expected a column of this name, got none; did you mean 'W'?"
    assert refusal(DataError, design={"weight": "WW"}) == [said]


def test_arguments_that_are_refused_together() -> None:
    found = refusal(
        UsageError,
        data={"Q": [1]},
        methods=[RATE],
        items=["Q"],
        design="W",
        model="acsi.yaml",
        group=3,
        bootstrap=5,
        level=95,
        seed=-1,
        minimum_rows=0,
    )
    places = [line.split(": ")[1] for line in found]
    numbers = ["bootstrap", "level", "seed", "minimum_rows"]
    assert places == [*numbers, "data", "methods", "items", "design", "model", "group"]
    assert found[0] == (
        "assess: bootstrap: expected 0 (none), or 50 to 1000000 replicates, got 5; 2000 is the "
        "default; fewer than 50 give no usable percentiles"
    )
    assert found[4] == (
        "assess: data: expected a pandas data frame, or the path of a survey file, got a dict"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"methods": {}}, "methods: expected at least one method, got none"),
        ({"bootstrap": "50"}, "bootstrap: expected a whole number, got '50'"),
        ({"level": None}, "level: expected a number, got None"),
        ({"seed": True}, "seed: expected a whole number, got True"),
    ],
)
def test_one_argument_that_is_refused(options: dict[str, object], said: str) -> None:
    assert refusal(UsageError, **options) == [f"assess: {said}"]


def test_nothing_to_read() -> None:
    said = "assess: methods.rate.items[0]: expected a question of the model, or of this study's "
    assert refusal(SpecError, items=None) == [f"{said}'items', got 'Q'; add it to the part 'items'"]


def test_names_and_judgements_are_refused_together() -> None:
    judged = {
        "kind": "ahp",
        "order": ["a", "b", "c"],
        "matrix": [[1, 9, "1/9"], ["1/9", 1, 9], [9, "1/9", 1]],
    }
    found = refusal(SpecError, methods={"rate": {**RATE, "items": ["QQ"]}, "judged": judged})
    assert [line.split(": ")[1] for line in found] == [
        "methods.rate.items[0]",
        "methods.judged.matrix",
    ]


def test_a_question_of_the_model_is_no_item() -> None:
    said = (
        "assess: items.SATIS: expected a name that no question of the model has, got SATIS, a "
        "question of the model acsi; remove it or rename it"
    )
    items = {"Q": QUESTION, "SATIS": {"scale": [1, 5]}}
    assert refusal(SpecError, items=items, model=acsi_model()) == [said]
