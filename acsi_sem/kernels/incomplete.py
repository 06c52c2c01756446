"""The normal likelihood of incomplete rows: value, slopes, information and scores by patterns.

Every pattern's Σ is inverted in the rows and columns it has answers to, and holds zero elsewhere,
so that patterns are a batch axis and nothing is gathered. Needs moments per missing pattern;
scores need their fourth-order roots (see `acsi_sem.kernels.patterns`).

Derivatives are with respect to μ (p,) and Σ; those by Σ are symmetric matrices G with
dl = tr(G dΣ), or by vech Σ, the lower triangle row by row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acsi_sem.kernels.covariance import invert_positive
from acsi_sem.kernels.lisrel import Floats
from acsi_sem.kernels.patterns import PatternMoments, split_root, vech_places

_LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A mean and a covariance matrix, judged by the patterns.

    Attributes
    ----------
    mean : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
    inverse : ndarray, shape (J, p, p)
        W: Σ⁻¹ of the answered indicators, zero elsewhere.
    pull : ndarray, shape (J, p)
        W (m - μ), m the pattern's mean.
    spread : ndarray, shape (J, p, p)
        W T W, T the pattern's mean square about μ.
    value : float
        Log-likelihood.
    """

    mean: Floats
    covariance: Floats
    inverse: Floats
    pull: Floats
    spread: Floats
    value: float


def stand(moments: PatternMoments, mean: Floats, covariance: Floats) -> Place | None:
    """Judge a mean (p,) and a covariance matrix (p, p); None when it is not positive definite.

    Examples
    --------
    >>> from acsi_sem.kernels.patterns import complete_moments
    >>> one = complete_moments(np.array([0.0]), np.array([[1.0]]), 2.0)
    >>> place = stand(one, np.zeros(1), np.eye(1))
    >>> round(place.value, 6)
    -2.837877
    >>> stand(one, np.zeros(1), -np.eye(1)) is None
    True
    """
    if not invert_positive(covariance[None])[2][0]:
        return None
    both = moments.observed[:, :, None] & moments.observed[:, None, :]
    inverse, log_determinant, ok = invert_positive(np.where(both, covariance, np.eye(len(mean))))
    if not ok.all():
        return None
    inverse = np.where(both, inverse, 0.0)
    residual = np.where(moments.observed, moments.mean - mean, 0.0)
    scatter = moments.covariance + residual[:, :, None] * residual[:, None, :]
    trace = np.einsum("jab,jab->j", inverse, scatter)
    size = moments.observed.sum(axis=1)
    value = -0.5 * float(moments.weight @ (size * _LOG_2PI + log_determinant + trace))
    pull = np.einsum("jab,jb->ja", inverse, residual)
    return Place(mean, covariance, inverse, pull, inverse @ scatter @ inverse, value)


def slopes(moments: PatternMoments, place: Place) -> tuple[Floats, Floats]:
    """Return the derivatives of the log-likelihood: by μ, shape (p,), and G, shape (p, p)."""
    by_mean: Floats = moments.weight @ place.pull
    by_covariance = 0.5 * np.einsum("j,jab->ab", moments.weight, place.spread - place.inverse)
    return by_mean, by_covariance


def vech_slopes(by_covariance: Floats) -> Floats:
    """Return derivatives by vech Σ, shape (..., q), from G, shape (..., p, p)."""
    rows, columns = vech_places(by_covariance.shape[-1])
    return by_covariance[..., rows, columns] * np.where(rows == columns, 1.0, 2.0)


def information(moments: PatternMoments, place: Place, *, observed: bool = True) -> Floats:
    """Return the information about (μ, vech Σ) in all rows.

    Parameters
    ----------
    moments : PatternMoments
    place : Place
    observed : bool
        True: the negative Hessian of the log-likelihood. False: its expectation given which
        indicators were answered, which is never indefinite.

    Returns
    -------
    ndarray, shape (p + q, p + q)

    References
    ----------
    Savalei (2010), Psychological Methods 15, 352-367: observed and expected information with
    missing data.
    """
    p = len(place.mean)
    rows, columns = vech_places(p)
    half = np.where(rows == columns, 0.5, 1.0)
    curved = 2.0 * place.spread - place.inverse if observed else place.inverse
    flat = place.inverse.reshape(-1, p * p)
    other = (moments.weight[:, None, None] * curved).reshape(-1, p * p)
    pair = (flat.T @ other).reshape(p, p, p, p)
    a, b, c, d = rows[:, None], columns[:, None], rows[None], columns[None]
    sums = pair[b, c, d, a] + pair[b, d, c, a] + pair[a, c, d, b] + pair[a, d, c, b]
    crossed = np.zeros((p, len(rows)))
    if observed:
        weighted = moments.weight[:, None] * place.pull
        pulled = (flat.T @ weighted).reshape(p, p, p)
        crossed = half * (pulled[:, rows, columns] + pulled[:, columns, rows])
    by_mean = np.einsum("j,jab->ab", moments.weight, place.inverse)
    return np.block([[by_mean, crossed], [crossed.T, 0.5 * np.outer(half, half) * sums]])


def scores(moments: PatternMoments, place: Place) -> tuple[Floats, Floats]:
    """Return rows whose outer products sum to those of the casewise (weighted) scores.

    Parameters
    ----------
    moments : PatternMoments
        With fourth-order roots.
    place : Place

    Returns
    -------
    by_mean : ndarray, shape (R, p)
    by_covariance : ndarray, shape (R, p, p)
        G of each row.

    Raises
    ------
    ValueError
        If the moments have no fourth order.
    """
    if not len(moments.root):
        raise ValueError("the scores need fourth-order sums: call pattern_sums with fourth=True")
    one, first, second = split_root(moments.root, len(place.mean))
    centre = place.mean - moments.origin
    inverse = place.inverse[moments.pattern]
    crossed = first[:, :, None] * centre
    square = one[:, None, None] * np.outer(centre, centre)
    scatter = second - crossed - crossed.mT + square
    by_mean = np.einsum("rab,rb->ra", inverse, first - one[:, None] * centre)
    return by_mean, 0.5 * (inverse @ scatter @ inverse - one[:, None, None] * inverse)
