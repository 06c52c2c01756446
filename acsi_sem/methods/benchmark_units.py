"""The groups that benchmarks compare, and which of them are withheld."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from acsi_sem.indices.suppression import PUBLISHED, SMALL, suppress
from acsi_sem.methods.protection import SECONDARY, TOO_SMALL

WITHHELD: Final = "withheld"
"""How the notes of numbers begin that are kept back, here and in the fit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A group's index, NaN where it is withheld; `weight` counts in its industry's mean."""

    group: str
    industry: str
    index: float
    std_error: float
    low: float
    high: float
    n: int
    weight: float
    note: str = ""


def protect_units(units: Sequence[Unit], minimum: int) -> list[Unit]:
    """Blank the groups that are withheld: too small, withheld by the fit, or telling one of them.

    Parameters
    ----------
    units : sequence of Unit
    minimum : int

    Returns
    -------
    list of Unit

    Notes
    -----
    The rule of the fit's own indices comes first, so that what either table shows completes nothing
    in the other.
    """
    counts = np.array([unit.n for unit in units], dtype=float)
    state = suppress(counts[None, :], minimum)[0]
    notes = [unit.note if unit.note.startswith(WITHHELD) else "" for unit in units]
    for g, found in enumerate(state):
        if found != PUBLISHED:
            notes[g] = TOO_SMALL.format(minimum=minimum) if found == SMALL else SECONDARY
    while True:
        hidden = [g for g, note in enumerate(notes) if note and counts[g]]
        left = [g for g, note in enumerate(notes) if not note and counts[g]]
        if not left or not _tells([units[g].n for g in hidden], minimum):
            break
        notes[min(left, key=lambda g: counts[g])] = SECONDARY
    return [_blank(unit, note) if note else unit for unit, note in zip(units, notes, strict=True)]


def _tells(hidden: Sequence[int], minimum: int) -> bool:
    """True where a sum less the groups shown would tell too much of these that are not."""
    return len(hidden) == 1 or 0 < sum(hidden) < minimum


def _blank(unit: Unit, note: str) -> Unit:
    nothing = math.nan
    return replace(unit, index=nothing, std_error=nothing, low=nothing, high=nothing, note=note)


def untold_industries(units: Sequence[Unit], minimum: int) -> frozenset[str]:
    """Return the industries whose mean beside their groups would tell of a withheld one.

    Parameters
    ----------
    units : sequence of Unit
        See `protect_units`.
    minimum : int
    """
    return frozenset(
        name
        for name in dict.fromkeys(unit.industry for unit in units)
        if _tells([u.n for u in units if u.industry == name and is_withheld(u)], minimum)
    )


def is_withheld(unit: Unit) -> bool:
    """True for a group whose numbers are kept back, not one that has none."""
    return unit.n > 0 and unit.note.startswith(WITHHELD)
