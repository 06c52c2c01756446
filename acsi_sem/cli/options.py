"""Options of the commands, and the refusal of those that this version does not carry out yet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

from acsi_sem.errors import Problem, UsageError
from acsi_sem.terms import (
    ENGINES,
    ERROR_KINDS,
    INTERVALS,
    MISSING_RULES,
    REPLICATE_METHODS,
    RESAMPLINGS,
    WEIGHTS_POLICIES,
    Engine,
)

if TYPE_CHECKING:
    from acsi_sem.spec.study import DesignColumns
    from acsi_sem.terms import ReplicateMethod as ReplicateMethod_
    from acsi_sem.terms import WeightKind as WeightKind_

DataFile = Annotated[
    Path, typer.Option("--data", help="Survey file: xlsx, csv, sav, dta or parquet.")
]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder for the tables.")]
Group = Annotated[str | None, typer.Option("--group", help="Column whose values are fitted apart.")]
Engines = Annotated[
    list[str] | None,
    typer.Option(
        "--engine",
        help="pls (default), plsc, semopy, ml, ols, ordinal; composite for fixed weights; repeat.",
    ),
]
Weights = Annotated[str | None, typer.Option("--weights", help="Column of row weights.")]
WeightKind = Annotated[
    str, typer.Option("--weight-kind", help="sampling (scale does not matter) or frequency.")
]
Strata = Annotated[str | None, typer.Option("--strata", help="Column of sampling strata.")]
Psu = Annotated[str | None, typer.Option("--psu", help="Column of primary sampling units.")]
Scheme = Annotated[str, typer.Option("--scheme", help="PLS: path, factorial or centroid.")]
IndexMeans = Annotated[
    str, typer.Option("--index-means", help="available (every answer) or complete (cases).")
]
Bootstrap = Annotated[int, typer.Option("--bootstrap", help="Replicates; 0 for none.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of every random draw.")]
Level = Annotated[float, typer.Option("--level", help="Confidence level.")]
MinRows = Annotated[
    int, typer.Option("--min-rows", help="Fewest complete interviews of a group that is fitted.")
]
Sheet = Annotated[str, typer.Option("--sheet", help="Sheet of an xlsx file; default: the first.")]
Period = Annotated[
    str,
    typer.Option("--period", help="Year or quarter, where a composite's shares are dated."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 7 when there are warnings.")]
Stream = Annotated[
    bool, typer.Option("--stream", help="Read the file in chunks: for what memory cannot hold.")
]
Jobs = Annotated[int, typer.Option("--jobs", help="Processes.", min=1)]
Cluster = Annotated[
    str | None, typer.Option("--cluster", help="Address of a dask scheduler, tcp://...")
]
Missing = Annotated[
    str, typer.Option("--missing", help="complete cases; mean or em (pls, plsc, ols); fiml (ml).")
]
WeightsPolicy = Annotated[
    str,
    typer.Option(
        "--weights-policy", help="Negative outer weights of PLS: allow, nonnegative or drop."
    ),
]
StandardErrors = Annotated[
    str | None,
    typer.Option("--se", help="Covariance structures: robust, cluster, mlm or ml."),
]
MeanStructure = Annotated[
    bool, typer.Option("--meanstructure", help="Intercepts in covariance structures.")
]
Invariance = Annotated[
    bool, typer.Option("--invariance", help="Assess what may be compared across groups.")
]
Release = Annotated[
    list[str] | None,
    typer.Option("--release", help="Parameter not held equal, e.g. 'satisfaction =~ IDEAL'."),
]
Interval = Annotated[
    str | None,
    typer.Option(
        "--ci", help="Limits: percentile (default), bca, studentized, normal or linearised."
    ),
]
Resampling = Annotated[
    str,
    typer.Option("--resampling", help="Replicates: bootstrap, jackknife, brr, fay or columns."),
]
Fay = Annotated[float, typer.Option("--fay", help="Fay's factor, for --resampling fay.")]
Population = Annotated[
    str | None,
    typer.Option("--population", help="Column of population sizes or sampling fractions."),
]
Id = Annotated[str | None, typer.Option("--id", help="Column that tells respondents apart.")]
ReplicateWeights = Annotated[
    str | None,
    typer.Option(
        "--replicate-weights",
        help="Prefix of replicate weights: the columns in which a number follows.",
    ),
]
ReplicateMethod = Annotated[
    str,
    typer.Option("--replicate-method", help="Their making: bootstrap, jk1, jkn, brr or fay."),
]
Folds = Annotated[
    int, typer.Option("--predict", help="Folds of cross-validated prediction; 0 for none.")
]
Repetitions = Annotated[
    int, typer.Option("--repetitions", help="Times the folds of --predict are dealt.")
]
CompareGroups = Annotated[
    bool, typer.Option("--compare-groups", help="Test the differences between groups.")
]
Permutations = Annotated[
    int, typer.Option("--permutations", help="Permutations per pair of groups.")
]

# Option -> (what this version does, what the design names for later).
_VALUES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "--missing": (MISSING_RULES, ()),
    "--weights-policy": (WEIGHTS_POLICIES, ()),
    "--resampling": (RESAMPLINGS, ()),
    "--replicate-method": (REPLICATE_METHODS, ()),
    "--se": (ERROR_KINDS, ()),
    "--ci": (INTERVALS, ()),
    "--scheme": (("path", "factorial", "centroid"), ()),
    "--index-means": (("available", "complete"), ()),
    "--weight-kind": (("sampling", "frequency"), ()),
    "--engine": (ENGINES, ()),
}


def check_values(**given: str | list[str]) -> None:
    """Refuse option values that are unknown or not available yet, all at once.

    Parameters
    ----------
    **given
        Option name with underscores (``index_means``) and its value or values.

    Raises
    ------
    UsageError
    """
    problems = []
    for name, values in given.items():
        option = "--" + name.replace("_", "-")
        now, later = _VALUES[option]
        for value in [values] if isinstance(values, str) else values:
            if value in later:
                got = f"{value}, which this version does not have yet"
                problems.append(Problem(option, "", " or ".join(now), got))
            elif value not in now:
                problems.append(Problem(option, "", " or ".join(now), repr(value)))
    if problems:
        raise UsageError(problems)


def chosen_engines(engines: list[str] | None) -> tuple[Engine, ...] | None:
    """Return the engines asked for, in their fixed order; None when none was named."""
    if not engines:
        return None
    check_values(engine=engines)
    return cast("tuple[Engine, ...]", tuple(name for name in ENGINES if name in engines))


def check_names(**given: str | None) -> None:
    """Refuse empty names: an unset shell variable must not quietly mean "none".

    Raises
    ------
    UsageError
    """
    problems = [
        Problem(f"--{name}", "", "a name", "an empty one", "leave the option out or name it")
        for name, value in given.items()
        if value in ("", ".") and (name != "out" or value == ".")
    ]
    if problems:
        raise UsageError(problems)


def design_columns(
    names: dict[str, str | None],
    weight_kind: str,
    id_column: str | None,
    prefix: str | None,
    method: str,
    fay: float,
) -> DesignColumns:
    """Return the design that the options name."""
    from acsi_sem.spec.study import DesignColumns, ReplicateColumns

    replicates = None
    if prefix:
        factor = fay if method == "fay" else 0.0
        replicates = ReplicateColumns((), prefix, cast("ReplicateMethod_", method), None, factor)
    return DesignColumns(
        names["weights"],
        cast("WeightKind_", weight_kind),
        names["strata"],
        names["psu"],
        names["population"],
        id_column,
        replicates,
    )


def check_period(period: str) -> str:
    """Return a year or quarter, or an empty text; refuse anything else.

    Raises
    ------
    UsageError
    """
    if period and not re.fullmatch(r"[0-9]{4}(Q[1-4])?", period):
        expected = "a year such as 2011 or a quarter such as 2011Q1"
        raise UsageError(Problem("--period", "", expected, repr(period)))
    return period


def check_stream(stream: bool, jobs: int, cluster: str | None) -> None:
    """Refuse processes and clusters for a fit in memory, which has no use for them.

    Raises
    ------
    UsageError
    """
    check_names(cluster=cluster)
    given = {"--jobs": jobs != 1, "--cluster": cluster is not None}
    problems = [
        Problem(name, "", "--stream beside it", "none") for name, there in given.items() if there
    ]
    if problems and not stream:
        raise UsageError(problems)


def check_pairs(weights: str | None, weight_kind: str, sheet: str, data: Path) -> None:
    """Refuse options that would have no effect without another one.

    Raises
    ------
    UsageError
    """
    problems = []
    if weight_kind == "frequency" and weights is None:
        problems.append(Problem("--weight-kind", "", "--weights beside it", "none"))
    if sheet and data.suffix.lower() not in (".xlsx", ".xlsm"):
        got = f"one for {data.name}, which has no sheets"
        problems.append(Problem("--sheet", "", "an option for xlsx files", got))
    if problems:
        raise UsageError(problems)
