"""Many units of one survey, each a population of its own: companies, fitted a few at a time.

A unit's numbers depend on its own rows, the request and its name alone, so units may be fitted in
any order, by any number of workers, and again after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from acsi_sem.analysis.nation import Lost
from acsi_sem.analysis.pipeline import estimate
from acsi_sem.analysis.values import Fit, Request
from acsi_sem.inference.replicates import design_freedom
from acsi_sem.inference.sample import make_sample
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.survey.units import take_units
from acsi_sem.tables.packing import pack, unpack
from acsi_sem.terms import ENGINES, Engine, Notice

TABLES: Final = (
    "indices",
    "estimates",
    "impacts",
    "fit_measures",
    "quality",
    "breakdowns",
    "items",
)
"""Tables of a fit that stand for one unit at a time."""

BATCH: Final = 8
"""Units per task: some seconds of work, little enough to lose in a crash."""


@dataclass(frozen=True, slots=True)
class UnitFits:
    """What came of some units.

    Attributes
    ----------
    tables : mapping of name -> DataFrame
        `TABLES`, their ``group`` the unit.
    lost : tuple of Lost
        Units and engines without a result.
    notices : tuple of Notice
    freedom : mapping of unit -> int
        Units of the design less strata, which a unit's standard errors rest on.
    failed_replicates : tuple of (unit, engine, requested, failed)
    """

    tables: Mapping[str, pd.DataFrame]
    lost: tuple[Lost, ...]
    notices: tuple[Notice, ...]
    freedom: Mapping[str, int]
    failed_replicates: tuple[tuple[str, str, int, int], ...] = ()

    def packed(self) -> bytes:
        """Return the value as bytes."""
        values = {
            "lost": [asdict(one) for one in self.lost],
            "notices": [asdict(one) for one in self.notices],
            "freedom": dict(self.freedom),
            "failed_replicates": list(self.failed_replicates),
        }
        return pack(self.tables, values)

    @staticmethod
    def unpacked(data: bytes) -> UnitFits:
        """Return the value again.

        Raises
        ------
        ValueError
            If the bytes are not whole.
        """
        tables, found = unpack(data)
        values = cast("dict[str, list[dict[str, str]]]", found)
        counts = cast("list[list[object]]", values["failed_replicates"])
        return UnitFits(
            tables,
            tuple(
                Lost(one["unit"], cast(Engine, one["engine"]), one["reason"])
                for one in values["lost"]
            ),
            tuple(Notice(**one) for one in values["notices"]),
            cast("dict[str, int]", values["freedom"]),
            tuple((str(c[0]), str(c[1]), cast(int, c[2]), cast(int, c[3])) for c in counts),
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """What every unit is fitted by: handed to each worker once.

    Engines not among `replicated` get linearised intervals instead of the request's, and where
    these are withheld replicates after all; with an empty `replicated` all get the request's.
    """

    model: Model
    survey: Survey
    request: Request
    replicated: tuple[Engine, ...] = ()

    def requests(self) -> list[Request]:
        """Return the request, or its two parts: with replicates and without."""
        own = replace(self.request, detail="core", whole=False)
        drawn = tuple(name for name in own.engines if name in self.replicated)
        other = tuple(name for name in own.engines if name not in self.replicated)
        if not self.replicated or not other or own.interval == "linearised":
            return [own]
        parts = [replace(own, engines=other, ci="linearised", resampling="bootstrap")]
        return [replace(own, engines=drawn), *parts] if drawn else parts


def batches(survey: Survey) -> list[tuple[str, ...]]:
    """Return the names of the survey's groups in the portions that they are fitted in."""
    names = () if survey.groups is None else survey.groups.values
    return [tuple(names[at : at + BATCH]) for at in range(0, len(names), BATCH)]


def fit_units(panel: Panel, names: Sequence[str]) -> UnitFits:
    """Fit some units of a survey.

    Parameters
    ----------
    panel : Panel
        Its survey has groups; its request is made ``core``, without `all`.
    names : sequence of str

    Returns
    -------
    UnitFits
        A unit too small to be fitted at all is lost, with the reason; so is one whose fit failed.
    """
    request = panel.request
    survey = take_units(panel.survey, names)
    composite = panel.model.kind == "composite"
    least = 1 if composite else len(panel.model.answers) + 1
    short = _short(survey, least, composite)
    lost = [
        Lost(name, engine, f"{count:,} complete rows, fewer than the {least} the model needs")
        for name, count in short.items()
        for engine in request.engines
    ]
    kept = [name for name in names if name not in short]
    if not kept:
        return UnitFits({}, tuple(lost), (), {})
    survey = take_units(panel.survey, kept)
    fits = _fits(panel, survey)
    sample = make_sample(survey, request.missing, whole=False)
    notices = [told for fitted in fits for told in fitted.notices if told.kind != "fit_failed"]
    notices += [_joined(name, count) for name, count in sample.joined.items()]
    return UnitFits(
        {name: _in_order(fits, name, kept) for name in TABLES},
        (*lost, *(one for fitted in fits for one in _lost(fitted))),
        _told(notices, names),
        design_freedom(sample),
        tuple(
            (c.group, c.engine, c.requested, c.failed)
            for fitted in fits
            for c in fitted.replicates
            if c.failed
        ),
    )


