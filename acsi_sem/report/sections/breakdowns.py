"""The index for parts of a group, small cells withheld with the reason."""

from __future__ import annotations

from collections.abc import Iterator

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

Parts = tuple[tuple[str, Estimate], ...]


def section(facts: Facts) -> Section | None:
    """One chart per variable; None when nothing is broken down."""
    if not facts.breakdowns:
        return None
    blocks: list[Block] = [Prose((_lead(facts),))]
    blocks += shown.per_group(facts, "Breakdowns", lambda group: _blocks(facts, group))
    return Section("breakdowns", "Who is more satisfied", "Breakdowns", tuple(blocks))


def _lead(facts: Facts) -> str:
    return (
        "Each part of a group is scored with the weights of that whole group, so parts are "
        f"compared on one yardstick. Parts with fewer than {facts.fit.request.minimum_rows} rows "
        "are withheld. Differences between parts may come from what else differs between them."
    )


def _blocks(facts: Facts, group: str) -> tuple[Block, ...]:
    if not _variables(facts, group):
        return ()
    return (_figure(facts, group),)


def _variables(facts: Facts, group: str) -> tuple[str, ...]:
    return tuple(variable for owner, variable in facts.breakdowns if owner == group)


def _name(facts: Facts, variable: str) -> str:
    labels = {factor.column: factor.label for factor in facts.fit.survey.factors}
    return words.clean(labels.get(variable) or variable)


def _figure(facts: Facts, group: str) -> Figure:
    whole = facts.index(group)
    variables = _variables(facts, group)
    rows = tuple(row for variable in variables for row in _rows(facts, group, variable))
    chart = IntervalChart(
        rows,
        f"{facts.construct(facts.target)}, index 0–100",
        (whole.value, f"{facts.group(group)} {words.number(whole.value)}") if whole.known else None,
    )
    return Figure(
        shown.ident(facts, "parts", group),
        _message(facts, group),
        chart,
        f"{facts.construct(facts.target)} of parts of {facts.group(group)}, by "
        f"{words.listing([_name(facts, v) for v in variables], 20)}.",
        f"{facts.group(group)}. Dot: index. Line: {facts.level} interval. Dashed: the whole group. "
        f"n = {words.count(whole.n)} rows; parts and their rows are in the table.",
        _table(facts, group),
    )


def _message(facts: Facts, group: str) -> str:
    names = [words.in_sentence(_name(facts, v)) for v in _variables(facts, group)]
    return f"{facts.group(group)}: {facts.construct(facts.target)} by {words.listing(names, 4)}"


def _rows(facts: Facts, group: str, variable: str) -> Iterator[IntervalRow]:
    for place, (category, cell) in enumerate(facts.breakdowns[group, variable]):
        told = cells.brief(cell) if cell.known else cells.withheld(cell)
        heading = "" if place else _name(facts, variable)
        yield IntervalRow(category, cell.value, cell.low, cell.high, told, heading=heading)


def _table(facts: Facts, group: str) -> Table:
    rows = tuple(
        _table_row(_name(facts, variable), (first, second), *part)
        for first, variable in enumerate(_variables(facts, group))
        for second, part in enumerate(facts.breakdowns[group, variable])
    )
    return Table(
        shown.ident(facts, "parts-table", group),
        f"{facts.construct(facts.target)} of parts of the sample: {facts.group(group)}",
        cells.columns("Part", "By", ">Rows", ">Index", f">{facts.level} interval", "Note"),
        rows,
    )


def _table_row(
    name: str, place: tuple[int, int], category: str, cell: Estimate
) -> tuple[Cell, ...]:
    return (
        cells.text(category, 1000 * place[0] + place[1]),
        cells.text(name),
        cells.whole(cell.n),
        cells.estimate(cell),
        cells.interval(cell),
        cells.text("" if cell.known else cells.withheld(cell)),
    )
