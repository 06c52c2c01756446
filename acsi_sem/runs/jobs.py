"""`acsi-sem run`: a study's periods, one after the other, and who is told."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from acsi_sem.errors import DataError, Problem, UsageError
from acsi_sem.runs.due import due_periods, unpublished
from acsi_sem.runs.durable import check_store, sha256_of, store_errors
from acsi_sem.runs.endings import Told, tell_failure, tell_outcome
from acsi_sem.runs.inputs import (
    FULL,
    SURVEY,
    Inputs,
    quarters_used,
    shares_sha256,
    study_sha256,
    units_sha256,
)
from acsi_sem.runs.joblog import BEGIN, Event, job_log
from acsi_sem.runs.locking import Holder
from acsi_sem.runs.scheduled import (
    Context,
    Outcome,
    Plan,
    Produce,
    Produced,
    Progress,
    RefusedError,
    read_inputs,
    run_period,
)
from acsi_sem.runs.standing import Standing, standing_told, standings
from acsi_sem.runs.store import Store
from acsi_sem.spec.hierarchy import NationSpec, RunSpec
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Study

AUTO: Final = "auto"


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
    path : Path
        The study file, as it was named.
    """

    study: Study
    nation: NationSpec
    run: RunSpec
    store: Store
    path: Path

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
        If it has no part `nation` or no part `run`, or its store is no folder.
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
    check_store(root)
    return Scheduled(study, study.nation, study.run, Store(root), path)


def run_command(
    command: RunCommand,
    *,
    told: Told,
    progress: Progress | None = None,
    produce: Produce | None = None,
) -> Iterator[Outcome]:
    """Run the periods that a command asks for, the oldest first.

    ``auto`` takes what is due and not published, and stops at the first period that fails: later
    ones rest on it. A period whose data are not there is told and passed over. At the end it is
    told which published periods do not stand well: their data changed, or what they rest on did.

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
    if periods:
        work = produce or national(job, command.options)
        with store_errors(job.store.root):
            job.store.root.mkdir(parents=True, exist_ok=True)
        with job_log(job.store.root, command.holder.run, stderr=command.json_log) as log:
            for period in periods:
                yield _run(command, job, period, work, log, told, progress)
    for text in standing_told(standing_of(job), job.path):
        told(text)


def standing_of(job: Scheduled) -> tuple[Standing, ...]:
    """Return how every published period stands to what is there now, earliest first."""
    with store_errors(job.store.root, "read"):
        return standings(job.store, lambda period: job.beside(job.study.data, period))


def _periods(command: RunCommand, job: Scheduled, told: Told) -> tuple[Period, ...]:
    if command.period != AUTO:
        return (_named(command, job.run, told),)
    if command.reason:
        remedy = "name the period that is to be published anew"
        raise UsageError(Problem("--reason", "", "one period beside it", "auto", remedy))
    return tuple(_with_data(job, _waiting(command, job), told))


def _named(command: RunCommand, run: RunSpec, told: Told) -> Period:
    try:
        period = Period.parse(command.period)
    except ValueError as error:
        expected = "a quarter such as 2026Q3, or auto"
        raise UsageError(Problem("--period", "", expected, repr(command.period))) from error
    if command.today <= period.last_day:
        got = f"{period}, which ends on {period.last_day} (today is {command.today}, UTC)"
        remedy = "wait for its end, or name the period that was meant"
        raise UsageError(Problem("--period", "", "a quarter that is over", got, remedy))
    if run.first and period < Period.parse(run.first):
        told(f"{period} is before {run.first}, the first period of the study (run.first)")
    return period


def _waiting(command: RunCommand, job: Scheduled) -> tuple[Period, ...]:
    due = due_periods(job.run.first, command.today, job.run.due_after_days)
    with store_errors(job.store.root, "read"):
        return unpublished(job.store, due)


def nothing_due(command: RunCommand) -> str:
    """Say why ``auto`` had nothing to publish."""
    job = load_scheduled(command.study)
    waiting = _waiting(command, job)
    if waiting:
        named = ", ".join(map(str, waiting))
        return f"nothing is due that can be published: the data of {named} are not in yet"
    published = job.store.published()
    last = f", the last of them {published[-1]}" if published else ""
    return f"nothing is due: all due periods are published{last}"


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
    log.info(BEGIN, extra={"fields": {"run": run, "study": name, "period": str(period)}})
    plan = Plan(
        period,
        lambda: study_inputs(job, period, command.options),
        job.run.fail_above,
        command.reason,
    )

    def work(context: Context) -> Produced:
        _check_survey(job, context)
        return produce(context)

    event = Event(run, name, str(period), "failed", 0)
    try:
        outcome = run_period(job.store, plan, work, holder=command.holder, progress=progress)
    except BaseException as error:
        tell_failure(job.run, event, error, log, told)
        raise
    for text in outcome.told:
        told(text)
    tell_outcome(job.run, event, outcome, log, told)
    return outcome


def _check_survey(job: Scheduled, context: Context) -> None:
    """Refuse a survey that is another period's: a copied or misnamed file."""
    own = dict(context.inputs)[SURVEY]
    for period in job.store.published():
        current = job.store.current(period)
        if period == context.period or current is None:
            continue
        if read_inputs(job.store.manifest(period, current.revision)).get(SURVEY) == own:
            path = job.beside(job.study.data, context.period)
            got = f"the one that {period} was published from; nothing was published"
            remedy = f"correct the file; if {period} is the wrong one, publish that anew first"
            raise RefusedError(
                Problem(str(path), SURVEY, f"the interviews of {context.period}", got, remedy)
            )


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
        By what they are and their names: the study, units and shares by what of them shapes the
        period, other files by their bytes, packages by their versions.

    Raises
    ------
    DataError
        With every file that is missing.
    SpecError
        If the units or shares are not valid.
    """
    from acsi_sem.runs.provenance import versions
    from acsi_sem.spec.load_hierarchy import load_hierarchy

    study = job.study
    units, shares = job.beside(job.nation.units), job.beside(job.nation.shares)
    files = {
        f"model {Path(study.model).name}": job.beside(study.model),
        **{f"history {path}": job.beside(path) for path in job.run.history},
        SURVEY: job.beside(study.data, period),
    }
    _check_there(period, {f"units {units.name}": units, f"shares {shares.name}": shares} | files)
    hierarchy = load_hierarchy(study)
    quarters = quarters_used(period, job.nation.window, job.store.published())
    return (
        (f"study {study.name}", study_sha256(study)),
        (f"units {units.name}", units_sha256(hierarchy)),
        (f"shares {shares.name}", shares_sha256(hierarchy, quarters)),
        *((what, sha256_of(path)) for what, path in files.items()),
        *((f"package {name}", number) for name, number in versions()),
        (FULL, "yes" if options.full else "no"),
    )


def _check_there(period: Period, files: Mapping[str, Path]) -> None:
    remedy = "wait for it, or correct the study"
    missing = [
        Problem(str(path), what, f"a file for {period}", "none", remedy)
        for what, path in files.items()
        if not path.is_file()
    ]
    if missing:
        raise DataError(missing)


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
