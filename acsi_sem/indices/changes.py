"""What moved since last quarter and last year, and whether by more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.indices.equations import Key
from acsi_sem.indices.grid import (
    Column,
    Grid,
    columns_of,
    fill,
    interval,
    joined,
    make_grid,
    parents_of,
    units_of,
)
from acsi_sem.indices.national import (
    Pool,
    Readings,
    Weighting,
    coefficients,
    form_index,
    gather,
    share_variance,
    window_notes,
)
from acsi_sem.indices.rounding import percent_change
from acsi_sem.indices.withholding import Withheld, blank
from acsi_sem.kernels.multiple_tests import holm_within, two_sided
from acsi_sem.kernels.rollup import Aggregates, Floats, Ints, combine
from acsi_sem.spec.hierarchy import NATION, NATIONAL_FORMS, Break, Hierarchy, NationSpec, Unit
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import CHANGES

VERSUS: Final = {"last_quarter": 1, "last_year": 4}
"""How many quarters lie between a period and what it is compared with."""

RISKS: Final = {"flag_90": 0.10, "flag_95": 0.05}
RESIDUAL: Final = "not tested: residual unit"
STILL: Final = "no reading is new, none has gone"

Reached = Sequence[tuple[Break, frozenset[Key]]]
"""Breaks, each with the units that it concerns."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Changes before testing: one element per row.

    Attributes
    ----------
    family : ndarray of int
        Rows that are tested together.
    tested : ndarray of bool
    since : sequence of str
        The first quarter that a row has readings of.
    """

    text: Mapping[str, Sequence[str]]
    level: str
    change: Aggregates
    index: Floats
    base: Floats
    family: Ints
    tested: NDArray[np.bool_]
    notes: Sequence[str]
    since: Sequence[str] = ()


def find_changes(
    spec: NationSpec,
    hierarchy: Hierarchy,
    period: Period,
    readings: Readings,
    *,
    conf_level: float,
    withheld: Mapping[Period, Withheld] | None = None,
    forms: Mapping[tuple[Period, str], str] | None = None,
) -> pd.DataFrame:
    """Compare every unit, and the rolling nation, with last quarter and last year.

    Parameters
    ----------
    spec : NationSpec
        Its window and breaks.
    hierarchy : Hierarchy
    period : Period
    readings : mapping of Period -> DataFrame
        Unsuppressed `READINGS` of this and earlier quarters.
    conf_level : float
    withheld : mapping of Period -> mapping of (level, unit) -> reason, optional
        See `acsi_sem.indices.withholding.withheld_units`; of this and earlier quarters.
    forms : mapping of (Period, form) -> reason, optional
        See `acsi_sem.indices.withholding.withheld_forms`.

    Returns
    -------
    DataFrame
        `CHANGES`. A unit without a reading in either quarter has no row, nor has an aggregate none
        of whose parts were measured in both, nor the rolling nation against a quarter that is not
        in `readings`: no index of that quarter was published.

    Raises
    ------
    DataError
        If a unit of an earlier quarter is no unit any more, or one of the highest level has a
        reading and no share.

    Notes
    -----
    Two quarters' readings of a unit are independent: the variance of the change is the sum of
    theirs. An aggregate's change is that of its published readings, each by its own quarter's
    shares, so changed shares are part of it; where shares are estimated and the same in both
    quarters, the sum of variances is somewhat too large. The rolling nation's change is
    sum_r (a_{r,t} - a_{r,s}) I_r with variance sum_r (a_{r,t} - a_{r,s})^2 V_r over the sectors'
    readings r, which is right when windows overlap, plus that of the shares by its derivative.
    Holm's method adjusts within the parent, for each engine, construct and base; residual units,
    withheld ones and changes across a break are not tested and not counted.

    A break of a series, named as a unit or as level and unit, is one of all that is made of it and
    all that it is made of; the rolling nation is broken while its windows have readings of before.
    """
    if period not in readings:
        return fill(CHANGES, 0, {})
    withheld, forms = withheld or {}, forms or {}
    tables = []
    for versus, quarters in VERSUS.items():
        base = period.back(quarters)
        told = {"period": str(period), "versus": versus, "base_period": str(base)}
        if base in readings:
            now = blank(readings[period], withheld.get(period, {}))
            then = blank(readings[base], withheld.get(base, {}))
            whole = readings[period], readings[base]
            found = _levels(hierarchy, (now, then), whole)
            rolling = _rolling(spec, hierarchy, period, base, readings, forms)
            reached = _reached(spec, hierarchy)
            tables += [_table(one, told, reached, conf_level) for one in (*found, *rolling)]
    return pd.concat(tables, ignore_index=True) if tables else fill(CHANGES, 0, {})


def _levels(
    hierarchy: Hierarchy,
    published: tuple[pd.DataFrame, pd.DataFrame],
    whole: tuple[pd.DataFrame, pd.DataFrame],
) -> Iterator[_Found]:
    """Yield the changes of each level; what makes up an aggregate is told by the whole tables."""
    columns = [column for column in columns_of(whole[0]) if column in set(columns_of(whole[1]))]
    lowest = (len(hierarchy.of_level(hierarchy.levels[0])), len(columns))
    differ, common = np.zeros(lowest, dtype=bool), np.ones(lowest, dtype=bool)
    for level in (*hierarchy.levels, NATION):
        units = units_of(hierarchy, level)
        grids = [make_grid(table, level, units, columns) for table in published]
        now, then = (make_grid(table, level, units, columns).known for table in whole)
        rows = grids[0].present & grids[1].present & common
        yield _unit_changes(hierarchy, level, units, grids, columns, rows, differ)
        if level != NATION:
            above, parents = parents_of(hierarchy, level)
            differ = _any(differ | (now != then), parents, len(above))
            moved = _moved(hierarchy, level, whole[1])
            differ |= np.array([[unit.name in moved] for unit in above], dtype=bool)
            common = _any(now & then & common, parents, len(above))


def _moved(hierarchy: Hierarchy, level: str, then: pd.DataFrame) -> set[str]:
    """Return the parents that a unit has since been moved between."""
    now = {unit.name: unit.parent for unit in hierarchy.of_level(level)}
    rows = then.loc[then["level"] == level, ["unit", "parent"]].drop_duplicates()
    pairs = zip(rows["unit"].tolist(), rows["parent"].tolist(), strict=True)
    return {
        parent for unit, old in pairs if old and old != now[unit] for parent in (old, now[unit])
    }


def _any(flags: NDArray[np.bool_], parents: Ints, count: int) -> NDArray[np.bool_]:
    found = np.zeros((count, flags.shape[1]), dtype=bool)
    np.logical_or.at(found, parents, flags)
    return found


def _unit_changes(
    hierarchy: Hierarchy,
    level: str,
    units: Sequence[Unit],
    grids: Sequence[Grid],
    columns: Sequence[Column],
    rows: NDArray[np.bool_],
    differ: NDArray[np.bool_],
) -> _Found:
    """Subtract the readings of a level's units; a family is a parent and a column."""
    i, j = np.nonzero(rows)
    now, then = (
        Aggregates(*(part[i, j] for part in (g.parts.index, g.parts.variance, g.parts.freedom)))
        for g in grids
    )
    both = Aggregates(
        *(
            np.stack([getattr(now, name), getattr(then, name)])
            for name in ("index", "variance", "freedom")
        )
    )
    made = combine(np.array([[1.0, -1.0]]), both)
    residual = np.array([unit.residual for unit in units], dtype=bool)[i]
    parents = parents_of(hierarchy, level)[1] if level != NATION else np.zeros(1, dtype=np.intp)
    other = ["not of the same units in both periods" if one else "" for one in differ[i, j]]
    return _Found(
        {
            "unit": [units[at].name for at in i.tolist()],
            "engine": [columns[at][0] for at in j.tolist()],
            "construct": [columns[at][1] for at in j.tolist()],
        },
        level,
        Aggregates(made.index[0], made.variance[0], made.freedom[0]),
        now.index,
        then.index,
        parents[i] * len(columns) + j,
        ~residual,
        [
            joined(_gone(a, b), text, RESIDUAL if rest else "")
            for a, b, text, rest in zip(
                now.index.tolist(), then.index.tolist(), other, residual.tolist(), strict=True
            )
        ],
    )


