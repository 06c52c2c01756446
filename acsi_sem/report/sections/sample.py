"""Who answered, and what is missing."""

from __future__ import annotations

from typing import Final

import numpy as np

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Cell, Prose, Section, Table
from acsi_sem.report.facts import Facts
from acsi_sem.report.sections import shown, weights
from acsi_sem.terms import ALL

MOST_CODES: Final = 6


def section(facts: Facts) -> Section:
    """Rows, complete cases, answers by item, missing answers by code."""
    blocks: list[Block] = [Prose(_lead(facts)), _rows(facts), *weights.blocks(facts)]
    if facts.fit.survey.missing:
        blocks.append(_missing(facts))
    blocks += shown.per_group(facts, "Answers", lambda group: _answers(facts, group))
    return Section("sample", "Sample and missing answers", "Sample", tuple(blocks))


def _lead(facts: Facts) -> tuple[str, ...]:
    survey = facts.fit.survey
    rows = survey.values.shape[0]
    complete = int(survey.complete.sum())
    gone = int(np.isnan(survey.values).sum())
    return (
        (
            f"{words.plural(rows, 'row')} were read from {words.clean(survey.source.name)}; "
            f"{words.count(complete)} ({words.percent(complete, rows)}) answer every indicator of "
            f"the model. Of all answers asked for, {words.percent(gone, survey.values.size)} are "
            f"missing. {_weighted(facts)}"
        ),
    )


def _weighted(facts: Facts) -> str:
    design = facts.fit.survey.design
    if design.raking is not None:
        return "Rows are weighted, and the weights raked to known shares."
    if design.weighted:
        return "Rows are weighted by the survey's weights."
    return "Rows are not weighted."


def _rows(facts: Facts) -> Table:
    table_rows = tuple(_group_row(facts, group) for group in (*facts.parts, ALL))
    columns = cells.columns(
        "Group",
        ">Rows",
        ">Complete cases|rows with an answer to every indicator",
        ">Complete, %",
        ">Rows in the index|rows with at least one answer to the index construct",
    )
    return Table("rows-table", "Rows and complete cases by group", columns, table_rows)


def _group_row(facts: Facts, group: str) -> tuple[Cell, ...]:
    survey = facts.fit.survey
    inside = facts.rows(group)
    total, complete = int(inside.sum()), int(survey.complete[inside].sum())
    share = 100 * complete / total if total else float("nan")
    return (
        cells.text(facts.group(group), tone="strong" if group == ALL else ""),
        cells.whole(total),
        cells.whole(complete),
        cells.number(share),
        cells.whole(facts.index(group).n),
    )


def _missing(facts: Facts) -> Table:
    """Missing answers, one column per code where there are few codes."""
    counts = facts.fit.survey.missing
    codes = tuple(dict.fromkeys((m.code, m.label) for m in counts))
    if len(codes) > MOST_CODES:
        return _missing_long(facts)
    total = facts.fit.survey.values.shape[0]
    rows = []
    places = {name: place for place, name in reversed([*enumerate(facts.fit.survey.items)])}
    for indicator in (item.name for item in facts.fit.model.answers):
        place = places[indicator]
        found = {(m.code, m.label): m.count for m in counts if m.indicator == indicator}
        gone = int(np.isnan(facts.fit.survey.values[:, place]).sum())
        rows.append(
            (
                cells.text(facts.indicator(indicator)),
                cells.text(indicator),
                *(cells.whole(found.get(code, 0)) for code in codes),
                cells.whole(gone),
                cells.number(100 * gone / total if total else float("nan")),
            )
        )
    heads = (f">{_code(*code)}" for code in codes)
    return Table(
        "missing-table",
        "Missing answers by indicator and code",
        cells.columns("Indicator", "Name", *heads, ">All missing", ">% of rows"),
        tuple(rows),
    )


def _code(code: str, label: str) -> str:
    """Name a code for a head; the bar would start an explanation."""
    name = words.clean(label or "no label").replace("|", "¦")
    code = words.clean(code).replace("|", "¦")
    return f"{name} ({code})" if code else "blank cell"


def _missing_long(facts: Facts) -> Table:
    rows = tuple(
        (
            cells.text(facts.indicator(m.indicator)),
            cells.text(words.clean(m.column)),
            cells.text(_code(m.code, m.label)),
            cells.whole(m.count),
        )
        for m in facts.fit.survey.missing
    )
    heads = cells.columns("Indicator", "Column", "Code", ">Answers")
    return Table("missing-table", "Missing answers by indicator and code", heads, rows)


def _answers(facts: Facts, group: str) -> tuple[Block, ...]:
    rows = []
    own = {i.name: c.name for c in facts.fit.model.constructs[::-1] for i in c.indicators}
    for item in facts.fit.model.answers:
        found = facts.items.get((group, own[item.name], item.name))
        if found is None:
            continue
        rows.append(
            (
                cells.text(facts.indicator(item.name)),
                cells.text(item.name),
                cells.text(f"{words.number(found.low, 0)}–{words.number(found.high, 0)}"),
                cells.whole(found.n),
                cells.whole(found.missing),
                cells.number(found.mean, 2),
                cells.number(found.sd, 2),
                cells.number(found.score),
            )
        )
    if not rows:
        return ()
    columns = cells.columns(
        "Indicator", "Name", "Scale", ">Answers", ">Missing", ">Mean", ">SD", ">Score, 0–100"
    )
    ident = shown.ident(facts, "items-table", group)
    return (Table(ident, f"Answers by indicator: {facts.group(group)}", columns, tuple(rows)),)
