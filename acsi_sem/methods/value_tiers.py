"""Value tiers: key, major, general, maintenance and invalid customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import UsageError
from acsi_sem.kernels import value_grid
from acsi_sem.kernels.inequality import share_before
from acsi_sem.kernels.medians import weighted_median
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.value_grid import NEAR, class_ratios, class_shares
from acsi_sem.methods.amounts import (
    among,
    check_amounts,
    check_scale,
    close_groups,
    complete,
    left_out,
    scored,
    turned,
    unlimited,
)
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.rates import rate_row
from acsi_sem.spec.methods.value_tiers import ValueTiers

TIERS: Final = ("key", "major", "general", "maintenance", "invalid")
MEANINGS: Final = (
    "in the top of profit, frequent and loyal",
    "in the part of profit below the top, frequent and loyal",
    "profitable, frequent and loyal, but below both parts",
    "profitable, but not loyal or seldom here",
    "no profit",
)
MOVED: Final = 0.1
"""How far cuts are moved to see whose tier hangs on them."""
CUTS: Final = ("profit", "frequency", "loyalty", "all")
WAYS: Final = ("stricter", "looser")
FIXED: Final = (
    "frequencies are whole numbers, and none lies between the cut and where it moves: nobody can "
    "change tier"
)


@dataclass(frozen=True, slots=True)
class Customers:
    """What tiers are made of; every array (m,), `money` the columns revenue, profit, frequency."""

    money: Floats
    answer: Floats
    score: Floats
    shares: tuple[float, float]
    frequent_from: float
    loyal_from: float
    range: float

    def of(self, rows: Ints) -> Customers:
        """Return some of them."""
        return replace(
            self, money=self.money[rows], answer=self.answer[rows], score=self.score[rows]
        )


def run(method: ValueTiers, setting: Setting) -> MethodResult:
    """Return what customers of each tier are, yield and say.

    Parameters
    ----------
    method : ValueTiers
    setting : Setting

    Returns
    -------
    MethodResult
        By tier: measures ``customers`` and ``profit`` (shares in per cent; profit only where the
        total is above nought), ``mean_profit``, ``profit_rate`` (profit over revenue, per cent)
        and, with a question, ``satisfaction`` (mean on 0-100). ``changed``: per cent of customers
        whose tier changes when a cut moves by a tenth, a grade by a
        tenth of its scale and one answer at least (category ``<cut>, stricter`` or
        ``<cut>, looser``).

    Raises
    ------
    UsageError
        If a field is of the wrong kind, or the grade lies outside the scale.
    DataError
        If revenue, frequency or a cost is negative.

    Notes
    -----
    Profit = margin - service - upkeep. Cuts are those of the group's own customers, anew in every
    replicate; customers of equal profit share a tier. Shares of customers have Wilson's limits;
    where no whole number lies between the cut of frequency and where it moves, nobody can change
    tier, and there are none. Tiers of few customers are withheld in all measures of money alike.
    """
    _check(method, setting)
    customers = _customers(method, setting)
    known = complete(np.column_stack([customers.money, customers.answer]))

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        return _held(weights, customers.of(rows))

    rows = [
        one
        for measured in setting.measure(among(statistic, known)).values()
        for one in _rows(method, setting, measured, customers, known)
    ]
    told = left_out(setting, method.name, known, "complete amounts or no answer on loyalty")
    kept = tuple(close_groups(rows, setting, known))
    return MethodResult(method.name, method.kind, kept, tuple(told))


def _check(method: ValueTiers, setting: Setting) -> None:
    where = f"methods.{method.name}"
    grade = ("loyal_from", method.loyal_from)
    wrong = [*check_scale(setting, where, "loyalty", method.loyalty, grade)]
    if method.satisfaction:
        wrong += check_scale(setting, where, "satisfaction", method.satisfaction)
    if wrong:
        raise UsageError(wrong)
    remedies = {
        "revenue": "give returns and refunds as a field of their own",
        "margin": "any",
        "frequency": "count purchases",
    }
    other = "give credits as a field of their own"
    places = [(place, name, remedies.get(place, other)) for place, name in method.amounts]
    check_amounts(setting, where, places)


def _customers(method: ValueTiers, setting: Setting) -> Customers:
    people = setting.people
    revenue, margin, service, upkeep, often = (people.column(name) for _, name in method.amounts)
    one = people.field(method.loyalty)
    asked = method.satisfaction
    return Customers(
        money=np.column_stack([revenue, margin - service - upkeep, often]),
        answer=people.good(method.loyalty),
        score=scored(setting, asked) if asked else np.full(len(often), np.nan),
        shares=method.shares,
        frequent_from=np.nan if method.frequent_from is None else method.frequent_from,
        loyal_from=turned(setting, method.loyalty, method.loyal_from),
        range=one.high - one.low,
    )


def _tiers(weights: Floats, who: Customers, cut: str = "", way: int = 0) -> Ints:
    """Return tiers (B, m) with one cut, or all, moved: `way` 1 is stricter, -1 looser.

    A grade moves by one answer at least, or nothing could change on a scale of whole numbers.
    """
    profit, often = who.money[:, 1], who.money[:, 2]
    step = MOVED * way
    shrink = 1 - step if cut in ("profit", "all") else 1.0
    raised = 1 + step if cut in ("frequency", "all") else 1.0
    harder = way * max(MOVED * who.range, 1.0) if cut in ("loyalty", "all") else 0.0
    frequent_from = _frequent_from(weights, who)
    return value_grid.value_tiers(
        profit,
        value_grid.at_least(often, raised * frequent_from),
        who.answer >= who.loyal_from + harder,
        share_before(weights, profit, np.ones(profit.size)),
        (shrink * who.shares[0], shrink * who.shares[1]),
    )


def _frequent_from(weights: Floats, who: Customers) -> Floats:
    """Return from where customers are frequent, shape (B,)."""
    if np.isnan(who.frequent_from):
        return weighted_median(weights, who.money[:, 2])
    return np.full(len(weights), who.frequent_from)


def _held(weights: Floats, who: Customers) -> dict[str, Floats]:
    revenue, profit, ones = who.money[:, 0], who.money[:, 1], np.ones(len(who.money))
    tiers, count = _tiers(weights, who), len(TIERS)
    changed = [
        class_shares(weights, (tiers != _tiers(weights, who, cut, way)).astype(np.intp), 2, ones)
        for cut in CUTS
        for way in (1, -1)
    ]
    return {
        "customers": class_shares(weights, tiers, count, ones),
        "profit": class_shares(weights, tiers, count, profit),
        "mean_profit": class_ratios(weights, tiers, count, profit, ones),
        "profit_rate": class_ratios(weights, tiers, count, profit, revenue),
        "satisfaction": class_ratios(weights, tiers, count, who.score, ones),
        "changed": np.stack([one[:, 1] for one in changed], axis=1),
    }


def _rows(
    method: ValueTiers,
    setting: Setting,
    measured: Measured,
    customers: Customers,
    known: NDArray[np.bool_],
) -> Iterator[Row]:
    rows = dict(setting.groups)[measured.group]
    rows = rows[known[rows]]
    who = customers.of(rows)
    weights = setting.people.design.weights[rows][None, :]
    tiers = _tiers(weights, who)[0]
    for k, name in enumerate(TIERS):
        named: dict[str, Any] = {"measure": "customers", "category": name}
        named |= {"reading": MEANINGS[k]}
        yield rate_row(setting, measured, "customers", (k,), asked=known, **named)
    level = setting.request.level
    for k, name in enumerate(TIERS):
        own: dict[str, Any] = {"category": name, "level": level, "reading": MEANINGS[k]}
        yield from _money(measured, k, own | {"n": setting.count(rows, tiers == k)})
        if method.satisfaction:
            asked = (tiers == k) & ~np.isnan(who.score)
            own |= {"n": setting.count(rows, asked), "subject": method.satisfaction}
            score = row(measured, "satisfaction", (k,), measure="satisfaction", **own)
            # Not all of a tier answer: what they say is protected by their own number.
            yield _noted(score, "no answers in this tier") | {"family": "said", "part": name}
    for k, name in enumerate(f"{cut}, {way}" for cut in CUTS for way in WAYS):
        named = {"measure": "changed", "category": name}
        made = rate_row(setting, measured, "changed", (k,), asked=known, **named)
        fixed = name in {f"frequency, {way}" for way in _fixed(weights, who)}
        yield unlimited(made, FIXED) if fixed else made


def _money(measured: Measured, k: int, named: dict[str, Any]) -> Iterator[Row]:
    """Yield what a tier yields: rows of one family, for each tells of the others."""
    for key, factor, why in (
        ("profit", 100.0, "no shares of a total that is not above 0"),
        ("mean_profit", 1.0, "no customers in this tier"),
        ("profit_rate", 100.0, "no revenue in this tier"),
    ):
        made = row(measured, key, (k,), measure=key, factor=factor, **named)
        yield _noted(made, why) | {"family": "tiers", "part": TIERS[k]}


def _fixed(weights: Floats, who: Customers) -> Iterator[str]:
    """Yield the ways to move the cut of frequency that pass no whole number, if all are whole."""
    often = who.money[:, 2]
    if not often.size or (often != np.round(often)).any():
        return
    cut = float(_frequent_from(weights, who)[0])
    for way, factor in zip(WAYS, (1 + MOVED, 1 - MOVED), strict=True):
        if np.ceil(factor * cut * (1 - NEAR)) == np.ceil(cut * (1 - NEAR)):
            yield way


def _noted(made: Row, why: str) -> Row:
    return made | {"note": why} if np.isnan(made["value"]) else made
