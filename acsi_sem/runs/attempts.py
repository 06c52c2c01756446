"""One item of work: a task tried, its failure sent home, and what it is called there."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Final, Generic, TypeVar

from threadpoolctl import threadpool_limits

from acsi_sem.errors import AcsiError, Problem

T = TypeVar("T")
R = TypeVar("R")

RETRIES: Final = 3
"""How often an item is tried again after its worker died."""


class LostWorkError(AcsiError):
    """An item that no worker survived, or a cluster that lost all its workers."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The object that every task is given first."""

    value: object


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong in a task, fit to be sent to another process.

    Attributes
    ----------
    error : BaseException or None
        None where it cannot be sent.
    kind : type or None
        The class of an `AcsiError`, which is sent as its `problems`.
    text, trace : str
        What it said, and where it was raised.
    """

    error: BaseException | None
    kind: type[AcsiError] | None
    problems: tuple[Problem, ...]
    text: str
    trace: str


def attempt(task: Callable[..., R], shared: Shared | None, item: object) -> R | Failure:
    """Carry out a task, and say what went wrong instead of raising it.

    An exception that does not survive pickling would take its process pool down with it.

    Parameters
    ----------
    task : callable
    shared : Shared or None
        With None the task is given the item alone.
    item : object

    Returns
    -------
    object or Failure
        What the task returned, or why it did not.
    """
    try:
        return task(item) if shared is None else task(shared.value, item)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        text, trace = f"{type(error).__name__}: {error}", traceback.format_exc()
        if isinstance(error, AcsiError):
            return Failure(None, type(error), error.problems, text, trace)
        return Failure(error if _survives(error) else None, None, (), text, trace)


def _survives(error: BaseException) -> bool:
    try:
        return type(pickle.loads(pickle.dumps(error))) is type(error)
    except Exception:
        return False


@dataclass(frozen=True, slots=True)
class Places(Generic[T]):
    """What items are called."""

    items: Sequence[T]
    name: Callable[[T], str] | None = None

    def __getitem__(self, number: int) -> str:
        item = self.items[number]
        text = str(item) if self.name is None else self.name(item)
        short = text if len(text) <= 80 else f"{text[:77]}..."
        return f"item {number + 1} of {len(self.items)} ({short})"

    def check_tries(self, number: int, deaths: int) -> None:
        """Raise LostWorkError when an item's worker has died too often."""
        if deaths > RETRIES:
            got = f"its worker dying {deaths} times"
            remedy = "if memory ran out, use fewer workers; else run it alone and see what it does"
            raise LostWorkError(Problem(self[number], "", "a result", got, remedy))


def unwrap(outcome: R | Failure, places: Places[T], number: int) -> R:
    """Return the result of an item; or raise what the task raised, naming the item.

    Parameters
    ----------
    outcome : object or Failure
        What `attempt` returned.
    places : Places
    number : int
        Of the item.

    Raises
    ------
    AcsiError
        Of the class that the task raised, with the item before the place of each problem.
    BaseException
        Any other that the task raised, with the item and where it was raised as a note; a
        RuntimeError with its text where it could not be sent.
    """
    if not isinstance(outcome, Failure):
        return outcome
    place = places[number]
    if outcome.kind is not None:
        named = (
            replace(problem, where=": ".join(part for part in (place, problem.where) if part))
            for problem in outcome.problems
        )
        raise outcome.kind(named)
    error = outcome.error or RuntimeError(outcome.text)
    error.add_note(f"raised for {place}\n{outcome.trace}")
    raise error


def pin_threads() -> threadpool_limits:
    """Limit BLAS to one thread in this process: more give other last bits, and get in the way.

    Returns
    -------
    threadpool_limits
        Used as a context it lifts the limit at the end; otherwise the limit stays.
    """
    import_module("scipy.linalg")  # only libraries that are loaded can be limited
    return threadpool_limits(limits=1)
