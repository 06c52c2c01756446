"""CSV and TSV: encoding, delimiter and ragged rows, none of them guessed in silence."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.errors import DataError, Problem
from acsi_sem.survey.raw import Raw, RawColumn, say_rows
from acsi_sem.survey.survey import Source
from acsi_sem.terms import Notice

_SIGNATURES: Final = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "give the file its right extension"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save it as xlsx or as CSV UTF-8"),
    (b"PAR1", "a Parquet file", "give the file its right extension"),
    (b"$FL2", "an SPSS file", "give the file its right extension"),
    (b"$FL3", "an SPSS file", "give the file its right extension"),
    (b"<stata_dta>", "a Stata file", "give the file its right extension"),
    (b"%PDF", "a PDF file", "export the answers as CSV UTF-8"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"\xff\xfe", "UTF-16 text", "save it as CSV UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as CSV UTF-8"),
)
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
_CONTROL: Final = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_DOUBLE_BYTE: Final = re.compile(rb"[\x81-\xfe][\x40-\xfe]")
_SAMPLE: Final = 4096
_LETTER: Final = 0xC0


@dataclass(frozen=True, slots=True)
class _Decoded:
    text: str
    encoding: str
    notices: tuple[Notice, ...]


def read_text(data: bytes, name: str, extension: str, sha256: str) -> Raw:
    """Read the bytes of a CSV (`extension` csv) or tab-separated (tsv) file.

    Raises
    ------
    DataError
        For bytes that are no text, an unknown encoding, bad quoting or ragged rows.
    """
    decoded = _decode(data, name)
    delimiter = "\t" if extension == "tsv" else _find_delimiter(decoded.text, name)
    records, places = _records(decoded.text, delimiter, name)
    header = records.pop(0) if records else []
    _refuse_ragged(header, records, places[1:], name)
    cells = list(zip(*records, strict=True)) if records else [()] * len(header)
    columns = tuple(
        RawColumn(title.strip(), column) for title, column in zip(header, cells, strict=True)
    )
    source = Source(name, sha256, extension, len(records), decoded.encoding)
    rows = np.array([row for row, _ in places[1:]], dtype=np.intp)
    return Raw(columns, rows, "row", source, decoded.notices + _tell(delimiter, extension))


def _decode(data: bytes, name: str) -> _Decoded:
    _refuse_binary(data, name)
    try:
        return _Decoded(data.decode("utf-8-sig").lstrip("\ufeff"), "utf-8", ())
    except UnicodeDecodeError as error:
        failed = error.start
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise _unreadable(
            name, f"bytes that are neither (UTF-8 fails at byte {failed:,})"
        ) from error
    _refuse_western(data, name)
    sample = next(line for line in text.splitlines() if not line.isascii())[:60]
    message = f"The file is not UTF-8 and was read as GB18030; a line of it reads '{sample}'."
    return _Decoded(text, "gb18030", (Notice("encoding", message, subject=name),))


def _unreadable(name: str, got: str, remedy: str = "save it as CSV UTF-8") -> DataError:
    return DataError(Problem(name, "", "text in UTF-8 or GB18030", got, remedy))


def _refuse_binary(data: bytes, name: str) -> None:
    for signature, kind, remedy in _SIGNATURES:
        if data.startswith(signature):
            raise _unreadable(name, kind, remedy)
    head = data[:_SAMPLE]
    if len(_CONTROL.findall(head)) > 0.05 * len(head):
        raise _unreadable(name, "binary data", "export the answers as CSV UTF-8")


def _refuse_western(data: bytes, name: str) -> None:
    """GB18030 decodes most Windows-1252 text to nonsense: an umlaut eats the letter after it."""
    pairs = sorted(set(_DOUBLE_BYTE.findall(data)))
    western = [pair for pair in pairs if pair[0] >= _LETTER and pair[1:].isalpha()]
    if 2 * len(western) > len(pairs):
        line = next(line for line in data.splitlines() if western[0] in line)
        sample = line.decode("cp1252", "replace")[:60]
        raise _unreadable(name, f"what looks like Western European text ('{sample}')")


def _find_delimiter(text: str, name: str) -> str:
    fields = {mark: _count_fields(text, mark, name) for mark in _DELIMITERS}
    return max(fields, key=lambda mark: fields[mark])


def _count_fields(text: str, delimiter: str, name: str) -> int:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return len(next(reader, []))
    except csv.Error as error:
        raise _malformed(name, reader.line_num, str(error)) from error


def _malformed(name: str, line: int, got: str) -> DataError:
    remedy = "look for a quotation mark that is never closed or not doubled"
    return DataError(Problem(f"{name}:{line}", "", "well-formed CSV", got, remedy))


def _records(text: str, delimiter: str, name: str) -> tuple[list[list[str]], list[tuple[int, int]]]:
    """Return the non-blank records and, for each, its (row, line); a record may span lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records, places = [], []
    try:
        for row, record in enumerate(reader, start=1):
            if any(cell.strip() for cell in record):
                records.append(record)
                places.append((row, reader.line_num))
    except csv.Error as error:
        raise _malformed(name, reader.line_num, str(error)) from error
    return records, places


def _refuse_ragged(
    header: list[str], records: list[list[str]], places: list[tuple[int, int]], name: str
) -> None:
    width = len(header)
    wrong = [i for i, record in enumerate(records) if len(record) != width]
    if wrong:
        first = wrong[0]
        got = f"{len(records[first])} fields on line {places[first][1]}"
        rows = say_rows([places[i][0] for i in wrong])
        raise DataError(
            Problem(
                name,
                "",
                f"{width} fields in every row, as in the header",
                f"{got}; {rows} of another length",
                "quote texts that contain the delimiter"
                if len(records[first]) > width
                else "give every row all of its fields, empty ones too",
            )
        )


def _tell(delimiter: str, extension: str) -> tuple[Notice, ...]:
    if extension == "tsv" or delimiter == ",":
        return ()
    message = f"The file's columns are separated by a {_DELIMITERS[delimiter]}, not by a comma."
    return (Notice("delimiter", message),)
