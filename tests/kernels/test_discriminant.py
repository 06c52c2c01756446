"""Discriminant validity: R's numbers, closed forms, invariances."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import REFERENCE_SUBSETS, moments, pls_values
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.discriminant import cross_loadings, fornell_larcker, htmt, htmt2
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.spec.graph import adjacency, blocks

MODEL = acsi_model()
BLOCKS = blocks(MODEL)
NAMES = MODEL.construct_names
GOLDEN = 1e-7  # agreed for HTMT and HTMT2; what differs is only the order of summation
SMALL = np.array([0, 0, 0, 1, 1, 2])


def observed(subset: str) -> Floats:
    """Return the item correlations of a subset."""
    return correlations(moments(subset).cov[None])


def random_correlations(seed: int, count: int = 1) -> Floats:
    """Draw correlation matrices of six items that share a factor."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 6, 40)) + rng.normal(size=(count, 1, 40))
    return correlations(np.stack([np.cov(rows) for rows in x]))


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("method", ["modeA-path", "modeA-factorial", "plsc-path"])
def test_htmt_equals_seminr(subset: str, method: str) -> None:
    found = htmt(observed(subset), BLOCKS)[0]
    theirs = pls_values(subset, "seminr", method, "htmt")
    assert len(theirs) == 15
    for (row, column), value in theirs.items():
        ours = found[NAMES.index(row), NAMES.index(column)]
        assert ours == pytest.approx(value, abs=GOLDEN), (row, column)


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("method", ["modeA-path", "modeA-factorial", "modeA-centroid", "plsc-path"])
@pytest.mark.parametrize("quantity", ["htmt", "htmt2"])
def test_both_ratios_equal_csem(subset: str, method: str, quantity: str) -> None:
    r = observed(subset)
    found = (htmt(r, BLOCKS, absolute=False) if quantity == "htmt" else htmt2(r, BLOCKS))[0]
    checked = 0
    for (row, column), value in pls_values(subset, "csem", method, quantity).items():
        if NAMES.index(row) < NAMES.index(column):
            assert value == 0.0  # cSEM fills one triangle
            continue
        ours = found[NAMES.index(row), NAMES.index(column)]
        assert ours == pytest.approx(value, abs=GOLDEN), (row, column)
        checked += 1
    assert checked == 6


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_htmt_is_the_ratio_of_means_over_pairs(seed: int) -> None:
    r = random_correlations(seed)
    found = htmt(r, SMALL)[0]
    size = np.abs(r[0])
    within = np.mean([size[0, 1], size[0, 2], size[1, 2]])
    expected = size[:3, 3:5].mean() / np.sqrt(within * size[3, 4])
    assert found[0, 1] == pytest.approx(expected, rel=1e-12)
    assert found[2, 0] == pytest.approx(size[:3, 5].mean() / np.sqrt(within), rel=1e-12)
    assert_array_equal(np.diag(found), np.ones(3))


def test_parallel_items_give_the_factor_correlation_by_either_ratio() -> None:
    loading, phi = 0.7, 0.6
    factor = np.where(SMALL[:, None] == SMALL, 1.0, phi)
    load = np.where(SMALL == 2, 1.0, loading)
    r = factor * load[:, None] * load
    np.fill_diagonal(r, 1.0)
    for found in (htmt(r[None], SMALL)[0], htmt2(r[None], SMALL)[0]):
        assert_allclose(found[np.triu_indices(3, 1)], phi, rtol=1e-12)


def test_unequal_loadings_bias_htmt_but_not_htmt2() -> None:
    load, phi = np.array([0.9, 0.6, 0.3, 0.8, 0.4, 1.0]), 0.6
    r = np.where(SMALL[:, None] == SMALL, 1.0, phi) * load[:, None] * load
    np.fill_diagonal(r, 1.0)
    assert_allclose(htmt2(r[None], SMALL)[0][np.triu_indices(3, 1)], phi, rtol=1e-12)
    assert htmt(r[None], SMALL)[0, 0, 1] != pytest.approx(phi, abs=0.01)


@given(st.integers(0, 2**32 - 1), st.permutations(range(3)), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_items_may_be_turned_and_change_places(seed: int, order: list[int], turned: int) -> None:
    r = random_correlations(seed)
    places = [*order, 3, 4, 5]
    moved = r[:, places][:, :, places]
    assert_allclose(htmt(moved, SMALL), htmt(r, SMALL), rtol=1e-12)
    assert_allclose(htmt2(moved, SMALL), htmt2(r, SMALL), rtol=1e-12)
    sign = np.where(np.arange(6) == turned, -1.0, 1.0)
    assert_allclose(htmt(r * sign[:, None] * sign, SMALL), htmt(r, SMALL), rtol=1e-12)


def test_htmt2_asks_for_one_sign() -> None:
    r = np.full((6, 6), 0.4) + 0.6 * np.eye(6)
    plain = htmt2(r[None], SMALL)[0]
    one, block = r.copy(), r.copy()
    one[0, 3] = one[3, 0] = -0.1
    block[:3, 5] = block[5, :3] = -0.4
    assert np.isnan(htmt2(one[None], SMALL)[0, 0, 1])
    assert htmt2(one[None], SMALL)[0, 0, 2] == pytest.approx(plain[0, 2], rel=1e-14)
    # a construct that runs against another is as distinct from it as one that runs along
    assert htmt2(block[None], SMALL)[0, 0, 2] == pytest.approx(plain[0, 2], rel=1e-14)


def test_a_block_that_contradicts_itself_has_no_signed_ratio() -> None:
    r = np.eye(6)
    r[3, 4] = r[4, 3] = -0.5
    assert np.isnan(htmt(r[None], SMALL, absolute=False)[0, 1]).all()
    assert np.isnan(htmt2(r[None], SMALL)[0, 1]).all()


def test_cross_loadings_hold_the_loadings() -> None:
    r = observed("3003")
    fit = pls(r, BLOCKS, adjacency(MODEL))
    found = cross_loadings(r, fit.weights, BLOCKS)[0]
    assert_allclose(found[np.arange(13), BLOCKS], fit.loadings[0], atol=1e-13)
    for c in range(6):
        own = np.flatnonzero(c == BLOCKS)
        assert_allclose(found[:, c], r[0][:, own] @ fit.weights[0, own], atol=1e-13)


def test_fornell_larcker_compares_with_the_largest_other() -> None:
    r = np.array([[[1.0, -0.7, 0.2], [-0.7, 1.0, 0.6], [0.2, 0.6, 1.0]]])
    found = fornell_larcker(np.array([[0.64, 0.36, np.nan]]), r)
    assert_allclose(found.largest, [[0.7, 0.7, 0.6]], rtol=1e-15)
    assert_allclose(found.margin, [[0.1, -0.1, np.nan]], atol=1e-15)
    assert np.isnan(fornell_larcker(np.array([[0.5]]), np.ones((1, 1, 1))).margin[0, 0])


def test_an_element_does_not_depend_on_its_batch() -> None:
    batch = random_correlations(5, 9)
    weights = np.ones((9, 6))
    for function in (htmt, htmt2, lambda r, b: cross_loadings(r, weights[: len(r)], b)):
        together = function(batch, SMALL)
        for b in (0, 8):
            assert_array_equal(together[b], function(batch[b : b + 1], SMALL)[0])


def test_missing_answers_give_no_ratio() -> None:
    r = random_correlations(6)
    r[0, 0] = r[0, :, 0] = np.nan
    for found in (htmt(r, SMALL)[0], htmt2(r, SMALL)[0]):
        assert np.isnan(found[0]).all()
        assert np.isfinite(found[1, 2])
