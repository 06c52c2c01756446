"""Correlations and collinearity against SciPy and the definition."""

from __future__ import annotations

import numpy as np
import pytest
from explore_cases import answers
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from acsi_sem.methods.explore.relations import collinearity, correlations

RNG = np.random.default_rng(11)
LATENT = RNG.normal(size=(120, 1))
VALUES = np.clip(np.rint(5.5 + 1.5 * LATENT + RNG.normal(size=(120, 4))), 1, 10)


def test_unweighted_correlations_are_scipys() -> None:
    found = correlations(answers(VALUES))
    assert found.pearson == pytest.approx(np.corrcoef(VALUES.T), abs=1e-12)
    assert found.spearman == pytest.approx(stats.spearmanr(VALUES).statistic, abs=1e-12)
    assert (found.n == 120).all()


def test_pairs_use_those_who_answered_both() -> None:
    values = VALUES.copy()
    values[:30, 0], values[100:, 1] = np.nan, np.nan
    found = correlations(answers(values))
    both = VALUES[30:100, :2]
    assert found.n[0, 1] == 70
    assert found.pearson[0, 1] == pytest.approx(stats.pearsonr(*both.T).statistic, abs=1e-12)
    assert found.spearman[0, 1] == pytest.approx(stats.spearmanr(*both.T).statistic, abs=1e-12)


def test_what_does_not_vary_has_no_correlation() -> None:
    values = np.column_stack([VALUES[:, 0], np.full(120, 3.0), np.full(120, np.nan)])
    found = correlations(answers(values))
    assert np.isnan(found.pearson[0, 1:]).all()
    assert found.pearson[0, 0] == 1.0
    assert found.n[0, 2] == 0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=25, max_size=25))
def test_whole_weights_are_repeated_rows(counts: list[int]) -> None:
    values = VALUES[:25]
    short = answers(values, np.array(counts, dtype=float), frequency=True)
    long = answers(np.repeat(values, counts, axis=0))
    one, other = correlations(short), correlations(long)
    # Rounding only: the same sums in another order.
    assert one.pearson == pytest.approx(other.pearson, abs=1e-10)
    assert one.spearman == pytest.approx(other.spearman, abs=1e-10)
    assert one.n.tolist() == other.n.tolist()
    a, b = collinearity(short), collinearity(long)
    assert a.vif == pytest.approx(b.vif, rel=1e-8)
    assert a.condition == pytest.approx(b.condition, rel=1e-8)
    assert a.n == b.n


def test_vif_is_its_definition_with_weights() -> None:
    """1 / (1 - R2) of weighted least squares: the diagonal of the inverse correlations."""
    weights = RNG.uniform(0.5, 2.0, 120)
    found = collinearity(answers(VALUES, weights))
    centred = VALUES - np.average(VALUES, axis=0, weights=weights)
    covariance = (centred * weights[:, None]).T @ centred
    spread = np.sqrt(np.diag(covariance))
    matrix = covariance / np.outer(spread, spread)
    assert found.vif == pytest.approx(np.diag(np.linalg.inv(matrix)), rel=1e-9)
    assert found.condition == pytest.approx(np.linalg.cond(matrix), rel=1e-9)
    assert found.condition_index == pytest.approx(np.sqrt(np.linalg.cond(matrix)), rel=1e-9)


def test_two_questions_by_hand() -> None:
    """r = 0.6: both factors are 1 / (1 - 0.36), the condition number is 1.6 / 0.4."""
    x = np.array([1.0, -1.0, 1.0, -1.0])
    y = np.array([1.0, 1.0, -1.0, -1.0])
    found = collinearity(answers(np.column_stack([x, 0.6 * x + 0.8 * y])))
    assert found.vif == pytest.approx([1.5625, 1.5625])
    assert found.condition == pytest.approx(4.0)


def test_a_sum_of_others_is_infinite() -> None:
    values = np.column_stack([VALUES[:, :2], VALUES[:, 0] + VALUES[:, 1]])
    found = collinearity(answers(values))
    assert np.isinf(found.vif).all()
    assert np.isinf(found.condition)
