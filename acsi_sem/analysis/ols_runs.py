"""Standard errors of the OLS baseline where the survey has a design, or raked weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from acsi_sem.estimators.ols import regression_fields
from acsi_sem.estimators.result import EngineResult, Row
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.intervals import NO_SLOPE, Spread, linearised_spread, two_sided_p
from acsi_sem.inference.linearised import Linearised, linearise
from acsi_sem.inference.pls_rows import ROUNDING, UNTESTED
from acsi_sem.inference.sample import Sample
from acsi_sem.kernels.moments import Floats
from acsi_sem.spec.model import Model
from acsi_sem.terms import INTERCEPT, PATH


def with_design_errors(
    model: Model, sample: Sample, group: str, result: EngineResult, level: float
) -> EngineResult:
    """Replace HC3 by linearised standard errors where rows were not drawn one by one.

    Parameters
    ----------
    model : Model
    sample : Sample
        Of complete cases.
    group : str
    result : EngineResult
        From `acsi_sem.estimators.ols.fit_ols`; estimates stay as they are.
    level : float
        Confidence level of Student's limits, on units less strata.

    Returns
    -------
    EngineResult
        The result itself for a survey without strata, PSUs, a finite population or raking, and
        for a fit that failed.

    References
    ----------
    Binder (1983), International Statistical Review 51, 279-292.
    """
    if not (sample.designed or sample.raking is not None) or not result.diagnosis.ok:
        return result

    def estimate(sums: Floats) -> Fields:
        return regression_fields(model, sample.moments(sums))

    local = linearise(estimate, sample, group)
    return replace(result, estimates=tuple(linearised_rows(model, result, local, level)))


def linearised_rows(
    model: Model, result: EngineResult, local: Linearised, level: float
) -> Iterator[Row]:
    """Yield the estimates with linearised standard errors, or with why there are none.

    Parameters
    ----------
    model : Model
    result : EngineResult
    local : Linearised
        With the fields of `acsi_sem.estimators.ols.regression_fields`.
    level : float
    """
    place = {name: i for i, name in enumerate(model.construct_names)}
    for row in result.estimates:
        target = place[str(row["lhs"])]
        if row["op"] == PATH:
            yield _reworked(row, local, "slopes", (target, place[str(row["rhs"])]), level)
        elif row["op"] == INTERCEPT:
            yield _reworked(row, local, "intercepts", (target,), level)
        else:
            yield row


def _reworked(row: Row, local: Linearised, field: str, at: tuple[int, ...], level: float) -> Row:
    estimate = np.asarray(row["estimate"], dtype=np.float64)
    errors, reasons = local.std_errors[field][at], local.reasons[field][at]
    why = np.where(reasons > 0, reasons, NO_SLOPE)
    spread = linearised_spread(estimate, np.asarray(errors), level, local.freedom, why)
    return {**row, **_numbers(float(estimate), spread, local.freedom)}


def _numbers(estimate: float, spread: Spread, freedom: float) -> Row:
    """Return what a row says of its standard error; every number of HC3 is written over."""
    std_error = float(spread.std_error)
    known, tested = bool(np.isfinite(std_error)), std_error > ROUNDING * abs(estimate)
    statistic = estimate / std_error if tested else float("nan")
    return {
        "std_error": std_error,
        "se_type": "linearised" if known else "",
        "statistic": statistic,
        "p_value": two_sided_p(statistic, freedom) if tested else float("nan"),
        "conf_low": float(spread.low),
        "conf_high": float(spread.high),
        "note": spread.note(()) or ("" if tested else UNTESTED),
    }
