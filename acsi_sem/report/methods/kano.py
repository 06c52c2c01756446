"""The chapter on Kano's categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Bullets,
    Cell,
    Figure,
    Prose,
    ScatterChart,
    ScatterPoint,
    Section,
    StackChart,
    StackRow,
    Table,
)
from acsi_sem.report.facts import Estimate
from acsi_sem.report.methods.base import View

CAN: Final = (
    "Which features customers take for granted, which they want more of, and which would delight "
    "them: what to secure, to improve, and to add."
)
CANNOT: Final = (
    "How satisfied customers are now, or how well a feature is delivered; answers are about "
    "imagined cases, and categories move with time and between segments."
)
PRIORITIES: Final = (
    ("basic", "First, secure what is taken for granted"),
    ("expected", "Then, do better than others"),
    ("excitement", "Then, delight"),
    ("indifferent", "Spend nothing on"),
    ("reverse", "Do the opposite of"),
    ("questionable", "Ask again about"),
)
CATEGORIES: Final = tuple(category for category, _ in PRIORITIES)
MOST_QUESTIONABLE: Final = 10.0
RULE: Final = (
    "Category: the most frequent one; of equally frequent ones the first of basic, expected, "
    "excitement, indifferent, reverse, questionable. Second rule: where basic, expected and "
    "excitement together exceed the others together, the most frequent of those three, else the "
    "most frequent of the others (Berger et al. 1993). Stability: share of bootstrap replicates "
    "with the same category. Better: share of excitement and expected among the four without "
    "reverse and questionable; Worse: share of expected and basic, with a minus."
)


@dataclass(frozen=True, slots=True)
class Place:
    """A feature in one group."""

    name: str
    label: str
    category: str
    better: Estimate
    worse: Estimate


def section(view: View) -> Section:
    """Make the chapter: priorities, the plane of Better and Worse, shares of categories."""
    blocks: list[Block] = view.per_group("Features", lambda group: _blocks(view, group))
    blocks.append(Prose((RULE,), "note"))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _places(view: View, group: str) -> list[Place]:
    return [
        Place(
            feature.name,
            words.clean(feature.label.get(view.language)),
            view.reading("category", group, feature.name),
            view.find("better", group, feature.name),
            view.find("worse", group, feature.name),
        )
        for feature in view.method.features
    ]


def _blocks(view: View, group: str) -> tuple[Block, ...]:
    places = _places(view, group)
    blocks: list[Block] = []
    if any(place.category for place in places):
        blocks.append(Bullets(_priorities(view, places)))
    blocks += _questionable(view, group, places)
    if any(place.better.known for place in places):
        blocks.append(_plane(view, group, places))
    return (*blocks, _shares(view, group, places))


def _priorities(view: View, places: list[Place]) -> tuple[tuple[str, str], ...]:
    """Say what to do first: basic before expected before excitement."""
    made = []
    for category, lead in PRIORITIES:
        own = sorted((p for p in places if p.category == category), key=_strength)
        if own:
            named = words.listing([f"“{place.label}”" for place in own])
            made.append((f"{lead} ({view.word(category).lower()}):", f"{named}."))
    return tuple(made)


def _strength(place: Place) -> float:
    """Order within a category: what dissatisfies or, for excitement, satisfies most."""
    found = -place.better.value if place.category == "excitement" else place.worse.value
    return found if found == found else 0.0


def _questionable(view: View, group: str, places: list[Place]) -> list[Block]:
    """Tell of pairs that were answered against sense."""
    told = [
        f"“{place.label}” ({words.number(share.value)} %)"
        for place in places
        if (share := view.find("share", group, place.name, "questionable")).value
        > MOST_QUESTIONABLE
    ]
    if not told:
        return []
    named = words.listing(told)
    text = (
        f"More than {MOST_QUESTIONABLE:g} % of the pairs of answers contradict themselves: "
        f"{named}. The questions may have been misunderstood."
    )
    return [Prose((text,))]


def _plane(view: View, group: str, places: list[Place]) -> Figure:
    known = [place for place in places if place.better.known]
    # Kano's four stand first whether or not they occur, so that colours mean the same everywhere.
    families = tuple(
        c for i, c in enumerate(CATEGORIES) if i < 4 or any(p.category == c for p in known)
    )
    points = tuple(
        ScatterPoint(
            place.label,
            -place.worse.value,
            place.better.value,
            families.index(place.category),
            (-place.worse.high, -place.worse.low),
            (place.better.low, place.better.high),
        )
        for place in known
    )
    chart = ScatterChart(
        points,
        "Dissatisfies when missing (Worse, without its sign)",
        "Satisfies when there (Better)",
        (0.5, 0.5),
        (
            view.word("excitement"),
            view.word("expected"),
            view.word("indifferent"),
            view.word("basic"),
        ),
        tuple(map(view.word, families)),
        ((0.0, 1.0), (0.0, 1.0)),
    )
    return Figure(
        view.ident("plane", group),
        _message(view, group, places),
        chart,
        f"Better and Worse of features, {view.group(group)}. "
        + " ".join(
            f"{p.label}: better {words.number(p.better.value, 2)}, worse "
            f"{words.number(p.worse.value, 2)}."
            for p in known
        ),
        f"{view.group(group)}. Up: how far the feature satisfies where it is there. Across: how "
        f"far its absence dissatisfies. Lines through a point: {view.level} intervals. Dashed: "
        "0.5. Marker: the category. Shares of the categories are in the next chart.",
        _table(view, group, places),
        open_table=True,
    )


def _message(view: View, group: str, places: list[Place]) -> str:
    basic = [place for place in places if place.category == "basic"]
    if basic:
        most = min(basic, key=_strength)
        return f"{view.group(group)}, taken for granted: “{most.label}” must be right first"
    named = [place for place in places if place.category in ("expected", "excitement")]
    if not named:
        return f"{view.group(group)}: no feature is basic, expected or exciting"
    most = max(named, key=lambda place: place.better.value)
    return f"{view.group(group)}, satisfies most where it is there: “{most.label}”"


def _table(view: View, group: str, places: list[Place]) -> Table:
    interval = f">{view.level} interval"
    heads = (
        "Feature",
        ">Pairs|respondents who answered both questions",
        "Category",
        ">Stability, %",
        "By the second rule",
        f">{view.word('better')}",
        interval,
        f">{view.word('worse')}",
        interval,
        "Note",
    )
    return Table(
        view.ident("plane-table", group),
        f"Categories, Better and Worse: {view.group(group)}",
        cells.columns(*heads),
        tuple(_row(view, group, place) for place in places),
    )


def _row(view: View, group: str, place: Place) -> tuple[Cell, ...]:
    other = view.reading("category_sum", group, place.name)
    found = view.find("category", group, place.name)
    return (
        cells.text(place.label),
        cells.whole(found.n),
        cells.text(view.word(place.category)),
        cells.estimate(view.find("stability", group, place.name), 0),
        cells.text(view.word(other), tone="" if other == place.category else "weak"),
        cells.estimate(place.better, 2),
        cells.interval(place.better, 2),
        cells.estimate(place.worse, 2),
        cells.interval(place.worse, 2),
        cells.text(found.note or place.better.note),
    )


def _shares(view: View, group: str, places: list[Place]) -> Figure:
    rows = []
    for place in places:
        found = [view.find("share", group, place.name, category) for category in CATEGORIES]
        told = view.word(place.category) if place.category else cells.withheld(found[0])
        rows.append(StackRow(place.label, tuple(one.value / 100 for one in found), told))
    most = max((view.find("category", group, place.name).n for place in places), default=0)
    return Figure(
        view.ident("shares", group),
        f"{view.group(group)}: how respondents judge each feature",
        StackChart(
            tuple(rows),
            tuple(map(view.word, CATEGORIES)),
            "Share of respondents, %",
            ordered=False,
        ),
        f"Shares of the categories by feature, {view.group(group)}.",
        f"{view.group(group)}. Share of respondents by category; at the end the most frequent one. "
        f"n = up to {words.count(most)} pairs of answers.",
        _shares_table(view, group, places),
    )


def _shares_table(view: View, group: str, places: list[Place]) -> Table:
    rows = []
    for place in places:
        for category in CATEGORIES:
            found = view.find("share", group, place.name, category)
            rows.append(
                (
                    cells.text(place.label),
                    cells.text(view.word(category)),
                    cells.whole(found.n),
                    cells.estimate(found),
                    cells.interval(found),
                    cells.text(found.note),
                )
            )
    heads = ("Feature", "Category", ">Pairs", ">Share, %", f">{view.level} interval", "Note")
    caption = f"Shares of the categories: {view.group(group)}"
    return Table(view.ident("shares-table", group), caption, cells.columns(*heads), tuple(rows))
