"""From companies' readings of a quarter to industries, sectors and the nation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.indices.grid import (
    Column,
    Grid,
    Texts,
    columns_of,
    fill,
    interval,
    make_grid,
    parents_of,
    units_of,
    weighing,
)
from acsi_sem.indices.rounding import publish
from acsi_sem.kernels.rollup import (
    Aggregates,
    Floats,
    Ints,
    effective_size,
    roll_level,
    weights_within,
)
from acsi_sem.spec.hierarchy import Hierarchy, Share, Unit
from acsi_sem.spec.periods import Period
from acsi_sem.spec.unit_checks import some
from acsi_sem.tables.national import READINGS, SHARES
from acsi_sem.terms import Notice

NOT_COUNTED: Final = "no reading this quarter"


@dataclass(frozen=True, slots=True)
class RolledUp:
    """Readings of every level from one quarter's fieldwork.

    Attributes
    ----------
    readings : DataFrame
        `READINGS`, from the lowest level to the nation; nothing is withheld yet.
    shares : DataFrame
        `SHARES`; `weight` counts a unit that has a reading of any engine.
    notices : tuple of Notice
        Which units are left out of their parents, and how much they make up.
    """

    readings: pd.DataFrame
    shares: pd.DataFrame
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class _Level:
    """The units of a level and what they weigh within their parents."""

    name: str
    units: tuple[Unit, ...]
    above: tuple[Unit, ...]
    parents: Ints
    held: list[Share | None]
    measure: str

    @property
    def shares(self) -> Floats:
        return np.array([share.value if share else 0.0 for share in self.held])

    @property
    def share_errors(self) -> Floats:
        return np.array([share.std_error if share else 0.0 for share in self.held])


def roll_up(
    hierarchy: Hierarchy, period: Period, companies: pd.DataFrame, *, conf_level: float = 0.95
) -> RolledUp:
    """Average companies into industries, industries into sectors, sectors into the nation.

    Parameters
    ----------
    hierarchy : Hierarchy
    period : Period
        Of the fieldwork; shares that hold on its last day count.
    companies : DataFrame
        `READINGS` of the lowest level. A row without an index is a company without a reading.
    conf_level : float
        Of the limits of aggregates; companies keep theirs.

    Returns
    -------
    RolledUp

    Raises
    ------
    DataError
        If a company is no unit of the hierarchy, or a unit with a reading has no share.
    ValueError
        If a company has two readings for one engine and construct.

    Notes
    -----
    Residual units count like all others. Units without a reading are left out and their siblings'
    shares stretched over the parent, which its note and a notice tell. A parent without any
    reading has no row. `n_eff` of an aggregate is 1 / sum_f a_f^2 / n_f. Limits of aggregates are
    Student's with Welch-Satterthwaite freedom; variances are those of
    `acsi_sem.kernels.rollup.roll_level`.
    """
    columns = columns_of(companies)
    grid = make_grid(
        companies, hierarchy.levels[0], units_of(hierarchy, hierarchy.levels[0]), columns
    )
    tables = [_companies(hierarchy, period, companies, columns)]
    levels, known, notices = [], [], []
    for name in hierarchy.levels:
        level = _level(hierarchy, name, period, grid.surveyed)
        levels.append(level)
        known.append(grid.surveyed)
        notes, told = _left_out(level, grid, columns, period)
        notices += told
        grid = _raise(level, grid)
        tables.append(_table(period, level.above, grid, columns, conf_level, notes))
    readings = pd.concat(tables, ignore_index=True)
    return RolledUp(readings, _shares(period, levels, known), tuple(notices))


def _level(hierarchy: Hierarchy, name: str, period: Period, surveyed: NDArray[np.bool_]) -> _Level:
    above, parents = parents_of(hierarchy, name)
    held = weighing(hierarchy, name, period, surveyed)
    measure = dict(hierarchy.measures)[name]
    return _Level(name, hierarchy.of_level(name), above, parents, held, measure)


def _raise(level: _Level, grid: Grid) -> Grid:
    """Average the readings of a level into its parents'."""
    count = len(level.above)
    parts = roll_level(grid.parts, level.shares, level.share_errors, level.parents, count)
    weights = weights_within(grid.known, level.shares, level.parents, count)
    n = np.zeros((count, weights.shape[1]))
    np.add.at(n, level.parents, np.where(weights > 0, grid.n, 0.0))
    n_eff = effective_size(weights, grid.n_eff, level.parents, count)
    return Grid(np.isfinite(parts.index), parts, n, n_eff)


