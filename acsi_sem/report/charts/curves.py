"""Lines on common axes: named at their ends, with marked points that carry the message."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.report import words
from acsi_sem.report.charts.scale import Scale, make_scale
from acsi_sem.report.content import Curve, CurveChart
from acsi_sem.report.shapes import (
    BLUE,
    INK,
    MUTED,
    RULE,
    VERMILLION,
    Anchor,
    Box,
    Dot,
    Drawing,
    Label,
    Line,
    Shape,
)

SIZE: Final = 12.0
SMALL: Final = 11.5
PHONE: Final = 500.0
PIECE: Final = 6.0
"""px between the points of a line that a name is kept clear of."""
EVERY: Final = 8
"""A line's name is tried beside every so many of them."""
Spot = tuple[float, float]
Spots = NDArray[np.float64]
NONE: Final[Spots] = np.zeros((0, 2))


def draw_curves(chart: CurveChart, width: float) -> Drawing:
    """Place lines, their names and the marked points in `width` px."""
    phone = width < PHONE
    height = 330.0 if phone else 420.0
    known = [
        (x, y)
        for curve in chart.curves
        for x, y in zip(curve.x, curve.y, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    ]
    (low, high), (bottom, top) = chart.bounds
    ends = (44.0 if phone else 52.0, width - 18)
    across = make_scale([low, high, *(x for x, _ in known)], ends, (low, high), 5 if phone else 8)
    up = make_scale([bottom, top, *(y for _, y in known)], (height - 50, 32.0), (bottom, top), 6)
    base = [*_grid(chart, across, up), *(s for c in chart.curves for s in _line(c, across, up))]
    marks = [
        (across(x), up(y), text)
        for x, y, text in chart.marks
        if math.isfinite(x) and math.isfinite(y)
    ]
    dots = [Dot((x, y), 5.5, VERMILLION) for x, y, _ in marks]
    return Drawing(width, height, (*base, *dots, *_names(chart, marks, across, up, base)))


def _grid(chart: CurveChart, across: Scale, up: Scale) -> Iterator[Shape]:
    left, right, bottom, top = across.start, across.end, up.start, up.end
    for tick in across.ticks:
        yield Line((across(tick), top), (across(tick), bottom), RULE)
        told = words.number(tick, across.digits)
        yield Label((across(tick), bottom + 17), told, SMALL, MUTED, "middle")
    for tick in up.ticks:
        yield Line((left, up(tick)), (right, up(tick)), RULE)
        told = words.shorten(words.number(tick, up.digits), SMALL, left - 9)
        yield Label((left - 7, up(tick) + 4), told, SMALL, MUTED, "end")
    name = words.shorten(chart.across, SMALL, right - 8)
    yield Label((right, bottom + 38), name, SMALL, MUTED, "end")
    yield Label((8, top - 14), words.shorten(chart.up, SMALL, right - 8), SMALL, MUTED)


def _spots(curve: Curve, across: Scale, up: Scale) -> list[Spot | None]:
    """Return a line's points in px, None where one is unknown."""
    return [
        (across(x), up(y)) if math.isfinite(x) and math.isfinite(y) else None
        for x, y in zip(curve.x, curve.y, strict=True)
    ]


def _line(curve: Curve, across: Scale, up: Scale) -> Iterator[Shape]:
    colour = BLUE if curve.strong else MUTED
    dash = (5.0, 4.0) if curve.dashed else ()
    for start, end in itertools.pairwise(_spots(curve, across, up)):
        if start and end:
            yield Line(start, end, colour, 2.6 if curve.strong else 1.4, dash)


def _names(
    chart: CurveChart,
    marks: list[tuple[float, float, str]],
    across: Scale,
    up: Scale,
    base: list[Shape],
) -> Iterator[Label]:
    """Name the marks first, then the lines, each where it covers least."""
    taken = [shape.box for shape in base if isinstance(shape, Label)]
    taken += [Box(x - 7, y - 7, 14, 14) for x, y, _ in marks]
    lines = [_spots(curve, across, up) for curve in chart.curves]
    # A name may sooner cross a broken line than a full one.
    crossed = _array(
        spot
        for curve, line in zip(chart.curves, lines, strict=True)
        for spot in list(_between(line))[:: 2 if curve.dashed else 1]
    )
    for x, y, text in marks:
        best = _best(_around((x, y), text, across, bold=True), taken, crossed, (across, up))
        taken.append(best.box)
        yield best
    for curve, line in zip(chart.curves, lines, strict=True):
        ends = [spot for spot in line if spot]
        if not (ends and curve.label):
            continue
        # From the end backwards: a line's end may be taken by that of another.
        own = list(_between(line)) or ends
        others = _array(s for other in lines if other is not line for s in _between(other))
        options = (
            o for spot in own[::-EVERY] for o in _around(spot, curve.label, across, curve.strong)
        )
        best = _best(options, taken, crossed, (across, up), (_array(own), others))
        taken.append(best.box)
        yield best


def _between(line: Iterable[Spot | None]) -> Iterator[Spot]:
    """Yield points along a line, close enough that none slips through a name."""
    for start, end in itertools.pairwise(line):
        if start and end:
            steps = max(1, int(math.dist(start, end) / PIECE))
            for step in range(steps + 1):
                share = step / steps
                yield (
                    start[0] + share * (end[0] - start[0]),
                    start[1] + share * (end[1] - start[1]),
                )


_OFFSETS: Final[tuple[tuple[float, float, Anchor], ...]] = (
    (12, 18, "start"),
    (-12, -9, "end"),
    (12, -9, "start"),
    (-12, 18, "end"),
    (14, 5, "start"),
    (0, 24, "middle"),
    (0, -14, "middle"),
    (14, 34, "start"),
    (-14, -26, "end"),
    (14, 52, "start"),
    (-14, 52, "end"),
    (14, 72, "start"),
)


def _around(spot: Spot, text: str, across: Scale, bold: bool) -> Iterator[tuple[Label, float]]:
    """Yield places for a name, each with its distance from the spot."""
    told = words.shorten(text, SIZE * 1.06, (across.end - across.start) * 0.8)
    for dx, dy, anchor in _OFFSETS:
        at = (spot[0] + dx, spot[1] + dy)
        name = Label(at, told, SIZE, INK if bold else MUTED, anchor, bold, halo=True)
        yield name, math.hypot(dx, dy)


def _best(
    options: Iterable[tuple[Label, float]],
    taken: list[Box],
    crossed: Spots,
    scales: tuple[Scale, Scale],
    lines: tuple[Spots, Spots] = (NONE, NONE),
) -> Label:
    """Return the option that covers least, and, for a line's name, is nearest to its own line."""
    rated = (
        (_cost(option, taken, crossed, scales) + _mistaken(option, *lines) + away, place, option)
        for place, (option, away) in enumerate(options)
    )
    return _held(min(rated, key=lambda one: one[:2])[2], scales)


def _mistaken(label: Label, own: Spots, others: Spots) -> float:
    """Return the cost of a name that could be read as that of another line."""
    if not (own.size and others.size):
        return 0.0
    box = label.box
    middle = (box.left + box.width / 2, box.top + box.height / 2)
    near, other = (float(np.hypot(*(spots - middle).T).min()) for spots in (own, others))
    return 50.0 if other < 1.5 * near else 0.0


def _cost(label: Label, taken: list[Box], crossed: Spots, scales: tuple[Scale, Scale]) -> float:
    box, (across, up) = label.box, scales
    outside = max(0.0, across.start + 2 - box.left) + max(0.0, box.left + box.width - across.end)
    outside += max(0.0, up.end - box.top) + max(0.0, box.top + box.height - up.start)
    covered = sum(box.meets(other) for other in taken)
    return 1000 * covered + 100 * outside + 10 * _covered(box, crossed)


def _covered(box: Box, spots: Spots, rim: float = 2.0) -> int:
    """Count the spots on a box and its rim, as `Box.covers` does one by one."""
    x, y = spots.T
    beside = (x > box.left - rim) & (x < box.left + box.width + rim)
    return int((beside & (y > box.top - rim) & (y < box.top + box.height + rim)).sum())


def _array(spots: Iterable[Spot]) -> Spots:
    """Return spots as an array, shape (n, 2)."""
    return np.array(list(spots), dtype=float).reshape(-1, 2)


def _held(label: Label, scales: tuple[Scale, Scale]) -> Label:
    """Move a name that fits nowhere to the inside of the plane."""
    box, (across, _) = label.box, scales
    shift = max(0.0, across.start - box.left) - max(0.0, box.left + box.width - across.end)
    at = (label.at[0] + shift, label.at[1])
    return Label(at, label.text, label.size, label.colour, label.anchor, label.bold, label.halo)
