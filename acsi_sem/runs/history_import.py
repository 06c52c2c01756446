"""Published scores from a CSV file: checked as a whole, then copied into the store."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from acsi_sem.errors import DataError, Problem, UsageError
from acsi_sem.report.charts.trend_data import place
from acsi_sem.report.words import slug
from acsi_sem.runs.durable import put, store_errors
from acsi_sem.spec.study import Study
from acsi_sem.tables.national import HISTORY
from acsi_sem.tables.schema import make_table, records

REQUIRED: Final = ("series", "level", "unit", "period", "index")
READING: Final = ("series", "level", "unit", "construct", "form", "source", "period", "vintage")
"""Rows that agree in these are the same reading."""

FOLDER: Final = "history"
_DEFAULT_CONSTRUCT: Final = "satisfaction"
_FLAGS: Final = ("doubtful", "baseline", "break")
_SCORES: Final = ("index", "conf_low", "conf_high", "alternative")
# What a table written by this toolkit puts an apostrophe before, so that no spreadsheet runs it.
_NEUTRALISED: Final = tuple(f"'{start}" for start in "=+-@\t\r")

Line = tuple[int, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of an import.

    Attributes
    ----------
    file : Path
        In the store.
    readings : int
    series : tuple of str
    fresh : bool
        False when the same bytes were there already.
    """

    file: Path
    readings: int
    series: tuple[str, ...]
    fresh: bool


def import_history(study: Study, file: Path, series: str = "") -> Imported:
    """Check a CSV file of published scores and copy it into the study's store.

    Parameters
    ----------
    study : Study
        With a part `run`.
    file : Path
        Columns ``series level unit period index`` and any other of `HISTORY`.
    series : str
        The series, for files without that column.

    Returns
    -------
    Imported

    Raises
    ------
    DataError
        With everything that is wrong, each at ``file:line``.
    UsageError
        If the study has no store, the file cannot be read or the store not written.
    """
    raw = read_bytes(file)
    table = parse_history(raw, str(file), series)
    data = _with_series(raw, str(file), series)
    folder = store_folder(study) / FOLDER
    target = folder / f"{slug(file.stem)}-{hashlib.sha256(data).hexdigest()[:8]}.csv"
    named = tuple(dict.fromkeys(str(name) for name in table["series"]))
    if target.is_file() and target.read_bytes() == data:
        return Imported(target, len(table), named, fresh=False)
    _check_apart(study, table, folder, file)
    with store_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        put(target, data, folder / f".writing-{target.stem}-{os.getpid()}")
    return Imported(target, len(table), named, fresh=True)


def store_folder(study: Study) -> Path:
    """Return the folder of a study's published runs.

    Raises
    ------
    UsageError
        If the study names none.
    """
    if study.run is None:
        got = "a study without the part run"
        raise UsageError(Problem(study.name, "run", "run.store, the folder of its runs", got))
    return Path(study.folder) / study.run.store


def read_history(file: Path) -> pd.DataFrame:
    """Read a CSV file of published scores.

    Parameters
    ----------
    file : Path

    Returns
    -------
    DataFrame
        Columns of `HISTORY`, in file order; the construct is satisfaction where none is named.

    Raises
    ------
    DataError
        With everything that is wrong, each at ``file:line``.
    UsageError
        If it cannot be read.
    """
    return parse_history(read_bytes(file), str(file))


def parse_history(data: bytes, where: str, series: str = "") -> pd.DataFrame:
    """Read the bytes of such a file; `where` names it, `series` is for files without the column.

    Raises
    ------
    DataError
        With everything that is wrong, each at ``file:line``.
    """
    lines = _lines(data, where, series)
    problems = [problem for line in lines for problem in _row_problems(where, *line)]
    problems += _duplicates(where, lines)
    if not lines:
        problems = [Problem(where, "", "a row for each reading", "none")]
    if problems:
        raise DataError(problems)
    return make_table(HISTORY, (_reading(cells) for _, cells in lines))


def read_bytes(file: Path) -> bytes:
    """Return the content of a file.

    Raises
    ------
    UsageError
        If it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(Problem(str(file), "", "a CSV file that can be read", reason)) from error


def _records(data: bytes, where: str) -> list[tuple[int, list[str]]]:
    """Return each record of a CSV file with the line that it starts on."""
    found, start = [], 1
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        for record in reader:
            found += [(start, record)] if record else []
            start = reader.line_num + 1
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        got = f"the byte {data[error.start]:#04x}"
        remedy = "save it as CSV UTF-8"
        raise DataError(Problem(f"{where}:{line}", "", "text in UTF-8", got, remedy)) from error
    except csv.Error as error:
        problem = Problem(f"{where}:{start}", "", "a row of a CSV file", str(error))
        raise DataError(problem) from error
    return found


def _lines(data: bytes, where: str, series: str) -> list[Line]:
    """Return the rows by column, after a check of the header and of every row's length."""
    records = _records(data, where)
    if not records:
        raise DataError(Problem(where, "", "a CSV file of published scores", "an empty file"))
    header = [name.strip() for name in records[0][1]]
    if series and "series" in header:
        got = "both a column series and --series"
        raise UsageError(Problem(f"{where}:1", "column series", "one of them", got))
    given = {"series": series} if series else {}
    problems = list(_header_problems(where, [*given, *header]))
    problems += [
        Problem(f"{where}:{line}", "", f"{len(header)} cells, as in the header", str(len(cells)))
        for line, cells in records[1:]
        if len(cells) != len(header)
    ]
    if problems:
        raise DataError(problems)
    return [
        (line, given | dict(zip(header, (_plain(cell) for cell in cells), strict=True)))
        for line, cells in records[1:]
    ]


