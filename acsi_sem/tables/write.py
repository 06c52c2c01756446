"""Deterministic CSV and Parquet: the same table gives the same bytes."""

from __future__ import annotations

import io
from typing import Final

import pandas as pd

# Columns that may hold a survey's or a study's own text, which a spreadsheet would run as a
# formula. Operators of `op`, such as =~, are ours.
_SURVEY_TEXT: Final = (
    *("group", "variable", "category", "code", "label", "subject", "message"),
    *("unit", "parent", "other", "series", "source", "reason", "reading", "note"),
    *("method", "system", "model", "driver", "part", "construct", "indicator"),
    *("question", "quantity"),
)
_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV: UTF-8, ``\\n``, shortest exact numbers, empty for unknown.

    Survey text that a spreadsheet would take for a formula gets an apostrophe in front; the
    Parquet file keeps it as it is.

    Examples
    --------
    >>> csv_bytes(pd.DataFrame({"group": ["=1+1"], "index": [float("nan")]}))
    b"group,index\\n'=1+1,\\n"
    """
    safe = table.copy()
    for name in _SURVEY_TEXT:
        if name in safe.columns and not pd.api.types.is_numeric_dtype(safe[name]):
            texts = safe[name].astype(str)
            safe[name] = texts.map({text: neutral(text) for text in texts.unique()})
    text: str = safe.to_csv(index=False, lineterminator="\n")
    return text.encode("utf-8")


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as Parquet; unknown numbers are null."""
    import pyarrow as pa
    from pyarrow import parquet

    buffer = io.BytesIO()
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    parquet.write_table(arrow, buffer, compression="zstd")
    return buffer.getvalue()


def neutral(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run; plain numbers stay."""
    if not text.startswith(_FORMULA_START):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text
