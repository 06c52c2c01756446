"""Mean and covariance matrix of incomplete answers by maximum likelihood, many weightings at once.

Every weighting (a bootstrap replicate, a group) has the same missing patterns with other weights.
EM steps, accelerated by squared extrapolation, are taken batch last: what comes out for one
element does not depend on its neighbours. Needs sums per missing pattern; `PatternPlan` says how
they are laid out. `acsi_sem.kernels.em` finds the same maximum for one element by Newton steps,
with what a test of a model needs beside it.

The normal distribution of the unanswered items m given the answered o has the precision K_mm and
the slopes -K_mm⁻¹ K_mo, K = Σ⁻¹: one inverse of Σ serves all patterns, and a pattern costs little
where few items are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.lisrel import Bools, Floats, Ints
from acsi_sem.kernels.moments import ROUNDING, Moments
from acsi_sem.kernels.small_linalg import invert_definite, pad_lone, product

CHUNK: Final = 256  # elements that are worked on together; no part of the result

_LIMIT: Final = 600
_SLACK: Final = 1e-13
"""Fall of the log-likelihood per unit of weight that is rounding."""

_FLAT: Final = 1e-6
"""Variance share that the other items leave unexplained below which Σ counts as singular: whole
answers come this close only where they are dependent, and EM creeps towards zero for ever."""

_NOISE: Final = 1e-14
"""Rounding of an EM step, times the smallest such share: no smaller move can be asked for."""

_CREEP: Final = 0.01
"""Relative change of that share in a step above which Σ is still on its way to a singular one."""

FINE, EMPTY, CONSTANT, APART, SINGULAR, UNFINISHED = range(6)
OUTCOMES: Final = (
    "",
    "EM: nobody answered",
    "EM: an item does not have two different answers",
    "EM: two items were never answered by the same respondent",
    "EM: the covariance matrix is singular",
    f"EM did not converge in {_LIMIT} steps",
)
"""What `EmBatch.outcome` numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class PatternPlan:
    """How K additive sums carry the moments of J missing patterns of p items.

    A pattern with o answered items needs the k = (1 + o)(2 + o)/2 sums of w (1, d, vech dd'),
    d = x - origin. A pattern with fewer than k rows is carried by the weights of its rows instead.

    Attributes
    ----------
    observed : ndarray of bool, shape (J, p)
        Which items the pattern has answers to; at least one.
    offsets : ndarray of int, shape (J + 1,)
        Where each pattern's columns begin among the K.
    basis : tuple of ndarray, shape (r, k), or None
        Of a pattern carried by row weights, (1, d, vech dd') of each of its r rows; None where the
        sums themselves are carried. vech is the upper triangle, row by row.
    origin : ndarray, shape (p,)
    """

    observed: Bools
    offsets: Ints
    basis: tuple[Floats | None, ...]
    origin: Floats

    @property
    def width(self) -> int:
        """K."""
        return int(self.offsets[-1])

    def scatter(self, sums: Floats, pattern: int) -> Floats:
        """Return Σ w (1, d)(1, d)' of a pattern's answered items, batch last.

        Parameters
        ----------
        sums : ndarray, shape (K, B)
        pattern : int

        Returns
        -------
        ndarray, shape (1 + o, 1 + o, B)
        """
        carried = sums[self.offsets[pattern] : self.offsets[pattern + 1]]
        basis = self.basis[pattern]
        if basis is not None:
            carried = np.einsum("rk,rb->kb", basis, carried)
        size = 1 + int(self.observed[pattern].sum())
        rows, columns = np.triu_indices(size)
        found = np.empty((size, size, carried.shape[1]))
        found[rows, columns] = carried
        found[columns, rows] = carried
        return found


