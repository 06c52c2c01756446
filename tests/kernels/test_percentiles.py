"""Percentiles: those of NumPy, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_array_equal

from acsi_sem.kernels.percentiles import percentiles

VALUES = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, np.nan]))


@given(arrays(float, array_shapes(min_dims=1, max_dims=3, max_side=30), elements=VALUES))
def test_as_numpy_has_them(draws: np.ndarray) -> None:
    shares = [0.0, 0.025, 0.25, 0.5, 0.61, 0.975, 1.0]
    assert_array_equal(percentiles(draws, shares), np.quantile(draws, shares, axis=0))


@pytest.mark.parametrize("size", [1, 2, 39, 2000])
def test_an_element_does_not_depend_on_its_neighbours(size: int) -> None:
    draws = np.random.default_rng(1).normal(size=(size, 7))
    alone = [percentiles(draws[:, [i]], [0.025, 0.975])[:, 0] for i in range(7)]
    assert_array_equal(np.stack(alone, axis=1), percentiles(draws, [0.025, 0.975]))
