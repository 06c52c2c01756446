"""Who holds the value: share curve, ABC classes, Gini coefficient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Filled
from acsi_sem.spec.findings import Finding, show
from acsi_sem.spec.methods.base import Method, MethodPart, title_of

CUTS: Final = "two ascending shares between 0 and 1"


def _cuts(value: list[float]) -> list[float]:
    if len(value) != 2 or not 0 < value[0] < value[1] < 1:
        raise rules.refuse(CUTS, show(value), "for example [0.8, 0.95]")
    return value


class ParetoPart(MethodPart):
    """How the value of customers is shared among them."""

    value: Filled | None = Field(None, description="Amount that a customer is worth")
    values: (
        Annotated[list[Filled], AfterValidator(rules.at_least_one), AfterValidator(rules.distinct)]
        | None
    ) = Field(None, description="Amounts of years 1, 2, ..., each due at the end of its year")
    discount: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        None, description="Yearly rate that turns later amounts into present value, e.g. 0.1"
    )
    cuts: Annotated[list[float], AfterValidator(_cuts)] = Field(
        [0.8, 0.95], description="Cumulated shares of the value that end classes A and B"
    )


@dataclass(frozen=True, slots=True)
class Pareto(Method):
    """See `ParetoPart`; `values` holds one name without discounting, or one per year."""

    values: tuple[str, ...] = ()
    discount: float | None = None
    cuts: tuple[float, float] = (0.8, 0.95)

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the amounts."""
        if self.discount is None:
            yield "value", self.values[0]
            return
        for i, name in enumerate(self.values):
            yield f"values[{i}]", name


PART = ParetoPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find a value missing or given twice, and a discount without years."""
    given = [key for key in ("value", "values") if data.get(key) is not None]
    if len(given) != 1:
        yield Finding((), "one of the keys value and values", "both" if given else "neither")
    elif given == ["values"] and data.get("discount") is None:
        remedy = "write discount: 0 to add the years as they are"
        yield Finding(("discount",), "the key 'discount' beside values", "none", remedy)
    elif given == ["value"] and data.get("discount") is not None:
        remedy = "name the amounts of the years under values"
        yield Finding(("discount",), "no discount beside a single value", "one", remedy, "key")


def make(name: str, part: ParetoPart) -> Pareto:
    """Make the method of its part."""
    values = tuple(part.values) if part.values else (str(part.value),)
    cuts = (part.cuts[0], part.cuts[1])
    return Pareto(name, part.kind, title_of(part), values, part.discount, cuts)
