"""A file in chunks of a constant number of rows, each of which can be read apart from the others.

CSV files are cut where records begin, which one look over the bytes finds; Parquet files at their
row numbers. A chunk is the same rows whoever reads it, however much memory there is.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from acsi_sem.errors import DataError, Problem
from acsi_sem.survey.raw import say_rows
from acsi_sem.survey.survey import Ints, Source

CHUNK_ROWS: Final = 65_536
"""Rows of a chunk; part of the result, never tune per machine."""

STREAMED: Final = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet"}
_DELIMITERS: Final = (",", ";", "\t")
_EMPTY: Final = b' ,;"\t\r\n'


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the chunks of a file are.

    Attributes
    ----------
    path : Path
    source : Source
        Its name, hash and number of rows.
    names : tuple of str
        Of its columns, in file order.
    starts : tuple of (offset, place)
        Of each chunk: its first byte (CSV) or row (Parquet), and the number of its first record as
        messages tell it.
    end : int
        The byte or row behind the last chunk.
    delimiter : str
        Of a text file.
    """

    path: Path
    source: Source
    names: tuple[str, ...]
    starts: tuple[tuple[int, int], ...]
    end: int
    delimiter: str = ""

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return len(self.starts)

    def span(self, number: int) -> tuple[int, int]:
        """Return where a chunk starts and where it ends."""
        last = number + 1 == len(self.starts)
        return self.starts[number][0], self.end if last else self.starts[number + 1][0]


@dataclass(frozen=True, slots=True)
class ChunkColumn:
    """A column of a chunk, each distinct cell kept once.

    Attributes
    ----------
    distinct : sequence of object
        Cells as the file holds them; None is a blank one.
    codes : ndarray of int, shape (m,)
        Number of each row's cell.
    """

    distinct: Sequence[object]
    codes: Ints


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some columns of a chunk, and the place of each of its rows, shape (m,)."""

    columns: Mapping[str, ChunkColumn]
    places: Ints


def find_layout(path: Path) -> Layout:
    """Find the chunks of a file.

    Raises
    ------
    DataError
        When the file is not there, is of a format that cannot be read in chunks, or is damaged.
    """
    kind = STREAMED.get(path.suffix.lower())
    if kind is None:
        expected = f"a file ending in {', '.join(STREAMED)} to stream"
        remedy = "save the survey as Parquet, or leave --stream out"
        raise DataError(Problem(path.name, "", expected, repr(path.suffix), remedy))
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        remedy = "check the path and its permissions"
        got = f"none that can be read ({error.strerror})"
        raise DataError(Problem(path.name, "", "a survey file", got, remedy)) from error
    if kind == "parquet":
        return _parquet_layout(path, digest)
    return _text_layout(path, kind, digest)


def read_chunks(layout: Layout, numbers: range, wanted: Sequence[str]) -> Iterator[Chunk]:
    """Read consecutive chunks.

    Parameters
    ----------
    layout : Layout
    numbers : range
        With step 1.
    wanted : sequence of str
        The columns to read; names that the file lacks are left out.

    Yields
    ------
    Chunk

    Raises
    ------
    DataError
        For damaged or ragged rows.
    """
    if layout.source.format == "parquet":
        yield from _parquet_chunks(layout, numbers, wanted)
        return
    for number in numbers:
        yield _text_chunk(layout, number, wanted)


def _damaged(name: str, error: Exception) -> DataError:
    got = f"a damaged file or another format ({str(error).splitlines()[0]})"
    return DataError(Problem(name, "", "a Parquet file", got, "write the file again"))


def _parquet_layout(path: Path, digest: str) -> Layout:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            rows, names = file.metadata.num_rows, file.schema_arrow.names
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path.name, error) from error
    starts = tuple((at, at + 1) for at in range(0, rows, CHUNK_ROWS))
    source = Source(path.name, digest, "parquet", rows)
    return Layout(path, source, tuple(str(name).strip() for name in names), starts, rows)


def _parquet_chunks(layout: Layout, numbers: range, wanted: Sequence[str]) -> Iterator[Chunk]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    first, last = layout.span(numbers[0])[0], layout.span(numbers[-1])[1]
    try:
        with ParquetFile(layout.path) as file:
            titles = [
                title for title in file.schema_arrow.names if str(title).strip() in set(wanted)
            ]
            held: list[Any] = []
            for number, batch in _parquet_batches(file, layout, titles, first, last):
                held.append(batch)
                start, end = layout.span(number)
                if sum(len(part) for part in held) == end - start:
                    yield _arrow_chunk(pa.Table.from_batches(held), layout.starts[number][1])
                    held = []
    except (pa.ArrowException, OSError) as error:
        raise _damaged(layout.path.name, error) from error


def _parquet_batches(
    file: Any, layout: Layout, titles: Sequence[str], first: int, last: int
) -> Iterator[tuple[int, Any]]:
    """Yield (chunk, batch) of rows `first` to `last`, no batch across the end of a chunk."""
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    ends = np.cumsum(sizes)
    groups = [i for i, end in enumerate(ends) if end > first and end - sizes[i] < last]
    if not groups:
        return
    starts = [start for start, _ in layout.starts]
    at = int(ends[groups[0]] - sizes[groups[0]])
    wanted = {"row_groups": groups, "columns": list(titles), "use_threads": False}
    for batch in file.iter_batches(CHUNK_ROWS, **wanted):
        here = max(at, first)
        while here < min(at + len(batch), last):
            number = int(np.searchsorted(starts, here, side="right")) - 1
            end = min(at + len(batch), layout.span(number)[1], last)
            yield number, batch.slice(here - at, end - here)
            here = end
        at += len(batch)
        if at >= last:
            return


def _arrow_chunk(table: Any, place: int) -> Chunk:
    columns = {
        str(title).strip(): _arrow_column(column)
        for title, column in zip(table.column_names, table.columns, strict=True)
    }
    return Chunk(columns, np.arange(place, place + table.num_rows, dtype=np.intp))


def _arrow_column(column: Any) -> ChunkColumn:
    """Keep each distinct cell once; a cell that is absent is None."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    found = column.combine_chunks().dictionary_encode()
    if isinstance(found, pa.ChunkedArray):
        found = found.unify_dictionaries().combine_chunks()
    distinct = found.dictionary.to_pylist()
    codes = found.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False)
    return ChunkColumn([*distinct, None], codes.astype(np.intp))


