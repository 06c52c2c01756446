"""What a composite index cannot do is refused in its own words."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acsi_sem.analysis.pipeline import fit
from acsi_sem.errors import UsageError
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Model
from acsi_sem.survey.read import survey_from_frame
from acsi_sem.survey.survey import Survey

TOY = """\
schema: 1
name: toy
kind: composite
defaults: {scale: [1, 7]}
constructs:
  overall: {indicators: {O1: {}}}
  element: {indicators: {E1: {}, E2: {}}}
  whole: {components: [overall, element]}
index: whole
scoring: {weights: [{from: 2002, shares: {overall: 0.6, element: 0.4}}]}
"""


@cache
def toy(folder: Path) -> tuple[Model, Survey]:
    path = folder / "toy.yaml"
    path.write_text(TOY, encoding="utf-8")
    model = load_model(path)
    answers = np.random.default_rng(1).integers(1, 8, size=(120, 3))
    frame = pd.DataFrame(answers, columns=["O1", "E1", "E2"]).assign(G=np.tile(["a", "b"], 60))
    return model, survey_from_frame(frame, model, group="G")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"folds": 5}, "prediction: expected no prediction with {of}, got 5 folds"),
        ({"missing": "em"}, "missing: expected complete cases or item means with {of}, got em"),
        ({"missing": "fiml"}, "missing: expected complete cases or item means with {of}, got fiml"),
    ],
)
def test_one_refusal_without_a_word_of_higher_order(
    asked: dict[str, Any], said: str, tmp_path: Path
) -> None:
    model, survey = toy(tmp_path)
    with pytest.raises(UsageError) as refused:
        fit(model, survey, engines=["composite"], bootstrap=0, **asked)
    of = "the composite model toy, whose weights are fixed"
    assert [str(one) for one in refused.value.problems] == [f"request: {said.format(of=of)}"]


def test_permutations_of_groups(tmp_path: Path) -> None:
    model, survey = toy(tmp_path)
    with pytest.raises(UsageError) as refused:
        fit(model, survey, engines=["composite"], bootstrap=0, comparison=True)
    assert "comparison: expected no permutation tests of groups" in str(refused.value)


def test_numbers_that_are_none(tmp_path: Path) -> None:
    model, survey = toy(tmp_path)
    with pytest.raises(UsageError, match=r"bootstrap: expected a whole number, got 50\.5"):
        fit(model, survey, engines=["composite"], bootstrap=50.5)  # type: ignore[arg-type]
