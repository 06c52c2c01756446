"""Every method of a study, carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Final

import pandas as pd

from acsi_sem.methods.base import FEW, MethodResult, Setting
from acsi_sem.methods.protection import protect
from acsi_sem.spec.methods.base import Method
from acsi_sem.survey.survey import MissingCount
from acsi_sem.tables.schema import METHODS, make_table
from acsi_sem.terms import STRUCTURED, Notice

OTHER_LIMITS: Final = ("bca", "studentized", "linearised")


@dataclass(frozen=True, slots=True)
class MethodResults:
    """What the methods of a study found.

    Attributes
    ----------
    methods : tuple of Method
        As they were asked for.
    results : tuple of MethodResult
        One each, small groups withheld.
    missing : tuple of MissingCount
        Answers that the fields which methods read lack, by code.
    failed : tuple of (group, replicates)
        Replicates that could not be weighted, where there are any.
    """

    methods: tuple[Method, ...]
    results: tuple[MethodResult, ...]
    missing: tuple[MissingCount, ...] = ()
    failed: tuple[tuple[str, int], ...] = ()

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Every notice of every method, and replicates that could not be weighted."""
        told = tuple(notice for result in self.results for notice in result.notices)
        lost = tuple(
            Notice(
                "method_replicates",
                f"{count} replicates could not be raked and are left out of methods' limits.",
                group,
            )
            for group, count in self.failed
        )
        return (*told, *lost)

    def tidy(self) -> pd.DataFrame:
        """Return the table `methods`."""
        return make_table(
            METHODS,
            (
                {"method": result.name, "kind": result.kind, **row}
                for result in self.results
                for row in result.rows
            ),
        )


NO_METHODS: Final = MethodResults((), ())


def runner(kind: str) -> Callable[[Any, Setting], MethodResult]:
    """Return the function that carries out a kind of method."""
    run: Callable[[Any, Setting], MethodResult] = import_module(f"acsi_sem.methods.{kind}").run
    return run


def _silent(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


def run_methods(
    methods: Sequence[Method],
    setting: Setting,
    progress: Callable[[str, int, int], None] = _silent,
) -> MethodResults:
    """Carry out methods on one survey.

    Parameters
    ----------
    methods : sequence of Method
    setting : Setting
        Its respondents hold every field that the methods name.
    progress : callable
        Told a stage, how much of it is done, and how much there is.

    Raises
    ------
    UsageError, DataError
        If a method cannot be carried out on these answers.
    """
    results = []
    for at, method in enumerate(methods):
        progress("methods", at, len(methods))
        found = runner(method.kind)(method, setting)
        rows = protect(found.rows, setting.request.minimum_rows)
        told = (*found.notices, *_limits_told(method, setting))
        results.append(replace(found, rows=rows, notices=told))
    progress("methods", len(methods), len(methods))
    failed = tuple((name, count) for name, count in setting.failed.items() if count)
    return MethodResults(tuple(methods), tuple(results), setting.people.missing, failed)


def _limits_told(method: Method, setting: Setting) -> Iterator[Notice]:
    """Tell when methods have other limits than the model."""
    request = setting.request
    few = [name for name, _ in setting.groups if setting.freedom(name) < FEW]
    if request.resampling not in STRUCTURED and request.interval == "percentile" and few:
        message = (
            f"The design has fewer than {FEW} degrees of freedom in {', '.join(few[:5])}"
            f"{' ...' if len(few) > 5 else ''}: limits of methods are Student's there, not "
            "percentiles."
        )
        yield Notice("method_limits", message, subject=method.name)
    if request.resampling not in STRUCTURED and request.interval in OTHER_LIMITS:
        message = (
            f"Limits of methods are percentiles of replicates, not {request.interval}, which "
            "needs an estimate that is smooth in moments."
        )
        yield Notice("method_limits", message, subject=method.name)
