"""Complaints: who complains, who stays silent, and what handling wins back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem, UsageError
from acsi_sem.kernels.medians import weighted_mean, weighted_median
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.shares import weighted_share
from acsi_sem.methods.amounts import check_amounts, check_scale, scored, turned
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.proportions import NOBODY
from acsi_sem.methods.rates import rate_row
from acsi_sem.spec.fields import Field
from acsi_sem.spec.methods.complaints import Complaints
from acsi_sem.terms import Notice

Mask = NDArray[np.bool_]
AFTER: Final = ("no complaint", "well handled", "badly handled")


@dataclass(slots=True)
class Parts:
    """What is measured, by measure and category.

    `shares`: who counts, of whom; `behind`: on whom shares of a measure rest, where they are fewer;
    `means` and `medians`: numbers, NaN outside; `gaps`: two keys of means, the first less the
    second; `subjects`: the question of each; `families`: measures that part the customers by their
    category, with the name of the family.
    """

    shares: dict[tuple[str, str], tuple[Mask, Mask]] = field(default_factory=dict)
    behind: dict[str, Mask] = field(default_factory=dict)
    means: dict[tuple[str, str], Floats] = field(default_factory=dict)
    medians: dict[tuple[str, str], Floats] = field(default_factory=dict)
    gaps: dict[tuple[str, str], tuple[tuple[str, str], tuple[str, str]]] = field(
        default_factory=dict
    )
    subjects: dict[str, str] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)


def run(method: Complaints, setting: Setting) -> MethodResult:
    """Return the complaint rate and what goes with it.

    Parameters
    ----------
    method : Complaints
    setting : Setting

    Returns
    -------
    MethodResult
        Shares in per cent with Wilson's limits: ``headline`` and ``complaint_rate``;
        ``dissatisfied``; ``silent`` (dissatisfied without a complaint; category of all, of
        dissatisfied); ``handling_satisfied`` (of those who complained); ``again``; ``retention``
        (loyal; category complaint, no complaint). Means: ``handling_mean`` (0-100), ``days``
        (category mean, median), ``loyalty`` (0-100; category no complaint, well handled, badly
        handled). ``recovery``: mean loyalty after a well (badly) handled complaint less that of
        customers without a complaint, points.

    Raises
    ------
    UsageError
        If a field is of the wrong kind, or a grade lies outside its scale.
    DataError
        If days are negative.
    """
    _check(method, setting)
    voiced = _voiced(method, setting)
    parts = _parts(method, setting, voiced)

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        return _measures(parts, weights, rows)

    rows = [
        one
        for measured in setting.measure(statistic).values()
        for one in _rows(parts, setting, measured)
    ]
    return MethodResult(
        method.name, method.kind, tuple(rows), tuple(_notices(method, setting, voiced))
    )


def _check(method: Complaints, setting: Setting) -> None:
    where = f"methods.{method.name}"
    problems = [*_wrong_complained(method, setting, where)]
    for place, name, key, cut in (
        ("handling", method.handling, "satisfied_handling_from", method.satisfied_handling_from),
        ("loyalty", method.loyalty, "loyal_from", method.loyal_from),
    ):
        if name and cut is not None:
            problems += check_scale(setting, where, place, name, (key, cut))
    if method.satisfaction and method.dissatisfied_up_to is not None:
        problems += _wrong_dissatisfied(setting, where, method.satisfaction, method)
    if method.again and not _yes_no(setting, method.again):
        problems.append(Problem(where, "again", "a question on 0 to 1", method.again))
    if problems:
        raise UsageError(problems)
    if method.days:
        check_amounts(setting, where, [("days", method.days, "code open cases as missing")])


def _yes_no(setting: Setting, name: str) -> bool:
    one = setting.people.field(name)
    return one.kind == "scale" and (one.low, one.high) == (0.0, 1.0)


def _wrong_complained(method: Complaints, setting: Setting, where: str) -> Iterator[Problem]:
    one = setting.people.field(method.complained)
    codes = [code for code, _ in one.codes]
    if one.kind == "category" and method.complained_is not in codes:
        got = method.complained_is or "none"
        yield Problem(where, "complained_is", f"one of the codes {', '.join(codes)}", got)
    elif one.kind != "category" and not _yes_no(setting, method.complained):
        expected = "a question on 0 to 1, or a category"
        yield Problem(where, "complained", expected, f"{method.complained}, {_range(one)}")
    elif one.kind != "category" and method.complained_is is not None:
        got = method.complained_is
        yield Problem(where, "complained_is", "no code beside a question on 0 to 1", got)


def _range(one: Field) -> str:
    return f"{one.low:g} to {one.high:g}" if one.kind == "scale" else "an amount"


def _wrong_dissatisfied(
    setting: Setting, where: str, name: str, method: Complaints
) -> Iterator[Problem]:
    one, cut = setting.people.field(name), method.dissatisfied_up_to
    yield from check_scale(setting, where, "satisfaction", name)
    if one.kind == "scale" and cut is not None:
        at = turned(setting, name, cut)
        if not one.low <= at < one.high:
            expected = f"a grade within {one.low:g} to {one.high:g} of {name}, not the best"
            yield Problem(where, "dissatisfied_up_to", expected, f"{cut:g}")


def _voiced(method: Complaints, setting: Setting) -> Floats:
    """Return 1 for those who complained, 0 for those who did not, NaN without an answer."""
    one, values = setting.people.field(method.complained), setting.people.column(method.complained)
    yes = 1.0
    if one.kind == "category":
        yes = float([code for code, _ in one.codes].index(str(method.complained_is)))
    voiced = (values == yes).astype(float) if one.kind == "category" else values >= 0.5
    return np.where(np.isnan(values), np.nan, voiced)


def _parts(method: Complaints, setting: Setting, voiced: Floats) -> Parts:
    known, yes = ~np.isnan(voiced), voiced == 1
    parts = Parts()
    for measure in ("headline", "complaint_rate"):
        parts.shares[measure, ""] = (yes, known)
    parts.subjects["complaint_rate"] = method.complained
    _silent(parts, method, setting, voiced)
    _handled(parts, method, setting, yes)
    _loyal(parts, method, setting, voiced)
    return parts


def _silent(parts: Parts, method: Complaints, setting: Setting, voiced: Floats) -> None:
    if method.satisfaction is None or method.dissatisfied_up_to is None:
        return
    good = setting.people.good(method.satisfaction)
    both = ~np.isnan(voiced) & ~np.isnan(good)
    bad = both & (good <= turned(setting, method.satisfaction, method.dissatisfied_up_to))
    parts.shares["dissatisfied", ""] = (bad, both)
    parts.shares["silent", "of all"] = (bad & (voiced == 0), both)
    parts.shares["silent", "of dissatisfied"] = (bad & (voiced == 0), bad)
    # Either share tells the other: both rest on the dissatisfied.
    parts.behind["silent"] = bad
    parts.subjects["dissatisfied"] = parts.subjects["silent"] = method.satisfaction


def _handled(parts: Parts, method: Complaints, setting: Setting, yes: Mask) -> None:
    people = setting.people
    if method.handling and method.satisfied_handling_from is not None:
        score = np.where(yes, scored(setting, method.handling), np.nan)
        well = people.good(method.handling) >= _handling_cut(method, setting)
        parts.shares["handling_satisfied", ""] = (well & yes, ~np.isnan(score))
        parts.means["handling_mean", ""] = score
        parts.subjects["handling_satisfied"] = parts.subjects["handling_mean"] = method.handling
    if method.days:
        days = np.where(yes, people.column(method.days), np.nan)
        parts.means["days", "mean"] = parts.medians["days", "median"] = days
        parts.subjects["days"] = method.days
    if method.again:
        again = people.column(method.again)
        parts.shares["again", ""] = (again >= 0.5, yes & ~np.isnan(again))
        parts.subjects["again"] = method.again


def _handling_cut(method: Complaints, setting: Setting) -> float:
    assert method.handling is not None
    assert method.satisfied_handling_from is not None
    return turned(setting, method.handling, method.satisfied_handling_from)


def _loyal(parts: Parts, method: Complaints, setting: Setting, voiced: Floats) -> None:
    if method.loyalty is None or method.loyal_from is None:
        return
    people, score = setting.people, scored(setting, method.loyalty)
    loyal = people.good(method.loyalty) >= turned(setting, method.loyalty, method.loyal_from)
    for name, value in (("complaint", 1), ("no complaint", 0)):
        parts.shares["retention", name] = (loyal, (voiced == value) & ~np.isnan(score))
    parts.subjects["retention"] = parts.subjects["loyalty"] = method.loyalty
    parts.subjects["recovery"] = method.loyalty
    # Without a question on the handling both part the customers alike.
    parts.families["retention"] = "voiced"
    parts.families["loyalty"] = "handled" if method.handling else "voiced"
    who = {"no complaint": voiced == 0}
    if method.handling:
        handling = people.good(method.handling)
        well, told = handling >= _handling_cut(method, setting), ~np.isnan(handling)
        who |= {"well handled": (voiced == 1) & well, "badly handled": (voiced == 1) & told & ~well}
    for name, rows in who.items():
        parts.means["loyalty", name] = np.where(rows, score, np.nan)
        if name != AFTER[0]:
            parts.gaps["recovery", name] = (("loyalty", name), ("loyalty", AFTER[0]))


def _measures(parts: Parts, weights: Floats, rows: Ints) -> dict[str, Floats]:
    shares = {
        _key(at): weighted_share(weights, counted[rows], asked[rows])
        for at, (counted, asked) in parts.shares.items()
    }
    means = {_key(at): weighted_mean(weights, own[rows]) for at, own in parts.means.items()}
    medians = {_key(at): weighted_median(weights, own[rows]) for at, own in parts.medians.items()}
    gaps = {
        _key(at): means[_key(one)] - means[_key(other)] for at, (one, other) in parts.gaps.items()
    }
    return shares | means | medians | gaps


def _key(at: tuple[str, str]) -> str:
    return " ".join(at)


def _rows(parts: Parts, setting: Setting, measured: Measured) -> Iterator[Row]:
    for at, (_, asked) in parts.shares.items():
        made = rate_row(
            setting,
            measured,
            _key(at),
            asked=asked,
            behind=parts.behind.get(at[0]),
            subject=parts.subjects.get(at[0], ""),
            measure=at[0],
            category=at[1],
        )
        yield _of_family(parts, made)
    for at, values in (*parts.means.items(), *parts.medians.items()):
        made = _mean_row(parts, setting, measured, at, _count(setting, measured, values))
        yield _of_family(parts, made)
    for at, pair in parts.gaps.items():
        # The difference rests on the smaller side.
        n = min(_count(setting, measured, parts.means[side]) for side in pair)
        yield _mean_row(parts, setting, measured, at, n) | {"of_parts": parts.families["loyalty"]}


def _of_family(parts: Parts, made: Row) -> Row:
    family = parts.families.get(made["measure"])
    return made | {"family": family, "part": made["category"]} if family else made


def _count(setting: Setting, measured: Measured, values: Floats) -> int:
    rows = dict(setting.groups)[measured.group]
    return setting.count(rows, ~np.isnan(values[rows]))


def _mean_row(
    parts: Parts, setting: Setting, measured: Measured, at: tuple[str, str], n: int
) -> Row:
    level = setting.request.level
    subject = parts.subjects.get(at[0], "")
    made = row(measured, _key(at), subject=subject, measure=at[0], category=at[1], n=n, level=level)
    return made if n else made | {"note": NOBODY}


def _notices(method: Complaints, setting: Setting, voiced: Floats) -> Iterator[Notice]:
    """Tell of answers to questions that were not for these respondents."""
    every = np.arange(voiced.size)
    for name in (method.handling, method.days, method.again):
        if name is None:
            continue
        count = setting.count(every, (voiced != 1) & ~np.isnan(setting.people.column(name)))
        if count:
            told = (
                f"{count} answer to {name} is" if count == 1 else f"{count} answers to {name} are"
            )
            message = (
                f"{told} left out: the question is for those who complained, and not for those who "
                "did not, or did not say."
            )
            yield Notice("complaint_answers_left_out", message, subject=method.name)
