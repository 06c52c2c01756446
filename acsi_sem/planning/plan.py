"""What planning answers: numbers with their units, the formula in words, what was assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acsi_sem.planning.tables import PLAN
from acsi_sem.tables.schema import make_table

if TYPE_CHECKING:
    import pandas as pd


def counted(number: float, noun: str, form: str = "g") -> str:
    """Return a number with its noun in the singular or the plural.

    Examples
    --------
    >>> counted(1, "point"), counted(0.5, "point"), counted(2500, "interview", ",.0f")
    ('1 point', '0.5 points', '2,500 interviews')
    """
    return f"{number:{form}} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Line:
    """One number of an answer.

    Attributes
    ----------
    subject : str
        What it is of: a company, a stratum, a number of interviews; empty where there is one.
    quantity : str
    value : float
    unit : str
        ``points`` (of a 0-100 index or a percentage), ``interviews``, ``people``, ``money``, or
        empty for a plain ratio.
    note : str
    """

    subject: str
    quantity: str
    value: float
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer to a question of planning.

    Attributes
    ----------
    question : str
        ``size``, ``change``, ``difference``, ``allocation`` or ``power``.
    title : str
        The question in a sentence.
    lines : tuple of Line
    formula : str
        In words.
    assumptions : tuple of str
    """

    question: str
    title: str
    lines: tuple[Line, ...]
    formula: str
    assumptions: tuple[str, ...]

    def value(self, quantity: str, subject: str = "") -> float:
        """Return one number.

        Raises
        ------
        KeyError
            If the plan has no such line.
        """
        for line in self.lines:
            if (line.quantity, line.subject) == (quantity, subject):
                return line.value
        raise KeyError((quantity, subject))

    def values(self, quantity: str) -> dict[str, float]:
        """Return a quantity of every subject that has it, subject to number."""
        return {line.subject: line.value for line in self.lines if line.quantity == quantity}

    def tidy(self) -> pd.DataFrame:
        """Return the numbers as a table: question, subject, quantity, value, unit, note."""
        rows = [
            {
                "question": self.question,
                "subject": line.subject,
                "quantity": line.quantity,
                "value": line.value,
                "unit": line.unit,
                "note": line.note,
            }
            for line in self.lines
        ]
        return make_table(PLAN, rows)