def _joined(unit: str, count: int) -> Notice:
    strata = "1 stratum has" if count == 1 else f"{count:,} strata have"
    message = (
        f"{strata} a single unit (row or PSU) here and no variance to see: taken together with "
        "another, so that what sets them apart counts as variance."
    )
    return Notice("strata_joined", message, unit)


def _fits(panel: Panel, survey: Survey) -> list[Fit]:
    """Fit every unit by every engine; draw replicates where linearised errors are withheld."""
    requests = panel.requests()
    fits = [estimate(panel.model, survey, request) for request in requests]
    if len(requests) == 1 and requests[0].interval == panel.request.interval:
        return fits
    *drawn, local = fits
    lacking = _lacking(local)
    again = [
        _marked(estimate(panel.model, take_units(survey, units), replace(base, engines=(engine,))))
        for base in [replace(panel.request, detail="core", whole=False)]
        for engine, units in lacking.items()
    ]
    return [*drawn, _without(local, lacking), *again]


def _lacking(fitted: Fit) -> dict[Engine, list[str]]:
    """Return the units, by engine, whose index has no standard error."""
    own = fitted.indices[fitted.indices["construct"] == fitted.model.index]
    open_ = own[own["index"].notna() & own["std_error"].isna()]
    return {
        engine: units
        for engine in fitted.request.engines
        if (units := open_.loc[open_["engine"] == engine, "group"].tolist())
    }


def _without(fitted: Fit, pairs: Mapping[Engine, Sequence[str]]) -> Fit:
    """Leave out units of engines."""
    gone = {(unit, engine) for engine, units in pairs.items() for unit in units}

    def kept(table: pd.DataFrame) -> pd.DataFrame:
        keys = zip(table["group"].tolist(), table["engine"].tolist(), strict=True)
        return table[[key not in gone for key in keys]]

    tables: dict[str, Any] = {
        name: kept(getattr(fitted, name)) for name in TABLES if name != "items"
    }
    return replace(
        fitted,
        **tables,
        diagnoses=tuple(d for d in fitted.diagnoses if (d.group, d.engine) not in gone),
        notices=tuple(n for n in fitted.notices if (n.group, n.engine) not in gone),
    )


def _marked(fitted: Fit) -> Fit:
    """Tell that these units' limits rest on replicates."""
    message = "The linearised standard error is withheld here: limits rest on replicates."
    told = tuple(
        Notice("replicated", message, found.group, found.engine) for found in fitted.diagnoses
    )
    return replace(fitted, notices=(*fitted.notices, *told))


def _in_order(fits: Sequence[Fit], name: str, units: Sequence[str]) -> pd.DataFrame:
    """Put the rows of several fits unit by unit and, within, engine by engine."""
    tables: list[pd.DataFrame] = [getattr(fitted, name) for fitted in fits]
    if len(fits) == 1:
        return tables[0]
    if (
        "engine" not in tables[0].columns
    ):  # the answers, with the weights of PLS where it was fitted
        told = ["pls" in fitted.request.engines for fitted in fits]
        return tables[told.index(True) if any(told) else 0]
    joined = pd.concat(tables, ignore_index=True)
    unit = joined["group"].map({unit: i for i, unit in enumerate(units)})
    engine = joined["engine"].map({engine: i for i, engine in enumerate(ENGINES)})
    order = np.lexsort([engine.to_numpy(), unit.to_numpy()])
    return joined.iloc[order].reset_index(drop=True)


def _short(survey: Survey, least: int, composite: bool) -> dict[str, int]:
    """Return the units with fewer complete rows than a covariance matrix needs.

    A composite has no such matrix: any answer will do.
    """
    assert survey.groups is not None
    size = len(survey.groups.values)
    usable = ~np.isnan(survey.values).all(axis=1) if composite else survey.complete
    counts = np.bincount(survey.groups.codes[usable], minlength=size)
    return {
        name: int(count)
        for name, count in zip(survey.groups.values, counts, strict=True)
        if count < least
    }


def _lost(fitted: Fit) -> list[Lost]:
    return [
        Lost(found.group, found.engine, "; ".join(found.problems))
        for found in fitted.diagnoses
        if not found.ok
    ]


def _told(notices: Iterable[Notice], units: Sequence[str]) -> tuple[Notice, ...]:
    """Return notices once each, unit by unit and engine by engine."""
    unit = {name: i for i, name in enumerate(("", *units))}
    engine = {name: i for i, name in enumerate(("", *ENGINES))}
    once = dict.fromkeys(notices)
    return tuple(sorted(once, key=lambda told: (unit[told.group], engine[told.engine])))


def join_units(parts: Iterable[UnitFits], units: Sequence[str]) -> UnitFits:
    """Put portions together.

    Parameters
    ----------
    parts : iterable of UnitFits
        In the order of `units`.
    units : sequence of str
        Every unit.
    """
    found = list(parts)
    tables = {
        name: pd.concat(own, ignore_index=True)
        for name in TABLES
        if (own := [part.tables[name] for part in found if name in part.tables])
    }
    return UnitFits(
        tables,
        tuple(one for part in found for one in part.lost),
        _told((one for part in found for one in part.notices), units),
        {name: count for part in found for name, count in part.freedom.items()},
        tuple(one for part in found for one in part.failed_replicates),
    )
