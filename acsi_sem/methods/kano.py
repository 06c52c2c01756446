"""Kano: what each feature does to satisfaction, and how stable that finding is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from acsi_sem.errors import DataError, Problem, UsageError
from acsi_sem.kernels.kano import (
    CATEGORIES,
    better_worse,
    by_mode,
    by_sum,
    category_shares,
    classify,
)
from acsi_sem.kernels.moments import Floats
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.proportions import NOBODY, share_limits
from acsi_sem.spec.methods.kano import Kano
from acsi_sem.terms import ALL, STRUCTURED, Notice

NAMES: Final = {
    "M": "basic",
    "O": "expected",
    "A": "excitement",
    "I": "indifferent",
    "R": "reverse",
    "Q": "questionable",
}
JUDGED: Final = [CATEGORIES.index(letter) for letter in "AOMI"]
"""What Better and Worse are shares of."""
ANSWERS: Final = 5
MOST_QUESTIONABLE: Final = 10.0
NO_STABILITY: Final = "stability needs bootstrap replicates"
NO_COEFFICIENT: Final = "all answers are reverse or questionable"


def run(method: Kano, setting: Setting) -> MethodResult:
    """Return what each feature is, from pairs of answers.

    Parameters
    ----------
    method : Kano
    setting : Setting

    Returns
    -------
    MethodResult
        By feature: ``share`` (per cent, by category), ``category`` (share of the most frequent
        one; which is in its reading), ``category_sum`` (by the rule M + O + A against I + R + Q),
        ``better``, ``worse`` (of those of the four types alone) and ``stability`` (per cent of
        replicates with the same category).

    Raises
    ------
    UsageError
        If a question has not five answers.
    DataError
        If nobody answered both questions of a feature.

    Notes
    -----
    Of equally frequent categories the first in the order M, O, A, I, R, Q counts.
    """
    _check(method, setting)
    classes = np.column_stack(
        [
            classify(
                _answers(method, setting, f.functional), _answers(method, setting, f.dysfunctional)
            )
            for f in method.features
        ]
    )
    _check_pairs(method, classes)

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        shares = category_shares(weights, classes[rows])
        better, worse = better_worse(shares)
        return {"share": shares, "better": better, "worse": worse}

    rows = [
        one
        for measured in setting.measure(statistic).values()
        for one in _rows(method, setting, measured, classes)
    ]
    return MethodResult(
        method.name, method.kind, tuple(rows), tuple(_notices(method, rows, setting))
    )


def _check(method: Kano, setting: Setting) -> None:
    problems = []
    for place, name in method.named():
        one = setting.people.field(name)
        count = len(setting.people.categories.get(name, ())) if one.kind == "category" else 0
        if one.kind == "scale":
            count = one.steps if float(one.high - one.low).is_integer() else 0
        if count != ANSWERS:
            got = f"{name}, an amount" if one.kind == "amount" else f"{count or 'broken'} answers"
            expected = "a question with five answers, from like to dislike"
            problems.append(Problem(f"methods.{method.name}", place, expected, got))
        elif one.reverse and method.first == "dislike":
            got = f"{name}, whose low end is the good one"
            expected = "a question that begins with dislike, as 'first' says"
            problems.append(Problem(f"methods.{method.name}", place, expected, got))
    if problems:
        raise UsageError(problems)


def _answers(method: Kano, setting: Setting, name: str) -> Ints:
    """Return answers from 0, like, to 4, dislike; -1 where there is none."""
    one, values = setting.people.field(name), setting.people.column(name)
    steps = values if one.kind == "category" else values - one.low
    known = ~np.isnan(steps)
    if (wrong := steps[known] != np.rint(steps[known])).any():
        expected = "answers that are whole steps of the scale"
        got = f"{int(wrong.sum())} between two"
        raise DataError(Problem(f"methods.{method.name}", name, expected, got))
    codes = np.where(known, steps, -1.0).astype(np.intp)
    return np.where(known & (method.first == "dislike"), ANSWERS - 1 - codes, codes)


def _check_pairs(method: Kano, classes: Ints) -> None:
    remedy = "leave the feature out, or see whether a filter sent everybody past a question"
    problems = [
        Problem(
            f"methods.{method.name}",
            f"features.{feature.name}",
            f"respondents who answered both {feature.functional} and {feature.dysfunctional}",
            "none",
            remedy,
        )
        for i, feature in enumerate(method.features)
        if not (classes[:, i] >= 0).any()
    ]
    if problems:
        raise DataError(problems)


def _rows(method: Kano, setting: Setting, measured: Measured, classes: Ints) -> Iterator[Row]:
    members = dict(setting.groups)[measured.group]
    for i, feature in enumerate(method.features):
        asked = classes[members, i] >= 0
        n = setting.count(members, asked)
        weights = setting.people.design.weights[members]
        judged = np.isin(classes[members, i], JUDGED)
        of_four = setting.count(members, judged)
        for made in _feature(setting, measured, i, (n, of_four), (weights[asked], weights[judged])):
            told = made | {"subject": feature.name}
            yield told if n else told | {"note": NOBODY, "reading": ""}


def _feature(
    setting: Setting,
    measured: Measured,
    i: int,
    counts: tuple[int, int],
    weights: tuple[Floats, Floats],
) -> Iterator[Row]:
    """Yield the rows of one feature; counts and weights of all who answered, of the four types."""
    level, n = setting.request.level, counts[0]
    shares = measured.values["share"][i]
    for c, letter in enumerate(CATEGORIES):
        made = row(
            measured,
            "share",
            (i, c),
            measure="share",
            category=NAMES[letter],
            n=n,
            level=level,
            factor=100,
        )
        yield share_limits(made, weights[0], setting)
    for measure, rule in (("category", by_mode), ("category_sum", by_sum)):
        found = int(rule(shares))
        made = row(measured, "share", (i, found), measure=measure, n=n, level=level, factor=100)
        reading = NAMES[CATEGORIES[found]] if found >= 0 else ""
        yield share_limits(made, weights[0], setting) | {"reading": reading}
    for measure in ("better", "worse"):
        made = row(measured, measure, (i,), measure=measure, n=counts[1], level=level)
        known = np.isfinite(made["value"])
        note = {"note": NO_COEFFICIENT}
        yield _coefficient_limits(made, weights[1], setting) if known else made | note
    yield _stability(setting, measured, i, n)


def _coefficient_limits(made: Row, weights: Floats, setting: Setting) -> Row:
    """Put Wilson's limits on a coefficient: a share of the four types, Worse with a minus."""
    share = {"value": 100 * abs(made["value"]), "std_error": 100 * made["std_error"]}
    limited = share_limits(made | share, weights, setting)
    ends = [0.01 * limited[key] for key in ("conf_low", "conf_high")]
    # A difference from nought, because -0.0 would be shown with its sign.
    low, high = (0 - ends[1], 0 - ends[0]) if made["measure"] == "worse" else ends
    return made | {"conf_low": low, "conf_high": high, "note": limited["note"]}


