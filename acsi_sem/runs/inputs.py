"""What a period of a study is made of: the parts that shape its numbers and pages, as hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

from acsi_sem.spec.hierarchy import Hierarchy, Share
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Study

Inputs = tuple[tuple[str, str], ...]
"""(what, SHA-256 or version) of everything that shapes what a run writes."""
SURVEY: Final = "survey"
"""What the survey file is called among the inputs."""
FULL: Final = "option --full"
_YEAR: Final = 4
_WHERE: Final = ("folder", "file", "sha256")
_WHEN: Final = (
    "store",
    "first",
    "due_after_days",
    "fail_above",
    "alert_command",
    "alert_webhook",
)
"""Keys of the part `run` that say where, when and whether, and shape no number and no page."""


def run_key(inputs: Inputs) -> str:
    """Return the SHA-256 that stands for all inputs of a run.

    Examples
    --------
    >>> run_key((("survey", "ab"), ("model", "cd"))) == run_key((("model", "cd"), ("survey", "ab")))
    True
    """
    return hashlib.sha256(json.dumps(sorted(inputs)).encode()).hexdigest()


def study_sha256(study: Study) -> str:
    """Return a hash of all that a study says about numbers and pages.

    Comments, layout, the store, the alert and the calendar do not count.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    content = asdict(study)
    if study.run is not None:
        content["run"] = {at: value for at, value in content["run"].items() if at not in _WHEN}
    return _digest({name: value for name, value in content.items() if name not in _WHERE})


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def units_sha256(hierarchy: Hierarchy) -> str:
    """Return a hash of the units: names, parents, titles and their order, which tables keep."""
    return _digest([hierarchy.levels, [asdict(unit) for unit in hierarchy.units]])


def shares_sha256(hierarchy: Hierarchy, quarters: Iterable[Period]) -> str:
    """Return a hash of the shares that hold on the last day of some quarters.

    Parameters
    ----------
    hierarchy : Hierarchy
    quarters : iterable of Period
        Those that a run looks at. Rows of others, such as the next year's, do not count.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    found: dict[tuple[str, str, str], list[tuple[Period, Share]]] = {}
    for quarter in sorted(set(quarters)):
        day = quarter.last_day
        for share in hierarchy.shares:
            if share.valid_from <= day <= share.valid_to:
                found.setdefault((share.level, share.unit, share.measure), []).append(
                    (quarter, share)
                )
    return _digest([[*series, _values(own)] for series, own in sorted(found.items())])


def _values(own: list[tuple[Period, Share]]) -> list[list[object]]:
    """Return the values of one unit; an estimate that holds on errs alike in all its quarters."""
    distinct = list(dict.fromkeys(share for _, share in own))
    return [
        [str(quarter), share.value, share.std_error, distinct.index(share) * bool(share.std_error)]
        for quarter, share in own
    ]


def quarters_used(period: Period, window: int, past: Iterable[Period]) -> tuple[Period, ...]:
    """Return the quarters whose shares a period's numbers rest on.

    Its own, its window's, as many a year before, which changes look back on, and every published
    one before it, for what is withheld of rolling indices hangs on all of them.

    Examples
    --------
    >>> [str(found) for found in quarters_used(Period(2026, 1), 1, [Period(2024, 4)])]
    ['2024Q4', '2025Q1', '2025Q2', '2025Q3', '2025Q4', '2026Q1']
    """
    near = {period.back(back) for back in range(window + _YEAR)}
    return tuple(sorted({*near, *(before for before in past if before < period)}))
