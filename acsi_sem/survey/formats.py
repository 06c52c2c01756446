"""From a path to raw columns: one reader per file format, one look at the bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from acsi_sem.errors import DataError, Problem
from acsi_sem.survey.raw import Raw

FORMATS: Final = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".sav": "sav",
    ".zsav": "sav",
    ".dta": "dta",
    ".parquet": "parquet",
}
"""Extension (lower case) and the format it stands for."""


def read_raw(path: Path, sheet: str = "") -> Raw:
    """Read a survey file as it stands; the bytes are read once and hashed.

    Parameters
    ----------
    path : Path
    sheet : str
        Sheet of a workbook, the first where empty; without meaning for other formats.

    Raises
    ------
    DataError
        When the file is not there, not readable, empty or of an unknown format.
    """
    kind = _format_of(path)
    data = _bytes_of(path)
    name, sha256 = path.name, hashlib.sha256(data).hexdigest()
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        expected, remedy = "a header and rows of answers", "export the survey again"
        raise DataError(Problem(name, "", expected, "an empty file", remedy))
    return _dispatch(kind, data, name, sha256, sheet)


def _dispatch(kind: str, data: bytes, name: str, sha256: str, sheet: str) -> Raw:
    # Imported here so that a command needs only the library of the format it meets.
    if kind == "xlsx":
        from acsi_sem.survey.excel import read_excel

        return read_excel(data, name, sha256, sheet)
    if kind == "parquet":
        from acsi_sem.survey.parquet import read_parquet

        return read_parquet(data, name, sha256)
    if kind in ("sav", "dta"):
        from acsi_sem.survey.statistical import read_statistical

        return read_statistical(data, name, kind, sha256)
    from acsi_sem.survey.text import read_text

    return read_text(data, name, kind, sha256)


def _format_of(path: Path) -> str:
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(FORMATS)
        got = f"the extension '{path.suffix}'" if path.suffix else "no extension"
        remedy = "save the survey in one of these formats"
        raise DataError(Problem(path.name, "", f"a file ending in {known}", got, remedy))
    return kind


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        got, remedy = f"nothing at {path}", "check the path; download the data first if need be"
        raise DataError(Problem(path.name, "", "a survey file", got, remedy)) from error
    except IsADirectoryError as error:
        got, remedy = "a folder", "name the file in it"
        raise DataError(Problem(path.name, "", "a survey file", got, remedy)) from error
    except OSError as error:
        got, remedy = f"an unreadable file ({error.strerror})", "check its permissions"
        raise DataError(Problem(path.name, "", "a survey file", got, remedy)) from error
