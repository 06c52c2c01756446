"""Maximum likelihood fits of one covariance structure to many covariance matrices.

From a common start (the solution of the whole sample, for its replicates) a structure whose
indicators each load on one construct is fitted by BFGS in batches; every other case, and what
BFGS leaves unfinished, by Newton's method with step control, matrix by matrix.

Second moments only (complete-case covariance matrix, divisor n). Batch axis first. An element that
cannot be fitted is flagged and keeps its place. Its numbers do not depend on its neighbours, to
the last bit, as long as BLAS runs on one thread.
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
from acsi_sem.kernels.lisrel import (
    Bools,
    Floats,
    Ints,
    Matrix,
    Structure,
    fill,
    reduced_form,
    scale_factors,
)
from acsi_sem.kernels.newton import Minimum, Objective, minimise
from acsi_sem.kernels.observed_information import observed_information
from acsi_sem.kernels.quasi_newton import descend
from acsi_sem.kernels.simple_structure import Plan, plan_simple, slope
from acsi_sem.kernels.small_linalg import correlation_pivots, last, pad_lone

SLOPE: Final = 1e-8
"""Largest |dF/dθ| of a converged fit, parameters in standard deviation units of the items."""

POLISHED: Final = 1e-10
"""The same after `polish`."""

SINGULAR: Final = 1e-10
"""Share of a variance, unexplained by the other variables, that counts as none."""

NEGATIVE: Final = -1e-9
"""A variance below this, in the items' standard deviation units, is negative."""

CHUNK: Final = 2000
"""Elements fitted together by BFGS: as many as the second level cache holds."""

STACK: Final = 64
"""Elements fitted together by Newton's method."""


@dataclass(frozen=True, slots=True, eq=False)
class MlFit:
    """Solutions and how they ended.

    Attributes
    ----------
    theta : ndarray, shape (B, k)
        In the units of the covariance matrix; where not converged, the last place reached; NaN
        where there was nothing to fit.
    discrepancy : ndarray, shape (B,)
        F there (see `covariance.discrepancy`); NaN where there was nothing to fit.
    gradient : ndarray, shape (B,)
        Largest |dF/dθ|, parameters in standard deviation units; infinite where undefined.
    converged : ndarray of bool, shape (B,)
    iterations : ndarray of int, shape (B,)
        Steps tried by BFGS and taken by Newton's method.
    definite : ndarray of bool, shape (B,)
        False where the sample's covariance matrix is not finite and positive definite.
    negative : ndarray of bool, shape (B, k)
        Free variances that are negative (Heywood cases).
    improper : ndarray of bool, shape (B,)
        True where the covariance matrix of the constructs is not positive definite.
    """

    theta: Floats
    discrepancy: Floats
    gradient: Floats
    converged: Bools
    iterations: Ints
    definite: Bools
    negative: Bools
    improper: Bools

    @property
    def admissible(self) -> Bools:
        """True where the fit converged to a proper solution, shape (B,)."""
        return np.asarray(self.converged & ~self.improper & ~self.negative.any(axis=1))


def construct_units(structure: Structure, deviations: Floats) -> Floats:
    """Return the unit of each construct.

    Parameters
    ----------
    structure : Structure
    deviations : ndarray, shape (B, p)
        Standard deviations of the items.

    Returns
    -------
    ndarray, shape (B, q)
        That of the first item whose loading is fixed, over that loading; 1 where there is none.

    Examples
    --------
    >>> one = Structure(np.array([[2.0]]), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([3]), rows=np.array([0]), columns=np.array([0]))
    >>> construct_units(one, np.array([[3.0]]))
    array([[1.5]])
    """
    fixed = structure.loadings != 0
    marker = fixed.argmax(axis=0)
    loading = np.abs(structure.loadings[marker, np.arange(len(marker))])
    marked = fixed.any(axis=0)
    units = deviations[:, marker] / np.where(marked, loading, 1.0)
    return np.where(marked, units, 1.0)


def parameter_units(structure: Structure, deviations: Floats) -> Floats:
    """Units (B, k) of the parameters for items with the standard deviations (B, p)."""
    return scale_factors(structure, deviations, construct_units(structure, deviations))


