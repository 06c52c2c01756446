"""Assessment methods from a notebook: a frame or a file, and what a study's parts would say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from acsi_sem.analysis.values import Fit, Request
from acsi_sem.errors import Problem, SpecError
from acsi_sem.methods.base import Setting
from acsi_sem.methods.catalogue import MethodResults, run_methods
from acsi_sem.methods.weights import resolve_all
from acsi_sem.spec.fields import Field, resolve_fields
from acsi_sem.spec.findings import Finding, dotted
from acsi_sem.spec.load_survey_parts import check_survey_parts, items_from
from acsi_sem.spec.methods.catalogue import check_methods
from acsi_sem.spec.methods.method import Method
from acsi_sem.spec.model import Model, Text
from acsi_sem.spec.structure import validate
from acsi_sem.spec.study import DesignColumns, Study
from acsi_sem.spec.survey_documents import ItemsPart
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
    design: DesignColumns | None = None,
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
        As the part `methods` of a study file.
    items : mapping of name -> mapping, optional
        As the part `items`: questions outside the model.
    model : Model, optional
        Its questions may be named without being among `items`.
    group : str, optional
        Grouping column.
    design : DesignColumns, optional
        Columns of weights, strata and primary sampling units.
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
    SpecError
        With everything that is wrong with `methods` and `items`, at once.
    DataError, UsageError
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
    made, fields = _checked(methods, items or {})
    used = resolve_fields(model or _NO_MODEL, fields, _named(made), WHERE)
    study = Study(WHERE, Text.of(None, WHERE), "", design=design or DesignColumns(), items=fields)
    if isinstance(data, str | os.PathLike):
        people = read_people(data, used, study=study, group=group)
    else:
        people = people_from_frame(data, used, study=study, group=group)
    request = Request(
        replicates=bootstrap, seed=seed, level=level, minimum_rows=minimum_rows, study=WHERE
    )
    return run_methods(made, Setting(people, request, fit))


_NO_MODEL = Model("none", Text.of(None, "none"), "", (), (), "")


def _checked(
    methods: Mapping[str, object], items: Mapping[str, object]
) -> tuple[tuple[Method, ...], tuple[Field, ...]]:
    """Return methods and fields, or raise everything that is wrong with them."""
    data: dict[str, object] = {"items": dict(items), "methods": dict(methods)}
    document, faults = validate(ItemsPart, {"items": data["items"]})
    faults += check_survey_parts(data)
    made, wrong = check_methods(methods)
    if document is None or faults or wrong:
        raise SpecError([_problem(finding) for finding in (*faults, *wrong)])
    resolve_all(made, WHERE)
    return made, items_from(document.items)


def _problem(finding: Finding) -> Problem:
    return Problem(WHERE, dotted(finding.loc), finding.expected, finding.got, finding.remedy)


def _named(methods: tuple[Method, ...]) -> list[tuple[str, str]]:
    return [(f"methods.{m.name}.{place}", name) for m in methods for place, name in m.named()]
