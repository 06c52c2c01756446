"""Covariance matrices such as a bootstrap of the 2015 survey draws, from stored moments."""

from __future__ import annotations

from functools import cache

import numpy as np
from golden_data import Floats, moments


@cache
def replicates(subset: str, count: int) -> Floats:
    """Draw covariance matrices (count, 13, 13) by the normal limit of the bootstrap."""
    found = moments(subset)
    values, vectors = np.linalg.eigh(found.z_cov / found.n)
    rng = np.random.Generator(np.random.PCG64(7))
    draws = rng.standard_normal((count, len(values))) * np.sqrt(np.maximum(values, 0.0))
    z = found.z_mean + draws @ vectors.T
    p = len(found.names)
    covariance = np.zeros((count, p, p))
    covariance[:, found.vech_rows, found.vech_columns] = z[:, p:]
    covariance[:, found.vech_columns, found.vech_rows] = z[:, p:]
    covariance -= z[:, :p, None] * z[:, None, :p]
    covariance.setflags(write=False)
    return covariance
