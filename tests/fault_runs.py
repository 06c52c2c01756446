"""A store that is filled by small runs which can be killed, for tests and `make faults`.

As a script it fills a store: ``python tests/fault_runs.py STORE [--sleep SECONDS]``. It prints
``ready`` when its imports are done, so that what follows can be killed at any moment of the work.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from acsi_sem.errors import AcsiError, DataError
from acsi_sem.runs.durable import file_hashes
from acsi_sem.runs.locking import HOLDER, LOCK, Holder
from acsi_sem.runs.scheduled import Context, Outcome, Plan, Produce, Produced, run_period
from acsi_sem.runs.store import CURRENT, MANIFEST, Store, read_manifest
from acsi_sem.spec.periods import Period

PERIODS = tuple(Period(2026, quarter) for quarter in (1, 2, 3))
REVISED = PERIODS[1]
TASKS = tuple(f"company {number}" for number in range(4))
FIRST, SECOND = (("survey", "1" * 64),), (("survey", "2" * 64),)
PASSING = (LOCK, HOLDER, "log.jsonl")  # say who and when, so never the same twice


def holder() -> Holder:
    """Return this process as the holder of a lock."""
    return Holder("test", os.getpid(), "here", "2026-10-06T06:00:00+00:00")


def make_produce(
    sleep: float = 0.0, size: int = 0, computed: Callable[[str], None] | None = None
) -> Produce:
    """Return work of a few tasks, each saved when it is done.

    Parameters
    ----------
    sleep : float
        Seconds that a task, and the writing of the files, takes.
    size : int
        Bytes of a file beside the others.
    computed : callable, optional
        Told of each task that is not taken from an earlier run.
    """

    def produce(context: Context) -> Produced:
        lines = []
        for task in TASKS:
            data = context.checkpoint(task)
            if data is None:
                if computed is not None:
                    computed(task)
                time.sleep(sleep)
                data = f"{context.period} {task} {dict(context.inputs)['survey'][:4]}".encode()
                context.save(task, data)
            lines.append(data)
        past = [context.read_past(period, "internal/readings.txt") for period in context.past]
        readings = b"\n".join([*past, *lines])

        def write(folder: Path) -> None:
            for name in ("internal", "report"):
                (folder / name).mkdir()
            (folder / "internal" / "readings.txt").write_bytes(readings)
            time.sleep(sleep)
            (folder / "report" / "index.html").write_bytes(b"<p>" + readings)
            (folder / "big.bin").write_bytes(bytes(size))

        return Produced(write, lost=1, share_failed=0.05, summary=(f"{len(lines)} companies",))

    return produce


def run(
    root: Path, period: Period, produce: Produce, inputs: tuple[tuple[str, str], ...], reason: str
) -> Outcome:
    """Run one period of a store."""
    plan = Plan(period, lambda: inputs, reason=reason)
    return run_period(Store(root), plan, produce, holder=holder())


def fill(root: Path, produce: Produce) -> None:
    """Publish three periods, then the second anew from other inputs; goes on where it was."""
    for period in PERIODS:
        if Store(root).current(period) is None:
            run(root, period, produce, FIRST, "")
    run(root, REVISED, produce, SECOND, "late interviews")


def state(root: Path) -> dict[str, bytes]:
    """Return every file of a store that the same inputs must make the same."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in files
        if path.relative_to(root).as_posix() not in PASSING
    }


def revisions(root: Path) -> dict[str, dict[str, str]]:
    """Return the file hashes of every revision that a reader of the store can come upon."""
    folders = (path for path in root.glob("periods/*/r*") if path.is_dir())
    return {str(path.relative_to(root)): file_hashes(path) for path in sorted(folders)}


def half_published(root: Path) -> list[str]:
    """Return what is not whole: pointers without their revision, revisions without a file."""
    store, found = Store(root), []
    for path in root.glob(f"periods/*/{CURRENT}"):
        try:
            store.current(Period.parse(path.parent.name))
        except DataError as error:
            found.append(str(error))
    for name, hashes in revisions(root).items():
        listed = read_manifest(root / name)["files"] if MANIFEST in hashes else None
        if listed != {file: digest for file, digest in hashes.items() if file != MANIFEST}:
            found.append(name)
    return found


def lost_revisions(before: dict[str, dict[str, str]], root: Path) -> list[str]:
    """Return the revisions that were there and are not, or were changed."""
    now = revisions(root)
    return [name for name, hashes in before.items() if now.get(name) != hashes]


def main() -> int:
    """Fill a store as the arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store", type=Path)
    parser.add_argument("--sleep", type=float, default=0.0)
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--limit", type=int, default=0, help="largest file, in bytes")
    parser.add_argument("--fork", action="store_true", help="leave a child that outlives it")
    arguments = parser.parse_args()
    if arguments.limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (arguments.limit, arguments.limit))

    def computed(task: str) -> None:
        if arguments.fork and task == TASKS[0]:
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            sys.stdout.write(f"{child}\n")
            sys.stdout.flush()

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        fill(arguments.store, make_produce(arguments.sleep, arguments.size, computed))
    except AcsiError as error:
        sys.stderr.write(json.dumps([str(problem) for problem in error.problems]))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
