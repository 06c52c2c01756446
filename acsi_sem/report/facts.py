"""The tables of a fit as typed look-ups, with the names that a reader sees."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.analysis.values import Fit
from acsi_sem.report import words
from acsi_sem.report.content import Evidence
from acsi_sem.spec.study import Study
from acsi_sem.terms import ALL, PATH, Notice

NAN: Final = float("nan")
ALL_LABEL: Final = "All rows"
Row: TypeAlias = dict[str, Any]
"""A row of a table, column name to value."""
INDEX_ENGINES: Final = ("pls", "plsc", "semopy", "ml", "ols", "composite")
COVARIANCE_ENGINES: Final = ("semopy", "ml", "ordinal")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its limits; `note` says why it is withheld or what to mind."""

    value: float = NAN
    low: float = NAN
    high: float = NAN
    std_error: float = NAN
    p_value: float = NAN
    n: int = 0
    n_complete: int = 0
    note: str = ""

    @property
    def known(self) -> bool:
        """True when there is a number."""
        return math.isfinite(self.value)

    @property
    def bounded(self) -> bool:
        """True when there is an interval."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def evidence(self) -> Evidence:
        """``clear`` when the interval excludes zero, ``unclear`` when not, else ``unknown``."""
        if not self.bounded:
            return "unknown"
        return "clear" if self.low > 0 or self.high < 0 else "unclear"

    def overlaps(self, other: Estimate) -> bool:
        """True when the two intervals share a point."""
        return self.low <= other.high and other.low <= self.high


NOTHING: Final = Estimate()


@dataclass(frozen=True, slots=True)
class Item:
    """An indicator's answers in one group; `score` is its mean on 0-100."""

    construct: str
    n: int
    missing: int
    mean: float
    sd: float
    low: float
    high: float
    weight: float

    @property
    def score(self) -> float:
        """The mean on 0-100."""
        span = self.high - self.low
        return 100 * (self.mean - self.low) / span if span else NAN

    @property
    def pull(self) -> float:
        """Points of the raw index per point of the item on 0-100, before normalising."""
        return self.weight * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the sections ask for.

    `engine` is the one whose index, effects and diagram lead: pls when it ran.
    """

    fit: Fit
    engine: str
    groups: tuple[str, ...]
    group_labels: Mapping[str, str]
    construct_labels: Mapping[str, str]
    indicator_labels: Mapping[str, str]
    indices: Mapping[tuple[str, str, str], Estimate]
    impacts: Mapping[tuple[str, str, str, str, str], Estimate]
    estimates: Mapping[tuple[str, str, str, str, str], Estimate]
    standardised: Mapping[tuple[str, str, str, str, str], Estimate]
    quality: Mapping[tuple[str, str, str, str, str], float]
    measures: Mapping[tuple[str, str, str], float]
    items: Mapping[tuple[str, str, str], Item]
    breakdowns: Mapping[tuple[str, str], tuple[tuple[str, Estimate], ...]]
    error_kinds: Mapping[str, tuple[str, ...]]

    @property
    def covariance_engines(self) -> tuple[str, ...]:
        """The engines that ran and have fit measures, the one to show first in front."""
        return tuple(e for e in COVARIANCE_ENGINES if e in self.fit.request.engines)

    @property
    def index_engines(self) -> tuple[str, ...]:
        """The engines that ran and give an index, or say why they withhold it."""
        have = {engine for _, engine, _ in self.indices}
        return tuple(e for e in INDEX_ENGINES if e in self.fit.request.engines and e in have)

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the comparison of groups was asked about: scopes of the invariance table."""
        return tuple(dict.fromkeys(self.fit.invariance["scope"].tolist()))

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The notices without those that a chapter of their own shows."""
        return tuple(notice for notice in self.fit.notices if not self._told(notice))

    def _told(self, notice: Notice) -> bool:
        if notice.kind == "invariance":
            return notice.subject in self.scopes
        return notice.kind in ("micom", "permutation") and not self.fit.micom.empty

    @property
    def target(self) -> str:
        """The construct whose index is the headline."""
        return self.fit.model.index

    @property
    def level(self) -> str:
        """The confidence level in words."""
        return words.level(self.fit.request.level)

    @property
    def parts(self) -> tuple[str, ...]:
        """The groups without the pooled fit."""
        return tuple(group for group in self.groups if group != ALL)

    def group(self, name: str) -> str:
        """Return the group's label."""
        return self.group_labels.get(name, name)

    def construct(self, name: str) -> str:
        """Return the construct's label."""
        return self.construct_labels.get(name, name)

    def indicator(self, name: str) -> str:
        """Return the indicator's label."""
        return self.indicator_labels.get(name, name)

    def index(self, group: str, construct: str = "", engine: str = "") -> Estimate:
        """Return a 0-100 index; the headline's unless told otherwise."""
        return self.indices.get((group, engine or self.engine, construct or self.target), NOTHING)

    def complete(self, group: str) -> int:
        """Return the complete cases of a group; of its rows where no index counts them."""
        counted = self.index(group).n_complete
        return counted or int(self.fit.survey.complete[self.rows(group)].sum())

    def basis(self, group: str) -> str:
        """Say what a fit to a group rests on: complete cases, or incomplete rows too."""
        complete = words.count(self.complete(group))
        if self.fit.request.missing == "complete":
            return f"n = {complete} complete cases"
        return f"n = {words.count(int(self.rows(group).sum()))} rows, {complete} of them complete"

    def rows(self, group: str) -> NDArray[np.bool_]:
        """Return which rows of the survey belong to a group; shape (n,)."""
        survey = self.fit.survey
        if group == ALL or survey.groups is None:
            return np.ones(survey.values.shape[0], dtype=bool)
        names = survey.groups.keys or survey.groups.categories
        place = names.index(group)
        return np.asarray(survey.groups.codes == place)

    def impact(self, group: str, source: str, target: str, effect: str) -> Estimate:
        """Return an effect on 0-100 scores."""
        return self.impacts.get((group, self.engine, source, target, effect), NOTHING)

    def path(self, group: str, target: str, source: str, engine: str = "") -> Estimate:
        """Return a standardised path coefficient."""
        return self.standardised.get((group, engine or self.engine, target, PATH, source), NOTHING)

    def measure(self, group: str, construct: str, name: str, engine: str = "") -> float:
        """Return a construct's quality measure; NaN when there is none."""
        return self.quality.get((group, engine or self.engine, construct, "", name), NAN)


