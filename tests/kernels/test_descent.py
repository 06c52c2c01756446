"""Newton's method where it is easy, where the Hessian is indefinite, and where it must give up."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from acsi_sem.kernels.descent import Spot, descend

Floats = NDArray[np.float64]


def rosenbrock(x: Floats) -> Spot[None]:
    a, b = x
    value = (1 - a) ** 2 + 100 * (b - a**2) ** 2
    gradient = np.array([-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)])
    return Spot(x, float(value), gradient, None)


def rosenbrock_curvature(spot: Spot[None], observed: bool) -> Floats:
    a, b = spot.x
    if not observed:
        jacobian = np.array([[-1.0, 0.0], [-20 * a, 10.0]])
        return np.asarray(2 * jacobian.T @ jacobian)
    return np.array([[2 - 400 * (b - 3 * a**2), -400 * a], [-400 * a, 200.0]])


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 3.0), (5.0, -20.0)])
def test_rosenbrock_is_solved_from_indefinite_places_too(start: tuple[float, float]) -> None:
    begin = rosenbrock(np.array(start))
    found = descend(rosenbrock, rosenbrock_curvature, begin, tolerance=1e-10)
    assert found.converged
    np.testing.assert_allclose(found.spot.x, [1.0, 1.0], atol=1e-9)


def test_steps_stay_in_the_domain() -> None:
    def evaluate(x: Floats) -> Spot[None] | None:
        if x[0] <= 0:
            return None
        return Spot(x, float(x[0] - np.log(x[0])), 1 - 1 / x, None)

    begin = evaluate(np.array([3.0]))
    assert begin is not None
    found = descend(evaluate, lambda s, _: np.diag(1 / s.x**2), begin, tolerance=1e-12)
    assert found.converged
    assert found.spot.x[0] == pytest.approx(1.0, abs=1e-12)


def test_a_function_without_minimum_does_not_converge() -> None:
    def falling(x: Floats) -> Spot[None]:
        return Spot(x, float(-x[0]), np.array([-1.0]), None)

    found = descend(falling, lambda *_: np.eye(1), falling(np.zeros(1)), tolerance=1e-8, limit=5)
    assert (found.converged, found.iterations) == (False, 5)
    flat = descend(falling, lambda *_: np.zeros((1, 1)), falling(np.zeros(1)), tolerance=1e-8)
    assert (flat.converged, flat.iterations) == (False, 0)


def test_a_slope_that_rounding_holds_up_counts_where_nothing_is_left_to_gain() -> None:
    stuck = Spot(np.zeros(1), 0.0, np.array([5e-11]), None)
    found = descend(lambda _: stuck, lambda *_: 1e6 * np.eye(1), stuck, tolerance=1e-12)
    assert found.converged
    shallow = descend(lambda _: stuck, lambda *_: 1e-6 * np.eye(1), stuck, tolerance=1e-12)
    assert not shallow.converged
