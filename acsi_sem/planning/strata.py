"""Interviews shared out over strata."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import SpecError
from acsi_sem.kernels.allocation import (
    METHODS,
    allocate_interviews,
    allocation_weights,
    stratified_variance,
)
from acsi_sem.kernels.planning import LARGEST, mean_half_width
from acsi_sem.planning.checks import LARGEST_SD, Checks
from acsi_sem.planning.plan import Line, Plan, counted
from acsi_sem.spec.csv_rows import Rows, read_rows
from acsi_sem.spec.findings import code_number, did_you_mean, listed, show

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Method = Literal["proportional", "neyman", "equal", "cost"]

COLUMNS: Final = {"stratum": True, "size": True, "sd": True, "cost": False}
FEWEST: Final = 2
"""Interviews per stratum from which its variance can be estimated."""
WHERE: Final = "plan allocate"
_WORDS: Final = {
    "proportional": "size",
    "neyman": "size x standard deviation (Neyman)",
    "equal": "nothing: all strata alike",
    "cost": "size x standard deviation / square root of cost",
}


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the population that is sampled by itself.

    Attributes
    ----------
    name : str
    size : int
        People in it.
    sd : float
        Standard deviation of their index, in points.
    cost : float or None
        Of an interview, in any money.
    """

    name: str
    size: int
    sd: float
    cost: float | None = None


def read_strata(path: Path) -> tuple[Stratum, ...]:
    """Read strata from a CSV file with the columns stratum, size, sd and perhaps cost.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of Stratum
        In file order.

    Raises
    ------
    SpecError
        With every fault at its line.
    """
    file = read_rows(path.parent, path.name, COLUMNS)
    seen: dict[str, int] = {}
    strata = []
    for line, row in file.rows.items():
        name = row["stratum"]
        if not name:
            file.fault(line, "column stratum", "a name", "none")
        elif name in seen:
            file.fault(line, "column stratum", "each stratum once", f"{name} of line {seen[name]}")
        seen.setdefault(name, line)
        size = _number(file, line, row, "size", "a whole number from 1 on")
        sd = _number(file, line, row, "sd", f"a number from 0 to {LARGEST_SD:g}")
        cost = _number(file, line, row, "cost", "a number above 0") if row["cost"] else None
        if not file.problems:
            strata.append(Stratum(name, int(size), sd, cost))
    costs = [row["cost"] for row in file.rows.values()]
    if any(costs) and not all(costs):
        line = next(at for at, row in file.rows.items() if not row["cost"])
        file.fault(line, "column cost", "a cost in every row or in none", "none")
    if not file.problems and not strata:
        file.fault(0, "", "strata", "no row")
    if file.problems:
        raise SpecError(file.problems)
    return tuple(strata)


def _number(file: Rows, line: int, row: dict[str, str], name: str, expected: str) -> float:
    value = code_number(row[name])
    fits = {
        "size": value is not None and 1 <= value <= LARGEST and value.is_integer(),
        "sd": value is not None and 0 <= value <= LARGEST_SD,
        "cost": value is not None and value > 0,
    }
    if value is None or not fits[name]:
        file.fault(line, f"column {name}", expected, show(row[name]) if row[name] else "none")
        return math.nan
    return value


