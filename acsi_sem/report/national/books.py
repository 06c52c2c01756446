"""Which tables go into which workbook: the nation's, and one per industry."""

from __future__ import annotations

from typing import Final

import pandas as pd

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
            name: dict(tuple(table.groupby(key, sort=False)))
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
        names = {each.name for each in inside}
        levels = {each.level for each in inside}
        tables = {}
        for name in (*OF_UNIT, *OF_COMPANIES):
            found = [self._sorted.get(name, {}).get(each.name) for each in inside]
            kept = [table for table in found if table is not None]
            if not kept:
                continue
            whole = pd.concat(kept, ignore_index=True)
            if "level" in whole.columns:
                own = whole["level"].isin(levels) & whole["unit"].isin(names)
                inner = (
                    (whole["parent"] == unit.name) | (whole["level"] == unit.level)
                    if ("parent" in whole.columns)
                    else own
                )
                whole = whole[own & inner]
            tables[name] = whole
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

    def units(self) -> tuple[Unit, ...]:
        """Return the units that have a workbook."""
        hierarchy = self._look.national.hierarchy
        return tuple(unit for unit in hierarchy.units if has_workbook(self._look, unit.level))
