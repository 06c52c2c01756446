"""Full information maximum likelihood: the covariance structure fitted to incomplete answers.

Every row with at least one answer counts. Right when what is missing depends on nothing but the
answers that are there (missing at random); no row is filled in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import compile_model
from acsi_sem.estimators.covariance_checks import check_after
from acsi_sem.estimators.fiml_checks import check_patterns, check_saturated, thin_coverage
from acsi_sem.estimators.fiml_rows import (
    Call,
    Solution,
    blank_result,
    estimate_rows,
    measure_rows,
    quality_rows,
)
from acsi_sem.estimators.result import Diagnosis, EngineResult
from acsi_sem.estimators.starts import neutral_start, regression_start
from acsi_sem.estimators.structural import scale_ends
from acsi_sem.kernels.em import Saturated, saturate
from acsi_sem.kernels.fiml import (
    FimlFit,
    fiml_information,
    minimise,
    parameter_covariance,
    score_products,
)
from acsi_sem.kernels.lisrel import scale_factors
from acsi_sem.kernels.moments import scale_origin
from acsi_sem.kernels.patterns import (
    PatternMoments,
    PatternSums,
    change_units,
    complete_moments,
    pattern_moments,
    pattern_sums,
)
from acsi_sem.spec.model import Model
from acsi_sem.terms import Engine, Notice, WeightKind

Floats = NDArray[np.float64]

ENGINE: Final[Engine] = "ml"

_SAME: Final = 1e-8
"""Difference of log-likelihoods per row below which two starts found the same maximum."""


def fit_fiml(
    model: Model,
    values: Floats,
    weights: Floats | None = None,
    *,
    group: str,
    level: float,
    robust: bool = True,
    weight_kind: WeightKind = "sampling",
    engine: Engine = ENGINE,
) -> EngineResult:
    """Fit the model to incomplete answers by full information maximum likelihood.

    Parameters
    ----------
    model : Model
        Every construct is treated as a common factor; a single item as free of error.
    values : ndarray, shape (n, p)
        Answers in scale units, NaN where there is none, in the order of ``model.indicators``.
        Rows without any answer are left out.
    weights : ndarray, shape (n,), or None
        Non-negative; None means ones.
    group : str
    level : float
        Confidence level of the normal limits, between 0 and 1.
    robust : bool
        True: Huber-White standard errors (``fiml_robust``) and the Yuan-Bentler-Mplus test.
        False: standard errors from the observed information (``fiml``).
    weight_kind : {"sampling", "frequency"}
        Sampling weights are rescaled to sum to the number of rows, and without `robust` withhold
        inference. Frequency weights equal repeated rows.
    engine : Engine
        Name in the tables.

    Returns
    -------
    EngineResult
        Estimates include intercepts (``~1``): of the indicators, and of the equation of a
        single-item construct (see `acsi_sem.kernels.intercepts`). The gradient of the diagnosis
        is of the log-likelihood per row, items in standard deviation units. A fit that cannot be
        made, did not converge or is inadmissible has blank numbers and the reason as note.

    Raises
    ------
    ValueError
        If shapes disagree, `level` is not between 0 and 1, or a weight is negative or not finite.

    References
    ----------
    Arbuckle (1996), in Marcoulides & Schumacker, Advanced Structural Equation Modeling;
    Yuan & Bentler (2000), Sociological Methodology 30, 165-200;
    Zhang & Savalei (2023), Psychological Methods 28, 263-283.
    """
    if values.ndim != 2 or values.shape[1] != len(model.indicators):
        raise ValueError(f"values must have shape (n, {len(model.indicators)}), not {values.shape}")
    sampling = weight_kind == "sampling"
    origin = scale_origin(*scale_ends(model))
    sums = pattern_sums(values, weights, origin, fourth=robust, squared=sampling)
    return fit_fiml_sums(
        model,
        sums,
        group=group,
        level=level,
        robust=robust,
        weight_kind=weight_kind,
        weighted=sampling and weights is not None and np.unique(weights).size > 1,
        engine=engine,
    )


def fit_fiml_sums(
    model: Model,
    sums: PatternSums,
    *,
    group: str,
    level: float,
    robust: bool = True,
    weight_kind: WeightKind = "sampling",
    weighted: bool = False,
    engine: Engine = ENGINE,
) -> EngineResult:
    """Fit the model to sums per missing pattern, added over chunks (see `fit_fiml`).

    Parameters
    ----------
    model : Model
    sums : PatternSums
        With fourth-order roots when `robust`.
    group, level, robust, weight_kind, engine
        As of `fit_fiml`.
    weighted : bool
        True when sampling weights differ between rows.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    call = Call(model, compile_model(model), group, engine, level, robust, weighted)
    rows = float(sums.rows.sum())
    moments = pattern_moments(sums, rows if weight_kind == "sampling" else None)
    notices = tuple(_notices(call, moments))
    if problems := check_patterns(call.compiled.items, moments):
        diagnosis = Diagnosis(group, engine, False, False, 0, problems=problems)
        return blank_result(call, diagnosis, notices)
    saturated = saturate(moments)
    if problems := check_saturated(call.compiled, moments, saturated):
        steps = saturated.iterations
        diagnosis = Diagnosis(group, engine, False, False, steps, saturated.slope, problems)
        return blank_result(call, diagnosis, notices)
    return _fit(call, moments, saturated, notices)


