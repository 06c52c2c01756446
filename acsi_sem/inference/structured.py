"""Structured replicates: jackknife, balanced half-samples, weights that came with the survey.

Their variance is a sum of squared deviations from the point estimate with fixed coefficients, so
every replicate counts and percentiles mean nothing. Units are those of the bootstrap
(`acsi_sem.inference.replicates.draw_sets`): where it draws within groups, so do these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.errors import Problem, UsageError
from acsi_sem.inference.replicates import (
    CHUNK,
    DrawSet,
    Factors,
    Gathered,
    Progress,
    Replicates,
    design_freedom,
    draw_sets,
    row_weights,
)
from acsi_sem.inference.sample import Ints, Sample
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.replicate_designs import (
    brr_factors,
    column_coefficients,
    jackknife_coefficients,
    jackknife_factors,
    jackknife_units,
)
from acsi_sem.terms import ALL, Resampling

MOST_UNITS: Final = 20_000
"""Units beyond which leaving out one at a time is refused: time grows with their square."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Row weights of a draw set chunk by chunk, and the coefficients of their replicates."""

    draw: DrawSet
    chunks: Iterator[Floats]
    coefficients: Floats


def structured_replicates(
    sample: Sample, factors: Factors, kind: Resampling, fay: float, progress: Progress
) -> Replicates:
    """Make the replicates of every group.

    Parameters
    ----------
    sample : Sample
    factors : mapping
        As of `acsi_sem.inference.replicates.draw_replicates`.
    kind : {"jackknife", "brr", "fay", "columns"}
    fay : float
        Fay's factor, for ``fay``.
    progress : callable

    Raises
    ------
    UsageError
        If the design does not allow the kind: strata without exactly two units for half-samples,
        too many units for a jackknife, coefficients that the columns do not tell.
    """
    gathered = Gathered(sample, factors, adding=False)
    coefficients: dict[str, Floats] = {}
    for plan in structured_plans(sample, kind, fay):
        start = 0
        for weights in plan.chunks:
            gathered.add(plan.draw, weights, start, plan.coefficients.size)
            start += weights.shape[0]
            progress(weights.shape[0] * plan.draw.rows.size)
        coefficients |= {name: plan.coefficients for name, _ in plan.draw.members}
    return Replicates(
        gathered.moments(),
        gathered.cell_sums(),
        structured_freedom(sample, kind),
        kind,
        coefficients,
    )


def structured_plans(sample: Sample, kind: Resampling, fay: float) -> Iterator[Plan]:
    """Return the row weights of every draw set, with their coefficients; `all` among its members.

    Parameters and errors are those of `structured_replicates`.
    """
    return _column_plans(sample) if kind == "columns" else _unit_plans(sample, kind, fay)


def structured_freedom(sample: Sample, kind: Resampling) -> dict[str, int]:
    """Return every group's degrees of freedom; with given columns, how far these differ."""
    if kind != "columns" or sample.columns is None:
        return design_freedom(sample)
    return {name: _rank(sample.columns.weights[:, rows]) - 1 for name, rows in sample.groups}


def _rank(weights: Floats) -> int:
    """Return how many of the replicates (R, m) differ in substance."""
    return int(np.linalg.matrix_rank(weights @ weights.T, hermitian=True))


def _column_plans(sample: Sample) -> Iterator[Plan]:
    columns = sample.columns
    assert columns is not None  # checked with the request
    count = columns.weights.shape[0]
    try:
        found = column_coefficients(columns.method, count, scale=columns.scale, fay=columns.fay)
    except ValueError as error:
        raise _refused(str(error)) from error
    every = np.arange(sample.weights.size)
    yield Plan(DrawSet(ALL, every, sample.groups), _columns(sample, columns.weights), found)


def _columns(sample: Sample, weights: Floats) -> Iterator[Floats]:
    for start in range(0, weights.shape[0], CHUNK):
        part = weights[start : start + CHUNK]
        if sample.raking is None:
            yield part
        else:
            raked, met = sample.raking.rerake(part)
            yield np.where(met[:, None], raked, np.nan)


def _unit_plans(sample: Sample, kind: Resampling, fay: float) -> Iterator[Plan]:
    """Plan each group by itself and `all` beside them, or all at once where units are shared."""
    sets, every = draw_sets(sample), np.arange(sample.weights.size)
    if sample.apart:
        yield from (_unit_plan(sample, draw, draw, kind, fay) for draw in sets)
        return
    whole = DrawSet(ALL, every, sample.parts, apart=len(sets) > 1 or sets[0].apart)
    if sets[0].rows.size == every.size:
        yield _unit_plan(sample, whole, DrawSet(ALL, every, sample.groups), kind, fay)
        return
    for draw in sets:
        yield _unit_plan(sample, draw, draw, kind, fay)
    yield _unit_plan(sample, whole, DrawSet(ALL, every, ((ALL, every),)), kind, fay)


def _unit_plan(sample: Sample, drawn: DrawSet, told: DrawSet, kind: Resampling, fay: float) -> Plan:
    first, unit, strata = drawn.units(sample)
    if kind in ("brr", "fay"):
        factor = fay if kind == "fay" else 0.0
        try:
            factors = brr_factors(strata, factor)
        except ValueError as error:
            raise _refused(f"{error}, in {drawn.key}") from error
        made: Iterator[Floats] = (factors[at : at + CHUNK] for at in range(0, len(factors), CHUNK))
        coefficients = column_coefficients(kind, len(factors), fay=factor)
    else:
        made, coefficients = _jackknife(sample, drawn, first, strata)
    chunks = (row_weights(sample, drawn.rows, part[:, unit]) for part in made)
    return Plan(told, chunks, coefficients)


def _jackknife(
    sample: Sample, drawn: DrawSet, first: Ints, strata: Ints
) -> tuple[Iterator[Floats], Floats]:
    """Return the factors of the jackknife chunk by chunk, and its coefficients."""
    if strata.size > MOST_UNITS:
        raise _refused(f"{strata.size:,} units, more than {MOST_UNITS:,}, in {drawn.key}")
    counts = sample.weights[drawn.rows][first] if drawn.counted(sample) else None
    left_out = jackknife_units(strata, counts)
    if not left_out.size:
        # Nobody can be left out: the full sample stands in for replicates, and errors are withheld.
        return iter([np.ones((1, strata.size))]), np.zeros(1)
    made = (
        jackknife_factors(strata, left_out[at : at + CHUNK], counts)
        for at in range(0, left_out.size, CHUNK)
    )
    return made, jackknife_coefficients(strata, _fractions(sample, drawn), counts)


def _fractions(sample: Sample, draw: DrawSet) -> Floats | None:
    """Return the sampling fraction of each stratum of units."""
    if sample.sampled is None:
        return None
    first, _, strata = draw.units(sample)
    found = np.zeros(int(strata.max(initial=-1)) + 1)
    found[strata] = sample.sampled[draw.rows][first]
    return found


def _refused(got: str) -> UsageError:
    remedy = "use the bootstrap, or linearised limits"
    return UsageError(Problem("request", "resampling", "a design that allows it", got, remedy))
