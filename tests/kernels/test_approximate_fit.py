"""Approximate fit: cSEM's numbers, closed forms, bounds."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import REFERENCE_SUBSETS, moments, pls_values
from numpy.testing import assert_array_equal

from acsi_sem.kernels.approximate_fit import approximate_fit, goodness_of_fit, rms_theta
from acsi_sem.kernels.composite_fit import (
    distances,
    implied_construct_correlation,
    implied_item_correlation,
)
from acsi_sem.kernels.discriminant import cross_loadings
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.plsc import disattenuate
from acsi_sem.spec.graph import adjacency, blocks

MODEL = acsi_model()
BLOCKS, ARROWS = blocks(MODEL), adjacency(MODEL)
GOLDEN = 1e-7  # agreed for the fit; relative above one, for chi-square is in the thousands
DF = 58
ENTERED = np.asarray(ARROWS.any(axis=1))


def measures(subset: str, method: str) -> dict[str, float]:
    """Return everything in cSEM's names."""
    r = correlations(moments(subset).cov[None])
    fit = pls(r, BLOCKS, ARROWS, method.split("-")[1])
    loadings, scores, paths, r2 = fit.loadings, fit.correlation, fit.paths, fit.r2
    if method.startswith("plsc"):
        true = disattenuate(fit.weights, r, scores, BLOCKS, ARROWS)
        loadings, scores, paths, r2 = true.loadings, true.correlation, true.paths, true.r2
    constructs = implied_construct_correlation(scores, paths, ARROWS)
    implied = implied_item_correlation(r, loadings, constructs, BLOCKS, np.ones(6, dtype=bool))
    n = np.array([float(moments(subset).n)])
    found = approximate_fit(r, distances(r, implied).d_ml, n, DF)
    cross = cross_loadings(r, fit.weights, BLOCKS)
    return {
        "Chi_square": found.chisq[0],
        "Chi_square_df": found.chisq[0] / DF,
        "CFI": found.cfi[0],
        "NNFI": found.tli[0],
        "IFI": found.ifi[0],
        "NFI": found.nfi[0],
        "RMSEA": found.rmsea[0],
        "CN": found.cn[0],
        "RMS_theta": rms_theta(r, cross, loadings, scores, BLOCKS)[0],
        "GoF": goodness_of_fit(loadings, r2, BLOCKS, ENTERED)[0],
        "GFI": frobenius_gfi(r[0], implied[0]),
    }


def frobenius_gfi(observed: Floats, implied: Floats) -> float:
    """Return cSEM's GFI, which is not ours to offer: it depends on the order of two factors.

    It takes the squared norm of Sigma^-1 S - I where Joereskog and Soerbom's has the trace of its
    square; the two differ because the product is not symmetric.
    """
    ratio = np.linalg.solve(implied, observed)
    return 1 - float(((ratio - np.eye(len(ratio))) ** 2).sum() / (ratio**2).sum())


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("method", ["modeA-path", "modeA-factorial", "modeA-centroid", "plsc-path"])
def test_equals_csem(subset: str, method: str) -> None:
    for name, ours in measures(subset, method).items():
        value = pls_values(subset, "csem", method, f"fit:{name}")["", ""]
        assert ours == pytest.approx(value, rel=GOLDEN, abs=GOLDEN), name
    assert pls_values(subset, "csem", method, "fit:Df")["", ""] == DF


def test_a_perfect_model_and_the_worst() -> None:
    r = correlations(moments("3003").cov[None])
    n = np.array([1372.0])
    best = approximate_fit(r, np.zeros(1), n, DF)
    assert (best.cfi[0], best.nfi[0], best.rmsea[0], best.chisq[0]) == (1.0, 1.0, 0.0, 0.0)
    assert best.cn[0] == np.inf
    nothing = distances(r, np.eye(13)[None]).d_ml
    worst = approximate_fit(r, nothing, n, 78)
    assert worst.nfi[0] == pytest.approx(0.0, abs=1e-12)
    assert worst.cfi[0] == pytest.approx(0.0, abs=1e-12)
    assert worst.tli[0] == pytest.approx(0.0, abs=1e-12)


def test_without_degrees_of_freedom_nothing_is_judged() -> None:
    with pytest.raises(ValueError, match="degrees of freedom"):
        approximate_fit(np.eye(2)[None], np.zeros(1), np.array([10.0]), 0)


def test_residuals_of_a_construct_s_own_items_vanish_when_they_are_its_scores() -> None:
    r = np.asarray(np.corrcoef(np.random.default_rng(1).normal(size=(3, 30))))[None]
    assert rms_theta(r, r, np.ones((1, 3)), r, np.arange(3))[0] == pytest.approx(0, abs=1e-15)
    shifted = r + 0.1 * (1 - np.eye(3))
    found = rms_theta(shifted, r, np.ones((1, 3)), r, np.arange(3))
    assert found[0] == pytest.approx(0.1, rel=1e-12)


def test_goodness_of_fit_counts_neither_single_items_nor_exogenous_constructs() -> None:
    loadings, r2 = np.array([[0.6, 0.8, 1.0]]), np.array([[np.nan, 0.36]])
    second = np.array([False, True])
    found = goodness_of_fit(loadings, r2, np.array([0, 0, 1]), second)
    assert found[0] == pytest.approx(np.sqrt(0.5 * 0.36), rel=1e-14)
    assert np.isnan(goodness_of_fit(np.ones((1, 2)), r2, np.array([0, 1]), second)[0])


def test_an_element_does_not_depend_on_its_batch() -> None:
    r = np.concatenate([correlations(moments(s).cov[None]) for s in ("3003", "1001", "5001")])
    fit = pls(r, BLOCKS, ARROWS)
    cross = cross_loadings(r, fit.weights, BLOCKS)
    together = rms_theta(r, cross, fit.loadings, fit.correlation, BLOCKS)
    gof = goodness_of_fit(fit.loadings, fit.r2, BLOCKS, ENTERED)
    for b in range(3):
        own = slice(b, b + 1)
        alone = rms_theta(r[own], cross[own], fit.loadings[own], fit.correlation[own], BLOCKS)
        assert_array_equal(together[own], alone)
        assert_array_equal(
            gof[own], goodness_of_fit(fit.loadings[own], fit.r2[own], BLOCKS, ENTERED)
        )
