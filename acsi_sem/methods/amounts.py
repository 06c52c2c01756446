"""Amounts of money, counts and days: what must hold of them before they are summed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import DataError, Problem, UsageError
from acsi_sem.indices.suppression import SECONDARY as SECONDARY_STATE
from acsi_sem.indices.suppression import suppress
from acsi_sem.kernels.moments import Floats
from acsi_sem.methods.base import Fields, Ints, Row, Setting, Statistic
from acsi_sem.methods.protection import SECONDARY
from acsi_sem.terms import ALL, Notice

_SPREAD: Final = ("std_error", "conf_low", "conf_high")


LARGEST: Final = 1e15
"""Larger amounts lose the units of small ones in sums of numbers with 16 digits."""


def check_amounts(setting: Setting, where: str, places: Sequence[tuple[str, str, str]]) -> None:
    """Refuse fields that are no amounts, and amounts below nought.

    Parameters
    ----------
    setting : Setting
    where : str
        The method, for messages.
    places : sequence of (place within the method, field, remedy)
        The remedy says where negative amounts belong; ``any`` allows them.

    Raises
    ------
    UsageError
        If a field is no amount.
    DataError
        If an amount is negative, or beyond `LARGEST`; rows are counted.
    """
    people = setting.people
    kinds = [(place, name, people.field(name).kind) for place, name, _ in places]
    wrong = [
        Problem(where, place, "an amount", f"{name}, a {kind}", "give the item 'amount: true'")
        for place, name, kind in kinds
        if kind != "amount"
    ]
    if wrong:
        raise UsageError(wrong)
    below = [
        (place, name, remedy, int((people.column(name) < 0).sum()))
        for place, name, remedy in places
        if remedy != "any"
    ]
    problems = [
        Problem(
            where, place, "amounts of 0 or more", f"{row_count(count)} of {name} below 0", remedy
        )
        for place, name, remedy, count in below
        if count
    ]
    large = [
        Problem(
            where,
            place,
            f"amounts up to {LARGEST:g}",
            f"{row_count(count)} of {name} beyond it",
            "count in thousands or millions",
        )
        for place, name, _ in places
        if (count := int((np.abs(people.column(name)) > LARGEST).sum()))
    ]
    if problems or large:
        raise DataError([*problems, *large])


def check_scale(
    setting: Setting, where: str, place: str, name: str, grade: tuple[str, float] | None = None
) -> Iterator[Problem]:
    """Yield what is wrong with a question that must have a scale, and with a grade on it.

    Parameters
    ----------
    setting : Setting
    where, place : str
        The method, and the place of the question in it.
    name : str
    grade : (place, answer) or None
        The lowest answer that counts; it may not be the worst.
    """
    one = setting.people.field(name)
    if one.kind != "scale":
        yield Problem(where, place, "a question with a scale", f"{name}, {_article(one.kind)}")
    elif grade and not one.low < turned(setting, name, grade[1]) <= one.high:
        expected = f"a grade within {one.low:g} to {one.high:g} of {name}, not the worst"
        yield Problem(where, grade[0], expected, f"{grade[1]:g}")


def turned(setting: Setting, name: str, answer: float) -> float:
    """Return an answer as it stands on the scale turned so that high is good."""
    one = setting.people.field(name)
    return one.low + one.high - answer if one.reverse else answer


def scored(setting: Setting, name: str) -> Floats:
    """Return answers on 0-100, 100 the good end, shape (n,)."""
    one = setting.people.field(name)
    scores: Floats = 100 * (setting.people.good(name) - one.low) / (one.high - one.low)
    return scores


def complete(columns: Floats) -> NDArray[np.bool_]:
    """Return which rows have every one of some columns (n, k), shape (n,)."""
    return np.asarray(~np.isnan(columns).any(axis=1))


def among(statistic: Statistic, known: NDArray[np.bool_]) -> Statistic:
    """Return a statistic of the `known` (n,) rows alone."""

    def narrowed(weights: Floats, rows: Ints) -> Fields:
        own = known[rows]
        return statistic(np.ascontiguousarray(weights[:, own]), rows[own])

    return narrowed


def left_out(setting: Setting, name: str, known: NDArray[np.bool_], what: str) -> Iterator[Notice]:
    """Yield a notice of how many respondents lack an answer that a method needs.

    Parameters
    ----------
    setting : Setting
    name : str
        The method.
    known : ndarray of bool, shape (n,)
        Rows that are used.
    what : str
        What the others lack, in words.
    """
    count = setting.count(np.arange(known.size), ~known)
    if count:
        who = "respondent is" if count == 1 else "respondents are"
        yield Notice("method_left_out", f"{count} {who} left out: no {what}.", subject=name)


def close_groups(rows: Iterable[Row], setting: Setting, known: NDArray[np.bool_]) -> Iterator[Row]:
    """Withhold every part of the groups whose total is withheld.

    Parameters
    ----------
    rows : iterable of mapping
        Those of a family are about parts of their group.
    setting : Setting
    known : ndarray of bool, shape (n,)
        Rows that are used.

    Notes
    -----
    A part's share and its mean tell the total of its group; totals of all groups but one, and that
    of all, tell that of the one. So a small group takes a second one with it, as for any measure.
    """
    smallest = setting.request.minimum_rows
    counts = {name: setting.count(at, known[at]) for name, at in setting.groups if name != ALL}
    state = suppress(np.array([[*counts.values()]], dtype=float), smallest)[0] if counts else ()
    closed = {name for name, one in zip(counts, state, strict=True) if one == SECONDARY_STATE}
    for row in rows:
        shut = row.get("family") and row["group"] in closed and row["n"]
        yield withheld(row, SECONDARY) if shut else row


def withheld(row: Row, why: str) -> Row:
    """Return a row without its number, with the reason."""
    blank = dict.fromkeys(("value", *_SPREAD), float("nan"))
    return row | blank | {"reading": "", "note": why}


def unlimited(row: Row, why: str) -> Row:
    """Return a row without limits and standard error, with the reason."""
    return row | dict.fromkeys(_SPREAD, float("nan")) | {"note": why}


def row_count(count: int) -> str:
    """Write a number of rows."""
    return f"{count} row" if count == 1 else f"{count} rows"


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
