"""Answers read as grades, the best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import AcsiError, DataError, Problem, UsageError
from acsi_sem.kernels.moments import Floats
from acsi_sem.methods.base import Ints, Setting
from acsi_sem.spec.fields import Field
from acsi_sem.spec.methods.grading import GradedMethod

Places = Sequence[tuple[str, str]]
"""Where a question is named within the method, and the question."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What a mean over questions rests on.

    Attributes
    ----------
    n : int
        Fewest answers to any of the questions: a mean over published questions and one that is
        withheld would tell the withheld one.
    weights : ndarray, shape (m,)
        Of those who answered that question.
    note : str
        Names the questions without answers, because of which there is no mean.
    """

    n: int
    weights: Floats
    note: str = ""


def read_grades(method: GradedMethod, setting: Setting, items: Places) -> Ints:
    """Return the grade of every answer.

    Parameters
    ----------
    method : GradedMethod
    setting : Setting
    items : sequence of (place, question)
        Questions with a scale of as many whole steps as there are grades, whose good end is the
        best grade, or categories in the order of the grades.

    Returns
    -------
    ndarray of int, shape (n, k)
        From 0, the best; -1 where there is no answer.

    Raises
    ------
    UsageError
        If a question has other answers than there are grades, or the categories of two stand in
        different orders.
    DataError
        If an answer lies between two grades.
    """
    where = f"methods.{method.name}"
    count = len(method.grades.values)
    _raise(UsageError, [*_other(setting, items, count, where), *_turned(setting, items, where)])
    graded = [_positions(setting, name) for _, name in items]
    between = [
        _between(place, values, where) for (place, _), values in zip(items, graded, strict=True)
    ]
    _raise(DataError, [problem for found in between for problem in found])
    stacked = np.column_stack(graded)
    return np.where(np.isnan(stacked), -1.0, stacked).astype(np.intp)


def grade_names(method: GradedMethod, setting: Setting, items: Places) -> tuple[str, ...]:
    """Return what the grades are called: in the study, by the questions' categories, or usually."""
    categories = {setting.people.categories.get(name, ()) for _, name in items}
    if not method.grades.named and len(categories) == 1 and (found := categories.pop()):
        return found
    return tuple(label.get(setting.language) for label in method.grades.labels)


def behind(setting: Setting, group: str, grades: Ints, items: Sequence[str]) -> Behind:
    """Return what a mean over questions rests on, and what was never answered.

    Parameters
    ----------
    setting : Setting
    group : str
    grades : ndarray of int, shape (n, k)
    items : sequence of str, length k
    """
    members = dict(setting.groups)[group]
    asked = grades[members] >= 0
    counts = [setting.count(members, asked[:, i]) for i in range(len(items))]
    empty = [item for item, count in zip(items, counts, strict=True) if not count]
    fewest = counts.index(min(counts))
    weights = setting.people.design.weights[members][asked[:, fewest]]
    return Behind(counts[fewest], weights, f"no answers to {', '.join(empty)}" if empty else "")


def _raise(kind: type[AcsiError], problems: list[Problem]) -> None:
    if problems:
        raise kind(problems)


def _other(setting: Setting, items: Places, count: int, where: str) -> Iterator[Problem]:
    """Find questions that have not one answer for each grade."""
    remedy = "name other questions, or give as many values as there are answers"
    for place, name in items:
        one = setting.people.field(name)
        got = _answers(one, setting)
        if got != f"{count} answers":
            expected = f"a question with {count} answers, one for each grade"
            yield Problem(where, place, expected, got, remedy)


def _answers(one: Field, setting: Setting) -> str:
    if one.kind == "amount":
        return f"{one.name}, an amount"
    if one.kind == "category":
        return f"{len(setting.people.categories[one.name])} answers"
    whole = float(one.high - one.low).is_integer()
    return f"{one.steps} answers" if whole else f"a scale from {one.low:g} to {one.high:g}"


def _turned(setting: Setting, items: Places, where: str) -> Iterator[Problem]:
    """Find categories that stand in another order than those of an earlier question."""
    seen: dict[frozenset[str], tuple[str, tuple[str, ...]]] = {}
    for place, name in items:
        names = setting.people.categories.get(name, ())
        first, order = seen.setdefault(frozenset(names), (name, names))
        if names != order:
            expected = f"the categories in the order of {first}: {', '.join(order)}"
            yield Problem(where, place, expected, ", ".join(names))


def _positions(setting: Setting, name: str) -> NDArray[np.float64]:
    """Return the place of every answer from the best; NaN where there is none."""
    one = setting.people.field(name)
    if one.kind == "category":
        return setting.people.column(name)
    return np.asarray(one.high - setting.people.good(name))


def _between(place: str, values: NDArray[np.float64], where: str) -> Iterator[Problem]:
    answered = values[~np.isnan(values)]
    if (wrong := answered != np.rint(answered)).any():
        got = f"{int(wrong.sum())} between two grades"
        yield Problem(where, place, "answers that are whole steps of the scale", got)
