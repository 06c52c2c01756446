"""Refits of one covariance structure to many replicates of a sample.

BFGS from the sample's solution settles nearly all replicates. What it leaves goes on with Newton's
method, evaluated batch last, several step lengths at once. A replicate that needs many trials there
is given up: such fits follow a valley in which two constructs become one and a path grows without
bound, so that they cost the most and never end.

Second moments only (complete-case covariance matrix, divisor n). Batch axis first. An element's
numbers do not depend on its neighbours, as long as BLAS runs on one thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.covariance import (
    discrepancy,
    gradient,
    information,
    invert_positive,
    locate,
)
from acsi_sem.kernels.lisrel import Bools, Floats, Ints, Matrix, Structure
from acsi_sem.kernels.ml_batch_hessian import curvature, solve_definite
from acsi_sem.kernels.ml_fit import SINGULAR, SLOPE, fit_ml, parameter_units
from acsi_sem.kernels.newton import RIDGE
from acsi_sem.kernels.quasi_newton import acceptable, descend
from acsi_sem.kernels.simple_structure import SMALLEST_ERROR, Plan, plan_simple, slope
from acsi_sem.kernels.small_linalg import correlation_pivots, last, pad_lone

CHUNK: Final = 2000
"""Replicates fitted together by BFGS: with few, each chunk drags its own slow ones along."""

STEPS: Final = 60
"""Most evaluations of BFGS."""

TRIALS: Final = 40
"""Most trials of Newton's method after that; admissible fits were seen to take up to 28."""

_SHRINK: Final = 0.4
_ROUNDS: Final = (1, 4, 8, 17)
"""Numbers of step lengths tried together, the longest good one being taken."""

_REACH: Final = 0.5
"""Largest predicted fall of F in units of 1 + |F|: longer steps trust the curvature too far."""


def refit_fast(
    structure: Structure,
    covariance: Floats,
    start: Floats,
    *,
    tolerance: float = SLOPE,
    limit: int = STEPS,
    trials: int = TRIALS,
) -> tuple[Floats, Bools]:
    """Fit a covariance structure to the replicates of a sample.

    Parameters
    ----------
    structure : Structure
    covariance : ndarray, shape (B, p, p)
        Symmetric, divisor n.
    start : ndarray, shape (k,)
        The solution of the sample.
    tolerance : float
        Largest |dF/dθ| to end with, parameters in standard deviation units of the items.
    limit : int
        Most evaluations of BFGS.
    trials : int
        Most trials of Newton's method for an element that BFGS has left.

    Returns
    -------
    theta : ndarray, shape (B, k)
        In the units of the covariance matrix; where not converged, the last place reached; NaN
        where there was nothing to fit.
    converged : ndarray of bool, shape (B,)
        Also where the solution is not admissible.

    Raises
    ------
    ValueError
        If the shapes disagree.

    Notes
    -----
    A structure with an indicator of several constructs, or without an expected information at the
    start, is fitted by `ml_fit.fit_ml`.

    References
    ----------
    Jöreskog (1969), Psychometrika 34, 183-202; Nocedal & Wright (2006), Numerical Optimization,
    ch. 3 and 6.

    Examples
    --------
    Just identified, with λ₂ = s₂₃/s₁₃ and λ₃ = s₂₃/s₁₂; the second matrix is not definite:

    >>> one = Structure(
    ...     loadings=np.array([[1.0], [0.0], [0.0]]), paths=np.zeros((1, 1)),
    ...     disturbances=np.zeros((1, 1)), errors=np.zeros((3, 3)),
    ...     matrix=np.array([0, 0, 2, 3, 3, 3]), rows=np.array([1, 2, 0, 0, 1, 2]),
    ...     columns=np.array([0, 0, 0, 0, 1, 2]))
    >>> S = np.array([[1.0, 0.5, 0.4], [0.5, 1.0, 0.6], [0.4, 0.6, 1.0]])
    >>> start = np.array([1, 1, 0.5, 0.5, 0.5, 0.5])
    >>> theta, converged = refit_fast(one, np.stack([S, S - np.eye(3)]), start)
    >>> theta[0, :2].round(6).tolist(), converged.tolist()
    ([1.5, 1.2], [True, False])
    """
    p, batch = len(structure.loadings), len(covariance)
    if covariance.shape != (batch, p, p) or start.shape != (structure.size,):
        raise ValueError(f"covariance must have shape (B, {p}, {p}) and start ({structure.size},)")
    plan, guide = plan_simple(structure), _guide(structure, start)
    if plan is None or guide is None:
        found = fit_ml(structure, covariance, start, tolerance=tolerance, limit=limit)
        return found.theta, found.converged
    theta, converged = np.full((batch, structure.size), np.nan), np.zeros(batch, dtype=bool)
    smallest, logs = correlation_pivots(covariance)
    usable = np.flatnonzero(smallest > SINGULAR)
    for at in range(0, len(usable), CHUNK):
        which = usable[at : at + CHUNK]
        work = _descend(plan, covariance[which], logs[which], start, guide, (tolerance, limit))
        _finish(work, tolerance, trials)
        theta[which], converged[which] = work.theta, work.slope <= tolerance
    return theta, converged


def _guide(structure: Structure, start: Floats) -> Floats | None:
    """Inverse (k, k) of F's expected Hessian at the start, None where there is none."""
    hessian = 2.0 * information(structure, locate(structure, start[None]))
    roots = np.sqrt(np.diagonal(hessian, axis1=-2, axis2=-1))
    if not (roots > 0).all():
        return None
    square = roots[:, :, None] * roots[:, None, :]
    inverse, _, ok = invert_positive(hessian / square)
    return np.asarray(inverse[0] / square[0]) if ok[0] else None


