"""Where the boxes of a path diagram stand: fixed for the ACSI, layers for any other model."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from acsi_sem.report.content import PathChart

ACSI: Final[Mapping[str, tuple[float, float]]] = {
    "perceived_quality": (0.0, 0.0),
    "expectations": (0.0, 1.0),
    "perceived_value": (0.33, 0.5),
    "satisfaction": (0.67, 0.5),
    "complaints": (1.0, 0.0),
    "loyalty": (1.0, 1.0),
}
"""Place of each construct: share of the way along the arrows, share across them."""


LANE: Final = 0.5
"""Room that a passing arrow takes in a layer, in boxes."""

Spot = str | tuple[str, str, int]
"""A construct, or an arrow (source, target) on its way through a layer."""


@dataclass(frozen=True, slots=True)
class Places:
    """Centres of the boxes in px, the boxes' size, the plane's, and the way of long arrows.

    `layered`: arrows leave a box on its far side and enter on its near one.
    """

    centres: Mapping[str, tuple[float, float]]
    box: tuple[float, float]
    size: tuple[float, float]
    ways: Mapping[tuple[str, str], tuple[tuple[float, float], ...]]
    layered: bool


def place_nodes(chart: PathChart, *, narrow: bool) -> Places:
    """Place boxes left to right, or top to bottom on a phone."""
    names = {node.name for node in chart.nodes}
    if names == set(ACSI):
        shares: Mapping[Spot, tuple[float, float]] = dict(ACSI.items())
        return _plane(shares, 4, 2.0 if narrow else 2.8, narrow, layered=False)
    layers = _layers(chart)
    columns = _columns(chart, layers)
    wide = max(sum(_room(spot) for spot in column) for column in columns)
    shares = {
        spot: share
        for along, column in enumerate(columns)
        for spot, share in _spread(column, along / max(len(columns) - 1, 1), wide)
    }
    return _plane(shares, len(columns), wide, narrow, layered=True)


def _plane(
    shares: Mapping[Spot, tuple[float, float]], deep: int, wide: float, narrow: bool, layered: bool
) -> Places:
    """Turn shares into px; `deep` layers of at most `wide` boxes side by side."""
    box = (112.0, 80.0) if narrow else (152.0, 80.0)
    along = deep * 150.0 - 40 if narrow else max(820.0, deep * 208.0)
    across = max(340.0, wide * 126.0) if narrow else max(126.0, wide * 118.0)
    size = (across, along) if narrow else (along, across)
    turn = 1 if narrow else 0
    spots = {}
    for spot, pair in shares.items():
        deepness = box[turn] / 2 + 3 + pair[0] * (along - box[turn] - 6)
        side = box[1 - turn] / 2 + 3 + pair[1] * (across - box[1 - turn] - 6)
        side = pair[1] * across if layered else side
        spots[spot] = (side, deepness) if narrow else (deepness, side)
    centres = {spot: at for spot, at in spots.items() if isinstance(spot, str)}
    gap = (along - box[turn] - 6) / (deep - 1) if deep > 1 else along
    return Places(centres, box, size, _ways(spots, gap / 2, narrow), layered=layered)


def _ways(
    spots: Mapping[Spot, tuple[float, float]], half: float, narrow: bool
) -> dict[tuple[str, str], tuple[tuple[float, float], ...]]:
    """Lead each long arrow straight past the boxes of every layer between its ends."""
    ways: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for spot, (x, y) in spots.items():
        if not isinstance(spot, str):
            before, after = (
                ((x, y - half), (x, y + half)) if narrow else ((x - half, y), (x + half, y))
            )
            ways.setdefault(spot[:2], []).extend((before, after))
    return {edge: tuple(points) for edge, points in ways.items()}


def _room(spot: Spot) -> float:
    return 1.0 if isinstance(spot, str) else LANE


def _spread(
    column: list[Spot], along: float, wide: float
) -> Iterator[tuple[Spot, tuple[float, float]]]:
    """Centre a layer on the plane; here the share across is one of the whole plane."""
    filled = (wide - sum(_room(spot) for spot in column)) / 2
    for spot in column:
        middle = filled + _room(spot) / 2
        filled += _room(spot)
        yield spot, (along, middle / wide)


def _layers(chart: PathChart) -> dict[str, int]:
    """Number the layers: each node one after its last source."""
    layers = {node.name: 0 for node in chart.nodes}
    for _ in layers:
        for edge in chart.edges:
            layers[edge.target] = max(layers[edge.target], layers[edge.source] + 1)
    return layers


def _columns(chart: PathChart, layers: Mapping[str, int]) -> list[list[Spot]]:
    """Order boxes and passing arrows within layers by where they come from."""
    columns: list[list[Spot]] = [[] for _ in range(max(layers.values()) + 1)]
    before: dict[Spot, list[Spot]] = {}
    for node in chart.nodes:
        columns[layers[node.name]].append(node.name)
    for edge in chart.edges:
        last: Spot = edge.source
        for layer in range(layers[edge.source] + 1, layers[edge.target]):
            lane: Spot = (edge.source, edge.target, layer)
            columns[layer].append(lane)
            before[lane] = [last]
            last = lane
        before.setdefault(edge.target, []).append(last)
    for earlier, column in itertools.pairwise(columns):
        place = {spot: _middle(earlier, spot) for spot in earlier}
        column.sort(key=lambda spot: _pull(before.get(spot, []), place))
    return columns


def _middle(column: list[Spot], spot: Spot) -> float:
    """Return how far from the layer's middle a spot stands, in boxes."""
    before = sum(_room(other) for other in column[: column.index(spot)])
    return before + _room(spot) / 2 - sum(_room(other) for other in column) / 2


def _pull(sources: list[Spot], place: Mapping[Spot, float]) -> float:
    found = [place[source] for source in sources if source in place]
    return sum(found) / len(found) if found else 0.0
