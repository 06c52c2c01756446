"""Raking: weights moved as little as possible until every margin meets its target.

Weights enter as the totals of cells: rows that agree in every margin (and in their limits) get the
same factor, so a replicate of thousands of rows is raked as a few dozen numbers. Each margin in
turn is brought to its target; a sweep goes once through all of them. Sums are taken row by row and
an element leaves the batch when it is done, so that no result depends on its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

MAX_SWEEPS: Final = 1000
INNER_STEPS: Final = 200
LARGEST_FACTOR: Final = 1e100
"""Factors run away when targets cannot be met together; this keeps them finite meanwhile."""


@dataclass(frozen=True, slots=True)
class Margin:
    """Target shares of the categories of one variable, or of one set of crossed variables.

    Attributes
    ----------
    codes : ndarray of int, shape (C,)
        Category of each cell, -1 where the answer is missing.
    targets : ndarray, shape (K,)
        Shares that sum to 1; they hold among those who answered.
    missing : {"own", "spread"}
        Cells without an answer keep their share of the weights (``own``), or count in each category
        as much as its target (``spread``), which leaves their share to the other margins.
    """

    codes: Ints
    targets: Floats
    missing: Literal["own", "spread"] = "own"


@dataclass(frozen=True, slots=True)
class Raked:
    """The outcome for each of B sets of weights.

    Attributes
    ----------
    weights : ndarray, shape (B, C)
        With the totals of the weights that came in; NaN where not converged.
    converged : ndarray of bool, shape (B,)
    sweeps : ndarray of int, shape (B,)
        Sweeps through all margins, the last of which only confirmed; 0 if none was tried.
    off : ndarray, shape (B,)
        Share reached less its target, where that is largest; NaN for weights that are negative, not
        finite or all zero.
    margin, category : ndarray of int, shape (B,)
        Where it is largest; -1 when nothing was tried. Category K stands for no answer.
    """

    weights: Floats
    converged: Bools
    sweeps: Ints
    off: Floats
    margin: Ints
    category: Ints


@dataclass(frozen=True, slots=True)
class _Layout:
    """A margin's cells sorted by category; K is the category of no answer."""

    codes: Ints
    order: Ints
    starts: Ints
    present: Ints
    targets: Floats
    spread: bool

    def sums(self, values: Floats) -> Floats:
        """Sum cells (B, C) by category, (B, K + 1)."""
        found = np.zeros((values.shape[0], self.targets.size + 1))
        found[:, self.present] = np.add.reduceat(values[:, self.order], self.starts, axis=1)
        return found

    def goals(self, sums: Floats) -> Floats:
        """Return the sums to reach, (B, K + 1), from those of shares (B, K + 1)."""
        missing = sums[:, -1:]
        return np.concatenate([self.targets * (1 - missing), missing], axis=1)


@dataclass(slots=True)
class _Work:
    """Elements not done yet: shares and factors (b, C), goals of each margin, limits."""

    at: Ints
    shares: Floats
    factor: Floats
    goals: list[Floats]
    limits: tuple[Floats, Floats] | None

    def keep(self, chosen: Bools) -> None:
        """Go on with the chosen elements only."""
        self.at, self.shares = self.at[chosen], self.shares[chosen]
        self.factor = self.factor[chosen]
        self.goals = [goal[chosen] for goal in self.goals]
        if self.limits is not None:
            self.limits = (self.limits[0][chosen], self.limits[1][chosen])

    def run_away(self) -> Bools:
        """Find the elements whose factors leave every measure, as limits keep them from a target.

        Without limits a factor may do so on the way to a target of zero.
        """
        if self.limits is None:
            return np.zeros(self.at.size, dtype=bool)
        extreme = (self.factor >= LARGEST_FACTOR) | (self.factor <= 1 / LARGEST_FACTOR)
        return np.asarray(extreme.any(axis=1))

    def held(self) -> Floats:
        """Return the factors within their limits."""
        return self.factor if self.limits is None else np.clip(self.factor, *self.limits)


