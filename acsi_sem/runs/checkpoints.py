"""What an unfinished run has computed already, task by task."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from acsi_sem.runs.crashes import crash_point
from acsi_sem.runs.durable import store_errors
from acsi_sem.runs.store import Store
from acsi_sem.spec.periods import Period


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Results of finished tasks of one run key.

    A file holds the SHA-256 of what follows it, so a damaged one counts as none. That is also why
    they are not flushed to the disk one by one: a power cut may cost work, never a wrong number.

    Attributes
    ----------
    store : Store
    period : Period
    key : str
        Run key; results of other inputs are never seen.
    """

    store: Store
    period: Period
    key: str

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self.store.work(self.period) / self.key

    def get(self, task: str) -> bytes | None:
        """Return what a task saved; None when it has not, or not wholly.

        Parameters
        ----------
        task : str
            Any text, such as a company's name.
        """
        try:
            content = self._path(task).read_bytes()
        except FileNotFoundError:
            return None
        digest, data = content[:64], content[64:]
        return data if hashlib.sha256(data).hexdigest().encode() == digest else None

    def save(self, task: str, data: bytes) -> None:
        """Keep the result of a task.

        Raises
        ------
        UsageError
            If it cannot be written, such as for a full disk.
        """
        path = self._path(task)
        with store_errors(self.store.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_suffix(".new")
            aside.write_bytes(hashlib.sha256(data).hexdigest().encode() + data)
            crash_point("checkpoint-written")
            aside.replace(path)
        crash_point("checkpoint-kept")

    def _path(self, task: str) -> Path:
        # Names of companies may be anything; a hash is a file name on every system.
        return self.folder / hashlib.sha256(task.encode()).hexdigest()


def remove_work(store: Store, period: Period) -> None:
    """Remove what runs of a period kept, once it is published; also of other inputs.

    Raises
    ------
    UsageError
        If it cannot be removed; the period is published all the same.
    """
    with store_errors(store.root):
        if store.work(period).exists():
            shutil.rmtree(store.work(period))
    crash_point("work-removed")


def remove_finished(store: Store) -> None:
    """Remove what runs kept that were ended after they had published.

    Raises
    ------
    DataError
        If the store was damaged.
    UsageError
        If it cannot be removed.
    """
    for period in store.published():
        current = store.current(period)
        if current is not None and Checkpoints(store, period, current.run_key).folder.exists():
            with store_errors(store.root):
                shutil.rmtree(store.work(period))
