"""What may not be published: small units, and others that would give them away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.errors import DataError, Problem
from acsi_sem.indices.equations import (
    Key,
    Line,
    determined,
    determined_keys,
    equations_of,
    lines_of,
)
from acsi_sem.indices.national import Readings, coefficients, gather
from acsi_sem.kernels.rollup import Floats
from acsi_sem.spec.hierarchy import NATION, NATIONAL_FORMS, Hierarchy, NationSpec
from acsi_sem.spec.periods import Period

Withheld = Mapping[Key, str]
"""Units that are withheld, and why."""

PROTECTS: Final = "withheld: would reveal a smaller unit"
FORM: Final = "withheld: would reveal a smaller unit together with what is published"
KEPT: Final = "withheld: was withheld in an earlier revision"
RESTATED: Final = "withheld: would reveal a smaller unit together with an earlier revision"


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier revision of the same period; see `earlier_revision`.

    Attributes
    ----------
    withheld : mapping of (level, unit) -> reason
    shown : frozenset of (level, unit)
        Whose index it published.
    lines : tuple of Line
        Its equations, by the shares and parents of then.
    """

    withheld: Withheld
    shown: frozenset[Key]
    lines: tuple[Line, ...]


def earlier_revision(readings: pd.DataFrame, shares: pd.DataFrame, withheld: Withheld) -> Earlier:
    """Collect what a revision of a period told and what it kept.

    Parameters
    ----------
    readings : DataFrame
        Its unsuppressed `READINGS`.
    shares : DataFrame
        Its `SHARES`.
    withheld : mapping of (level, unit) -> reason

    Returns
    -------
    Earlier
    """
    levels = [*dict.fromkeys(shares["level"].tolist()), NATION]
    above = dict(pairwise(levels))
    columns = (shares[name].tolist() for name in ("level", "unit", "parent", "share"))
    held = {
        (level, unit): ((above[level], parent), share)
        for level, unit, parent, share in zip(*columns, strict=True)
    }
    known = readings[readings["index"].notna()]
    units = zip(known["level"].tolist(), known["unit"].tolist(), strict=True)
    return Earlier(withheld, frozenset(units) - set(withheld), lines_of(readings, held))


@dataclass(frozen=True, slots=True)
class _Decision:
    """What is withheld so far, the interviews of each unit, and which were shown before."""

    found: dict[Key, str]
    sizes: Mapping[Key, float]
    shown: frozenset[Key]
    minimum: int


def withheld_units(
    readings: pd.DataFrame, hierarchy: Hierarchy, minimum: int, earlier: Sequence[Earlier] = ()
) -> dict[Key, str]:
    """Decide which units' readings of a quarter are withheld, for every engine and construct.

    Parameters
    ----------
    readings : DataFrame
        Unsuppressed `READINGS` of one quarter, every level of it.
    hierarchy : Hierarchy
    minimum : int
        Units with fewer interviews are withheld.
    earlier : sequence of Earlier
        Every revision of the quarter that was published before.

    Returns
    -------
    dict of (level, unit) -> reason

    Raises
    ------
    DataError
        Naming every unit whose number could be worked out from this and earlier revisions,
        whatever else were withheld.

    Notes
    -----
    With the shares known, a parent and its children are one equation. The equations of a quarter
    form a tree, so nothing withheld can be worked out if and only if no equation has exactly one
    unknown. What an equation hides must moreover be `minimum` interviews together, or their mean
    would be published in effect. While an equation falls short, its smallest published child (by
    interviews, then by name) is withheld too; without any left, the parent is. A parent that is
    withheld needs a withheld child, or its children would give it away. Engines and constructs
    that leave out different units have equations of their own, each of which must hold.

    A revision stands beside those before it, whose readings are nearly the same: what was withheld
    stays withheld, what was shown protects nobody, and a parent whose hidden children weigh
    otherwise than when it was published before is a second equation in them, so it is withheld.
    All revisions' equations together are then solved; should they determine anything, there is
    no publishing.
    """
    lines, sizes = equations_of(readings, hierarchy)
    found = {unit: _kept(why) for one in earlier for unit, why in one.withheld.items()}
    few = f"withheld: fewer than {minimum} interviews"
    found |= {unit: few for unit, size in sizes.items() if size < minimum}
    shown = frozenset(unit for one in earlier for unit in one.shown)
    found = {unit: why for unit, why in found.items() if unit in sizes}
    now = _Decision(found, sizes, shown, minimum)
    while more := next(_more(lines, earlier, now), None):
        found[more[0]] = more[1]
    if earlier:
        _refuse(readings, lines, earlier, now)
    return {unit: found[unit] for unit in sizes if unit in found}


