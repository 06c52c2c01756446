"""A small nation of five quarters, and its runs as the command makes them."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pandas as pd

from acsi_sem.runs.jobs import Options, RunCommand, run_command
from acsi_sem.runs.locking import Holder
from acsi_sem.runs.scheduled import Outcome
from acsi_sem.runs.simulated import write_nation
from acsi_sem.simulate.national_plan import NationPlan
from acsi_sem.spec.periods import Period

MODEL = Path("models/acsi_1994.yaml").resolve()
LAST = "2026Q3"


def run(study: Path, period: str = LAST, reason: str = "", **options: object) -> list[Outcome]:
    """Run periods as the command does."""
    holder = Holder("run", 1, "host", "2026-11-22T00:00:00+00:00")
    chosen = Options(**options)  # type: ignore[arg-type]
    command = RunCommand(study, period, holder, date(2026, 11, 22), reason, options=chosen)
    return list(run_command(command, told=lambda _: None))


def make_study(folder: Path) -> Path:
    """Simulate five quarters of twelve companies, one of them too small to be told of."""
    folder.mkdir(exist_ok=True)
    plan = NationPlan(
        sectors=2,
        industries=3,
        companies=12,
        interviews=90,
        quarters=5,
        first=Period(2025, 3),
        seed=5,
    )
    model = folder / "model.yaml"  # beside the study, so that a copy of the folder is whole
    shutil.copy(MODEL, model)
    write_nation(model, folder, plan, truth=False)
    study = folder / "study.yaml"
    text = study.read_text(encoding="utf-8").replace("replicates: 2000", "replicates: 60")
    study.write_text(text.replace("engines: [pls, ml, ols]", "engines: [pls, ols]"), "utf-8")
    for path in folder.glob("survey-*.parquet"):
        frame = pd.read_parquet(path)
        small = sorted(frame["COMPANY"].unique())[2]
        rest = frame[frame["COMPANY"] != small]
        kept = frame[frame["COMPANY"] == small].head(48)
        pd.concat([rest, kept]).to_parquet(path)
    return study


def folder_of(study: Path, period: str = LAST, revision: int = 1) -> Path:
    return study.parent / "published" / "periods" / period / f"r{revision}"


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def copied(study: Path, folder: Path, *, without: str = "") -> Path:
    """Copy a study with its store, perhaps without what one period published."""
    shutil.copytree(study.parent, folder)
    if without:
        shutil.rmtree(folder / "published" / "periods" / without)
    return folder / "study.yaml"
