"""What PLS and OLS find in moments of a population: the truth that their estimates aim at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.index import index_points
from acsi_sem.kernels.moments import correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.regression import regressions
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Moments of the answers of B populations.

    Attributes
    ----------
    covariance : ndarray, shape (B, p, p)
        Of those who answer everything.
    mean : ndarray, shape (B, p)
        Of every answer to an item.
    """

    covariance: Floats
    mean: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What one engine finds in B populations.

    Attributes
    ----------
    index : ndarray, shape (B, q)
        0-100.
    weights : ndarray, shape (B, p)
        On standardised items; constructs have unit variance.
    paths : ndarray, shape (B, q, q)
        ``[b, target, source]``: standardised for PLS, in points per point for OLS.
    """

    index: Floats
    weights: Floats
    paths: Floats


def scale_ends(model: Model) -> tuple[Floats, Floats]:
    """Return the ends of every indicator's scale, two arrays of shape (p,)."""
    ends = np.array([(item.low, item.high) for item in model.indicators], dtype=float)
    return ends[:, 0], ends[:, 1]


def pls_truth(model: Model, population: Population) -> Truth:
    """Return what PLS with the path scheme finds; NaN for a population that it cannot solve.

    Notes
    -----
    As `acsi_sem.estimators.pls.estimate_pls`.
    """
    modes = np.array([c.mode == "B" and len(c.indicators) > 1 for c in model.constructs])
    correlation = correlations(population.covariance)
    found = pls(correlation, blocks(model), adjacency(model), "path", modes=modes)
    used = np.where(found.converged[:, None], found.weights, np.nan)
    deviation = np.sqrt(np.einsum("bii->bi", population.covariance))
    index = index_points(population.mean, used / deviation, *scale_ends(model), blocks(model))
    return Truth(index, used, np.where(found.converged[:, None, None], found.paths, np.nan))


def ols_truth(model: Model, population: Population) -> Truth:
    """Return what regressions of equally weighted scores find.

    Notes
    -----
    As `acsi_sem.estimators.ols.estimate_ols`.
    """
    low, high = scale_ends(model)
    block = blocks(model)
    share = 100.0 / (high - low) / np.bincount(block)[block]
    turn = np.zeros((len(model.constructs), block.size))
    turn[block, np.arange(block.size)] = share
    paths = regressions(turn @ population.covariance @ turn.T, adjacency(model)).coefficients
    weights = np.broadcast_to(share / 100.0, population.mean.shape)
    return Truth((population.mean - low) @ turn.T, weights, paths)
