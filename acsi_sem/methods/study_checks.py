"""What a study's methods ask that only its model, or a computation, can tell to be wrong."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from acsi_sem.errors import AcsiError, DataError, Problem, SpecError
from acsi_sem.methods.weights import resolve_all
from acsi_sem.spec.fields import Field, resolve_fields
from acsi_sem.spec.findings import did_you_mean, show
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.methods.base import Method
from acsi_sem.spec.methods.benchmarks import Benchmarks
from acsi_sem.spec.model import Model
from acsi_sem.spec.study import Study
from acsi_sem.spec.validate import kind_of
from acsi_sem.spec.yaml_source import Source, read_source

REQUESTED: Final = {
    "engine": ("engines", "engines"),
    "scheme": ("scheme", "estimation.scheme"),
    "index_means": ("index_means", "estimation.index_means"),
    "se": ("se", "estimation.se"),
    "missing": ("missing", "estimation.missing"),
    "weights_policy": ("weights_policy", "estimation.weights_policy"),
    "invariance": ("invariance", "estimation.invariance"),
    "release": ("release", "estimation.release"),
    "resampling": ("resampling", "resampling.method"),
    "fay": ("fay", "resampling.fay"),
    "bootstrap": ("replicates", "resampling.replicates"),
    "seed": ("seed", "resampling.seed"),
    "level": ("level", "resampling.level"),
    "ci": ("ci", "resampling.ci"),
    "prediction": ("folds", "prediction"),
    "comparison": ("comparison", "comparison"),
    "minimum_rows": ("minimum_rows", "report.minimum_rows"),
}
"""What messages about a request call a setting: its name in `Settings`, its place in a study."""


def study_fields(study: Study, model: Model) -> tuple[Field, ...]:
    """Return the fields that a study's methods read.

    Parameters
    ----------
    study : Study
    model : Model
        Of the study.

    Returns
    -------
    tuple of Field
        Each once, in order of first mention.

    Raises
    ------
    SpecError
        With every name that is no question of the model or of the study, every item that is a
        question of the model, every matrix of judgements that contradicts itself, and every column
        or file of benchmarks that the study does not have, each at its place in the study file.
    """
    fields, problems = _checked(study, model)
    if problems:
        raise SpecError(located(study, problems))
    return fields


def check_study_methods(path: str | os.PathLike[str]) -> None:
    """Check a study file, valid in itself, with its model; a model file has nothing to check.

    Raises
    ------
    SpecError
        With all that `study_fields` refuses, and every engine that does not suit the model.
    """
    if kind_of(path) == "model":
        return
    study = load_study(path)
    model = load_model(Path(study.folder) / study.model)
    _, problems = _checked(study, model)
    if problems := [*_engines(study, model), *problems]:
        raise SpecError(located(study, problems))


def method_fields(
    methods: Iterable[Method], items: Iterable[Field], model: Model, where: str
) -> tuple[tuple[Field, ...], list[Problem]]:
    """Return the fields that methods read, and everything that is wrong with names and weights.

    Parameters
    ----------
    methods : iterable of Method
    items : iterable of Field
        Questions outside the model.
    model : Model
    where : str
        The study file, for messages.

    Returns
    -------
    fields, problems
        No fields where a name is wrong.
    """
    asked = tuple(methods)
    named = [(f"methods.{m.name}.{place}", name) for m in asked for place, name in m.named()]
    fields: tuple[Field, ...] = ()
    problems: list[Problem] = []
    try:
        fields = resolve_fields(model, items, named, where)
    except SpecError as error:
        problems += error.problems
    try:
        resolve_all(asked, where)
    except SpecError as error:
        problems += error.problems
    return fields, problems


def _checked(study: Study, model: Model) -> tuple[tuple[Field, ...], list[Problem]]:
    fields, problems = method_fields(study.methods, study.items, model, study.file)
    return fields, [*_benchmarks(study), *problems]


def _engines(study: Study, model: Model) -> Iterator[Problem]:
    fixed = model.kind == "composite"
    expected = "engines for paths" if not fixed else "engine composite, or none named,"
    for at, engine in enumerate(study.settings.engines):
        if (engine == "composite") != fixed:
            said = f"{expected} for the {model.kind} model {model.name}"
            yield Problem(study.file, f"engines[{at}]", said, engine)


def _benchmarks(study: Study) -> Iterator[Problem]:
    """Find columns and files of benchmarks that are not there, before anything is computed."""
    known = [*(book.column for book in study.breakdowns), *(column for _, column in study.levels)]
    for method in study.methods:
        if not isinstance(method, Benchmarks):
            continue
        place = f"methods.{method.name}"
        if method.column and method.column not in known:
            expected = "a breakdown column of the study"
            remedy = did_you_mean(method.column, known) or "add it to the study's 'breakdowns'"
            got = show(method.column)
            yield Problem(study.file, f"{place}.peers.column", expected, got, remedy)
        if method.previous and not (Path(study.folder) / method.previous).is_file():
            got, remedy = f"no file {show(method.previous)}", "the path is relative to this file"
            yield Problem(study.file, f"{place}.previous", "a table of indices", got, remedy)


@contextmanager
def in_study_file(study: Study, overridden: Collection[str] = ()) -> Iterator[None]:
    """Give what is refused inside its place in the study file, where the value stands there.

    Parameters
    ----------
    study : Study
    overridden : collection of str
        Settings that the command line has changed, so that the file is not to blame.

    Raises
    ------
    SpecError
        In place of a `UsageError` all of whose problems stand in the study file.
    AcsiError
        Of its own kind otherwise, as what is wrong with the answers.
    """
    try:
        yield
    except AcsiError as error:
        problems = located(study, error.problems, overridden)
        if problems == error.problems:
            raise
        kept = isinstance(error, DataError) or set(problems) & set(error.problems)
        kind = type(error) if kept else SpecError
        raise kind(problems) from error


def located(
    study: Study, problems: Iterable[Problem], overridden: Collection[str] = ()
) -> tuple[Problem, ...]:
    """Return problems with their line and column in the study file, those that stand there first.

    Parameters
    ----------
    study : Study
    problems : iterable of Problem
        Of the study file, of a method (``methods.NAME``) or of a request; others are kept.
    overridden : collection of str
        See `in_study_file`.
    """
    given = tuple(problems)
    source = _source(study)
    if source is None:
        return given
    paths = {problem: _path(problem, study, source, overridden) for problem in given}
    placed = [replace(problem, path=path) for problem, path in paths.items() if path]
    return (*source.locate(placed), *(problem for problem, path in paths.items() if not path))


def _path(problem: Problem, study: Study, source: Source, overridden: Collection[str]) -> str:
    """Return the path of a problem in the study file; empty where it is not of the file."""
    if problem.where == study.file:
        return problem.path
    if problem.where.startswith("methods."):
        path = ".".join(part for part in (problem.where, problem.path) if part)
        return path if len(source.find(path)) > 1 else ""
    setting, path = REQUESTED.get(problem.path, ("", ""))
    if problem.where != "request" or not setting or setting in overridden:
        return ""
    return path if len(source.find(path)) == path.count(".") + 1 else ""


def _source(study: Study) -> Source | None:
    """Read the study file again for its places; None where it is not as it was read."""
    try:
        source = read_source(study.file)
    except SpecError:
        return None
    return source if source.sha256 == study.sha256 else None
