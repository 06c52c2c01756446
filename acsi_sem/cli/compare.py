"""`acsi-sem compare`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from acsi_sem.cli import options
from acsi_sem.cli.terminal import progress_bar, say, tell
from acsi_sem.terms import ALL

if TYPE_CHECKING:
    from acsi_sem.runs.compare import Outcome

NOT_CONVERGED: Final = 5


def compare(
    study: Annotated[Path, typer.Argument(help="Study file.", metavar="STUDY")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder; default: reports/NAME-compare.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Survey file instead of the study's.")
    ] = None,
    group: options.Group = None,
    bootstrap: Annotated[int | None, typer.Option("--bootstrap", help="Replicates.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of every draw.")] = None,
    level: Annotated[float | None, typer.Option("--level", help="Confidence level.")] = None,
) -> None:
    """Compare the systems, engines or weightings that a study names; exit 5 if one fails."""
    options.check_names(group=group)
    asked = {"replicates": bootstrap, "seed": seed, "level": level}
    from acsi_sem.runs.compare import PAGE, CompareCommand, run_compare

    name = f"{study.resolve().parent.name}-compare"
    command = CompareCommand(
        study=study,
        out=out or Path("reports") / name,
        data=data,
        group=group,
        overrides={key: value for key, value in asked.items() if value is not None},
    )
    with progress_bar() as progress:
        outcome = run_compare(command, progress)
    for line in _lines(outcome):
        say(line)
    if outcome.compared.notices:
        tell(f"{len(outcome.compared.notices)} notices, all in {outcome.folder / 'manifest.json'}")
    say(f"comparison: {outcome.folder / PAGE}")
    failed = [
        f"{one.system.name}: {found.group}: {'; '.join(found.problems)}"
        for one in outcome.compared.measurements
        if one.fit is not None
        for found in one.fit.diagnoses
        if not found.ok
    ]
    for told in failed:
        tell(told)
    if failed:
        tell(f"{len(failed)} fits have no result; their rows are blank in {outcome.folder}")
        raise typer.Exit(NOT_CONVERGED)


def _lines(outcome: Outcome) -> Iterator[str]:
    """Yield a line per system: its number, limits, name and title."""
    from acsi_sem.report.words import clean

    titles = {
        one.system.name: clean(" ".join(one.system.title.get(outcome.language).split()))
        for one in outcome.compared.measurements
    }
    wide = max(len(name) for name in titles)
    table = outcome.compared.systems
    for row in table[table["group"] == ALL].to_dict("records"):
        limits = f"{_shown(row['conf_low'])} to {_shown(row['conf_high'])}"
        name = row["system"]
        told = f"{name:<{wide}}  {titles[name]}" if titles[name] != name else name
        yield f"{_shown(row['index']):>6}  {limits:<14}  {told}"


def _shown(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1f}"
