"""Numbers of MICOM: against explicit scores of explicit rows."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.micom import composite_moments, composition

BLOCK = np.array([0, 0, 0, 1, 2, 2])
RNG = np.random.default_rng(1)
ROWS = RNG.normal(size=(80, 6)) @ RNG.normal(size=(6, 6))
R = np.asarray(np.corrcoef(ROWS.T))


def test_the_composition_is_the_correlation_of_scores() -> None:
    one, other = RNG.uniform(0.2, 1, (2, 4, 6))
    z = (ROWS - ROWS.mean(axis=0)) / ROWS.std(axis=0)
    found = composition(one, other, R, BLOCK)
    for b in range(4):
        for c in range(3):
            items = c == BLOCK
            scores = z[:, items] @ one[b, items], z[:, items] @ other[b, items]
            # Sums of 80 rows in another order.
            assert_allclose(found[b, c], np.corrcoef(scores)[0, 1], rtol=1e-12)


def test_equal_weights_compose_alike_and_one_item_exactly() -> None:
    weights = RNG.uniform(0.2, 1, (3, 6))
    found = composition(weights, 2.5 * weights, R, BLOCK)
    assert_allclose(found, 1, rtol=1e-14)  # a few roundings
    assert_array_equal(composition(weights, weights[::-1], R, BLOCK)[:, 1], np.ones(3))


def test_failed_fits_and_constant_items_have_no_composition() -> None:
    weights = np.ones((2, 6))
    weights[0, 3] = weights[1, 5] = np.nan
    found = composition(weights, np.ones((2, 6)), R, BLOCK)
    assert_array_equal(np.isnan(found), [[False, True, False], [False, False, True]])
    broken = R.copy()
    broken[3] = broken[:, 3] = np.nan
    assert np.isnan(composition(np.ones((1, 6)), np.ones((1, 6)), broken, BLOCK)[0, 1])


def test_an_element_does_not_depend_on_its_neighbours() -> None:
    one, other = RNG.uniform(0.2, 1, (2, 300, 6))
    whole = composition(one, other, R, BLOCK)
    covariance = np.repeat(np.cov(ROWS.T)[None], 300, axis=0) * RNG.uniform(1, 2, (300, 1, 1))
    centre, variance = composite_moments(one[0], one, covariance, BLOCK)
    for at in (0, 7, 299):
        part = slice(at, at + 1)
        assert_array_equal(composition(one[part], other[part], R, BLOCK), whole[part])
        alone = composite_moments(one[0], one[part], covariance[part], BLOCK)
        assert_array_equal(alone[0], centre[part])
        assert_array_equal(alone[1], variance[part])


def test_composites_have_the_moments_of_their_scores() -> None:
    weights = RNG.uniform(0.2, 1, 6)
    mean, covariance = ROWS.mean(axis=0), np.cov(ROWS.T, ddof=0)
    centre, variance = composite_moments(weights, mean[None], covariance[None], BLOCK)
    for c in range(3):
        score = ROWS[:, c == BLOCK] @ weights[c == BLOCK]
        assert_allclose(centre[0, c], score.mean(), rtol=1e-12)
        assert_allclose(variance[0, c], score.var(), rtol=1e-12)
