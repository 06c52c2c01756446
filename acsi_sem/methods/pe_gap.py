"""P-E gap: perception less expectation, dimension by dimension and weighted together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from acsi_sem.errors import Problem, UsageError
from acsi_sem.kernels.gaps import sign_shares, total_gap, weighted_mean
from acsi_sem.kernels.moments import Floats
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.proportions import share_limits
from acsi_sem.methods.weights import Resolved, resolve, weight_rows
from acsi_sem.spec.methods.pe_gap import PeGap

SIGNS: Final = ("dissatisfied", "satisfied", "delighted")


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Answers (n, k) on 0-100, gaps (n, k + 1) with the total last, who answered (n, k + 1)."""

    expected: Floats
    perceived: Floats
    gaps: Floats
    weights: Resolved


def run(method: PeGap, setting: Setting) -> MethodResult:
    """Return the gap between perception and expectation of every dimension and in all.

    Parameters
    ----------
    method : PeGap
    setting : Setting

    Returns
    -------
    MethodResult
        By dimension: ``expected`` and ``perceived`` (0-100), ``gap`` (points), ``gap_scale`` (scale
        units) and the shares ``dissatisfied``, ``satisfied``
        and ``delighted`` (%). In all: ``headline`` (points, -100 to 100), the same shares, and
        ``incomplete``, the respondents without a total. ``weight`` of every dimension (%).

    Raises
    ------
    UsageError
        If a question has no scale, or the two of a pair have different ones.
    SpecError
        If the weights do not fit the dimensions, or judgements contradict one another.

    Notes
    -----
    SQ_i = sum_j W_j (P_ij - E_ij), every answer rescaled to 0-100 first. A dimension's gap is over
    those who answered both of its questions, the total over those who answered every pair. What is
    about the total is withheld in groups where a dimension is: it is their weighted sum.

    References
    ----------
    Parasuraman, Zeithaml & Berry (1988), Journal of Retailing 64, 12-40.
    """
    _check(method, setting)
    weights = resolve(method.weighting, method.dimensions, f"methods.{method.name}")
    found = _gaps(method, setting, weights)
    both = np.isnan(found.gaps[:, :-1])
    expected = np.where(both, np.nan, found.expected)
    perceived = np.where(both, np.nan, found.perceived)

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        return {
            "expected": weighted_mean(weights, expected[rows]),
            "perceived": weighted_mean(weights, perceived[rows]),
            "gap": weighted_mean(weights, found.gaps[rows]),
            "signs": sign_shares(weights, found.gaps[rows]),
        }

    rows = list(weight_rows(weights))
    for measured in setting.measure(statistic).values():
        rows += _dimension_rows(method, setting, measured, found)
        rows += _total_rows(method, setting, measured, found)
    return MethodResult(method.name, method.kind, tuple(rows))


def _check(method: PeGap, setting: Setting) -> None:
    problems = [
        Problem(f"methods.{method.name}", place, "a question with a scale", one.kind)
        for place, name in method.named()
        if (one := setting.people.field(name)).kind != "scale"
    ]
    if problems:
        raise UsageError(problems)
    problems = [
        Problem(
            f"methods.{method.name}",
            f"pairs.{pair.name}",
            "expectation and perception on one scale",
            f"{pair.expected} from {one.low:g} to {one.high:g}, "
            f"{pair.perceived} from {other.low:g} to {other.high:g}",
            "ask both on the same scale: on two, hardly any gap can be 0",
        )
        for pair in method.pairs
        for one, other in [
            (setting.people.field(pair.expected), setting.people.field(pair.perceived))
        ]
        if (one.low, one.high) != (other.low, other.high)
    ]
    if problems:
        raise UsageError(problems)


def _gaps(method: PeGap, setting: Setting, weights: Resolved) -> _Gaps:
    expected, perceived = (
        np.column_stack([_on_100(setting, name) for name in names])
        for names in (
            [pair.expected for pair in method.pairs],
            [pair.perceived for pair in method.pairs],
        )
    )
    gaps = perceived - expected
    total = total_gap(gaps, weights.array(method.dimensions))
    return _Gaps(expected, perceived, np.column_stack([gaps, total]), weights)


def _on_100(setting: Setting, name: str) -> Floats:
    one = setting.people.field(name)
    return np.asarray(100 * (setting.people.good(name) - one.low) / (one.high - one.low))


def _dimension_rows(
    method: PeGap, setting: Setting, measured: Measured, found: _Gaps
) -> Iterator[Row]:
    for j, pair in enumerate(method.pairs):
        n = _count(setting, measured, found, j)
        args: dict[str, Any] = {"subject": pair.name, "n": n, "level": setting.request.level}
        for key in ("expected", "perceived"):
            yield _told(row(measured, key, (j,), measure=key, **args))
        gap = row(measured, "gap", (j,), measure="gap", **args)
        yield _told(gap | {"reading": say_gap(gap)})
        one = setting.people.field(pair.expected)
        units = (one.high - one.low) / 100
        yield _told(row(measured, "gap", (j,), measure="gap_scale", factor=units, **args))
        yield from _sign_rows(setting, measured, found, j, pair.name)


def _total_rows(method: PeGap, setting: Setting, measured: Measured, found: _Gaps) -> Iterator[Row]:
    last, level = len(method.pairs), setting.request.level
    n = _count(setting, measured, found, last)
    made = row(measured, "gap", (last,), measure="headline", n=n, level=level)
    for one in (made | {"reading": say_gap(made)}, *_sign_rows(setting, measured, found, last, "")):
        yield _told(one) | {"of_parts": True}
    rows = dict(setting.groups)[measured.group]
    every = setting.count(rows, np.ones(len(rows), dtype=bool))
    yield {
        "group": measured.group,
        "measure": "incomplete",
        "value": float(every - n),
        "n": every,
        "reading": "respondents without an answer to every pair: not in the total",
    }


def say_gap(made: Row) -> str:
    """Say which side of nought a gap is on, or that the data cannot tell."""
    low, high = made["conf_low"], made["conf_high"]
    if low > 0:
        return "better than expected"
    if high < 0:
        return "worse than expected"
    return "about as expected: the interval includes 0" if np.isfinite(low) else ""


def _count(setting: Setting, measured: Measured, found: _Gaps, at: int) -> int:
    rows = dict(setting.groups)[measured.group]
    return setting.count(rows, np.asarray(~np.isnan(found.gaps[rows, at])))


def _told(made: Row) -> Row:
    return made if made["n"] else made | {"note": "nobody answered both questions"}


def _sign_rows(
    setting: Setting, measured: Measured, found: _Gaps, at: int, subject: str
) -> Iterator[Row]:
    """Yield the three shares with Wilson's limits: percentiles fail where all are alike."""
    n = _count(setting, measured, found, at)
    rows = dict(setting.groups)[measured.group]
    weights = setting.people.design.weights[rows][~np.isnan(found.gaps[rows, at])]
    for s, name in enumerate(SIGNS):
        made = row(
            measured,
            "signs",
            (at, s),
            subject=subject,
            measure=name,
            n=n,
            level=setting.request.level,
            factor=100,
        )
        yield _told(share_limits(made, weights, setting))
