"""Look-ups that the chapters of a comparison share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from acsi_sem.analysis.systems import Compared, Measurement
from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Cell,
)
from acsi_sem.report.facts import ALL_LABEL, NOTHING, Estimate
from acsi_sem.spec.study import Study
from acsi_sem.terms import ALL


@dataclass(frozen=True, slots=True)
class Look:
    """Look-ups for the page."""

    compared: Compared
    study: Study
    labels: Mapping[str, str]
    rows: Mapping[tuple[str, str], dict[str, Any]]
    level: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The groups without all rows."""
        return tuple(group for group in self.compared.groups if group != ALL)

    def name(self, system: str) -> str:
        """Return a system's title in the study's language."""
        one = next(m for m in self.compared.measurements if m.system.name == system)
        return words.clean(one.system.title.get(self.study.language))

    def group(self, name: str) -> str:
        """Return a group's label."""
        return ALL_LABEL if name == ALL else words.clean(self.labels.get(name, name))

    def index(self, system: str, group: str) -> Estimate:
        """Return a system's number for a group; unknown where there is none."""
        row = self.rows.get((system, group))
        if row is None:
            return NOTHING
        numbers = (row["index"], row["conf_low"], row["conf_high"], row["std_error"])
        return Estimate(*numbers, n=row["n"], note=words.clean(row["note"]))

    def difference(self, system: str, group: str) -> Estimate:
        """Return how far a system is from the one compared with."""
        row = self.rows.get((system, group))
        if row is None:
            return NOTHING
        numbers = (row["difference"], row["difference_low"], row["difference_high"])
        return Estimate(*numbers, note=words.clean(row["note"]))


def scaled(look: Look) -> list[Measurement]:
    """Return the systems that give an index on 0-100."""
    return [one for one in look.compared.measurements if one.on_scale]


def with_limits(value: Estimate) -> Cell:
    """Return the cell ``1.6 (0.3 to 2.6)``, or an em dash with the reason."""
    if not value.known:
        return Cell(words.DASH, "", value.note or cells.NO_NUMBER)
    return Cell(cells.brief(value), round(value.value, 6))
