"""Benchmarks: the index of each group against its industry, the best, and last time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.errors import Problem, UsageError
from acsi_sem.indices.suppression import PUBLISHED, suppress
from acsi_sem.inference.intervals import normal_spread
from acsi_sem.kernels.gaps import weighted_mean
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.multiple_tests import holm_within, two_sided
from acsi_sem.kernels.quadrants import correlations
from acsi_sem.methods.base import MethodResult, Row, Setting
from acsi_sem.methods.benchmark_inputs import Earlier, industries_of, read_earlier, some
from acsi_sem.methods.benchmark_units import Unit, is_withheld, protect_units, untold_industries
from acsi_sem.spec.methods.benchmarks import Benchmarks
from acsi_sem.tables.schema import records
from acsi_sem.terms import ALL, Notice

FEWEST_CORRELATED: Final = 4
"""Groups; the limits of a correlation of three have no width to tell."""
ALONE: Final = "the only group of its industry"
NO_ERROR: Final = "not tested: no standard error"
NOT_BEFORE: Final = "not in the earlier table"
NO_INDEX: Final = "no index"
INCOMPLETE: Final = "withheld: a group of the industry is withheld"


@dataclass(frozen=True, slots=True)
class Difference:
    """A group's index less a benchmark's."""

    group: str
    value: float
    std_error: float
    benchmark: float
    name: str
    note: str = ""


def run(method: Benchmarks, setting: Setting) -> MethodResult:
    """Return every group's index with its benchmarks, the differences, and their tests.

    Parameters
    ----------
    method : Benchmarks
    setting : Setting
        With a fit to groups.

    Returns
    -------
    MethodResult
        By group: ``index``; ``industry_mean``, ``best`` and ``previous``; the differences
        ``versus_industry``, ``versus_best`` and ``versus_previous`` with limits, and their adjusted
        p-values ``p_industry``, ``p_best`` and ``p_previous``. In all: ``correlation`` across
        groups, by question.

    Raises
    ------
    UsageError
        Without a fit to two groups or more, or where a column or group is unknown.
    DataError
        If the earlier table is not there or not one, or a group is of several industries.

    Notes
    -----
    Groups are independent samples. A group is part of its industry's mean, which the standard error
    of their difference knows: Var = (1 - w_g)^2 s_g^2 + sum_{h != g} w_h^2 s_h^2. Holm's method
    adjusts within an industry: over its groups against the mean, and over all pairs of its groups
    against the best, which is known only after looking; against the past over all groups.

    Withheld are groups of too few respondents and, where these would follow from the others and the
    whole, the smallest of the others. They are the best of nothing, and an industry has no mean
    where it withholds one group alone, or groups of too few respondents together.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    _check(method, setting)
    units = protect_units(_units(method, setting), setting.request.minimum_rows)
    past = _past(method, setting)
    families = _families(units)
    rows: list[Row] = [_index_row(setting, unit) for unit in units]
    for key, found in (
        (
            "industry",
            _against_mean(families, untold_industries(units, setting.request.minimum_rows)),
        ),
        ("best", _against_best(families)),
        ("previous", _against_past(method, units, past)),
    ):
        rows += _difference_rows(setting, units, key, found)
    rows += _correlations(method, setting, units)
    return MethodResult(
        method.name, method.kind, tuple(rows), tuple(_notices(method, setting, units, past))
    )


def _check(method: Benchmarks, setting: Setting) -> None:
    where, groups = f"methods.{method.name}", setting.people.groups
    problems = [
        Problem(where, place, "a question with a scale, or an amount", "a category")
        for place, name in method.named()
        if setting.people.field(name).kind == "category"
    ]
    if setting.fit is None or setting.fit.indices.empty or groups is None or len(groups.values) < 2:
        expected = "a fit with an index of two groups or more"
        remedy = "give the study a group column and an engine that makes an index"
        problems.append(Problem(where, "kind", expected, "none", remedy))
    if problems:
        raise UsageError(problems)


def _units(method: Benchmarks, setting: Setting) -> list[Unit]:
    assert setting.fit is not None  # `_check` has refused it
    table = records(setting.fit.indices)
    engine, index = table[0]["engine"], setting.fit.model.index
    own = {
        one["group"]: one for one in table if one["construct"] == index and one["engine"] == engine
    }
    industry = industries_of(method, setting)
    return [
        _unit(method, own[name], industry[name], float(setting.people.design.weights[rows].sum()))
        for name, rows in setting.groups
        if name != ALL and name in own
    ]


def _unit(method: Benchmarks, one: Row, industry: str, weight: float) -> Unit:
    return Unit(
        group=one["group"],
        industry=industry,
        index=one["index"],
        std_error=one["std_error"],
        low=one["conf_low"],
        high=one["conf_high"],
        n=int(one["n"]),
        weight=weight if method.average == "weights" else 1.0,
        note=one["note"],
    )


