"""Rows of tables that a streamed survey makes of counts and replicates instead of its rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from acsi_sem.estimators.ols import regression_fields
from acsi_sem.estimators.result import EngineResult, Row
from acsi_sem.inference.intervals import Spread, two_sided_p
from acsi_sem.inference.pls_rows import ROUNDING, UNTESTED, Draws
from acsi_sem.inference.streamed import Heads, PartSums
from acsi_sem.kernels.moments import Floats, Moments
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import INTERCEPT, PATH, IndexMeans

NO_ROWS = "no standard error: rows are not kept when a file is streamed; ask for replicates"


def with_replicate_errors(
    model: Model, result: EngineResult, moments: Moments, at: int, draws: Draws | None
) -> EngineResult:
    """Give the regressions of moments their intercepts, and standard errors from replicates.

    Parameters
    ----------
    model : Model
    result : EngineResult
        From `acsi_sem.estimators.ols.ols_from_moments`.
    moments : Moments
        `at` is this group's element.
    at : int
    draws : Draws or None
        Replicates of `acsi_sem.estimators.ols.regression_fields`; None without a bootstrap.

    Returns
    -------
    EngineResult
        A fit that failed has its reason, and no numbers.
    """
    if not result.diagnosis.ok:
        problem = "the predictors of an equation are linearly dependent"
        rows = [{**row, "note": problem} for row in result.estimates]
        told = replace(result.diagnosis, problems=(problem,))
        return replace(result, estimates=tuple(rows), quality=(), diagnosis=told)
    fields = {name: own[at] for name, own in regression_fields(model, moments).items()}
    spreads: dict[str, Spread | None] = dict.fromkeys(fields)
    if draws is not None:
        spreads = {name: draws.spread(name, own) for name, own in fields.items()}
    place = {name: i for i, name in enumerate(model.construct_names)}
    made: list[Row] = []
    for i, row in enumerate(result.estimates):
        if row["op"] != PATH:
            made.append(row)
            continue
        target = place[str(row["lhs"])]
        cell = (target, place[str(row["rhs"])])
        value = float(fields["slopes"][cell])
        made.append({**row, **_errors(value, spreads["slopes"], cell, draws)})
        behind = result.estimates[i + 1 : i + 2]
        if not behind or behind[0]["lhs"] != row["lhs"]:
            value = float(fields["intercepts"][target])
            own = {key: row[key] for key in ("group", "engine", "lhs")}
            own |= {"op": INTERCEPT, "rhs": "", "estimate": value}
            made.append({**own, **_errors(value, spreads["intercepts"], (target,), draws)})
    return replace(result, estimates=tuple(made))


def _errors(
    estimate: float, spread: Spread | None, at: tuple[int, ...], draws: Draws | None
) -> Row:
    if spread is None or draws is None:
        return {"note": NO_ROWS}
    std_error = float(spread.std_error[at])
    note = draws.note or spread.note(at)
    if math.isnan(std_error):
        return {"note": note}
    tested = std_error > ROUNDING * abs(estimate)
    statistic = estimate / std_error if tested else math.nan
    return {
        "std_error": std_error,
        "se_type": draws.se_type,
        "statistic": statistic,
        "p_value": two_sided_p(statistic, draws.freedom) if tested else math.nan,
        "conf_low": float(spread.low[at]),
        "conf_high": float(spread.high[at]),
        "note": note or ("" if tested else UNTESTED),
    }


def weighting_row(group: str, part: PartSums) -> Row:
    """Describe one group's weights; the share of the largest ones would need the rows.

    Parameters
    ----------
    group : str
    part : PartSums

    Returns
    -------
    mapping
        A row of `acsi_sem.tables.schema.WEIGHTING`.
    """
    heads, ends = part.heads, part.ends
    effective = float(heads.effective[0])
    deff = heads.rows / effective
    return {
        "group": group,
        "stage": "base",
        "n": round(heads.rows),
        "minimum": ends.lightest,
        "maximum": ends.heaviest,
        "mean": float(heads.weight[0]) / heads.rows,
        "cv": math.sqrt(max(deff - 1, 0.0)),
        "deff": deff,
        "n_eff": effective,
        "at_bound": 0.0,
        "note": "the share of the largest weights is not made when a file is streamed",
    }


def item_rows(
    model: Model,
    group: str,
    heads: Heads,
    moments: Moments,
    at: int,
    means: IndexMeans,
    weights: Floats,
) -> Iterator[Row]:
    """Yield what `acsi_sem.indices.items.item_rows` does, from counts.

    Parameters
    ----------
    model : Model
    group : str
    heads : Heads
        Of the group.
    moments : Moments
        `at` is the group's element.
    at : int
    means : {"available", "complete"}
    weights : ndarray, shape (p,)
        Of the indicators in their index.
    """
    centre = moments.item_mean if means == "available" else moments.mean
    for i, item in enumerate(model.indicators):
        yield {
            "group": group,
            "construct": model.construct_names[blocks(model)[i]],
            "indicator": item.name,
            "n": round(heads.seen[i]),
            "missing": round(heads.rows - heads.seen[i]),
            "mean": float(centre[at, i]),
            "sd": float(moments.sd[at, i]),
            "low": item.low,
            "high": item.high,
            "index_weight": float(weights[i]),
        }


def fourth_root(fourth: Floats, scale: float) -> Floats:
    """Return rows R with R'R = scale² M: what a block of fourth order says of rows, in few.

    Parameters
    ----------
    fourth : ndarray, shape (F, F)
        M = Σ w² zz'.
    scale : float
        Of the weights, e.g. the number of rows over the sum of their weights.

    Returns
    -------
    ndarray, shape (F, F)

    Examples
    --------
    >>> root = fourth_root(np.array([[4.0, 2.0], [2.0, 1.0]]), 1.0)
    >>> (root.T @ root).round(12)
    array([[4., 2.],
           [2., 1.]])
    """
    each = np.sqrt(np.maximum(np.diag(fourth), 0.0))
    unit = np.where(each > 0, each, 1.0)
    sizes, axes = np.linalg.eigh(fourth / unit / unit[:, None])
    root: Floats = np.sqrt(np.maximum(sizes, 0.0))[:, None] * axes.T * unit * scale
    return root
