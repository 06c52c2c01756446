"""Rating form: grades with points, averaged over respondents and weighted over questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Document, Filled, Label
from acsi_sem.spec.findings import Finding
from acsi_sem.spec.methods.base import MethodPart, title_of
from acsi_sem.spec.methods.grading import (
    FIVE_VALUES,
    GradedMethod,
    GradesPart,
    GradeValues,
    check_grades,
    grades_from,
)
from acsi_sem.spec.methods.weighting import (
    EQUAL,
    Weighting,
    WeightsPart,
    check_weights,
    weighting_from,
)
from acsi_sem.spec.model_facts import mapping


def by_name(value: object) -> object:
    """A list of questions is a mapping with nothing particular about each."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return value
    return {name: {} for name in rules.distinct(value)}


class FormItemPart(Document):
    """A question of the form."""

    weight: Annotated[FiniteFloat, Field(gt=0)] | None = Field(
        None, description="What it counts for"
    )


FormItem = Annotated[
    FormItemPart,
    BeforeValidator(rules.blank_is_empty, json_schema_input_type=FormItemPart | None),
]


class RatingFormPart(MethodPart):
    """Grades with points; the seed loses the value of the last grade, 20 continues the others."""

    items: Annotated[
        dict[Filled, FormItem],
        AfterValidator(rules.at_least_one),
        BeforeValidator(by_name, json_schema_input_type=list[str] | dict[str, FormItemPart | None]),
    ] = Field(description="Questions: a list, or each with its weight")
    weights: WeightsPart | None = Field(None, description="Question: weight, or ahp")
    values: GradeValues = Field(list(FIVE_VALUES), description="Points of the grades, best first")
    labels: list[Label] = Field([], description="Names of the grades, in the same order")


@dataclass(frozen=True, slots=True)
class RatingForm(GradedMethod):
    """See `RatingFormPart`."""

    items: tuple[str, ...] = ()
    weighting: Weighting = EQUAL

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the questions."""
        for item in self.items:
            yield f"items.{item}", item


PART = RatingFormPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find weights given twice, or for some questions alone."""
    items = by_name_or_none(data.get("items"))
    own = [name for name, entry in items.items() if mapping(entry).get("weight") is not None]
    yield from check_weights(data.get("weights"), names=tuple(items) or None)
    yield from check_grades(data, ())
    if own and data.get("weights") is not None:
        expected = "weights beside the questions, or the key weights"
        yield Finding(("weights",), expected, "both", "remove one", at="key")
    without = [name for name in items if name not in own]
    if own and without:
        got = f"none for {', '.join(without[:5])}"
        yield Finding(("items",), "a weight for every question, or for none", got)


def by_name_or_none(value: object) -> dict[str, object]:
    """Return the questions of a file by name, none where they are malformed."""
    if isinstance(value, list):
        return {name: {} for name in value if isinstance(name, str)}
    return mapping(value)


def make(name: str, part: RatingFormPart) -> RatingForm:
    """Make the method of its part."""
    grades = grades_from(GradesPart(values=list(part.values), labels=part.labels))
    own = tuple((n, item.weight) for n, item in part.items.items() if item.weight is not None)
    return RatingForm(
        name,
        part.kind,
        title_of(part),
        grades,
        tuple(part.items),
        Weighting(own) if own else weighting_from(part.weights),
    )
