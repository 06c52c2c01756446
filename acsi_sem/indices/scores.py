"""Rows of the indices and impacts tables: 0-100 scores and effects with intervals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.estimators.result import Row
from acsi_sem.estimators.structural import Structural
from acsi_sem.inference.intervals import Spread, no_spread, normal_spread
from acsi_sem.inference.pls_rows import withheld_limits
from acsi_sem.inference.spreader import PERCENTILE, Spreader, structural_fields
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.regression import Arrows
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import Engine

IMPACT_STEP = 5.0
"""Points by which a driver rises in `impact_5`."""

_EFFECTS: Final = {
    "direct": ("direct", 1.0),
    "indirect": ("indirect", 1.0),
    "total": ("total", 1.0),
    "impact_5": ("total", IMPACT_STEP),
}


@dataclass(frozen=True, slots=True)
class Scored:
    """One engine's scores of one group.

    Attributes
    ----------
    point : Structural
        A batch of point estimates; `at` is this group's element.
    draws : Structural or None
        Its replicates, or None without a bootstrap.
    problem : str
        Why the fit may not be used; empty when it may.
    spreader : Spreader
        Turns the replicates into limits, percentiles unless told otherwise.
    withheld : str
        Why there is no spread although there are replicates; empty when there is.
    errors : mapping of field -> ndarray, shape (q, q)
        Delta-method standard errors of effects between 0-100 scores, used without replicates.
    """

    group: str
    engine: Engine
    point: Structural
    at: int
    draws: Structural | None
    level: float
    problem: str = ""
    spreader: Spreader = PERCENTILE
    withheld: str = ""
    errors: Mapping[str, Floats] = dataclasses.field(default_factory=dict)

    @property
    def note(self) -> str:
        """The reason for blank numbers, or an empty text."""
        if self.problem or self.withheld or self.draws is None:
            return self.problem or self.withheld
        if self.spreader.coefficients is not None:
            return ""  # a lost replicate is told element by element
        return withheld_limits(self.draws.ok)

    def spread(self, field: str, factor: float = 1.0) -> Spread:
        """Return the spread of a field, times a positive factor, over the usable replicates.

        Parameters
        ----------
        field : {"index", "direct", "indirect", "specific", "total"}
        factor : float
        """
        point = structural_fields(self.point)[field][self.at]
        linearised = self.spreader.linearised is not None
        if self.problem or self.withheld:
            return no_spread(point.shape)
        if self.draws is None and not linearised:
            if field in self.errors:
                return _scaled(normal_spread(point, self.errors[field], self.level), factor)
            return no_spread(point.shape)
        draws = None if self.draws is None else structural_fields(self.draws)[field]
        ok = None if self.draws is None else self.draws.ok
        return _scaled(self.spreader.spread(field, draws, point, ok, self.level), factor)


def _scaled(spread: Spread, factor: float) -> Spread:
    """Return the spread of a statistic times a positive factor."""
    error, low, high = (factor * part for part in (spread.std_error, spread.low, spread.high))
    return Spread(error, low, high, spread.withheld)


@dataclass(frozen=True, slots=True)
class Counts:
    """Respondents behind a group's indices: per construct answered, complete, effective.

    `withheld` says per construct why its index is not shown, where it is not.
    """

    answered: tuple[float, ...]
    complete: float
    effective: tuple[float, ...]
    withheld: tuple[str, ...] = ()


def count_column(value: float) -> int:
    """Return a count as the tables hold it: a whole number."""
    return round(value)


def index_rows(model: Model, scored: Scored, counts: Counts) -> Iterator[Row]:
    """Yield one row per construct: the index with its standard error and limits."""
    spread = scored.spread("index")
    for i, construct in enumerate(model.construct_names):
        row: dict[str, object] = {
            "group": scored.group,
            "engine": scored.engine,
            "construct": construct,
            "n": count_column(counts.answered[i]),
            "n_complete": count_column(counts.complete),
            "n_eff": counts.effective[i],
            "conf_level": scored.level,
            "note": scored.note,
        }
        held = counts.withheld[i] if counts.withheld else ""
        if held and not scored.problem:
            row["note"] = held
        elif not scored.problem:
            row |= {"index": float(scored.point.index[scored.at, i]), **limits(spread, (i,))}
            row["note"] = scored.note or spread.note((i,))
        yield row


def limits(spread: Spread, at: tuple[int, ...]) -> dict[str, object]:
    """Return the standard error and limit columns of one element of a spread."""
    return {
        "std_error": float(spread.std_error[at]),
        "conf_low": float(spread.low[at]),
        "conf_high": float(spread.high[at]),
    }


def impact_rows(model: Model, scored: Scored) -> Iterator[Row]:
    """Yield direct, indirect and total effects and 5-point impacts of every connected pair."""
    arrows = adjacency(model)
    names = model.construct_names
    for effect, present in _present(arrows).items():
        field, factor = _EFFECTS[effect]
        estimate = structural_fields(scored.point)[field][scored.at] * factor
        spread = scored.spread(field, factor)
        for target, source in np.argwhere(present).tolist():
            row: dict[str, object] = {
                "group": scored.group,
                "engine": scored.engine,
                "source": names[source],
                "target": names[target],
                "effect": effect,
                "conf_level": scored.level,
                "note": scored.note,
            }
            if not scored.problem:
                row |= {
                    "estimate": float(estimate[target, source]),
                    **limits(spread, (target, source)),
                    "note": scored.note or spread.note((target, source)),
                }
            yield row


def _present(arrows: Arrows) -> dict[str, Arrows]:
    """Return which pairs have a direct, an indirect, any effect at all."""
    step = arrows.astype(np.int64)
    reach = np.zeros_like(step)
    power = step
    for _ in range(arrows.shape[0]):
        reach = np.minimum(reach + power, 1)
        power = np.minimum(power @ step, 1)
    indirect = np.minimum(reach @ step, 1) > 0
    return {"direct": arrows, "indirect": indirect, "total": reach > 0, "impact_5": reach > 0}


def share_of_index(model: Model, weights: Floats) -> Floats:
    """Return index weights normalised to sum to one within each block.

    Parameters
    ----------
    weights : ndarray, shape (p,)
        Unstandardised index weights.

    Returns
    -------
    ndarray, shape (p,)
    """
    block = blocks(model)
    share: Floats = weights / np.bincount(block, weights)[block]
    return share
