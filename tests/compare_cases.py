"""A small survey of six companies, and studies that compare systems on it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from acsi_sem.cli.app import run
from acsi_sem.runs.compare import CompareCommand, Outcome, run_compare
from acsi_sem.simulate.demo import demo_survey
from acsi_sem.spec.load import load_model

MODELS = Path("models").resolve()
KCSI = "questions: {ALLSAT: SATIS, PRODSAT: OVERALLQ, REBUY: REPUR}, scale: [1, 10]"
HEAD = """\
schema: 1
name: shops
title: {title}
model: {models}/acsi.yaml
data: {{file: survey.csv}}
design: {{weight: WEIGHT, stratum: STRATUM}}
levels: {{company: COMPANY}}
{group}resampling: {{replicates: {replicates}, seed: 5, level: 0.95}}
report: {{minimum_rows: 30}}
methods:
  rate: {{kind: satisfaction_rate, items: [SATIS], satisfied_from: 8}}
"""


@cache
def frame(interviews: int = 60) -> pd.DataFrame:
    """Answers to the questions of the ACSI."""
    return demo_survey(load_model(MODELS / "acsi.yaml"), seed=2, interviews=interviews)


def write_study(
    folder: Path,
    systems: str,
    *,
    group: str = "company",
    replicates: int = 60,
    more: str = "",
    title: str = "Shops",
) -> Path:
    """Write the survey and a study that compares `systems`, lines without indent.

    Parameters
    ----------
    folder : Path
    systems : str
        Part `compare`, from under its key; empty: no such part.
    group, replicates, title
    more : str
        Further parts of the study.
    """
    folder.mkdir(exist_ok=True, parents=True)
    frame().to_csv(folder / "survey.csv", index=False)
    grouped = f"group: {group}\n" if group else ""
    text = HEAD.format(models=MODELS, group=grouped, replicates=replicates, title=title) + more
    if systems:
        text += "compare:\n" + "".join(f"  {line}\n" for line in systems.splitlines())
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder / "study.yaml"


def compare(study: Path, **overrides: Any) -> Outcome:
    """Compare as the command does; the output stands beside the study."""
    command = CompareCommand(study, study.parent / "out", overrides=overrides)
    return run_compare(command, lambda *_: None)


def row(outcome: Outcome, system: str, group: str = "all") -> dict[str, Any]:
    """One row of the table of systems."""
    table = outcome.compared.systems
    own = table[(table["system"] == system) & (table["group"] == group)]
    assert len(own) == 1
    return {str(key): value for key, value in own.iloc[0].items()}


def refused(study: Path, capsys: pytest.CaptureFixture[str], code: int, *more: str) -> list[str]:
    """Compare in vain; nothing is written, and every problem has its place in the study."""
    out = study.parent / "out"
    assert run(["compare", str(study), "--out", str(out), *more]) == code
    assert not out.exists()
    told = capsys.readouterr().err.splitlines()
    place = re.compile(rf"{re.escape(str(study))}:\d+:\d+: ")
    assert all(place.match(line) for line in told), told
    return [place.sub("", line) for line in told]
