"""What chapters on graded answers share: bars of grades, totals by group, weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Cell,
    Figure,
    IntervalChart,
    IntervalRow,
    StackChart,
    StackRow,
    Table,
)
from acsi_sem.report.facts import Estimate
from acsi_sem.report.methods.base import View


def grades_of(view: View, measure: str) -> tuple[str, ...]:
    """Return the names of the grades, the best first."""
    return tuple(dict.fromkeys(str(row["category"]) for row in view.rows(measure)))


def stack(
    view: View, group: str, measure: str, parts: Sequence[tuple[str, str, Estimate]], axis: str
) -> StackChart:
    """Make bars of grades, the worst on the left.

    Parameters
    ----------
    view : View
    group, measure : str
        Whose shares, in per cent.
    parts : sequence of (subject, name, score)
        One bar each.
    axis : str
    """
    grades = grades_of(view, measure)[::-1]
    rows = tuple(
        StackRow(
            name,
            tuple(view.find(measure, group, subject, grade).value / 100 for grade in grades),
            cells.brief(score) if score.known else cells.withheld(score),
        )
        for subject, name, score in parts
    )
    return StackChart(rows, tuple(map(words.clean, grades)), axis)


def shares_row(view: View, group: str, measure: str, subject: str) -> tuple[Cell, ...]:
    """Return the shares of the grades in per cent, the best first."""
    return tuple(
        cells.estimate(view.find(measure, group, subject, grade))
        for grade in grades_of(view, measure)
    )


def share_heads(view: View, measure: str) -> tuple[str, ...]:
    """Return the heads of these columns."""
    return tuple(
        f">{words.clean(grade).replace('|', '¦')}, %" for grade in grades_of(view, measure)
    )


def shares_table(
    view: View, group: str, measure: str, parts: Sequence[tuple[str, str]], what: str
) -> Table:
    """Return the limits of every share, one row each."""
    rows = []
    for subject, name in parts:
        for grade in grades_of(view, measure):
            found = view.find(measure, group, subject, grade)
            rows.append(
                (
                    cells.text(name),
                    cells.text(words.clean(grade)),
                    cells.whole(found.n),
                    cells.estimate(found),
                    cells.interval(found),
                    cells.text(found.note),
                )
            )
    heads = (what, "Grade", ">Answers", ">Share, %", f">{view.level} interval", "Note")
    caption = f"Shares of the grades with their limits: {view.group(group)}"
    return Table(view.ident("limits", group), caption, cells.columns(*heads), tuple(rows))


def totals(view: View, title: str, axis: str, reading: str) -> Figure:
    """Make the figure of the headline by group."""
    found = [(group, view.find("headline", group)) for group in view.groups]
    whole = found[0][1]
    values = view.method.grades.values
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
        axis,
        (whole.value, f"{view.group(view.groups[0])} {words.number(whole.value)}")
        if whole.known
        else None,
        (min(values), max(values)),
    )
    heads = (
        "Group",
        ">Answers|fewest to any of its questions",
        f">{axis}",
        f">{view.level} interval",
        "Note",
    )
    rows = tuple(
        (
            cells.text(view.group(group)),
            cells.whole(value.n),
            cells.estimate(value),
            cells.interval(value),
            cells.text(value.note),
        )
        for group, value in found
    )
    table = Table(view.ident("totals-table"), f"{axis} by group", cells.columns(*heads), rows)
    return Figure(view.ident("totals"), title, chart, f"{axis} by group.", reading, table)


def weight_cell(view: View, name: str, within: str = "") -> Cell:
    """Return the weight of a part in per cent."""
    return cells.estimate(view.find("weight", "", name, within))


def consistency(view: View, names: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Say how consistent pairwise judgements are, where weights come from them."""
    told = []
    for subject in view.subjects("consistency_ratio"):
        ratio = words.number(view.find("consistency_ratio", "", subject).value, 3)
        within = f" within “{(names or {}).get(subject, subject)}”" if subject else ""
        told.append(
            f"Weights{within} are from pairwise comparisons (analytic hierarchy process): "
            f"consistency ratio {ratio}, which must stay below 0.1."
        )
    return tuple(told)
