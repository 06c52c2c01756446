"""Effect sizes: R's numbers under both definitions, closed forms, models that fall apart."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import REFERENCE_SUBSETS, moments, pls_values
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.effect_size import f2, f2_refit, refit_pls
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.plsc import disattenuate
from acsi_sem.kernels.regression import regressions
from acsi_sem.spec.graph import adjacency, blocks

MODEL = acsi_model()
BLOCKS, ARROWS = blocks(MODEL), adjacency(MODEL)
NAMES = MODEL.construct_names
GOLDEN = 1e-7  # agreed for f2, whose 1 - R2 magnifies; observed 2e-11 at most
METHODS = ("modeA-path", "modeA-factorial", "modeA-centroid", "plsc-path")


def observed(subset: str) -> Floats:
    """Return the item correlations of a subset."""
    return correlations(moments(subset).cov[None])


def split(method: str) -> tuple[str, bool]:
    """Return the scheme, and whether scores are corrected for attenuation."""
    return method.split("-")[1], method.startswith("plsc")


def compare(found: Floats, theirs: dict[tuple[str, str], float]) -> None:
    """Compare the nine paths."""
    assert len(theirs) == 9
    for (target, source), value in theirs.items():
        ours = found[NAMES.index(target), NAMES.index(source)]
        assert ours == pytest.approx(value, abs=GOLDEN), (target, source)


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("method", METHODS)
def test_kept_scores_equal_csem(subset: str, method: str) -> None:
    r, (scheme, consistent) = observed(subset), split(method)
    fit = pls(r, BLOCKS, ARROWS, scheme)
    constructs = fit.correlation
    if consistent:
        constructs = disattenuate(fit.weights, r, constructs, BLOCKS, ARROWS).correlation
    compare(f2(constructs, ARROWS)[0], pls_values(subset, "csem", method, "f2"))


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("method", ["modeA-path", "modeA-factorial", "plsc-path"])
def test_refits_equal_seminr(subset: str, method: str) -> None:
    r, (scheme, consistent) = observed(subset), split(method)
    refit = refit_pls(scheme, consistent=consistent)
    r2 = refit(r, BLOCKS, ARROWS, np.arange(6))
    found = f2_refit(r, BLOCKS, ARROWS, r2, refit)[0]
    compare(found, pls_values(subset, "seminr", method, "f2"))


def test_only_a_refit_may_be_negative() -> None:
    theirs = pls_values("1001", "seminr", "plsc-path", "f2")
    assert theirs["perceived_value", "expectations"] < 0
    assert pls_values("1001", "csem", "plsc-path", "f2")["perceived_value", "expectations"] > 0


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_equals_t_squared_over_the_degrees_of_freedom(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4))
    r = np.asarray(np.corrcoef(x.T))
    arrows = np.zeros((4, 4), dtype=bool)
    arrows[3, :3] = True
    fit = regressions(r[None], arrows)
    inverse = np.linalg.inv(r[:3, :3])
    expected = fit.coefficients[0, 3, :3] ** 2 / np.diag(inverse) / (1 - fit.r2[0, 3])
    assert_allclose(f2(r[None], arrows)[0, 3, :3], expected, rtol=1e-6, atol=1e-9)
    same = f2_refit(r[None], np.arange(4), arrows, fit.r2, refit_pls())
    assert_allclose(same[0, 3, :3], expected, rtol=1e-6, atol=1e-9)


def test_a_source_that_falls_out_of_the_model_takes_its_items_along() -> None:
    r = observed("3003")[:, :8, :8]
    own, arrows = BLOCKS[:8], np.zeros((3, 3), dtype=bool)
    arrows[2, :2] = True
    fit = pls(r, own, arrows)
    found = f2_refit(r, own, arrows, fit.r2, refit_pls())[0]
    keep = np.arange(3, 8)
    alone = pls(r[:, 3:, 3:], own[keep] - 1, np.array([[False, False], [True, False]]))
    expected = (fit.r2[0, 2] - alone.r2[0, 1]) / (1 - fit.r2[0, 2])
    assert found[2, 0] == pytest.approx(expected, rel=1e-12)


def test_modes_follow_the_constructs_that_stay() -> None:
    r = observed("3003")[:, :8, :8]
    own, arrows = BLOCKS[:8], np.zeros((3, 3), dtype=bool)
    arrows[2, :2] = True
    modes = np.array([False, True, False])
    refit = refit_pls(modes=modes)
    r2 = pls(r, own, arrows, modes=modes).r2
    found = f2_refit(r, own, arrows, r2, refit)[0]
    left = np.array([[False, False], [True, False]])
    alone = pls(r[:, 3:, 3:], own[3:] - 1, left, modes=modes[1:]).r2[0, 1]
    assert found[2, 0] == pytest.approx((r2[0, 2] - alone) / (1 - r2[0, 2]), rel=1e-12)
    plain = f2_refit(r, own, arrows, r2, refit_pls())[0]
    assert found[2, 0] != pytest.approx(plain[2, 0], rel=1e-6)


def test_without_another_predictor_it_is_the_odds_of_r2() -> None:
    r = np.array([[[1.0, 0.6], [0.6, 1.0]]])
    arrows = np.array([[False, False], [True, False]])
    assert f2(r, arrows)[0, 1, 0] == pytest.approx(0.36 / 0.64, rel=1e-14)
    assert np.isnan(f2(r, arrows)[0, 0, 1])


def test_collinear_and_complete_explanations_are_not_numbers() -> None:
    arrows = np.zeros((3, 3), dtype=bool)
    arrows[2, :2] = True
    r = np.eye(3)[None].repeat(3, axis=0)
    r[0, 0, 1] = r[0, 1, 0] = 1.0
    r[1, 2, 0] = r[1, 0, 2] = 1.0
    r[2] = np.nan
    assert np.isnan(f2(r, arrows)).all()


def test_a_failed_refit_is_not_a_number() -> None:
    r = observed("3003")
    fit = pls(r, BLOCKS, ARROWS)

    def fails(*_: object) -> Floats:
        return np.full((1, 6), np.nan)

    found = f2_refit(r, BLOCKS, ARROWS, fit.r2, fails)[0]
    lone = ARROWS & (ARROWS.sum(axis=1) == 1)[:, None]  # these need no refit
    assert_array_equal(np.isfinite(found), lone)


def test_an_element_does_not_depend_on_its_batch() -> None:
    batch = np.concatenate([observed(subset) for subset in ("3003", "1001", "5001")])
    constructs = pls(batch, BLOCKS, ARROWS).correlation
    together = f2(constructs, ARROWS)
    for b in range(3):
        assert_array_equal(together[b], f2(constructs[b : b + 1], ARROWS)[0])
