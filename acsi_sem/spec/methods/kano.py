"""Kano: what a feature does to satisfaction, from a pair of questions about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Document, Label, Name
from acsi_sem.spec.findings import Finding, show
from acsi_sem.spec.methods.base import Method, MethodPart, title_of
from acsi_sem.spec.model import Text
from acsi_sem.spec.model_facts import mapping

First = Literal["like", "dislike"]


class FeaturePart(Document):
    """A feature, with the pair of questions about it."""

    functional: str = Field(description="Question: how would you feel if you had it?")
    dysfunctional: str = Field(description="Question: how would you feel if you did not?")
    label: Label | None = Field(None, description="The feature in words")


class KanoPart(MethodPart):
    """Features by what they do to satisfaction."""

    features: Annotated[dict[Name, FeaturePart], AfterValidator(rules.at_least_one)] = Field(
        description="Feature: its pair of questions"
    )
    first: First = Field(
        "like",
        description="What the lowest of the five answers, or the first code, says: like (then "
        "must be, neutral, live with, dislike) or dislike (the reverse)",
    )


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature, with the pair of questions about it."""

    name: str
    label: Text
    functional: str
    dysfunctional: str


@dataclass(frozen=True, slots=True)
class Kano(Method):
    """See `KanoPart`."""

    features: tuple[Feature, ...] = ()
    first: First = "like"

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield both questions of each feature."""
        for feature in self.features:
            yield f"features.{feature.name}.functional", feature.functional
            yield f"features.{feature.name}.dysfunctional", feature.dysfunctional


PART = KanoPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find features with one question in both places."""
    for name, entry in mapping(data.get("features")).items():
        said = mapping(entry)
        one, other = said.get("functional"), said.get("dysfunctional")
        if isinstance(one, str) and one == other:
            got = f"{show(one)} for both"
            yield Finding(("features", name, "dysfunctional"), "another question", got)


def make(name: str, part: KanoPart) -> Kano:
    """Make the method of its part."""
    features = tuple(
        Feature(feature, Text.of(one.label, feature), one.functional, one.dysfunctional)
        for feature, one in part.features.items()
    )
    return Kano(name, part.kind, title_of(part), features, part.first)
