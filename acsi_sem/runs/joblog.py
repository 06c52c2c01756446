"""Who is told how a run went: a log of JSON lines, a command, a web address."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from acsi_sem.spec.hierarchy import RunSpec

LOG: Final = "log.jsonl"
BEGIN: Final = "begin"
"""The message of the first line of a run of a period."""
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
    lost_units : tuple of str
        The first of them and why, a phrase each.
    warnings : int
    summary : tuple of str
        What the work came to, a line each.
    """

    run: str
    study: str
    period: str
    status: str
    exit_code: int
    revision: int = 0
    lost: int = 0
    message: str = ""
    lost_units: tuple[str, ...] = ()
    warnings: int = 0
    summary: tuple[str, ...] = ()


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
        # A session of its own, so that what the command started can be ended with it; no pipes
        # but the input, for a child that lives on would keep them open.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"{command[0]}: {error}"
    try:
        process.communicate(body, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"{command[0]} was ended after {TIMEOUT:g} seconds"
    except OSError as error:
        return f"{command[0]}: {error}"
    finally:
        if process.poll() is None:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return f"{command[0]} ended with {process.returncode}" if process.returncode else ""


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


def last_lines(root: Path) -> dict[str, dict[str, Any]]:
    """Return the last line of the log about each period; lines that a crash cut are passed over.

    Runs that only found the store locked say nothing of it.

    Parameters
    ----------
    root : Path
        Folder of the store.
    """
    runs: dict[tuple[str, str], dict[str, Any]] = {}
    for line in _lines(root / LOG):
        if line.get("message") == BEGIN or "status" in line:
            key = str(line.get("period")), str(line.get("run"))
            runs.pop(key, None)
            runs[key] = line
    return {period: line for (period, _), line in runs.items() if line.get("status") != "locked"}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        with suppress(ValueError):
            content = json.loads(line)
            if isinstance(content, dict):
                yield content
