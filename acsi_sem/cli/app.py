"""Commands of `acsi-sem`."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer
from typer.core import TyperGroup

from acsi_sem.cli import options
from acsi_sem.cli.compare import compare
from acsi_sem.cli.diff import diff
from acsi_sem.cli.explore import explore
from acsi_sem.cli.files import convert, schema, validate
from acsi_sem.cli.history import history
from acsi_sem.cli.init import init
from acsi_sem.cli.log import RunLog
from acsi_sem.cli.models import models
from acsi_sem.cli.plan import plan
from acsi_sem.cli.publish import publish
from acsi_sem.cli.rake import rake
from acsi_sem.cli.run import run as scheduled
from acsi_sem.cli.simulate import simulate
from acsi_sem.cli.status import status
from acsi_sem.cli.terminal import progress_bar, say, tell, tell_warnings
from acsi_sem.errors import AcsiError, Problem, UsageError

if TYPE_CHECKING:
    from acsi_sem.analysis.pipeline import Progress
    from acsi_sem.runs.execute import FitCommand, Outcome

LATER: Final = ("doctor", "bench")
NOT_CONVERGED: Final = 5
WARNED: Final = 7


class _Commands(TyperGroup):
    """Names the planned commands as such instead of calling them unknown."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Refuse a planned command by name."""
        if args and args[0] in LATER:
            got = f"{args[0]}, which this version does not have yet"
            raise UsageError(Problem("acsi-sem", "", "a command of this version", got))
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    help="Fit and publish customer satisfaction indices.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from acsi_sem import __version__

        say(f"acsi-sem {__version__}")
        raise typer.Exit


@app.command()
def fit(
    model: Annotated[Path, typer.Argument(help="Model file.", metavar="MODEL")],
    data: options.DataFile,
    out: options.OutFolder,
    group: options.Group = None,
    engine: options.Engines = None,
    weights: options.Weights = None,
    weight_kind: options.WeightKind = "sampling",
    strata: options.Strata = None,
    psu: options.Psu = None,
    population: options.Population = None,
    id_column: options.Id = None,
    replicate_weights: options.ReplicateWeights = None,
    replicate_method: options.ReplicateMethod = "bootstrap",
    scheme: options.Scheme = "path",
    missing: options.Missing = "complete",
    index_means: options.IndexMeans = "available",
    weights_policy: options.WeightsPolicy = "allow",
    se: options.StandardErrors = None,
    meanstructure: options.MeanStructure = False,
    invariance: options.Invariance = False,
    release: options.Release = None,
    resampling: options.Resampling = "bootstrap",
    bootstrap: options.Bootstrap = 2000,
    fay: options.Fay = 0.5,
    seed: options.Seed = 1,
    ci: options.Interval = None,
    level: options.Level = 0.95,
    predict: options.Folds = 0,
    repetitions: options.Repetitions = 5,
    compare_groups: options.CompareGroups = False,
    permutations: options.Permutations = 999,
    min_rows: options.MinRows = 50,
    sheet: options.Sheet = "",
    period: options.Period = "",
    stream: options.Stream = False,
    jobs: options.Jobs = 1,
    cluster: options.Cluster = None,
    strict: options.Strict = False,
) -> None:
    """Fit a model to a survey file and write the tables as CSV and Parquet."""
    options.check_values(
        missing=missing,
        weights_policy=weights_policy,
        se=se or [],
        ci=ci or [],
        resampling=resampling,
        replicate_method=replicate_method,
        scheme=scheme,
        index_means=index_means,
        weight_kind=weight_kind,
    )
    engines = options.chosen_engines(engine) or ()
    names = {"weights": weights, "strata": strata, "psu": psu, "population": population}
    options.check_names(
        out=str(out), group=group, id=id_column, replicate_weights=replicate_weights, **names
    )
    options.check_pairs(weights, weight_kind, sheet, data)
    options.check_stream(stream, jobs, cluster)
    from acsi_sem.runs.execute import FitCommand
    from acsi_sem.spec.study import Settings

    command = FitCommand(
        model=model,
        data=data,
        out=out,
        group=group,
        design=options.design_columns(
            names, weight_kind, id_column, replicate_weights, replicate_method, fay
        ),
        settings=Settings(
            engines=engines,
            scheme=cast(Any, scheme),
            index_means=cast(Any, index_means),
            replicates=bootstrap,
            seed=seed,
            level=level,
            ci=cast(Any, ci or ""),
            resampling=cast(Any, "columns" if replicate_weights else resampling),
            fay=fay,
            weights_policy=cast(Any, weights_policy),
            folds=predict,
            repetitions=repetitions,
            comparison=compare_groups,
            permutations=permutations,
            minimum_rows=min_rows,
            se=cast(Any, se or ""),
            missing=cast(Any, missing),
            meanstructure=meanstructure,
            invariance=invariance,
            release=tuple(release or ()),
            period=options.check_period(period),
        ),
        sheet=sheet,
    )
    log = RunLog()
    with progress_bar() as progress:
        outcome = _carry_out(command, stream, jobs, cluster or "", log.timing(progress))
    _warn_stale_report(out, outcome)
    _end(outcome, log, strict)
    say(f"{len(outcome.files)} files in {out}")


