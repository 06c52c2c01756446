"""SPSS and Stata files by pyreadstat, with labels and user-missing values kept."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from acsi_sem.errors import DataError, Problem
from acsi_sem.survey.cells import read_cell
from acsi_sem.survey.raw import Raw, RawColumn
from acsi_sem.survey.survey import Source

_PROGRAM: Final = {"sav": "SPSS", "dta": "Stata"}
_FILE: Final = {"sav": "an SPSS file", "dta": "a Stata file"}


def read_statistical(data: bytes, name: str, extension: str, sha256: str) -> Raw:
    """Read the bytes of an SPSS (`extension` sav) or Stata (dta) file.

    User-missing values stay in the cells; the ranges that declare them go with the column.

    Raises
    ------
    DataError
        For a damaged file.
    """
    table, meta = _read(data, name, extension)
    rows = len(next(iter(table.values()), ()))
    columns = tuple(_column(title, cells, meta) for title, cells in table.items())
    encoding = str(getattr(meta, "file_encoding", None) or "").lower()
    return Raw(
        columns,
        np.arange(1, rows + 1, dtype=np.intp),
        "case",
        Source(name, sha256, extension, rows, encoding),
    )


def _read(data: bytes, name: str, extension: str) -> tuple[Mapping[str, Sequence[object]], Any]:
    import pyreadstat

    reader = pyreadstat.read_sav if extension == "sav" else pyreadstat.read_dta
    try:
        table, meta = reader(io.BytesIO(data), user_missing=True, output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        program = _PROGRAM[extension]
        got = f"a damaged file or another format ({error})"
        remedy = f"save it again from {program}, or export it as CSV UTF-8"
        raise DataError(Problem(name, "", _FILE[extension], got, remedy)) from error
    return table, meta


def _column(title: str, cells: Sequence[object], meta: Any) -> RawColumn:
    labels = meta.variable_value_labels.get(title, {})
    declared = meta.missing_ranges.get(title, [])
    ranges = [(span["lo"], span["hi"]) for span in declared]
    letters = meta.missing_user_values.get(title, [])
    texts = {str(low).strip() for low, _ in ranges if isinstance(low, str)}
    return RawColumn(
        title.strip(),
        cells,
        labels={read_cell(code).code: str(label).strip() for code, label in labels.items()},
        missing=tuple((float(a), float(b)) for a, b in ranges if not isinstance(a, str)),
        missing_texts=frozenset(texts | {str(letter) for letter in letters}),
    )
