"""Loyalty: what customers say and do, and what the organisation counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field, FiniteFloat

from acsi_sem.spec.documents import Document, Filled
from acsi_sem.spec.findings import Finding, listed
from acsi_sem.spec.methods.base import Method, MethodPart, title_of
from acsi_sem.spec.model_facts import mapping

EXTERNAL: Final = (
    "repurchase",
    "cross_buy",
    "price_sensitivity",
    "recommendation",
    "joining",
    "repeat_count",
    "share_of_need",
    "brand_attention",
    "decision_time",
    "attitude_to_rivals",
    "tolerance_of_faults",
)
INTERNAL: Final = ("complaint", "turnover", "violation", "suggestion", "training")
AMOUNTS: Final = ("repeat_count", "share_of_need")
Unit = Literal["share", "percent"]


class MeasurePart(Document):
    """One question or amount."""

    item: Filled = Field(description="Question with a scale, or an amount")
    from_: FiniteFloat | None = Field(
        None, alias="from", description="Lowest answer on a scale that counts as loyal"
    )
    unit: Unit | None = Field(None, description="Of share_of_need: 0-1 or 0-100")


class ExternalPart(Document):
    """What customers say and do, any of them."""

    repurchase: MeasurePart | None = Field(None, description="Buying again")
    cross_buy: MeasurePart | None = Field(None, description="Buying other things of the maker")
    price_sensitivity: MeasurePart | None = Field(None, description="Bearing higher prices")
    recommendation: MeasurePart | None = Field(None, description="Recommending it to others")
    joining: MeasurePart | None = Field(None, description="Joining others' purchases")
    repeat_count: MeasurePart | None = Field(None, description="Purchases in a period, amount")
    share_of_need: MeasurePart | None = Field(None, description="Part of the need bought here")
    brand_attention: MeasurePart | None = Field(None, description="Attention to the brand")
    decision_time: MeasurePart | None = Field(None, description="Time taken to decide")
    attitude_to_rivals: MeasurePart | None = Field(None, description="Standing by it")
    tolerance_of_faults: MeasurePart | None = Field(None, description="Bearing faults")


class CountPart(Document):
    """A count of the organisation, out of how many."""

    count: Annotated[int, Field(ge=0)] = Field(description="Cases")
    of: Annotated[int, Field(gt=0)] = Field(description="Out of: customers, employees ...")


class InternalPart(Document):
    """What the organisation counts, any of them."""

    complaint: CountPart | None = Field(None, description="Customers who complained")
    turnover: CountPart | None = Field(None, description="Those who left")
    violation: CountPart | None = Field(None, description="Cases of violation, loss")
    suggestion: CountPart | None = Field(None, description="Those who made suggestions")
    training: CountPart | None = Field(None, description="Those trained")


class LoyaltyPart(MethodPart):
    """Loyalty, by what is asked of customers and by what the organisation counts."""

    external: ExternalPart | None = Field(None, description="What customers say and do")
    internal: InternalPart | None = Field(None, description="What the organisation counts")


@dataclass(frozen=True, slots=True)
class External:
    """One question or amount; `cut` is None for amounts."""

    measure: str
    item: str
    cut: float | None = None
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Internal:
    """A rate: `count` out of `of`."""

    measure: str
    count: int
    of: int


@dataclass(frozen=True, slots=True)
class Loyalty(Method):
    """See `LoyaltyPart`."""

    external: tuple[External, ...] = ()
    internal: tuple[Internal, ...] = ()

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the questions and amounts."""
        for one in self.external:
            yield f"external.{one.measure}.item", one.item


PART = LoyaltyPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find a method of nothing, units where none belongs, and counts above their whole."""
    external, internal = mapping(data.get("external")), mapping(data.get("internal"))
    if not any(value is not None for value in (*external.values(), *internal.values())):
        yield Finding((), "at least one measure under external or internal", "none")
    for name, part in external.items():
        yield from _external(name, mapping(part))
    for name, part in internal.items():
        count, whole = mapping(part).get("count"), mapping(part).get("of")
        if isinstance(count, int) and isinstance(whole, int) and count > whole > 0:
            yield Finding(
                ("internal", name, "count"), f"at most {whole}, what it is out of", f"{count}"
            )


def _external(name: str, part: dict[str, object]) -> Iterator[Finding]:
    loc = ("external", name)
    unit, cut = part.get("unit"), part.get("from")
    if name == "share_of_need" and part and unit is None:
        yield Finding((*loc, "unit"), "the key 'unit': share (0-1) or percent (0-100)", "none")
    if name != "share_of_need" and unit is not None:
        yield Finding((*loc, "unit"), "a unit for share_of_need only", "one here", at="key")
    if name in AMOUNTS and cut is not None:
        expected = f"no grade for {listed(AMOUNTS, 'and')}, which are amounts"
        yield Finding((*loc, "from"), expected, "one", at="key")


def make(name: str, part: LoyaltyPart) -> Loyalty:
    """Make the method of its part."""
    asked = ((key, getattr(part.external, key, None)) for key in EXTERNAL)
    counted = ((key, getattr(part.internal, key, None)) for key in INTERNAL)
    return Loyalty(
        name,
        part.kind,
        title_of(part),
        tuple(External(key, one.item, one.from_, one.unit) for key, one in asked if one),
        tuple(Internal(key, one.count, one.of) for key, one in counted if one),
    )
