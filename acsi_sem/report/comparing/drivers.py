"""Drivers and fit, system by system."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from acsi_sem.report import cells, words
from acsi_sem.report.comparing.look import Look
from acsi_sem.report.content import (
    Block,
    Bullets,
    Cell,
    Section,
    Table,
)
from acsi_sem.report.facts import Estimate
from acsi_sem.tables.schema import records
from acsi_sem.terms import ALL


def drivers(look: Look) -> Section | None:
    """The chapter on drivers by system; None when no system has any."""
    table = records(look.compared.drivers)
    own = [row for row in table if row["group"] == ALL]
    if not own:
        return None
    systems = tuple(dict.fromkeys(row["system"] for row in own))
    drivers = tuple(dict.fromkeys(row["driver"] for row in own))
    found = {(row["system"], row["driver"]): row for row in own}
    labels = _construct_labels(look)
    heads = cells.columns("Driver", *(f">{look.name(s).replace('|', '¦')}" for s in systems))
    rows = tuple(
        (
            cells.text(labels.get(driver, words.sentence_case(driver))),
            *(_driver(found.get((system, driver))) for system in systems),
        )
        for driver in drivers
    )
    note = f"Points of the index per 5 points of the driver, {look.level} interval."
    made = Table("drivers-table", "Impact of each driver by system", heads, rows, (note,))
    top = {look.name(s): _first(own, s, labels) for s in systems}
    said = tuple((f"{name}:", f"{first} weighs most.") for name, first in top.items())
    blocks: tuple[Block, ...] = (Bullets(said), made)
    return Section("drivers", "Do they name the same drivers?", "Drivers", blocks)


def _first(rows: Sequence[dict[str, Any]], system: str, labels: Mapping[str, str]) -> str:
    own = [r for r in rows if r["system"] == system and math.isfinite(r["estimate"])]
    if not own:
        return "none known"
    best = max(own, key=lambda row: row["estimate"])["driver"]
    return labels.get(best, words.sentence_case(best))


def _construct_labels(look: Look) -> dict[str, str]:
    language = look.study.language
    return {
        construct.name: words.clean(construct.label.get(language))
        for one in look.compared.measurements
        if one.fit is not None
        for construct in one.fit.model.constructs
    }


def _driver(row: dict[str, Any] | None) -> Cell:
    if row is None:
        return Cell(words.DASH, "", "not in this system")
    value = Estimate(row["estimate"], row["conf_low"], row["conf_high"], note=row["note"])
    if not value.known:
        return Cell(words.DASH, "", value.note or cells.NO_NUMBER)
    return Cell(cells.brief(value, 2), round(value.value, 6))


def fits(look: Look) -> Section | None:
    """The chapter on explained variance and fit; None when no engine measures any."""
    own = [row for row in records(look.compared.fits) if row["group"] == ALL]
    if not own:
        return None
    systems = tuple(dict.fromkeys(row["system"] for row in own))
    there = {row["measure"] for row in own}
    measures = tuple(name for name in _MEASURES if name in there)
    found = {(row["system"], row["measure"]): row["value"] for row in own}
    heads = cells.columns("System", *(f">{_MEASURES.get(m, m)}" for m in measures))
    rows = tuple(
        (
            cells.text(look.name(system)),
            *(
                cells.number(
                    found.get((system, m), float("nan")), 3, "not a measure of this engine"
                )
                for m in measures
            ),
        )
        for system in systems
    )
    table = Table("fit-table", "Explained variance of the index, and fit: all rows", heads, rows)
    return Section("fit", "How well do they fit?", "Fit", (table,))


_MEASURES: Final = {"r2": "R² of the index", "cfi": "CFI", "rmsea": "RMSEA", "srmr": "SRMR"}
