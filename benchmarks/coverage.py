"""How often nominal 95 % intervals cover the truth, with skewed answers of 250: ``make study``.

Writes a table with one row per population, engine, kind of quantity, kind of interval, and choice
of the fits that count. The populations are those of `coverage_design`; the truth is what the same
estimator finds in the exact moments of the population.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.coverage_design import INDUSTRIES
from benchmarks.coverage_estimates import Quantities
from benchmarks.coverage_replicates import (
    Interval,
    Key,
    Plan,
    Samples,
    Truth,
    bootstrap,
    find_truth,
    fit_samples,
    normal_interval,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TABLE: Final = Path(__file__).with_name("coverage_cbsem.csv")
COLUMNS: Final = (
    "population",
    "engine",
    "quantity",
    "method",
    "fits",
    "parameters",
    "interviews",
    "replications",
    "draws",
    "left_out",
    "withheld",
    "coverage",
    "coverage_mcse",
    "coverage_min",
    "coverage_max",
    "lowest",
    "truth_below",
    "truth_above",
    "width",
    "se_ratio",
)
METHODS: Final = ("ml", "mlr", "percentile", "bca")


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """Intervals of one kind for M replications and R quantities.

    Attributes
    ----------
    key : Key
    draws : int
        Bootstrap replicates behind each interval, 0 for none.
    interval : Interval
        Arrays (M, R).
    used : ndarray of bool, shape (M,)
        Replications whose fit counts.
    """

    key: Key
    draws: int
    interval: Interval
    used: Bools


def run(
    industries: Sequence[str], plan: Plan, *, workers: int = 1, quiet: bool = False
) -> list[dict[str, object]]:
    """Run the study.

    Parameters
    ----------
    industries : sequence of str
        Keys of `INDUSTRIES`.
    plan : Plan
    workers : int
        Processes that share the bootstrap; the numbers do not depend on it.
    quiet : bool
        True to report no progress.

    Returns
    -------
    list of dict
        Rows with the `COLUMNS`.
    """
    rows = []
    with threadpool_limits(limits=1, user_api="blas"):
        for industry in industries:
            samples = fit_samples(industry, plan)
            work = partial(_one, industry, plan)
            numbered = list(enumerate(samples.fits.theta[: plan.bootstrapped]))
            found = list(_followed(_mapped(work, numbered, workers), industry, plan, quiet))
            truth = find_truth(industry)
            for result in _results(samples, found, plan):
                rows += list(_rows(industry, plan, truth, samples, result))
    return rows


def _one(industry: str, plan: Plan, task: tuple[int, Floats]) -> dict[Key, Interval]:
    return bootstrap(industry, plan, *task)


def _mapped(
    work: partial[dict[Key, Interval]], tasks: list[tuple[int, Floats]], workers: int
) -> Iterator[dict[Key, Interval]]:
    if workers == 1:
        yield from map(work, tasks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, tasks, chunksize=10)


def _followed(
    found: Iterable[dict[Key, Interval]], industry: str, plan: Plan, quiet: bool
) -> Iterator[dict[Key, Interval]]:
    for done, each in enumerate(found, start=1):
        if not quiet and done % 50 == 0:
            print(f"{industry}: {done} of {plan.bootstrapped} bootstrapped", file=sys.stderr)
        yield each


def _results(samples: Samples, found: list[dict[Key, Interval]], plan: Plan) -> Iterator[Result]:
    fits, errors = samples.fits, samples.errors
    for name in ("admissible", "converged"):
        used = getattr(fits, name)
        for method in ("ml", "mlr"):
            interval = normal_interval(errors.values, getattr(errors, method))
            yield Result(("ml", method, name), 0, interval, used)
    for key in found[0] if found else ():
        engine, _, name = key
        used = samples.pls_ok if engine == "pls" else getattr(fits, name)
        low, high, error = (
            np.stack([getattr(each[key], field) for each in found])
            for field in ("low", "high", "error")
        )
        yield Result(key, plan.draws, Interval(low, high, error), used[: len(found)])


def _rows(
    industry: str, plan: Plan, truth: Truth, samples: Samples, result: Result
) -> Iterator[dict[str, object]]:
    engine, method, name = result.key
    if engine == "pls":
        quantities, values, exact = truth.pls.quantities, samples.pls, truth.pls_values
        counted = samples.pls_ok
    else:
        quantities, exact = truth.covariance.quantities, truth.covariance_values
        values, counted = samples.errors.values, getattr(samples.fits, name)
    deviations = values[counted].std(axis=0, ddof=1)
    for kind, here in _kinds(quantities):
        yield {
            "population": industry,
            "engine": engine,
            "quantity": kind,
            "method": method,
            "fits": name,
            "parameters": len(here),
            "interviews": plan.interviews,
            "replications": len(result.used),
            "draws": result.draws,
            **_summary(result, here, exact[here], deviations[here], quantities.names),
        }


def _kinds(quantities: Quantities) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Yield each kind of quantity with the numbers of its quantities."""
    for kind in dict.fromkeys(quantities.kinds):
        yield kind, np.flatnonzero(np.array(quantities.kinds) == kind)