@app.command()
def report(
    study: Annotated[Path, typer.Argument(help="Study file.", metavar="STUDY")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder; default: reports/NAME.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Survey file instead of the study's.")
    ] = None,
    group: options.Group = None,
    engine: options.Engines = None,
    bootstrap: Annotated[int | None, typer.Option("--bootstrap", help="Replicates.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of every draw.")] = None,
    ci: Annotated[str | None, typer.Option("--ci", help="Limits, as of fit.")] = None,
    level: Annotated[float | None, typer.Option("--level", help="Confidence level.")] = None,
    invariance: Annotated[
        bool | None, typer.Option("--invariance/--no-invariance", help="As of fit.")
    ] = None,
    period: options.Period = "",
    strict: options.Strict = False,
) -> None:
    """Fit a study and write its report and tables; options override the study file."""
    if ci is not None:
        options.check_values(ci=ci)
    asked = {
        "engines": options.chosen_engines(engine),
        "replicates": bootstrap,
        "seed": seed,
        "ci": ci,
        "level": level,
        "invariance": invariance,
        "period": options.check_period(period) or None,
    }
    from acsi_sem.runs.execute import REPORT, ReportCommand, run_report

    options.check_names(group=group)
    command = ReportCommand(
        study=study,
        out=out or Path("reports") / study.resolve().parent.name,
        data=data,
        group=group,
        overrides={name: value for name, value in asked.items() if value is not None},
    )
    log = RunLog()
    with progress_bar() as progress:
        outcome = run_report(command, log.timing(progress))
    _end(outcome, log, strict)
    say(f"report: {outcome.folder / REPORT}")


for command in (
    validate,
    schema,
    convert,
    models,
    init,
    simulate,
    rake,
    compare,
    explore,
    scheduled,
    status,
    diff,
    publish,
):
    app.command()(command)
app.add_typer(history, name="history")
app.add_typer(plan, name="plan")


def _carry_out(
    command: FitCommand, stream: bool, jobs: int, cluster: str, progress: Progress
) -> Outcome:
    """Fit in memory, or chunk by chunk on this machine's processes or a cluster's."""
    if not stream:
        from acsi_sem.runs.execute import run_fit

        return run_fit(command, progress)
    from acsi_sem.cli.stream import run_fit_streamed, wave_mapper
    from acsi_sem.runs.workers import open_workers

    with open_workers(jobs, cluster) as workers:
        return run_fit_streamed(command, progress, wave_mapper(workers, jobs))


def _warn_stale_report(out: Path, outcome: Outcome) -> None:
    """Say so when a report of an earlier run now stands beside new tables."""
    page = out / "report.html"
    if page.exists() and page.name not in outcome.files:
        tell(f"{page} is of an earlier run; acsi-sem report renews it")


def _end(outcome: Outcome, log: RunLog, strict: bool) -> None:
    """Write the log, tell the warnings, and leave by exit code 5 or 7 where one is due."""
    log.write(outcome.folder)
    tell_warnings(outcome.fit)
    failed = [found for found in outcome.fit.diagnoses if not found.ok]
    for found in failed:
        tell(f"{found.group}: {found.engine}: {'; '.join(found.problems)}")
    if failed:
        tell(f"{len(failed)} fits have no result; their rows are blank in {outcome.folder}")
        raise typer.Exit(NOT_CONVERGED)
    if strict and outcome.fit.warnings:
        raise typer.Exit(WARNED)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with the exit code of DESIGN section 6."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        ``sys.argv[1:]`` by default.
    """
    try:
        return _run(arguments)
    except (BrokenPipeError, SystemExit):
        # Nobody reads any more, which `head` does on purpose; typer leaves by SystemExit then.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return 0


def _run(arguments: list[str] | None) -> int:
    try:
        code = app(args=arguments, standalone_mode=False, prog_name="acsi-sem")
    except AcsiError as error:
        with suppress(BrokenPipeError):
            for problem in error.problems:
                tell(str(problem))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        tell("stopped; nothing was written")
        return 130
    except Exception as error:
        return _unexpected(error)
    return code if isinstance(code, int) else 0


def _unexpected(error: Exception) -> int:
    """Show a usage error as such (2) and anything else as ours (1)."""
    show = getattr(error, "show", None)
    if show is not None:
        show()
        return int(getattr(error, "exit_code", 2))
    traceback.print_exc()
    tell("acsi-sem: internal error (above); please report it with the command that led to it")
    return 1
