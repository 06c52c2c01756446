"""The rolling index of the nation: what each quarter's reading of a sector counts in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.indices.grid import (
    Column,
    columns_of,
    fill,
    interval,
    joined,
    make_grid,
    weighing,
)
from acsi_sem.indices.rounding import publish
from acsi_sem.kernels.rollup import Aggregates, Floats, Ints, combine, weights_within
from acsi_sem.spec.hierarchy import NATION, NATIONAL_FORMS, Hierarchy, NationalForm, Share
from acsi_sem.spec.periods import Period
from acsi_sem.spec.unit_checks import some
from acsi_sem.tables.national import NATIONAL

Readings = Mapping[Period, pd.DataFrame]
"""Unsuppressed `READINGS` of each quarter."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Every reading of a unit of the highest level: quarters times units, in that order.

    Attributes
    ----------
    periods : tuple of Period
        Ascending.
    columns : tuple of (engine, construct)
    parts : Aggregates
        Arrays of shape (R, B).
    known : ndarray of bool, shape (R, B)
    quarter, unit : ndarray of int, shape (R,)
        Places of a reading's quarter in `periods` and of its unit in the level.
    shares : tuple of tuple of Share or None
        Of each quarter, each unit's.
    """

    hierarchy: Hierarchy
    periods: tuple[Period, ...]
    columns: tuple[Column, ...]
    parts: Aggregates
    known: NDArray[np.bool_]
    quarter: Ints
    unit: Ints
    shares: tuple[tuple[Share | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Weighting:
    """What every reading counts in an index, and how that hangs on the shares.

    Attributes
    ----------
    coefficients : ndarray, shape (R, B)
        Sum to one; zero for readings that do not count.
    slopes : mapping of Share -> ndarray, shape (B,)
        Derivative of the index by the value of each share that is estimated.
    """

    coefficients: Floats
    slopes: Mapping[Share, Floats]


def gather(hierarchy: Hierarchy, readings: Readings) -> Pool:
    """Collect the readings that national indices are formed from.

    Parameters
    ----------
    hierarchy : Hierarchy
    readings : mapping of Period -> DataFrame
        Unsuppressed `READINGS`, each quarter's own.

    Returns
    -------
    Pool

    Raises
    ------
    DataError
        If a unit of the highest level has a reading and no share that quarter.
    """
    level = hierarchy.levels[-1]
    units = hierarchy.of_level(level)
    periods = tuple(sorted(readings))
    columns = columns_of(*(readings[period] for period in periods))
    grids = [make_grid(readings[period], level, units, columns) for period in periods]
    shape = (len(periods) * len(units), len(columns))
    parts = Aggregates(
        *(
            np.reshape([getattr(grid.parts, name) for grid in grids], shape)
            for name in ("index", "variance", "freedom")
        )
    )
    shares = tuple(
        tuple(weighing(hierarchy, level, period, grid.surveyed))
        for period, grid in zip(periods, grids, strict=True)
    )
    return Pool(
        hierarchy,
        periods,
        columns,
        parts,
        np.isfinite(parts.index),
        np.repeat(np.arange(len(periods)), len(units)),
        np.tile(np.arange(len(units)), len(periods)),
        shares,
    )


def coefficients(pool: Pool, form: NationalForm, period: Period, window: int) -> Weighting:
    """Return what every reading counts in the index of a period, I_t = sum_r a_{r,t} I_r.

    Parameters
    ----------
    pool : Pool
    form : {"pooled", "mean_of_quarters", "latest"}
        Pooled: each reading by its own quarter's share, over the sum of all shares in the window.
        Mean of quarters: the mean of the quarters' own weighted means. Latest: the most recent
        reading of each unit in the window, by the shares of `period`.
    period : Period
        The last of the window.
    window : int
        Quarters.

    Returns
    -------
    Weighting
        All zero in columns without a reading in the window.
    """
    ages = np.array([period - earlier for earlier in pool.periods], dtype=np.intp)[pool.quarter]
    counted = pool.known & ((ages >= 0) & (ages < window))[:, None]
    if form == "latest":
        counted &= ages[:, None] == _youngest(pool, counted, ages)
        level = pool.hierarchy.levels[-1]
        needed = np.zeros(len(pool.hierarchy.of_level(level)), dtype=bool)
        needed[pool.unit[counted.any(axis=1)]] = True
        now = weighing(pool.hierarchy, level, period, needed)
        held = [now[unit] for unit in pool.unit.tolist()]
    else:
        held = [share for quarter in pool.shares for share in quarter]
    own = pool.quarter if form == "mean_of_quarters" else np.zeros_like(pool.quarter)
    blocks = int(own.max(initial=0)) + 1
    values = np.array([share.value if share else 0.0 for share in held])
    within = weights_within(counted, values, own, blocks)
    filled = np.zeros((blocks, within.shape[1]))
    np.maximum.at(filled, own, (within > 0).astype(np.float64))
    number = np.maximum(filled.sum(axis=0), 1.0)
    return Weighting(within / number, _slopes(pool, held, counted, own, within, number))


def national_index(
    hierarchy: Hierarchy,
    period: Period,
    readings: Readings,
    *,
    window: int,
    conf_level: float,
) -> pd.DataFrame:
    """Form the rolling index of the nation in each form.

    Parameters
    ----------
    hierarchy : Hierarchy
    period : Period
        The last quarter of the window.
    readings : mapping of Period -> DataFrame
        Unsuppressed `READINGS` of this and earlier quarters; others are passed over.
    window : int
        Quarters that it rolls over.
    conf_level : float

    Returns
    -------
    DataFrame
        `NATIONAL`; a form has no row for an engine and construct without readings.

    Raises
    ------
    DataError
        If a unit with a reading has no share.

    Notes
    -----
    The variance is sum_r a_r^2 V_r, plus that of the shares of the highest level, each of which
    errs once however many quarters it stands in. What V_r itself carries of estimated shares of
    lower levels is taken for independent between quarters.
    """
    pool = gather(hierarchy, in_window(readings, period, window))
    if not pool.columns:
        return fill(NATIONAL, 0, {})
    tables = [_form_table(pool, form, period, window, conf_level) for form in NATIONAL_FORMS]
    return pd.concat(tables, ignore_index=True)


def in_window(readings: Readings, period: Period, window: int) -> Readings:
    """Return the quarters of a window that there are readings of."""
    return {at: table for at, table in readings.items() if 0 <= period - at < window}


def form_index(pool: Pool, weighting: Weighting) -> Aggregates:
    """Return the index of each column, arrays of shape (B,); NaN where nothing counts."""
    made = combine(weighting.coefficients[None], pool.parts, share_variance(weighting.slopes))
    empty = ~(weighting.coefficients > 0).any(axis=0)
    return Aggregates(
        *(np.where(empty, np.nan, part[0]) for part in (made.index, made.variance, made.freedom))
    )


def share_variance(slopes: Mapping[Share, Floats]) -> Floats | float:
    """Return the part of a variance that estimated shares make, shape (B,); 0 without any."""
    total: Floats | float = 0.0
    for share, slope in slopes.items():
        total = total + (slope * share.std_error) ** 2
    return total


def window_notes(
    pool: Pool, weighting: Weighting, form: NationalForm, period: Period, window: int
) -> list[str]:
    """Say of each column what its index lacks, or how old it is.

    Parameters
    ----------
    pool : Pool
    weighting : Weighting
        Of the index.
    form : {"pooled", "mean_of_quarters", "latest"}
    period : Period
        The last of the window.
    window : int
        Quarters.

    Returns
    -------
    list of str
        Units without a reading in the window. Of the latest readings, the quarter of the oldest
        where it is an earlier one; of the other forms, quarters and units' readings that lack.
    """
    level = pool.hierarchy.levels[-1]
    units = pool.hierarchy.of_level(level)
    notes = []
    for column in range(len(pool.columns)):
        used = weighting.coefficients[:, column] > 0
        if not used.any():
            notes.append("")
            continue
        quarters = np.unique(pool.quarter[used])
        counts = np.bincount(pool.unit[used], minlength=len(units))
        absent = np.flatnonzero(counts == 0).tolist()
        least, most = counts[counts > 0].min(), counts.max()
        oldest = pool.periods[quarters[0]]
        old = f"oldest reading of {oldest}" if form == "latest" and oldest < period else ""
        few = form != "latest" and quarters.size < window
        fewer = f"rests on {quarters.size} of {window} quarters" if few else ""
        without = f"without {some([units[i].name for i in absent])}" if absent else ""
        uneven = f"{least} to {most} readings of a {level}" if least < most else ""
        notes.append(joined(old, fewer, without, uneven))
    return notes


def _youngest(pool: Pool, counted: NDArray[np.bool_], ages: Ints) -> Floats:
    """Return for each reading and column the age of its unit's youngest that counts."""
    youngest = np.full((int(pool.unit.max(initial=0)) + 1, counted.shape[1]), np.inf)
    np.minimum.at(youngest, pool.unit, np.where(counted, ages[:, None], np.inf))
    found: Floats = youngest[pool.unit]
    return found


