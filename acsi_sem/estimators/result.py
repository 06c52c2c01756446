"""What an engine hands over for one group: rows of the output tables and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acsi_sem.terms import Engine, Notice

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How one engine ended on one group.

    `problems` says in words why a fit is not used; it is empty for a good one.
    For covariance engines, else NaN: `gradient`, the largest |derivative| at the end; `objective`
    and `polished`, F before and after the kernel's polish; `shift`, the largest move of a parameter
    by it, in the items' standard deviations.
    """

    group: str
    engine: Engine
    converged: bool
    admissible: bool
    iterations: int
    gradient: float = float("nan")
    problems: tuple[str, ...] = ()
    objective: float = float("nan")
    polished: float = float("nan")
    shift: float = float("nan")

    @property
    def ok(self) -> bool:
        """True when the fit converged to an admissible solution."""
        return self.converged and self.admissible


@dataclass(frozen=True, slots=True)
class EngineResult:
    """Rows for the tables of one engine and group, and the diagnosis.

    When the diagnosis is not ok the rows stand with blank numbers and the reason as `note`.
    """

    estimates: tuple[Row, ...]
    fit_measures: tuple[Row, ...]
    quality: tuple[Row, ...]
    diagnosis: Diagnosis
    notices: tuple[Notice, ...] = ()
    modification: tuple[Row, ...] = ()
    residuals: tuple[Row, ...] = ()
