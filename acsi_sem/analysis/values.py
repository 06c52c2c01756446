"""What was asked and what came of it, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from acsi_sem.estimators.result import Diagnosis
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.tables.schema import INVARIANCE, MODIFICATION, RESIDUALS, make_table
from acsi_sem.terms import Engine, Errors, IndexMeans, Interval, MissingRule, Notice, Scheme


@dataclass(frozen=True, slots=True)
class Request:
    """What an estimation is asked to do.

    Attributes
    ----------
    engines : tuple of str
        In the order of the tables.
    replicates : int
        Bootstrap replicates; 0 for none.
    seed : int
        With the study's and group's names it determines every draw.
    level : float
        Confidence level of every interval.
    ci : str
        Limits from replicates: ``percentile``, or ``bca`` (bias-corrected and accelerated).
    index_means : str
        ``available``: every answer an item has; ``complete``: complete cases.
    minimum_rows : int
        Smaller groups are refused, smaller breakdown cells withheld.
    study : str
        Name that keys the random streams.
    se : str
        Standard errors of covariance structures; empty: ``cluster`` where the survey has strata or
        PSUs, else ``robust``.
    missing : str
        ``complete`` cases; ``em`` moments (PLS, OLS); ``fiml`` (engine ml).
    meanstructure : bool
        Intercepts in covariance structures.
    invariance : bool
        Assess what may be compared across groups; `release` names what is not held equal.
    """

    engines: tuple[Engine, ...] = ("pls",)
    scheme: Scheme = "path"
    replicates: int = 2000
    seed: int = 1
    level: float = 0.95
    index_means: IndexMeans = "available"
    minimum_rows: int = 50
    study: str = "study"
    ci: Interval = "percentile"
    se: Errors | Literal[""] = ""
    missing: MissingRule = "complete"
    meanstructure: bool = False
    invariance: bool = False
    release: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplicateCount:
    """How many replicates were drawn for an engine on a group and how many failed."""

    group: str
    engine: Engine
    requested: int
    failed: int


@dataclass(frozen=True, slots=True)
class Fit:
    """Estimates of every engine on every group, with the tables of DESIGN section 6.

    Attributes
    ----------
    estimates, fit_measures, quality, items : DataFrame
        See `acsi_sem.tables.schema` for the columns.
    indices, impacts, breakdowns : DataFrame
        0-100 indices with intervals, effects on 0-100 scores, indices of parts of a group.
    diagnoses : tuple of Diagnosis
        One per group and engine.
    replicates : tuple of ReplicateCount
    notices : tuple of Notice
        Every warning, those of the survey included.
    """

    model: Model
    survey: Survey
    request: Request
    groups: tuple[str, ...]
    estimates: pd.DataFrame
    fit_measures: pd.DataFrame
    quality: pd.DataFrame
    items: pd.DataFrame
    indices: pd.DataFrame
    impacts: pd.DataFrame
    breakdowns: pd.DataFrame
    diagnoses: tuple[Diagnosis, ...]
    replicates: tuple[ReplicateCount, ...]
    notices: tuple[Notice, ...] = field(default=())
    modification: pd.DataFrame = field(default_factory=lambda: make_table(MODIFICATION, ()))
    residuals: pd.DataFrame = field(default_factory=lambda: make_table(RESIDUALS, ()))
    invariance: pd.DataFrame = field(default_factory=lambda: make_table(INVARIANCE, ()))

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The notices that warn; verdicts on invariance inform."""
        return tuple(notice for notice in self.notices if notice.kind != "invariance")

    def tidy(self) -> pd.DataFrame:
        """Return the estimates, one row per parameter, group and engine."""
        return self.estimates.copy()

    def glance(self) -> pd.DataFrame:
        """Return one row per group and engine: rows used, convergence, replicates, index."""
        drawn = {(count.group, count.engine): count for count in self.replicates}
        own = self.indices[self.indices["construct"] == self.model.index]
        index = own.set_index(["group", "engine"])["index"].to_dict()
        rows = []
        for found in self.diagnoses:
            key = (found.group, found.engine)
            count = drawn.get(key)
            rows.append(
                {
                    "group": found.group,
                    "engine": found.engine,
                    "index": index.get(key, float("nan")),
                    "converged": found.converged,
                    "admissible": found.admissible,
                    "iterations": found.iterations,
                    "replicates": count.requested if count else 0,
                    "failed_replicates": count.failed if count else 0,
                    "problems": "; ".join(found.problems),
                }
            )
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        html: str = self.glance().to_html(index=False, escape=True, na_rep="")
        return html
