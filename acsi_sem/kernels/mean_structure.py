"""Means as one more indicator: a mean structure is a covariance structure of moments about zero.

Let 1 be an indicator that always equals one, the only one of a construct with variance 1. Then

    M = [[S + m m', m], [m', 1]]  and  Σ* = [[Σ + μ μ', μ], [μ', 1]]

give log|Σ*| + tr(M Σ*⁻¹) - log|M| - (p + 1) = F(S, Σ) + (m - μ)'Σ⁻¹(m - μ), the discrepancy with
means, and every derivative carries over. Intercepts ν are loadings on that construct; means of
constructs (intercepts α) are paths from it: μ = ν + ΛEα. First and second moments only.
"""

from __future__ import annotations

import numpy as np

from acsi_sem.kernels.lisrel import Floats, Ints, Matrix, Structure


def with_means(structure: Structure, items: Ints, constructs: Ints) -> Structure:
    """Add a mean structure.

    Parameters
    ----------
    structure : Structure
        p items, q constructs, k free parameters.
    items : ndarray of int
        Items whose intercepts are free; the others' are 0.
    constructs : ndarray of int
        Constructs whose means (intercepts, where paths lead to them) are free; the others' are 0.

    Returns
    -------
    Structure
        p + 1 items, q + 1 constructs, the last of each standing for 1; free parameters: the k
        old ones, then the intercepts, then the means.

    Examples
    --------
    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> both = with_means(one, np.array([0]), np.array([], dtype=int))
    >>> from acsi_sem.kernels.lisrel import implied_covariance
    >>> implied_covariance(both, np.array([[4.0, 3.0]])).tolist()
    [[[13.0, 3.0], [3.0, 1.0]]]
    """
    p, q = structure.loadings.shape
    loadings, paths, disturbances, errors = (np.pad(f, (0, 1)) for f in structure.fixed)
    loadings[p, q] = disturbances[q, q] = 1.0
    kinds = [Matrix.LOADINGS] * len(items) + [Matrix.PATHS] * len(constructs)
    added = len(kinds)
    return Structure(
        loadings=loadings,
        paths=paths,
        disturbances=disturbances,
        errors=errors,
        matrix=np.concatenate([structure.matrix, np.array(kinds, dtype=np.intp)]),
        rows=np.concatenate([structure.rows, items, constructs]).astype(np.intp),
        columns=np.concatenate([structure.columns, np.full(added, q)]).astype(np.intp),
    )


def join_moments(mean: Floats, covariance: Floats) -> Floats:
    """Return M.

    Parameters
    ----------
    mean : ndarray, shape (..., p)
    covariance : ndarray, shape (..., p, p)

    Returns
    -------
    ndarray, shape (..., p + 1, p + 1)
        Moments about zero of the items and of 1.

    Examples
    --------
    >>> join_moments(np.array([3.0]), np.array([[4.0]])).tolist()
    [[13.0, 3.0], [3.0, 1.0]]
    """
    p = mean.shape[-1]
    joined = np.ones((*mean.shape[:-1], p + 1, p + 1))
    joined[..., :p, :p] = covariance + mean[..., :, None] * mean[..., None, :]
    joined[..., :p, p] = joined[..., p, :p] = mean
    return joined


def split_moments(joined: Floats) -> tuple[Floats, Floats]:
    """Return mean (..., p) and covariance (..., p, p), the inverse of `join_moments`."""
    mean = joined[..., :-1, -1]
    return mean, joined[..., :-1, :-1] - mean[..., :, None] * mean[..., None, :]
