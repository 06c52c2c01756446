"""Satisfaction rate: the share of respondents who answer at or above a grade."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem, UsageError
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.shares import effective_number, weighted_share, wilson_limits
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.spec.methods.satisfaction_rate import SatisfactionRate


def run(method: SatisfactionRate, setting: Setting) -> MethodResult:
    """Return the share of satisfied respondents of every question, with Wilson's limits.

    Parameters
    ----------
    method : SatisfactionRate
    setting : Setting

    Returns
    -------
    MethodResult
        Measure ``satisfied``, in per cent, one row per group and question.

    Raises
    ------
    UsageError
        If a question has no scale, or the grade lies outside it.

    Notes
    -----
    T = S / C. The limits are Wilson's with the effective number of respondents, share (1 - share)
    over the squared standard error of the design.
    """
    _check(method, setting)
    turned = np.column_stack([setting.people.good(name) for name in method.items])
    asked = ~np.isnan(turned)
    grades = np.array([_grade(method, setting, name) for name in method.items])
    counted = np.where(asked, turned, -np.inf) >= grades

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        return {"share": weighted_share(weights, counted[rows], asked[rows])}

    rows = [
        one
        for measured in setting.measure(statistic).values()
        for one in _rows(method, setting, measured, asked)
    ]
    return MethodResult(method.name, method.kind, tuple(rows))


def _grade(method: SatisfactionRate, setting: Setting, name: str) -> float:
    """Return the lowest turned answer that counts."""
    one = setting.people.field(name)
    cut = method.satisfied_from
    return one.low + one.high - cut if one.reverse else cut


def _check(method: SatisfactionRate, setting: Setting) -> None:
    problems = []
    for i, name in enumerate(method.items):
        one = setting.people.field(name)
        place = f"methods.{method.name}"
        if one.kind != "scale":
            problems.append(Problem(place, f"items[{i}]", "a question with a scale", one.kind))
        elif not one.low < _grade(method, setting, name) <= one.high:
            expected = f"a grade within {one.low:g} to {one.high:g} of {name}, not the worst"
            problems.append(
                Problem(place, "satisfied_from", expected, f"{method.satisfied_from:g}")
            )
    if problems:
        raise UsageError(problems)


def _rows(
    method: SatisfactionRate, setting: Setting, measured: Measured, asked: NDArray[np.bool_]
) -> Iterator[Row]:
    rows = dict(setting.groups)[measured.group]
    level = setting.request.level
    for i, name in enumerate(method.items):
        n = setting.count(rows, asked[rows, i])
        made = row(
            measured, "share", (i,), subject=name, measure="satisfied", n=n, level=level, factor=100
        )
        weights = setting.people.design.weights[rows][asked[rows, i]]
        yield made | _limits(made, weights, n, setting)


def _limits(made: Row, weights: Floats, n: int, setting: Setting) -> Row:
    """Return Wilson's limits in place of percentiles, which fail where all are satisfied."""
    if not weights.size:
        return {"note": "no answers"}
    frequency = setting.people.design.weight_kind == "frequency"
    kish = float(n) if frequency else float(weights.sum() ** 2 / (weights**2).sum())
    share = np.asarray(made["value"] / 100)
    error = np.asarray(made["std_error"] / 100)
    size = effective_number(share, error, np.asarray(kish))
    low, high = wilson_limits(share, size, setting.request.level)
    note = "" if np.isfinite(error) else made["note"]
    return {"conf_low": 100 * float(low), "conf_high": 100 * float(high), "note": note}
