"""The covariance structure engines: semopy's point polished by our kernel, or the kernel alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled, compile_model
from acsi_sem.estimators.covariance_checks import check_after, check_before
from acsi_sem.estimators.covariance_rows import Call, blank_result, filled_result
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.estimators.result import Diagnosis, EngineResult
from acsi_sem.estimators.robust_inference import ErrorKind, Inference, infer
from acsi_sem.estimators.semopy_fit import Attempt, minimise, rival
from acsi_sem.kernels.covariance import discrepancy, gradient, locate
from acsi_sem.kernels.ml_fit import fit_ml, parameter_units, polish
from acsi_sem.spec.model import Model
from acsi_sem.terms import Notice

Floats = NDArray[np.float64]

CovarianceEngine = Literal["semopy", "ml"]

SAME_VALUE: Final = 1e-6
"""Difference of F that counts as another optimum."""

REFIT_STEPS: Final = 60
"""Steps of a Bollen-Stine refit."""

SAME_PLACE: Final = 1e-3
"""Shift of a parameter, in the items' standard deviations, that polishing should not make."""


@dataclass(frozen=True, slots=True, eq=False)
class CovarianceSample:
    """What a covariance structure needs of one group.

    Attributes
    ----------
    group : str
    covariance : ndarray, shape (p, p)
        Of the complete cases, divisor n, in the order of ``model.indicators``.
    n : float
        Number of complete cases; with frequency weights their sum.
    mean : ndarray, shape (p,)
    block : ndarray, shape (1 + q, 1 + q), or None
        Fourth-order block about the mean, divided by n (rows, or clusters).
    weighted : bool
        True when sampling weights made the moments.
    withheld : str
        Why the design gives no standard errors; empty when it does.
    """

    group: str
    covariance: Floats
    n: float
    mean: Floats
    block: Floats | None = None
    weighted: bool = False
    withheld: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CovarianceFit:
    """A fit with its rows, and what replicates, scores and tests start from.

    `theta` (k,) and `inference` are None when the fit failed; `withheld` says why `inference` may
    not be used for standard errors.
    """

    result: EngineResult
    compiled: Compiled
    theta: Floats | None = None
    inference: Inference | None = None
    withheld: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    theta: Floats
    converged: bool
    iterations: int
    reason: str = ""
    objective: float = float("nan")
    rivals: tuple[float, ...] = ()


def fit_covariance(
    model: Model,
    sample: CovarianceSample,
    *,
    engine: CovarianceEngine = "semopy",
    se: ErrorKind = "robust",
    meanstructure: bool = False,
    level: float = 0.95,
) -> CovarianceFit:
    """Fit the model to one group by maximum likelihood.

    Parameters
    ----------
    model : Model
        Every construct is treated as a common factor; a single item as free of error.
    sample : CovarianceSample
    engine : {"semopy", "ml"}
        semopy's point, polished by the kernel; or the kernel from two starts of its own.
    se : {"robust", "ml", "mlm", "cluster"}
        See `acsi_sem.estimators.robust_inference.infer`.
    meanstructure : bool
        Add free intercepts, which changes no other estimate.
    level : float
        Confidence level of the normal limits.

    Returns
    -------
    CovarianceFit
        A fit that did not converge or is inadmissible has blank numbers and the reason as note.
        The gradient of the diagnosis is of F, items in standard deviation units.

    Raises
    ------
    ValueError
        If the matrix is not symmetric, p by p, or `level` not between 0 and 1.

    References
    ----------
    Jöreskog (1973), in Goldberger & Duncan, Structural Equation Models in the Social Sciences;
    Igolkina & Meshcheryakov (2020), Structural Equation Modeling 27, 952-963 (semopy).
    """
    compiled = compile_model(model)
    _check_call(compiled, sample.covariance, level)
    call = Call(model, sample.group, engine, level, sample.withheld)
    notices = tuple(_model_notices(call))
    if problems := check_before(compiled, sample.covariance, sample.n):
        failed = Diagnosis(sample.group, engine, False, False, 0, problems=problems)
        return CovarianceFit(blank_result(call, compiled, failed, notices), compiled)
    solved = (_by_semopy if engine == "semopy" else _by_kernel)(compiled, sample.covariance)
    polished = polish(compiled.structure, sample.covariance[None], solved.theta[None])[0]
    diagnosis = _diagnose(compiled, sample, solved, polished, engine)
    notices += tuple(_fit_notices(call, solved, diagnosis))
    if not diagnosis.ok:
        return CovarianceFit(blank_result(call, compiled, diagnosis, notices), compiled)
    found = infer(
        compiled,
        polished,
        sample.covariance,
        sample.n,
        kind="ml" if sample.withheld else se,
        block=None if sample.withheld else sample.block,
        mean=sample.mean if meanstructure else None,
        weighted=sample.weighted and not sample.withheld,
    )
    result = filled_result(call, found, diagnosis, notices)
    return CovarianceFit(result, compiled, polished, found, sample.withheld)


