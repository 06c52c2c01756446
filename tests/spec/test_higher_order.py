"""Higher-order constructs in model files: what the loader makes of them, and back."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from acsi_sem.errors import SpecError
from acsi_sem.spec.graph import (
    adjacency,
    answer_places,
    blocks,
    components,
    endogenous,
    exogenous,
    higher_order,
    higher_order_problems,
)
from acsi_sem.spec.lavaan import model_from_lavaan
from acsi_sem.spec.lavaan_write import to_lavaan
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Model
from acsi_sem.spec.model_yaml import model_yaml
from acsi_sem.spec.schema import model_schema

MODEL = """\
schema: 1
name: ecsi
defaults: {scale: [1, 10], missing: {98: don't know}}
constructs:
  expectations: {indicators: {X1: {}, X2: {}}}
  perceived_quality: {components: [product_quality, service_quality], mode: B}
  product_quality: {indicators: {P1: {}, P2: {scale: [0, 1]}}}
  service_quality: {label: Service, indicators: {V1: {column: COL, reverse: true}}}
  satisfaction: {indicators: {S1: {}, S2: {}}}
paths:
  expectations: [perceived_quality]
  perceived_quality: [satisfaction]
index: perceived_quality
"""


@pytest.fixture(name="model")
def _model(tmp_path: Path) -> Model:
    return read(MODEL, tmp_path)


def read(text: str, folder: Path) -> Model:
    file = folder / "model.yaml"
    file.write_text(text, encoding="utf-8")
    return load_model(file)


def test_a_higher_order_block_repeats_the_items_of_its_components(model: Model) -> None:
    whole = model.construct("perceived_quality")
    assert whole.components == ("product_quality", "service_quality")
    assert whole.mode == "B"
    parts = [model.construct(name) for name in whole.components]
    assert whole.indicators == (*parts[0].indicators, *parts[1].indicators)
    assert [item.name for item in model.indicators] == (
        ["X1", "X2", "P1", "P2", "V1", "P1", "P2", "V1", "S1", "S2"]
    )
    assert [item.name for item in model.answers] == ["X1", "X2", "P1", "P2", "V1", "S1", "S2"]
    assert model.index == "perceived_quality"
    assert all(not part.components for part in parts)


def test_levels_and_arrows(model: Model) -> None:
    assert [construct.name for construct in higher_order(model)] == ["perceived_quality"]
    assert components(model) == dict.fromkeys(
        ("product_quality", "service_quality"), "perceived_quality"
    )
    assert exogenous(model) == ("expectations",)
    assert endogenous(model) == ("perceived_quality", "satisfaction")
    assert blocks(model).tolist() == [0, 0, 1, 1, 1, 2, 2, 3, 4, 4]
    assert np.argwhere(adjacency(model)).tolist() == [[1, 0], [4, 1]]


def test_places_turn_answers_into_indicators(model: Model) -> None:
    places = answer_places(model)
    names = np.array([item.name for item in model.answers])
    assert names[places].tolist() == [item.name for item in model.indicators]
    plain = dataclasses.replace(model, constructs=model.constructs[2:])
    assert_array_equal(answer_places(plain), np.arange(5))


@pytest.mark.parametrize("index", ["perceived_quality", "product_quality"])
def test_a_written_model_reads_back(index: str, model: Model, tmp_path: Path) -> None:
    changed = dataclasses.replace(model, index=index)
    text = model_yaml(changed)
    assert "    components: [product_quality, service_quality]\n" in text
    assert dataclasses.replace(read(text, tmp_path), sha256=model.sha256) == changed
    assert model_yaml(read(text, tmp_path)) == text


def test_repeated_items_do_not_sway_the_defaults_that_are_written(tmp_path: Path) -> None:
    text = MODEL.replace("{}, P2: {scale: [0, 1]}", "{scale: [0, 1]}, P2: {scale: [0, 1]}")
    assert "defaults: {scale: [1, 10]" in model_yaml(read(text, tmp_path))


def test_the_schema_wants_one_of_the_two_keys() -> None:
    part: dict[str, Any] = model_schema()["$defs"]["ConstructPart"]
    assert part["oneOf"] == [{"required": ["indicators"]}, {"required": ["components"]}]
    assert "required" not in part


def test_other_engines_refuse_by_name(model: Model) -> None:
    (problem,) = higher_order_problems(model, "request", "ml")
    assert str(problem) == (
        "request: engine: expected engine pls or ols for a model with higher-order constructs, "
        "got ml (perceived_quality); use these engines, or give the construct indicators in "
        "place of components"
    )
    plain = dataclasses.replace(model, constructs=model.constructs[2:])
    assert not list(higher_order_problems(plain, "request", "ml"))


def test_lavaan_gets_a_factor_of_factors(model: Model, tmp_path: Path) -> None:
    lines = [line.split("  #")[0] for line in to_lavaan(model).splitlines()]
    assert [line for line in lines if line and not line.startswith("#")] == [
        "expectations =~ 1*X1 + X2",
        "perceived_quality =~ 1*product_quality + service_quality",
        "product_quality =~ 1*P1 + P2",
        "service_quality =~ 1*COL",
        "COL ~~ 0*COL",
        "satisfaction =~ 1*S1 + S2",
        "perceived_quality ~ expectations",
        "satisfaction ~ perceived_quality",
    ]
    file = tmp_path / "model.lav"
    file.write_text(to_lavaan(model), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        model_from_lavaan(file, index="satisfaction")
    refused = [problem for problem in caught.value.problems if "an observed item" in str(problem)]
    assert [problem.path for problem in refused] == [
        "perceived_quality =~ product_quality",
        "perceived_quality =~ service_quality",
    ]


def test_lavaan_has_no_composite_of_constructs(tmp_path: Path) -> None:
    model = read(MODEL.replace("mode: B", "kind: composite"), tmp_path)
    with pytest.raises(SpecError) as caught:
        to_lavaan(model)
    assert str(caught.value) == (
        "ecsi: constructs.perceived_quality.kind: expected a higher-order factor: lavaan has no "
        "composite of constructs, got composite; say factor, or leave the key out"
    )
