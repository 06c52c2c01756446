"""Analytic hierarchy process as a method: what experts weigh, without any respondents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field, ValidationError

from acsi_sem.spec.documents import Filled, Label
from acsi_sem.spec.findings import Finding, did_you_mean, listed, show
from acsi_sem.spec.methods.base import Method, MethodPart, title_of
from acsi_sem.spec.methods.weighting import EQUAL, AhpPart, Weighting, check_judgements, judged
from acsi_sem.spec.model import Text
from acsi_sem.spec.model_facts import mapping


class AhpMethodPart(MethodPart, AhpPart):
    """Weights from pairwise comparisons, with their consistency."""

    labels: dict[Filled, Label] = Field({}, description="What is compared, in words")


@dataclass(frozen=True, slots=True)
class Ahp(Method):
    """See `AhpMethodPart`."""

    weighting: Weighting = EQUAL
    labels: tuple[tuple[str, Text], ...] = ()

    def weightings(self) -> Iterator[tuple[str, Weighting]]:
        """Yield the comparisons, which stand at the top of the method."""
        yield "", self.weighting


PART = AhpMethodPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find what is wrong with the comparisons, and labels of what is not compared."""
    said = {key: data[key] for key in ("order", "matrix", "matrices") if key in data}
    try:
        part = AhpPart.model_validate(said)
    except ValidationError:
        return
    yield from check_judgements(part, ())
    for name in mapping(data.get("labels")):
        if name not in part.order:
            near = did_you_mean(name, part.order)
            yield Finding(("labels", name), listed(part.order), show(name), near, at="key")


def make(name: str, part: AhpMethodPart) -> Ahp:
    """Make the method of its part."""
    labels = tuple((key, Text.of(label, key)) for key, label in part.labels.items())
    return Ahp(name, part.kind, title_of(part), judged(part), labels)
