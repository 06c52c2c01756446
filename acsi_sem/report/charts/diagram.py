"""The path diagram: boxes with index and R², arrows whose weight is the coefficient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.charts.places import Places, place_nodes
from acsi_sem.report.content import Edge, Node, PathChart
from acsi_sem.report.shapes import (
    BLUE,
    GREY,
    INK,
    MUTED,
    VERMILLION,
    WHITE,
    Box,
    Drawing,
    Head,
    Label,
    Line,
    Shape,
)

BENDS: Final = (0.0, 46.0, -46.0, 80.0, -80.0, 120.0, -120.0, 170.0, -170.0)
SHARES: Final = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74)
GAP: Final = 4.0
SOLID: Final[tuple[float, ...]] = ()
DASHED: Final = (5.0, 4.0)
DOTTED: Final = (1.5, 3.0)


def draw_paths(chart: PathChart, *, narrow: bool) -> Drawing:
    """Place boxes, arrows, coefficients and the key."""
    places = place_nodes(chart, narrow=narrow)
    boxes = {node.name: _box(node, places) for node in chart.nodes}
    routes = [(edge, _route(edge, boxes, places, narrow)) for edge in chart.edges]
    labels = _coefficients(routes, list(boxes.values()), places.size)
    key = list(_key(chart, places, narrow))
    shapes = (
        *(shape for edge, line in routes for shape in _arrow(edge, line)),
        *(shape for node in chart.nodes for shape in _node(node, boxes[node.name])),
        *labels,
        *key,
    )
    foot = max(shape.at[1] for shape in key if isinstance(shape, Label))
    return Drawing(places.size[0], foot + 10, shapes)


def _box(node: Node, places: Places) -> Box:
    (x, y), (wide, high) = places.centres[node.name], places.box
    edge = BLUE if node.strong else "#b9c3ce"
    fill = BLUE if node.strong else WHITE
    return Box(x - wide / 2, y - high / 2, wide, high, fill, edge, round=8, thickness=1.4)


def _node(node: Node, box: Box) -> Iterator[Shape]:
    ink, muted = (WHITE, WHITE) if node.strong else (INK, MUTED)
    middle = box.left + box.width / 2
    lines = words.wrap(node.label, 13.2, box.width - 14, 2)
    top = box.top + (20 if len(lines) > 1 else 26)
    yield box
    for place, text in enumerate(lines):
        yield Label((middle, top + 15 * place), text, 12.5, ink, "middle", bold=True)
    foot = box.top + box.height - 13
    if not node.footing:
        yield Label((middle, foot), node.value, 18, ink, "middle", bold=True)
        return
    yield Label((box.left + 12, foot), node.value, 18, ink, "start", bold=True)
    yield Label((box.left + box.width - 12, foot - 1), node.footing, 11.5, muted, "end")


def _route(edge: Edge, boxes: dict[str, Box], places: Places, narrow: bool) -> Line:
    """Lead an arrow from layer to layer, else draw the gentlest bend that passes no other box."""
    source, target = boxes[edge.source], boxes[edge.target]
    if places.layered:
        way = places.ways.get((edge.source, edge.target), ())
        ends = (way[0], way[-1]) if way else (_centre(target), _centre(source))
        start, end = _side(source, ends[0], 1, narrow), _side(target, ends[1], -1, narrow)
        return Line(start, end, via=way)
    others = [box for name, box in boxes.items() if name not in (edge.source, edge.target)]
    lines = [_bent(source, target, bend) for bend in BENDS]
    return min(lines, key=lambda line: (_passes(line, others), lines.index(line)))


def _side(box: Box, towards: tuple[float, float], ahead: int, narrow: bool) -> tuple[float, float]:
    """Return a point on the far (1) or near (-1) side of a box, shifted to where it leads."""
    x, y = _centre(box)
    if narrow:
        room = 0.35 * box.width
        return x + _within(0.25 * (towards[0] - x), room), y + ahead * (box.height / 2 + GAP)
    return x + ahead * (box.width / 2 + GAP), y + _within(
        0.25 * (towards[1] - y), 0.35 * box.height
    )


def _within(value: float, room: float) -> float:
    return min(max(value, -room), room)


def _centre(box: Box) -> tuple[float, float]:
    return box.left + box.width / 2, box.top + box.height / 2


def _bent(source: Box, target: Box, bend: float) -> Line:
    (x0, y0), (x1, y1) = _centre(source), _centre(target)
    if not bend:
        return Line(_edge_point(source, (x1, y1)), _edge_point(target, (x0, y0)))
    length = math.hypot(x1 - x0, y1 - y0)
    middle = (
        (x0 + x1) / 2 - bend * 2 * (y1 - y0) / length,
        (y0 + y1) / 2 + bend * 2 * (x1 - x0) / length,
    )
    return Line(_edge_point(source, middle), _edge_point(target, middle), via=(middle,))


def _edge_point(box: Box, towards: tuple[float, float]) -> tuple[float, float]:
    """Return where the line from the box's centre leaves it, a little outside."""
    x, y = _centre(box)
    dx, dy = towards[0] - x, towards[1] - y
    across = (box.width / 2 + GAP) / abs(dx) if dx else math.inf
    up = (box.height / 2 + GAP) / abs(dy) if dy else math.inf
    share = min(across, up)
    return x + share * dx, y + share * dy


