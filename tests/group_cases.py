"""Small grouped surveys and estimators for tests that compare groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from acsi_model import make_model
from simulated import Floats, Ints, factor

from acsi_sem.inference.influence import Fields
from acsi_sem.inference.permutations import Estimator
from acsi_sem.inference.sample import Sample
from acsi_sem.kernels.index import index_points, points_per_score, to_points
from acsi_sem.kernels.moments import correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.regression import total_effects
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Design, Source, Survey
from acsi_sem.terms import WeightKind

PAIR_MODEL = make_model({"x": ("a",), "y": ("b",)}, [("x", "y")])
PAIR = ("one", "two")


def two_items(
    values: Floats,
    codes: Ints,
    names: tuple[str, ...] = PAIR,
    *,
    weights: Floats | None = None,
    kind: WeightKind = "sampling",
    **design: Any,
) -> Survey:
    """Make a survey of the items a and b on a scale from 0 to 100."""
    n = len(values)
    used = np.ones(n) if weights is None else weights
    return Survey(
        items=("a", "b"),
        values=values,
        low=np.zeros(2),
        high=np.full(2, 100.0),
        design=Design(used, kind, weighted=weights is not None, **design),
        source=Source("made in memory", "0" * 64, "memory", n),
        groups=factor("company", codes, names),
    )


def means_of(sample: Sample) -> Estimator:
    """Return an estimator of the two items' means: a as path and total effect, both as indices."""

    def estimate(sums: Floats) -> Fields:
        mean = sample.moments(sums).mean
        paths = np.zeros((len(sums), 2, 2))
        paths[:, 1, 0] = mean[:, 0]
        ok = np.asarray(np.isfinite(mean).all(axis=1), dtype=float)
        return {"paths": paths, "total": paths, "index": mean, "weights": mean, "ok": ok}

    return estimate


def pls_of(model: Model, sample: Sample) -> Estimator:
    """Return a PLS estimator made of kernels."""
    block, arrows = blocks(model), adjacency(model)
    low = np.array([item.low for item in model.indicators])
    high = np.array([item.high for item in model.indicators])

    def estimate(sums: Floats) -> Fields:
        moments = sample.moments(sums)
        found = pls(correlations(moments.covariance), block, arrows)
        with np.errstate(divide="ignore", invalid="ignore"):
            own = found.weights / moments.sd
        direct = to_points(found.paths, points_per_score(own, low, high, block))
        return {
            "weights": found.weights,
            "paths": found.paths,
            "total": total_effects(np.where(found.converged[:, None, None], direct, 0.0)),
            "index": index_points(moments.item_mean, own, low, high, block),
            "ok": np.asarray(found.converged & np.isfinite(direct).all(axis=(1, 2)), dtype=float),
        }

    return estimate


def cell(rows: tuple[Mapping[str, object], ...], **wanted: str) -> Mapping[str, object]:
    """Return the one row with these entries."""
    found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    assert len(found) == 1, (wanted, len(found))
    return found[0]


def numbers(rows: tuple[Mapping[str, object], ...], column: str) -> Floats:
    """Return a column of rows; NaN where a row has no entry."""
    return np.array([row.get(column, np.nan) for row in rows], dtype=float)
