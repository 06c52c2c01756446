"""Customers by revenue and cost to serve."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Filled
from acsi_sem.spec.findings import show
from acsi_sem.spec.methods.base import Method, MethodPart, no_findings, title_of

CUTS = "mean, median, or a mapping {revenue: number, cost: number} of numbers above 0"


@dataclass(frozen=True, slots=True)
class Cuts:
    """From where revenue and cost are high: `rule` mean, median, or given with the two numbers."""

    rule: str = "mean"
    revenue: float = math.nan
    cost: float = math.nan


def _cuts(value: object) -> str | dict[str, float]:
    if isinstance(value, str) and value in ("mean", "median"):
        return value
    if isinstance(value, dict) and set(value) == {"revenue", "cost"}:
        numbers = {key: float(n) for key, n in value.items() if type(n) in (int, float)}
        if len(numbers) == 2 and all(0 < n < math.inf for n in numbers.values()):
            return numbers
    raise rules.refuse(CUTS, show(value))


class CustomerValuePart(MethodPart):
    """Revenue by cost to serve, in four fields."""

    revenue: Filled = Field(description="Amount that a customer brings in a year")
    cost: Filled = Field(description="Amount that serving the customer costs, same currency")
    cuts: Annotated[str | dict[str, float], BeforeValidator(_cuts)] = Field(
        "mean", description=f"From where an amount is high: {CUTS}"
    )
    satisfaction: Filled | None = Field(None, description="Question, for its mean by field")


@dataclass(frozen=True, slots=True)
class CustomerValue(Method):
    """See `CustomerValuePart`."""

    revenue: str = ""
    cost: str = ""
    cuts: Cuts = Cuts()
    satisfaction: str | None = None

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the two amounts and the question."""
        yield "revenue", self.revenue
        yield "cost", self.cost
        if self.satisfaction:
            yield "satisfaction", self.satisfaction


PART = CustomerValuePart
check = no_findings


def make(name: str, part: CustomerValuePart) -> CustomerValue:
    """Make the method of its part."""
    cuts = Cuts(part.cuts) if isinstance(part.cuts, str) else Cuts("given", **part.cuts)
    title = title_of(part)
    return CustomerValue(name, part.kind, title, part.revenue, part.cost, cuts, part.satisfaction)