@dataclass(frozen=True, slots=True, eq=False)
class EmBatch:
    """Estimates of B weightings.

    Attributes
    ----------
    moments : Moments
        `weight` is that of all rows with an answer; `mean` and `covariance` (divisor: sum of
        weights) are NaN where `ok` is False; `item_weight` and `item_mean` are of the answers
        each item has.
    ok : ndarray of bool, shape (B,)
    iterations : ndarray of int, shape (B,)
        EM steps.
    outcome : ndarray of int, shape (B,)
        Place in `OUTCOMES`, the reason in words; 0 where `ok`.
    """

    moments: Moments
    ok: Bools
    iterations: Ints
    outcome: Ints

    @property
    def reasons(self) -> tuple[str, ...]:
        """Say why each element failed; empty texts where it did not."""
        return tuple(OUTCOMES[place] for place in self.outcome)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """Patterns in units of each element's available means and standard deviations, batch last.

    `base` (1 + p, 1 + p, B) is the sum of all scatters, zero where not answered; `holed` are the
    patterns with something missing: scatter, places of answered items among (1, x), of missing.
    """

    weight: Floats
    base: Floats
    holed: tuple[tuple[Floats, Ints, Ints], ...]

    def take(self, at: Ints) -> _Work:
        """Return the work of some elements."""
        holed = tuple((scatter[..., at], o, m) for scatter, o, m in self.holed)
        return _Work(self.weight[at], self.base[..., at], holed)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """A point's log-likelihood per unit of weight but for a constant, and the EM step from it."""

    value: Floats
    ahead: Floats
    pivot: Floats


def em_batch(
    plan: PatternPlan,
    sums: Floats,
    start: tuple[Floats, Floats] | None = None,
    *,
    tolerance: float = 1e-12,
) -> EmBatch:
    """Estimate mean and covariance matrix of incomplete answers under B weightings.

    Parameters
    ----------
    plan : PatternPlan
    sums : ndarray, shape (B, K)
        As the plan lays them out, weights not negative; a pattern may have weight zero.
    start : (mean, covariance), shapes (p,) and (p, p), or None
        Where every element starts, in scale units; None starts from independent items. It
        changes how many steps are needed, and nothing else but rounding.
    tolerance : float
        Largest move of a mean or a covariance by an EM step that counts as converged, items in
        standard deviation units.

    Returns
    -------
    EmBatch

    References
    ----------
    Dempster, Laird & Rubin (1977), J. Royal Statistical Society B 39, 1-38;
    Varadhan & Roland (2008), Scandinavian J. Statistics 35, 335-353: squared extrapolation,
    steplength 3, here taken back wherever the likelihood would fall.

    Examples
    --------
    Who answered only the first item tells something about the mean of the second:

    >>> plan = PatternPlan(np.array([[True, False], [True, True]]), np.array([0, 3, 9]),
    ...                    (None, None), np.zeros(2))
    >>> sums = np.array([[1.0, 6.0, 36.0, 3.0, 6.0, 6.0, 14.0, 13.0, 14.0]])
    >>> found = em_batch(plan, sums)
    >>> found.moments.mean.round(6).tolist(), found.ok.tolist()
    ([[3.0, 2.5]], [True])
    """
    if sums.ndim != 2 or sums.shape[1] != plan.width:
        raise ValueError(f"sums (B, {plan.width}), not {sums.shape}")
    parts = [
        _estimate(plan, sums[at : at + CHUNK], start, tolerance)
        for at in range(0, max(1, len(sums)), CHUNK)
    ]
    joined = [np.concatenate(arrays) for arrays in zip(*map(_arrays, parts), strict=True)]
    return EmBatch(Moments(*joined[:5]), *joined[5:])


def _arrays(part: EmBatch) -> tuple[Floats | Bools | Ints, ...]:
    m = part.moments
    own = (m.weight, m.mean, m.covariance, m.item_weight, m.item_mean)
    return (*own, part.ok, part.iterations, part.outcome)


