"""Named points of a run at which a test, or a fault campaign, may end it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

CRASH_AT: Final = "ACSI_SEM_CRASH_AT"
"""Environment variable that names the point at which the process kills itself."""
POINTS: Final = (
    "locked",
    "cleaned",
    "checkpoint-written",
    "checkpoint-kept",
    "produced",
    "file-written",
    "files-written",
    "manifest-written",
    "revision-moved",
    "current-written",
    "current-moved",
    "work-removed",
)
"""Every point, in the order that a run of one period passes them."""

_hooks: list[Callable[[str], None]] = []


def crash_point(name: str) -> None:
    """Pass a point: nothing happens unless a crash is asked for.

    Parameters
    ----------
    name : str
        One of `POINTS`.
    """
    if os.environ.get(CRASH_AT) == name:
        os.kill(os.getpid(), signal.SIGKILL)
    for hook in _hooks:
        hook(name)


@contextmanager
def crash_hook(hook: Callable[[str], None]) -> Iterator[None]:
    """Call a function with the name of every point that is passed.

    Parameters
    ----------
    hook : callable
        May raise; a crash is best played by a subclass of `BaseException`, which no handler of
        errors takes for one.
    """
    _hooks.append(hook)
    try:
        yield
    finally:
        _hooks.remove(hook)
