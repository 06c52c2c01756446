"""Trend charts: what is interrupted, marked and named; nothing leaves the plane or hides."""

from __future__ import annotations

import itertools
import math
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.report.charts import NARROW, WIDE
from acsi_sem.report.charts.trend import BASELINE, ELSEWHERE, SUPERSEDED, draw_trend, trend_chart
from acsi_sem.report.charts.trend_data import TrendBreak, TrendPoint, TrendSeries, pieces, place
from acsi_sem.report.shapes import BLUE, GREY, VERMILLION, Dot, Drawing, Line

HOSTILE = (
    "<script>alert(1)</script>",
    "x" * 400,
    "顧客滿意度" * 30,
    "=1+1 & 'q' \"q\"",
    "\u202eabc\x00",
)
WIDTHS = pytest.mark.parametrize("width", [WIDE, NARROW])


def quarterly(count: int, first: int = 2020, **more: float) -> tuple[TrendPoint, ...]:
    """Return readings of consecutive quarters."""
    return tuple(
        TrendPoint(
            f"{first + i // 4}Q{i % 4 + 1}",
            70 + math.sin(i),
            70 + math.sin(i) - more.get("half", math.nan),
            70 + math.sin(i) + more.get("half", math.nan),
        )
        for i in range(count)
    )


def overlapping(drawing: Drawing) -> list[tuple[str, str]]:
    """Return pairs of texts whose estimated boxes meet."""
    pairs = itertools.combinations(drawing.labels, 2)
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


def lines(drawing: Drawing, colour: str, thickness: float) -> list[Line]:
    """Return the lines of a colour and thickness on the plane, so without a phone's key."""
    found = [shape for shape in drawing.shapes if isinstance(shape, Line) and shape.start[0] > 40]
    return [line for line in found if (line.colour, line.thickness) == (colour, thickness)]


def dots(drawing: Drawing, colour: str) -> list[Dot]:
    """Return the markers of a colour."""
    return [s for s in drawing.shapes if isinstance(s, Dot) and s.colour == colour]


def every_kind() -> list[TrendSeries]:
    """Return two strong series with every kind of mark and ten in grey."""
    points = list(quarterly(12, half=0.8))
    points[0] = TrendPoint(points[0].period, 70.0, kind="baseline")
    points[5] = TrendPoint(points[5].period, 71.7, alternative=71.1, note="doubtful")
    points.insert(8, TrendPoint(points[7].period, 73.0, kind="superseded"))
    breaks = (TrendBreak("2021Q1", "new questionnaire"), TrendBreak("2021Q2", "new weights"))
    years = tuple(TrendPoint(str(year), 68.0 + year % 3) for year in range(2016, 2021))
    grey = [TrendSeries(f"Company {i}", quarterly(12), strong=False) for i in range(10)]
    return [TrendSeries("Nation", tuple(points), breaks), TrendSeries("Before", years), *grey]


@WIDTHS
@pytest.mark.parametrize("count", [1, 2, 5, 12, 60, 130])
def test_texts_stay_inside_and_apart(width: float, count: int) -> None:
    plain = draw_trend([TrendSeries("Nation", quarterly(count, half=0.5))], width)
    full = draw_trend(every_kind(), width)
    for drawing in (plain, full):
        assert outside(drawing) == []
        assert overlapping(drawing) == []


@WIDTHS
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_neither_leave_the_plane_nor_become_markup(width: float, name: str) -> None:
    breaks = (TrendBreak("2020Q3", name),)
    series = [TrendSeries(name, quarterly(6), breaks), TrendSeries(name, quarterly(9), (), False)]
    drawing = draw_trend(series, width, axis=name)
    assert outside(drawing) == []
    root = ElementTree.fromstring(trend_chart(series, width=width, title=name, description=name))
    assert not [element for element in root.iter() if element.tag.endswith("script")]


@WIDTHS
def test_same_readings_same_bytes_and_own_ids(width: float) -> None:
    made = [trend_chart(every_kind(), width=width, title="Nation", ident="a") for _ in range(2)]
    assert made[0] == made[1]
    root = ElementTree.fromstring(made[0])
    idents = [element.get("id", "a-") for element in root.iter()]
    assert all(ident.startswith("a-") for ident in idents)


@WIDTHS
def test_line_is_interrupted_at_breaks_gaps_and_what_was_not_measured(width: float) -> None:
    points = list(quarterly(16))
    points[10] = TrendPoint(points[10].period, math.nan, note="not measured")
    del points[13]
    series = TrendSeries("Nation", tuple(points), (TrendBreak("2021Q1", "new questionnaire"),))
    assert [len(piece) for piece in pieces(series)] == [4, 6, 2, 2]
    drawing = draw_trend([series], width)
    assert len(lines(drawing, BLUE, 2.2)) == 3 + 5 + 1 + 1
    assert "new questionnaire" in [label.text for label in drawing.labels]
    # The break stands between the last reading before it and the first after.
    upright = next(s for s in drawing.shapes if isinstance(s, Line) and s.dash == (4, 3))
    ends = [line.end[0] for line in lines(drawing, BLUE, 2.2)]
    starts = [line.start[0] for line in lines(drawing, BLUE, 2.2)]
    assert ends[2] < upright.start[0] < starts[3]


def test_breaks_outside_the_readings_are_not_drawn() -> None:
    outside_ = (TrendBreak("2020Q1", "before"), TrendBreak("2030Q1", "after"))
    drawing = draw_trend([TrendSeries("Nation", quarterly(6), outside_)], WIDE)
    assert not {"before", "after"} & {label.text for label in drawing.labels}


