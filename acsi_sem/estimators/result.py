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
    `gradient` is the largest |derivative| at the end (covariance engines), else NaN.
    """

    group: str
    engine: Engine
    converged: bool
    admissible: bool
    iterations: int
    gradient: float = float("nan")
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True when the fit converged to an admissible solution."""
        return self.converged and self.admissible


@dataclass(frozen=True, slots=True)
class EngineResult:
    """Rows for the tables `estimates`, `fit_measures` and `quality`, and the diagnosis.

    When the diagnosis is not ok the rows stand with blank numbers and the reason as `note`.
    """

    estimates: tuple[Row, ...]
    fit_measures: tuple[Row, ...]
    quality: tuple[Row, ...]
    diagnosis: Diagnosis
    notices: tuple[Notice, ...] = ()
