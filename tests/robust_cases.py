"""Stored moments as the robust kernels take them, and R's numbers for five estimators."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from acsi_model import acsi_model
from golden_data import GOLDEN, moments, rows
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled, compile_model
from acsi_sem.estimators.robust_inference import ErrorKind, Inference, infer
from acsi_sem.kernels.observed_information import newton_polish

Floats = NDArray[np.float64]

KINDS: dict[str, ErrorKind] = {
    "ML": "ml",
    "MLmean": "ml",
    "MLM": "mlm",
    "MLR": "robust",
    "MLRw": "robust",
}
_SINGLE = {"COMP": "complaints", "REPUR": "loyalty"}


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Mean (p,), covariance (p, p), fourth-order block (1 + q, 1 + q) and n of one subset."""

    mean: Floats
    cov: Floats
    block: Floats
    n: int


def _upper_order(rows_: NDArray[np.intp], columns: NDArray[np.intp], p: int) -> NDArray[np.intp]:
    """Places in a stored z, constant first, of (1, d, vech by the upper triangle's rows)."""
    place = {(int(r), int(c)): k for k, (r, c) in enumerate(zip(rows_, columns, strict=True))}
    first, second = np.triu_indices(p)
    pairs = [place[int(j), int(i)] for i, j in zip(first, second, strict=True)]
    return np.concatenate([np.arange(1 + p), 1 + p + np.array(pairs)])


@cache
def sample(subset: str) -> Sample:
    """Return the unweighted sample of a subset."""
    data = moments(subset)
    order = _upper_order(data.vech_rows, data.vech_columns, len(data.mean))
    centre = np.concatenate([[1.0], data.z_mean])
    block = np.outer(centre, centre)
    block[1:, 1:] += data.z_cov
    return Sample(data.mean, data.cov, block[np.ix_(order, order)], data.n)


@cache
def weighted_sample(subset: str) -> Sample:
    """Return the sample of a subset with the weights of R's reference ``MLRw``."""
    with np.load(GOLDEN / f"moments_weighted_{subset}.npz") as stored:
        p = len(stored["mean"])
        order = _upper_order(stored["vech_rows"], stored["vech_columns"], p)
        block = stored["z_squared"][np.ix_(order, order)]
        return Sample(stored["mean"], stored["cov"], block, int(stored["n"]))


def acsi() -> Compiled:
    """Return the compiled ACSI model."""
    return compile_model(acsi_model())


def reference_theta(estimator: str, subset: str) -> Floats:
    """Return R's estimates of the free parameters, rounded to 3 digits: a start, no answer."""
    reference = reference_estimates(estimator, subset)
    free = acsi().free
    exact = [reference[row.lhs, row.op, row.rhs]["estimate"] for row in free]
    return np.array([float(f"{value:.3g}") for value in exact])


@cache
def inference(estimator: str, subset: str) -> Inference:
    """Return our inference for one of R's estimators."""
    data = weighted_sample(subset) if estimator == "MLRw" else sample(subset)
    compiled = acsi()
    start = reference_theta(estimator, subset)
    polished = newton_polish(compiled.structure, start[None], data.cov[None])
    assert polished.ok.all(), polished.slope
    return infer(
        compiled,
        polished.theta[0],
        data.cov,
        data.n,
        kind=KINDS[estimator],
        block=data.block,
        mean=data.mean if estimator == "MLmean" else None,
        weighted=estimator == "MLRw",
    )


@cache
def reference_estimates(
    estimator: str, subset: str
) -> dict[tuple[str, str, str], dict[str, float]]:
    """Return R's rows as (lhs, op, rhs) -> column -> value, construct names ours.

    lavaan has the two single-item constructs as their items; here they bear the construct's name.
    """
    found = {}
    for row in rows("lavaan_estimates_robust.csv"):
        if (row["subset"], row["estimator"]) != (subset, estimator):
            continue
        values = {
            column: float(row[column])
            for column in ("estimate", "std_error", "std_estimate", "std_estimate_se")
        }
        lhs, rhs = (_SINGLE.get(row[side], row[side]) for side in ("lhs", "rhs"))
        found[lhs, row["op"], "" if row["op"] == "~1" else rhs] = values
    return found


@cache
def reference_measures(estimator: str, subset: str) -> dict[str, float]:
    """Return R's fit measures as measure -> value."""
    return {
        row["measure"]: float(row["value"])
        for row in rows("lavaan_fit_robust.csv")
        if (row["subset"], row["estimator"]) == (subset, estimator)
    }
