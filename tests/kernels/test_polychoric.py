"""Bivariate normal probabilities, polychoric correlations and their influence."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from acsi_model import acsi_model
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from acsi_sem.kernels.bivariate_normal import bivariate_normal, density
from acsi_sem.kernels.polychoric import (
    Pairs,
    casewise,
    cell_probabilities,
    influence,
    make_pairs,
    pair_numbers,
    polychoric,
    thresholds,
)

Floats = NDArray[np.float64]

# mpmath 1.3, 40 digits: integral of φ(x) Φ((k - ρx)/√(1 - ρ²)) from -14 to h, cut at the step.
EXACT = (
    (0.5, -0.25, 0.3, 0.31794615719780364622),
    (-1.0, 2.0, -0.9, 0.13615368101504624713),
    (1.5, 1.4, 0.924, 0.9039622339397242433),
    (1.5, 1.4, 0.926, 0.90423406335989164622),
    (0.2, 0.3, 0.99, 0.57152993736456792783),
    (-0.7, 0.7, -0.995, 0.012459777346259593123),
    (0.1, 0.1001, 0.99999, 0.53913929810543045372),
    (-2.5, -2.4, 0.97, 0.0051236505208431918596),
    (1.0, -0.999, -0.9999999, 0.00024256895087012313313),
    (-4.0, 3.0, 0.95, 0.000031671241833119921254),
    (-1.2, -1.2, 0.999999999, 0.11506620570152023416),
)
limits = st.floats(-6.0, 6.0)
correlations = st.floats(-1.0, 1.0)


def number(value: Floats) -> float:
    return float(value.item())


def at(h: float, k: float, rho: float) -> float:
    return number(bivariate_normal(np.array(h), np.array(k), np.array(rho)))


@pytest.mark.parametrize(("h", "k", "rho", "expected"), EXACT)
def test_probabilities_equal_those_of_forty_digits(
    h: float, k: float, rho: float, expected: float
) -> None:
    assert at(h, k, rho) == pytest.approx(expected, abs=1e-15)  # a few units of rounding


def test_probabilities_equal_scipy() -> None:
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(7)
    h, k = 2 * rng.normal(size=(2, 400))
    rho = np.tanh(rng.uniform(-6, 6, 400))
    ours = bivariate_normal(h, k, rho)
    theirs = [
        multivariate_normal.cdf([a, b], cov=[[1, r], [r, 1]], allow_singular=True)
        for a, b, r in zip(h, k, rho, strict=True)
    ]
    # scipy itself is off by up to 2.4e-14 where |rho| is near 1 (against 40 digits).
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)


@given(limits, limits, correlations)
def test_the_four_quadrants_fill_the_plane(h: float, k: float, rho: float) -> None:
    from scipy.special import ndtr

    assert at(h, k, rho) == pytest.approx(at(k, h, rho), abs=1e-15)
    assert at(h, k, rho) + at(h, -k, -rho) == pytest.approx(ndtr(h), abs=2e-15)
    assert max(0.0, ndtr(h) + ndtr(k) - 1) - 1e-15 <= at(h, k, rho) <= ndtr(min(h, k)) + 1e-15


@given(correlations)
def test_the_origin_has_a_closed_form(rho: float) -> None:
    assert at(0.0, 0.0, rho) == pytest.approx(0.25 + np.arcsin(rho) / (2 * np.pi), abs=1e-15)


def test_infinite_limits_leave_the_other_variable() -> None:
    from scipy.special import ndtr

    h = np.array([np.inf, -np.inf, 0.3, np.inf])
    k = np.array([0.3, 0.3, np.inf, np.inf])
    for rho in (-1.0, -0.99, 0.5, 0.95, 1.0):
        found = bivariate_normal(h, k, np.full(4, rho))
        np.testing.assert_allclose(found, [ndtr(0.3), 0.0, ndtr(0.3), 1.0], atol=1e-15)
    assert (density(h, k, np.full(4, 0.99)) == 0.0).all()


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), st.floats(-0.95, 0.95))
def test_the_density_is_the_derivative_in_rho(h: float, k: float, rho: float) -> None:
    step = 1e-5
    slope = (at(h, k, rho + step) - at(h, k, rho - step)) / (2 * step)
    found = number(density(np.array(h), np.array(k), np.array(rho)))
    # Rounding 1e-16 / 1e-5, and step² times a third derivative of at most some hundreds.
    assert found == pytest.approx(slope, abs=1e-7)


def test_cells_equal_scipy_and_sum_to_one() -> None:
    from scipy.stats import multivariate_normal

    rows, columns = np.array([[-1.0, 0.2, 1.1]]), np.array([[-0.4, 0.9, np.inf]])
    found = cell_probabilities(rows, columns, np.array([0.8]))
    assert found.shape == (1, 4, 4)
    assert found.sum() == pytest.approx(1.0, abs=1e-15)
    assert (found[0, :, 3] == 0.0).all()
    normal = multivariate_normal(cov=[[1, 0.8], [0.8, 1]])
    box = normal.cdf([1.1, 0.9], lower_limit=[0.2, -0.4])
    assert found[0, 2, 1] == pytest.approx(box, abs=1e-13)  # scipy's own accuracy


def test_thresholds_are_quantiles_of_cumulated_shares() -> None:
    from scipy.special import ndtr

    shares = np.array([[0.1, 0.2, 0.3, 0.4], [0.25, 0.75, 0.0, 0.0]])
    found = thresholds(shares)
    np.testing.assert_allclose(ndtr(found[0]), [0.1, 0.3, 0.6], atol=1e-15)
    assert found[1, 1:].tolist() == [np.inf, np.inf]


def test_tables_count_every_pair_with_its_weight() -> None:
    codes = np.array([[0, 1, 0], [1, 1, 2], [1, 0, 2], [0, 0, 1]])
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    pairs = make_pairs(codes, weights, 3)
    first, second = pair_numbers(3)
    for m, (a, b) in enumerate(zip(first, second, strict=True)):
        expected = np.zeros((3, 3))
        np.add.at(expected, (codes[:, a], codes[:, b]), weights / 10)
        np.testing.assert_allclose(pairs.tables[m], expected, atol=1e-15)


def population(rho: Floats, rows: Floats, columns: Floats) -> Pairs:
    """Pairs whose tables are the cell probabilities themselves."""
    return Pairs(cell_probabilities(rows, columns, rho), rows, columns)


@given(
    st.lists(st.floats(-0.98, 0.98), min_size=1, max_size=6),
    st.integers(1, 9),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=40, deadline=None)
def test_population_tables_give_their_correlation_back(
    rho: list[float], size: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    m = len(rho)
    rows = np.sort(rng.uniform(-1.5, 1.5, (m, size)), axis=1) + 0.05 * np.arange(size)
    columns = np.sort(rng.uniform(-1.5, 1.5, (m, size)), axis=1) + 0.05 * np.arange(size)
    found = polychoric(population(np.array(rho), rows, columns))
    assert found.ok.all()
    # Rounding of the cells, 1e-16, over the information of a table, 1e-3 or more.
    np.testing.assert_allclose(found.rho, rho, atol=1e-9)
    assert found.slope.max() < 1e-8


def drawn(
    correlation: Floats, cuts: list[list[float]], n: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Answers of n rows: normal variables cut at thresholds."""
    normal = rng.normal(size=(n, len(cuts))) @ np.linalg.cholesky(correlation).T
    columns = zip(normal.T, cuts, strict=True)
    return np.stack([np.searchsorted(cut, column) for column, cut in columns], axis=1)


