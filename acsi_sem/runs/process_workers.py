"""Workers that are processes of this machine.

They are forked where the system can: the shared object, a survey of a nation say, is then in every
worker's memory without a copy. Workers leave as soon as their parent is gone, however it ended, and
take nothing from the keyboard.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any, Final, Generic, TypeVar, cast

from acsi_sem.runs.attempts import Failure, Places, Shared, attempt, pin_threads, unwrap

T = TypeVar("T")
R = TypeVar("R")

_AHEAD: Final = 2
"""Items under way for each process: one that it works on, one that waits in its pipe."""


_shared: Shared | None = None


def _begin(shared: Shared | None) -> None:
    """Set up a worker process."""
    global _shared
    _shared = shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_follow_parent, daemon=True).start()
    pin_threads()


def _follow_parent() -> None:
    """Leave when the parent has: a killed run must not leave workers, nor its lock with them."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _attempt_there(task: Callable[..., R], item: object) -> R | Failure:
    return attempt(task, _shared, item)


@dataclass(slots=True)
class ProcessWorkers:
    """A pool of processes, made anew when one of them dies."""

    count: int
    shared: Shared | None
    losses: list[str] = field(default_factory=list)
    _pool: ProcessPoolExecutor | None = None
    _members: tuple[BaseProcess, ...] = ()

    def map(
        self,
        task: Callable[..., R],
        items: Sequence[T],
        *,
        done: Callable[[int, R], None] | None = None,
        name: Callable[[T], str] | None = None,
    ) -> list[R]:
        job = _Job(task, items, Places(items, name), done, deque(range(len(items))))
        try:
            while len(job.results) < len(items):
                if not self._feed(job) or not job.collect():
                    self._recover(job)
        except BaseException:
            self.close(now=True)
            raise
        return [job.results[number] for number in range(len(items))]

    def _feed(self, job: _Job[T, R]) -> bool:
        """Submit what may be under way; False when the pool is found broken."""
        while (number := job.next(_AHEAD * self.count)) is not None:
            try:
                future = self._submit(_attempt_there, job.task, job.items[number])
            except BrokenProcessPool:
                job.suspects.append(number)
                job.deaths[number] += 1
                return False
            job.running[future] = number
        return True

    def _submit(self, function: Callable[..., R], *arguments: object) -> Future[R]:
        if self._pool is not None:
            return self._pool.submit(function, *arguments)
        context = get_context("fork" if sys.platform == "linux" else "spawn")
        self._pool = ProcessPoolExecutor(self.count, context, _begin, (self.shared,))
        future = self._pool.submit(function, *arguments)
        self._members = tuple(cast(Any, self._pool)._processes.values())
        return future

    def _recover(self, job: _Job[T, R]) -> None:
        """Take in what is left of a broken pool, and blame those that were under way."""
        wait(job.running)
        job.collect()
        members = self._members
        self.close(now=False)  # a broken pool ends its other processes itself
        codes = [code for member in members if (code := member.exitcode) is not None]
        died = next((code for code in codes if code not in (0, -signal.SIGTERM)), None)
        again = "; ".join(job.places[number] for number in sorted(job.suspects))
        self.losses.append(f"A worker process {_death(died)}; done again: {again}.")
        for number in sorted(job.suspects):
            job.places.check_tries(number, job.deaths[number])

    def close(self, *, now: bool) -> None:
        """End the processes: after what they are doing, or at once."""
        pool, members, self._pool, self._members = self._pool, self._members, None, ()
        if pool is None:
            return
        if now:
            for member in members:
                member.kill()
        pool.shutdown(wait=True, cancel_futures=True)


def _death(code: int | None) -> str:
    if code is None:
        return "was lost"
    if code == -signal.SIGKILL:
        return "was killed (signal 9, as the system does when memory runs out)"
    return f"was killed (signal {-code})" if code < 0 else f"ended with exit code {code}"


@dataclass(slots=True)
class _Job(Generic[T, R]):
    """One call of map, and how far it has come.

    Items that were under way when a worker died are suspects. They are tried again one by one, so
    that a second death is blamed on the item that causes it, and not on its neighbours.
    """

    task: Callable[..., R]
    items: Sequence[T]
    places: Places[T]
    done: Callable[[int, R], None] | None
    waiting: deque[int]
    suspects: deque[int] = field(default_factory=deque)
    deaths: Counter[int] = field(default_factory=Counter)
    running: dict[Future[R | Failure], int] = field(default_factory=dict)
    results: dict[int, R] = field(default_factory=dict)

    def next(self, most: int) -> int | None:
        """The item to submit next, if any."""
        if self.suspects:
            return None if self.running else self.suspects.popleft()
        # nothing joins a suspect that is tried alone
        alone = any(self.deaths[number] for number in self.running.values())
        if alone or len(self.running) >= most or not self.waiting:
            return None
        return self.waiting.popleft()

    def collect(self) -> bool:
        """Wait for results and take them; False when a worker has died."""
        whole = True
        for future in wait(self.running, return_when=FIRST_COMPLETED).done:
            number = self.running.pop(future)
            try:
                outcome = future.result()
            except BrokenProcessPool:
                self.suspects.append(number)
                self.deaths[number] += 1
                whole = False
                continue
            except Exception as error:  # a task or a result that cannot be sent
                error.add_note(f"raised for {self.places[number]}")
                raise
            result = unwrap(outcome, self.places, number)
            self.results[number] = result
            if self.done is not None:
                self.done(number, result)
        return whole
