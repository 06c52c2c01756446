"""A nation's period as a frozen value: every table, its history and what it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from acsi_sem.analysis.values import Request
from acsi_sem.spec.hierarchy import Hierarchy
from acsi_sem.spec.model import Model
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Study, engines_for
from acsi_sem.terms import Engine, ModelKind, Notice


@dataclass(frozen=True, slots=True)
class Lost:
    """A unit without a result for an engine, and why."""

    unit: str
    engine: Engine
    reason: str


@dataclass(frozen=True, slots=True)
class National:
    """What one period says of a nation; what is withheld is already blank in its tables.

    Attributes
    ----------
    period : Period
    tables : mapping of name -> DataFrame
        ``readings``, ``national``, ``changes``, ``league``, ``differences``, ``shares``,
        ``revisions`` (`acsi_sem.tables.national`); ``indices``, ``estimates``, ``impacts``,
        ``fit_measures``, ``quality``, ``breakdowns``, ``items``, ``missing``, ``warnings``
        (`acsi_sem.tables.schema`), whose ``group`` is a company.
    history : DataFrame
        Readings of this and all earlier periods, and scores published elsewhere (`HISTORY`).
    lost : tuple of Lost
        Companies without a result.
    fitted : int
        Companies with one.
    interviews : int
        Rows of the survey.
    versions, inputs : tuple of (name, value)
        Of packages; SHA-256 of every input.
    revision : int
        Its number within the period, from 1.
    reason : str
        Why it replaces the one before; empty for the first.
    """

    study: Study
    model: Model
    hierarchy: Hierarchy
    request: Request
    period: Period
    tables: Mapping[str, pd.DataFrame]
    history: pd.DataFrame
    lost: tuple[Lost, ...]
    fitted: int
    interviews: int
    notices: tuple[Notice, ...]
    versions: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    revision: int = 1
    reason: str = ""


def request_of(study: Study, period: Period, kind: ModelKind = "structural") -> Request:
    """Return what is asked of every company; `kind` is that of the study's model.

    The streams of random numbers are keyed by study and period, so no quarter repeats another's.
    """
    settings = study.settings
    return Request(
        engines=settings.engines or engines_for(kind),
        scheme=settings.scheme,
        replicates=settings.replicates,
        seed=settings.seed,
        level=settings.level,
        index_means=settings.index_means,
        minimum_rows=settings.minimum_rows,
        study=f"{study.name}/{period}",
        ci=settings.ci,
        se=settings.se,
        missing=settings.missing,
        meanstructure=settings.meanstructure,
        weights_policy=settings.weights_policy,
        resampling=settings.resampling,
        fay=settings.fay,
        detail="core",
        whole=False,
        period=str(period),
    )
