"""Complaints: who complains, who stays silent, and what handling wins back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import Field, FiniteFloat

from acsi_sem.spec.documents import Code, Filled
from acsi_sem.spec.findings import Finding
from acsi_sem.spec.methods.base import Method, MethodPart, title_of

PAIRS: Final = (
    ("satisfaction", "dissatisfied_up_to"),
    ("handling", "satisfied_handling_from"),
    ("loyalty", "loyal_from"),
)


class ComplaintsPart(MethodPart):
    """Complaints, their handling, and loyalty after them."""

    complained: Filled = Field(description="Question on 0-1, or a category, whether one complained")
    complained_is: Code | None = Field(
        None, description="Code of a category that means a complaint"
    )
    satisfaction: Filled | None = Field(None, description="Question on satisfaction")
    dissatisfied_up_to: FiniteFloat | None = Field(
        None, description="Highest answer that counts as dissatisfied"
    )
    handling: Filled | None = Field(
        None, description="Question on the handling, asked of those who complained"
    )
    satisfied_handling_from: FiniteFloat | None = Field(
        None, description="Lowest answer that counts as well handled"
    )
    loyalty: Filled | None = Field(None, description="Question on loyalty")
    loyal_from: FiniteFloat | None = Field(None, description="Lowest answer that counts as loyal")
    days: Filled | None = Field(None, description="Amount: days until it was settled")
    again: Filled | None = Field(
        None, description="Question on 0-1: complained again of the same thing"
    )


@dataclass(frozen=True, slots=True)
class Complaints(Method):
    """See `ComplaintsPart`."""

    complained: str = ""
    complained_is: str | None = None
    satisfaction: str | None = None
    dissatisfied_up_to: float | None = None
    handling: str | None = None
    satisfied_handling_from: float | None = None
    loyalty: str | None = None
    loyal_from: float | None = None
    days: str | None = None
    again: str | None = None

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the questions and the amount."""
        for place in ("complained", "satisfaction", "handling", "loyalty", "days", "again"):
            name = getattr(self, place)
            if name:
                yield place, str(name)


PART = ComplaintsPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find questions without their grade, and grades without their question."""
    for question, grade in PAIRS:
        asked, cut = data.get(question) is not None, data.get(grade) is not None
        if asked and not cut:
            yield Finding((grade,), f"the key '{grade}' beside {question}", "none")
        if cut and not asked:
            yield Finding((question,), f"the key '{question}' beside {grade}", "none")


def make(name: str, part: ComplaintsPart) -> Complaints:
    """Make the method of its part."""
    return Complaints(
        name,
        part.kind,
        title_of(part),
        part.complained,
        part.complained_is,
        part.satisfaction,
        part.dissatisfied_up_to,
        part.handling,
        part.satisfied_handling_from,
        part.loyalty,
        part.loyal_from,
        part.days,
        part.again,
    )
