"""`acsi-sem plan`: interviews for a half-width, a change, a difference, a path; and strata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acsi_sem.cli.plan_output import answer, as_options, check_new, write_table
from acsi_sem.cli.terminal import progress_bar, say, tell
from acsi_sem.errors import Problem, UsageError

if TYPE_CHECKING:
    from acsi_sem.runs.spreads import Spreads

plan = typer.Typer(
    help="Plan a survey: size, change, difference, allocate, power, modes.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Level = Annotated[float, typer.Option("--level", help="Confidence level.")]
Power = Annotated[float, typer.Option("--power", help="Power that is wanted.")]
Sd = Annotated[
    float | None, typer.Option("--sd", help="Standard deviation of the index, points; 20.")
]
Deff = Annotated[float | None, typer.Option("--deff", help="Design effect; 1.")]
CvWeights = Annotated[
    float | None, typer.Option("--cv-weights", help="Standard deviation of weights over their mean")
]
Icc = Annotated[
    float | None, typer.Option("--icc", help="Correlation of two answers of one cluster.")
]
Cluster = Annotated[float | None, typer.Option("--cluster", help="Interviews per cluster.")]
Interviews = Annotated[int | None, typer.Option("--interviews", help="Interviews there will be.")]
Comparisons = Annotated[
    int, typer.Option("--comparisons", help="Tests made together (Bonferroni; serves Holm).")
]
Out = Annotated[Path | None, typer.Option("--out", help="CSV file for the table.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]
From = Annotated[
    Path | None,
    typer.Option("--from", help="Standard deviations from a study file, or an indices.csv."),
]


@plan.command()
def size(
    half_width: Annotated[
        float | None, typer.Option("--half-width", help="Points, or percentage points of a share.")
    ] = None,
    interviews: Interviews = None,
    sd: Sd = None,
    source: From = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Survey file instead of the study's.")
    ] = None,
    group: Annotated[str | None, typer.Option("--group", help="Grouping column.")] = None,
    construct: Annotated[str, typer.Option("--construct", help="Of an indices.csv.")] = "",
    engine: Annotated[str, typer.Option("--engine", help="Of an indices.csv.")] = "",
    share: Annotated[
        float | None, typer.Option("--share", help="Plan for a share of about this size, 0 to 1.")
    ] = None,
    level: Level = 0.95,
    deff: Deff = None,
    cv_weights: CvWeights = None,
    icc: Icc = None,
    cluster: Cluster = None,
    population: Annotated[
        int | None, typer.Option("--population", help="People in each group; unlimited.")
    ] = None,
    response: Annotated[
        float | None, typer.Option("--response", help="Share of those contacted who answer.")
    ] = None,
    groups: Annotated[int, typer.Option("--groups", help="Groups, each so precise.")] = 1,
    minimum: Annotated[
        int, typer.Option("--minimum", help="Fewest interviews of the smallest part reported.")
    ] = 0,
    smallest: Annotated[
        float, typer.Option("--smallest", help="That part's share of the interviews.")
    ] = 1.0,
    student: Annotated[bool, typer.Option("--student", help="Limits by Student's t.")] = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Interviews for a half-width of an index or share, or the half-width of --interviews."""
    from acsi_sem.planning.size import USUAL_SD, plan_size

    if source is not None and (sd is not None or share is not None):
        given = "--sd" if sd is not None else "--share"
        raise UsageError(Problem("--from", "", f"it without {given}", "both"))
    if share is not None and sd is not None:
        raise UsageError(Problem("--sd", "", "none beside --share", f"{sd:g}"))
    spreads = _spreads(source, data=data, group=group, construct=construct, engine=engine)
    with as_options():
        found = plan_size(
            half_width=half_width,
            interviews=interviews,
            sd=dict(spreads.by_group) if spreads else USUAL_SD if sd is None else sd,
            share=share,
            level=level,
            deff=_design_effect("plan size", deff, cv_weights, icc, cluster),
            population=population,
            response=response,
            groups=groups,
            minimum=minimum,
            smallest=smallest,
            student=student,
        )
    answer(found, out, force, (f"standard deviations: {spreads.words}",) if spreads else ())


