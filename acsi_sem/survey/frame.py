"""A pandas frame as raw columns, for notebooks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from acsi_sem.survey.raw import Raw, RawColumn
from acsi_sem.survey.survey import Source

if TYPE_CHECKING:
    import pandas as pd


def raw_frame(frame: pd.DataFrame, name: str) -> Raw:
    """Return a frame's columns; rows are told by position, from 0.

    The digest is that of the frame written as CSV without its index.
    """
    digest = hashlib.sha256(frame.to_csv(index=False).encode("utf-8", "surrogatepass"))
    columns = tuple(
        RawColumn(str(title).strip(), _cells(frame.iloc[:, place]))
        for place, title in enumerate(frame.columns)
    )
    places = np.arange(len(frame), dtype=np.intp)
    return Raw(columns, places, "position", Source(name, digest.hexdigest(), "frame", len(frame)))


def _cells(column: pd.Series) -> Sequence[object]:
    cells: Sequence[object] = column.astype(object).where(column.notna(), None).tolist()
    return cells
