"""Who is told how a run went: a log of JSON lines, a command, a web address."""

from __future__ import annotations

import json
import logging
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from acsi_sem.spec.hierarchy import RunSpec

LOG: Final = "log.jsonl"
TIMEOUT: Final = 10.0
"""Seconds after which a web address or a command that is told counts as not reached."""


@dataclass(frozen=True, slots=True)
class Event:
    """How a run of a period ended.

    Attributes
    ----------
    run : str
        Run id.
    study, period : str
    status : str
        ``published``, ``adopted``, ``already published``, ``no data``, ``refused``, ``locked``,
        ``not published``, ``stopped`` or ``failed``.
    exit_code : int
    revision : int
        0 when nothing was published.
    lost : int
        Companies without a result.
    message : str
    """

    run: str
    study: str
    period: str
    status: str
    exit_code: int
    revision: int = 0
    lost: int = 0
    message: str = ""


class _JsonLines(logging.Formatter):
    """One JSON object per line, with the time in UTC."""

    def __init__(self) -> None:
        super().__init__()
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line."""
        moment = self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ")
        content = {
            "time": moment,
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        content |= getattr(record, "fields", {})
        if record.exc_info:
            content["traceback"] = self.formatException(record.exc_info)
        return json.dumps(content, ensure_ascii=False)


class _Appending(logging.FileHandler):
    """A log file whose failure, such as a full disk, does not end what it logs."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line where that is possible; the terminal is told the same."""
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Go on."""

    def close(self) -> None:
        """Close the file; what a full disk kept from it is lost."""
        with suppress(OSError):
            super().close()


@contextmanager
def job_log(root: Path, run: str, *, stderr: bool = False) -> Iterator[logging.Logger]:
    """Open the log of a store for one run.

    The log says when things happened; it is the one file outside the rule that the same inputs
    give the same bytes.

    Parameters
    ----------
    root : Path
        Folder of the store; exists.
    run : str
        Run id, in every line.
    stderr : bool
        Write the lines to standard error too.
    """
    log = logging.Logger(f"acsi_sem.run.{run}")
    handlers: list[logging.Handler] = [_Appending(root / LOG, encoding="utf-8", delay=True)]
    if stderr:
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(_JsonLines())
        log.addHandler(handler)
    try:
        yield log
    finally:
        for handler in handlers:
            handler.close()


def log_event(log: logging.Logger, event: Event, *, traceback: bool = False) -> None:
    """Write an event to the log, with where the error being handled came from if asked."""
    level = logging.INFO if event.exit_code == 0 else logging.ERROR
    text = event.message or event.status
    log.log(level, text, exc_info=traceback, extra={"fields": asdict(event)})


def send_alerts(spec: RunSpec, event: Event, log: logging.Logger) -> tuple[str, ...]:
    """Tell a command and a web address how a run ended.

    Parameters
    ----------
    spec : RunSpec
        Says which.
    event : Event
        Sent as JSON: on the command's standard input, or as the body of a POST.
    log : Logger

    Returns
    -------
    tuple of str
        What could not be told, one sentence each; that never changes how the run ended.
    """
    body = json.dumps(asdict(event)).encode()
    failures = []
    if spec.alert_command:
        failures.append(_tell_command(spec.alert_command, body))
    if spec.alert_webhook:
        failures.append(_tell_address(spec.alert_webhook, body))
    told = tuple(f"the alert was not delivered: {text}" for text in failures if text)
    for text in told:
        log.warning(text, extra={"fields": {"run": event.run, "period": event.period}})
    return told


def _tell_command(command: tuple[str, ...], body: bytes) -> str:
    try:
        done = subprocess.run(
            command, input=body, capture_output=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"{command[0]}: {error}"
    return f"{command[0]} ended with {done.returncode}" if done.returncode else ""


def _tell_address(address: str, body: bytes) -> str:
    # Addresses of chat services hold a secret in their path: only the host is ever shown.
    parts = urlsplit(address)
    shown = f"{parts.scheme}://{parts.hostname}"
    if parts.scheme not in ("http", "https"):
        return f"{shown} is no web address"
    request = urllib.request.Request(
        address, data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT):
            return ""
    except (OSError, ValueError, HTTPException) as error:
        return f"{shown}: {error}"
