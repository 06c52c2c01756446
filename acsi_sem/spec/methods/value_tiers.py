"""Value tiers: key, major, general, maintenance and invalid customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field, FiniteFloat

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Filled
from acsi_sem.spec.findings import Finding, show
from acsi_sem.spec.methods.base import Method, MethodPart, title_of

Share = Annotated[float, Field(gt=0, lt=1)]
FREQUENT = "median, or a number above 0"


def _frequent(value: object) -> float | None:
    """A number, or nothing for the median."""
    if value is None or value == "median":
        return None
    if type(value) in (int, float) and float(str(value)) > 0:
        return float(str(value))
    raise rules.refuse(FREQUENT, show(value))


class ValueTiersPart(MethodPart):
    """Customers by profit, frequency and loyalty together."""

    revenue: Filled = Field(description="Amount that a customer brings in a year")
    margin: Filled = Field(description="Gross margin on that revenue")
    service: Filled = Field(description="Cost of serving the customer")
    upkeep: Filled = Field(description="Cost of keeping the customer")
    frequency: Filled = Field(description="How often the customer buys")
    loyalty: Filled = Field(description="Question on loyalty")
    loyal_from: FiniteFloat = Field(description="Lowest answer that counts as loyal")
    satisfaction: Filled | None = Field(None, description="Question, for its mean by tier")
    key_share: Share = Field(0.2, description="Share of customers in the top of profit")
    major_share: Share = Field(0.3, description="Share of customers in the part below it")
    frequent_from: Annotated[
        float | None, BeforeValidator(_frequent, json_schema_input_type=float | str)
    ] = Field(None, description=f"Lowest frequency that counts: {FREQUENT}")


@dataclass(frozen=True, slots=True)
class ValueTiers(Method):
    """See `ValueTiersPart`; `frequent_from` None is the median."""

    revenue: str = ""
    margin: str = ""
    service: str = ""
    upkeep: str = ""
    frequency: str = ""
    loyalty: str = ""
    loyal_from: float = 0.0
    satisfaction: str | None = None
    shares: tuple[float, float] = (0.2, 0.3)
    frequent_from: float | None = None

    @property
    def amounts(self) -> tuple[tuple[str, str], ...]:
        """Each amount's place and field: revenue, margin, service, upkeep, frequency."""
        places = ("revenue", "margin", "service", "upkeep", "frequency")
        return tuple((place, str(getattr(self, place))) for place in places)

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the amounts and the questions."""
        yield from self.amounts
        yield "loyalty", self.loyalty
        if self.satisfaction:
            yield "satisfaction", self.satisfaction


PART = ValueTiersPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find shares that leave no customers for the general tier."""
    defaults = {"key_share": 0.2, "major_share": 0.3}
    shares = [data.get(name, default) for name, default in defaults.items()]
    numbers = [float(share) for share in shares if isinstance(share, int | float)]
    if len(numbers) == 2 and not sum(numbers) < 1:
        got = f"{sum(numbers):g}"
        yield Finding(("key_share",), "key_share and major_share below 1 together", got)


def make(name: str, part: ValueTiersPart) -> ValueTiers:
    """Make the method of its part."""
    return ValueTiers(
        name,
        part.kind,
        title_of(part),
        part.revenue,
        part.margin,
        part.service,
        part.upkeep,
        part.frequency,
        part.loyalty,
        part.loyal_from,
        part.satisfaction,
        (part.key_share, part.major_share),
        part.frequent_from,
    )
