"""Composite indices: weights fixed by a formula, no structural model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from acsi_sem.estimators.result import Diagnosis, EngineResult, Row
from acsi_sem.estimators.structural import Structural, make_structural, scale_ends
from acsi_sem.kernels.moments import Floats, Moments
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Construct, Model
from acsi_sem.spec.scoring import shares_at
from acsi_sem.terms import WEIGHT, IndexMeans


def fixed_weights(model: Model, period: str = "") -> Floats:
    """Return the index weights that the model's formula fixes.

    Parameters
    ----------
    model : Model
    period : str
        A year or quarter that chooses dated shares; empty: the latest.

    Returns
    -------
    ndarray, shape (p,)
        Per scale unit: an indicator's share of its construct over the width of its scale.
        Indicators of a construct count equally; those of a component share the component's share.

    Raises
    ------
    UsageError
        If no shares hold for the period.
    """
    low, high = scale_ends(model)
    share = np.concatenate([_shares(model, part, period) for part in model.constructs])
    weights: Floats = share / (high - low)
    return weights


def _shares(model: Model, construct: Construct, period: str) -> Floats:
    """Return what the indicators of a construct count for, summing to one."""
    if not construct.components:
        return np.full(len(construct.indicators), 1.0 / len(construct.indicators))
    dated = shares_at(model, period) if construct.name == model.index else None
    equal = 1.0 / len(construct.components)
    share = dict(dated.shares) if dated else dict.fromkeys(construct.components, equal)
    sizes = [(name, len(model.construct(name).indicators)) for name in construct.components]
    return np.concatenate([np.full(size, share[name] / size) for name, size in sizes])


def estimate_composite(
    model: Model, moments: Moments, means: IndexMeans, period: str = "", *, strict: bool = True
) -> Structural:
    """Return the fixed-weight indices of B weightings, from moments; there are no effects.

    Parameters
    ----------
    model : Model
    moments : Moments
        Of answers scored as the model says (`acsi_sem.spec.scoring.score_answers`).
    means : {"available", "complete"}
    period : str
    strict : bool
        Whether an element fails as a whole where an indicator has no answers; else only the indices
        that it enters are unknown, as in replicates.
    """
    q = len(model.constructs)
    weights = np.broadcast_to(fixed_weights(model, period), moments.item_mean.shape)
    size = moments.item_mean.shape[0]
    centre = moments.item_mean if means == "available" else moments.mean
    known = np.isfinite(centre)
    ok = np.asarray(known.all(axis=1) if strict else known.any(axis=1))
    return make_structural(model, moments, weights, np.zeros((size, q, q)), ok, means)


def fit_composite(model: Model, point: Structural, at: int, *, group: str) -> EngineResult:
    """Return the rows of one group: its fixed weights.

    Parameters
    ----------
    model : Model
    point : Structural
        From `estimate_composite`, a batch of groups of which `at` is this one.
    """
    good = bool(point.ok[at])
    problems = () if good else ("an indicator has no answers here",)
    diagnosis = Diagnosis(group, "composite", good, True, 0, problems=problems)
    rows = tuple(_rows(model, point.index_weights[at], group, "; ".join(problems)))
    return EngineResult(rows, (), (), diagnosis)


def _rows(model: Model, weights: Floats, group: str, note: str) -> Iterator[Row]:
    low, high = scale_ends(model)
    names = model.construct_names
    for item, weight, block in zip(
        model.indicators, weights * (high - low), blocks(model), strict=True
    ):
        row = {"group": group, "engine": "composite", "lhs": names[block], "op": WEIGHT}
        yield {**row, "rhs": item.name, "estimate": float(weight), "note": note}
