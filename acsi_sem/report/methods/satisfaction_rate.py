"""The chapter on satisfaction rates."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Figure, IntervalChart, IntervalRow, Section, Table
from acsi_sem.report.methods.base import View

CAN: Final = "How many customers answer at or above a grade: a number everybody understands."
CANNOT: Final = (
    "How satisfied they are above the grade or dissatisfied below it, and why; it moves with where "
    "the grade is set, and small changes around it look large."
)


def section(view: View) -> Section:
    """Make the chapter: one figure of the groups by question, with its table."""
    blocks: list[Block] = [_figure(view, name) for name in view.subjects("satisfied")]
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _figure(view: View, subject: str) -> Figure:
    found = [(group, view.find("satisfied", group, subject)) for group in view.groups]
    whole = found[0][1]
    label = view.label(subject)
    at = list(view.subjects("satisfied")).index(subject)
    chart = IntervalChart(
        tuple(
            IntervalRow(
                view.group(group),
                value.value,
                value.low,
                value.high,
                cells.brief(value) if value.known else cells.withheld(value),
                strong=group == view.groups[0],
            )
            for group, value in found
        ),
        f"{label}: satisfied, %",
        (whole.value, f"{view.group(view.groups[0])} {words.number(whole.value)}")
        if whole.known
        else None,
    )
    told = f"{words.number(whole.value)} % are satisfied" if whole.known else "rate withheld"
    return Figure(
        view.ident(f"rate-{at}"),
        f"{label}: {told}",
        chart,
        f"Share of satisfied respondents by group: {label}.",
        f"Satisfied: an answer of {view.method.satisfied_from:g} or better. Dot: share. Line: "
        f"{view.level} interval (Wilson). n = {words.count(whole.n)} answers.",
        _table(view, subject, at),
    )


def _table(view: View, subject: str, at: int) -> Table:
    rows = []
    for group in view.groups:
        value = view.find("satisfied", group, subject)
        rows.append(
            (
                cells.text(view.group(group)),
                cells.whole(value.n),
                cells.estimate(value),
                cells.interval(value),
                cells.text(value.note),
            )
        )
    heads = (
        "Group",
        ">Answers",
        f">{view.word('satisfied')}, %",
        f">{view.level} interval",
        "Note",
    )
    caption = f"Satisfaction rate: {view.label(subject)}"
    return Table(view.ident(f"rate-table-{at}"), caption, cells.columns(*heads), tuple(rows))
