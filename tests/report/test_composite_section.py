"""What a report says of the parts of a composite index."""

from __future__ import annotations

import math

import pytest

from acsi_sem.report.facts import NOTHING, Estimate
from acsi_sem.report.sections.composite import lowest


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ([("a", 59.7, 57.8, 61.6), ("b", 60.5, 58.7, 62.1)], ""),
        ([("a", 70.0, 68.0, 72.0), ("b", 60.0, 58.0, 62.0)], "b"),
        ([("a", 70.0, 68.0, 72.0), ("b", 60.0, 58.0, 62.0), ("c", 61.0, 59.0, 63.0)], ""),
        ([("a", 60.0, 58.0, 62.0)], ""),
        ([("a", 70.0, math.nan, math.nan), ("b", 60.0, math.nan, math.nan)], ""),
    ],
)
def test_a_part_is_called_lowest_where_its_interval_is_below_all_others(
    parts: list[tuple[str, float, float, float]], named: str
) -> None:
    found = [(name, Estimate(value, low, high)) for name, value, low, high in parts]
    assert lowest(found) == named


def test_no_part_is_lowest_where_one_is_withheld() -> None:
    known = Estimate(60.0, 59.0, 61.0)
    assert lowest([("a", known), ("b", Estimate(80.0, 79.0, 81.0)), ("c", NOTHING)]) == ""
