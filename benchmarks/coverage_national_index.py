"""The index of many companies at once, with its linearised variance or with bootstrap draws.

For the study of a nation's coverage: only the index, but of hundreds of companies in a call. The
variance equals that of a fit with linearised intervals, which differentiates everything at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.moments import correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.resample import rescaled_counts
from acsi_sem.simulate.functionals import scale_ends
from acsi_sem.simulate.national import SimulatedNation
from acsi_sem.simulate.national_answers import REGIONS, draw_period, observed_values
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.spec.periods import Period

Floats = NDArray[np.float64]

STEP: Final = 1e-4
"""By which correlations are moved; central differences are then right to about 1e-8."""

FIRMS: Final = 50
"""Companies whose moved correlations are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Surveys of F companies, n interviews each.

    Attributes
    ----------
    values : ndarray, shape (F, n, p)
        NaN where there is no answer.
    weights : ndarray, shape (F, n)
    """

    values: Floats
    weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """Indices of F companies at one or more weightings, and what they were made of."""

    index: Floats
    item_mean: Floats
    mean: Floats
    covariance: Floats


def survey(nation: SimulatedNation, period: Period, number: int) -> Answers:
    """Ask all companies in a quarter, for the `number`-th time."""
    drawn = draw_period(nation, period, number)
    shape = (len(nation.firms), nation.plan.interviews)
    return Answers(observed_values(nation, drawn).reshape(*shape, -1), drawn.weight.reshape(shape))


def index_items(model: Model) -> NDArray[np.intp]:
    """Return the places of the items of the index."""
    return np.flatnonzero(blocks(model) == model.construct_names.index(model.index))


def index_of(model: Model, correlation: Floats, deviation: Floats, mean: Floats) -> Floats:
    """Return the PLS index of B correlation matrices, item deviations and means, shape (B,)."""
    found = pls(correlation, blocks(model), adjacency(model), "path")
    at = index_items(model)
    weights = np.where(found.converged[:, None], found.weights, np.nan)[:, at] / deviation[:, at]
    low, high = (end[at] for end in scale_ends(model))
    share: Floats = (weights * (mean[:, at] - low)).sum(axis=1) / (weights @ (high - low))
    return np.asarray(100.0 * share)


def solve(model: Model, answers: Answers, weights: Floats) -> Solved:
    """Estimate F companies by the weights (F, n)."""
    answered = ~np.isnan(answers.values)
    filled = np.where(answered, answers.values, 0.0)
    whole = weights * answered.all(axis=2)
    item = np.einsum("fn,fnp->fp", weights, filled) / np.einsum("fn,fnp->fp", weights, answered)
    share = whole / whole.sum(axis=1, keepdims=True)
    mean = np.einsum("fn,fnp->fp", share, filled)
    centred = (filled - mean[:, None]) * np.sqrt(share)[..., None]
    covariance = np.matmul(centred.transpose(0, 2, 1), centred)
    deviation = np.sqrt(np.einsum("fii->fi", covariance))
    index = index_of(model, correlations(covariance), deviation, item)
    return Solved(index, item, mean, covariance)


def correlation_slopes(model: Model, point: Solved) -> Floats:
    """Return the derivatives of the indices by correlations above the diagonal, (F, p, p)."""
    p = point.mean.shape[1]
    rows, columns = np.triu_indices(p, 1)
    found = np.zeros((len(point.mean), p, p))
    moves = np.concatenate([np.arange(rows.size), np.arange(rows.size)])
    size = np.repeat([STEP, -STEP], rows.size)
    for start in range(0, len(found), FIRMS):
        part = slice(start, start + FIRMS)
        correlation = correlations(point.covariance[part])
        f = len(correlation)
        moved = np.repeat(correlation[:, None], moves.size, axis=1)
        every = np.arange(moves.size)
        moved[:, every, rows[moves], columns[moves]] += size
        moved[:, every, columns[moves], rows[moves]] += size
        deviation = np.sqrt(np.einsum("fii->fi", point.covariance[part]))
        spread = (
            np.repeat(values, moves.size, axis=0) for values in (deviation, point.item_mean[part])
        )
        index = index_of(model, moved.reshape(-1, p, p), *spread).reshape(f, 2, -1)
        found[part, rows, columns] = (index[:, 0] - index[:, 1]) / (2 * STEP)
    return found


def influence(model: Model, answers: Answers, point: Solved) -> Floats:
    """Return the influence of every interview on its company's index, shape (F, n).

    The index moves with the means of its items, and with its weights: by the correlations of all
    items, and by the standard deviations of its own.
    """
    at = index_items(model)
    low, high = (end[at] for end in scale_ends(model))
    weights = _index_weights(model, point)
    worth = 100.0 / (weights @ (high - low))
    by_mean = worth[:, None] * weights
    own = point.item_mean[:, at] - low - (point.index / 100.0)[:, None] * (high - low)
    by_deviation = -by_mean * own
    slopes = correlation_slopes(model, point)
    both = slopes + slopes.transpose(0, 2, 1)
    form = both / 2
    correlation = correlations(point.covariance)
    p = np.arange(form.shape[1])
    form[:, p, p] = -(both * correlation).sum(axis=2) / 2
    form[:, at, at] += by_deviation / 2
    answered = ~np.isnan(answers.values)
    whole = answers.weights * answered.all(axis=2)
    deviation = np.sqrt(np.einsum("fii->fi", point.covariance))
    scaled = np.where(answered, answers.values - point.mean[:, None], 0.0) / deviation[:, None]
    squares = (np.matmul(scaled, form) * scaled).sum(axis=2) - by_deviation.sum(axis=1)[:, None] / 2
    found = squares * whole / whole.sum(axis=1, keepdims=True)
    for k, item in enumerate(at):
        given = answers.weights * answered[..., item]
        gone = np.where(answered[..., item], answers.values[..., item], 0.0)
        share = given / given.sum(axis=1, keepdims=True)
        found += by_mean[:, k, None] * share * (gone - point.item_mean[:, item, None])
    return np.asarray(found)


def _index_weights(model: Model, point: Solved) -> Floats:
    found = pls(correlations(point.covariance), blocks(model), adjacency(model), "path")
    at = index_items(model)
    weights = np.where(found.converged[:, None], found.weights, np.nan)
    deviation = np.sqrt(np.einsum("fii->fi", point.covariance))
    scaled: Floats = (weights / deviation)[:, at]
    return scaled


def linearised(model: Model, answers: Answers) -> tuple[Floats, Floats]:
    """Return the indices of F companies and their variances within strata (regions)."""
    point = solve(model, answers, answers.weights)
    values = influence(model, answers, point)
    variance = np.zeros(len(values))
    for region in range(REGIONS):
        own = values[:, region::REGIONS]
        variance += own.shape[1] * own.var(axis=1, ddof=1)
    return point.index, variance


def bootstrapped(
    model: Model, answers: Answers, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the indices of F companies and `draws` of each, shape (F, B), by Rao and Wu."""
    point = solve(model, answers, answers.weights)
    n = answers.weights.shape[1]
    found = np.empty((len(point.index), draws))
    for firm in range(len(found)):
        factors = rescaled_counts(rng, np.arange(n) % REGIONS, draws)
        found[firm] = _draws_of(model, answers.values[firm], answers.weights[firm] * factors)
    return point.index, found


def _draws_of(model: Model, values: Floats, weights: Floats) -> Floats:
    """Return one company's index by B weightings of its interviews."""
    answered = ~np.isnan(values)
    filled = np.where(answered, values, 0.0)
    whole = answered.all(axis=1)
    share = weights * whole / (weights @ whole)[:, None]
    p = values.shape[1]
    mean = share @ filled
    second = share @ (filled[:, :, None] * filled[:, None, :]).reshape(-1, p * p)
    covariance = second.reshape(-1, p, p) - mean[:, :, None] * mean[:, None, :]
    item = (weights @ filled) / (weights @ answered)
    deviation = np.sqrt(np.einsum("bii->bi", covariance))
    return index_of(model, correlations(covariance), deviation, item)
