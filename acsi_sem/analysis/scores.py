"""The index of a fit as a value of its own."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from acsi_sem.analysis.values import Fit
from acsi_sem.errors import Problem, UsageError


@dataclass(frozen=True, slots=True)
class Index:
    """0-100 indices of one construct, a row per group and engine.

    Attributes
    ----------
    construct : str
    table : DataFrame
        Columns of `acsi_sem.tables.schema.INDICES`.
    """

    construct: str
    table: pd.DataFrame

    def tidy(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def _repr_html_(self) -> str:
        shown = self.table[["group", "engine", "n", "index", "conf_low", "conf_high"]]
        html: str = shown.to_html(
            index=False, float_format=lambda value: f"{value:.1f}", escape=True
        )
        return html


def score_index(fit: Fit, construct: str | None = None) -> Index:
    """Return the 0-100 index of a construct with its intervals.

    Parameters
    ----------
    fit : Fit
        From `acsi_sem.fit`.
    construct : str, optional
        The model's index construct by default.

    Raises
    ------
    UsageError
        If the model has no such construct.
    """
    name = fit.model.index if construct is None else construct
    if name not in fit.model.construct_names:
        known = ", ".join(fit.model.construct_names)
        raise UsageError(Problem("score_index", "construct", f"one of {known}", repr(name)))
    table = fit.indices[fit.indices["construct"] == name].reset_index(drop=True)
    return Index(name, table)
