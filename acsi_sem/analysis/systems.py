"""Several systems on one survey: indices side by side, and what the choice changes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.analysis.values import Fit, Request
from acsi_sem.estimators.result import Row
from acsi_sem.indices.scores import Scored
from acsi_sem.inference.intervals import (
    Spread,
    bootstrap_normal_spread,
    no_spread,
    percentile_spread,
    structured_spread,
)
from acsi_sem.inference.replicates import design_freedom
from acsi_sem.inference.sample import make_sample
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.rank_agreement import kendall, reversed_pairs, spearman
from acsi_sem.spec.forms import Form
from acsi_sem.spec.survey_parts import System
from acsi_sem.tables.schema import AGREEMENT, SYSTEM_DRIVERS, SYSTEM_FIT, SYSTEMS, make_table
from acsi_sem.terms import ALL, Engine, Notice

FEWEST_GROUPS: Final = 3
FEW: Final = 30
"""Degrees of freedom of a design below which differences have Student's limits: percentiles of
replicates allow for no scatter of the standard error."""
MEASURES: Final = {"spearman": spearman, "kendall": kendall, "reversed_pairs": reversed_pairs}
FIT_SHOWN: Final = ("cfi", "rmsea", "srmr", "chisq.scaled", "df")
UNPAIRED: Final = "limits withheld: the systems have no bootstrap replicates drawn alike"
ANOTHER: Final = "another quantity than a 0-100 index: no difference is taken"
FAILED: Final = "limits withheld: more than 5 % of the replicates failed for one of the systems"
NOT_DRAWN: Final = "limits of the difference withheld: the systems have no replicates drawn alike"


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one system says of every group.

    Attributes
    ----------
    system : System
    model, engine, weighting : str
    index : mapping of group -> (index, std_error, low, high, n, note)
    draws : mapping of group -> ndarray, shape (B,)
        Replicates of the index, NaN where one failed; none where limits need none.
    coefficients : mapping of group -> ndarray, shape (B,)
        Of structured replicates.
    freedom : mapping of group -> float
        Degrees of freedom of Student's limits, where limits are such.
    items : int
        Questions that the index rests on.
    left_out : tuple of str
        Questions of the system that the survey did not ask.
    dropped : tuple of str
        Constructs of the system without any question here.
    on_scale : bool
        Whether it is an index on 0-100, which another may be taken from.
    drawn : str
        How rows are drawn: replicates of two systems pair off only where it is the same.
    fit : Fit or None
        None for a method.
    """

    system: System
    model: str
    engine: Engine | str
    weighting: str
    index: Mapping[str, tuple[float, float, float, float, int, str]]
    draws: Mapping[str, Floats]
    coefficients: Mapping[str, Floats]
    freedom: Mapping[str, float]
    items: int
    left_out: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    on_scale: bool = True
    drawn: str = ""
    fit: Fit | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Systems compared on one survey.

    Attributes
    ----------
    measurements : tuple of Measurement
    base : str
        The system that others are compared with.
    groups : tuple of str
        `all` first.
    systems, agreement, drivers, fits : DataFrame
        See `acsi_sem.tables.schema`.
    notices : tuple of Notice
    """

    measurements: tuple[Measurement, ...]
    base: str
    groups: tuple[str, ...]
    systems: pd.DataFrame
    agreement: pd.DataFrame
    drivers: pd.DataFrame
    fits: pd.DataFrame
    notices: tuple[Notice, ...] = field(default=())

    def tidy(self) -> pd.DataFrame:
        """Return the table of systems."""
        return self.systems.copy()

    def _repr_html_(self) -> str:
        html: str = self.systems.to_html(index=False, escape=True, na_rep="")
        return html


def measurement_of(system: System, fit: Fit, scored: Sequence[Scored], form: Form) -> Measurement:
    """Take what a comparison needs from a fit by one engine.

    Parameters
    ----------
    system : System
    fit : Fit
    scored : sequence of Scored
        Of the same estimation.
    form : Form
        The system as the survey asks it.
    """
    model = fit.model
    place = model.construct_names.index(model.index)
    own = fit.indices[fit.indices["construct"] == model.index]
    columns = ("index", "std_error", "conf_low", "conf_high", "n", "note")
    index = {row["group"]: tuple(row[name] for name in columns) for row in own.to_dict("records")}
    draws, coefficients, freedom = {}, {}, _freedom(fit)
    for one in scored:
        if one.draws is not None and not one.problem and not one.withheld:
            draws[one.group] = np.where(one.draws.ok, one.draws.index[:, place], np.nan)
        if one.spreader.coefficients is not None:
            coefficients[one.group] = one.spreader.coefficients
        if one.spreader.freedom is not None:
            freedom[one.group] = one.spreader.freedom
    weighting = "study" if system.weighted and fit.survey.design.weighted else "none"
    return Measurement(
        system=system,
        model=model.name,
        engine=fit.request.engines[0],
        weighting=weighting,
        index=index,
        draws=draws,
        coefficients=coefficients,
        freedom=freedom,
        items=len({item.name for item in model.construct(model.index).indicators}),
        left_out=form.left_out,
        dropped=form.dropped,
        drawn=_how_drawn(fit),
        fit=fit,
    )


def _how_drawn(fit: Fit) -> str:
    """Say which streams rows are drawn by: raked ones by a single one, others group by group."""
    survey = fit.survey
    together = survey.design.raking is not None and survey.groups is not None
    return "all rows together" if together else "group by group"


def _freedom(fit: Fit) -> dict[str, float]:
    """Return the degrees of freedom of every group, where the survey has a design."""
    design = fit.survey.design
    if all(part is None for part in (design.strata, design.psu, design.sampled)):
        return {}
    sample = make_sample(fit.survey, "mean")
    return {name: float(count) for name, count in design_freedom(sample).items()}


def compare_systems(
    measurements: Sequence[Measurement], base: str, request: Request, groups: Sequence[str]
) -> Compared:
    """Put systems side by side.

    Parameters
    ----------
    measurements : sequence of Measurement
        Of one survey; their replicates are drawn alike, row for row.
    base : str
        Name of the system that others are compared with.
    request : Request
        Level and kind of limits.
    groups : sequence of str
        `all` first.

    Returns
    -------
    Compared
        Differences are of the same respondents: their limits come from differences of replicates,
        which the limits of two indices would overstate by far.
    """
    first = next(one for one in measurements if one.system.name == base)
    parts = [group for group in groups if group != ALL]
    ranks = {one.system.name: _ranks(one, parts) for one in measurements}
    rows = [
        row
        for one in measurements
        for group in groups
        if (row := _row(one, first, group, request, ranks)) is not None
    ]
    agreement = [
        row
        for one, other in itertools.combinations(measurements, 2)
        for row in _agreement(one, other, parts, request)
    ]
    return Compared(
        tuple(measurements),
        base,
        tuple(groups),
        make_table(SYSTEMS, rows),
        make_table(AGREEMENT, agreement),
        make_table(SYSTEM_DRIVERS, [row for one in measurements for row in _drivers(one)]),
        make_table(SYSTEM_FIT, [row for one in measurements for row in _fits(one)]),
    )


def _ranks(one: Measurement, parts: Sequence[str]) -> dict[str, float]:
    """Return the groups' ranks, 1 for the highest; ties share the better rank."""
    values = {g: one.index[g][0] for g in parts if g in one.index and np.isfinite(one.index[g][0])}
    return {g: 1.0 + sum(v > value for v in values.values()) for g, value in values.items()}


