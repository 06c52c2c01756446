"""Writing the simulated demonstration survey."""

from __future__ import annotations

from pathlib import Path

from acsi_sem.errors import Problem, UsageError
from acsi_sem.runs.folder import write_folder
from acsi_sem.simulate.demo import demo_survey
from acsi_sem.spec.load import load_model
from acsi_sem.tables.write import csv_bytes


def write_demo(model: Path, out: Path, *, seed: int, interviews: int, force: bool) -> int:
    """Simulate the demonstration survey and write it as CSV; return its number of rows.

    Raises
    ------
    SpecError
        If the model file is not valid.
    UsageError
        If the file cannot be written, is no CSV file, or exists and `force` is not set.
    """
    if out.suffix.lower() != ".csv":
        raise UsageError(Problem(str(out), "", "a name that ends in .csv", repr(out.name)))
    if out.exists() and not force:
        remedy = "choose another name, or replace it by --force"
        raise UsageError(Problem(str(out), "", "a new file", "one that exists", remedy))
    frame = demo_survey(load_model(model), seed=seed, interviews=interviews)
    write_folder(out.parent, {out.name: csv_bytes(frame)}, out.name)
    return len(frame)
