"""How `acsi-sem plan` shows its answers and writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acsi_sem.cli.terminal import say
from acsi_sem.errors import Problem, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from acsi_sem.planning.plan import Plan

_DECIMALS: Final = {"points": 2, "interviews": 0, "people": 0, "money": 2}
_HEADS: Final = ("of", "quantity", "value", "unit", "note")
_ONE: Final = {"interviews": "interview", "people": "person"}
_OPTIONS: Final = {
    name: "--" + name.replace("_", "-")
    for name in (
        *("half_width", "interviews", "sd", "share", "level", "deff", "population", "response"),
        *("groups", "minimum", "smallest", "student", "points", "overlap", "correlation", "power"),
        *("comparisons", "other_sd", "ratio", "method", "path", "effect", "simulations", "engine"),
        *("draws", "seed", "language"),
    )
} | {"others": "--other", "model": "MODEL", "strata": "STRATA.csv"}
"""Arguments of the planning functions as the commands call them."""
_NAMES: Final = re.compile(rf"(?<![\w-])({'|'.join(_OPTIONS)})(?![\w-])")


@contextmanager
def as_options() -> Iterator[None]:
    """Let refusals inside name options, not arguments.

    Raises
    ------
    UsageError
        As raised inside, in the words of the command line.
    """
    try:
        yield
    except UsageError as error:
        raise UsageError([_renamed(problem) for problem in error.problems]) from None


def _renamed(problem: Problem) -> Problem:
    if problem.path:
        return replace(problem, path=_OPTIONS.get(problem.path, problem.path))
    expected, got = (
        _NAMES.sub(lambda name: _OPTIONS[name[0]], text) for text in (problem.expected, problem.got)
    )
    return replace(problem, expected=expected, got=got)


def answer(found: Plan, out: Path | None, force: bool, more: tuple[str, ...] = ()) -> None:
    """Print a plan, and write its table where that is asked for."""
    check_new(out, force)
    say(found.title)
    rows = [
        (line.subject, line.quantity, number, _ONE.get(line.unit, "") or line.unit, line.note)
        if (number := _number(line.value, line.unit)) == "1"
        else (line.subject, line.quantity, number, line.unit, line.note)
        for line in found.lines
    ]
    for text in _table(rows):
        say(text)
    say(f"formula: {found.formula}")
    for assumption in (*found.assumptions, *more):
        say(f"assumed: {assumption}")
    write_table(found.tidy(), out, force)


def _number(value: float, unit: str) -> str:
    return "unknown" if math.isnan(value) else f"{value:,.{_DECIMALS.get(unit, 3)}f}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Align columns, numbers to the right; leave out those in which nothing stands."""
    from acsi_sem.report import words

    cells = [[words.clean(text) for text in row] for row in [_HEADS, *rows]]
    used = [at for at in range(len(_HEADS)) if any(row[at] for row in cells[1:])]
    wide = {at: max(len(row[at]) for row in cells) for at in used}
    value = _HEADS.index("value")
    lines = []
    for row in cells:
        padded = [
            row[at].rjust(wide[at]) if at == value else row[at].ljust(wide[at]) for at in used
        ]
        lines.append("  " + "  ".join(padded).rstrip())
    return lines


def check_new(out: Path | None, force: bool) -> None:
    """Refuse a table that is no CSV file, or is there already.

    Raises
    ------
    UsageError
    """
    if out is None:
        return
    if out.suffix.lower() != ".csv":
        raise UsageError(Problem(str(out), "", "a name that ends in .csv", repr(out.name)))
    if out.exists() and not force:
        remedy = "choose another name, or replace it by --force"
        raise UsageError(Problem(str(out), "", "a new file", "one that exists", remedy))


def write_table(table: pd.DataFrame, out: Path | None, force: bool) -> None:
    """Write a table as CSV, where a file is named."""
    if out is None:
        return
    check_new(out, force)
    from acsi_sem.runs.folder import write_folder
    from acsi_sem.tables.write import csv_bytes

    write_folder(out.parent, {out.name: csv_bytes(table)}, out.name)
    say(f"table: {out}")
