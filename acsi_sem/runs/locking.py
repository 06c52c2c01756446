"""One run at a time: a lock on the store that dies with its process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from acsi_sem.errors import AcsiError, Problem
from acsi_sem.runs.durable import store_errors

LOCK: Final = "LOCK"
HOLDER: Final = "LOCK.json"
_PATIENCE: Final = 0.5
"""Seconds; `lock_is_held` takes the lock for a moment, which is no other run."""


class LockedError(AcsiError):
    """Another run has the store."""

    exit_code = 6


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a lock.

    Attributes
    ----------
    run : str
        Run id.
    pid : int
        Process.
    host : str
        Machine.
    since : str
        When it was taken, ISO 8601.
    """

    run: str
    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since} (run {self.run})"


@contextmanager
def store_lock(root: Path, holder: Holder) -> Iterator[None]:
    """Hold the lock of a store, or fail after half a second.

    The lock is the operating system's: it is gone when the process is, however that ended, and
    worker processes that outlive it do not hold it. The file beside it only says who has it.

    Parameters
    ----------
    root : Path
        Folder of the store; exists.
    holder : Holder
        Who takes it.

    Raises
    ------
    LockedError
        Exit code 6, with who has it.
    UsageError
        If the store cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(root / LOCK, timeout=_PATIENCE)
    try:
        lock.acquire()
    except Timeout:
        other = read_holder(root)
        got = f"one that is held by {other}" if other else "one that another process holds"
        remedy = "wait for it to end; the lock ends with its process"
        raise LockedError(Problem(str(root), LOCK, "a free lock", got, remedy)) from None
    except OSError as error:  # after Timeout, which is one
        with store_errors(root):
            raise error
    except NotImplementedError as error:  # a file system without locks
        with store_errors(root):
            raise OSError(str(error)) from error
    try:
        with suppress(OSError):  # a full disk must not keep a run from saying so
            (root / HOLDER).write_text(json.dumps(asdict(holder)) + "\n", encoding="utf-8")
        yield
    finally:
        # First the note, then the lock: the other way round could remove the next holder's.
        with suppress(OSError):
            (root / HOLDER).unlink(missing_ok=True)
        lock.release()


def read_holder(root: Path) -> Holder | None:
    """Return who took the lock last and has not given it back; None when nobody.

    A run that was killed leaves its name behind, so this alone does not say that it still runs.
    """
    try:
        return Holder(**json.loads((root / HOLDER).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def lock_is_held(root: Path) -> bool | None:
    """Say whether a run is under way; None when that cannot be told.

    The lock is taken for a moment to see, so only ask when there is a reason to.

    Parameters
    ----------
    root : Path
        Folder of the store; exists.
    """
    from filelock import FileLock, Timeout

    try:
        with FileLock(root / LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return None
