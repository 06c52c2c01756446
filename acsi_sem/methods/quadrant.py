"""Four quadrants of importance and satisfaction."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from acsi_sem.errors import Problem, UsageError
from acsi_sem.kernels.gaps import weighted_mean
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.quadrants import (
    MAINTAIN,
    OPPORTUNITY,
    REPAIR,
    STRENGTH,
    UNKNOWN,
    correlations,
    cut_of,
    place_in_quadrants,
    stability,
    weighted_total,
)
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.spec.findings import did_you_mean, listed, show
from acsi_sem.spec.methods.quadrant import Quadrant
from acsi_sem.tables.schema import records
from acsi_sem.terms import STRUCTURED

QUADRANTS: Final[Mapping[int, tuple[str, str, str]]] = {
    STRENGTH: ("A strength", "high importance, high performance", "Keep up"),
    REPAIR: ("B repair", "high importance, low performance", "Repair first"),
    OPPORTUNITY: ("C opportunity", "low importance, low performance", "Watch for an opportunity"),
    MAINTAIN: ("D maintain", "low importance, high performance", "Maintain; enough is done"),
}
BELOW: Final = "no total: {names} has an importance below 0, which weights nothing"
NO_DRAWS: Final = "not known: the fit keeps limits of importance, not its replicates"
NO_SHARE: Final = "not known: only a bootstrap draws surveys in which places can change"
_MIDDLE: Final = 50.0


def run(method: Quadrant, setting: Setting) -> MethodResult:
    """Return importance, performance and quadrant of every attribute, and the weighted total.

    Parameters
    ----------
    method : Quadrant
    setting : Setting

    Returns
    -------
    MethodResult
        By attribute: ``importance`` (0-100 where stated, else a correlation, or points of the
        model's target per point), ``performance`` (0-100), ``quadrant`` (1 strength, 2 repair, 3
        opportunity, 4 maintain; in words as reading) and ``stability``, the share of replicates in
        the same quadrant (%). In all: ``headline`` (CSI, %), ``cut_importance`` and
        ``cut_performance``.

    Raises
    ------
    UsageError
        If a question has no scale, or the model's map is wanted where there is none.

    Notes
    -----
    Grades are rescaled, 100 (x - low) / (high - low), and averaged over each question's own
    answers. CSI = sum I P / (100 sum I). The total and the cuts are withheld in groups where an
    attribute is: they are made of all attributes.

    References
    ----------
    Martilla & James (1977), Journal of Marketing 41(1), 77-79.
    """
    if method.importance == "model":
        return MethodResult(method.name, method.kind, tuple(_model_rows(method, setting)))
    _check(method, setting)
    answers = _on_100(setting, method.items)
    other = _on_100(setting, method.stated or (method.outcome,))
    middle = _MIDDLE if method.importance == "stated" else None

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        performance = weighted_mean(weights, answers[rows])
        if method.importance == "stated":
            importance = weighted_mean(weights, other[rows])
        else:
            importance = correlations(weights, answers[rows], other[rows, 0])
        return _mapped(method, importance, performance, middle)

    rows: list[Row] = []
    for measured in setting.measure(statistic).values():
        rows += _rows(method, setting, measured, _counts(setting, measured, answers, other))
    return MethodResult(method.name, method.kind, tuple(rows))


def _check(method: Quadrant, setting: Setting) -> None:
    problems = [
        Problem(f"methods.{method.name}", place, "a question with a scale", one.kind)
        for place, name in method.named()
        if (one := setting.people.field(name)).kind != "scale"
    ]
    if problems:
        raise UsageError(problems)


def _on_100(setting: Setting, names: Sequence[str]) -> Floats:
    columns = []
    for name in names:
        one = setting.people.field(name)
        columns.append(100 * (setting.people.good(name) - one.low) / (one.high - one.low))
    return np.column_stack(columns)


def _mapped(
    method: Quadrant, importance: Floats, performance: Floats, middle: float | None
) -> dict[str, Floats]:
    """Return what importance and performance (B, k) come to."""
    cuts = (
        cut_of(importance, method.cuts, middle),
        cut_of(performance, method.cuts, _MIDDLE),
    )
    return {
        "importance": importance,
        "performance": performance,
        "quadrant": place_in_quadrants(importance, performance, cuts).astype(float),
        "cut_importance": cuts[0],
        "cut_performance": cuts[1],
        "csi": weighted_total(importance, performance),
    }


def _counts(
    setting: Setting, measured: Measured, answers: Floats, other: Floats
) -> list[tuple[int, int]]:
    """Count the answers behind importance and performance of every attribute."""
    rows = dict(setting.groups)[measured.group]
    asked, also = ~np.isnan(answers[rows]), ~np.isnan(other[rows])
    if also.shape[1] == 1:  # one outcome for all: a correlation rests on those who answered both
        also = also & asked
    return [
        (setting.count(rows, also[:, j]), setting.count(rows, asked[:, j]))
        for j in range(asked.shape[1])
    ]


def _rows(
    method: Quadrant, setting: Setting, measured: Measured, counts: list[tuple[int, int]]
) -> Iterator[Row]:
    level = setting.request.level
    places = measured.values["quadrant"].astype(np.intp)
    firm, why = _stability(setting, measured, places)
    for j, name in enumerate(method.items):
        for key, n in zip(("importance", "performance"), counts[j], strict=True):
            made = row(measured, key, (j,), subject=name, measure=key, n=n, level=level)
            yield made | (
                {} if math.isfinite(made["value"]) else {"note": _unknown(method, key, n)}
            )
        yield from _place_rows(measured.group, name, int(places[j]), min(counts[j]), firm[j], why)
    least = min(n for pair in counts for n in pair)
    for key in ("cut_importance", "cut_performance"):
        cut = row(measured, key, (), measure=key, n=least, level=level)
        yield cut | _rests_on(method, key, [n for pair in counts for n in pair])
    total = row(measured, "csi", (), measure="headline", n=least, level=level)
    none = _no_total(total, method.items, measured.values["importance"])
    yield total | none | {"of_parts": True}


def _rests_on(method: Quadrant, key: str, counts: Sequence[int]) -> Row:
    """Say what a total or a cut is made of: all attributes, or it is the middle of a scale."""
    scales = ("cut_performance", *(["cut_importance"] if method.importance == "stated" else []))
    if method.cuts == "midpoint" and key in scales:
        return {"n": max(counts)}
    return {"n": min(counts), "of_parts": True}


def _unknown(method: Quadrant, key: str, n: int) -> str:
    if not n:
        return "nobody answered"
    if key == "importance" and method.importance == "correlation":
        return "no correlation: everybody gave the same answer to one of the two questions"
    return ""


def _stability(setting: Setting, measured: Measured, places: Ints) -> tuple[Floats, str]:
    """Return the share of replicates in the same quadrant, and why there is none."""
    nothing = np.full(places.shape, np.nan)
    if setting.request.resampling in STRUCTURED:
        return nothing, NO_SHARE
    if measured.note or "quadrant" not in measured.draws:
        return nothing, measured.note or "no replicates were asked for"
    return 100 * stability(measured.draws["quadrant"].astype(np.intp), places), ""


def _place_rows(
    group: str, subject: str, place: int, n: int, firm: float, why: str
) -> Iterator[Row]:
    base: dict[str, Any] = {"group": group, "subject": subject, "n": n}
    if place == UNKNOWN:
        note = "no quadrant: importance or performance is unknown"
        yield base | {"measure": "quadrant", "value": math.nan, "note": note}
        yield base | {"measure": "stability", "value": math.nan, "note": note}
        return
    name, meaning, _ = QUADRANTS[place]
    yield base | {"measure": "quadrant", "value": float(place), "reading": f"{name}: {meaning}"}
    yield base | {"measure": "stability", "value": float(firm), "note": why}


def _no_total(total: Row, items: Sequence[str], importance: Floats) -> Row:
    below = [name for name, value in zip(items, importance, strict=True) if value < 0]
    if below:
        blank = dict.fromkeys(("value", "std_error", "conf_low", "conf_high"), math.nan)
        return blank | {"note": BELOW.format(names=listed(below, "and"))}
    if not math.isfinite(total["value"]):
        return {"note": "no total: importance or performance of an attribute is unknown"}
    return {}


def _model_rows(method: Quadrant, setting: Setting) -> Iterator[Row]:
    """Yield the rows from the fit's map of indicators."""
    table = _map(method, setting)
    counted = {
        (one["group"], one["indicator"]): int(one["n"])
        for one in records(setting.fit.items)  # type: ignore[union-attr]
    }
    for group in dict.fromkeys(one["group"] for one in table):
        own = [one for one in table if one["group"] == group]
        counts = [counted.get((group, one["indicator"]), 0) for one in own]
        yield from _group_rows(method, setting, group, own, counts)