def fit_ml(
    structure: Structure,
    covariance: Floats,
    start: Floats,
    *,
    tolerance: float = SLOPE,
    limit: int = 200,
) -> MlFit:
    """Fit a covariance structure to many covariance matrices.

    Parameters
    ----------
    structure : Structure
    covariance : ndarray, shape (B, p, p)
        Symmetric, divisor n.
    start : ndarray, shape (k,) or (B, k)
        One start for all, best the solution of the sample they are replicates of: the expected
        information there guides BFGS. Or a start for each, fitted by Newton's method.
    tolerance : float
        Largest |dF/dθ| to end with, parameters in standard deviation units of the items.
    limit : int
        Most steps of either method.

    Returns
    -------
    MlFit

    Raises
    ------
    ValueError
        If the shapes disagree.

    References
    ----------
    Jöreskog (1969), Psychometrika 34, 183-202; Lee & Jennrich (1979), Psychometrika 44, 99-113.

    Examples
    --------
    Just identified, with λ₂ = s₂₃/s₁₃ and λ₃ = s₂₃/s₁₂; the second matrix is not definite:

    >>> one = Structure(
    ...     loadings=np.array([[1.0], [0.0], [0.0]]), paths=np.zeros((1, 1)),
    ...     disturbances=np.zeros((1, 1)), errors=np.zeros((3, 3)),
    ...     matrix=np.array([0, 0, 2, 3, 3, 3]), rows=np.array([1, 2, 0, 0, 1, 2]),
    ...     columns=np.array([0, 0, 0, 0, 1, 2]))
    >>> S = np.array([[1.0, 0.5, 0.4], [0.5, 1.0, 0.6], [0.4, 0.6, 1.0]])
    >>> found = fit_ml(one, np.stack([S, S - np.eye(3)]), np.array([1, 1, 0.5, 0.5, 0.5, 0.5]))
    >>> found.theta[0, :2].round(6).tolist(), found.converged.tolist()
    ([1.5, 1.2], [True, False])
    """
    _check(structure, covariance, start)
    smallest, log_determinant = correlation_pivots(covariance)
    definite = np.asarray(smallest > SINGULAR)
    ended = _Ended.blank(len(covariance), structure.size)
    shared = start.ndim == 1
    begin = np.broadcast_to(start, (len(covariance), structure.size))
    usable = np.flatnonzero(definite & np.isfinite(begin).all(axis=1))
    units = _units_where(structure, covariance, usable)
    plan = plan_simple(structure) if shared else None
    places = begin.copy()
    if plan is not None and (guide := _inverse_hessian(structure, start)) is not None:
        for which in _chunks(usable, CHUNK):
            _by_bfgs(plan, covariance, places, guide, units, which, tolerance, limit, ended)
        ended.value -= log_determinant
    for which in _chunks(usable[ended.slope[usable] > tolerance], STACK):
        _by_newton(structure, covariance, places, units, which, tolerance, limit, ended)
    return _judged(structure, ended, units, definite, tolerance)


def polish(structure: Structure, covariance: Floats, theta: Floats) -> Floats:
    """Improve solutions until rounding ends it.

    Parameters
    ----------
    structure : Structure
    covariance : ndarray, shape (B, p, p)
        Positive definite.
    theta : ndarray, shape (B, k)
        Near the minimum.

    Returns
    -------
    ndarray, shape (B, k)
        Where |dF/dθ|, parameters in standard deviation units, is below 1e-10, or as small as
        Newton's method makes it.

    Examples
    --------
    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> polish(one, np.array([[[3.0]]]), np.array([[2.99]])).round(12).tolist()
    [[3.0]]
    """
    _check(structure, covariance, theta)
    return fit_ml(structure, covariance, theta, tolerance=POLISHED, limit=20).theta


@dataclass(slots=True, eq=False)
class _Ended:
    """What is filled in as elements end; the attributes of `MlFit`."""

    theta: Floats
    value: Floats
    slope: Floats
    iterations: Ints

    @staticmethod
    def blank(batch: int, size: int) -> _Ended:
        """Nothing fitted yet."""
        return _Ended(
            np.full((batch, size), np.nan),
            np.full(batch, np.nan),
            np.full(batch, np.inf),
            np.zeros(batch, dtype=np.intp),
        )


def _check(structure: Structure, covariance: Floats, start: Floats) -> None:
    p = len(structure.loadings)
    if covariance.ndim != 3 or covariance.shape[1:] != (p, p):
        raise ValueError(f"covariance must have shape (B, {p}, {p}), not {covariance.shape}")
    if start.shape not in ((structure.size,), (len(covariance), structure.size)):
        raise ValueError(f"start must have shape (k,) or (B, k), not {start.shape}")


