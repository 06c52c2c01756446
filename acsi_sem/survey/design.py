"""The survey design: weights, strata and primary sampling units, each row accounted for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey.cells import NOT_AVAILABLE, Cell, Cells, read_cells, say_cells
from acsi_sem.survey.design_columns import (
    replicate_weights,
    respondent_ids,
    sampling_fractions,
)
from acsi_sem.survey.raw import Findings, Raw
from acsi_sem.survey.recode import tell_typed, text_advice
from acsi_sem.survey.survey import Design, Floats, Ints

NAMES_SHOWN: Final = 3
MOST_RESPONDENTS: Final = 10_000_000
"""Rows are repeated by their frequency for the OLS baseline."""


def read_design(
    raw: Raw, columns: DesignColumns, items: Sequence[str], findings: Findings
) -> Design:
    """Return weights, strata and PSUs of the rows.

    A weight is a finite number above zero in every row. Zero is refused for both kinds: a row
    that stands for nobody would still count as an interview. Frequency weights are whole numbers.
    Strata and PSUs may be codes or texts, and every row has one; a PSU label that recurs in
    another stratum is another PSU. None of these columns may be one of the model's `items`.
    """
    _check_roles(columns, items, findings)
    weights = _weights(raw, columns, findings)
    strata, strata_names = _codes(raw, columns.stratum, "stratum", findings)
    psu, _ = _codes(raw, columns.psu, "PSU", findings)
    if psu is not None and strata is not None:
        psu = _nest(psu, strata, columns.psu or "", findings)
    if strata is not None:
        _tell_single(strata, strata_names, psu, columns.stratum or "", findings)
    others = (columns.weight, columns.stratum, columns.psu, columns.population, columns.id)
    return Design(
        weights if weights is not None else np.ones(len(raw.places)),
        columns.weight_kind,
        weighted=weights is not None,
        strata=strata,
        psu=psu,
        sampled=sampling_fractions(raw, columns, strata, psu, findings),
        ids=respondent_ids(raw, columns, findings),
        replicates=replicate_weights(raw, columns.replicates, items, findings, others),
    )


def _check_roles(columns: DesignColumns, items: Sequence[str], findings: Findings) -> None:
    roles = {
        "weight": columns.weight,
        "stratum": columns.stratum,
        "PSU": columns.psu,
        "population": columns.population,
    }
    for role, name in roles.items():
        if name in items:
            got = "an indicator of the model"
            findings.problem(f"column {name}", f"a {role} column", got, "name another column")
    if columns.psu is not None and columns.psu == columns.stratum:
        remedy = "one unit in each stratum leaves no variance to measure"
        path = f"column {columns.psu}"
        findings.problem(path, "strata and PSUs in two columns", "one column for both", remedy)


def order_keys(cells: list[Cell]) -> list[Cell]:
    """Sort cells: numbers ascending, then texts; each key once."""
    once = {cell.key: cell for cell in cells}
    return sorted(
        once.values(), key=lambda c: (not c.numeric, c.number if c.numeric else 0.0, c.key)
    )


def _weights(raw: Raw, columns: DesignColumns, findings: Findings) -> Floats | None:
    column = raw.column(columns.weight) if columns.weight else None
    if column is None:
        return None
    cells = read_cells(column.cells)
    path = f"column {column.name}"
    blank = cells.where(_empty(cell) for cell in cells.distinct)
    if blank.any():
        remedy = "give every row a weight or leave the row out"
        findings.problem(path, "a weight in every row", f"none in {raw.rows(blank)}", remedy)
    for fails, expected in _weight_rules(columns.weight_kind == "frequency"):
        _tell_weights(raw, cells, path, fails, expected, findings)
    tell_typed(raw, cells, column.name, findings)
    total = float(np.nansum(cells.numbers))
    if columns.weight_kind == "frequency" and total > MOST_RESPONDENTS:
        got = f"{total:.3g} respondents in all"
        remedy = "use sampling weights for what is not a count of interviews"
        findings.problem(path, f"at most {MOST_RESPONDENTS:,} respondents", got, remedy)
    return cells.numbers


def _empty(cell: Cell) -> bool:
    return cell.blank or cell.key in NOT_AVAILABLE


def _weight_rules(frequency: bool) -> list[tuple[Callable[[Cell], bool], str]]:
    def not_number(cell: Cell) -> bool:
        return not cell.numeric and not _empty(cell)

    def not_positive(cell: Cell) -> bool:
        return cell.numeric and not (cell.number > 0 and math.isfinite(cell.number))

    def not_whole(cell: Cell) -> bool:
        return cell.number > 0 and math.isfinite(cell.number) and not cell.number.is_integer()

    rules: list[tuple[Callable[[Cell], bool], str]] = [
        (not_number, "a number as weight"),
        (not_positive, "a finite weight above 0"),
    ]
    return [*rules, (not_whole, "a whole number as frequency weight")] if frequency else rules


def _tell_weights(
    raw: Raw,
    cells: Cells,
    path: str,
    fails: Callable[[Cell], bool],
    expected: str,
    findings: Findings,
) -> None:
    wrong = [i for i, cell in enumerate(cells.distinct) if fails(cell)]
    if not wrong:
        return
    shown = [cells.distinct[i] for i in wrong]
    first = shown[0]
    remedy = (
        "leave out rows that stand for nobody"
        if first.numeric and first.number == 0
        else "correct the weights"
        if first.numeric
        else text_advice(first.key).split(";")[0]
    )
    rows = raw.rows(np.isin(cells.codes, wrong))
    findings.problem(path, expected, f"{say_cells(shown)} in {rows}", remedy)


def _codes(
    raw: Raw, name: str | None, noun: str, findings: Findings
) -> tuple[Ints | None, list[str]]:
    """Return consecutive numbers of a column's labels, and the labels in that order."""
    column = raw.column(name) if name else None
    if column is None:
        return None, []
    cells = read_cells(column.cells)
    blank = cells.where(_empty(cell) for cell in cells.distinct)
    if blank.any():
        remedy = f"give every row a {noun} or leave the row out"
        got = f"none in {raw.rows(blank)}"
        findings.problem(f"column {column.name}", f"a {noun} in every row", got, remedy)
    names = [cell.key for cell in order_keys(list(cells.distinct))]
    place = {key: i for i, key in enumerate(names)}
    codes = np.array([place[cell.key] for cell in cells.distinct], dtype=np.intp)
    return codes[cells.codes], names


