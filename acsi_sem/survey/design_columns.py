"""Design columns beyond weights, strata and units: population sizes, ids, replicate weights."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from acsi_sem.spec.study import DesignColumns, ReplicateColumns
from acsi_sem.survey.cells import Cells, read_cells, say_cells
from acsi_sem.survey.raw import Findings, Raw, RawColumn
from acsi_sem.survey.survey import Floats, Ints, ReplicateWeights

NAMES_SHOWN: Final = 3
FEWEST_REPLICATES: Final = 2


def design_names(columns: DesignColumns) -> tuple[str, ...]:
    """Return the columns that a design names, those found by a prefix left out."""
    replicates = columns.replicates.columns if columns.replicates else ()
    named = (columns.weight, columns.stratum, columns.psu, columns.population, columns.id)
    return tuple(name for name in (*named, *replicates) if name)


def sampling_fractions(
    raw: Raw,
    columns: DesignColumns,
    strata: Ints | None,
    psu: Ints | None,
    findings: Findings,
) -> Floats | None:
    """Return the sampling fraction of each row's stratum, or None without a population column.

    The column holds fractions (above 0, at most 1) or sizes of the stratum's population, counted in
    PSUs where there are PSUs, else in respondents (so that a frequency counts); one value per
    stratum.
    """
    column = raw.column(columns.population) if columns.population else None
    if column is None:
        return None
    path = f"column {column.name}"
    cells = read_cells(column.cells)
    if not _all_positive(raw, cells, path, "a population size or sampling fraction", findings):
        return None
    values = cells.numbers
    rows = np.zeros(values.size, dtype=np.intp) if strata is None else strata
    count = _units_by(raw, columns, rows, psu)
    low, high = _ends_by(values, rows, count.size)
    if varying := np.count_nonzero(low != high):
        got = "several" if strata is None else f"several in {varying:,} of {count.size:,} strata"
        findings.problem(path, f"one value {_throughout(strata)}", got)
        return None
    if (low <= 1).all():
        return values
    if (low < count).any():
        got = f"{low[low < count][0]:g} with {count[low < count][0]:,g} units interviewed"
        remedy = "give fractions throughout (at most 1) or sizes throughout"
        findings.problem(path, "a population no smaller than its sample", got, remedy)
        return None
    fractions: Floats = (count / low)[rows]
    return fractions


def _throughout(strata: Ints | None) -> str:
    return "throughout, as there are no strata" if strata is None else "in each stratum"


def _units_by(raw: Raw, columns: DesignColumns, strata: Ints, psu: Ints | None) -> Floats:
    """Count the units of each stratum: PSUs, or respondents."""
    if psu is not None:
        _, first = np.unique(psu, return_index=True)
        return np.bincount(strata[first], minlength=int(strata.max()) + 1).astype(float)
    respondents = np.ones(strata.size)
    weight = raw.column(columns.weight) if columns.weight else None
    if weight is not None and columns.weight_kind == "frequency":
        # What is no number is told where weights are read.
        respondents = np.nan_to_num(read_cells(weight.cells).numbers)
    return np.asarray(np.bincount(strata, respondents), dtype=float)


def _ends_by(values: Floats, rows: Ints, places: int) -> tuple[Floats, Floats]:
    low, high = np.full(places, np.inf), np.full(places, -np.inf)
    np.minimum.at(low, rows, values)
    np.maximum.at(high, rows, values)
    return low, high


def _all_positive(raw: Raw, cells: Cells, path: str, expected: str, findings: Findings) -> bool:
    fails = [
        i
        for i, cell in enumerate(cells.distinct)
        if not (cell.numeric and cell.number > 0 and np.isfinite(cell.number))
    ]
    if fails:
        shown = say_cells([cells.distinct[i] for i in fails])
        rows = raw.rows(np.isin(cells.codes, fails))
        findings.problem(path, f"{expected} above 0 in every row", f"{shown} in {rows}")
    return not fails


def respondent_ids(raw: Raw, columns: DesignColumns, findings: Findings) -> tuple[str, ...] | None:
    """Return the respondents' ids, each of which occurs once."""
    column = raw.column(columns.id) if columns.id else None
    if column is None:
        return None
    cells = read_cells(column.cells)
    path = f"column {column.name}"
    blank = cells.where(cell.blank for cell in cells.distinct)
    if blank.any():
        findings.problem(path, "an id in every row", f"none in {raw.rows(blank)}")
    counts = np.bincount(cells.codes, minlength=len(cells.distinct))
    again = [
        cell for cell, n in zip(cells.distinct, counts, strict=True) if n > 1 and not cell.blank
    ]
    if again:
        shown = ", ".join(cell.key for cell in again[:NAMES_SHOWN])
        got = f"{len(again)} repeated ({shown}{' ...' if len(again) > NAMES_SHOWN else ''})"
        findings.problem(path, "each id once", got, "remove duplicate interviews")
    return tuple(cells.distinct[code].key for code in cells.codes)