def _row(
    one: Measurement,
    base: Measurement,
    group: str,
    request: Request,
    ranks: Mapping[str, Mapping[str, float]],
) -> Row | None:
    if group not in one.index:
        return None
    index, error, low, high, n, note = one.index[group]
    nan = float("nan")
    row: dict[str, object] = {
        "system": one.system.name,
        "model": one.model,
        "engine": one.engine,
        "weighting": one.weighting,
        "group": group,
        "n": n,
        "items": one.items,
        "index": index,
        "std_error": error,
        "conf_low": low,
        "conf_high": high,
        "conf_level": request.level,
        "rank": ranks[one.system.name].get(group, nan),
        "rank_base": ranks[base.system.name].get(group, nan),
    }
    told = [note]
    if one is not base and group in base.index:
        told.append(_difference(row, one, base, group, request))
    return {**row, "note": "; ".join(part for part in told if part)}


def _difference(
    row: dict[str, object], one: Measurement, base: Measurement, group: str, request: Request
) -> str:
    """Add the difference from the base to a row; return why something is missing, if it is."""
    if not (one.on_scale and base.on_scale):
        return ANOTHER
    point = one.index[group][0] - base.index[group][0]
    row["difference"] = point
    if not np.isfinite(point):
        return ""
    spread = _paired(one, base, group, np.asarray(point), request)
    row |= {"difference_low": float(spread.low), "difference_high": float(spread.high)}
    if np.isfinite(spread.low):
        return ""
    return spread.note(()) or (FAILED if _alike(one, base, group) else NOT_DRAWN)


