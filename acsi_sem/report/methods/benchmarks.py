"""The chapter on benchmarks: against the industry, the best, and last time."""

from __future__ import annotations

import math
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Cell,
    Figure,
    IntervalChart,
    IntervalRow,
    Prose,
    ScatterChart,
    ScatterPoint,
    Section,
    Table,
)
from acsi_sem.report.methods.base import View

CAN: Final = (
    "Who is above or below its industry, how far the best is ahead, and who has moved since last "
    "time, with tests that know how many comparisons were made."
)
CANNOT: Final = (
    "Why: groups differ in customers and offers, not only in how well they serve them. A best that "
    "is not told apart from the next may be so by chance; with few groups a correlation across "
    "them says little."
)
MOST_POINTS: Final = 40
LEVELS: Final = {
    "industry": ("Industry mean", "Index against the mean of the industry"),
    "best": ("Best", "Index against the best of the industry"),
    "previous": ("Last period", "Index against last period"),
}
MEASURES: Final = {"industry": "industry_mean", "best": "best", "previous": "previous"}


def section(view: View) -> Section:
    """Make the chapter: the distance to the industry's mean, the dashboard, correlations."""
    groups = [group for group in view.groups if view.rows("index", group)]
    blocks: list[Block] = [_figure(view, groups)]
    several = _several(view, groups)
    blocks += [
        _table(view, _ordered(view, groups), several, key)
        for key in ("best", "previous")
        if view.rows(f"versus_{key}")
    ]
    blocks += [_scatter(view, name, groups) for name in view.subjects("correlation")]
    blocks.append(Prose((_rule(view),), "note"))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _rule(view: View) -> str:
    mean = "every group counts the same" if view.method.average == "groups" else "by survey weights"
    return (
        f"Industry mean: {mean}, the group itself included, which its test knows. Groups are taken "
        "as independent samples. “Above” and “below”: beyond chance after Holm’s adjustment, over "
        "the groups of an industry against its mean, over all pairs of its groups against the best "
        "(which is known only after looking), over all groups against last time. Intervals are not "
        "adjusted. A withheld group is in no mean and is nobody’s best; an industry that withholds "
        "a single group, or groups of too few respondents together, shows no mean."
    )


def _ordered(view: View, groups: list[str]) -> list[str]:
    """Return groups by industry, the best first; those without an index last."""
    industries = list(dict.fromkeys(_industry(view, group) for group in groups))

    def key(group: str) -> tuple[int, float]:
        value = view.find("index", group).value
        return industries.index(_industry(view, group)), -value if math.isfinite(value) else 1e9

    return sorted(groups, key=key)


def _industry(view: View, group: str) -> str:
    """Return a group's industry; the rows of withheld groups do not tell it."""
    found = view.reading("industry_mean", group) or view.reading("index", group)
    named = dict(view.method.industries)
    own = (name for name, groups in named.items() if group in groups)
    return words.clean(found or next(own, ""))


def _several(view: View, groups: list[str]) -> bool:
    return len({_industry(view, group) for group in groups} - {""}) > 1


def _figure(view: View, groups: list[str]) -> Figure:
    ordered = _ordered(view, groups)
    several = _several(view, groups)
    rows, before = [], ""
    room = max(90.0, *(words.width(view.group(group), 13) for group in groups))
    for group in ordered:
        value, industry = view.find("versus_industry", group), _industry(view, group)
        told = cells.brief(value) if value.known else cells.withheld(value)
        heading = words.shorten(industry, 14, room) if several and industry != before else ""
        before = industry
        label = view.group(group)
        rows.append(IntervalRow(label, value.value, value.low, value.high, told, heading=heading))
    chart = IntervalChart(
        tuple(rows),
        "Index less the industry's mean, points",
        (0.0, "industry mean"),
        (-100.0, 100.0),
    )
    counts = [view.find("index", group).n for group in groups]
    return Figure(
        view.ident("industry"),
        _message(view, groups),
        chart,
        "Difference of every group's index from the mean of its industry.",
        f"Dot: difference. Line: {view.level} interval. n = {_between(counts)} respondents in a "
        "group.",
        _table(view, ordered, several, "industry"),
        open_table=True,
    )


