"""The dead-man check: what is published, and what ought to be by now."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from acsi_sem.runs.due import due_day, due_periods
from acsi_sem.runs.jobs import Scheduled
from acsi_sem.runs.locking import Holder, read_holder
from acsi_sem.runs.store import CURRENT, Store, read_manifest
from acsi_sem.spec.hierarchy import RunSpec
from acsi_sem.spec.periods import Period

UNWELL: Final = 7
"""Exit code when a period is overdue, or the last publication too old."""


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
    unfinished : bool
        A run of it was ended, or is under way.
    """

    period: str
    due: str
    revision: int = 0
    published_on: str = ""
    lost: int = 0
    overdue: bool = False
    rests_on_older: tuple[str, ...] = ()
    unfinished: bool = False


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
    holder : Holder or None
        The run that is under way, or was ended without giving the lock back.
    """

    periods: tuple[PeriodStatus, ...]
    age_days: int | None
    problems: tuple[str, ...]
    holder: Holder | None

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
    periods = tuple(_status(job, period, today) for period in _listed(job.store, job.run, today))
    days = [date.fromisoformat(found.published_on) for found in periods if found.published_on]
    age = (today - max(days)).days if days else None
    problems = [
        f"{found.period} is overdue since {found.due}" for found in periods if found.overdue
    ]
    if max_age is not None and (age is None or age > max_age):
        said = "nothing is published" if age is None else f"the last publication is {age} days old"
        problems.append(f"{said}; at most {max_age} are allowed")
    return StoreStatus(periods, age, tuple(problems), read_holder(job.store.root))


def _listed(store: Store, run: RunSpec, today: date) -> tuple[Period, ...]:
    published = store.published()
    first = run.first or (str(published[0]) if published else "")
    return tuple(sorted({*published, *due_periods(first, today, run.due_after_days)}))


def _status(job: Scheduled, period: Period, today: date) -> PeriodStatus:
    store, due = job.store, due_day(period, job.run.due_after_days)
    current = store.current(period)
    unfinished = bool(store.pending(period)) or store.work(period).exists()
    if current is None:
        return PeriodStatus(
            str(period), due.isoformat(), overdue=today >= due, unfinished=unfinished
        )
    return PeriodStatus(
        str(period),
        due.isoformat(),
        current.revision,
        _day(store.folder(period) / CURRENT).isoformat(),
        int(store.manifest(period, current.revision)["lost"]),
        rests_on_older=_older(store, store.revision(period, current.revision)),
        unfinished=unfinished,
    )


def _day(path: Path) -> date:
    """Return the day (UTC) that a file was written."""
    return date(1970, 1, 1) + timedelta(days=path.stat().st_mtime // 86400)


def _older(store: Store, folder: Path) -> tuple[str, ...]:
    """Return the past periods that were published anew after a revision rested on them."""
    used = {row["input"]: row["sha256"] for row in read_manifest(folder)["inputs"]}
    now = {f"past {period}": store.current(period) for period in store.published()}
    return tuple(
        name.removeprefix("past ")
        for name, digest in used.items()
        if (found := now.get(name)) is not None and found.manifest_sha256 != digest
    )


def status_lines(status: StoreStatus) -> tuple[str, ...]:
    """Return a status in words, one line per period and problem."""
    lines = [_line(found) for found in status.periods]
    if status.holder is not None:
        lines.append(f"a run is under way, or was ended: {status.holder}")
    return (*lines, *status.problems)


def _line(found: PeriodStatus) -> str:
    if not found.revision:
        said = f"not published, {'overdue since' if found.overdue else 'due'} {found.due}"
    else:
        said = f"r{found.revision} published {found.published_on}, {found.lost} companies lost"
    if found.rests_on_older:
        said += f"; rests on older revisions of {', '.join(found.rests_on_older)}"
    return f"{found.period}: {said}{'; a run was not finished' if found.unfinished else ''}"
