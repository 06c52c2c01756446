"""How often nominal 95 % intervals of PLS cover the truth, simple and complex: ``make study``.

Writes a table with one row per design, sample size, kind of interval and quantity. Intervals are
made by the paths that a user's request takes (`coverage_pls_intervals`); the truth is what PLS
finds in the exact moments of the populations (`coverage_pls_design`).
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.coverage_pls_design import CELLS, Cell
from benchmarks.coverage_pls_intervals import Found, Plan, joined, measure
from benchmarks.coverage_pls_rows import COLUMNS, Row, rows

TABLE: Final = Path(__file__).with_name("coverage_pls.csv")
CHUNK: Final = 50
"""Replications between two words of progress; the numbers do not depend on it."""


def run(
    cells: Sequence[Cell], plan: Plan, *, workers: int = 1, quiet: bool = False
) -> Iterator[Row]:
    """Run the study.

    Parameters
    ----------
    cells : sequence of Cell
    plan : Plan
    workers : int
        Processes that share the replications; the numbers do not depend on it.
    quiet : bool
        True to report no progress.

    Yields
    ------
    dict
        Rows with the `COLUMNS`.
    """
    numbers = range(plan.replications)
    chunks = [numbers[start : start + CHUNK] for start in numbers[::CHUNK]]
    for cell in cells:
        parts = []
        for part in _mapped(partial(measure, cell, plan), chunks, workers):
            parts.append(part)
            if not quiet:
                done = min(len(parts) * CHUNK, plan.replications)
                print(f"{cell.design}, n = {cell.interviews}: {done}", file=sys.stderr)
        yield from rows(cell, plan, joined(parts))


def _mapped(work: partial[Found], tasks: Sequence[Sequence[int]], workers: int) -> Iterator[Found]:
    if workers == 1:
        yield from map(work, tasks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, tasks)


def write(table: Sequence[Row], path: Path) -> None:
    """Write the table as CSV, numbers to 4 decimals, unknown ones empty."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _text(row[name]) for name in COLUMNS} for row in table)


def _text(value: object) -> object:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.4f}"
    return value


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the study and write its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    plan = Plan()
    parser.add_argument("--replications", type=int, default=plan.replications)
    parser.add_argument("--bootstrap", type=int, default=plan.draws, help="draws per replication")
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--designs", nargs="+", choices=("simple", "complex"))
    parser.add_argument("--interviews", nargs="+", type=int, choices=(100, 250, 1000))
    parser.add_argument("--out", type=Path, default=TABLE)
    given = parser.parse_args(arguments)
    cells = [
        cell
        for cell in CELLS
        if cell.design in (given.designs or (cell.design,))
        and cell.interviews in (given.interviews or (cell.interviews,))
    ]
    plan = Plan(given.replications, given.bootstrap, given.seed)
    write(list(run(cells, plan, workers=given.workers)), given.out)


if __name__ == "__main__":
    main()
