"""Raking a survey file: its columns and the raked weights, with a table of what they cost."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from acsi_sem.errors import Problem, UsageError
from acsi_sem.kernels.raking_rows import RakingPlan
from acsi_sem.runs.folder import check_writable, write_folder
from acsi_sem.runs.provenance import shown_path, versions
from acsi_sem.spec.load_targets import load_targets
from acsi_sem.spec.raking import RakingSpec
from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey.cells import number_key, read_cell
from acsi_sem.survey.columns import check_columns, check_rows
from acsi_sem.survey.design import read_design
from acsi_sem.survey.formats import read_raw
from acsi_sem.survey.raking import rake_weights
from acsi_sem.survey.raw import Findings, Raw
from acsi_sem.survey.survey import Floats, Ints
from acsi_sem.survey.weight_diagnostics import raking_rows, weighting_rows
from acsi_sem.tables.schema import RAKING, WEIGHTING, make_table
from acsi_sem.tables.write import csv_bytes
from acsi_sem.tables.write import neutral as neutral
from acsi_sem.terms import ALL

# Packages without a say in the result are left out, so that their news changes no manifest.
PACKAGES: Final = ("python", "acsi-sem", "numpy")


@dataclass(frozen=True, slots=True)
class RakeCommand:
    """What `acsi-sem rake` was asked.

    Attributes
    ----------
    survey, targets, out : Path
    weights : str or None
        Column of base weights; equal weights without.
    weight_name : str
        Column to write.
    sheet : str
    force : bool
        Replace existing files.
    """

    survey: Path
    targets: Path
    out: Path
    weights: str | None = None
    weight_name: str = "weight"
    sheet: str = ""
    force: bool = False

    @property
    def files(self) -> tuple[Path, Path, Path, Path]:
        """The survey, the two tables and the manifest."""
        stem = self.out.stem
        names = (f"{stem}.weighting.csv", f"{stem}.raking.csv", f"{stem}.manifest.json")
        weighting, raking, manifest = (self.out.with_name(name) for name in names)
        return self.out, weighting, raking, manifest


@dataclass(frozen=True, slots=True)
class RakeOutcome:
    """What was written, and in a few lines what raking did.

    Attributes
    ----------
    files : tuple of Path
    summary : tuple of str
    notices : tuple of str
        What was noticed in the survey.
    """

    files: tuple[Path, ...]
    summary: tuple[str, ...]
    notices: tuple[str, ...]


def run_rake(command: RakeCommand) -> RakeOutcome:
    """Rake a survey file and write it anew with the raked weights.

    Raises
    ------
    UsageError
        When a file exists and is not to be replaced, or cannot be written.
    SpecError
        With everything that is wrong in the file of targets.
    DataError
        With everything in the survey that stands in the way.
    """
    _check_files(command)
    spec = load_targets(command.targets)
    raw = read_raw(command.survey, command.sheet)
    _check_name(raw, command)
    findings = Findings(raw.source.name, notices=list(raw.notices))
    check_rows(raw, findings)
    check_columns(raw, [command.weights] if command.weights else [], findings)
    base = read_design(raw, DesignColumns(weight=command.weights), (), findings).weights
    if findings.problems:
        base = np.ones(len(raw.places))  # so that the targets are checked in the same run
    weights, plan = rake_weights(raw, spec, base, findings)
    findings.close()
    assert plan is not None  # or there was a problem
    written = _files(command, raw, spec, plan, weights)
    write_folder(command.out.parent, written, command.files[-1].name)
    notices = tuple(notice.message for notice in findings.notices)
    return RakeOutcome(command.files, tuple(_summary(plan, weights)), notices)


def _check_files(command: RakeCommand) -> None:
    problems = []
    if command.out.suffix.lower() != ".csv":
        expected = "a name that ends in .csv"
        problems.append(Problem(str(command.out), "", expected, repr(command.out.name)))
    if not command.weight_name.strip():
        problems.append(Problem("--weight-name", "", "a name for the column", "an empty text"))
    for file in command.files if not command.force else ():
        if file.exists():
            remedy = "choose another name, or replace it by --force"
            problems.append(Problem(str(file), "", "a new file", "one that exists", remedy))
    if command.survey.resolve() in [file.resolve() for file in command.files]:
        remedy = "choose another --out"
        problems.append(Problem(str(command.out), "", "a new file", "the survey itself", remedy))
    if problems:
        raise UsageError(problems)
    check_writable(command.out.parent)


def _check_name(raw: Raw, command: RakeCommand) -> None:
    if command.weight_name in raw.names:
        got = f"{command.weight_name!r}, which the survey has"
        remedy = "choose another --weight-name"
        raise UsageError(Problem("--weight-name", "", "a new column", got, remedy))


def _files(
    command: RakeCommand, raw: Raw, spec: RakingSpec, plan: RakingPlan, weights: Floats
) -> dict[str, bytes]:
    _, weighting, raking, last = command.files
    rows = weighting_rows(_groups(plan), plan.base, weights, plan)
    files = {
        command.out.name: _survey_bytes(raw, command.weight_name, weights),
        weighting.name: csv_bytes(make_table(WEIGHTING, rows)),
        raking.name: csv_bytes(make_table(RAKING, raking_rows(plan, plan.base, weights))),
    }
    files[last.name] = _json(_manifest(command, raw, spec, files))
    return files


def _groups(plan: RakingPlan) -> list[tuple[str, Ints]]:
    """Return `all`, and the parts where there are any."""
    every = [(ALL, np.arange(plan.base.size))]
    return [*every, *((part.name, part.rows) for part in plan.parts if part.name)]


def _survey_bytes(raw: Raw, name: str, weights: Floats) -> bytes:
    """Return the survey's columns as they stand and the weights, as CSV that is safe to open."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    columns = [[_text(cell) for cell in column.cells] for column in raw.columns]
    columns.append([number_key(weight) for weight in weights.tolist()])
    writer.writerow([neutral(title) for title in (*(c.name for c in raw.columns), name)])
    writer.writerows(zip(*columns, strict=True))
    return buffer.getvalue().encode("utf-8")