def rake(
    weights: Floats,
    margins: Sequence[Margin],
    *,
    limits: tuple[Floats, Floats] | None = None,
    tolerance: float = 1e-10,
    max_sweeps: int = MAX_SWEEPS,
) -> Raked:
    """Rake B sets of cell totals to the same targets.

    Parameters
    ----------
    weights : ndarray, shape (B, C)
        Totals of the weights of each cell, in any unit; zero for a cell without rows.
    margins : sequence of Margin
        Their order does not change the result.
    limits : pair of ndarray, shape (B, C), optional
        Least and greatest ratio of a raked to an incoming weight. Not with ``spread`` cells.
    tolerance : float
        Largest difference of a share from its target, in shares of the total.
    max_sweeps : int
        Sweeps after which targets count as not to be met together.

    Returns
    -------
    Raked
        An element fails when a category with a target has no weight, when the limits leave a
        category out of reach of its target, or when the sweeps do not converge.

    Raises
    ------
    ValueError
        If limits come together with ``spread`` cells.

    Notes
    -----
    The raked weights are ``d exp(x'b)``, cut to their limits: the nearest to the incoming weights
    d, by the raking distance of Deville & Saerndal, among all that meet the margins x. Each step
    solves one margin exactly, which climbs the dual of that problem one block at a time.

    References
    ----------
    Deming & Stephan (1940), Annals of Mathematical Statistics 11, 427-444;
    Deville & Saerndal (1992), JASA 87, 376-382; Deville, Saerndal & Sautory (1993), JASA 88,
    1013-1020.

    Examples
    --------
    >>> sex, age = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> half = np.array([0.5, 0.5])
    >>> raked = rake(np.array([[4.0, 2.0, 1.0, 1.0]]), [Margin(sex, half), Margin(age, half)])
    >>> np.round(raked.weights, 6)
    array([[2.343146, 1.656854, 1.656854, 2.343146]])
    """
    weights = np.asarray(weights, dtype=np.float64)
    layouts = [_layout(margin) for margin in margins]
    if limits is not None and any(part.spread for part in layouts):
        raise ValueError("limits cannot be combined with cells that are spread over categories")
    size = weights.shape[0]
    result = Raked(
        np.full(weights.shape, np.nan),
        np.zeros(size, dtype=bool),
        np.zeros(size, dtype=np.intp),
        np.full(size, np.nan),
        np.full(size, -1, dtype=np.intp),
        np.full(size, -1, dtype=np.intp),
    )
    shares, total, usable = _shares(weights)
    work = _Work(np.arange(size), shares, np.ones_like(shares), [], limits)
    work.goals = [part.goals(part.sums(shares)) for part in layouts]
    work.keep(usable)
    work.keep(_reachable(work, layouts, tolerance, result))
    _sweeps(work, layouts, tolerance, max_sweeps, result)
    result.weights[:] *= total
    return result


def _layout(margin: Margin) -> _Layout:
    codes = np.where(margin.codes < 0, margin.targets.size, margin.codes)
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    spread = margin.missing == "spread" and bool((margin.codes < 0).any())
    return _Layout(codes, order, starts, present, np.asarray(margin.targets, float), spread)


