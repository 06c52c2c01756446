"""Curves: texts stay inside and apart at both widths, marks stand where they say, gaps stay."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.report.charts import lay_out
from acsi_sem.report.content import Curve, CurveChart
from acsi_sem.report.shapes import VERMILLION, Dot, Drawing, Line

NAN = float("nan")
HUNDRED = ((0.0, 100.0), (0.0, 100.0))
EQUAL = Curve("all equal", (0.0, 100.0), (0.0, 100.0), dashed=True)
NARROW = pytest.mark.parametrize("narrow", [False, True])


def concave(power: float, label: str = "these customers") -> Curve:
    """Return a share curve, steeper the smaller the power."""
    x = np.linspace(0, 100, 21)
    return Curve(label, tuple(x), tuple(100 * (x / 100) ** power), strong=True)


def check(drawing: Drawing) -> None:
    """Check that no text leaves the plane or meets another."""
    for label in drawing.labels:
        box = label.box
        assert box.left >= 0, label.text
        assert box.left + box.width <= drawing.width, label.text
        assert box.top >= 0, label.text
        assert box.top + box.height <= drawing.height, label.text
    pairs = itertools.combinations(drawing.labels, 2)
    assert [(a.text, b.text) for a, b in pairs if a.box.meets(b.box)] == []


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 1.0), st.booleans())
def test_texts_stay_inside_and_apart(power: float, narrow: bool) -> None:
    curve = concave(power)
    at, most = curve.y[4], 100 * 0.8 ** (1 / power)
    marks = [(20.0, at, f"20 % hold {at:.1f} %")]
    if abs(most - 20) > 8:
        marks.append((most, 80.0, f"{most:.1f} % hold 80 %"))
    chart = CurveChart((EQUAL, curve), "Customers, %", "Value, %", HUNDRED, tuple(marks))
    check(lay_out(chart, narrow=narrow))


@NARROW
def test_marks_stand_on_the_axes(narrow: bool) -> None:
    chart = CurveChart((EQUAL,), "across", "up", HUNDRED, ((50.0, 50.0, "half"),))
    drawing = lay_out(chart, narrow=narrow)
    (dot,) = [shape for shape in drawing.shapes if isinstance(shape, Dot)]
    assert dot.colour == VERMILLION
    ticks = {label.text: label for label in drawing.labels if label.anchor == "middle"}
    middle = (ticks["0"].at[0] + ticks["100"].at[0]) / 2
    assert dot.centre[0] == pytest.approx(middle)


@NARROW
def test_hostile_and_long_names_are_cut_to_fit(narrow: bool) -> None:
    long = "<script>alert(1)</script> " * 9
    chart = CurveChart(
        (concave(0.3, long), concave(0.5, "another")),
        long,
        long,
        HUNDRED,
        ((20.0, 62.0, long),),
    )
    check(lay_out(chart, narrow=narrow))


@NARROW
def test_many_curves_are_named_apart(narrow: bool) -> None:
    curves = tuple(concave(power, f"p {power}") for power in (0.1, 0.25, 0.5, 0.75, 1.0))
    check(lay_out(CurveChart(curves, "across", "up", HUNDRED), narrow=narrow))


@NARROW
def test_unknown_points_are_gaps(narrow: bool) -> None:
    broken = Curve("broken", (0.0, 1.0, 2.0, 3.0, 4.0), (1.0, 2.0, NAN, 2.0, 1.0), strong=True)
    bounds = ((0.0, 4.0), (0.0, 4.0))
    chart = CurveChart((broken,), "x", "y", bounds, ((NAN, 1.0, "unknown"),))
    drawing = lay_out(chart, narrow=narrow)
    thick = [s for s in drawing.shapes if isinstance(s, Line) and s.thickness > 2]
    assert len(thick) == 2
    assert "unknown" not in [label.text for label in drawing.labels]
    check(drawing)


@NARROW
def test_nothing_known_draws_the_axes_alone(narrow: bool) -> None:
    empty = Curve("nothing", (NAN,), (NAN,))
    drawing = lay_out(CurveChart((empty,), "across", "up", HUNDRED), narrow=narrow)
    assert "nothing" not in [label.text for label in drawing.labels]
    check(drawing)


@NARROW
def test_single_point_is_named(narrow: bool) -> None:
    point = Curve("one point", (50.0,), (50.0,))
    drawing = lay_out(CurveChart((point,), "across", "up", HUNDRED), narrow=narrow)
    assert "one point" in [label.text for label in drawing.labels]


@NARROW
def test_bytes_repeat(narrow: bool) -> None:
    chart = CurveChart((EQUAL, concave(0.4)), "across", "up", HUNDRED, ((20.0, 52.5, "20 %"),))
    assert lay_out(chart, narrow=narrow) == lay_out(chart, narrow=narrow)
