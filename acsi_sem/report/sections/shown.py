"""Which groups get diagrams and tables of their own: a page stays a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.content import Block, Details, Prose
from acsi_sem.report.facts import Facts
from acsi_sem.report.sections.league import ranked
from acsi_sem.terms import ALL

MOST_GROUPS: Final = 8
ENDS: Final = 2


def detailed(facts: Facts) -> tuple[str, ...]:
    """Return the groups shown in detail: each of a few, else the ends of the ranking."""
    if len(facts.parts) <= MOST_GROUPS:
        return facts.parts
    order = ranked(facts)
    ends = (*order[:ENDS], *order[-ENDS:])
    return tuple(group for group in facts.parts if group in ends)


def choice(facts: Facts) -> str:
    """Say which groups are shown in detail; empty when all are."""
    shown = detailed(facts)
    if len(shown) == len(facts.parts):
        return ""
    return (
        f"Of {words.count(len(facts.parts))} groups the {words.count(ENDS)} highest and the "
        f"{words.count(ENDS)} lowest are shown in detail here; the tables beside this report "
        "have every group."
    )


def per_group(facts: Facts, what: str, make: Callable[[str], tuple[Block, ...]]) -> list[Block]:
    """Make the pooled blocks at once and those of each group behind a summary line."""
    blocks: list[Block] = list(make(ALL))
    blocks += [
        Details(f"{what}: {facts.group(group)}", made)
        for group in detailed(facts)
        if (made := make(group))
    ]
    if note := choice(facts):
        blocks.append(Prose((note,), "note"))
    return blocks


def ident(facts: Facts, stem: str, group: str) -> str:
    """Make an id for a group's block that depends on its place, not its name."""
    return f"{stem}-{facts.groups.index(group)}"