def _message(view: View, groups: list[str]) -> str:
    said = [view.reading("versus_industry", group) for group in groups]
    above, below = (
        [view.group(g) for g, told in zip(groups, said, strict=True) if told == side]
        for side in ("above", "below")
    )
    if not any(said):
        return "Groups against their industry’s mean, not tested"
    if not above and not below:
        return "No group is told apart from its industry’s mean"
    parts = [
        f"{side} the industry’s mean: {words.listing(names, 3)}"
        for side, names in (("above", above), ("below", below))
        if names
    ]
    told = "; ".join(parts)
    return told[0].upper() + told[1:]


def _between(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return words.count(low) if low == high else f"{words.count(low)} to {words.count(high)}"


def _table(view: View, groups: list[str], several: bool, key: str) -> Table:
    name, caption = LEVELS[key]
    columns = cells.columns(
        "Group",
        *(["Industry"] if several else []),
        ">Respondents",
        ">Index",
        *([f">{view.level} interval"] if key == "industry" else []),
        f">{name}",
        ">Difference",
        f">{view.level} interval",
        ">p|adjusted by Holm’s method",
        "Reading",
    )
    return Table(
        view.ident(f"{key}-table"),
        caption,
        columns,
        tuple(_row(view, group, several, key) for group in groups),
    )


def _row(view: View, group: str, several: bool, key: str) -> tuple[Cell, ...]:
    index = view.find("index", group)
    return (
        cells.text(view.group(group)),
        *([cells.text(_industry(view, group))] if several else []),
        cells.whole(index.n),
        cells.estimate(index),
        *([cells.interval(index)] if key == "industry" else []),
        *_against(view, group, MEASURES[key], key),
    )


def _against(view: View, group: str, level: str, key: str) -> tuple[Cell, ...]:
    benchmark, difference = view.find(level, group), view.find(f"versus_{key}", group)
    p = view.find(f"p_{key}", group)
    reason = p.note or difference.note or cells.NO_NUMBER
    reading = view.reading(f"versus_{key}", group) or difference.note
    value = cells.estimate(benchmark)
    if level == "best" and benchmark.known:
        leader = view.group(view.reading("best", group))
        value = Cell(f"{words.number(benchmark.value)} ({leader})", value.sort)
    return (
        value,
        cells.estimate(difference),
        cells.interval(difference),
        Cell(words.p_value(p.value), round(p.value, 9))
        if p.known
        else Cell(words.DASH, "", reason),
        cells.text(reading),
    )


def _scatter(view: View, name: str, groups: list[str]) -> Figure:
    found = [(g, view.find("index", g), view.find("mean", g, name)) for g in groups]
    known = [one for one in found if one[1].known and one[2].known]
    points = [ScatterPoint(view.group(g), mean.value, index.value) for g, index, mean in known]
    whole = view.find("correlation", "", name)
    at = list(view.subjects("correlation")).index(name)
    label = view.label(name)
    told = (
        f"correlation across groups {cells.brief(whole, 2)}"
        if whole.known
        else f"no correlation, {whole.note}"
    )
    left = len(found) - len(known) + max(0, len(points) - MOST_POINTS)
    more = f" Not drawn: {words.plural(left, 'group')}, in the table." if left else ""
    return Figure(
        view.ident(f"correlate-{at}"),
        f"Index and “{label}”: {told}",
        ScatterChart(tuple(points[:MOST_POINTS]), f"Mean: {label}", "Index"),
        f"Index and mean of {label} by group.",
        f"A point is a group. Correlation weighted by survey weights, with {view.level} limits for "
        f"the number of groups that count. n = {words.plural(whole.n, 'group')}.{more}",
        Table(
            view.ident(f"correlate-table-{at}"),
            f"Index and {label}",
            cells.columns("Group", ">Answers", ">Index", ">Mean"),
            tuple(
                (
                    cells.text(view.group(group)),
                    cells.whole(mean.n),
                    cells.estimate(index),
                    cells.estimate(mean, 2),
                )
                for group, index, mean in found
            ),
        ),
    )
