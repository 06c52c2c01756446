"""Small survey files for tests: one sound table, and writers for every format."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from acsi_model import acsi_model

Table = dict[str, list[Any]]

ITEMS = tuple(item.name for item in acsi_model().indicators)


def sound_table(rows: int = 60) -> Table:
    """Return a table without a fault: the 13 items, a group, a design, two breakdowns."""
    table: Table = {
        name: [1 + (7 * i + 3 * j + i * i * (j + 1)) % 10 for i in range(rows)]
        for j, name in enumerate(ITEMS)
    }
    table["COMP"] = [int(i % 5 == 0) for i in range(rows)]
    table["COMPANY"] = [("North", "South")[i % 2] for i in range(rows)]
    table["WEIGHT"] = [1 + (i % 3) / 2 for i in range(rows)]
    table["STRATUM"] = [1 + i % 4 for i in range(rows)]
    table["PSU"] = [1 + i % 12 for i in range(rows)]
    table["AGE"] = [18 + i for i in range(rows)]
    table["GENDER"] = [1 + i % 2 for i in range(rows)]
    return table


def with_cells(column: str, cells: Mapping[int, Any], rows: int = 60) -> Table:
    """Return the sound table with some cells of a column (row from 0) replaced."""
    table = sound_table(rows)
    for row, cell in cells.items():
        table[column][row] = cell
    return table


def records(table: Table) -> list[list[Any]]:
    """Return the header and the rows."""
    return [list(table), *map(list, zip(*table.values(), strict=True))]


def write_csv(
    path: Path,
    rows: Sequence[Sequence[Any]],
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> Path:
    """Write rows, header first, as delimited text."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """Write sheets of rows; a text that starts with ``=`` is a formula without a value."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def write_sav(path: Path, table: Table, **metadata: Any) -> Path:
    """Write an SPSS file."""
    import pyreadstat

    pyreadstat.write_sav(pd.DataFrame(table), str(path), **metadata)
    return path


def write_dta(path: Path, table: Table, **metadata: Any) -> Path:
    """Write a Stata file."""
    import pyreadstat

    pyreadstat.write_dta(pd.DataFrame(table), str(path), **metadata)
    return path


def write_parquet(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """Write a Parquet file; names may be repeated."""
    import pyarrow as pa
    from pyarrow import parquet

    header, *body = rows
    columns = [pa.array(list(column)) for column in zip(*body, strict=True)]
    parquet.write_table(pa.Table.from_arrays(columns, names=list(header)), path)
    return path
