"""A workbook of answers to fill in or to read: one sheet per table, nothing else."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pandas as pd

from acsi_sem.report.workbook import CREATED, MOST_ROWS, OPTIONS, write_cell

_NARROWEST, _WIDEST = 8, 60


def write_book(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Write tables as the sheets of an XLSX workbook, names of columns in the first row.

    Parameters
    ----------
    tables : mapping of sheet -> DataFrame
        Columns of text and numbers; a table may have no rows.

    Returns
    -------
    bytes
        The same for equal tables. What is not a number (NaN) is a blank cell. Text is written as
        text: none becomes a formula, a link or a number.

    Raises
    ------
    ValueError
        If a table has more rows than a sheet holds.

    Examples
    --------
    >>> table = pd.DataFrame({"SATIS": [7, 9], "COMPANY": ["=1+1", "A"]})
    >>> made = write_book({"data": table})
    >>> made[:2], made == write_book({"data": table})
    (b'PK', True)
    """
    from xlsxwriter import Workbook

    page = io.BytesIO()
    book: Any = Workbook(page, dict(OPTIONS))
    book.set_properties({"created": CREATED})
    styles = {
        "head": book.add_format({"bold": True, "bottom": 1}),
        "guarded": book.add_format({"quote_prefix": True}),
        "plain": None,
    }
    for name, table in tables.items():
        _sheet(book.add_worksheet(name), styles, table)
    book.close()
    return page.getvalue()


def _sheet(sheet: Any, styles: Mapping[str, Any], table: pd.DataFrame) -> None:
    if len(table) > MOST_ROWS:
        raise ValueError(f"{len(table)} rows; a sheet holds {MOST_ROWS}")
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table.columns):
        values = table[column].tolist()
        write_cell(sheet, styles, 0, place, str(column), "head")
        sheet.set_column(place, place, _width(str(column), values))
        for row, value in enumerate(values, start=1):
            write_cell(sheet, styles, row, place, value)


def _width(head: str, values: list[object]) -> int:
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    return min(max(longest, len(head), _NARROWEST) + 2, _WIDEST)
