"""What every step of one estimation shares, and the moments it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.analysis.covariance_runs import GroupWork
from acsi_sem.analysis.values import Request
from acsi_sem.inference.replicates import Replicates, design_freedom, draw_replicates, no_freedom
from acsi_sem.inference.sample import Sample, group_moments, make_sample, respondents
from acsi_sem.inference.structured import structured_replicates
from acsi_sem.kernels.moments import Moments
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import ALL, STRUCTURED

Progress = Callable[[str, int, int], None]
"""Told a stage, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Work:
    """One estimation.

    Attributes
    ----------
    moments : Moments
        Of every group, in the order of ``sample.groups``.
    answered : ndarray of bool, shape (n, q)
        Rows with an answer to each construct.
    replicates : Replicates or None
    freedom : mapping group -> int
        Degrees of freedom of the design; empty where nothing makes intervals.
    """

    model: Model
    survey: Survey
    request: Request
    sample: Sample
    moments: Moments
    answered: NDArray[np.bool_]
    replicates: Replicates | None
    freedom: Mapping[str, int]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the groups, `all` first."""
        return tuple(name for name, _ in self.sample.groups)

    def complete(self, group: str) -> float:
        """Return the respondents with every answer."""
        rows = self.sample.rows_of(group)
        return respondents(self.sample, rows, self.survey.complete[rows])

    def used(self, group: str) -> float:
        """Return the respondents that the moments rest on, by the rule for missing answers."""
        if self.request.missing not in ("mean", "em"):
            return self.complete(group)
        rows = self.sample.rows_of(group)
        some: NDArray[np.bool_] = np.asarray(self.answered[rows].any(axis=1))
        return respondents(self.sample, rows, some)

    def withheld(self, group: str) -> str:
        """Return why a group has no standard errors, if the design gives it none."""
        if self.replicates is not None:
            return self.replicates.withheld(group)
        return no_freedom(self.freedom[group]) if self.freedom else ""

    def draws(self, group: str) -> Moments | None:
        """Return the replicate moments of a group."""
        if self.replicates is None:
            return None
        return self.replicates.moments[group]

    def group(self, name: str, *, replicated: bool = True) -> GroupWork:
        """Return one group's part."""
        return GroupWork(
            self.model,
            self.sample,
            self.request,
            name,
            self.moments,
            self.names.index(name),
            self.complete(name),
            self.draws(name) if replicated else None,
            self.withheld(name),
            self.replicates if replicated else None,
        )

    def parts(self) -> list[GroupWork]:
        """Return the groups without `all`."""
        return [self.group(name, replicated=False) for name in self.names if name != ALL]


def prepare(model: Model, survey: Survey, request: Request, progress: Progress) -> Work:
    """Reduce the survey to moments and draw the replicates that the engines need."""
    sample = make_sample(survey, request.missing, whole=request.whole)
    seen = ~np.isnan(survey.values)
    starts = np.flatnonzero(np.diff(blocks(model), prepend=-1))
    answered = np.logical_or.reduceat(seen, starts, axis=1)
    replicates = None
    resampled = request.missing != "fiml" and set(request.engines) != {"ordinal"}
    if request.resampled and resampled:
        replicates = _draw(survey, sample, request, progress)
    freedom: Mapping[str, int] = {}
    if replicates is not None:
        freedom = replicates.freedom
    elif request.interval == "linearised":
        freedom = design_freedom(sample)
    moments = group_moments(sample)
    return Work(model, survey, request, sample, moments, answered, replicates, freedom)


def _draw(survey: Survey, sample: Sample, request: Request, progress: Progress) -> Replicates:
    structured = request.resampling in STRUCTURED
    total = 0 if structured else request.replicates * survey.values.shape[0]
    done = 0

    def count(step: int) -> None:
        nonlocal done
        done += step
        progress(f"{request.resampling} replicates", done, max(total, done))

    factors = {part.column: (part.codes, len(part.categories)) for part in survey.factors}
    if structured:
        return structured_replicates(sample, factors, request.resampling, request.fay, count)
    return draw_replicates(
        sample,
        factors,
        replicates=request.replicates,
        seed=request.seed,
        study=request.study,
        progress=count,
    )
