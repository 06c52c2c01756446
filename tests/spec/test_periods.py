"""Quarters: reading, counting, days."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsi_sem.spec.periods import Period

PERIODS = st.builds(Period, st.integers(1900, 2200), st.integers(1, 4))


@given(PERIODS, st.integers(-40, 40))
def test_going_back_and_counting_agree(period: Period, quarters: int) -> None:
    before = period.back(quarters)
    assert period - before == quarters
    assert (before < period) == (quarters > 0)
    assert Period.parse(str(before)) == before


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_a_day_lies_within_its_quarter(day: date) -> None:
    period = Period.of(day)
    assert period.first_day <= day <= period.last_day
    assert Period.of(period.last_day) == period


@pytest.mark.parametrize("text", ["2026", "2026Q5", "2026q3", " 2026Q3", "26Q3", "2026Q3\n", ""])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no quarter"):
        Period.parse(text)
