"""What a study's methods ask that only its model, or a computation, can tell to be wrong."""

from __future__ import annotations

import os
from pathlib import Path

from acsi_sem.methods.weights import resolve_all
from acsi_sem.spec.fields import Field, resolve_fields
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.model import Model
from acsi_sem.spec.study import Study
from acsi_sem.spec.validate import kind_of


def study_fields(study: Study, model: Model) -> tuple[Field, ...]:
    """Return the fields that a study's methods read.

    Raises
    ------
    SpecError
        With every name that is no question of the model or of the study.
    """
    named = [
        (f"methods.{method.name}.{place}", name)
        for method in study.methods
        for place, name in method.named()
    ]
    return resolve_fields(model, study.items, named, study.file)


def check_study_methods(path: str | os.PathLike[str]) -> None:
    """Check the methods of a study file that is valid in itself; a model file has none.

    Raises
    ------
    SpecError
        With every question that nobody knows, or every matrix of judgements that contradicts
        itself.
    """
    if kind_of(path) == "model":
        return
    study = load_study(path)
    if study.methods:
        study_fields(study, load_model(Path(study.folder) / study.model))
        resolve_all(study.methods, study.file)
