"""Labelled points in a plane: every point is named, no text covers another or leaves."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.report.charts import lay_out
from acsi_sem.report.content import ScatterChart, ScatterPoint
from acsi_sem.report.shapes import Dot, Drawing, Label, Line

NARROW = pytest.mark.parametrize("narrow", [False, True])
CORNERS = ("D maintain", "A strength", "C opportunity", "B repair")


def scatter(places: list[tuple[float, float]], name: str = "Point {}") -> ScatterChart:
    """Points with limits, in four families, cut at their means."""
    points = tuple(
        ScatterPoint(name.format(i), x, y, i % 4, (x - 3, x + 3), (y - 2, y + 2))
        for i, (x, y) in enumerate(places, 1)
    )
    cuts = tuple(sum(axis) / len(places) for axis in zip(*places, strict=True))
    families = ("A strength", "B repair", "C opportunity", "D maintain")
    bounds = ((0.0, 100.0), (0.0, 100.0))
    return ScatterChart(points, "Importance", "Performance", cuts, CORNERS, families, bounds)


def overlapping(labels: tuple[Label, ...]) -> list[tuple[str, str]]:
    """Return pairs of texts whose estimated boxes meet."""
    pairs = itertools.combinations(labels, 2)
    return [(a.text, b.text) for a, b in pairs if a.box.meets(b.box)]


def outside(drawing: Drawing) -> list[str]:
    """Return the texts that leave the plane."""
    return [
        label.text
        for label in drawing.labels
        if label.box.left < 0
        or label.box.left + label.box.width > drawing.width
        or label.box.top < 0
        or label.box.top + label.box.height > drawing.height
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(5, 95), st.floats(40, 95)), min_size=1, max_size=20),
    st.sampled_from(["Point {}", "A point {} whose name is much too long for the plane"]),
    st.booleans(),
)
def test_texts_stay_inside_and_apart(
    places: list[tuple[float, float]], name: str, narrow: bool
) -> None:
    drawing = lay_out(scatter(places, name), narrow=narrow)
    assert outside(drawing) == []
    assert overlapping(drawing.labels) == []


@NARROW
def test_few_points_are_named_beside_them(narrow: bool) -> None:
    drawing = lay_out(scatter([(20, 80), (80, 80), (20, 50), (80, 50)]), narrow=narrow)
    said = [label.text for label in drawing.labels]
    assert {f"Point {i}" for i in range(1, 5)} <= set(said)
    assert set(CORNERS) <= set(said)
    assert "1" not in said


@NARROW
def test_many_points_are_numbered_and_named_below(narrow: bool) -> None:
    drawing = lay_out(scatter([(5 * i, 90 - 2 * i) for i in range(1, 19)]), narrow=narrow)
    numbers = [label for label in drawing.labels if label.text.isdigit() and label.bold]
    for i in range(1, 19):
        assert sum(label.text == str(i) for label in numbers) == 2
        assert sum(label.text == f"Point {i}" for label in drawing.labels) == 1


@NARROW
def test_points_without_a_place_are_not_drawn(narrow: bool) -> None:
    chart = ScatterChart((ScatterPoint("a", math.nan, 1.0), ScatterPoint("b", 1.0, 2.0)), "x", "y")
    drawing = lay_out(chart, narrow=narrow)
    assert sum(isinstance(shape, Dot) for shape in drawing.shapes) == 1
    assert "a" not in [label.text for label in drawing.labels]
    empty = lay_out(ScatterChart((), "x", "y", (math.nan, math.nan)), narrow=narrow)
    assert not [shape for shape in empty.shapes if isinstance(shape, Dot)]


def test_limits_make_crosses_and_missing_ones_none() -> None:
    bare = ScatterChart((ScatterPoint("a", 1.0, 2.0),), "x", "y")
    crossed = ScatterChart((ScatterPoint("a", 1.0, 2.0, 0, (0.5, 1.5), (1.0, 3.0)),), "x", "y")
    lines = [
        sum(isinstance(s, Line) and s.thickness == 1.4 for s in lay_out(c, narrow=False).shapes)
        for c in (bare, crossed)
    ]
    assert lines == [0, 2]


@NARROW
@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_any_unit_is_drawn(narrow: bool, size: float) -> None:
    points = tuple(ScatterPoint(f"p{i}", i * size, -i * size) for i in range(3))
    drawing = lay_out(ScatterChart(points, "x", "y"), narrow=narrow)
    assert outside(drawing) == []
    assert overlapping(drawing.labels) == []
    dots = [shape for shape in drawing.shapes if isinstance(shape, Dot)]
    assert all(0 < dot.centre[0] < drawing.width for dot in dots)
    assert len({dot.centre for dot in dots}) == 3
