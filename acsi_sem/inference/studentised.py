"""Studentised replicates: the linearised standard error of every estimate in every replicate.

A replicate is a sample of its own: its units are those drawn, as often as they were drawn. The
estimator is differentiated at the replicate's sums, with its weights.

Cost: k + 1 fits per replicate for k sums (132 for 13 items), with forward differences, whose error
is of the order of the step. Whether an estimate has a derivative is judged in the sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.inference.influence import STEP, Estimator, Fields, Units, sum_scales
from acsi_sem.inference.intervals import FAILED_SHARE, NO_SLOPE, NOT_SCALED, Spread
from acsi_sem.inference.linearised import Linearised
from acsi_sem.inference.replicates import DrawSet, draw_sets, row_weights, unit_factors
from acsi_sem.inference.sample import Ints, Sample
from acsi_sem.kernels.design_variance import centred_totals, sums_by
from acsi_sem.kernels.moments import Floats
from acsi_sem.terms import ALL

BATCH = 16  # replicates differentiated at once; part of the result, never tune per machine

Derivative = Callable[[Floats], Mapping[str, Floats]]
"""Sums (B, k) to the derivative of every field, (B, k, ...)."""


@dataclass(frozen=True, slots=True)
class Studentised:
    """What studentised limits need beside the draws.

    Attributes
    ----------
    linearised : Linearised
        The sample's standard errors.
    std_errors : mapping field -> ndarray, shape (B, ...)
        Each replicate's; NaN where it has none, or the sample's is 0 or withheld.
    """

    linearised: Linearised
    std_errors: Fields


def forward_slopes(estimator: Estimator, scales: Floats, fields: Sequence[str]) -> Derivative:
    """Return the derivative of an estimator by forward differences.

    Parameters
    ----------
    estimator : callable
    scales : ndarray, shape (k,)
        From `acsi_sem.inference.influence.sum_scales`.
    fields : sequence of str
        The fields to differentiate.

    Returns
    -------
    callable
        Of sums (B, k); the slope by a sum with scale 0 is 0.

    Examples
    --------
    >>> slopes = forward_slopes(lambda s: {"mean": s[:, 1] / s[:, 0]}, np.ones(2), ["mean"])
    >>> slopes(np.array([[2.0, 6.0], [4.0, 4.0]]))["mean"].round(4).tolist()
    [[-1.5, 0.5], [-0.25, 0.25]]
    """
    moved = np.flatnonzero(scales > 0)

    def derivative(sums: Floats) -> Mapping[str, Floats]:
        count, k = sums.shape
        batch = np.repeat(sums[:, None, :], 1 + moved.size, axis=1)
        batch[:, 1 + np.arange(moved.size), moved] += STEP * scales[moved]
        steps = batch[:, 1 + np.arange(moved.size), moved] - sums[:, moved]
        found = {}
        values = estimator(batch.reshape(-1, k))
        for name in fields:
            made = values[name].reshape(count, 1 + moved.size, *values[name].shape[1:])
            found[name] = np.zeros((count, k, *made.shape[2:]))
            with np.errstate(invalid="ignore", over="ignore"):
                rise = made[:, 1:] - made[:, :1]
                found[name][:, moved] = rise / steps.reshape(*steps.shape, *(1,) * (rise.ndim - 2))
        return found

    return derivative


def factor_chunks(
    sample: Sample, group: str, replicates: int, seed: int, study: str
) -> Iterator[Floats]:
    """Yield the factors of a group's units, (b, u), in the order of `drawn_units`.

    The same streams as `acsi_sem.inference.replicates.draw_replicates`, drawn again.
    """
    sets = _sets(sample, group)
    streams = [unit_factors(sample, draw, replicates, seed, study) for draw in sets]
    for parts in zip(*streams, strict=True):
        yield np.hstack(parts)


def _sets(sample: Sample, group: str) -> list[DrawSet]:
    return [draw for draw in draw_sets(sample) if group == ALL or group in dict(draw.members)]


def studentise(
    estimator: Estimator,
    linearised: Linearised,
    group: str,
    factors: Iterable[Floats],
    fields: Sequence[str],
    derivative: Derivative | None = None,
) -> Studentised:
    """Find the linearised standard error of every estimate in every replicate.

    Parameters
    ----------
    estimator : callable
        Sums (B, k) to named arrays of shape (B, ...).
    linearised : Linearised
        Of the same estimator, sample and group.
    group : str
    factors : iterable of ndarray, shape (b, u)
        From `factor_chunks`: how often each unit was drawn, rescaled as the replicates are.
    fields : sequence of str
        The fields that limits are wanted for.
    derivative : callable, optional
        Of the estimator at many sums at once; by default `forward_slopes`, k + 1 fits each.

    Returns
    -------
    Studentised
        Rescaled replicates of a stratum of n draw n - 1 units: with two units a replicate has
        one, and no standard error.

    References
    ----------
    Rao & Wu (1988), J. American Statistical Association 83, 231-241, section 2.3.
    """
    sample = linearised.sample
    scales = sum_scales(sample, sample.rows_of(group))
    slopes = derivative or forward_slopes(estimator, scales, fields)
    draw = _Drawn.of(sample, linearised.units, group)
    point = {name: linearised.std_errors[name] for name in fields}
    moving = {name: np.flatnonzero(errors.ravel() > 0) for name, errors in point.items()}
    found: list[Floats] = []
    for chunk in factors:
        for start in range(0, chunk.shape[0], BATCH):
            part = chunk[start : start + BATCH]
            weights = draw.weights(part)
            by_sum = _moving(slopes(draw.sums(part, weights)), moving)
            found += [draw.errors(*each) for each in zip(part, weights, by_sum, strict=True)]
    return Studentised(linearised, _by_field(np.array(found), point, moving))


def _moving(slopes: Mapping[str, Floats], moving: Mapping[str, Ints]) -> Floats:
    """Return the derivatives of the elements that have a standard error, (b, k, R)."""
    parts = [
        slopes[name].reshape(*slopes[name].shape[:2], -1)[:, :, at] for name, at in moving.items()
    ]
    return np.concatenate(parts, axis=2)


def _by_field(found: Floats, point: Fields, moving: Mapping[str, Ints]) -> Fields:
    """Return standard errors (B, R) in the shapes of the fields, NaN where nothing moves."""
    made, first = {}, 0
    for name, at in moving.items():
        flat = np.full((found.shape[0], point[name].size), np.nan)
        flat[:, at] = found[:, first : first + at.size]
        made[name], first = flat.reshape(-1, *point[name].shape), first + at.size
    return made


def studentised_spread(
    draws: Floats,
    draw_errors: Floats,
    point: Floats,
    std_error: Floats,
    ok: NDArray[np.bool_],
    level: float,
    reasons: NDArray[np.intp] | int = NO_SLOPE,
) -> Spread:
    """Return studentised (bootstrap-t) limits.

    Parameters
    ----------
    draws, draw_errors : ndarray, shape (B, ...)
        The estimate in each replicate, and its linearised standard error there.
    point, std_error : ndarray, shape (...)
        The same in the sample.
    ok : ndarray of bool, shape (B,)
    level : float
    reasons : ndarray of int, shape (...), or int
        As of `linearised_spread`.

    Returns
    -------
    Spread
        The linearised standard error and (θ - t_(1-α/2) s, θ - t_(α/2) s), with t the quantiles
        (R's type 7) of (θ* - θ)/s*. A replicate without s* counts as failed for that estimate;
        with more than `FAILED_SHARE` failed, limits are withheld. A constant keeps its value.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 12.5;
    Hall (1988), Annals of Statistics 16, 927-953; Rao & Wu (1988), section 2.3.

    Examples
    --------
    >>> draws = np.arange(101.0)
    >>> spread = studentised_spread(draws, np.full(101, 2.0), np.array(50.0), np.array(1.0),
    ...                             np.ones(101, bool), 0.9)
    >>> float(spread.low), float(spread.high)
    (27.5, 72.5)
    """
    usable = (std_error > 0) & np.isfinite(point)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = (draws - point) / draw_errors
    ratios = np.where(ok.reshape(-1, *(1,) * point.ndim) & np.isfinite(ratios), ratios, np.nan)
    scaled = np.isfinite(ratios).mean(axis=0) >= 1 - FAILED_SHARE
    tail = (1 - level) / 2
    low, high = (np.full(point.shape, np.nan) for _ in range(2))
    constant = (std_error == 0) & (draws[ok] == point).all(axis=0)
    low[constant] = high[constant] = point[constant]
    defined = usable & scaled
    if defined.any():
        ends = np.nanquantile(ratios[:, defined], [1 - tail, tail], axis=0)
        low[defined], high[defined] = point[defined] - ends * std_error[defined]
    held = np.where(np.isfinite(point) & np.isnan(low), NOT_SCALED, 0)
    held = np.where(np.isfinite(point) & np.isnan(std_error), reasons, held)
    return Spread(std_error, low[()], high[()], held)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The totals of a sample's units, and how replicates draw them.

    `totals` (u, k) are weighted sums of the group's rows by unit; of a stratum's `size` (h,)
    units `drawn` (h,) are drawn, and factors keep `shrunk` (h,) of their distance from 1.
    """

    sample: Sample
    units: Units
    totals: Floats
    size: Floats
    drawn: Floats
    shrunk: Floats

    @classmethod
    def of(cls, sample: Sample, units: Units, group: str) -> _Drawn:
        """Prepare for many replicates."""
        size = np.bincount(units.stratum, units.counts).astype(float)
        rows = sample.products[units.rows] * units.weights[:, None]
        shrunk = np.ones(size.size)
        counted = [draw.counted(sample) for draw in _sets(sample, group)]
        if units.fractions is not None and not any(counted):
            shrunk = np.sqrt(1 - units.fractions)
        return cls(
            sample=sample,
            units=units,
            totals=sums_by(rows, units.unit, units.counts.size),
            size=size,
            drawn=size - 1 if sample.designed else size,
            shrunk=shrunk,
        )

    def weights(self, factors: Floats) -> Floats:
        """Return the survey's row weights (b, n) in replicates with factors (b, u).

        (b, 0) where weights are not raked and the totals of units tell all.
        """
        whole = self.units.calibration
        if whole is None:
            return np.empty((factors.shape[0], 0))
        return row_weights(self.sample, np.arange(whole.unit.size), factors[:, whole.unit])

    def sums(self, factors: Floats, weights: Floats) -> Floats:
        """Return the group's sums in replicates."""
        if self.units.calibration is None:
            return factors @ self.totals
        rows = self.units.rows
        return weights[:, rows] @ self.sample.products[rows]

    def errors(self, factors: Floats, weights: Floats, by_sum: Floats) -> Floats:
        """Return standard errors (R,) of a replicate with factors (u,), derivatives (k, R)."""
        stratum, totals = self.units.stratum, self._totals(factors, weights, by_sum)
        kept = np.where(self.shrunk > 0, self.shrunk, 1)[stratum]
        counts = self.units.counts + (factors - self.units.counts) / kept
        counts = np.where(self.size[stratum] > 1, counts, 1.0)
        centred = centred_totals(totals, stratum, counts)
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.where(self.drawn > 1, self.size / (self.drawn - 1), np.nan)
        each = np.where((self.size > 1) & (self.shrunk > 0), self.shrunk**2 * each, 0.0)
        variance = ((each[stratum] * counts)[:, None] * centred**2).sum(axis=0)
        return np.asarray(np.sqrt(variance))

    def _totals(self, factors: Floats, weights: Floats, by_sum: Floats) -> Floats:
        """Return what each unit adds every time it is drawn."""
        whole = self.units.calibration
        if whole is None:
            return self.totals @ by_sum
        if not np.isfinite(weights).all():
            return np.full((factors.size, by_sum.shape[1]), np.nan)
        spread = np.zeros((weights.size, by_sum.shape[1]))
        spread[self.units.rows] = self.sample.products[self.units.rows] @ by_sum
        with np.errstate(divide="ignore", invalid="ignore"):  # of rows that were not drawn
            left = whole.raking.residuals(spread, weights) * weights[:, None]
        left = np.where(weights[:, None] > 0, left, 0.0)
        made = sums_by(left, whole.unit, factors.size)
        return made / np.where(factors > 0, factors, 1)[:, None]