def gather(fit: Fit, study: Study | None) -> Facts:
    """Turn a fit's tables into look-ups."""
    language = study.language if study else "en"
    engines = fit.request.engines
    lead = next((e for e in INDEX_ENGINES if e in engines), engines[0])
    return Facts(
        fit=fit,
        engine=lead,
        groups=tuple(fit.groups),
        group_labels=_group_labels(fit),
        construct_labels={
            c.name: _label(c.label.get(language), c.name) for c in fit.model.constructs
        },
        indicator_labels={i.name: words.clean(i.label.get(language)) for i in fit.model.indicators},
        indices=_limited(fit.indices, "index", ("group", "engine", "construct")),
        impacts=_limited(
            fit.impacts[fit.impacts["effect"] != "specific"],
            "estimate",
            ("group", "engine", "source", "target", "effect"),
        ),
        estimates=_limited(fit.estimates, "estimate", _ESTIMATE_KEY),
        standardised=dict(_standardised(fit)),
        quality=_values(fit.quality, ("group", "engine", "construct", "indicator", "measure")),
        measures=_values(fit.fit_measures, ("group", "engine", "measure")),
        items=dict(_items(fit.items)),
        breakdowns=_breakdowns(fit, lead),
        error_kinds=_error_kinds(fit),
    )


_ESTIMATE_KEY: Final = ("group", "engine", "lhs", "op", "rhs")


def _label(text: str, name: str) -> str:
    return words.sentence_case(name) if text == name else words.clean(text)


