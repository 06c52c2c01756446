"""Criteria of measurement and structure: look-ups, cells, and words for their limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from acsi_sem.inference.thresholds import THRESHOLDS, verdict
from acsi_sem.report import cells, words
from acsi_sem.report.cells import Tone
from acsi_sem.report.content import Cell
from acsi_sem.report.facts import NOTHING, Estimate, Facts, rows
from acsi_sem.report.sections import errors

NAMES: Final[Mapping[str, str]] = {
    "alpha": "alpha",
    "rho_a": "ρA",
    "rho_c": "ρC",
    "ave": "AVE",
    "loading": "loadings",
    "fornell_larcker": "Fornell–Larcker margin",
    "htmt": "HTMT",
    "htmt2": "HTMT2",
    "vif": "VIF",
    "vif_item": "VIF of indicators",
    "f2": "f²",
    "r2": "R²",
    "srmr": "SRMR",
}
MOST_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class Criteria:
    """The criteria of one group and engine; a key is (measure, construct, indicator).

    `indicator` is the other construct of a pair, or the source of a path, or empty.
    """

    known: Mapping[tuple[str, str, str], Estimate]

    def get(self, measure: str, construct: str, indicator: str = "") -> Estimate:
        """Return one; an empty estimate where there is none."""
        return self.known.get((measure, construct, indicator), NOTHING)

    def pair(self, measure: str, first: str, second: str) -> Estimate:
        """Return one of a pair of constructs, whichever the table names first."""
        found = self.known.get((measure, first, second))
        return self.get(measure, second, first) if found is None else found

    def has(self, *measures: str) -> bool:
        """True when one of the measures has a row."""
        return any(key[0] in measures for key in self.known)

    def of(self, measure: str) -> dict[tuple[str, str], Estimate]:
        """Return every value of a measure by construct and indicator, in the table's order."""
        return {key[1:]: value for key, value in self.known.items() if key[0] == measure}


def gather_criteria(facts: Facts, group: str, engine: str = "") -> Criteria:
    """Read the criteria of one group by the leading engine, unless told otherwise."""
    table = facts.fit.quality
    own = table[(table["group"] == group) & (table["engine"] == (engine or facts.engine))]
    return Criteria(
        {
            (row["measure"], row["construct"], row["indicator"]): Estimate(
                row["value"],
                row["conf_low"],
                row["conf_high"],
                row["std_error"],
                row["p_value"],
                note=words.clean(row["note"]),
            )
            for row in rows(own)
        }
    )


def shown(facts: Facts, value: Estimate, digits: int = 2, reason: str = "") -> Cell:
    """A cell ``0.82 (0.76 to 0.84)``, or a dash with the reason."""
    if not value.known:
        return Cell(words.DASH, "", value.note or reason or cells.NO_NUMBER)
    why = "" if value.bounded else value.note or errors.absent(facts)
    return Cell(cells.brief(value, digits), round(value.value, 6), why)


def reading(measure: str, value: Estimate) -> Cell:
    """A cell with the verdict in words."""
    told = verdict(measure, value.value, value.low, value.high)
    return cells.text(told or "not judged", tone=tone(measure, value))


def tone(measure: str, value: Estimate) -> Tone:
    """Weak on the unwanted side of a limit, good where no limit is near; a size has no sides."""
    if THRESHOLDS[measure].favourable == "neither" or not value.known:
        return ""
    if not met(measure, value.value):
        return "weak"
    return "good" if clear(measure, value) else ""


def met(measure: str, value: float) -> bool:
    """True in the best zone of a measure that has one."""
    limit = THRESHOLDS[measure]
    best = len(limit.limits) if limit.favourable == "high" else 0
    return limit.zone(value) == best


def clear(measure: str, value: Estimate) -> bool:
    """True when value and interval lie in the best zone."""
    return all(met(measure, v) for v in (value.value, value.low, value.high) if math.isfinite(v))


def sources(*measures: str) -> str:
    """Say which side of its limits is wanted of each measure, and whose limits they are."""
    told: dict[tuple[str, str], list[str]] = {}
    for measure in measures:
        told.setdefault((_wanted(measure), THRESHOLDS[measure].source), []).append(NAMES[measure])
    parts = [
        f"{words.listing(named)}: {wanted}; source: {source}."
        for (wanted, source), named in told.items()
    ]
    return f"What people look for: {' '.join(parts)} These are habits of the field, not tests."


def _wanted(measure: str) -> str:
    limit = THRESHOLDS[measure]
    if limit.favourable == "neither":
        edges = words.listing([f"{edge:g}" for edge in limit.limits])
        return f"{words.listing(limit.zones)}, parted at {edges}"
    zones = limit.zones[::-1] if limit.favourable == "high" else limit.zones
    worse = f", worse {', '.join(zones[1:])}" if len(zones) > 2 else ""
    return f"{zones[0]} is wanted{worse}"


def withheld(named: Iterable[tuple[str, Estimate]]) -> tuple[str, ...]:
    """Give every reason for a missing number or interval once, with what it concerns."""
    found: dict[str, list[str]] = {}
    for name, value in named:
        if value.note and not (value.known and value.bounded):
            found.setdefault(value.note, []).append(name)
    return tuple(
        f"{why[:1].upper()}{why[1:]}: {words.listing(list(dict.fromkeys(names)), MOST_NAMED)}."
        for why, names in found.items()
    )


def differs(value: Estimate) -> str:
    """Say in words whether a coefficient can be told from zero."""
    told = {
        "clear": "differs from 0",
        "unclear": "cannot be told from 0",
        "unknown": "no interval",
    }[value.evidence]
    return told if value.known else "not computed"