def _kept(reason: str) -> str:
    return reason if reason in (PROTECTS, RESTATED) else KEPT


def _more(
    lines: Sequence[Line], earlier: Sequence[Earlier], now: _Decision
) -> Iterator[tuple[Key, str]]:
    """Yield what else is to be withheld, and why."""
    for line in lines:
        if _lacks(line, now) and (unit := _next(line, now)):
            yield unit, PROTECTS
    before: dict[Key, list[tuple[Line, Withheld]]] = {}
    for one in earlier:
        for other in one.lines:
            before.setdefault(other.parent, []).append((other, one.withheld))
    for line in lines:
        others = () if line.parent in now.found else before.get(line.parent, ())
        if any(line.adds_to(other, withheld, now.found) for other, withheld in others):
            yield line.parent, RESTATED


def _lacks(line: Line, now: _Decision) -> bool:
    """Say whether an equation hides less than it must."""
    hidden, above = line.hidden(now.found), line.parent in now.found
    if not hidden and not above:
        return False
    secret = [child for child in hidden if child not in now.shown]
    few = sum(now.sizes[child] for child in secret) < now.minimum
    return few or not (above or len(secret) > 1)


def _next(line: Line, now: _Decision) -> Key | None:
    """Return which unit is to be withheld next; None if the rest has all been shown."""
    units = [child for child, _ in line.shares]
    spare = [unit for unit in units if unit not in now.found and unit not in now.shown]
    if spare:
        return min(spare, key=lambda child: (now.sizes[child], child))
    return None if line.parent in now.found or line.parent in now.shown else line.parent


def _refuse(
    readings: pd.DataFrame, lines: Sequence[Line], earlier: Sequence[Earlier], now: _Decision
) -> None:
    """Raise if this and earlier revisions together tell what is withheld."""
    told = _solved(lines, earlier, now)
    for line in lines:
        open_ = line.parent not in now.found
        # A nation without a reading still has rolling indices, which would say the same.
        late = line.parent == (NATION, NATION) and line.parent in now.shown
        if _lacks(line, now) if open_ else late:
            told |= dict.fromkeys(line.hidden(now.found))
    if told:
        where = f"revision of {readings['period'].iloc[0]}"
        got = "one that this and earlier revisions give away together"
        remedy = "publish the correction with the next period, or join the small units in units.csv"
        raise DataError(
            Problem(where, " ".join(key), "a number that can be withheld", got, remedy)
            for key in sorted(told)
        )


def _solved(lines: Sequence[Line], earlier: Sequence[Earlier], now: _Decision) -> dict[Key, None]:
    """Return the withheld units that the equations of all revisions determine.

    Companies' readings are taken for the same in every revision. Those shown once are known; but
    then again they are unknown in revisions that withhold them, as they may have been corrected.
    """
    revisions = [(lines, now.found), *((one.lines, one.withheld) for one in earlier)]
    told: dict[Key, None] = {}
    for column in sorted({column for line in lines for column in line.columns}):
        own = [
            (at, line, withheld)
            for at, (some, withheld) in enumerate(revisions)
            for line in some
            if column in line.columns
        ]
        parents = {line.parent[0] for _, line, _ in own}
        for corrected in (False, True):
            known = frozenset() if corrected else now.shown
            rows = [
                {
                    # What is made of others need not be the same in two revisions.
                    (at if key[0] in parents or key in now.shown else -1, key): share
                    for key, share in ((line.parent, -1.0), *line.shares)
                    if key in withheld and (key[0] in parents or key not in known)
                }
                for at, line, withheld in own
            ]
            told |= {key: None for key in determined_keys(rows) if key not in known}
    return told


