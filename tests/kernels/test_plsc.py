"""PLSc: R's numbers, exact recovery of a population, what is not corrected, what fails."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model
from golden_data import REFERENCE_SUBSETS, moments, pls_values
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.plsc import (
    CORRELATION,
    INDEFINITE,
    LOADING,
    REASONS,
    RELIABILITY,
    Consistent,
    disattenuate,
    inadmissible_reasons,
    rho_a,
)
from acsi_sem.kernels.quality import (
    adjusted_r2,
    average_variance_extracted,
    composite_reliability,
    cronbach_alpha,
)
from acsi_sem.kernels.regression import total_effects
from acsi_sem.spec.graph import adjacency, blocks

MODEL = acsi_model()
BLOCKS, ARROWS = blocks(MODEL), adjacency(MODEL)
CONSTRUCTS = MODEL.construct_names
ITEMS = tuple(item.name for item in MODEL.indicators)
CHAIN = np.array([[False, False, False], [True, False, False], [True, True, False]])
TRIPLES = np.repeat(np.arange(3), 3)
GOLDEN = 1e-9  # R converged to 1e-12; moments are stored in double precision


def consistent(
    r: Floats, block: object = TRIPLES, arrows: object = CHAIN, modes: object = None
) -> Consistent:
    """Fit one correlation matrix and correct it."""
    own = np.asarray(block)
    which = None if modes is None else np.asarray(modes)
    found = pls(r[None], own, np.asarray(arrows), modes=which)
    assert found.converged.all()
    return disattenuate(found.weights, r[None], found.correlation, own, np.asarray(arrows), which)


def implied(
    loadings: Floats, phi: Floats, block: object = TRIPLES, unique: Floats | None = None
) -> Floats:
    """Return the correlations that a factor model implies; `unique` adds to them."""
    load = np.zeros((loadings.size, phi.shape[0]))
    load[np.arange(loadings.size), np.asarray(block)] = loadings
    sigma = load @ phi @ load.T + (0 if unique is None else unique)
    np.fill_diagonal(sigma, 1.0)
    return np.asarray(sigma)


def named(values: Floats) -> dict[tuple[str, str], float]:
    """Name construct values, or pairs of constructs, as R's tables do."""
    if values.ndim == 1:
        return {(name, ""): float(values[i]) for i, name in enumerate(CONSTRUCTS)}
    pairs = np.ndindex(values.shape)
    return {(CONSTRUCTS[i], CONSTRUCTS[j]): float(values[i, j]) for i, j in pairs}


def of_items(values: Floats) -> dict[tuple[str, str], float]:
    """Name item values as R's tables do."""
    return {(CONSTRUCTS[BLOCKS[i]], item): float(values[i]) for i, item in enumerate(ITEMS)}


def quantities(subset: str) -> dict[str, dict[tuple[str, str], float]]:
    """Return everything of PLSc that R's tables hold."""
    r = correlations(moments(subset).cov[None])
    n = np.array([float(moments(subset).n)])
    plain = pls(r, BLOCKS, ARROWS)
    found = disattenuate(plain.weights, r, plain.correlation, BLOCKS, ARROWS)
    assert found.inadmissible[0] == 0
    return {
        "weight": of_items(plain.weights[0]),
        "loading": of_items(found.loadings[0]),
        "path": named(found.paths[0]),
        "total": named(total_effects(found.paths)[0]),
        "indirect": named((total_effects(found.paths) - found.paths)[0]),
        "construct_cor": named(found.correlation[0]),
        "r2": named(found.r2[0]),
        "r2_adj": named(adjusted_r2(found.r2, n, ARROWS.sum(axis=1))[0]),
        "alpha": named(cronbach_alpha(r, BLOCKS)[0]),
        "rho_a": named(rho_a(plain.weights, r, BLOCKS)[0]),
        "rho_c": named(composite_reliability(found.loadings, BLOCKS)[0]),
        "ave": named(average_variance_extracted(found.loadings, BLOCKS)[0]),
    }


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("tool", ["seminr", "csem"])
def test_equals_r(subset: str, tool: str) -> None:
    """Both tools take rho_C and AVE of PLSc from the consistent loadings, as we do."""
    checked = 0
    for quantity, ours in quantities(subset).items():
        for key, value in pls_values(subset, tool, "plsc-path", quantity).items():
            if np.isnan(ours[key]):
                assert value == pytest.approx(1.0)  # R prints 1 for a single item, we nothing
                continue
            assert ours[key] == pytest.approx(value, abs=GOLDEN), (quantity, key)
            checked += 1
    assert checked >= 80


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("scheme", ["path", "factorial"])
def test_rho_a_of_plain_pls_equals_seminr(subset: str, scheme: str) -> None:
    r = correlations(moments(subset).cov[None])
    ours = named(rho_a(pls(r, BLOCKS, ARROWS, scheme).weights, r, BLOCKS)[0])
    theirs = pls_values(subset, "seminr", f"modeA-{scheme}", "rho_a")
    several = {key: value for key, value in theirs.items() if not np.isnan(ours[key])}
    assert len(several) == 4
    for key, value in several.items():
        assert ours[key] == pytest.approx(value, abs=GOLDEN)


