"""Mode B and the weight policies: closed forms, a naive reference, optimality, invariances."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
from acsi_model import acsi_model
from golden_data import moments
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels import pls_modes
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import FAILURES, PlsSolution, pls
from acsi_sem.kernels.pls_modes import least_squares, nonnegative_least_squares
from acsi_sem.spec.graph import adjacency, blocks

MODEL = acsi_model()
BLOCKS, ARROWS = blocks(MODEL), adjacency(MODEL)
ONE_ARROW = np.array([[False, False], [True, False]])
MIXED = np.array([True, False, True, False, True, False])
SEEDS = st.integers(0, 2**32 - 1)
FIELDS = ("weights", "loadings", "correlation", "paths", "r2", "converged", "bound", "failure")


def drawn(seed: int, n: int = 80, batch: int = 1) -> Floats:
    """Return covariances of samples like the 3003 survey's."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(moments("3003").cov)
    return np.stack([np.cov(root @ rng.normal(size=(13, n))) for _ in range(batch)])


def assert_same(found: PlsSolution, expected: PlsSolution, at: int = 0, their: int = 0) -> None:
    """Assert that two elements are the same to the last bit."""
    for field in FIELDS:
        assert_array_equal(getattr(found, field)[at], getattr(expected, field)[their], field)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_mode_b_on_both_sides_is_the_first_canonical_correlation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, common = rng.normal(size=(200, 7)), rng.normal(size=(200, 1))
    r = np.asarray(np.corrcoef((x + common * np.linspace(0.5, 1.5, 7)).T))
    blocks_ = np.repeat([0, 1], [4, 3])
    found = pls(r[None], blocks_, ONE_ARROW, modes=np.ones(2, dtype=bool))
    left, right = np.linalg.cholesky(r[:4, :4]), np.linalg.cholesky(r[4:, 4:])
    u, s, vt = np.linalg.svd(np.linalg.solve(left, r[:4, 4:]) @ np.linalg.inv(right).T)
    assert found.converged[0]
    assert found.correlation[0, 0, 1] == pytest.approx(s[0], abs=1e-10)  # linear convergence
    expected = np.concatenate([np.linalg.solve(left.T, u[:, 0]), np.linalg.solve(right.T, vt[0])])
    for own in (slice(0, 4), slice(4, 7)):
        sign = np.sign(found.weights[0, own] @ r[own, own] @ expected[own])
        assert_allclose(found.weights[0, own], sign * expected[own], atol=1e-8)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_a_mode_b_block_before_a_single_item_is_multiple_regression(seed: int) -> None:
    r = correlations(drawn(seed))[:, :5, :5]
    found = pls(r, np.array([0, 0, 0, 0, 1]), ONE_ARROW, modes=np.array([True, False]))
    slopes = np.linalg.solve(r[0, :4, :4], r[0, :4, 4])
    explained = slopes @ r[0, :4, 4]
    assert found.r2[0, 1] == pytest.approx(explained, abs=1e-10)
    sign = np.sign(found.weights[0, :4] @ slopes)
    assert_allclose(found.weights[0, :4], sign * slopes / np.sqrt(explained), atol=1e-9)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_single_items_are_standardised_least_squares_in_mode_b_too(seed: int) -> None:
    r = correlations(drawn(seed))[:, :4, :4]
    arrows = np.tril(np.ones((4, 4), dtype=bool), -1)
    found = pls(r, np.arange(4), arrows, modes=np.ones(4, dtype=bool))
    for target in range(1, 4):
        expected = np.linalg.solve(r[0, :target, :target], r[0, :target, target])
        assert_allclose(found.paths[0, target, :target], expected, atol=1e-10)
    assert_same(found, pls(r, np.arange(4), arrows))