def _families(units: Sequence[Unit]) -> list[list[Unit]]:
    """Return the groups of each industry that have an index."""
    names = dict.fromkeys(unit.industry for unit in units)
    return [
        [unit for unit in units if unit.industry == name and math.isfinite(unit.index)]
        for name in names
    ]


def _index_row(setting: Setting, unit: Unit) -> Row:
    return {
        **_own(unit),
        "measure": "index",
        "value": unit.index,
        "std_error": unit.std_error,
        "conf_low": unit.low,
        "conf_high": unit.high,
        "conf_level": setting.request.level,
        "reading": unit.industry,
        "note": unit.note,
    }


def _own(unit: Unit) -> Row:
    """Return what all rows of a group share; all are withheld with it, and no others."""
    return {"group": unit.group, "n": unit.n, "family": "groups", "part": ""}


Tested = tuple[list[Difference], list[float]]


def _against_mean(families: Sequence[Sequence[Unit]], untold: Collection[str]) -> Tested:
    """Compare every group with the mean of its industry, unless that is not to be told."""
    found, adjusted = [], []
    for family in families:
        if family and family[0].industry in untold:
            found += [_nothing(unit, unit.industry, INCOMPLETE) for unit in family]
            adjusted += [math.nan] * len(family)
            continue
        shares = np.array([unit.weight for unit in family])
        shares = shares / shares.sum() if family else shares
        index = np.array([unit.index for unit in family])
        error = np.array([unit.std_error for unit in family])
        mean = float(shares @ index)
        own = []
        for g, unit in enumerate(family):
            lever = np.where(np.arange(len(family)) == g, 1 - shares, -shares)
            alone = len(family) == 1
            size = math.nan if alone else math.sqrt(float(((lever * error) ** 2).sum()))
            value = math.nan if alone else unit.index - mean
            own.append(
                Difference(unit.group, value, size, mean, unit.industry, ALONE if alone else "")
            )
        found += own
        adjusted += _holm(own)
    return found, adjusted


def _against_best(families: Sequence[Sequence[Unit]]) -> Tested:
    """Compare every group with the best of its industry, adjusted over all of its pairs."""
    found, adjusted = [], []
    for family in families:
        if not family:
            continue
        best = max(family, key=lambda unit: unit.index)
        pairs = [_pair(one, other) for one, other in itertools.combinations(family, 2)]
        p = dict(
            zip((frozenset((pair.group, pair.name)) for pair in pairs), _holm(pairs), strict=True)
        )
        for unit in family:
            if unit is best:
                note = "is the best itself" if len(family) > 1 else ALONE
                found.append(
                    Difference(unit.group, math.nan, math.nan, best.index, best.group, note)
                )
            else:
                found.append(_pair(unit, best))
            adjusted.append(p.get(frozenset((unit.group, best.group)), math.nan))
    return found, adjusted


def _lost(units: Sequence[Unit]) -> list[Unit]:
    return [unit for unit in units if not math.isfinite(unit.index)]


def _nothing(unit: Unit, name: str, note: str) -> Difference:
    return Difference(unit.group, math.nan, math.nan, math.nan, name, note)


def _pair(one: Unit, other: Unit) -> Difference:
    size = math.hypot(one.std_error, other.std_error)
    return Difference(one.group, one.index - other.index, size, other.index, other.group)


def _past(method: Benchmarks, setting: Setting) -> Mapping[str, Earlier]:
    if not method.previous or setting.fit is None:
        return {}
    where, engine = f"methods.{method.name}", records(setting.fit.indices)[0]["engine"]
    construct = setting.fit.model.index
    return read_earlier(where, setting.folder, method.previous, construct, engine)


def _against_past(method: Benchmarks, units: Sequence[Unit], past: Mapping[str, Earlier]) -> Tested:
    """Compare every group with itself in an earlier table."""
    found = []
    nothing = Earlier(math.nan, math.nan)
    for unit in units if method.previous else ():
        if not math.isfinite(unit.index):
            continue
        old = past.get(unit.group, nothing)
        note = "" if math.isfinite(old.index) else NOT_BEFORE
        size = math.hypot(unit.std_error, old.std_error)
        found.append(
            Difference(unit.group, unit.index - old.index, size, old.index, "last period", note)
        )
    return found, _holm(found)


def _holm(found: Sequence[Difference]) -> list[float]:
    """Return two-sided p-values of independent differences, adjusted as one family."""
    if not found:
        return []
    value = np.array([one.value for one in found])
    error = np.array([one.std_error for one in found])
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(error > 0, value / error, np.nan)
    p = two_sided(z, np.full(z.shape, np.inf))
    adjusted: list[float] = holm_within(p[:, None], np.zeros(len(p), dtype=np.intp))[:, 0].tolist()
    return adjusted


