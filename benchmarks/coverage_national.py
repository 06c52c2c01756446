"""How often 95 % intervals of companies, industries, sectors and the nation cover the truth.

Quarter after quarter of a simulated nation is surveyed anew; the companies and what is true of them
go through `DISTINCT` quarters and begin again. Every company's index gets its linearised variance
(or bootstrap draws), all companies at once; the levels above are sums of companies by their shares,
and changes are differences of independent quarters, or of rolling sums that share three of them.

Writes a table with one row per kind of interval, level, quantity and truth: of all answers, and of
those that are left when some are not given (the difference is a bias that no interval knows of).
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from threadpoolctl import threadpool_limits

from acsi_sem.simulate.national import SimulatedNation, make_nation
from acsi_sem.simulate.national_answers import REGIONS
from acsi_sem.simulate.national_plan import NationPlan, keyed, share_values
from acsi_sem.simulate.national_truth import true_readings
from acsi_sem.spec.load import load_model
from acsi_sem.spec.periods import Period
from benchmarks.coverage_national_index import bootstrapped, linearised, survey

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MODEL: Final = Path(__file__).parents[1] / "models" / "acsi_1994.yaml"
TABLE: Final = Path(__file__).with_name("coverage_national.csv")
DISTINCT: Final = 8
WINDOW: Final = 4
LEVEL: Final = 0.95
LEVELS: Final = ("company", "industry", "sector", "nation")
COLUMNS: Final = (
    *("interval", "level", "quantity", "truth", "quarters", "units", "interviews", "draws"),
    *("withheld", "coverage", "monte_carlo_error", "missed_below", "missed_above"),
    *("bias", "mean_se", "se_ratio"),
)
Row = dict[str, object]


def level_matrices(nation: SimulatedNation, period: Period) -> dict[str, Floats]:
    """Return by level what each company weighs in each unit, shape (U, F)."""
    firms = nation.firms
    found = {"company": np.eye(len(firms))}
    parents = {
        "industry": [firm.industry for firm in firms],
        "sector": [firm.sector for firm in firms],
        "nation": ["nation"] * len(firms),
    }
    for below, level in pairwise(LEVELS):
        values = share_values(nation.hierarchy, below, period)
        units = list(dict.fromkeys(parents[level]))
        names = [f.name for f in firms] if below == "company" else parents[below]
        size = np.array([values[unit] for unit in dict.fromkeys(names)])
        above = [parents[level][names.index(unit)] for unit in dict.fromkeys(names)]
        member = np.array([[parent == unit for parent in above] for unit in units]) * size
        found[level] = member / member.sum(axis=1, keepdims=True) @ found[below]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Quarter:
    """One simulated quarter: indices, variances and, where drawn, draws of the companies."""

    index: Floats
    variance: Floats
    draws: Floats | None


@lru_cache(maxsize=2)
def make(plan: NationPlan) -> SimulatedNation:
    """Return the nation of a plan; a worker makes it once."""
    return make_nation(load_model(MODEL), plan)


def run_quarter(plan: NationPlan, draws: int, number: int) -> Quarter:
    """Simulate and estimate the quarter of a number."""
    with threadpool_limits(1):
        nation = make(plan)
        answers = survey(nation, plan.periods[number % DISTINCT], number)
        if draws:
            rng = keyed(plan.seed, "bootstrap", str(number))
            index, drawn = bootstrapped(nation.model, answers, draws, rng)
            return Quarter(index, np.nanvar(drawn, axis=1, ddof=1), drawn)
        return Quarter(*linearised(nation.model, answers), None)


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates of the units of a level in one quarter, shape (U,), and what is true of them."""

    value: Floats
    se: Floats
    low: Floats
    high: Floats
    true: Floats
    left: Floats


def sums_of(
    parts: Sequence[tuple[Floats, Quarter]], true: Floats, left: Floats, freedom: float
) -> Estimates:
    """Return sums of coefficients (U, F) times the indices of quarters, with 95 % limits.

    Limits are by Student's t with Welch and Satterthwaite's freedom, or percentiles of the same
    sums of the draws.
    """
    value = np.sum([by @ quarter.index for by, quarter in parts], axis=0)
    variance = np.sum([by**2 @ quarter.variance for by, quarter in parts], axis=0)
    fourth = np.sum([by**4 @ quarter.variance**2 for by, quarter in parts], axis=0)
    se = np.sqrt(variance)
    draws = [by @ quarter.draws for by, quarter in parts if quarter.draws is not None]
    if not draws:
        reach = student.ppf((1 + LEVEL) / 2, freedom * variance**2 / fourth) * se
        return Estimates(value, se, value - reach, value + reach, true, left)
    drawn = np.sum(draws, axis=0)
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    return Estimates(value, se, low, high, true, left)


