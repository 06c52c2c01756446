"""The intervals that a request asks for, engine by engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.analysis.values import Request
from acsi_sem.estimators.structural import Structural
from acsi_sem.inference.influence import Fields, make_tangent
from acsi_sem.inference.linearised import linearise
from acsi_sem.inference.replicates import Replicates
from acsi_sem.inference.sample import Sample
from acsi_sem.inference.spreader import PERCENTILE, PLS_FIELDS, Spreader, structural_fields
from acsi_sem.inference.studentised import factor_chunks, studentise
from acsi_sem.kernels.moments import Floats
from acsi_sem.terms import STRUCTURED

SCORE_FIELDS: Final = ("index_weights", "index", "direct", "indirect", "specific", "total")
IPMA_FIELDS: Final = ("importance", "performance", "item_importance", "item_performance")
CORE_FIELDS: Final = (*PLS_FIELDS, *SCORE_FIELDS, *IPMA_FIELDS)
"""What studentised limits are made for: everything of PLS but the criteria of its panel."""

FieldsOf = Callable[[Floats], Fields]
"""Sums of rows (B, k) to named estimates (B, ...)."""


def se_kind(request: Request) -> str:
    """Return how standard errors are made, as the tables say it."""
    return "linearised" if request.interval == "linearised" else request.resampling


def no_draws() -> NDArray[np.bool_]:
    """Return which of no replicates may be used."""
    return np.zeros(0, dtype=bool)


def make_spreader(
    fields: FieldsOf,
    sample: Sample,
    group: str,
    request: Request,
    replicates: Replicates | None,
    studentised: Sequence[str] = (),
    kinked: Fields | None = None,
) -> Spreader:
    """Make what turns replicates, or influence alone, into limits for one engine and group.

    Parameters
    ----------
    fields : callable
        The engine's estimates; differentiated for BCa, studentised and linearised limits.
    sample : Sample
    group : str
    request : Request
    replicates : Replicates or None
        None without replicates.
    studentised : sequence of str
        The fields that studentised limits are made for.
    kinked : mapping of field -> ndarray, optional
        Estimates that are at a kink although differences show none, as weights held at zero.
    """
    interval = request.interval
    kinks = {name: np.ones(values.shape, dtype=bool) for name, values in (kinked or {}).items()}
    if interval == "linearised":
        return Spreader(linearised=linearise(fields, sample, group, kinks))
    if replicates is None or interval == "percentile":
        return PERCENTILE
    if interval == "bca":
        tangent = make_tangent(fields, sample, group)
        lost = {name: np.full(found.shape, np.nan) for name, found in kinks.items()}
        return Spreader(replace(tangent, accelerations={**tangent.accelerations, **lost}))
    if interval == "studentized":
        chunks = factor_chunks(sample, group, request.replicates, request.seed, request.study)
        local = linearise(fields, sample, group, kinks)
        made = studentise(fields, local, group, chunks, studentised)
        return Spreader(studentised=made)
    freedom = None
    if sample.designed or request.resampling == "columns":
        freedom = float(replicates.freedom[group])
    if request.resampling in STRUCTURED:
        return Spreader(coefficients=replicates.coefficients[group], freedom=freedom)
    return Spreader(normal=True, freedom=freedom)


def structural_of(
    estimate: Callable[[Floats], Structural],
) -> FieldsOf:
    """Return an engine's scores by name, from what gives its scores."""

    def fields(sums: Floats) -> Fields:
        return structural_fields(estimate(sums))

    return fields
