"""How a composite index is made: its parts, what they count for, and their own indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Cell,
    Figure,
    IntervalChart,
    IntervalRow,
    Prose,
    Section,
    Table,
)
from acsi_sem.report.facts import Estimate, Facts
from acsi_sem.report.sections import shown
from acsi_sem.spec.model import Construct
from acsi_sem.spec.scoring import shares_at

FORMS: Final = {
    "scaled": "An answer counts 100 · (answer − low) / (high − low) points",
    "of_maximum": "An answer counts 100 · answer / high points, so that the lowest is not 0",
    "top_box": "An answer counts 100 points when it is among the highest {boxes} of its scale, "
    "else none: the index is a percentage of answers",
}
FIXED: Final = (
    "What the parts count for is laid down, not estimated: no engine says whether the parts "
    "deserve it, and nothing here says what moves the index."
)


def section(facts: Facts) -> Section:
    """The chapter on how the index is made."""
    target = words.in_sentence(facts.construct(facts.target))
    blocks: list[Block] = [Prose((formula(facts),))]
    blocks += shown.per_group(facts, "Parts", lambda group: (_figure(facts, group),))
    blocks.append(Prose((FIXED,), "note"))
    return Section("parts-of-index", f"What {target} is made of", "The index", tuple(blocks))


def formula(facts: Facts) -> str:
    """Say in words how answers become the index, and which shares held."""
    model = facts.fit.model
    scoring = model.scoring
    form = scoring.form if scoring else "scaled"
    told = FORMS[form].format(boxes=scoring.boxes if scoring else 2)
    dated = shares_at(model, facts.fit.request.period)
    if dated is None:
        return f"{told}; questions of a construct count equally."
    named = [f"{words.number(share, 2)} {facts.construct(name)}" for name, share in dated.shares]
    since = f" from {dated.first}" if dated.first else ""
    until = f" until {dated.last}" if dated.last else ""
    told += f"; questions of a construct count equally. The index is {' + '.join(named)}"
    return f"{told}: the shares that hold{since}{until}."


def _parts(facts: Facts) -> tuple[Construct, ...]:
    return facts.fit.model.constructs


def _share(facts: Facts, name: str) -> float:
    """Return what a construct counts for in the index; NaN for one beside it."""
    dated = shares_at(facts.fit.model, facts.fit.request.period)
    if name == facts.target:
        return 1.0
    return dict(dated.shares).get(name, float("nan")) if dated else float("nan")


def _figure(facts: Facts, group: str) -> Figure:
    found = [(part, facts.index(group, part.name)) for part in _parts(facts)]
    whole = facts.index(group)
    rows = tuple(
        IntervalRow(
            facts.construct(part.name),
            value.value,
            value.low,
            value.high,
            cells.brief(value) if value.known else cells.withheld(value),
            strong=part.name == facts.target,
        )
        for part, value in found
    )
    told = words.number(whole.value) if whole.known else "has no number here"
    message = f"{facts.group(group)}: {facts.construct(facts.target)} {told}"
    if low := lowest([(part.name, value) for part, value in found if part.name != facts.target]):
        message += f"; lowest is {words.in_sentence(facts.construct(low))}"
    return Figure(
        shown.ident(facts, "composite", group),
        message,
        IntervalChart(rows, "Points, 0–100"),
        f"Indices of the parts of {facts.construct(facts.target)}, {facts.group(group)}.",
        f"{facts.group(group)}. Dot: index. Line: {facts.level} interval. "
        f"n = {words.count(whole.n)} rows with an answer.",
        _table(facts, group, found),
    )


def lowest(parts: Sequence[tuple[str, Estimate]]) -> str:
    """Name the part that is clearly lowest: its interval lies below all others; else "".

    Parameters
    ----------
    parts : sequence of (name, index)
        Without the index that they make up.
    """
    if len(parts) < 2 or not all(value.known for _, value in parts):
        return ""
    (name, low), *others = sorted(parts, key=lambda part: part[1].value)
    return name if all(low.high < value.low for _, value in others) else ""


def _table(facts: Facts, group: str, found: list[tuple[Construct, Estimate]]) -> Table:
    heads = cells.columns(
        "Part", ">Questions", ">Share|of the index", ">Rows", ">Index", f">{facts.level} interval"
    )
    rows = tuple(_row(facts, part, value) for part, value in found)
    caption = f"Parts of the index: {facts.group(group)}"
    told = "— under Share: measured beside the index, not part of it."
    beside = any(row[2].text == words.DASH for row in rows)
    ident = shown.ident(facts, "composite-table", group)
    return Table(ident, caption, heads, rows, (told,) if beside else ())


def _row(facts: Facts, part: Construct, value: Estimate) -> tuple[Cell, ...]:
    share = cells.number(_share(facts, part.name), 2, "not part of the index")
    return (
        cells.text(facts.construct(part.name), tone="strong" if part.name == facts.target else ""),
        cells.whole(len(part.indicators)),
        share,
        cells.whole(value.n),
        cells.estimate(value),
        cells.interval(value),
    )
