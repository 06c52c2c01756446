"""The chapter on missing answers."""

from __future__ import annotations

from acsi_sem.methods.explore.explore import Exploration, ItemRow
from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Cell, Prose, Section, Table
from acsi_sem.report.exploring.shared import (
    Chapter,
    group,
    label,
    percent,
    percent_cell,
    quoted,
)
from acsi_sem.terms import ALL

NOTE = (
    "Shares are weighted. A pattern is the set of questions that the same respondents left out. "
    "Monotone: the questions can be put in an order in which nobody answers after a gap. Whether "
    "answers are missing by chance cannot be told from the answers that are there."
)


def chapter(found: Exploration) -> Chapter:
    """Say how many interviews are complete, and what is missing most."""
    one = found.missing
    lead = f"{percent(one.complete)} of interviews are complete ({words.count(one.complete_n)} of "
    lead += f"{words.count(one.n)})"
    pooled = [row for row in found.items if row.group == ALL]
    most = max(pooled, key=lambda row: row.share)
    if most.share > 0:
        lead += f"; {quoted(found, most.question.name)} is missing most ({percent(most.share)})"
    lead += "."
    blocks: list[Block] = [Prose((lead,), "lead")]
    if most.share > 0:
        order = "monotone" if one.monotone else "not monotone"
        blocks += [
            _patterns(found),
            _by_group(found, pooled),
            Prose((f"The patterns are {order}.", NOTE), "note"),
        ]
    section = Section("missing", "Which answers are missing", "Missing", tuple(blocks))
    return Chapter(section, (lead,))


def _patterns(found: Exploration) -> Table:
    one = found.missing
    rows = tuple(
        (
            cells.text("; ".join(label(found, name) for name in kind.missing) or "nothing"),
            cells.whole(len(kind.missing)),
            cells.whole(kind.n),
            percent_cell(kind.share),
        )
        for kind in one.patterns
    )
    rest = f"{words.plural(one.others, 'rarer pattern')}: {words.count(one.others_n)} respondents."
    heads = cells.columns("Missing together", ">Questions", ">Respondents", ">Share")
    caption = "Patterns of missing answers"
    return Table("patterns", caption, heads, rows, (rest,) if one.others else ())


def _by_group(found: Exploration, pooled: list[ItemRow]) -> Table:
    names = [name for name, _ in found.groups]
    shares = {(row.group, row.question.name): row.share for row in found.items}
    rows = tuple(_line(found, row, names, shares) for row in pooled)
    heads = cells.columns("Question", *(f">{_head(name)}" for name in names))
    return Table("missing-by-group", "Share of missing answers", heads, rows)


def _head(name: str) -> str:
    # The column's head and its meaning are told apart by a bar.
    return group(name).replace("|", "¦")


def _line(
    found: Exploration, row: ItemRow, names: list[str], shares: dict[tuple[str, str], float]
) -> tuple[Cell, ...]:
    name = row.question.name
    return (
        cells.text(label(found, name)),
        *(percent_cell(shares[group_, name]) for group_ in names),
    )