def _text_layout(path: Path, kind: str, digest: str) -> Layout:
    """Find where chunks of records start; a record is a line, or more while a quote is open."""
    header, starts, rows, end = b"", [], 0, 0
    for place, (begin, end, solid) in enumerate(_records(path), start=1):
        if not solid:
            continue
        if not header:
            header = _bytes_between(path, begin, end).strip(b"\xef\xbb\xbf \t\r\n")
            continue
        if rows % CHUNK_ROWS == 0:
            starts.append((begin, place))
        rows += 1
    names, delimiter = _read_header(path.name, header, "\t" if kind == "tsv" else "")
    source = Source(path.name, digest, kind, rows, "utf-8")
    return Layout(path, source, names, tuple(starts), end, delimiter)


def _records(path: Path) -> Iterator[tuple[int, int, bool]]:
    """Yield the first byte of each record, the byte behind it, and whether it holds anything."""
    begin, end, solid, opened = 0, 0, False, False
    with path.open("rb") as file:
        for line in file:
            end += len(line)
            solid = solid or bool(line.translate(None, _EMPTY))
            opened ^= bool(line.count(b'"') & 1)
            if not opened:
                yield begin, end, solid
                begin, solid = end, False
    if opened:
        remedy = "look for a quotation mark that is never closed or not doubled"
        raise DataError(Problem(path.name, "", "well-formed CSV", "an open quotation mark", remedy))


def _bytes_between(path: Path, begin: int, end: int) -> bytes:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read(end - begin)


def _read_header(name: str, header: bytes, delimiter: str) -> tuple[tuple[str, ...], str]:
    if not header:
        expected, remedy = "a header and rows of answers", "export the survey again"
        raise DataError(Problem(name, "", expected, "an empty file", remedy))
    if b"\r" in header or b"\x00" in header:
        remedy = "save it as CSV UTF-8 with line feeds"
        got = "other line ends or binary data"
        raise DataError(Problem(name, "", "text in lines", got, remedy))
    text = _decode(header, name)
    marks = (delimiter,) if delimiter else _DELIMITERS
    read = {mark: next(csv.reader(io.StringIO(text), delimiter=mark)) for mark in marks}
    mark = max(read, key=lambda mark: len(read[mark]))
    return tuple(title.strip() for title in read[mark]), mark


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        remedy = "save it as CSV UTF-8, or leave --stream out"
        got = f"another encoding (UTF-8 fails at byte {error.start:,})"
        raise DataError(Problem(name, "", "text in UTF-8 to stream", got, remedy)) from error


def _text_chunk(layout: Layout, number: int, wanted: Sequence[str]) -> Chunk:
    begin, end = layout.span(number)
    text = _decode(_bytes_between(layout.path, begin, end), layout.path.name)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, strict=True)
    records, places = [], []
    place = layout.starts[number][1]
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                records.append(record)
                places.append(place)
            place += 1
    except csv.Error as error:
        remedy = "look for a quotation mark that is never closed or not doubled"
        where = f"{layout.path.name}, row {place}"
        raise DataError(Problem(where, "", "well-formed CSV", str(error), remedy)) from error
    _refuse_ragged(layout, records, places)
    chosen = [i for i, name in enumerate(layout.names) if name in set(wanted)]
    columns = {layout.names[i]: _text_column([record[i] for record in records]) for i in chosen}
    return Chunk(columns, np.array(places, dtype=np.intp))


def _text_column(cells: list[str]) -> ChunkColumn:
    seen: dict[str, int] = {}
    codes = [seen.setdefault(cell, len(seen)) for cell in cells]
    return ChunkColumn([*seen, None], np.array(codes, dtype=np.intp))


def _refuse_ragged(layout: Layout, records: list[list[str]], places: list[int]) -> None:
    width = len(layout.names)
    wrong = [i for i, record in enumerate(records) if len(record) != width]
    if wrong:
        rows = say_rows([places[i] for i in wrong])
        got = f"{len(records[wrong[0]])} fields; {rows} of another length"
        expected = f"{width} fields in every row, as in the header"
        remedy = "give every row all of its fields, and quote texts that contain the delimiter"
        raise DataError(Problem(layout.path.name, "", expected, got, remedy))
