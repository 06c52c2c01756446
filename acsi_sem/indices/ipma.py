"""Importance-performance map analysis: what moves a construct, and where it stands.

Importance is the unstandardised total effect on the target, in points of its 0-100 score per
point; performance is the 0-100 index. Indicators share their construct's importance: the index is
Σ s_k P_k with P_k = 100 (m_k - low) / (high - low) and s_k = w_k (high - low) / Σ w (high - low),
so one point of P_k moves it by s_k.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from acsi_sem.estimators.result import Row
from acsi_sem.estimators.structural import scale_ends
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.intervals import Spread
from acsi_sem.kernels.index import points_per_score
from acsi_sem.kernels.moments import Floats
from acsi_sem.spec.graph import ancestors, blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import Engine

CONSTRUCTS = ("importance", "performance")
ITEMS = ("item_importance", "item_performance")


def ipma_fields(
    model: Model,
    means: Floats,
    index_weights: Floats,
    index: Floats,
    total: Floats,
    target: str | None = None,
) -> Fields:
    """Return importance and performance of every construct and indicator for one target.

    Parameters
    ----------
    model : Model
    means : ndarray, shape (B, p)
        Indicator means in scale units, those that the index is made of.
    index_weights : ndarray, shape (B, p)
        Unstandardised weights, w / s.
    index : ndarray, shape (B, q)
        0-100 indices.
    total : ndarray, shape (B, q, q)
        Total effects between 0-100 scores, ``[b, i, j]`` of j on i.
    target : str or None
        Construct whose drivers are mapped; None is the model's index construct.

    Returns
    -------
    mapping name -> ndarray
        ``importance`` and ``performance`` (B, q) by construct, ``item_importance`` and
        ``item_performance`` (B, p) by indicator. Importances are points of the target per point;
        those of a block's indicators sum to their construct's. What does not lead to the target
        has importance 0. NaN where a block's weights do not sum to a positive range.

    Raises
    ------
    KeyError
        If the model has no such construct.

    Notes
    -----
    SmartPLS rescales a weight to sum to one after unstandardising it, which is the share s_k where
    a block's items have scales of one length, and differs where they have not.

    References
    ----------
    Ringle & Sarstedt (2016), Industrial Management & Data Systems 116, 1865-1886;
    Martilla & James (1977), Journal of Marketing 41(1), 77-79.
    """
    place = model.construct_names.index(model.construct(target or model.index).name)
    low, high = scale_ends(model)
    block = blocks(model)
    worth = points_per_score(index_weights, low, high, block)[:, block]
    share = index_weights * (high - low) * worth / 100.0
    importance = total[:, place].copy()
    return {
        "importance": importance,
        "performance": index,
        "item_importance": importance[:, block] * share,
        "item_performance": 100.0 * (means - low) / (high - low),
    }


def ipma_rows(
    model: Model,
    group: str,
    engine: Engine,
    level: float,
    point: Mapping[str, Floats],
    spreads: Mapping[str, Spread],
    note: str,
    target: str | None = None,
) -> Iterator[Row]:
    """Yield a row per construct that leads to the target, each followed by its indicators.

    Parameters
    ----------
    model : Model
    group : str
    engine : Engine
    level : float
        Confidence level.
    point : mapping name -> ndarray
        One element of `ipma_fields`, shapes (q,) and (p,).
    spreads : mapping name -> Spread
        Of the same names and shapes; a name that is absent has no limits.
    note : str
        Why numbers are blank; empty when they are not.
    target : str or None
        As in `ipma_fields`.

    Raises
    ------
    ValueError
        If a number is missing without a reason.
    """
    aim = target or model.index
    block = blocks(model)
    for construct in ancestors(model, aim):
        c = model.construct_names.index(construct)
        key: dict[str, object] = {
            "group": group,
            "engine": engine,
            "target": aim,
            "construct": construct,
            "conf_level": level,
            "note": note,
        }
        yield key | {"indicator": ""} | _numbers(CONSTRUCTS, point, spreads, c, note)
        for i in np.flatnonzero(block == c).tolist():
            name = model.indicators[i].name
            yield key | {"indicator": name} | _numbers(ITEMS, point, spreads, i, note)


def _numbers(
    fields: tuple[str, str],
    point: Mapping[str, Floats],
    spreads: Mapping[str, Spread],
    at: int,
    note: str,
) -> dict[str, object]:
    """Return importance and performance of one place with limits and why any are withheld."""
    found: dict[str, object] = {}
    reasons = [note]
    for field, name in zip(fields, CONSTRUCTS, strict=True):
        value = float(point[field][at])
        if not np.isfinite(value):
            if not note:
                raise ValueError(f"{field}: a number that is missing needs a reason")
            continue
        found[name] = value
        if (spread := spreads.get(field)) is not None:
            found |= {f"{name}_low": float(spread.low[at]), f"{name}_high": float(spread.high[at])}
            reasons.append(spread.note((at,)))
    found["note"] = "; ".join(dict.fromkeys(filter(None, reasons)))
    return found
