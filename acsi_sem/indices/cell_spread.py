"""Point indices of every part of a group, and their standard errors and limits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.structural import scale_ends
from acsi_sem.indices.cell_influence import cell_measures
from acsi_sem.indices.scores import Scored
from acsi_sem.inference.influence import drawn_units, unit_acceleration
from acsi_sem.inference.intervals import (
    NO_FREEDOM,
    NO_SLOPE,
    NOT_MADE,
    Spread,
    bca_spread,
    bootstrap_normal_spread,
    errors_only,
    linearised_spread,
    no_spread,
    percentile_spread,
    quantile,
    structured_spread,
)
from acsi_sem.inference.linearised import unit_errors
from acsi_sem.inference.sample import Ints, Sample
from acsi_sem.inference.spreader import Spreader
from acsi_sem.kernels.design_variance import degrees_of_freedom
from acsi_sem.kernels.index import index_points
from acsi_sem.kernels.moments import Floats, means_from_sums
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Factor
from acsi_sem.terms import IndexMeans


def cell_points(
    model: Model, sample: Sample, scored: Scored, factor: Factor, means: IndexMeans
) -> Floats:
    """Return the point index of every cell, shape (categories, q)."""
    rows = sample.rows_of(scored.group)
    codes = factor.codes[rows]
    parts = [rows[codes == k] for k in range(len(factor.categories))]
    sums = np.concatenate(
        [sample.reduction.mean_sums(sample.weights[part][None, :], part) for part in parts]
    )
    weights = np.broadcast_to(
        scored.point.index_weights[scored.at], (sums.shape[0], sample.origin.size)
    )
    return _score(model, means_from_sums(sums, sample.origin, means), weights)


def cell_freedom(
    sample: Sample, group: str, codes: Ints, categories: int, answered: NDArray[np.bool_]
) -> Ints:
    """Return the degrees of freedom of every cell: units with answers in it, less their strata.

    Parameters
    ----------
    sample : Sample
        Of a survey with a design.
    group : str
        Its units and strata are those that are drawn for it.
    codes : ndarray of int, shape (n,)
        Category of each row of the survey, -1 for none.
    categories : int
    answered : ndarray of bool, shape (n, q)
        Rows with an answer to the construct.

    Returns
    -------
    ndarray of int, shape (categories, q)
        0 where nobody answered.

    References
    ----------
    Korn & Graubard (1990), The American Statistician 44, 270-276, on domains of a survey.
    """
    units = drawn_units(sample, group)
    own, seen = codes[units.rows], answered[units.rows]
    found = np.zeros((categories, answered.shape[1]), dtype=np.intp)
    for k, c in np.ndindex(found.shape):
        inside = np.unique(units.unit[(own == k) & seen[:, c]])
        found[k, c] = degrees_of_freedom(units.stratum[inside], units.counts[inside])
    return found


def cell_spread(
    model: Model,
    sample: Sample,
    scored: Scored,
    factor: Factor,
    draws: Floats | None,
    means: IndexMeans,
    point: Floats,
    freedom: Ints | None = None,
) -> Spread:
    """Return the spread of every cell's index.

    Parameters
    ----------
    draws : ndarray, shape (B, categories, 1 + 3p), or None
        Replicate sums of the group's cells.
    point : ndarray, shape (categories, q)
        From `cell_points`.
    freedom : ndarray of int, shape (categories, q), or None
        From `cell_freedom`, in surveys with a design: a cell with none has neither standard error
        nor limits, and Student's limits of the others have the cell's where the group's are more.
    """
    if scored.withheld or scored.problem:
        return no_spread(point.shape)
    if scored.spreader.linearised is not None:
        made = _linearised(model, scored, factor, means, point)
    elif draws is None or scored.draws is None:
        return no_spread(point.shape)
    else:
        made = _from_draws(model, sample, scored, factor, draws, means, point)
    return made if freedom is None else _freed(made, scored, point, freedom)


def _freed(made: Spread, scored: Scored, point: Floats, freedom: Ints) -> Spread:
    """Withhold what rests on no freedom, and widen Student's limits to that of each cell."""
    lone = freedom < 1
    error, low, high = (
        np.where(lone, np.nan, part) for part in (made.std_error, made.low, made.high)
    )
    spreader = scored.spreader
    group = spreader.freedom if spreader.linearised is None else spreader.linearised.freedom
    student = spreader.linearised is not None or spreader.kind == "normal"
    if group is not None and student:
        for own in np.unique(freedom[~lone & (freedom < group) & np.isfinite(low)]).tolist():
            at = (freedom == own) & np.isfinite(low)
            reach = quantile((1 + scored.level) / 2, own) * error[at]
            low[at], high[at] = point[at] - reach, point[at] + reach
    held = np.zeros(point.shape, dtype=np.intp) if made.withheld is None else made.withheld
    return Spread(error, low, high, np.where(lone & np.isfinite(point), NO_FREEDOM, held))