def _left_out(
    level: _Level, grid: Grid, columns: Sequence[Column], period: Period
) -> tuple[Texts, list[Notice]]:
    """Say of each parent and column what is missing in it, and once of each parent."""
    notes: Texts = np.full((len(level.above), len(columns)), "", dtype=object)
    notices: list[Notice] = []
    shares = level.shares
    for at, parent in enumerate(level.above):
        rows = np.flatnonzero(level.parents == at)
        known = grid.known[rows]
        bare = known & np.isnan(grid.parts.variance[rows]) & (shares[rows, None] > 0)
        if not known.any() or (known.all() and not bare.any()):
            continue
        told: dict[str, list[str]] = {}
        for column, (engine, _) in enumerate(columns):
            if known[:, column].any():
                text = _missing_words(level, rows, known[:, column], bare[:, column], parent)
                notes[at, column] = text
                if text and engine not in told.setdefault(text, []):
                    told[text].append(engine)
        every = {engine for engine, _ in columns}
        for text, engines in told.items():
            for engine in [""] if set(engines) == every else engines:
                message = f"{parent.level} {parent.name} in {period}: {text}"
                notices.append(Notice("left_out", message, engine=engine, subject=parent.name))
    return notes, notices


def _missing_words(
    level: _Level,
    rows: Ints,
    known: NDArray[np.bool_],
    bare: NDArray[np.bool_],
    parent: Unit,
) -> str:
    names = [level.units[i].name for i in rows[~known]]
    shares = level.shares[rows]
    part = 100 * shares[~known].sum() / shares.sum() if shares.sum() > 0 else 0.0
    found = []
    if names:
        found.append(f"without {some(names)}, {part:.1f} % of {parent.name} by {level.measure}")
    if bare.any():
        without = [level.units[i].name for i in rows[bare]]
        found.append(f"no standard error: {some(without)} without one")
    return "; ".join(found)


def _table(
    period: Period,
    units: Sequence[Unit],
    grid: Grid,
    columns: Sequence[Column],
    conf_level: float,
    notes: Texts,
) -> pd.DataFrame:
    """Write the readings of an aggregate level."""
    i, j = np.nonzero(grid.present)
    parts = grid.parts
    own = Aggregates(parts.index[i, j], parts.variance[i, j], parts.freedom[i, j])
    level = units[0].level
    found = {
        "period": str(period),
        "level": level,
        "unit": [units[at].name for at in i.tolist()],
        "parent": [units[at].parent for at in i.tolist()],
        "engine": [columns[at][0] for at in j.tolist()],
        "construct": [columns[at][1] for at in j.tolist()],
        "n": grid.n[i, j],
        "n_eff": grid.n_eff[i, j],
        "index": own.index,
        **interval(own, conf_level),
        "conf_level": conf_level,
        "published": publish(level, own.index),
        "note": notes[i, j],
    }
    return fill(READINGS, i.size, found)


def _companies(
    hierarchy: Hierarchy,
    period: Period,
    companies: pd.DataFrame,
    columns: Sequence[Column],
) -> pd.DataFrame:
    """Return the companies' own rows in file order, their published score filled."""
    level = hierarchy.levels[0]
    own = companies[companies["level"] == level]
    place = {unit.name: i for i, unit in enumerate(hierarchy.of_level(level))}
    parent = {unit.name: unit.parent for unit in hierarchy.of_level(level)}
    across = {column: j for j, column in enumerate(columns)}
    names = (own[name].tolist() for name in ("unit", "engine", "construct"))
    keys = zip(*names, strict=True)
    rank = [place[unit] * len(columns) + across[kind, name] for unit, kind, name in keys]
    own = own.iloc[np.argsort(rank, kind="stable")].reset_index(drop=True)
    own = own.assign(
        period=str(period),
        parent=own["unit"].map(parent),
        published=publish(level, own["index"].to_numpy(dtype=np.float64)),
    )
    return fill(READINGS, len(own), {name: own[name].to_numpy() for name in READINGS.columns})


def _shares(
    period: Period, levels: Sequence[_Level], known: Sequence[NDArray[np.bool_]]
) -> pd.DataFrame:
    """Write what every unit weighs, from the highest level's weights downwards."""
    tables = []
    above = np.ones(1)
    for level, counted in zip(reversed(levels), reversed(known), strict=True):
        count = len(level.above)
        everybody = np.array([[share is not None] for share in level.held])
        share = weights_within(everybody, level.shares, level.parents, count)[:, 0]
        within = weights_within(counted[:, None], level.shares, level.parents, count)[:, 0]
        above = above[level.parents] * within
        found = {
            "period": str(period),
            "level": level.name,
            "unit": [unit.name for unit in level.units],
            "parent": [unit.parent for unit in level.units],
            "measure": level.measure,
            "value": [share.value if share else np.nan for share in level.held],
            "std_error": [share.std_error if share else np.nan for share in level.held],
            "share": np.where(everybody[:, 0], share, np.nan),
            "weight": above,
            "note": ["" if one else NOT_COUNTED for one in counted.tolist()],
        }
        tables.append(fill(SHARES, len(level.units), found))
    return pd.concat(tables[::-1], ignore_index=True)
