"""The dead-man check: what is published, and what ought to be by now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from acsi_sem.runs.due import due_day, due_periods
from acsi_sem.runs.durable import store_errors
from acsi_sem.runs.joblog import BEGIN, last_lines
from acsi_sem.runs.jobs import Scheduled, standing_of
from acsi_sem.runs.locking import Holder, lock_is_held, read_holder
from acsi_sem.runs.standing import Standing, remedies
from acsi_sem.runs.store import CURRENT, Store
from acsi_sem.spec.hierarchy import RunSpec
from acsi_sem.spec.periods import Period

UNWELL: Final = 7
"""Exit code when a period is overdue, stale or dated ahead, or the last publication too old."""
_FINE: Final = ("published", "adopted", "already published")
_HELD: Final = {
    True: "a run is under way",
    False: "a run was ended; the next one goes on where it was",
    None: "a run is under way, or was ended",
}
_SHOWN: Final = 400
"""Characters of a message that is repeated."""


@dataclass(frozen=True, slots=True)
class PeriodStatus:
    """What is known of a period.

    Attributes
    ----------
    period : str
    due : str
        First day on which it ought to be published, ISO 8601.
    revision : int
        The current one; 0 when it is not published.
    published_on : str
        Day (UTC) of that; by the file's time, so a copy of a store has to keep times.
    lost : int
        Companies without a result.
    overdue : bool
        Due and not published.
    rests_on_older : tuple of str
        Earlier periods that have a newer revision than the one it was computed from.
    without : tuple of str
        Earlier periods that are published now and were not when it was.
    data_changed : bool
        Its survey file is another one now.
    unfinished : bool
        A run of it was ended before it could say how, or is under way.
    last_attempt : str
        How the last run of it ended, where that was not well.
    """

    period: str
    due: str
    revision: int = 0
    published_on: str = ""
    lost: int = 0
    overdue: bool = False
    rests_on_older: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    data_changed: bool = False
    unfinished: bool = False
    last_attempt: str = ""


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What is known of a store.

    Attributes
    ----------
    periods : tuple of PeriodStatus
        Those that are due or published, earliest first.
    age_days : int or None
        Since the last publication; None before the first.
    problems : tuple of str
        Why not all is well, one sentence each.
    remedies : tuple of str
        Commands that renew what is stale, in the order that they are to be run.
    holder : Holder or None
        The run that is under way, or was ended without giving the lock back.
    under_way : bool or None
        Whether it still runs; None when that cannot be told.
    """

    periods: tuple[PeriodStatus, ...]
    age_days: int | None
    problems: tuple[str, ...]
    remedies: tuple[str, ...]
    holder: Holder | None
    under_way: bool | None

    def content(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"well": not self.problems, **asdict(self)}


def store_status(job: Scheduled, today: date, *, max_age: int | None = None) -> StoreStatus:
    """Say what is published, what is overdue, and how old the last publication is.

    Parameters
    ----------
    job : Scheduled
    today : date
        In UTC.
    max_age : int, optional
        Days that the last publication may lie back.

    Returns
    -------
    StoreStatus

    Raises
    ------
    DataError
        If the store was damaged.
    """
    with store_errors(job.store.root, "read"):
        return _store_status(job, today, max_age)


def _store_status(job: Scheduled, today: date, max_age: int | None) -> StoreStatus:
    root, standing = job.store.root, standing_of(job)
    holder = read_holder(root)
    under_way = lock_is_held(root) if holder is not None else False
    by_period, ends = {str(one.period): one for one in standing}, last_lines(root)
    periods = tuple(
        _status(job, period, today, by_period.get(str(period)), _attempt(ends.get(str(period), {})))
        for period in _listed(job.store, job.run, today)
    )
    days = [day for found in periods if (day := _day_of(found)) is not None and day <= today]
    age = (today - max(days)).days if days else None
    problems = [*_problems(periods, today), *(text for one in standing for text in one.sentences())]
    if max_age is not None and (age is None or age > max_age):
        said = "nothing is published" if age is None else f"the last publication is {age} days old"
        problems.append(f"{said}; at most {max_age} are allowed")
    return StoreStatus(
        periods, age, tuple(problems), remedies(standing, job.path), holder, under_way
    )


