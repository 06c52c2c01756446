"""Impact across, score up: which driver to look at first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.charts.scale import Scale, make_scale
from acsi_sem.report.content import DriverChart, DriverPoint, MapChart
from acsi_sem.report.shapes import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    RULE,
    Anchor,
    Box,
    Dot,
    Drawing,
    Label,
    Line,
    Shape,
)

SMALL: Final = 11.5
PHONE: Final = 500.0
TEXT: Final = 1000.0
"""What a place costs for each text that it would cover."""
CORNERS: Final = (
    "High impact, high score",
    "High impact, low score",
    "Low impact, high score",
    "Low impact, low score",
)


def draw_drivers(chart: DriverChart, width: float) -> Drawing:
    """Place the drivers by impact and score in `width` px."""
    phone = width < PHONE
    height = 340.0 if phone else 420.0
    left, right, top, bottom = 44.0, width - 16, 30.0, height - 50
    impacts = [v for p in chart.points for v in p.impact]
    scores = [v for p in chart.points for v in p.score]
    across = make_scale([0.0, *impacts], (left, right), (-25.0, 25.0), 5 if phone else 8)
    up = make_scale(padded(scores), (bottom, top), (0.0, 100.0), 6)
    base = [
        *draw_grid(chart, across, up, phone),
        *draw_corners(chart, across, up),
        *(shape for point in chart.points for shape in _point(point, across, up)),
    ]
    names = _names(chart, across, up, [s.box for s in base if isinstance(s, Label)], phone)
    return Drawing(width, height, (*base, *names))


def padded(scores: list[float]) -> list[float]:
    """Return the ends of the scores' range, with room around them, on 0-100."""
    known = [score for score in scores if math.isfinite(score)]
    pad = 0.15 * (max(known) - min(known)) + 1
    return [max(0.0, min(known) - pad), min(100.0, max(known) + pad)]


def draw_grid(
    chart: DriverChart | MapChart, across: Scale, up: Scale, phone: bool
) -> Iterator[Shape]:
    """Draw ticks, the lines at the means, and the corner of high impact and low score."""
    left, right, bottom, top = across.start, across.end, up.start, up.end
    strong, room = across(chart.means[0]), up(chart.means[1])
    yield Box(strong, room, right - strong, bottom - room, FAINT)
    for tick in across.ticks:
        yield Line((across(tick), top), (across(tick), bottom), RULE)
        told = words.number(tick, across.digits)
        yield Label((across(tick), bottom + 17), told, SMALL, MUTED, "middle")
    for tick in up.ticks:
        yield Line((left, up(tick)), (right, up(tick)), RULE)
        yield Label((left - 7, up(tick) + 4), words.number(tick, up.digits), SMALL, MUTED, "end")
    yield Line((strong, top), (strong, bottom), MUTED, 1.2, (4, 3))
    yield Line((left, room), (right, room), MUTED, 1.2, (4, 3))
    across_name = words.shorten(chart.across, 10.5 if phone else SMALL, right)
    size = 10.5 if phone else SMALL
    yield Label((right, bottom + 38), across_name, size, MUTED, "end")
    yield Label((8, top - 14), chart.up, SMALL, MUTED)


def draw_corners(
    chart: DriverChart | MapChart, across: Scale, up: Scale, names: tuple[str, ...] = CORNERS
) -> Iterator[Shape]:
    """Name the quarters, where they are wide enough."""
    strong = across(chart.means[0])
    high, low = up.end + 16, up.start - 9
    spots: tuple[tuple[float, float, Anchor, float], ...] = (
        (across.end - 7, high, "end", across.end - strong),
        (across.end - 7, low, "end", across.end - strong),
        (across.start + 7, high, "start", strong - across.start),
        (across.start + 7, low, "start", strong - across.start),
    )
    for name, (x, y, anchor, room) in zip(names, spots, strict=True):
        if words.width(name, 11.5) < room - 10:
            yield Label((x, y), name, 11.5, MUTED, anchor)


def _point(point: DriverPoint, across: Scale, up: Scale) -> Iterator[Shape]:
    x, y = across(point.impact[0]), up(point.score[0])
    _, low, high = point.impact
    if math.isfinite(low) and math.isfinite(high):
        yield Line((across(low), y), (across(high), y), BLUE, 2)
    _, low, high = point.score
    if math.isfinite(low) and math.isfinite(high):
        yield Line((x, up(low)), (x, up(high)), BLUE, 2)
    yield Dot((x, y), 6, BLUE)


