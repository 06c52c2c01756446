"""Axes: a range that holds the numbers, round ticks, and where a value stands."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale: values `low` to `high` onto px `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    step: float

    def __call__(self, value: float) -> float:
        """Return the px of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Return the round values on the axis."""
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return tuple(round(place * self.step, 10) for place in range(first, last + 1))

    @property
    def digits(self) -> int:
        """Return the decimals that the ticks need."""
        tidy = (d for d in range(4) if abs(round(self.step, d) - self.step) < 1e-9)
        return next(tidy, 4)


def make_scale(
    values: Iterable[float],
    pixels: tuple[float, float],
    bounds: tuple[float, float],
    ticks: int = 6,
) -> Scale:
    """Make a scale that holds every finite value, ends on round numbers, stays in bounds.

    Examples
    --------
    >>> scale = make_scale([61.2, 79.4], (0, 100), (0, 100))
    >>> scale.low, scale.high, scale.ticks
    (60.0, 80.0, (60.0, 65.0, 70.0, 75.0, 80.0))
    """
    known = [value for value in values if math.isfinite(value)] or list(bounds)
    low, high = min(known), max(known)
    if high - low < 1e-9:
        pad = (bounds[1] - bounds[0]) / 20
        low, high = low - pad, high + pad
    step = _step((high - low) / (ticks - 1))
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    low, high = max(low, min(bounds[0], min(known))), min(high, max(bounds[1], max(known)))
    return Scale(round(low, 10), round(high, 10), *pixels, step)


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(s * power for s in _STEPS if s * power >= least * (1 - 1e-9))
