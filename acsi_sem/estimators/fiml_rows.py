"""Rows of the tables for a fit by full information maximum likelihood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled
from acsi_sem.estimators.result import Diagnosis, EngineResult, Row
from acsi_sem.kernels.covariance import standardise
from acsi_sem.kernels.delta import delta_errors, standardised
from acsi_sem.kernels.em import Saturated
from acsi_sem.kernels.fiml import FimlFit
from acsi_sem.kernels.fiml_measures import (
    FIML_MEASURES,
    FIML_ROBUST_MEASURES,
    Comparison,
    fiml_measures,
)
from acsi_sem.kernels.fit_measures import INFERENTIAL
from acsi_sem.kernels.incomplete import stand
from acsi_sem.kernels.intercepts import intercepts, standardised_intercepts
from acsi_sem.kernels.lisrel import Matrix
from acsi_sem.kernels.patterns import PatternMoments
from acsi_sem.kernels.quality import average_variance_extracted, composite_reliability
from acsi_sem.spec.graph import blocks, endogenous
from acsi_sem.spec.model import Model
from acsi_sem.terms import INTERCEPT, Engine, Notice

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

WITHHELD: Final = (
    "standard error withheld: without the robust variant it does not hold with sampling weights"
)

_NOTHING: Final = 1e-9
"""Standard error of a standardised value that is constant by construction."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked for."""

    model: Model
    compiled: Compiled
    group: str
    engine: Engine
    level: float
    robust: bool
    weighted: bool

    @property
    def common(self) -> dict[str, object]:
        return {"group": self.group, "engine": self.engine}

    @property
    def withheld(self) -> bool:
        """Whether inference must be withheld."""
        return self.weighted and not self.robust


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A solution in standard deviation units.

    `units`, `centre`, `scale` lead from there to scale units: of the parameters (k + p,) with
    their covariance matrix, and of the items (p,).
    """

    fit: FimlFit
    saturated: Saturated
    moments: PatternMoments
    covariance: Floats
    units: Floats
    centre: Floats
    scale: Floats


def blank_result(call: Call, diagnosis: Diagnosis, notices: tuple[Notice, ...]) -> EngineResult:
    """Rows without numbers, with the reason."""
    note = "; ".join(diagnosis.problems)
    names = FIML_ROBUST_MEASURES if call.robust else FIML_MEASURES
    measures = tuple({**call.common, "measure": name, "value": np.nan} for name in names)
    estimates = tuple({**key, "note": note} for key in _keys(call))
    return EngineResult(estimates, measures, (), diagnosis, notices)


def _keys(call: Call) -> Iterator[dict[str, object]]:
    """The rows of the table of estimates: the model's, then the intercepts."""
    for row in call.compiled.parameters:
        yield {**call.common, "lhs": row.lhs, "op": row.op, "rhs": row.rhs}
    single = _single_items(call.compiled)
    owner = {int(i): name for i, name in zip(single, call.compiled.constructs, strict=True)}
    for i, item in enumerate(call.compiled.items):
        yield {**call.common, "lhs": owner.get(i, item), "op": INTERCEPT, "rhs": ""}


def _single_items(compiled: Compiled) -> Ints:
    """The item that each single-item construct is, -1 for the others; shape (q,)."""
    with_error = {row.row for row in compiled.parameters if row.matrix == Matrix.ERRORS}
    return np.array([-1 if i in with_error else int(i) for i in compiled.markers], dtype=np.intp)


def estimate_rows(call: Call, solution: Solution) -> Iterator[Row]:
    """Yield the rows of the table `estimates`."""
    fixed = [row.fixed for row in call.compiled.parameters] + [None] * len(solution.scale)
    values = _values(call, solution)
    for key, value, *numbers in zip(_keys(call), fixed, *values, strict=True):
        estimate, error, standard, standard_error = map(float, numbers)
        found = {**key, "std_estimate": standard}
        constant = value is not None and standard_error == 0
        if not call.withheld and not constant:
            found["std_estimate_se"] = standard_error
        if value is not None:
            yield {**found, "estimate": value}
        elif call.withheld:
            yield {**found, "estimate": estimate, "note": WITHHELD}
        else:
            yield {**found, "estimate": estimate, **_inference(call, estimate, error)}


