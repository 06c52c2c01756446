"""Quasi-Newton minimisation of many problems at once from one curvature.

BFGS from a common initial inverse Hessian H₀, kept as H₀ and the pairs (s, y) of each element
(the two-loop recursion with full memory), so that an iteration costs one product with H₀ and a
few inner products instead of a k × k update. Elements that are done leave the batch; all
arithmetic is element-wise, so that they leave no trace in the others' numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.lisrel import Bools, Floats, Ints

SUFFICIENT: Final = 1e-4
"""Share of the predicted fall that a step must bring (Armijo)."""

ROUNDING: Final = 1e-11
"""Changes of F, relative to 1 + |F|, that rounding may hide."""

_SHRINK: Final = 0.4
_TRIES: Final = 10
_CROWD: Final = 0.75
"""Below this share of elements under way the others are dropped from the arrays."""

Evaluate = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""(theta (k, b), data (..., b)) -> F (b,), gradient (k, b); infinite and NaN where undefined."""


def acceptable(
    value: Floats, found: Floats, predicted: Floats, before: Floats, after: Floats
) -> Bools:
    """Say which steps to take.

    Parameters
    ----------
    value, found : ndarray, shape (B,)
        F before and after the step; NaN or infinite where undefined.
    predicted : ndarray, shape (B,)
        Step length times `before`.
    before, after : ndarray, shape (B,)
        Derivative of F along the direction before and after the step.

    Returns
    -------
    ndarray of bool, shape (B,)
        True where F falls enough; or where it does not rise beyond rounding while the slope along
        the direction flattens.

    References
    ----------
    Nocedal & Wright (2006), Numerical Optimization, ch. 3; Hager & Zhang (2005), SIAM J.
    Optimization 16, 170-192, for steps whose fall rounding hides.

    Examples
    --------
    >>> one = np.ones(1)
    >>> acceptable(one, 0.5 * one, -one, -one, 0 * one).tolist()
    [True]
    """
    enough = found <= value + SUFFICIENT * predicted
    hidden = found <= value + ROUNDING * (1.0 + np.abs(value))
    flatter = np.abs(after) <= 0.9 * np.abs(before)
    return np.asarray((enough | (hidden & flatter)) & np.isfinite(after), dtype=bool)


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """Where the elements ended.

    Attributes
    ----------
    theta : ndarray, shape (k, B)
    value : ndarray, shape (B,)
        F; infinite where it was not defined at the start.
    slope : ndarray, shape (B,)
        Largest |units · gradient|; infinite where F was not defined at the start.
    iterations : ndarray of int, shape (B,)
        Evaluations of F and its gradient.
    """

    theta: Floats
    value: Floats
    slope: Floats
    iterations: Ints


@dataclass(slots=True, eq=False)
class _State:
    """The elements under way; every array has them last."""

    numbers: Ints
    data: Floats
    units: Floats
    theta: Floats
    value: Floats
    gradient: Floats
    direction: Floats
    step: Floats
    tries: Ints
    pairs: list[tuple[Floats, Floats, Floats]]

    def keep(self, which: Bools) -> None:
        """Drop the other elements."""
        if np.count_nonzero(which) == 1:  # two keep numpy's sums in order, see `pad_lone`
            which = which.copy()
            which[int(np.argmin(which))] = True
        # Indexing leaves another memory order behind, in which numpy adds up in another order: an
        # element's last bits would tell when its neighbours left.
        for name in ("numbers", "data", "units", "theta", "value", "gradient", "direction"):
            setattr(self, name, np.ascontiguousarray(getattr(self, name)[..., which]))
        self.step, self.tries = self.step[which], self.tries[which]
        self.pairs = [
            (np.ascontiguousarray(s[:, which]), np.ascontiguousarray(y[:, which]), w[which])
            for s, y, w in self.pairs
        ]


