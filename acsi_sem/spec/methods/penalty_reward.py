"""Penalty-reward contrasts: what low and high answers to an attribute go with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, FiniteFloat

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Filled
from acsi_sem.spec.findings import Finding, show
from acsi_sem.spec.methods.base import Method, MethodPart, title_of


class PenaltyRewardPart(MethodPart):
    """An outcome regressed on low and high answers to attributes, all together."""

    outcome: Filled = Field(description="Question about overall satisfaction")
    attributes: Annotated[
        list[str], AfterValidator(rules.at_least_one), AfterValidator(rules.distinct)
    ] = Field(description="Questions about attributes")
    low: FiniteFloat | None = Field(
        None,
        description="Highest answer that counts as low (lowest, where 1 is best); the bottom "
        "third by default",
    )
    high: FiniteFloat | None = Field(
        None,
        description="Lowest answer that counts as high (highest, where 1 is best); the top two "
        "by default",
    )


@dataclass(frozen=True, slots=True)
class PenaltyReward(Method):
    """See `PenaltyRewardPart`."""

    outcome: str = ""
    attributes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the outcome and the attributes."""
        yield "outcome", self.outcome
        for i, item in enumerate(self.attributes):
            yield f"attributes[{i}]", item


PART = PenaltyRewardPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find an outcome among its own attributes."""
    attributes = data.get("attributes")
    if isinstance(attributes, list) and data.get("outcome") in attributes:
        at = attributes.index(data["outcome"])
        yield Finding(
            ("attributes", at), "another question than the outcome", show(data["outcome"])
        )


def make(name: str, part: PenaltyRewardPart) -> PenaltyReward:
    """Make the method of its part."""
    attributes = tuple(part.attributes)
    return PenaltyReward(
        name, part.kind, title_of(part), part.outcome, attributes, part.low, part.high
    )
