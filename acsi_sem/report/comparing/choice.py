"""What the choice of a system changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from acsi_sem.analysis.systems import Measurement
from acsi_sem.report import cells, words
from acsi_sem.report.comparing.look import Look, scaled, with_limits
from acsi_sem.report.content import (
    Block,
    Figure,
    IntervalChart,
    IntervalRow,
    Prose,
    Section,
    Table,
)
from acsi_sem.terms import ALL

SAME: Final = (
    "All systems are asked of the same respondents, so limits of differences come from replicates "
    "drawn alike for both: they are much narrower than the limits of two indices suggest."
)


MEANING: Final = (
    "A difference between systems is no error of one of them: they weight questions and count "
    "answers differently. Compare companies or years within one system; compare systems by whether "
    "they put groups in the same order and name the same drivers."
)


def section(look: Look) -> Section | None:
    """The chapter on differences from the system compared with."""
    others = [one for one in scaled(look) if one.system.name != look.compared.base]
    if not others:
        return None
    rows = []
    for one in others:
        value = look.difference(one.system.name, ALL)
        told = cells.brief(value) if value.known else cells.withheld(value)
        label = look.name(one.system.name)
        rows.append(IntervalRow(label, value.value, value.low, value.high, told))
    base = look.name(look.compared.base)
    known = [look.difference(one.system.name, ALL) for one in others]
    far = max((abs(v.value) for v in known if v.known), default=float("nan"))
    moved = f"the choice of another system moves the index by up to {words.number(far)} points"
    figure = Figure(
        "differences",
        f"Against {base} {moved}" if far >= 0 else f"No difference from {base} is known",
        IntervalChart(
            tuple(rows), f"Points above or below {base}", (0.0, base), bounds=(-100.0, 100.0)
        ),
        f"Differences of systems from {base}, all rows.",
        f"All rows. Dot: index less that of {base}. Line: {look.level} interval of the difference.",
        _change_table(look, others),
    )
    blocks: tuple[Block, ...] = (figure, Prose((SAME, MEANING), "note"))
    return Section("choice", "What the choice changes", "Differences", blocks)


def _change_table(look: Look, others: Sequence[Measurement]) -> Table:
    groups = look.compared.groups
    heads = cells.columns("System", *(f">{look.group(g).replace('|', '¦')}" for g in groups))
    rows = tuple(
        (
            cells.text(look.name(one.system.name)),
            *(with_limits(look.difference(one.system.name, group)) for group in groups),
        )
        for one in others
    )
    caption = f"Differences from {look.name(look.compared.base)}, points"
    return Table("differences-table", caption, heads, rows)
