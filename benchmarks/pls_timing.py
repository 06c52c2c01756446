"""Times of this process's own work, the machine they were taken on, and their table."""

from __future__ import annotations

import csv
import os
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy
from threadpoolctl import threadpool_info

CPUINFO: Final = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Seconds:
    """The shortest of several times: work of every core, and by the clock."""

    cpu: float
    wall: float

    def shortest(self, other: Seconds) -> Seconds:
        """Return the shorter of each."""
        return Seconds(min(self.cpu, other.cpu), min(self.wall, other.wall))


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table.

    Attributes
    ----------
    rows : int
        Interviews with every answer.
    what : str
    count : int
        Replicates, or refits, that were timed.
    cpu_seconds : float
        Of all of them, on one core unless `what` says otherwise.
    wall_seconds : float or None
        By the clock; None where the work was done by another process.
    ratio : float or None
        Time for each, divided by that of `ratio_to`, of the same run.
    ratio_to : str
    note : str
    """

    rows: int
    what: str
    count: int
    cpu_seconds: float
    wall_seconds: float | None = None
    ratio: float | None = None
    ratio_to: str = ""
    note: str = ""

    @property
    def each(self) -> float:
        """Milliseconds of work for each."""
        return 1e3 * self.cpu_seconds / self.count


def seconds_of(work: Callable[[], object], repeats: int = 3) -> Seconds:
    """Return the shortest of several times of one piece of work."""
    best = Seconds(np.inf, np.inf)
    for _ in range(repeats):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        took = Seconds(time.process_time() - cpu, time.perf_counter() - wall)
        best = best.shortest(took)
    return best


def describe_machine() -> str:
    """Return the processor, its cores and the numerical libraries in words, without a name."""
    lines = CPUINFO.read_text(encoding="utf-8").splitlines() if CPUINFO.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    processor = models[0] if models else platform.machine()
    pools = {f"{pool['internal_api']} {pool['version']}" for pool in threadpool_info()}
    return (
        f"{processor}, {os.cpu_count()} cores; Python {platform.python_version()}, NumPy "
        f"{np.__version__}, SciPy {scipy.__version__}, {', '.join(sorted(pools))}"
    )


def write_table(path: Path, lines: Iterable[Measured], machine: str) -> None:
    """Write a CSV file; every line says on what machine."""
    names = [field.name for field in fields(Measured)]
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([*names, "milliseconds_each", "machine"])
        for line in lines:
            own = [_cell(getattr(line, name)) for name in names]
            writer.writerow([*own, _cell(line.each), machine])


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value).strip()


def print_line(line: Measured) -> None:
    """Print one line of the table as it is measured."""
    ratio = "" if line.ratio is None else f"{line.ratio:9.3g} x {line.ratio_to}"
    wall = " " * 8 if line.wall_seconds is None else f"{line.wall_seconds:8.2f}"
    print(
        f"{line.rows:6} {line.what:50}{line.count:6}{line.cpu_seconds:9.2f}{wall}"
        f"{line.each:10.3f}{ratio}",
        flush=True,
    )
    if line.note:
        print(f"{'':7}{line.note}", flush=True)
