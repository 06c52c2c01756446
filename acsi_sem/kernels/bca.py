"""Bias-corrected and accelerated bootstrap limits.

Needs the draws, the point estimates, and the influence of each row (or primary sampling unit) on
them, from which the acceleration follows without a jackknife.
"""

from __future__ import annotations

import numpy as np

from acsi_sem.kernels.lisrel import Floats


def acceleration(influence: Floats, counts: Floats | None = None) -> Floats:
    """Return the acceleration of estimates from influence values.

    Parameters
    ----------
    influence : ndarray, shape (n, R)
        Influence of each row on each estimate, weighted as the row; with primary sampling units
        their totals, less the mean of the stratum. Any common scale.
    counts : ndarray, shape (n,), optional
        How many respondents each row stands for, each with that influence; one by default.

    Returns
    -------
    ndarray, shape (R,)
        a = Σu³ / (6 (Σu²)^1.5); 0 for an estimate that no row influences.

    References
    ----------
    Efron (1987), J. American Statistical Association 82, 171-185, equation 7.3.

    Examples
    --------
    >>> acceleration(np.array([[2.0], [-1.0], [-1.0]])).round(6).tolist()
    [0.068041]
    """
    squared = influence**2
    if counts is not None:
        squared = squared * counts[:, None]
    squares = squared.sum(axis=0)
    cubes = (squared * influence).sum(axis=0)
    safe = np.where(squares > 0, squares, 1.0)
    found: Floats = cubes / (6.0 * safe**1.5)
    return found


def bca_limits(draws: Floats, point: Floats, accelerations: Floats, level: float) -> Floats:
    """Return bias-corrected and accelerated limits.

    Parameters
    ----------
    draws : ndarray, shape (B, R)
        Bootstrap estimates; NaN for a failed one, which does not count.
    point : ndarray, shape (R,)
        Estimates from the sample.
    accelerations : ndarray, shape (R,)
        From `acceleration`; zero gives the bias-corrected limits.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    ndarray, shape (2, R)
        Lower and upper limits, quantiles of R's type 7. NaN where they are not defined: no draws,
        every draw on one side of the estimate, or an acceleration so large that the adjusted
        level passes its pole.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    A draw equal to the estimate counts half on either side, so that a constant keeps its value.

    References
    ----------
    Efron (1987), J. American Statistical Association 82, 171-185.

    Examples
    --------
    >>> draws = np.linspace(-1.0, 1.0, 1001)[:, None]
    >>> bca_limits(draws, np.zeros(1), np.zeros(1), 0.9).round(3).ravel().tolist()
    [-0.9, 0.9]
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    levels = _adjusted_levels(draws, point, accelerations, level)
    limits = np.full((2, len(point)), np.nan)
    for r in range(len(point)):
        kept = draws[np.isfinite(draws[:, r]), r]
        if kept.size and np.isfinite(levels[:, r]).all():
            limits[:, r] = np.quantile(kept, levels[:, r])
    return limits


def _adjusted_levels(draws: Floats, point: Floats, a: Floats, level: float) -> Floats:
    """Probabilities (2, R) of the draws' quantiles; NaN where not defined."""
    from scipy.special import ndtr, ndtri

    finite = np.isfinite(draws)
    below = ((draws < point) + 0.5 * (draws == point)).sum(axis=0, where=finite)
    count = finite.sum(axis=0)
    share = below / np.where(count > 0, count, 1)
    defined = (share > 0) & (share < 1) & (count > 0) & np.isfinite(point) & np.isfinite(a)
    bias = ndtri(np.where(defined, share, 0.5))
    ends = bias + ndtri(np.array([[(1 - level) / 2], [(1 + level) / 2]]))
    pole = 1.0 - a * ends
    adjusted = ndtr(bias + ends / np.where(pole > 0, pole, np.nan))
    found: Floats = np.where(defined & (pole > 0).all(axis=0), adjusted, np.nan)
    return found