def _gone(now: float, then: float) -> str:
    if np.isnan(now):
        return "withheld or without a result"
    return "withheld or without a result in the base period" if np.isnan(then) else ""


def _rolling(
    spec: NationSpec,
    hierarchy: Hierarchy,
    period: Period,
    base: Period,
    readings: Readings,
    forms: Mapping[tuple[Period, str], str],
) -> Iterator[_Found]:
    """Subtract the rolling indices of two periods, reading by reading."""
    first = base.back(spec.window - 1)
    pool = gather(hierarchy, {at: readings[at] for at in readings if first <= at <= period})
    if not pool.columns:
        return
    for form in NATIONAL_FORMS:
        made = [coefficients(pool, form, at, spec.window) for at in (period, base)]
        index = [form_index(pool, one).index for one in made]
        rows = np.flatnonzero(np.isfinite(index[0]) & np.isfinite(index[1]))
        change = _difference(pool, *made)
        reason = joined(
            forms.get((period, form), ""),
            "base " + forms[base, form] if (base, form) in forms else "",
        )
        used = (made[0].coefficients > 0) | (made[1].coefficients > 0)
        lacking = [
            window_notes(pool, one, form, at, spec.window)
            for one, at in zip(made, (period, base), strict=True)
        ]
        gap = np.where(reason != "", np.nan, 0.0)
        yield _Found(
            {
                "unit": [NATION] * rows.size,
                "form": [form] * rows.size,
                "engine": [pool.columns[b][0] for b in rows.tolist()],
                "construct": [pool.columns[b][1] for b in rows.tolist()],
            },
            NATION,
            Aggregates(
                change.index[rows] + gap, change.variance[rows] + gap, change.freedom[rows] + gap
            ),
            index[0][rows] + (np.nan if (period, form) in forms else 0.0),
            index[1][rows] + (np.nan if (base, form) in forms else 0.0),
            rows,
            np.full(rows.size, not reason),
            [
                joined(
                    reason,
                    lacking[0][b],
                    f"base {lacking[1][b]}" if lacking[1][b] else "",
                    STILL if not reason and change.variance[b] == 0 else "",
                )
                for b in rows.tolist()
            ],
            [str(pool.periods[pool.quarter[used[:, b]].min()]) for b in rows.tolist()],
        )


