"""Mean and covariance matrix of incomplete answers by maximum likelihood, without a model.

EM steps lead into the neighbourhood of the maximum, Newton steps finish. Both are batched over
missing patterns. The result is the alternative (h1) of full information maximum likelihood, and
serves PLS and OLS as moments of the whole sample. Needs moments per missing pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.descent import Descent, Spot, descend
from acsi_sem.kernels.incomplete import Place, information, slopes, stand, vech_slopes
from acsi_sem.kernels.lisrel import Floats
from acsi_sem.kernels.moments import Moments
from acsi_sem.kernels.patterns import PatternMoments, change_units, unvech, vech_places

_NEAR: Final = 1e-3
"""Largest derivative at which Newton steps take over from EM steps."""

_STEPS: Final = 500
_FLAT: Final = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Saturated:
    """The maximum likelihood estimate of an unrestricted mean and covariance matrix.

    Attributes
    ----------
    mean : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        Divisor n; NaN throughout when an indicator has no two different answers.
    value : float
        Log-likelihood.
    slope : float
        Largest absolute derivative of the log-likelihood per unit of weight, indicators in
        standard deviation units.
    iterations : int
        EM steps and Newton steps.
    converged : bool
        False also where the covariance matrix is singular: the likelihood has no maximum.
    """

    mean: Floats
    covariance: Floats
    value: float
    slope: float
    iterations: int
    converged: bool


def saturate(moments: PatternMoments, tolerance: float = 1e-10) -> Saturated:
    """Estimate mean and covariance matrix of incomplete answers.

    Parameters
    ----------
    moments : PatternMoments
        Fourth order is not needed.
    tolerance : float
        For `Saturated.slope`.

    Returns
    -------
    Saturated

    References
    ----------
    Dempster, Laird & Rubin (1977), J. Royal Statistical Society B 39, 1-38;
    Little & Rubin (2002), Statistical Analysis with Missing Data, section 11.2.

    Examples
    --------
    Who answered only the first item tells something about the mean of the second:

    >>> from acsi_sem.kernels.patterns import pattern_moments, pattern_sums
    >>> x = np.array([[1.0, 1.0], [2.0, 3.0], [3.0, 2.0], [6.0, np.nan]])
    >>> saturate(pattern_moments(pattern_sums(x, None, np.zeros(2)))).mean.round(6).tolist()
    [3.0, 2.5]
    """
    mean, variance = available_moments(moments)
    if not (variance > 0).all():
        blank = np.full((len(mean), len(mean)), np.nan)
        return Saturated(mean, blank, np.nan, np.nan, 0, False)
    scale = np.sqrt(variance)
    units = change_units(moments, mean, scale)
    place, steps = _approach(units)
    found = _finish(units, place, tolerance)
    at = found.spot.state
    outer = np.outer(scale, scale)
    jacobian = float(moments.weight @ (moments.observed @ np.log(scale)))
    return Saturated(
        mean=mean + scale * at.mean,
        covariance=at.covariance * outer,
        value=at.value - jacobian,
        slope=found.spot.slope,
        iterations=steps + found.iterations,
        converged=found.converged and not _singular(at.covariance),
    )


def em_moments(moments: PatternMoments, saturated: Saturated) -> Moments:
    """Return the estimate as moments of one weighting, for PLS and OLS.

    Parameters
    ----------
    moments : PatternMoments
    saturated : Saturated
        Of these moments.

    Returns
    -------
    Moments
        Batch of one. `weight` is that of all rows with an answer; `item_weight` and `item_mean`
        are of the answers each item has.

    Examples
    --------
    >>> from acsi_sem.kernels.patterns import complete_moments
    >>> data = complete_moments(np.array([5.0]), np.array([[4.0]]), 10.0)
    >>> found = em_moments(data, saturate(data))
    >>> found.weight.tolist(), found.mean.tolist(), found.covariance.tolist()
    ([10.0], [[5.0]], [[[4.0]]])
    """
    return Moments(
        weight=np.array([moments.n]),
        mean=saturated.mean[None],
        covariance=saturated.covariance[None],
        item_weight=np.diag(moments.joint_weight)[None],
        item_mean=available_moments(moments)[0][None],
    )


def available_moments(moments: PatternMoments) -> tuple[Floats, Floats]:
    """Return mean and variance (p,) of every answer each item has; NaN where nobody answered."""
    share = moments.observed * moments.weight[:, None]
    total = share.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (share * moments.mean).sum(axis=0) / total
        own = np.diagonal(moments.covariance, axis1=1, axis2=2)
        apart = np.where(moments.observed, moments.mean - mean, 0.0)
        variance = (share * (own + apart**2)).sum(axis=0) / total
    return mean, variance


def _approach(moments: PatternMoments) -> tuple[Place, int]:
    """EM steps from independent items until the slope is small or Σ turns singular."""
    p = moments.observed.shape[1]
    place = stand(moments, np.zeros(p), np.eye(p))
    assert place is not None
    for step in range(_STEPS):
        by_mean, by_covariance = slopes(moments, place)
        slope = max(np.abs(by_mean).max(), np.abs(vech_slopes(by_covariance)).max()) / moments.n
        ahead = _em_step(moments, place) if slope >= _NEAR else None
        if ahead is None or _singular(ahead.covariance):
            return ahead or place, step
        place = ahead
    return place, _STEPS


def _em_step(moments: PatternMoments, place: Place) -> Place | None:
    """One EM step: in terms of the slopes, μ + Σ g / n and Σ + 2 Σ G Σ / n less the shift's."""
    by_mean, by_covariance = slopes(moments, place)
    shift = place.covariance @ by_mean / moments.n
    change = 2.0 / moments.n * (place.covariance @ by_covariance @ place.covariance)
    covariance = place.covariance + change - np.outer(shift, shift)
    return stand(moments, place.mean + shift, (covariance + covariance.T) / 2)


def _finish(moments: PatternMoments, place: Place, tolerance: float) -> Descent[Place]:
    """Newton steps on -l/n in (μ, vech Σ)."""
    p = moments.observed.shape[1]
    rows, columns = vech_places(p)

    def spot(at: Place) -> Spot[Place]:
        by_mean, by_covariance = slopes(moments, at)
        x = np.concatenate([at.mean, at.covariance[rows, columns]])
        gradient = -np.concatenate([by_mean, vech_slopes(by_covariance)]) / moments.n
        return Spot(x, -at.value / moments.n, gradient, at)

    def evaluate(x: Floats) -> Spot[Place] | None:
        at = stand(moments, x[:p], unvech(x[None, p:], p)[0])
        return None if at is None or _singular(at.covariance) else spot(at)

    def curvature(here: Spot[Place], observed: bool) -> Floats:
        return information(moments, here.state, observed=observed) / moments.n

    return descend(evaluate, curvature, spot(place), tolerance=tolerance)


def _singular(covariance: Floats) -> bool:
    """Whether the smallest eigenvalue, variances scaled to one, is next to nothing."""
    root = np.sqrt(np.diag(covariance))
    return bool(np.linalg.eigvalsh(covariance / np.outer(root, root))[0] < _FLAT)
