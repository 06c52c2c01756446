"""Sharing out interviews over strata, and what the allocation is worth."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.planning import SLACK, correction

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

METHODS: Final = ("proportional", "neyman", "equal", "cost")
IDLE: Final = 1e-12
"""Share of the largest weight at which a weight counts for nothing."""


def allocation_weights(method: str, size: Floats, sd: Floats, cost: Floats) -> Floats:
    """Return what each stratum's share of the interviews is proportional to, shape (h,).

    Parameters
    ----------
    method : {"proportional", "neyman", "equal", "cost"}
        N, N s, 1 or N s/sqrt(c).
    size, sd, cost : ndarray, shape (h,)

    Raises
    ------
    ValueError
        If the method is unknown.

    References
    ----------
    Neyman (1934), Journal of the Royal Statistical Society 97, 558-625; Cochran (1977),
    Sampling Techniques, 3rd ed., section 5.5.

    Examples
    --------
    >>> allocation_weights("cost", np.array([2.0]), np.array([10.0]), np.array([4.0]))
    array([10.])
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    by_method = {"proportional": size, "neyman": size * sd, "equal": np.ones(size.size)}
    return by_method[method] if method in by_method else size * sd / np.sqrt(cost)


def allocate_interviews(weights: Floats, size: Floats, total: int, minimum: int) -> Ints:
    """Share out interviews over strata: whole numbers, none below a minimum or above its stratum.

    Parameters
    ----------
    weights : ndarray, shape (h,)
        Not negative; see `allocation_weights`.
    size : ndarray, shape (h,)
        Whole numbers.
    total : int
        From the sum of the minimums to the sum of the sizes.
    minimum : int
        A smaller stratum is taken whole.

    Returns
    -------
    ndarray of int, shape (h,)
        max(minimum, min(size, lambda weights)) with the lambda for which they add up: the optimum
        of the method under its bounds. Rounded by largest remainders, the earlier first.

    Raises
    ------
    ValueError
        If no allocation adds up to `total`.

    Examples
    --------
    >>> allocate_interviews(np.array([8.0, 1.0, 1.0]), np.array([60.0, 500.0, 500.0]), 100, 10)
    array([60, 20, 20])
    """
    least = np.minimum(float(minimum), size)
    if not least.sum() <= total <= size.sum():
        raise ValueError(f"{total} is not from {least.sum():.0f} to {size.sum():.0f}")
    exact = _filled(weights, least, size, float(total))
    idle = weights <= IDLE * weights.max(initial=0.0)
    short = total - exact.sum()
    if short > 0.5:  # every stratum that has a weight is full: the others share what is left
        full = np.where(idle, least, size)
        exact = _filled(np.where(idle, size, 0.0), full, size, float(total))
    return _rounded(exact, total)


def _filled(weights: Floats, least: Floats, most: Floats, total: float) -> Floats:
    """Raise lambda until the bounded shares add up to `total`, as far as they can.

    Their sum is linear in lambda between the values at which a stratum meets a bound.
    """
    free = weights > IDLE * weights.max(initial=0.0)
    full = np.where(free, most, least)
    if full.sum() <= total:
        return full
    scaled = np.where(free, weights, 0.0)
    bounds = np.concatenate([least[free] / scaled[free], most[free] / scaled[free]])
    breaks = np.unique(np.append(bounds, 0.0))
    below, above = 0, breaks.size - 1
    while above - below > 1:
        middle = (below + above) // 2
        if np.clip(breaks[middle] * scaled, least, full).sum() < total:
            below = middle
        else:
            above = middle
    low, high = (np.clip(breaks[at] * scaled, least, full) for at in (below, above))
    gained = high.sum() - low.sum()
    part = (total - low.sum()) / gained if gained > 0 else 0.0
    found: Floats = low + min(max(part, 0.0), 1.0) * (high - low)
    return found


def _rounded(exact: Floats, total: int) -> Ints:
    floor = np.floor(exact + SLACK)
    order = np.argsort(-np.round(exact - floor, 9), kind="stable")
    floor[order[: round(total - floor.sum())]] += 1
    return floor.astype(np.int64)


def stratified_variance(interviews: Floats, size: Floats, sd: Floats) -> float:
    """Return the variance of a stratified mean.

    Parameters
    ----------
    interviews, size, sd : ndarray, shape (h,)

    Returns
    -------
    float
        Sum of W^2 s^2/n (N - n)/(N - 1), W = N/sum N; NaN if a stratum has no interview.

    Examples
    --------
    >>> stratified_variance(np.array([5.0, 5.0]), np.array([9.0, 9.0]), np.array([10.0, 20.0]))
    12.5
    """
    share = size / size.sum()
    each = np.where(interviews > 0, interviews, np.nan)
    return float((share**2 * sd**2 / each * correction(interviews, size)).sum())