CORRELATION = np.array([[1.0, 0.7, 0.3], [0.7, 1.0, -0.2], [0.3, -0.2, 1.0]])
CUTS = [[-1.0, 0.0, 0.8], [-0.5, 0.9], [0.2]]


def test_many_rows_recover_the_correlations() -> None:
    codes = drawn(CORRELATION, CUTS, 40_000, np.random.default_rng(3))
    pairs = make_pairs(codes, np.ones(len(codes)), 4)
    found = polychoric(pairs)
    errors = casewise(influence(pairs, found.rho), codes).std(axis=0) / np.sqrt(len(codes))
    distance = (found.rho - CORRELATION[pair_numbers(3)]) / errors
    assert np.abs(distance).max() < 3.5  # three normal variates beyond 3.5: 1 in 700
    assert errors.max() < 0.01


def test_errors_equal_the_spread_over_samples() -> None:
    rng = np.random.default_rng(11)
    estimates, gammas = [], []
    for _ in range(400):
        codes = drawn(CORRELATION, CUTS, 500, rng)
        pairs = make_pairs(codes, np.ones(500), 4)
        found = polychoric(pairs)
        rows = casewise(influence(pairs, found.rho), codes)
        estimates.append(found.rho)
        gammas.append(rows.T @ rows / 500)
    spread = np.cov(np.array(estimates).T) * 500
    said = np.mean(gammas, axis=0)
    scale = np.sqrt(np.diag(spread))
    # Standard error of a covariance over 400 samples, in units of the variances: sqrt(2/400) = 7 %.
    assert np.abs((spread - said) / np.outer(scale, scale)).max() < 0.21


def test_influence_is_the_derivative_of_the_estimate() -> None:
    rng = np.random.default_rng(5)
    # No normal variables at all: the derivatives are those of the estimator, whatever the data.
    common = rng.exponential(size=(300, 1))
    codes = np.minimum((common + rng.exponential(size=(300, 4))).astype(np.intp), 3)
    codes[:, 3] = codes[:, 3] > 1
    weights = rng.uniform(0.5, 2.0, 300)
    pairs = make_pairs(codes, weights, 4)
    rows = casewise(influence(pairs, polychoric(pairs).rho), codes)
    assert np.abs(weights @ rows).max() < 1e-9  # rounding: 300 terms of order 1
    step = 1e-4
    for case in (0, 50, 299):
        ends = []
        for sign in (1, -1):
            moved = weights.copy()
            moved[case] += sign * step * weights.sum()
            ends.append(polychoric(make_pairs(codes, moved, 4)).rho)
        slope = (ends[0] - ends[1]) / (2 * step)
        # step² times a third derivative of some hundreds
        np.testing.assert_allclose(rows[case], slope, atol=1e-5)


