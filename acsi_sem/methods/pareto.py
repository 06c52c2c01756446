"""Who holds the value: share curve, ABC classes, Gini coefficient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from acsi_sem.errors import DataError, Problem
from acsi_sem.inference.intervals import UNDEFINED, WITHHELD
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
from acsi_sem.methods.amounts import (
    among,
    check_amounts,
    close_groups,
    complete,
    left_out,
    unlimited,
    withheld,
)
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.rates import rate_row
from acsi_sem.spec.methods.pareto import Pareto

CLASSES: Final = ("A", "B", "C")
TOP: Final = (10, 20, 30, 50)
MOST: Final = 80
"""Per cent of the value that the smallest possible share of customers is named for."""
MARKS: Final = (0, 1, 2, *range(5, 100, 5), 98, 99, 100)
SKEWED: Final = ("gini", "top_share", "holders", "lorenz")
BY_RULE: Final = "what a class holds is set by the cuts, not found: no limits"
AT_ENDS: Final = "0 or all of it in some replicates: no limits"
BY_DEFINITION: Final = "by definition: no limits"
FEW_IN_CLASS: Final = "withheld, with all classes: one has fewer than {} customers"
FEW_REST: Final = "withheld: fewer than {} customers hold the rest"
TIE: Final = 1e-9
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
        ``class_customers`` and ``class_value`` (per cent, the latter without limits) and
        ``class_mean`` (value per customer). Rows of top shares and of holders carry the number of
        those customers; marks of ``lorenz`` have the smallest publishable number on both sides.

    Raises
    ------
    UsageError
        If a field is no amount.
    DataError
        If an amount is negative, or nobody has any value.

    Notes
    -----
    With several years the value is sum Y_t / (1 + d)^t, each year's amount due at its end. The
    Gini coefficient is the plug-in estimate, without correction for few customers. Limits are
    normal ones of logits; with heavy tails they are still too short, as the largest customers are
    not in every sample. What a class holds is set by the cuts, up to one customer, and has none. A
    class of few customers takes the value and the mean of all classes of its group with it.
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
        for measured in setting.measure(among(statistic, known), shares=SKEWED).values()
        for one in _rows(method, setting, measured, np.where(known, worth, np.nan))
    ]
    told = left_out(setting, method.name, known, "value")
    kept = tuple(close_groups(rows, setting, known))
    return MethodResult(method.name, method.kind, kept, tuple(told))


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


@dataclass(frozen=True, slots=True)
class Ranked:
    """Customers of a group, the best first; all arrays (m,)."""

    rows: Ints
    worth: Floats
    weights: Floats
    respondents: Floats

    def best(self, share: float) -> float:
        """Return how many respondents the best `share` of customers are; parts count."""
        before = np.cumsum(self.weights) - self.weights
        with np.errstate(invalid="ignore", divide="ignore"):
            inside = np.clip((share * self.weights.sum() - before) / self.weights, 0.0, 1.0)
        return float(np.where(self.weights > 0, inside, 0.0) @ self.respondents)


def _ranked(setting: Setting, group: str, worth: Floats) -> Ranked:
    rows = dict(setting.groups)[group]
    rows = rows[~np.isnan(worth[rows])]
    rows = rows[np.argsort(-worth[rows], kind="stable")]
    design = setting.people.design
    return Ranked(rows, worth[rows], design.weights[rows], design.respondents[rows])


def _rows(method: Pareto, setting: Setting, measured: Measured, worth: Floats) -> Iterator[Row]:
    who = _ranked(setting, measured.group, worth)
    empty = NO_VALUE if np.isnan(measured.values["gini"]) else ""
    made = [*_whole(setting, measured, who), *_classes(method, setting, measured, who, worth)]
    for one in made:
        nobody = "no customers in this class" if not one["n"] else ""
        # The only way for a share of some value to be undefined: it has no logit.
        told = AT_ENDS if one["note"] == WITHHELD[UNDEFINED] else one["note"]
        yield one | {"note": empty or nobody or told}


def _whole(setting: Setting, measured: Measured, who: Ranked) -> Iterator[Row]:
    """Yield what describes all customers of a group together."""
    minimum, level, whole = setting.request.minimum_rows, setting.request.level, _up(who.best(1.0))
    named: dict[str, Any] = {"n": whole, "level": level}
    yield row(measured, "gini", measure="headline", factor=100, reading="100 × Gini", **named)
    yield row(measured, "gini", measure="gini", **named)
    held = float(measured.values["holders"])
    own: dict[str, Any] = {"category": str(MOST), "factor": 100, "level": level}
    most = row(measured, "holders", measure="holders", n=_up(who.best(held)), **own)
    few = whole - most["n"] < minimum and most["n"] < whole
    yield withheld(most, FEW_REST.format(minimum)) if few else most
    for k, top in enumerate(TOP):
        own = {"category": str(top), "factor": 100, "level": level, "n": _up(who.best(top / 100))}
        yield row(measured, "top_share", (k,), measure="top_share", **own)
    for k, mark in enumerate(MARKS):
        own = {"category": str(mark), "factor": 100, **named}
        made = row(measured, "lorenz", (k,), measure="lorenz", **own)
        above = who.best(1 - mark / 100)
        if mark in (0, 100):
            yield unlimited(made, BY_DEFINITION)
        elif min(above, who.best(1.0) - above) >= minimum - TIE:
            yield made


def _classes(
    method: Pareto, setting: Setting, measured: Measured, who: Ranked, worth: Floats
) -> Iterator[Row]:
    """Yield what the classes are and hold; all value and means are withheld with a small class."""
    known, level = ~np.isnan(worth), setting.request.level
    before = share_before(who.weights[None, :], who.worth, who.worth)
    classes = ranked_classes(before, method.cuts)[0]
    inside = [setting.count(who.rows, classes == k) for k in range(len(CLASSES))]
    small = any(0 < n < setting.request.minimum_rows for n in inside)
    for k, name in enumerate(CLASSES):
        at: dict[str, Any] = {"measure": "class_customers", "category": name}
        yield rate_row(setting, measured, "class_customers", (k,), asked=known, **at)
    for key, factor in (("class_value", 100.0), ("class_mean", 1.0)):
        for k, name in enumerate(CLASSES):
            at = {"measure": key, "category": name}
            made = row(measured, key, (k,), factor=factor, n=inside[k], level=level, **at)
            made = unlimited(made, BY_RULE) if key == "class_value" else made
            few = FEW_IN_CLASS.format(setting.request.minimum_rows)
            made = withheld(made, few) if small and inside[k] else made
            yield made | {"family": "classes", "part": name}


def _up(count: float) -> int:
    """Count a part of a customer as one, rounding aside."""
    return int(np.ceil(count - TIE)) if np.isfinite(count) else 0