def withheld_forms(
    spec: NationSpec,
    hierarchy: Hierarchy,
    readings: Readings,
    withheld: Mapping[Period, Withheld],
) -> dict[tuple[Period, str], str]:
    """Decide which rolling indices of the nation are withheld.

    Parameters
    ----------
    spec : NationSpec
        Its published form is the last to go.
    hierarchy : Hierarchy
    readings : mapping of Period -> DataFrame
        Unsuppressed `READINGS` of every quarter that is known.
    withheld : mapping of Period -> mapping of (level, unit) -> reason
        What `withheld_units` says of each.

    Returns
    -------
    dict of (Period, form) -> reason

    Notes
    -----
    Each quarter's national reading and each rolling index is an equation in the sectors' readings.
    They are gone through in order of time; an index whose equation, with all before it, would
    determine a sector's reading that is withheld is withheld itself.
    """
    pool = gather(hierarchy, {at: table for at, table in readings.items() if not table.empty})
    level = hierarchy.levels[-1]
    names = [unit.name for unit in hierarchy.of_level(level)]
    hidden = np.array(
        [
            (level, names[unit]) in withheld.get(pool.periods[quarter], {})
            for quarter, unit in zip(pool.quarter.tolist(), pool.unit.tolist(), strict=True)
        ],
        dtype=bool,
    )
    found: dict[tuple[Period, str], str] = {}
    if not hidden.any():
        return found
    known = [np.zeros((0, int(hidden.sum()))) for _ in pool.columns]
    forms = sorted(NATIONAL_FORMS, key=lambda form: form != spec.form)
    for period in sorted(readings):
        if (NATION, NATION) not in withheld.get(period, {}):
            own = coefficients(pool, "pooled", period, 1).coefficients
            known = _with(known, own[hidden])
        for form in forms:
            made = coefficients(pool, form, period, spec.window).coefficients
            tried = _with(known, made[hidden])
            free = [pool.known[hidden, b] for b in range(len(pool.columns))]
            if any(determined(rows, use).any() for rows, use in zip(tried, free, strict=True)):
                found[period, form] = FORM
            else:
                known = tried
    return found


def _with(known: list[Floats], rows: Floats) -> list[Floats]:
    return [np.vstack([own, rows[:, b]]) for b, own in enumerate(known)]


def blank(table: pd.DataFrame, withheld: Withheld, lowest: str = "") -> pd.DataFrame:
    """Take withheld units' numbers out of a table.

    Parameters
    ----------
    table : DataFrame
        With columns ``level`` and ``unit`` (and ``other``), or ``group`` (and ``other``).
    withheld : mapping of (level, unit) -> reason
    lowest : str
        The level that groups are units of, for tables of companies.

    Returns
    -------
    DataFrame
        Every number but counts and the confidence level is empty and `note` says why. A table
        without notes loses the rows: a number gone without a reason would be taken for a mistake.

    Raises
    ------
    ValueError
        If the table names neither.
    """
    reasons = _reasons(table, withheld, lowest)
    at = reasons != ""
    if not at.any():
        return table
    if "note" not in table.columns:
        kept: pd.DataFrame = table.loc[~at].reset_index(drop=True)
        return kept
    return _emptied(table, reasons)


def blank_forms(table: pd.DataFrame, forms: Mapping[tuple[Period, str], str]) -> pd.DataFrame:
    """Take withheld rolling indices out of a table of them.

    Parameters
    ----------
    table : DataFrame
        `acsi_sem.tables.national.NATIONAL`.
    forms : mapping of (Period, form) -> reason
        See `withheld_forms`.

    Returns
    -------
    DataFrame
        Numbers are empty and `note` says why.
    """
    told = {(str(period), form): reason for (period, form), reason in forms.items()}
    keys = zip(table["period"].tolist(), table["form"].tolist(), strict=True)
    return _emptied(table, np.array([told.get(key, "") for key in keys], dtype=object))


def _emptied(table: pd.DataFrame, reasons: NDArray[np.object_]) -> pd.DataFrame:
    at = reasons != ""
    blanked = table.copy()
    for name in blanked.columns:
        if name != "conf_level" and pd.api.types.is_float_dtype(blanked[name]):
            blanked.loc[at, name] = np.nan
    if "tied" in blanked.columns:
        blanked.loc[at, "tied"] = ""
    blanked.loc[at, "note"] = reasons[at]
    return blanked


def _reasons(table: pd.DataFrame, withheld: Withheld, lowest: str) -> NDArray[np.object_]:
    if "unit" in table.columns and "level" in table.columns:
        levels, names = table["level"].tolist(), ["unit"]
    elif "group" in table.columns and lowest:
        levels, names = [lowest] * len(table), ["group"]
    else:
        raise ValueError("a table of units names level and unit, or group and the level of groups")
    names += ["other"] if "other" in table.columns else []
    found = np.full(len(table), "", dtype=object)
    for name in reversed(names):
        for i, key in enumerate(zip(levels, table[name].tolist(), strict=True)):
            found[i] = withheld.get(key, found[i])
    return found
