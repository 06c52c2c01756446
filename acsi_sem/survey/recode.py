"""Answers of one item: missing codes taken out and counted, anything unexpected refused."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from acsi_sem.spec.findings import show
from acsi_sem.spec.model import Indicator
from acsi_sem.spec.study import OutOfRangeRule
from acsi_sem.survey.cells import NOT_AVAILABLE, Cell, Cells, number_key, read_cells
from acsi_sem.survey.raw import Findings, Raw, RawColumn
from acsi_sem.survey.survey import Floats, Ints, MissingCount

VALUES_SHOWN: Final = 5
BLANK_LABEL: Final = "blank"
_COMMA_DECIMAL: Final = re.compile(r"-?\d+,\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row has no answer: a code of a column and its meaning."""

    column: str
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Answers:
    """One item's answers.

    Attributes
    ----------
    values : ndarray, shape (n,)
        In scale units, NaN where there is no answer.
    reasons : tuple of Reason
        Why answers are missing.
    reason : ndarray of int, shape (n,)
        Number of each row's reason, -1 where there is an answer.
    """

    values: Floats
    reasons: tuple[Reason, ...]
    reason: Ints

    def counts(self, indicator: str, respondents: Floats) -> tuple[MissingCount, ...]:
        """Return how often each reason occurred; with the answers they add up to the respondents.

        Parameters
        ----------
        indicator : str
        respondents : ndarray, shape (n,)
            How many each row stands for.
        """
        gone = self.reason >= 0
        counts = np.bincount(self.reason[gone], respondents[gone], minlength=len(self.reasons))
        return tuple(
            MissingCount(indicator, reason.column, reason.code, reason.label, round(count))
            for reason, count in zip(self.reasons, counts, strict=True)
            if count
        )


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What becomes of one distinct cell."""

    value: float = math.nan
    reason: Reason | None = None
    fault: Literal["", "text", "range"] = ""
    recoded: Literal["", "low", "high"] = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A column's distinct cells, each with its verdict."""

    raw: Raw
    column: str
    item: Indicator
    cells: Cells
    verdicts: tuple[_Verdict, ...]


def read_answers(
    raw: Raw,
    column: RawColumn,
    item: Indicator,
    rules: Iterable[OutOfRangeRule],
    findings: Findings,
) -> Answers:
    """Return the answers in `column` on the scale of `item`.

    Parameters
    ----------
    rules : iterable of OutOfRangeRule
        How the study treats values outside the scale; rules of other columns are ignored.
    findings : Findings
        Takes a problem for each value that is no number or outside the scale, and notices of
        recoded values, of numbers between the scale's steps and of numbers stored as text.

    Returns
    -------
    Answers
    """
    cells = read_cells(column.cells)
    own = [rule for rule in rules if rule.column == column.name]
    verdicts = tuple(_judge(cell, column, item, own) for cell in cells.distinct)
    judged = _Judged(raw, column.name, item, cells, verdicts)
    _tell_faults(judged, findings)
    _tell_recoded(judged, findings)
    _tell_fractions(judged, findings)
    tell_typed(raw, cells, column.name, findings)
    return _apply(cells, verdicts)


def tell_typed(raw: Raw, cells: Cells, column: str, findings: Findings) -> None:
    """Give notice of numbers stored as text, which a text file cannot help."""
    if raw.source.format in ("csv", "tsv"):
        return
    typed = cells.where(cell.typed and cell.numeric for cell in cells.distinct)
    if typed.any():
        message = f"Numbers stored as text were read as numbers: {raw.rows(typed)}."
        findings.notice("text_numbers", message, column)


def _judge(
    cell: Cell, column: RawColumn, item: Indicator, rules: Sequence[OutOfRangeRule]
) -> _Verdict:
    if cell.blank:
        return _gone(column, "", BLANK_LABEL)
    if not cell.numeric:
        return _judge_text(cell, column)
    number = cell.number
    listed = dict(item.missing)
    if number in listed:
        return _gone(column, number_key(number), listed[number])
    if any(low <= number <= high for low, high in column.missing):
        label = column.labels.get(cell.code, "declared missing in the file")
        return _gone(column, number_key(number), label)
    if item.low <= number <= item.high:
        return _Verdict(number)
    return _judge_outside(number, column, item, rules)


def _judge_text(cell: Cell, column: RawColumn) -> _Verdict:
    if cell.key in column.missing_texts:
        label = column.labels.get(cell.key, "declared missing in the file")
        return _gone(column, cell.key, label)
    if cell.key in NOT_AVAILABLE:
        return _gone(column, cell.key, "not available")
    return _Verdict(fault="text")