@plan.command()
def change(
    points: Annotated[float | None, typer.Option("--points", help="Change to be found.")] = None,
    interviews: Interviews = None,
    sd: Sd = None,
    overlap: Annotated[
        float, typer.Option("--overlap", help="Share of respondents asked in both quarters.")
    ] = 0.0,
    correlation: Annotated[
        float, typer.Option("--correlation", help="Of their two indices.")
    ] = 0.0,
    level: Level = 0.95,
    power: Power = 0.8,
    deff: Deff = None,
    cv_weights: CvWeights = None,
    icc: Icc = None,
    cluster: Cluster = None,
    comparisons: Comparisons = 1,
    out: Out = None,
    force: Force = False,
) -> None:
    """Interviews per quarter to find a change, or the smallest change --interviews find."""
    from acsi_sem.planning.change import plan_change
    from acsi_sem.planning.size import USUAL_SD

    with as_options():
        found = plan_change(
            points=points,
            interviews=interviews,
            sd=USUAL_SD if sd is None else sd,
            overlap=overlap,
            correlation=correlation,
            deff=_design_effect("plan change", deff, cv_weights, icc, cluster),
            level=level,
            power=power,
            comparisons=comparisons,
        )
    answer(found, out, force)


@plan.command()
def difference(
    points: Annotated[
        float | None, typer.Option("--points", help="Difference to be found.")
    ] = None,
    interviews: Interviews = None,
    sd: Sd = None,
    other_sd: Annotated[
        float | None, typer.Option("--other-sd", help="Of the other company; the same.")
    ] = None,
    ratio: Annotated[
        float, typer.Option("--ratio", help="Other company's interviews per interview.")
    ] = 1.0,
    level: Level = 0.95,
    power: Power = 0.8,
    deff: Deff = None,
    cv_weights: CvWeights = None,
    icc: Icc = None,
    cluster: Cluster = None,
    comparisons: Comparisons = 1,
    out: Out = None,
    force: Force = False,
) -> None:
    """Interviews of two companies to find a difference, or the smallest that some find."""
    from acsi_sem.planning.change import plan_difference
    from acsi_sem.planning.size import USUAL_SD

    with as_options():
        found = plan_difference(
            points=points,
            interviews=interviews,
            sd=USUAL_SD if sd is None else sd,
            other_sd=other_sd,
            ratio=ratio,
            deff=_design_effect("plan difference", deff, cv_weights, icc, cluster),
            level=level,
            power=power,
            comparisons=comparisons,
        )
    answer(found, out, force)


@plan.command()
def allocate(
    strata: Annotated[
        Path, typer.Argument(help="CSV: stratum, size, sd[, cost].", metavar="STRATA.csv")
    ],
    interviews: Annotated[int, typer.Option("--interviews", help="Interviews in all.")],
    method: Annotated[
        str, typer.Option("--method", help="proportional, neyman, equal or cost.")
    ] = "proportional",
    minimum: Annotated[int, typer.Option("--minimum", help="Fewest of a stratum.")] = 2,
    level: Level = 0.95,
    out: Out = None,
    force: Force = False,
) -> None:
    """Share out interviews over strata."""
    from acsi_sem.planning.strata import allocate as share_out
    from acsi_sem.planning.strata import read_strata

    known: Any = method
    with as_options():
        found = share_out(read_strata(strata), interviews, known, minimum=minimum, level=level)
    answer(found, out, force)


