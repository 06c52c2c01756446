"""Incomplete answers for tests, and their likelihood row by row from scipy."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from acsi_sem.kernels.patterns import PatternMoments, pattern_moments, pattern_sums

Floats = NDArray[np.float64]


def punch(values: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Take away answers completely at random; every row keeps one."""
    holes = rng.random(values.shape) < share
    holes[np.arange(len(values)), rng.integers(values.shape[1], size=len(values))] = False
    return np.where(holes, np.nan, values)


def skewed(covariance: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Draw rows (n, p) around 5 with a given population covariance matrix and thick tails."""
    normal = rng.standard_normal((n, len(covariance)))
    tails = np.sqrt(5 / rng.chisquare(5, size=(n, 1)) * 3 / 5)
    return np.asarray(5 + (normal * tails) @ np.linalg.cholesky(covariance).T)


def moments_of(
    values: Floats, weights: Floats | None = None, *, squared: bool = True
) -> PatternMoments:
    """Return the moments per pattern about the origin 5."""
    origin = np.full(values.shape[1], 5.0)
    return pattern_moments(pattern_sums(values, weights, origin, squared=squared))


def row_loglikelihoods(values: Floats, mean: Floats, covariance: Floats) -> Floats:
    """Log-density (n,) of the answers each row has."""
    from scipy.stats import multivariate_normal

    found = np.zeros(len(values))
    for i, row in enumerate(values):
        seen = ~np.isnan(row)
        if seen.any():
            part = covariance[np.ix_(seen, seen)]
            found[i] = multivariate_normal.logpdf(row[seen], mean[seen], part)
    return found


def random_covariance(p: int, rng: np.random.Generator) -> Floats:
    """Return a covariance matrix (p, p) far from singular."""
    root = rng.standard_normal((p, p))
    return np.asarray(root @ root.T / p + np.eye(p))


@st.composite
def incomplete(draw: st.DrawFn, smallest: int = 1) -> Floats:
    """Draw small answer tables with holes, some rows empty."""
    n, p = draw(st.integers(smallest, 12)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.integers(1, 11, size=(n, p)).astype(float)
    values[rng.random((n, p)) < draw(st.floats(0.0, 0.7))] = np.nan
    return values