def _shares(weights: Floats) -> tuple[Floats, Floats, Bools]:
    """Return shares of the total (B, C), totals (B, 1), and which weights can be used."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        largest = weights.max(axis=1, keepdims=True, initial=0.0)
        scaled = weights / largest
        total = scaled.sum(axis=1, keepdims=True)
        usable = np.isfinite(scaled).all(axis=1) & (weights >= 0).all(axis=1)
        return scaled / total, total * largest, usable


def _reachable(work: _Work, layouts: Sequence[_Layout], tolerance: float, result: Raked) -> Bools:
    """Find the elements each of whose categories can reach its target by itself."""
    reachable = np.ones(work.at.size, dtype=bool)
    for number, (part, goal) in enumerate(zip(layouts, work.goals, strict=True)):
        sums = part.sums(work.shares)
        gap = np.where(sums > 0, 0.0, -np.append(part.targets, 0.0))
        if work.limits is not None:
            low, high = work.limits
            most = work.shares * np.where(work.shares > 0, high, 0.0)
            short = np.minimum(part.sums(most) - goal, 0.0)
            over = np.maximum(part.sums(work.shares * low) - goal, 0.0)
            beyond = np.where(-short > over, short, over)
            gap = np.where((gap == 0) & (np.abs(beyond) > tolerance), beyond, gap)
        failed = (gap != 0).any(axis=1)
        _note(result, work.at, number, gap, failed & reachable)
        reachable &= ~failed
    return reachable


def _note(result: Raked, at: Ints, number: int, gap: Floats, chosen: Bools) -> None:
    """Note the largest gap of the margin, (b, K + 1), for the chosen elements."""
    category = np.abs(gap).argmax(axis=1)
    found = np.take_along_axis(gap, category[:, None], axis=1)[:, 0]
    result.off[at[chosen]] = found[chosen]
    result.margin[at[chosen]] = number
    result.category[at[chosen]] = category[chosen]


def _sweeps(
    work: _Work, layouts: Sequence[_Layout], tolerance: float, most: int, result: Raked
) -> None:
    for sweep in range(1, most + 1):
        if not work.at.size:
            return
        worst = np.full(work.at.size, -1.0)
        for number, (part, goal) in enumerate(zip(layouts, work.goals, strict=True)):
            sums = part.sums(work.shares * work.held())
            gap = sums - goal
            if part.spread:
                gap[:, :-1] = sums[:, :-1] - part.targets * (1 - sums[:, -1:])
                gap[:, -1] = 0.0
            largest = np.abs(gap).max(axis=1)
            _note(result, work.at, number, gap, largest > worst)
            worst = np.maximum(worst, largest)
            step = _step(work, part, goal, sums, tolerance)
            work.factor = np.clip(
                work.factor * step[:, part.codes], 1 / LARGEST_FACTOR, LARGEST_FACTOR
            )
        result.sweeps[work.at] = sweep
        done = worst <= tolerance
        gone = work.run_away() & ~done
        result.converged[work.at[done]] = True
        result.weights[work.at[done]] = (work.shares * work.held())[done]
        work.keep(~(done | gone))


def _step(work: _Work, part: _Layout, goal: Floats, sums: Floats, tolerance: float) -> Floats:
    """Return the factor of each category, (b, K + 1), that meets the margin."""
    if work.limits is not None:
        return _limited_step(work, part, goal, tolerance)
    with np.errstate(divide="ignore", invalid="ignore"):
        if part.spread:
            return _spread_step(part, sums)
        return np.where(sums > 0, goal / sums, 1.0)


def _spread_step(part: _Layout, sums: Floats) -> Floats:
    """Count a cell without an answer in each category as much as its target.

    Its factor is then the mean of the categories' factors, geometric and weighted by the targets.
    """
    answered, missing = sums[:, :-1], sums[:, -1:]
    wanted = part.targets > 0
    logs = np.log(np.where(wanted, part.targets / answered, 1.0))
    mean = np.exp((part.targets * np.where(wanted, logs, 0.0)).sum(axis=1, keepdims=True))
    left = 1 / (1 + missing * mean)
    ratio = np.where(answered > 0, part.targets * left / answered, 1.0)
    return np.concatenate([ratio, left * mean], axis=1)


def _limited_step(work: _Work, part: _Layout, goal: Floats, tolerance: float) -> Floats:
    """Find the factors by Newton steps inside a bracket; the sum rises in straight pieces.

    An entry that is near enough is left alone, so that it does not depend on the others.
    """
    assert work.limits is not None
    low, high = work.limits
    step = np.ones_like(goal)
    under, over = np.zeros_like(goal), np.full_like(goal, np.inf)
    near = max(tolerance / 10, 4 * np.finfo(float).eps)
    for _ in range(INNER_STEPS):
        moved = work.factor * step[:, part.codes]
        free = (moved > low) & (moved < high)
        gap = goal - part.sums(work.shares * np.clip(moved, low, high))
        slope = part.sums(np.where(free, work.shares * moved, 0.0))
        going = np.abs(gap) > near
        if not going.any():
            break
        under = np.where(going & (gap > 0), step, under)
        over = np.where(going & (gap < 0), step, over)
        step = np.where(going, _next(step, gap, slope, under, over), step)
    return step


def _next(step: Floats, gap: Floats, slope: Floats, under: Floats, over: Floats) -> Floats:
    """Return the Newton step where it stays in the bracket, else a point inside the bracket."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        newton = step * (1 + gap / slope)
        up = np.minimum(16 * step * np.maximum(step, 1.0), LARGEST_FACTOR)
        down = np.maximum(step * np.minimum(step, 1.0) / 16, 1 / LARGEST_FACTOR)
        inside = np.sqrt(under * over)
        other = np.where(np.isinf(over), up, np.where(under == 0, down, inside))
        return np.where((newton > under) & (newton < over), newton, other)
