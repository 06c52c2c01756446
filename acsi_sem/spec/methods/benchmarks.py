"""Benchmarks: the index of each group against its industry, the best, and last time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Document, Filled
from acsi_sem.spec.findings import Finding, show
from acsi_sem.spec.methods.base import Method, MethodPart, title_of
from acsi_sem.spec.model_facts import mapping

Average = Literal["groups", "weights"]


class PeersPart(Document):
    """Which groups are compared with one another; exactly one of column and industries."""

    column: Filled | None = Field(None, description="Column that says each row's industry")
    industries: dict[Filled, Annotated[list[Filled], AfterValidator(rules.at_least_one)]] = Field(
        {}, description="Industry: its groups, as the survey file calls them"
    )


class BenchmarksPart(MethodPart):
    """Groups' indices against benchmarks, with tests."""

    peers: PeersPart | None = Field(
        None, description="Industries; by default all groups are one another's peers"
    )
    average: Average = Field(
        "groups", description="An industry's mean: each group alike, or by its survey weights"
    )
    previous: Filled | None = Field(
        None, description="Table indices.csv of an earlier fit, beside the study file"
    )
    correlates: Annotated[list[str], AfterValidator(rules.distinct)] = Field(
        [], description="Questions whose group means are correlated with the index"
    )


@dataclass(frozen=True, slots=True)
class Benchmarks(Method):
    """See `BenchmarksPart`; `industries` holds (industry, groups)."""

    column: str = ""
    industries: tuple[tuple[str, tuple[str, ...]], ...] = ()
    average: Average = "groups"
    previous: str = ""
    correlates: tuple[str, ...] = ()

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the questions whose means are correlated with the index."""
        for i, item in enumerate(self.correlates):
            yield f"correlates[{i}]", item


PART = BenchmarksPart


def check(data: dict[str, object]) -> Iterator[Finding]:
    """Find industries named twice over, or not at all, and groups of two industries."""
    if not isinstance(data.get("peers"), dict):
        return
    peers = mapping(data["peers"])
    if ("column" in peers) == ("industries" in peers):
        got = "both" if "column" in peers else "neither"
        yield Finding(("peers",), "one of the keys column and industries", got)
    first: dict[object, str] = {}
    for industry, groups in mapping(peers.get("industries")).items():
        for i, group in enumerate(groups if isinstance(groups, list) else []):
            if isinstance(group, str) and first.setdefault(group, industry) != industry:
                loc = ("peers", "industries", industry, i)
                got = f"{show(group)}, also under {show(first[group])}"
                yield Finding(loc, "each group in one industry", got, "remove one")


def make(name: str, part: BenchmarksPart) -> Benchmarks:
    """Make the method of its part."""
    industries = part.peers.industries if part.peers else {}
    return Benchmarks(
        name,
        part.kind,
        title_of(part),
        (part.peers.column or "") if part.peers else "",
        tuple((industry, tuple(groups)) for industry, groups in industries.items()),
        part.average,
        part.previous or "",
        tuple(part.correlates),
    )
