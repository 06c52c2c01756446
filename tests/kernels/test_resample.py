"""Bootstrap counts: totals, moments of the multinomial."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.kernels.resample import bootstrap_counts, frequency_counts

STRATA = np.array([1, 0, 1, 0, 0, 2])


def test_every_stratum_keeps_its_size() -> None:
    counts = bootstrap_counts(np.random.default_rng(1), STRATA, 500)
    for stratum, size in ((0, 3), (1, 2), (2, 1)):
        assert_array_equal(counts[:, stratum == STRATA].sum(axis=1), np.full(500, size))


def test_counts_have_the_moments_of_a_multinomial() -> None:
    n, replicates = 20, 40_000
    counts = bootstrap_counts(np.random.default_rng(2), np.zeros(n, dtype=np.intp), replicates)
    # Five Monte-Carlo standard errors: sd of a mean of 40,000 counts is 0.005, of a variance 0.008.
    assert_allclose(counts.mean(axis=0), 1.0, atol=0.025)
    assert_allclose(counts.var(axis=0), 1 - 1 / n, atol=0.04)
    assert_allclose(np.cov(counts[:, 0], counts[:, 1])[0, 1], -1 / n, atol=0.03)


def test_frequencies_draw_as_many_respondents_as_they_stand_for() -> None:
    frequency = np.array([3.0, 1.0, 2.0, 5.0, 1.0, 4.0])
    counts = frequency_counts(np.random.default_rng(3), frequency, STRATA, 20_000)
    for stratum in range(3):
        total = frequency[stratum == STRATA].sum()
        assert (counts[:, stratum == STRATA].sum(axis=1) == total).all()
    # Five Monte-Carlo standard errors of a mean of 20,000 counts with sd below 1.3.
    assert_allclose(counts.mean(axis=0), frequency, atol=0.05)
