"""Influence of every row on every estimate, by differentiating estimators numerically.

An estimate is a smooth function of the weighted sums of row products
(`acsi_sem.kernels.moments`), so what a row adds to the sums, times the derivative, is its
influence. All derivatives of all estimates come from one batched call of the estimator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.inference.replicates import DrawSet, draw_sets
from acsi_sem.inference.sample import Ints, Raked, Sample, point_sums
from acsi_sem.kernels.bca import acceleration
from acsi_sem.kernels.design_variance import centred_totals, sums_by
from acsi_sem.kernels.moments import Floats
from acsi_sem.terms import ALL

Fields = Mapping[str, Floats]
Estimator = Callable[[Floats], Fields]
"""Sums (B, k) to named estimates, each with the batch axis first."""

STEP: Final = 1e-5
"""Step per unit of a sum's scale: where the noise of a solver that stops at 1e-12 and the cube
of the step weigh about the same, with room for solvers that stop earlier."""

KINK: Final = 0.05
"""One-sided slopes that differ by more than this share of the largest slope show a kink; the
curvature of a smooth estimate makes them differ by about `STEP`."""

NOISE: Final = 1e-6
"""Slopes this small, per unit of a sum's scale and of the estimate, are rounding: a constant."""

SMALLEST_SCALE: Final = 0.01
ROWS: Final = 65_536  # rows multiplied at once; part of the result, never tune per machine
CELLS: Final = 4_000_000  # influence values held at once: 32 MB