def test_rho_a_does_not_depend_on_the_scale_of_weights_or_on_weightless_items() -> None:
    r = correlations(moments("3003").cov[None])
    weights = pls(r, BLOCKS, ARROWS).weights
    expected = rho_a(weights, r, BLOCKS)
    assert_allclose(rho_a(7 * weights, r, BLOCKS), expected, rtol=1e-13)  # rounding
    without = np.delete(np.arange(13), 2)
    weights[0, 2] = 0.0
    shorter = rho_a(weights[:, without], r[:, without][:, :, without], BLOCKS[without])
    assert_allclose(rho_a(weights, r, BLOCKS), shorter, rtol=1e-13)
    weights[0, 1] = 0.0  # one item left: nothing to tell its reliability by
    assert np.isnan(rho_a(weights, r, BLOCKS)[0]).tolist() == [True, *[False] * 3, True, True]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_recovers_the_population_of_a_factor_model(seed: int) -> None:
    rng = np.random.default_rng(seed)
    loadings = rng.uniform(0.4, 0.95, 9)
    a, b, c = rng.uniform(0.2, 0.45, 3)
    phi = np.array([[1, a, b + c * a], [a, 1, c + b * a], [b + c * a, c + b * a, 1]])
    found = consistent(implied(loadings, phi))
    # Rounding, multiplied by the convergence criterion of the weights.
    assert_allclose(found.loadings[0], loadings, atol=1e-10)
    assert_allclose(found.correlation[0], phi, atol=1e-10)
    assert_allclose(found.paths[0][CHAIN], [a, b, c], atol=1e-10)
    assert found.r2[0, 1] == pytest.approx(a * a, abs=1e-10)
    assert found.inadmissible[0] == 0


def test_single_items_and_mode_b_blocks_are_not_corrected() -> None:
    r = correlations(moments("3003").cov[None])
    modes = np.zeros(6, dtype=bool)
    modes[1] = True
    plain = pls(r, BLOCKS, ARROWS, modes=modes)
    found = disattenuate(plain.weights, r, plain.correlation, BLOCKS, ARROWS, modes)
    assert found.reliability[0, [1, 4, 5]].tolist() == [1.0, 1.0, 1.0]
    assert (found.reliability[0, [0, 2, 3]] < 1).all()
    left = np.isin(BLOCKS, [1, 4, 5])
    assert_allclose(found.loadings[0, left], plain.loadings[0, left], atol=1e-14)
    # Two uncorrected constructs keep their correlation; one corrected side is divided once.
    assert found.correlation[0, 1, 4] == pytest.approx(plain.correlation[0, 1, 4], abs=1e-14)
    expected = plain.correlation[0, 3, 5] / np.sqrt(found.reliability[0, 3])
    assert found.correlation[0, 3, 5] == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("third", [0.7, 1.05])