def _values(call: Call, solution: Solution) -> tuple[Floats, Floats, Floats, Floats]:
    """Estimates, standard errors, and both standardised, in the order of `_keys`."""
    structure, parameters = call.compiled.structure, call.compiled.parameters
    k = structure.size
    estimate = np.concatenate([solution.fit.theta, solution.fit.intercepts]) * solution.units
    estimate[k:] += solution.centre
    theta, mean = estimate[None, :k], estimate[None, k:]
    covariance = (solution.covariance * np.outer(solution.units, solution.units))[None]
    places = np.array([(row.matrix, row.row, row.column) for row in parameters], dtype=np.intp)
    standard = standardised(structure, theta, *places.T)
    plain = intercepts(structure, theta, mean, _single_items(call.compiled))
    scaled = standardised_intercepts(structure, theta, plain)
    free = [row.free for row in parameters]
    deviation = np.sqrt(np.diag(covariance[0]))
    standard_error = np.concatenate(
        [
            delta_errors(standard.jacobian, covariance[:, :k, :k])[0],
            delta_errors(scaled.jacobian, covariance)[0],
        ]
    )
    return (
        np.concatenate([estimate[free], plain.values[0]]),
        np.concatenate([deviation[free], delta_errors(plain.jacobian, covariance)[0]]),
        np.concatenate([standard.values[0], scaled.values[0]]),
        np.where(standard_error < _NOTHING, 0.0, standard_error),
    )


def _inference(call: Call, estimate: float, error: float) -> dict[str, object]:
    from scipy.special import erfc, ndtri

    reach = float(ndtri((1 + call.level) / 2)) * error
    statistic = estimate / error
    return {
        "std_error": error,
        "se_type": "fiml_robust" if call.robust else "fiml",
        "statistic": statistic,
        "p_value": float(erfc(abs(statistic) / np.sqrt(2.0))),
        "conf_low": estimate - reach,
        "conf_high": estimate + reach,
    }


def measure_rows(call: Call, solution: Solution) -> Iterator[Row]:
    """Yield the rows of the table `fit_measures`."""
    p = len(solution.scale)
    correlation = solution.saturated.covariance / np.outer(solution.scale, solution.scale)
    unrestricted = stand(solution.moments, np.zeros(p), correlation)
    assert unrestricted is not None
    comparison = Comparison(
        call.compiled.structure,
        solution.moments,
        unrestricted,
        solution.fit.setting,
        solution.centre,
        solution.scale,
    )
    hidden = set(INFERENTIAL) if call.weighted else set()
    if call.withheld:
        hidden |= {f"{name}.robust" for name in INFERENTIAL}
    for name, values in fiml_measures(comparison, robust=call.robust).items():
        value = np.nan if name in hidden else float(values[0])
        yield {**call.common, "measure": name, "value": value}


def quality_rows(call: Call, solution: Solution) -> Iterator[Row]:
    """Yield R² of endogenous constructs, AVE and rho_C of blocks, from standardised loadings."""
    setting = solution.fit.setting
    standard = standardise(call.compiled.structure, setting.implied, setting.theta[None])
    loadings, block = standard.loadings.sum(axis=-1), blocks(call.model)
    names, targets = call.model.construct_names, endogenous(call.model)
    explained = 1.0 - np.diagonal(standard.disturbances[0])
    columns = {
        "r2": np.where([name in targets for name in names], explained, np.nan),
        "ave": average_variance_extracted(loadings, block)[0],
        "rho_c": composite_reliability(loadings, block)[0],
    }
    for measure, values in columns.items():
        for name, value in zip(names, values, strict=True):
            if np.isfinite(value):
                key = {**call.common, "construct": name, "measure": measure}
                yield {**key, "value": float(value)}