@dataclass(frozen=True, slots=True)
class Slopes:
    """Derivatives of an array of estimates with respect to the k sums.

    Attributes
    ----------
    by_sum : ndarray, shape (k, ...)
    smooth : ndarray of bool, shape (...)
        False where the estimate has a kink, a jump or no finite derivative.
    """

    by_sum: Floats
    smooth: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Raked weights, which a row moves not by its own influence but by what targets leave of it.

    Attributes
    ----------
    raking : Raked
    weights : ndarray, shape (n,)
        Of the survey's rows, raked.
    unit : ndarray of int, shape (n,)
        Unit of each row of the survey: rows outside a group bear on it through the targets.
    """

    raking: Raked
    weights: Floats
    unit: Ints


@dataclass(frozen=True, slots=True)
class Units:
    """What the bootstrap draws for one group of m rows: rows, or primary sampling units.

    Attributes
    ----------
    rows : ndarray of int, shape (m,)
        Rows of the survey.
    weights : ndarray, shape (m,)
        Factor of each row's influence; 1 where the row stands for `counts` respondents.
    unit : ndarray of int, shape (m,)
        Unit of each row.
    stratum : ndarray of int, shape (u,)
        Stratum within which each unit is drawn; groups drawn apart are strata of `all`.
    counts : ndarray, shape (u,)
        Respondents that are drawn one by one from each unit: 1, or a frequency.
    fractions : ndarray, shape (h,), or None
        Sampling fraction of each stratum, where the population is finite.
    calibration : Calibration or None
        Where the weights are raked.
    """

    rows: Ints
    weights: Floats
    unit: Ints
    stratum: Ints
    counts: Floats
    fractions: Floats | None = None
    calibration: Calibration | None = None


def drawn_units(sample: Sample, group: str) -> Units:
    """Return what the bootstrap of `acsi_sem.inference.replicates` draws for a group.

    A unit without rows in the group is still there: it may be drawn in place of one with rows.
    """
    made: list[Units] = []
    for draw in draw_sets(sample):
        members = dict(draw.members)
        if group == ALL or group in members:
            at = np.arange(draw.rows.size) if group == ALL else members[group]
            made.append(_units(sample, draw, at))
    shifts = np.cumsum([0, *(part.stratum.size for part in made)])
    strata = np.cumsum([0, *(part.stratum.max(initial=-1) + 1 for part in made)])
    pairs = list(zip(made, shifts, strata, strict=False))
    return Units(
        rows=np.concatenate([part.rows for part in made]),
        weights=np.concatenate([part.weights for part in made]),
        unit=np.concatenate([part.unit + shift for part, shift, _ in pairs]),
        stratum=np.concatenate([part.stratum + first for part, _, first in pairs]),
        counts=np.concatenate([part.counts for part in made]),
        fractions=_joined_fractions([part.fractions for part in made]),
        # Raked rows are drawn all together: then there is one part.
        calibration=made[0].calibration,
    )


def _joined_fractions(parts: list[Floats | None]) -> Floats | None:
    given = [part for part in parts if part is not None]
    return np.concatenate(given) if given else None


def _units(sample: Sample, draw: DrawSet, at: Ints) -> Units:
    first, unit, stratum = draw.units(sample)
    rows, fractions = draw.rows[at], None
    if sample.sampled is not None:
        fractions = np.zeros(stratum.max(initial=-1) + 1)
        fractions[stratum] = sample.sampled[draw.rows[first]]
    if draw.counted(sample):
        counts = sample.weights[draw.rows[first]]
        return Units(rows, np.ones(rows.size), unit[at], stratum, counts, fractions)
    calibration = None
    if sample.raking is not None:
        calibration = Calibration(sample.raking, sample.weights, unit)
    ones, weights = np.ones(first.size), sample.weights[rows]
    return Units(rows, weights, unit[at], stratum, ones, fractions, calibration)


def sum_scales(sample: Sample, rows: Ints) -> Floats:
    """Return how far each sum of row products ranges, the measure of a step; shape (k,).

    The sum of weights times the column's standard deviation, but at least `SMALLEST_SCALE` of
    its root mean square, as a column may be constant (nobody failed to answer) and still count.
    """
    total = sample.weights[rows].sum()
    first, square = np.zeros((2, sample.products.shape[1]))
    for part in _blocks(rows):
        weights, products = sample.weights[part], sample.products[part]
        first += weights @ products / total
        square += np.einsum("i,ij,ij->j", weights, products, products) / total
    deviation = np.sqrt(np.maximum(square - first**2, 0.0))
    scales: Floats = total * np.maximum(deviation, SMALLEST_SCALE * np.sqrt(square))
    return scales


def differentiate(
    estimator: Estimator, sums: Floats, scales: Floats, step: float = STEP
) -> dict[str, Slopes]:
    """Differentiate every field of an estimator at once.

    Parameters
    ----------
    estimator : callable
        Sums of shape (B, k) to named arrays of shape (B, ...).
    sums : ndarray, shape (k,)
        Where to differentiate.
    scales : ndarray, shape (k,)
        From `sum_scales`; a sum with scale 0 is not moved and has slope 0.
    step : float
        Times the scale it is the step upwards; the step downwards is twice as long.

    Returns
    -------
    mapping name -> Slopes

    Notes
    -----
    f' = (2 F + G) / 3 of the forward slope F over h and the backward slope G over 2h, correct to
    the square of h. The steps are unequal so that F and G also differ at a jump, which equal
    steps would take for a steep slope.

    Examples
    --------
    >>> fields = differentiate(lambda s: {"ratio": s[:, 1] / s[:, 0], "kink": np.abs(s[:, 1] - 6)},
    ...                        np.array([2.0, 6.0]), np.array([2.0, 6.0]))
    >>> fields["ratio"].by_sum.round(6).tolist(), bool(fields["ratio"].smooth)
    ([-1.5, 0.5], True)
    >>> bool(fields["kink"].smooth)
    False
    """
    moved = np.flatnonzero(scales > 0)
    above, below = 1 + np.arange(moved.size), 1 + moved.size + np.arange(moved.size)
    batch = np.tile(sums, (1 + 2 * moved.size, 1))
    batch[above, moved] += step * scales[moved]
    batch[below, moved] -= 2 * step * scales[moved]
    up, down = batch[above, moved] - sums[moved], sums[moved] - batch[below, moved]
    found = {}
    for name, values in estimator(batch).items():
        shape = (-1, *(1,) * (values.ndim - 1))
        with np.errstate(invalid="ignore", over="ignore"):
            forward = (values[above] - values[0]) / up.reshape(shape)
            backward = (values[0] - values[below]) / down.reshape(shape)
            part = _joined(forward, backward, scales[moved].reshape(shape), values[0])
        by_sum = np.zeros((sums.size, *values.shape[1:]))
        by_sum[moved] = part.by_sum
        found[name] = Slopes(by_sum, part.smooth)
    return found


def _joined(forward: Floats, backward: Floats, scale: Floats, value: Floats) -> Slopes:
    """Join one-sided slopes, and compare them."""
    size = (np.maximum(np.abs(forward), np.abs(backward)) * scale).max(axis=0, initial=0.0)
    gap = (np.abs(forward - backward) * scale).max(axis=0, initial=0.0)
    noise = NOISE * np.maximum(1.0, np.abs(value))
    smooth = np.isfinite(gap) & np.isfinite(value) & (gap <= KINK * size + noise)
    return Slopes(np.where(size > noise, (2 * forward + backward) / 3, 0.0), smooth)


def row_influence(sample: Sample, units: Units, by_sum: Floats) -> Floats:
    """Return each row's influence.

    Parameters
    ----------
    units : Units
        Of m rows.
    by_sum : ndarray, shape (k, R)
        Derivatives of R estimates with respect to the sums.

    Returns
    -------
    ndarray, shape (m, R)
        Weighted as the row. Over all respondents it sums to zero for an estimate that does not
        change when all weights double.
    """
    found = np.empty((units.rows.size, by_sum.shape[1]))
    at = 0
    for part in _blocks(units.rows):
        found[at : at + part.size] = sample.products[part] @ by_sum
        at += part.size
    return found * units.weights[:, None]


def unit_totals(units: Units, influence: Floats) -> Floats:
    """Return the total influence of every unit.

    Parameters
    ----------
    units : Units
    influence : ndarray, shape (m, R)
        From `row_influence`.

    Returns
    -------
    ndarray, shape (u, R)
        Zero for a unit without rows in the group; of what the targets leave where weights are
        raked.

    References
    ----------
    Deville & Särndal (1992), J. American Statistical Association 87, 376-382.
    """
    if units.calibration is None:
        return sums_by(influence, units.unit, units.counts.size)
    whole = units.calibration
    spread = np.zeros((whole.weights.size, influence.shape[1]))
    spread[units.rows] = influence / np.where(units.weights > 0, units.weights, 1)[:, None]
    left = whole.raking.residuals(spread, whole.weights) * whole.weights[:, None]
    return sums_by(left, whole.unit, units.counts.size)


def unit_acceleration(units: Units, influence: Floats) -> Floats:
    """Return the acceleration of R estimates from the influence of their rows.

    Parameters
    ----------
    units : Units
    influence : ndarray, shape (m, R)
        From `row_influence`; totals of units are taken here, less the mean of their stratum.

    Returns
    -------
    ndarray, shape (R,)
    """
    centred = centred_totals(unit_totals(units, influence), units.stratum, units.counts)
    if units.fractions is not None:  # replicates are drawn towards 1 by this much
        centred = centred * np.sqrt(1 - units.fractions[units.stratum])[:, None]
    return acceleration(centred, units.counts)


Measure = Callable[[Units, Floats], Floats]
"""Units and their rows' influence (m, R) to a number for each of R estimates."""


