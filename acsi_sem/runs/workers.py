"""Mapping a task over items: in this process, in several, or on a dask cluster.

What comes out does not depend on where it was computed: a task is a function of the shared object
and its item alone, BLAS runs on one thread everywhere, and results stand in the order of the items.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal, Protocol, TypeVar, cast

from acsi_sem.errors import Problem, UsageError
from acsi_sem.runs.attempts import Places, Shared, attempt, pin_threads, unwrap
from acsi_sem.runs.process_workers import ProcessWorkers

T = TypeVar("T")
R = TypeVar("R")


class Workers(Protocol):
    """Something that maps.

    Attributes
    ----------
    losses : list of str
        A sentence for each worker that was lost on the way. Its items were done again.
    """

    losses: list[str]

    def map(
        self,
        task: Callable[..., R],
        items: Sequence[T],
        *,
        done: Callable[[int, R], None] | None = None,
        name: Callable[[T], str] | None = None,
    ) -> list[R]:
        """Carry out the task for every item.

        Parameters
        ----------
        task : callable
            ``task(item)``, or ``task(shared, item)`` where a shared object was given. With more
            than one process a function of a module, since it is sent to others by name.
        items : sequence
        done : callable, optional
            Called in this process as ``done(number, result)`` once per item, as results come in.
        name : callable, optional
            What to call an item in errors; by default its text.

        Returns
        -------
        list
            Results in the order of the items.

        Raises
        ------
        LostWorkError
            If an item's worker dies more than `RETRIES` + 1 times.
        Exception
            What a task raised, with the item named: in the problems of an `AcsiError`, in a note
            on others. The remaining items are dropped.
        """
        ...


def count_workers(count: int | Literal["auto"]) -> int:
    """Return the number of processes: "auto" means as many as there are cores for this one.

    Raises
    ------
    UsageError
        If it is not a whole number of at least 1.
    """
    if count == "auto":
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise UsageError(Problem("workers", "", "a whole number from 1, or auto", repr(count)))
    return count


@contextmanager
def open_workers(
    count: int | Literal["auto"] = 1, cluster: str = "", *, shared: object = None
) -> Iterator[Workers]:
    """Make workers ready, and leave none behind.

    Parameters
    ----------
    count : int or "auto"
        Processes on this machine; 1 is this process itself.
    cluster : str
        Address of a dask scheduler (``tcp://host:port``), whose workers are used instead.
    shared : object, optional
        Given to every task as its first argument, and sent to a worker only once. With None,
        tasks get the item alone.

    Yields
    ------
    Workers

    Raises
    ------
    UsageError
        If the count is no count, or the cluster cannot be used.

    Examples
    --------
    >>> with open_workers(shared=10) as workers:
    ...     workers.map(lambda base, item: base + item, [1, 2])
    [11, 12]
    """
    number = count_workers(count)
    given = None if shared is None else Shared(shared)
    workers: _Closing
    if cluster:
        if count not in (1, "auto"):
            got = f"{count} processes and the cluster {cluster}"
            raise UsageError(Problem("workers", "", "processes here or a cluster", got))
        home = import_module("acsi_sem.runs.dask_workers")  # dask is an extra
        workers = cast("_Closing", home.DaskWorkers(cluster, given))
    else:
        workers = _Here(given) if number == 1 else ProcessWorkers(number, given)
    try:
        yield workers
    except BaseException:
        workers.close(now=True)
        raise
    workers.close(now=False)


class _Closing(Workers, Protocol):
    def close(self, *, now: bool) -> None: ...


@dataclass(slots=True)
class _Here:
    """This process."""

    shared: Shared | None
    losses: list[str] = field(default_factory=list)

    def map(
        self,
        task: Callable[..., R],
        items: Sequence[T],
        *,
        done: Callable[[int, R], None] | None = None,
        name: Callable[[T], str] | None = None,
    ) -> list[R]:
        places, results = Places(items, name), []
        with pin_threads():
            for number, item in enumerate(items):
                result = unwrap(attempt(task, self.shared, item), places, number)
                results.append(result)
                if done is not None:
                    done(number, result)
        return results

    def close(self, *, now: bool) -> None:
        """Nothing to close."""
