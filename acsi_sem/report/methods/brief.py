"""A number with its limits in one cell, and amounts with as many decimals as they bear."""

from __future__ import annotations

import math
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Cell, IntervalRow
from acsi_sem.report.facts import Estimate, reasons
from acsi_sem.report.methods.base import View

WHOLE_FROM: Final = 100.0
TENTHS_FROM: Final = 10.0


def brief(value: Estimate, digits: int = 1) -> Cell:
    """Return the cell ``79.4 (78.6 to 80.2)``, or an em dash with the reason."""
    if not value.known:
        return cells.number(value.value, digits, value.note or cells.NO_NUMBER)
    return cells.text(cells.brief(value, digits), round(value.value, 6))


def digits_of(*values: float) -> int:
    """Return how many decimals amounts bear: the larger, the fewer.

    Examples
    --------
    >>> digits_of(1234.5), digits_of(12.3, -4.0), digits_of(0.25), digits_of(float("nan"))
    (0, 1, 2, 2)
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return 0 if largest >= WHOLE_FROM else 1 if largest >= TENTHS_FROM else 2


def dotted(label: str, value: Estimate, digits: int = 1, heading: str = "") -> IntervalRow:
    """Return a row of a dot chart."""
    told = cells.brief(value, digits) if value.known else cells.withheld(value)
    return IntervalRow(label, value.value, value.low, value.high, told, heading=heading)


def percent(value: Estimate) -> str:
    """Write ``12.3 %``."""
    return f"{words.number(value.value)}{words.SPACE}%"


def whys(view: View, group: str, *measures: str) -> tuple[str, ...]:
    """Return why numbers of a table are withheld or have no limits, each reason once."""
    return reasons(row for measure in measures for row in view.rows(measure, group))


def score_head(view: View, name: str) -> str:
    """Return the head of a column of means of a question, which explains it."""
    return f">Satisfaction, 0–100|{view.label(name)}"
