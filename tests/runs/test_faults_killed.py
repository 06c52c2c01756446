"""Real processes: killed at random moments, out of room, two at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fault_runs
import numpy as np
import pytest
from fault_runs import (
    FIRST,
    PERIODS,
    fill,
    half_published,
    holder,
    lost_revisions,
    make_produce,
    revisions,
    run,
    state,
)

from acsi_sem.errors import UsageError
from acsi_sem.runs.crashes import CRASH_AT
from acsi_sem.runs.locking import LockedError, read_holder, store_lock
from acsi_sem.runs.scheduled import Context, Produced
from acsi_sem.runs.store import Store

SLEEP = 0.004
SPAN = 4 * 5 * SLEEP + 0.1  # seconds that the whole work takes, about


@contextmanager
def started(root: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process that fills a store; it has all imports when this begins."""
    process = subprocess.Popen(
        [sys.executable, fault_runs.__file__, str(root), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    root = tmp_path_factory.mktemp("undisturbed")
    fill(root, make_produce())
    return state(root)


def test_five_kills_at_random_moments_lose_nothing(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    moments = np.random.default_rng(5).uniform(0, SPAN, 5)
    for number, moment in enumerate(moments):
        root = tmp_path / str(number)
        with started(root, "--sleep", str(SLEEP)) as process:
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert half_published(root) == []
        before = revisions(root)
        fill(root, make_produce())
        assert lost_revisions(before, root) == []
        assert state(root) == undisturbed


def test_a_process_kills_itself_at_the_point_that_the_environment_names(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, fault_runs.__file__, str(tmp_path)],
        env={**os.environ, CRASH_AT: "manifest-written"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert [path.name[:9] for path in (tmp_path / "periods" / "2026Q1").iterdir()] == [".writing-"]


@pytest.mark.parametrize("limit", [40, 4096])  # too small for a company's result; for the files
def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path, limit: int) -> None:
    run(tmp_path, PERIODS[0], make_produce(), FIRST, "")
    before = state(tmp_path)
    done = subprocess.run(
        [
            sys.executable,
            fault_runs.__file__,
            str(tmp_path),
            "--size",
            "9999",
            "--limit",
            f"{limit}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == UsageError.exit_code
    assert "make room" in json.loads(done.stderr)[0]
    assert half_published(tmp_path) == []
    kept = {name: data for name, data in state(tmp_path).items() if not name.startswith("work")}
    assert kept == before
    assert not list((tmp_path / "periods").rglob(".writing-*"))


def test_the_second_of_two_runs_is_told_who_has_the_lock(tmp_path: Path) -> None:
    with started(tmp_path, "--sleep", "30") as process:
        wait_for(lambda: read_holder(tmp_path) is not None)
        with pytest.raises(LockedError, match=f"process {process.pid} on here") as caught:
            run(tmp_path, PERIODS[0], make_produce(), FIRST, "")
        assert caught.value.exit_code == 6
    assert run(tmp_path, PERIODS[0], make_produce(), FIRST, "").status == "published"


def test_workers_that_outlive_a_killed_run_do_not_hold_its_lock(tmp_path: Path) -> None:
    with started(tmp_path, "--sleep", "30", "--fork") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            process.kill()
            process.wait()
            os.kill(child, 0)
            assert run(tmp_path, PERIODS[0], make_produce(), FIRST, "").status == "published"
        finally:
            os.kill(child, signal.SIGKILL)


def test_the_lock_is_given_back_and_its_note_removed(tmp_path: Path) -> None:
    with store_lock(tmp_path, holder()):
        assert read_holder(tmp_path) == holder()
    assert read_holder(tmp_path) is None
    with store_lock(tmp_path, holder()):
        pass


def test_a_failure_of_the_work_leaves_no_lock_and_no_half_period(tmp_path: Path) -> None:
    def broken(context: Context) -> Produced:
        def write(folder: Path) -> None:
            (folder / "half.csv").write_bytes(b"half")
            raise ZeroDivisionError

        return Produced(write)

    with pytest.raises(ZeroDivisionError):
        run(tmp_path, PERIODS[0], broken, FIRST, "")
    assert state(tmp_path) == {}
    assert Store(tmp_path).published() == ()
    assert run(tmp_path, PERIODS[0], make_produce(), FIRST, "").status == "published"


def wait_for(condition: object) -> None:
    """Wait until something holds; the test's own limit ends it otherwise."""
    assert callable(condition)
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("it never held")
