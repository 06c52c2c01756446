"""The coverage study of PLS runs, is right where that can be checked, and its table is whole."""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from acsi_sem.inference.intervals import WITHHELD
from benchmarks.coverage_design import make_design, population
from benchmarks.coverage_pls import TABLE, main
from benchmarks.coverage_pls_design import CELLS, CLUSTER, SHARES, Cell, draw_survey, exact_moments
from benchmarks.coverage_pls_intervals import (
    INTERVALS,
    NAMES,
    QUANTITIES,
    Found,
    Plan,
    joined,
    measure,
    truth,
)
from benchmarks.coverage_pls_rows import BOUNDS, COLUMNS, TOLD, rows

SMALL = Cell("complex", 100)
PLAN = Plan(replications=4, draws=60)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_the_committed_table_has_every_row() -> None:
    table = read(TABLE)
    expected = [
        (cell.design, str(cell.interviews), interval, quantity)
        for cell in CELLS
        for interval in INTERVALS
        for quantity in QUANTITIES
    ]
    assert [tuple(row[name] for name in COLUMNS[:4]) for row in table] == expected
    assert {tuple(row) for row in table} == {COLUMNS}
    assert {row["replications"] for row in table} == {"2000"}


def test_committed_rows_are_within_bounds_or_have_their_reason() -> None:
    for row in read(TABLE):
        coverage, low, high = (float(row[f]) for f in ("coverage", "missed_below", "missed_above"))
        # three numbers rounded to 4 decimals
        assert coverage + low + high == pytest.approx(1, abs=2e-4), row
        assert float(row["mean_width"]) > 0, row
        given = float(row["replications"]) * (1 - float(row["withheld"]))
        error = np.sqrt(coverage * (1 - coverage) / given)
        assert float(row["monte_carlo_error"]) == pytest.approx(error, abs=1e-4), row  # rounded
        if not BOUNDS[0] <= coverage <= BOUNDS[1]:
            said = float(row["reason"].split("% becomes")[0].split(": ")[1])
            assert said == pytest.approx(100 * coverage, abs=0.06), row  # to one decimal
        if float(row["withheld"]) > TOLD:
            assert any(f"withheld, mostly: {why}" in row["reason"] for why in WITHHELD[1:]), row


def test_a_tiny_study_is_the_same_again_and_with_more_replications(tmp_path: Path) -> None:
    first, again = measure(SMALL, PLAN, range(2)), measure(SMALL, PLAN, range(2))
    longer = measure(SMALL, PLAN, range(1, 3))
    for name in NAMES:
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        np.testing.assert_array_equal(getattr(first, name)[1], getattr(longer, name)[0])
    assert not np.array_equal(first.point[0], first.point[1])
    out = tmp_path / "coverage.csv"
    options = "--replications 2 --bootstrap 60 --designs complex --interviews 100"
    main([*options.split(), "--out", str(out)])
    table = read(out)
    assert len(table) == len(INTERVALS) * len(QUANTITIES)
    widths = [float(row["mean_width"]) for row in table if row["mean_width"]]
    made = list(rows(SMALL, PLAN, first))
    told = [float(str(row["mean_width"])) for row in made if str(row["mean_width"]) != "nan"]
    assert widths == pytest.approx(told, abs=1e-4)  # 4 decimals


def test_without_strata_the_moments_are_those_of_the_other_study() -> None:
    exact, other = exact_moments("simple"), population(make_design("pooled"))
    # the same probabilities, added up in another order
    np.testing.assert_allclose(exact.mean, other.mean, rtol=1e-12)
    np.testing.assert_allclose(exact.covariance, other.covariance, rtol=1e-10, atol=1e-12)


def test_weighted_answers_have_the_exact_moments() -> None:
    cell = Cell("complex", 60_000)
    survey, exact = draw_survey(cell, 7, 0), exact_moments("complex")
    weights = survey.design.weights / survey.design.weights.sum()
    d = survey.values - exact.mean
    strata = np.asarray(survey.design.strata)

    def standard(values: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
        """Largest weighted mean over its standard error by clusters, in absolute value."""
        each = (weights[:, None] * values).reshape(-1, CLUSTER, values.shape[1]).sum(axis=1)
        inside = strata[::CLUSTER]
        means = np.array([each[inside == h].mean(axis=0) for h in range(len(SHARES))])
        error = np.sqrt(((each - means[inside]) ** 2).sum(axis=0))
        return float(np.abs(each.sum(axis=0) / error).max())

    # the largest of 104 standard normal values exceeds 4.5 once in 1,400 times; the seed is fixed
    assert standard(d) < 4.5
    products = (d[:, :, None] * d[:, None, :] - exact.covariance).reshape(len(d), -1)
    assert standard(products) < 4.5
    # unweighted, the same answers are off by a fifth of a standard deviation
    assert standard(d / weights[:, None] / len(d)) > 20


def test_truth_is_the_index_of_the_exact_means() -> None:
    exact = exact_moments("simple")
    index, *impacts = truth("simple")
    scores = 100 * (exact.mean[8:11] - 1) / 9
    assert scores.min() < index < scores.max()
    assert all(0 < impact < 10 for impact in impacts)


def made_up(low: float, high: float) -> Found:
    """Four replications whose estimates are about right and whose limits are these."""
    exact = np.array(truth("simple"))
    point = exact + np.array([[-2.0], [-1.0], [1.0], [2.0]])
    shape = (4, len(INTERVALS), len(QUANTITIES))
    every = np.broadcast_to(point[:, None], shape)
    errors = np.linspace(1, 2, 4)[:, None, None] * np.ones(shape)
    held = np.zeros(shape, dtype=np.intp)
    return Found(point, every + low, every + high, errors, np.zeros_like(point), held)


def test_rows_count_misses_on_either_side_and_withheld_ones_apart() -> None:
    found = made_up(-1.5, 2.5)
    found.low[3] = np.nan
    found.held[3] = 9
    made = next(rows(Cell("simple", 100), PLAN, found))
    # limits reach from the truth less 3.5 to plus 0.5, from -2.5 to 1.5, from -0.5 to 3.5
    assert (made["coverage"], made["missed_below"], made["missed_above"]) == (1.0, 0.0, 0.0)
    assert made["withheld"] == 0.25
    assert f"25.0% withheld, mostly: {WITHHELD[9]}" in str(made["reason"])
    made = next(rows(Cell("simple", 100), PLAN, made_up(-0.5, 1.5)))
    assert (made["coverage"], made["missed_below"], made["missed_above"]) == (0.25, 0.5, 0.25)
    assert "25.0% becomes 25.0% without the bias" in str(made["reason"])


def test_a_reason_takes_out_the_bias() -> None:
    found = made_up(-2.5, 2.5)
    shifted = replace(found, point=found.point + 2, low=found.low + 2, high=found.high + 2)
    made = next(rows(Cell("simple", 100), PLAN, shifted))
    assert made["coverage"] == 0.5
    words = "the estimates are biased: 50.0% becomes 100.0% without the bias"
    assert str(made["reason"]).startswith(words)


def test_parts_join_in_order() -> None:
    one, two = made_up(-1, 1), made_up(-2, 2)
    both = joined([one, two])
    np.testing.assert_array_equal(both.low, np.concatenate([one.low, two.low]))
