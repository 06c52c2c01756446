"""`acsi-sem publish`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from acsi_sem.cli.terminal import say


def publish(
    study: Annotated[Path, typer.Argument(help="Study file.", metavar="STUDY")],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="postgresql://USER:PASSWORD@HOST/NAME, sqlite:///FILE, or env:VARIABLE for "
            "either in an environment variable.",
        ),
    ],
    period: Annotated[
        str,
        typer.Option(
            "--period",
            help="A quarter; current: of every period the current revision; all: every revision.",
        ),
    ] = "current",
    schema: Annotated[
        str, typer.Option("--schema", help="Schema of PostgreSQL; made where it is missing.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be published; change nothing.")
    ] = False,
) -> None:
    """Publish the tables of runs to a database, each revision whole and once."""
    from acsi_sem.runs.publish import PublishCommand, run_publish

    outcome = run_publish(PublishCommand(study, to, period, schema, dry_run), os.environ)
    for done in outcome.revisions:
        rows = f", {done.rows} rows" if done.rows else ""
        say(f"{done.period} r{done.revision}: {done.state}{rows}")
    say(f"{'nothing written to' if dry_run else 'database'}: {outcome.database}")