def _summary(
    result: Result,
    here: NDArray[np.intp],
    truth: Floats,
    deviations: Floats,
    names: Sequence[str],
) -> dict[str, object]:
    """Summarise the intervals of the quantities `here` over the replications that count."""
    low, high, error = (
        getattr(result.interval, field)[np.ix_(result.used, here)]
        for field in ("low", "high", "error")
    )
    whole = (np.isfinite(low) & np.isfinite(high)).all(axis=1)
    blank: dict[str, object] = dict.fromkeys(COLUMNS[COLUMNS.index("coverage") :], np.nan)
    shares: dict[str, object] = {
        "left_out": 1.0 - float(result.used.mean()),
        "withheld": 1.0 - float(whole.mean()) if len(whole) else np.nan,
    }
    if whole.sum() < 2:
        return blank | shares
    below, above = truth < low[whole], truth > high[whole]
    hit = ~(below | above)
    each = hit.mean(axis=0)
    return shares | {
        "coverage": float(hit.mean()),
        "coverage_mcse": float(hit.mean(axis=1).std(ddof=1) / np.sqrt(whole.sum())),
        "coverage_min": float(each.min()),
        "coverage_max": float(each.max()),
        "lowest": names[here[each.argmin()]],
        "truth_below": float(below.mean()),
        "truth_above": float(above.mean()),
        "width": float((high - low)[whole].mean()),
        "se_ratio": float((error[whole].mean(axis=0) / deviations).mean()),
    }


def write(rows: list[dict[str, object]], path: Path) -> None:
    """Write the table as CSV, numbers to 4 decimals, unknown ones empty."""
    order = {method: place for place, method in enumerate(METHODS)}
    kinds = list(dict.fromkeys(str(row["quantity"]) for row in rows))
    rows = sorted(
        rows,
        key=lambda row: (
            str(row["population"]),
            str(row["engine"]),
            str(row["fits"]),
            kinds.index(str(row["quantity"])),
            order[str(row["method"])],
        ),
    )
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(row[name]) for name in COLUMNS} for row in rows)


def _cell(value: object) -> object:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.4f}"
    return value


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the study and write its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    plan = Plan()
    parser.add_argument("--replications", type=int, default=plan.replications)
    parser.add_argument("--bootstrapped", type=int, help="the first so many; default: all")
    parser.add_argument("--bootstrap", type=int, default=plan.draws, help="draws per replication")
    parser.add_argument("--interviews", type=int, default=plan.interviews)
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--populations", nargs="+", choices=INDUSTRIES, default=list(INDUSTRIES))
    parser.add_argument("--out", type=Path, default=TABLE)
    given = parser.parse_args(arguments)
    bootstrapped = given.replications if given.bootstrapped is None else given.bootstrapped
    plan = Plan(
        given.replications,
        min(bootstrapped, given.replications),
        given.bootstrap,
        given.interviews,
        given.seed,
    )
    write(run(given.populations, plan, workers=given.workers), given.out)


if __name__ == "__main__":
    main()