def _names(
    chart: DriverChart, across: Scale, up: Scale, texts: list[Box], phone: bool
) -> Iterator[Shape]:
    """Put each name where it covers no text, and least else: dots, their bars, the edge."""
    size = 12.0 if phone else 13.0
    spots = [(across(p.impact[0]), up(p.score[0])) for p in chart.points]
    marks = [Box(x - 8, y - 8, 16, 16) for x, y in spots] + _bars(chart, across, up)
    for point, (x, y) in zip(chart.points, spots, strict=True):
        room = across.end - across.start
        name = words.shorten(point.label, size, room * 0.75)
        options = [
            Label((x + dx, y + dy), name, size, INK, anchor, bold=True, halo=True)
            for dx, dy, anchor in _OFFSETS
        ]
        best = min(options, key=lambda option: _cost(option, texts, marks, across, up))
        if _cost(best, texts, marks, across, up) >= TEXT:  # crowded out: farther, with a line
            farther = _farther(options[0], (x, y), across, up)
            best = min(farther, key=lambda option: _far_cost(option, (x, y), texts, marks))
            yield Line((x, y), _nearest(best.box, (x, y)), MUTED, 0.8)
        texts = [*texts, best.box]
        yield best


def _farther(label: Label, spot: tuple[float, float], across: Scale, up: Scale) -> Iterator[Label]:
    """Yield a name on every line of the plane: at its left, right, and as near as that goes."""
    wide = label.box.width + 4
    low, high = across.start + 4, across.end - wide
    lines = int((up.start - up.end - 8) // (label.size + 4))
    for line in range(1, lines + 1):
        y = up.end + line * (label.size + 4)
        for x in (low, high, *(min(max(spot[0] + dx, low), high) for dx in (12, -wide / 2, -wide))):
            yield replace(label, at=(x, y), anchor="start")


def _far_cost(
    option: Label, spot: tuple[float, float], texts: list[Box], marks: list[Box]
) -> float:
    """Weigh a place away from its dot: no text, few marks, near."""
    x, y = _nearest(option.box, spot)
    covered = sum(option.box.meets(other) for other in marks)
    on_text = sum(option.box.meets(other) for other in texts)
    return TEXT * on_text + 30 * covered + math.hypot(x - spot[0], y - spot[1])


def _nearest(box: Box, spot: tuple[float, float]) -> tuple[float, float]:
    """Return the point of a box that is nearest to a spot."""
    x = min(max(spot[0], box.left), box.left + box.width)
    return x, min(max(spot[1], box.top), box.top + box.height)


_OFFSETS: Final[tuple[tuple[float, float, Anchor], ...]] = (
    (12, -8, "start"),
    (-12, -8, "end"),
    (12, 18, "start"),
    (-12, 18, "end"),
    (0, -16, "middle"),
    (0, 26, "middle"),
    (12, -26, "start"),
    (-12, -26, "end"),
    (12, 36, "start"),
    (-12, 36, "end"),
)


def _bars(chart: DriverChart, across: Scale, up: Scale) -> list[Box]:
    made = []
    for point in chart.points:
        x, y = across(point.impact[0]), up(point.score[0])
        if math.isfinite(point.impact[1]) and math.isfinite(point.impact[2]):
            low, high = across(point.impact[1]), across(point.impact[2])
            made.append(Box(low, y - 2, high - low, 4))
        if math.isfinite(point.score[1]) and math.isfinite(point.score[2]):
            low, high = up(point.score[2]), up(point.score[1])
            made.append(Box(x - 2, low, 4, high - low))
    return made


def _cost(label: Label, texts: list[Box], marks: list[Box], across: Scale, up: Scale) -> float:
    box = label.box
    outside = max(0.0, across.start + 2 - box.left) + max(0.0, box.left + box.width - across.end)
    outside += max(0.0, up.end - box.top) + max(0.0, box.top + box.height - up.start)
    covered = sum(box.meets(other) for other in marks)
    return TEXT * sum(box.meets(other) for other in texts) + 100 * outside + 10 * covered