@dataclass(slots=True, eq=False)
class _Work:
    """Replicates and how far they have come, batch first."""

    plan: Plan
    sample: Floats
    units: Floats
    logs: Floats
    theta: Floats
    slope: Floats

    def evaluate(self, theta: Floats, which: Ints) -> tuple[Floats, Floats]:
        """F (b,) and its gradient (b, k) at places of some elements; NaN where undefined."""
        sample, count = self.sample[which], len(which)
        found = slope(self.plan, pad_lone(last(theta)), pad_lone(last(sample)))
        value = found.value[:count] - self.logs[which]
        slopes = np.ascontiguousarray(found.gradient[:, :count].T)
        errors = self.plan.places[Matrix.ERRORS]
        variances = np.diagonal(sample, axis1=-2, axis2=-1)[:, errors.rows]
        shares = (theta[:, errors.at] / variances).min(axis=1, initial=1.0)
        # there the formulas through the constructs do not hold
        general = np.flatnonzero(shares <= SMALLEST_ERROR)
        if general.size:
            point = locate(self.plan.structure, theta[general])
            value[general] = discrepancy(point, sample[general])
            slopes[general] = gradient(self.plan.structure, point, sample[general])
        return value, slopes

    def largest(self, slopes: Floats, which: Ints) -> Floats:
        """Largest derivative (b,), parameters in standard deviation units."""
        found = np.abs(slopes * self.units[which]).max(axis=1, initial=0.0)
        return np.asarray(np.where(np.isfinite(found), found, np.inf))


def _descend(
    plan: Plan,
    sample: Floats,
    logs: Floats,
    start: Floats,
    guide: Floats,
    until: tuple[float, int],
) -> _Work:
    """Go by BFGS as far as it leads."""

    def evaluate(theta: Floats, data: Floats) -> tuple[Floats, Floats]:
        found = slope(plan, theta, data)
        return found.value, found.gradient

    units = parameter_units(plan.structure, np.sqrt(np.diagonal(sample, axis1=-2, axis2=-1)))
    places = np.repeat(start[None], len(sample), axis=0)
    begin, data, unit = (pad_lone(last(array)) for array in (places, sample, units))
    found = descend(evaluate, begin, data, guide, unit, *until)
    size = len(sample)
    theta = np.ascontiguousarray(found.theta[:, :size].T)
    return _Work(plan, sample, units, logs, theta, found.slope[:size])


def _finish(work: _Work, tolerance: float, trials: int) -> None:
    """Go on by Newton's method where BFGS has not ended."""
    which = np.flatnonzero(work.slope > tolerance)
    spent = np.zeros(len(which), dtype=np.intp)
    while which.size:
        value, slopes = work.evaluate(work.theta[which], which)
        work.slope[which] = work.largest(slopes, which)
        open_ = (work.slope[which] > tolerance) & np.isfinite(work.slope[which])
        open_ &= spent < trials
        which, spent = which[open_], spent[open_]
        if which.size:
            direction = _direction(work, value[open_], slopes[open_], which)
            tries = _search(work, value[open_], slopes[open_], direction, which)
            # without a good step an element stays where it is
            moved = tries > 0
            which, spent = which[moved], (spent + tries)[moved]


def _direction(work: _Work, value: Floats, slopes: Floats, which: Ints) -> Floats:
    """Newton's direction, or that of scoring where the Hessian is not positive definite."""
    structure, theta = work.plan.structure, work.theta[which]
    point = locate(structure, theta)
    hessian, roots = curvature(structure, theta, point, work.sample[which])
    scaled = pad_lone(last(slopes)) / roots
    step, definite = solve_definite(hessian, scaled)
    other = np.flatnonzero(~definite[: len(which)])
    if other.size:
        expected = pad_lone(last(2.0 * information(structure, locate(structure, theta[other]))))
        root = pad_lone(roots[:, other])
        expected /= root[:, None] * root
        expected[np.arange(len(root)), np.arange(len(root))] += RIDGE
        step[:, other] = solve_definite(expected, pad_lone(scaled[:, other]))[0][:, : other.size]
    fall = (step * scaled).sum(axis=0) / 2
    reach = np.full_like(fall, _REACH)
    reach[: len(which)] *= 1.0 + np.abs(value)
    shorter = np.sqrt(reach / np.maximum(fall, reach))
    return np.ascontiguousarray((-step * shorter / roots)[:, : len(which)].T)


def _search(work: _Work, value: Floats, slopes: Floats, direction: Floats, which: Ints) -> Ints:
    """Take the longest good step; return how many were tried (b,), 0 where none was good."""
    before = (slopes * direction).sum(axis=1)
    start, tries = work.theta[which], np.zeros(len(which), dtype=np.intp)
    waiting, first = np.flatnonzero(np.isfinite(before)), 0
    for many in _ROUNDS:
        if not waiting.size:
            break
        lengths = _SHRINK ** np.arange(first, first + many)
        each = np.repeat(waiting, many)
        step = np.tile(lengths, len(waiting))
        trial = start[each] + step[:, None] * direction[each]
        found, after = work.evaluate(trial, which[each])
        after = (after * direction[each]).sum(axis=1)
        good = acceptable(value[each], found, step * before[each], before[each], after)
        good = good.reshape(len(waiting), many)
        some, pick = good.any(axis=1), good.argmax(axis=1)
        taken = waiting[some]
        work.theta[which[taken]] = trial.reshape(len(waiting), many, -1)[some, pick[some]]
        tries[taken] = first + 1 + pick[some]
        waiting, first = waiting[~some], first + many
    return tries
