"""Whether the answers can carry an estimation: enough complete rows, answers that vary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.spec.model import Model
from acsi_sem.survey.cells import number_key
from acsi_sem.survey.raw import Findings
from acsi_sem.survey.survey import Factor, Floats, MissingCount

GROUPS_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class _Part:
    """All rows or one group: its place in a message, its name at a sentence's end, its rows."""

    path: str
    name: str
    rows: NDArray[np.bool_]


def check_answers(
    model: Model,
    values: Floats,
    respondents: Floats,
    missing: Sequence[MissingCount],
    groups: Factor | None,
    minimum: int,
    findings: Findings,
) -> None:
    """Tell items without an answer, groups with too few complete rows, and constant items.

    Parameters
    ----------
    values : ndarray, shape (n, a)
        Answers to the distinct items, NaN where there is none.
    respondents : ndarray, shape (n,)
        How many each row stands for.
    minimum : int
        Fewest complete rows of a group; never less than the number of indicators plus one,
        as a smaller group's covariance matrix is singular.
    """
    if _tell_empty(model, values, missing, findings):
        return
    every = np.ones(len(values), dtype=bool)
    floor = 1 if model.kind == "composite" else len(model.answers) + 1
    least = _Least(minimum, floor, respondents)
    _check_part(model, values, _Part("all rows", "", every), least, findings)
    if findings.problems or groups is None:
        return
    short = 0
    for part in _parts(groups):
        if short < GROUPS_SHOWN:
            short += _check_part(model, values, part, least, findings)
        else:
            short += not least.met(_usable(model, values, part.rows))
    if short > GROUPS_SHOWN:
        got = f"fewer in {short:,} groups, of which {GROUPS_SHOWN} are named"
        remedy = "check that the column is the one to group by"
        findings.problem(f"column {groups.column}", "enough complete rows per group", got, remedy)


def _parts(groups: Factor) -> Iterator[_Part]:
    for i, (key, name) in enumerate(zip(groups.keys, groups.categories, strict=True)):
        title = key if key == name else f"{key} ({name})"
        path = f"column {groups.column}, group {title}"
        yield _Part(path, f" of group {title}", groups.codes == i)


def _tell_empty(
    model: Model, values: Floats, missing: Sequence[MissingCount], findings: Findings
) -> bool:
    empty = np.asarray(np.isnan(values).all(axis=0))
    for item, gone in zip(model.answers, empty, strict=True):
        if gone:
            counts = [m for m in missing if m.indicator == item.name]
            why = ", ".join(f"{m.code or m.label}: {m.count:,}" for m in counts)
            got = f"none in {len(values):,} rows ({why})"
            remedy = "check the item's column and its missing codes in the model"
            findings.problem(f"column {item.column}", "at least one answer", got, remedy)
    return bool(empty.any())


def _usable(model: Model, values: Floats, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the rows that estimation rests on: complete ones, of a composite any with answers."""
    holes = np.isnan(values)
    lost = holes.all(axis=1) if model.kind == "composite" else holes.any(axis=1)
    return np.asarray(rows & ~lost)


@dataclass(frozen=True, slots=True)
class _Least:
    """How many complete interviews a group needs: respondents, and at least `floor` rows."""

    minimum: int
    floor: int
    respondents: Floats

    @property
    def number(self) -> int:
        return max(self.minimum, self.floor)

    def count(self, complete: NDArray[np.bool_]) -> int:
        """Return the respondents behind complete rows, or the rows where these are too few."""
        rows = int(complete.sum())
        return rows if rows < self.floor else round(float(self.respondents[complete].sum()))

    def met(self, complete: NDArray[np.bool_]) -> bool:
        """Tell whether complete rows suffice."""
        return self.count(complete) >= self.number


def _check_part(
    model: Model, values: Floats, part: _Part, least: _Least, findings: Findings
) -> bool:
    """Check one group; True when it has too few complete rows.

    A composite needs neither complete rows nor answers that vary: its weights are not estimated.
    """
    complete = _usable(model, values, part.rows)
    if not least.met(complete):
        _tell_short(model, values, part, least.count(complete), least.number, findings)
        return True
    if model.kind == "composite":
        return False
    answers = values[complete]
    constant = (answers == answers[0]).all(axis=0)
    for item, same, value in zip(model.answers, constant, answers[0], strict=True):
        if same:
            got = f"{number_key(float(value))} in every complete row{part.name}"
            remedy = "leave the item out of the model or the group out of the file"
            findings.problem(f"column {item.column}", "answers that vary", got, remedy)
    return False


def _tell_short(
    model: Model, values: Floats, part: _Part, complete: int, least: int, findings: Findings
) -> None:
    answered = (~np.isnan(values[part.rows])).sum(axis=0)
    worst = model.answers[int(answered.argmin())].name
    total = int(part.rows.sum())
    fewest = int(answered.min())
    why = f" ({worst} has {fewest:,} answers)" if fewest < total else ""
    got = f"{complete:,} of {total:,}{why}"
    composite = model.kind == "composite"
    floor = 1 if composite else len(model.answers) + 1
    rows = "rows with an answer" if composite else "complete rows"
    remedy = (
        "add rows or drop indicators"
        if least == floor
        else f"add rows, join groups or lower minimum_rows (never below {floor})"
    )
    findings.problem(part.path, f"at least {least:,} {rows}", got, remedy)
