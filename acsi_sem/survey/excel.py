"""XLSX by calamine, with the error cells that calamine shows as blanks put back."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from typing import Final
from xml.etree import ElementTree

import numpy as np

from acsi_sem.errors import DataError, Problem
from acsi_sem.spec.findings import did_you_mean
from acsi_sem.survey.cells import read_cell
from acsi_sem.survey.raw import Raw, RawColumn
from acsi_sem.survey.survey import Source

Grid = list[list[object]]

_OLE2: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
# SPSS writes #NULL! for "no answer"; every other error value is a mistake in the sheet.
_SUSPECT: Final = re.compile(
    rb"<v>#(?!NULL!)|</f>(?:<v ?/>|<v></v>)?</c>|<f [^>]*/>(?:<v ?/>)?</c>"
)
_CELL: Final = re.compile(rb'<c r="([A-Z]+)(\d+)"([^>]*)(?<!/)>(.*?)</c>', re.DOTALL)
_VALUE: Final = re.compile(rb"<v>([^<]+)</v>")
NO_VALUE: Final = "a formula without a stored value"


def read_excel(data: bytes, name: str, sha256: str, sheet: str) -> Raw:
    """Read one sheet of an XLSX workbook; the first where `sheet` is empty.

    Raises
    ------
    DataError
        For a protected, damaged or old workbook and for a sheet that is not there.
    """
    grid, sheets, chosen = _read_grid(data, name, sheet)
    for row, column, text in _error_cells(data, chosen):
        if row < len(grid) and column < len(grid[row]):
            grid[row][column] = text
    filled = [i for i, row in enumerate(grid) if not all(read_cell(cell).blank for cell in row)]
    header, *rows = filled or [0]
    names = [read_cell(cell).key for cell in grid[header]] if filled else []
    cells = list(zip(*(grid[i] for i in rows), strict=True)) if rows else [()] * len(names)
    columns = tuple(RawColumn(*pair) for pair in zip(names, cells, strict=True))
    others = ", ".join(f"'{other}'" for other in sheets)
    return Raw(
        columns,
        np.array(rows, dtype=np.intp) + 1,
        "row",
        Source(name, sha256, "xlsx", len(rows)),
        hint=f"sheet '{chosen}' was read; the workbook has {others}" if len(sheets) > 1 else "",
    )


def _read_grid(data: bytes, name: str, sheet: str) -> tuple[Grid, list[str], str]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    _refuse_ole2(data, name)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = list(workbook.sheet_names)
        chosen = _choose(sheets, sheet, name)
        page = workbook.get_sheet_by_name(chosen)
        grid: Grid = [list(row) for row in page.to_python(skip_empty_area=False)]
        return grid, sheets, chosen
    except PasswordError as error:
        raise _protected(name) from error
    except CalamineError as error:
        raise _damaged(name, str(error)) from error


def _choose(sheets: list[str], sheet: str, name: str) -> str:
    if sheet in sheets:
        return sheet
    if sheet or not sheets:
        there = ", ".join(f"'{other}'" for other in sheets) or "none"
        near = did_you_mean(sheet, sheets)
        raise DataError(
            Problem(name, f"sheet {sheet}", "a sheet of this name", f"the sheets {there}", near)
        )
    return sheets[0]


def _refuse_ole2(data: bytes, name: str) -> None:
    if not data.startswith(_OLE2):
        return
    if _ENCRYPTED in data:
        raise _protected(name)
    got, remedy = "an old binary workbook (xls)", "save it as xlsx or as CSV UTF-8"
    raise DataError(Problem(name, "", "an xlsx workbook", got, remedy))


def _protected(name: str) -> DataError:
    remedy = "save a copy without a password"
    return DataError(Problem(name, "", "a readable workbook", "one under a password", remedy))


def _damaged(name: str, message: str) -> DataError:
    got = f"a damaged file or another format ({message})"
    remedy = "open it in a spreadsheet program and save it as xlsx again"
    return DataError(Problem(name, "", "an xlsx workbook", got, remedy))


def _error_cells(data: bytes, sheet: str) -> list[tuple[int, int, str]]:
    """Return (row, column, text) of error values and of formulas that were never computed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read(_part_of(archive, sheet))
    if not _SUSPECT.search(xml):
        return []
    found = []
    for letters, row, attributes, body in _CELL.findall(xml):
        if text := _error_text(attributes, body):
            found.append((int(row) - 1, _column_number(letters.decode()), text))
    return found


def _error_text(attributes: bytes, body: bytes) -> str:
    value = _VALUE.search(body)
    if b't="e"' in attributes:
        text = value.group(1).decode() if value else ""
        return "" if text == "#NULL!" else text
    uncomputed = b"<f" in body and value is None and b't="str"' not in attributes
    return NO_VALUE if uncomputed else ""


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the archive's member that holds `sheet`."""
    targets = {
        link.attrib["Id"]: link.attrib["Target"]
        for link in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    }
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    entry = next(node for node in book.iter() if node.attrib.get("name") == sheet and _link(node))
    return posixpath.join("/xl", targets[_link(entry)]).lstrip("/")


def _link(node: ElementTree.Element) -> str:
    """Return a sheet's relationship id, whichever namespace the writer used."""
    return next((value for key, value in node.attrib.items() if key.endswith("}id")), "")