def _plain(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith(_NEUTRALISED) else cell


def _header_problems(where: str, header: list[str]) -> Iterator[Problem]:
    spot = f"{where}:1"
    for name in REQUIRED:
        if name not in header:
            remedy = "--series NAME gives one to all rows" if name == "series" else ""
            yield Problem(spot, f"column {name}", "the column", "none of that name", remedy)
    for name in dict.fromkeys(header):
        if name not in HISTORY.columns:
            known = ", ".join(HISTORY.columns)
            yield Problem(spot, f"column {name}", f"one of {known}", repr(name))
        if header.count(name) > 1:
            yield Problem(spot, f"column {name}", "every column once", f"{header.count(name)}")


def _row_problems(where: str, line: int, cells: Mapping[str, str]) -> Iterator[Problem]:
    spot = f"{where}:{line}"
    for name in ("series", "level", "unit"):
        if not cells[name]:
            yield Problem(spot, f"column {name}", "a name", "an empty cell")
    if not _is_period(cells["period"]):
        expected = "a quarter such as 2026Q3 or a year"
        yield Problem(spot, "column period", expected, repr(cells["period"]))
    for name, kind in HISTORY.columns.items():
        if kind == "number" and cells.get(name):
            yield from _number_problems(spot, name, cells[name])
    if not cells["index"] and not cells.get("note"):
        remedy = "write 'not measured', or what the reason is, into the column note"
        yield Problem(spot, "column index", "a score, or a note why there is none", "none", remedy)
    low, high = _number(cells.get("conf_low", "")), _number(cells.get("conf_high", ""))
    if low > high:
        yield Problem(spot, "column conf_low", f"at most conf_high, {high:g}", f"{low:g}")


def _is_period(text: str) -> bool:
    try:
        place(text)
    except ValueError:
        return False
    return True


def _number_problems(spot: str, name: str, cell: str) -> Iterator[Problem]:
    value = _number(cell)
    if name in _FLAGS:
        fits, expected = value in (0, 1), "0 or 1"
    elif name in _SCORES:
        fits, expected = 0 <= value <= 100, "a number from 0 to 100"
    elif name == "std_error":
        fits, expected = 0 <= value < math.inf, "a number from 0"
    elif name == "conf_level":
        fits, expected = 0 < value < 1, "a number between 0 and 1"
    else:
        fits, expected = math.isfinite(value), "a number"
    if not fits:
        yield Problem(spot, f"column {name}", expected, repr(cell))


def _number(cell: str) -> float:
    # Python reads "1_000" and the digits of other scripts too; in a score they are a slip.
    try:
        return float(cell) if cell.isascii() and "_" not in cell else math.nan
    except ValueError:
        return math.nan


def _reading(cells: Mapping[str, str]) -> dict[str, object]:
    row: dict[str, object] = {"construct": _DEFAULT_CONSTRUCT, "doubtful": 0.0, "baseline": 0.0}
    for name, cell in cells.items():
        if cell:
            row[name] = _number(cell) if HISTORY.columns[name] == "number" else cell
    return row


def _duplicates(where: str, lines: Iterable[Line]) -> Iterator[Problem]:
    """Refuse a reading that is in the file twice."""
    first: dict[tuple[object, ...], int] = {}
    for line, cells in lines:
        row = _reading(cells)
        key = tuple(row.get(name, "") for name in READING)
        if key in first:
            got = f"the one of line {first[key]} again"
            yield Problem(f"{where}:{line}", _told(row), "every reading once", got)
        first.setdefault(key, line)


def _told(row: Mapping[Any, Any]) -> str:
    return f"{row.get('unit', '')} {row.get('period', '')}".strip()


def _check_apart(study: Study, table: pd.DataFrame, folder: Path, file: Path) -> None:
    """Refuse readings that another imported file has, and the name of the study's own series."""
    known: dict[tuple[object, ...], str] = {}
    for path in sorted(folder.glob("*.csv")):
        for row in records(read_history(path)):
            known[tuple(row[name] for name in READING)] = path.name
    problems = []
    if (table["series"] == study.name).any():
        got = f"{study.name!r}, the study's own"
        problems.append(Problem(str(file), "column series", "another series", got))
    lines = [line for line, _ in _records(read_bytes(file), str(file))[1:]]
    for line, row in zip(lines, records(table), strict=True):
        other = known.get(tuple(row[name] for name in READING))
        if other:
            remedy = "a new edition needs another vintage"
            got = f"one that {other} has"
            problems.append(Problem(f"{file}:{line}", _told(row), "a new reading", got, remedy))
    if problems:
        raise DataError(problems)


def _with_series(data: bytes, where: str, series: str) -> bytes:
    """Return the file with a first column `series`; as it is when no series is given."""
    if not series:
        return data
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, (_, cells) in enumerate(_records(data, where)):
        writer.writerow(["series" if number == 0 else series, *cells])
    return text.getvalue().encode("utf-8")
