"""`acsi-sem compare`: several systems on one survey, side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from acsi_sem.analysis.pipeline import Progress, estimate_scored
from acsi_sem.analysis.systems import Compared, Measurement, compare_systems, measurement_of
from acsi_sem.inference.sample import row_ranks
from acsi_sem.methods.base import Setting
from acsi_sem.methods.catalogue import run_methods
from acsi_sem.methods.study_checks import in_study_file
from acsi_sem.methods.weights import resolve_all
from acsi_sem.report.compare import build_comparison
from acsi_sem.report.content import Provenance
from acsi_sem.report.html import render_html
from acsi_sem.runs.comparing import Case, comparison_of, forms_of, surveys_of
from acsi_sem.runs.execute import MANIFEST, beside, data_path, json_bytes, request_for
from acsi_sem.runs.folder import check_writable, write_folder
from acsi_sem.runs.provenance import versions
from acsi_sem.spec.fields import model_fields, resolve_fields
from acsi_sem.spec.forms import Form
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.methods.method import Method
from acsi_sem.spec.study import Settings, Study, engines_for
from acsi_sem.spec.survey_parts import System
from acsi_sem.survey.people import People, read_people
from acsi_sem.survey.survey import Ints, Survey
from acsi_sem.tables.write import csv_bytes, parquet_bytes
from acsi_sem.terms import ALL, Notice

PAGE: Final = "compare.html"
HEADLINE: Final = "headline"


@dataclass(frozen=True, slots=True)
class CompareCommand:
    """What to compare; `overrides` go before the study's settings."""

    study: Path
    out: Path
    data: Path | None = None
    group: str | None = None
    overrides: Any = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was compared, the files written, and the language of titles."""

    compared: Compared
    folder: Path
    files: tuple[str, ...]
    language: str


def run_compare(command: CompareCommand, progress: Progress) -> Outcome:
    """Compare a study's systems, and write tables and a page.

    Raises
    ------
    SpecError, DataError, UsageError
    """
    check_writable(command.out)
    study = load_study(command.study)
    with in_study_file(study, command.overrides or {}):
        return _run(command, study, progress)


def _run(command: CompareCommand, study: Study, progress: Progress) -> Outcome:
    resolve_all(study.methods, study.file)
    case = _case(command, study)
    asked = comparison_of(study, case.model)
    forms = forms_of(case, asked)
    asking = {one.name: _people(case, one) for one in asked.systems if one.method}
    surveys = surveys_of(case, asked, forms)
    ranks = _ranks(list(surveys.values()))
    found: list[Measurement] = []
    notices: list[Notice] = []
    hashes: dict[str, str] = {f"study {study.name}": study.sha256}
    for at, system in enumerate(asked.systems):
        progress("systems", at, len(asked.systems))
        if system.method:
            found.append(_by_method(case, system, asking[system.name]))
            continue
        survey = surveys[system.name]
        measured, told = _by_model(case, system, forms[system.name], survey, ranks)
        found.append(measured)
        notices += [replace(n, subject=f"{system.name}: {n.subject}".rstrip(": ")) for n in told]
        hashes[f"survey {survey.source.name}"] = survey.source.sha256
        if measured.fit is not None:
            hashes[f"model {measured.model}"] = measured.fit.model.sha256
    progress("systems", len(asked.systems), len(asked.systems))
    groups = next((one.fit.groups for one in found if one.fit is not None), (ALL,))
    request = request_for(study.name, case.settings, case.model)
    compared = compare_systems(found, asked.base, request, groups)
    compared = replace(compared, notices=(*notices, *_left_out(found)))
    return _write(command, case, compared, tuple(hashes.items()))


def _case(command: CompareCommand, study: Study) -> Case:
    settings = replace(study.settings, **(command.overrides or {}))
    settings = replace(settings, invariance=False, comparison=False, folds=0)
    model = load_model(beside(study, study.model))
    group = study.group if command.group is None else command.group
    path = data_path(study, command.data, command.study)
    known = {field.column: field for field in (*model_fields(model), *study.items)}
    return Case(study, model, settings, path, group or None, known)


def _ranks(surveys: Sequence[Survey]) -> Ints:
    """Number the rows for drawing by all that any system reads, those of the first before others.

    Rows that say the same to one system need not to another, so one survey's ranks would leave
    the draws of another to the order of the file.
    """
    first, *others = surveys
    columns = [part for one in others for part in (one.design.weights[:, None], one.values)]
    return row_ranks(replace(first, values=np.hstack([*columns, first.values])))


def _by_model(
    case: Case, system: System, form: Form, survey: Survey, ranks: Ints
) -> tuple[Measurement, tuple[Notice, ...]]:
    """Fit one system, its rows drawn by numbers that all systems share."""
    settings = replace(
        case.settings,
        engines=(system.engine or engines_for(form.model.kind)[0],),
        scheme=system.scheme or case.settings.scheme,
        period=system.period or case.settings.period,
    )
    survey = replace(survey, design=replace(survey.design, ranks=ranks), factors=())
    request = replace(request_for(case.study.name, settings, form.model), detail="core")
    fitted, scored = estimate_scored(form.model, survey, request)
    return measurement_of(system, fitted, scored, form), fitted.notices


def _people(case: Case, system: System) -> People:
    """Read the answers that a method asks for."""
    study, method = case.study, _method(case, system)
    named = [(f"methods.{method.name}.{place}", name) for place, name in method.named()]
    fields = resolve_fields(case.model, study.items, named, study.file)
    return read_people(case.path, fields, study=study, group=case.group)


def _method(case: Case, system: System) -> Method:
    return next(one for one in case.study.methods if one.name == system.method)


def _by_method(case: Case, system: System, people: People) -> Measurement:
    """Carry out a method of the study and take its headline."""
    study, method = case.study, _method(case, system)
    request = request_for(study.name, case.settings, case.model)
    setting = Setting(people, request, None, study.language, study.folder)
    (result,) = run_methods((method,), setting).results
    index = {row["group"]: _numbers(row) for row in result.rows if row["measure"] == HEADLINE}
    weighted = people.design.weighted
    return Measurement(
        system=system,
        model=method.kind,
        engine="",
        weighting="study" if weighted else "none",
        index=index,
        draws={},
        coefficients={},
        freedom={},
        items=len(_distinct(method)),
        on_scale=False,
    )


def _distinct(method: Method) -> set[str]:
    return {name for _, name in method.named()}


def _numbers(row: Any) -> tuple[float, float, float, float, int, str]:
    keys = ("value", "std_error", "conf_low", "conf_high")
    value, error, low, high = (float(row.get(key, float("nan"))) for key in keys)
    return value, error, low, high, int(row["n"]), str(row.get("note", ""))


def _left_out(found: Sequence[Measurement]) -> Iterator[Notice]:
    """Tell what questions of a system the survey did not ask, and methods without a headline."""
    for one in found:
        if one.left_out:
            named = ", ".join(one.left_out[:10]) + (" ..." if len(one.left_out) > 10 else "")
            message = f"{len(one.left_out)} questions of the system were not asked: {named}."
            yield Notice("questions_left_out", message, engine="", subject=one.system.name)
        if one.dropped:
            message = (
                f"Without a question here, and left out: {', '.join(one.dropped)}; what a "
                "component counts for goes to the others."
            )
            yield Notice("constructs_left_out", message, subject=one.system.name)
        if not one.index:
            message = "The method has no one number for its total, so none is compared."
            yield Notice("no_headline", message, subject=one.system.name)


def _entry(one: Measurement) -> dict[str, object]:
    """Return what the manifest says of a system: its form, what failed and what was missing."""
    entry: dict[str, object] = {
        "system": one.system.name,
        "model": one.model,
        "engine": one.engine,
        "weighting": one.weighting,
        "questions": dict(one.system.questions),
        "left_out": list(one.left_out),
        "dropped": list(one.dropped),
    }
    if one.fit is not None:
        entry |= {
            "failed": [[d.group, list(d.problems)] for d in one.fit.diagnoses if not d.ok],
            "replicates": [[c.group, c.requested, c.failed] for c in one.fit.replicates],
            "missing": [asdict(count) for count in one.fit.survey.missing],
        }
    return entry


def _write(
    command: CompareCommand, case: Case, compared: Compared, inputs: tuple[tuple[str, str], ...]
) -> Outcome:
    tables = {
        "systems": compared.systems,
        "agreement": compared.agreement,
        "system_drivers": compared.drivers,
        "system_fit": compared.fits,
    }
    files: dict[str, bytes] = {}
    for name, table in tables.items():
        files[f"{name}.csv"] = csv_bytes(table)
        files[f"{name}.parquet"] = parquet_bytes(table)
    arguments = (("group", case.group or ""), *_settings(case.settings))
    provenance = Provenance(versions(), inputs, case.settings.seed, arguments)
    page = render_html(build_comparison(compared, case.study, provenance, tuple(files)))
    files[PAGE] = page.encode()
    files[MANIFEST] = json_bytes(
        {
            "schema": 1,
            "study": case.study.name,
            "systems": [_entry(one) for one in compared.measurements],
            "base": compared.base,
            "versions": dict(versions()),
            "inputs": [{"input": name, "sha256": digest} for name, digest in inputs],
            "arguments": dict(arguments),
            "warnings": [
                {"system": n.subject, "group": n.group, "kind": n.kind, "message": n.message}
                for n in compared.notices
            ],
            "files": {
                name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())
            },
        }
    )
    write_folder(command.out, files, MANIFEST)
    return Outcome(compared, command.out, tuple(sorted(files)), case.study.language)


def _settings(settings: Settings) -> Iterator[tuple[str, str]]:
    for name in ("replicates", "seed", "level", "missing", "index_means", "resampling"):
        yield name, str(getattr(settings, name))