def _fit(
    call: Call, moments: PatternMoments, saturated: Saturated, notices: tuple[Notice, ...]
) -> EngineResult:
    scale = np.sqrt(np.diag(saturated.covariance))
    units = change_units(moments, saturated.mean, scale)
    fits = _minimise(call, units, saturated.covariance / np.outer(scale, scale))
    diagnosis, covariance = _diagnose(call, fits, units, saturated.iterations)
    notices += tuple(_rivals(call, fits, units.n))
    if covariance is None or not diagnosis.ok:
        return blank_result(call, diagnosis, notices)
    structure, markers = call.compiled.structure, call.compiled.markers
    factors = scale_factors(structure, scale[None], scale[markers][None])[0]
    solution = Solution(
        fit=fits[0],
        saturated=saturated,
        moments=units,
        covariance=covariance,
        units=np.concatenate([factors, scale]),
        centre=saturated.mean,
        scale=scale,
    )
    return EngineResult(
        estimates=tuple(estimate_rows(call, solution)),
        fit_measures=tuple(measure_rows(call, solution)),
        quality=tuple(quality_rows(call, solution)),
        diagnosis=diagnosis,
        notices=notices,
    )


def _minimise(call: Call, units: PatternMoments, correlation: Floats) -> tuple[FimlFit, ...]:
    """Fits from two starts, best first.

    Each begins at the complete-data solution for the unrestricted moments.
    """
    compiled, zero = call.compiled, np.zeros(len(correlation))
    complete = complete_moments(zero, correlation, units.n)
    fits: list[FimlFit] = []
    for start in (regression_start, neutral_start):
        near = minimise(compiled.structure, complete, start(compiled, correlation))
        fit = near and minimise(compiled.structure, units, near.theta)
        if fit is not None:
            fits.append(fit)
    return tuple(sorted(fits, key=lambda fit: (not fit.converged, -fit.value)))


def _diagnose(
    call: Call, fits: tuple[FimlFit, ...], units: PatternMoments, before: int
) -> tuple[Diagnosis, Floats | None]:
    """How it ended, and the covariance matrix of the estimates where there is one."""
    structure, covariance, problems = call.compiled.structure, None, ["no start was admissible"]
    slope = fits[0].slope if fits else float("nan")
    converged = bool(fits) and fits[0].converged
    if fits and not converged:
        problems = [f"did not converge: largest gradient {slope:.2g}"]
    if converged:
        at = fits[0].setting
        problems = list(check_after(call.compiled, at.theta, at.implied.constructs[0]))
        products = score_products(structure, units, at) if call.robust else None
        covariance = parameter_covariance(fiml_information(structure, units, at), products)
        if covariance is None and not problems:
            problems = ["the observed information is not positive definite at the solution"]
    diagnosis = Diagnosis(
        call.group,
        call.engine,
        converged=converged,
        admissible=converged and not problems,
        iterations=before + sum(fit.iterations for fit in fits),
        gradient=slope,
        problems=tuple(problems),
    )
    return diagnosis, covariance


def _notices(call: Call, moments: PatternMoments) -> Iterator[Notice]:
    for construct in call.model.constructs:
        if construct.kind == "composite" or construct.mode == "B":
            message = (
                f"The covariance structure treats {construct.name} as a common factor, which the "
                "model does not."
            )
            subject = construct.name
            yield Notice("composite_as_factor", message, call.group, call.engine, subject)
    if moments.empty:
        noun = "row has" if moments.empty == 1 else "rows have"
        message = f"{moments.empty} {noun} no answer to any indicator and cannot count."
        yield Notice("rows_without_answers", message, call.group, call.engine)
    if len(moments.rows) and (message := thin_coverage(call.compiled.items, moments)):
        yield Notice("thin_coverage", message, call.group, call.engine)
    if call.withheld:
        message = (
            "Sampling weights: estimates are pseudo-maximum likelihood; standard errors, p-values "
            "and confidence limits are withheld without the robust variant."
        )
        yield Notice("weighted_standard_errors", message, call.group, call.engine)


def _rivals(call: Call, fits: tuple[FimlFit, ...], weight: float) -> Iterator[Notice]:
    found = [fit for fit in fits if fit.converged]
    if len(found) > 1 and found[0].value - found[1].value > _SAME * weight:
        message = (
            f"Two starts ended at different maxima (log-likelihood {found[0].value:.6f} and "
            f"{found[1].value:.6f}, items in standard deviation units); the higher one is shown."
        )
        yield Notice("several_minima", message, call.group, call.engine)
