"""Bars of shares: places, widths, inks, and what is not drawn."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.report.charts import lay_out
from acsi_sem.report.charts.stacks import KINDS, kinds, shades
from acsi_sem.report.content import StackChart, StackRow
from acsi_sem.report.figures import draw_svg
from acsi_sem.report.shapes import Box, Drawing, Label

NARROW = pytest.mark.parametrize("narrow", [False, True])
GRADES = ("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied")
CHART = StackChart(
    (
        StackRow("Reliability", (0.05, 0.1, 0.2, 0.4, 0.25), "74.0 (72.8 to 75.2)"),
        StackRow("A long name of a question that goes on " * 3, (0.0, 0, 0, 0, 1.0), "100.0"),
        StackRow("Nobody", (math.nan,) * 5, "withheld: fewer than 50 answers"),
    ),
    GRADES,
    "Share of answers, %",
)


def bars(drawing: Drawing) -> list[Box]:
    """The parts of the bars; the key's squares are smaller."""
    return [s for s in drawing.shapes if isinstance(s, Box) and s.height == 20]


def faults(drawing: Drawing) -> list[str]:
    """Texts that leave the plane or cover each other."""
    found = [
        label.text
        for label in drawing.labels
        if label.box.left < 0
        or label.box.left + label.box.width > drawing.width
        or label.box.top < 0
        or label.box.top + label.box.height > drawing.height
    ]
    pairs = itertools.combinations(drawing.labels, 2)
    return found + [f"{a.text} / {b.text}" for a, b in pairs if a.box.meets(b.box)]


@NARROW
def test_parts_lie_side_by_side_in_proportion(narrow: bool) -> None:
    drawing = lay_out(CHART, narrow=narrow)
    first = bars(drawing)[:5]
    whole = sum(part.width for part in first)
    shares = [part.width / whole for part in first]
    assert shares == pytest.approx(CHART.rows[0].shares, abs=1e-9)
    for one, other in itertools.pairwise(first):
        assert one.left + one.width == pytest.approx(other.left, abs=1e-9)
    assert faults(drawing) == []


@NARROW
def test_what_is_unknown_has_no_bar_and_says_why(narrow: bool) -> None:
    drawing = lay_out(CHART, narrow=narrow)
    assert len(bars(drawing)) == 6
    assert any("withheld" in label.text for label in drawing.labels)


@NARROW
def test_the_key_names_every_category_in_order(narrow: bool) -> None:
    texts = [label.text for label in lay_out(CHART, narrow=narrow).labels]
    assert texts[:5] == list(GRADES)


def test_numbers_stand_inside_their_own_part() -> None:
    drawing = lay_out(CHART, narrow=True)
    numbers = [label for label in drawing.labels if label.text in ("10", "20", "40")]
    assert len(numbers) == 3
    for label in numbers:
        (part,) = [bar for bar in bars(drawing) if bar.covers((label.at[0], label.at[1] - 4))]
        assert label.box.left >= part.left
        assert label.box.left + label.box.width <= part.left + part.width


def test_colours_tell_order_or_kind() -> None:
    assert shades(5)[0] != shades(5)[-1]
    assert len(set(shades(7))) == 7
    assert shades(1) == ("#0072b2",)
    assert kinds(6) == tuple(colour.lower() for colour in KINDS[:6])
    assert len(set(kinds(16))) == 16
    ordered = bars(lay_out(CHART, narrow=False))[0].fill
    plain = StackChart(CHART.rows, GRADES, "x", ordered=False)
    assert bars(lay_out(plain, narrow=False))[0].fill != ordered


def test_ink_inside_a_bar_is_legible() -> None:
    """The contrast of every number to its part is at least 3.5 to 1."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for count, ordered in ((5, True), (9, True), (8, False)):
        row = StackRow("a", (1 / count,) * count)
        names = tuple(f"c{i}" for i in range(count))
        drawing = lay_out(StackChart((row,), names, "x", ordered=ordered), narrow=False)
        inside = [
            s for s in drawing.shapes if isinstance(s, Label) and s.text in ("20", "11", "13")
        ]
        assert len(inside) == count
        for part, label in zip(bars(drawing), inside, strict=True):
            pair = sorted((light(part.fill), light(label.colour)))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 3.5, part.fill


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any),
            st.text("abcW 质", max_size=40),
            st.text("0123456789.() to", max_size=30),
        ),
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
    st.booleans(),
)
def test_any_bars_stay_inside_and_apart(
    rows: list[tuple[list[int], str, str]], narrow: bool, ordered: bool
) -> None:
    made = tuple(
        StackRow(name, tuple(share / sum(counts) for share in counts), text)
        for counts, name, text in rows
    )
    chart = StackChart(
        made, ("basic", "a much longer name of a category", "x", "质量"), "x", ordered
    )
    drawing = lay_out(chart, narrow=narrow)
    assert faults(drawing) == []
    for bar in bars(drawing):
        assert bar.left >= 0
        assert bar.left + bar.width <= drawing.width + 1e-9


def test_the_same_chart_is_the_same_picture() -> None:
    hostile = StackChart((StackRow("<b>&", (1.0,), "$x$"),), ("\x00<i>",), "a < b")
    svgs = {draw_svg(lay_out(hostile, narrow=False), "s", "t", "d") for _ in range(2)}
    assert len(svgs) == 1
    assert "<b>" not in svgs.pop()
