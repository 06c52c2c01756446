"""Who holds the value: share curve, ABC classes, Gini coefficient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from acsi_sem.errors import DataError, Problem
from acsi_sem.kernels.inequality import (
    gini,
    holders,
    lorenz,
    present_value,
    ranked_classes,
    share_before,
)
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.value_grid import class_ratios, class_shares
from acsi_sem.methods.amounts import among, check_amounts, complete, hide_parts, left_out
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.spec.methods.pareto import Pareto

CLASSES: Final = ("A", "B", "C")
TOP: Final = (10, 20, 30, 50)
MOST: Final = 80
"""Per cent of the value that the smallest possible share of customers is named for."""
MARKS: Final = (0, 1, 2, *range(5, 100, 5), 98, 99, 100)
FINE: Final = 5
"""Marks nearer to an end, in per cent, need the smallest publishable number of customers there."""
RETURNS: Final = "give returns and refunds as a field of their own"
NO_VALUE: Final = "no value in this group"


def run(method: Pareto, setting: Setting) -> MethodResult:
    """Return how customers share their value.

    Parameters
    ----------
    method : Pareto
    setting : Setting

    Returns
    -------
    MethodResult
        Measures ``headline`` (100 times the Gini coefficient), ``gini`` (0 to 1), ``top_share``
        (per cent of the value held by the top 10, 20, 30, 50 % of customers, the category),
        ``holders`` (the smallest per cent of customers who hold 80 %), ``lorenz`` (per cent of the
        value held by the poorest customers, the category in per cent); by class A, B, C
        ``class_customers`` and ``class_value`` (per cent) and ``class_mean`` (value per customer).

    Raises
    ------
    UsageError
        If a field is no amount.
    DataError
        If an amount is negative, or nobody has any value.

    Notes
    -----
    With several years the value is sum Y_t / (1 + d)^t, each year's amount due at its end. The
    Gini coefficient is the plug-in estimate, without correction for few customers.
    """
    where = f"methods.{method.name}"
    check_amounts(setting, where, [(place, name, RETURNS) for place, name in method.named()])
    worth = _worth(method, setting)
    known = complete(worth[:, None])
    place, name = next(method.named())
    if not worth[known].sum() > 0:
        raise DataError(Problem(where, place, "customers with some value", f"0 of all ({name})"))

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        return _shared(method, weights, worth[rows])

    rows = [
        one
        for measured in setting.measure(among(statistic, known)).values()
        for one in _rows(method, setting, measured, np.where(known, worth, np.nan))
    ]
    told = left_out(setting, method.name, known, "value")
    return MethodResult(method.name, method.kind, tuple(rows), tuple(told))


def _worth(method: Pareto, setting: Setting) -> Floats:
    columns = setting.people.columns(method.values)
    if method.discount is None:
        return np.asarray(columns[:, 0])
    return present_value(columns, method.discount)


def _shared(method: Pareto, weights: Floats, worth: Floats) -> dict[str, Floats]:
    ones = np.ones(worth.size)
    classes = ranked_classes(share_before(weights, worth, worth), method.cuts)
    return {
        "gini": gini(weights, worth),
        "top_share": 1.0 - lorenz(weights, worth, [1 - top / 100 for top in TOP]),
        "holders": holders(weights, worth, MOST / 100),
        "lorenz": lorenz(weights, worth, [mark / 100 for mark in MARKS]),
        "class_customers": class_shares(weights, classes, 3, ones),
        "class_value": class_shares(weights, classes, 3, worth),
        "class_mean": class_ratios(weights, classes, 3, worth, ones),
    }


def _rows(method: Pareto, setting: Setting, measured: Measured, worth: Floats) -> Iterator[Row]:
    rows = dict(setting.groups)[measured.group]
    rows = rows[~np.isnan(worth[rows])]
    whole = setting.count(rows, np.ones(rows.size, dtype=bool))
    weights = setting.people.design.weights[rows][None, :]
    empty = NO_VALUE if np.isnan(measured.values["gini"]) else ""
    named: dict[str, Any] = {"n": whole, "level": setting.request.level}
    made = [
        row(measured, "gini", measure="headline", factor=100, reading="100 × Gini", **named),
        row(measured, "gini", measure="gini", **named),
        row(measured, "holders", measure="holders", category=str(MOST), factor=100, **named),
    ]
    minimum = setting.request.minimum_rows
    for key, marks in (("top_share", TOP), ("lorenz", MARKS)):
        made += [
            row(measured, key, (k,), measure=key, category=str(mark), factor=100, **named)
            for k, mark in enumerate(marks)
            if _rests_on_enough(mark, whole, minimum)
        ]
    classes = ranked_classes(share_before(weights, worth[rows], worth[rows]), method.cuts)[0]
    inside = [setting.count(rows, classes == k) for k in range(len(CLASSES))]
    for key in ("class_customers", "class_value"):
        shares = [
            row(measured, key, (k,), measure=key, category=category, factor=100, **named)
            for k, category in enumerate(CLASSES)
        ]
        made += hide_parts(shares, inside, minimum) if key == "class_value" else shares
    for k, category in enumerate(CLASSES):
        own = named | {"n": inside[k], "category": category}
        made.append(row(measured, "class_mean", (k,), measure="class_mean", **own))
    for one in made:
        nobody = "no customers in this class" if not one["n"] else ""
        yield one | {"note": empty or nobody or one["note"]}


def _rests_on_enough(mark: int, whole: int, minimum: int) -> bool:
    """Return whether a point near an end of the curve is more than a few customers' value."""
    end = min(mark, 100 - mark)
    return end == 0 or end >= FINE or whole * end / 100 >= minimum
