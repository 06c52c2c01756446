"""Descriptions of answers, and the weighted numbers below every analysis."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from explore_cases import answers
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from acsi_sem.methods.explore.answers import correlation, effective_size, ranks, varying
from acsi_sem.methods.explore.describe import describe
from acsi_sem.methods.explore.missing_patterns import missing_patterns

RNG = np.random.default_rng(5)
SAMPLE = RNG.integers(1, 11, 101).astype(float)
COUNTED = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4)), min_size=2, max_size=30).filter(
    lambda pairs: len({answer for answer, _ in pairs}) > 1
)


def test_unweighted_descriptions_are_those_of_pandas_and_scipy() -> None:
    found = describe(SAMPLE, np.ones(SAMPLE.size), (1, 10))
    series = pd.Series(SAMPLE)
    assert found.mean == pytest.approx(series.mean(), rel=1e-12)
    assert found.sd == pytest.approx(series.std(), rel=1e-12)
    assert found.mode == series.mode().min()
    assert found.skewness == pytest.approx(float(stats.skew(SAMPLE)), rel=1e-10)
    quartiles = [np.quantile(SAMPLE, p, method="averaged_inverted_cdf") for p in (0.25, 0.5, 0.75)]
    assert [found.q1, found.median, found.q3] == quartiles
    assert found.ceiling[0] == pytest.approx(np.mean(SAMPLE == 10), rel=1e-12)
    wilson = stats.binomtest(int((SAMPLE == 10).sum()), SAMPLE.size).proportion_ci(method="wilson")
    assert found.ceiling[1:] == pytest.approx((wilson.low, wilson.high), rel=1e-10)


def test_a_description_by_hand() -> None:
    """Answers 1, 2, 2, 5 with weights 1, 1, 1, 3: W = 6, mean 20/6, half of W lies at 2."""
    found = describe(np.array([1.0, 2.0, 2.0, 5.0]), np.array([1.0, 1.0, 1.0, 3.0]), (1, 5))
    assert found.mean == pytest.approx(20 / 6)
    assert (found.mode, found.median, found.q1, found.q3) == (5.0, 3.5, 2.0, 5.0)
    assert found.quartile_deviation == 1.5
    assert found.ceiling[0] == pytest.approx(0.5)
    assert found.floor[0] == pytest.approx(1 / 6)
    # Variance of weights 16.667/6, over n - 1 of 4 rows: 2.7778 * 4/3.
    assert found.sd == pytest.approx(
        np.sqrt((20 / 6 - 1) ** 2 / 6 + 2 * (20 / 6 - 2) ** 2 / 6 + 3 * (5 - 20 / 6) ** 2 / 6)
        * np.sqrt(4 / 3)
    )


@settings(max_examples=60, deadline=None)
@given(COUNTED)
def test_whole_weights_are_repeated_rows(pairs: list[tuple[int, int]]) -> None:
    values = np.array([answer for answer, _ in pairs], dtype=float)
    counts = np.array([count for _, count in pairs])
    short = describe(values, counts.astype(float), (1, 5), frequency=True)
    repeated = np.repeat(values, counts)
    long = describe(repeated, np.ones(repeated.size), (1, 5))
    assert (short.n, short.mode, short.median, short.q1, short.q3, short.least, short.most) == (
        long.n,
        long.mode,
        long.median,
        long.q1,
        long.q3,
        long.least,
        long.most,
    )
    # Sums in another order differ by rounding.
    for name in ("mean", "sd", "skewness"):
        assert getattr(short, name) == pytest.approx(getattr(long, name), rel=1e-9, abs=1e-9)
    assert short.ceiling == pytest.approx(long.ceiling, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(COUNTED, st.sampled_from([0.1, 3.0, 1e6]))
def test_the_scale_of_sampling_weights_does_not_matter(
    pairs: list[tuple[int, int]], factor: float
) -> None:
    values = np.array([answer for answer, _ in pairs], dtype=float)
    weights = np.array([weight for _, weight in pairs], dtype=float)
    one, other = (describe(values, scale * weights, (1, 5)) for scale in (1.0, factor))
    assert (one.n, one.mode) == (other.n, other.mode)
    assert one.mean == pytest.approx(other.mean, rel=1e-12)
    assert one.sd == pytest.approx(other.sd, rel=1e-9)


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_nobody_answered(values: list[float]) -> None:
    found = describe(np.array(values), np.ones(len(values)), (1, 10))
    assert (found.n, found.missing) == (0, len(values))
    assert np.isnan([found.mean, found.sd, found.median, *found.ceiling]).all()


def test_one_answer_and_equal_answers() -> None:
    one = describe(np.array([4.0]), np.ones(1), (1, 10))
    assert (one.mean, one.median) == (4.0, 4.0)
    assert np.isnan(one.sd)
    same = describe(np.full(9, 10.0), np.ones(9), (1, 10))
    assert (same.sd, same.ceiling[0]) == (0.0, 1.0)
    assert np.isnan(same.skewness)
    amount = describe(np.array([1.0, 250.0]), np.ones(2), (-np.inf, np.inf))
    assert np.isnan(amount.ceiling[0])


def test_ranks_are_scipys_but_for_a_constant() -> None:
    assert ranks(SAMPLE, np.ones(SAMPLE.size)) + 0.5 == pytest.approx(stats.rankdata(SAMPLE))


def test_correlation_is_numpys_unweighted() -> None:
    values = RNG.normal(size=(50, 4))
    assert correlation(values, np.ones(50)) == pytest.approx(np.corrcoef(values.T), abs=1e-12)


def test_effective_size_and_variation() -> None:
    weights = np.array([1.0, 3.0])
    assert effective_size(weights) == pytest.approx(16 / 10)
    assert effective_size(np.zeros(2)) == 0
    values = np.array([[1.0, 2.0, np.nan], [1.0, 3.0, np.nan], [2.0, np.nan, np.nan]])
    assert varying(answers(values, np.array([1.0, 1.0, 0.0]))).tolist() == [False, True, False]


def test_patterns_of_missing_answers_are_counted() -> None:
    gap = np.nan
    values = np.array([[1, 1, 1], [2, 1, 1], [1, gap, gap], [1, 1, gap], [1, 1, gap]], dtype=float)
    found = missing_patterns(answers(values))
    assert [(one.missing, one.n) for one in found.patterns] == [
        ((), 2),
        (("q3",), 2),
        (("q2", "q3"), 1),
    ]
    assert (found.complete, found.complete_n, found.n, found.monotone) == (0.4, 2, 5, True)
    values[0, 0] = gap
    assert not missing_patterns(answers(values)).monotone


def test_rare_patterns_are_counted_together() -> None:
    gaps = np.array([[bool(i >> j & 1) for j in range(5)] for i in range(32)])
    found = missing_patterns(answers(np.where(gaps, np.nan, 1.0)))
    assert (len(found.patterns), found.others, found.others_n) == (20, 12, 12)
    assert missing_patterns(answers(np.zeros((0, 2)))).n == 0
