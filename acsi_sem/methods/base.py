"""What all methods share: weightings of respondents, intervals, rows, protection of small groups.

A method is a statistic of weights: a function that takes weights (b, m) of some rows and returns
arrays (b, ...). Called with the survey's weights it gives the estimate, with replicate weights the
replicates, so intervals know the design whatever the method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.analysis.values import Fit, Request
from acsi_sem.inference.intervals import (
    Spread,
    bootstrap_normal_spread,
    no_spread,
    percentile_spread,
    structured_spread,
)
from acsi_sem.inference.replicates import draw_sets, no_freedom, weight_chunks
from acsi_sem.inference.sample import Sample, make_sample, row_ranks
from acsi_sem.inference.structured import structured_freedom, structured_plans
from acsi_sem.kernels.moments import Floats
from acsi_sem.methods.logits import logit_spread
from acsi_sem.survey.people import People
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import STRUCTURED, Notice

Ints = NDArray[np.intp]
Fields = Mapping[str, Floats]
Statistic = Callable[[Floats, Ints], Fields]
"""Weights (b, m) of rows (m,) to named arrays (b, ...)."""
Row = dict[str, Any]

FEW: Final = 30
"""Degrees of freedom of a design below which limits are Student's: percentiles of replicates allow
for no scatter of the standard error."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A statistic of one group.

    Attributes
    ----------
    group : str
    values : mapping of field -> ndarray
        The point estimate.
    spreads : mapping of field -> Spread
        Of the field's shape.
    draws : mapping of field -> ndarray, shape (B, ...)
        Usable replicates; empty without any.
    note : str
        Why there are no limits, where there are none.
    failed : int
        Replicates that could not be weighted.
    """

    group: str
    values: Fields
    spreads: Mapping[str, Spread]
    draws: Fields
    note: str = ""
    failed: int = 0


@dataclass(frozen=True)
class Setting:
    """What a method works with.

    Attributes
    ----------
    people : People
        Holds every field that the method names.
    request : Request
        Replicates, seed, level, and the smallest number of answers that is published.
    fit : Fit or None
        The model's fit to the same survey, where there is one.
    language : str
        Of labels.
    folder : str
        Of the study, for files that methods name.
    """

    people: People
    request: Request
    fit: Fit | None = None
    language: str = "en"
    folder: str = "."

    @cached_property
    def sample(self) -> Sample:
        """Who is drawn together with whom."""
        return _sample(self.people)

    @property
    def groups(self) -> tuple[tuple[str, Ints], ...]:
        """Names and row numbers of the groups, `all` first."""
        return self.sample.groups

    def label(self, name: str) -> str:
        """Return a field's label."""
        return self.people.field(name).label.get(self.language)

    def count(self, rows: Ints, answered: NDArray[np.bool_]) -> int:
        """Count the respondents behind those of `rows` (m,) that `answered` (m,)."""
        return round(float(self.people.design.respondents[rows][answered].sum()))

    @property
    def student(self) -> bool:
        """True where limits are Student's, as those of the fit to the same survey."""
        return self.sample.designed or self.request.resampling == "columns"

    def freedom(self, group: str) -> float:
        """Return the degrees of freedom of a group's limits; infinite without a design."""
        if not self.student:
            return math.inf
        return float(structured_freedom(self.sample, self.request.resampling)[group])

    @cached_property
    def failed(self) -> Mapping[str, int]:
        """Replicates that could not be weighted, group by group; only raking may fail."""
        found = dict.fromkeys((name for name, _ in self.groups), 0)
        if self.sample.raking is None:
            return found
        for members, weights, _ in self._weightings():
            for name, at, _ in members:
                found[name] += int((~np.isfinite(weights[:, at]).all(axis=1)).sum())
        return found

    def measure(self, statistic: Statistic, shares: Collection[str] = ()) -> dict[str, Measured]:
        """Compute a statistic and its limits in every group.

        Parameters
        ----------
        statistic : callable
            See `Statistic`. It must not depend on the scale of the weights.
        shares : collection of str
            Fields between 0 and 1 with skewed replicates, whose limits are normal ones of their
            logits (Gini coefficients, shares of an amount).

        Returns
        -------
        mapping of group -> Measured
            Percentile limits; normal ones with structured replicates, where they are asked for, and
            where the design has fewer than `FEW` degrees of freedom.
        """
        points = {name: _point(statistic, self.sample.weights, rows) for name, rows in self.groups}
        draws: dict[str, list[Fields]] = {name: [] for name in points}
        usable: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in points}
        coefficients: dict[str, Floats] = {}
        for members, weights, found in self._weightings():
            for name, at, rows in members:
                own = weights[:, at]
                ok = np.asarray(np.isfinite(own).all(axis=1))
                usable[name].append(ok)
                draws[name].append(statistic(np.where(ok[:, None], own, 1.0), rows))
                coefficients[name] = found
        return {
            name: self._measured(
                name, point, draws[name], usable[name], coefficients.get(name), shares
            )
            for name, point in points.items()
        }

    def _weightings(
        self,
    ) -> Iterator[tuple[list[tuple[str, Ints, Ints]], Floats, Floats]]:
        """Yield (group, places in the weights, rows), replicate weights (b, ...), coefficients."""
        request, sample = self.request, self.sample
        if request.resampling in STRUCTURED:
            for plan in structured_plans(sample, request.resampling, request.fay):
                members = [(n, at, plan.draw.rows[at]) for n, at in plan.draw.members]
                for chunk in plan.chunks:
                    yield members, chunk, plan.coefficients
            return
        if not request.replicates:
            return
        sets = draw_sets(sample)
        every = [(name, rows, rows) for name, rows in sample.groups]
        args = (request.replicates, request.seed, request.study)
        for parts in zip(*(weight_chunks(sample, d, *args) for d in sets), strict=True):
            weights = np.empty((parts[0].shape[0], sample.weights.size))
            for draw, part in zip(sets, parts, strict=True):
                weights[:, draw.rows] = part
            yield every, weights, np.zeros(0)

    def _measured(
        self,
        name: str,
        point: Fields,
        draws: Sequence[Fields],
        usable: Sequence[NDArray[np.bool_]],
        coefficients: Floats | None,
        shares: Collection[str],
    ) -> Measured:
        if not draws:
            spreads = {key: no_spread(value.shape) for key, value in point.items()}
            return Measured(name, point, spreads, {}, "no replicates were asked for")
        ok = np.concatenate(usable)
        joined = {key: np.concatenate([part[key] for part in draws]) for key in point}
        freedom = structured_freedom(self.sample, self.request.resampling)[name]
        note = no_freedom(freedom, self.request.resampling)

        def spread(key: str, value: Floats) -> Spread:
            if note:
                return no_spread(value.shape)
            if key in shares:
                return logit_spread(
                    lambda d, p: self._normal(d, p, ok, coefficients, float(freedom)),
                    joined[key],
                    value,
                )
            return self._spread(joined[key], value, ok, coefficients, float(freedom))

        spreads = {key: spread(key, value) for key, value in point.items()}
        kept = {key: values[ok] for key, values in joined.items()}
        return Measured(name, point, spreads, kept, note, int((~ok).sum()))

    def _spread(
        self,
        draws: Floats,
        point: Floats,
        ok: NDArray[np.bool_],
        coefficients: Floats | None,
        freedom: float,
    ) -> Spread:
        structured = self.request.resampling in STRUCTURED and coefficients is not None
        few = self.student and freedom < FEW
        if structured or few or self.request.interval == "normal":
            return self._normal(draws, point, ok, coefficients, freedom)
        return percentile_spread(draws, ok, self.request.level)

    def _normal(
        self,
        draws: Floats,
        point: Floats,
        ok: NDArray[np.bool_],
        coefficients: Floats | None,
        freedom: float,
    ) -> Spread:
        """Return normal limits, Student's with a design."""
        level, own = self.request.level, freedom if self.student else None
        if self.request.resampling in STRUCTURED and coefficients is not None:
            return structured_spread(draws, point, ok, level, coefficients, own)
        return bootstrap_normal_spread(draws, point, ok, level, own)


