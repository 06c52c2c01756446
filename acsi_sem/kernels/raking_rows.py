"""Raking of rows: from row weights to cells and back, with bounds, trimming and parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from acsi_sem.kernels.raking import MAX_SWEEPS, Bools, Floats, Ints, Margin, Raked, rake


@dataclass(frozen=True, slots=True)
class RakingPart:
    """Rows that are raked together.

    Attributes
    ----------
    name : str
        Value of the column within which the survey is raked; empty for the whole survey.
    rows : ndarray of int, shape (m,)
    cells : ndarray of int, shape (m,)
        Cell of each row.
    margins : tuple of Margin
        Their codes are those of the C cells.
    base : ndarray, shape (C,)
        Base weight of a cell's rows; only their least where weights are not trimmed.
    """

    name: str
    rows: Ints
    cells: Ints
    margins: tuple[Margin, ...]
    base: Floats


@dataclass(frozen=True, slots=True)
class RakingPlan:
    """What is needed to rake any set of weights of a survey's rows.

    Attributes
    ----------
    base : ndarray, shape (n,)
        Base weights of the rows, above zero.
    parts : tuple of RakingPart
        Every row is in one of them.
    variables : tuple of str
        Name of each margin.
    categories : tuple of tuple of str
        Names of each margin's categories.
    bounds : pair of float, optional
        Least and greatest ratio of a raked to a base weight.
    trim : float, optional
        No raked weight is above this multiple of the mean weight of its part.
    tolerance : float
        Largest difference of a share from its target.
    max_sweeps : int
    """

    base: Floats
    parts: tuple[RakingPart, ...]
    variables: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    bounds: tuple[float, float] | None = None
    trim: float | None = None
    tolerance: float = 1e-10
    max_sweeps: int = MAX_SWEEPS

    @property
    def limited(self) -> bool:
        """True when weights are bounded or trimmed."""
        return self.bounds is not None or self.trim is not None


def make_part(
    name: str,
    rows: Ints,
    codes: Sequence[Ints],
    margins: Sequence[Margin],
    base: Floats,
    trimmed: bool,
) -> RakingPart:
    """Collapse rows to the cells in which they share every margin.

    Parameters
    ----------
    name : str
    rows : ndarray of int, shape (m,)
    codes : sequence of ndarray of int, shape (n,)
        Category of every row of the survey, -1 for none, per margin.
    margins : sequence of Margin
        Their codes are not used.
    base : ndarray, shape (n,)
    trimmed : bool
        Whether rows of one cell must share their base weight too, on which trimming depends.

    Examples
    --------
    >>> sex = np.array([0, 1, 0, 1])
    >>> half = Margin(sex, np.array([0.5, 0.5]))
    >>> make_part("", np.arange(4), [sex], [half], np.array([1.0, 1, 2, 1]), True).cells
    array([0, 2, 1, 2])
    """
    keys = [part[rows] for part in codes]
    if trimmed:
        keys.append(np.unique(base[rows], return_inverse=True)[1])
    _, first, cells = np.unique(
        np.column_stack(keys), axis=0, return_index=True, return_inverse=True
    )
    own = tuple(
        Margin(part[rows][first], margin.targets, margin.missing)
        for part, margin in zip(codes, margins, strict=True)
    )
    return RakingPart(name, rows, cells.ravel().astype(np.intp), own, base[rows][first])


def rake_rows(plan: RakingPlan, weights: Floats) -> tuple[Floats, Bools, tuple[Raked, ...]]:
    """Rake B sets of row weights.

    Parameters
    ----------
    plan : RakingPlan
    weights : ndarray, shape (B, n)
        Base weights, or replicates of them; a row counts weights / base times.

    Returns
    -------
    weights : ndarray, shape (B, n)
        Each part keeps its total; NaN throughout where a part could not be raked.
    met : ndarray of bool, shape (B,)
    raked : tuple of Raked
        One for each part.

    Notes
    -----
    Trimming depends on the number of rows and on their base weights, so that raking a row with
    twice its base weight is raking the row twice.

    Examples
    --------
    >>> sex, ones = np.array([0, 0, 0, 1]), np.ones(4)
    >>> half = [Margin(sex, np.array([0.5, 0.5]))]
    >>> part = make_part("", np.arange(4), [sex], half, ones, False)
    >>> plan = RakingPlan(ones, (part,), ("sex",), (("f", "m"),))
    >>> weights, met, _ = rake_rows(plan, np.array([[1.0, 1, 1, 1], [1, 1, 2, 0]]))
    >>> np.round(weights[0], 3), met
    (array([0.667, 0.667, 0.667, 2.   ]), array([ True, False]))
    """
    result = np.full(weights.shape, np.nan)
    met = np.ones(weights.shape[0], dtype=bool)
    found: list[Raked] = []
    for part in plan.parts:
        totals = _totals(part, weights)
        raked = rake(
            totals,
            part.margins,
            limits=_limits(plan, part, totals) if plan.limited else None,
            tolerance=plan.tolerance,
            max_sweeps=plan.max_sweeps,
        )
        ratio = np.divide(raked.weights, totals, out=np.ones_like(totals), where=totals > 0)
        result[:, part.rows] = weights[:, part.rows] * ratio[:, part.cells]
        met &= raked.converged
        found.append(raked)
    result[~met] = np.nan
    return result, met, tuple(found)


def held_rows(plan: RakingPlan, weights: Floats) -> Bools:
    """Return which rows' raked weights (n,) are held at a bound or trimmed; shape (n,).

    Examples
    --------
    >>> sex, ones = np.array([0, 0, 0, 1]), np.ones(4)
    >>> half = [Margin(sex, np.array([0.5, 0.5]))]
    >>> part = make_part("", np.arange(4), [sex], half, ones, False)
    >>> plan = RakingPlan(ones, (part,), ("sex",), (("f", "m"),), bounds=(0.5, 2.0))
    >>> held_rows(plan, rake_rows(plan, ones[None, :])[0][0])
    array([False, False, False,  True])
    """
    held = np.zeros(weights.size, dtype=bool)
    for part in plan.parts:
        held[part.rows] = held_ratios(plan, part, part_ratios(plan, part, weights))
    return held


def part_ratios(plan: RakingPlan, part: RakingPart, weights: Floats) -> Floats:
    """Return the ratios of raked weights (n,), in any unit, to a part's base weights; shape (m,).

    Examples
    --------
    >>> part = RakingPart("", np.arange(2), np.arange(2), (), np.ones(2))
    >>> part_ratios(RakingPlan(np.ones(2), (part,), (), ()), part, np.array([1.0, 3.0]))
    array([0.5, 1.5])
    """
    own, base = weights[part.rows], plan.base[part.rows]
    ratios: Floats = (own / own.sum()) / (base / base.sum())
    return ratios


def held_ratios(plan: RakingPlan, part: RakingPart, ratios: Floats) -> Bools:
    """Return which of a part's rows have a ratio (m,) that stands at its limit; shape (m,).

    Examples
    --------
    >>> part = RakingPart("", np.arange(2), np.arange(2), (), np.ones(2))
    >>> plan = RakingPlan(np.ones(2), (part,), (), (), bounds=(0.2, 1.5))
    >>> held_ratios(plan, part, np.array([0.5, 1.5]))
    array([False,  True])
    """
    if not plan.limited:
        return np.zeros(ratios.size, dtype=bool)
    near = 1e-9  # a ratio has been multiplied and divided a few times since it was cut
    low, high = _limits(plan, part, _totals(part, plan.base[None, :]))
    held: Bools = (ratios >= high[0, part.cells] * (1 - near)) | (
        ratios <= low[0, part.cells] * (1 + near)
    )
    return held


def margin_columns(part: RakingPart, weights: Floats) -> Iterator[tuple[Floats, bool]]:
    """Yield columns (C, k) of the cells whose weighted sum raking fixes, and whether at zero.

    Parameters
    ----------
    part : RakingPart
    weights : ndarray, shape (n,)
        Raked weights.

    Notes
    -----
    A category less its target's share of those who answered sums to zero. The column of no answer
    less its share sums to what the base weights give it, which varies from sample to sample.

    Examples
    --------
    >>> sex, ones = np.array([0, 0, 0, 1]), np.ones(4)
    >>> half = [Margin(sex, np.array([0.5, 0.5]))]
    >>> part = make_part("", np.arange(4), [sex], half, ones, False)
    >>> [columns for columns, _ in margin_columns(part, ones)]
    [array([[ 0.5, -0.5],
           [-0.5,  0.5]])]
    """
    totals = _totals(part, weights[None, :])[0]
    for margin in part.margins:
        answered = margin.codes >= 0
        dummies = margin.codes[:, None] == np.arange(margin.targets.size)
        yield dummies - np.outer(answered, margin.targets), True
        if margin.missing == "own" and not answered.all():
            missing = (~answered).astype(float)
            yield (missing - totals @ missing / totals.sum())[:, None], False


def _totals(part: RakingPart, weights: Floats) -> Floats:
    """Sum row weights (B, n) by cell, (B, C)."""
    order = np.argsort(part.cells, kind="stable")
    starts = np.searchsorted(part.cells[order], np.arange(part.base.size))
    totals: Floats = np.add.reduceat(weights[:, part.rows[order]], starts, axis=1)
    return totals


def _limits(plan: RakingPlan, part: RakingPart, totals: Floats) -> tuple[Floats, Floats]:
    """Return the least and greatest ratio of each cell, (B, C); trimming overrules the least."""
    bottom, top = plan.bounds or (0.0, np.inf)
    low, high = np.full(totals.shape, bottom), np.full(totals.shape, top)
    if plan.trim is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = totals.sum(axis=1) / (totals / part.base).sum(axis=1)
        high = np.minimum(high, plan.trim * mean[:, None] / part.base)
        low = np.minimum(low, high)
    return low, high
