"""Cells and columns in the report's hand: one way to write each kind of number."""

from __future__ import annotations

import math
from typing import Final, Literal

from acsi_sem.report import words
from acsi_sem.report.content import Cell, Column
from acsi_sem.report.facts import Estimate, Facts

Tone = Literal["", "good", "weak", "strong"]
NO_NUMBER: Final = "not available"


def text(value: str, sort: float | str | None = None, tone: Tone = "") -> Cell:
    """A cell of words."""
    return Cell(value, value if sort is None else sort, tone=tone)


def number(value: float, digits: int = 1, reason: str = NO_NUMBER) -> Cell:
    """A cell with a number, or an em dash with the reason."""
    if not math.isfinite(value):
        return Cell(words.DASH, "", reason)
    return Cell(words.number(value, digits), round(value, 6))


def whole(value: float) -> Cell:
    """A cell with a count."""
    return Cell(words.count(value), round(value, 6))


def estimate(value: Estimate, digits: int = 1, reason: str = NO_NUMBER) -> Cell:
    """A cell with the number of an estimate."""
    return number(value.value, digits, value.note or reason)


def interval(value: Estimate, digits: int = 1, reason: str = "no interval was computed") -> Cell:
    """A cell with the limits of an estimate."""
    if not (value.known and value.bounded):
        return Cell(words.DASH, "", value.note or reason)
    return Cell(words.limits(value.low, value.high, digits), round(value.low, 6))


def p_value(value: Estimate, reason: str = "no test was made") -> Cell:
    """A cell with the p-value of an estimate."""
    if value.p_value != value.p_value:
        return Cell(words.DASH, "", value.note or reason)
    return Cell(words.p_value(value.p_value), round(value.p_value, 9))


def with_limits(value: Estimate, facts: Facts, digits: int = 1) -> str:
    """Write ``79.4 (95 % interval 78.6 to 80.2)``, as much of it as is known."""
    if not (value.known and value.bounded):
        return words.number(value.value, digits)
    return (
        f"{words.number(value.value, digits)} ({facts.level} interval "
        f"{words.limits(value.low, value.high, digits)})"
    )


def brief(value: Estimate, digits: int = 1) -> str:
    """Write ``79.4 (78.6 to 80.2)``, as much of it as is known."""
    if not (value.known and value.bounded):
        return words.number(value.value, digits)
    return f"{words.number(value.value, digits)} ({words.limits(value.low, value.high, digits)})"


def columns(*heads: str) -> tuple[Column, ...]:
    """Columns from heads; a leading ``>`` aligns right; ``head|meaning`` explains."""
    made = []
    for head in heads:
        name, _, meaning = head.removeprefix(">").partition("|")
        made.append(Column(name, "right" if head.startswith(">") else "left", meaning))
    return tuple(made)


def withheld(value: Estimate) -> str:
    """Say why there is no number; the tables' notes say so themselves."""
    return value.note or NO_NUMBER
