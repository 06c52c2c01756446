"""Numbers of MICOM: how alike two groups' composites are made, and composites' moments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def composition(
    one: Floats, other: Floats, correlation: Floats, blocks: NDArray[np.intp]
) -> Floats:
    """Correlate the scores that two groups' outer weights make of the pooled answers.

    Parameters
    ----------
    one, other : ndarray, shape (B, p)
        Outer weights of B fits of either group, on standardised indicators.
    correlation : ndarray, shape (p, p)
        Correlations of the indicators in the pooled sample.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct, 0 to q-1.

    Returns
    -------
    ndarray, shape (B, q)
        The correlation c of each construct, w1' R w2 / sqrt(w1' R w1 w2' R w2). Exactly 1 for a
        construct of a single indicator; NaN where a weight is.

    Notes
    -----
    The weights, which each group's fit gives for its own standardised indicators, are applied to
    indicators standardised in the pooled sample, as the paper does.

    References
    ----------
    Henseler, Ringle & Sarstedt (2016), International Marketing Review 33, 405-431, step 2.

    Examples
    --------
    >>> r = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> composition(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), r, np.array([0, 0]))
    array([[0.5]])
    """
    found = np.empty((one.shape[0], int(blocks[-1]) + 1))
    for c in range(found.shape[1]):
        items = np.flatnonzero(blocks == c)
        a, b, r = one[:, items].T, other[:, items].T, correlation[np.ix_(items, items)]
        if items.size == 1:
            found[:, c] = np.where(np.isfinite(a[0] * b[0] * r[0, 0]), 1.0, np.nan)
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            found[:, c] = _form(a, b, r) / np.sqrt(_form(a, a, r) * _form(b, b, r))
    return found


def _form(a: Floats, b: Floats, r: Floats) -> Floats:
    """Return a' r b of columns, adding in one order whatever the size of the batch."""
    total = np.zeros(a.shape[1])
    for i in range(len(a)):
        for j in range(len(b)):
            total += r[i, j] * (a[i] * b[j])
    return total


def composite_moments(
    weights: Floats, mean: Floats, covariance: Floats, blocks: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Return means and variances of composites with given weights.

    Parameters
    ----------
    weights : ndarray, shape (p,)
        Weights of the answers: outer weight over the pooled standard deviation.
    mean : ndarray, shape (B, p)
        Means of the answers less those of the pooled sample, in scale units.
    covariance : ndarray, shape (B, p, p)
        Covariances of the answers in each of the B samples.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct, 0 to q-1.

    Returns
    -------
    mean, variance : ndarray, shape (B, q)
        In units of the pooled score's standard deviation, and its square.

    References
    ----------
    Henseler, Ringle & Sarstedt (2016), International Marketing Review 33, 405-431, step 3.

    Examples
    --------
    >>> centre, spread = composite_moments(np.array([1.0, 2.0]), np.array([[1.0, 1.0]]),
    ...                                    np.eye(2)[None], np.array([0, 0]))
    >>> centre, spread
    (array([[3.]]), array([[5.]]))
    """
    count = int(blocks[-1]) + 1
    centre, variance = np.zeros((2, mean.shape[0], count))
    for i, c in enumerate(blocks):
        centre[:, c] += weights[i] * mean[:, i]
        for j in np.flatnonzero(blocks == c):
            variance[:, c] += weights[i] * weights[j] * covariance[:, i, j]
    return centre, variance
