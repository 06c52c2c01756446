"""What lies behind the loadings: collinear indicators and vanishing tetrads."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Cell, Details, Prose, Table
from acsi_sem.report.facts import Estimate, Facts
from acsi_sem.report.sections import criteria, shown
from acsi_sem.report.sections.criteria import Criteria

COLLINEAR: Final = (
    "The variance inflation factor (VIF) of an indicator says how much of it the others of its "
    "block repeat. A high one makes single outer weights uncertain; it does not harm the index."
)
TETRADS: Final = (
    "If one cause stands behind a block of four or more indicators, certain differences of "
    "products of their covariances (tetrads) are zero. One whose interval leaves out zero speaks "
    "against a reflective block (Gudergan, Ringle, Wende & Will 2008)."
)


def details(facts: Facts, group: str, found: Criteria) -> list[Block]:
    """Collinearity of indicators and tetrads of one group, behind summary lines."""
    made: list[Block] = []
    if found.has("vif_item"):
        made.append(
            Details("Collinearity of indicators", (Prose((COLLINEAR,)), _vif(facts, group, found)))
        )
    if found.has("tetrad"):
        made.append(Details("Tetrads", (Prose((TETRADS,)), *_tetrads(facts, group, found))))
    return made


def _vif(facts: Facts, group: str, found: Criteria) -> Table:
    values = found.of("vif_item")
    return Table(
        shown.ident(facts, "vif-items", group),
        f"Collinearity within blocks: {facts.group(group)}",
        cells.columns("Indicator", "Construct", f">VIF|{facts.level} interval", "Reading"),
        tuple(
            (
                cells.text(_item(facts, item)),
                cells.text(facts.construct(construct)),
                criteria.shown(facts, value),
                criteria.reading("vif_item", value),
            )
            for (construct, item), value in values.items()
        ),
        (
            f"In brackets: {facts.level} interval.",
            criteria.sources("vif_item"),
            *criteria.withheld((_item(facts, item), v) for (_, item), v in values.items()),
        ),
    )


def _item(facts: Facts, name: str) -> str:
    return facts.indicator(name) if name in facts.indicator_labels else facts.construct(name)


def _tetrads(facts: Facts, group: str, found: Criteria) -> tuple[Block, ...]:
    told = tuple(
        f"{facts.construct(construct)}: {value.note or 'not judged'}."
        for (construct, _), value in found.of("tetrads_rejected").items()
    )
    rows = tuple(
        _tetrad(facts, construct, label, v) for (construct, label), v in found.of("tetrad").items()
    )
    table = Table(
        shown.ident(facts, "tetrads", group),
        f"Tetrads: {facts.group(group)}",
        cells.columns("Tetrad", "Construct", ">Value", ">Interval", "Reading"),
        rows,
        ("The intervals of a block hold jointly (Bonferroni), so each is wider.",),
    )
    return (*((Prose(told),) if told else ()), table)


def _tetrad(facts: Facts, construct: str, label: str, value: Estimate) -> tuple[Cell, ...]:
    return (
        cells.text(words.clean(label)),
        cells.text(facts.construct(construct)),
        cells.estimate(value, 3),
        cells.interval(value, 3),
        cells.text(criteria.differs(value), tone="weak" if value.evidence == "clear" else ""),
    )
