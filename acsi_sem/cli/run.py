"""`acsi-sem run`."""

from __future__ import annotations

import os
import platform
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from acsi_sem.cli import options
from acsi_sem.cli.log import RunLog
from acsi_sem.cli.terminal import progress_bar, say, tell

if TYPE_CHECKING:
    from types import FrameType

    from acsi_sem.runs.jobs import RunCommand
    from acsi_sem.runs.scheduled import Outcome

WARNED: Final = 7
INTERRUPTED: Final = 130
StudyFile = Annotated[Path, typer.Argument(help="Study file.", metavar="STUDY")]


def run(
    study: StudyFile,
    period: Annotated[
        str, typer.Option("--period", help="A quarter such as 2026Q3; auto: what is due.")
    ] = "auto",
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why a published period is published anew.")
    ] = None,
    jobs: options.Jobs = 1,
    cluster: options.Cluster = None,
    full: Annotated[
        bool, typer.Option("--full", help="Replicates for the covariance engines too.")
    ] = False,
    strict: options.Strict = False,
    json_log: Annotated[
        bool, typer.Option("--json-log", help="Write the log, JSON lines, to stderr too.")
    ] = False,
) -> None:
    """Publish a period of a study, once: safe to repeat, to interrupt and to schedule."""
    options.check_names(reason=None if reason is None else reason.strip(), cluster=cluster)
    from acsi_sem.runs.jobs import Options, RunCommand
    from acsi_sem.runs.locking import Holder

    now = datetime.now(UTC)
    command = RunCommand(
        study,
        period,
        Holder(uuid.uuid4().hex, os.getpid(), platform.node(), now.isoformat(timespec="seconds")),
        now.date(),
        (reason or "").strip(),
        json_log,
        Options(jobs, cluster or "", full),
    )
    with _told_when_stopped(study):
        warnings = _carry_out(command)
    if strict and warnings:
        raise typer.Exit(WARNED)


def _carry_out(command: RunCommand) -> int:
    """Run the periods, tell of each as it ends, and return how many warnings there were."""
    from acsi_sem.runs.jobs import nothing_due, run_command

    warnings = published = 0
    clock = RunLog()
    with progress_bar() as progress:

        def timed(stage: str, done: int, total: int) -> None:
            clock.timing(progress)(stage, done, total)

        for outcome in run_command(command, told=tell, progress=timed):
            published += 1
            warnings += outcome.warnings
            _tell_outcome(outcome)
            if split := clock.split():
                tell(f"{outcome.period}: time: {split}")
            clock = RunLog()  # the next period's
    if not published:
        say(nothing_due(command))
    return warnings


def _tell_outcome(outcome: Outcome) -> None:
    for line in outcome.summary:
        say(line)
    say(f"{outcome.period}: {outcome.status}: {outcome.folder}")
    if outcome.warnings:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in outcome.kinds)
        listed = f": {kinds}" if kinds else ""
        tell(f"{outcome.period}: {outcome.warnings} warnings, all in warnings.csv{listed}")


@contextmanager
def _told_when_stopped(study: Path) -> Iterator[None]:
    """Take a request to end the process as Ctrl-C, and say what stands after either."""
    from acsi_sem.runs.endings import TerminatedError
    from acsi_sem.runs.jobs import load_scheduled
    from acsi_sem.runs.status import published_line

    owner = os.getpid()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if os.getpid() == owner:
            raise TerminatedError("terminated (SIGTERM)")
        # A worker, which took this handler over by forking: it ends as it would without.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt as stopped:
        tell(f"stopped; {published_line(load_scheduled(study).store)}")
        raise typer.Exit(getattr(stopped, "exit_code", INTERRUPTED)) from stopped
    finally:
        signal.signal(signal.SIGTERM, before)
