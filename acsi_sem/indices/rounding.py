"""Rounding for publication: once, at the end, half up."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from acsi_sem.kernels.rollup import Floats
from acsi_sem.spec.hierarchy import NATION

NATION_DIGITS: Final = 1
PERCENT_DIGITS: Final = 1
BLUR: Final = 1e-9
"""A value this near to a half, in units of the last digit, is a half that arithmetic has blurred:
readings of 72 and 73 that weigh the same make 72.5, whatever the order of the additions."""


def half_up(values: npt.ArrayLike, digits: int = 0) -> Floats:
    """Round to decimal digits, halves away from zero.

    Parameters
    ----------
    values : array_like
    digits : int

    Returns
    -------
    ndarray
        NaN stays NaN; there is no negative zero.

    Examples
    --------
    >>> half_up([0.5, 1.5, 72.4999, -2.5]).tolist(), half_up([72.45, 0.15, 1.005], 1).tolist()
    ([1.0, 2.0, 72.0, -3.0], [72.5, 0.2, 1.0])
    """
    numbers = np.asarray(values, dtype=np.float64)
    scale = 10.0**digits
    whole = np.floor(np.abs(numbers) * scale + 0.5 + BLUR)
    rounded: Floats = np.copysign(whole / scale, numbers) + 0.0
    return rounded


def publish(level: str, index: npt.ArrayLike) -> Floats:
    """Round indices of a level: whole numbers for units, one decimal for the nation.

    Examples
    --------
    >>> publish("industry", [72.5]).tolist(), publish("nation", [72.45]).tolist()
    ([73.0], [72.5])
    """
    return half_up(index, NATION_DIGITS if level == NATION else 0)


def percent_change(level: str, index: npt.ArrayLike, base: npt.ArrayLike) -> Floats:
    """Return changes in per cent as they are published: of the rounded scores, themselves rounded.

    Parameters
    ----------
    level : str
    index, base : array_like
        Unrounded.

    Returns
    -------
    ndarray
        NaN where either is unknown or the rounded base is zero.

    Examples
    --------
    >>> percent_change("company", [72.4], [68.6]).tolist()
    [4.3]
    """
    now, then = publish(level, index), publish(level, base)
    share = np.divide(now - then, then, out=np.full(now.shape, np.nan), where=then != 0)
    return half_up(100 * share, PERCENT_DIGITS)
