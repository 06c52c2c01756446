"""How much respondents' indices vary, taken from a survey or from the tables of a fit."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from acsi_sem.errors import Problem, UsageError
from acsi_sem.estimators.pls import PlsOptions, estimate_pls, explain_failure
from acsi_sem.estimators.structural import scale_ends
from acsi_sem.inference.sample import (
    Sample,
    effective_size,
    group_moments,
    make_sample,
    respondents,
)
from acsi_sem.kernels.index import points_per_score
from acsi_sem.spec.csv_rows import Rows, read_rows
from acsi_sem.spec.findings import code_number, did_you_mean, listed
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.survey.read import read_survey
from acsi_sem.survey.survey import Survey
from acsi_sem.tables.schema import INDICES
from acsi_sem.terms import ALL

USUAL: Final = "satisfaction"
_FROM: Final = "--from"
_NEEDED: Final = ("group", "engine", "construct", "n_eff", "std_error")


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations of the 0-100 index among respondents.

    Attributes
    ----------
    by_group : tuple of (group, sd)
        In points; the survey as a whole only where it has no groups.
    words : str
        How they were found.
    left_out : tuple of str
        Groups without one, with the reason.
    """

    by_group: tuple[tuple[str, float], ...]
    words: str
    left_out: tuple[str, ...] = ()


def read_spreads(
    path: Path,
    *,
    data: Path | None = None,
    group: str | None = None,
    construct: str = "",
    engine: str = "",
) -> Spreads:
    """Find standard deviations from a study with its survey, or from an ``indices.csv``.

    Parameters
    ----------
    path : Path
        A study file (YAML), or the table of indices of a fit (CSV).
    data : Path, optional
        Survey file instead of the study's.
    group : str, optional
        Grouping column of the survey; by default the study's.
    construct : str
        Of the table; ``satisfaction`` by default. A study has its index.
    engine : str
        Of the table; needed where it has several.

    Returns
    -------
    Spreads

    Raises
    ------
    UsageError, SpecError, DataError
    """
    if path.suffix.lower() == ".csv":
        given = {"--data": data, "--group": group}
        problems = [
            Problem(name, "", "an option for a study", f"one for {path.name}")
            for name, value in given.items()
            if value is not None
        ]
        if problems:
            raise UsageError(problems)
        return spreads_of_indices(path, construct or USUAL, engine)
    given_names = {"--construct": construct, "--engine": engine}
    problems = [
        Problem(name, "", "an option for a table of indices", f"one for {path.name}")
        for name, text in given_names.items()
        if text
    ]
    if problems:
        raise UsageError(problems)
    return spreads_of_study(path, data, group)


def spreads_of_study(path: Path, data: Path | None = None, group: str | None = None) -> Spreads:
    """Fit a study's index by PLS, and return its standard deviation among complete cases.

    Parameters
    ----------
    path : Path
        Study file.
    data, group
        As of `read_spreads`.

    Returns
    -------
    Spreads
        With the index's weights held fixed, and the survey's row weights.

    Raises
    ------
    UsageError
        If the study names no survey file, or its index is a composite.
    SpecError, DataError
    """
    study = load_study(path)
    model = load_model(Path(os.path.normpath(Path(study.folder) / study.model)))
    problems = []
    if model.kind == "composite":
        got = f"the composite index {model.name}"
        remedy = "fit it, and name its indices.csv"
        problems.append(Problem(_FROM, "", "a study of a structural model", got, remedy))
    if data is None and (not study.data or "{period}" in study.data):
        got = repr(study.data) if study.data else "none"
        problems.append(Problem(str(path), "data.file", "a survey file", got, "name one by --data"))
    if problems:
        raise UsageError(problems)
    file = data or Path(os.path.normpath(Path(study.folder) / study.data))
    used = study.group if group is None else group
    column = study.column_of(used) if used else None
    survey = read_survey(
        file, model, group=column, study=study, minimum_rows=study.settings.minimum_rows
    )
    sample = make_sample(survey)
    moments = group_moments(sample)
    complete = [respondents(sample, rows, survey.complete[rows]) for _, rows in sample.groups]
    found = estimate_pls(model, moments, np.array(complete), PlsOptions(study.settings.scheme))
    weights = found.structural.index_weights
    points = points_per_score(weights, *scale_ends(model), blocks(model))
    spread = points[:, model.construct_names.index(model.index)]
    named: list[tuple[str, float]] = []
    left_out: list[str] = []
    for at, (name, _) in enumerate(sample.groups):
        if name == ALL and len(sample.groups) > 1:
            continue
        if math.isfinite(spread[at]):
            named.append((name if survey.groups is not None else "", float(spread[at])))
        else:
            reason = "; ".join(explain_failure(model, found, at)) or "the index is not defined"
            left_out.append(f"{name}: {reason}")
    words = f"{model.index} of {study.name}, PLS weights held fixed, complete interviews"
    words += _weighting(sample, survey)
    return _checked(path, Spreads(tuple(named), words, tuple(left_out)))


