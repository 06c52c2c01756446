"""Two-level fuzzy comprehensive evaluation: shares of grades, through factors to the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Document, Label, Name
from acsi_sem.spec.findings import Finding
from acsi_sem.spec.methods.base import MethodPart, title_of
from acsi_sem.spec.methods.grading import GradedMethod, GradesPart, check_grades, grades_from
from acsi_sem.spec.methods.weighting import (
    EQUAL,
    Weighting,
    WeightsPart,
    check_weights,
    weighting_from,
)
from acsi_sem.spec.model import Text
from acsi_sem.spec.model_facts import mapping

Operator = Literal["product", "maxmin"]


class FactorPart(Document):
    """A factor: the questions that tell how it is judged."""

    items: Annotated[
        list[str], AfterValidator(rules.at_least_one), AfterValidator(rules.distinct)
    ] = Field(description="Questions")
    label: Label | None = Field(None, description="The factor in words")
    weights: WeightsPart | None = Field(None, description="Question: weight, or ahp")


class FuzzyPart(MethodPart):
    """Two-level fuzzy evaluation.

    The five factors of the customer satisfaction literature are concept, behaviour, audiovisual,
    product and service satisfaction; any others will do.
    """

    factors: Annotated[dict[Name, FactorPart], AfterValidator(rules.at_least_one)] = Field(
        description="Factor: its questions"
    )
    factor_weights: WeightsPart | None = Field(None, description="Factor: weight, or ahp")
    grades: GradesPart | None = Field(None, description="Names and values of the grades")
    operator: Operator = Field(
        "product", description="product: weighted sum; maxmin: largest of smallest, made to sum 1"
    )


@dataclass(frozen=True, slots=True)
class FuzzyFactor:
    """A factor with its questions and their weights."""

    name: str
    label: Text
    items: tuple[str, ...]
    weighting: Weighting = EQUAL


@dataclass(frozen=True, slots=True)
class Fuzzy(GradedMethod):
    """See `FuzzyPart`."""

    factors: tuple[FuzzyFactor, ...] = ()
    factor_weights: Weighting = EQUAL
    operator: Operator = "product"

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the questions."""
        for factor in self.factors:
            for i, item in enumerate(factor.items):
                yield f"factors.{factor.name}.items[{i}]", item

    def weightings(self) -> Iterator[tuple[str, Weighting]]:
        """Yield (place, weighting) of the factors and of the questions within each."""
        yield "factor_weights.ahp", self.factor_weights
        for factor in self.factors:
            yield f"factors.{factor.name}.weights.ahp", factor.weighting


PART = FuzzyPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find weights that do not match the factors or questions, and grades without names."""
    factors = mapping(data.get("factors"))
    yield from check_grades(data.get("grades"), ("grades",))
    yield from check_weights(data.get("factor_weights"), ("factor_weights",), tuple(factors))
    for name, entry in factors.items():
        items = mapping(entry).get("items")
        names = [item for item in items if isinstance(item, str)] if isinstance(items, list) else []
        yield from check_weights(
            mapping(entry).get("weights"), ("factors", name, "weights"), names or None
        )


def make(name: str, part: FuzzyPart) -> Fuzzy:
    """Make the method of its part."""
    return Fuzzy(
        name,
        part.kind,
        title_of(part),
        grades_from(part.grades),
        tuple(
            FuzzyFactor(
                factor, Text.of(one.label, factor), tuple(one.items), weighting_from(one.weights)
            )
            for factor, one in part.factors.items()
        ),
        weighting_from(part.factor_weights),
        part.operator,
    )
