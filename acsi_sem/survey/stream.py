"""A survey file of any length, chunk by chunk: the answers of each, and what to tell of them all.

Every chunk is read by the rules of `acsi_sem.survey.read`. What is wrong is told when the whole
file has been seen, everything at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from acsi_sem.errors import Problem
from acsi_sem.spec.model import Derivation, Indicator, Model
from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey.cells import read_cells
from acsi_sem.survey.columns import check_columns, check_rows, model_columns
from acsi_sem.survey.derive import price_tolerance
from acsi_sem.survey.design import read_design
from acsi_sem.survey.factors import NO_CODEBOOK, read_groups
from acsi_sem.survey.raw import Findings, Raw, RawColumn
from acsi_sem.survey.recode import Answers, read_answers
from acsi_sem.survey.stream_files import Chunk, ChunkColumn, Layout, find_layout, read_chunks
from acsi_sem.survey.stream_tally import (
    MOST_DISTINCT,
    Tally,
    respondents,
    tallied_raw,
    tally,
)
from acsi_sem.survey.survey import Factor, Floats, Ints, MissingCount
from acsi_sem.terms import Notice

GROUP: Final = "group"
WEIGHT: Final = "weight"


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What is read of a file, and where its chunks are; goes to every worker.

    Attributes
    ----------
    group, weight : str or None
        Columns; None for one group, or equal weights.
    """

    layout: Layout
    model: Model
    group: str | None = None
    weight: str | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the columns that are read."""
        named = (*model_columns(self.model), self.group, self.weight)
        return tuple(dict.fromkeys(name for name in named if name))

    def recipe(self, item: Indicator) -> Derivation | None:
        """Return how an item is derived; None where it is a column."""
        return next((made for made in self.model.derive if made.name == item.column), None)

    def inputs(self, item: Indicator) -> tuple[str, ...]:
        """Return the columns that an item is made of."""
        recipe = self.recipe(item)
        return (item.column,) if recipe is None else tuple(name for _, name in recipe.inputs)


@dataclass(frozen=True, slots=True)
class ReadChunk:
    """A chunk's rows.

    Attributes
    ----------
    number : int
    answers : ndarray, shape (m, a)
        To the distinct items, as in the file; NaN where there is none.
    weights : ndarray, shape (m,)
    keys : tuple of str
        Groups that occur, as the file names them; one empty key where there are no groups.
    codes : ndarray of int, shape (m,)
        Number of each row's group; -1 where it has none, which is refused at the end.
    tallies : mapping of str -> Tally
        By item, and of the group and weight columns.
    """

    number: int
    answers: Floats
    weights: Floats
    keys: tuple[str, ...]
    codes: Ints
    tallies: Mapping[str, Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What the tallies of a whole file say of it."""

    groups: Factor | None
    missing: tuple[MissingCount, ...]
    notices: tuple[Notice, ...]


def plan_stream(
    path: Path, model: Model, *, group: str | None = None, weight: str | None = None
) -> StreamPlan:
    """Look at a file's header and find its chunks.

    Parameters
    ----------
    path : Path
        A csv, tsv or parquet file; text in UTF-8.
    model : Model
    group, weight : str, optional
        Columns of the groups and of sampling weights.

    Raises
    ------
    DataError
        When the file cannot be read, lacks columns or has no rows; every problem at once.
    """
    plan = StreamPlan(find_layout(path), model, group, weight)
    layout = plan.layout
    findings = Findings(path.name)
    header = tuple(RawColumn(name, ()) for name in layout.names)
    raw = Raw(header, np.arange(layout.source.rows, dtype=np.intp), "row", layout.source)
    check_rows(raw, findings)
    check_columns(raw, plan.wanted, findings)
    findings.close()
    return plan


def read_stream(plan: StreamPlan, numbers: range) -> Iterator[ReadChunk]:
    """Read consecutive chunks.

    Raises
    ------
    DataError
        For damaged or ragged rows; what answers are wrong, the tallies tell.
    """
    for number, chunk in zip(numbers, read_chunks(plan.layout, numbers, plan.wanted), strict=True):
        tallies: dict[str, Tally] = {}
        columns = [_answers(plan, chunk, item, tallies) for item in plan.model.answers]
        keys, codes = _groups(plan, chunk, tallies)
        weights = _weights(plan, chunk, tallies)
        yield ReadChunk(number, np.column_stack(columns), weights, keys, codes, tallies)


def _answers(plan: StreamPlan, chunk: Chunk, item: Indicator, tallies: dict[str, Tally]) -> Floats:
    """Judge each distinct cell, or pair of cells, once."""
    columns = [chunk.columns[name] for name in plan.inputs(item)]
    keys, codes = _joint(columns)
    tallies[item.name] = tally(keys, codes, chunk.places)
    raw = _distinct(plan, keys, plan.inputs(item))
    return _judge(plan, raw, item, Findings("")).values[codes]


