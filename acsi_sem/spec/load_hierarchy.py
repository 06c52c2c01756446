"""From the files of units and shares to a `Hierarchy`, with every fault at its line."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from acsi_sem.errors import DataError, Problem, SpecError
from acsi_sem.spec.findings import MOST_SHOWN, did_you_mean, listed, show
from acsi_sem.spec.hierarchy import NATION, Hierarchy, Share, Unit
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Study
from acsi_sem.terms import Notice

UNIT_COLUMNS: Final = {"level": True, "unit": True, "parent": True, "title": False}
UNIT_COLUMNS_ALL: Final = {**UNIT_COLUMNS, "residual": False}
SHARE_COLUMNS: Final = {
    **dict.fromkeys(("level", "unit", "measure"), True),
    **dict.fromkeys(("valid_from", "valid_to"), False),
    "value": True,
    "std_error": False,
}
"""Columns of the two files, and which of them must be there."""

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_LISTED: Final = 10
Key = tuple[str, str]


@dataclass(slots=True)
class _File:
    """Rows of a file by line, and what is wrong with it."""

    name: str
    columns: Mapping[str, bool]
    sha256: str = ""
    rows: dict[int, dict[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def fault(self, line: int, path: str, expected: str, got: str, remedy: str = "") -> None:
        """Note a problem at a line; at the whole file for line 0."""
        where = f"{self.name}:{line}" if line else self.name
        self.problems.append(Problem(where, path, expected, got, remedy))


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
    units = _read(Path(study.folder), nation.units, UNIT_COLUMNS_ALL)
    shares = _read(Path(study.folder), nation.shares, SHARE_COLUMNS)
    faults = [
        Problem(study.name, "nation.measures", f"a measure for level '{level}'", "none")
        for level in levels
        if level not in measures
    ]
    places = _units(units, levels)
    values = _shares(shares, places, levels)
    if not (units.problems or shares.problems or faults):
        _complete(units, shares, places, values, measures)
    if problems := [*faults, *units.problems, *shares.problems]:
        raise SpecError(_first(problems))
    return Hierarchy(
        levels,
        tuple(unit for unit, _ in places.values()),
        tuple(share for share, _ in values),
        tuple((level, measures[level]) for level in levels),
        tuple((file.name, file.sha256) for file in (units, shares)),
    )


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
        raise DataError(_first(problems))
    return tuple(_absent(hierarchy, found, period))


def _absent(hierarchy: Hierarchy, found: Set[str], period: Period) -> Iterator[Notice]:
    """Tell of units without interviews; a unit of the highest level that has none, as a whole."""
    lowest, top = hierarchy.levels[0], hierarchy.levels[-1]
    above = {(unit.level, unit.name): unit.parent for unit in hierarchy.units}
    tops: dict[str, list[str]] = {unit.name: [] for unit in hierarchy.of_level(top)}
    for unit in hierarchy.of_level(lowest):
        name = unit.name
        for level in hierarchy.levels[:-1]:
            name = above[level, name]
        tops[name].append(unit.name)
    whole = [name for name, units in tops.items() if units and not found.intersection(units)]
    others = [
        unit
        for name, units in tops.items()
        if name not in whole
        for unit in units
        if unit not in found
    ]
    for level, names in ((top, whole), (lowest, others)):
        if names and not (level == lowest == top and names is whole and others):
            told = f"no interviews in {period} of {level} {_some(names)}"
            yield Notice("not_surveyed", told, subject=level)


def _some(names: list[str]) -> str:
    more = len(names) - _LISTED
    return listed(names[:_LISTED] + ([f"{more} more"] if more > 0 else []), "and")


def _first(problems: list[Problem]) -> list[Problem]:
    if len(problems) <= MOST_SHOWN:
        return problems
    more = f"{len(problems) - MOST_SHOWN} besides"
    return [*problems[:MOST_SHOWN], Problem(problems[0].where, "", "no problems", more)]


def _read(folder: Path, name: str, columns: Mapping[str, bool]) -> _File:
    """Read the rows of a file, as far as they can be read."""
    file = _File(name, columns)
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        file.fault(0, "", "a readable CSV file", error.strerror or "none")
        return file
    file.sha256 = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        file.fault(line, "", "UTF-8", "other bytes", "save the file as UTF-8")
        return file
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        _fill(file, reader)
    except csv.Error as error:
        file.fault(reader.line_num, "", "comma-separated values", str(error))
    return file


def _fill(file: _File, reader: Iterator[list[str]]) -> None:
    header = [cell.strip() for cell in next(reader, [])]
    for name in dict.fromkeys(header):
        if name not in file.columns:
            near = did_you_mean(name, file.columns) or f"columns are {listed(file.columns, 'and')}"
            file.fault(1, "", "known columns", show(name), near)
        elif header.count(name) > 1:
            file.fault(1, f"column {name}", "each column once", "it twice")
    for name, needed in file.columns.items():
        if needed and name not in header:
            file.fault(1, f"column {name}", "it in the first row", "no such column")
    if file.problems:
        return
    for cells in reader:
        line: int = reader.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            file.fault(line, "", f"{len(header)} cells", f"{len(cells)}")
        else:
            row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            file.rows[line] = dict.fromkeys(file.columns, "") | row


def _units(file: _File, levels: tuple[str, ...]) -> dict[Key, tuple[Unit, int]]:
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


def _known_level(file: _File, line: int, level: str, levels: tuple[str, ...]) -> bool:
    if level in levels:
        return True
    near = did_you_mean(level, levels)
    file.fault(line, "column level", listed(levels), show(level or None), near)
    return False


def _check_parent(
    file: _File, line: int, unit: Unit, found: Mapping[Key, object], levels: tuple[str, ...]
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
    file: _File, units: Mapping[Key, object], levels: tuple[str, ...]
) -> list[tuple[Share, int]]:
    """Return the shares with their lines, in file order."""
    found = []
    for line, row in file.rows.items():
        before = len(file.problems)
        level, name = row["level"], row["unit"]
        if _known_level(file, line, level, levels) and (level, name) not in units:
            near = did_you_mean(name, (unit for at, unit in units if at == level))
            file.fault(line, "column unit", f"a unit of level {level}", show(name or None), near)
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


def _number(file: _File, line: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        file.fault(line, f"column {column}", "a finite number, 0 or more", show(text or None))
    return value


def _day(file: _File, line: int, column: str, text: str, empty: date) -> date:
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


def _check_overlap(file: _File, shares: list[tuple[Share, int]]) -> None:
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
    units: _File,
    shares: _File,
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
            given = [measure for level, name, measure in series if (level, name) == unit_key(unit)]
            near = f"its shares are by {listed(given, 'and')}" if given else "add one"
            expected = f"a share by {measures[unit.level]} in {shares.name}"
            units.fault(line, f"{unit.level} {unit.name}", expected, "none", near)
    if units.problems:
        return
    for (level, parent), names in families.items():
        _check_family(shares, series, level, parent, names, measures[level])


def unit_key(unit: Unit) -> Key:
    """Return what tells a unit from all others: its level and name."""
    return unit.level, unit.name


def _check_family(
    file: _File,
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
                path = f"{level}s of {parent}"
                file.fault(0, path, f"shares above 0 {since}", "none but 0")
