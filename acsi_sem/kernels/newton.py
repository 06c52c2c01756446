"""Newton's method with step control for each element of a batch: robust where BFGS is fast.

The direction is Newton's where the observed Hessian is positive definite, else that of Fisher
scoring; steps are shortened until F falls. Stacked arrays, batch first; LAPACK is called matrix
by matrix, so that an element's numbers do not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.covariance import invert_positive
from acsi_sem.kernels.lisrel import Bools, Floats, Ints
from acsi_sem.kernels.quasi_newton import acceptable

RIDGE: Final = 1e-8
"""Added to an expected information with unit diagonal, against directions without any."""

_SHRINK: Final = 0.4
_TRIES: Final = 30
_REACH: Final = 0.5
"""Largest predicted fall of F in units of 1 + |F|: longer steps trust the curvature too far."""


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """What is to be minimised. The second argument numbers the elements (b,) asked about.

    Attributes
    ----------
    slope : callable
        (theta (b, k), which) -> F (b,), gradient (b, k); NaN where undefined.
    curvature : callable
        (theta (b, k), which) -> Hessian of F and its expectation, each (b, k, k).
    """

    slope: Callable[[Floats, Ints], tuple[Floats, Floats]]
    curvature: Callable[[Floats, Ints], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True, eq=False)
class Minimum:
    """Where the elements ended.

    Attributes
    ----------
    theta : ndarray, shape (B, k)
    value : ndarray, shape (B,)
        F; NaN where it was not defined at the start.
    slope : ndarray, shape (B,)
        Largest |units · gradient|; infinite where F was not defined at the start.
    iterations : ndarray of int, shape (B,)
        Newton steps.
    """

    theta: Floats
    value: Floats
    slope: Floats
    iterations: Ints


def minimise(
    objective: Objective, start: Floats, units: Floats, tolerance: float, limit: int
) -> Minimum:
    """Minimise each element's F.

    Parameters
    ----------
    objective : Objective
    start : ndarray, shape (B, k)
    units : ndarray, shape (B, k)
        Units of the parameters; the slope is the largest |units · gradient|.
    tolerance : float
        Slope at which an element is done.
    limit : int
        Most steps.

    Returns
    -------
    Minimum

    References
    ----------
    Dennis & Schnabel (1983), Numerical Methods for Unconstrained Optimization, ch. 5 and 6;
    Lee & Jennrich (1979), Psychometrika 44, 99-113, for scoring.

    Examples
    --------
    >>> objective = Objective(
    ...     slope=lambda t, which: (np.cosh(t[:, 0]), np.sinh(t)),
    ...     curvature=lambda t, which: (np.cosh(t)[:, :, None],) * 2)
    >>> found = minimise(objective, np.array([[1.0], [0.0]]), np.ones((2, 1)), 1e-9, 20)
    >>> bool(abs(found.theta).max() < 1e-9), found.iterations.tolist()
    (True, [4, 0])
    """
    theta, batch = start.copy(), len(start)
    value, gradient = objective.slope(start, np.arange(batch))
    value = np.where(np.isfinite(gradient).all(axis=1), value, np.nan)
    iterations = np.zeros(batch, dtype=np.intp)
    stalled = np.isnan(value)
    for _ in range(limit):
        which = np.flatnonzero(~stalled & (_largest(gradient, units) > tolerance))
        if not which.size:
            break
        direction = _direction(objective, theta[which], value[which], gradient[which], which)
        found = _search(objective, theta[which], value[which], gradient[which], direction, which)
        theta[which], value[which], gradient[which] = found[:3]
        stalled[which] = ~found[3]
        iterations[which] += 1
    slope = np.where(np.isnan(value), np.inf, _largest(gradient, units))
    return Minimum(theta, value, slope, iterations)


def _largest(gradient: Floats, units: Floats) -> Floats:
    return np.asarray(np.abs(gradient * units).max(axis=1, initial=0.0))


def _direction(
    objective: Objective, theta: Floats, value: Floats, gradient: Floats, which: Ints
) -> Floats:
    """Newton's direction, or that of scoring where the Hessian is not positive definite."""
    hessian, expected = objective.curvature(theta, which)
    diagonal = np.diagonal(expected, axis1=-2, axis2=-1)
    roots = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    square = roots[:, :, None] * roots[:, None, :]
    inverse, _, definite = invert_positive(hessian / square)
    if not definite.all():
        ridge = RIDGE * np.eye(theta.shape[1])
        inverse[~definite] = invert_positive((expected / square)[~definite] + ridge)[0]
    scaled = gradient / roots
    direction = -(inverse @ scaled[:, :, None])[:, :, 0]
    fall, reach = -(direction * scaled).sum(axis=1) / 2, _REACH * (1.0 + np.abs(value))
    shorter = np.sqrt(reach / np.maximum(fall, reach))
    return np.asarray(direction * shorter[:, None] / roots)


def _search(
    objective: Objective,
    theta: Floats,
    value: Floats,
    gradient: Floats,
    direction: Floats,
    which: Ints,
) -> tuple[Floats, Floats, Floats, Bools]:
    """Shorten the step until it is good: new theta, F and gradient, and whether there was one."""
    theta, value, gradient = theta.copy(), value.copy(), gradient.copy()
    before = (gradient * direction).sum(axis=1)
    done: Bools = np.zeros(len(theta), dtype=bool)
    step = 1.0
    for _ in range(_TRIES):
        open_ = np.flatnonzero(~done & np.isfinite(before))
        if not open_.size:
            break
        trial = theta[open_] + step * direction[open_]
        found, slopes = objective.slope(trial, which[open_])
        after = (slopes * direction[open_]).sum(axis=1)
        good = acceptable(value[open_], found, step * before[open_], before[open_], after)
        taken = open_[good]
        theta[taken], value[taken], gradient[taken] = trial[good], found[good], slopes[good]
        done[taken] = True
        step *= _SHRINK
    return theta, value, gradient, done
