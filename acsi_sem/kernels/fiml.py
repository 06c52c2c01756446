"""Full information maximum likelihood of a covariance structure with free intercepts.

Constructs have mean 0 and every indicator its own intercept ν, so that μ = ν and Σ = Σ(θ).
Parameters stand as (θ, ν). Needs moments per missing pattern; robust standard errors need their
fourth-order roots. One fit at a time: the patterns are the batch axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acsi_sem.kernels.covariance import invert_positive
from acsi_sem.kernels.descent import Spot, descend
from acsi_sem.kernels.incomplete import (
    Place,
    information,
    scores,
    slopes,
    stand,
    vech_slopes,
)
from acsi_sem.kernels.lisrel import Floats, Implied, Structure, imply
from acsi_sem.kernels.patterns import PatternMoments, vech_places
from acsi_sem.kernels.structure_slopes import bend, second_slopes


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """The model at some parameters, judged by the patterns."""

    theta: Floats
    implied: Implied
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class FimlFit:
    """Where the search ended.

    Attributes
    ----------
    theta : ndarray, shape (k,)
        Free parameters of the structure.
    intercepts : ndarray, shape (p,)
    setting : Setting
    value : float
        Log-likelihood.
    slope : float
        Largest absolute derivative of the log-likelihood per unit of weight.
    iterations : int
    converged : bool
    """

    theta: Floats
    intercepts: Floats
    setting: Setting
    value: float
    slope: float
    iterations: int
    converged: bool


def settle(
    structure: Structure, moments: PatternMoments, theta: Floats, intercepts: Floats
) -> Setting | None:
    """Evaluate parameters (k,) and intercepts (p,); None where Σ is not positive definite."""
    implied = imply(structure, theta[None])
    place = stand(moments, intercepts, implied.covariance[0])
    return None if place is None else Setting(theta, implied, place)


def loglikelihood_slopes(structure: Structure, moments: PatternMoments, setting: Setting) -> Floats:
    """Return the derivatives of the log-likelihood by (θ, ν), shape (k + p,)."""
    by_mean, by_covariance = slopes(moments, setting.place)
    return np.concatenate([_chain(structure, setting, by_covariance), by_mean])


def _chain(structure: Structure, setting: Setting, by_covariance: Floats) -> Floats:
    """Derivatives by θ, shape (..., k), from those by Σ, shape (..., p, p)."""
    first, second, factor = structure.factors
    vectors = setting.implied.vectors[0]
    found: Floats = 2.0 * factor * (vectors.T @ by_covariance @ vectors)[..., first, second]
    return found


def moment_slopes(structure: Structure, setting: Setting) -> Floats:
    """Return the derivatives of (μ, vech Σ) by (θ, ν), shape (p + p(p+1)/2, k + p)."""
    p = len(setting.place.mean)
    rows, columns = vech_places(p)
    slope = bend(structure, setting.implied, setting.theta).covariance[:, rows, columns].T
    k = structure.size
    return np.block([[np.zeros((p, k)), np.eye(p)], [slope, np.zeros((len(rows), p))]])


def fiml_information(
    structure: Structure, moments: PatternMoments, setting: Setting, *, observed: bool = True
) -> Floats:
    """Return the information about (θ, ν) in all rows.

    Parameters
    ----------
    structure : Structure
    moments : PatternMoments
    setting : Setting
    observed : bool
        True: the negative Hessian of the log-likelihood, analytic. False: its expectation given
        which indicators were answered; valid when answers are missing completely at random.

    Returns
    -------
    ndarray, shape (k + p, k + p)

    References
    ----------
    Kenward & Molenberghs (1998), Statistical Science 13, 236-247: why the observed one.
    """
    delta = moment_slopes(structure, setting)
    found = delta.T @ information(moments, setting.place, observed=observed) @ delta
    if observed:
        _, by_covariance = slopes(moments, setting.place)
        moved = bend(structure, setting.implied, setting.theta)
        k = structure.size
        found[:k, :k] -= second_slopes(structure, setting.implied, moved, by_covariance)
    symmetric: Floats = (found + found.T) / 2
    return symmetric


def score_products(structure: Structure, moments: PatternMoments, setting: Setting) -> Floats:
    """Return the sum of outer products of casewise scores by (θ, ν), shape (k + p, k + p)."""
    by_mean, by_covariance = scores(moments, setting.place)
    rows = np.hstack([_chain(structure, setting, by_covariance), by_mean])
    return rows.T @ rows


def saturated_score_products(moments: PatternMoments, place: Place) -> Floats:
    """Return the sum of outer products of casewise scores by (μ, vech Σ), shape (p + q, p + q)."""
    by_mean, by_covariance = scores(moments, place)
    rows = np.hstack([by_mean, vech_slopes(by_covariance)])
    return rows.T @ rows


def minimise(
    structure: Structure, moments: PatternMoments, theta: Floats, tolerance: float = 1e-10
) -> FimlFit | None:
    """Fit a structure by full information maximum likelihood.

    Parameters
    ----------
    structure : Structure
    moments : PatternMoments
        Best in standard deviation units (`acsi_sem.kernels.patterns.change_units`); `tolerance`
        is in the units given.
    theta : ndarray, shape (k,)
        Start, e.g. the complete-data solution for the moments of `acsi_sem.kernels.em.saturate`.
        The intercepts start where they are best at this Σ.
    tolerance : float
        For `FimlFit.slope`.

    Returns
    -------
    FimlFit or None
        None when Σ at the start is not positive definite. Newton steps with the observed
        information; scoring steps where it is not positive definite.

    References
    ----------
    Arbuckle (1996), in Marcoulides & Schumacker, Advanced Structural Equation Modeling.

    Examples
    --------
    >>> from acsi_sem.kernels.patterns import complete_moments
    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> data = complete_moments(np.array([5.0]), np.array([[4.0]]), 10.0)
    >>> fit = minimise(one, data, np.ones(1))
    >>> fit.theta.round(9).tolist(), fit.intercepts.round(9).tolist(), fit.converged
    ([4.0], [5.0], True)
    """
    k = structure.size

    def evaluate(x: Floats) -> Spot[Setting] | None:
        setting = settle(structure, moments, x[:k], x[k:])
        if setting is None:
            return None
        gradient = -loglikelihood_slopes(structure, moments, setting) / moments.n
        return Spot(x, -setting.place.value / moments.n, gradient, setting)

    def curvature(spot: Spot[Setting], observed: bool) -> Floats:
        return fiml_information(structure, moments, spot.state, observed=observed) / moments.n

    intercepts = _best_intercepts(structure, moments, theta)
    start = None if intercepts is None else evaluate(np.concatenate([theta, intercepts]))
    if start is None:
        return None
    found = descend(evaluate, curvature, start, tolerance=tolerance)
    x, value = found.spot.x, found.spot.state.place.value
    return FimlFit(
        theta=x[:k],
        intercepts=x[k:],
        setting=found.spot.state,
        value=value,
        slope=found.spot.slope,
        iterations=found.iterations,
        converged=found.converged,
    )


def _best_intercepts(structure: Structure, moments: PatternMoments, theta: Floats) -> Floats | None:
    """The intercepts (p,) of highest likelihood given Σ(θ): one step, as l is quadratic in μ."""
    at = settle(structure, moments, theta, np.zeros(moments.observed.shape[1]))
    if at is None:
        return None
    by_mean, _ = slopes(moments, at.place)
    held = np.einsum("j,jab->ab", moments.weight, at.place.inverse)
    return np.asarray(np.linalg.lstsq(held, by_mean)[0])


def parameter_covariance(observed: Floats, products: Floats | None = None) -> Floats | None:
    """Return the covariance matrix of estimates from information and score products.

    Parameters
    ----------
    observed : ndarray, shape (m, m)
        Observed information A in all rows.
    products : ndarray, shape (m, m), or None
        Sum B of outer products of casewise scores.

    Returns
    -------
    ndarray, shape (m, m), or None
        A⁻¹, or A⁻¹ B A⁻¹ (Huber-White) with `products`; None when A is not positive definite.

    References
    ----------
    Huber (1967), Fifth Berkeley Symposium 1, 221-233; White (1982), Econometrica 50, 1-25.

    Examples
    --------
    >>> parameter_covariance(np.array([[4.0]]), np.array([[8.0]])).tolist()
    [[0.5]]
    """
    diagonal = np.diag(observed)
    if not (diagonal > 0).all():
        return None
    root = np.sqrt(diagonal)
    inverse, _, ok = invert_positive((observed / np.outer(root, root))[None])
    if not ok[0]:
        return None
    bread: Floats = inverse[0] / np.outer(root, root)
    return bread if products is None else bread @ products @ bread