def _nest(psu: Ints, strata: Ints, column: str, findings: Findings) -> Ints:
    pairs = np.unique(np.column_stack([strata, psu]), axis=0)
    if len(pairs) > len(np.unique(psu)):
        message = "PSU labels recur in several strata and were taken as different PSUs."
        findings.notice("psu_nested", message, column)
    width = int(psu.max()) + 1
    nested: Ints = np.unique(strata * width + psu, return_inverse=True)[1].astype(np.intp)
    return nested


def _tell_single(
    strata: Ints, names: list[str], psu: Ints | None, column: str, findings: Findings
) -> None:
    """Give notice of strata with one unit: their variance cannot be estimated from within."""
    units = np.unique(np.column_stack([strata, psu]), axis=0)[:, 0] if psu is not None else strata
    alone = [names[i] for i in np.flatnonzero(np.bincount(units, minlength=len(names)) == 1)]
    if alone:
        unit = "row" if psu is None else "PSU"
        shown = ", ".join(alone[:NAMES_SHOWN]) + (" ..." if len(alone) > NAMES_SHOWN else "")
        strata_word = "stratum has" if len(alone) == 1 else "strata have"
        message = f"{len(alone):,} {strata_word} a single {unit} ({shown})."
        findings.notice("single_unit_stratum", message, column)
