"""Importance against performance: four quadrants, the total they make, and how firm they are."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.percentiles import percentiles

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Cuts = Literal["mean", "median", "midpoint"]

UNKNOWN, STRENGTH, REPAIR, OPPORTUNITY, MAINTAIN = range(5)
ROUNDING: Final = 1e-12


def cut_of(values: Floats, rule: Cuts, middle: float | None = None) -> Floats:
    """Return the value that parts high from low.

    Parameters
    ----------
    values : ndarray, shape (B, k)
        NaN where there is none; such a one does not count.
    rule : {"mean", "median", "midpoint"}
    middle : float, optional
        Midpoint of the scale; without one it is the middle of the values' range.

    Returns
    -------
    ndarray, shape (B,)
        NaN where no value is known.

    Examples
    --------
    >>> values = np.array([[10.0, 20.0, 60.0, np.nan]])
    >>> [float(cut_of(values, rule)[0]) for rule in ("mean", "median", "midpoint")]
    [30.0, 20.0, 35.0]
    """
    known = ~np.isnan(values)
    some = known.any(axis=1)
    if rule == "midpoint" and middle is not None:
        return np.where(some, middle, np.nan)
    if rule == "mean":
        count = np.where(some, known.sum(axis=1), 1)
        return np.where(some, np.where(known, values, 0.0).sum(axis=1) / count, np.nan)
    found = np.full(len(values), np.nan)
    for b in np.flatnonzero(some).tolist():
        own = values[b, known[b]]
        found[b] = percentiles(own, [0.5])[0] if rule == "median" else (own.min() + own.max()) / 2
    return found


def place_in_quadrants(
    importance: Floats, performance: Floats, cuts: tuple[Floats, Floats]
) -> Ints:
    """Return the quadrant of every attribute.

    Parameters
    ----------
    importance, performance : ndarray, shape (B, k)
    cuts : pair of ndarray, shape (B,)
        From `cut_of`; a value at its cut is high.

    Returns
    -------
    ndarray of int, shape (B, k)
        1 strength (high, high), 2 repair (high importance, low performance), 3 opportunity (low,
        low), 4 maintain (low importance, high performance); 0 where a value is unknown.

    Notes
    -----
    A value within rounding of its cut is at it: attributes that are all alike are all high.

    References
    ----------
    Martilla & James (1977), Journal of Marketing 41(1), 77-79.

    Examples
    --------
    >>> found = place_in_quadrants(np.array([[80.0, 80.0, 20.0, 20.0]]),
    ...                            np.array([[70.0, 30.0, 30.0, 70.0]]),
    ...                            (np.array([50.0]), np.array([50.0])))
    >>> found.tolist()
    [[1, 2, 3, 4]]
    """
    strong, good = (
        values >= (cut - ROUNDING * np.maximum(1.0, np.abs(cut)))[:, None]
        for values, cut in zip((importance, performance), cuts, strict=True)
    )
    found = np.where(
        strong, np.where(good, STRENGTH, REPAIR), np.where(good, MAINTAIN, OPPORTUNITY)
    )
    known = np.isfinite(importance) & np.isfinite(performance)
    return np.where(known, found, UNKNOWN)


def weighted_total(importance: Floats, performance: Floats) -> Floats:
    """Return the total satisfaction: performance weighted by importance.

    Parameters
    ----------
    importance : ndarray, shape (B, k)
        Of any unit.
    performance : ndarray, shape (B, k)
        On 0-100.

    Returns
    -------
    ndarray, shape (B,)
        CSI = sum I P / (100 sum I) in per cent; NaN where a value is unknown or the importances do
        not sum to more than nought.

    Examples
    --------
    >>> weighted_total(np.array([[75.0, 25.0]]), np.array([[80.0, 40.0]]))
    array([70.])
    """
    whole = importance.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (importance * performance).sum(axis=1) / np.where(whole > 0, whole, np.nan)
    return np.asarray(found)


def stability(draws: Ints, point: Ints) -> Floats:
    """Return the share of replicates in which an attribute stands in its own quadrant.

    Parameters
    ----------
    draws : ndarray of int, shape (B, k)
        Quadrants in the replicates.
    point : ndarray of int, shape (k,)

    Returns
    -------
    ndarray, shape (k,)
        NaN without replicates, and where the quadrant itself is unknown.

    Examples
    --------
    >>> stability(np.array([[1, 2], [1, 3], [4, 2], [1, 2]]), np.array([1, 2]))
    array([0.75, 0.75])
    """
    if not len(draws):
        return np.full(point.shape, np.nan)
    return np.where(point != UNKNOWN, (draws == point).mean(axis=0), np.nan)


def correlations(weights: Floats, values: Floats, outcome: Floats) -> Floats:
    """Return weighted correlations of columns with an outcome, over rows that answered both.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
    values : ndarray, shape (n, k)
    outcome : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (B, k)
        NaN where either does not vary, or nobody answered both.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0]])
    >>> correlations(np.ones((1, 3)), x, np.array([2.0, 4.0, 6.0])).round(6)
    array([[1.]])
    """
    both = ~np.isnan(values) & ~np.isnan(outcome)[:, None]
    # About their own centres, so that squares of large numbers do not swamp the spread.
    x = np.where(both, values - _centre(values, both), 0.0)
    y = np.where(
        both, outcome[:, None] - _centre(np.broadcast_to(outcome[:, None], both.shape), both), 0.0
    )
    whole = weights @ both.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y, xx, yy, xy = (
            (weights @ part) / np.where(whole > 0, whole, np.nan)
            for part in (x, y, x * x, y * y, x * y)
        )
        spread_x, spread_y = xx - mean_x**2, yy - mean_y**2
        still = (spread_x <= ROUNDING * xx) | (spread_y <= ROUNDING * yy)
        found = (xy - mean_x * mean_y) / np.sqrt(spread_x * spread_y)
    return np.where(still, np.nan, np.clip(found, -1.0, 1.0))


def _centre(values: Floats, both: NDArray[np.bool_]) -> Floats:
    count = np.maximum(both.sum(axis=0), 1)
    return np.asarray(np.where(both, values, 0.0).sum(axis=0) / count)
