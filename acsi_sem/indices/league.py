"""Units ranked within their parent, and which of them cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.indices.changes import RISKS, flags
from acsi_sem.indices.grid import fill, joined
from acsi_sem.kernels.multiple_tests import holm_within, letters, two_sided
from acsi_sem.kernels.rollup import Aggregates, Floats, Ints, combine
from acsi_sem.spec.hierarchy import Hierarchy
from acsi_sem.tables.national import DIFFERENCES, LEAGUE

NOT_RANKED: Final = "not ranked: residual unit"
NOT_TESTED: Final = "not compared: no standard error"


def rank_units(
    hierarchy: Hierarchy, readings: pd.DataFrame, construct: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rank the units of every level within their parents and compare every pair.

    Parameters
    ----------
    hierarchy : Hierarchy
    readings : DataFrame
        `READINGS` of one quarter, from which what is withheld has been taken
        (`acsi_sem.indices.withholding.blank`), or ranks and letters would tell of it.
    construct : str
        The construct that is ranked.

    Returns
    -------
    league : DataFrame
        `LEAGUE`; the best first within a parent, those without a rank last.
    differences : DataFrame
        `DIFFERENCES`; each pair once, in the order of the units' file.

    Notes
    -----
    Ranks are by the unrounded index; exact equals share one. Readings are independent, so a
    difference has the sum of both variances and Welch-Satterthwaite freedom. Holm's method adjusts
    within parent and engine. Units that share a letter have p_holm of 0.05 or more. Residual units
    are neither ranked nor compared, nor are those whose index is withheld.
    """
    own = readings[readings["construct"] == construct]
    residual = {(unit.level, unit.name) for unit in hierarchy.units if unit.residual}
    keys = list(zip(own["level"].tolist(), own["unit"].tolist(), strict=True))
    order, family = _families(hierarchy, own, keys)
    own = own.iloc[order].reset_index(drop=True)
    freedom = own["freedom"].to_numpy(dtype=np.float64)
    parts = Aggregates(
        own["index"].to_numpy(dtype=np.float64),
        own["std_error"].to_numpy(dtype=np.float64) ** 2,
        np.where(np.isnan(freedom), np.inf, freedom),
    )
    rest = np.array([keys[at] in residual for at in order.tolist()], dtype=bool)
    made = [
        _rank(np.flatnonzero(family == which), parts, rest)
        for which in range(int(family.max(initial=-1)) + 1)
    ]
    return _league(own, made, rest), _differences(own, made)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """One family: rows best first, ranks, letters; pairs of rows and their tests."""

    rows: Ints
    rank: Floats
    tied: Sequence[str]
    first: Ints
    second: Ints
    tests: Mapping[str, Floats]


def _families(
    hierarchy: Hierarchy, own: pd.DataFrame, keys: Sequence[tuple[str, str]]
) -> tuple[Ints, Ints]:
    """Return the rows in the order of levels, parents, engines and units, and their families."""
    parent = {(unit.level, unit.name): unit.parent for unit in hierarchy.units}
    engines = {engine: at for at, engine in enumerate(dict.fromkeys(own["engine"].tolist()))}
    parents = {
        (level, name): (at, number)
        for at, level in enumerate(hierarchy.levels)
        for number, name in enumerate(
            dict.fromkeys(unit.parent for unit in hierarchy.of_level(level))
        )
    }
    place = {(unit.level, unit.name): at for at, unit in enumerate(hierarchy.units)}
    sortable = sorted(
        ((*parents[key[0], parent[key]], engines[engine]), place[key], at)
        for at, (key, engine) in enumerate(zip(keys, own["engine"].tolist(), strict=True))
        if key in parent
    )
    numbers = {head: number for number, head in enumerate(dict.fromkeys(h for h, _, _ in sortable))}
    order = np.array([at for _, _, at in sortable], dtype=np.intp)
    return order, np.array([numbers[head] for head, _, _ in sortable], dtype=np.intp)


def _rank(rows: Ints, readings: Aggregates, residual: NDArray[np.bool_]) -> _Ranked:
    """Rank and compare the units of one parent and engine."""
    index, variance = readings.index[rows], readings.variance[rows]
    ranked = np.isfinite(index) & ~residual[rows]
    tested = np.flatnonzero(ranked & (variance > 0))
    i, j = np.triu_indices(tested.size, 1)
    first, second = rows[tested[i]], rows[tested[j]]
    both = Aggregates(
        *(
            np.stack([part[first], part[second]])
            for part in (readings.index, readings.variance, readings.freedom)
        )
    )
    made = combine(np.array([[1.0, -1.0]]), both)
    std_error = np.sqrt(made.variance[0])
    statistic = made.index[0] / std_error
    p_value = two_sided(statistic, made.freedom[0])
    p_holm = holm_within(p_value[:, None], np.zeros(first.size, dtype=np.intp))[:, 0]
    matrix = np.full((rows.size, rows.size), np.nan)
    matrix[tested[i], tested[j]] = matrix[tested[j], tested[i]] = p_holm
    order = np.flatnonzero(ranked)[np.argsort(-index[ranked], kind="stable")]
    best = order[np.isin(order, tested)]
    tied = np.full(rows.size, "", dtype=object)
    tied[best] = letters(matrix[np.ix_(best, best)] < RISKS["flag_95"])
    rank = np.full(rows.size, np.nan)
    rank[ranked] = 1 + (index[ranked][:, None] < index[ranked]).sum(axis=1)
    shown = np.concatenate([order, np.flatnonzero(~ranked)])
    tests = {
        "difference": made.index[0],
        "std_error": std_error,
        "statistic": statistic,
        "p_value": p_value,
        "p_holm": p_holm,
    }
    return _Ranked(rows[shown], rank[shown], tied[shown].tolist(), first, second, tests)


def _league(
    own: pd.DataFrame, made: Sequence[_Ranked], residual: NDArray[np.bool_]
) -> pd.DataFrame:
    if not made:
        return fill(LEAGUE, 0, {})
    rows = np.concatenate([one.rows for one in made])
    rank = np.concatenate([one.rank for one in made])
    tied = [mark for one in made for mark in one.tied]
    told = own["note"].iloc[rows].tolist()
    notes = [
        joined(note, NOT_RANKED if rest else "", NOT_TESTED if place > 0 and not mark else "")
        for note, rest, place, mark in zip(
            told, residual[rows].tolist(), rank.tolist(), tied, strict=True
        )
    ]
    kept = own.iloc[rows].assign(rank=rank, tied=tied, note=notes)
    return fill(LEAGUE, rows.size, {name: kept[name].to_numpy() for name in LEAGUE.columns})


def _differences(own: pd.DataFrame, made: Sequence[_Ranked]) -> pd.DataFrame:
    if not made:
        return fill(DIFFERENCES, 0, {})
    first = np.concatenate([one.first for one in made])
    second = np.concatenate([one.second for one in made])
    tests = {name: np.concatenate([one.tests[name] for one in made]) for name in made[0].tests}
    names = ("period", "level", "parent", "engine", "unit")
    columns = {name: own[name].to_numpy()[first] for name in names}
    columns |= {"other": own["unit"].to_numpy()[second], **tests, **flags(tests["p_holm"])}
    return fill(DIFFERENCES, first.size, columns)
