"""A survey file reduced to sums in one pass, chunk by chunk: estimates, replicates, counts.

What chunks add is put together in their order, and a chunk's Poisson counts are keyed by its
number: the result depends neither on how many workers there are nor on how much memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from acsi_sem.errors import DataError, Problem
from acsi_sem.inference.incomplete import make_reduction
from acsi_sem.inference.replicates import Replicates, stream
from acsi_sem.inference.sample import Sample
from acsi_sem.kernels.fourth_moments import width
from acsi_sem.kernels.moments import Floats, products, scale_origin
from acsi_sem.kernels.pairwise_moments import pairwise_products
from acsi_sem.kernels.poisson import Counts, poisson_counts
from acsi_sem.kernels.streamed_moments import BlockSums, block_sums
from acsi_sem.spec.graph import answer_places, blocks
from acsi_sem.spec.model import Model
from acsi_sem.survey.stream import ReadChunk, StreamPlan, read_stream
from acsi_sem.survey.stream_files import CHUNK_ROWS
from acsi_sem.survey.stream_tally import Tally
from acsi_sem.survey.survey import Ints
from acsi_sem.terms import ALL, MissingRule

KEY: Final = "poisson"
BLOCK: Final = 16_384  # rows whose products are held at once; part of the result
TASK: Final = 4  # chunks that a worker reads and adds up at a time; part of the result

Mapper = Callable[[Callable[[range], "Pass"], Sequence[range]], Iterable["Pass"]]
"""Applies a picklable function to items, here or on workers, and gives the results in order."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What is summed.

    Attributes
    ----------
    rule : {"complete", "mean"}
        What to do about missing answers.
    replicates, seed, study
        Of the Poisson bootstrap; no replicates, no bootstrap.
    fourth : bool
        Whether the block of fourth order is wanted, of the complete cases.
    """

    rule: MissingRule = "complete"
    replicates: int = 0
    seed: int = 1
    study: str = "study"
    fourth: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Respondents of one group counted.

    Attributes
    ----------
    rows, complete, used : float
        All, those with every answer, those with some answer.
    seen : ndarray, shape (p,)
        Those that answered each indicator.
    answered : ndarray, shape (q,)
        Those with an answer to each construct.
    weight, square : ndarray, shape (1 + q,)
        Sums of weights and of their squares: of all rows, of those that answered a construct.
    """

    rows: float
    complete: float
    used: float
    seen: Floats
    answered: Floats
    weight: Floats
    square: Floats

    def __add__(self, other: Heads) -> Heads:
        return Heads(
            self.rows + other.rows,
            self.complete + other.complete,
            self.used + other.used,
            self.seen + other.seen,
            self.answered + other.answered,
            self.weight + other.weight,
            self.square + other.square,
        )

    @property
    def effective(self) -> Floats:
        """Kish's effective number of respondents, all and by construct; shape (1 + q,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.square > 0, self.weight**2 / self.square, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Least and largest answers of the complete rows, shape (p,), and weights, of one group."""

    low: Floats
    high: Floats
    lightest: float
    heaviest: float

    def __add__(self, other: Ends) -> Ends:
        return Ends(
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            min(self.lightest, other.lightest),
            max(self.heaviest, other.heaviest),
        )


@dataclass(frozen=True, slots=True, eq=False)
class PartSums:
    """Everything that is kept of one group's rows; additive."""

    sums: BlockSums
    heads: Heads
    ends: Ends

    def __add__(self, other: PartSums) -> PartSums:
        return PartSums(self.sums + other.sums, self.heads + other.heads, self.ends + other.ends)


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """What a pass over some chunks found; passes add.

    Attributes
    ----------
    parts : mapping of group -> PartSums
    tallies : mapping of str -> Tally
    problems : tuple of Problem
        Of chunks that could not be read.
    rows : int
    """

    parts: Mapping[str, PartSums] = field(default_factory=dict)
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    rows: int = 0

    def __add__(self, other: Pass) -> Pass:
        return add_up((self, other))

    def whole(self, names: Sequence[str]) -> PartSums:
        """Return the sums of all groups, added in the order of their `names`."""
        total = self.parts[names[0]]
        for name in names[1:]:
            total = total + self.parts[name]
        return total


