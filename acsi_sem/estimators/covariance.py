"""The covariance structure engine: semopy's estimates, our standard errors and fit measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled, Parameter, compile_model
from acsi_sem.estimators.covariance_checks import check_after, check_before
from acsi_sem.estimators.result import Diagnosis, EngineResult, Row
from acsi_sem.estimators.semopy_fit import Attempt, minimise, rival
from acsi_sem.kernels.covariance import information, locate, standard_errors, standardise
from acsi_sem.kernels.fit_measures import INFERENTIAL, MEASURES, fit_measures
from acsi_sem.kernels.lisrel import Filled, scale_factors
from acsi_sem.kernels.quality import average_variance_extracted, composite_reliability
from acsi_sem.spec.graph import blocks, endogenous
from acsi_sem.spec.model import Model
from acsi_sem.terms import Notice

Floats = NDArray[np.float64]

ENGINE: Final = "semopy"
WITHHELD: Final = (
    "standard error withheld: the textbook formula does not hold with sampling weights"
)


@dataclass(frozen=True, slots=True, eq=False)
class _Solution:
    """A solution in the items' own units; `errors` (k,) are NaN where there are none."""

    theta: Floats
    errors: Floats
    standard: Filled
    implied: Floats


def fit_semopy(
    model: Model,
    covariance: Floats,
    n: float,
    *,
    group: str,
    level: float,
    weighted: bool = False,
) -> EngineResult:
    """Fit the model to one covariance matrix by maximum likelihood.

    Parameters
    ----------
    model : Model
        Every construct is treated as a common factor; a single item as free of error.
    covariance : ndarray, shape (p, p)
        Of the complete cases, divisor n, in the order of ``model.indicators``.
    n : float
        Number of complete cases.
    group : str
    level : float
        Confidence level of the normal limits, between 0 and 1.
    weighted : bool
        True when sampling weights made the covariance matrix. The estimates are then
        pseudo-maximum likelihood; standard errors, p-values, limits and the measures that rest
        on a chi-square distribution are withheld, because the textbook formulas do not hold.

    Returns
    -------
    EngineResult
        Rows under the engine ``semopy``. The gradient of the diagnosis is of F with the items in
        standard deviation units. A fit that did not converge or is inadmissible has blank
        numbers and the reason as note.

    Raises
    ------
    ValueError
        If the matrix is not symmetric, p by p, or `level` not between 0 and 1.

    References
    ----------
    Jöreskog (1973), in Goldberger & Duncan, Structural Equation Models in the Social Sciences;
    Igolkina & Meshcheryakov (2020), Structural Equation Modeling 27, 952-963 (semopy).
    """
    from threadpoolctl import threadpool_limits

    compiled = compile_model(model)
    _check_call(compiled, covariance, level)
    with threadpool_limits(limits=1, user_api="blas"):
        if problems := check_before(compiled, covariance, n):
            diagnosis = Diagnosis(group, ENGINE, False, False, 0, problems=problems)
            return _blank(compiled, diagnosis, _notices(model, group, weighted))
        deviation = np.sqrt(np.diag(covariance))
        attempts = minimise(compiled, covariance / np.outer(deviation, deviation))
        diagnosis = _diagnose(compiled, attempts, group)
        notices = (*_notices(model, group, weighted), *_fit_notices(attempts, group))
        if not diagnosis.ok:
            return _blank(compiled, diagnosis, notices)
        solution = _solution(compiled, attempts[0].theta, deviation, n)
        return EngineResult(
            estimates=tuple(_estimates(compiled, solution, group, level, weighted)),
            fit_measures=tuple(_measures(compiled, solution, covariance, n, group, weighted)),
            quality=tuple(_quality(model, solution, group)),
            diagnosis=diagnosis,
            notices=notices,
        )


def _check_call(compiled: Compiled, covariance: Floats, level: float) -> None:
    p = len(compiled.items)
    if covariance.shape != (p, p):
        raise ValueError(f"covariance must have shape ({p}, {p}), not {covariance.shape}")
    if not np.allclose(covariance, covariance.T, rtol=1e-9, atol=0.0, equal_nan=True):
        raise ValueError("covariance must be symmetric")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")


def _diagnose(compiled: Compiled, attempts: tuple[Attempt, ...], group: str) -> Diagnosis:
    best = attempts[0]
    if best.converged:
        point = locate(compiled.structure, best.theta[None])
        problems = check_after(compiled, best.theta, point.implied.constructs[0])
    else:
        problems = (_failure(attempts),)
    return Diagnosis(
        group,
        ENGINE,
        converged=best.converged,
        admissible=best.converged and not problems,
        iterations=sum(attempt.iterations for attempt in attempts),
        gradient=best.slope,
        problems=problems,
    )


def _failure(attempts: tuple[Attempt, ...]) -> str:
    said = dict.fromkeys(text for attempt in attempts for text in attempt.messages)
    solvers = ", ".join(dict.fromkeys(attempt.solver for attempt in attempts))
    words = f"; semopy reported: {'; '.join(said)}" if said else ""
    return f"did not converge ({solvers}): largest gradient {attempts[0].slope:.2g}{words}"


