"""Limits that people hold criteria against, with their source, and verdicts in words.

A rule of thumb is not a test: a verdict says on which side of a limit a value lies and whether
its interval stays there.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Favourable = Literal["high", "low", "neither"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """Limits of one measure.

    Attributes
    ----------
    measure : str
        As in the column of that name of the tables.
    limits : tuple of float
        Ascending.
    zones : tuple of str
        Words for the zones below the first, between, and from the last limit on.
    favourable : {"high", "low", "neither"}
        Which end is the wanted one; a size has none.
    source : str
    exclusive : bool
        A value at a limit counts as below it; by default it counts as reaching it.
    """

    measure: str
    limits: tuple[float, ...]
    zones: tuple[str, ...]
    favourable: Favourable
    source: str
    exclusive: bool = False

    def zone(self, value: float) -> int:
        """Return the number of the zone that a value lies in, from 0."""
        return (bisect_left if self.exclusive else bisect_right)(self.limits, value)


def _at_least(measure: str, limit: str, source: str) -> Threshold:
    zones = (f"below {limit}", f"at least {limit}")
    return Threshold(measure, (float(limit),), zones, "high", source)


def _above_zero(measure: str, source: str) -> Threshold:
    return Threshold(measure, (0.0,), ("not above 0", "above 0"), "high", source, exclusive=True)


def _sizes(measure: str, limits: tuple[float, ...], source: str) -> Threshold:
    least = "negligible" if measure == "f2" else "very weak"
    words = ("small", "medium", "large") if measure == "f2" else ("weak", "moderate", "substantial")
    return Threshold(measure, limits, (least, *words), "neither", source)


_RELIABILITY: Final = "Nunnally (1978); Hair et al. (2022)"
_HTMT: Final = "Henseler, Ringle & Sarstedt (2015)"
_HTMT_ZONES: Final = ("below 0.85", "from 0.85 to 0.90", "from 0.90 to 1", "1 or more")
_VIF: Final = "3.3: Diamantopoulos & Siguaw (2006); 5: Hair, Ringle & Sarstedt (2011)"
_VIF_ZONES: Final = ("below 3.3", "from 3.3 to 5", "5 or more")
_SRMR: Final = "Hu & Bentler (1999); Henseler et al. (2014)"

_ALL: Final = (
    _at_least("alpha", "0.70", _RELIABILITY),
    _at_least("rho_a", "0.70", "Dijkstra & Henseler (2015); Hair et al. (2022)"),
    _at_least("rho_c", "0.70", _RELIABILITY),
    _at_least("ave", "0.50", "Fornell & Larcker (1981)"),
    _at_least("loading", "0.708", "Hair et al. (2022)"),
    _above_zero("fornell_larcker", "Fornell & Larcker (1981)"),
    Threshold("htmt", (0.85, 0.9, 1.0), _HTMT_ZONES, "low", _HTMT),
    Threshold(
        "htmt2",
        (0.85, 0.9, 1.0),
        _HTMT_ZONES,
        "low",
        f"Roemer, Schuberth & Henseler (2021), with the limits of {_HTMT}",
    ),
    Threshold("vif", (3.3, 5.0), _VIF_ZONES, "low", _VIF),
    Threshold("vif_item", (3.3, 5.0), _VIF_ZONES, "low", _VIF),
    _sizes("f2", (0.02, 0.15, 0.35), "Cohen (1988)"),
    _sizes("r2", (0.19, 0.33, 0.67), "Chin (1998)"),
    Threshold("srmr", (0.08,), ("below 0.08", "0.08 or more"), "low", _SRMR),
    Threshold("srmr.saturated", (0.08,), ("below 0.08", "0.08 or more"), "low", _SRMR),
    _above_zero("q2_predict", "Shmueli et al. (2019)"),
)

THRESHOLDS: Final[Mapping[str, Threshold]] = MappingProxyType({t.measure: t for t in _ALL})
"""Measure -> its limits, words and source."""


def verdict(
    measure: str, value: float, conf_low: float = math.nan, conf_high: float = math.nan
) -> str:
    """Say where a value and its interval lie against the limits of its measure.

    Parameters
    ----------
    measure : str
    value, conf_low, conf_high : float
        NaN limits: no interval.

    Returns
    -------
    str
        Empty for a measure without limits or a value that is not a number.

    Examples
    --------
    >>> verdict("alpha", 0.81, 0.78, 0.84)
    'at least 0.70 throughout the interval'
    >>> verdict("alpha", 0.71, 0.68, 0.74)
    'at least 0.70, but the interval reaches below 0.70'
    >>> verdict("f2", 0.16, 0.13, 0.19)
    'medium, but the interval reaches small'
    >>> verdict("htmt", 0.87)
    'from 0.85 to 0.90, no interval'
    """
    threshold = THRESHOLDS.get(measure)
    if threshold is None or math.isnan(value):
        return ""
    own = threshold.zone(value)
    words = threshold.zones[own]
    if math.isnan(conf_low) or math.isnan(conf_high):
        return f"{words}, no interval"
    ends = (threshold.zone(conf_low), threshold.zone(conf_high))
    others = [threshold.zones[end] for end in dict.fromkeys(ends) if end != own]
    if not others:
        return f"{words} throughout the interval"
    return f"{words}, but the interval reaches {' and '.join(others)}"
