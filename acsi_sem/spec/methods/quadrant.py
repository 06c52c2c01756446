"""Four quadrants of importance and satisfaction, with importance stated or derived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Document, Filled
from acsi_sem.spec.findings import Finding, show
from acsi_sem.spec.methods.base import Method, MethodPart, title_of
from acsi_sem.spec.model_facts import mapping

Importance = Literal["stated", "model", "correlation"]
Cuts = Literal["mean", "median", "midpoint"]


class AttributePart(Document):
    """A question about satisfaction with one attribute."""

    importance: Filled | None = Field(None, description="Question about its importance")


def _items(value: object) -> object:
    """Take a list of questions for a mapping of them."""
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return {entry: {} for entry in rules.distinct(value)}
    if not isinstance(value, dict):
        raise rules.refuse("a list of questions, or a mapping of them", show(value))
    return value


Attributes = Annotated[
    dict[
        Filled,
        Annotated[
            AttributePart,
            BeforeValidator(rules.blank_is_empty, json_schema_input_type=AttributePart | None),
        ],
    ],
    BeforeValidator(_items, json_schema_input_type=list[str] | dict[str, AttributePart | None]),
]


class QuadrantPart(MethodPart):
    """Attributes by importance and performance, cut in four."""

    importance: Importance = Field(
        description="Asked outright, the model's total effects, or the correlation with an outcome"
    )
    items: Attributes = Field(
        {}, description="Questions about attributes; the model's drivers by default"
    )
    outcome: Filled | None = Field(
        None, description="Question that derived importance is the correlation with"
    )
    cuts: Cuts = Field("mean", description="What parts high from low")


@dataclass(frozen=True, slots=True)
class Quadrant(Method):
    """See `QuadrantPart`; `stated` are the questions about importance, empty where derived."""

    importance: Importance = "stated"
    items: tuple[str, ...] = ()
    stated: tuple[str, ...] = ()
    outcome: str = ""
    cuts: Cuts = "mean"

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the questions; those of the model's map are in the fit."""
        if self.importance == "model":
            return
        for item in self.items:
            yield f"items.{item}", item
        for item, other in zip(self.items, self.stated, strict=False):
            yield f"items.{item}.importance", other
        if self.outcome:
            yield "outcome", self.outcome


PART = QuadrantPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find questions without what the kind of importance needs, or with more."""
    way, items = data.get("importance"), data.get("items")
    if way in ("stated", "correlation") and not items:
        yield Finding(("items",), "at least one question", "none")
    if isinstance(items, list | dict) and len(items) == 1:
        yield Finding(
            ("items",), "two attributes or more", "one", "one alone is neither high nor low"
        )
    if way == "correlation" and "outcome" not in data:
        yield Finding(("outcome",), "the key 'outcome': a question", "none")
    if way in ("stated", "model") and "outcome" in data:
        remedy = "remove the key, or write importance: correlation"
        yield Finding(
            ("outcome",), f"none where importance is {way}", show(data["outcome"]), remedy
        )
    if isinstance(items, dict):
        yield from _check_items(way, items, data.get("outcome"))
    elif isinstance(items, list) and way == "stated":
        expected = "a mapping, question: {importance: question}"
        yield Finding(("items",), expected, "a list")


def _check_items(way: object, items: dict[str, object], outcome: object) -> Iterator[Finding]:
    for name, part in items.items():
        asked = mapping(part).get("importance")
        if way == "stated" and asked is None:
            expected = "the key 'importance': the question about it"
            yield Finding(("items", name, "importance"), expected, "none")
        elif way == "stated" and asked == name:
            expected = "another question than the attribute's own"
            yield Finding(("items", name, "importance"), expected, show(asked))
        elif way in ("model", "correlation") and asked is not None:
            expected = f"none where importance is {way}"
            yield Finding(("items", name, "importance"), expected, show(asked))
        if way == "correlation" and name == outcome:
            yield Finding(
                ("items", name), "another question than the outcome", show(name), at="key"
            )


def make(name: str, part: QuadrantPart) -> Quadrant:
    """Make the method of its part."""
    stated = tuple(one.importance for one in part.items.values() if one.importance is not None)
    return Quadrant(
        name,
        part.kind,
        title_of(part),
        part.importance,
        tuple(part.items),
        stated,
        part.outcome or "",
        part.cuts,
    )
