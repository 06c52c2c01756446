"""Workers that are processes: the same results, losses survived, nothing left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from acsi_model import acsi_model
from numpy.typing import NDArray
from simulated import make_survey
from threadpoolctl import threadpool_info
from workers_cases import (
    StubbornError,
    bootstrap_paths,
    die_at_seven,
    fail_at_three,
    pickled,
    twice,
)

from acsi_sem.errors import DataError, UsageError
from acsi_sem.inference.sample import make_sample
from acsi_sem.runs.attempts import LostWorkError
from acsi_sem.runs.workers import count_workers, open_workers

BOTH = pytest.mark.parametrize("count", [1, 2])


def children() -> set[int | None]:
    return {child.pid for child in multiprocessing.active_children()}


def test_two_processes_give_the_same_bytes_as_one() -> None:
    # a matrix this large would get other last bits from a second BLAS thread
    big = np.random.default_rng(1).standard_normal((300, 300))
    shared = (acsi_model(), make_sample(make_survey(1, (80, 60, 70))), big)
    found = []
    for count in (1, 2):
        with open_workers(count, shared=shared) as workers:
            found.append(workers.map(bootstrap_paths, list(range(5))))
            assert workers.losses == []
    assert np.isfinite(found[0][0][0]).mean() > 0.9
    assert pickled(found[0]) == pickled(found[1])


@BOTH
def test_results_stand_in_order_and_each_is_told_once(count: int) -> None:
    told: list[tuple[int, int]] = []
    with open_workers(count) as workers:
        found = workers.map(twice, [5, 3, 8, 1] * 5, done=lambda *one: told.append(one))
        assert workers.map(twice, []) == []
    assert found == [10, 6, 16, 2] * 5
    assert sorted(told) == list(enumerate(found))


@BOTH
def test_an_error_on_purpose_keeps_its_class_and_names_the_item(count: int) -> None:
    said = r"item 4 of 6 \(DELTA\): survey.csv: column SATIS: expected answers, got none"
    with open_workers(count) as workers, pytest.raises(DataError, match=said):
        workers.map(fail_at_three, list(range(6)), name={3: "DELTA"}.__getitem__)


@BOTH
def test_another_exception_keeps_its_class_and_names_the_item(count: int) -> None:
    with open_workers(count) as workers, pytest.raises(ZeroDivisionError) as caught:
        workers.map(reciprocal, [4, 2, 0, 1])
    assert "raised for item 3 of 4 (0)" in caught.value.__notes__[0]
    assert "in reciprocal" in caught.value.__notes__[0]  # where it was raised, over there


def reciprocal(item: int) -> float:
    return 1 / item


def test_an_exception_that_cannot_be_sent_is_told_all_the_same() -> None:
    before = children()
    with open_workers(2) as workers, pytest.raises(RuntimeError, match="StubbornError: 1 and 2"):
        workers.map(raise_stubborn, [0])
    assert children() == before


def raise_stubborn(item: int) -> None:
    raise StubbornError(1, 2)


def test_a_task_that_cannot_be_sent_is_told_with_its_item() -> None:
    with open_workers(2) as workers, pytest.raises(Exception, match="pickle") as caught:
        workers.map(lambda item: item, [1])
    assert "item 1 of 1 (1)" in caught.value.__notes__[-1]


def test_a_killed_worker_is_replaced_and_its_items_done_again(tmp_path: Path) -> None:
    told: list[int] = []
    with open_workers(2, shared=(tmp_path, 1)) as workers:
        found = workers.map(
            die_at_seven, list(range(20)), done=lambda number, _: told.append(number)
        )
        (loss,) = workers.losses
    assert [item for item, _ in found] == list(range(20))
    assert sorted(told) == list(range(20))
    assert "signal 9" in loss
    assert "item 8 of 20 (7)" in loss


def test_an_item_that_kills_every_worker_is_named_and_its_neighbours_are_not(
    tmp_path: Path,
) -> None:
    before = children()
    with open_workers(2, shared=(tmp_path, 99)) as workers:
        with pytest.raises(LostWorkError, match=r"item 8 of 9 \(7\).*dying 4 times"):
            workers.map(die_at_seven, list(range(9)))
        assert len(workers.losses) == 4
        assert len(list(tmp_path.iterdir())) == 4  # a first time and three more
        # and the workers can be used after that
        assert len(workers.map(die_at_seven, [1, 2])) == 2
    assert children() == before


def test_nothing_is_left_behind() -> None:
    before = children()
    threads = threading.active_count()
    with open_workers(2) as workers:
        workers.map(twice, [1, 2, 3])
        assert len(children() - before) == 2
    with open_workers(2) as workers, pytest.raises(ZeroDivisionError):
        workers.map(reciprocal, [1, 2, 0])
    assert children() == before
    assert threading.active_count() == threads


SCRIPT = """
import os, time
from acsi_sem.runs.workers import open_workers

def work(item):
    print(os.getpid(), flush=True)
    time.sleep(60)

with open_workers(2) as workers:
    workers.map(work, [1, 2])
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_workers_leave_with_a_parent_that_is_stopped(how: signal.Signals, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    parent = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    assert len({parent.stdout.readline(), parent.stdout.readline()}) == 2
    if how is signal.SIGINT:
        os.killpg(parent.pid, how)  # as the keyboard does
    else:
        parent.send_signal(how)
    # the pipe ends when the last process that holds it does: the workers would sleep for 60 s
    _, said = parent.communicate(timeout=30)
    assert parent.returncode == -how
    if how is signal.SIGINT:
        assert said.count("Traceback") == 1  # the parent's; workers say nothing


def test_blas_has_one_thread_in_every_process() -> None:
    for count in (1, 2):
        with open_workers(count) as workers:
            assert set(workers.map(most_threads, [0, 1])) == {1}


def most_threads(item: int) -> int:
    return max(int(pool["num_threads"]) for pool in threadpool_info())


def test_what_counts_as_a_number_of_workers() -> None:
    assert count_workers("auto") == len(os.sched_getaffinity(0))
    assert count_workers(3) == 3
    for bad in (0, -1, True, 1.5, "two"):
        with pytest.raises(UsageError, match="workers: expected a whole number from 1"):
            count_workers(bad)  # type: ignore[arg-type]
    with (
        pytest.raises(UsageError, match="processes here or a cluster"),
        open_workers(2, "tcp://a:1"),
    ):
        pass


def shifted(shared: NDArray[np.float64], item: int) -> float:
    return float(shared[0] + item)


def test_a_shared_object_is_not_sent_with_every_item() -> None:
    class Survey(np.ndarray):
        """Forked, never pickled."""

        def __reduce__(self) -> str:
            raise AssertionError("sent")

    with open_workers(2, shared=np.ones(3).view(Survey)) as workers:
        assert workers.map(shifted, [1, 2]) == [2.0, 3.0]
