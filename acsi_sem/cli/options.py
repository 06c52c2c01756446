"""Options of the commands, and the refusal of those that this version does not carry out yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, cast

import typer

from acsi_sem.errors import Problem, UsageError
from acsi_sem.terms import ENGINES, ERROR_KINDS, INTERVALS, MISSING_RULES, Engine

DataFile = Annotated[
    Path, typer.Option("--data", help="Survey file: xlsx, csv, sav, dta or parquet.")
]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder for the tables.")]
Group = Annotated[str | None, typer.Option("--group", help="Column whose values are fitted apart.")]
Engines = Annotated[
    list[str] | None,
    typer.Option("--engine", help="pls (default), semopy, ml, ols, ordinal; repeat for several."),
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
Strict = Annotated[bool, typer.Option("--strict", help="Exit 7 when there are warnings.")]
Missing = Annotated[
    str, typer.Option("--missing", help="complete cases; em (pls, ols); fiml (ml).")
]
WeightsPolicy = Annotated[
    str, typer.Option("--weights-policy", help="allow: report negative outer weights.")
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
    str,
    typer.Option("--ci", help="Limits: percentile or bca (bias-corrected, accelerated)."),
]

# Option -> (what this version does, what the design names for later).
_VALUES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "--missing": (MISSING_RULES, ("mean",)),
    "--weights-policy": (("allow",), ("nonnegative", "drop")),
    "--se": (ERROR_KINDS, ()),
    "--ci": (INTERVALS, ("studentized", "normal", "linearised")),
    "--scheme": (("path", "factorial", "centroid"), ()),
    "--index-means": (("available", "complete"), ()),
    "--weight-kind": (("sampling", "frequency"), ()),
    "--engine": (ENGINES, ("plsc",)),
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