def _passes(line: Line, boxes: list[Box]) -> int:
    points = [line.at(step / 40) for step in range(41)]
    return sum(any(box.covers(point, 6) for point in points) for box in boxes)


def _arrow(edge: Edge, line: Line) -> Iterator[Shape]:
    colour, dash, thickness = _style(edge)
    near = line.at(0.97)
    angle = math.atan2(line.end[1] - near[1], line.end[0] - near[0])
    head = Head(line.end, angle, colour, 8 + 1.2 * thickness)
    back = (
        line.end[0] - 0.8 * head.size * math.cos(angle),
        line.end[1] - 0.8 * head.size * math.sin(angle),
    )
    yield replace(line, end=back, colour=colour, thickness=thickness, dash=dash)
    yield head


def _style(edge: Edge) -> tuple[str, tuple[float, ...], float]:
    if not math.isfinite(edge.value):
        return GREY, DOTTED, 1.2
    colour = BLUE if edge.value >= 0 else VERMILLION
    dash = {"clear": SOLID, "unclear": DASHED, "unknown": DOTTED}[edge.evidence]
    return colour, dash, 1.2 + 5.0 * min(abs(edge.value), 1.0)


def _coefficients(
    routes: list[tuple[Edge, Line]], boxes: list[Box], size: tuple[float, float]
) -> list[Label]:
    """Put each coefficient beside its arrow, where it covers least."""
    placed: list[Label] = []
    drawn = [[line.at(step / 40) for step in range(41)] for _, line in routes]
    for edge, line in routes:
        options = list(_options(edge, line))
        taken = boxes + [label.box for label in placed]
        placed.append(
            min(
                options,
                key=lambda o: (_outside(o.box, size), _crowd(o, taken, drawn), options.index(o)),
            )
        )
    return placed


def _options(edge: Edge, line: Line) -> Iterator[Label]:
    """Offer places beside the arrow first, then on it."""
    half = words.width(edge.text, 14) / 2
    for side in (1, -1, 0):
        for share in SHARES:
            x, y = line.at(share)
            (x0, y0), (x1, y1) = line.at(share - 0.05), line.at(share + 0.05)
            length = math.hypot(x1 - x0, y1 - y0) or 1.0
            across, up = (y1 - y0) / length, -(x1 - x0) / length
            away = side * (abs(across) * (half + 6) + abs(up) * 12)
            at = (x + away * across, y + away * up + 5)
            yield Label(at, edge.text, 14, INK, "middle", bold=True, halo=True)


def _outside(box: Box, size: tuple[float, float]) -> bool:
    right, bottom = box.left + box.width, box.top + box.height
    return box.left < 0 or box.top < 0 or right > size[0] or bottom > size[1]


def _crowd(label: Label, taken: list[Box], drawn: list[list[tuple[float, float]]]) -> int:
    box = label.box
    crossed = sum(any(box.covers(point, 2) for point in points) for points in drawn)
    return 3 * sum(box.meets(other) for other in taken) + crossed


def _key(chart: PathChart, places: Places, narrow: bool) -> Iterator[Shape]:
    """Explain line, colour and star in words; only what the diagram has."""
    entries = _entries(chart)
    x, y = 6.0, places.size[1] + 26
    for colour, dash, text in entries:
        wide = 40 + words.width(text, 11.5) + 22
        if x > 6 and x + wide > places.size[0]:
            x, y = 6.0, y + 20
        yield Line((x, y - 4), (x + 30, y - 4), colour, 3, dash)
        yield Label((x + 38, y), text, 11.5, MUTED)
        x += wide
    yield from _plain(y + 20, narrow)


def _entries(chart: PathChart) -> list[tuple[str, tuple[float, ...], str]]:
    made: list[tuple[str, tuple[float, ...], str]] = []
    found = {edge.evidence for edge in chart.edges}
    if "clear" in found:
        made.append((INK, SOLID, f"solid, *: {chart.level} interval excludes 0"))
    if "unclear" in found:
        made.append((INK, DASHED, "dashed: interval includes 0"))
    if "unknown" in found:
        made.append((INK, DOTTED, "dotted: no interval"))
    if any(edge.value >= 0 for edge in chart.edges):
        made.append((BLUE, SOLID, "blue: positive"))
    if any(edge.value < 0 for edge in chart.edges):
        made.append((VERMILLION, SOLID, "orange, minus sign: negative"))
    return made


def _plain(y: float, narrow: bool) -> Iterator[Shape]:
    told = ["Thicker arrow: larger coefficient.", "Large number in a box: index, 0–100."]
    if not narrow:
        told = [" ".join(told)]
    for place, text in enumerate(told):
        yield Label((6, y + 17 * place), text, 11.5, MUTED)
