"""Check one file, whichever kind it is, and say in a line what it holds."""

from __future__ import annotations

import os
from typing import Literal

from acsi_sem.errors import SpecError
from acsi_sem.spec.findings import Finding, did_you_mean, listed
from acsi_sem.spec.load import load_model, model_from
from acsi_sem.spec.load_study import study_from
from acsi_sem.spec.model import Model
from acsi_sem.spec.study import Study, engines_for
from acsi_sem.spec.yaml_source import Source, read_source


def validate_file(path: str | os.PathLike[str]) -> str:
    """Check a model or study file; a study's model file is checked with it.

    Returns
    -------
    str
        One line, e.g. ``models/acsi.yaml: model acsi, 6 constructs, 13 indicators, 9 paths,
        index satisfaction``.

    Raises
    ------
    SpecError
        With every fault at once.
    """
    source = read_source(path)
    if _kind(source) == "model":
        return f"{source.path}: {_describe_model(model_from(source))}"
    study = study_from(source)
    model = load_model(source.folder / study.model)
    return f"{source.path}: {_describe_study(study, model)}"


def kind_of(path: str | os.PathLike[str]) -> Literal["model", "study"]:
    """Tell whether a file is a model or a study, without checking the rest of it.

    Raises
    ------
    SpecError
        If it cannot be read, or looks like neither or both.
    """
    return "model" if _kind(read_source(path)) == "model" else "study"


def _kind(source: Source) -> str:
    """Tell a study, which has the key `model`, from a model, which has `constructs`."""
    is_model, is_study = "constructs" in source.data, "model" in source.data
    if is_model != is_study:
        return "model" if is_model else "study"
    known = ("constructs", "model")
    near = next((hint for key in source.data if (hint := did_you_mean(key, known))), "")
    expected = "the key 'constructs' (a model file) or 'model' (a study file)"
    finding = Finding((), expected, "both" if is_model else "neither", "" if is_model else near)
    raise SpecError(source.problems([finding]))


def _describe_model(model: Model) -> str:
    counts = (
        _count(len(model.constructs), "construct"),
        _count(len(model.answers), "indicator"),
        _count(len(model.paths), "path"),
    )
    return f"model {model.name}, {', '.join(counts)}, index {model.index}"


def _describe_study(study: Study, model: Model) -> str:
    breakdowns = _count(len(study.breakdowns), "breakdown")
    engines = listed(study.settings.engines or engines_for(model.kind), "and")
    return f"study {study.name}, model {model.name}, {breakdowns}, engines {engines}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
