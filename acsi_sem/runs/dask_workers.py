"""Workers of a dask cluster.

The scheduler gives the items of a lost worker to the others, and gives an item up when several
workers in a row died of it. A worker process does one item at a time, however many threads it has:
BLAS threads and warning filters belong to the process.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from importlib import import_module
from threading import Event, Lock
from typing import Any, Final, Generic, TypeVar

from acsi_sem.errors import Problem, UsageError
from acsi_sem.runs.attempts import (
    RETRIES,
    Failure,
    LostWorkError,
    Places,
    Shared,
    attempt,
    pin_threads,
    unwrap,
)

T = TypeVar("T")
R = TypeVar("R")

CONNECT: Final = 10.0
"""Seconds to wait for the scheduler, and for a first worker."""

PATIENCE: Final = 60.0
"""Seconds that the cluster may be without any worker while there is work."""

SAME: Final = ("acsi_sem", "numpy", "scipy", "pandas")
"""Packages whose versions must be ours: others could give other numbers."""

_GLANCE: Final = 0.01
"""Seconds between looks for results, while there are none."""

_LOOK: Final = 200
"""Glances in vain between looks for workers."""

_ADDRESS: Final = re.compile(r"(tcp|tls|ws|wss)://(\[[^\]\s]+\]|[^\[\]:/\s]+):\d{1,5}/?")

_one_at_a_time = Lock()
_pinned: list[object] = []


def _attempt_there(task: Callable[..., object], shared: Shared | None, item: object) -> bytes:
    """Carry out a task on a worker; what it made comes home as it would from a local process."""
    with _one_at_a_time:
        if not _pinned:
            _pinned.append(pin_threads())
        outcome = attempt(task, shared, item)
    return pickle.dumps(attempt(pickle.dumps, None, outcome))


@dataclass(slots=True)
class _Job(Generic[T, R]):
    """One call of map, and how far it has come."""

    task: Callable[..., R]
    items: Sequence[T]
    places: Places[T]
    done: Callable[[int, R], None] | None
    running: dict[Any, int] = field(default_factory=dict)
    resent: int = 0
    results: dict[int, R] = field(default_factory=dict)

    def take(self, number: int, message: bytes) -> None:
        """Keep a result that has come in."""
        outcome: bytes | Failure = pickle.loads(message)
        found: R | Failure = pickle.loads(unwrap(outcome, self.places, number))
        result = unwrap(found, self.places, number)
        self.results[number] = result
        if self.done is not None:
            self.done(number, result)


class DaskWorkers:
    """The workers of a scheduler; see `acsi_sem.runs.workers.Workers`.

    Parameters
    ----------
    address : str
        Of the scheduler: ``tcp://host:port``.
    shared : Shared or None
        Sent once to every worker there is now; later ones fetch it from these.

    Raises
    ------
    UsageError
        If dask.distributed is not installed, the address is none, the scheduler does not answer,
        it has no workers, or theirs are other versions than ours.
    """

    def __init__(self, address: str, shared: Shared | None) -> None:
        self.losses: list[str] = []
        self._address = address
        self._dask = _distributed()
        if not _ADDRESS.fullmatch(address):
            raise self._unusable("the address of a dask scheduler, tcp://HOST:PORT", repr(address))
        self._client = self._connect()
        try:
            self._wait_for_worker()
            check_versions(address, self._client.get_versions(packages=list(SAME)))
            self._shared = shared
            self._sent = self._send()
        except BaseException:
            self._client.close()
            raise

    def _connect(self) -> Any:
        client = self._dask.Client.__new__(self._dask.Client)
        try:
            client.__init__(self._address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError, TimeoutError) as error:
            # half made, it cannot be closed: it would wait in vain, and say so when it is dropped
            client.status = "closed"
            raise self._unusable("a dask scheduler that answers", str(error)) from error
        return client

    def _wait_for_worker(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=CONNECT)
        except TimeoutError as error:
            got = f"none within {CONNECT:g} s"
            raise self._unusable("a scheduler with at least one worker", got) from error

    def _unusable(self, expected: str, got: str) -> UsageError:
        remedy = "start it with `dask scheduler` and `dask worker ADDRESS`"
        return UsageError(Problem("cluster", self._address, expected, got, remedy))

    def _send(self) -> Any:
        """The shared object as a future; None where there is nothing to share."""
        if self._shared is None:
            return None
        # in a list: what is inside a list is sent as one thing, whatever it is
        try:
            return self._client.scatter(
                [self._shared], broadcast=True, hash=True, timeout=PATIENCE
            )[0]
        except TimeoutError as error:
            got = f"none for {PATIENCE:g} s to send the shared object to"
            raise LostWorkError(Problem("cluster", self._address, "workers", got)) from error

    def map(
        self,
        task: Callable[..., R],
        items: Sequence[T],
        *,
        done: Callable[[int, R], None] | None = None,
        name: Callable[[T], str] | None = None,
    ) -> list[R]:
        """Carry out the task for every item; see `acsi_sem.runs.workers.Workers`."""
        job = _Job(task, items, Places(items, name), done)
        known = set(self._client.nthreads())
        arriving = self._dask.as_completed(loop=self._client.loop)
        try:
            arriving.update([self._submit(job, number) for number in range(len(items))])
            self._gather(job, arriving, known)
        except BaseException:
            self._client.cancel(list(job.running), force=True)
            raise
        finally:
            self._tell_losses(known)
        return [job.results[number] for number in range(len(items))]

    def _submit(self, job: _Job[T, R], number: int) -> Any:
        future = self._client.submit(
            _attempt_there,
            job.task,
            self._sent,
            job.items[number],
            pure=False,
            retries=RETRIES,
        )
        job.running[future] = number
        return future

    def _gather(self, job: _Job[T, R], arriving: Any, known: set[str]) -> None:
        """Take results as they come, and look after the workers while none do."""
        vain, alone, pause = 0, 0.0, Event()
        while job.running:
            batch = arriving.next_batch(block=False)
            for future in batch:
                arriving.update(self._take(job, future))
            if batch:
                continue
            pause.wait(_GLANCE)
            vain += 1
            if vain % _LOOK == 0:
                there = self._there()
                known |= there
                alone = 0.0 if there else alone + _LOOK * _GLANCE
            if alone >= PATIENCE:
                got = f"none for {PATIENCE:g} s, with {len(job.running)} items to do"
                raise LostWorkError(Problem("cluster", self._address, "workers", got))

    def _there(self) -> set[str]:
        if self._client.status != "running":
            return set()
        return set(self._client.nthreads())

    def _take(self, job: _Job[T, R], future: Any) -> list[Any]:
        """Take a result in; return the futures that repeat what was lost with its data."""
        number = job.running.get(future)
        if number is None:  # repeated with others
            return []
        try:
            message = future.result()
        except self._dask.scheduler.KilledWorker:
            job.places.check_tries(number, RETRIES + 1)
            raise
        except CancelledError:
            return self._resend(job)
        except Exception as error:  # a task or a result that cannot be sent
            error.add_note(f"raised for {job.places[number]}")
            raise
        del job.running[future]
        job.take(number, message)
        return []

    def _resend(self, job: _Job[T, R]) -> list[Any]:
        """Send the shared object again when all workers that had it are gone, and what needs it."""
        job.resent += 1
        numbers = sorted(job.running.values())
        if job.resent > RETRIES:
            first = ", ".join(job.places[number] for number in numbers[:3])
            got = f"all of them lost {job.resent} times; to do are {len(numbers)} items: {first}"
            raise LostWorkError(Problem("cluster", self._address, "workers that last", got))
        self._client.cancel(list(job.running), force=True)
        job.running.clear()
        self._sent = self._send()
        return [self._submit(job, number) for number in numbers]

    def _tell_losses(self, known: set[str]) -> None:
        for worker in sorted(known - self._there()):
            self.losses.append(f"The worker {worker} was lost; others did its items.")

    def close(self, *, now: bool) -> None:  # noqa: ARG002 (map has cancelled what was under way)
        """Leave the cluster, which goes on."""
        self._sent = None
        self._client.close()


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        got, remedy = "no dask.distributed here", 'install it: pip install "acsi-sem[cluster]"'
        expected = "what a cluster needs to be installed"
        raise UsageError(Problem("cluster", "", expected, got, remedy)) from error


def check_versions(address: str, found: Mapping[str, Any]) -> None:
    """Refuse workers with other versions than ours.

    Parameters
    ----------
    address : str
        Of the scheduler.
    found : mapping
        What ``Client.get_versions`` says of the client and of each of the workers.

    Raises
    ------
    UsageError
        With every version that differs, worker by worker.

    Examples
    --------
    >>> ours = {"host": {"python": "3.12.1.final.0"}, "packages": {"numpy": "2.4.6"}}
    >>> check_versions("tcp://a:1", {"client": ours, "workers": {"tcp://b:2": ours}})
    """
    ours, remedy = _versions(found["client"]), "install the same versions on every machine"
    problems = [
        Problem(f"cluster {address}", f"worker {worker}", f"{name} {want}", got, remedy)
        for worker, said in sorted(found["workers"].items())
        for name, want in ours.items()
        if (got := _versions(said).get(name) or "none") != want
    ]
    if problems:
        raise UsageError(problems)


def _versions(said: Mapping[str, Any]) -> dict[str, str]:
    """Python's version to the second number, and the packages'."""
    packages = said["packages"]
    found = {name: str(packages[name]) for name in SAME if packages.get(name)}
    return {"python": ".".join(said["host"]["python"].split(".")[:2]), **found}
