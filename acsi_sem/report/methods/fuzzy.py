"""The chapter on fuzzy comprehensive evaluation."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Cell, Details, Figure, Section, Table
from acsi_sem.report.methods import grading
from acsi_sem.report.methods.base import View

CAN: Final = (
    "How far the whole, and each factor, belongs to every grade, from answers that are words "
    "rather than numbers."
)
CANNOT: Final = (
    "Exact scores: the result moves with the weights and with how grades are composed (both ways "
    "are shown); and it tells nothing about causes."
)
WAYS: Final = {
    "product": "a weighted sum (sum of products)",
    "maxmin": "the largest of the smaller ones of weight and membership (max-min), made to sum one",
}
WHOLE: Final = "Whole"


def section(view: View) -> Section:
    """Make the chapter: memberships by factor, then the total by group."""
    blocks: list[Block] = view.per_group("Memberships", lambda group: _blocks(view, group))
    if len(view.groups) > 1:
        whole = view.find("headline", view.groups[0])
        told = words.number(whole.value) if whole.known else "withheld"
        reading = f"Memberships times the values of the grades. Line: {view.level} interval."
        title = f"Score of the evaluation by group; {view.group(view.groups[0])}: {told}"
        blocks.append(grading.totals(view, title, "Score, points", reading))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _parts(view: View) -> list[tuple[str, str]]:
    """Return (subject, name), the whole first."""
    labels = {f.name: words.clean(f.label.get(view.language)) for f in view.method.factors}
    return [("", WHOLE), *labels.items()]


def _blocks(view: View, group: str) -> tuple[Block, ...]:
    limits = grading.shares_table(view, group, "membership", _parts(view), "Factor")
    more = (_both(view, group), limits, _items(view, group))
    return (_figure(view, group), Details("Both compositions, limits and weights", more))


def _score(subject: str) -> str:
    return "score" if subject else "headline"


def _figure(view: View, group: str) -> Figure:
    bars = [
        (subject, name, view.find(_score(subject), group, subject))
        for subject, name in _parts(view)
    ]
    whole = bars[0][2]
    values = ", ".join(f"{value:g}" for value in view.method.grades.values)
    return Figure(
        view.ident("fuzzy", group),
        _message(view, group),
        grading.stack(view, group, "membership", bars, "Membership, %"),
        f"Memberships of the grades by factor, {view.group(group)}.",
        f"{view.group(group)}. Bars: membership of each grade. Numbers: score, the memberships "
        f"times the grades' values ({values}, the best first), with its {view.level} interval. "
        f"Weights and memberships are composed by {WAYS[view.method.operator]}. n = "
        f"{words.count(whole.n)} answers or more to each question.",
        _table(view, group),
        open_table=True,
    )


def _message(view: View, group: str) -> str:
    whole, top = view.find("headline", group), view.find("grade", group)
    if not whole.known:
        return f"{view.group(group)}: no evaluation of the whole"
    grade = words.clean(view.reading("grade", group))
    return (
        f"{view.group(group)}: {words.number(whole.value)} points; most of all “{grade}” "
        f"({words.number(top.value)} %)"
    )


def _table(view: View, group: str) -> Table:
    heads = (
        "Factor",
        ">Weight, %",
        ">Score",
        f">{view.level} interval",
        "Grade of largest membership",
        *grading.share_heads(view, "membership"),
    )
    whole = view.find("headline", group)
    return Table(
        view.ident("fuzzy-table", group),
        f"Memberships and scores: {view.group(group)}",
        cells.columns(*heads),
        tuple(_row(view, group, subject, name) for subject, name in _parts(view)),
        (*grading.consistency(view, dict(_parts(view))), *([whole.note] if whole.note else [])),
        sortable=False,
    )


def _row(view: View, group: str, subject: str, name: str) -> tuple[Cell, ...]:
    found = view.find(_score(subject), group, subject)
    return (
        cells.text(name, tone="" if subject else "strong"),
        grading.weight_cell(view, subject) if subject else cells.number(100),
        cells.estimate(found),
        cells.interval(found),
        cells.text(words.clean(view.reading("grade", group, subject))),
        *grading.shares_row(view, group, "membership", subject),
    )


def _both(view: View, group: str) -> Table:
    """Return the scores by both compositions."""
    rows = []
    for subject, name in _parts(view):
        found = [view.find(f"score_{way}", group, subject) for way in WAYS]
        made = [cell for one in found for cell in (cells.estimate(one), cells.interval(one))]
        rows.append((cells.text(name, tone="" if subject else "strong"), *made))
    interval = f">{view.level} interval"
    heads = ("Factor", ">Weighted sum", interval, ">Max-min", interval)
    caption = f"Scores by both compositions: {view.group(group)}"
    chosen = f"The study chose {WAYS[view.method.operator]}."
    return Table(view.ident("both", group), caption, cells.columns(*heads), tuple(rows), (chosen,))


def _items(view: View, group: str) -> Table:
    """Return the weights of the questions within their factors."""
    names = dict(_parts(view))
    rows = tuple(
        (
            cells.text(names[factor.name]),
            cells.text(view.label(item)),
            grading.weight_cell(view, item, factor.name),
        )
        for factor in view.method.factors
        for item in factor.items
    )
    heads = cells.columns("Factor", "Question", ">Weight, %")
    return Table(view.ident("items", group), "Weights within the factors", heads, rows)
