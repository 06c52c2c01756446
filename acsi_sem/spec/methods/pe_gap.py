"""P-E gap: perception less expectation, dimension by dimension and weighted together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, Field

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Document, Filled, Label, Name
from acsi_sem.spec.findings import Finding, show
from acsi_sem.spec.methods.base import Method, MethodPart, title_of
from acsi_sem.spec.methods.weighting import (
    Weighting,
    WeightsPart,
    check_weights,
    weighting_from,
)
from acsi_sem.spec.model import Text
from acsi_sem.spec.model_facts import mapping


class PairPart(Document):
    """What a dimension was expected to be, and what it was found to be."""

    expected: Filled = Field(description="Question about the expectation")
    perceived: Filled = Field(description="Question about the experience")
    label: Label | None = Field(None, description="The dimension in words")


class PeGapPart(MethodPart):
    """Perception less expectation, weighted over dimensions."""

    pairs: Annotated[dict[Name, PairPart], AfterValidator(rules.at_least_one)] = Field(
        description="Dimension: its two questions"
    )
    weights: WeightsPart | None = Field(
        None, description="Weights of the dimensions; equal by default"
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """A dimension: its name, its two questions, its label."""

    name: str
    expected: str
    perceived: str
    label: Text


@dataclass(frozen=True, slots=True)
class PeGap(Method):
    """See `PeGapPart`."""

    pairs: tuple[Pair, ...] = ()
    weighting: Weighting = field(default_factory=Weighting)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the dimensions."""
        return tuple(pair.name for pair in self.pairs)

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield both questions of every dimension."""
        for pair in self.pairs:
            yield f"pairs.{pair.name}.expected", pair.expected
            yield f"pairs.{pair.name}.perceived", pair.perceived


PART = PeGapPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find questions that are compared with themselves, and weights of other dimensions."""
    pairs = mapping(data.get("pairs"))
    for name, pair in pairs.items():
        expected, perceived = (mapping(pair).get(key) for key in ("expected", "perceived"))
        if expected is not None and expected == perceived:
            yield Finding(
                ("pairs", name, "perceived"),
                "another question than the expected one",
                show(perceived),
            )
    if pairs:
        yield from check_weights(data.get("weights"), names=tuple(map(str, pairs)))


def make(name: str, part: PeGapPart) -> PeGap:
    """Make the method of its part."""
    pairs = tuple(
        Pair(
            key,
            pair.expected,
            pair.perceived,
            Text.of(pair.label, key),
        )
        for key, pair in part.pairs.items()
    )
    return PeGap(name, part.kind, title_of(part), pairs, weighting_from(part.weights))
