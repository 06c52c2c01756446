"""How a run of a period ended, as those who are told see it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from acsi_sem.errors import AcsiError
from acsi_sem.runs.joblog import Event, log_event, send_alerts
from acsi_sem.runs.locking import LockedError
from acsi_sem.runs.scheduled import NotPublishedError, Outcome, Produced, RefusedError
from acsi_sem.spec.hierarchy import RunSpec

Told = Callable[[str], None]
_STATUS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (LockedError, "locked"),
    (RefusedError, "refused"),
    (NotPublishedError, "not published"),
    (Exception, "failed"),
    (BaseException, "stopped"),
)
_ALERTED: Final = ("published", "adopted", "refused", "not published", "failed", "stopped")
_LISTED: Final = 20
"""Lost companies that an alert names."""


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end, as by a system that shuts down."""

    exit_code = 143


def tell_failure(
    spec: RunSpec, event: Event, error: BaseException, log: logging.Logger, told: Told
) -> None:
    """Log how a run failed and send the alerts; a traceback goes with what is not foreseen.

    Parameters
    ----------
    spec : RunSpec
    event : Event
        Names run, study and period; the rest is filled from `error`.
    error : BaseException
        Being handled.
    log : Logger
    told : callable
        Given what could not be delivered.
    """
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    code = getattr(error, "exit_code", 1 if status == "failed" else 130)
    event = replace(event, status=status, exit_code=code, message=str(error) or status)
    if isinstance(error, NotPublishedError):
        event = _with_counts(event, error.produced)
    _tell(spec, event, log, told, not (isinstance(error, AcsiError) or status == "stopped"))


def tell_outcome(
    spec: RunSpec, event: Event, outcome: Outcome, log: logging.Logger, told: Told
) -> None:
    """Log how a run ended well, and send the alerts; parameters as of `tell_failure`."""
    filled = replace(
        event, status=outcome.status, revision=outcome.revision, message=outcome.status
    )
    _tell(spec, _with_counts(filled, outcome), log, told, unexpected=False)


def _with_counts(event: Event, found: Produced | Outcome) -> Event:
    return replace(
        event,
        lost=found.lost,
        lost_units=found.lost_units[:_LISTED],
        warnings=found.warnings,
        summary=found.summary,
    )


def _tell(spec: RunSpec, event: Event, log: logging.Logger, told: Told, unexpected: bool) -> None:
    log_event(log, event, traceback=unexpected)
    if event.status in _ALERTED:
        for text in send_alerts(spec, event, log):
            told(text)
