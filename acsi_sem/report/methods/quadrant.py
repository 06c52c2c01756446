"""The chapter on the four quadrants of importance and satisfaction."""

from __future__ import annotations

import math
from typing import Final

from acsi_sem.kernels.quadrants import MAINTAIN, OPPORTUNITY, REPAIR, STRENGTH
from acsi_sem.methods.quadrant import QUADRANTS
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
    Table,
)
from acsi_sem.report.facts import Estimate
from acsi_sem.report.methods.base import View

CAN: Final = (
    "Which attributes matter and do badly: a simple order of work that managers can read at once."
)
CANNOT: Final = (
    "How much a repair would raise satisfaction, or how attributes act on one another: each is "
    "placed alone, and an attribute near a cut could stand on either side."
)
ORDER: Final = (REPAIR, STRENGTH, OPPORTUNITY, MAINTAIN)
MOST_NAMED: Final = 5
FIRM: Final = 90.0
"""Per cent of replicates in the same quadrant."""
WAYS: Final = {
    "stated": ("Importance, 0–100", "Importance: what respondents say, mean on 0–100."),
    "model": (
        "Importance: points of the target per point",
        "Importance: the model's total effect on its index, points per point of the question.",
    ),
    "correlation": (
        "Importance: correlation with the outcome",
        "Importance: weighted correlation of the question with the outcome.",
    ),
}
CUTS: Final = {
    "mean": "the mean of the attributes",
    "median": "the median of the attributes",
    "midpoint": "50 on 0–100; for importance that is derived, the middle between the lowest and "
    "the highest",
}


def section(view: View) -> Section:
    """Make the chapter: for each group the priorities in words and the map with its table."""
    blocks: list[Block] = view.per_group("Quadrants", lambda g: _blocks(view, g))
    blocks.append(Prose((_rule(view),), "note"))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _rule(view: View) -> str:
    how = WAYS[view.method.importance][1]
    outcome = f" Outcome: {view.label(view.method.outcome)}." if view.method.outcome else ""
    firm = (
        "Same quadrant: the share of resampled surveys in which the attribute stands there too; "
        "below about 90 % its place is not firm."
        if _firm(view)
        else "How firm a place is, is not known here; an attribute whose cross meets a line could "
        "stand on either side."
    )
    return (
        f"{how}{outcome} Performance: mean on 0–100. High: at or above {CUTS[view.method.cuts]}. "
        f"{firm} Total: performance weighted by importance, Σ I·P / (100 Σ I), in per cent "
        "(Martilla & James 1977)."
    )


def _blocks(view: View, group: str) -> tuple[Block, ...]:
    if not view.rows("quadrant", group):
        return ()
    return (Bullets(_priorities(view, group)), _figure(view, group))


def _place(view: View, group: str, name: str) -> int:
    value = view.find("quadrant", group, name).value
    return int(value) if math.isfinite(value) else 0


def _named_place(view: View, place: int) -> str:
    """Return a quadrant's letter and name."""
    letter, key = QUADRANTS[place][0].split()
    return f"{letter} {view.word(key).lower()}"


def _inside(view: View, group: str, place: int) -> list[str]:
    """Return a quadrant's attributes, the most to gain first."""
    own = [n for n in view.subjects("quadrant") if _place(view, group, n) == place]

    def gain(name: str) -> float:
        importance = view.find("importance", group, name).value
        return -importance * (100 - view.find("performance", group, name).value)

    return sorted(own, key=gain)


def _priorities(view: View, group: str) -> tuple[tuple[str, str], ...]:
    made = []
    for place in ORDER:
        name, meaning, action = QUADRANTS[place]
        own = [_named(view, group, one) for one in _inside(view, group, place)]
        told = f"{words.listing(own, MOST_NAMED)}." if own else "no attribute."
        made.append((f"{action} ({name[0]}, {meaning}):", told))
    lost = [n for n in view.subjects("quadrant") if not _place(view, group, n)]
    if lost:
        names = words.listing([f"“{view.label(name)}”" for name in lost], MOST_NAMED)
        made.append(("Without a place:", f"{names}; the table says why."))
    return tuple(made)


def _named(view: View, group: str, name: str) -> str:
    digits = 0 if view.method.importance == "stated" else 2
    importance = words.number(view.find("importance", group, name).value, digits)
    performance = words.number(view.find("performance", group, name).value, 0)
    return f"“{view.label(name)}” (importance {importance}, performance {performance})"


