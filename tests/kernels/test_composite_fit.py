"""Overall fit: cSEM's numbers, closed forms, invariances."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import REFERENCE_SUBSETS, moments, pls_values
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.composite_fit import (
    Distances,
    distances,
    implied_construct_correlation,
    implied_item_correlation,
)
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.plsc import disattenuate
from acsi_sem.kernels.regression import regressions
from acsi_sem.spec.graph import adjacency, blocks

MODEL = acsi_model()
BLOCKS, ARROWS = blocks(MODEL), adjacency(MODEL)
GOLDEN = 1e-7  # agreed for the fit; observed 1e-13 at most
CHI_SQUARE = 1e-7  # relative: n times a discrepancy
METHODS = ("modeA-path", "modeA-factorial", "modeA-centroid", "plsc-path")
ALL, NONE = np.ones(6, dtype=bool), np.zeros(6, dtype=bool)


def observed(subset: str) -> Floats:
    """Return the item correlations of a subset."""
    return correlations(moments(subset).cov[None])


def fitted(subset: str, method: str) -> Distances:
    """Return the distances of the estimated model with reflective blocks, as cSEM has them."""
    r = observed(subset)
    fit = pls(r, BLOCKS, ARROWS, method.split("-")[1])
    loadings, scores, paths = fit.loadings, fit.correlation, fit.paths
    if method.startswith("plsc"):
        true = disattenuate(fit.weights, r, scores, BLOCKS, ARROWS)
        loadings, scores, paths = true.loadings, true.correlation, true.paths
    constructs = implied_construct_correlation(scores, paths, ARROWS)
    return distances(r, implied_item_correlation(r, loadings, constructs, BLOCKS, ALL))


def theirs(subset: str, method: str, measure: str) -> float:
    """Return a fit measure of cSEM."""
    return pls_values(subset, "csem", method, f"fit:{measure}")["", ""]


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("method", METHODS)
def test_equals_csem(subset: str, method: str) -> None:
    found = fitted(subset, method)
    assert found.srmr[0] == pytest.approx(theirs(subset, method, "SRMR"), abs=GOLDEN)
    assert found.d_uls[0] == pytest.approx(theirs(subset, method, "DL"), abs=GOLDEN)
    assert found.d_ml[0] == pytest.approx(theirs(subset, method, "DML"), abs=GOLDEN)
    # cSEM takes decimal logarithms
    decimal = found.d_g[0] / np.log(10) ** 2
    assert decimal == pytest.approx(theirs(subset, method, "DG"), abs=GOLDEN)
    chi_square = (moments(subset).n - 1) * found.d_ml[0]
    assert chi_square == pytest.approx(theirs(subset, method, "Chi_square"), rel=CHI_SQUARE)


@given(st.floats(-0.9, 0.9))
@settings(max_examples=20, deadline=None)
def test_distances_of_one_correlation(rho: float) -> None:
    found = distances(np.eye(2)[None], np.array([[[1.0, rho], [rho, 1.0]]]))
    assert found.srmr[0] == pytest.approx(abs(rho) / np.sqrt(3), abs=1e-14)
    assert found.d_uls[0] == pytest.approx(rho**2, abs=1e-14)
    logs = np.log1p([rho, -rho])
    assert found.d_g[0] == pytest.approx(0.5 * (logs**2).sum(), abs=1e-12)
    expected = np.log1p(-(rho**2)) + 2 / (1 - rho**2) - 2
    assert found.d_ml[0] == pytest.approx(expected, abs=1e-10)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_geodesic_distance_is_symmetric_and_turns_with_the_items(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = (correlations(np.cov(rng.normal(size=(4, 20)))[None]) for _ in range(2))
    found = distances(one, other)
    assert_allclose(distances(other, one).d_g, found.d_g, rtol=1e-9)
    order, sign = rng.permutation(4), rng.choice([-1.0, 1.0], 4)
    pair = [(r * sign[:, None] * sign)[:, order][:, :, order] for r in (one, other)]
    turned = distances(*pair)
    for name in ("srmr", "d_uls", "d_g", "d_ml"):
        assert_allclose(getattr(turned, name), getattr(found, name), rtol=1e-9)


def test_a_path_model_that_holds_implies_what_it_was_made_of() -> None:
    arrows = np.tril(np.ones((4, 4), dtype=bool), -1)
    arrows[1, 0] = arrows[3, 0] = False
    rng = np.random.default_rng(4)
    paths = np.where(arrows, rng.uniform(0.1, 0.4, (4, 4)), 0.0)[None]
    start = np.eye(4)[None].copy()
    start[0, 0, 1] = start[0, 1, 0] = 0.3  # of the exogenous ones
    implied = implied_construct_correlation(start, paths, arrows)
    assert_allclose(regressions(implied, arrows).coefficients, paths, atol=1e-13)
    assert_array_equal(np.diag(implied[0]), np.ones(4))
    assert implied[0, 0, 1] == 0.3


def test_a_saturated_path_model_keeps_the_correlations() -> None:
    r = np.asarray(np.corrcoef(np.random.default_rng(3).normal(size=(4, 50))))[None]
    arrows = np.tril(np.ones((4, 4), dtype=bool), -1)
    order = [2, 0, 3, 1]  # sources need not stand before targets
    r, arrows = r[:, order][:, :, order], arrows[np.ix_(order, order)]
    implied = implied_construct_correlation(r, regressions(r, arrows).coefficients, arrows)
    assert_allclose(implied, r, atol=1e-14)


def test_composites_leave_their_blocks_as_they_are() -> None:
    r = observed("3003")
    fit = pls(r, BLOCKS, ARROWS)
    some = np.array([True, False, False, False, False, False])
    inside = BLOCKS[:, None] == BLOCKS
    kept = implied_item_correlation(r, fit.loadings, fit.correlation, BLOCKS, NONE)[0]
    mixed = implied_item_correlation(r, fit.loadings, fit.correlation, BLOCKS, some)[0]
    full = implied_item_correlation(r, fit.loadings, fit.correlation, BLOCKS, ALL)[0]
    off = inside & ~np.eye(13, dtype=bool)
    assert_array_equal(kept[off], r[0][off])
    assert_array_equal(mixed[:3, :3], full[:3, :3])
    assert_array_equal(mixed[3:, 3:], kept[3:, 3:])
    assert_array_equal(kept[~inside], full[~inside])
    assert_array_equal(np.diag(full), np.ones(13))


def test_arrows_in_a_circle_are_refused() -> None:
    arrows = np.array([[False, True], [True, False]])
    with pytest.raises(ValueError, match="circle"):
        implied_construct_correlation(np.eye(2)[None], np.zeros((1, 2, 2)), arrows)


def test_matrices_without_a_geodesic_distance() -> None:
    singular, improper = np.ones((2, 2)), np.array([[1.0, 1.2], [1.2, 1.0]])
    missing = np.full((2, 2), np.nan)
    one = np.stack([singular, np.eye(2), missing, np.eye(2)])
    other = np.stack([np.eye(2), improper, np.eye(2), np.eye(2)])
    found = distances(one, other)
    assert np.isnan(found.d_g).tolist() == [True, True, True, False]
    assert np.isnan(found.d_ml).tolist() == [True, True, True, False]
    assert np.isnan(found.srmr).tolist() == [False, False, True, False]


def test_an_element_does_not_depend_on_its_batch() -> None:
    one = np.concatenate([observed(subset) for subset in ("3003", "1001", "pooled")])
    other = np.concatenate([observed(subset) for subset in ("5001", "5001", "3013")])
    together = distances(one, other)
    for b in range(3):
        alone = distances(one[b : b + 1], other[b : b + 1])
        for name in ("srmr", "d_uls", "d_g", "d_ml"):
            assert getattr(together, name)[b] == getattr(alone, name)[0]
