"""The ordinal engine: polychoric correlations, diagonally weighted least squares, robust errors.

Each answer is taken for a standard normal variable seen through thresholds. The structure is that
of the other covariance engines; its unit is the standard deviation of the variables behind the
answers, whose error variances follow from diag Σ = 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled, Parameter, compile_model
from acsi_sem.estimators.covariance_checks import check_after, check_before
from acsi_sem.estimators.polychoric_moments import MOST_ANSWERS, Ordinal, polychoric_moments
from acsi_sem.estimators.result import Diagnosis, EngineResult, Row
from acsi_sem.estimators.starts import neutral_start, regression_start
from acsi_sem.kernels.covariance import standardise
from acsi_sem.kernels.delta import delta_errors, standardised
from acsi_sem.kernels.dwls import (
    DwlsFit,
    DwlsInference,
    dwls_inference,
    fit_dwls,
    implied_correlations,
    independence_inference,
    shifted_test,
)
from acsi_sem.kernels.lisrel import Floats, imply
from acsi_sem.kernels.quality import average_variance_extracted, composite_reliability
from acsi_sem.spec.graph import blocks, endogenous
from acsi_sem.spec.model import Model
from acsi_sem.terms import Engine, Notice

ENGINE: Final[Engine] = "ordinal"
SE_TYPE: Final = "robust"
FEW: Final = 5
"""Rows with an answer below which its threshold rests on next to nothing."""

MEASURES: Final = (
    *("npar", "chisq", "df", "chisq.scaled", "df.scaled", "pvalue.scaled"),
    *("chisq.scaling.factor", "ntotal", "baseline.chisq.scaled", "baseline.df.scaled"),
    *("cfi.scaled", "tli.scaled", "rmsea.scaled", "srmr", "crmr"),
)

_CONSTANT: Final = 1e-12
"""Standard error of a standardised value below which rounding made it."""


def fit_ordinal(
    model: Model, values: Floats, weights: Floats | None = None, *, group: str, level: float
) -> EngineResult:
    """Fit the model to ordinal answers.

    Parameters
    ----------
    model : Model
        Every construct is treated as a common factor; a single item as free of error.
    values : ndarray, shape (n, p)
        Complete cases, in the order of ``model.indicators``.
    weights : ndarray, shape (n,), optional
        Sampling weights; 1 by default. They enter shares, correlations and the sandwich.
    group : str
    level : float
        Confidence level of the normal limits, between 0 and 1.

    Returns
    -------
    EngineResult
        Rows under the engine ``ordinal``. Estimates are in standard deviations of the variables
        behind the answers, first loading 1; standard errors are robust (sandwich). Thresholds are
        counted in ``npar`` and have no rows. ``chisq`` is n·F and follows no chi-square
        distribution; ``chisq.scaled`` is mean- and variance-adjusted (scaled and shifted, as in
        WLSMV). A fit that did not converge or is inadmissible has blank numbers and the reason as
        note.

    Raises
    ------
    ValueError
        If shapes disagree, a value is missing, a weight is not positive, or `level` not between
        0 and 1.

    References
    ----------
    Muthén, du Toit & Spisic (1997); Asparouhov & Muthén (2010), Mplus technical note.
    """
    from threadpoolctl import threadpool_limits

    compiled = compile_model(model)
    weights = np.ones(len(values)) if weights is None else weights
    _check_call(compiled, values, weights, level)
    with threadpool_limits(limits=1, user_api="blas"):
        notices = tuple(_notices(model, values, group))
        if problems := _few_rows(values):
            return _failed(compiled, group, problems, notices)
        ordinal, problems = polychoric_moments(compiled.items, values, weights)
        if ordinal is None:
            return _failed(compiled, group, problems, notices)
        if problems := _check_matrix(compiled, ordinal):
            return _failed(compiled, group, problems, notices)
        fit = _best(compiled, ordinal)
        diagnosis = _diagnose(compiled, fit, group)
        if not diagnosis.ok:
            return _blank(compiled, diagnosis, notices)
        return _result(model, compiled, ordinal, fit, diagnosis, notices, level)


def _check_call(compiled: Compiled, values: Floats, weights: Floats, level: float) -> None:
    p = len(compiled.items)
    if values.ndim != 2 or values.shape[1] != p or weights.shape != (len(values),):
        raise ValueError(f"values must have shape (n, {p}), weights (n,)")
    if not np.isfinite(values).all() or not (np.isfinite(weights) & (weights > 0)).all():
        raise ValueError("values must be complete cases, weights positive")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")


def _few_rows(values: Floats) -> tuple[str, ...]:
    n, p = values.shape
    if n > p:
        return ()
    return (f"{n} complete cases for {p} indicators: more cases than that are needed",)


def _check_matrix(compiled: Compiled, ordinal: Ordinal) -> tuple[str, ...]:
    smallest = float(np.linalg.eigvalsh(ordinal.matrix)[0])
    if smallest <= 0:
        words = "the matrix of polychoric correlations is not positive definite"
        reason = "too few answers in too many categories"
        return (f"{words} (smallest eigenvalue {smallest:.2g}): {reason}",)
    return check_before(compiled, ordinal.matrix, ordinal.n)


def _best(compiled: Compiled, ordinal: Ordinal) -> DwlsFit:
    """The lower of two minima, from a neutral start and from regressions."""
    starts = [start(compiled, ordinal.matrix) for start in (regression_start, neutral_start)]
    sample = np.repeat(ordinal.correlations[None], len(starts), axis=0)
    weights = np.repeat(_weights(ordinal), len(starts), axis=0)
    fits = fit_dwls(compiled.structure, sample, weights, np.stack(starts))
    best = int(np.argmin(np.where(fits.converged, fits.value, np.inf)))
    one = slice(best, best + 1)
    return DwlsFit(
        fits.theta[one], fits.value[one], fits.slope[one], fits.iterations[one], fits.converged[one]
    )


def _weights(ordinal: Ordinal) -> Floats:
    return 1.0 / np.diag(ordinal.gamma)[None]


def _diagnose(compiled: Compiled, fit: DwlsFit, group: str) -> Diagnosis:
    converged, slope = bool(fit.converged[0]), float(fit.slope[0])
    if converged:
        constructs = imply(compiled.structure, fit.theta).constructs[0]
        problems = check_after(compiled, fit.theta[0], constructs)
    else:
        problems = (f"did not converge: largest gradient {slope:.2g}",)
    return Diagnosis(
        group,
        ENGINE,
        converged=converged,
        admissible=converged and not problems,
        iterations=int(fit.iterations[0]),
        gradient=slope,
        problems=problems,
    )


def _notices(model: Model, values: Floats, group: str) -> Iterator[Notice]:
    for construct in model.constructs:
        if construct.kind == "composite" or construct.mode == "B":
            name = construct.name
            message = f"The ordinal engine treats {name} as a common factor; the model does not."
            yield Notice("composite_as_factor", message, group, ENGINE, name)
    for item, column in zip(model.indicators, values.T, strict=True):
        found, counts = np.unique(column, return_counts=True)
        if 2 <= len(found) <= MOST_ANSWERS and counts.min() < FEW:
            rare = int(np.argmin(counts))
            message = (
                f"Only {counts[rare]} of {len(column)} answered {found[rare]:g} to {item.name}: "
                "its thresholds rest on few answers."
            )
            yield Notice("thin_category", message, group, ENGINE, item.name)


def _failed(
    compiled: Compiled, group: str, problems: tuple[str, ...], notices: tuple[Notice, ...]
) -> EngineResult:
    diagnosis = Diagnosis(group, ENGINE, False, False, 0, problems=problems)
    return _blank(compiled, diagnosis, notices)


def _blank(compiled: Compiled, diagnosis: Diagnosis, notices: tuple[Notice, ...]) -> EngineResult:
    """Rows without numbers, with the reason."""
    group, note = diagnosis.group, "; ".join(diagnosis.problems)
    estimates = tuple({**_key(row, group), "note": note} for row in compiled.parameters)
    common = {"group": group, "engine": ENGINE}
    measures = tuple({**common, "measure": name, "value": np.nan} for name in MEASURES)
    return EngineResult(estimates, measures, (), diagnosis, notices)


def _key(row: Parameter, group: str) -> dict[str, object]:
    return {"group": group, "engine": ENGINE, "lhs": row.lhs, "op": row.op, "rhs": row.rhs}


def _result(
    model: Model,
    compiled: Compiled,
    ordinal: Ordinal,
    fit: DwlsFit,
    diagnosis: Diagnosis,
    notices: tuple[Notice, ...],
    level: float,
) -> EngineResult:
    inference = dwls_inference(
        compiled.structure, fit.theta, _weights(ordinal), ordinal.gamma[None]
    )
    measures = _measures(compiled, ordinal, fit, inference)
    common = {"group": diagnosis.group, "engine": ENGINE}
    return EngineResult(
        tuple(_estimates(compiled, ordinal, fit, inference, diagnosis.group, level)),
        tuple({**common, "measure": name, "value": measures[name]} for name in MEASURES),
        tuple({**common, **row} for row in _quality(model, compiled, fit)),
        diagnosis,
        notices,
    )


def _estimates(
    compiled: Compiled,
    ordinal: Ordinal,
    fit: DwlsFit,
    inference: DwlsInference,
    group: str,
    level: float,
) -> Iterator[Row]:
    places = np.array([(row.matrix, row.row, row.column) for row in compiled.parameters]).T
    derived = standardised(compiled.structure, fit.theta, *places)
    covariance = inference.covariance / ordinal.n
    errors = np.sqrt(np.diagonal(covariance[0]))
    standard_errors = delta_errors(derived.jacobian, covariance)[0]
    for i, row in enumerate(compiled.parameters):
        error = float(standard_errors[i])
        found: dict[str, object] = {
            **_key(row, group),
            "estimate": row.fixed,
            "std_estimate": float(derived.values[0, i]),
            "std_estimate_se": error if error > _CONSTANT else np.nan,
        }
        if row.fixed is None:
            estimate = float(fit.theta[0, row.free])
            found |= {"estimate": estimate, **_limits(estimate, float(errors[row.free]), level)}
        yield found


def _limits(estimate: float, error: float, level: float) -> dict[str, object]:
    """The columns of inference; none for a parameter that diag Σ = 1 holds constant."""
    from scipy.special import erfc, ndtri

    if not error > _CONSTANT:
        return {}
    reach = float(ndtri((1 + level) / 2)) * error
    return {
        "std_error": error,
        "se_type": SE_TYPE,
        "statistic": estimate / error,
        "p_value": float(erfc(abs(estimate / error) / np.sqrt(2.0))),
        "conf_low": estimate - reach,
        "conf_high": estimate + reach,
    }


def _measures(
    compiled: Compiled, ordinal: Ordinal, fit: DwlsFit, inference: DwlsInference
) -> dict[str, float]:
    from scipy.special import chdtrc

    n, df = float(ordinal.n), float(compiled.structure.degrees_of_freedom)
    p, sample = len(compiled.items), ordinal.correlations
    chisq = n * float(fit.value[0])
    scaled = _shifted(chisq, df, float(inference.trace[0]), float(inference.trace_square[0]))
    weights = _weights(ordinal)
    trace, square = independence_inference(weights, ordinal.gamma[None])
    base_df = p * (p - 1) / 2
    base = _shifted(
        n * float((weights[0] * sample**2).sum()), base_df, float(trace[0]), float(square[0])
    )
    residual = sample - implied_correlations(compiled.structure, fit.theta)[0]
    return {
        "npar": compiled.structure.size - p + sum(count - 1 for count in ordinal.answers),
        "chisq": chisq,
        "df": df,
        "chisq.scaled": scaled,
        "df.scaled": df,
        "pvalue.scaled": float(chdtrc(df, max(scaled, 0.0))) if df else np.nan,
        "chisq.scaling.factor": np.sqrt(float(inference.trace_square[0]) / df) if df else np.nan,
        "ntotal": n,
        "baseline.chisq.scaled": base,
        "baseline.df.scaled": base_df,
        **_close_fit(scaled, df, base, base_df, n),
        "srmr": float(np.sqrt((residual**2).sum() / (p * (p + 1) / 2))),
        "crmr": float(np.sqrt((residual**2).mean())),
    }


def _shifted(chisq: float, df: float, trace: float, square: float) -> float:
    if df == 0:
        return 0.0
    parts = (np.array([part]) for part in (chisq, df, trace, square))
    return float(shifted_test(*parts)[0])


def _close_fit(chisq: float, df: float, base: float, base_df: float, n: float) -> dict[str, float]:
    excess, base_excess = max(chisq - df, 0.0), max(base - base_df, 0.0)
    worst = max(excess, base_excess)
    per_df = base / base_df
    return {
        "cfi.scaled": 1 - excess / worst if worst > 0 else 1.0,
        "tli.scaled": (per_df - chisq / df) / (per_df - 1) if df else 1.0,
        "rmsea.scaled": float(np.sqrt(excess / (n * df))) if df else 0.0,
    }


def _quality(model: Model, compiled: Compiled, fit: DwlsFit) -> Iterator[Row]:
    """R² of endogenous constructs; AVE and rho_C of blocks, of the variables behind the answers."""
    structure = compiled.structure
    standard = standardise(structure, imply(structure, fit.theta), fit.theta)
    loadings = standard.loadings.sum(axis=-1)
    block: NDArray[np.intp] = blocks(model)
    targets = endogenous(model)
    explained = 1.0 - np.diagonal(standard.disturbances[0])
    columns = {
        "r2": np.where([name in targets for name in model.construct_names], explained, np.nan),
        "ave": average_variance_extracted(loadings, block)[0],
        "rho_c": composite_reliability(loadings, block)[0],
    }
    for measure, numbers in columns.items():
        for name, value in zip(model.construct_names, numbers, strict=True):
            if np.isfinite(value):
                yield {"construct": name, "measure": measure, "value": float(value)}
