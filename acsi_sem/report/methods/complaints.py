"""The chapter on complaints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Figure, IntervalChart, Prose, Section, Table
from acsi_sem.report.methods.base import View
from acsi_sem.report.methods.brief import digits_of, dotted, percent

CAN: Final = (
    "How many complain, how many dissatisfied customers stay silent, and how loyal customers are "
    "after a complaint that was handled well or badly."
)
CANNOT: Final = (
    "That handling made the difference: customers whose complaints were handled well may have had "
    "lesser ones. A low rate of complaints is no sign of satisfaction."
)
SILENCE: Final = (
    "No complaint is not satisfaction: low numbers of complaints do not mean high satisfaction "
    "(ISO 9000)."
)
SHARES: Final = (
    ("complaint_rate", "", "Complained"),
    ("dissatisfied", "", "Dissatisfied"),
    ("silent", "of all", "Dissatisfied and silent"),
    ("silent", "of dissatisfied", "Silent among the dissatisfied"),
    ("handling_satisfied", "", "Satisfied with the handling"),
    ("again", "", "Complained again"),
    ("retention", "no complaint", "Loyal without a complaint"),
    ("retention", "complaint", "Loyal after a complaint"),
)
MEANS: Final = (
    ("handling_mean", "", "Satisfaction with the handling, mean, 0–100"),
    ("days", "mean", "Days until settled, mean"),
    ("days", "median", "Days until settled, median"),
    ("loyalty", "no complaint", "Loyalty without a complaint, mean, 0–100"),
    ("loyalty", "well handled", "Loyalty after a well-handled complaint, mean, 0–100"),
    ("loyalty", "badly handled", "Loyalty after a badly handled complaint, mean, 0–100"),
    ("recovery", "well handled", "Well handled less no complaint, points"),
    ("recovery", "badly handled", "Badly handled less no complaint, points"),
)


def section(view: View) -> Section:
    """Make the chapter: the shares, the means, and what silence does not mean."""
    blocks: list[Block] = view.per_group(view.title, lambda group: tuple(_blocks(view, group)))
    blocks.append(Prose((SILENCE, " ".join(_rule(view))), "note"))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _rule(view: View) -> Iterator[str]:
    method = view.method
    if method.satisfaction:
        yield f"Dissatisfied: {method.dissatisfied_up_to:g} or worse."
    if method.handling:
        yield f"Well handled: {method.satisfied_handling_from:g} or better."
    if method.loyalty:
        yield f"Loyal: {method.loyal_from:g} or better."
    yield (
        "Questions on the handling count for those who complained. Differences compare different "
        "customers, not the same ones before and after."
    )


def _blocks(view: View, group: str) -> Iterator[Block]:
    yield _figure(view, group)
    means = _table(view, group, MEANS, "means", "Handling and loyalty after complaints", 0)
    if means.rows:
        yield means


def _made(
    view: View, group: str, lines: tuple[tuple[str, str, str], ...]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield (measure, category, subject, label) of the lines that were computed."""
    for measure, category, label in lines:
        for row in view.rows(measure, group, category=category):
            yield measure, category, str(row["subject"]), label


def _figure(view: View, group: str) -> Figure:
    rows = tuple(
        dotted(label, view.find(measure, group, subject, category))
        for measure, category, subject, label in _made(view, group, SHARES)
    )
    whole = view.find("complaint_rate", group, view.method.complained)
    return Figure(
        view.ident("shares", group),
        _message(view, group),
        IntervalChart(rows, "Share, %"),
        f"Complaints and what goes with them: {view.group(group)}.",
        f"{view.group(group)}. Dot: share. Line: {view.level} interval (Wilson). "
        f"n = {words.count(whole.n)} customers; those behind each share are in the table.",
        _table(view, group, SHARES, "shares-table", "Complaints", 1),
    )


def _message(view: View, group: str) -> str:
    rate = view.find("complaint_rate", group, view.method.complained)
    if not rate.known:
        return f"{view.group(group)}: rate withheld"
    told = f"{view.group(group)}: {percent(rate)} complained"
    silent = view.find("silent", group, view.method.satisfaction or "", "of dissatisfied")
    return f"{told}; {percent(silent)} of the dissatisfied stayed silent" if silent.known else told


def _table(
    view: View,
    group: str,
    lines: tuple[tuple[str, str, str], ...],
    ident: str,
    caption: str,
    digits: int,
) -> Table:
    rows = []
    for measure, category, subject, label in _made(view, group, lines):
        value = view.find(measure, group, subject, category)
        own = digits or (digits_of(value.value) if measure == "days" else 1)
        rows.append(
            (
                cells.text(label),
                cells.whole(value.n),
                cells.estimate(value, own),
                cells.interval(value, own),
                cells.text(value.note),
            )
        )
    heads = ("Measure", ">Respondents", ">Value", f">{view.level} interval", "Note")
    return Table(
        view.ident(ident, group),
        f"{caption}: {view.group(group)}",
        cells.columns(*heads),
        tuple(rows),
        sortable=False,
    )
