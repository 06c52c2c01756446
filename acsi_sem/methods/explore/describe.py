"""Mode, median, mean; range, quartile deviation, standard deviation; ceiling and floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acsi_sem.kernels.shares import wilson_limits
from acsi_sem.methods.explore.answers import Floats, effective_size

NOBODY = "nobody answered"


@dataclass(frozen=True, slots=True)
class Described:
    """What the answers to one question look like; NaN where there are too few.

    Attributes
    ----------
    n : int
        Respondents who answered.
    missing : int
        Respondents who did not.
    mode, median, mean, least, most, q1, q3 : float
        In scale units; `least` and `most` are the smallest and the largest answer given.
    sd : float
        Standard deviation, of n - 1.
    skewness : float
        Third moment over the cubed standard deviation of n.
    floor, ceiling : tuple of (share, low, high)
        Shares at the lowest and the highest grade of the scale, with Wilson's limits.
    """

    n: int
    missing: int
    mode: float = np.nan
    median: float = np.nan
    mean: float = np.nan
    least: float = np.nan
    most: float = np.nan
    q1: float = np.nan
    q3: float = np.nan
    sd: float = np.nan
    skewness: float = np.nan
    floor: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    ceiling: tuple[float, float, float] = (np.nan, np.nan, np.nan)

    @property
    def quartile_deviation(self) -> float:
        """Half the distance between the quartiles."""
        return (self.q3 - self.q1) / 2


def describe(
    values: Floats,
    weights: Floats,
    ends: tuple[float, float],
    *,
    frequency: bool = False,
    level: float = 0.95,
) -> Described:
    """Describe the answers to one question.

    Parameters
    ----------
    values : ndarray, shape (n,)
        NaN where there is no answer.
    weights : ndarray, shape (n,)
    ends : (low, high)
        Of the scale; infinite for an amount, which has no ceiling and no floor.
    frequency : bool
        True when a weight counts respondents.
    level : float
        Of the limits of shares, which know the weights but neither strata nor clusters.

    Returns
    -------
    Described
        The mode is the answer with most weight, the lowest of several. A quantile p is the
        smallest answer whose weight and that of all below exceeds p; the mean of it and the one
        before where that weight equals p (SAS's definition 5, R's type 2).

    Examples
    --------
    >>> found = describe(np.array([1.0, 3.0, 3.0, 5.0]), np.ones(4), (1, 5))
    >>> found.mode, found.median, found.mean, found.q1, found.q3, found.quartile_deviation
    (3.0, 3.0, 3.0, 2.0, 4.0, 1.0)
    """
    answered = ~np.isnan(values) & (weights > 0)
    counts = weights if frequency else np.ones_like(weights)
    n = round(float(counts[answered].sum()))
    missing = round(float(counts[np.isnan(values) & (weights > 0)].sum()))
    if not n:
        return Described(0, missing)
    # Multiples of the smallest, rounded: equal sums are equal whatever the scale of the weights.
    x, w = values[answered], np.round(weights[answered] / weights[answered].min(), 9)
    mean, sd, skewness = _moments(x, w, n)
    q1, median, q3 = quantiles(x, w, (0.25, 0.5, 0.75))
    grades, place = np.unique(x, return_inverse=True)
    size = effective_size(weights[answered], frequency=frequency)
    return Described(
        n,
        missing,
        mode=float(grades[np.bincount(place, w).round(9).argmax()]),
        median=median,
        mean=mean,
        least=float(grades[0]),
        most=float(grades[-1]),
        q1=q1,
        q3=q3,
        sd=sd,
        skewness=skewness,
        floor=_share(x, w, ends[0], size, level),
        ceiling=_share(x, w, ends[1], size, level),
    )


def quantiles(values: Floats, weights: Floats, probabilities: tuple[float, ...]) -> list[float]:
    """Return weighted quantiles as `describe` defines them.

    Parameters
    ----------
    values, weights : ndarray, shape (n,)
        Known answers, positive weights.
    probabilities : tuple of float
    """
    from statsmodels.stats.weightstats import DescrStatsW

    found = DescrStatsW(values, weights).quantile(probabilities, return_pandas=False)
    return [float(value) for value in found]


def _moments(x: Floats, w: Floats, n: int) -> tuple[float, float, float]:
    from statsmodels.stats.weightstats import DescrStatsW

    mean = float(DescrStatsW(x, w).mean)
    if x.min() == x.max():
        return float(x[0]), 0.0 if n > 1 else np.nan, np.nan
    second, third = (float(DescrStatsW((x - mean) ** power, w).mean) for power in (2, 3))
    return mean, float(np.sqrt(second * n / (n - 1))), third / second**1.5


def _share(
    x: Floats, w: Floats, end: float, size: float, level: float
) -> tuple[float, float, float]:
    if not np.isfinite(end):
        return np.nan, np.nan, np.nan
    share = np.array(float(w[x == end].sum() / w.sum()))
    low, high = wilson_limits(share, np.array(size), level)
    return float(share), float(low), float(high)
