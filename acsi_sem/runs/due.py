"""Which periods a scheduled run has to publish."""

from __future__ import annotations

from datetime import date, timedelta

from acsi_sem.runs.store import Store
from acsi_sem.spec.periods import Period


def due_day(period: Period, after_days: int) -> date:
    """Return the first day on which a period ought to be published.

    Examples
    --------
    >>> due_day(Period(2026, 3), 5)
    datetime.date(2026, 10, 6)
    """
    return period.last_day + timedelta(days=after_days + 1)


def latest_due(today: date, after_days: int) -> Period:
    """Return the last period that is due.

    Examples
    --------
    >>> [str(latest_due(date(2026, 10, day), 5)) for day in (5, 6)]
    ['2026Q2', '2026Q3']
    """
    period = Period.of(today)
    while due_day(period, after_days) > today:
        period = period.back(1)
    return period


def due_periods(first: str, today: date, after_days: int) -> tuple[Period, ...]:
    """Return every period that ought to be published, earliest first.

    Parameters
    ----------
    first : str
        The first of them; empty for the latest alone.
    today : date
    after_days : int
        Days after a period's end before it is due.

    Examples
    --------
    >>> [str(period) for period in due_periods("2026Q1", date(2026, 10, 6), 5)]
    ['2026Q1', '2026Q2', '2026Q3']
    """
    last = latest_due(today, after_days)
    begin = Period.parse(first) if first else last
    return tuple(last.back(back) for back in range(last - begin, -1, -1))


def unpublished(store: Store, periods: tuple[Period, ...]) -> tuple[Period, ...]:
    """Return the periods that have no current revision, or one that a crash left unnamed."""
    return tuple(
        period for period in periods if store.current(period) is None or store.pending(period)
    )