def test_breaks_of_one_period_and_many_periods_keep_their_texts() -> None:
    breaks = tuple(TrendBreak(f"2021Q{q}", f"reason number {q}") for q in (1, 2, 3, 4))
    twice = (*breaks, TrendBreak("2021Q1", "and another"))
    drawing = draw_trend([TrendSeries("Nation", quarterly(12), twice)], NARROW)
    told = [label.text for label in drawing.labels if label.halo]
    assert told[0] == "reason number 1; and another"
    assert len(told) == 4
    assert overlapping(drawing) == []


def test_superseded_readings_are_hollow_grey_and_off_the_line() -> None:
    points = (*quarterly(3), TrendPoint("2020Q3", 90.0, 88.0, 92.0, kind="superseded"))
    drawing = draw_trend([TrendSeries("Nation", points)], WIDE)
    grey = dots(drawing, GREY)
    assert len(lines(drawing, BLUE, 2.2)) == 2
    assert {dot.centre for dot in grey if dot.radius == 4.0} == {
        next(dot.centre for dot in grey if dot.centre[1] < 200),
        next(dot.centre for dot in grey if dot.centre[1] > 290),
    }
    # A blank interval: what was superseded is shown, not vouched for.
    assert not lines(drawing, BLUE, 1.2)
    assert SUPERSEDED in [label.text for label in drawing.labels]


def test_doubtful_reading_is_tied_to_the_other_sources() -> None:
    points = list(quarterly(4))
    points[1] = TrendPoint("2020Q2", 71.7, alternative=71.1)
    drawing = draw_trend([TrendSeries("Nation", tuple(points))], WIDE)
    other, legend = dots(drawing, VERMILLION)
    tie = lines(drawing, VERMILLION, 1.2)[0]
    assert tie.end == other.centre
    assert other.centre[1] > tie.start[1]
    assert legend.centre != other.centre
    told = [label.text for label in drawing.labels]
    assert ELSEWHERE in told
    assert BASELINE not in told


def test_intervals_are_whiskers_until_they_would_be_a_hedge() -> None:
    few = draw_trend([TrendSeries("Nation", quarterly(12, half=0.5))], WIDE)
    many = draw_trend([TrendSeries("Nation", quarterly(130, half=0.5))], WIDE)
    assert len(lines(few, BLUE, 1.2)) == 12
    assert not lines(many, BLUE, 1.2)
    assert len([line for line in lines(many, BLUE, 0.8) if line.dash]) == 2 * 129


def test_a_lone_reading_keeps_its_interval_among_crowded_ones() -> None:
    points = list(quarterly(130, half=0.5))
    del points[60], points[61]
    series = TrendSeries("Nation", tuple(points))
    assert [len(piece) for piece in pieces(series)] == [60, 1, 67]
    drawing = draw_trend([series], WIDE)
    assert len(lines(drawing, BLUE, 1.2)) == 1
    assert len(dots(drawing, BLUE)) == 1


def test_names_say_the_latest_reading_and_an_earlier_end() -> None:
    series = [
        TrendSeries("Ours", quarterly(6)),
        TrendSeries("Theirs", tuple(TrendPoint(str(y), 70.25) for y in range(2010, 2016))),
        TrendSeries("Never measured", (TrendPoint("2020Q1", math.nan),)),
    ]
    told = [label.text for label in draw_trend(series, WIDE).labels]
    assert f"Ours {70 + math.sin(5):.1f}" in told
    assert "Theirs 70.3 (2015)" in told
    on_phone = [label.text for label in draw_trend(series, NARROW).labels]
    assert "Never measured" in on_phone


def test_too_many_grey_lines_are_counted_instead_of_named() -> None:
    grey = [TrendSeries(f"Company {i}", quarterly(6), strong=False) for i in range(40)]
    drawing = draw_trend([TrendSeries("Industry", quarterly(6)), *grey], WIDE)
    told = [label.text for label in drawing.labels]
    assert "grey: 40 others, named in the table" in told
    assert not [text for text in told if text.startswith("Company")]


@WIDTHS
def test_nothing_to_draw_is_drawn_as_nothing(width: float) -> None:
    for series in (
        [],
        [TrendSeries("Nation", ())],
        [TrendSeries("x", (TrendPoint("1995", math.nan),))],
    ):
        drawing = draw_trend(series, width)
        assert not [shape for shape in drawing.shapes if isinstance(shape, Dot)]
        assert outside(drawing) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.floats(0, 100), st.booleans()), min_size=1, max_size=20
    )
)
@settings(max_examples=40, deadline=None)
def test_any_readings_stay_on_the_plane(found: list[tuple[int, float, bool]]) -> None:
    readings = sorted({quarter: (value, year) for quarter, value, year in found}.items())
    points = tuple(
        TrendPoint(f"{2000 + q // 4}" if year else f"{2000 + q // 4}Q{q % 4 + 1}", value)
        for q, (value, year) in readings
    )
    ordered = tuple(sorted(points, key=lambda point: place(point.period)))
    drawing = draw_trend([TrendSeries("Nation", ordered)], NARROW)
    for dot in (shape for shape in drawing.shapes if isinstance(shape, Dot)):
        assert 0 <= dot.centre[0] <= drawing.width
        assert 0 <= dot.centre[1] <= drawing.height
    assert outside(drawing) == []


@pytest.mark.parametrize("period", ["", "2026Q5", "26Q1", "2026 Q1", "2026Q1\n", "٢٠٢٦"])
def test_periods_that_are_none_have_no_place(period: str) -> None:
    with pytest.raises(ValueError, match="neither a quarter"):
        place(period)