def _difference_rows(
    setting: Setting, units: Sequence[Unit], key: str, tested: Tested
) -> Iterator[Row]:
    own = {unit.group: _own(unit) for unit in units}
    level = setting.request.level
    told, adjusted = tested
    lost = [_nothing(unit, unit.industry, unit.note or NO_INDEX) for unit in _lost(units)]
    lost = lost if told or key != "previous" else []
    for one, p in zip([*told, *lost], [*adjusted, *[math.nan] * len(lost)], strict=True):
        spread = normal_spread(np.array(one.value), np.array(one.std_error), level)
        base = own[one.group]
        name = {"industry": "industry_mean"}.get(key, key)
        yield (
            base
            | {"measure": name, "value": one.benchmark}
            | {"reading": one.name if key == "industry" or math.isfinite(one.benchmark) else ""}
            | ({"note": one.note} if not math.isfinite(one.benchmark) else {})
        )
        tell = math.isfinite(one.value) and not one.std_error > 0
        note = one.note or (NO_ERROR if tell else "")
        yield base | {
            "measure": f"versus_{key}",
            "value": one.value,
            "std_error": one.std_error,
            "conf_low": float(spread.low),
            "conf_high": float(spread.high),
            "conf_level": level,
            "reading": _reading(one.value, p, level),
            "note": note,
        }
        yield base | {"measure": f"p_{key}", "value": p, "note": note}


def _reading(value: float, p: float, level: float) -> str:
    if not math.isfinite(p):
        return ""
    if p > 1 - level:
        return "not told apart"
    return "above" if value > 0 else "below"


def _correlations(method: Benchmarks, setting: Setting, units: Sequence[Unit]) -> Iterator[Row]:
    """Yield group means of questions, and their correlation with the index across those shown."""
    index = np.array([unit.index for unit in units])
    for name in method.correlates:
        made = [_mean_row(setting, name, unit) for unit in units]
        counts = np.array([[float(one["n"]) for one, _ in made]])
        shown = suppress(counts, setting.request.minimum_rows)[0] == PUBLISHED
        yield from (one for one, _ in made)
        means = np.where(shown, [one["value"] for one, _ in made], np.nan)
        sizes = np.array([size for _, size in made])
        yield _correlation(setting, name, index, means, sizes)


def _mean_row(setting: Setting, name: str, unit: Unit) -> tuple[Row, float]:
    """Return a group's mean of a question, none where the group is withheld, and its weight."""
    rows = dict(setting.groups)[unit.group]
    own, values = setting.people.design.weights[rows], setting.people.column(name)[rows]
    answered = np.asarray(~np.isnan(values))
    n, withheld = setting.count(rows, answered), is_withheld(unit)
    mean = math.nan if withheld else float(weighted_mean(own[None], values[:, None])[0, 0])
    told = {"group": unit.group, "subject": name, "measure": "mean", "value": mean, "n": n}
    note = unit.note if withheld else ""
    return told | {"note": note or ("" if n else "nobody answered")}, float(own[answered].sum())


def _correlation(setting: Setting, name: str, index: Floats, means: Floats, sizes: Floats) -> Row:
    """Return a correlation across groups, with Fisher's limits for as many groups as count."""
    kept = np.asarray(np.isfinite(index) & np.isfinite(means))
    w, level = sizes[kept], setting.request.level
    base: Row = {"group": "", "subject": name, "measure": "correlation", "conf_level": level}
    base |= {"n": int(kept.sum()), "value": math.nan}
    if len(w) < FEWEST_CORRELATED:
        return base | {"note": f"fewer than {FEWEST_CORRELATED} groups with both"}
    r = float(correlations(w[None], means[kept][:, None], index[kept])[0, 0])
    if not math.isfinite(r):
        return base | {"note": "all groups are alike in one of the two"}
    size = float(w.sum() ** 2 / (w**2).sum())
    if size <= 3 or abs(r) >= 1:
        note = "no limits: too few groups count" if size <= 3 else "no limits: exactly in line"
        return base | {"value": r, "note": note}
    made = normal_spread(np.array(math.atanh(r)), np.array(1 / math.sqrt(size - 3)), level)
    limits = {"conf_low": math.tanh(float(made.low)), "conf_high": math.tanh(float(made.high))}
    return base | {"value": r} | limits


def _notices(
    method: Benchmarks, setting: Setting, units: Sequence[Unit], past: Mapping[str, Earlier]
) -> Iterator[Notice]:
    """Tell which groups are in no comparison, and when they are not independent."""
    lost = [unit.group for unit in _lost(units)]
    if lost:
        message = f"Without an index, and so in no mean and no comparison: {some(lost)}."
        yield Notice("benchmarks_left_out", message, subject=method.name)
    gone = [name for name in past if name != ALL and name not in {unit.group for unit in units}]
    if gone:
        message = f"In the earlier table but not in this survey: {some(gone)}."
        yield Notice("benchmarks_gone", message, subject=method.name)
    psu, groups = setting.people.design.psu, setting.people.groups
    if psu is not None and groups is not None:
        pairs = np.unique(np.column_stack([psu, groups.codes]), axis=0)
        if len(pairs) > len(np.unique(psu)):
            message = (
                "Sampling units have respondents of several groups, so groups are not independent "
                "and the tests against benchmarks are approximate."
            )
            yield Notice("benchmarks_dependent", message, subject=method.name)
