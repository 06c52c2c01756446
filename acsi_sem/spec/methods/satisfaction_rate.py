"""Satisfaction rate: the share of respondents who answer at or above a grade."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, FiniteFloat

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.methods.base import Method, MethodPart, no_findings, title_of


class SatisfactionRatePart(MethodPart):
    """Share of satisfied respondents, question by question."""

    items: Annotated[
        list[str], AfterValidator(rules.at_least_one), AfterValidator(rules.distinct)
    ] = Field(description="Questions; the first is the headline")
    satisfied_from: FiniteFloat = Field(
        description="Lowest answer that counts as satisfied (highest, where 1 is best)"
    )


@dataclass(frozen=True, slots=True)
class SatisfactionRate(Method):
    """See `SatisfactionRatePart`."""

    items: tuple[str, ...] = ()
    satisfied_from: float = 0.0

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the questions."""
        for i, item in enumerate(self.items):
            yield f"items[{i}]", item


PART = SatisfactionRatePart
check = no_findings


def make(name: str, part: SatisfactionRatePart) -> SatisfactionRate:
    """Make the method of its part."""
    return SatisfactionRate(name, part.kind, title_of(part), tuple(part.items), part.satisfied_from)
