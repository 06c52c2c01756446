"""Components, parallel analysis, factors: against scikit-learn and known populations."""

from __future__ import annotations

import numpy as np
import pytest
from explore_cases import answers
from sklearn.decomposition import PCA

from acsi_sem.inference.replicates import stream
from acsi_sem.methods.explore.components import components, normal_limits, positive, principal
from acsi_sem.methods.explore.factors import (
    NONE,
    SINGULAR,
    Factors,
    compare_blocks,
    factors,
)

RNG = np.random.default_rng(3)
NOISE = RNG.normal(size=(400, 8))
ONE = 0.8 * RNG.normal(size=(400, 1)) + 0.6 * NOISE
TWO = np.array(
    [[0.8, 0.0], [0.7, 0.0], [0.6, 0.0], [0.0, 0.9], [0.0, 0.7], [0.0, 0.5]], dtype=float
)


def generator() -> np.random.Generator:
    """Return the stream of a fixed seed."""
    return stream(1, "test", "parallel", 0)


def test_components_are_scikit_learns() -> None:
    found = components(answers(ONE), generator())
    standard = (ONE - ONE.mean(axis=0)) / ONE.std(axis=0)
    oracle = PCA().fit(standard)
    # scikit-learn divides by n - 1, the correlation by n.
    assert found.eigenvalues == pytest.approx(oracle.explained_variance_ * 399 / 400, rel=1e-9)
    loadings = oracle.components_.T * np.sqrt(found.eigenvalues)
    assert found.loadings == pytest.approx(positive(loadings), abs=1e-8)


def test_components_of_equal_correlations_by_hand() -> None:
    """Three questions that all correlate 0.4: eigenvalues 1.8, 0.6, 0.6."""
    values, loadings = principal(np.full((3, 3), 0.4) + 0.6 * np.eye(3))
    assert values == pytest.approx([1.8, 0.6, 0.6])
    assert loadings[:, 0] == pytest.approx(np.full(3, np.sqrt(0.6)))


def test_parallel_analysis_keeps_one_factor_and_no_noise() -> None:
    assert components(answers(ONE), generator()).kept == 1
    assert components(answers(NOISE), generator()).kept == 0
    two = RNG.normal(size=(400, 2)) @ TWO.T + RNG.normal(size=(400, 6)) * np.sqrt(
        1 - (TWO**2).sum(axis=1)
    )
    assert components(answers(two), generator()).kept == 2


def test_both_limits_agree_where_answers_are_normal() -> None:
    """Simulated and shuffled limits estimate the same percentile of 200 and 100 draws."""
    found = components(answers(NOISE), generator())
    assert found.shuffled == pytest.approx(found.limits, abs=0.05)


def test_limits_are_those_of_plain_simulation() -> None:
    """Wishart matrices against surveys drawn row by row: equal but for 200 draws' error."""
    plain = [np.linalg.eigvalsh(np.corrcoef(RNG.normal(size=(60, 5)).T))[::-1] for _ in range(400)]
    assert normal_limits(60, 5, generator()) == pytest.approx(
        np.quantile(plain, 0.95, axis=0), abs=0.05
    )


def test_unequal_weights_have_no_shuffled_limit() -> None:
    weights = np.tile([1.0, 3.0], 200)
    found = components(answers(ONE, weights), generator())
    assert np.isnan(found.shuffled).all()
    assert found.n_eff == pytest.approx(800**2 / (200 * 1 + 200 * 9))
    # Fewer effective respondents: chance reaches higher.
    assert found.limits[0] > components(answers(ONE), generator()).limits[0]


def test_too_few_effective_respondents_have_no_limits() -> None:
    assert np.isnan(normal_limits(5.0, 5, generator())).all()


def test_whole_weights_are_repeated_rows() -> None:
    counts = RNG.integers(1, 4, 400)
    short = components(answers(ONE, counts.astype(float), frequency=True), generator())
    long = components(answers(np.repeat(ONE, counts, axis=0)), generator())
    assert short.eigenvalues == pytest.approx(long.eigenvalues, rel=1e-9)
    assert short.limits == pytest.approx(long.limits, rel=1e-9)
    assert (short.n, short.kept) == (long.n, long.kept)


def test_factors_of_a_population_are_recovered() -> None:
    matrix = TWO @ TWO.T
    np.fill_diagonal(matrix, 1.0)
    found = factors(tuple("abcdef"), matrix, 2, 1000.0)
    assert found.note == ""
    # The population is exact; what differs is where the iterations stop.
    assert np.abs(found.loadings[:, ::-1]) == pytest.approx(TWO, abs=1e-3) or np.abs(
        found.loadings
    ) == pytest.approx(TWO, abs=1e-3)
    assert found.communality == pytest.approx((TWO**2).sum(axis=1), abs=1e-3)


def test_no_factors_and_no_inverse() -> None:
    assert factors(("a", "b"), np.eye(2), 0, 100.0).note == NONE
    assert factors(("a", "b"), np.ones((2, 2)), 1, 100.0).note == SINGULAR
    assert factors(("a", "b"), np.ones((2, 2)), 1, 100.0).leading == ()


def test_blocks_are_compared_with_factors() -> None:
    loadings = np.array([[0.8, 0.1], [0.7, 0.2], [0.1, 0.9], [0.6, 0.2], [0.35, 0.1], [0.3, 0.1]])
    names = tuple("abcdef")
    found = Factors(names, loadings, (loadings**2).sum(axis=1))
    blocks = compare_blocks(found, ("x", "x", "y", "y", "z", "z"))
    told = {one.name: (one.together, one.factor, one.strays) for one in blocks}
    assert told["x"] == (True, 0, ())
    # c leads on the second factor, d on the first: the block's main factor is that of c.
    assert told["y"] == (False, -1, ("d",))
    assert told["z"] == (False, 0, ("e", "f"))
    assert blocks[0].weakest == 0.7
    assert compare_blocks(Factors(names, loadings[:, :0], np.zeros(6)), ("x",) * 6) == ()
