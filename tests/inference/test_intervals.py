"""Intervals: R's quantiles, failures, too many failures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from acsi_sem.inference.intervals import bca_spread, percentile_spread, two_sided_p

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
