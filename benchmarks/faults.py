"""Runs that are killed, run out of room, meet each other or lose a worker.

``make faults`` writes faults.csv: for each kind of fault how often it was tried, how often a period
was half published or a published revision lost (both must be 0), and how often the next undisturbed
run came to the same files as if nothing had happened (must be every time). With
``--study data/national/study.yaml`` runs of that study are killed instead of small played ones;
its first run of all is the measure of what the others must come to.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import fault_runs
from fault_runs import TASKS, half_published, lost_revisions, revisions, state

from acsi_sem.runs.jobs import load_scheduled
from acsi_sem.runs.locking import read_holder
from acsi_sem.runs.scheduled import Context, Produced
from acsi_sem.runs.workers import open_workers

TABLE: Final = Path(__file__).with_name("faults.csv")
SLEEP: Final = 0.01
USAGE, LOCKED = 2, 6


@dataclass(frozen=True, slots=True)
class Work:
    """Something that fills a store, in a process of its own.

    Attributes
    ----------
    name : str
    prepare : callable
        Of a new folder: puts there what a run needs.
    command : callable
        Of that folder: the command line.
    store : callable
        Of that folder: the store.
    """

    name: str
    prepare: Callable[[Path], None]
    command: Callable[[Path], list[str]]
    store: Callable[[Path], Path]


@dataclass(slots=True)
class Row:
    """What came of a kind of fault.

    Attributes
    ----------
    scenario, work : str
        The fault; what was running.
    trials, disturbed : int
        How often it was tried; how often it came before the end of the run.
    half_published, lost_revisions : int
        Trials after which a reader of the store could see half a period, or no longer a revision.
    identical_end_states : int
        Trials after which the next run came to the same bytes as an undisturbed one.
    seconds : float
    """

    scenario: str
    work: str
    trials: int = 0
    disturbed: int = 0
    half_published: int = 0
    lost_revisions: int = 0
    identical_end_states: int = 0
    seconds: float = 0.0

    def count(self, root: Path, recover: Callable[[], None], expected: dict[str, bytes]) -> None:
        """Look at a store after a fault, let an undisturbed run follow, and look again."""
        half, before = bool(half_published(root)), revisions(root)
        recover()
        self.trials += 1
        self.half_published += half or bool(half_published(root))
        self.lost_revisions += bool(lost_revisions(before, root))
        self.identical_end_states += state(root) == expected


def played(*more: str) -> Work:
    """Return small runs with work that only waits."""
    return Work(
        "played",
        lambda folder: folder.mkdir(parents=True),
        lambda folder: [sys.executable, fault_runs.__file__, str(folder / "store"), *more],
        lambda folder: folder / "store",
    )


def of_study(study: Path) -> Work:
    """Return the runs of a study, each in a copy of its folder without the store."""
    job = load_scheduled(study)
    within = job.store.root.relative_to(study.parent.resolve())

    def prepare(folder: Path) -> None:
        left_out = shutil.ignore_patterns(within.parts[0])
        shutil.copytree(study.parent.resolve(), folder, ignore=left_out, copy_function=os.symlink)
        text = (folder / study.name).read_text(encoding="utf-8")
        model = os.path.relpath(job.beside(job.study.model), folder)
        (folder / study.name).unlink()
        (folder / study.name).write_text(text.replace(job.study.model, model), encoding="utf-8")

    def command(folder: Path) -> list[str]:
        return [sys.executable, "-m", "acsi_sem", "run", str(folder / study.name)]

    return Work(study.parent.name, prepare, command, lambda folder: folder / within)


def finish(work: Work, folder: Path) -> None:
    """Run undisturbed to the end."""
    subprocess.run(work.command(folder), check=True, capture_output=True)


@contextmanager
def started(work: Work, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a run and leave none behind, workers included."""
    process = subprocess.Popen(
        work.command(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def begun(work: Work, folder: Path, process: subprocess.Popen[bytes]) -> float:
    """Wait until a run has its imports and begins; return the time."""
    while not work.store(folder).exists() and process.poll() is None:
        time.sleep(0.001)
    return time.perf_counter()


def undisturbed(work: Work, folder: Path) -> tuple[dict[str, bytes], float]:
    """Return the state that an undisturbed run comes to, and the seconds of its work."""
    work.prepare(folder)
    with started(work, folder) as process:
        begin = begun(work, folder, process)
        process.wait()
    if process.returncode:
        raise SystemExit(f"the undisturbed run ended with {process.returncode}")
    return state(work.store(folder)), time.perf_counter() - begin


def kill_runs(work: Work, base: Path, trials: int, rng: np.random.Generator) -> Row:
    """Kill a run at a random moment, as often as asked."""
    row = Row("killed", work.name)
    expected, span = undisturbed(work, base / "undisturbed")
    for number in range(trials):
        folder = base / str(number)
        work.prepare(folder)
        with started(work, folder) as process:
            begun(work, folder, process)
            time.sleep(rng.uniform(0, span))
            row.disturbed += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.wait()
        row.count(work.store(folder), lambda folder=folder: finish(work, folder), expected)  # type: ignore[misc]
        shutil.rmtree(folder)
    return row


def fill_disk(base: Path, trials: int, rng: np.random.Generator) -> Row:
    """Let the disk be full after a random number of bytes: a small tmpfs, else a limit of files."""
    size = 20000
    work = played("--size", str(size))
    expected, _ = undisturbed(work, base / "undisturbed")
    whole = sum(len(data) for data in expected.values())
    row = Row("disk full (file-size limit)", work.name)
    for number in range(trials):
        folder = base / str(number)
        work.prepare(folder)
        work.store(folder).mkdir()
        room = int(rng.uniform(4096, 1.5 * whole))
        try:
            code = run_without_room(work, folder, room, int(rng.integers(1, size)), row)
            if code not in (0, USAGE):
                raise SystemExit(f"a full disk ended a run with {code}")
            row.disturbed += code == USAGE
            row.count(work.store(folder), lambda folder=folder: finish(work, folder), expected)  # type: ignore[misc]
        finally:
            unmount = ["umount", str(work.store(folder))]
            subprocess.run(unmount, capture_output=True, check=False)
        shutil.rmtree(folder)
    return row


def run_without_room(work: Work, folder: Path, room: int, limit: int, row: Row) -> int:
    """Run with so many bytes in all, or in a file; make room, and return the exit code."""
    command = work.command(folder)
    if not mount(work.store(folder), room):
        limited = [*command, "--limit", str(limit)]
        return subprocess.run(limited, capture_output=True, check=False).returncode
    row.scenario = "disk full (tmpfs)"
    code = subprocess.run(command, capture_output=True, check=False).returncode
    more = ["mount", "-o", f"remount,size={100 * room}", str(work.store(folder))]
    subprocess.run(more, check=True)
    return code


def mount(folder: Path, size: int) -> bool:
    """Mount a small file system in memory, where that is permitted."""
    if shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run_two(base: Path, trials: int) -> Row:
    """Start a run while another one works; one leaves with 6, and both together do no harm."""
    work = played("--sleep", "0.05")
    row = Row("two runs at once", work.name)
    expected, _ = undisturbed(work, base / "undisturbed")
    for number in range(trials):
        folder = base / str(number)
        work.prepare(folder)
        with started(work, folder) as process:
            while read_holder(work.store(folder)) is None:
                time.sleep(0.002)
            second = subprocess.run(work.command(folder), capture_output=True, check=False)
            # The lock is free for a moment between two periods, so either may be the one to leave.
            row.disturbed += sorted((process.wait(), second.returncode)) == [0, LOCKED]
        row.count(work.store(folder), lambda: None, expected)
    return row


def task_in_worker(own: tuple[int, str], number: int) -> bytes:
    """Compute a company; the first worker that is given the third one dies of it, once."""
    parent, flag = own
    if number == 2 and os.getpid() != parent and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return f"company {number}".encode()


def kill_worker(base: Path, trials: int) -> Row:
    """Kill a worker process of a run's pool; the run must go on as if nothing had happened."""
    row = Row("worker removed", "played")
    losses: list[str] = []

    def work(flag: Path, count: int) -> Callable[[Context], Produced]:
        def produce(context: Context) -> Produced:
            with open_workers(count, shared=(os.getpid(), str(flag))) as workers:
                found = workers.map(
                    task_in_worker,
                    range(len(TASKS)),
                    done=lambda number, data: context.save(TASKS[number], data),
                )
                losses.extend(workers.losses)
            return Produced({"internal/readings.txt": b"\n".join(found)})

        return produce

    def publish(root: Path, count: int) -> None:
        fault_runs.run(
            root,
            fault_runs.PERIODS[0],
            work(root.with_suffix(".flag"), count),
            fault_runs.FIRST,
            "",
        )

    publish(base / "undisturbed", 1)
    expected = state(base / "undisturbed")
    for number in range(trials):
        losses.clear()
        publish(base / str(number), 2)
        row.disturbed += bool(losses)
        row.count(base / str(number), lambda: None, expected)
    return row


def main() -> None:
    """Run the campaign, print it and write its table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=200, help="runs that are killed")
    parser.add_argument("--study", type=Path, help="kill runs of this study; prints, no table")
    arguments = parser.parse_args()
    few = max(arguments.trials // 10, 2)
    rng = np.random.default_rng(20260930)
    small = played("--sleep", str(SLEEP))
    scenarios: list[Callable[[Path], Row]] = [
        lambda base: kill_runs(small, base, arguments.trials, rng),
        lambda base: fill_disk(base, few, rng),
        lambda base: run_two(base, few),
        lambda base: kill_worker(base, few),
    ]
    if arguments.study:
        real = of_study(arguments.study)
        scenarios = [lambda base: kill_runs(real, base, arguments.trials, rng)]
    rows = []
    for scenario in scenarios:
        with tempfile.TemporaryDirectory() as base:
            begin = time.perf_counter()
            row = scenario(Path(base))
            row.seconds = round(time.perf_counter() - begin, 1)
        rows.append(row)
        print(row)
    if not arguments.study:
        with TABLE.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(field.name for field in fields(Row))
            writer.writerows(astuple(row) for row in rows)
    if any(r.half_published or r.lost_revisions or r.identical_end_states < r.trials for r in rows):
        raise SystemExit("a fault did harm")


if __name__ == "__main__":
    main()