def _group_labels(fit: Fit) -> dict[str, str]:
    """Label a group, named by its key in the file; a label used twice keeps its key beside it."""
    labels = {group: words.clean(group) for group in fit.groups}
    if factor := fit.survey.groups:
        named = {name: name for name in factor.categories}
        named |= dict(zip(factor.keys, factor.categories, strict=False))
        labels |= {group: words.clean(named.get(group, group)) for group in fit.groups}
    used = [*labels.values(), ALL_LABEL]
    labels = {g: f"{text} ({g})" if used.count(text) > 1 else text for g, text in labels.items()}
    return labels | {ALL: ALL_LABEL}


def rows(table: pd.DataFrame) -> Iterator[Row]:
    """Walk a table as dicts of plain Python values."""
    names = list(table.columns)
    for values in zip(*(table[name].tolist() for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def reasons(found: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return why numbers are withheld or to be read with care, each reason once, as sentences."""
    told = dict.fromkeys(words.clean(str(row["note"])) for row in found if row["note"])
    return tuple(f"{words.sentence_case(text).rstrip('.')}." for text in told)


def _limited(table: pd.DataFrame, value: str, keys: tuple[str, ...]) -> dict[Any, Estimate]:
    return {
        tuple(row[key] for key in keys): Estimate(
            row[value],
            row["conf_low"],
            row["conf_high"],
            row["std_error"],
            row.get("p_value", NAN),
            row.get("n", 0),
            row.get("n_complete", 0),
            words.clean(row.get("note", "")),
        )
        for row in rows(table)
    }


def _standardised(fit: Fit) -> Iterator[tuple[Any, Estimate]]:
    """Give standardised coefficients: PLS limits as they are, others from their standard error."""
    from statistics import NormalDist

    z = NormalDist().inv_cdf(0.5 + fit.request.level / 2)
    for row in rows(fit.estimates):
        value, error = row["std_estimate"], row["std_estimate_se"]
        low, high = value - z * error, value + z * error
        if row["engine"] in ("pls", "plsc"):
            value, error = row["estimate"], row["std_error"]
            low, high = row["conf_low"], row["conf_high"]
        elif error == 0:
            # A value that the model holds constant has no interval: it is not an estimate.
            low = high = NAN
        yield (
            tuple(row[key] for key in _ESTIMATE_KEY),
            Estimate(value, low, high, error, row["p_value"], note=words.clean(row["note"])),
        )


def _error_kinds(fit: Fit) -> dict[str, tuple[str, ...]]:
    """Return the kinds of standard errors in the table of estimates, by engine."""
    pairs = fit.estimates[["engine", "se_type"]].drop_duplicates()
    found: dict[str, list[str]] = {}
    for row in rows(pairs):
        if row["se_type"]:
            found.setdefault(row["engine"], []).append(row["se_type"])
    return {engine: tuple(kinds) for engine, kinds in found.items()}


def _values(table: pd.DataFrame, keys: tuple[str, ...]) -> dict[Any, float]:
    return {tuple(row[key] for key in keys): row["value"] for row in rows(table)}


def _items(table: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], Item]]:
    for row in rows(table):
        numbers = (row["n"], row["missing"], row["mean"], row["sd"])
        item = Item(row["construct"], *numbers, row["low"], row["high"], row["index_weight"])
        yield (row["group"], row["construct"], row["indicator"]), item


def _breakdowns(fit: Fit, engine: str) -> dict[tuple[str, str], tuple[tuple[str, Estimate], ...]]:
    found: dict[tuple[str, str], list[tuple[str, Estimate]]] = {}
    for row in rows(fit.breakdowns):
        if row["construct"] == fit.model.index and row["engine"] == engine:
            limits = (row["index"], row["conf_low"], row["conf_high"], row["std_error"])
            cell = Estimate(*limits, n=row["n"], note=words.clean(row["note"]))
            key = (row["group"], row["variable"])
            found.setdefault(key, []).append((words.clean(row["category"]), cell))
    return {key: tuple(cells) for key, cells in found.items()}
