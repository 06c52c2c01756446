"""Cells of any file format as one kind of value: a number, a text or a blank."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.spec.findings import show
from acsi_sem.survey.survey import Floats, Ints

CELLS_SHOWN: Final = 5

NOT_AVAILABLE: Final = frozenset({"NA", "NaN", "nan", "<NA>"})
"""How R and pandas write a missing answer into a text file."""

# float() also takes "1_000", "infinity" and digits of other scripts, which nobody means as answers.
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EXACT: Final = 2**53


@dataclass(frozen=True, slots=True)
class Cell:
    """One distinct cell.

    Attributes
    ----------
    key : str
        The cell as text: ``3003`` for 3003.0 and for " 3003 "; "" for a blank.
    number : float
        NaN when the cell is not a number.
    typed : bool
        True when the file holds it as text.
    """

    key: str
    number: float = math.nan
    typed: bool = False

    @property
    def blank(self) -> bool:
        """True for an empty cell."""
        return not self.key

    @property
    def numeric(self) -> bool:
        """True for a number, be it stored as text."""
        return not math.isnan(self.number)

    @property
    def code(self) -> str:
        """The cell for comparison with a codebook, which compares numbers as numbers."""
        return number_key(self.number) if self.numeric else self.key


@dataclass(frozen=True, slots=True)
class Cells:
    """A column of cells, each distinct one kept once.

    Attributes
    ----------
    distinct : tuple of Cell
        In order of first appearance.
    codes : ndarray of int, shape (n,)
        Number of each row's cell among the distinct ones.
    """

    distinct: tuple[Cell, ...]
    codes: Ints

    @property
    def numbers(self) -> Floats:
        """Each row's number, NaN where it is none; shape (n,)."""
        return np.array([cell.number for cell in self.distinct], dtype=float)[self.codes]

    def where(self, chosen: Iterable[bool]) -> NDArray[np.bool_]:
        """Return the rows whose distinct cell is `chosen`; shape (n,)."""
        rows: NDArray[np.bool_] = np.fromiter(chosen, dtype=bool)[self.codes]
        return rows


BLANK: Final = Cell("")


def number_key(number: float) -> str:
    """Write a number as a code.

    Examples
    --------
    >>> number_key(3003.0), number_key(1.5), number_key(-0.0)
    ('3003', '1.5', '0')
    """
    if math.isfinite(number) and number == int(number) and abs(number) < _EXACT:
        return str(int(number))
    return repr(float(number))


def read_cell(value: object) -> Cell:
    """Return any file's cell as a `Cell`.

    Examples
    --------
    >>> read_cell(" 7 ")
    Cell(key='7', number=7.0, typed=True)
    >>> read_cell("1_000").numeric, read_cell("007").key, read_cell(True).key
    (False, '007', '1')
    """
    match value:
        case None:
            return BLANK
        case str():
            return _read_text(value)
        case bool() | np.bool_():
            return Cell(str(int(value)), float(value))
        case int() | np.integer():
            return Cell(str(int(value)), float(value))
        case float() | np.floating() | Decimal():
            number = float(value)
            return BLANK if math.isnan(number) else Cell(number_key(number), number)
        case bytes():
            return _read_text(value.decode("utf-8", "replace"))
        case datetime.date() | datetime.time():
            return Cell(value.isoformat(), typed=True)
        case _:
            return _read_text(str(value))


def _read_text(value: str) -> Cell:
    text = unicodedata.normalize("NFC", value.strip())
    if not _NUMBER.fullmatch(text):
        return Cell(text, typed=True)
    number = float(text)
    if math.isinf(number):
        return Cell(text, typed=True)
    # 00701, 1E5 or a long identifier is another label than its number; 7.0 is just 7.
    same = text in (number_key(number), f"{number_key(number)}.0")
    return Cell(number_key(number) if same else text, number, typed=True)


def read_cells(values: Iterable[object]) -> Cells:
    """Return a column's cells, each distinct value judged once.

    Examples
    --------
    >>> cells = read_cells(["7", None, "8", " 7"])
    >>> cells.numbers
    array([ 7., nan,  8.,  7.])
    """
    seen: dict[object, int] = {}
    places = [seen.setdefault(_hashable(value), len(seen)) for value in values]
    cells = [read_cell(value) for value in seen]
    merged: dict[Cell, int] = {}
    first = np.array([merged.setdefault(cell, len(merged)) for cell in cells], dtype=np.intp)
    return Cells(tuple(merged), first[np.array(places, dtype=np.intp)])


def say_cells(cells: Sequence[Cell]) -> str:
    """List cells for a message, the first five of them.

    Examples
    --------
    >>> say_cells([read_cell("heavy"), read_cell(0)])
    "'heavy', 0"
    """
    shown = [cell.key if cell.numeric else show(cell.key) for cell in cells[:CELLS_SHOWN]]
    return ", ".join(shown) + (" ..." if len(cells) > CELLS_SHOWN else "")


def _hashable(value: object) -> object:
    return value if getattr(value, "__hash__", None) else str(value)
