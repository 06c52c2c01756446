"""Derived items: named recipes that make one item of several columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from acsi_sem.spec.model import Derivation, Indicator, Text
from acsi_sem.spec.study import OutOfRangeRule
from acsi_sem.survey.raw import Findings, Raw
from acsi_sem.survey.recode import BLANK_LABEL, Answers, Reason, read_answers

LARGEST: Final = 25.0
"""Per cent: the widest price change that is asked about; 26 stands for more."""

_MISSING: Final = ((98.0, "don't know"), (99.0, "refused"), (101.0, "unknown"))
_SCALE: Final = (1.0, 10.0)


def price_tolerance(
    raw: Raw,
    recipe: Derivation,
    item: Indicator,
    rules: Sequence[OutOfRangeRule],
    findings: Findings,
) -> Answers:
    """Return price tolerance on 1 to 10 from two questions of which a row answers one at most.

    Parameters
    ----------
    recipe : Derivation
        Its inputs are ``high`` (the rise in per cent that a loyal customer bears) and ``low``
        (the cut in per cent that a lost one asks for).
    item : Indicator
        The derived item; its scale must be 1 to 10.
    rules : sequence of OutOfRangeRule
        The study's treatment of values outside 0 to 25; it goes before the recipe's own.

    Returns
    -------
    Answers

    Notes
    -----
    t = +high or -low; 26 (more than 25 %) is taken as 25; 98, 99 and 101 are missing;
    PT = 1 + 9 (t + 25) / 50, so that bearing a rise of 25 % is 10 and
    asking for a cut of 25 % is 1.
    This recode is the toolkit's own: ACSI's is not published.
    """
    inputs = dict(recipe.inputs)
    up = _percent(raw, inputs["high"], rules, findings)
    down = _percent(raw, inputs["low"], rules, findings)
    _check(raw, up, down, item, inputs, findings)
    change = np.where(np.isnan(up.values), -down.values, up.values)
    values = 1 + 9 * (change + LARGEST) / (2 * LARGEST)
    return _with_reasons(values, up, down, item.column)


def _percent(raw: Raw, name: str, rules: Sequence[OutOfRangeRule], findings: Findings) -> Answers:
    column = raw.column(name)
    if column is None:
        nothing = np.full(len(raw.places), np.nan)
        blank = (Reason(name, "", BLANK_LABEL),)
        return Answers(nothing, blank, np.zeros(len(nothing), dtype=np.intp))
    scale = Indicator(name, name, 0.0, LARGEST, _MISSING, reverse=False, label=Text.of(None, name))
    top = OutOfRangeRule(name, LARGEST + 1, "high", "more than 25 %")
    return read_answers(raw, column, scale, (*rules, top), findings)


def _check(
    raw: Raw,
    up: Answers,
    down: Answers,
    item: Indicator,
    inputs: dict[str, str],
    findings: Findings,
) -> None:
    path = f"column {item.column}"
    if raw.column(item.column) is not None:
        findings.problem(
            path,
            f"an item derived from {inputs['high']} and {inputs['low']}",
            "a column of that name in the file",
            "rename the column or the derived item",
        )
    if (item.low, item.high) != _SCALE:
        got = f"{item.low:g} to {item.high:g}"
        findings.problem(path, "the scale 1 to 10 of price_tolerance", got, "set scale: [1, 10]")
    both = ~np.isnan(up.values) & ~np.isnan(down.values)
    if both.any():
        findings.problem(
            path,
            f"an answer to {inputs['high']} or to {inputs['low']}, not to both",
            f"both in {raw.rows(both)}",
            "blank the question that the row was not asked",
        )


def _with_reasons(values: np.ndarray, up: Answers, down: Answers, column: str) -> Answers:
    """Give each row without an answer one reason: a code where there is one, else two blanks."""
    neither = Reason(column, "", "neither question answered")
    reasons = (neither, *up.reasons, *down.reasons)
    reason = np.full(len(values), -1, dtype=np.intp)
    gone = np.isnan(values)
    reason[gone] = 0
    shift = 1
    for part in (up, down):
        coded = np.array([r.code != "" for r in part.reasons] + [False])[part.reason]
        chosen = gone & (reason == 0) & (part.reason >= 0) & coded
        reason[chosen] = part.reason[chosen] + shift
        shift += len(part.reasons)
    return Answers(values, reasons, reason)
