"""Numbers and lists in words; axes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsi_sem.report import words
from acsi_sem.report.charts.scale import make_scale


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (79.45, 1, "79.5"),
        (2.5, 0, "3"),
        (-2.5, 0, "−3"),
        (0.005, 2, "0.01"),
        (-0.004, 2, "0.00"),
        (1234567.0, 0, "1,234,567"),
        (math.nan, 1, "—"),
        (math.inf, 1, "—"),
    ],
)
def test_numbers_are_rounded_half_up(value: float, digits: int, text: str) -> None:
    assert words.number(value, digits) == text


def test_intervals_need_both_ends() -> None:
    assert words.limits(78.6, 80.24) == "78.6 to 80.2"
    assert words.limits(math.nan, 80.2) == "—"


def test_small_p_values_are_bounds() -> None:
    assert words.p_value(0.0004).replace("\u00a0", " ") == "< 0.001"
    assert words.p_value(0.0416) == "0.042"
    assert words.p_value(math.nan) == "—"


@given(st.text(max_size=80), st.floats(20, 300))
def test_shortened_text_fits(text: str, room: float) -> None:
    """Cut text is never wider than its room, unless the ellipsis alone is."""
    cut = words.shorten(text, 12, room)
    assert words.width(cut, 12) <= max(room, words.width("…", 12)) + 1e-9


@given(st.text(max_size=80))
def test_wrapping_keeps_to_its_lines(text: str) -> None:
    lines = words.wrap(text, 12, 100, 2)
    assert len(lines) <= 2
    assert all(words.width(line, 12) <= 100 + 1e-9 for line in lines)


@given(st.text())
def test_cleaned_text_can_stand_in_xml(text: str) -> None:
    from xml.etree import ElementTree

    element = ElementTree.Element("a")
    element.text = words.clean(text)
    ElementTree.fromstring(ElementTree.tostring(element))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.integers(3, 9))
def test_scales_hold_every_value_inside_the_bounds(values: list[float], ticks: int) -> None:
    scale = make_scale(values, (10, 500), (0, 100), ticks)
    assert 0 <= scale.low <= min(values)
    assert max(values) <= scale.high <= 100
    assert 2 <= len(scale.ticks) <= 2 * ticks + 2
    # Half a px: positions are rounded to ten decimals of a value before they are scaled.
    assert all(9.5 <= scale(value) <= 500.5 for value in values)