def evaluated(
    nation: SimulatedNation, quarters: Sequence[Quarter]
) -> Iterator[tuple[str, str, Estimates]]:
    """Yield level, quantity and the estimates of one quarter, for each of them."""
    periods, at = nation.plan.periods, nation.model.construct_names.index(nation.model.index)
    matrices = [level_matrices(nation, period) for period in periods]
    read = [true_readings(nation, period, "pls")["company"] for period in periods]
    true, left = ([getattr(part, f)[:, at] for part in read] for f in ("index", "observed"))
    size = [sum(share_values(nation.hierarchy, "sector", period).values()) for period in periods]
    freedom = nation.plan.interviews - REGIONS

    def rolling(number: int) -> dict[int, Floats]:
        window = range(number - WINDOW + 1, number + 1)
        total = sum(size[i % DISTINCT] for i in window)
        return {i: size[i % DISTINCT] / total * matrices[i % DISTINCT]["nation"] for i in window}

    def joined(by: dict[int, Floats]) -> Estimates:
        parts = [(each, quarters[i]) for i, each in by.items()]
        real, kept = (
            np.sum([each @ values[i % DISTINCT] for i, each in by.items()], axis=0)
            for values in (true, left)
        )
        return sums_of(parts, real, kept, freedom)

    for i in range(len(quarters)):
        for level in LEVELS:
            now = matrices[i % DISTINCT][level]
            yield level, "index", joined({i: now})
            if i:
                yield level, "change", joined({i: now, i - 1: -matrices[(i - 1) % DISTINCT][level]})
        if i >= WINDOW - 1:
            yield "nation", "rolling index", joined(rolling(i))
        if i >= WINDOW:
            after, before = rolling(i), rolling(i - 1)
            none = np.zeros((1, len(nation.firms)))
            both = {k: after.get(k, none) - before.get(k, none) for k in {**before, **after}}
            yield "nation", "rolling change", joined(both)


def rows(nation: SimulatedNation, quarters: Sequence[Quarter], draws: int) -> Iterator[Row]:
    """Yield the rows of the table."""
    found: dict[tuple[str, str], list[Estimates]] = {}
    for level, quantity, estimates in evaluated(nation, quarters):
        found.setdefault((level, quantity), []).append(estimates)
    for (level, quantity), parts in found.items():
        for name in ("all answers", "answers left"):
            yield {
                "interval": "bootstrap" if draws else "linearised",
                "level": level,
                "quantity": quantity,
                "truth": name,
                "quarters": len(parts),
                "interviews": nation.plan.interviews,
                "draws": draws,
                **_measures(parts, "true" if name == "all answers" else "left"),
            }


def _measures(parts: Sequence[Estimates], field: str) -> Row:
    """Return how often intervals cover, and how wide of the truth the estimates are."""
    value, se, low, high, truth = (
        np.array([getattr(part, name) for part in parts])
        for name in ("value", "se", "low", "high", field)
    )
    known: Bools = np.isfinite(low)
    below, above = truth < low, truth > high
    covered = np.where(known, ~(below | above), np.nan)
    error = value - truth
    spread = error - np.nanmean(error, axis=0)
    by_quarter = np.nanmean(covered, axis=1)
    return {
        "units": value.shape[1],
        "withheld": float(1 - known.mean()),
        "coverage": float(np.nanmean(covered)),
        "monte_carlo_error": float(by_quarter.std(ddof=1) / np.sqrt(len(parts))),
        "missed_below": float(below[known].mean()),
        "missed_above": float(above[known].mean()),
        "bias": float(np.nanmean(error)),
        "mean_se": float(np.nanmean(se)),
        "se_ratio": float(np.sqrt(np.nanmean(se**2) / np.nanmean(spread**2))),
    }


def run(plan: NationPlan, number: int, draws: int, workers: int) -> list[Row]:
    """Simulate `number` quarters and tabulate how often intervals cover."""
    began, quarters = time.monotonic(), []
    work = partial(run_quarter, plan, draws)
    for quarter in _mapped(work, range(number), workers):
        quarters.append(quarter)
        if len(quarters) % 20 == 0:
            took = (time.monotonic() - began) / len(quarters)
            print(f"{len(quarters)} quarters, {took:.2f} s each", file=sys.stderr)
    return list(rows(make(plan), quarters, draws))


def _mapped(work: partial[Quarter], numbers: range, workers: int) -> Iterator[Quarter]:
    if workers == 1:
        yield from map(work, numbers)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, numbers)


def write(table: Sequence[Row], path: Path) -> None:
    """Write the table as CSV, numbers to 4 decimals."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in table:
            shown = {k: f"{v:.4f}" if isinstance(v, float) else v for k, v in row.items()}
            writer.writerow(shown)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the study and write its table."""
    plan = NationPlan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quarters", type=int, default=500)
    parser.add_argument("--bootstrap-quarters", type=int, default=20)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--companies", type=int, default=plan.companies)
    parser.add_argument("--interviews", type=int, default=plan.interviews)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=TABLE)
    given = parser.parse_args(arguments)
    plan = NationPlan(
        companies=given.companies,
        interviews=given.interviews,
        quarters=DISTINCT,
        seed=given.seed,
    )
    table = run(plan, given.quarters, 0, given.workers)
    if given.bootstrap_quarters:
        table += run(plan, given.bootstrap_quarters, given.draws, given.workers)
    write(table, given.out)


if __name__ == "__main__":
    main()
