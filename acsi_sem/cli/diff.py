"""`acsi-sem diff`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from acsi_sem.cli.terminal import say
from acsi_sem.errors import Problem, UsageError


def diff(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Two folders of runs; or a study file and two periods (2026Q3) or revisions "
            "(2026Q3/r1).",
            metavar="A B | STUDY A B",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what differs between two runs: inputs, versions, numbers."""
    one_period = len(names) == 2 and Path(names[0]).is_file()
    if one_period or len(names) not in (2, 3):
        from acsi_sem.report.words import plural

        expected = "two folders, or a study and two periods"
        got = "a study and one period" if one_period else plural(len(names), "name")
        raise UsageError(Problem("acsi-sem diff", "", expected, got))
    from acsi_sem.runs.diff import diff_runs, revision_folder
    from acsi_sem.runs.jobs import load_scheduled

    folders = [Path(name) for name in names]
    if len(names) == 3:
        store = load_scheduled(folders[0]).store
        folders = [revision_folder(store, name) for name in names[1:]]
    found = diff_runs(*folders)
    if as_json:
        say(json.dumps(found.content(), indent=2, ensure_ascii=False))
    else:
        say("\n".join(found.lines()))