def test_a_rare_cell_against_the_grain_keeps_its_weight() -> None:
    """One row in the far corner of a high correlation: its probability is near rounding."""
    from scipy.integrate import quad
    from scipy.optimize import brentq
    from scipy.special import ndtr

    cuts = np.array([[-2.5, -0.8, 0.9, 2.6]])
    table = cell_probabilities(cuts, cuts, np.array([0.97]))[0] * 2000
    table[0, 4] += 1.0
    table /= table.sum()
    rows, columns = thresholds(table.sum(axis=1)[None]), thresholds(table.sum(axis=0)[None])
    found = polychoric(Pairs(table[None], rows, columns))
    ends = [np.concatenate([[-9.0], cut[0], [9.0]]) for cut in (rows, columns)]

    def cell(i: int, j: int, rho: float) -> float:
        root = np.sqrt(1 - rho * rho)

        def height(x: float) -> float:
            low, high = ((ends[1][j + s] - rho * x) / root for s in (0, 1))
            inside = ndtr(-low) - ndtr(-high) if low > 0 else ndtr(high) - ndtr(low)
            return float(np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * inside)

        low, high = ends[0][i], ends[0][i + 1]
        middle = float(np.clip(ends[1][j] / rho, low, high))
        options = {"epsabs": 0.0, "epsrel": 1e-12, "limit": 400}
        parts = (
            quad(height, a, b, **options)[0] for a, b in ((low, middle), (middle, high)) if a < b
        )
        return float(sum(parts))

    def likelihood(rho: float) -> float:
        places = zip(*np.nonzero(table > 1e-12), strict=True)
        return sum(float(table[i, j]) * float(np.log(cell(i, j, rho))) for i, j in places)

    def slope(rho: float) -> float:
        return (likelihood(rho + 1e-5) - likelihood(rho - 1e-5)) / 2e-5

    # Cells below 1e-12 are left out of the sum and numbers differentiated: 1e-7 or so of error.
    expected = brentq(slope, 0.5, 0.99, xtol=1e-12)
    assert number(found.rho) == pytest.approx(expected, abs=1e-6)
    assert found.ok.all()
    assert found.slope[0] < 1e-9


@pytest.mark.parametrize(
    "table",
    [[[0.5, 0.0], [0.0, 0.5]], [[0.0, 0.5], [0.5, 0.0]], [[0.3, 0.0], [0.2, 0.5]]],
    ids=["equal", "opposite", "empty cell"],
)
def test_a_table_without_a_maximum_is_flagged(table: list[list[float]]) -> None:
    shares = np.array(table)
    rows, columns = thresholds(shares.sum(axis=1)[None]), thresholds(shares.sum(axis=0)[None])
    assert not polychoric(Pairs(shares[None], rows, columns)).ok[0]


def test_turning_an_item_round_turns_the_sign() -> None:
    codes = drawn(CORRELATION, CUTS, 2_000, np.random.default_rng(9))
    turned = codes.copy()
    turned[:, 0] = codes[:, 0].max() - codes[:, 0]
    weights = np.ones(len(codes))
    one, two = (polychoric(make_pairs(answers, weights, 4)).rho for answers in (codes, turned))
    np.testing.assert_allclose(two, one * [-1, -1, 1], atol=1e-11)  # the solver's last step


DATA = Path(__file__).parents[3] / "shared" / "data" / "ACSI Data 2015 ver2.xlsx"
REFERENCE = Path(__file__).parents[1] / "golden" / "polychoric_3003.csv"


@pytest.mark.survey
@pytest.mark.skipif(not DATA.exists(), reason="the 2015 interviews are not on this machine")
def test_correlations_of_the_survey_equal_those_of_accurate_quadrature() -> None:
    from acsi_sem.survey.read import read_survey

    survey = read_survey(DATA, acsi_model(), group="INDUSTRY")
    assert survey.groups is not None
    values = survey.values[survey.groups.codes == survey.groups.keys.index("3003")]
    values = values[np.isfinite(values).all(axis=1)]
    codes = np.stack([np.unique(column, return_inverse=True)[1] for column in values.T], axis=1)
    found = polychoric(make_pairs(codes, np.ones(len(codes)), 10))
    names = [item.name for item in acsi_model().indicators]
    ours = {
        frozenset((names[a], names[b])): rho
        for a, b, rho in zip(*pair_numbers(13), found.rho, strict=True)
    }
    with REFERENCE.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 9
    for row in rows:
        # R's one-dimensional optimiser stops about 1e-8 from the maximum; we differ by 1.3e-8.
        expected = float(row["quad_ml"])
        assert ours[frozenset((row["v1"], row["v2"]))] == pytest.approx(expected, abs=1e-7)
    # lavaan 0.6 is off by 0.01 where two items have a rare cell against the grain.
    off = [abs(float(r["lavaan06"]) - ours[frozenset((r["v1"], r["v2"]))]) for r in rows]
    assert max(off) > 0.009
    assert found.ok.all()
    assert found.slope.max() < 1e-8
