"""`acsi-sem simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer

from acsi_sem.cli.terminal import tell
from acsi_sem.errors import Problem, UsageError

DEMO_MODEL: Final = Path("models/acsi.yaml")
NATION_MODEL: Final = Path("models/acsi_1994.yaml")
DEMO_INTERVIEWS, NATION_INTERVIEWS = 220, 250
_SIZE: Final = "With --nation: number of them"


def simulate(
    out: Annotated[Path, typer.Option("--out", help="CSV or XLSX file, or the nation's folder.")],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Model file, or a name that `acsi-sem models` lists; "
            f"default: {DEMO_MODEL}, of a nation {NATION_MODEL}.",
        ),
    ] = None,
    interviews: Annotated[
        int | None,
        typer.Option(
            "--interviews",
            help=f"Per company (and quarter); default: {DEMO_INTERVIEWS}, of a nation "
            f"{NATION_INTERVIEWS}.",
            min=60,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of every draw.", min=0)] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    extras: Annotated[
        bool,
        typer.Option(
            "--extras", help="Further columns, for every method; data/methods has such a study."
        ),
    ] = False,
    nation: Annotated[
        bool, typer.Option("--nation", help="Simulate a nation, and what is true of it.")
    ] = False,
    sectors: Annotated[int | None, typer.Option(help=f"{_SIZE}; 10.", min=1)] = None,
    industries: Annotated[int | None, typer.Option(help=f"{_SIZE}; 43.", min=1)] = None,
    companies: Annotated[int | None, typer.Option(help=f"{_SIZE}; 400.", min=1)] = None,
    quarters: Annotated[int | None, typer.Option(help=f"{_SIZE}; 4.", min=1)] = None,
    first: Annotated[
        str | None, typer.Option("--first", help="With --nation: first quarter; 2025Q4.")
    ] = None,
    rotation: Annotated[
        str | None,
        typer.Option(
            "--rotation",
            help="With --nation: quarterly (default), or annual: a sector in one quarter a year.",
        ),
    ] = None,
    no_missing: Annotated[
        bool, typer.Option("--no-missing", help="With --nation: leave no answer open.")
    ] = False,
    no_truth: Annotated[
        bool, typer.Option("--no-truth", help="With --nation: do not write truth.csv.")
    ] = False,
) -> None:
    """Simulate a small survey of six companies, or a nation's surveys and their truth."""
    sizes = {
        "sectors": sectors,
        "industries": industries,
        "companies": companies,
        "quarters": quarters,
        "first": first,
        "rotation": rotation,
    }
    asked = {name: value for name, value in sizes.items() if value is not None}
    if not nation:
        flags = {"no-missing": no_missing, "no-truth": no_truth}
        _refuse([*asked, *(name for name, given in flags.items() if given)])
        _simulate_demo(model, out, interviews or DEMO_INTERVIEWS, seed, force, extras)
        return
    if extras:
        raise UsageError(Problem("simulate", "--extras", "no --nation beside it", "both"))
    asked |= {"interviews": interviews or NATION_INTERVIEWS, "seed": seed}
    _simulate_nation(model, out, {**asked, "missing": not no_missing}, not no_truth, force)


def _refuse(names: list[str]) -> None:
    """Refuse options that only a nation has."""
    if names:
        raise UsageError(
            [Problem("simulate", f"--{name}", "--nation beside it", "none") for name in names]
        )


def _model_file(model: str | None, default: Path) -> Path:
    """Return the file of the model that is named, else the default's."""
    from acsi_sem.runs.simulated import default_model
    from acsi_sem.spec.catalogue import find_model

    return default_model(default) if model is None else find_model(model)


def _simulate_demo(
    model: str | None, out: Path, interviews: int, seed: int, force: bool, extras: bool
) -> None:
    from acsi_sem.runs.simulated import write_demo

    file = _model_file(model, DEMO_MODEL)
    sizes = {"seed": seed, "interviews": interviews}
    rows = write_demo(file, out, **sizes, force=force, extras=extras)
    tell(f"{rows} simulated interviews in {out}")


def _simulate_nation(
    model: str | None, out: Path, sizes: dict[str, Any], truth: bool, force: bool
) -> None:
    from acsi_sem.runs.simulated import TRUTH, write_nation
    from acsi_sem.simulate.national_plan import NationPlan
    from acsi_sem.spec.periods import Period

    if "first" in sizes:
        try:
            sizes["first"] = Period.parse(cast(str, sizes["first"]))
        except ValueError as error:
            got = repr(sizes["first"])
            raise UsageError(Problem("simulate", "--first", "e.g. 2025Q4", got)) from error
    file = _model_file(model, NATION_MODEL)
    written = write_nation(file, out, NationPlan(**sizes), truth=truth, force=force)
    tell(f"{written.interviews} simulated interviews in {out}: {', '.join(written.files)}")
    if truth:
        tell(f"{TRUTH}: computed from the population, not drawn")
    if written.study_kept:
        tell(f"{out / 'study.yaml'} was there, and is left as it was")
