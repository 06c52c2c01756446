"""The chapter on rating forms."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Details, Figure, Section, Table
from acsi_sem.report.methods import grading
from acsi_sem.report.methods.base import View

CAN: Final = "How each question is graded, and one total that anybody can recompute by hand."
CANNOT: Final = (
    "Why customers are satisfied, or what a question does to loyalty: each stands alone, and the "
    "points of the grades and the weights are set, not found."
)


def section(view: View) -> Section:
    """Make the chapter: grades by question, then the total by group."""
    blocks: list[Block] = view.per_group("Grades by question", lambda group: _blocks(view, group))
    if len(view.groups) > 1:
        whole = view.find("headline", view.groups[0])
        told = words.number(whole.value) if whole.known else "withheld"
        reading = f"Weighted mean of the questions' points. Line: {view.level} interval."
        title = f"Total of the form by group; {view.group(view.groups[0])}: {told}"
        blocks.append(grading.totals(view, title, "Total, points", reading))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _blocks(view: View, group: str) -> tuple[Block, ...]:
    parts = [(item, view.label(item)) for item in view.method.items]
    limits = grading.shares_table(view, group, "share", parts, "Question")
    return (_figure(view, group), Details("Limits of every share", (limits,)))


def _figure(view: View, group: str) -> Figure:
    scores = [
        (item, view.label(item), view.find("score", group, item)) for item in view.method.items
    ]
    total = view.find("headline", group)
    points = ", ".join(
        f"{words.clean(grade)} {value:g}"
        for grade, value in zip(
            grading.grades_of(view, "share"), view.method.grades.values, strict=True
        )
    )
    return Figure(
        view.ident("form", group),
        _message(view, group),
        grading.stack(view, group, "share", scores, "Share of answers, %"),
        f"Shares of the grades by question, {view.group(group)}.",
        f"{view.group(group)}. Bars: shares of the grades among those who answered the question. "
        f"Numbers: points, with their {view.level} interval; {points}. n = "
        f"{words.count(total.n)} answers or more to each question.",
        _table(view, group),
        open_table=True,
    )


def _message(view: View, group: str) -> str:
    total = view.find("headline", group)
    known = [
        (score.value, view.label(item))
        for item in view.method.items
        if (score := view.find("score", group, item)).known
    ]
    if not total.known:
        return f"{view.group(group)}: no total of the form"
    told = f"{view.group(group)}: {words.number(total.value)} points"
    if len(known) < 2:
        return told
    return f"{told}; lowest of the questions: {min(known)[1]}, {words.number(min(known)[0])}"


def _table(view: View, group: str) -> Table:
    rows = [
        (
            cells.text(view.label(item)),
            grading.weight_cell(view, item),
            cells.whole((score := view.find("score", group, item)).n),
            cells.estimate(score),
            cells.interval(score),
            *grading.shares_row(view, group, "share", item),
        )
        for item in view.method.items
    ]
    total = view.find("headline", group)
    blanks = (cells.text(""),) * len(view.method.grades.values)
    rows.append(
        (
            cells.text("Total", tone="strong"),
            cells.number(100),
            cells.whole(total.n),
            cells.estimate(total),
            cells.interval(total),
            *blanks,
        )
    )
    heads = (
        "Question",
        ">Weight, %",
        ">Answers",
        ">Points",
        f">{view.level} interval",
        *grading.share_heads(view, "share"),
    )
    return Table(
        view.ident("form-table", group),
        f"Points and grades: {view.group(group)}",
        cells.columns(*heads),
        tuple(rows),
        (*grading.consistency(view), *([total.note] if total.note else [])),
        sortable=False,
    )