def _limits(value: Estimate) -> tuple[float, float]:
    return value.low, value.high


def _figure(view: View, group: str) -> Figure:
    names = view.subjects("quadrant")
    total = view.find("headline", group)
    points = []
    for name in names:
        one, two = (view.find(key, group, name) for key in ("importance", "performance"))
        family = max(_place(view, group, name) - 1, 0)
        points.append(
            ScatterPoint(view.label(name), one.value, two.value, family, _limits(one), _limits(two))
        )
    stated = view.method.importance == "stated"
    across = (0.0, 100.0) if stated else (-1.0, 1.0)
    wide = view.method.importance == "model"
    cuts = tuple(view.find(f"cut_{key}", group).value for key in ("importance", "performance"))
    drawn = all(map(math.isfinite, cuts))
    chart = ScatterChart(
        tuple(points),
        WAYS[view.method.importance][0],
        "Performance, 0–100",
        (cuts[0], cuts[1]) if drawn else None,
        tuple(_named_place(view, at) for at in (MAINTAIN, STRENGTH, OPPORTUNITY, REPAIR)),  # type: ignore[arg-type]
        tuple(_named_place(view, at) for at in (STRENGTH, REPAIR, OPPORTUNITY, MAINTAIN)),
        None if wide else (across, (0.0, 100.0)),
    )
    lines = f"Dashed lines: {CUTS[view.method.cuts]}" if drawn else "The lines are withheld"
    counts = [view.find("performance", group, name).n for name in names]
    return Figure(
        view.ident("map", group),
        f"{view.group(group)}: {_told(view, group, names)}",
        chart,
        f"Importance and performance of attributes, {view.group(group)}. "
        + " ".join(_named(view, group, name) + "." for name in names),
        f"{view.group(group)}. Crosses: {view.level} intervals. {lines}. "
        f"n = {_between(counts)} answers to an attribute. "
        f"Total satisfaction: {cells.brief(total)}{words.SPACE}%.",
        _table(view, group, names, total),
        open_table=group == view.groups[0],
    )


def _told(view: View, group: str, names: tuple[str, ...]) -> str:
    """Say what to repair first, or why that is not known."""
    if first := _inside(view, group, REPAIR):
        return _repair(view, group, first[0])
    placed = [bool(_place(view, group, name)) for name in names]
    if not any(placed):
        return "places withheld"
    if not all(placed):
        return "not every attribute has a place"
    return "no attribute is high in importance and low in performance"


def _repair(view: View, group: str, name: str) -> str:
    """Name the first attribute to repair, with a doubt where its place is not firm."""
    firm = view.find("stability", group, name).value
    doubt = ", though its place is not firm" if firm < FIRM else ""
    return f"repair first: “{view.label(name)}”{doubt}"


def _between(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return words.count(low) if low == high else f"{words.count(low)} to {words.count(high)}"


def _table(view: View, group: str, names: tuple[str, ...], total: Estimate) -> Table:
    columns = cells.columns(
        "Attribute",
        ">Importance",
        f">{view.level} interval",
        ">Performance",
        f">{view.level} interval",
        "Quadrant",
        ">Answers",
        *([">Same quadrant, %|share of resampled surveys"] if _firm(view) else []),
    )
    notes = [f"Total satisfaction: {cells.brief(total)} %."] if total.known else []
    notes += [f"Total: {total.note}."] if total.note else []
    return Table(
        view.ident("map-table", group),
        f"Importance and performance: {view.group(group)}",
        columns,
        tuple(_cells(view, group, name) for name in names),
        tuple(notes),
    )


def _cells(view: View, group: str, name: str) -> tuple[Cell, ...]:
    importance, performance = (view.find(key, group, name) for key in ("importance", "performance"))
    digits = 1 if view.method.importance == "stated" else 2
    place = view.find("quadrant", group, name)
    at = _place(view, group, name)
    reading = f"{_named_place(view, at)}: {QUADRANTS[at][1]}" if at else place.note
    return (
        cells.text(view.label(name)),
        cells.estimate(importance, digits),
        cells.interval(importance, digits),
        cells.estimate(performance),
        cells.interval(performance),
        cells.text(reading, tone="weak" if place.value == REPAIR else ""),
        cells.whole(performance.n),
        *([cells.estimate(view.find("stability", group, name), 0)] if _firm(view) else []),
    )


def _firm(view: View) -> bool:
    """True when it is known how firm any place is."""
    return any(math.isfinite(row["value"]) for row in view.rows("stability"))