def _text(cell: object) -> str:
    return neutral(cell if isinstance(cell, str) else read_cell(cell).key)


def _manifest(
    command: RakeCommand, raw: Raw, spec: RakingSpec, files: Mapping[str, bytes]
) -> dict[str, Any]:
    known = dict(versions())
    return {
        "schema": 1,
        "versions": {name: known[name] for name in PACKAGES},
        "inputs": [
            {"input": f"survey {raw.source.name}", "sha256": raw.source.sha256},
            {"input": f"targets {shown_path(command.targets)}", "sha256": spec.sha256},
        ],
        "survey": {"format": raw.source.format, "rows": raw.source.rows},
        "arguments": {
            "weights": command.weights,
            "weight_name": command.weight_name,
            "sheet": command.sheet,
        },
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _summary(plan: RakingPlan, weights: Floats) -> Iterator[str]:
    base, raked = weighting_rows(_groups(plan)[:1], plan.base, weights, plan)
    found = [row for row in raking_rows(plan, plan.base, weights) if "target" in row]
    off = max(abs(float(str(row["after"])) - float(str(row["target"]))) for row in found)
    margins = ", ".join(plan.variables)
    parts = f", in {len(plan.parts):,} parts" if plan.parts[0].name else ""
    yield f"{plan.base.size:,} rows raked to {margins}{parts}; every share within {off:.1e}"
    for row in (base, raked):
        yield (
            f"{row['stage']} weights: design effect {row['deff']:.3f}, "
            f"effective n {row['n_eff']:,.0f}"
        )
    ratio = weights / plan.base
    held = f"; {raked['at_bound']:,.0f} rows at a bound or trimmed" if plan.limited else ""
    yield f"ratio of raked to base weight: {ratio.min():.3g} to {ratio.max():.3g}{held}"
