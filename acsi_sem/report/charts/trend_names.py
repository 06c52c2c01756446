"""The names of a trend chart's lines: at their ends, or above the plane on a phone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from acsi_sem.report import words
from acsi_sem.report.charts.trend_axes import PITCH, SMALL, Plane, latest
from acsi_sem.report.charts.trend_data import TrendSeries, place
from acsi_sem.report.shapes import GREY, MUTED, Label, Line, Shape


def draw_names(plane: Plane) -> Iterator[Shape]:
    """Name every line; the grey ones together where there are too many, or on a phone."""
    if plane.phone:
        yield from _above(plane)
        return
    strong = [one for one in plane.series if one.strong]
    weak = [one for one in plane.series if not one.strong]
    room = math.floor((plane.up.start - plane.up.end) / PITCH)
    if len(strong) + len(weak) <= room:
        yield from _beside(plane, [*weak, *strong])
        return
    yield Label((plane.width - 8, 14), _others(len(weak)), SMALL, MUTED, "end")
    yield from _beside(plane, strong[:room])


def _others(count: int) -> str:
    return f"grey: {words.plural(count, 'other')}, named in the table"


def _above(plane: Plane) -> Iterator[Shape]:
    """Put a key above the plane, one line each."""
    strong = [one for one in plane.series if one.strong]
    entries = [(plane.told(one), plane.colour(one)) for one in strong]
    others = len(plane.series) - len(strong)
    entries += [(_others(others), GREY)] if others else []
    y = 34.0
    for text, colour in entries:
        yield Line((8, y - 4), (24, y - 4), colour, 2.2)
        yield Label((30, y), words.shorten(text, SMALL, plane.width - 38), SMALL)
        y += 18


def _beside(plane: Plane, series: Sequence[TrendSeries]) -> Iterator[Shape]:
    """Put names in a column at the right, as near to their lines' ends as they have room."""
    x = plane.across.end + 14
    ends = [(one, end) for one in series if (end := _end(plane, one)) is not None]
    ends.sort(key=lambda item: item[1][1])
    heights = _apart([y for _, (_, y) in ends], plane.up.end, plane.up.start)
    last = plane.across(latest(plane.series))
    for (one, (stop, y)), height in zip(ends, heights, strict=True):
        if last - stop < 1 and abs(height - y) > 3:
            yield Line((stop + 6, y), (x - 3, height), GREY, 0.8)
        colour = plane.colour(one) if one.strong else MUTED
        text = words.shorten(plane.told(one), SMALL, (plane.width - x - 4) / 1.06)
        yield Label((x, height + 4), text, SMALL, colour, bold=one.strong)


def _end(plane: Plane, series: TrendSeries) -> tuple[float, float] | None:
    known = [point for point in series.line if math.isfinite(point.value)]
    return (plane.across(place(known[-1].period)), plane.up(known[-1].value)) if known else None


def _apart(heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Move heights, sorted, as little as a line's pitch between them and the plane allow.

    Least squares: heights less their place times the pitch must not fall, so runs that would are
    put at their mean (pool adjacent violators).
    """
    pools: list[tuple[float, int]] = []
    for number, height in enumerate(heights):
        mean, count = height - number * PITCH, 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean = (before * many + mean * count) / (many + count)
            count += many
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    most = max(bottom - (len(heights) - 1) * PITCH, top)
    return [min(max(mean, top), most) + number * PITCH for number, mean in enumerate(flat)]