@plan.command()
def power(
    model: Annotated[Path, typer.Argument(help="Model file.", metavar="MODEL")],
    path: Annotated[str, typer.Option("--path", help="The path, e.g. satisfaction:loyalty.")],
    effect: Annotated[
        float,
        typer.Option(
            "--effect",
            help="Its size, in standard units; 0 asks how often none is taken for one.",
        ),
    ],
    interviews: Annotated[
        list[int], typer.Option("--interviews", help="Interviews; repeat for a curve.")
    ],
    simulations: Annotated[
        int, typer.Option("--simulations", help="Simulated surveys per number.")
    ] = 500,
    engine: Annotated[str, typer.Option("--engine", help="pls or ols.")] = "pls",
    draws: Annotated[int, typer.Option("--draws", help="Bootstrap draws per survey.")] = 200,
    other: Annotated[
        list[str] | None,
        typer.Option("--other", help="Effect of another path, e.g. satisfaction:complaints=-0.4."),
    ] = None,
    wanted: Power = 0.8,
    level: Level = 0.95,
    seed: Annotated[int, typer.Option("--seed", help="Seed of every draw.", min=0)] = 1,
    out: Out = None,
    force: Force = False,
) -> None:
    """How often surveys simulated from the model find a path."""
    from acsi_sem.runs.power import power_of_path
    from acsi_sem.spec.load import load_model

    check_new(out, force)
    source, _, target = path.partition(":")
    known: Any = engine
    effects = dict(_other_effect(text) for text in other or [])
    with progress_bar() as progress, as_options():
        found = power_of_path(
            load_model(model),
            source.strip(),
            target.strip(),
            effect,
            interviews,
            simulations=simulations,
            engine=known,
            draws=draws,
            level=level,
            power=wanted,
            seed=seed,
            others=effects,
            progress=progress,
        )
    answer(found, out, force)


@plan.command()
def modes(
    language: Annotated[str, typer.Option("--language", help="en, zh-Hans or zh-Hant.")] = "en",
    out: Out = None,
    force: Force = False,
) -> None:
    """The types of survey and the ways of asking, and what each costs."""
    from acsi_sem.planning.choices import choices, tidy_choices

    with as_options():
        known = choices(language)
    for choice in known:
        say(f"{choice.name} ({choice.key})")
        for aspect, text in choice.aspects:
            say(f"  {aspect}: {text}")
    write_table(tidy_choices(language), out, force)


def _other_effect(text: str) -> tuple[tuple[str, str], float]:
    from acsi_sem.spec.findings import code_number

    arrow, _, size = text.partition("=")
    source, _, target = arrow.partition(":")
    value = code_number(size)
    if value is None or not source.strip() or not target.strip():
        raise UsageError(Problem("--other", "", "source:target=effect", repr(text)))
    return (source.strip(), target.strip()), value


def _design_effect(
    where: str,
    deff: float | None,
    cv_weights: float | None,
    icc: float | None,
    cluster: float | None,
) -> float:
    """Return the design effect as given, or from weights and clusters."""
    from acsi_sem.kernels.planning import design_effect
    from acsi_sem.planning.checks import Checks

    checks = Checks(where)
    parts = {"--cv-weights": cv_weights, "--icc": icc, "--cluster": cluster}
    there = [name for name, value in parts.items() if value is not None]
    if deff is not None and there:
        checks.refuse("--deff", f"it without {' and '.join(there)}", "both")
    if (icc is None) != (cluster is None):
        missing = "--icc" if icc is None else "--cluster"
        checks.refuse(missing, "--icc and --cluster together", "one of them")
    checks.least("--cv-weights", cv_weights, 0.0)
    checks.within("--icc", icc)
    checks.least("--cluster", cluster, 1.0)
    checks.end()
    if deff is not None:
        return deff
    return design_effect(cv_weights or 0.0, icc or 0.0, 1.0 if cluster is None else cluster)


def _spreads(source: Path | None, **options: Any) -> Spreads | None:
    if source is None:
        given = [name for name, value in options.items() if value]
        if given:
            raise UsageError(
                [Problem(f"--{name}", "", "--from beside it", "none") for name in given]
            )
        return None
    from acsi_sem.runs.spreads import read_spreads

    found = read_spreads(source, **options)
    for line in found.left_out:
        tell(f"left out: {line}")
    return found
