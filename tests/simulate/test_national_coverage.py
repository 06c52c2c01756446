"""The coverage study of a nation estimates as a fit does, and its sums and its table are right."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from acsi_sem import fit
from acsi_sem.simulate.national import SimulatedNation, make_nation
from acsi_sem.simulate.national_answers import REGIONS, quarter_survey
from acsi_sem.simulate.national_plan import NationPlan, keyed
from acsi_sem.simulate.national_truth import rolling_truth, true_readings
from acsi_sem.spec.load import load_model
from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey.read import survey_from_frame
from benchmarks.coverage_national import (
    COLUMNS,
    DISTINCT,
    LEVELS,
    MODEL,
    Quarter,
    evaluated,
    level_matrices,
    run,
    run_quarter,
    sums_of,
    write,
)
from benchmarks.coverage_national_index import bootstrapped, linearised, survey

PLAN = NationPlan(sectors=2, industries=3, companies=8, interviews=120, quarters=DISTINCT)


@pytest.fixture(scope="module")
def nation() -> SimulatedNation:
    return make_nation(load_model(MODEL), PLAN)


def test_variances_are_those_of_a_fit() -> None:
    plan = NationPlan(1, 1, 3, quarters=1)
    nation = make_nation(load_model(MODEL), plan)
    index, variance = linearised(nation.model, survey(nation, plan.first, 0))
    read = survey_from_frame(
        quarter_survey(nation, plan.first),
        nation.model,
        group="COMPANY",
        design=DesignColumns("WEIGHT", "sampling", "STRATUM"),
    )
    table = fit(nation.model, read, ci="linearised").indices
    rows = table[(table["construct"] == "satisfaction") & (table["group"] != "all")]
    rows = rows.set_index("group").loc[[firm.name for firm in nation.firms]]
    np.testing.assert_allclose(index, rows["index"], rtol=1e-12)
    # differences with steps of another kind: both are right to about 1e-7
    np.testing.assert_allclose(np.sqrt(variance), rows["std_error"], rtol=1e-6)


def test_bootstrap_draws_spread_as_the_variance_says(nation: SimulatedNation) -> None:
    answers = survey(nation, PLAN.first, 1)
    index, variance = linearised(nation.model, answers)
    point, draws = bootstrapped(nation.model, answers, 400, keyed(1, "test"))
    np.testing.assert_array_equal(point, index)
    ratio = draws.std(axis=1, ddof=1) / np.sqrt(variance)
    # 400 draws: a standard error of 3.5 % per company
    np.testing.assert_allclose(ratio, 1, atol=0.16)


def test_levels_are_sums_of_companies_by_their_shares(nation: SimulatedNation) -> None:
    period = PLAN.periods[1]
    read = true_readings(nation, period, "pls")
    for level, matrix in level_matrices(nation, period).items():
        expected = read[level].index
        np.testing.assert_allclose(matrix @ read["company"].index, expected, rtol=1e-12)


def test_truths_of_rolling_sums_and_changes(nation: SimulatedNation) -> None:
    rng = np.random.default_rng(1)
    quarters = [Quarter(rng.normal(75, 1, 8), rng.uniform(1, 2, 8), None) for _ in range(DISTINCT)]
    found: dict[tuple[str, str], list[float]] = {}
    spread: dict[tuple[str, str], list[float]] = {}
    for level, quantity, estimates in evaluated(nation, quarters):
        found.setdefault((level, quantity), []).append(float(estimates.true[0]))
        spread.setdefault((level, quantity), []).append(float(estimates.se[0]))
    at = nation.model.construct_names.index("satisfaction")
    now, before = (rolling_truth(nation, PLAN.periods[i], "pooled", "pls")[0][at] for i in (-1, -2))
    assert found["nation", "rolling index"][-1] == pytest.approx(now, rel=1e-12)
    assert found["nation", "rolling change"][-1] == pytest.approx(now - before, abs=1e-9)
    # three of four quarters are shared: far less than two independent readings
    last, previous = spread["nation", "rolling index"][-2:]
    independent = np.hypot(last, previous)
    assert spread["nation", "rolling change"][-1] < 0.8 * independent
    company = np.sqrt(quarters[-1].variance[0] + quarters[-2].variance[0])
    assert spread["company", "change"][-1] == pytest.approx(company, rel=1e-12)


def test_limits_are_wider_by_student_and_follow_the_draws() -> None:
    by = np.full((1, 2), 0.5)
    quarter = Quarter(np.array([70.0, 80.0]), np.array([4.0, 4.0]), None)
    none = np.zeros(1)
    found = sums_of([(by, quarter)], none, none, 10.0)
    # equal variances: twice the freedom of one
    assert found.high[0] - 75 == pytest.approx(2.0860 * np.sqrt(2), abs=1e-3)
    draws = np.array([np.linspace(60, 80, 401), np.linspace(70, 90, 401)])
    found = sums_of([(by, Quarter(quarter.index, quarter.variance, draws))], none, none, 10.0)
    assert (found.low[0], found.high[0]) == pytest.approx((65.5, 84.5))


def test_a_quarter_does_not_depend_on_who_computes_it() -> None:
    first, again = (run_quarter(PLAN, 0, 3) for _ in range(2))
    np.testing.assert_array_equal(first.index, again.index)
    assert PLAN.interviews % REGIONS == 0


def test_the_study_writes_its_table(tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    write([*run(PLAN, 6, 0, 1), *run(PLAN, 6, 40, 1)], out)
    with out.open(encoding="utf-8", newline="") as handle:
        table = list(csv.DictReader(handle))
    assert {tuple(row) for row in table} == {COLUMNS}
    quantities = {(row["level"], row["quantity"]) for row in table}
    assert quantities == {(level, kind) for level in LEVELS for kind in ("index", "change")} | {
        ("nation", "rolling index"),
        ("nation", "rolling change"),
    }
    assert len(table) == 2 * 2 * len(quantities)
    for row in table:
        total = sum(float(row[f]) for f in ("coverage", "missed_below", "missed_above"))
        assert total == pytest.approx(1, abs=2e-4)
    company = [row for row in table if (row["level"], row["quantity"]) == ("company", "index")]
    assert all(0.85 < float(row["coverage"]) < 1 for row in company)
