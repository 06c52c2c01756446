"""Which tables go into which workbook: the nation's, and one per industry."""

from __future__ import annotations

from typing import Final

import pandas as pd

from acsi_sem.report.national.drivers import EFFECT
from acsi_sem.report.national.look import Look
from acsi_sem.report.national.record import has_workbook, workbook_path
from acsi_sem.report.workbook import write_workbook
from acsi_sem.spec.hierarchy import NATION, Unit

OF_NATION: Final = ("national", "readings", "changes", "league", "shares", "revisions")
OF_UNIT: Final = ("readings", "changes", "league", "differences")
OF_COMPANIES: Final = ("impacts", "breakdowns", "items")


class Books:
    """The workbooks of a period, made one by one."""

    def __init__(self, look: Look) -> None:
        """Sort the tables by unit once."""
        self._look = look
        self._sorted = {
            name: dict(tuple(_told(look, name, table).groupby(key, sort=False)))
            for names, key in ((OF_UNIT, "unit"), (OF_COMPANIES, "group"))
            for name in names
            if (table := look.national.tables.get(name)) is not None
        }

    def nation(self) -> tuple[str, bytes]:
        """Return path and bytes of the nation's workbook: the index of every unit, no more."""
        look = self._look
        tables = {}
        for name in OF_NATION:
            table = look.national.tables.get(name)
            if table is None or (name == "revisions" and table.empty):
                continue
            kept = table
            if "construct" in table.columns and name in ("readings", "changes"):
                kept = table[table["construct"] == look.target]
            tables[name] = kept
        history = look.national.history
        tables["history"] = history[history["level"] != look.lowest]
        return workbook_path(), write_workbook(
            tables, look.titles[NATION, NATION], self._facts(look.titles[NATION, NATION])
        )

    def unit(self, unit: Unit) -> tuple[str, bytes]:
        """Return path and bytes of an industry's workbook, with all its companies."""
        look = self._look
        inside = (unit, *look.children.get((unit.level, unit.name), ()))
        keys = {(each.level, each.name) for each in inside}
        leaves = [each for each in inside if each.level == look.lowest]
        tables = {}
        for names, owners in ((OF_UNIT, inside), (OF_COMPANIES, leaves)):
            for name in names:
                found = [self._sorted.get(name, {}).get(each.name) for each in owners]
                kept = [table for table in found if table is not None]
                if kept:
                    tables[name] = _of(pd.concat(kept, ignore_index=True), keys)
        title = look.title(unit)
        return workbook_path(unit.level, unit.name), write_workbook(
            tables, title, self._facts(title)
        )

    def _facts(self, title: str) -> tuple[tuple[str, str], ...]:
        national = self._look.national
        return (
            ("unit", title),
            ("period", str(national.period)),
            ("revision", str(national.revision)),
            ("reason", national.reason),
        )


def units_with_books(look: Look) -> tuple[Unit, ...]:
    """Return the units that have a workbook."""
    return tuple(u for u in look.national.hierarchy.units if has_workbook(look, u.level))


def _told(look: Look, name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Keep what a reader of a workbook asks for; the CSV files beside have every row."""
    if name in ("readings", "changes"):
        return table[table["construct"].eq(look.target) | table["engine"].eq(look.engine)]
    if name == "breakdowns":
        return table[table["construct"].eq(look.target) & table["engine"].eq(look.engine)]
    if name == "impacts":
        lead = table["engine"].eq(look.engine) & table["target"].eq(look.target)
        return table[lead & table["effect"].eq(EFFECT)]
    return table


def _of(table: pd.DataFrame, keys: set[tuple[str, str]]) -> pd.DataFrame:
    """Drop the rows of another level's unit of the same name."""
    if "level" not in table.columns:
        return table
    pairs = zip(table["level"].tolist(), table["unit"].tolist(), strict=True)
    return table[[pair in keys for pair in pairs]]
