"""How a model's answers are scored: as they stand, or as a composite index counts them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem, UsageError
from acsi_sem.spec.hierarchy import Break
from acsi_sem.spec.model import DatedShares, Model
from acsi_sem.spec.periods import Period

Floats = NDArray[np.float64]


def scored_ends(model: Model) -> tuple[Floats, Floats]:
    """Return the values that make 0 and 100 of every indicator, two arrays of shape (p,).

    The ends of its scale; of a composite 0 and the high end (``of_maximum``), or 0 and 1
    (``top_box``).
    """
    low = np.array([item.low for item in model.indicators], dtype=float)
    high = np.array([item.high for item in model.indicators], dtype=float)
    form = model.scoring.form if model.scoring else "scaled"
    if form == "scaled":
        return low, high
    return np.zeros_like(low), high if form == "of_maximum" else np.ones_like(high)


def score_answers(model: Model, values: Floats) -> Floats:
    """Return answers as the model's index counts them, shape (n, p).

    Parameters
    ----------
    model : Model
    values : ndarray, shape (n, p)
        Answers in scale units, reversed ones turned; NaN where there is none.

    Returns
    -------
    ndarray, shape (n, p)
        The same, or under ``top_box`` 1 for an answer in the highest steps and 0 for another.
    """
    if model.scoring is None or model.scoring.form != "top_box":
        return values
    cut = np.array([item.high for item in model.indicators]) - model.scoring.boxes + 1
    counted: Floats = np.where(np.isnan(values), np.nan, (values >= cut).astype(float))
    return counted


def shares_at(model: Model, period: str) -> DatedShares | None:
    """Return the shares of a composite's components for a period.

    Parameters
    ----------
    model : Model
    period : str
        A year or a quarter; empty: the latest.

    Returns
    -------
    DatedShares or None
        None where the index has no components.

    Raises
    ------
    UsageError
        If no shares hold for the period.
    """
    dated = model.scoring.shares if model.scoring else ()
    if not dated:
        return None
    if not period:
        return dated[-1]
    quarter = Period.parse(period if "Q" in period else f"{period}Q4")
    for entry in dated:
        if entry.holds(quarter):
            return entry
    first = dated[0].first
    got = f"{period}, before {first}" if first and quarter < first else f"{period}, for which none"
    remedy = "add their shares to the model file under scoring.weights"
    raise UsageError(Problem(model.name, "scoring.weights", "a period with shares", got, remedy))


def formula_breaks(model: Model) -> Iterator[Break]:
    """Yield a break wherever the shares of a composite change: another formula, another series."""
    for before, after in pairwise(model.scoring.shares if model.scoring else ()):
        if after.first is not None and before.shares != after.shares:
            reason = f"what the components of {model.index} count for changes here"
            yield Break(str(after.first), reason)
