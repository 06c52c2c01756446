"""The baseline: equation by equation on equally weighted 0-100 construct means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from acsi_sem.estimators.result import Diagnosis, EngineResult, Row
from acsi_sem.estimators.structural import Structural, make_structural, scale_ends
from acsi_sem.kernels.moments import Floats, Moments
from acsi_sem.kernels.regression import regressions
from acsi_sem.spec.graph import adjacency, blocks, endogenous, sources_of
from acsi_sem.spec.model import Model
from acsi_sem.terms import INTERCEPT, PATH, WEIGHT, IndexMeans


def equal_weights(model: Model) -> Floats:
    """Return the index weights that average a block's items after rescaling each to 0-100.

    Shape (p,): 1 / (high - low), the same for every item when the scales are the same.
    """
    low, high = scale_ends(model)
    weights: Floats = 1.0 / (high - low)
    return weights


def score_matrix(model: Model) -> Floats:
    """Return the matrix that turns answers into 0-100 construct means, shape (q, p)."""
    block = blocks(model)
    share = 100.0 * equal_weights(model) / np.bincount(block)[block]
    matrix = np.zeros((len(model.constructs), block.size))
    matrix[block, np.arange(block.size)] = share
    return matrix


def estimate_ols(model: Model, moments: Moments, means: IndexMeans) -> Structural:
    """Return equally weighted indices and effects of B weightings, from moments.

    The effects equal the coefficients of `fit_ols`; this form serves replicates.
    """
    turn = score_matrix(model)
    covariance = turn @ moments.covariance @ turn.T
    direct = regressions(covariance, adjacency(model)).coefficients
    weights = np.broadcast_to(equal_weights(model), moments.mean.shape)
    ok = np.asarray(np.isfinite(covariance).all(axis=(1, 2)))
    return make_structural(model, moments, weights, direct, ok, means)


def regression_fields(model: Model, moments: Moments) -> dict[str, Floats]:
    """Return the coefficients that `fit_ols` tabulates, of B weightings, from moments.

    Parameters
    ----------
    model : Model
    moments : Moments
        Of complete cases, as the rows of `fit_ols` are.

    Returns
    -------
    mapping field -> ndarray
        ``slopes``, shape (B, q, q), ``[b, target, source]``, in points per point; ``intercepts``,
        shape (B, q), in points, zero for a construct that no arrow enters. NaN in equations with
        collinear predictors.
    """
    turn, arrows = score_matrix(model), adjacency(model)
    slopes = regressions(turn @ moments.covariance @ turn.T, arrows).coefficients
    mean = low_shift(model, moments.mean) @ turn.T
    intercepts = mean - np.einsum("bij,bj->bi", slopes, mean)
    return {"slopes": slopes, "intercepts": np.where(arrows.any(axis=1), intercepts, 0.0)}


def fit_ols(
    model: Model,
    values: Floats,
    weights: Floats,
    *,
    frequency: bool,
    group: str,
    level: float,
) -> EngineResult:
    """Regress each endogenous construct on its sources by statsmodels, with HC3.

    Parameters
    ----------
    model : Model
    values : ndarray, shape (n, p)
        Complete cases, in scale units.
    weights : ndarray, shape (n,)
        Sampling weights (weighted least squares) or frequencies.
    frequency : bool
        True when a row stands for `weights` respondents: it is then repeated.
    group : str
    level : float
        Confidence level of the normal limits.

    Returns
    -------
    EngineResult
        Paths in points per point with intercepts; `<~` rows state the fixed equal weights.
        An equation with collinear predictors makes the fit inadmissible, with the names.

    Notes
    -----
    HC3 takes the rows for drawn one by one, each apart: it knows of no strata, PSUs, finite
    population or raking.

    References
    ----------
    MacKinnon & White (1985), Journal of Econometrics 29, 305-325 (HC3).
    """
    if frequency:
        values = np.repeat(values, np.rint(weights).astype(int), axis=0)
        weights = np.ones(values.shape[0])
    scores = low_shift(model, values) @ score_matrix(model).T
    place = {name: i for i, name in enumerate(model.construct_names)}
    problems = tuple(_collinear(model, scores, weights))
    estimates: list[Row] = list(_weight_rows(model, group))
    quality: list[Row] = []
    for target in endogenous(model):
        sources = sources_of(model, target)
        columns = [place[source] for source in sources]
        if problems:
            estimates += _blank_rows(target, sources, group, "; ".join(problems))
            continue
        found, r2 = _equation_rows(
            _Equation(group, target, sources),
            scores[:, place[target]],
            scores[:, columns],
            weights,
            level,
        )
        estimates += found
        quality.append(
            {"group": group, "engine": "ols", "construct": target, "measure": "r2", "value": r2}
        )
    diagnosis = Diagnosis(group, "ols", True, not problems, 0, problems=problems)
    return EngineResult(tuple(estimates), (), tuple(quality), diagnosis)


@dataclass(frozen=True, slots=True)
class _Equation:
    group: str
    target: str
    sources: tuple[str, ...]


def low_shift(model: Model, values: Floats) -> Floats:
    """Return answers counted from the low end of their scale, shape (n, p)."""
    shifted: Floats = values - scale_ends(model)[0]
    return shifted


def _weight_rows(model: Model, group: str) -> Iterator[Row]:
    for construct in model.constructs:
        share = 1.0 / len(construct.indicators)
        for item in construct.indicators:
            yield {
                "group": group,
                "engine": "ols",
                "lhs": construct.name,
                "op": WEIGHT,
                "rhs": item.name,
                "estimate": share,
            }


def _blank_rows(target: str, sources: tuple[str, ...], group: str, note: str) -> list[Row]:
    common = {"group": group, "engine": "ols", "lhs": target, "note": note}
    rows: list[Row] = [{**common, "op": PATH, "rhs": source} for source in sources]
    return [*rows, {**common, "op": INTERCEPT, "rhs": ""}]


def _collinear(model: Model, scores: Floats, weights: Floats) -> Iterator[str]:
    """Name the equations whose predictors are linearly dependent."""
    place = {name: i for i, name in enumerate(model.construct_names)}
    centre = np.average(scores, axis=0, weights=weights)
    for target in endogenous(model):
        sources = sources_of(model, target)
        part = (scores - centre)[:, [place[source] for source in sources]]
        with np.errstate(invalid="ignore", divide="ignore"):
            scaled = part / np.linalg.norm(part, axis=0)
        if not np.isfinite(scaled).all() or np.linalg.matrix_rank(scaled, tol=1e-7) < len(sources):
            names = ", ".join(sources)
            yield f"the predictors of {target} ({names}) are linearly dependent"


def _equation_rows(
    equation: _Equation,
    target: Floats,
    sources: Floats,
    weights: Floats,
    level: float,
) -> tuple[list[Row], float]:
    """Fit one equation; return its rows (slopes, then intercept) and R2."""
    import statsmodels.api as sm

    design = np.column_stack([np.ones(target.size), sources])
    fit = sm.WLS(target, design, weights=weights).fit(cov_type="HC3")
    limits = fit.conf_int(alpha=1 - level)
    spread = np.sqrt(_variance(np.column_stack([target, sources]), weights))
    terms = [("", INTERCEPT), *((source, PATH) for source in equation.sources)]
    found: list[Row] = [
        {
            "group": equation.group,
            "engine": "ols",
            "lhs": equation.target,
            "op": op,
            "rhs": source,
            "estimate": float(fit.params[i]),
            "std_error": float(fit.bse[i]),
            "se_type": "hc3",
            "statistic": float(fit.tvalues[i]),
            "p_value": float(fit.pvalues[i]),
            "conf_low": float(limits[i, 0]),
            "conf_high": float(limits[i, 1]),
            "std_estimate": float(fit.params[i] * spread[i] / spread[0]) if i else float("nan"),
        }
        for i, (source, op) in enumerate(terms)
    ]
    return [*found[1:], found[0]], float(fit.rsquared)


def _variance(columns: Floats, weights: Floats) -> Floats:
    centre = np.average(columns, axis=0, weights=weights)
    variance: Floats = np.average((columns - centre) ** 2, axis=0, weights=weights)
    return variance


def ols_from_moments(
    model: Model, moments: Moments, point: Structural, at: int, *, group: str
) -> EngineResult:
    """Tabulate the regressions of estimated moments, which have no rows to take errors from.

    Parameters
    ----------
    model : Model
    moments : Moments
        E.g. by EM; `at` is this group's element.
    point : Structural
        `estimate_ols` of these moments.

    Returns
    -------
    EngineResult
        Estimates without standard errors, with the reason as note.
    """
    turn = score_matrix(model)
    covariance = turn @ moments.covariance[at] @ turn.T
    found = regressions(covariance[None], adjacency(model))
    deviation = np.sqrt(np.diag(covariance))
    note = "no standard error: estimated from EM moments"
    rows: list[Row] = list(_weight_rows(model, group))
    quality: list[Row] = []
    for i, j in np.argwhere(adjacency(model)).tolist():
        rows.append(
            {
                "group": group,
                "engine": "ols",
                "lhs": model.construct_names[i],
                "op": PATH,
                "rhs": model.construct_names[j],
                "estimate": float(point.direct[at, i, j]),
                "std_estimate": float(point.direct[at, i, j] * deviation[j] / deviation[i]),
                "note": note,
            }
        )
    for i, name in enumerate(model.construct_names):
        if np.isfinite(found.r2[0, i]):
            key = {"group": group, "engine": "ols", "construct": name, "measure": "r2"}
            quality.append({**key, "value": float(found.r2[0, i])})
    return EngineResult(
        tuple(rows), (), tuple(quality), Diagnosis(group, "ols", True, bool(point.ok[at]), 0)
    )