def naive(data: Floats, modes: object) -> Floats:
    """Return the loadings of PLS (path scheme) computed from rows, with scores and lstsq."""
    which = np.asarray(modes)
    x = (data - data.mean(axis=0)) / data.std(axis=0)
    weights = np.ones(13)
    for _ in range(100):
        y = np.stack([x[:, c == BLOCKS] @ weights[c == BLOCKS] for c in range(6)], axis=1)
        y /= y.std(axis=0)
        r, inner = np.corrcoef(y.T), np.zeros((6, 6))
        for c in range(6):
            before = ARROWS[c]
            inner[c, before] = np.linalg.lstsq(y[:, before], y[:, c], rcond=None)[0]
            inner[c, ARROWS[:, c]] = r[c, ARROWS[:, c]]
        for c, proxy in enumerate((y @ inner.T).T):
            own = x[:, c == BLOCKS]
            by_regression = np.linalg.lstsq(own, proxy, rcond=None)[0]
            weights[c == BLOCKS] = by_regression if which[c] else own.T @ proxy / len(x)
    loadings = np.array([np.corrcoef(x[:, i], y[:, c])[0, 1] for i, c in enumerate(BLOCKS)])
    return loadings * np.sign(np.add.reduceat(loadings, [0, 3, 6, 8, 11, 12]))[BLOCKS]


@pytest.mark.parametrize("modes", [MIXED, ~MIXED, np.ones(6, dtype=bool)])
def test_mixed_modes_equal_a_computation_from_rows(modes: object) -> None:
    rng = np.random.default_rng(5)
    data = rng.normal(size=(150, 13)) @ np.linalg.cholesky(moments("1001").cov).T
    r = correlations(np.cov(data.T)[None])
    found = pls(r, BLOCKS, ARROWS, modes=np.asarray(modes))
    assert_allclose(found.loadings[0], naive(data, modes), atol=1e-11)  # both ran to rounding


@given(SEEDS, st.sampled_from(["allow", "nonnegative", "drop"]))
@settings(max_examples=20, deadline=None)
def test_the_scale_of_an_item_and_the_order_within_a_block_change_nothing(
    seed: int, policy: str
) -> None:
    rng = np.random.default_rng(seed)
    covariance = drawn(seed)[0]
    order = np.concatenate([rng.permutation(np.flatnonzero(c == BLOCKS)) for c in range(6)])
    scale = rng.uniform(0.1, 10, 13)
    plain = pls(correlations(covariance[None]), BLOCKS, ARROWS, modes=MIXED, policy=policy)
    other = (covariance * scale[:, None] * scale)[np.ix_(order, order)]
    found = pls(correlations(other[None]), BLOCKS, ARROWS, modes=MIXED, policy=policy)
    # Rounding, carried through the iterations.
    assert_allclose(found.weights[0], plain.weights[0, order], atol=1e-9)
    assert_allclose(found.loadings[0], plain.loadings[0, order], atol=1e-9)
    assert_allclose(found.paths, plain.paths, atol=1e-9)
    assert_array_equal(found.bound[0], plain.bound[0, order])


@given(SEEDS, st.sampled_from(["allow", "nonnegative", "drop"]))
@settings(max_examples=15, deadline=None)
def test_an_element_does_not_depend_on_its_batch(seed: int, policy: str) -> None:
    r = correlations(drawn(seed, 40, 6))
    together = pls(r, BLOCKS, ARROWS, modes=MIXED, policy=policy)
    for b in range(6):
        alone = pls(r[b : b + 1], BLOCKS, ARROWS, modes=MIXED, policy=policy)
        assert_same(together, alone, at=b)


