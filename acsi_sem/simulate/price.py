"""Price tolerance with its routing: who would buy again is asked up, who would not is asked down.

The response behind the answer orders people within their question, more closely with loyalty than
in the survey of 2015, where nearly all comes from the routing: the one factor of loyalty would then
leave the routing item no variance of its own, and every second company a negative one.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ROUTED_BY: Final = "REPUR"
"""The item that decides which of the two questions is asked."""

ROUTE: Final = 6.0
"""Its lowest answer at which the rise is asked."""

LARGEST: Final = 25.0
"""Per cent; 26 stands for more."""

RISES: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 25.0, 26.0)
RISE_SHARES: Final = (0.05, 0.04, 0.03, 0.15, 0.23, 0.10, 0.08, 0.07, 0.25)
"""About as answered in 2015, odd numbers of per cent left out."""

CUTS: Final = (26.0, 25.0, 20.0, 15.0, 10.0, 5.0, 0.0)
CUT_SHARES: Final = (0.55, 0.16, 0.10, 0.05, 0.06, 0.04, 0.04)

RISE_RESPONSES: Final = (0.28, 0.94)
CUT_RESPONSES: Final = (-0.82, 0.86)
"""Mean and standard deviation of the response among those who are asked the question."""


def rise_cuts() -> Floats:
    """Return where the response is cut among those asked about a rise; ascending."""
    return _cuts(RISE_SHARES, RISE_RESPONSES)


def fall_cuts() -> Floats:
    """Return where the response is cut among those asked about a cut in price; ascending."""
    return _cuts(CUT_SHARES, CUT_RESPONSES)


def _cuts(shares: tuple[float, ...], responses: tuple[float, float]) -> Floats:
    mean, deviation = responses
    found: Floats = mean + deviation * ndtri(np.cumsum(shares)[:-1])
    return found


def percent(response: Floats, raised: Bools) -> Floats:
    """Return the answer in per cent to the question that each respondent is asked.

    Parameters
    ----------
    response : ndarray, shape (n,)
        Greater for those who bear more.
    raised : ndarray of bool, shape (n,)
        True where the rise is asked.

    Returns
    -------
    ndarray, shape (n,)
        0 to 26.

    Examples
    --------
    >>> percent(np.array([-3.0, 3.0, -3.0, 3.0]), np.array([True, True, False, False])).tolist()
    [0.0, 26.0, 26.0, 0.0]
    """
    up = np.array(RISES)[np.searchsorted(rise_cuts(), response, side="right")]
    down = np.array(CUTS)[np.searchsorted(fall_cuts(), response, side="right")]
    return np.where(raised, up, down)


def tolerance(percents: Floats, raised: Bools) -> Floats:
    """Return price tolerance on 1 to 10: the recipe ``price_tolerance`` of a survey's reading.

    Examples
    --------
    >>> tolerance(np.array([26.0, 0.0, 26.0]), np.array([True, True, False])).tolist()
    [10.0, 5.5, 1.0]
    """
    change = np.minimum(percents, LARGEST)
    found: Floats = 1 + 9 * (np.where(raised, change, -change) + LARGEST) / (2 * LARGEST)
    return found
