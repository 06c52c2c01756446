"""`acsi-sem explore`: a survey looked at before it is modelled."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from acsi_sem.errors import Problem, UsageError
from acsi_sem.runs.folder import check_writable, write_folder
from acsi_sem.runs.provenance import versions
from acsi_sem.spec.fields import model_fields
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.model import Model
from acsi_sem.spec.study import DesignColumns, Study
from acsi_sem.spec.validate import kind_of
from acsi_sem.survey.people import People, read_people
from acsi_sem.tables.write import csv_bytes, parquet_bytes

if TYPE_CHECKING:
    from acsi_sem.methods.explore.explore import Exploration
    from acsi_sem.methods.explore.respondents import Duplicates

MANIFEST: Final = "manifest.json"
PAGE: Final = "explore.html"
LIBRARIES: Final = ("scikit-learn", "threadpoolctl")


@dataclass(frozen=True, slots=True)
class ExploreCommand:
    """What the command line asks for; `file` is a study or a model."""

    file: Path
    out: Path
    data: Path | None = None
    group: str | None = None
    design: DesignColumns = field(default_factory=DesignColumns)
    sheet: str = ""
    seed: int | None = None
    level: float | None = None
    minimum: int | None = None


@dataclass(frozen=True, slots=True)
class Explored:
    """What was found, where it was written, and what the terminal is told besides."""

    found: Exploration
    folder: Path
    files: tuple[str, ...]
    findings: tuple[str, ...]
    notices: tuple[str, ...]


def run_explore(command: ExploreCommand) -> Explored:
    """Explore a survey and write its tables and page.

    Raises
    ------
    SpecError, DataError, UsageError
    """
    from acsi_sem.methods.explore.explore import Plan, explore
    from acsi_sem.methods.explore.tables import tables

    study = _study(command)
    check_writable(command.out)
    model = load_model(_beside(study, study.model))
    group = study.group if command.group is None else command.group
    fields = {one.name: one for one in (*model_fields(model), *study.items)}
    people = read_people(
        _data(command, study),
        tuple(fields.values()),
        study=study,
        group=group or None,
        sheet=command.sheet,
    )
    settings = study.settings
    plan = Plan(study.name, settings.minimum_rows, settings.seed, settings.level, study.language)
    found = explore(people, model, plan)
    files = dict(_files(tables(found)))
    arguments = {"data": people.source.name, "group": group, "sheet": command.sheet}
    page, findings = _page(found, study, model, people, arguments)
    files[PAGE] = page
    files[MANIFEST] = _manifest(found, study, model, people, arguments, files)
    write_folder(command.out, files, MANIFEST)
    return Explored(found, command.out, tuple(sorted(files)), findings, _notices(found, people))


def _study(command: ExploreCommand) -> Study:
    """Return the study; around a model alone, one with the options of the command line."""
    if kind_of(command.file) == "model":
        model = load_model(command.file)
        path = str(Path(command.file).absolute())
        made = Study(model.name, model.title, path, design=command.design, folder="")
    else:
        made = load_study(command.file)
        if command.design != DesignColumns():
            got = "one for a study, which has a design"
            raise UsageError(Problem("--weights", "", "an option for a model file", got))
    given = {"seed": command.seed, "level": command.level, "minimum_rows": command.minimum}
    known: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _check(known)
    return replace(made, settings=replace(made.settings, **known))


def _check(given: Mapping[str, Any]) -> None:
    problems = []
    if not 0.5 <= given.get("level", 0.95) < 1:
        got = f"{given['level']:g}"
        problems.append(Problem("--level", "", "a share from 0.5 to below 1, such as 0.95", got))
    if given.get("minimum_rows", 1) < 1:
        got = str(given["minimum_rows"])
        problems.append(Problem("--min-rows", "", "a whole number from 1", got))
    if given.get("seed", 0) < 0:
        problems.append(Problem("--seed", "", "a whole number from 0", str(given["seed"])))
    if problems:
        raise UsageError(problems)


def _data(command: ExploreCommand, study: Study) -> Path:
    if command.data is not None:
        return command.data
    where = str(command.file)
    if not study.data:
        remedy = "name one in the study or by --data"
        raise UsageError(Problem(where, "data.file", "a survey file", "none", remedy))
    if "{period}" in study.data:
        got = f"{study.data!r}, one file per quarter"
        raise UsageError(
            Problem(where, "data.file", "a survey file", got, "name a quarter's file by --data")
        )
    return _beside(study, study.data)


def _beside(study: Study, path: str) -> Path:
    """Return a path named in a study file, which counts from the study's folder."""
    return Path(os.path.normpath(Path(study.folder) / path))


def _files(made: Mapping[str, Any]) -> Mapping[str, bytes]:
    return {
        f"{name}.{form}": write(table)
        for name, table in made.items()
        for form, write in (("csv", csv_bytes), ("parquet", parquet_bytes))
    }


def _versions() -> tuple[tuple[str, str], ...]:
    known = dict(versions())
    return tuple((known | {name: version(name) for name in LIBRARIES}).items())


def _inputs(study: Study, model: Model, people: People) -> tuple[tuple[str, str], ...]:
    own = ((f"study {study.name}", study.sha256),) if study.sha256 else ()
    model_ = (f"model {model.name}", model.sha256)
    return (model_, *own, (f"survey {people.source.name}", people.source.sha256))


def _page(
    found: Exploration, study: Study, model: Model, people: People, arguments: Mapping[str, object]
) -> tuple[bytes, tuple[str, ...]]:
    from acsi_sem.report.content import Provenance
    from acsi_sem.report.explore import build_exploration
    from acsi_sem.report.html import render_html

    record = Provenance(
        versions=_versions(),
        inputs=_inputs(study, model, people),
        arguments=tuple((name, str(value)) for name, value in arguments.items() if value),
    )
    report = build_exploration(
        found,
        title=study.title.get(study.language),
        source=study.source,
        survey=people.source.name,
        provenance=record,
        language=study.language,
    )
    return render_html(report).encode("utf-8"), report.findings


def _manifest(
    found: Exploration,
    study: Study,
    model: Model,
    people: People,
    arguments: Mapping[str, object],
    files: Mapping[str, bytes],
) -> bytes:
    source = people.source
    value = {
        "schema": 1,
        "study": study.name,
        "model": model.name,
        "versions": dict(_versions()),
        "inputs": [
            {"input": name, "sha256": digest} for name, digest in _inputs(study, model, people)
        ],
        "survey": {"format": source.format, "encoding": source.encoding, "rows": source.rows},
        "arguments": dict(arguments),
        "plan": asdict(found.plan),
        "missing": [asdict(count) for count in people.missing],
        "warnings": [asdict(notice) for notice in people.notices],
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _notices(found: Exploration, people: People) -> tuple[str, ...]:
    """Say what the tables do not: the first rows that are there twice, and odd reading."""
    told = [notice.message for notice in people.notices]
    for one, what in ((found.duplicates, "equal to an earlier one"), (found.ids, "with its id")):
        if one is not None and one.surplus:
            told.append(_rows(one, what))
    return tuple(told)


def _rows(one: Duplicates, what: str) -> str:
    listed = ", ".join(str(place + 1) for place in one.places)
    more = f" and {one.surplus - len(one.places)} more" if one.surplus > len(one.places) else ""
    return f"interviews {what}, counted from 1: {listed}{more}"
