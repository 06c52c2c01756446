"""What simulated surveys that look for a path are told as: power, or false positives."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from acsi_sem.planning.plan import Line

Floats = NDArray[np.float64]

_MONTE_CARLO: Final = 0.95


def plan_words(
    arrow: str, effect: float, engine: str, lines: list[Line]
) -> tuple[str, tuple[Line, ...], str]:
    """Return title, lines and formula of a plan.

    Parameters
    ----------
    arrow : str
        The path, ``source -> target``.
    effect : float
    engine : str
    lines : list of Line
    """
    title = f"Power to find {arrow} of {effect:g} by {engine}"
    which = "find the path in its true direction"
    if effect == 0:
        title = f"False positives: how often {engine} finds {arrow} where it is 0"
        which = "find the path, in either direction, though it is 0"
    formula = f"{_found_as(effect)} = share of simulated surveys that {which}"
    limits = "limits: Wilson, 95 %, of the simulation alone"
    return title, tuple(lines), f"{formula}; {limits}"


def power_lines(
    effect: float, number: int, found: NDArray[np.bool_], estimates: Floats, errors: Floats
) -> Iterator[Line]:
    """Yield what simulated surveys of one size found.

    Parameters
    ----------
    effect : float
        The truth; where it is 0, every find is a false positive.
    number : int
        Interviews of each.
    found : ndarray of bool, shape (simulations,)
        Which found the path.
    estimates, errors : ndarray, shape (simulations,)
        NaN where a survey has none.

    Yields
    ------
    Line

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> ones = np.ones(4)
    >>> [round(line.value, 2) for line in power_lines(0.2, 50, ones > 0, ones, ones)][:2]
    [1.0, 0.51]
    """
    name, subject, count = _found_as(effect), f"{number} interviews", found.size
    usable = np.isfinite(estimates) & np.isfinite(errors) & (errors > 0)
    low, high = _wilson(float(found.mean()), count)
    note = f"{int(found.sum())} of {count} simulated surveys"
    yield Line(subject, name, float(found.mean()), "", note)
    yield Line(subject, f"{name}, low", low)
    yield Line(subject, f"{name}, high", high)
    for quantity, values in (("mean estimate", estimates), ("mean standard error", errors)):
        mean = float(values[usable].mean()) if usable.any() else math.nan
        yield Line(subject, quantity, mean, "", "" if usable.any() else "no sample has a result")
    failed = count - int(usable.sum())
    note = "counted as not finding the path" if failed else ""
    yield Line(subject, "samples without a result", float(failed), "", note)


def fewest_interviews(powers: Mapping[int, float], wanted: float) -> Line:
    """Return the smallest number from which on every larger one reaches the power.

    Parameters
    ----------
    powers : mapping of interviews -> power
    wanted : float

    Examples
    --------
    >>> fewest_interviews({100: 0.7, 200: 0.9, 300: 0.8}, 0.8).value
    200.0
    """
    reached = math.nan
    for number in sorted(powers, reverse=True):
        if powers[number] < wanted:
            break
        reached = float(number)
    note = f"of those tried, for a power of {100 * wanted:g} %"
    if math.isnan(reached):
        note = f"none of those tried has a power of {100 * wanted:g} %"
    return Line("", "fewest interviews", reached, "interviews", note)


def _found_as(effect: float) -> str:
    """Return what it is to find a path: where there is none, a false alarm."""
    return "false positives" if effect == 0 else "power"


def _wilson(share: float, count: int) -> tuple[float, float]:
    z = float(ndtri((1 + _MONTE_CARLO) / 2))
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    spread = share * (1 - share) / count + (z / (2 * count)) ** 2
    half = z / (1 + z**2 / count) * math.sqrt(spread)
    return max(centre - half, 0.0), min(centre + half, 1.0)
