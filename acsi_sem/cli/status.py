"""`acsi-sem status`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from acsi_sem.cli.run import StudyFile
from acsi_sem.cli.terminal import say


def status(
    study: StudyFile,
    max_age: Annotated[
        int | None,
        typer.Option("--max-age", help="Days that the last publication may lie back.", min=0),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is published; exit 7 for what is overdue, stale, changed since, or too old."""
    from acsi_sem.runs.jobs import load_scheduled
    from acsi_sem.runs.status import UNWELL, status_lines, store_status

    found = store_status(load_scheduled(study), datetime.now(UTC).date(), max_age=max_age)
    if as_json:
        say(json.dumps(found.content(), indent=2, ensure_ascii=False))
    else:
        for line in status_lines(found):
            say(line)
    if found.problems:
        raise typer.Exit(UNWELL)