def allocate(
    strata: Sequence[Stratum],
    interviews: int,
    method: Method = "proportional",
    *,
    minimum: int = FEWEST,
    level: float = 0.95,
) -> Plan:
    """Share out interviews over strata.

    Parameters
    ----------
    strata : sequence of Stratum
    interviews : int
        In all.
    method : {"proportional", "neyman", "equal", "cost"}
        In proportion to size, to size x sd, alike, or to size x sd / sqrt(cost).
    minimum : int
        Fewest interviews of a stratum; a smaller stratum is taken whole.
    level : float
        Confidence level of the half-widths.

    Returns
    -------
    Plan
        ``interviews`` and ``half-width`` per stratum and of ``all strata``; there the
        ``design effect`` against a proportional allocation under the same bounds, and the cost.

    Raises
    ------
    UsageError

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 5.5 to 5.9.

    Examples
    --------
    >>> plan = allocate([Stratum("a", 1000, 10), Stratum("b", 1000, 30)], 100, "neyman")
    >>> plan.values("interviews")
    {'a': 25.0, 'b': 75.0, 'all strata': 100.0}
    """
    _check(strata, interviews, method, minimum, level)
    size = np.array([float(one.size) for one in strata])
    sd = np.array([float(one.sd) for one in strata])
    cost = np.array([one.cost or 1.0 for one in strata])
    numbers = _shared(method, size, sd, cost, interviews, minimum)
    proportional = _shared("proportional", size, sd, cost, interviews, minimum)
    lines = list(_stratum_lines(strata, numbers, minimum, level))
    variance = stratified_variance(numbers.astype(float), size, sd)
    usual = stratified_variance(proportional.astype(float), size, sd)
    whole = "all strata"
    half_width = float(mean_half_width(1, np.sqrt(variance), level))
    lines += [
        Line(whole, "interviews", float(numbers.sum()), "interviews"),
        Line(whole, "half-width", half_width, "points"),
        Line(whole, "design effect", *_ratio(variance, usual)),
    ]
    if strata[0].cost is not None:
        lines.append(Line(whole, "cost", float((numbers * cost).sum()), "money"))
    return Plan(
        "allocation",
        f"{counted(interviews, 'interview', ',')} over {len(strata)} "
        f"{'stratum' if len(strata) == 1 else 'strata'}, {method}",
        tuple(lines),
        f"interviews in proportion to {_WORDS[method]}, within the bounds; largest remainders; "
        "half-width = z x square root of the sum of W^2 s^2 / n x (N - n) / (N - 1)",
        (
            f"confidence level {100 * level:g} %",
            f"at least {counted(minimum, 'interview')} per stratum, or all of a smaller one",
            "simple random samples within strata",
            "design effect against a proportional allocation under the same bounds",
        ),
    )


def _shared(
    method: str, size: Floats, sd: Floats, cost: Floats, interviews: int, minimum: int
) -> Ints:
    weights = allocation_weights(method, size, sd, cost)
    return allocate_interviews(weights, size, interviews, minimum)


def _ratio(variance: float, usual: float) -> tuple[float, str, str]:
    """Return the design effect, its (lack of a) unit and a note."""
    if usual > 0:
        return variance / usual, "", "against a proportional allocation"
    note = "a census has no error" if variance == 0 else "a proportional allocation has no error"
    return math.nan, "", note


def _stratum_lines(
    strata: Sequence[Stratum], numbers: Ints, minimum: int, level: float
) -> Iterator[Line]:
    for stratum, number in zip(strata, numbers.tolist(), strict=True):
        note = ""
        if number == stratum.size:
            note = "taken whole"
        elif number == minimum:
            note = "at the minimum"
        yield Line(stratum.name, "interviews", float(number), "interviews", note)
        if number == 0:
            yield Line(stratum.name, "half-width", math.nan, "points", "no interviews")
            continue
        found = mean_half_width(number, stratum.sd, level, population=stratum.size)
        yield Line(stratum.name, "half-width", float(found), "points")


def _check(
    strata: Sequence[Stratum], interviews: int, method: str, minimum: int, level: float
) -> None:
    checks = Checks(WHERE)
    checks.whole("interviews", interviews, 1)
    checks.whole("minimum", minimum, 0)
    checks.inside("level", level)
    if method not in METHODS:
        checks.refuse("method", listed(METHODS), method, did_you_mean(method, METHODS))
    if not strata:
        checks.refuse("strata", "at least one", "none")
    names = [one.name for one in strata]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        checks.refuse(f"stratum {name}", "each stratum once", f"it {names.count(name)} times")
    for one in strata:
        checks.whole(f"size of {one.name}", one.size, 1)
        checks.within(f"sd of {one.name}", one.sd, 0, LARGEST_SD)
        checks.above(f"cost of {one.name}", one.cost)
    priced = sum(one.cost is not None for one in strata)
    if method == "cost" and priced == 0:
        checks.refuse("method", "a cost of every stratum", "none", "add a column cost")
    elif 0 < priced < len(strata):
        checks.refuse("cost", "a cost of every stratum or of none", f"{priced} of {len(strata)}")
    if not checks.problems:
        _check_sums(checks, strata, interviews, minimum)
    checks.end()


def _check_sums(checks: Checks, strata: Sequence[Stratum], interviews: int, minimum: int) -> None:
    least = sum(min(minimum, one.size) for one in strata)
    most = sum(one.size for one in strata)
    if interviews < least:
        got, remedy = f"{interviews:,}", "ask for more interviews or a lower minimum"
        checks.refuse("interviews", f"at least the minimums' sum of {least:,}", got, remedy)
    if interviews > most:
        checks.refuse("interviews", f"at most the {most:,} people of all strata", f"{interviews:,}")
