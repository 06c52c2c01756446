"""The systems of a comparison as a survey asks them, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from acsi_sem.errors import DataError, Problem, SpecError, UsageError
from acsi_sem.runs.execute import beside
from acsi_sem.spec.catalogue import find_model, model_names
from acsi_sem.spec.fields import Field
from acsi_sem.spec.findings import did_you_mean, listed, show
from acsi_sem.spec.forms import Form, form_of
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Model, Text
from acsi_sem.spec.scoring import shares_at
from acsi_sem.spec.study import Settings, Study, engines_for
from acsi_sem.spec.survey_parts import Comparison, System
from acsi_sem.survey.formats import read_raw
from acsi_sem.survey.read import read_survey
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import ENGINE_TITLES


@dataclass(frozen=True, slots=True)
class Case:
    """A study on its data, as every system meets it.

    Attributes
    ----------
    study : Study
    model : Model
        The study's own.
    settings : Settings
    path : Path
        Of the survey file.
    group : str or None
    fields : dict of column -> Field
        What the study says of its columns.
    """

    study: Study
    model: Model
    settings: Settings
    path: Path
    group: str | None
    fields: dict[str, Field]


def comparison_of(study: Study, model: Model) -> Comparison:
    """Return what a study compares; where it does not say: its engines, weighted and not.

    Parameters
    ----------
    study : Study
    model : Model
        The study's own.

    Raises
    ------
    SpecError
        If that is one system only.
    """
    asked = study.comparison or _usual(study, model)
    if len(asked.systems) < 2:
        remedy = "name at least two under compare.systems, or further engines of the study"
        got = f"one: {asked.base}"
        raise SpecError(Problem(study.file, "compare", "at least two systems", got, remedy))
    return asked


def _usual(study: Study, model: Model) -> Comparison:
    engines = study.settings.engines or engines_for(model.kind)
    systems = [
        System(engine, Text((("en", ENGINE_TITLES[engine]),)), engine=engine) for engine in engines
    ]
    if study.design.weight is not None and study.rake is None and not _unweightable(study):
        title = Text((("en", f"{ENGINE_TITLES[engines[0]]}, unweighted"),))
        systems.append(System("unweighted", title, engine=engines[0], weighted=False))
    return Comparison(tuple(systems), systems[0].name)


def _unweightable(study: Study) -> str:
    """Say why the rows of a study cannot do without weights; empty where they can."""
    if study.settings.resampling == "columns":
        return "replicate weights of the survey, which are weighted all the same"
    if study.design.weight_kind == "frequency" and study.design.weight is not None:
        return "weights that count the respondents of a row"
    return ""


def forms_of(case: Case, asked: Comparison) -> dict[str, Form]:
    """Return every system's model as the survey asks it.

    Parameters
    ----------
    case : Case
    asked : Comparison

    Returns
    -------
    dict of name -> Form
        Of the systems that have a model.

    Raises
    ------
    SpecError
        With every problem of every system, columns that the survey lacks among them.
    DataError
        If columns that the survey lacks are all that is wrong.
    """
    forms: dict[str, Form] = {}
    problems: list[Problem] = []
    absent: list[Problem] = []
    for system in asked.systems:
        if system.method:
            continue
        try:
            whole = load_model(_model_file(case.study, system))
            absent += _absent(case, system, whole)
            forms[system.name] = _form(case, system, whole)
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError((*problems, *absent))
    if absent:
        raise DataError(absent)
    return forms


def _place(system: System) -> str:
    return f"compare.systems.{system.name}"


def _model_file(study: Study, system: System) -> Path:
    """Return a system's model file; a name without a file of that name is that of one we ship.

    Raises
    ------
    SpecError
        If there is neither, at its place in the study.
    """
    if not system.model:
        return beside(study, study.model)
    file = beside(study, system.model)
    if file.is_file():
        return file
    if system.model in model_names():
        return find_model(system.model)
    name = Path(system.model)
    bare = not name.suffix and len(name.parts) == 1
    known = model_names() if bare else [one.name for one in file.parent.glob("*.yaml")]
    near = did_you_mean(name.name, known)
    expected = "a model that ships, or a model file" if bare else "a model file"
    ours = f"{near or listed(model_names())}{' Or' if near else ', or'} a model file"
    remedy = ours if bare else near or "paths count from the study's folder"
    got = f"no such file {show(system.model)}"
    raise SpecError(Problem(study.file, f"{_place(system)}.model", expected, got, remedy))


def _form(case: Case, system: System, whole: Model) -> Form:
    study, place = case.study, _place(system)
    form = form_of(whole, system, case.fields, study.file)
    found = []
    if system.engine and (system.engine == "composite") != (whole.kind == "composite"):
        fits = "composite, or no engine," if whole.kind == "composite" else "an engine for paths"
        expected = f"{fits} for the {whole.kind} model {whole.name}"
        found.append(Problem(study.file, f"{place}.engine", expected, system.engine))
    if not system.weighted and (why := _unweightable(study)):
        expected = "sampling weights, which can be left out"
        found.append(Problem(study.file, f"{place}.weights", expected, why))
    try:
        shares_at(form.model, system.period or case.settings.period)
    except UsageError as error:
        at = f"{place}.period"
        found += [replace(one, where=study.file, path=at) for one in error.problems]
    if found:
        raise SpecError(found)
    return form


def _absent(case: Case, system: System, whole: Model) -> Iterator[Problem]:
    """Yield the columns that a system names and the survey lacks."""
    if not system.questions:
        return
    try:
        names = read_raw(case.path, case.study.sheet).names
    except DataError:  # told in full where answers are read
        return
    there = {*names, *(recipe.name for recipe in whole.derive)}
    for name, column in system.questions:
        if column not in there:
            remedy = did_you_mean(column, names) or f"the survey has {listed(names[:12], 'and')}"
            at = f"{_place(system)}.questions.{name}"
            yield Problem(case.study.file, at, "a column of the survey", show(column), remedy)


def surveys_of(case: Case, asked: Comparison, forms: dict[str, Form]) -> dict[str, Survey]:
    """Read the survey as every system with a model has it.

    Parameters
    ----------
    case : Case
    asked : Comparison
    forms : dict of name -> Form

    Raises
    ------
    DataError
        With everything that is wrong for any of them; what others than the first need besides
        names the system.
    """
    surveys: dict[str, Survey] = {}
    problems: list[Problem] = []
    for system in asked.systems:
        if system.name not in forms:
            continue
        try:
            surveys[system.name] = _survey(case, forms[system.name], system)
        except DataError as error:
            new = [one for one in error.problems if one not in problems]
            own = bool(system.model or system.questions)
            problems += [_owned(one, system) for one in new] if own else new
    if problems:
        raise DataError(problems)
    return surveys


def _owned(problem: Problem, system: System) -> Problem:
    """Name the system whose own questions a problem of the survey is about."""
    if not problem.path.startswith("column "):
        return problem
    return replace(problem, path=f"{_place(system)}: {problem.path}")


def _survey(case: Case, form: Form, system: System) -> Survey:
    """Read the survey as one system has it."""
    study = case.study
    return read_survey(
        case.path,
        form.model,
        group=case.group,
        study=study if system.weighted else replace(study, rake=None),
        design=study.design if system.weighted else replace(study.design, weight=None),
        minimum_rows=case.settings.minimum_rows,
    )
