"""What was asked and what came of it, as frozen values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Literal

import pandas as pd

from acsi_sem.estimators.result import Diagnosis
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.tables.schema import (
    COMPARISONS,
    INVARIANCE,
    IPMA,
    MICOM,
    MODIFICATION,
    PREDICTION,
    RAKING,
    RESIDUALS,
    WEIGHTING,
    make_table,
)
from acsi_sem.terms import (
    STRUCTURED,
    Antecedents,
    Detail,
    Engine,
    Errors,
    IndexMeans,
    Interval,
    MissingRule,
    Notice,
    Resampling,
    Scheme,
    WeightsPolicy,
)

INFORMING: Final = (
    *("invariance", "micom", "permutation", "streamed"),
    *("replicated", "units_withheld"),
)
"""Kinds of notices that inform without a warning."""


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
        Limits: ``percentile``, ``bca`` (bias-corrected and accelerated), ``studentized``,
        ``normal``, all from replicates, or ``linearised``, from influence functions alone.
        Empty: percentile with a bootstrap, else normal; `interval` resolves it.
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
        ``complete`` cases; item ``mean``s or ``em`` moments (PLS, OLS); ``fiml`` (engine ml).
    meanstructure : bool
        Intercepts in covariance structures.
    invariance : bool
        Assess what may be compared across groups; `release` names what is not held equal.
    weights_policy : str
        Negative outer weights of PLS: ``allow``, ``nonnegative`` or ``drop`` the item.
    resampling, fay
        How replicates are made, and Fay's factor.
    folds, repetitions, antecedents
        Cross-validated prediction; no folds, no prediction.
    comparison, permutations
        Whether groups are compared, and by how many permutations.
    detail : str
        ``core``: estimates, indices, impacts, basic criteria and breakdowns, and nothing that
        takes a multiple of their time (discriminant validity, exact fit, drivers by indicator,
        modification indices, residuals, Bollen-Stine).
    whole : bool
        Whether there is a fit to every row beside the groups.
    period : str
        Year or quarter that chooses the dated shares of a composite; empty: the latest.
    """

    engines: tuple[Engine, ...] = ("pls",)
    scheme: Scheme = "path"
    replicates: int = 2000
    seed: int = 1
    level: float = 0.95
    index_means: IndexMeans = "available"
    minimum_rows: int = 50
    study: str = "study"
    ci: Interval | Literal[""] = ""
    se: Errors | Literal[""] = ""
    missing: MissingRule = "complete"
    meanstructure: bool = False
    invariance: bool = False
    release: tuple[str, ...] = ()
    weights_policy: WeightsPolicy = "allow"
    resampling: Resampling = "bootstrap"
    fay: float = 0.5
    folds: int = 0
    repetitions: int = 5
    antecedents: Antecedents = "earliest"
    comparison: bool = False
    permutations: int = 999
    detail: Detail = "full"
    whole: bool = True
    period: str = ""

    @property
    def interval(self) -> Interval:
        """How limits are made."""
        return self.ci or ("normal" if self.resampling in STRUCTURED else "percentile")

    @property
    def averaged(self) -> IndexMeans:
        """Which answers the index averages: with item means in the gaps both are the same."""
        return "available" if self.missing == "mean" else self.index_means

    @property
    def makes_intervals(self) -> bool:
        """True when scores get standard errors: from replicates, or from influence."""
        return self.resampled or self.interval == "linearised"

    @property
    def resampled(self) -> bool:
        """True when replicates are drawn."""
        if self.interval == "linearised":
            return False
        return self.resampling != "bootstrap" or self.replicates > 0


def permutations_needed(request: Request, tests: int) -> int:
    """Return how many permutations Holm's method needs to find anything; 0 where it has them.

    Parameters
    ----------
    request : Request
    tests : int
        Tests that share the level.

    Notes
    -----
    The least p of P permutations is 1/(P + 1), which Holm's method multiplies by the tests.

    Examples
    --------
    >>> permutations_needed(Request(permutations=199), 15)
    300
    >>> permutations_needed(Request(permutations=999), 15)
    0
    """
    risk = 1 - request.level
    least = math.ceil(tests / risk - 1e-9)
    return least if tests / (request.permutations + 1) >= risk - 1e-12 else 0


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
    prediction: pd.DataFrame = field(default_factory=lambda: make_table(PREDICTION, ()))
    comparisons: pd.DataFrame = field(default_factory=lambda: make_table(COMPARISONS, ()))
    micom: pd.DataFrame = field(default_factory=lambda: make_table(MICOM, ()))
    ipma: pd.DataFrame = field(default_factory=lambda: make_table(IPMA, ()))
    weighting: pd.DataFrame = field(default_factory=lambda: make_table(WEIGHTING, ()))
    raking: pd.DataFrame = field(default_factory=lambda: make_table(RAKING, ()))

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The notices that warn; verdicts and what was permuted inform."""
        return tuple(notice for notice in self.notices if notice.kind not in INFORMING)

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