def _stability(setting: Setting, measured: Measured, i: int, n: int) -> Row:
    """Return the share of replicates in which the feature has its category, or the reason."""
    made = row(measured, "better", (i,), measure="stability", n=n, level=setting.request.level)
    blank = dict.fromkeys(("value", "std_error", "conf_low", "conf_high"), float("nan"))
    # Replicates of the jackknife and of balanced halves differ by less than samples do.
    if "share" not in measured.draws or setting.request.resampling in STRUCTURED:
        return made | blank | {"note": NO_STABILITY}
    draws = by_mode(measured.draws["share"][:, i])
    same = draws[draws >= 0] == int(by_mode(measured.values["share"][i]))
    value = 100 * float(same.mean()) if same.size else float("nan")
    return made | blank | {"value": value, "reading": "% of replicates", "note": ""}


def _notices(method: Kano, rows: list[Row], setting: Setting) -> Iterator[Notice]:
    """Tell of features whose answers contradict themselves too often."""
    for found in rows:
        if (
            (found["group"], found["measure"], found["category"]) == (ALL, "share", NAMES["Q"])
            and found["value"] > MOST_QUESTIONABLE
            and found["n"] >= setting.request.minimum_rows
        ):
            message = (
                f"{found['value']:.0f} % of the answers on {found['subject']} contradict "
                "themselves (questionable): the pair of questions may have been misunderstood."
            )
            yield Notice("kano_questionable", message, subject=f"{method.name}.{found['subject']}")
