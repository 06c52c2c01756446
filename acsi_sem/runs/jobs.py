"""`acsi-sem run`: a study's periods, one after the other, and who is told."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from acsi_sem.errors import AcsiError, DataError, Problem, UsageError
from acsi_sem.runs.due import due_periods, unpublished
from acsi_sem.runs.durable import sha256_of, store_errors
from acsi_sem.runs.joblog import Event, job_log, log_event, send_alerts
from acsi_sem.runs.locking import Holder, LockedError
from acsi_sem.runs.scheduled import (
    Context,
    Inputs,
    NotPublishedError,
    Outcome,
    Plan,
    Produce,
    Produced,
    Progress,
    RefusedError,
    run_period,
)
from acsi_sem.runs.store import Store
from acsi_sem.spec.hierarchy import NationSpec, RunSpec
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Study

AUTO: Final = "auto"
_STATUS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (LockedError, "locked"),
    (RefusedError, "refused"),
    (NotPublishedError, "not published"),
    (Exception, "failed"),
    (BaseException, "stopped"),
)
_ALERTED: Final = ("published", "adopted", "refused", "not published", "failed")
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How the work is done.

    Attributes
    ----------
    jobs : int
        Processes.
    cluster : str
        Address of a dask scheduler; empty for this machine.
    full : bool
        Replicates for the covariance engines too. The one of the three that shapes numbers.
    """

    jobs: int = 1
    cluster: str = ""
    full: bool = False


@dataclass(frozen=True, slots=True)
class RunCommand:
    """`acsi-sem run`.

    Attributes
    ----------
    study : Path
    period : str
        ``2026Q3`` or ``auto``.
    holder : Holder
        Run id, process, machine and the time of the start.
    today : date
    reason : str
        Why a published period is published anew; not with ``auto``.
    json_log : bool
        Write the log to standard error too.
    """

    study: Path
    period: str
    holder: Holder
    today: date
    reason: str = ""
    json_log: bool = False
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A study that can be run: its parts `nation` and `run` are there.

    Attributes
    ----------
    study : Study
    nation : NationSpec
    run : RunSpec
    store : Store
    """

    study: Study
    nation: NationSpec
    run: RunSpec
    store: Store

    def beside(self, path: str, period: Period | None = None) -> Path:
        """Return a path that the study names, which counts from the study's folder."""
        named = path if period is None else path.replace("{period}", str(period))
        return Path(os.path.normpath(Path(self.study.folder) / named))


def load_scheduled(path: Path) -> Scheduled:
    """Read a study that can be run.

    Raises
    ------
    SpecError
        If the file is not valid.
    UsageError
        If it has no part `nation` or no part `run`.
    """
    study = load_study(path)
    problems = [
        Problem(str(path), part, f"how {what}", "no such part", "add it to the study")
        for part, what, there in (
            ("nation", "units roll up", study.nation),
            ("run", "scheduled runs behave", study.run),
        )
        if there is None
    ]
    if study.nation is None or study.run is None:
        raise UsageError(problems)
    root = Path(os.path.normpath(Path(study.folder) / study.run.store))
    return Scheduled(study, study.nation, study.run, Store(root))


def run_command(
    command: RunCommand,
    *,
    told: Told,
    progress: Progress | None = None,
    produce: Produce | None = None,
) -> Iterator[Outcome]:
    """Run the periods that a command asks for, the oldest first.

    ``auto`` takes what is due and not published, and stops at the first period that fails: later
    ones rest on it. A period whose data are not there is told and passed over.

    Parameters
    ----------
    command : RunCommand
    told : callable
        Given what is not a result, a sentence at a time, as it happens.
    progress : callable, optional
    produce : callable, optional
        Does the work; by default that of a nation.

    Yields
    ------
    Outcome
        As each period is published; none when nothing is due, which costs next to nothing.

    Raises
    ------
    AcsiError
        Of the first period that failed; those before it are published.
    """
    job = load_scheduled(command.study)
    periods = _periods(command, job, told)
    if not periods:
        return
    work = produce or national(job, command.options)
    with store_errors(job.store.root):
        job.store.root.mkdir(parents=True, exist_ok=True)
    with job_log(job.store.root, command.holder.run, stderr=command.json_log) as log:
        for period in periods:
            yield _run(command, job, period, work, log, told, progress)