def test_an_item_without_weight_is_corrected_by_its_correlation_with_the_score(
    third: float,
) -> None:
    loadings = np.array([0.6, 0.6, third, 0.8, 0.7, 0.6, 0.9, 0.7, 0.5])
    phi = np.array([[1, 0.5, 0.4], [0.5, 1, 0.3], [0.4, 0.3, 1]])
    r = implied(loadings, phi)[None]
    weights = loadings[None].copy()
    weights[0, 2] = 0.0
    for c in range(3):
        own = slice(3 * c, 3 * c + 3)
        weights[0, own] /= np.sqrt(weights[0, own] @ r[0, own, own] @ weights[0, own])
    load = np.zeros((9, 3))
    load[np.arange(9), TRIPLES] = weights[0]
    found = disattenuate(weights, r, (load.T @ r[0] @ load)[None], TRIPLES, CHAIN)
    assert_allclose(found.loadings[0], loadings, atol=1e-13)  # the population's, exactly
    assert found.inadmissible[0] == 0  # the item is out of the model


def test_an_impossible_reliability_is_named() -> None:
    """Items of one block that agree less among themselves than chance: a negative rho_A."""
    r = implied(np.full(9, 0.5), np.full((3, 3), 0.5) + 0.5 * np.eye(3))
    r[:3, :3] = np.where(np.eye(3, dtype=bool), 1.0, -0.1)
    found = consistent(r)
    assert found.reliability[0, 0] < 0
    assert found.inadmissible[0] == RELIABILITY
    assert np.isnan(found.paths[0]).any()


def test_a_correlation_beyond_one_is_named() -> None:
    """Items agree across two blocks more than within them."""
    r = implied(np.full(9, 0.6), np.full((3, 3), 0.3) + 0.7 * np.eye(3))
    r[:3, 3:6] = r[3:6, :3] = 0.4
    found = consistent(r)
    assert found.correlation[0, 1, 0] == pytest.approx(0.4 / 0.36, abs=1e-10)
    assert found.inadmissible[0] == CORRELATION


def test_correlations_that_cannot_be_together_are_named() -> None:
    """Every corrected correlation is below 1; the three of them are impossible."""
    phi = np.array([[1, 0.9, 0.9], [0.9, 1, 0.55], [0.9, 0.55, 1]])
    assert np.linalg.eigvalsh(phi)[0] < 0
    r = implied(np.full(9, 0.6), phi)
    found = consistent(r)
    assert_allclose(found.correlation[0], phi, atol=1e-10)
    assert found.inadmissible[0] == INDEFINITE
    assert found.r2[0, 2] > 1  # what would have been published without the check


def test_a_loading_beyond_one_is_named() -> None:
    """A Heywood case: an item more closely tied to the others than they to each other."""
    phi = np.array([[1, 0.5, 0.4], [0.5, 1, 0.3], [0.4, 0.3, 1]])
    loadings = np.array([1.05, 0.6, 0.6, 0.8, 0.7, 0.6, 0.9, 0.7, 0.5])
    found = consistent(implied(loadings, phi))
    assert found.loadings[0, 0] == pytest.approx(1.05, abs=1e-10)
    assert found.inadmissible[0] == LOADING


def test_reasons_are_told_together_and_a_failed_element_has_none() -> None:
    assert inadmissible_reasons(0) == ()
    assert inadmissible_reasons(RELIABILITY + LOADING) == (REASONS[1], REASONS[8])
    r = correlations(moments("3003").cov[None])
    plain = pls(r, BLOCKS, ARROWS)
    missing = np.full_like(plain.weights, np.nan)
    found = disattenuate(missing, r, np.full((1, 6, 6), np.nan), BLOCKS, ARROWS)
    assert found.inadmissible[0] == 0
    assert np.isnan(found.loadings).all()
    assert np.isnan(found.correlation).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_an_element_does_not_depend_on_its_batch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(moments("3003").cov)
    r = correlations(np.stack([np.cov(root @ rng.normal(size=(13, 60))) for _ in range(5)]))
    plain = pls(r, BLOCKS, ARROWS)
    together = disattenuate(plain.weights, r, plain.correlation, BLOCKS, ARROWS)
    for b in range(5):
        one = slice(b, b + 1)
        alone = disattenuate(plain.weights[one], r[one], plain.correlation[one], BLOCKS, ARROWS)
        for field in ("reliability", "correlation", "loadings", "paths", "r2", "inadmissible"):
            assert_array_equal(getattr(together, field)[b], getattr(alone, field)[0])
