"""A command carried out: files in, tables (and a report) out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from acsi_sem.analysis.pipeline import Progress, estimate
from acsi_sem.analysis.values import Fit, Request
from acsi_sem.errors import Problem, UsageError
from acsi_sem.methods.base import Setting
from acsi_sem.methods.catalogue import NO_METHODS, MethodResults, run_methods
from acsi_sem.methods.study_checks import in_study_file, study_fields
from acsi_sem.runs.folder import check_writable, write_folder
from acsi_sem.runs.provenance import input_hashes, manifest, shown_path, versions
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.model import Model
from acsi_sem.spec.study import DesignColumns, Settings, Study, engines_for
from acsi_sem.survey.people import People, nobody, read_people
from acsi_sem.survey.read import read_survey
from acsi_sem.tables.schema import MISSING, WARNINGS, make_table
from acsi_sem.tables.write import csv_bytes, parquet_bytes

MANIFEST = "manifest.json"
REPORT = "report.html"


@dataclass(frozen=True, slots=True)
class FitCommand:
    """`acsi-sem fit`: a model, a survey, and how to estimate."""

    model: Path
    data: Path
    out: Path
    group: str | None = None
    design: DesignColumns = field(default_factory=DesignColumns)
    settings: Settings = field(default_factory=Settings)
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class ReportCommand:
    """`acsi-sem report`: a study, with what the command line overrides."""

    study: Path
    out: Path
    data: Path | None = None
    group: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command made: the fit, and the files it wrote."""

    fit: Fit
    folder: Path
    files: tuple[str, ...]


def run_fit(command: FitCommand, progress: Progress) -> Outcome:
    """Fit a model to a survey file and write the tables.

    Raises
    ------
    SpecError, DataError, UsageError
    """
    check_writable(command.out)
    model = load_model(command.model)
    check_dated(model, command.settings.period)
    survey = read_survey(
        command.data,
        model,
        group=command.group,
        design=command.design,
        minimum_rows=command.settings.minimum_rows,
        sheet=command.sheet,
    )
    asked = request_for(model.name, command.settings, model, usual=1)
    fitted = estimate(model, survey, asked, progress)
    files = table_files(fitted)
    files[MANIFEST] = json_bytes(manifest(fitted, None, _arguments(command), files))
    write_folder(command.out, files, MANIFEST)
    return Outcome(fitted, command.out, tuple(sorted(files)))


def run_report(command: ReportCommand, progress: Progress) -> Outcome:
    """Fit a study, write its tables and its report.

    Raises
    ------
    SpecError, DataError, UsageError
    """
    check_writable(command.out)
    study = load_study(command.study)
    settings = replace(study.settings, **command.overrides)
    model = load_model(beside(study, study.model))
    group = study.group if command.group is None else command.group
    if not group:  # a study asks for them where there are groups
        settings = replace(
            settings,
            invariance=bool(command.overrides.get("invariance")),
            comparison=bool(command.overrides.get("comparison")),
        )
    path = data_path(study, command.data, command.study)
    check_dated(model, command.overrides.get("period", ""))
    fields = study_fields(study, model)
    survey = read_survey(
        path,
        model,
        group=study.column_of(group) if group else None,
        study=study,
        minimum_rows=settings.minimum_rows,
    )
    people = read_people(path, fields, study=study, group=group or None) if fields else None
    with in_study_file(study, command.overrides):
        fitted = estimate(model, survey, request_for(study.name, settings, model), progress)
        found = methods_of(study, fitted, people, progress)
    read = () if people is None else people.notices
    told = dict.fromkeys((*fitted.notices, *read, *found.notices))
    fitted = replace(fitted, notices=tuple(told))
    arguments = {"data": survey.source.name, "group": group, **command.overrides}
    files = table_files(fitted, found)
    files[REPORT] = _page(fitted, study, arguments, found)
    made = manifest(fitted, study, arguments, files)
    if found.methods:
        made["methods"] = {
            "missing": [asdict(count) for count in found.missing],
            "failed_replicates": dict(found.failed),
        }
    files[MANIFEST] = json_bytes(made)
    write_folder(command.out, files, MANIFEST)
    return Outcome(fitted, command.out, tuple(sorted(files)))


def request_for(
    name: str, settings: Settings, model: Model, *, usual: int | None = None
) -> Request:
    """Return what settings ask of a model; what they share with a request has the same names.

    Parameters
    ----------
    name : str
        Keys the random streams.
    settings : Settings
    model : Model
    usual : int, optional
        How many of the engines that suit the model are run where none is named; all by default.
    """
    known = set(Request.__dataclass_fields__)
    shared = {key: value for key, value in asdict(settings).items() if key in known}
    engines = settings.engines or engines_for(model.kind)[:usual]
    return Request(**{**shared, "study": name, "engines": engines})