def _slopes(
    pool: Pool,
    held: Sequence[Share | None],
    counted: NDArray[np.bool_],
    block: Ints,
    within: Floats,
    number: Floats,
) -> dict[Share, Floats]:
    """Differentiate an index by its estimated shares, each of which may stand in many quarters."""
    estimated = [(r, share) for r, share in enumerate(held) if share and share.std_error > 0]
    if not estimated:
        return {}
    values = np.array([share.value if share else 0.0 for share in held])
    blocks = int(block.max(initial=0)) + 1
    index, totals = np.zeros((blocks, within.shape[1])), np.zeros((blocks, within.shape[1]))
    np.add.at(index, block, np.where(within > 0, within * pool.parts.index, 0.0))
    np.add.at(totals, block, np.where(counted, values[:, None], 0.0))
    found: dict[Share, Floats] = {}
    for r, share in estimated:
        total = totals[block[r]]
        use = counted[r] & (total > 0)
        gap = np.where(use, pool.parts.index[r] - index[block[r]], 0.0)
        slope = gap / np.where(use, total * number, 1.0)
        found[share] = found.get(share, 0.0) + slope
    return found


def _form_table(
    pool: Pool, form: NationalForm, period: Period, window: int, conf_level: float
) -> pd.DataFrame:
    weighting = coefficients(pool, form, period, window)
    made = form_index(pool, weighting)
    used = weighting.coefficients > 0
    at = np.flatnonzero(used.any(axis=0))
    own = Aggregates(made.index[at], made.variance[at], made.freedom[at])
    notes = window_notes(pool, weighting, form, period, window)
    found = {
        "period": str(period),
        "form": form,
        "engine": [pool.columns[b][0] for b in at.tolist()],
        "construct": [pool.columns[b][1] for b in at.tolist()],
        "quarters": [np.unique(pool.quarter[used[:, b]]).size for b in at.tolist()],
        "readings": used[:, at].sum(axis=0),
        "index": own.index,
        **interval(own, conf_level),
        "conf_level": conf_level,
        "published": publish(NATION, own.index),
        "note": [notes[b] for b in at.tolist()],
    }
    return fill(NATIONAL, at.size, found)
