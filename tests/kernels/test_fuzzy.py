"""Fuzzy composition by hand, in both operators."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.kernels.fuzzy import compose, evaluate

# Two factors; ten respondents each place every question in one of three grades.
SHARES = np.array([[[5, 3, 2], [1, 4, 5], [6, 2, 2], [0, 2, 8], [3, 3, 4]]]) / 10
INNER = [np.array([0.6, 0.4]), np.array([0.5, 0.3, 0.2])]
OUTER = np.array([0.7, 0.3])


def test_sum_of_products_by_hand() -> None:
    """B1 = (.6 x .5 + .4 x .1, ...) = (.34, .34, .32); B2 = (.36, .22, .42); B = .7 B1 + .3 B2."""
    found = evaluate(SHARES, INNER, OUTER, "product")
    wanted = [[0.34, 0.34, 0.32], [0.36, 0.22, 0.42], [0.346, 0.304, 0.350]]
    np.testing.assert_allclose(found[0], wanted, atol=1e-12)


def test_max_min_by_hand() -> None:
    """B1: max(min(.6, .5), min(.4, .1)) = .5, .4, .4, over 1.3; B2: .5, .2, .3, over 1.

    B: max(min(.7, 5/13), min(.3, .5)) = 5/13, max(4/13, .2) = 4/13, max(4/13, .3) = 4/13.
    """
    found = evaluate(SHARES, INNER, OUTER, "maxmin")
    wanted = [[5 / 13, 4 / 13, 4 / 13], [0.5, 0.2, 0.3], [5 / 13, 4 / 13, 4 / 13]]
    np.testing.assert_allclose(found[0], wanted, atol=1e-12)


def test_factors_keep_their_own_questions() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        compose(np.ones(4) / 4, SHARES, "product")


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda s: st.tuples(
            st.lists(st.floats(0.05, 1), min_size=s, max_size=s),
            st.lists(
                st.lists(st.integers(0, 9), min_size=3, max_size=3).filter(any),
                min_size=s,
                max_size=s,
            ),
        )
    ),
    st.sampled_from(["product", "maxmin"]),
)
def test_memberships_sum_to_one_and_order_does_not_matter(
    case: tuple[list[float], list[list[int]]], operator: str
) -> None:
    weights = np.array(case[0]) / sum(case[0])
    shares = np.array(case[1], dtype=float)
    shares /= shares.sum(axis=1, keepdims=True)
    found = compose(weights, shares[None], operator)
    np.testing.assert_allclose(found.sum(), 1, atol=1e-12)
    assert (found >= 0).all()
    turned = compose(weights[::-1], shares[None, ::-1], operator)
    np.testing.assert_allclose(turned, found, atol=1e-12)


@pytest.mark.parametrize("operator", ["product", "maxmin"])
def test_unanimity_stays_unanimity_and_gaps_stay_gaps(operator: str) -> None:
    certain = np.zeros((1, 2, 3))
    certain[..., 1] = 1
    np.testing.assert_allclose(compose(OUTER, certain, operator), [[0, 1, 0]])
    certain[0, 0] = np.nan
    assert np.isnan(compose(OUTER, certain, operator)).all()