def _check_call(compiled: Compiled, covariance: Floats, level: float) -> None:
    p = len(compiled.items)
    if covariance.shape != (p, p):
        raise ValueError(f"covariance must have shape ({p}, {p}), not {covariance.shape}")
    if not np.allclose(covariance, covariance.T, rtol=1e-9, atol=0.0, equal_nan=True):
        raise ValueError("covariance must be symmetric")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")


def _units(compiled: Compiled, covariance: Floats) -> Floats:
    """Return the unit of each parameter for items in standard deviations, shape (k,)."""
    deviation = np.sqrt(np.diag(covariance))
    units: Floats = parameter_units(compiled.structure, deviation[None])[0]
    return units


def _by_semopy(compiled: Compiled, covariance: Floats) -> _Solved:
    deviation = np.sqrt(np.diag(covariance))
    attempts = minimise(compiled, covariance / np.outer(deviation, deviation))
    best = attempts[0]
    other = rival(attempts)
    kernel = minimise_ml(compiled, covariance)
    values = [float(kernel.discrepancy[0])] if kernel.converged[0] else []
    return _Solved(
        best.theta * _units(compiled, covariance),
        best.converged,
        sum(attempt.iterations for attempt in attempts),
        "" if best.converged else _failure(attempts),
        float(best.value),
        tuple(values + ([] if other is None else [float(other.value)])),
    )


def _failure(attempts: tuple[Attempt, ...]) -> str:
    said = dict.fromkeys(text for attempt in attempts for text in attempt.messages)
    solvers = ", ".join(dict.fromkeys(attempt.solver for attempt in attempts))
    words = f"; semopy reported: {'; '.join(said)}" if said else ""
    return f"did not converge ({solvers}): largest gradient {attempts[0].slope:.2g}{words}"


def _by_kernel(compiled: Compiled, covariance: Floats) -> _Solved:
    found = minimise_ml(compiled, covariance)
    reason = "" if found.converged[0] else f"did not converge: gradient {found.gradient[0]:.2g}"
    other = found.discrepancy[1:][found.converged[1:]]
    return _Solved(
        found.theta[0],
        bool(found.converged[0]),
        int(found.iterations.sum()),
        reason,
        float(found.discrepancy[0]),
        tuple(float(value) for value in other),
    )


def _diagnose(
    compiled: Compiled,
    sample: CovarianceSample,
    solved: _Solved,
    polished: Floats,
    engine: CovarianceEngine,
) -> Diagnosis:
    """Judge a solution; compare it before and after polishing."""
    structure, units = compiled.structure, _units(compiled, sample.covariance)
    theta = polished if solved.converged else solved.theta
    point = locate(structure, theta[None])
    problems: tuple[str, ...] = (solved.reason,)
    if solved.converged:
        deviation = np.sqrt(np.diag(sample.covariance))
        scale = deviation[compiled.markers]
        constructs = point.implied.constructs[0] / np.outer(scale, scale)
        problems = check_after(compiled, theta / units, constructs)
    slope = gradient(structure, point, sample.covariance[None])[0] * units
    return Diagnosis(
        sample.group,
        engine,
        converged=solved.converged,
        admissible=solved.converged and not problems,
        iterations=solved.iterations,
        gradient=float(np.abs(slope).max()),
        problems=problems,
        objective=solved.objective,
        polished=float(discrepancy(point, sample.covariance[None])[0]),
        shift=float(np.abs((theta - solved.theta) / units).max()),
    )


def _model_notices(call: Call) -> Iterator[Notice]:
    for construct in call.model.constructs:
        if construct.kind == "composite" or construct.mode == "B":
            yield Notice(
                "composite_as_factor",
                f"The covariance structure treats {construct.name} as a common factor, which the "
                "model does not.",
                call.group,
                call.engine,
                construct.name,
            )
    if call.withheld:
        message = f"Standard errors are withheld: {call.withheld}."
        yield Notice("no_variance", message, call.group, call.engine)


def _fit_notices(call: Call, solved: _Solved, diagnosis: Diagnosis) -> Iterator[Notice]:
    for value in solved.rivals:
        if solved.converged and abs(value - diagnosis.polished) > SAME_VALUE:
            message = (
                f"Two starts ended at different minima: F = {diagnosis.polished:.6f}, which is "
                f"shown, and {value:.6f}."
            )
            yield Notice("several_minima", message, call.group, call.engine)
    moved = diagnosis.shift > SAME_PLACE
    fell = abs(solved.objective - diagnosis.polished) > SAME_VALUE
    if call.engine == "semopy" and solved.converged and (moved or fell):
        message = (
            f"semopy ended at F = {solved.objective:.8f}, the kernel at {diagnosis.polished:.8f}; "
            f"the largest parameter shift is {diagnosis.shift:.2g} standard deviations."
        )
        yield Notice("semopy_disagrees", message, call.group, call.engine)


def refit_covariances(compiled: Compiled, covariance: Floats, theta: Floats) -> Floats:
    """Return the minimal F of many covariance matrices (B, p, p), NaN where the fit failed."""
    found = fit_ml(compiled.structure, covariance, theta, limit=REFIT_STEPS)
    value: Floats = np.where(found.converged, found.discrepancy, np.nan)
    return value
