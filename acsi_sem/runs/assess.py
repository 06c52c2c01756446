"""Assessment methods from a notebook: a frame or a file, and what a study's parts would say."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

from acsi_sem.analysis.request import number_problems
from acsi_sem.analysis.values import Fit, Request
from acsi_sem.errors import Problem, SpecError, UsageError
from acsi_sem.methods.base import Setting
from acsi_sem.methods.catalogue import MethodResults, run_methods
from acsi_sem.methods.study_checks import method_fields
from acsi_sem.spec.fields import Field
from acsi_sem.spec.findings import Finding, dotted, show
from acsi_sem.spec.load_design import design_from
from acsi_sem.spec.load_survey_parts import check_survey_parts, items_from
from acsi_sem.spec.methods.catalogue import check_methods
from acsi_sem.spec.methods.method import Method
from acsi_sem.spec.model import Model, Text
from acsi_sem.spec.structure import validate
from acsi_sem.spec.study import DesignColumns, Study
from acsi_sem.spec.study_checks import check_study
from acsi_sem.spec.study_documents import DesignPart
from acsi_sem.spec.survey_documents import ItemsPart
from acsi_sem.spec.yaml_nodes import key_text
from acsi_sem.survey.people import people_from_frame, read_people

if TYPE_CHECKING:
    import pandas as pd

WHERE = "assess"


def assess(
    data: pd.DataFrame | str | os.PathLike[str],
    methods: Mapping[str, object],
    *,
    items: Mapping[str, object] | None = None,
    model: Model | None = None,
    group: str | None = None,
    design: DesignColumns | Mapping[str, object] | None = None,
    fit: Fit | None = None,
    bootstrap: int = 2000,
    seed: int = 1,
    level: float = 0.95,
    minimum_rows: int = 50,
) -> MethodResults:
    """Carry out assessment methods on a survey, without a study file.

    Parameters
    ----------
    data : DataFrame or path
        One row per interview.
    methods : mapping of name -> mapping
        As the part `methods` of a study file. Numbers serve as keys as they do in a file: the code
        98 is the same as "98".
    items : mapping of name -> mapping, optional
        As the part `items`: questions outside the model.
    model : Model, optional
        Its questions may be named without being among `items`.
    group : str, optional
        Grouping column.
    design : DesignColumns or mapping, optional
        Columns of weights, strata and primary sampling units; a mapping is as the part `design`,
        ``{"weight": "WEIGHT", "stratum": "STRATUM"}``.
    fit : Fit, optional
        The model's fit to the same survey, for methods that rest on it.
    bootstrap, seed, level, minimum_rows
        As of `acsi_sem.fit`.

    Returns
    -------
    MethodResults
        ``.tidy()`` is the table `methods`.

    Raises
    ------
    UsageError
        With every argument that is not of its kind or out of range.
    SpecError
        With everything that is wrong with `methods`, `items` and `design`, at once.
    DataError
        If the answers do not allow it.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"Q": [1, 2, 4, 5, 5, 3] * 20})
    >>> found = assess(
    ...     frame,
    ...     {"rate": {"kind": "satisfaction_rate", "items": ["Q"], "satisfied_from": 4}},
    ...     items={"Q": {"scale": [1, 5]}},
    ...     bootstrap=50,
    ... )
    >>> found.tidy().loc[0, "value"]
    np.float64(50.0)
    """
    request = Request(
        replicates=bootstrap, seed=seed, level=level, minimum_rows=minimum_rows, study=WHERE
    )
    given = {"methods": methods, "items": items, "design": design, "model": model, "group": group}
    _check_arguments(data, given, request)
    made, fields, columns = _checked(
        _plain(methods, "methods"), _plain(items or {}, "items"), design
    )
    used, wrong = method_fields(made, fields, model or _NO_MODEL, WHERE)
    if wrong:
        raise SpecError(wrong)
    study = Study(WHERE, Text.of(None, WHERE), "", design=columns, items=fields)
    if isinstance(data, str | os.PathLike):
        people = read_people(data, used, study=study, group=group)
    else:
        people = people_from_frame(data, used, study=study, group=group)
    return run_methods(made, Setting(people, request, fit))


_NO_MODEL = Model("none", Text.of(None, "none"), "", (), (), "")


def _check_arguments(data: object, given: Mapping[str, object], request: Request) -> None:
    """Refuse arguments of the wrong kind, and numbers out of range, all at once."""
    problems = [replace(problem, where=WHERE) for problem in number_problems(request)]
    problems += _wrong_kinds(data, **given)
    if problems:
        raise UsageError(problems)


def _wrong_kinds(
    data: object, methods: object, items: object, design: object, model: object, group: object
) -> Iterator[Problem]:
    import pandas as pd

    kinds: list[tuple[str, object, bool, str, str]] = [
        (
            *("data", data, isinstance(data, pd.DataFrame | str | os.PathLike)),
            *("a pandas data frame, or the path of a survey file", ""),
        ),
        (
            *("methods", methods, isinstance(methods, Mapping)),
            *("a mapping name: method", "for example {'rate': {'kind': 'satisfaction_rate', ...}}"),
        ),
        (
            *("items", items, items is None or isinstance(items, Mapping)),
            *("a mapping name: question", "for example {'Q1': {'scale': [1, 10]}}"),
        ),
        (
            *("design", design, design is None or isinstance(design, DesignColumns | Mapping)),
            *("a mapping, or DesignColumns", "for example {'weight': 'WEIGHT'}"),
        ),
        (
            *("model", model, model is None or isinstance(model, Model)),
            *("a model", "read it by acsi_sem.load_model"),
        ),
        ("group", group, group is None or isinstance(group, str), "the name of a column", ""),
    ]
    for name, value, fits, expected, remedy in kinds:
        if not fits:
            yield Problem(WHERE, name, expected, _kind(value), remedy)
    if isinstance(methods, Mapping) and not methods:
        yield Problem(WHERE, "methods", "at least one method", "none")


def _kind(value: object) -> str:
    return show(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def _plain(value: object, part: str) -> dict[str, object]:
    """Return a mapping as a part of a study file would give it."""
    found = _as_in_a_file(value, (part,))
    assert isinstance(found, dict)  # `_check_arguments` has refused anything else
    return found


def _as_in_a_file(value: object, loc: tuple[str | int, ...]) -> object:
    """Turn numbers as keys into text, tuples and arrays into lists, as the YAML reader does."""
    if isinstance(value, Mapping):
        found: dict[str, object] = {}
        for key, entry in value.items():
            name = _key(key, loc)
            if name in found:
                problem = Problem(WHERE, dotted((*loc, name)), "each key once", f"{name} twice")
                raise SpecError(problem)
            found[name] = _as_in_a_file(entry, (*loc, name))
        return found
    if isinstance(value, list | tuple):
        return [_as_in_a_file(entry, (*loc, at)) for at, entry in enumerate(value)]
    # Numbers and arrays of NumPy, which the documents, strict about types, do not know.
    return value.tolist() if hasattr(value, "tolist") else value


def _key(key: object, loc: tuple[str | int, ...]) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return str(key).lower()
    if isinstance(key, Real) and math.isfinite(key):
        return key_text(str(key))
    expected, got = "text or a number as a key", _kind(key)
    raise SpecError(Problem(WHERE, dotted(loc), expected, got))


def _checked(
    methods: dict[str, object],
    items: dict[str, object],
    design: DesignColumns | Mapping[str, object] | None,
) -> tuple[tuple[Method, ...], tuple[Field, ...], DesignColumns]:
    """Return methods, fields and design, or raise everything that is wrong with them."""
    document, faults = validate(ItemsPart, {"items": items})
    faults += check_survey_parts({"items": items, "methods": methods})
    made, wrong = check_methods(methods)
    columns, amiss = _design(design)
    if document is None or faults or wrong or amiss:
        raise SpecError([_problem(finding) for finding in (*faults, *wrong, *amiss)])
    return made, items_from(document.items), columns


def _design(
    design: DesignColumns | Mapping[str, object] | None,
) -> tuple[DesignColumns, list[Finding]]:
    if design is None or isinstance(design, DesignColumns):
        return design or DesignColumns(), []
    said = _plain(design, "design")
    part, faults = validate(DesignPart, said)
    faults = [replace(fault, loc=("design", *fault.loc)) for fault in faults]
    faults += [f for f in check_study({"design": said}, Path()) if f.loc[:1] == ("design",)]
    return DesignColumns() if part is None else design_from(part), faults


def _problem(finding: Finding) -> Problem:
    return Problem(WHERE, dotted(finding.loc), finding.expected, finding.got, finding.remedy)