def check_dated(model: Model, period: str) -> None:
    """Refuse a period on the command line that would have no effect.

    Raises
    ------
    UsageError
        If the model has no dated shares that it could choose among.
    """
    if period and not (model.scoring and model.scoring.shares):
        got = f"{period} for the model {model.name}, whose weights have no dates"
        expected = "a period for a composite model with dated shares"
        raise UsageError(Problem("--period", "", expected, got, "leave it out"))


def methods_of(
    study: Study, fitted: Fit, people: People | None, progress: Progress
) -> MethodResults:
    """Carry out a study's methods beside its fit."""
    if not study.methods:
        return NO_METHODS
    known = people if people is not None else nobody(fitted.survey)
    setting = Setting(known, fitted.request, fitted, study.language, study.folder)
    return run_methods(study.methods, setting, progress)


def _page(
    fitted: Fit, study: Study, arguments: Mapping[str, object], found: MethodResults
) -> bytes:
    from acsi_sem.report.build import build_report
    from acsi_sem.report.content import Provenance
    from acsi_sem.report.html import render_html

    provenance = Provenance(
        versions=versions(),
        inputs=input_hashes(fitted, study),
        seed=fitted.request.seed,
        arguments=tuple((key, str(value)) for key, value in arguments.items()),
    )
    page: str = render_html(build_report(fitted, study, provenance=provenance, methods=found))
    return page.encode("utf-8")


def table_files(fitted: Fit, found: MethodResults = NO_METHODS) -> dict[str, bytes]:
    """Return every table of a fit, and of methods, as CSV and Parquet, file name to bytes."""
    tables = all_tables(fitted) | ({"methods": found.tidy()} if found.methods else {})
    files: dict[str, bytes] = {}
    for name, table in tables.items():
        files[f"{name}.csv"] = csv_bytes(table)
        files[f"{name}.parquet"] = parquet_bytes(table)
    return files


def all_tables(fitted: Fit) -> dict[str, pd.DataFrame]:
    """Return every table of a fit by name."""
    return {
        "estimates": fitted.estimates,
        "indices": fitted.indices,
        "impacts": fitted.impacts,
        "fit_measures": fitted.fit_measures,
        "quality": fitted.quality,
        "breakdowns": fitted.breakdowns,
        "items": fitted.items,
        "modification": fitted.modification,
        "residuals": fitted.residuals,
        "invariance": fitted.invariance,
        "prediction": fitted.prediction,
        "comparisons": fitted.comparisons,
        "micom": fitted.micom,
        "ipma": fitted.ipma,
        "weighting": fitted.weighting,
        "raking": fitted.raking,
        "missing": make_table(MISSING, [asdict(count) for count in fitted.survey.missing]),
        "warnings": make_table(WARNINGS, [asdict(notice) for notice in fitted.notices]),
    }


def json_bytes(value: object) -> bytes:
    """Return a value as the bytes of a JSON file."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _arguments(command: FitCommand) -> dict[str, object]:
    return {
        "model": shown_path(command.model),
        "data": shown_path(command.data),
        "group": command.group,
        "weights": command.design.weight,
        "weight_kind": command.design.weight_kind,
        "strata": command.design.stratum,
        "psu": command.design.psu,
        "population": command.design.population,
        "id": command.design.id,
        "replicate_weights": command.design.replicates.prefix if command.design.replicates else "",
    }


def beside(study: Study, path: str) -> Path:
    """Return a path named in a study file, which counts from the study's folder."""
    return Path(os.path.normpath(Path(study.folder) / path))


def data_path(study: Study, given: Path | None, where: Path) -> Path:
    """Return the survey file: the one given, else the study's.

    Raises
    ------
    UsageError
        If there is none, or the study has one per quarter.
    """
    if given is not None:
        return given
    if not study.data:
        raise UsageError(
            Problem(
                str(where),
                "data.file",
                "a survey file",
                "none",
                "name one in the study or by --data",
            )
        )
    if "{period}" in study.data:
        got = f"{study.data!r}, one file per quarter"
        remedy = "name a quarter's file by --data, or publish a quarter by acsi-sem run"
        raise UsageError(Problem(str(where), "data.file", "a survey file", got, remedy))
    return beside(study, study.data)
