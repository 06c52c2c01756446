"""What a second worker saves: PLS replicates of companies, by one process and by two.

``python -m benchmarks.workers`` writes workers.csv. All times are taken in this run, opening the
processes included. `seconds` are by the clock, the shortest of three, and mean what they say only
where `load`, the processes that wanted a core when the run began, is near zero; `processor_seconds`
are the work of all processes together, which other work on the machine disturbs less. `ratio` is
the time of one worker over that of so many, `possible` what an idle machine with a core for each
can reach: the number of workers, less the work that sharing adds.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from acsi_model import acsi_model
from simulated import make_survey

from acsi_sem.estimators.pls import estimate_pls
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import Sample, make_sample
from acsi_sem.runs.workers import open_workers
from acsi_sem.spec.model import Model

COMPANIES, ROWS, REPLICATES, TURNS = 40, 250, 2000, 3

COLUMNS = (
    *("companies", "rows", "replicates", "workers", "cores"),
    *("seconds", "processor_seconds", "ratio", "possible", "load"),
)

Shared = tuple[Model, list[Sample]]


def replicate_index(shared: Shared, company: int) -> NDArray[np.float64]:
    """Index of every replicate of one company."""
    model, samples = shared
    sample = samples[company]
    drawn = draw_replicates(sample, {}, replicates=REPLICATES, seed=company, study="bench")
    moments = drawn.moments["all"]
    found = estimate_pls(model, moments, np.full(REPLICATES, float(ROWS)))
    return np.asarray(found.structural.index)


def timed(shared: Shared, count: int) -> tuple[float, float, bytes]:
    """Seconds by the clock and of work that so many workers take, and what they found."""
    begin, before = time.perf_counter(), sum(os.times()[:4])
    with open_workers(count, shared=shared) as workers:
        found = workers.map(replicate_index, range(len(shared[1])))
    seconds = time.perf_counter() - begin
    return seconds, sum(os.times()[:4]) - before, np.concatenate(found).tobytes()


def main() -> None:
    """Time both in turns and write the shortest of each."""
    samples = [
        make_sample(make_survey(number, (ROWS,), missing=0.0, grouped=False))
        for number in range(COMPANIES)
    ]
    shared = (acsi_model(), samples)
    load = os.getloadavg()[0]
    found: dict[int, list[tuple[float, float, bytes]]] = {1: [], 2: []}
    for _ in range(TURNS):  # in turns, so that other work on the machine meets both
        for count, turns in found.items():
            turns.append(timed(shared, count))
    if len({numbers for turns in found.values() for *_, numbers in turns}) != 1:
        raise SystemExit("the workers found other numbers: nothing was measured")
    best = {
        count: np.array([turn[:2] for turn in turns]).min(axis=0) for count, turns in found.items()
    }
    with (Path(__file__).parent / "workers.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for count, (clock, work) in best.items():
            shares = best[1] / (clock, work)
            numbers = (clock, work, shares[0], count * shares[1], load)
            row = [COMPANIES, ROWS, REPLICATES, count, os.cpu_count()]
            table.writerow([*row, *(f"{number:.2f}" for number in numbers)])
            print(f"{count} workers: {clock:.2f} s, ratio {shares[0]:.2f} (load {load:.1f})")


if __name__ == "__main__":
    main()
