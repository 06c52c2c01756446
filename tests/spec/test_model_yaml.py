"""A model of any kind survives being written as a model file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath
from typing import get_args

import pytest
from acsi_model import acsi_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acsi_sem.spec.catalogue import list_models
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import (
    Construct,
    DatedShares,
    Evidence,
    Fieldwork,
    Model,
    Scoring,
    Text,
)
from acsi_sem.spec.model_yaml import model_yaml
from acsi_sem.spec.periods import Period
from acsi_sem.terms import ScoreForm

FILES = {entry.name: entry.file for entry in list_models()}

# Everything that YAML could take for something else, or that a file could not hold bare.
words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20
).filter(lambda text: bool(text.strip()))
tricky = st.sampled_from(["no", "12", "1e3", "a: b", "a # b", "'", '"', "{x}", "- y", "null", "~"])
text_ = words | tricky | st.just("two\nlines")
labels = st.dictionaries(
    st.sampled_from(["en", "zh-Hans", "no"]), text_, min_size=1, max_size=3
).map(lambda entries: Text(tuple(entries.items())))
ends = st.just(()) | st.tuples(labels, labels)
standings = st.sampled_from(["documented", "derived", "unverified", "ours"])
statements = st.builds(Evidence, standings, text_, st.just("") | text_)
fieldwork = st.builds(
    Fieldwork,
    country=st.just("") | text_,
    since=st.integers(0, 2100),
    interviews=st.integers(0, 5000),
    unit=st.just("") | text_,
    mode=st.just("") | text_,
    note=st.just("") | text_,
)
reach = st.just(()) | st.tuples(labels, labels)


@st.composite
def annotated(draw: st.DrawFn, model: Model) -> Model:
    """Return a model with questions, ends of scales, evidence, fieldwork and reach."""
    constructs = tuple(
        replace(
            part,
            indicators=tuple(
                replace(item, question=draw(st.none() | labels), anchors=draw(ends))
                for item in part.indicators
            ),
        )
        for part in model.constructs
    )
    return replace(
        model,
        constructs=constructs,
        evidence=tuple(draw(st.lists(statements, max_size=3))),
        fieldwork=draw(fieldwork),
        reach=draw(reach),
    )


@st.composite
def composites(draw: st.DrawFn) -> Model:
    """Return a composite index whose shares sum to one exactly."""
    noted = draw(annotated(acsi_model()))
    parts = noted.constructs[:2]
    names = [part.name for part in parts]
    items = tuple(item for part in parts for item in part.indicators)
    form = draw(st.sampled_from(get_args(ScoreForm)))
    boxes = draw(st.integers(1, 5)) if form == "top_box" else 2
    eighths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=3))
    spans = [(None, Period(1999, 4)), (Period(2000, 1), Period(2005, 2)), (Period(2005, 3), None)]
    shares = tuple(
        DatedShares(
            tuple(zip(names, (k / 8, 1 - k / 8), strict=True)), *span, draw(st.just("") | text_)
        )
        for k, span in zip(eighths, spans, strict=False)
    )
    whole = Construct("whole", Text.of(None, "whole"), items, components=tuple(names))
    return replace(
        noted,
        constructs=(*parts, whole),
        paths=(),
        index="whole",
        kind="composite",
        scoring=Scoring(form, boxes, shares),
    )


def reread(model: Model, folder: FilePath) -> Model:
    """Write a model, and read what was written."""
    file = folder / "m.yaml"
    file.write_text(model_yaml(model), encoding="utf-8", newline="")
    return replace(load_model(file), sha256=model.sha256)


slow = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@slow
@given(model=annotated(acsi_model()))
def test_a_structural_model_comes_back(tmp_path: FilePath, model: Model) -> None:
    assert reread(model, tmp_path) == model


@slow
@given(model=composites())
def test_a_composite_index_comes_back(tmp_path: FilePath, model: Model) -> None:
    assert reread(model, tmp_path) == model


@pytest.mark.parametrize("name", FILES)
def test_what_ships_comes_back(name: str, tmp_path: FilePath) -> None:
    model = load_model(FILES[name])
    assert reread(model, tmp_path) == model


def test_what_all_items_share_is_written_once(tmp_path: FilePath) -> None:
    named = (Text.of("worst", ""), Text.of("best", ""))
    constructs = tuple(
        replace(part, indicators=tuple(replace(item, anchors=named) for item in part.indicators))
        for part in acsi_model().constructs
    )
    model = replace(acsi_model(), constructs=constructs)
    assert model_yaml(model).count("worst") == 1
    assert reread(model, tmp_path) == model


def test_an_item_without_named_ends_does_not_inherit_any(tmp_path: FilePath) -> None:
    first, *rest = acsi_model().constructs
    named = (Text.of("low", ""), Text.of("high", ""))
    item, *others = first.indicators
    part = replace(first, indicators=(item, *(replace(x, anchors=named) for x in others)))
    model = replace(acsi_model(), constructs=(part, *rest))
    assert reread(model, tmp_path) == model
    assert model_yaml(model).count("low: {en: low}") == len(others)