def _periods(command: RunCommand, job: Scheduled, told: Told) -> tuple[Period, ...]:
    if command.period != AUTO:
        try:
            return (Period.parse(command.period),)
        except ValueError as error:
            expected = "a quarter such as 2026Q3, or auto"
            raise UsageError(Problem("--period", "", expected, repr(command.period))) from error
    if command.reason:
        remedy = "name the period that is to be published anew"
        raise UsageError(Problem("--reason", "", "one period beside it", "auto", remedy))
    due = due_periods(job.run.first, command.today, job.run.due_after_days)
    return tuple(_with_data(job, unpublished(job.store, due), told))


def _with_data(job: Scheduled, periods: tuple[Period, ...], told: Told) -> Iterator[Period]:
    for period in periods:
        path = job.beside(job.study.data, period)
        if path.is_file():
            yield period
        else:
            told(f"{period}: the data are not in yet ({path.name}); not published")


def _run(
    command: RunCommand,
    job: Scheduled,
    period: Period,
    produce: Produce,
    log: logging.Logger,
    told: Told,
    progress: Progress | None,
) -> Outcome:
    """Run one period, and tell how it ended."""
    name, run = job.study.name, command.holder.run
    log.info("begin", extra={"fields": {"run": run, "study": name, "period": str(period)}})
    plan = Plan(
        period,
        lambda: study_inputs(job, period, command.options),
        job.run.fail_above,
        command.reason,
    )
    try:
        outcome = run_period(job.store, plan, produce, holder=command.holder, progress=progress)
    except BaseException as error:
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        ours = isinstance(error, AcsiError) or status == "stopped"
        code = getattr(error, "exit_code", 1 if status == "failed" else 130)
        event = Event(run, name, str(period), status, code, message=str(error) or status)
        _tell(job.run, event, log, told, unexpected=not ours)
        raise
    for text in outcome.told:
        told(text)
    event = Event(
        run, name, str(period), outcome.status, 0, outcome.revision, outcome.lost, outcome.status
    )
    _tell(job.run, event, log, told)
    return outcome


def _tell(
    spec: RunSpec, event: Event, log: logging.Logger, told: Told, *, unexpected: bool = False
) -> None:
    log_event(log, event, traceback=unexpected)
    if event.status in _ALERTED:
        for text in send_alerts(spec, event, log):
            told(text)


def study_inputs(job: Scheduled, period: Period, options: Options) -> Inputs:
    """Return what shapes a period of a study: files, versions, options.

    Parameters
    ----------
    job : Scheduled
    period : Period
    options : Options

    Returns
    -------
    Inputs
        Files by what they are and their names, packages by their versions.

    Raises
    ------
    DataError
        With every file that is missing.
    """
    from acsi_sem.runs.provenance import versions

    study = job.study
    files = {
        f"model {Path(study.model).name}": job.beside(study.model),
        f"units {Path(job.nation.units).name}": job.beside(job.nation.units),
        f"shares {Path(job.nation.shares).name}": job.beside(job.nation.shares),
        **{f"history {path}": job.beside(path) for path in job.run.history},
        "survey": job.beside(study.data, period),
    }
    missing = [
        Problem(
            str(path), what, f"a file for {period}", "none", "wait for it, or correct the study"
        )
        for what, path in files.items()
        if not path.is_file()
    ]
    if missing:
        raise DataError(missing)
    return (
        (f"study {study.name}", study.sha256),
        *((what, sha256_of(path)) for what, path in files.items()),
        *((f"package {name}", number) for name, number in versions()),
        ("option --full", "yes" if options.full else "no"),
    )


def national(job: Scheduled, options: Options) -> Produce:
    """Return the work of a nation: model and hierarchy are read when it begins."""

    def produce(context: Context) -> Produced:
        from acsi_sem.runs.national import produce_period
        from acsi_sem.spec.load import load_model
        from acsi_sem.spec.load_hierarchy import load_hierarchy

        model = load_model(job.beside(job.study.model))
        hierarchy = load_hierarchy(job.study)
        return produce_period(job.study, model, hierarchy, context.period, context, options)

    return produce