def _sample(people: People) -> Sample:
    """Reduce respondents to who is drawn with whom; their answers only number the rows."""
    n = people.values.shape[0]
    blank = Survey(
        people.names,
        people.values,
        np.zeros(len(people.fields)),
        np.ones(len(people.fields)),
        people.design,
        people.source,
        people.groups,
        people.factors,
    )
    ranks = (row_ranks(blank) + 1.0) / n
    only = Survey(
        ("row",),
        ranks[:, None],
        np.zeros(1),
        np.ones(1),
        people.design,
        people.source,
        people.groups,
    )
    return make_sample(only)


def _point(statistic: Statistic, weights: Floats, rows: Ints) -> dict[str, Floats]:
    return {key: value[0] for key, value in statistic(weights[rows][None, :], rows).items()}


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What a method found.

    Attributes
    ----------
    name, kind : str
    rows : tuple of mapping
        Rows of the table `methods`, without the columns `method` and `kind`.
    notices : tuple of Notice
    """

    name: str
    kind: str
    rows: tuple[Row, ...]
    notices: tuple[Notice, ...] = field(default=())


def row(
    measured: Measured,
    key: str,
    at: tuple[int, ...] = (),
    *,
    subject: str = "",
    measure: str,
    n: int,
    level: float,
    category: str = "",
    reading: str = "",
    factor: float = 1.0,
) -> Row:
    """Return one row of the table `methods`.

    Parameters
    ----------
    measured : Measured
    key : str
        Field of the statistic.
    at : tuple of int
        Which element of it.
    subject : str
        What is measured: a question, a dimension; empty for the whole.
    measure : str
        Name of the measure.
    n : int
        Respondents behind it.
    level : float
    category : str
        Which part, where a measure has several.
    reading : str
        What that means, in words.
    factor : float
        The number is the field times this (e.g. 100 for per cent).
    """
    spread = measured.spreads[key]
    value = float(measured.values[key][at])
    return {
        "group": measured.group,
        "subject": subject,
        "measure": measure,
        "category": category,
        "value": factor * value,
        "std_error": abs(factor) * float(spread.std_error[at]),
        "conf_low": factor * float((spread.low if factor > 0 else spread.high)[at]),
        "conf_high": factor * float((spread.high if factor > 0 else spread.low)[at]),
        "conf_level": level,
        "n": n,
        "reading": reading,
        "note": measured.note or spread.note(at),
    }
