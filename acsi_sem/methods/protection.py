"""Withholding what rests on few respondents, and what would tell it.

A row may carry three keys beside its columns, which are taken off here: `family` and `part` say
that it is about a part of its group (customers of a tier, complainants), whose parts make up the
group; `of_parts` that its number is made of those of the group's other rows (True), or of a family
that it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.indices.suppression import PUBLISHED, SMALL, suppress
from acsi_sem.terms import ALL

Row = dict[str, Any]
TOO_SMALL: Final = "withheld: fewer than {minimum} answers"
SECONDARY: Final = "withheld: with the other groups or parts it would tell a withheld one"
MADE: Final = "withheld: it is made of numbers of which one is withheld"
_NUMBERS: Final = ("value", "std_error", "conf_low", "conf_high")
_KEYS: Final = ("family", "part", "of_parts")


def protect(rows: Iterable[Row], minimum: int) -> tuple[Row, ...]:
    """Withhold what rests on few respondents, and what would tell it.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of one method. Those of a measure's groups are protected together; those of a family
        as one table of groups and parts, whatever the measure; what is made of parts goes with
        them.
    minimum : int

    Returns
    -------
    tuple of mapping
        The same rows without the keys of the module; withheld ones without number and reading,
        with the reason as note. Rows without a group rest on no respondents.
    """
    kept = list(rows)
    own = [i for i, one in enumerate(kept) if one.get("group")]
    lines: dict[tuple[str, ...], list[int]] = {}
    families: dict[str, list[int]] = {}
    for i in own:
        one = kept[i]
        if one.get("family"):
            families.setdefault(str(one["family"]), []).append(i)
        elif not one.get("of_parts"):
            key = tuple(str(one.get(name, "")) for name in ("subject", "measure", "category"))
            lines.setdefault(key, []).append(i)
    hidden: dict[str, set[str]] = {"": set()}
    for places in lines.values():
        hidden[""] |= _protect_line(kept, places, minimum)
    for family, places in families.items():
        hidden[family] = _protect_family(kept, places, minimum)
    _protect_totals(kept, [i for i in own if kept[i].get("of_parts")], hidden, minimum)
    return tuple({k: v for k, v in one.items() if k not in _KEYS} for one in kept)


def _blank(rows: list[Row], i: int, why: str) -> None:
    rows[i] = {**rows[i], **dict.fromkeys(_NUMBERS, float("nan")), "reading": "", "note": why}


def _protect_line(rows: list[Row], places: list[int], minimum: int) -> set[str]:
    """Withhold among the groups of one measure, in place; return the groups withheld."""
    hidden: set[str] = set()
    parts = [i for i in places if rows[i]["group"] != ALL]
    wholes = [i for i in places if rows[i]["group"] == ALL]
    for line in (parts, wholes):
        if not line:
            continue
        state = suppress(np.array([[_size(rows[i]) for i in line]]), minimum)[0]
        hidden |= _apply(rows, zip(line, state.tolist(), strict=True), minimum)
    return hidden


def _protect_family(rows: list[Row], places: list[int], minimum: int) -> set[str]:
    """Withhold parts of groups, in place, all measures of a part alike; return the groups."""
    groups = sorted({rows[i]["group"] for i in places}, key=lambda name: (name != ALL, name))
    parts = sorted({str(rows[i]["part"]) for i in places})
    counts = np.zeros((len(groups), len(parts)))
    at = [(groups.index(rows[i]["group"]), parts.index(str(rows[i]["part"]))) for i in places]
    for i, cell in zip(places, at, strict=True):
        counts[cell] = max(counts[cell], _size(rows[i]))
    state = _states(counts, minimum, whole=groups[0] == ALL)
    found = ((i, int(state[cell])) for i, cell in zip(places, at, strict=True))
    return _apply(rows, found, minimum)


def _states(counts: NDArray[np.float64], minimum: int, *, whole: bool) -> NDArray[np.intp]:
    """Suppress a table of groups and parts; without `all` every group is a table of its own.

    The only part of a group that anybody is in is not its published margin here: where it is small
    it is withheld too, with what would tell it among the groups.
    """
    if not whole:
        state = np.vstack([suppress(line[None, :], minimum) for line in counts])
    else:
        state = suppress(counts, minimum)
    lone = (counts > 0).sum(axis=1) == 1
    small = (counts > 0) & (counts < minimum) & lone[:, None]
    state[small & (state == PUBLISHED)] = SMALL
    for part in np.flatnonzero(small[1:].any(axis=0)) if whole else ():
        line = suppress(counts[None, 1:, part], minimum)[0]
        state[1:, part] = np.where(state[1:, part] == PUBLISHED, line, state[1:, part])
    return state


def _size(row: Row) -> float:
    """Return the respondents behind a row; an unknown number is a small one."""
    n = float(row["n"])
    return n if np.isfinite(n) else 0.5


def _protect_totals(
    rows: list[Row], places: list[int], hidden: Mapping[str, set[str]], minimum: int
) -> None:
    """Withhold totals of groups in which a part is withheld, and totals of few, in place."""
    every = set().union(*hidden.values())
    left = []
    for i in places:
        of = rows[i]["of_parts"]
        if rows[i]["group"] in (hidden.get(of, set()) if isinstance(of, str) else every):
            _blank(rows, i, MADE)
        else:
            left.append(i)
    lines: dict[tuple[str, ...], list[int]] = {}
    for i in left:
        key = tuple(str(rows[i].get(name, "")) for name in ("subject", "measure", "category"))
        lines.setdefault(key, []).append(i)
    for line in lines.values():
        _protect_line(rows, line, minimum)


def _apply(rows: list[Row], found: Iterable[tuple[int, int]], minimum: int) -> set[str]:
    hidden = set()
    for i, state in found:
        if state != PUBLISHED:
            hidden.add(str(rows[i]["group"]))
            _blank(rows, i, TOO_SMALL.format(minimum=minimum) if state == SMALL else SECONDARY)
    return hidden