def add_up(passes: Iterable[Pass]) -> Pass:
    """Add passes in their order, holding no more than the sum and one of them.

    Parameters
    ----------
    passes : iterable of Pass
        May be read one by one.
    """
    parts: dict[str, PartSums] = {}
    tallies: dict[str, Tally] = {}
    problems: tuple[Problem, ...] = ()
    rows = 0
    for found in passes:
        for name, own in found.parts.items():
            parts[name] = parts[name] + own if name in parts else own
        for name, seen in found.tallies.items():
            tallies[name] = tallies[name] + seen if name in tallies else seen
        problems = (*problems, *found.problems)
        rows += found.rows
    return Pass(parts, tallies, problems, rows)


def _silent(rows: int) -> None:
    """Report progress to nobody."""


def tasks(plan: StreamPlan) -> list[range]:
    """Return the chunks of a file in the portions that one worker reads at a time."""
    chunks = plan.layout.chunks
    return [range(at, min(at + TASK, chunks)) for at in range(0, chunks, TASK)]


def reduce_stream(
    plan: StreamPlan,
    options: StreamOptions,
    mapper: Mapper = map,
    progress: Progress = _silent,
) -> Pass:
    """Reduce a file in one pass.

    Parameters
    ----------
    plan : StreamPlan
    options : StreamOptions
    mapper : callable
        As the built-in `map`; one that runs on several processes gives the same result.
    progress : callable
        Told the rows done since the last call.
    """

    def told() -> Iterator[Pass]:
        for found in mapper(partial(reduce_chunks, plan, options), tasks(plan)):
            yield found
            progress(found.rows)

    return add_up(told())


def reduce_chunks(plan: StreamPlan, options: StreamOptions, numbers: range) -> Pass:
    """Reduce consecutive chunks, one after the other.

    Parameters
    ----------
    plan : StreamPlan
    options : StreamOptions
    numbers : range

    Returns
    -------
    Pass
        With the problems of a chunk that cannot be read, and nothing of the chunks behind it.
    """
    with threadpool_limits(limits=1):
        return add_up(_passes(plan, options, numbers))


def _passes(plan: StreamPlan, options: StreamOptions, numbers: range) -> Iterator[Pass]:
    try:
        for chunk in read_stream(plan, numbers):
            yield reduce_chunk(plan.model, chunk, options)
    except DataError as error:
        yield Pass(problems=error.problems)


def reduce_chunk(model: Model, chunk: ReadChunk, options: StreamOptions) -> Pass:
    """Reduce one chunk, group by group, in the order of its rows."""
    values = turned(model, chunk.answers)
    counts = chunk_counts(options, chunk.number, len(values))
    order = np.argsort(chunk.codes, kind="stable")
    ends = np.searchsorted(chunk.codes[order], np.arange(len(chunk.keys) + 1))
    parts = {}
    for at, key in enumerate(chunk.keys):
        rows = order[ends[at] : ends[at + 1]]
        if rows.size:
            parts[key] = _reduce_rows(model, values, chunk.weights, counts, rows, options)
    return Pass(parts, chunk.tallies, (), len(values))


def chunk_counts(options: StreamOptions, number: int, rows: int) -> Counts:
    """Return how often each row of a chunk is drawn, shape (B, rows)."""
    generator = stream(options.seed, options.study, KEY, number)
    return poisson_counts(generator, options.replicates, rows)


def turned(model: Model, answers: Floats) -> Floats:
    """Return answers to indicators, reversed ones turned; shape (m, p)."""
    values = answers[:, answer_places(model)]
    for i, item in enumerate(model.indicators):
        if item.reverse:
            values[:, i] = item.low + item.high - values[:, i]
    return values


