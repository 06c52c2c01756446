"""Quarters: the periods that fieldwork, readings and publications belong to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_FORM: Final = re.compile(r"([0-9]{4})Q([1-4])")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A quarter of a year; earlier ones are smaller.

    Examples
    --------
    >>> str(Period.parse("2026Q1").back(1)), Period(2026, 3) - Period(2025, 4)
    ('2025Q4', 3)
    """

    year: int
    quarter: int

    @staticmethod
    def parse(text: str) -> Period:
        """Read ``2026Q3``.

        Raises
        ------
        ValueError
            If it is none.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no quarter such as 2026Q3")
        return Period(int(found[1]), int(found[2]))

    @staticmethod
    def of(day: date) -> Period:
        """Return the quarter that a day falls in."""
        return Period(day.year, (day.month + 2) // 3)

    @property
    def first_day(self) -> date:
        """The day it begins."""
        return date(self.year, 3 * self.quarter - 2, 1)

    @property
    def last_day(self) -> date:
        """The day it ends."""
        return self.back(-1).first_day - timedelta(days=1)

    def back(self, quarters: int) -> Period:
        """Return the period so many quarters before; after, when negative."""
        number = 4 * self.year + self.quarter - 1 - quarters
        return Period(number // 4, number % 4 + 1)

    def __sub__(self, other: Period) -> int:
        """Return how many quarters it lies after another."""
        return 4 * (self.year - other.year) + self.quarter - other.quarter

    def __str__(self) -> str:
        return f"{self.year}Q{self.quarter}"
