"""The tables of a nation's period as typed look-ups, with the names that a reader sees."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias

import pandas as pd

from acsi_sem.analysis.nation import National
from acsi_sem.report import words
from acsi_sem.report.facts import INDEX_ENGINES, NAN, Estimate
from acsi_sem.report.national.names import page_path, shown
from acsi_sem.spec.hierarchy import NATION, Unit

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = Mapping[Any, tuple[Row, ...]]
Versus = Literal["last_quarter", "last_year"]
VERSUS: Final[tuple[Versus, ...]] = ("last_quarter", "last_year")
VERSUS_WORDS: Final[dict[Versus, str]] = {"last_quarter": "last quarter", "last_year": "last year"}
_LONGEST: Final = 32
UNMEASURED: Final = "not measured in this period"


@dataclass(frozen=True, slots=True)
class Reading:
    """A unit's index: as estimated, and as published (rounded once)."""

    estimate: Estimate
    published: float = NAN

    @property
    def known(self) -> bool:
        """True when there is a number."""
        return self.estimate.known


@dataclass(frozen=True, slots=True)
class Change:
    """What moved since an earlier period, and how sure that is."""

    estimate: Estimate
    base_period: str = ""
    base: float = NAN
    p_holm: float = NAN
    flag_90: bool = False
    flag_95: bool = False
    percent: float = NAN

    @property
    def known(self) -> bool:
        """True when there is a number."""
        return self.estimate.known


NO_READING: Final = Reading(Estimate(note=UNMEASURED))
NO_CHANGE: Final = Change(Estimate(note="there is no reading to compare with"))