def measured(
    sample: Sample, units: Units, slopes: Mapping[str, Slopes], measure: Measure
) -> Fields:
    """Return a measure of the influence on every element of every field.

    Parameters
    ----------
    sample : Sample
    units : Units
    slopes : mapping field -> Slopes
    measure : callable
        `unit_acceleration`, or a standard error.

    Returns
    -------
    mapping field -> ndarray
        Of the field's shape; 0 for a constant, NaN where the field is not smooth.
    """
    parts = slopes.values()
    by_sum = np.hstack([part.by_sum.reshape(len(part.by_sum), -1) for part in parts])
    smooth = np.concatenate([part.smooth.ravel() for part in parts])
    found = np.where(smooth, 0.0, np.nan)
    moving = np.flatnonzero(smooth & by_sum.any(axis=0))
    held = units.rows if units.calibration is None else units.calibration.weights
    width = max(1, CELLS // max(1, held.size))
    for start in range(0, moving.size, width):
        at = moving[start : start + width]
        found[at] = measure(units, row_influence(sample, units, by_sum[:, at]))
    ends = np.cumsum([part.smooth.size for part in parts])
    pieces = zip(slopes.items(), np.split(found, ends[:-1]), strict=True)
    return {name: piece.reshape(part.smooth.shape) for (name, part), piece in pieces}


def accelerations(sample: Sample, units: Units, slopes: Mapping[str, Slopes]) -> Fields:
    """Return the acceleration of every element of every field.

    Parameters and result as of `measured`.

    References
    ----------
    Efron (1987), J. American Statistical Association 82, 171-185, equation 7.3.
    """
    return measured(sample, units, slopes, unit_acceleration)


def _blocks(rows: Ints) -> Iterator[Ints]:
    for start in range(0, rows.size, ROWS):
        yield rows[start : start + ROWS]


@dataclass(frozen=True, slots=True)
class Tangent:
    """What BCa limits of one engine's estimates of one group need beside the draws.

    Attributes
    ----------
    sample : Sample
    units : Units
    accelerations : mapping field -> ndarray
        Of the field's shape; NaN where it is not smooth.
    index_weights : Slopes or None
        Derivatives of the field ``index_weights``, which parts of the group are scored with.
    """

    sample: Sample
    units: Units
    accelerations: Fields
    index_weights: Slopes | None


def make_tangent(estimator: Estimator, sample: Sample, group: str) -> Tangent:
    """Differentiate an estimator at a group's sums, and accelerate every estimate.

    Parameters
    ----------
    estimator : callable
        Sums (B, k) to named arrays of shape (B, ...).
    sample : Sample
    group : str
    """
    units = drawn_units(sample, group)
    rows = sample.rows_of(group)
    slopes = differentiate(estimator, point_sums(sample, rows)[0], sum_scales(sample, rows))
    return Tangent(
        sample,
        units,
        accelerations(sample, units, slopes),
        slopes.get("index_weights"),
    )