def _from_draws(
    model: Model,
    sample: Sample,
    scored: Scored,
    factor: Factor,
    draws: Floats,
    means: IndexMeans,
    point: Floats,
) -> Spread:
    assert scored.draws is not None
    item_means = means_from_sums(draws, sample.origin, means)
    flat = item_means.reshape(-1, sample.origin.size)
    weights = np.repeat(scored.draws.index_weights, draws.shape[1], axis=0)
    index = _score(model, flat, weights).reshape(draws.shape[0], *point.shape)
    ok, bend = scored.draws.ok, _accelerations(model, scored, factor, means)
    spreader, level = scored.spreader, scored.level
    if np.isfinite(index[ok]).all():
        return _limits(spreader, index, point, bend, ok, level)
    parts = []
    for k, c in np.ndindex(point.shape):
        usable = ok & np.isfinite(index[:, k, c])
        own = None if bend is None else np.asarray(bend[k, c])
        at = np.asarray(point[k, c])
        parts.append(_limits(spreader, index[:, k, c], at, own, usable, level))
    return _stacked(parts, point.shape)


def _linearised(
    model: Model, scored: Scored, factor: Factor, means: IndexMeans, point: Floats
) -> Spread:
    local = scored.spreader.linearised
    assert local is not None
    weights, count = scored.point.index_weights[scored.at], len(factor.categories)
    errors = cell_measures(model, local, unit_errors, factor.codes, count, weights, means)
    reasons = np.where(np.isnan(errors), NO_SLOPE, 0)
    return linearised_spread(point, errors, scored.level, local.freedom, reasons)


def _accelerations(
    model: Model, scored: Scored, factor: Factor, means: IndexMeans
) -> Floats | None:
    """Return the acceleration of every cell, shape (categories, q); None without BCa limits."""
    local = scored.spreader.tangent
    if local is None:
        return None
    weights, count = scored.point.index_weights[scored.at], len(factor.categories)
    return cell_measures(model, local, unit_acceleration, factor.codes, count, weights, means)


def _limits(
    spreader: Spreader,
    draws: Floats,
    point: Floats,
    bend: Floats | None,
    ok: NDArray[np.bool_],
    level: float,
) -> Spread:
    if bend is not None:
        return bca_spread(draws, point, bend, ok, level)
    if spreader.studentised is not None:
        return errors_only(draws, ok, NOT_MADE)
    if spreader.coefficients is not None:
        return structured_spread(draws, point, ok, level, spreader.coefficients, spreader.freedom)
    if spreader.normal:
        return bootstrap_normal_spread(draws, point, ok, level, spreader.freedom)
    return percentile_spread(draws, ok, level)


def _stacked(parts: list[Spread], shape: tuple[int, ...]) -> Spread:
    error, low, high = (
        np.array([getattr(part, name) for part in parts]).reshape(shape)
        for name in ("std_error", "low", "high")
    )
    held = [0 if part.withheld is None else int(part.withheld) for part in parts]
    return Spread(error, low, high, np.array(held, dtype=np.intp).reshape(shape))


def _score(model: Model, means: Floats, weights: Floats) -> Floats:
    low, high = scale_ends(model)
    return index_points(means, weights, low, high, blocks(model))
