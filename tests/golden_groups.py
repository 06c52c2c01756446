"""Samples of the four industries of the 2015 survey, with fourth-order blocks."""

from __future__ import annotations

import numpy as np
from golden_data import Floats, Moments, moments, rows

from acsi_sem.estimators.invariance import GroupSample

ORDER = ("3003", "3013", "1001", "5001")
"""Order of the groups in lavaan's runs."""


def fourth_order_block(found: Moments) -> Floats:
    """Second moment of (1, d, vech dd'), vech by rows of the upper triangle; (105, 105)."""
    p = len(found.names)
    place = np.zeros((p, p), dtype=np.intp)
    place[found.vech_rows, found.vech_columns] = p + np.arange(len(found.vech_rows))
    place = np.maximum(place, place.T)
    first, second = np.triu_indices(p)
    order = np.concatenate([np.arange(p), place[first, second]])
    mean = np.concatenate([[1.0], found.z_mean[order]])
    block = np.outer(mean, mean)
    block[1:, 1:] += found.z_cov[np.ix_(order, order)]
    return block


def industries(*, blocks: bool = False) -> tuple[GroupSample, ...]:
    """Return the samples in lavaan's order."""
    return tuple(
        GroupSample(name, m.n, m.mean, m.cov, fourth_order_block(m) if blocks else None)
        for name in ORDER
        for m in [moments(name)]
    )


def lavaan_invariance(model: str, estimator: str, level: str) -> dict[str, float]:
    """Return lavaan's fit of one level as measure -> value; `model` is cfa4 or sem."""
    wanted = (model, estimator, level)
    text = ("model", "estimator", "level", "groups")
    return {
        name: float(value)
        for row in rows("lavaan_invariance.csv")
        if (row["model"], row["estimator"], row["level"]) == wanted
        for name, value in row.items()
        if name not in text and value
    }
