"""From the files of units and shares to a `Hierarchy`, with every fault at its line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from acsi_sem.errors import Problem, SpecError
from acsi_sem.spec.csv_rows import Rows, read_rows
from acsi_sem.spec.findings import did_you_mean, listed, show
from acsi_sem.spec.hierarchy import NATION, Break, Hierarchy, Share, Unit
from acsi_sem.spec.study import Study
from acsi_sem.spec.unit_checks import first_problems

UNIT_COLUMNS: Final = {
    **dict.fromkeys(("level", "unit", "parent"), True),
    **dict.fromkeys(("title", "residual"), False),
}
SHARE_COLUMNS: Final = {
    **dict.fromkeys(("level", "unit", "measure"), True),
    **dict.fromkeys(("valid_from", "valid_to"), False),
    "value": True,
    "std_error": False,
}
"""Columns of the two files, and which of them must be there."""

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
Key = tuple[str, str]


def load_hierarchy(study: Study) -> Hierarchy:
    """Read the units and shares of a study of a nation.

    Parameters
    ----------
    study : Study
        With `nation` and `levels`; its files are relative to its folder.

    Returns
    -------
    Hierarchy

    Raises
    ------
    SpecError
        With every fault at once, each at ``file:line``: unknown, missing or repeated columns,
        levels, units or parents; a level without a measure; shares that are negative, not finite,
        overlap in time, are missing while siblings have theirs, or sum to zero.
    """
    nation = study.nation
    if nation is None:
        raise SpecError(Problem(study.name, "nation", "how units roll up", "no part nation"))
    levels = tuple(level for level, _ in study.levels)
    measures = dict(nation.measures)
    units = read_rows(Path(study.folder), nation.units, UNIT_COLUMNS)
    shares = read_rows(Path(study.folder), nation.shares, SHARE_COLUMNS)
    faults = [
        Problem(study.name, "nation.measures", f"a measure for level '{level}'", "none")
        for level in levels
        if level not in measures
    ]
    places = _units(units, levels)
    values = _shares(shares, places, levels, nation.units)
    if not (units.problems or shares.problems or faults):
        _complete(units, shares, places, values, measures)
    faults += _unknown_breaks(study.name, nation.breaks, places)
    if problems := [*faults, *units.problems, *shares.problems]:
        raise SpecError(first_problems(problems))
    return Hierarchy(
        levels,
        tuple(unit for unit, _ in places.values()),
        tuple(share for share, _ in values),
        tuple((level, measures[level]) for level in levels),
        tuple((file.name, file.sha256) for file in (units, shares)),
    )


def _unknown_breaks(study: str, breaks: Iterable[Break], units: Iterable[Key]) -> list[Problem]:
    """Find breaks of series that no unit bears; a series is a unit, or a level and a unit."""
    known = (
        {name for _, name in units} | {f"{level} {name}" for level, name in units} | {"", NATION}
    )
    return [
        Problem(
            study,
            "nation.breaks",
            "a unit of units.csv as series",
            repr(one.series),
            did_you_mean(one.series, sorted(known)),
        )
        for one in breaks
        if one.series not in known
    ]


def _units(file: Rows, levels: tuple[str, ...]) -> dict[Key, tuple[Unit, int]]:
    """Return the units with their lines, by level and name."""
    found: dict[Key, tuple[Unit, int]] = {}
    for line, row in file.rows.items():
        level, name = row["level"], row["unit"]
        if not _known_level(file, line, level, levels) or not name:
            if not name:
                file.fault(line, "column unit", "a name", "nothing")
            continue
        if row["residual"] not in ("", "0", "1"):
            file.fault(line, "column residual", "0 or 1", show(row["residual"]))
        parent = row["parent"] or (NATION if level == levels[-1] else "")
        unit = Unit(level, name, parent, row["title"] or name, row["residual"] == "1")
        if (level, name) not in found:
            found[level, name] = unit, line
            continue
        first, at = found[level, name]
        if first.parent == parent:
            file.fault(line, f"{level} {name}", "each unit once", f"it again, first at line {at}")
        else:
            got = f"'{parent}' beside '{first.parent}' at line {at}"
            file.fault(line, f"{level} {name}", "one parent", got)
    if not found and not file.problems:
        file.fault(0, "", "units", "none")
    for unit, line in found.values():
        _check_parent(file, line, unit, found, levels)
    file.problems.sort(key=lambda problem: _line(problem.where))
    return found


def _line(where: str) -> int:
    tail = where.rpartition(":")[2]
    return int(tail) if tail.isdigit() else 0


def _known_level(file: Rows, line: int, level: str, levels: tuple[str, ...]) -> bool:
    if level in levels:
        return True
    near = did_you_mean(level, levels)
    file.fault(line, "column level", listed(levels), show(level or None), near)
    return False


def _check_parent(
    file: Rows, line: int, unit: Unit, found: Mapping[Key, object], levels: tuple[str, ...]
) -> None:
    place = f"{unit.level} {unit.name}"
    if unit.level == levels[-1]:
        if unit.parent != NATION:
            file.fault(line, place, f"the parent {NATION}", show(unit.parent), "or leave it empty")
        return
    above = levels[levels.index(unit.level) + 1]
    if (above, unit.parent) not in found:
        near = did_you_mean(unit.parent, (name for level, name in found if level == above))
        got = show(unit.parent or None)
        file.fault(line, place, f"a parent of level {above}", got, near or "add a row for it")


def _shares(
    file: Rows, units: Mapping[Key, object], levels: tuple[str, ...], listing: str
) -> list[tuple[Share, int]]:
    """Return the shares with their lines, in file order; `listing` is the file of units."""
    found = []
    given = {(row["level"], row["unit"]) for row in file.rows.values()}
    for line, row in file.rows.items():
        before = len(file.problems)
        level, name = row["level"], row["unit"]
        if _known_level(file, line, level, levels) and units and (level, name) not in units:
            # A unit that has shares of its own is not what this one was to be.
            free = (unit for at, unit in units if at == level and (at, unit) not in given)
            near = did_you_mean(name, free) or (f"add it to {listing}" if name else "")
            expected = f"a {level} that {listing} has"
            file.fault(line, "column unit", expected, show(name or None), near)
        if not row["measure"]:
            file.fault(line, "column measure", "the name of a measure", "nothing")
        value = _number(file, line, "value", row["value"])
        error = _number(file, line, "std_error", row["std_error"] or "0")
        since = _day(file, line, "valid_from", row["valid_from"], date.min)
        until = _day(file, line, "valid_to", row["valid_to"], date.max)
        if since > until:
            file.fault(line, "column valid_to", f"{since} or later", str(until))
        if len(file.problems) == before:
            found.append((Share(level, name, row["measure"], since, until, value, error), line))
    _check_overlap(file, found)
    return found


def _number(file: Rows, line: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        file.fault(line, f"column {column}", "a finite number, 0 or more", show(text or None))
    return value


def _day(file: Rows, line: int, column: str, text: str, empty: date) -> date:
    if not text:
        return empty
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        file.fault(line, f"column {column}", "a day such as 2026-01-01, or nothing", show(text))
        return empty


def _series(shares: Iterable[tuple[Share, int]]) -> dict[tuple[str, str, str], list[Share]]:
    found: dict[tuple[str, str, str], list[Share]] = {}
    for share, _ in shares:
        found.setdefault((share.level, share.unit, share.measure), []).append(share)
    return found


def _check_overlap(file: Rows, shares: list[tuple[Share, int]]) -> None:
    """Find shares of one unit and measure that hold on the same day."""
    before: dict[tuple[str, str, str], tuple[Share, int]] = {}
    for share, line in sorted(shares, key=lambda one: (one[0].valid_from, one[1])):
        key = (share.level, share.unit, share.measure)
        if key in before and share.valid_from <= before[key][0].valid_to:
            got = f"one that overlaps with line {before[key][1]}"
            remedy = "valid_to is the last day of the former"
            file.fault(line, f"{share.level} {share.unit}", "one share a day", got, remedy)
        if key not in before or share.valid_to > before[key][0].valid_to:
            before[key] = share, line


def _complete(
    units: Rows,
    shares: Rows,
    places: Mapping[Key, tuple[Unit, int]],
    values: list[tuple[Share, int]],
    measures: Mapping[str, str],
) -> None:
    """Find units without a share on a day that their siblings have one, and empty parents."""
    series = _series(values)
    families: dict[Key, list[str]] = {}
    for unit, line in places.values():
        families.setdefault((unit.level, unit.parent), []).append(unit.name)
        if (unit.level, unit.name, measures[unit.level]) not in series:
            given = [
                measure
                for level, name, measure in series
                if (level, name) == (unit.level, unit.name)
            ]
            near = f"its shares are by {listed(given, 'and')}" if given else "add one"
            expected = f"a share by {measures[unit.level]} in {shares.name}"
            units.fault(line, f"{unit.level} {unit.name}", expected, "none", near)
    if units.problems:
        return
    for (level, parent), names in families.items():
        _check_family(shares, series, level, parent, names, measures[level])


def _check_family(
    file: Rows,
    series: Mapping[tuple[str, str, str], list[Share]],
    level: str,
    parent: str,
    names: list[str],
    measure: str,
) -> None:
    held = {name: series[level, name, measure] for name in names}
    days = {share.valid_from for own in held.values() for share in own}
    days |= {
        share.valid_to + timedelta(days=1)
        for own in held.values()
        for share in own
        if share.valid_to < date.max
    }
    told: set[str] = set()
    for day in sorted(days):
        on = {name: [s for s in held[name] if s.valid_from <= day <= s.valid_to] for name in names}
        missing = [name for name in names if not on[name]]
        since = "from the beginning" if day == date.min else f"on {day}"
        if len(missing) < len(names):
            for name in missing:
                if name not in told:
                    got = f"none, while others of {parent} have theirs"
                    remedy = "add one; 0 for a unit that is not there then"
                    file.fault(0, f"{level} {name}", f"a share by {measure} {since}", got, remedy)
            told.update(missing)
            if not missing and not any(own[0].value for own in on.values()):
                path = f"level {level} of {parent}"
                file.fault(0, path, f"shares above 0 {since}", "none but 0")
