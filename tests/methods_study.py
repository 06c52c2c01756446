"""The study of every method on a small simulated survey, changed as a test needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from acsi_sem.analysis.pipeline import estimate
from acsi_sem.methods.study_checks import study_fields
from acsi_sem.runs.execute import (
    Outcome,
    ReportCommand,
    methods_of,
    request_for,
    run_report,
)
from acsi_sem.simulate.demo import demo_survey
from acsi_sem.simulate.extras import extra_columns
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.survey.people import read_people
from acsi_sem.survey.read import read_survey
from acsi_sem.tables.write import csv_bytes

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "data" / "methods" / "study.yaml"
INTERVIEWS = 90
COMPANIES = ("Hai & Söhne", "Tarn & Fell", "云鹤 Yunhe Parcels", "Larkspeed")
"""Two in each industry: drawing charts of all six takes most of a test's time."""
DESIGN = "design: {weight: WEIGHT, weight_kind: sampling, stratum: STRATUM}"


def survey() -> pd.DataFrame:
    """Simulate the survey of four companies, with counts of equal respondents and clusters."""
    model = load_model(ROOT / "models" / "acsi.yaml")
    frame = extra_columns(demo_survey(model, seed=1, interviews=INTERVIEWS), model, 1)
    frame = frame[frame["COMPANY"].isin(COMPANIES)].reset_index(drop=True)
    rng = np.random.default_rng(1)
    count = rng.integers(1, 4, size=len(frame))
    cluster = frame["STRATUM"] * 100 + rng.integers(0, 4, size=len(frame))
    return frame.assign(COUNT=count, CLUSTER=cluster)


def write_study(folder: Path, changes: Iterable[tuple[str, str]] = ()) -> Path:
    """Write the study and its survey into a folder, with parts of its text replaced.

    Parameters
    ----------
    folder : Path
    changes : iterable of (old, new)
        Each old text stands in the study.
    """
    text = STUDY.read_text(encoding="utf-8")
    for old, new in (("../../models", (ROOT / "models").as_posix()), *changes):
        assert old in text, old
        text = text.replace(old, new)
    (folder / "survey.csv").write_bytes(csv_bytes(survey()))
    (folder / "last_year.csv").write_bytes((STUDY.parent / "last_year.csv").read_bytes())
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def without(kind: str) -> tuple[str, str]:
    """Return the change that takes out the method of a kind."""
    text = STUDY.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.strip() == f"kind: {kind}")
    end = at
    while end < len(lines) and (lines[end].startswith("    ") or end == at):
        end += 1
    return "".join(lines[at - 1 : end]), ""


def report(study: Path, out: Path, group: str | None = None, replicates: int = 50) -> Outcome:
    """Make the report as `acsi-sem report` does."""
    overrides = {"replicates": replicates}
    command = ReportCommand(study=study, out=out, group=group, overrides=overrides)
    return run_report(command, silent)


def carry_out(file: Path, group: str | None = None, replicates: int = 50) -> pd.DataFrame:
    """Return the table `methods` of a study, without its report."""
    study = load_study(file)
    model = load_model(file.parent / study.model)
    group = study.group if group is None else group
    data = file.parent / "survey.csv"
    column = study.column_of(group) if group else None
    settings = replace(study.settings, replicates=replicates)
    survey = read_survey(data, model, group=column, study=study)
    people = read_people(data, study_fields(study, model), study=study, group=group or None)
    fitted = estimate(model, survey, request_for(study.name, settings, model), silent)
    return methods_of(study, fitted, people, silent).tidy()


def silent(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""