def _solution(compiled: Compiled, theta: Floats, deviation: Floats, n: float) -> _Solution:
    """Bring a solution for items in standard deviation units back to their own units."""
    structure = compiled.structure
    point = locate(structure, theta[None])
    errors, _ = standard_errors(information(structure, point), np.array([n]))
    units = scale_factors(structure, deviation[None], deviation[compiled.markers][None])[0]
    return _Solution(
        theta=theta * units,
        errors=errors[0] * units,
        standard=standardise(structure, point.implied, theta[None]),
        implied=point.implied.covariance[0] * np.outer(deviation, deviation),
    )


def _notices(model: Model, group: str, weighted: bool) -> tuple[Notice, ...]:
    composites = [c.name for c in model.constructs if c.kind == "composite" or c.mode == "B"]
    found = [
        Notice(
            "composite_as_factor",
            f"The covariance structure treats {name} as a common factor, which the model does not.",
            group,
            ENGINE,
            name,
        )
        for name in composites
    ]
    if weighted:
        message = (
            "Sampling weights: estimates are pseudo-maximum likelihood; standard errors, p-values "
            "and confidence limits are withheld, chi-square is descriptive only."
        )
        found.append(Notice("weighted_standard_errors", message, group, ENGINE))
    return tuple(found)


def _fit_notices(attempts: tuple[Attempt, ...], group: str) -> Iterator[Notice]:
    other = rival(attempts)
    if other is not None:
        message = (
            f"Two starts ended at different minima (F = {attempts[0].value:.6f} and "
            f"{other.value:.6f}); the lower one is shown."
        )
        yield Notice("several_minima", message, group, ENGINE)


def _blank(compiled: Compiled, diagnosis: Diagnosis, notices: tuple[Notice, ...]) -> EngineResult:
    """Rows without numbers, with the reason."""
    group, note = diagnosis.group, "; ".join(diagnosis.problems)
    estimates = tuple({**_key(row, group), "note": note} for row in compiled.parameters)
    common = {"group": group, "engine": ENGINE}
    measures = tuple({**common, "measure": name, "value": np.nan} for name in MEASURES)
    return EngineResult(estimates, measures, (), diagnosis, notices)


def _key(row: Parameter, group: str) -> dict[str, object]:
    return {"group": group, "engine": ENGINE, "lhs": row.lhs, "op": row.op, "rhs": row.rhs}


def _estimates(
    compiled: Compiled, solution: _Solution, group: str, level: float, weighted: bool
) -> Iterator[Row]:
    for row in compiled.parameters:
        standard = solution.standard.all[row.matrix][0, row.row, row.column]
        found = {**_key(row, group), "std_estimate": float(standard)}
        if row.fixed is not None:
            yield {**found, "estimate": row.fixed}
            continue
        estimate = float(solution.theta[row.free])
        if weighted:
            yield {**found, "estimate": estimate, "note": WITHHELD}
        else:
            error = float(solution.errors[row.free])
            yield {**found, "estimate": estimate, **_inference(estimate, error, level)}


def _inference(estimate: float, error: float, level: float) -> dict[str, object]:
    from scipy.special import erfc, ndtri

    reach = float(ndtri((1 + level) / 2)) * error
    statistic = estimate / error
    return {
        "std_error": error,
        "se_type": "ml",
        "statistic": statistic,
        "p_value": float(erfc(abs(statistic) / np.sqrt(2.0))),
        "conf_low": estimate - reach,
        "conf_high": estimate + reach,
    }


def _measures(
    compiled: Compiled,
    solution: _Solution,
    covariance: Floats,
    n: float,
    group: str,
    weighted: bool,
) -> Iterator[Row]:
    size = compiled.structure.size
    found = fit_measures(covariance[None], solution.implied[None], size, np.array([n]))
    for name, values in found.items():
        value = np.nan if weighted and name in INFERENTIAL else float(values[0])
        yield {"group": group, "engine": ENGINE, "measure": name, "value": value}


def _quality(model: Model, solution: _Solution, group: str) -> Iterator[Row]:
    """R² of endogenous constructs; AVE and rho_C of blocks, from standardised loadings."""
    loadings = solution.standard.loadings.sum(axis=-1)
    block = blocks(model)
    explained = 1.0 - np.diagonal(solution.standard.disturbances[0])
    targets = endogenous(model)
    columns = {
        "r2": np.where([name in targets for name in model.construct_names], explained, np.nan),
        "ave": average_variance_extracted(loadings, block)[0],
        "rho_c": composite_reliability(loadings, block)[0],
    }
    for measure, values in columns.items():
        for name, value in zip(model.construct_names, values, strict=True):
            if np.isfinite(value):
                yield {
                    "group": group,
                    "engine": ENGINE,
                    "construct": name,
                    "measure": measure,
                    "value": float(value),
                }
