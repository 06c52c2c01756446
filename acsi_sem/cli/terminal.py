"""What goes to the terminal: progress and warnings on stderr, results on stdout."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from acsi_sem.analysis.pipeline import Progress
    from acsi_sem.analysis.values import Fit


def say(text: str) -> None:
    """Print a result to whoever still reads: `head` closes the pipe when it has seen enough."""
    try:
        typer.echo(text)
    except BrokenPipeError:
        # What is left in the buffer would fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(text: str) -> None:
    """Print to stderr what is not a result."""
    typer.echo(text, err=True)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show how far the work is, but only to a terminal."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        tasks = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = shown.add_task(stage, total=total)
            shown.update(tasks[stage], completed=done, total=total)

        yield report


def _silent(stage: str, done: int, total: int) -> None:
    """Show nothing."""


def tell_warnings(fit: Fit) -> None:
    """Summarise the warnings of a fit on stderr."""
    if not fit.warnings:
        return
    kinds = Counter(notice.kind for notice in fit.warnings)
    listed = ", ".join(f"{kind} ({count})" for kind, count in kinds.items())
    tell(f"{len(fit.warnings)} warnings, all in warnings.csv: {listed}")
