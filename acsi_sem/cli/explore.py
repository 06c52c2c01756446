"""`acsi-sem explore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from acsi_sem.cli import options
from acsi_sem.cli.terminal import say, tell


def explore(
    file: Annotated[Path, typer.Argument(help="Study or model file.", metavar="STUDY|MODEL")],
    data: Annotated[
        Path | None, typer.Option("--data", help="Survey file; of a study: instead of its own.")
    ] = None,
    group: options.Group = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder of tables and page; default: reports/NAME-explore."),
    ] = None,
    weights: options.Weights = None,
    weight_kind: options.WeightKind = "sampling",
    strata: options.Strata = None,
    psu: options.Psu = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of every draw.")] = None,
    level: Annotated[float | None, typer.Option("--level", help="Confidence level.")] = None,
    min_rows: Annotated[
        int | None, typer.Option("--min-rows", help="Fewest respondents of anything shown.")
    ] = None,
    sheet: options.Sheet = "",
) -> None:
    """Look at a survey before it is modelled: answers, respondents, how questions hang together."""
    options.check_values(weight_kind=weight_kind)
    place = None if out is None else str(out)
    options.check_names(out=place, group=group, weights=weights, strata=strata, psu=psu)
    options.check_pairs(weights, weight_kind, sheet if data else "", data or Path("survey.xlsx"))
    from acsi_sem.runs.explore import ExploreCommand, run_explore

    out = out or Path("reports") / f"{_name(file)}-explore"
    names = {"weights": weights, "strata": strata, "psu": psu, "population": None}
    design = options.design_columns(names, weight_kind, None, None, "bootstrap", 0.5)
    outcome = run_explore(
        ExploreCommand(file, out, data, group, design, sheet, seed, level, min_rows)
    )
    for notice in outcome.notices:
        tell(notice)
    for finding in outcome.findings:
        say(finding)
    say(f"{len(outcome.files)} files in {out}")


def _name(file: Path) -> str:
    """Return what the output is called: a study's folder, as of its report, or a model's file."""
    from acsi_sem.spec.validate import kind_of

    return file.stem if kind_of(file) == "model" else file.resolve().parent.name
