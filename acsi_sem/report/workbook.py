"""The doorway of xlsxwriter: tables become one workbook in which no text is ever a formula."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd

from acsi_sem.report import words
from acsi_sem.terms import GLOSSARY

CREATED: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Written into every workbook, so that the same tables give the same bytes."""
MOST_ROWS: Final = 1_048_575
_LONGEST_CELL: Final = 32_767
_LONGEST_NAME: Final = 31
_WIDEST: Final = 40
_LEADING: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


def write_workbook(
    tables: Mapping[str, pd.DataFrame], title: str, facts: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """Write tables as an XLSX workbook, one sheet each, with a codebook of their columns.

    Parameters
    ----------
    tables : mapping of name -> DataFrame
        In the order of the sheets; names of at most 31 letters, columns of text and numbers.
    title : str
    facts : tuple of (name, value)
        Shown below the title.

    Returns
    -------
    bytes
        The same for equal tables. Unknown numbers are blank cells. Text is written as text, and
        text that begins like a formula is marked so that a spreadsheet never takes it for one,
        not even when the cell is edited.

    Raises
    ------
    ValueError
        If a table has more rows than a sheet holds.

    Examples
    --------
    >>> table = pd.DataFrame({"unit": ["=1+1"], "index": [72.5]})
    >>> made = write_workbook({"readings": table}, "Nation")
    >>> made[:2], made == write_workbook({"readings": table}, "Nation")
    (b'PK', True)
    """
    from xlsxwriter import Workbook

    page = io.BytesIO()
    book: Any = Workbook(page, dict(OPTIONS))
    book.set_properties({"title": words.clean(title)[:255], "created": CREATED})
    styles = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "guarded": book.add_format({"quote_prefix": True}),
        "plain": None,
    }
    _cover(book, styles, tables, title, facts)
    for name, table in tables.items():
        _sheet(book, styles, name, table)
    _codebook(book, styles, tables)
    book.close()
    return page.getvalue()


def _cover(
    book: Any,
    styles: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    title: str,
    facts: tuple[tuple[str, str], ...],
) -> None:
    sheet = book.add_worksheet("about")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 60)
    write_cell(sheet, styles, 0, 0, title, "title")
    lines = [*facts, *((name, f"{len(table)} rows") for name, table in tables.items())]
    for row, (name, value) in enumerate(lines, start=2):
        write_cell(sheet, styles, row, 0, name)
        write_cell(sheet, styles, row, 1, value)


def _sheet(book: Any, styles: Mapping[str, Any], name: str, table: pd.DataFrame) -> None:
    if len(table) > MOST_ROWS:
        raise ValueError(f"{name} has {len(table)} rows; a sheet holds {MOST_ROWS}")
    sheet = book.add_worksheet(name[:_LONGEST_NAME])
    sheet.freeze_panes(1, 1)
    for place, column in enumerate(table.columns):
        values = table[column].tolist()
        write_cell(sheet, styles, 0, place, str(column), "head")
        sheet.set_column(place, place, _width(str(column), values))
        for row, value in enumerate(values, start=1):
            write_cell(sheet, styles, row, place, value)
    if len(table.columns) and len(table):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)


def _width(head: str, values: list[object]) -> int:
    longest = max((len(value) for value in values if isinstance(value, str)), default=9)
    return min(max(longest, len(head), 6) + 2, _WIDEST)


def _codebook(book: Any, styles: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> None:
    sheet = book.add_worksheet("codebook")
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 100)
    used = dict.fromkeys(str(column) for table in tables.values() for column in table.columns)
    write_cell(sheet, styles, 0, 0, "column", "head")
    write_cell(sheet, styles, 0, 1, "meaning", "head")
    for row, name in enumerate(used, start=1):
        write_cell(sheet, styles, row, 0, name)
        write_cell(sheet, styles, row, 1, GLOSSARY.get(name, ""))


def write_cell(
    sheet: Any, styles: Mapping[str, Any], row: int, column: int, value: object, style: str = ""
) -> None:
    """Write one cell: numbers as numbers, everything else as text, the unknown not at all."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value):
            sheet.write_number(row, column, value)
        return
    text = words.clean(str(value))[:_LONGEST_CELL]
    if text:
        guarded = "guarded" if text.startswith(_LEADING) else "plain"
        sheet.write_string(row, column, text, styles[style or guarded])
