"""`acsi-sem rake`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from acsi_sem.cli import options
from acsi_sem.cli.terminal import say, tell


def rake(
    survey: Annotated[Path, typer.Argument(help="Survey file.", metavar="SURVEY")],
    targets: Annotated[Path, typer.Option("--targets", help="File of targets (YAML).")],
    out: Annotated[Path, typer.Option("--out", help="CSV file to write.")],
    weights: Annotated[
        str | None, typer.Option("--weights", help="Column of base weights; default: equal.")
    ] = None,
    weight_name: Annotated[
        str, typer.Option("--weight-name", help="Name of the column of raked weights.")
    ] = "weight",
    sheet: options.Sheet = "",
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Rake a survey to targets: write its columns with raked weights, and what they cost."""
    options.check_names(weights=weights)
    from acsi_sem.runs.rake import RakeCommand, run_rake

    outcome = run_rake(RakeCommand(survey, targets, out, weights, weight_name, sheet, force))
    for notice in outcome.notices:
        tell(notice)
    for line in outcome.summary:
        say(line)
    say(f"survey: {out}; tables: {', '.join(file.name for file in outcome.files[1:])}")
