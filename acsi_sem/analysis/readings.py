"""Readings of companies: their rows of the indices table, as what is rolled up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from acsi_sem.indices.rounding import publish
from acsi_sem.spec.hierarchy import Hierarchy
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import READINGS


def company_readings(
    hierarchy: Hierarchy, period: Period, indices: pd.DataFrame, freedom: Mapping[str, int]
) -> pd.DataFrame:
    """Turn the indices of companies into readings.

    Parameters
    ----------
    hierarchy : Hierarchy
    period : Period
    indices : DataFrame
        `acsi_sem.tables.schema.INDICES`, their ``group`` a company.
    freedom : mapping of company -> int
        Degrees of freedom of its standard errors.

    Returns
    -------
    DataFrame
        `READINGS` of the lowest level, in the order of `indices`.
    """
    level = hierarchy.levels[0]
    parents = {unit.name: unit.parent for unit in hierarchy.of_level(level)}
    names = indices["group"].tolist()
    made = indices.rename(columns={"group": "unit"}).assign(
        period=str(period),
        level=level,
        parent=[parents[name] for name in names],
        freedom=np.array([freedom[name] for name in names], dtype=float),
        published=publish(level, indices["index"]),
    )
    return made[list(READINGS.columns)].reset_index(drop=True)
