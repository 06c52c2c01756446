"""Variance inflation: R's numbers, closed forms, invariances."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import REFERENCE_SUBSETS, moments, pls_values
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.collinearity import indicator_vif, predictor_vif
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.plsc import disattenuate
from acsi_sem.spec.graph import adjacency, blocks

MODEL = acsi_model()
BLOCKS, ARROWS = blocks(MODEL), adjacency(MODEL)
NAMES = MODEL.construct_names
ITEMS = tuple(item.name for item in MODEL.indicators)
GOLDEN = 1e-9  # R converged to 1e-12; moments are stored in double precision


def observed(subset: str) -> Floats:
    """Return the item correlations of a subset."""
    return correlations(moments(subset).cov[None])


def constructs(subset: str, method: str, tool: str) -> Floats:
    """Return the construct correlations that a tool's VIF rests on."""
    r = observed(subset)
    fit = pls(r, BLOCKS, ARROWS, method.removeprefix("modeA-").removeprefix("plsc-"))
    if method.startswith("plsc") and tool == "csem":
        return disattenuate(fit.weights, r, fit.correlation, BLOCKS, ARROWS).correlation
    return fit.correlation


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("method", ["modeA-path", "modeA-factorial", "modeA-centroid", "plsc-path"])
@pytest.mark.parametrize("tool", ["seminr", "csem"])
def test_of_predictors_equals_r(subset: str, method: str, tool: str) -> None:
    theirs = pls_values(subset, tool, method, "vif")
    assert len(theirs) == (0 if (tool, method) == ("seminr", "modeA-centroid") else 7)
    found = predictor_vif(constructs(subset, method, tool), ARROWS)[0]
    for (target, source), value in theirs.items():
        ours = found[NAMES.index(target), NAMES.index(source)]
        assert ours == pytest.approx(value, abs=GOLDEN), (target, source)


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("method", ["modeA-path", "modeA-factorial", "plsc-path"])
def test_of_indicators_equals_seminr(subset: str, method: str) -> None:
    found = indicator_vif(observed(subset), BLOCKS)[0]
    theirs = pls_values(subset, "seminr", method, "vif_item")
    assert len(theirs) == 13
    for (_, item), value in theirs.items():
        assert found[ITEMS.index(item)] == pytest.approx(value, abs=GOLDEN), item


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_is_one_over_what_the_other_predictors_leave_unexplained(seed: int) -> None:
    rng = np.random.default_rng(seed)
    r = np.asarray(np.corrcoef(rng.normal(size=(4, 30))))
    arrows = np.zeros((4, 4), dtype=bool)
    arrows[3, :3] = True
    found = predictor_vif(r[None], arrows)[0]
    for source in range(3):
        rest = [other for other in range(3) if other != source]
        coefficients = np.linalg.solve(r[np.ix_(rest, rest)], r[rest, source])
        expected = 1 / (1 - coefficients @ r[rest, source])
        assert found[3, source] == pytest.approx(expected, rel=1e-9)
    assert np.isnan(found[~arrows]).all()


def test_turned_items_and_other_blocks_change_nothing() -> None:
    r = observed("1001")
    sign = np.where(np.arange(13) % 2, -1.0, 1.0)
    turned = r * sign[:, None] * sign
    assert_allclose(indicator_vif(turned, BLOCKS), indicator_vif(r, BLOCKS), rtol=1e-12)
    other = r.copy()
    other[0, :3, 3:] = other[0, 3:, :3] = 0.0
    assert_array_equal(indicator_vif(other, BLOCKS), indicator_vif(r, BLOCKS))


def test_lone_predictors_and_single_items_are_not_inflated() -> None:
    # the diagonal of a correlation matrix is 1 but for rounding
    assert_allclose(indicator_vif(observed("3003"), BLOCKS)[0, 11:], 1.0, rtol=1e-15)
    found = predictor_vif(constructs("3003", "modeA-path", "csem"), ARROWS)[0]
    lone = found[NAMES.index("complaints"), NAMES.index("satisfaction")]
    assert lone == pytest.approx(1.0, rel=1e-14)


def test_collinear_and_missing_are_not_numbers() -> None:
    r = np.ones((3, 3, 3))
    r[1] = 0.5 + 0.5 * np.eye(3)
    r[2] = np.nan
    arrows = np.zeros((3, 3), dtype=bool)
    arrows[2, :2] = True
    items, predictors = indicator_vif(r, np.array([0, 0, 1])), predictor_vif(r, arrows)
    assert np.isnan(items[0, :2]).all()
    assert np.isnan(predictors[0, 2, :2]).all()
    assert_allclose(predictors[1, 2, :2], 4 / 3, rtol=1e-15)
    assert np.isnan(predictors[2]).all()


def test_an_inadmissible_correlation_gives_no_factor_below_one() -> None:
    r = np.eye(3)
    r[0, 1] = r[1, 0] = 1.1  # consistent PLS may give such a correlation
    arrows = np.zeros((3, 3), dtype=bool)
    arrows[2, :2] = True
    assert np.isnan(predictor_vif(r[None], arrows)[0, 2, :2]).all()


def test_an_element_does_not_depend_on_its_batch() -> None:
    batch = np.concatenate([observed(subset) for subset in ("3003", "1001", "pooled", "5001")])
    together = indicator_vif(batch, BLOCKS)
    for b in range(4):
        assert_array_equal(together[b], indicator_vif(batch[b : b + 1], BLOCKS)[0])
