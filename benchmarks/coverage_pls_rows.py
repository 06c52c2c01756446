"""What the coverage study of PLS found, row by row, and why where coverage is off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.inference.intervals import WITHHELD, quantile
from benchmarks.coverage_pls_design import Cell
from benchmarks.coverage_pls_intervals import INTERVALS, LEVEL, QUANTITIES, Found, Plan, truth

Floats = NDArray[np.float64]
Row = dict[str, object]

COLUMNS: Final = (
    "design",
    "n",
    "interval",
    "quantity",
    "replications",
    "draws",
    "coverage",
    "monte_carlo_error",
    "mean_width",
    "missed_below",
    "missed_above",
    "withheld",
    "bias",
    "se_ratio",
    "se_scatter",
    "reason",
)
BOUNDS: Final = (0.93, 0.97)
TOLD: Final = 0.01
"""Share of withheld intervals from which the table says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One quantity's intervals that were given, and what its estimates do in all replications.

    Attributes
    ----------
    truth : float
    point, low, high, error : ndarray, shape (m,)
        Of the replications with limits.
    bias, deviation : float
        Mean error and standard deviation of the estimates.
    """

    truth: float
    point: Floats
    low: Floats
    high: Floats
    error: Floats
    bias: float
    deviation: float

    @property
    def below(self) -> NDArray[np.bool_]:
        """Where the truth lies below the interval."""
        return np.asarray(self.truth < self.low)

    @property
    def above(self) -> NDArray[np.bool_]:
        """Where the truth lies above the interval."""
        return np.asarray(self.truth > self.high)

    @property
    def coverage(self) -> float:
        """Share of the intervals with the truth in them."""
        return float(1.0 - (self.below | self.above).mean())

    @property
    def se_ratio(self) -> float:
        """Mean standard error over the standard deviation of the estimates."""
        return float(self.error.mean() / self.deviation)

    @property
    def se_scatter(self) -> float:
        """Standard deviation of the standard errors over their mean."""
        return float(self.error.std(ddof=1) / self.error.mean())

    @property
    def freedom(self) -> float:
        """Degrees of freedom of a standard error that scatters so: its variance is 1/(2 df)."""
        return 1.0 / (2.0 * self.se_scatter**2)

    def corrected(self, wide: float = 1.0) -> float:
        """Return the coverage of intervals moved by the bias and `wide` times as wide."""
        centre = self.point - self.bias
        low = centre - wide * (self.point - self.low)
        high = centre + wide * (self.high - self.point)
        return float(((low <= self.truth) & (self.truth <= high)).mean())

    def steady(self, reach: float) -> float:
        """Return the coverage of the estimates, less bias, plus and minus `reach` deviations."""
        errors = np.abs(self.point - self.bias - self.truth)
        return float((errors <= reach * self.deviation).mean())


def rows(cell: Cell, plan: Plan, found: Found) -> Iterator[Row]:
    """Yield a row per kind of interval and quantity of one design and size."""
    for i, interval in enumerate(INTERVALS):
        for r, quantity in enumerate(QUANTITIES):
            series = _series(cell, found, i, r)
            total = found.low.shape[0]
            made = _summary(series, total)
            codes = found.held[:, i, r]
            yield {
                "design": cell.design,
                "n": cell.interviews,
                "interval": interval,
                "quantity": quantity,
                "replications": total,
                "draws": 0 if interval == "linearised" else plan.draws,
                **made,
                "reason": _reason(cell, series, interval, codes) if len(series.low) > 1 else "",
            }


def _series(cell: Cell, found: Found, i: int, r: int) -> Series:
    exact = truth(cell.design)[r]
    point = found.point[:, r]
    given = np.isfinite(found.low[:, i, r]) & np.isfinite(found.high[:, i, r])
    return Series(
        truth=exact,
        point=point[given],
        low=found.low[given, i, r],
        high=found.high[given, i, r],
        error=found.error[given, i, r],
        bias=float(np.nanmean(point)) - exact,
        deviation=float(np.nanstd(point, ddof=1)),
    )


def _summary(series: Series, total: int) -> Row:
    given = len(series.low)
    shares: Row = {"withheld": 1.0 - given / total}
    if given < 2:
        blank = dict.fromkeys(COLUMNS[COLUMNS.index("coverage") :], np.nan)
        return blank | shares
    covered = series.coverage
    return shares | {
        "coverage": covered,
        "monte_carlo_error": float(np.sqrt(covered * (1.0 - covered) / given)),
        "mean_width": float((series.high - series.low).mean()),
        "missed_below": float(series.below.mean()),
        "missed_above": float(series.above.mean()),
        "bias": series.bias / series.deviation,
        "se_ratio": series.se_ratio,
        "se_scatter": series.se_scatter,
    }


def _reason(cell: Cell, series: Series, interval: str, codes: NDArray[np.intp]) -> str:
    """Say why coverage is off, and why limits are withheld, where either is so."""
    parts = []
    low, high = BOUNDS
    if not low <= series.coverage <= high:
        parts.append(_why(cell, series, interval))
    if (codes > 0).mean() > TOLD:
        most = np.bincount(codes[codes > 0]).argmax()
        parts.append(f"{(codes > 0).mean():.1%} withheld, mostly: {WITHHELD[most]}")
    return "; ".join(parts)


def _why(cell: Cell, series: Series, interval: str) -> str:
    """Say what coverage becomes when bias and standard errors are put right one by one."""
    level = (1.0 + LEVEL) / 2.0
    student = interval == "linearised" or (interval == "normal" and cell.complex)
    used = cell.freedom if student else None
    wide = 1.0 / series.se_ratio
    scattered = wide * quantile(level, series.freedom) / quantile(level, used)
    steps = [series.corrected(reach) for reach in (1.0, wide, scattered)]
    return (
        f"{_cause([series.coverage, *steps])}: {series.coverage:.1%} becomes {steps[0]:.1%} "
        f"without the bias ({series.bias / series.deviation:+.2f} SD), {steps[1]:.1%} if standard "
        f"errors are also right on average ({wide - 1:+.0%}), {steps[2]:.1%} if Student's t also "
        f"allows for their scatter ({series.se_scatter:.0%}, or {series.freedom:.0f} degrees of "
        f"freedom); {series.steady(quantile(level)):.1%} with the standard deviation of the "
        f"estimates in place of each sample's error{_close(series)}"
    )


def _close(series: Series) -> str:
    """Say so where coverage misses its bound by no more than chance may."""
    error = np.sqrt(series.coverage * (1.0 - series.coverage) / len(series.low))
    bound = min(BOUNDS, key=lambda each: abs(each - series.coverage))
    close = abs(series.coverage - bound) < 2.0 * error
    return f"; {bound:.0%} is within two Monte-Carlo errors" if close else ""


def _cause(coverages: list[float]) -> str:
    """Name the step that changes coverage most in the direction of its level."""
    words = (
        ("the estimates are biased", "the bias makes up for other errors"),
        ("standard errors are too small on average", "standard errors are too large on average"),
        ("standard errors scatter more than the limits allow for", "the limits allow for too much"),
    )
    short = coverages[0] < LEVEL
    gains = np.diff(coverages) * (1.0 if short else -1.0)
    return words[int(gains.argmax())][0 if short else 1]