def _units_where(structure: Structure, covariance: Floats, usable: Ints) -> Floats:
    """Units (B, k) of the parameters; 1 for elements that cannot be fitted."""
    units = np.ones((len(covariance), structure.size))
    variances = np.diagonal(covariance, axis1=-2, axis2=-1)[usable]
    units[usable] = parameter_units(structure, np.sqrt(variances))
    return units


def _chunks(numbers: Ints, size: int) -> list[Ints]:
    return [numbers[at : at + size] for at in range(0, len(numbers), size)]


def _inverse_hessian(structure: Structure, theta: Floats) -> Floats | None:
    """Inverse (k, k) of F's expected Hessian at `theta`, None where it is singular."""
    hessian = 2.0 * information(structure, locate(structure, theta[None]))
    roots = np.sqrt(np.diagonal(hessian, axis1=-2, axis2=-1))
    if not (roots > 0).all():
        return None
    square = roots[:, :, None] * roots[:, None, :]
    inverse, _, ok = invert_positive(hessian / square)
    return np.asarray(inverse[0] / square[0]) if ok[0] else None


def _by_bfgs(
    plan: Plan,
    covariance: Floats,
    places: Floats,
    guide: Floats,
    units: Floats,
    which: Ints,
    tolerance: float,
    limit: int,
    ended: _Ended,
) -> None:
    """Fit some elements by BFGS; `places` (B, k) are the starts and then where they ended."""

    def evaluate(theta: Floats, sample: Floats) -> tuple[Floats, Floats]:
        found = slope(plan, theta, sample)
        return found.value, found.gradient

    start, sample, unit = (pad_lone(last(a[which])) for a in (places, covariance, units))
    found = descend(evaluate, start, sample, guide, unit, tolerance, limit)
    size = len(which)
    places[which] = found.theta.T[:size]
    ended.theta[which], ended.value[which] = found.theta.T[:size], found.value[:size]
    ended.slope[which], ended.iterations[which] = found.slope[:size], found.iterations[:size]


def _by_newton(
    structure: Structure,
    covariance: Floats,
    places: Floats,
    units: Floats,
    which: Ints,
    tolerance: float,
    limit: int,
    ended: _Ended,
) -> None:
    """Fit some elements by Newton's method from `places` (B, k)."""
    objective = _objective(structure, covariance[which])
    found: Minimum = minimise(objective, places[which], units[which], tolerance, limit)
    ended.theta[which], ended.value[which] = found.theta, found.value
    ended.slope[which] = found.slope
    ended.iterations[which] += found.iterations


def _objective(structure: Structure, sample: Floats) -> Objective:
    def slopes(theta: Floats, which: Ints) -> tuple[Floats, Floats]:
        point = locate(structure, theta)
        return discrepancy(point, sample[which]), gradient(structure, point, sample[which])

    def curvature(theta: Floats, which: Ints) -> tuple[Floats, Floats]:
        point = locate(structure, theta)
        observed = observed_information(structure, theta, point, sample[which])
        return 2.0 * observed, 2.0 * information(structure, point)

    return Objective(slopes, curvature)


def _judged(
    structure: Structure, ended: _Ended, units: Floats, definite: Bools, tolerance: float
) -> MlFit:
    finite = np.asarray(np.isfinite(ended.theta).all(axis=1), dtype=bool)
    theta = np.where(finite[:, None], ended.theta, 0.0)
    negative = negative_variances(structure, theta / units) & finite[:, None]
    return MlFit(
        theta=ended.theta,
        discrepancy=ended.value,
        gradient=ended.slope,
        converged=np.asarray(ended.slope <= tolerance),
        iterations=ended.iterations,
        definite=definite,
        negative=negative,
        improper=improper_constructs(structure, theta) & finite,
    )


def negative_variances(structure: Structure, theta: Floats) -> Bools:
    """Which of the parameters (B, k), in standard deviation units, are negative variances."""
    variance = np.isin(structure.matrix, (Matrix.DISTURBANCES, Matrix.ERRORS))
    variance &= structure.rows == structure.columns
    return np.asarray(variance & (theta < NEGATIVE), dtype=bool)


def improper_constructs(structure: Structure, theta: Floats) -> Bools:
    """Where the constructs' covariance matrix at `theta` (B, k) is not positive definite, (B,)."""
    at = fill(structure, theta)
    effects = reduced_form(at.paths)
    smallest, _ = correlation_pivots(effects @ at.disturbances @ effects.mT)
    return np.asarray(~(smallest > SINGULAR), dtype=bool)
