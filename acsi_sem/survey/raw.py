"""What a file holds before anything is judged: named columns of cells, and where each row stood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import DataError, Problem
from acsi_sem.survey.survey import Ints, Source
from acsi_sem.terms import Notice

ROWS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class RawColumn:
    """A column as it stands in the file.

    Attributes
    ----------
    name : str
        Header without surrounding blanks; may be empty.
    cells : sequence of object
        Texts, numbers, dates; None or "" is a blank cell.
    labels : mapping of code to text
        Value labels that the file itself carries (SPSS, Stata).
    missing : tuple of (low, high)
        Ranges of numbers that the file declares user-missing.
    missing_texts : frozenset of str
        Texts that the file declares user-missing.
    """

    name: str
    cells: Sequence[object]
    labels: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[tuple[float, float], ...] = ()
    missing_texts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Raw:
    """A file's columns.

    Attributes
    ----------
    columns : tuple of RawColumn
        In file order; a name may occur twice.
    places : ndarray of int, shape (n,)
        Where each row stands: the spreadsheet's row number, or the case number.
    unit : str
        What `places` counts: ``row``, ``case`` or ``position``.
    hint : str
        What to try when the file looks like the wrong one, e.g. its other sheets.
    """

    columns: tuple[RawColumn, ...]
    places: Ints
    unit: str
    source: Source
    notices: tuple[Notice, ...] = ()
    hint: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that have one, in file order."""
        return tuple(column.name for column in self.columns if column.name)

    def column(self, name: str) -> RawColumn | None:
        """Return the first column called `name`, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def rows(self, chosen: NDArray[np.bool_]) -> str:
        """Say how many rows are `chosen`, shape (n,), and where the first ones stand."""
        return say_rows(self.places[chosen], self.unit)


@dataclass(slots=True)
class Findings:
    """Gathers every problem and notice of one file, so that all are told at once."""

    where: str
    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def problem(self, path: str, expected: str, got: str, remedy: str = "") -> None:
        """Add a problem of the file."""
        self.problems.append(Problem(self.where, path, expected, got, remedy))

    def notice(self, kind: str, message: str, subject: str = "") -> None:
        """Add a notice about the file."""
        self.notices.append(Notice(kind, message, subject=subject))

    def close(self) -> None:
        """Raise `DataError` with every problem when there is one."""
        if self.problems:
            raise DataError(self.problems)


def say_rows(places: Iterable[int], unit: str = "row") -> str:
    """Say how many rows there are and where the first ones stand.

    Examples
    --------
    >>> say_rows([5])
    '1 row (row 5)'
    >>> say_rows(range(2, 1206))
    '1,204 rows (row 2, 3, 4, 5, 6 ...)'
    """
    found = [int(place) for place in places]
    shown = ", ".join(str(place) for place in found[:ROWS_SHOWN])
    more = " ..." if len(found) > ROWS_SHOWN else ""
    units = unit if len(found) == 1 else f"{unit}s"
    return f"{len(found):,} {units} ({unit} {shown}{more})"
