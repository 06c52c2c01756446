"""Customers by revenue and cost to serve, in four fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import UsageError
from acsi_sem.kernels.medians import weighted_mean, weighted_median
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.value_grid import class_ratios, class_shares, grid_fields
from acsi_sem.methods.amounts import (
    among,
    check_amounts,
    check_scale,
    close_groups,
    complete,
    left_out,
    scored,
)
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.rates import rate_row
from acsi_sem.spec.methods.customer_value import CustomerValue, Cuts

FIELDS: Final = ("1", "2", "3", "4")
SHARES: Final = ("customers", "revenue", "cost")
MONEY: Final = (("revenue", 100.0), ("cost", 100.0), ("margin", 1.0))
MOVES: Final = (
    (
        "high revenue, low cost: keep; a rival's discount takes them to field 3, a rival's "
        "service forces dearer service and field 2"
    ),
    "high revenue, high cost: to field 1, by serving them at lower cost",
    "low revenue, low cost: to field 1, by selling them more at the same cost",
    (
        "low revenue, high cost: to field 2 by selling them more, or to field 3 by serving them "
        "at lower cost"
    ),
)
RETURNS: Final = "give returns and refunds as a field of their own"
CREDITS: Final = "give credits as a field of their own"


def run(method: CustomerValue, setting: Setting) -> MethodResult:
    """Return what customers of each field are, bring and cost.

    Parameters
    ----------
    method : CustomerValue
    setting : Setting

    Returns
    -------
    MethodResult
        Measures ``cut`` (category revenue, cost), ``customers``, ``revenue``, ``cost`` (shares in
        per cent), ``margin`` (mean revenue less cost) and, with a question, ``satisfaction`` (mean
        on 0-100), the last five by category 1 to 4.

    Raises
    ------
    UsageError
        If a field is no amount, or the question has no scale.
    DataError
        If a revenue or a cost is negative.

    Notes
    -----
    High is at or above the cut; means and medians are those of the group's own customers, anew in
    every replicate.
    """
    _check(method, setting)
    people = setting.people
    money = people.columns((method.revenue, method.cost))
    score = scored(setting, method.satisfaction) if method.satisfaction else None
    known = complete(money)

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        return _held(method.cuts, weights, money[rows], None if score is None else score[rows])

    rows = [
        one
        for measured in setting.measure(among(statistic, known)).values()
        for one in _rows(method, setting, measured, (money, score, known))
    ]
    told = left_out(setting, method.name, known, "revenue or cost")
    kept = tuple(close_groups(rows, setting, known))
    return MethodResult(method.name, method.kind, kept, tuple(told))


def _check(method: CustomerValue, setting: Setting) -> None:
    where = f"methods.{method.name}"
    if method.satisfaction:
        wrong = tuple(check_scale(setting, where, "satisfaction", method.satisfaction))
        if wrong:
            raise UsageError(wrong)
    places = (("revenue", method.revenue, RETURNS), ("cost", method.cost, CREDITS))
    check_amounts(setting, where, places)


def _held(cuts: Cuts, weights: Floats, money: Floats, score: Floats | None) -> dict[str, Floats]:
    """Return what the fields hold; money (m, 2) is revenue and cost."""
    earned, spent, ones = money[:, 0], money[:, 1], np.ones(len(money))
    found = {"cut": _cuts(cuts, weights, money)}
    fields = grid_fields(earned, spent, found["cut"])
    for name, amounts in zip(SHARES, (ones, earned, spent), strict=True):
        found[name] = class_shares(weights, fields, 4, amounts)
    found["margin"] = class_ratios(weights, fields, 4, earned - spent, ones)
    if score is not None:
        found["satisfaction"] = class_ratios(weights, fields, 4, score, ones)
    return found


def _cuts(cuts: Cuts, weights: Floats, money: Floats) -> Floats:
    """Return the cuts of revenue and cost, shape (B, 2)."""
    if cuts.rule == "given":
        return np.tile([cuts.revenue, cuts.cost], (len(weights), 1))
    middle = weighted_mean if cuts.rule == "mean" else weighted_median
    return np.column_stack([middle(weights, money[:, k]) for k in range(2)])


def _rows(
    method: CustomerValue,
    setting: Setting,
    measured: Measured,
    held: tuple[Floats, Floats | None, NDArray[np.bool_]],
) -> Iterator[Row]:
    money, score, known = held
    rows = dict(setting.groups)[measured.group]
    rows = rows[known[rows]]
    whole = setting.count(rows, known[rows])
    level = setting.request.level
    for k, name in enumerate(("revenue", "cost")):
        yield row(measured, "cut", (k,), measure="cut", category=name, n=whole, level=level)
    fields = grid_fields(money[rows, 0], money[rows, 1], measured.values["cut"][None, :])[0]
    for k, category in enumerate(FIELDS):
        own: dict[str, Any] = {"category": category, "reading": MOVES[k]}
        yield rate_row(
            setting, measured, "customers", (k,), asked=known, measure="customers", **own
        )
    for k, category in enumerate(FIELDS):
        own = {"category": category, "level": level, "reading": MOVES[k]}
        inside = setting.count(rows, fields == k)
        # Shares of money and margins tell of one another: one family.
        for name, factor in MONEY:
            made = row(measured, name, (k,), measure=name, n=inside, factor=factor, **own)
            yield _told(made) | {"family": "fields", "part": category}
        if score is not None:
            # Not all of a field answer: what they say is protected by their own number.
            asked = setting.count(rows, (fields == k) & ~np.isnan(score[rows]))
            made = row(measured, "satisfaction", (k,), measure="satisfaction", n=asked, **own)
            own_part = {"subject": method.satisfaction, "family": "said", "part": category}
            yield _told(made, "answers") | own_part


def _told(made: Row, what: str = "customers") -> Row:
    return made if made["n"] else made | {"note": f"no {what} in this field"}