def _problems(periods: tuple[PeriodStatus, ...], today: date) -> Iterator[str]:
    for found in periods:
        day = _day_of(found)
        if found.overdue:
            why = f"; {found.last_attempt}" if found.last_attempt else ""
            yield f"{found.period} is overdue since {found.due}{why}"
        if day is not None and day > today:
            yield (
                f"{found.period} is dated {day}, after today ({today}): "
                "the clock of this machine, or of the one that published it, is wrong"
            )


def _day_of(found: PeriodStatus) -> date | None:
    return date.fromisoformat(found.published_on) if found.published_on else None


def _attempt(line: dict[str, Any]) -> str:
    """Say how the last run of a period ended, where that was not well and is known."""
    status = line.get("status")
    if line.get("message") == BEGIN or status is None or status in _FINE:
        return ""
    said = str(line.get("message", "")).replace("\n", "; ")
    shown = said if len(said) <= _SHOWN else f"{said[:_SHOWN]} ..."
    told = f": {shown}" if shown != status else ""
    return f"the last run ({line.get('time', 'no time')}) ended with '{status}'{told}"


def _listed(store: Store, run: RunSpec, today: date) -> tuple[Period, ...]:
    published = store.published()
    first = run.first or (str(published[0]) if published else "")
    return tuple(sorted({*published, *due_periods(first, today, run.due_after_days)}))


def _status(
    job: Scheduled, period: Period, today: date, standing: Standing | None, attempt: str
) -> PeriodStatus:
    store, due = job.store, due_day(period, job.run.due_after_days)
    current = store.current(period)
    left = bool(store.pending(period)) or store.work(period).exists()
    found = PeriodStatus(
        str(period),
        due.isoformat(),
        overdue=current is None and today >= due,
        unfinished=left and not attempt,
        last_attempt=attempt,
    )
    if current is None or standing is None:
        return found
    return replace(
        found,
        revision=current.revision,
        published_on=_day(store.folder(period) / CURRENT).isoformat(),
        lost=int(store.manifest(period, current.revision)["lost"]),
        rests_on_older=tuple(map(str, standing.older)),
        without=tuple(map(str, standing.without)),
        data_changed=standing.data_changed,
    )


def _day(path: Path) -> date:
    """Return the day (UTC) that a file was written."""
    return date(1970, 1, 1) + timedelta(days=path.stat().st_mtime // 86400)


def status_lines(status: StoreStatus) -> tuple[str, ...]:
    """Return a status in words, one line per period and problem."""
    lines = [_line(found) for found in status.periods]
    if status.holder is not None:
        lines.append(f"{_HELD[status.under_way]}: {status.holder}")
    lines += status.problems
    if status.remedies:
        lines.append("if the files are as they should be, publish anew, in this order:")
        lines += [f"  {command}" for command in status.remedies]
    return tuple(lines)


def _line(found: PeriodStatus) -> str:
    if not found.revision:
        said = f"not published, {'overdue since' if found.overdue else 'due'} {found.due}"
    else:
        said = f"r{found.revision} published {found.published_on}, {found.lost} companies lost"
    if found.last_attempt and not found.overdue:
        said += f"; {found.last_attempt}"
    return f"{found.period}: {said}{'; a run was not finished' if found.unfinished else ''}"


def published_line(store: Store) -> str:
    """Say in one line what a store holds and that the next run goes on, for one that is stopped."""
    found = [(period, store.current(period)) for period in store.published()]
    named = ", ".join(f"{period} (r{now.revision})" for period, now in found if now)
    stands = f"published are {named}" if named else "nothing is published"
    return f"{stands}, and no period by halves; the next run goes on where this one was"
