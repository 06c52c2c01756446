"""Readings of companies: their rows of the indices table, as what is rolled up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from acsi_sem.indices.rounding import publish
from acsi_sem.spec.hierarchy import Hierarchy
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import READINGS
from acsi_sem.terms import ALL


def company_readings(
    hierarchy: Hierarchy,
    period: Period,
    indices: pd.DataFrame,
    freedom: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Turn the indices of companies into readings.

    Parameters
    ----------
    hierarchy : Hierarchy
    period : Period
    indices : DataFrame
        `acsi_sem.tables.schema.INDICES`, their ``group`` a company; a row of `all` is left out.
    freedom : mapping of company -> int, optional
        Degrees of freedom of its standard errors; many, so normal limits, when left out.

    Returns
    -------
    DataFrame
        `READINGS` of the lowest level, in the order of `indices`.

    Raises
    ------
    KeyError
        If a company is no unit of the hierarchy.

    Examples
    --------
    >>> import acsi_sem as acsi
    >>> hierarchy = acsi.load_hierarchy(acsi.load_study("study.yaml"))       # doctest: +SKIP
    >>> readings = acsi.company_readings(                                    # doctest: +SKIP
    ...     hierarchy, acsi.Period(2026, 3), result.indices
    ... )
    >>> acsi.roll_up(hierarchy, acsi.Period(2026, 3), readings).readings     # doctest: +SKIP
    """
    indices = indices[indices["group"] != ALL]
    level = hierarchy.levels[0]
    parents = {unit.name: unit.parent for unit in hierarchy.of_level(level)}
    names = indices["group"].tolist()
    made = indices.rename(columns={"group": "unit"}).assign(
        period=str(period),
        level=level,
        parent=[parents[name] for name in names],
        freedom=[np.nan if freedom is None else float(freedom[name]) for name in names],
        published=publish(level, indices["index"]),
    )
    return made[list(READINGS.columns)].reset_index(drop=True)
