"""The two minimisers on functions with known minima."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from acsi_sem.kernels.newton import Objective, minimise
from acsi_sem.kernels.quasi_newton import descend

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def rosenbrock(x: Floats) -> tuple[Floats, Floats, Floats]:
    """F, gradient (2, B) and Hessian (B, 2, 2); minimum 0 at (1, 1)."""
    a, b = x
    rest = b - a**2
    slope = np.stack([-2 * (1 - a) - 400 * a * rest, 200 * rest])
    hessian = np.array([[2 - 400 * (rest - 2 * a**2), -400 * a], [-400 * a, np.full_like(a, 200)]])
    return (1 - a) ** 2 + 100 * rest**2, slope, np.moveaxis(hessian, -1, 0)


def banana() -> Objective:
    def slope(theta: Floats, which: Ints) -> tuple[Floats, Floats]:
        value, gradient, _ = rosenbrock(theta.T)
        return value, gradient.T

    def curvature(theta: Floats, which: Ints) -> tuple[Floats, Floats]:
        hessian = rosenbrock(theta.T)[2]
        return hessian, np.broadcast_to(200 * np.eye(2), hessian.shape)

    return Objective(slope, curvature)


ONE = np.ones((1, 1))
STARTS = np.array([[-1.2, 1.0], [3.0, -2.0], [1.0, 1.0], [0.0, 0.0]])


def test_bfgs_finds_the_end_of_a_curved_valley() -> None:
    def evaluate(theta: Floats, data: Floats) -> tuple[Floats, Floats]:
        value, gradient, _ = rosenbrock(theta)
        return value, gradient

    units = np.ones((2, 4))
    found = descend(evaluate, STARTS.T.copy(), np.zeros((1, 4)), np.eye(2), units, 1e-9, 300)
    # curvature along the valley is 0.4: a gradient of 1e-9 is 2.5e-9 away
    np.testing.assert_allclose(found.theta, 1.0, atol=1e-8)
    assert (found.slope < 1e-9).all()
    assert found.iterations[2] == 1
    np.testing.assert_allclose(found.value, 0.0, atol=1e-16)


def test_newton_finds_it_too() -> None:
    found = minimise(banana(), STARTS, np.ones((4, 2)), 1e-9, 100)
    np.testing.assert_allclose(found.theta, 1.0, atol=1e-8)
    assert found.iterations[2] == 0
    assert (found.slope < 1e-9).all()


def test_a_limit_is_kept_and_shows_in_the_slope() -> None:
    found = minimise(banana(), STARTS[:1], np.ones((1, 2)), 1e-9, 3)
    assert found.iterations.tolist() == [3]
    assert found.slope[0] > 1e-9


def test_an_element_without_a_value_at_the_start_stays_there() -> None:
    """log x with x² has no value at -1."""

    def evaluate(theta: Floats, data: Floats) -> tuple[Floats, Floats]:
        with np.errstate(invalid="ignore"):
            value = theta[0] ** 2 - np.log(theta[0])
        bad = theta[0] <= 0
        slope = 2 * theta - 1 / theta
        return np.where(bad, np.inf, value), np.where(bad, np.nan, slope)

    start = np.array([[2.0, -1.0]])
    found = descend(evaluate, start, np.zeros((1, 2)), np.eye(1), np.ones((1, 2)), 1e-10, 50)
    np.testing.assert_allclose(found.theta, [[np.sqrt(0.5), -1.0]], atol=1e-9)
    assert np.isinf(found.slope[1])
    assert np.isinf(found.value[1])

    def slope(theta: Floats, which: Ints) -> tuple[Floats, Floats]:
        value, gradient = evaluate(theta.T, theta.T)
        return value, gradient.T

    def curvature(theta: Floats, which: Ints) -> tuple[Floats, Floats]:
        hessian = (2 + 1 / theta**2)[:, :, None]
        return hessian, hessian

    ended = minimise(Objective(slope, curvature), start.T, np.ones((2, 1)), 1e-10, 50)
    np.testing.assert_allclose(ended.theta.T, found.theta, atol=1e-9)
    assert np.isnan(ended.value[1])
    assert np.isinf(ended.slope[1])


def test_a_batch_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="pad_lone"):
        descend(lambda theta, _: (theta[0], theta), ONE, ONE, np.eye(1), ONE, 1.0, 1)
