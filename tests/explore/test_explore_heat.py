"""The square of numbers: legible, nothing outside, colours that say what they should."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.report.charts import lay_out
from acsi_sem.report.charts.heat import shade
from acsi_sem.report.content import HeatChart
from acsi_sem.report.shapes import Box, Drawing

NARROW = pytest.mark.parametrize("narrow", [False, True])


def square(size: int, name: str = "A question with a rather long text") -> HeatChart:
    """Return correlations of noise with an open diagonal."""
    noise = np.random.default_rng(size).normal(size=(max(size, 2), 30))
    values = np.atleast_2d(np.corrcoef(noise))[:size, :size]
    values = np.where(np.eye(size) == 1, np.nan, values)
    labels = tuple(f"{name} {i}" for i in range(size))
    return HeatChart(labels, tuple(tuple(row) for row in values.tolist()))


def faults(drawing: Drawing) -> list[str]:
    """Return texts that leave the plane, and pairs of texts that meet."""
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


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 26), st.booleans(), st.text("aW质 ", min_size=0, max_size=60))
def test_texts_stay_inside_and_apart(size: int, narrow: bool, name: str) -> None:
    assert faults(lay_out(square(size, name), narrow=narrow)) == []


@NARROW
def test_every_number_has_a_cell_and_unknown_ones_stay_open(narrow: bool) -> None:
    drawing = lay_out(square(6), narrow=narrow)
    cells = [shape for shape in drawing.shapes if isinstance(shape, Box)]
    assert len(cells) == 30 + 9  # without the diagonal; and the key
    inside = [box.left >= 0 and box.left + box.width <= drawing.width for box in cells]
    assert all(inside)


def test_numbers_stand_in_cells_where_there_is_room() -> None:
    chart = HeatChart(("a", "b"), ((float("nan"), -0.25), (-0.25, float("nan"))))
    assert [label.text for label in lay_out(chart, narrow=False).labels].count("−0.25") == 2
    crowded = lay_out(square(30), narrow=True)
    assert not any("." in label.text for label in crowded.labels)


def test_a_phone_names_every_row_below() -> None:
    drawing = lay_out(square(5), narrow=True)
    named = [label for label in drawing.labels if "question" in label.text]
    assert [label.text.split()[0] for label in named] == ["1", "2", "3", "4", "5"]


def test_colours_deepen_away_from_nought() -> None:
    assert shade(0.0) == "#ffffff"
    deep = [int(shade(value)[1:3], 16) for value in (0.1, 0.5, 1.0)]
    assert deep == sorted(deep, reverse=True)
    assert shade(0.5) != shade(-0.5)