def _reduce_rows(
    model: Model,
    values: Floats,
    weights: Floats,
    counts: Counts,
    rows: Ints,
    options: StreamOptions,
) -> PartSums:
    origin = model_origin(model)
    fourth = width(origin.size) if options.fourth else 0
    made = products if options.rule == "complete" else pairwise_products
    total: PartSums | None = None
    for start in range(0, rows.size, BLOCK):
        at = rows[start : start + BLOCK]
        own = values[at]
        sums = block_sums(made(own, origin), weights[at], counts[:, at], fourth)
        heads, ends = _count(model, own, weights[at])
        part = PartSums(sums, heads, ends)
        total = part if total is None else total + part
    assert total is not None
    return total


def model_origin(model: Model) -> Floats:
    """Return the point about which sums are taken, shape (p,)."""
    low = np.array([item.low for item in model.indicators], dtype=float)
    high = np.array([item.high for item in model.indicators], dtype=float)
    return scale_origin(low, high)


def _count(model: Model, values: Floats, weights: Floats) -> tuple[Heads, Ends]:
    seen = ~np.isnan(values)
    starts = np.flatnonzero(np.diff(blocks(model), prepend=-1))
    answered = np.logical_or.reduceat(seen, starts, axis=1)
    every = np.column_stack([np.ones(len(values), dtype=bool), answered]).astype(float)
    complete = seen.all(axis=1)
    kept = values[complete]
    heads = Heads(
        float(len(values)),
        float(complete.sum()),
        float(seen.any(axis=1).sum()),
        seen.sum(axis=0).astype(float),
        answered.sum(axis=0).astype(float),
        weights @ every,
        weights**2 @ every,
    )
    lowest = kept.min(axis=0, initial=np.inf)
    highest = kept.max(axis=0, initial=-np.inf)
    return heads, Ends(lowest, highest, float(weights.min()), float(weights.max()))


def rowless_sample(model: Model, rule: MissingRule, names: Sequence[str]) -> Sample:
    """Return what estimation needs of a survey whose rows are gone: how sums become moments.

    Parameters
    ----------
    model : Model
    rule : {"complete", "mean"}
    names : sequence of str
        Of the groups, ``all`` first.
    """
    origin = model_origin(model)
    nothing = np.zeros(0, dtype=np.intp)
    return Sample(
        products=np.zeros((0, 0)),
        origin=origin,
        weights=np.zeros(0),
        frequency=False,
        strata=nothing,
        psu=nothing,
        designed=False,
        groups=tuple((name, nothing) for name in names),
        reduction=make_reduction(np.zeros((0, origin.size)), origin, rule),
    )


def stream_freedom(names: Sequence[str], found: Pass) -> dict[str, int]:
    """Return every group's degrees of freedom: its rows less one, those of all groups for `all`."""
    own = {name: round(found.parts[name].heads.rows) - 1 for name in names}
    return {ALL: sum(own.values()), **own} if names != [""] else {ALL: own[""]}


def poisson_replicates(sample: Sample, *, replicates: int, seed: int, study: str) -> Replicates:
    """Draw the Poisson bootstrap of a survey in memory: what streaming its file draws.

    Parameters
    ----------
    sample : Sample
        Of complete cases or item means, without a design, its rows in the order of the file.
    replicates, seed : int
    study : str

    Returns
    -------
    Replicates
        For every group of the sample, ``all`` included.
    """
    options = StreamOptions(replicates=replicates, seed=seed, study=study)
    total = {name: np.zeros((replicates, sample.reduction.width)) for name, _ in sample.parts}
    for first, counts in _all_counts(options, sample.weights.size):
        for name, rows in sample.parts:
            own = rows[(rows >= first) & (rows < first + counts.shape[1])]
            total[name] += sample.reduction.sum_rows(
                counts[:, own - first] * sample.weights[own], own
            )
    if sample.groups[0][0] == ALL and ALL not in total:
        total[ALL] = np.sum(list(total.values()), axis=0)
    freedom = {name: rows.size - 1 for name, rows in sample.parts}
    freedom.setdefault(ALL, sum(freedom.values()))
    return Replicates({name: sample.moments(own) for name, own in total.items()}, {}, freedom)


def _all_counts(options: StreamOptions, rows: int) -> Iterator[tuple[int, Counts]]:
    for number, first in enumerate(range(0, rows, CHUNK_ROWS)):
        yield first, chunk_counts(options, number, min(CHUNK_ROWS, rows - first))
