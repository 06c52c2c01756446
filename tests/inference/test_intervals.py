"""Intervals: R's quantiles, failures, too many failures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.inference.intervals import (
    bca_spread,
    bootstrap_normal_spread,
    linearised_spread,
    percentile_spread,
    quantile,
    structured_spread,
    two_sided_p,
)
from acsi_sem.inference.spreader import Spreader
from acsi_sem.inference.studentised import studentised_spread

DRAWS = np.array([3.1, 0.2, 5.5, 4.0, 2.7, 9.9, 1.0, 6.3, 7.2, 8.8])


def test_percentiles_are_type_7() -> None:
    spread = percentile_spread(DRAWS, np.ones(10, dtype=bool), 0.8)
    # R: quantile(x, c(.1, .9)) -> 0.92 8.91
    assert_allclose([spread.low, spread.high], [0.92, 8.91], rtol=1e-12)
    assert float(spread.std_error) == pytest.approx(DRAWS.std(ddof=1), rel=1e-12)


def test_failed_replicates_are_left_out() -> None:
    draws = np.append(np.tile(DRAWS, 10), [np.nan, np.nan])
    ok = np.isfinite(draws)
    spread = percentile_spread(draws, ok, 0.8)
    whole = percentile_spread(np.tile(DRAWS, 10), np.ones(100, dtype=bool), 0.8)
    assert float(spread.low) == float(whole.low)


def test_limits_are_withheld_when_more_than_five_percent_failed() -> None:
    draws = np.append(np.tile(DRAWS, 2), [np.nan, np.nan])
    spread = percentile_spread(draws, np.isfinite(draws), 0.95)
    assert np.isnan(spread.low)
    assert np.isnan(spread.high)
    assert np.isfinite(spread.std_error)


def test_one_replicate_is_no_spread() -> None:
    spread = percentile_spread(DRAWS, np.eye(10, dtype=bool)[0], 0.95)
    assert np.isnan(spread.std_error)


@pytest.mark.parametrize(("z", "p"), [(1.959963984540054, 0.05), (-2.5758293035489, 0.01), (0, 1)])
def test_p_values(z: float, p: float) -> None:
    assert two_sided_p(z) == pytest.approx(p, rel=1e-9)


def test_bca_limits_that_are_not_defined_say_why() -> None:
    base = np.linspace(-1, 1, 101)
    holed = np.where(np.arange(101) == 5, np.nan, base)
    draws = np.column_stack([base, base + 3, base, base, holed, np.full(101, 2.0)])
    point, bend = np.array([0, 0, 0, 0, 0, 2.0]), np.array([0, 0, np.nan, 0.9, 0, 0])
    ok = np.ones(101, dtype=bool)
    spread = bca_spread(draws, point, bend, ok, 0.95)
    assert_array_equal(np.isfinite(spread.low), [True, False, False, False, False, True])
    notes = [spread.note((i,)) for i in range(6)]
    for note, words in zip(
        notes, ["", "one side", "no derivative", "too large", "every replicate", ""], strict=True
    ):
        assert words in note
        assert (note == "") == (words == "")
    plain = percentile_spread(draws, ok, 0.95)
    assert_array_equal(spread.std_error, plain.std_error)
    assert_allclose([spread.low[0], spread.high[0]], [plain.low[0], plain.high[0]], rtol=1e-12)
    assert plain.note((0,)) == ""


def test_bca_limits_are_withheld_when_more_than_five_percent_failed() -> None:
    draws = np.append(np.tile(DRAWS, 2), [np.nan, np.nan])
    spread = bca_spread(draws, np.array(5.0), np.array(0.0), np.isfinite(draws), 0.95)
    assert np.isnan(spread.low)
    assert np.isfinite(spread.std_error)
    assert spread.note(()) == ""  # the engine's note says how many failed


def test_holes_in_percentiles_have_a_reason() -> None:
    base = np.linspace(-1, 1, 101)
    draws = np.column_stack([base, np.where(base == base[5], np.nan, base), np.full(101, np.nan)])
    everything = np.ones(101, dtype=bool)
    normal = bootstrap_normal_spread(draws, np.zeros(3), everything, 0.95)
    for spread in (percentile_spread(draws, everything, 0.95), normal):
        assert_array_equal(np.isnan(spread.low), [False, True, True])
        assert "every replicate" in spread.note((1,))
        assert spread.note((0,)) == spread.note((2,)) == ""  # never defined: nothing to withhold


def test_normal_limits_are_about_the_estimate() -> None:
    ok = np.ones(10, dtype=bool)
    spread = bootstrap_normal_spread(DRAWS, np.array(5.0), ok, 0.95)
    reach = 1.959963984540054 * DRAWS.std(ddof=1)
    assert_allclose([spread.low, spread.high], [5 - reach, 5 + reach], rtol=1e-12)
    student = bootstrap_normal_spread(DRAWS, np.array(5.0), ok, 0.95, 9)
    # R: qt(0.975, 9) -> 2.262157
    assert float(student.high) == pytest.approx(5 + 2.2621571628 * DRAWS.std(ddof=1), rel=1e-9)


def test_normal_limits_are_withheld_when_more_than_five_percent_failed() -> None:
    draws = np.append(np.tile(DRAWS, 2), [np.nan, np.nan])
    spread = bootstrap_normal_spread(draws, np.array(5.0), np.isfinite(draws), 0.95)
    assert np.isnan(spread.low)
    assert np.isfinite(spread.std_error)


# R: qt(c(.975, .975, .95), c(1, 10, 30))
@pytest.mark.parametrize(
    ("share", "freedom", "expected"),
    [(0.975, 1, 12.7062047364), (0.975, 10, 2.2281388520), (0.95, 30, 1.6972608866)],
)
def test_students_quantiles(share: float, freedom: float, expected: float) -> None:
    assert quantile(share, freedom) == pytest.approx(expected, rel=1e-9)
    assert two_sided_p(expected, freedom) == pytest.approx(2 * (1 - share), rel=1e-8)


def test_structured_replicates_cannot_spare_one() -> None:
    draws = np.array([[1.0, 1.0], [2.0, np.nan], [3.0, 3.0]])
    point, each = np.array([2.0, 2.0]), np.full(3, 0.5)
    spread = structured_spread(draws, point, np.ones(3, bool), 0.95, each, 2)
    assert float(spread.std_error[0]) == 1.0
    assert float(spread.high[0]) == pytest.approx(2 + 4.3026527297, rel=1e-9)  # qt(0.975, 2)
    assert np.isnan([spread.std_error[1], spread.low[1]]).all()
    assert "all of which count" in spread.note((1,))
    failed = structured_spread(draws, point, np.array([True, True, False]), 0.95, each, 2)
    assert np.isnan(failed.std_error).all()
    assert "all of which count" in failed.note((0,))


def test_without_degrees_of_freedom_everything_is_withheld() -> None:
    point = np.array([1.0, np.nan])
    spread = linearised_spread(point, np.array([0.5, np.nan]), 0.95, 0)
    assert np.isnan(spread.std_error).all()
    assert "single unit" in spread.note((0,))
    assert spread.note((1,)) == ""  # there is no estimate to withhold anything of


def test_students_limits_of_linearised_errors() -> None:
    spread = linearised_spread(np.array([1.0, 2.0]), np.array([0.5, np.nan]), 0.9, 30)
    assert_allclose(spread.low, [1 - 0.5 * 1.6972608866, np.nan], rtol=1e-9)
    assert "no derivative" in spread.note((1,))


def test_studentised_limits_say_why_they_are_withheld() -> None:
    draws = np.tile(np.linspace(-1, 1, 101)[:, None], (1, 3))
    errors = np.ones((101, 3))
    errors[:4, 1], errors[:6, 2] = np.nan, 0.0
    spread = studentised_spread(draws, errors, np.zeros(3), np.ones(3), np.ones(101, bool), 0.9)
    assert_array_equal(np.isnan(spread.low), [False, False, True])  # 4 % and 6 % lost
    assert "studentise" in spread.note((2,))
    t = np.quantile(draws[4:, 1], [0.95, 0.05])
    assert_allclose([spread.low[1], spread.high[1]], -t, rtol=1e-12)
    kinked = studentised_spread(
        draws, errors, np.zeros(3), np.full(3, np.nan), np.ones(101, bool), 0.9
    )
    assert "no derivative" in kinked.note((0,))


def test_a_spreader_is_of_one_kind() -> None:
    halves = np.full(10, 0.5)
    kinds = {
        "percentile": Spreader(),
        "normal": Spreader(normal=True),
    }
    for kind, spreader in kinds.items():
        assert spreader.kind == kind
    ok, point = np.ones(10, bool), np.array(5.0)
    structured = Spreader(coefficients=halves)
    assert structured.kind == "normal"
    found = structured.spread("index", DRAWS, point, ok, 0.9)
    assert float(found.std_error) == pytest.approx(np.sqrt(0.5 * ((DRAWS - 5) ** 2).sum()))
    normal = Spreader(normal=True).spread("index", DRAWS, point, ok, 0.9)
    assert float(normal.std_error) == pytest.approx(DRAWS.std(ddof=1))
    with pytest.raises(ValueError, match="need replicates"):
        structured.spread("index", None, point, None, 0.9)
