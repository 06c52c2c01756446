"""Names of a survey that a spreadsheet would run, through the tables of every command."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from compare_cases import frame, write_study

from acsi_sem.cli.app import run
from acsi_sem.tables.schema import METHODS, make_table
from acsi_sem.tables.write import csv_bytes, parquet_bytes

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
NAMES = ('=HYPERLINK("http://x","a")', "@SUM(A1)", "+1+cmd", "-2+3", "\tA", "Larkspeed")
METHOD = """\
  standing: {kind: benchmarks, peers: {column: INDUSTRY}}
  priorities: {kind: quadrant, importance: correlation, items: [WISH, PQ], outcome: SATIS}
items:
  WISH: {column: OVERALLQ, label: "=1+1", scale: [1, 10], missing: {98: "=a", 99: "@b"}}
"""
COMPARED = "systems: {acsi: {title: '=cmd', engine: ols}, rate: {title: '@x', method: rate}}"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of companies whose names are formulas."""
    path = write_study(tmp_path_factory.mktemp("hostile"), COMPARED, more=METHOD)
    text = path.read_text(encoding="utf-8")
    levels = "engines: [ols]\nlevels: {company: COMPANY, industry: INDUSTRY}"
    path.write_text(text.replace("levels: {company: COMPANY}", levels), encoding="utf-8")
    known = dict(zip(frame()["COMPANY"].unique(), NAMES, strict=True))
    hostile = frame().assign(COMPANY=frame()["COMPANY"].map(known))
    hostile.to_csv(path.parent / "survey.csv", index=False)
    return path


def running(folder: Path) -> list[str]:
    """Return the cells of a folder's CSV files that a spreadsheet would run."""
    found = []
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                texts = {key: text for key, text in line.items() if key != "op"}
                found += [f"{file.name} {key}: {text}" for key, text in texts.items() if runs(text)]
    return found


def runs(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text.startswith(FORMULAS)
    return False


@pytest.mark.parametrize("command", ["report", "compare", "explore"])
def test_no_cell_of_any_table_is_run(study: Path, tmp_path: Path, command: str) -> None:
    more = [] if command == "explore" else ["--bootstrap", "50"]
    assert run([command, str(study), "--out", str(tmp_path / "out"), *more]) == 0
    assert running(tmp_path / "out") == []
    written = b"".join(file.read_bytes() for file in (tmp_path / "out").glob("*.csv"))
    assert b"'@SUM(A1)" in written


@pytest.mark.parametrize("column", ["group", "subject", "category", "reading", "note"])
def test_every_column_of_text_gets_an_apostrophe(column: str) -> None:
    table = make_table(METHODS, [{column: "=1+1"}])
    assert b"'=1+1" in csv_bytes(table)
    assert b"'=1+1" not in parquet_bytes(table)


def test_numbers_in_a_column_of_such_a_name_stay() -> None:
    """A survey may ask about reading: its answers are numbers, and blanks stay blank."""
    table = pd.DataFrame({"reading": [1.0, float("nan"), -3.0]})
    assert csv_bytes(table) == b'reading\n1.0\n""\n-3.0\n'
