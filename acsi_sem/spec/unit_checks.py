"""What a hierarchy says of one period: the shares that hold, and the units that were surveyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Final

from acsi_sem.errors import DataError, Problem
from acsi_sem.spec.findings import MOST_SHOWN, did_you_mean, listed, show
from acsi_sem.spec.hierarchy import Hierarchy, Share
from acsi_sem.spec.periods import Period
from acsi_sem.terms import Notice

MIXED: Final = ""
"""Of a company whose interviews name several units of one level."""
_LISTED: Final = 10
_FEW: Final = 3


def shares_at(hierarchy: Hierarchy, level: str, period: Period) -> dict[str, Share]:
    """Return the share of each unit of a level that holds on the last day of a period.

    Parameters
    ----------
    hierarchy : Hierarchy
    level : str
    period : Period

    Returns
    -------
    dict of unit -> Share
        By the level's measure; units without one that day are absent.
    """
    day, measure = period.last_day, dict(hierarchy.measures)[level]
    return {
        share.unit: share
        for share in hierarchy.shares
        if share.level == level
        and share.measure == measure
        and share.valid_from <= day <= share.valid_to
    }


def check_units(hierarchy: Hierarchy, found: Set[str], period: Period) -> tuple[Notice, ...]:
    """Compare the companies of a survey with the file of units.

    Parameters
    ----------
    hierarchy : Hierarchy
    found : set of str
        Names of the units of the lowest level that the survey has interviews of.
    period : Period
        Of the fieldwork.

    Returns
    -------
    tuple of Notice
        What units have no interviews: whole units of the highest level, and others.

    Raises
    ------
    DataError
        Naming every company that is no unit, or has no share on the period's last day.
    """
    lowest = hierarchy.levels[0]
    names = [unit.name for unit in hierarchy.of_level(lowest)]
    files = [name for name, _ in hierarchy.sha256] or ["units", "shares"]
    known, held = set(names), shares_at(hierarchy, lowest, period)
    problems = [
        Problem(
            files[0],
            f"{lowest} {name}",
            f"every {lowest} of the survey of {period}",
            "no such unit",
            did_you_mean(name, names) or "add a row with its parent, and its share",
        )
        for name in sorted(found - known)
    ]
    problems += [
        Problem(
            files[-1],
            f"{lowest} {name}",
            f"a share that holds on {period.last_day}",
            "none",
            "add one, or extend valid_to of the last",
        )
        for name in names
        if name in found and name not in held
    ]
    if problems:
        raise DataError(first_problems(problems))
    return tuple(_absent(hierarchy, found, period))


def _absent(hierarchy: Hierarchy, found: Set[str], period: Period) -> Iterator[Notice]:
    """Tell of units without interviews; a unit of the highest level that has none, as a whole."""
    lowest, top = hierarchy.levels[0], hierarchy.levels[-1]
    tops: dict[str, list[str]] = {unit.name: [] for unit in hierarchy.of_level(top)}
    for company, name in _ancestors(hierarchy, top).items():
        tops[name].append(company)
    whole = [name for name, units in tops.items() if units and found.isdisjoint(units)]
    others = [
        unit
        for name, units in tops.items()
        if name not in whole
        for unit in units
        if unit not in found
    ]
    for level, names in ((top, whole), (lowest, others)):
        if names:
            told = f"no interviews in {period} of {level} {some(names)}"
            yield Notice("not_surveyed", told, subject=level)


def check_parents(
    hierarchy: Hierarchy, pairs: Mapping[str, Mapping[str, str]]
) -> tuple[Notice, ...]:
    """Compare what a survey says of companies with the file of units, which decides.

    Parameters
    ----------
    hierarchy : Hierarchy
    pairs : mapping of level -> mapping of company -> unit
        For higher levels the value in the survey of every company; `MIXED` for a company whose
        interviews say several. Companies of which the survey says nothing are left out.

    Returns
    -------
    tuple of Notice
        At most two per level: companies that the survey puts elsewhere, and mixed ones.
        Companies that are no units are left to `check_units`.

    Examples
    --------
    >>> from acsi_sem.spec.hierarchy import Unit
    >>> units = (Unit("company", "Blue", "Air", "Blue"), Unit("industry", "Air", "nation", "Air"))
    >>> nation = Hierarchy(("company", "industry"), units, (), ())
    >>> (notice,) = check_parents(nation, {"industry": {"Blue": "Banks"}})
    >>> notice.message.removeprefix("the survey names another industry than units for ")
    "1 of level company: Blue ('Banks', not 'Air')"
    """
    listing = next((name for name, _ in hierarchy.sha256), "units")
    notices = []
    for level in hierarchy.levels[1:]:
        said, true = pairs.get(level, {}), _ancestors(hierarchy, level)
        mixed = [company for company in true if said.get(company) == MIXED]
        other = [
            f"{company} ({show(said[company])}, not {show(unit)})"
            for company, unit in true.items()
            if said.get(company, unit) not in (unit, MIXED)
        ]
        lowest = hierarchy.levels[0]
        for names, told in (
            (other, f"another {level} than {listing}"),
            (mixed, f"several units of level {level}"),
        ):
            if names:
                whose = f"for {len(names)} of level {lowest}"
                message = f"the survey names {told} {whose}: {some(names, _FEW)}"
                notices.append(Notice("other_parent", message, subject=level))
    return tuple(notices)


def _ancestors(hierarchy: Hierarchy, level: str) -> dict[str, str]:
    """Return the unit of a level that each company belongs to, in file order."""
    above = {(unit.level, unit.name): unit.parent for unit in hierarchy.units}
    found = {}
    for unit in hierarchy.of_level(hierarchy.levels[0]):
        name = unit.name
        for below in hierarchy.levels[: hierarchy.levels.index(level)]:
            name = above[below, name]
        found[unit.name] = name
    return found


def some(names: list[str], most: int = _LISTED) -> str:
    """Return the first names as a phrase, and how many more there are.

    Examples
    --------
    >>> some(["A", "B"])
    'A and B'
    >>> some(["A", "B", "C"], most=1)
    'A and 2 more'
    """
    more = len(names) - most
    return listed(names[:most] + ([f"{more} more"] if more > 0 else []), "and")


def first_problems(problems: list[Problem]) -> list[Problem]:
    """Return no more problems than anybody reads, and how many there are besides."""
    if len(problems) <= MOST_SHOWN:
        return problems
    more = f"{len(problems) - MOST_SHOWN} besides"
    return [*problems[:MOST_SHOWN], Problem(problems[0].where, "", "no problems", more)]