def _estimate(
    plan: PatternPlan, sums: Floats, start: tuple[Floats, Floats] | None, tolerance: float
) -> EmBatch:
    """Estimate one chunk."""
    batch, p = len(sums), len(plan.origin)
    carried = pad_lone(sums.T.copy())
    scatters = [plan.scatter(carried, j) for j in range(len(plan.observed))]
    weight, item_weight, centre, scale, apart = _available(plan, scatters, carried.shape[1])
    outcome = np.where(apart, APART, FINE)
    outcome[~(scale > 0).all(axis=0)] = CONSTANT
    outcome[~(weight > 0)] = EMPTY
    theta = np.full((p, 1 + p, len(weight)), np.nan)
    iterations = np.zeros(len(weight), dtype=np.intp)
    todo = np.flatnonzero(outcome == FINE)
    if todo.size:
        todo = _two(todo)
        work = _in_units(plan, scatters, weight, centre, scale, todo)
        first = _first(start, plan.origin, centre[:, todo], scale[:, todo])
        theta[..., todo], outcome[todo], iterations[todo] = _climb(work, first, tolerance)
    theta[..., outcome != FINE] = np.nan
    mean = centre + scale * theta[:, 0] + plan.origin[:, None]
    covariance = theta[:, 1:] * scale * scale[:, None]
    moments = Moments(
        weight=weight[:batch].copy(),
        mean=mean.T[:batch].copy(),
        covariance=np.moveaxis(covariance, -1, 0)[:batch].copy(),
        item_weight=item_weight.T[:batch].copy(),
        item_mean=(centre + plan.origin[:, None]).T[:batch].copy(),
    )
    done = outcome[:batch]
    return EmBatch(moments, done == FINE, iterations[:batch], done)


def _two(places: Ints) -> Ints:
    """Double a lone place, as reductions over a batch of one run in another order."""
    return np.repeat(places, 2) if len(places) == 1 else places


def _available(
    plan: PatternPlan, scatters: list[Floats], batch: int
) -> tuple[Floats, Floats, Floats, Floats, Bools]:
    """Sum the weights; centre and scale every item's own answers about the origin (p, B).

    Returns weight (B,), item weight, centre and scale (p, B), and whether some pair of items was
    never answered together (B,). The scale is zero for a constant item.
    """
    p = len(plan.origin)
    weight, joint = np.zeros(batch), np.zeros((p, p, batch))
    first, second = np.zeros((p, batch)), np.zeros((p, batch))
    for seen, scatter in zip(plan.observed, scatters, strict=True):
        at = np.flatnonzero(seen)
        weight += scatter[0, 0]
        joint[np.ix_(at, at)] += scatter[0, 0]
        first[at] += scatter[0, 1:]
        second[at] += np.einsum("iib->ib", scatter[1:, 1:])
    own = np.einsum("iib->ib", joint).copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        centre, raw = first / own, second / own
        variance = raw - centre**2
        scale = np.sqrt(np.where(variance > ROUNDING * raw, variance, 0.0))
    apart: Bools = np.any(~(joint > 0), axis=(0, 1))
    return weight, own, centre, scale, apart


def _in_units(
    plan: PatternPlan,
    scatters: list[Floats],
    weight: Floats,
    centre: Floats,
    scale: Floats,
    at: Ints,
) -> _Work:
    """Centre and scale the scatters of the elements `at`."""
    p = len(plan.origin)
    base = np.zeros((1 + p, 1 + p, len(at)))
    holed = []
    for seen, whole in zip(plan.observed, scatters, strict=True):
        items = np.flatnonzero(seen)
        scatter, c, s = whole[..., at], centre[np.ix_(items, at)], scale[np.ix_(items, at)]
        first = scatter[0, 1:] - c * scatter[0, 0]
        # Σ w (d - c)(d - c)' = Σ w dd' - c (Σ w d)' - (Σ w (d - c)) c'
        scatter[1:, 1:] -= c[:, None] * scatter[0, 1:] + first[:, None] * c
        scatter[1:, 1:] /= s[:, None] * s
        scatter[0, 1:] = scatter[1:, 0] = first / s
        answered = np.concatenate([[0], 1 + items])
        base[np.ix_(answered, answered)] += scatter
        if len(items) < p:
            holed.append((scatter, answered, 1 + np.flatnonzero(~seen)))
    return _Work(weight[at], base, tuple(holed))


def _first(
    start: tuple[Floats, Floats] | None, origin: Floats, centre: Floats, scale: Floats
) -> Floats:
    """Return the start as (mean, covariance) in units, shape (p, 1 + p, B)."""
    p, batch = centre.shape
    first = np.zeros((p, 1 + p, batch))
    if start is None:
        first[np.arange(p), 1 + np.arange(p)] = 1.0
        return first
    mean, covariance = start
    first[:, 0] = ((mean - origin)[:, None] - centre) / scale
    first[:, 1:] = covariance[..., None] / (scale[:, None] * scale)
    return first