def descend(
    evaluate: Evaluate,
    start: Floats,
    data: Floats,
    inverse_hessian: Floats,
    units: Floats,
    tolerance: float,
    limit: int,
) -> Descent:
    """Minimise by BFGS with step control for each element.

    Parameters
    ----------
    evaluate : Evaluate
        Must treat elements alone.
    start : ndarray, shape (k, B)
        B at least 2.
    data : ndarray, shape (..., B)
        What `evaluate` needs to know about each element.
    inverse_hessian : ndarray, shape (k, k)
        H₀, positive definite.
    units : ndarray, shape (k, B)
        Units of the parameters; the slope is the largest |units · gradient|.
    tolerance : float
        Slope at which an element is done.
    limit : int
        Most evaluations for an element.

    Returns
    -------
    Descent

    References
    ----------
    Nocedal & Wright (2006), Numerical Optimization, ch. 6 and 7.

    Examples
    --------
    >>> def bowl(theta, centre):
    ...     return ((theta - centre)**2).sum(axis=0), 2 * (theta - centre)
    >>> found = descend(bowl, np.zeros((1, 2)), np.array([[3.0, 4.0]]), np.eye(1),
    ...                 np.ones((1, 2)), 1e-9, 20)
    >>> found.theta.round(9).tolist(), found.iterations.tolist()
    ([[3.0, 4.0]], [4, 4])
    """
    if start.shape[-1] < 2:
        raise ValueError("a batch needs two elements or more; see pad_lone")
    theta, batch = start.copy(), start.shape[-1]
    slope, iterations = np.full(batch, np.inf), np.zeros(batch, dtype=np.intp)
    state = _begin(evaluate, start, data, inverse_hessian, units)
    value = np.where(np.isfinite(state.value), state.value, np.inf)
    active = np.isfinite(state.value)
    for count in range(1, limit + 1):
        found = np.abs(state.gradient * state.units).max(axis=0, initial=0.0)
        numbers = state.numbers[active]
        theta[:, numbers], slope[numbers] = state.theta[:, active], found[active]
        value[numbers], iterations[numbers] = state.value[active], count
        active = active & (found > tolerance) & (state.tries <= _TRIES)
        if not active.any() or count == limit:
            break
        if active.mean() < _CROWD:
            kept = state.numbers[active]
            state.keep(active)
            active = np.isin(state.numbers, kept)
        _advance(state, evaluate, inverse_hessian)
    return Descent(theta, value, slope, iterations)


def _begin(
    evaluate: Evaluate, start: Floats, data: Floats, inverse_hessian: Floats, units: Floats
) -> _State:
    value, gradient = evaluate(start, data)
    batch = start.shape[-1]
    return _State(
        numbers=np.arange(batch),
        data=data,
        units=units,
        theta=start,
        value=value,
        gradient=gradient,
        direction=_direction(gradient, [], inverse_hessian),
        step=np.ones(batch),
        tries=np.zeros(batch, dtype=np.intp),
        pairs=[],
    )


def _advance(state: _State, evaluate: Evaluate, inverse_hessian: Floats) -> None:
    """Try a step; where it is good take it and turn, elsewhere shorten it."""
    move = state.step * state.direction
    reached = state.theta + move
    value, gradient = evaluate(reached, state.data)
    before, after = _inner(state.gradient, state.direction), _inner(gradient, state.direction)
    good = acceptable(state.value, value, state.step * before, before, after)
    change = np.where(good, gradient - state.gradient, 0.0)
    curvature = _inner(move, change)
    flat = curvature <= 1e-14 * np.sqrt(_inner(move, move) * _inner(change, change))
    weight = np.where(good & ~flat, 1.0 / np.where(flat, 1.0, curvature), 0.0)
    state.pairs.append((move, change, weight))
    state.theta = np.where(good, reached, state.theta)
    state.value = np.where(good, value, state.value)
    state.gradient = np.where(good, gradient, state.gradient)
    state.tries = np.where(good, 0, state.tries + 1)
    turned = _direction(state.gradient, state.pairs, inverse_hessian)
    state.direction = np.where(good, turned, state.direction)
    state.step = np.where(good, 1.0, _SHRINK * state.step)


def _direction(
    gradient: Floats, pairs: list[tuple[Floats, Floats, Floats]], inverse_hessian: Floats
) -> Floats:
    """-H · gradient by the two-loop recursion; a pair of weight 0 changes nothing."""
    vector = -gradient
    shares = []
    for s, y, weight in reversed(pairs):
        share = weight * _inner(s, vector)
        vector -= share * y
        shares.append(share)
    # not a BLAS product, whose rounding may depend on the place in the batch
    vector = np.asarray(np.einsum("kj,jb->kb", inverse_hessian, vector))
    for s, y, weight in pairs:
        vector += (shares.pop() - weight * _inner(y, vector)) * s
    return vector


def _inner(left: Floats, right: Floats) -> Floats:
    """Inner products of the columns, shape (B,)."""
    return np.asarray(np.einsum("kb,kb->b", left, right))
