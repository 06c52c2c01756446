"""What a careful reader should know about a fit, found in its tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from acsi_sem.analysis.values import Fit
from acsi_sem.estimators.result import EngineResult
from acsi_sem.inference.intervals import FAILED_SHARE
from acsi_sem.tables.schema import records
from acsi_sem.terms import ENGINE_TITLES, PATH, STRUCTURED, WEIGHT, Notice

FEW_UNITS: Final = 10
"""Degrees of freedom of the design below which percentile limits are rough."""

FEW_TAIL: Final = 5
"""Replicates beyond a limit below which the limit is rough."""


def find_notices(
    fit: Fit, results: Sequence[EngineResult], freedom: Mapping[str, int]
) -> tuple[Notice, ...]:
    """Return every warning: the survey's, the engines', and those read off the tables.

    Parameters
    ----------
    fit : Fit
        With its tables, before it has its notices.
    results : sequence of EngineResult
    freedom : mapping group -> int
        Degrees of freedom of the design that the replicates were drawn by.
    """
    found: list[Notice] = [*fit.survey.notices]
    for result in results:
        found += result.notices
    found += _failed_fits(fit)
    found += _few_units(freedom, fit.request.resampling == "columns")
    found += _few_effective(fit)
    found += _few_replicates(fit)
    found += _failed_replicates(fit)
    found += _unexpected_signs(fit)
    found += _negative_weights(fit)
    found += _withheld_cells(fit)
    return tuple(_once(found))


def _once(notices: Iterable[Notice]) -> Iterator[Notice]:
    yield from dict.fromkeys(notices)


def _failed_fits(fit: Fit) -> Iterator[Notice]:
    for diagnosis in fit.diagnoses:
        if diagnosis.ok:
            continue
        reasons = "; ".join(diagnosis.problems)
        yield Notice(
            "fit_failed",
            f"{ENGINE_TITLES[diagnosis.engine]}: no result. {reasons[:1].upper()}{reasons[1:]}.",
            diagnosis.group,
            diagnosis.engine,
        )


def _failed_replicates(fit: Fit) -> Iterator[Notice]:
    for count in fit.replicates:
        if not count.failed:
            continue
        share = count.failed / count.requested
        kind = fit.request.resampling
        end = (
            "Each of them counts: standard errors are withheld."
            if kind in STRUCTURED
            else "The intervals are withheld."
            if share > FAILED_SHARE
            else "Intervals rest on the others."
        )
        yield Notice(
            "failed_replicates",
            f"{count.failed} of {count.requested} {kind} replicates failed. {end}",
            count.group,
            count.engine,
        )


def _few_effective(fit: Fit) -> Iterator[Notice]:
    """Tell groups in which a few heavy weights leave too little to estimate from."""
    least = len(fit.model.answers) + 1
    own = fit.indices[fit.indices["construct"] == fit.model.index]
    for group, size in own.groupby("group", sort=False)["n_eff"].min().items():
        if size < least:
            message = (
                f"The weights leave an effective sample of {size:.1f}, fewer than the {least} "
                "respondents that the model needs: a few weights decide everything here."
            )
            yield Notice("few_effective", message, str(group))


def _few_units(freedom: Mapping[str, int], given: bool) -> Iterator[Notice]:
    for group, count in freedom.items():
        if count < 1:
            why = (
                "The replicate weights do not differ here"
                if given
                else "Every stratum has a single unit (row or PSU) here"
            )
            message = f"{why}: standard errors and intervals are withheld."
            yield Notice("no_variance", message, group)
        elif count < FEW_UNITS:
            message = (
                f"Standard errors rest on {count} degrees of freedom (units less strata): they and "
                "the intervals are rough."
            )
            yield Notice("few_units", message, group)


def _few_replicates(fit: Fit) -> Iterator[Notice]:
    request = fit.request
    tail = request.replicates * (1 - request.level) / 2
    counted = request.interval in ("percentile", "bca", "studentized")
    if fit.replicates and counted and tail < FEW_TAIL:
        message = (
            f"{request.replicates} replicates leave {tail:.1f} beyond each limit at level "
            f"{request.level}: ask for more replicates."
        )
        yield Notice("few_replicates", message)


def _unexpected_signs(fit: Fit) -> Iterator[Notice]:
    expected = {(path.target, path.source): path.sign for path in fit.model.paths}
    for row in records(fit.estimates[fit.estimates["op"] == PATH]):
        sign = expected.get((row["lhs"], row["rhs"]), "any")
        estimate = row["estimate"]
        if not ((sign == "positive" and estimate < 0) or (sign == "negative" and estimate > 0)):
            continue
        clear = row["p_value"] < 1 - fit.request.level
        strength = "and clearly so" if clear else "but it cannot be told from zero"
        if math.isnan(row["p_value"]):
            strength = "with no standard error to judge it by"
        got = "negative" if sign == "positive" else "positive"
        yield Notice(
            "unexpected_sign",
            f"The path from {row['rhs']} to {row['lhs']} is {got} ({row['std_estimate']:.2f} "
            f"standardised) where the theory expects {sign}, {strength}.",
            row["group"],
            row["engine"],
            f"{row['lhs']} ~ {row['rhs']}",
        )


def _negative_weights(fit: Fit) -> Iterator[Notice]:
    table = fit.estimates
    for row in records(table[(table["op"] == WEIGHT) & (table["estimate"] < 0)]):
        yield Notice(
            "negative_weight",
            f"The outer weight of {row['rhs']} in {row['lhs']} is negative "
            f"({row['estimate']:.3f}): the index is then not bound to 0-100 and falls when this "
            "answer rises.",
            row["group"],
            row["engine"],
            f"{row['lhs']} <~ {row['rhs']}",
        )


def _withheld_cells(fit: Fit) -> Iterator[Notice]:
    held: dict[tuple[str, str], list[str]] = {}
    for row in records(fit.breakdowns[fit.breakdowns["construct"] == fit.model.index]):
        if row["note"].startswith("withheld"):
            names = held.setdefault((row["group"], row["variable"]), [])
            names += [] if row["category"] in names else [row["category"]]
    for (group, variable), names in held.items():
        yield Notice(
            "small_cells",
            f"{variable}: {len(names)} of the categories withheld as too small or revealing "
            f"({', '.join(names)}).",
            group,
            subject=variable,
        )
