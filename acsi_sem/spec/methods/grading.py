"""Grades that answers are given in, best first, with what each is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final

from pydantic import AfterValidator, Field, FiniteFloat

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Document, Label
from acsi_sem.spec.findings import Finding, Loc, show
from acsi_sem.spec.methods.base import Method
from acsi_sem.spec.model import Text

FIVE_VALUES: Final = (100.0, 80.0, 60.0, 40.0, 20.0)
FIVE: Final = tuple(
    Text((("en", english), ("zh-Hans", simplified), ("zh-Hant", traditional)))
    for english, simplified, traditional in (
        ("very satisfied", "很满意", "很滿意"),
        ("satisfied", "满意", "滿意"),
        ("neutral", "一般", "一般"),
        ("dissatisfied", "不满意", "不滿意"),
        ("very dissatisfied", "很不满意", "很不滿意"),
    )
)
FEWEST: Final = 2


def descending(value: list[float]) -> list[float]:
    """Values of grades, the best first."""
    if any(after >= before for before, after in pairwise(value)):
        raise rules.refuse("descending values, the best grade first", show(value))
    return value


def enough(value: list[float]) -> list[float]:
    """Two grades or more."""
    if len(value) < FEWEST:
        raise rules.refuse("at least two grades", show(value))
    return value


GradeValues = Annotated[list[FiniteFloat], AfterValidator(enough), AfterValidator(descending)]


class GradesPart(Document):
    """Grades of answers, the best first."""

    values: GradeValues = Field(list(FIVE_VALUES), description="What each grade is worth")
    labels: list[Label] = Field([], description="Names of the grades, in the same order")


@dataclass(frozen=True, slots=True)
class Grades:
    """Grades, the best first.

    Attributes
    ----------
    values : tuple of float
        Descending.
    labels : tuple of Text
        One each.
    named : bool
        True when the study names them.
    """

    values: tuple[float, ...] = FIVE_VALUES
    labels: tuple[Text, ...] = FIVE
    named: bool = False


@dataclass(frozen=True, slots=True)
class GradedMethod(Method):
    """A method that reads answers as grades."""

    grades: Grades = Grades()


def grades_from(part: GradesPart | None) -> Grades:
    """Make grades of their part; five, from very satisfied to very dissatisfied, without one."""
    if part is None:
        return Grades()
    values = tuple(part.values)
    if part.labels:
        return Grades(values, tuple(Text.of(label, "") for label in part.labels), named=True)
    if len(values) == len(FIVE):
        return Grades(values)
    return Grades(values, tuple(Text((("en", f"worth {value:g}"),)) for value in values))


def check_grades(data: object, loc: Loc) -> Iterator[Finding]:
    """Find grades whose names do not match their values."""
    said = data if isinstance(data, dict) else {}
    labels, values = said.get("labels"), said.get("values", list(FIVE_VALUES))
    if isinstance(labels, list) and isinstance(values, list) and labels:
        if len(labels) != len(values):
            expected = f"{len(values)} names, one for each value"
            yield Finding((*loc, "labels"), expected, str(len(labels)))
        elif any(label in labels[:i] for i, label in enumerate(labels)):
            yield Finding((*loc, "labels"), "a name of its own for each grade", show(labels))
