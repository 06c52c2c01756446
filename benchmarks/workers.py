"""What a second worker saves: PLS replicates of companies, by one process and by two.

``python -m benchmarks.workers`` writes workers.csv. Both times are by the clock and taken in this
run, opening the processes included; times of other work on the machine are in both.
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

Shared = tuple[Model, list[Sample]]


def replicate_index(shared: Shared, company: int) -> NDArray[np.float64]:
    """Index of every replicate of one company."""
    model, samples = shared
    sample = samples[company]
    drawn = draw_replicates(sample, {}, replicates=REPLICATES, seed=company, study="bench")
    moments = drawn.moments["all"]
    found = estimate_pls(model, moments, np.full(REPLICATES, float(ROWS)))
    return np.asarray(found.structural.index)


def timed(shared: Shared, count: int) -> tuple[float, bytes]:
    """Seconds that so many workers take, and what they found."""
    begin = time.perf_counter()
    with open_workers(count, shared=shared) as workers:
        found = workers.map(replicate_index, range(len(shared[1])))
    return time.perf_counter() - begin, np.concatenate(found).tobytes()


def main() -> None:
    """Time both in turns and write the shortest of each."""
    samples = [
        make_sample(make_survey(number, (ROWS,), missing=0.0, grouped=False))
        for number in range(COMPANIES)
    ]
    shared = (acsi_model(), samples)
    found: dict[int, list[tuple[float, bytes]]] = {1: [], 2: []}
    for _ in range(TURNS):  # in turns, so that other work on the machine meets both
        for count, turns in found.items():
            turns.append(timed(shared, count))
    if len({numbers for turns in found.values() for _, numbers in turns}) != 1:
        raise SystemExit("the workers found other numbers: nothing was measured")
    seconds = {count: min(second for second, _ in turns) for count, turns in found.items()}
    with (Path(__file__).parent / "workers.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["companies", "rows", "replicates", "workers", "cores", "seconds", "ratio"])
        for count, second in seconds.items():
            ratio = seconds[1] / second
            row = [COMPANIES, ROWS, REPLICATES, count, os.cpu_count()]
            table.writerow([*row, f"{second:.2f}", f"{ratio:.2f}"])
            print(f"{count} workers: {second:.2f} s; ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
