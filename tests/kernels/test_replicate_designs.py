"""Jackknife, balanced half-samples and given columns: closed forms, layouts, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from acsi_sem.kernels.replicate_designs import (
    brr_factors,
    column_coefficients,
    hadamard,
    hadamard_order,
    jackknife_coefficients,
    jackknife_factors,
    jackknife_units,
    replicate_variance,
)

Floats = NDArray[np.float64]
RNG = np.random.default_rng(11)
PAIRS = np.repeat(np.arange(9), 2)[RNG.permutation(18)].astype(np.intp)
VALUES = RNG.normal(size=(18, 3))


def totals(factors: Floats, values: Floats) -> Floats:
    """Return the totals of values (u, R) under factors (B, u)."""
    return np.asarray(factors @ values)


def stratified_variance(values: Floats, strata: NDArray[np.intp]) -> Floats:
    """Return the closed form for a total: n/(n-1) times squared deviations, by stratum."""
    parts = [values[strata == h] for h in np.unique(strata)]
    return np.asarray(np.sum([len(part) * part.var(axis=0, ddof=1) for part in parts], axis=0))


def test_the_jackknife_of_a_mean_is_its_closed_form() -> None:
    values, strata = RNG.normal(size=(40, 2)), np.zeros(40, dtype=np.intp)
    factors = jackknife_factors(strata)
    means = factors @ values / factors.sum(axis=1, keepdims=True)
    found = replicate_variance(means, values.mean(axis=0), jackknife_coefficients(strata))
    # An identity: only rounding is left.
    assert_allclose(found, values.var(axis=0, ddof=1) / 40, rtol=1e-12)


def test_the_stratified_jackknife_of_a_total_is_its_closed_form() -> None:
    strata = np.array([0] * 3 + [1] * 5 + [2] * 2 + [3], dtype=np.intp)[::-1].copy()
    values = RNG.normal(size=(11, 2))
    fractions = np.array([0.5, 0.0, 1.0, 0.2])
    made = totals(jackknife_factors(strata), values)
    assert made.shape[0] == 10  # the only unit of stratum 3 stays
    found = replicate_variance(made, values.sum(axis=0), jackknife_coefficients(strata, fractions))
    parts = [
        (1 - fractions[h]) * stratified_variance(values[strata == h], strata[strata == h])
        for h in (0, 1, 2)
    ]
    assert_allclose(found, np.sum(parts, axis=0), rtol=1e-12)


def test_leaving_out_one_of_many_equals_the_jackknife_of_repeated_rows() -> None:
    counts, strata = np.array([3.0, 1.0, 2.0, 4.0]), np.array([0, 0, 1, 1], dtype=np.intp)
    values = RNG.normal(size=(4, 2))
    repeated = np.repeat(np.arange(4), counts.astype(int))

    def ratio(sums: Floats) -> Floats:
        return np.asarray(sums[..., 0] / (5 + sums[..., 1]))

    weighted = ratio(jackknife_factors(strata, counts=counts) @ (values * counts[:, None]))
    whole = ratio((values * counts[:, None]).sum(axis=0))
    found = replicate_variance(weighted, whole, jackknife_coefficients(strata, counts=counts))
    plain = ratio(jackknife_factors(strata[repeated]) @ values[repeated])
    expected = replicate_variance(plain, whole, jackknife_coefficients(strata[repeated]))
    assert found == pytest.approx(float(expected), rel=1e-12)


def test_chunks_of_the_jackknife_are_its_rows() -> None:
    units = jackknife_units(PAIRS)
    whole = jackknife_factors(PAIRS)
    parts = [jackknife_factors(PAIRS, units[at : at + 7]) for at in range(0, units.size, 7)]
    assert_array_equal(np.concatenate(parts), whole)


def test_the_only_unit_of_a_stratum_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="only unit"):
        jackknife_factors(np.array([0, 0, 1]), np.array([2]))


@pytest.mark.parametrize("fay", [0.0, 0.3, 0.7])
def test_balanced_half_samples_of_a_total_are_exact(fay: float) -> None:
    factors = brr_factors(PAIRS, fay)
    assert factors.shape == (12, 18)
    made = totals(factors, VALUES)
    coefficients = column_coefficients("fay", 12, fay=fay)
    found = replicate_variance(made, VALUES.sum(axis=0), coefficients)
    # Balance makes cross-products of strata cancel: only rounding is left.
    assert_allclose(found, stratified_variance(VALUES, PAIRS), rtol=1e-12)
    assert_allclose(made.mean(axis=0), VALUES.sum(axis=0), rtol=1e-12, atol=1e-12)


def test_every_half_sample_takes_one_unit_of_each_stratum() -> None:
    factors = brr_factors(PAIRS)
    for stratum in range(9):
        pair = factors[:, stratum == PAIRS]
        assert_array_equal(np.sort(pair, axis=1), np.tile([0.0, 2.0], (12, 1)))


@pytest.mark.parametrize("strata", [[0, 0, 1], [0, 0, 1, 1, 1], [0]])
def test_balanced_half_samples_need_two_units_in_every_stratum(strata: list[int]) -> None:
    with pytest.raises(ValueError, match="exactly two units"):
        brr_factors(np.array(strata))


@pytest.mark.parametrize("fay", [-0.1, 1.0])
def test_fays_factor_has_a_range(fay: float) -> None:
    with pytest.raises(ValueError, match="Fay"):
        brr_factors(PAIRS, fay)


@pytest.mark.parametrize("order", [1, 2, *range(4, 52, 4), 60, 72, 76, 96, 120, 200])
def test_hadamard_columns_are_orthogonal(order: int) -> None:
    made = hadamard(order)
    assert_array_equal(np.abs(made), 1.0)
    assert_array_equal(made.T @ made, order * np.eye(order))
    assert_array_equal(made[:, 0], 1.0)


def test_orders_that_cannot_be_built_are_stepped_over() -> None:
    assert hadamard_order(49) == 56
    with pytest.raises(ValueError, match="52"):
        hadamard(52)


# Scales that R's survey 4.x stores for 20 columns of combined weights, from the definitions in
# the help page of svrepdesign; fay with rho = 0.3.
@pytest.mark.parametrize(
    ("method", "scale"),
    [("bootstrap", 0.05263158), ("jk1", 0.95), ("brr", 0.05), ("fay", 0.1020408)],
)
def test_columns_have_the_scales_of_svrepdesign(method: str, scale: float) -> None:
    # R printed seven digits.
    assert_allclose(column_coefficients(method, 20, fay=0.3), scale, rtol=1e-6)


def test_a_given_scale_and_own_coefficients_multiply() -> None:
    own = np.array([0.5, 0.5, 2 / 3, 2 / 3, 2 / 3])
    assert_allclose(column_coefficients("jkn", 5, rscales=own), own, rtol=0)
    assert_allclose(column_coefficients("jkn", 5, scale=0.5, rscales=own), own / 2, rtol=1e-15)


def test_columns_of_a_bootstrap_give_its_variance_about_the_estimate() -> None:
    draws = RNG.normal(3, 2, 500)
    found = replicate_variance(draws, draws.mean(), column_coefficients("bootstrap", 500))
    assert float(found) == pytest.approx(draws.var(ddof=1), rel=1e-12)


@pytest.mark.parametrize(
    ("method", "count", "options", "words"),
    [
        ("sdr", 5, {}, "must be one of"),
        ("brr", 1, {}, "two replicates"),
        ("jkn", 5, {}, "jkn needs"),
        ("fay", 5, {"fay": 1.0}, "Fay"),
        ("jk1", 5, {"rscales": np.ones(4)}, "5 replicates and 4"),
        ("jk1", 5, {"scale": -1.0}, "from 0"),
        ("jk1", 5, {"scale": float("nan")}, "from 0"),
    ],
)
def test_columns_are_refused_by_name(
    method: str, count: int, options: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        column_coefficients(method, count, **options)  # type: ignore[arg-type]


def test_a_replicate_that_is_not_defined_leaves_no_variance() -> None:
    draws = np.array([[1.0, np.nan], [2.0, 2.0], [3.0, 3.0]])
    point, each = np.array([2.0, 2.0]), np.array([0.5, 0.5, 0.5])
    assert_array_equal(np.isnan(replicate_variance(draws, point, each)), [False, True])
    # One that counts for nothing may fail.
    unused = np.array([0.0, 0.5, 0.5])
    assert_array_equal(replicate_variance(draws, point, unused), [0.5, 0.5])
