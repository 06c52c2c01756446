"""Intervals of the coverage study of PLS, by the paths that a user's request takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from acsi_sem.analysis.intervals import FieldsOf, make_spreader
from acsi_sem.analysis.values import Request
from acsi_sem.estimators.pls import estimate_pls
from acsi_sem.indices.scores import IMPACT_STEP
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import Sample, group_moments, make_sample
from acsi_sem.kernels.moments import Moments
from acsi_sem.spec.model import Model
from acsi_sem.terms import ALL, Interval
from benchmarks.coverage_design import make_design
from benchmarks.coverage_pls_design import INDUSTRY, Cell, draw_survey, exact_moments

Floats = NDArray[np.float64]

LEVEL: Final = 0.95
INTERVALS: Final[tuple[Interval, ...]] = ("percentile", "bca", "normal", "linearised")
INDEX: Final = "satisfaction"
DRIVERS: Final = (
    ("expectations", INDEX),
    ("perceived_quality", INDEX),
    ("perceived_value", INDEX),
    (INDEX, "loyalty"),
)
QUANTITIES: Final = ("index", *(f"impact_5 {source} on {target}" for source, target in DRIVERS))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: replications, bootstrap draws in each, and the seed of it all."""

    replications: int = 2000
    draws: int = 500
    seed: int = 2015


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Intervals of M replications, I kinds and R quantities.

    Attributes
    ----------
    point : ndarray, shape (M, R)
        NaN where PLS failed.
    low, high, error : ndarray, shape (M, I, R)
        NaN where withheld.
    drawn : ndarray, shape (M, R)
        Means of the bootstrap draws, less the estimates: the bias that a bootstrap sees.
    held : ndarray of int, shape (M, I, R)
        Why limits are withheld: places in `acsi_sem.inference.intervals.WITHHELD`.
    """

    point: Floats
    low: Floats
    high: Floats
    error: Floats
    drawn: Floats
    held: NDArray[np.intp]


NAMES: Final = tuple(field.name for field in fields(Found))


def model() -> Model:
    """Return the model."""
    return make_design(INDUSTRY).model


def estimate(moments: Moments) -> tuple[Fields, NDArray[np.bool_]]:
    """Return the quantities (B, R) as a field, and which elements may be used (B,)."""
    structural = estimate_pls(model(), moments, moments.weight).structural
    place = {name: i for i, name in enumerate(model().construct_names)}
    impacts = [IMPACT_STEP * structural.total[:, place[t], place[s]] for s, t in DRIVERS]
    values = np.column_stack([structural.index[:, place[INDEX]], *impacts])
    return {"quantities": values}, structural.ok


@cache
def truth(design: str) -> tuple[float, ...]:
    """Return what PLS finds in the exact moments of a population."""
    exact = exact_moments(design)
    mean, ones = exact.mean[None], np.ones((1, len(exact.mean)))
    found, _ = estimate(Moments(np.ones(1), mean, exact.covariance[None], ones, mean))
    return tuple(found["quantities"][0].tolist())


def replicate(cell: Cell, plan: Plan, number: int) -> Found:
    """Draw a sample and make its intervals: M = 1."""
    sample = make_sample(draw_survey(cell, plan.seed, number))
    study = f"coverage/{cell.design}/{cell.interviews}/{number}"
    replicates = draw_replicates(sample, {}, replicates=plan.draws, seed=plan.seed, study=study)
    point, fitted = estimate(group_moments(sample))
    values = point["quantities"][0]
    draws, ok = estimate(replicates.moments[ALL])
    drawn = draws["quantities"][ok].mean(axis=0) - values
    held = np.zeros((1, len(INTERVALS), values.size), dtype=np.intp)
    made = np.full((3, len(INTERVALS), values.size), np.nan)
    quantities = _remembered(sample)
    for i, interval in enumerate(INTERVALS):
        if not fitted[0]:
            continue
        request = Request(replicates=plan.draws, seed=plan.seed, ci=interval, study=study)
        spreader = make_spreader(quantities, sample, ALL, request, replicates)
        spread = spreader.spread("quantities", draws["quantities"], values, ok, LEVEL)
        made[:, i] = spread.low, spread.high, spread.std_error
        if spread.withheld is not None:
            held[0, i] = spread.withheld
    low, high, error = made[:, None]
    return Found(values[None], low, high, error, drawn[None], held)


def _remembered(sample: Sample) -> FieldsOf:
    """Return the quantities of sums; BCa and linearised limits need some of the same ones."""
    last: dict[bytes, Fields] = {}

    def quantities(sums: Floats) -> Fields:
        key = sums.tobytes()
        if key not in last:
            last.clear()
            last[key] = estimate(sample.moments(sums))[0]
        return last[key]

    return quantities


def measure(cell: Cell, plan: Plan, numbers: Sequence[int]) -> Found:
    """Run some replications of a cell."""
    with threadpool_limits(limits=1, user_api="blas"):
        return joined([replicate(cell, plan, number) for number in numbers])


def joined(parts: Sequence[Found]) -> Found:
    """Return replications one after the other."""
    return Found(*(np.concatenate([getattr(part, name) for part in parts]) for name in NAMES))
