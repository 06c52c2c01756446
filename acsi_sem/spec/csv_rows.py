"""Rows of a CSV file that people keep by hand, with every fault at its line."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from acsi_sem.errors import Problem
from acsi_sem.spec.findings import did_you_mean, listed, show


@dataclass(slots=True)
class Rows:
    """Rows of a file by line, and what is wrong with it.

    Attributes
    ----------
    name : str
        As messages repeat it.
    columns : mapping of name -> bool
        Which columns it may have, and whether each must be there.
    sha256 : str
    rows : dict of line -> row
        Every column filled; empty where a cell is, or the column is not there.
    problems : list of Problem
    """

    name: str
    columns: Mapping[str, bool]
    sha256: str = ""
    rows: dict[int, dict[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def fault(self, line: int, path: str, expected: str, got: str, remedy: str = "") -> None:
        """Note a problem at a line; at the whole file for line 0."""
        where = f"{self.name}:{line}" if line else self.name
        self.problems.append(Problem(where, path, expected, got, remedy))


def read_rows(folder: Path, name: str, columns: Mapping[str, bool]) -> Rows:
    """Read the rows of a file, as far as they can be read.

    Parameters
    ----------
    folder : Path
    name : str
        Relative to it, or absolute.
    columns : mapping of name -> bool
        See `Rows`.

    Returns
    -------
    Rows
        With its problems; without rows when the file or its first row cannot be used.
    """
    file = Rows(name, columns)
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        file.fault(0, "", "a readable CSV file", error.strerror or "none")
        return file
    file.sha256 = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        file.fault(line, "", "UTF-8", "other bytes", "save the file as UTF-8")
        return file
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        _fill(file, reader)
    except csv.Error as error:
        file.rows.clear()  # what follows a stray quote is not what its writer meant
        file.fault(reader.line_num, "", "comma-separated values", str(error))
    return file


def _fill(file: Rows, reader: Iterator[list[str]]) -> None:
    header = [cell.strip() for cell in next(reader, [])]
    for name in dict.fromkeys(header):
        if name not in file.columns:
            near = did_you_mean(name, file.columns) or f"columns are {listed(file.columns, 'and')}"
            file.fault(1, "", "known columns", show(name), near)
        elif header.count(name) > 1:
            file.fault(1, f"column {name}", "each column once", "it twice")
    for name, needed in file.columns.items():
        if needed and name not in header:
            file.fault(1, f"column {name}", "it in the first row", "no such column")
    if file.problems:
        return
    for cells in reader:
        line: int = reader.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            file.fault(line, "", f"{len(header)} cells", f"{len(cells)}")
        else:
            row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            file.rows[line] = dict.fromkeys(file.columns, "") | row