def problem(seed: int, k: int, batch: int) -> tuple[Floats, Floats]:
    """Return random correlation matrices and right-hand sides, batch last."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(batch, k + 3, k)) + rng.normal(size=(batch, k + 3, 1))
    r = correlations(np.einsum("bni,bnj->bij", rows, rows))
    return np.moveaxis(r, 0, -1).copy(), rng.normal(size=(k, batch))


@given(SEEDS, st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_nonnegative_least_squares_is_optimal(seed: int, k: int) -> None:
    r, c = problem(seed, k, 8)
    w = nonnegative_least_squares(r, c)
    gradient = np.einsum("ijb,jb->ib", r, w) - c
    scale = np.abs(c).max() * (1 + np.abs(w).max())  # conditioning enters through w
    assert (w >= 0).all()
    assert (gradient >= -1e-9 * scale).all()
    assert np.abs(gradient[w > 0]).max(initial=0.0) <= 1e-9 * scale
    for b in range(8):
        root = np.linalg.cholesky(r[:, :, b])
        expected = scipy.optimize.nnls(root.T, np.linalg.solve(root, c[:, b]))[0]
        assert_allclose(w[:, b], expected, atol=1e-7 * scale)
        alone = nonnegative_least_squares(r[:, :, b : b + 1], c[:, b : b + 1])
        assert_array_equal(w[:, b], alone[:, 0])


def test_least_squares_that_needs_no_bound_is_left_alone() -> None:
    r, c = problem(3, 4, 50)
    plain = least_squares(r, c, np.ones(c.shape, dtype=bool))
    fine = (plain >= 0).all(axis=0)
    assert fine.any()
    assert_array_equal(nonnegative_least_squares(r, c)[:, fine], plain[:, fine])


def test_murtys_rule_alone_finds_the_same_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    r, c = problem(11, 9, 40)
    expected = nonnegative_least_squares(r, c)
    monkeypatch.setattr(pls_modes, "PATIENCE", -1)
    assert_array_equal(nonnegative_least_squares(r, c), expected)


def test_least_squares_given_up_is_not_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    r, c = problem(11, 9, 40)
    monkeypatch.setattr(pls_modes, "ROUNDS", 1)
    found = nonnegative_least_squares(r, c)
    assert_array_equal(
        np.isnan(found).any(axis=0), (np.linalg.solve(r.T, c.T[..., None]) < 0).any((1, 2))
    )


def test_collinear_items_have_no_least_squares() -> None:
    r = np.stack([np.ones((2, 2)), np.eye(2)], axis=-1)
    found = nonnegative_least_squares(r, np.ones((2, 2)))
    assert np.isnan(found[:, 0]).all()
    assert found[:, 1].tolist() == [1.0, 1.0]


@given(SEEDS, st.sampled_from(["nonnegative", "drop"]))
@settings(max_examples=15, deadline=None)
def test_a_policy_leaves_positive_fits_alone_and_holds_the_others_at_zero(
    seed: int, policy: str
) -> None:
    r = correlations(drawn(seed, 40, 8))
    plain = pls(r, BLOCKS, ARROWS, modes=MIXED)
    found = pls(r, BLOCKS, ARROWS, modes=MIXED, policy=policy)
    fine = (plain.weights >= 0).all(axis=1)
    for b in np.flatnonzero(fine).tolist():
        assert_same(found, plain, b, b)
    assert found.converged.all()
    assert (found.weights >= 0).all()
    assert_array_equal(found.weights == 0, found.bound)
    assert_array_equal(found.bound.any(axis=1), ~fine)


def reversed_items(seed: int) -> Floats:
    """Return correlations in which two items run against their blocks (Mode A feels it)."""
    turn = np.ones(13)
    turn[[1, 9]] = -1
    return np.asarray(correlations(drawn(seed, 200)) * turn[:, None] * turn)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("modes", [None, MIXED])
def test_nonnegative_weights_solve_each_block_given_the_others(seed: int, modes: object) -> None:
    r = reversed_items(seed)
    which = np.zeros(6, dtype=bool) if modes is None else np.asarray(modes)
    found = pls(r, BLOCKS, ARROWS, modes=which, policy="nonnegative")
    assert found.converged[0]
    assert found.bound[0, [1, 9]].all()
    load = np.where(BLOCKS[:, None] == np.arange(6), found.weights[0][:, None], 0.0)
    inner = np.where(ARROWS.T, found.correlation[0], 0.0) + found.paths[0]
    covariance = r[0] @ load @ inner.T
    for c in range(6):
        own = np.flatnonzero(c == BLOCKS)
        w, target = found.weights[0, own], covariance[own, c]
        matrix = r[0][np.ix_(own, own)] if which[c] else np.eye(own.size)
        best = nonnegative_least_squares(matrix[:, :, None], target[:, None])[:, 0]
        # Weights are at the fixed point to the convergence criterion, up to their length.
        assert_allclose(w / np.linalg.norm(w), best / np.linalg.norm(best), atol=1e-10)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("modes", [None, MIXED])
def test_dropping_equals_fitting_the_model_without_the_item(seed: int, modes: object) -> None:
    r = reversed_items(seed)
    which = None if modes is None else np.asarray(modes)
    found = pls(r, BLOCKS, ARROWS, modes=which, policy="drop")
    assert found.bound[0, [1, 9]].all()
    left = ~found.bound[0]
    without = pls(r[:, left][:, :, left], BLOCKS[left], ARROWS, modes=which)
    assert_array_equal(found.weights[0, left], without.weights[0])
    assert_array_equal(found.loadings[0, left], without.loadings[0])
    assert_array_equal(found.paths[0], without.paths[0])
    load = np.where(BLOCKS[:, None] == np.arange(6), found.weights[0][:, None], 0.0)
    with_score = (r[0] @ load)[np.arange(13), BLOCKS]
    assert_allclose(found.loadings[0], with_score, atol=1e-13)  # of dropped items too
    assert (found.loadings[0, [1, 9]] < 0).all()


def test_the_most_negative_item_goes_first_and_only_if_it_must() -> None:
    r = reversed_items(1)
    plain, found = pls(r, BLOCKS, ARROWS), pls(r, BLOCKS, ARROWS, policy="drop")
    assert np.flatnonzero(plain.weights[0] < 0).tolist() == [1, 9]
    assert np.flatnonzero(found.bound[0]).tolist() == [1, 9]
    everything = correlations(drawn(2, 40, 200))
    first = pls(everything, BLOCKS, ARROWS, modes=np.ones(6, dtype=bool))
    kept = pls(everything, BLOCKS, ARROWS, modes=np.ones(6, dtype=bool), policy="drop")
    refitted = np.flatnonzero(kept.bound.any(axis=1))
    assert refitted.size
    for b in refitted:
        worst = int(np.argmin(first.weights[b]))
        assert kept.bound[b, worst]


def test_failures_are_named() -> None:
    good = correlations(moments("3003").cov[None])[0]
    constant, twins = good.copy(), good.copy()
    constant[4, :] = constant[:, 4] = np.nan
    twins[1], twins[:, 1] = twins[0], twins[:, 0]
    twins[1, 1] = 1.0
    batch = np.stack([constant, good, twins, np.ones((13, 13))])
    found = pls(batch, BLOCKS, ARROWS, modes=MIXED)
    assert [FAILURES[code] for code in found.failure] == [
        "an item has no variance",
        "",
        "the items of a Mode B block are collinear",
        "the items of a Mode B block are collinear",
    ]
    assert found.converged.tolist() == [False, True, False, False]
    assert pls(batch[[2]], BLOCKS, ARROWS).converged[0]  # Mode A does not mind
    same = pls(batch[[3]], BLOCKS, ARROWS)
    assert FAILURES[same.failure[0]] == "construct scores are collinear or have no variance"
    short = pls(batch[[1]], BLOCKS, ARROWS, modes=MIXED, max_iterations=2)
    assert FAILURES[short.failure[0]] == "the outer weights did not settle"


@pytest.mark.parametrize("change", [{"policy": "clip"}, {"modes": np.ones(5, dtype=bool)}])
def test_wrong_arguments_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must"):
        pls(correlations(moments("3003").cov[None]), BLOCKS, ARROWS, **change)  # type: ignore[arg-type]
