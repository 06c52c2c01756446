"""Penalty-reward contrasts: what low and high answers to an attribute go with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from acsi_sem.errors import DataError, Problem, UsageError
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.penalty import contrasts, dummies, pair_products
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.proportions import share_limits
from acsi_sem.spec.fields import Field
from acsi_sem.spec.methods.penalty_reward import PenaltyReward

MOST_PRODUCTS: Final = 20
"""Attributes; with more, products of all pairs of dummies would fill the memory."""
TOLD: Final[Mapping[str, str]] = {
    "dissatisfier": "a low answer costs more than a high one gains",
    "satisfier": "low answers cost and high ones gain, and neither by clearly more",
    "delighter": "a high answer gains more than a low one costs",
    "neutral": "neither penalty nor reward is beyond doubt",
    "unclear": "only one of penalty and reward is beyond doubt, and not clearly the larger",
}


@dataclass(frozen=True, slots=True)
class Cuts:
    """Highest low and lowest high answer to a question, turned so that high is good."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Coded:
    """Dummies (n, k) each and who answered everything (n,)."""

    low: Floats
    high: Floats
    whole: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def run(method: PenaltyReward, setting: Setting) -> MethodResult:
    """Return what low and high answers to each attribute cost and gain.

    Parameters
    ----------
    method : PenaltyReward
    setting : Setting

    Returns
    -------
    MethodResult
        By attribute: ``penalty`` (points of the outcome on 0-100, below nought where low answers
        cost), ``reward``, ``balance`` (reward plus penalty) with the class as reading, and the
        shares ``low`` and ``high`` (%). In all: ``r_squared``.

    Raises
    ------
    UsageError
        If a question has no scale, or the cuts leave no answers below, between or above.
    DataError
        If nobody answered everything.

    Notes
    -----
    Weighted least squares of the outcome on a low and a high dummy of every attribute. With limits
    of all three: dissatisfier, penalty below nought and balance below nought; delighter, reward
    above and balance above; satisfier, both and balance not clear; neutral, neither; else unclear.

    References
    ----------
    Brandt (1987), in: Surprenant (ed.), Add Value to Your Service, 61-65; Matzler & Sauerwein
    (2002), International Journal of Service Industry Management 13, 314-332.
    """
    _check(method, setting)
    coded, products = _coded(method, setting)
    k = len(method.attributes)
    whole = coded.whole.astype(float)
    dummy = np.where(coded.whole[:, None], np.column_stack([coded.low, coded.high]), 0.0)

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        found = contrasts(weights @ products[rows], k)
        sums = (weights @ whole[rows])[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = (weights @ dummy[rows]) / np.where(sums > 0, sums, np.nan)
        return {
            "penalty": found.penalty,
            "reward": found.reward,
            "balance": found.penalty + found.reward,
            "r2": found.r2,
            "low": shares[:, :k],
            "high": shares[:, k:],
        }

    rows = [
        one
        for measured in setting.measure(statistic, shares=("r2",)).values()
        for one in _rows(method, setting, measured, coded)
    ]
    return MethodResult(method.name, method.kind, tuple(rows))


def cuts_of(method: PenaltyReward, one: Field) -> Cuts:
    """Return the cuts of a question: the method's, else the bottom third and the top two.

    Of three answers the top one alone is high: one must be left in between.
    """
    given = [
        one.low + one.high - cut if cut is not None and one.reverse else cut
        for cut in (method.low, method.high)
    ]
    low = one.low + max(1, one.steps // 3) - 1 if given[0] is None else given[0]
    high = min(one.high, max(one.high - 1, low + 2)) if given[1] is None else given[1]
    return Cuts(low, high)


def _check(method: PenaltyReward, setting: Setting) -> None:
    where = f"methods.{method.name}"
    problems = [
        Problem(where, place, "a question with a scale", one.kind)
        for place, name in method.named()
        if (one := setting.people.field(name)).kind != "scale"
    ]
    if len(method.attributes) > MOST_PRODUCTS:
        got = str(len(method.attributes))
        problems.append(Problem(where, "attributes", f"at most {MOST_PRODUCTS}", got))
    if not problems:
        problems = [
            problem for name in method.attributes for problem in _cut_wrong(method, setting, name)
        ]
    if problems:
        raise UsageError(problems)


def _cut_wrong(method: PenaltyReward, setting: Setting, name: str) -> Iterator[Problem]:
    """Find cuts that leave nobody below, above, or in between."""
    one = setting.people.field(name)
    cuts = cuts_of(method, one)
    where = f"methods.{method.name}"
    if not (one.low <= cuts.low and cuts.high <= one.high and cuts.low + 1 < cuts.high):
        expected = f"low and high answers with one between them, within {one.low:g} to {one.high:g}"
        got = f"low {cuts.low:g} and high {cuts.high:g} of {name}"
        remedy = "an attribute needs three answers or more: low, in between, high"
        if one.reverse:
            got += ", turned so that high is good"
        yield Problem(where, "low, high", expected, got, remedy)


def _coded(method: PenaltyReward, setting: Setting) -> tuple[_Coded, Floats]:
    people = setting.people
    outcome = people.field(method.outcome)
    scored = 100 * (people.good(method.outcome) - outcome.low) / (outcome.high - outcome.low)
    cuts = [cuts_of(method, people.field(name)) for name in method.attributes]
    answers = np.column_stack([people.good(name) for name in method.attributes])
    low, high = dummies(
        answers, np.array([cut.low for cut in cuts]), np.array([cut.high for cut in cuts])
    )
    columns = np.column_stack([low, high, scored])
    whole = np.asarray(~np.isnan(columns).any(axis=1))
    if not whole.any():
        names = f"{method.outcome} and every attribute"
        place = f"methods.{method.name}"
        raise DataError(Problem(place, "attributes", f"rows with an answer to {names}", "none"))
    return _Coded(low, high, whole), pair_products(columns)


def _rows(
    method: PenaltyReward, setting: Setting, measured: Measured, coded: _Coded
) -> Iterator[Row]:
    rows = dict(setting.groups)[measured.group]
    n, level = setting.count(rows, coded.whole[rows]), setting.request.level
    weights = setting.people.design.weights[rows][coded.whole[rows]]
    yield row(measured, "r2", (), measure="r_squared", n=n, level=level)
    for j, name in enumerate(method.attributes):
        made = {
            key: row(measured, key, (j,), subject=name, measure=key, n=n, level=level)
            for key in ("penalty", "reward", "balance")
        }
        why = _why(coded, rows, j)
        if not n:
            why = {"low": "nobody answered everything", "high": "nobody answered everything"}
        for key, own in (("penalty", why["low"]), ("reward", why["high"])):
            yield made[key] | _noted(made[key], own)
        kind = classify(made)
        reading = f"{kind}: {TOLD[kind]}" if kind else ""
        yield (
            made["balance"]
            | {"reading": reading}
            | _noted(made["balance"], why["low"] or why["high"])
        )
        for key in ("low", "high"):
            args: dict[str, Any] = {"subject": name, "measure": key, "n": n, "level": level}
            yield share_limits(row(measured, key, (j,), factor=100, **args), weights, setting)


def _noted(made: Row, own: str) -> Row:
    if math.isfinite(made["value"]):
        return {}
    return {"note": own or "not told apart: these answers go exactly with those of others"}


def _why(coded: _Coded, rows: Ints, j: int) -> dict[str, str]:
    """Say of a group's low and high dummy why it has no coefficient, where it does not vary."""
    found = {}
    for key, dummy in (("low", coded.low), ("high", coded.high)):
        own = dummy[rows, j][coded.whole[rows]]
        if not own.any():
            found[key] = f"nobody gave a {key} answer"
        else:
            found[key] = f"everybody gave a {key} answer" if own.all() else ""
    return found


def classify(made: Mapping[str, Row]) -> str:
    """Return an attribute's class from the limits of penalty, reward and balance.

    Parameters
    ----------
    made : mapping of ``penalty``, ``reward``, ``balance`` -> row

    Returns
    -------
    str
        A key of `TOLD`; empty where there are no limits.
    """
    limits = [made[key][end] for key in made for end in ("conf_low", "conf_high")]
    if not all(math.isfinite(limit) for limit in limits):
        return ""
    costs, gains = made["penalty"]["conf_high"] < 0, made["reward"]["conf_low"] > 0
    balance = made["balance"]
    if costs and balance["conf_high"] < 0:
        return "dissatisfier"
    if gains and balance["conf_low"] > 0:
        return "delighter"
    if costs and gains:
        return "satisfier"
    return "unclear" if costs or gains else "neutral"
