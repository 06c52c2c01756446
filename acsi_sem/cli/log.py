"""The log of a run: when, where, how long. It is the one file that differs between equal runs."""

from __future__ import annotations

import json
import platform
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acsi_sem.analysis.pipeline import Progress

LOG = "run.log.json"


class RunLog:
    """Stop-watch of a command, stage by stage."""

    def __init__(self) -> None:
        self._started = datetime.now(UTC)
        self._begin = time.perf_counter()
        self._stages: dict[str, list[float]] = {}

    def timing(self, progress: Progress) -> Progress:
        """Return a progress function that also notes when each stage began and last moved."""

        def noted(stage: str, done: int, total: int) -> None:
            now = time.perf_counter() - self._begin
            self._stages.setdefault(stage, [now, now])[1] = now
            progress(stage, done, total)

        return noted

    def split(self) -> str:
        """Return how long each stage took, in the order that they began."""
        ends = [(name, last - first) for name, (first, last) in self._stages.items()]
        return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in ends if seconds >= 0.05)

    def write(self, folder: Path) -> None:
        """Write the log beside the tables.

        Raises
        ------
        UsageError
            If it cannot be written; the tables stand.
        """
        from acsi_sem.runs.folder import write_folder

        content = {
            "run": uuid.uuid4().hex,
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - self._begin, 3),
            "stages": {
                name: {"from": round(first, 3), "to": round(last, 3)}
                for name, (first, last) in self._stages.items()
            },
            "host": platform.node(),
            "machine": platform.machine(),
        }
        text = json.dumps(content, indent=2) + "\n"
        write_folder(folder, {LOG: text.encode()}, LOG)
