"""Loyalty: what customers say and do, and what the organisation counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import DataError, Problem, UsageError
from acsi_sem.kernels.medians import weighted_mean, weighted_median
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.shares import weighted_share, wilson_limits
from acsi_sem.methods.amounts import (
    check_amounts,
    check_scale,
    row_count,
    scored,
    turned,
    unlimited,
)
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.proportions import NOBODY
from acsi_sem.methods.rates import rate_row
from acsi_sem.spec.methods.loyalty import AMOUNTS, External, Internal, Loyalty
from acsi_sem.terms import Notice

PROMOTERS: Final = 9
DETRACTORS: Final = 6
"""On 0-10: promoters answer 9 or 10, detractors 0 to 6."""
ONE_SIDE: Final = "all are promoters, or all are detractors: no limits"


def run(method: Loyalty, setting: Setting) -> MethodResult:
    """Return every measure of loyalty that is asked for.

    Parameters
    ----------
    method : Loyalty
    setting : Setting

    Returns
    -------
    MethodResult
        By question (the subject; the measure's name is the category): measures ``loyal`` (per cent
        at or above the grade, Wilson's limits) and ``mean`` (0-100); of amounts ``mean`` and
        ``median`` in their own unit; ``net_recommendation`` (promoters less detractors, points,
        without limits at 100 and -100), only where recommendation is asked on 0 to 10.
        ``internal``: rates of the organisation, per cent, without group. ``headline``: the mean of
        repurchase.

    Raises
    ------
    UsageError
        If a scale has no grade, an amount has one, or the grade lies outside the scale.
    DataError
        If an amount is negative, or a share of need above its whole.

    Notes
    -----
    Net recommendation: Reichheld (2003), Harvard Business Review 81(12), 46-54; it needs the scale
    0 to 10.
    """
    _check(method, setting)
    columns = [_column(setting, one) for one in method.external]

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        found: dict[str, Floats] = {}
        for one, values in zip(method.external, columns, strict=True):
            found |= _measures(setting, one, weights, values, rows)
        return found

    rows = [
        made
        for measured in (setting.measure(statistic).values() if columns else ())
        for one, values in zip(method.external, columns, strict=True)
        for made in _rows(setting, measured, one, values)
    ]
    rows += [_internal(one, setting.request.level) for one in method.internal]
    return MethodResult(method.name, method.kind, tuple(rows), tuple(_notices(method, setting)))


def _is_scale(setting: Setting, one: External) -> bool:
    return setting.people.field(one.item).kind == "scale"


def _is_net(setting: Setting, one: External) -> bool:
    field = setting.people.field(one.item)
    return one.measure == "recommendation" and (field.low, field.high) == (0.0, 10.0)


def _column(setting: Setting, one: External) -> Floats:
    people = setting.people
    return people.good(one.item) if _is_scale(setting, one) else people.column(one.item)


def _check(method: Loyalty, setting: Setting) -> None:
    where = f"methods.{method.name}"
    problems = [wrong for one in method.external for wrong in _wrong(setting, where, one)]
    if problems:
        raise UsageError(problems)
    amounts = [one for one in method.external if not _is_scale(setting, one)]
    check_amounts(setting, where, [(_place(one), one.item, "") for one in amounts])
    for one in amounts:
        whole = {"share": 1.0, "percent": 100.0, None: np.inf}[one.unit]
        above = int((setting.people.column(one.item) > whole).sum())
        if above:
            got = f"{row_count(above)} of {one.item} above {whole:g}"
            remedy = "unit: percent, if it is out of 100" if one.unit == "share" else ""
            raise DataError(Problem(where, _place(one), f"shares up to {whole:g}", got, remedy))


def _wrong(setting: Setting, where: str, one: External) -> Iterator[Problem]:
    kind = setting.people.field(one.item).kind
    grade = f"external.{one.measure}.from"
    if one.measure in AMOUNTS and kind != "amount":
        yield Problem(where, _place(one), "an amount", f"{one.item}, a {kind}")
    elif kind == "category":
        expected = "a question with a scale, or an amount"
        yield Problem(where, _place(one), expected, f"{one.item}, a category")
    elif kind == "amount" and one.cut is not None:
        yield Problem(where, grade, "no grade for an amount", f"{one.cut:g}")
    elif kind == "scale" and one.cut is None:
        yield Problem(where, grade, "the lowest answer that counts as loyal", "none")
    elif kind == "scale" and one.cut is not None:
        yield from check_scale(setting, where, _place(one), one.item, (grade, one.cut))


def _place(one: External) -> str:
    return f"external.{one.measure}.item"


def _measures(
    setting: Setting, one: External, weights: Floats, values: Floats, rows: Ints
) -> dict[str, Floats]:
    own = values[rows]
    if one.cut is None:
        made = {"mean": weighted_mean(weights, own), "median": weighted_median(weights, own)}
    else:
        loyal, asked = own >= turned(setting, one.item, one.cut), ~np.isnan(own)
        scores = scored(setting, one.item)[rows]
        made = {
            "loyal": weighted_share(weights, loyal, asked),
            "mean": weighted_mean(weights, scores),
        }
    if _is_net(setting, one):
        promoted = weighted_mean(weights, _promoted(own))
        made["net_recommendation"] = promoted
    return {f"{one.measure} {name}": found for name, found in made.items()}


def _promoted(answers: Floats) -> Floats:
    """Return 1 for promoters, -1 for detractors, 0 for those between, NaN without an answer."""
    sign = (answers >= PROMOTERS).astype(float) - (answers <= DETRACTORS)
    return np.where(np.isnan(answers), np.nan, sign)


def _rows(setting: Setting, measured: Measured, one: External, values: Floats) -> Iterator[Row]:
    rows = dict(setting.groups)[measured.group]
    asked: NDArray[np.bool_] = ~np.isnan(values)
    named: dict[str, Any] = {"category": one.measure, "subject": one.item}
    counted = named | {"n": setting.count(rows, asked[rows]), "level": setting.request.level}
    for name in ("loyal", "mean", "median", "net_recommendation"):
        key = f"{one.measure} {name}"
        if key not in measured.values:
            continue
        if name == "loyal":
            yield rate_row(setting, measured, key, asked=asked, measure=name, **named)
            continue
        factor = 100.0 if name == "net_recommendation" else 1.0
        made = row(measured, key, measure=name, factor=factor, **counted)
        if name == "net_recommendation" and abs(made["value"]) >= 100 - 1e-9:
            made = unlimited(made, ONE_SIDE)
        yield made if made["n"] else made | {"note": NOBODY}
    if one.measure == "repurchase" and one.cut is not None:
        whole = counted | {"subject": "", "category": "", "reading": "mean of repurchase, 0-100"}
        yield row(measured, "repurchase mean", measure="headline", **whole)


def _internal(one: Internal, level: float) -> Row:
    share = np.asarray(one.count / one.of)
    low, high = wilson_limits(share, np.asarray(float(one.of)), level)
    return {
        "group": "",
        "subject": "",
        "measure": "internal",
        "category": one.measure,
        "value": 100 * float(share),
        "std_error": 100 * float(np.sqrt(share * (1 - share) / one.of)),
        "conf_low": 100 * float(low),
        "conf_high": 100 * float(high),
        "conf_level": level,
        "n": one.of,
        "reading": f"{one.count} of {one.of}, as the organisation counts",
        "note": "",
    }


def _notices(method: Loyalty, setting: Setting) -> Iterator[Notice]:
    for one in method.external:
        field = setting.people.field(one.item)
        if one.measure == "recommendation" and one.cut is not None and not _is_net(setting, one):
            message = (
                f"Promoters less detractors is not made: {one.item} is asked on {field.low:g} to "
                f"{field.high:g}, not on 0 to 10."
            )
            yield Notice("no_net_recommendation", message, subject=method.name)