def replicate_weights(
    raw: Raw,
    wanted: ReplicateColumns | None,
    items: Sequence[str],
    findings: Findings,
    others: Sequence[str | None] = (),
) -> ReplicateWeights | None:
    """Return the replicate weights that came with the survey.

    A prefix takes the columns in which a number follows it (``R1``, ``R_01``, ``R.1``) and that
    are not among the `others` of the design; a notice names the columns that begin so and are left
    out. None of the columns may be one of the model's `items`.
    """
    if wanted is None:
        return None
    names = _replicate_names(raw, wanted, others, findings)
    if len(names) < FEWEST_REPLICATES:
        path = f"replicate weights {wanted.prefix or ', '.join(wanted.columns)}"
        findings.problem(path, "two columns or more", f"{len(names)}", "check the prefix")
        return None
    found = []
    for name in names:
        column = raw.column(name)
        if column is None:
            continue
        if name in items:
            findings.problem(f"column {name}", "a replicate weight", "an indicator of the model")
        found.append(_replicate(raw, column, findings))
    return ReplicateWeights(np.array(found), wanted.method, wanted.scale, wanted.fay)


def _replicate(raw: Raw, column: RawColumn, findings: Findings) -> Floats:
    cells = read_cells(column.cells)
    wrong = [
        i
        for i, cell in enumerate(cells.distinct)
        if not (cell.numeric and cell.number >= 0 and np.isfinite(cell.number))
    ]
    if wrong:
        shown = say_cells([cells.distinct[i] for i in wrong])
        rows = raw.rows(np.isin(cells.codes, wrong))
        expected = "a finite replicate weight of 0 or more in every row"
        findings.problem(f"column {column.name}", expected, f"{shown} in {rows}")
    return cells.numbers


def _replicate_names(
    raw: Raw, wanted: ReplicateColumns, others: Sequence[str | None], findings: Findings
) -> tuple[str, ...]:
    if wanted.columns:
        for name, times in Counter(wanted.columns).items():
            if times > 1:
                got = f"it {times} times"
                findings.problem(f"column {name}", "each replicate weight once", got)
            if name in others:
                got = "another column of the design"
                findings.problem(f"column {name}", "a replicate weight", got)
        return tuple(dict.fromkeys(wanted.columns))
    begun = [name for name in raw.names if name.startswith(wanted.prefix)]
    numbered = re.compile(rf"{re.escape(wanted.prefix)}[_.]?\d+", re.ASCII)
    names = [name for name in begun if numbered.fullmatch(name) and name not in others]
    left = [name for name in begun if name not in names]
    if names and left:
        shown = ", ".join(left[:NAMES_SHOWN]) + (" ..." if len(left) > NAMES_SHOWN else "")
        message = (
            f"{len(names):,} replicate weights were found by the prefix {wanted.prefix}; left out, "
            f"as no number follows it or they are another part of the design: {shown}."
        )
        findings.notice("replicate_columns", message, wanted.prefix)
    return tuple(names)
