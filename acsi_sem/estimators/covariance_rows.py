"""Rows of the output tables for a covariance structure fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from acsi_sem.estimators.compile import Compiled
from acsi_sem.estimators.result import Diagnosis, EngineResult, Row
from acsi_sem.estimators.robust_inference import Estimated, Inference
from acsi_sem.kernels.fit_measures import MEASURES
from acsi_sem.kernels.quality import average_variance_extracted, composite_reliability
from acsi_sem.spec.graph import blocks, endogenous
from acsi_sem.spec.model import Model
from acsi_sem.terms import COVARIANCE, LOADING, Notice


@dataclass(frozen=True, slots=True)
class Call:
    """What every row of one fit shares; `withheld` says why there are no standard errors."""

    model: Model
    group: str
    engine: str
    level: float
    withheld: str = ""

    @property
    def common(self) -> dict[str, object]:
        """The key columns."""
        return {"group": self.group, "engine": self.engine}

    @property
    def reach(self) -> float:
        """Normal quantile of the limits."""
        from scipy.special import ndtri

        return float(ndtri((1 + self.level) / 2))


def blank_result(
    call: Call, compiled: Compiled, diagnosis: Diagnosis, notices: tuple[Notice, ...]
) -> EngineResult:
    """Return rows without numbers, with the reason."""
    note = "; ".join(diagnosis.problems)
    estimates = tuple(
        {**call.common, "lhs": row.lhs, "op": row.op, "rhs": row.rhs, "note": note}
        for row in compiled.parameters
    )
    measures = tuple({**call.common, "measure": name, "value": np.nan} for name in MEASURES)
    return EngineResult(estimates, measures, (), diagnosis, notices)


def filled_result(
    call: Call, found: Inference, diagnosis: Diagnosis, notices: tuple[Notice, ...]
) -> EngineResult:
    """Return the rows of a good fit."""
    return EngineResult(
        estimates=tuple(_estimate(call, found.kind, row) for row in found.rows),
        fit_measures=tuple(
            {**call.common, "measure": name, "value": float(value)}
            for name, value in found.measures.items()
        ),
        quality=tuple(_quality(call, found)),
        diagnosis=diagnosis,
        notices=notices,
    )


def _estimate(call: Call, kind: str, row: Estimated) -> Row:
    found: dict[str, object] = {
        **call.common,
        "lhs": row.lhs,
        "op": row.op,
        "rhs": row.rhs,
        "estimate": row.estimate,
        "std_estimate": row.std_estimate,
    }
    if call.withheld:
        return {**found, "note": call.withheld}
    found["std_estimate_se"] = row.std_estimate_se
    if np.isnan(row.std_error):
        return found
    return {**found, **_inference(call, kind, row)}


def _inference(call: Call, kind: str, row: Estimated) -> dict[str, object]:
    from scipy.special import erfc

    statistic = row.estimate / row.std_error
    return {
        "std_error": row.std_error,
        "se_type": kind,
        "statistic": statistic,
        "p_value": float(erfc(abs(statistic) / np.sqrt(2.0))),
        "conf_low": row.estimate - call.reach * row.std_error,
        "conf_high": row.estimate + call.reach * row.std_error,
    }


def _quality(call: Call, found: Inference) -> Iterator[Row]:
    """R² of endogenous constructs with limits; AVE and rho_C from standardised loadings."""
    model = call.model
    for row in found.rows:
        if row.op == COVARIANCE and row.lhs == row.rhs and row.lhs in endogenous(model):
            value = 1.0 - row.std_estimate
            spread = np.nan if call.withheld else call.reach * row.std_estimate_se
            yield {
                **call.common,
                "construct": row.lhs,
                "measure": "r2",
                "value": value,
                "conf_low": value - spread,
                "conf_high": value + spread,
            }
    loadings = np.array([[row.std_estimate for row in found.rows if row.op == LOADING]])
    block = blocks(model)
    measures = {
        "ave": average_variance_extracted(loadings, block)[0],
        "rho_c": composite_reliability(loadings, block)[0],
    }
    for measure, values in measures.items():
        for name, value in zip(model.construct_names, values, strict=True):
            if np.isfinite(value):
                yield {
                    **call.common,
                    "construct": name,
                    "measure": measure,
                    "value": float(value),
                }
