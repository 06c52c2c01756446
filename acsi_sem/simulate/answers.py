"""From continuous responses to answers on a scale, with holes where nobody answered."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from acsi_sem.spec.model import Indicator

Floats = NDArray[np.float64]

FLOOR_SHARE = 0.12
"""Share of respondents whose answers are spread evenly: the thin lower tail of real surveys."""


def skewed_thresholds(categories: int, skew: float) -> Floats:
    """Return the cuts of a standard normal response that crowd answers at the top of a scale.

    Parameters
    ----------
    categories : int
        Number of answers on the scale.
    skew : float
        1 is an even spread; 3 puts about a quarter of the answers on 10 of 1-10.

    Returns
    -------
    ndarray, shape (categories - 1,)
        Ascending.

    Notes
    -----
    Share of answers up to step k of K: (1 - f) (k/K)^skew + f k/K, f = `FLOOR_SHARE`.

    Examples
    --------
    >>> skewed_thresholds(4, 1.0).round(3)
    array([-0.674,  0.   ,  0.674])
    """
    steps = np.arange(1, categories) / categories
    shares = (1 - FLOOR_SHARE) * steps**skew + FLOOR_SHARE * steps
    return np.array([NormalDist().inv_cdf(share) for share in shares])


def share_threshold(share: float) -> Floats:
    """Return the cut above which `share` of a standard normal response lies; shape (1,).

    Examples
    --------
    >>> share_threshold(0.5)
    array([0.])
    """
    return np.array([NormalDist().inv_cdf(1 - share)])


def cut_to_scale(responses: Floats, thresholds: Floats, item: Indicator) -> Floats:
    """Cut continuous responses into answers in equal steps on the scale of `item`; shape (n,).

    As many steps as there are thresholds: whole answers where that is the length of the scale. A
    reversed item is answered the other way round.
    """
    steps = np.searchsorted(thresholds, responses, side="right").astype(np.float64)
    answers = item.low + steps * ((item.high - item.low) / len(thresholds))
    return item.low + item.high - answers if item.reverse else answers


def punch_holes(answers: Floats, rate: float, item: Indicator, rng: np.random.Generator) -> Floats:
    """Replace a random share `rate` of the answers by the item's missing codes; shape (n,).

    The first code takes four fifths of the holes, the others share the rest; an item without
    missing codes gets NaN.
    """
    holes = rng.random(len(answers)) < rate
    codes = np.array([code for code, _ in item.missing] or [np.nan])
    rest = len(codes) - 1
    shares = np.array([0.8, *[0.2 / rest] * rest]) if rest else np.ones(1)
    drawn = rng.choice(codes, size=len(answers), p=shares)
    return np.where(holes, drawn, answers)