def _weighting(sample: Sample, survey: Survey) -> str:
    """Say what the survey's row weights cost, which a standard deviation does not hold."""
    if not survey.design.weighted or sample.frequency:
        return ""
    deffs = []
    for _, rows in sample.parts:
        answered = survey.complete[rows]
        kish = effective_size(sample, rows, answered)
        deffs.append(respondents(sample, rows, answered) / kish)
    return (
        f"; not in it: the design effect of this survey's weights, {min(deffs):.2f} to "
        f"{max(deffs):.2f}, for --deff"
    )


def spreads_of_indices(path: Path, construct: str = USUAL, engine: str = "") -> Spreads:
    """Return standard deviations from standard errors: std_error x square root of n_eff.

    Parameters
    ----------
    path : Path
        The ``indices.csv`` of a fit.
    construct, engine : str

    Returns
    -------
    Spreads
        What the estimation of weights and the clusters of the design add is in them.

    Raises
    ------
    UsageError
        With every fault.
    """
    columns = {name: name in _NEEDED for name in INDICES.columns}
    file = read_rows(path.parent, path.name, columns)
    if file.problems:
        raise UsageError(file.problems)
    rows = list(file.rows.items())
    _check_named(file, "construct", construct, [row["construct"] for _, row in rows])
    engines = list(dict.fromkeys(row["engine"] for _, row in rows))
    if engine:
        _check_named(file, "engine", engine, engines)
    elif len(engines) > 1:
        file.fault(0, "column engine", "one engine", listed(engines, "and"), "choose by --engine")
    if file.problems:
        raise UsageError(file.problems)
    wanted = [
        (line, row)
        for line, row in rows
        if row["construct"] == construct and row["engine"] == (engine or engines[0])
    ]
    several = any(row["group"] != ALL for _, row in wanted)
    named, left_out = [], []
    for _, row in wanted:
        error, size = code_number(row["std_error"]), code_number(row["n_eff"])
        if several and row["group"] == ALL:
            continue
        if error is None or size is None or error <= 0:
            left_out.append(f"{row['group']}: {row['note'] or 'no standard error'}")
        else:
            name = row["group"] if several else ""
            named.append((name, error * math.sqrt(size)))
    words = (
        f"{construct} of {path.name}, {engine or engines[0]}: standard error x square root of the "
        "effective number of interviews, so what estimating weights adds is in it"
    )
    return _checked(path, Spreads(tuple(named), words, tuple(left_out)))


def _check_named(file: Rows, column: str, name: str, there: list[str]) -> None:
    if name not in there:
        known = list(dict.fromkeys(there))
        remedy = did_you_mean(name, known) or (f"there is {listed(known, 'and')}" if known else "")
        file.fault(0, f"column {column}", f"a row of {name}", "none", remedy)


def _checked(path: Path, found: Spreads) -> Spreads:
    if not found.by_group:
        got = "; ".join(found.left_out) or "none"
        raise UsageError(Problem(str(path), "", "a group whose index has a spread", got))
    return found