def _group_rows(
    method: Quadrant, setting: Setting, group: str, own: list[Row], counts: list[int]
) -> Iterator[Row]:
    importance, performance = (
        np.array([[one[key] for one in own]]) for key in ("importance", "performance")
    )
    found = {k: v[0] for k, v in _mapped(method, importance, performance, None).items()}
    for j, one in enumerate(own):
        for key in ("importance", "performance"):
            yield _from_map(one, key, counts[j])
        place = int(found["quadrant"][j])
        yield from _place_rows(group, one["indicator"], place, counts[j], math.nan, NO_DRAWS)
    for key in ("cut_importance", "cut_performance", "csi"):
        made: Row = {
            "group": group,
            "subject": "",
            "measure": "headline" if key == "csi" else key,
            "category": "",
            "value": float(found[key]),
            **dict.fromkeys(("std_error", "conf_low", "conf_high"), math.nan),
            "conf_level": setting.request.level,
            "note": NO_DRAWS,
            **_rests_on(method, key, counts),
        }
        names = [one["indicator"] for one in own]
        yield made | (_no_total(made, names, found["importance"]) if key == "csi" else {})


def _from_map(one: Row, key: str, n: int) -> Row:
    return {
        "group": one["group"],
        "subject": one["indicator"],
        "measure": key,
        "value": one[key],
        "conf_low": one[f"{key}_low"],
        "conf_high": one[f"{key}_high"],
        "conf_level": one["conf_level"],
        "n": n,
        "reading": f"total effect, engine {one['engine']}" if key == "importance" else "",
        "note": one["note"],
    }


def _map(method: Quadrant, setting: Setting) -> list[Row]:
    """Return the rows of the fit's map of indicators, those that the method names."""
    where = f"methods.{method.name}"
    table = [] if setting.fit is None else records(setting.fit.ipma)
    engine = table[0]["engine"] if table else ""
    rows = [one for one in table if one["engine"] == engine and one["indicator"]]
    if not rows:
        expected = "a fit with drivers by indicator (engine pls)"
        remedy = "choose importance: stated or correlation, or fit the model with engine pls"
        raise UsageError(Problem(where, "importance", expected, "none", remedy))
    known = tuple(dict.fromkeys(one["indicator"] for one in rows))
    unknown = [
        Problem(
            where,
            f"items.{name}",
            "an indicator of a driver of the index",
            show(name),
            did_you_mean(name, known) or f"known are {listed(known, 'and')}",
        )
        for name in method.items
        if name not in known
    ]
    if unknown:
        raise UsageError(unknown)
    wanted = method.items or known
    return [one for one in rows if one["indicator"] in wanted]
