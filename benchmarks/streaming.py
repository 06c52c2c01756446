"""A file larger than memory: seconds, and the memory that they take, by rows and workers.

    python -m benchmarks.streaming 1000000 10000000
    python -m benchmarks.streaming compare 1000000

The second line holds the same file in memory and says how far its moments and replicates are from
the streamed ones, relative to their size.

The file is made of simulated interviews, a new seed for each portion. Every run is a process of its
own, whose peak is that of the process and of each of its workers, added.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from acsi_sem.analysis.streamed import fit_streamed
from acsi_sem.analysis.values import Request
from acsi_sem.cli.stream import wave_mapper
from acsi_sem.inference.sample import group_moments, make_sample
from acsi_sem.inference.streamed import StreamOptions, poisson_replicates, reduce_stream
from acsi_sem.kernels.moments import Moments
from acsi_sem.runs.workers import open_workers
from acsi_sem.simulate.demo import demo_survey
from acsi_sem.spec.load import load_model
from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey.read import read_survey
from acsi_sem.survey.stream import plan_stream

MODEL: Final = Path("models/acsi.yaml")
TABLE: Final = Path(__file__).with_suffix(".csv")
PORTION: Final = 100_000
REPLICATES: Final = 200
WORKERS: Final = (1, 2)


def write_file(path: Path, rows: int) -> None:
    """Simulate `rows` interviews and write them, a row group for each portion."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    model, writer = load_model(MODEL), None
    for seed, start in enumerate(range(0, rows, PORTION)):
        size = min(PORTION, rows - start)
        frame = demo_survey(model, seed=seed, interviews=-(-PORTION // 6)).sample(
            size, random_state=seed
        )
        answers = [item.column for item in model.indicators]
        frame[answers] = frame[answers].astype(float)
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def run(path: Path, workers: int) -> dict[str, Any]:
    """Fit a file and return what it took."""
    request = Request(
        engines=("pls", "ml", "ols"), replicates=REPLICATES, study="streaming", detail="core"
    )
    start = time.perf_counter()
    passed = start

    def progress(stage: str, *_: int) -> None:
        nonlocal passed
        if stage == "rows streamed":
            passed = time.perf_counter()

    with open_workers(workers) as hands:
        fitted = fit_streamed(
            load_model(MODEL),
            path,
            request,
            group="COMPANY",
            design=DesignColumns(weight="WEIGHT"),
            mapper=map if workers == 1 else wave_mapper(hands, workers),
            progress=progress,
        )
    seconds = time.perf_counter() - start
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    rows = fitted.survey.source.rows
    return {
        "rows": rows,
        "workers": workers,
        "replicates": REPLICATES,
        "seconds": round(seconds, 1),
        "seconds_of_the_pass": round(passed - start, 1),
        "peak_mb": round(own + (workers * child if workers > 1 else 0)),
        "rows_per_second": round(rows / seconds),
        "index": repr(float(fitted.indices["index"].iloc[3])),
    }


def largest_gap(found: Moments, expected: Moments) -> float:
    """Return the largest difference of two batches of moments, relative to their size."""
    gaps = [
        np.abs(getattr(found, part.name) - getattr(expected, part.name)).max()
        / np.abs(getattr(expected, part.name)).max()
        for part in fields(Moments)
    ]
    return float(max(gaps))


def compare(rows: int) -> dict[str, Any]:
    """Stream a file and hold it in memory; return how far apart the two are."""
    model, weights = load_model(MODEL), DesignColumns(weight="WEIGHT")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{rows}.parquet"
        write_file(path, rows)
        plan = plan_stream(path, model, group="COMPANY", weight="WEIGHT")
        found = reduce_stream(plan, StreamOptions(replicates=REPLICATES, study="streaming"))
        survey = read_survey(path, model, group="COMPANY", design=weights)
    sample = make_sample(survey)
    drawn = poisson_replicates(sample, replicates=REPLICATES, seed=1, study="streaming")
    names = [name for name, _ in sample.parts]
    parts = {"all": found.whole(names), **found.parts}
    points = np.stack([parts[name].sums.point for name, _ in sample.groups])
    gaps = [
        largest_gap(sample.moments(parts[name].sums.draws), drawn.moments[name])
        for name, _ in sample.groups
    ]
    return {
        "rows": rows,
        "replicates": REPLICATES,
        "gap_of_moments": largest_gap(sample.moments(points), group_moments(sample)),
        "gap_of_replicates": max(gaps),
    }


def write_table(path: Path, found: list[dict[str, Any]]) -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


def main(sizes: list[int]) -> None:
    """Make a file of each size, fit it with each number of workers, and write the table."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            path = Path(folder) / f"{rows}.parquet"
            write_file(path, rows)
            for workers in WORKERS:
                command = [sys.executable, "-m", "benchmarks.streaming", str(path), str(workers)]
                made = subprocess.run(command, check=True, capture_output=True, text=True)
                found.append(json.loads(made.stdout))
                print(found[-1], flush=True)
            path.unlink()
    write_table(TABLE, found)


if __name__ == "__main__":
    if sys.argv[1].endswith(".parquet"):
        print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]))))
    elif sys.argv[1] == "compare":
        gaps = [compare(int(size)) for size in sys.argv[2:]]
        write_table(TABLE.with_name("streaming_gaps.csv"), gaps)
        print(gaps)
    else:
        main([int(size) for size in sys.argv[1:]])
