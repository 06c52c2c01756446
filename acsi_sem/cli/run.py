"""`acsi-sem run`."""

from __future__ import annotations

import os
import platform
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from acsi_sem.cli import options
from acsi_sem.cli.log import RunLog
from acsi_sem.cli.terminal import progress_bar, say, tell

WARNED: Final = 7
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
    from acsi_sem.runs.jobs import Options, RunCommand, run_command
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
    warnings = published = 0
    clock = RunLog()
    with progress_bar() as progress:
        for outcome in run_command(command, told=tell, progress=clock.timing(progress)):
            published += 1
            warnings += outcome.warnings
            for line in outcome.summary:
                say(line)
            say(f"{outcome.period}: {outcome.status}: {outcome.folder}")
    if not published:
        say("nothing is due that can be published")
    if split := clock.split():
        tell(f"time: {split}")
    if strict and warnings:
        raise typer.Exit(WARNED)
