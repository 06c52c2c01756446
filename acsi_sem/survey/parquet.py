"""Parquet by pyarrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from acsi_sem.errors import DataError, Problem
from acsi_sem.survey.raw import Raw, RawColumn
from acsi_sem.survey.survey import Source


def read_parquet(data: bytes, name: str, sha256: str) -> Raw:
    """Read the bytes of a Parquet file.

    Raises
    ------
    DataError
        For a damaged file.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        # read_table() stops at repeated names with a message of its own.
        table = ParquetFile(pa.BufferReader(data)).read()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        got = f"a damaged file or another format ({reason})"
        remedy = "write the file again, or export it as CSV UTF-8"
        raise DataError(Problem(name, "", "a Parquet file", got, remedy)) from error
    columns = tuple(
        RawColumn(str(title).strip(), _cells(column))
        for title, column in zip(table.column_names, table.columns, strict=True)
    )
    places = np.arange(1, table.num_rows + 1, dtype=np.intp)
    return Raw(columns, places, "row", Source(name, sha256, "parquet", table.num_rows))


def _cells(column: Any) -> Sequence[object]:
    cells: Sequence[object] = column.to_pylist()
    return cells