def _judge_outside(
    number: float, column: RawColumn, item: Indicator, rules: Sequence[OutOfRangeRule]
) -> _Verdict:
    rule = find_rule(number, rules)
    if rule is None or rule.treat == "error":
        return _Verdict(fault="range")
    if rule.treat == "missing":
        return _gone(column, number_key(number), rule.label or "outside the scale")
    return _Verdict(item.low if rule.treat == "low" else item.high, recoded=rule.treat)


def find_rule(number: float, rules: Sequence[OutOfRangeRule]) -> OutOfRangeRule | None:
    """Return the rule for this very value, else the rule for any value, else None."""
    exact = [rule for rule in rules if rule.value == number]
    general = [rule for rule in rules if rule.value is None]
    return next(iter(exact + general), None)


def _gone(column: RawColumn, code: str, label: str) -> _Verdict:
    return _Verdict(reason=Reason(column.name, code, label))


def _apply(cells: Cells, verdicts: Sequence[_Verdict]) -> Answers:
    reasons = tuple(dict.fromkeys(v.reason for v in verdicts if v.reason))
    place = {reason: i for i, reason in enumerate(reasons)}
    number = [place[v.reason] if v.reason else -1 for v in verdicts]
    values = np.array([v.value for v in verdicts], dtype=float)
    return Answers(values[cells.codes], reasons, np.array(number, dtype=np.intp)[cells.codes])


def _tell_faults(judged: _Judged, findings: Findings) -> None:
    path, cells, item = f"column {judged.column}", judged.cells, judged.item
    faults = [i for i, verdict in enumerate(judged.verdicts) if verdict.fault]
    for i in faults[:VALUES_SHOWN]:
        rows = judged.raw.rows(cells.codes == i)
        expected, got, remedy = _fault(cells.distinct[i], judged.verdicts[i], item)
        findings.problem(path, expected, f"{got} in {rows}", remedy)
    if rest := faults[VALUES_SHOWN:]:
        rows = judged.raw.rows(np.isin(cells.codes, rest))
        got = f"{len(rest):,} more unexpected values in {rows}"
        findings.problem(path, _scale(item, "answers"), got)


def _fault(cell: Cell, verdict: _Verdict, item: Indicator) -> tuple[str, str, str]:
    """Return what was expected, what came and the remedy."""
    if verdict.fault == "text":
        return _scale(item, "a number"), show(cell.key), text_advice(cell.key, _codes(item))
    remedy = (
        "correct it, list it as missing in the model, or say how to treat it under"
        " out_of_range in the study"
    )
    return _scale(item, "an answer"), number_key(cell.number), remedy


def _scale(item: Indicator, noun: str) -> str:
    codes = _codes(item)
    missing = f" or a missing code ({codes})" if codes else ""
    if not math.isfinite(item.low) and not math.isfinite(item.high):
        return f"{noun}{missing}"
    return f"{noun} from {number_key(item.low)} to {number_key(item.high)}{missing}"


def _codes(item: Indicator) -> str:
    return ", ".join(number_key(code) for code, _ in item.missing)


def text_advice(text: str, codes: str = "") -> str:
    """Say what to do about a text where a number belongs."""
    if _COMMA_DECIMAL.fullmatch(text):
        return "write decimals with a point"
    if text.startswith("#") or "formula" in text:
        return "correct the formula, or leave the cell blank for no answer"
    or_code = f" or write a missing code ({codes})" if codes else ""
    return f"correct it; for no answer leave the cell blank{or_code}"


def _tell_recoded(judged: _Judged, findings: Findings) -> None:
    for i, verdict in enumerate(judged.verdicts):
        if verdict.recoded:
            value = number_key(judged.cells.distinct[i].number)
            rows = judged.raw.rows(judged.cells.codes == i)
            end = number_key(verdict.value)
            message = f"{value} lies outside the scale and was taken as {end}: {rows}."
            findings.notice("recoded", message, judged.column)


def _tell_fractions(judged: _Judged, findings: Findings) -> None:
    if not (judged.item.low.is_integer() and judged.item.high.is_integer()):
        return
    values = [verdict.value for verdict in judged.verdicts]
    between = judged.cells.where(not (math.isnan(v) or v.is_integer()) for v in values)
    if between.any():
        rows = judged.raw.rows(between)
        message = f"Answers lie between the scale's whole numbers: {rows}."
        findings.notice("non_integer", message, judged.column)