def _difference(pool: Pool, now: Weighting, then: Weighting) -> Aggregates:
    """Return the change of each column and its variance, arrays of shape (B,)."""
    zero = np.zeros(len(pool.columns))
    slopes = {
        share: now.slopes.get(share, zero) - then.slopes.get(share, zero)
        for share in {**now.slopes, **then.slopes}
    }
    gap = now.coefficients - then.coefficients
    made = combine(gap[None], pool.parts, share_variance(slopes))
    return Aggregates(made.index[0], made.variance[0], made.freedom[0])


def _table(
    found: _Found, told: Mapping[str, str], reached: Reached, conf_level: float
) -> pd.DataFrame:
    """Test the changes of a level and write them."""
    change, rows = found.change, found.index.size
    base, period = told["base_period"], told["period"]
    since = found.since or [base] * rows
    broken = [
        _broken(reached, first, period, (found.level, unit))
        for first, unit in zip(since, found.text["unit"], strict=True)
    ]
    tested = found.tested & np.array([not text for text in broken], dtype=bool)
    spans = interval(change, conf_level)
    std_error = spans["std_error"]
    usable = tested & (std_error > 0)
    statistic = np.divide(change.index, std_error, out=np.full(rows, np.nan), where=usable)
    p_value = two_sided(statistic, change.freedom)
    p_holm = holm_within(p_value[:, None], found.family)[:, 0]
    columns = {
        **told,
        **found.text,
        "level": found.level,
        "index": found.index,
        "base_index": found.base,
        "change": change.index,
        **spans,
        "conf_level": conf_level,
        "statistic": statistic,
        "p_value": p_value,
        "p_holm": p_holm,
        **flags(p_holm),
        "percent": percent_change(found.level, found.index, found.base),
        "note": [joined(own, text) for own, text in zip(found.notes, broken, strict=True)],
    }
    return fill(CHANGES, rows, columns)


def flags(p_holm: Floats) -> dict[str, Floats]:
    """Return 1 where an adjusted p-value is below the risk of a flag, else 0; NaN without one."""
    return {
        name: np.where(np.isnan(p_holm), np.nan, (p_holm < risk).astype(np.float64))
        for name, risk in RISKS.items()
    }


def _reached(spec: NationSpec, hierarchy: Hierarchy) -> Reached:
    """Return each break with the units that it concerns: its own, those above and those below."""
    paths: dict[Key, tuple[Key, ...]] = {(NATION, NATION): ((NATION, NATION),)}
    for level in reversed(hierarchy.levels):
        above, parents = parents_of(hierarchy, level)
        for unit, at in zip(hierarchy.of_level(level), parents.tolist(), strict=True):
            key = level, unit.name
            paths[key] = (key, *paths[above[at].level, above[at].name])
    found = []
    for one in spec.breaks:
        named = {key for key in paths if one.series in ("", key[1], " ".join(key))}
        below = {key for key, path in paths.items() if not named.isdisjoint(path)}
        found.append((one, frozenset(below.union(*(paths[key] for key in named)))))
    return found


def _broken(reached: Reached, first: str, period: str, unit: Key) -> str:
    """Say why a change is not one of the same thing."""
    found = []
    for one, units in reached:
        if first < one.period <= period and unit in units:
            other = one.series not in ("", unit[1], " ".join(unit))
            of = f" of {one.series}" if other else ""
            found.append(f"not comparable across {one.period}{of}: {one.reason}")
    return joined(*found)