def _paired(
    one: Measurement, base: Measurement, group: str, point: Floats, request: Request
) -> Spread:
    """Return the spread of a difference over replicates drawn alike."""
    if not _alike(one, base, group):
        return no_spread(())
    draws = one.draws[group] - base.draws[group]
    ok: NDArray[np.bool_] = np.asarray(np.isfinite(draws))
    freedom = one.freedom.get(group)
    few = freedom is not None and freedom < FEW
    if group in one.coefficients:
        return structured_spread(draws, point, ok, request.level, one.coefficients[group], freedom)
    if few or request.interval == "normal":
        return bootstrap_normal_spread(draws, point, ok, request.level, freedom)
    return percentile_spread(draws, ok, request.level)


def _alike(one: Measurement, base: Measurement, group: str) -> bool:
    """Whether two systems have replicates of a group that are drawn alike."""
    first, second = one.draws.get(group), base.draws.get(group)
    if first is None or second is None:
        return False
    return first.size == second.size and one.drawn == base.drawn


def _agreement(
    one: Measurement, other: Measurement, parts: Sequence[str], request: Request
) -> Iterator[Row]:
    """Yield how far two systems put the groups in one order."""
    both = [
        g
        for g in parts
        if g in one.index
        and g in other.index
        and np.isfinite(one.index[g][0])
        and np.isfinite(other.index[g][0])
    ]
    if len(both) < FEWEST_GROUPS:
        return
    points = [np.array([[m.index[g][0] for g in both]]) for m in (one, other)]
    drawn = one.drawn == other.drawn and not one.coefficients
    drawn = drawn and all(g in m.draws for g in both for m in (one, other))
    drawn = drawn and one.draws[both[0]].size == other.draws[both[0]].size
    for name, measure in MEASURES.items():
        row: dict[str, object] = {
            "system": one.system.name,
            "other": other.system.name,
            "measure": name,
            "n": len(both),
            "value": float(measure(*points)[0]),
            "conf_level": request.level,
            "note": "" if drawn else UNPAIRED,
        }
        if drawn:
            first, second = (np.stack([m.draws[g] for g in both], axis=1) for m in (one, other))
            values = measure(first, second)
            spread = percentile_spread(values, np.isfinite(values), request.level)
            row |= {"conf_low": float(spread.low), "conf_high": float(spread.high)}
            if np.isfinite(float(measure(*points)[0])) and not np.isfinite(spread.low):
                row["note"] = FAILED
        yield row


def _drivers(one: Measurement) -> Iterator[Row]:
    """Yield the effect of every driver on a system's index, with its rank."""
    if one.fit is None or one.fit.impacts.empty:
        return
    table, target = one.fit.impacts, one.fit.model.index
    own = table[(table["target"] == target) & (table["effect"] == "impact_5")]
    for group, part in own.groupby("group", sort=False):
        ranks = part["estimate"].rank(ascending=False, method="min")
        for place, row in zip(ranks, part.to_dict("records"), strict=True):
            yield {
                "system": one.system.name,
                "group": group,
                "driver": row["source"],
                **{
                    name: row[name]
                    for name in ("estimate", "std_error", "conf_low", "conf_high", "conf_level")
                },
                "rank": place,
                "note": row["note"],
            }


def _fits(one: Measurement) -> Iterator[Row]:
    """Yield how well a system explains its index, and how well its structure fits."""
    if one.fit is None:
        return
    quality, measures = one.fit.quality, one.fit.fit_measures
    explained = quality[
        (quality["construct"] == one.fit.model.index)
        & (quality["measure"] == "r2")
        & (quality["indicator"] == "")
    ]
    for row in explained.to_dict("records"):
        yield {"system": one.system.name, "group": row["group"], "measure": "r2"} | {
            "value": row["value"]
        }
    for row in measures[measures["measure"].isin(FIT_SHOWN)].to_dict("records"):
        named = {key: row[key] for key in ("group", "measure", "value")}
        yield {"system": one.system.name, **named}