def _joint(columns: Sequence[ChunkColumn]) -> tuple[list[tuple[object, ...]], Ints]:
    """Return the distinct combinations of columns, and each row's."""
    if len(columns) == 1:
        return [(cell,) for cell in columns[0].distinct], columns[0].codes
    stacked = np.column_stack([column.codes for column in columns])
    found, codes = np.unique(stacked, axis=0, return_inverse=True)
    keys = [
        tuple(column.distinct[place] for column, place in zip(columns, row, strict=True))
        for row in found.tolist()
    ]
    return keys, np.asarray(codes.reshape(-1), dtype=np.intp)


def _distinct(plan: StreamPlan, keys: Sequence[tuple[object, ...]], names: Sequence[str]) -> Raw:
    cells = list(zip(*keys, strict=True))
    columns = tuple(RawColumn(name, own) for name, own in zip(names, cells, strict=True))
    return Raw(columns, np.arange(len(keys), dtype=np.intp), "row", plan.layout.source)


def _judge(plan: StreamPlan, raw: Raw, item: Indicator, findings: Findings) -> Answers:
    recipe = plan.recipe(item)
    if recipe is not None:
        return price_tolerance(raw, recipe, item, (), findings)
    column = raw.column(item.column)
    assert column is not None
    return read_answers(raw, column, item, (), findings)


def _groups(
    plan: StreamPlan, chunk: Chunk, tallies: dict[str, Tally]
) -> tuple[tuple[str, ...], Ints]:
    if plan.group is None:
        return ("",), np.zeros(chunk.places.size, dtype=np.intp)
    column = chunk.columns[plan.group]
    keys = [(cell,) for cell in column.distinct]
    tallies[GROUP] = tally(keys, column.codes, chunk.places)
    raw = _distinct(plan, keys, (plan.group,))
    own = raw.columns[0]
    factor = read_groups(raw, own, NO_CODEBOOK, "en", Findings(""))
    return factor.keys, factor.codes[column.codes]


def _weights(plan: StreamPlan, chunk: Chunk, tallies: dict[str, Tally]) -> Floats:
    """Return the weights; only those that must be told are tallied."""
    if plan.weight is None:
        return np.ones(chunk.places.size)
    column = chunk.columns[plan.weight]
    cells = read_cells(column.distinct)
    text = plan.layout.source.format in ("csv", "tsv")
    told = np.array(
        [
            not (cell.numeric and cell.number > 0 and math.isfinite(cell.number))
            or (cell.typed and not text)
            for cell in cells.distinct
        ]
    )[cells.codes]
    codes = np.where(told[column.codes], column.codes, -1)
    tallies[WEIGHT] = tally([(cell,) for cell in column.distinct], codes, chunk.places)
    numbers = cells.numbers[column.codes]
    return np.where(np.isfinite(numbers) & (numbers > 0), numbers, np.nan)


def close_stream(
    plan: StreamPlan, tallies: Mapping[str, Tally], problems: Sequence[Problem] = ()
) -> Told:
    """Judge a whole file by its tallies.

    Parameters
    ----------
    plan : StreamPlan
    tallies : mapping of str -> Tally
        Of all chunks, added.
    problems : sequence of Problem
        Of chunks that could not be read.

    Raises
    ------
    DataError
        With everything that is wrong in the file, in the words of `acsi_sem.read_survey`.
    """
    findings = Findings(plan.layout.path.name, list(dict.fromkeys(problems)))
    missing: list[MissingCount] = []
    for item in plan.model.answers:
        names = plan.inputs(item)
        _refuse_many(tallies, item.name, ", ".join(names), findings)
        others = [name for name in plan.layout.names if name == item.column]
        raw = tallied_raw(tallies.get(item.name, Tally()), names, plan.layout.source, others)
        missing += _judge(plan, raw, item, findings).counts(item.name, respondents(raw))
    _tell_weights(plan, tallies, findings)
    groups = _close_groups(plan, tallies, findings)
    findings.close()
    return Told(groups, tuple(missing), tuple(findings.notices))


def _refuse_many(tallies: Mapping[str, Tally], key: str, column: str, findings: Findings) -> None:
    if key in tallies and tallies[key].overflow:
        expected = f"at most {MOST_DISTINCT:,} distinct values to stream"
        remedy = "check that it is the column meant; round it, or leave --stream out"
        findings.problem(f"column {column}", expected, "more", remedy)


def _tell_weights(plan: StreamPlan, tallies: Mapping[str, Tally], findings: Findings) -> None:
    if plan.weight is None:
        return
    _refuse_many(tallies, WEIGHT, plan.weight, findings)
    found = tallies.get(WEIGHT, Tally())
    raw = tallied_raw(found, (plan.weight,), plan.layout.source)
    read_design(raw, DesignColumns(weight=plan.weight), model_columns(plan.model), findings)


def _close_groups(
    plan: StreamPlan, tallies: Mapping[str, Tally], findings: Findings
) -> Factor | None:
    if plan.group is None:
        return None
    _refuse_many(tallies, GROUP, plan.group, findings)
    raw = tallied_raw(tallies.get(GROUP, Tally()), (plan.group,), plan.layout.source)
    found = read_groups(raw, raw.columns[0], NO_CODEBOOK, "en", findings)
    return replace(found, codes=np.zeros(0, dtype=np.intp))
