"""`acsi-sem init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from acsi_sem.cli.terminal import say


def init(
    name: Annotated[
        str,
        typer.Argument(
            help="A name that `acsi-sem models` lists, or a model file.", metavar="NAME"
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the study.")] = Path(),
    language: Annotated[str, typer.Option("--language", help="en, zh-Hans or zh-Hant.")] = "en",
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Start a study: model, study file, questionnaire, and a workbook for the answers."""
    from acsi_sem.runs.start import start_study

    started = start_study(name, out, language=language, force=force)
    say(f"{', '.join(started.files)} in {started.folder}")
    say("Next: fill in data.xlsx, or try it with simulated answers:")
    for step in started.steps:
        say(f"  {step}")
