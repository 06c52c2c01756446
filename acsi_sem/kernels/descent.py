"""Newton's method for one function, with a safe second choice of curvature and step halving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np

from acsi_sem.kernels.covariance import invert_positive
from acsi_sem.kernels.lisrel import Floats

State = TypeVar("State")

_DECREASE: Final = 1e-4
_HALVINGS: Final = 30
_NOISE: Final = 1e-10
"""Predicted decrease below which rounding hides whether the objective fell."""

_SETTLED: Final = 1e-18
"""Predicted decrease too small to matter where rounding keeps the slope above the tolerance."""

_SLACK: Final = 100.0
"""How far above the tolerance the slope may then be."""

_RIDGE: Final = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class Spot(Generic[State]):
    """A point, the objective there, its gradient, and what the curvature is computed from."""

    x: Floats
    value: float
    gradient: Floats
    state: State

    @property
    def slope(self) -> float:
        """Largest absolute derivative."""
        return float(np.abs(self.gradient).max(initial=0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Descent(Generic[State]):
    """Where the search ended."""

    spot: Spot[State]
    iterations: int
    converged: bool


def descend(
    evaluate: Callable[[Floats], Spot[State] | None],
    curvature: Callable[[Spot[State], bool], Floats],
    start: Spot[State],
    *,
    tolerance: float,
    limit: int = 200,
) -> Descent[State]:
    """Minimise a function.

    Parameters
    ----------
    evaluate : callable
        Gives the spot at a point (k,), or None outside the domain.
    curvature : callable
        Called with a spot and True, gives its Hessian (k, k); with False, a matrix in its stead
        that is never indefinite (such as the expected information).
    start : Spot
    tolerance : float
        Largest absolute derivative that counts as converged.
    limit : int
        Most iterations.

    Returns
    -------
    Descent
        `converged` is False when the limit is reached, or when steps no longer help before the
        slope is below the tolerance; a slope up to 100 times as large counts where the Newton
        step promises next to nothing, since rounding hides the rest.

    Examples
    --------
    >>> square = lambda x: Spot(x, float((x**2).sum() / 2), x, None)
    >>> found = descend(square, lambda *_: np.eye(1), square(np.array([3.0])), tolerance=1e-10)
    >>> found.spot.x.tolist(), found.iterations, found.converged
    ([0.0], 1, True)
    """
    spot = start
    for iteration in range(limit):
        if spot.slope < tolerance:
            return Descent(spot, iteration, True)
        hessian = curvature(spot, True)
        ahead = _advance(evaluate, hessian, spot, 0.0)
        if ahead is None:
            ahead = _advance(evaluate, curvature(spot, False), spot, _RIDGE)
        if ahead is None:
            near = spot.slope < _SLACK * tolerance and _settled(hessian, spot.gradient)
            return Descent(spot, iteration, near)
        spot = ahead
    return Descent(spot, limit, spot.slope < tolerance)


def _advance(
    evaluate: Callable[[Floats], Spot[State] | None],
    matrix: Floats,
    spot: Spot[State],
    ridge: float,
) -> Spot[State] | None:
    """A step with this curvature; None where it is not positive definite or no step helps."""
    step = _solve(matrix, spot.gradient, ridge)
    return None if step is None else _search(evaluate, spot, step)


def _settled(hessian: Floats, gradient: Floats) -> bool:
    """Whether the Newton step promises next to nothing."""
    step = _solve(hessian, gradient, 0.0)
    return step is not None and -float(gradient @ step) < _SETTLED


def _solve(matrix: Floats, gradient: Floats, ridge: float) -> Floats | None:
    """-matrix⁻¹ gradient, the matrix scaled to a unit diagonal; None unless positive definite."""
    diagonal = np.diag(matrix)
    if not (diagonal > 0).all():
        return None
    root = np.sqrt(diagonal)
    scaled = matrix / np.outer(root, root) + ridge * np.eye(len(root))
    inverse, _, ok = invert_positive(scaled[None])
    if not ok[0]:
        return None
    step: Floats = -(inverse[0] @ (gradient / root)) / root
    return step


def _search(
    evaluate: Callable[[Floats], Spot[State] | None], spot: Spot[State], step: Floats
) -> Spot[State] | None:
    """The first of the halved steps that helps."""
    promised = float(spot.gradient @ step)
    if promised >= 0:
        return None
    share = 1.0
    for _ in range(_HALVINGS):
        ahead = evaluate(spot.x + share * step)
        if ahead is not None and _helps(spot, ahead, share * promised):
            return ahead
        share /= 2
    return None


def _helps(spot: Spot[State], ahead: Spot[State], promised: float) -> bool:
    if abs(promised) < _NOISE * max(1.0, abs(spot.value)):
        return ahead.slope < spot.slope
    return ahead.value <= spot.value + _DECREASE * promised
