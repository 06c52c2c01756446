"""What benchmarks need beside the fit: industries of groups, and the indices of last time."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from acsi_sem.errors import DataError, Problem, UsageError
from acsi_sem.methods.base import Setting
from acsi_sem.spec.findings import did_you_mean, listed, show
from acsi_sem.spec.methods.benchmarks import Benchmarks
from acsi_sem.survey.survey import Factor

NEEDED: Final = ("group", "engine", "construct", "index", "std_error")
EVERYBODY: Final = "all groups"
MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class Earlier:
    """A group's index in an earlier fit."""

    index: float
    std_error: float


def industries_of(method: Benchmarks, setting: Setting) -> Mapping[str, str]:
    """Return the industry of every group.

    Parameters
    ----------
    method : Benchmarks
    setting : Setting
        With groups.

    Raises
    ------
    UsageError
        If the column is not among the survey's breakdowns, or groups are unknown or left out.
    DataError
        If a group's rows are of several industries, or of none.
    """
    groups = setting.people.groups
    assert groups is not None  # `run` has refused a survey without groups
    if method.column:
        return _by_column(method, setting, groups)
    if method.industries:
        return _by_name(method, groups)
    return dict.fromkeys(groups.values, EVERYBODY)


def _by_name(method: Benchmarks, groups: Factor) -> Mapping[str, str]:
    found = {name: industry for industry, names in method.industries for name in names}
    where = f"methods.{method.name}"
    problems = [
        Problem(
            where,
            f"peers.industries.{industry}",
            "groups of the survey",
            show(name),
            did_you_mean(name, groups.values) or f"known are {some(groups.values)}",
        )
        for industry, names in method.industries
        for name in names
        if name not in groups.values
    ]
    if left := [name for name in groups.values if name not in found]:
        got = f"none for {some(left)}"
        problems.append(Problem(where, "peers.industries", "an industry for every group", got))
    if problems:
        raise UsageError(problems)
    return found


def _by_column(method: Benchmarks, setting: Setting, groups: Factor) -> Mapping[str, str]:
    where = f"methods.{method.name}"
    said = dict(_said(method.column, setting, groups))
    if not said:
        known = [one.column for one in setting.people.factors]
        expected = "a breakdown column of the study"
        remedy = did_you_mean(method.column, known) or "add it to the study's 'breakdowns'"
        raise UsageError(Problem(where, "peers.column", expected, show(method.column), remedy))
    problems = [
        Problem(
            where,
            f"column {method.column}",
            "one industry for each group",
            f"{listed(names[:3], 'and') if names else 'none'} for {name}",
        )
        for name, names in said.items()
        if len(names) != 1
    ]
    if problems:
        raise DataError(problems)
    return {name: names[0] for name, names in said.items()}


def _said(column: str, setting: Setting, groups: Factor) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every group with the values that a column has in its rows."""
    factors = (*setting.people.factors, *(setting.fit.survey.factors if setting.fit else ()))
    factor = next((one for one in factors if one.column == column), None)
    if factor is None:
        above = setting.fit.survey.above if setting.fit else {}
        yield from above.get(column, {}).items()
        return
    for i, name in enumerate(groups.values):
        codes = np.unique(factor.codes[groups.codes == i])
        yield name, tuple(factor.categories[code] for code in codes.tolist() if code >= 0)


def some(names: Sequence[str]) -> str:
    """Return the first names of many as a phrase."""
    more = len(names) - MOST_NAMED
    return listed(names[:MOST_NAMED], "and") + (f" and {more} more" if more > 0 else "")


def read_earlier(
    where: str, folder: str, file: str, construct: str, engine: str
) -> Mapping[str, Earlier]:
    """Read the indices of an earlier fit.

    Parameters
    ----------
    where : str
        Beginning of messages.
    folder, file : str
        The study's folder, and the table's path, absolute or relative to it.
    construct, engine : str
        Whose rows are read.

    Returns
    -------
    mapping of group -> Earlier
        An index that is blank there is NaN.

    Raises
    ------
    DataError
        If there is no such file, or it is not a table of indices with this construct and engine.
    """
    try:
        with (Path(folder) / file).open(encoding="utf-8-sig", newline="") as source:
            lines = csv.DictReader(source)
            heads = tuple(lines.fieldnames or ())
            rows = list(lines)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        got = "no such file" if isinstance(error, FileNotFoundError) else "a file that is no table"
        raise DataError(Problem(where, "previous", f"a table of indices at {file}", got)) from error
    if missing := [name for name in NEEDED if name not in heads]:
        expected, got = f"the columns {listed(NEEDED, 'and')}", f"no {listed(missing, 'and')}"
        raise DataError(Problem(where, f"previous: {file}", expected, got))
    return _earlier_of(where, file, rows, construct, engine)


def _earlier_of(
    where: str, file: str, rows: list[dict[str, str]], construct: str, engine: str
) -> Mapping[str, Earlier]:
    found, problems = {}, []
    for number, one in enumerate(rows, 2):
        if (one["construct"], one["engine"]) != (construct, engine):
            continue
        try:
            found[one["group"]] = Earlier(*(_number(one[key]) for key in ("index", "std_error")))
        except ValueError:
            got = show(one["index"])
            problems.append(Problem(where, f"previous: {file}: row {number}", "numbers", got))
    if not found and not problems:
        expected = f"rows of construct {construct} by engine {engine}"
        problems.append(Problem(where, f"previous: {file}", expected, "none"))
    if problems:
        raise DataError(problems)
    return found


def _number(text: str | None) -> float:
    value = float(text) if text else math.nan
    if math.isinf(value):
        raise ValueError(text)
    return value