def _climb(work: _Work, theta: Floats, tolerance: float) -> tuple[Floats, Ints, Ints]:
    """Take pairs of EM steps and extrapolate from each; drop elements as they finish."""
    batch = theta.shape[-1]
    found = np.full(theta.shape, np.nan)
    outcome, iterations = np.full(batch, UNFINISHED), np.zeros(batch, dtype=np.intp)
    active = np.arange(batch)
    for steps in range(2, _LIMIT + 1, 3):
        one = _em_step(work, theta)
        two = _em_step(work, one.ahead)
        with np.errstate(invalid="ignore"):
            least = np.maximum(tolerance, _NOISE / two.pivot)
            still = np.abs(two.ahead - one.ahead).max(axis=(0, 1)) <= least
            still &= np.abs(two.pivot - one.pivot) <= _CREEP * two.pivot
            lost = ~((one.pivot > _FLAT) & (two.pivot > _FLAT) & np.isfinite(two.value))
        iterations[active] = steps
        found[..., active] = two.ahead
        outcome[active[still]] = FINE
        outcome[active[lost]] = SINGULAR
        kept = np.flatnonzero(~(still | lost))
        if not kept.size:
            break
        ahead = _extrapolate(theta, one.ahead, two.ahead)
        far = _em_step(work, ahead)
        with np.errstate(invalid="ignore"):
            good = (far.pivot > _FLAT) & (far.value >= two.value - _SLACK)
        theta = np.where(good, far.ahead, two.ahead)
        if kept.size < len(active):
            kept = _two(kept)
            active, theta, work = active[kept], theta[..., kept], work.take(kept)
    return found, outcome, iterations


def _extrapolate(before: Floats, one: Floats, two: Floats) -> Floats:
    """Leap along two steps: x - 2 a r + a² v with r, v their difference and its change."""
    r = one - before
    v = two - one - r
    with np.errstate(invalid="ignore", divide="ignore"):
        a = -np.sqrt((r**2).sum(axis=(0, 1)) / (v**2).sum(axis=(0, 1)))
    a = np.where(a < -1.0, a, -1.0)
    leap: Floats = before - 2.0 * a * r + a**2 * v
    return leap


def _em_step(work: _Work, theta: Floats) -> _Step:
    """Fill every pattern's missing answers by what the others predict, and take moments."""
    mean, sigma = theta[:, 0], theta[:, 1:]
    with np.errstate(all="ignore"):
        precision, pivots = invert_definite(sigma)
        filled, crossed = work.base.copy(), np.zeros_like(work.base)
        unsure = np.zeros_like(sigma)
        log = np.log(pivots).sum(axis=0) * work.weight
        for scatter, answered, missing in work.holed:
            rest = np.ix_(missing - 1, missing - 1)
            within, own = invert_definite(precision[rest])
            line = _lines(precision, within, mean, answered[1:] - 1, missing - 1)
            cross = product(line, scatter)
            crossed[np.ix_(missing, answered)] += cross
            filled[np.ix_(missing, missing)] += product(cross, np.swapaxes(line, 0, 1))
            unsure[rest] += scatter[0, 0] * within
            log += np.log(own).sum(axis=0) * scatter[0, 0]
        filled = (filled + crossed + np.swapaxes(crossed, 0, 1)) / work.weight
        first, second = filled[0, 1:], filled[1:, 1:]
        apart = first - mean
        spread = second - first[:, None] * first
        misfit = spread + apart[:, None] * apart
        value = -0.5 * (log / work.weight + (precision * misfit).sum(axis=(0, 1)))
        ahead = np.concatenate([first[:, None], spread + unsure / work.weight], axis=1)
        share = pivots / np.einsum("iib->ib", sigma)
    return _Step(value, ahead, share.min(axis=0))


def _lines(precision: Floats, within: Floats, mean: Floats, seen: Ints, missing: Ints) -> Floats:
    """Return what predicts the missing items from (1, answered ones), shape (m, 1 + o, B)."""
    slopes = -product(within, precision[np.ix_(missing, seen)])
    constant = mean[missing] - np.einsum("mob,ob->mb", slopes, mean[seen])
    return np.concatenate([constant[:, None], slopes], axis=1)
