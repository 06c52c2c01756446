"""Drawings: nothing leaves the plane, names do not cover each other, bytes repeat."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_cases import HOSTILE, other_fit, small_fit, suite_fit

from acsi_sem.analysis.values import Fit
from acsi_sem.report import build_report
from acsi_sem.report.charts import lay_out
from acsi_sem.report.content import (
    Block,
    Chart,
    Details,
    DriverChart,
    DriverPoint,
    Edge,
    Evidence,
    Figure,
    IntervalChart,
    IntervalRow,
    MapChart,
    MapPoint,
    Node,
    PathChart,
    ReportData,
)
from acsi_sem.report.figures import draw_svg
from acsi_sem.report.shapes import Box, Drawing, Label, Line

NARROW = pytest.mark.parametrize("narrow", [False, True])


def figures(blocks: tuple[Block, ...]) -> list[Figure]:
    """Return the figures among blocks, those behind summary lines too."""
    found: list[Figure] = []
    for block in blocks:
        if isinstance(block, Figure):
            found.append(block)
        if isinstance(block, Details):
            found += figures(block.blocks)
    return found


def all_figures(report: ReportData) -> list[Figure]:
    """Return every figure of a report."""
    return [figure for section in report.sections for figure in figures(section.blocks)]


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


@NARROW
@pytest.mark.parametrize("made", [small_fit, suite_fit])
def test_texts_stay_inside_and_apart(made: Callable[[], Fit], narrow: bool) -> None:
    for figure in all_figures(build_report(made())):
        drawing = lay_out(figure.chart, narrow=narrow)
        assert outside(drawing) == [], figure.ident
        assert overlapping(drawing.labels) == [], figure.ident


@NARROW
def test_any_other_model_is_drawn_in_layers(narrow: bool) -> None:
    report = build_report(other_fit())
    chart = next(f.chart for f in all_figures(report) if isinstance(f.chart, PathChart))
    drawing = lay_out(chart, narrow=narrow)
    boxes = [shape for shape in drawing.shapes if isinstance(shape, Box)]
    assert len(boxes) == 7
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].meets(pair[1])]
    assert outside(drawing) == []


@NARROW
@pytest.mark.parametrize("made", [small_fit, other_fit])
def test_no_arrow_passes_through_a_box(made: Callable[[], Fit], narrow: bool) -> None:
    report = build_report(made())
    chart = next(f.chart for f in all_figures(report) if isinstance(f.chart, PathChart))
    assert crossings(chart, narrow) == 0


def crossings(chart: PathChart, narrow: bool) -> int:
    """Count the arrows that run through a box."""
    drawing = lay_out(chart, narrow=narrow)
    boxes = [shape for shape in drawing.shapes if isinstance(shape, Box)]
    arrows = [shape for shape in drawing.shapes if isinstance(shape, Line)][: len(chart.edges)]
    return sum(
        any(box.covers(arrow.at(step / 60)) for box in boxes for step in range(1, 60))
        for arrow in arrows
    )


@settings(max_examples=80, deadline=None)
@given(
    st.integers(2, 8).flatmap(
        lambda size: st.sets(
            st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).filter(
                lambda pair: pair[0] < pair[1]
            ),
            min_size=1,
            max_size=12,
        )
    ),
    st.booleans(),
)
def test_layers_keep_boxes_apart_and_arrows_clear(
    arrows: set[tuple[int, int]], narrow: bool
) -> None:
    """Any recursive model: boxes never meet, no arrow runs through a box, no text leaves."""
    names = sorted({name for pair in arrows for name in pair})
    nodes = tuple(Node(str(name), f"Construct {name}", "70.0", "R² 0.50") for name in names)
    edges = tuple(Edge(str(a), str(b), 0.5, "0.50*", "clear") for a, b in sorted(arrows))
    chart = PathChart(nodes, edges, "95 %")
    drawing = lay_out(chart, narrow=narrow)
    boxes = [shape for shape in drawing.shapes if isinstance(shape, Box)]
    assert not any(a.meets(b) for a, b in itertools.combinations(boxes, 2))
    assert crossings(chart, narrow) == 0
    assert outside(drawing) == []


def path_chart(value: float, evidence: Evidence) -> PathChart:
    """Two boxes and an arrow."""
    nodes = (Node("a", "A", "70.0", ""), Node("b", "B", "60.0", "R² 0.50", strong=True))
    return PathChart(nodes, (Edge("a", "b", value, "0.30", evidence),), "95 %")


def test_evidence_and_sign_are_told_by_line_and_words() -> None:
    """Dashes, colours and the key change with what they stand for."""

    def arrow(chart: PathChart) -> Line:
        return next(s for s in lay_out(chart, narrow=False).shapes if isinstance(s, Line))

    def key(chart: PathChart) -> str:
        return " ".join(label.text for label in lay_out(chart, narrow=False).labels)

    clear, unclear = path_chart(0.3, "clear"), path_chart(0.3, "unclear")
    unknown, negative = path_chart(0.3, "unknown"), path_chart(-0.3, "clear")
    assert len({arrow(chart).dash for chart in (clear, unclear, unknown)}) == 3
    assert arrow(clear).colour != arrow(negative).colour
    assert arrow(path_chart(0.9, "clear")).thickness > arrow(clear).thickness
    assert "excludes 0" in key(clear)
    assert "includes 0" not in key(clear)
    assert "includes 0" in key(unclear)
    assert "no interval" in key(unknown)
    assert "negative" in key(negative)


def test_withheld_rows_have_words_and_no_dot() -> None:
    rows = (
        IntervalRow("a", 70.0, 68.0, 72.0, "70.0 (68.0 to 72.0)"),
        IntervalRow("b", math.nan, math.nan, math.nan, "withheld: fewer than 50 respondents"),
    )
    drawing = lay_out(IntervalChart(rows, "index"), narrow=False)
    assert sum(type(shape).__name__ == "Dot" for shape in drawing.shapes) == 1
    assert "withheld: fewer than 50 respondents" in [label.text for label in drawing.labels]


def test_the_reference_crosses_no_words_on_a_phone() -> None:
    """Names and numbers stand above the dots there, all over the width."""
    rows = tuple(
        IntervalRow(name, -7.0, -9.0, -4.0, "\u22127.0 (\u22129.0 to \u22124.0)", heading=heading)
        for name, heading in (("A long name of a question", "If low"), ("Another", ""))
    )
    drawing = lay_out(IntervalChart(rows, "points", (-8.0, "no difference")), narrow=True)
    dashed = [shape for shape in drawing.shapes if isinstance(shape, Line) and shape.dash]
    assert len(dashed) == 1 + len(rows)
    words = [label for label in drawing.labels if label.text != "no difference"]
    for line in dashed:
        (x, top), (_, bottom) = line.start, line.end
        for box in (label.box for label in words):
            beside = x < box.left or x > box.left + box.width
            assert beside or bottom <= box.top or top >= box.top + box.height


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.1, 6), st.floats(20, 95), st.text("abc ", min_size=3, max_size=24)),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_driver_names_stay_on_the_chart(
    drivers: list[tuple[float, float, str]], narrow: bool
) -> None:
    points = tuple(
        DriverPoint(name, (x, x - 0.1, x + 0.1), (y, y - 1, y + 1)) for x, y, name in drivers
    )
    means = sum(d[0] for d in drivers) / len(drivers), sum(d[1] for d in drivers) / len(drivers)
    drawing = lay_out(DriverChart(points, "Impact", "Score", means), narrow=narrow)
    assert outside(drawing) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.1, 6), st.floats(60, 75), st.text("abc ", min_size=3, max_size=24)),
        min_size=2,
        max_size=8,
    ),
    st.booleans(),
)
def test_driver_names_cover_no_other_text(
    drivers: list[tuple[float, float, str]], narrow: bool
) -> None:
    """Names without room beside their dots stand farther off, at the end of a line."""
    points = tuple(
        DriverPoint(f"{name}.", (x, x - 1, x + 1), (y, y - 3, y + 3)) for x, y, name in drivers
    )
    means = sum(d[0] for d in drivers) / len(drivers), sum(d[1] for d in drivers) / len(drivers)
    drawing = lay_out(DriverChart(points, "Impact", "Score", means), narrow=narrow)
    assert outside(drawing) == []
    names = [label for label in drawing.labels if label.bold]
    assert len(names) == len(points)
    for name in names:
        others = [label for label in drawing.labels if label is not name]
        assert not [label.text for label in others if label.box.meets(name.box)]


@NARROW
def test_names_of_drivers_on_one_spot_have_a_line_each(narrow: bool) -> None:
    points = tuple(
        DriverPoint(f"Driver number {i}", (1.0, 0.9, 1.1), (60.0, 59.0, 61.0)) for i in range(14)
    )
    drawing = lay_out(DriverChart(points, "Impact", "Score", (1.0, 60.0)), narrow=narrow)
    names = [label for label in drawing.labels if label.bold]
    assert overlapping(tuple(names)) == []
    lines = [s for s in drawing.shapes if isinstance(s, Line) and s.thickness == 0.8]
    assert lines
    assert len(lines) < len(names)


@NARROW
def test_room_above_intervals_is_for_the_name_of_a_reference(narrow: bool) -> None:
    rows = (IntervalRow("A", 70.0, 68.0, 72.0, "70"),)
    without = lay_out(IntervalChart(rows, "index"), narrow=narrow)
    with_one = lay_out(IntervalChart(rows, "index", (70.0, "mean")), narrow=narrow)
    assert without.height < with_one.height
    first = min(label.box.top for label in without.labels)
    assert 0 <= first < 20
    assert outside(without) == []


def map_chart(places: list[tuple[float, float]], families: int) -> MapChart:
    """Numbered indicators of as many constructs as asked for."""
    points = tuple(
        MapPoint(i, f"Indicator {i} with a long text", x, y, (i - 1) * families // len(places))
        for i, (x, y) in enumerate(places, 1)
    )
    names = tuple(f"Construct {place + 1}" for place in range(families))
    means = sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places)
    return MapChart(points, names, "Importance", "Performance", means)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 0.6), st.floats(55, 90)), min_size=4, max_size=24),
    st.integers(1, 4),
    st.booleans(),
)
def test_numbers_on_the_map_stay_apart(
    places: list[tuple[float, float]], families: int, narrow: bool
) -> None:
    """However close indicators lie, their numbers do not cover each other and none is lost."""
    drawing = lay_out(map_chart(places, families), narrow=narrow)
    assert outside(drawing) == []
    bold = [label for label in drawing.labels if label.bold and label.halo]
    assert sorted(int(label.text) for label in bold) == list(range(1, len(places) + 1))
    assert overlapping(tuple(bold)) == []


@NARROW
def test_every_number_on_the_map_is_named_below_it(narrow: bool) -> None:
    drawing = lay_out(map_chart([(0.1 * i, 60.0 + i) for i in range(7)], 3), narrow=narrow)
    named = [label for label in drawing.labels if label.text.startswith("Indicator")]
    numbers = [label for label in drawing.labels if label.anchor == "end" and label.bold]
    assert [label.text.split()[1] for label in named] == [label.text for label in numbers]
    assert [label.at[1] for label in named] == [label.at[1] for label in numbers]
    dots = [shape for shape in drawing.shapes if type(shape).__name__ == "Dot"]
    assert len(dots) == 7 + 3


def test_svg_repeats_and_parses_no_markup() -> None:
    rows = (IntervalRow(HOSTILE, 70.0, 68.0, 72.0, "$\\frac{1}{2}$"),)
    chart: Chart = IntervalChart(rows, "index")
    drawing = lay_out(chart, narrow=True)
    first, second = (draw_svg(drawing, "x", HOSTILE, HOSTILE) for _ in range(2))
    assert first == second
    texts = [element.text or "" for element in ElementTree.fromstring(first).iter()]
    assert any("\\frac{1}{2}" in text for text in texts)
    assert "<script" not in first
    ids = [element.get("id") for element in ElementTree.fromstring(first).iter()]
    assert {name for name in ids if name} == {"x-t", "x-d"}


def test_chinese_names_are_written_as_text(recwarn: pytest.WarningsRecorder) -> None:
    rows = (IntervalRow("互联网服务提供商", 70.0, 68.0, 72.0, "70.0"),)
    svg = draw_svg(lay_out(IntervalChart(rows, "指数"), narrow=False), "x", "t", "d")
    assert "互联网服务提供商" in svg
    assert not recwarn.list
