"""Groups and breakdown variables: codes into labelled categories."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from acsi_sem.spec.findings import listed, show
from acsi_sem.spec.model import Text
from acsi_sem.spec.study import Codebook
from acsi_sem.survey.cells import (
    NOT_AVAILABLE,
    Cell,
    Cells,
    number_key,
    read_cell,
    read_cells,
    say_cells,
)
from acsi_sem.survey.design import order_keys
from acsi_sem.survey.raw import Findings, Raw, RawColumn
from acsi_sem.survey.recode import VALUES_SHOWN, tell_typed, text_advice
from acsi_sem.survey.survey import Factor
from acsi_sem.terms import ALL

NO_CODEBOOK: Final = Codebook("", Text((("en", ""),)))


def read_groups(
    raw: Raw, column: RawColumn, book: Codebook, language: str, findings: Findings
) -> Factor:
    """Return the grouping column: numeric codes ascending, then texts in order.

    Its keys are the values of the file (``3003``, never ``3003.0``), its categories their labels.
    Every row must have a group, no group may be called `all`, no two codes share a label.
    """
    cells = read_cells(column.cells)
    gone = [_is_missing(cell, column, book) for cell in cells.distinct]
    path = f"column {column.name}"
    if (without := cells.where(gone)).any():
        remedy = "give every row a group or leave the row out"
        findings.problem(path, "a group in every row", f"none in {raw.rows(without)}", remedy)
    groups = order_keys([c for c, lost in zip(cells.distinct, gone, strict=True) if not lost])
    labels = _labels(column, book, language)
    names = [labels.get(cell.code, cell.key) for cell in groups]
    keys = [cell.key for cell in groups]
    _check_names(raw, cells, keys, names, path, findings)
    codes = _number(cells, {key: i for i, key in enumerate(keys)}, gone)
    label = _title(column, book, language)
    return Factor(column.name, label, tuple(names), codes, tuple(keys))


def read_breakdown(
    raw: Raw, column: RawColumn, book: Codebook, language: str, findings: Findings
) -> Factor:
    """Return a breakdown variable; rows without an answer have code -1.

    With bins the categories are ranges of a number. With codes they are the codebook's labels in
    its order, codes of one label put together, and a code that is not listed is a problem. With
    neither they are the values that occur.
    """
    cells = read_cells(column.cells)
    gone = [_is_missing(cell, column, book) for cell in cells.distinct]
    if book.bins:
        tell_typed(raw, cells, column.name, findings)
        return _binned(raw, column, cells, gone, book, language, findings)
    labels = _labels(column, book, language)
    if book.codes:
        _refuse_unlisted(raw, column, cells, gone, labels, findings)
        entries = [(_code(code), text.get(language)) for code, text in book.codes]
    else:
        there = [c for c, lost in zip(cells.distinct, gone, strict=True) if not lost]
        entries = [(c.key, labels.get(c.code, c.key)) for c in order_keys(there)]
    names = list(dict.fromkeys(name for _, name in entries))
    keys = [", ".join(dict.fromkeys(k for k, n in entries if n == name)) for name in names]
    place = {code: names.index(name) for code, name in entries}
    codes = _number(cells, place, gone, by_code=bool(book.codes))
    return Factor(column.name, _title(column, book, language), tuple(names), codes, tuple(keys))


def bin_names(limits: Sequence[float]) -> tuple[str, ...]:
    """Name the bins whose ascending lower limits are given; the last has no upper limit.

    Examples
    --------
    >>> bin_names((18, 25, 65))
    ('18–24', '25–64', '65 and over')
    """
    names = []
    for low, high in itertools.pairwise(limits):
        start, end = number_key(low), number_key(high - 1)
        if not (float(low).is_integer() and float(high).is_integer()):
            names.append(f"{start} to under {number_key(high)}")
        else:
            names.append(start if start == end else f"{start}–{end}")
    return (*names, f"{number_key(limits[-1])} and over")


def _binned(
    raw: Raw,
    column: RawColumn,
    cells: Cells,
    gone: Sequence[bool],
    book: Codebook,
    language: str,
    findings: Findings,
) -> Factor:
    texts = [not c.numeric and not lost for c, lost in zip(cells.distinct, gone, strict=True)]
    if (wrong := cells.where(texts)).any():
        shown = [cell for cell, text in zip(cells.distinct, texts, strict=True) if text]
        got = f"{say_cells(shown)} in {raw.rows(wrong)}"
        remedy = text_advice(shown[0].key)
        findings.problem(f"column {column.name}", "numbers to bin", got, remedy)
    numbers = np.where(cells.where(gone), math.nan, cells.numbers)
    answered = ~np.isnan(numbers)
    codes = np.full(len(numbers), -1, dtype=np.intp)
    codes[answered] = np.searchsorted(book.bins, numbers[answered], side="right")
    names = bin_names(book.bins)
    if (codes == 0).any():
        names = (f"under {number_key(book.bins[0])}", *names)
    else:
        codes[answered] -= 1
    return Factor(column.name, _title(column, book, language), names, codes)


def _is_missing(cell: Cell, column: RawColumn, book: Codebook) -> bool:
    if cell.blank or cell.key in column.missing_texts:
        return True
    if cell.code in {_code(code) for code, _ in book.missing}:
        return True
    if cell.numeric:
        return any(low <= cell.number <= high for low, high in column.missing)
    return cell.key in NOT_AVAILABLE and cell.key not in {code for code, _ in book.codes}


def _code(text: str) -> str:
    return read_cell(text).code


def _labels(column: RawColumn, book: Codebook, language: str) -> Mapping[str, str]:
    own = {_code(code): text.get(language).strip() for code, text in book.codes}
    return own or column.labels


def _title(column: RawColumn, book: Codebook, language: str) -> str:
    return book.label.get(language) or column.name


def _number(
    cells: Cells, place: Mapping[str, int], gone: Sequence[bool], by_code: bool = False
) -> np.ndarray:
    numbers = [
        -1 if lost else place.get(cell.code if by_code else cell.key, -1)
        for cell, lost in zip(cells.distinct, gone, strict=True)
    ]
    return np.array(numbers, dtype=np.intp)[cells.codes]


def _refuse_unlisted(
    raw: Raw,
    column: RawColumn,
    cells: Cells,
    gone: Sequence[bool],
    labels: Mapping[str, str],
    findings: Findings,
) -> None:
    unlisted = [
        i
        for i, (cell, lost) in enumerate(zip(cells.distinct, gone, strict=True))
        if not lost and cell.code not in labels
    ]
    for i in unlisted[:VALUES_SHOWN]:
        expected = f"one of the codes {listed(labels)}"
        got = f"{say_cells(cells.distinct[i : i + 1])} in {raw.rows(cells.codes == i)}"
        remedy = "add it to the column's codes or to its missing codes in the study"
        findings.problem(f"column {column.name}", expected, got, remedy)
    if rest := unlisted[VALUES_SHOWN:]:
        got = f"{len(rest):,} more unlisted codes in {raw.rows(np.isin(cells.codes, rest))}"
        findings.problem(f"column {column.name}", "listed codes", got)


def _check_names(
    raw: Raw,
    cells: Cells,
    keys: Sequence[str],
    names: Sequence[str],
    path: str,
    findings: Findings,
) -> None:
    reserved = [k for k, n in zip(keys, names, strict=True) if ALL in (k.casefold(), n.casefold())]
    for key in reserved:
        rows = raw.rows(cells.where(cell.key == key for cell in cells.distinct))
        expected = f"groups not called '{ALL}', which is the fit to every row"
        findings.problem(path, expected, f"{show(key)} in {rows}", "rename the group")
    for name in dict.fromkeys(names):
        sharing = [key for key, other in zip(keys, names, strict=True) if other == name]
        if len(sharing) > 1:
            got = f"{show(name)} for {listed(sharing, 'and')}"
            findings.problem(
                path, "a label of its own for each code", got, "correct the labels or the codes"
            )
    _tell_similar(names, path.removeprefix("column "), findings)


def _tell_similar(names: Sequence[str], column: str, findings: Findings) -> None:
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(name.casefold(), name)
        if twin != name:
            message = f"Groups '{twin}' and '{name}' differ only in capitalisation."
            findings.notice("similar_groups", message, column)
