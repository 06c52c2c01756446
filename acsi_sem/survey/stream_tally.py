"""How often each distinct cell occurs in a file, and where first: all that its checks need.

The checks of `acsi_sem.survey.read` look at distinct cells and tell the rows that hold them. Done
on tallies they say of a streamed file, word for word, what they say of one held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.survey.raw import ROWS_SHOWN, Raw, RawColumn
from acsi_sem.survey.survey import Ints, Source

MOST_DISTINCT: Final = 10_000
"""Distinct cells of a column that are kept apart: answers and groups have fewer."""

Key = tuple[object, ...]
"""A cell of each of the columns that are looked at together."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How often, and where the first few times."""

    count: int
    places: tuple[int, ...]

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            self.count + other.count, tuple(sorted(self.places + other.places)[:ROWS_SHOWN])
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Distinct cells of one column, or distinct pairs of two.

    Attributes
    ----------
    seen : mapping of Key -> Seen
    overflow : bool
        True when there were more than `MOST_DISTINCT`; the later ones are then not there.
    """

    seen: Mapping[Key, Seen] = field(default_factory=dict)
    overflow: bool = False

    def __add__(self, other: Tally) -> Tally:
        joined = dict(self.seen)
        for key, found in other.seen.items():
            joined[key] = joined[key] + found if key in joined else found
        overflow = self.overflow or other.overflow or len(joined) > MOST_DISTINCT
        if len(joined) > MOST_DISTINCT:
            joined = dict(list(joined.items())[:MOST_DISTINCT])
        return Tally(joined, overflow)


def tally(keys: Sequence[Key], codes: Ints, places: Ints) -> Tally:
    """Tally a chunk's rows.

    Parameters
    ----------
    keys : sequence of Key
        Distinct ones; alike ones are put together.
    codes : ndarray of int, shape (m,)
        Number of each row's key, -1 for a row that is not to be told.
    places : ndarray of int, shape (m,)
        Where each row stands, ascending.

    Examples
    --------
    >>> found = tally([(7,), (None,)], np.array([0, 1, 0]), np.array([1, 2, 3]))
    >>> found.seen[(7,)]
    Seen(count=2, places=(1, 3))
    """
    told = codes >= 0
    codes, places = codes[told], places[told]
    counts = np.bincount(codes, minlength=len(keys))
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(counts)
    found = Tally()
    seen: dict[Key, Seen] = {}
    for i in np.flatnonzero(counts).tolist():
        first = order[ends[i] - counts[i] :][: min(ROWS_SHOWN, counts[i])]
        key = tuple(_plain(cell) for cell in keys[i])
        own = Seen(int(counts[i]), tuple(places[first].tolist()))
        seen[key] = seen[key] + own if key in seen else own
    return found + Tally(seen)


def _plain(cell: object) -> object:
    """Return a cell that equals its like of another chunk: NaN does not equal itself."""
    if cell is None or cell != cell:
        return None
    return cell if getattr(cell, "__hash__", None) else str(cell)


@dataclass(frozen=True, slots=True)
class TalliedRaw(Raw):
    """A file's distinct cells, told as the rows that hold them.

    Attributes
    ----------
    seen : tuple of Seen
        Of each distinct cell.
    """

    seen: tuple[Seen, ...] = ()

    def rows(self, chosen: NDArray[np.bool_]) -> str:
        """Say how many rows hold the `chosen` cells and where the first ones stand."""
        own = [self.seen[i] for i in np.flatnonzero(chosen)]
        return say_many(
            sum(one.count for one in own), (place for one in own for place in one.places), self.unit
        )


def say_many(count: int, places: Iterable[int], unit: str = "row") -> str:
    """Say how many rows there are and where the first ones stand, as `raw.say_rows` does.

    Examples
    --------
    >>> say_many(1204, [6, 2, 3, 5, 4, 9])
    '1,204 rows (row 2, 3, 4, 5, 6 ...)'
    """
    shown = ", ".join(str(place) for place in sorted(places)[:ROWS_SHOWN])
    more = " ..." if count > ROWS_SHOWN else ""
    return f"{count:,} {unit if count == 1 else f'{unit}s'} ({unit} {shown}{more})"


def tallied_raw(
    found: Tally, names: Sequence[str], source: Source, others: Sequence[str] = ()
) -> TalliedRaw:
    """Return the distinct cells of some columns as a file of their own.

    Parameters
    ----------
    found : Tally
        Of keys with a cell for each of `names`.
    names : sequence of str
    source : Source
    others : sequence of str
        Further columns of the file, of which only the name is needed.
    """
    ordered = sorted(found.seen.items(), key=lambda item: item[1].places)
    cells = list(zip(*(key for key, _ in ordered), strict=True)) or [()] * len(names)
    columns = [RawColumn(name, own) for name, own in zip(names, cells, strict=True)]
    columns += [RawColumn(name, [None] * len(ordered)) for name in others if name not in names]
    return TalliedRaw(
        tuple(columns),
        np.array([own.places[0] for _, own in ordered], dtype=np.intp),
        "row",
        source,
        seen=tuple(own for _, own in ordered),
    )


def respondents(raw: TalliedRaw) -> NDArray[np.float64]:
    """Return how many rows hold each distinct cell, shape (k,)."""
    return np.array([one.count for one in raw.seen], dtype=np.float64)