class Look:
    """Everything the pages ask of a nation's period."""

    def __init__(self, national: National) -> None:
        """Keep the period; look-ups are made when first asked for."""
        self.national = national

    @cached_property
    def language(self) -> str:
        """The language of labels."""
        return self.national.study.language

    @cached_property
    def target(self) -> str:
        """The construct whose index is the headline."""
        return self.national.model.index

    @cached_property
    def engine(self) -> str:
        """The engine whose numbers lead."""
        asked = self.national.request.engines
        return next((engine for engine in INDEX_ENGINES if engine in asked), asked[0])

    @cached_property
    def level(self) -> str:
        """The confidence level in words."""
        return words.level(self.national.request.level)

    @cached_property
    def period(self) -> str:
        """The period in words."""
        return str(self.national.period)

    @cached_property
    def lowest(self) -> str:
        """The level whose units are fitted."""
        return self.national.hierarchy.levels[0]

    @cached_property
    def top(self) -> str:
        """The highest level below the nation."""
        return self.national.hierarchy.levels[-1]

    @cached_property
    def form(self) -> str:
        """The published form of the rolling national index."""
        nation = self.national.study.nation
        return nation.form if nation else "pooled"

    @cached_property
    def units(self) -> Mapping[tuple[str, str], Unit]:
        """Units by level and name."""
        return {(unit.level, unit.name): unit for unit in self.national.hierarchy.units}

    @cached_property
    def children(self) -> Mapping[tuple[str, str], tuple[Unit, ...]]:
        """Units of the next lower level by (level, name) of the parent, in file order."""
        levels = (*self.national.hierarchy.levels, NATION)
        above = dict(itertools.pairwise(levels))
        found: dict[tuple[str, str], list[Unit]] = {}
        for unit in self.national.hierarchy.units:
            found.setdefault((above[unit.level], unit.parent), []).append(unit)
        return {key: tuple(units) for key, units in found.items()}

    @cached_property
    def titles(self) -> Mapping[tuple[str, str], str]:
        """Titles by level and name; one used twice within a level has its name beside it."""
        titles = {key: shown(unit.title) or shown(key[1]) for key, unit in self.units.items()}
        used: dict[tuple[str, str], int] = {}
        for (level, _), title in titles.items():
            used[level, title] = used.get((level, title), 0) + 1
        told = {
            key: f"{title} ({shown(key[1])})" if used[key[0], title] > 1 else title
            for key, title in titles.items()
        }
        nation = self.national.study.nation
        name = shown(nation.title.get(self.language)) if nation else ""
        return {**told, (NATION, NATION): name or "The nation"}

    def title(self, unit: Unit) -> str:
        """Return a unit's title."""
        return self.titles[unit.level, unit.name]

    def name(self, unit: Unit) -> str:
        """Return a unit's title, cut where it is too long for a sentence or a chart."""
        return words.shorten(self.title(unit), 1, _LONGEST)

    def parent(self, unit: Unit) -> Unit | None:
        """Return the unit above; None when that is the nation."""
        levels = self.national.hierarchy.levels
        place = levels.index(unit.level) + 1
        return self.units.get((levels[place], unit.parent)) if place < len(levels) else None

    def line(self, unit: Unit) -> tuple[Unit, ...]:
        """Return the units above, the highest first, and the unit itself."""
        above = self.parent(unit)
        return (*(self.line(above) if above else ()), unit)

    def below(self, unit: Unit) -> tuple[Unit, ...]:
        """Return the fitted units that a unit is rolled up from; itself when it is fitted."""
        if unit.level == self.lowest:
            return (unit,)
        own = self.children.get((unit.level, unit.name), ())
        return tuple(leaf for child in own for leaf in self.below(child))

    @cached_property
    def readings(self) -> Mapping[tuple[str, str, str, str], Reading]:
        """Readings by level, unit, engine and construct."""
        return {
            (row["level"], row["unit"], row["engine"], row["construct"]): _reading(row)
            for row in self.rows("readings")
            if row["period"] == self.period
        }

    def reading(self, unit: Unit, construct: str = "", engine: str = "") -> Reading:
        """Return a unit's index, or why there is none."""
        key = (unit.level, unit.name, engine or self.engine, construct or self.target)
        found = self.readings.get(key, NO_READING)
        if found.known or (found.estimate.note and found is not NO_READING):
            return found
        lost = self.lost(unit, engine or self.engine)
        return Reading(Estimate(note=lost or found.estimate.note or UNMEASURED))

    def lost(self, unit: Unit, engine: str) -> str:
        """Return why an engine has no result for a unit; empty when it has."""
        if unit.level != self.lowest:
            return ""
        return self._lost.get((unit.name, engine), "")

    @cached_property
    def _lost(self) -> Mapping[tuple[str, str], str]:
        return {(lost.unit, lost.engine): words.clean(lost.reason) for lost in self.national.lost}

    @cached_property
    def rolling(self) -> Mapping[str, Reading]:
        """The nation's rolling index by form."""
        return {
            row["form"]: _reading(row)
            for row in self.rows("national")
            if row["engine"] == self.engine and row["construct"] == self.target
        }

    @cached_property
    def changes(self) -> Mapping[tuple[str, str, str, str], Change]:
        """Changes of the headline index by level, unit, form and period compared with."""
        return {
            (row["level"], row["unit"], row["form"], row["versus"]): _change(row)
            for row in self.rows("changes")
            if row["engine"] == self.engine and row["construct"] == self.target
        }

    def change(self, unit: Unit, versus: Versus) -> Change:
        """Return what a unit's index moved by."""
        return self.changes.get((unit.level, unit.name, "", versus), NO_CHANGE)

    @cached_property
    def league(self) -> Mapping[tuple[str, str], Row]:
        """Rows of the league by level and unit."""
        return {
            (row["level"], row["unit"]): row
            for row in self.rows("league")
            if row["engine"] == self.engine
        }

    def by_unit(self, name: str, key: str = "group") -> Rows:
        """Return the rows of a table by the unit they belong to."""
        if (name, key) not in self._grouped:
            self._grouped[name, key] = _group(self.rows(name), key)
        return self._grouped[name, key]

    @cached_property
    def _grouped(self) -> dict[tuple[str, str], Rows]:
        return {}

    def rows(self, name: str) -> Iterator[Row]:
        """Walk a table as dicts of plain values; nothing when the period has no such table."""
        table = self.national.tables.get(name)
        return iter(()) if table is None else walk(table)

    def construct(self, name: str) -> str:
        """Return a construct's label."""
        return self._labels.get(name, name)

    def indicator(self, name: str) -> str:
        """Return an indicator's label."""
        return self._indicators.get(name, name)

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        labels = {c.name: c.label.get(self.language) for c in self.national.model.constructs}
        return {
            name: words.sentence_case(name) if label == name else shown(label)
            for name, label in labels.items()
        }

    @cached_property
    def _indicators(self) -> Mapping[str, str]:
        return {i.name: shown(i.label.get(self.language)) for i in self.national.model.indicators}

    def path(self, unit: Unit) -> str:
        """Return the path of a unit's page from the site's root."""
        return page_path(unit.level, unit.name)


def walk(table: pd.DataFrame) -> Iterator[Row]:
    """Walk a table as dicts of plain Python values."""
    names = list(table.columns)
    for values in zip(*(table[name].tolist() for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def _group(rows: Iterable[Row], key: str) -> Rows:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return {name: tuple(kept) for name, kept in found.items()}


def limited(row: Row, value: str) -> Estimate:
    """Return a row's number with its limits."""
    return Estimate(
        row[value],
        row.get("conf_low", NAN),
        row.get("conf_high", NAN),
        row.get("std_error", NAN),
        row.get("p_value", NAN),
        int(row.get("n", 0)),
        int(row.get("n_complete", 0)),
        words.clean(str(row.get("note", ""))),
    )


def _reading(row: Row) -> Reading:
    return Reading(limited(row, "index"), row["published"])


def _change(row: Row) -> Change:
    return Change(
        limited(row, "change"),
        row["base_period"],
        row["base_index"],
        row["p_holm"],
        _set(row["flag_90"]),
        _set(row["flag_95"]),
        row["percent"],
    )


def _set(flag: float) -> bool:
    return math.isfinite(flag) and flag > 0
