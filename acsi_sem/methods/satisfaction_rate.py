"""Satisfaction rate: the share of respondents who answer at or above a grade."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem, UsageError
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.shares import weighted_share
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.proportions import share_limits
from acsi_sem.spec.fields import Field
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
        Measure ``satisfied``, in per cent, one row per group and question; ``headline`` is that of
        the first question.

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
    grades = np.array([_grade(method, setting.people.field(name)) for name in method.items])
    counted = np.where(asked, turned, -np.inf) >= grades

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        return {"share": weighted_share(weights, counted[rows], asked[rows])}

    rows = [
        one
        for measured in setting.measure(statistic).values()
        for one in _rows(method, setting, measured, asked)
    ]
    return MethodResult(method.name, method.kind, tuple(rows))


def _grade(method: SatisfactionRate, one: Field) -> float:
    """Return the lowest turned answer that counts."""
    return one.low + one.high - method.satisfied_from if one.reverse else method.satisfied_from


def _check(method: SatisfactionRate, setting: Setting) -> None:
    problems = []
    for i, name in enumerate(method.items):
        one = setting.people.field(name)
        place = f"methods.{method.name}"
        if one.kind != "scale":
            problems.append(Problem(place, f"items[{i}]", "a question with a scale", one.kind))
        elif not one.low < _grade(method, one) <= one.high:
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
    for i, name in enumerate(method.items):
        made = row(
            measured,
            "share",
            (i,),
            subject=name,
            measure="satisfied",
            n=setting.count(rows, asked[rows, i]),
            level=setting.request.level,
            factor=100,
        )
        weights = setting.people.design.weights[rows][asked[rows, i]]
        told = share_limits(made, weights, setting)
        if i == 0:
            reading = f"% who answer {method.satisfied_from:g} or better to {name}"
            yield told | {"subject": "", "measure": "headline", "reading": reading}
        yield told
