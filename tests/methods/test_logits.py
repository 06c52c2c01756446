"""Logit limits of shares: by hand, inside 0 and 1, mirrored, and withheld where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from acsi_sem.inference.intervals import UNDEFINED, Spread, bootstrap_normal_spread, no_spread
from acsi_sem.kernels.moments import Floats
from acsi_sem.methods.logits import logit_spread

RNG = np.random.default_rng(4)
DRAWS = expit(RNG.normal(-1.2, 0.5, (200, 3)))
POINT = expit(np.full(3, -1.2))


def normal(draws: Floats, point: Floats) -> Spread:
    """Normal limits of all replicates."""
    return bootstrap_normal_spread(draws, point, np.ones(len(draws), dtype=bool), 0.95, None)


def test_limits_are_those_of_the_logits_turned_back() -> None:
    found = logit_spread(normal, DRAWS, POINT)
    error = logit(DRAWS).std(axis=0, ddof=1)
    assert found.low == pytest.approx(expit(logit(POINT) - 1.959964 * error), rel=1e-6)
    assert found.high == pytest.approx(expit(logit(POINT) + 1.959964 * error), rel=1e-6)
    assert found.std_error == pytest.approx(DRAWS.std(axis=0, ddof=1))
    assert [found.note((k,)) for k in range(3)] == ["", "", ""]


def test_limits_are_skewed_where_normal_ones_would_leave_the_range() -> None:
    point, draws = np.array([0.04]), np.array([[0.01], [0.04], [0.12], [0.03], [0.09]])
    assert normal(draws, point).low[0] < 0
    found = logit_spread(normal, draws, point)
    assert 0 < found.low[0] < 0.04 < found.high[0] < 1
    assert found.high[0] - 0.04 > 0.04 - found.low[0]


@given(st.lists(st.floats(0.001, 0.999), min_size=3, max_size=20), st.floats(0.001, 0.999))
def test_limits_of_the_rest_are_mirrored_and_inside(draws: list[float], share: float) -> None:
    one, point = np.array(draws)[:, None], np.array([share])
    found, rest = (logit_spread(normal, d, p) for d, p in ((one, point), (1 - one, 1 - point)))
    assert rest.low[0] == pytest.approx(1 - found.high[0], abs=1e-9)
    assert rest.high[0] == pytest.approx(1 - found.low[0], abs=1e-9)
    assert 0 <= found.low[0] <= share + 1e-12
    assert share - 1e-12 <= found.high[0] <= 1


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_a_share_without_a_logit_has_an_error_but_no_limits(end: float) -> None:
    """In one of 200 replicates the first share is at the end; the third is there itself."""
    draws, point = DRAWS.copy(), POINT.copy()
    draws[7, 0] = end
    point[2] = end
    found = logit_spread(normal, draws, point)
    assert np.isnan(found.low).tolist() == [True, False, True]
    assert np.isnan(found.high).tolist() == [True, False, True]
    assert np.isfinite(found.std_error).all()
    assert found.withheld is not None
    assert found.withheld.tolist() == [UNDEFINED, 0, UNDEFINED]
    assert found.note((0,)).startswith("limits withheld")


def test_without_replicates_nothing_is_said_of_logits() -> None:
    found = logit_spread(lambda _draws, point: no_spread(point.shape), DRAWS, POINT)
    assert np.isnan(found.low).all()
    assert all(math.isnan(x) for x in found.std_error)
    assert found.withheld is not None
    assert found.withheld.tolist() == [0, 0, 0]
