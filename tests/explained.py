"""Finds numbers that a fit's tables leave out without saying why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from acsi_sem.analysis.values import Fit
from acsi_sem.inference.panel_rows import AGAINST_ZERO
from acsi_sem.tables.schema import records

Row = Mapping[str, Any]
Wanted = Callable[[Fit, Row], tuple[str, ...]]

LIMITS: Final = ("conf_low", "conf_high")
ERRORS: Final = ("std_error", "std_estimate_se", "statistic", "p_value", *LIMITS)
DRIVER_LIMITS: Final = tuple(
    f"{name}_{end}" for name in ("importance", "performance") for end in ("low", "high")
)
SAYS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    # The standard error of replicates in which the estimate is not defined is none either.
    ("limits withheld: the estimate is not defined in every replicate", ERRORS),
    ("limits withheld", (*LIMITS, *DRIVER_LIMITS)),
    ("limits at", ()),
    ("standard error withheld", (*ERRORS, *DRIVER_LIMITS)),
    ("no standard error", (*ERRORS, *DRIVER_LIMITS)),
    ("no test", ERRORS),
    ("one indicator", ()),
    ("composed differently", ()),
)
"""What a note that begins so accounts for; any other accounts for every number of its row."""


def unexplained(fit: Fit) -> list[str]:
    """List every number of the tables that is infinite, or empty without a reason.

    A reason is a note in the row that accounts for that column. Where a table has no notes, a fit
    that failed is the reason. Left out of the search is what a row has by no means: intervals
    where none were asked for, errors of a fixed loading, p-values of what is not tested.
    """
    found = [f"{place}: no rows" for place in _absent(fit)]
    for name, wanted in WANTED.items():
        for row in records(getattr(fit, name)):
            endless = [c for c, v in row.items() if isinstance(v, float) and np.isinf(v)]
            blank = [column for column in wanted(fit, row) if np.isnan(row[column])]
            silent = [column for column in blank if column not in _explained(fit, name, row)]
            if endless or silent:
                place = " ".join(str(v) for v in row.values() if isinstance(v, str) and v)
                found.append(f"{name} [{place}]: {', '.join(endless + silent)}")
    return found


def untrue(fit: Fit) -> list[str]:
    """List the rows that hold what their note, or a notice, says is withheld."""
    found = []
    for name in ("estimates", "indices", "impacts", "quality", "breakdowns"):
        for row in records(getattr(fit, name)):
            start = row["note"].split(":")[0]
            held = {"limits withheld": LIMITS, "standard error withheld": ERRORS}.get(start, ())
            there = [c for c in held if c in row and not np.isnan(row[c])]
            if there:
                place = " ".join(str(v) for v in row.values() if isinstance(v, str) and v)
                found.append(f"{name} [{place}]: {', '.join(there)}")
    still = {notice.group for notice in fit.notices if notice.kind == "no_variance"}
    return found + [
        f"comparisons [{row['lhs']} {row['op']} {row['rhs']}]: p_bootstrap"
        for row in records(fit.comparisons)
        if still & {row["group"], row["other"]} and not np.isnan(row["p_bootstrap"])
    ]


def _absent(fit: Fit) -> Iterator[str]:
    """Yield the groups and engines that a table says nothing about."""
    for name in ("estimates", "indices", "impacts"):
        table = getattr(fit, name)
        there = set(zip(table["group"], table["engine"], strict=True))
        for group in fit.groups:
            for engine in fit.request.engines:
                if (group, engine) not in there:
                    yield f"{name} [{group} {engine}]"


def _explained(fit: Fit, name: str, row: Row) -> frozenset[str]:
    """Return the columns that may be empty in a row, given its note."""
    if "note" not in row:
        failed = {(d.group, d.engine) for d in fit.diagnoses if not d.ok}
        lost = name == "items" and (row["group"], "pls") in failed
        return frozenset({"index_weight"} if lost else ())
    columns: set[str] = set()
    for part in filter(None, row["note"].split("; ")):
        columns.update(next((c for start, c in SAYS if part.startswith(start)), row))
    return frozenset(columns)


def _spread(fit: Fit) -> tuple[str, ...]:
    return ("std_error", *LIMITS) if fit.request.makes_intervals else ()


def _estimates(fit: Fit, row: Row) -> tuple[str, ...]:
    if row["engine"] == "ols":
        if row["op"] == "<~":
            return ("estimate",)
        own = ("std_estimate",) if row["op"] == "~" else ()
        return ("estimate", "std_error", "statistic", "p_value", *LIMITS, *own)
    sizes = {c.name: len(c.indicators) for c in fit.model.constructs}
    fixed = row["op"] in ("=~", "<~") and sizes[row["lhs"]] == 1
    errors = ERRORS if fit.request.makes_intervals and not fixed else ()
    return ("estimate", "std_estimate", *errors)


def _indices(fit: Fit, _: Row) -> tuple[str, ...]:
    return ("index", "n_eff", "conf_level", *_spread(fit))


def _impacts(fit: Fit, _: Row) -> tuple[str, ...]:
    return ("estimate", "conf_level", *_spread(fit))


def _quality(fit: Fit, row: Row) -> tuple[str, ...]:
    if row["engine"] == "ols" or not fit.request.makes_intervals:
        return ("value",)
    tested = ("p_value",) if row["measure"] in AGAINST_ZERO else ()
    return ("value", "std_error", *LIMITS, *tested)


def _items(fit: Fit, _: Row) -> tuple[str, ...]:
    return (
        "mean",
        "sd",
        "low",
        "high",
        *(["index_weight"] if "pls" in fit.request.engines else []),
    )


def _prediction(_: Fit, row: Row) -> tuple[str, ...]:
    if row["measure"].startswith("cvpat"):
        return ("value", "std_error", "statistic", "p_value", *LIMITS)
    return ("value", "std_error") if row["measure"].startswith("loss") else ("value",)


def _comparisons(_: Fit, __: Row) -> tuple[str, ...]:
    ends = ("estimate", "other_estimate", "difference", "limit_low", "limit_high")
    return (*ends, "p_permutation", "p_bootstrap", "p_holm")


def _micom(_: Fit, row: Row) -> tuple[str, ...]:
    if row["step"] == "configural":
        return ("holds",)
    return ("value", "limit_low", "limit_high", "p_value", "holds")


def _ipma(fit: Fit, _: Row) -> tuple[str, ...]:
    limits = DRIVER_LIMITS if fit.request.makes_intervals else ()
    return ("importance", "performance", "conf_level", *limits)


def _weighting(_: Fit, __: Row) -> tuple[str, ...]:
    return ("minimum", "maximum", "mean", "cv", "deff", "n_eff", "largest_share", "at_bound")


def _raking(_: Fit, row: Row) -> tuple[str, ...]:
    shares = ("before", "after")
    return shares if row["category"] == "no answer" else ("target", *shares)


WANTED: Final[Mapping[str, Wanted]] = {
    "estimates": _estimates,
    "indices": _indices,
    "impacts": _impacts,
    "fit_measures": lambda *_: ("value",),
    "quality": _quality,
    "breakdowns": lambda fit, _: ("index", "n_eff", "conf_level", *_spread(fit)),
    "items": _items,
    "prediction": _prediction,
    "comparisons": _comparisons,
    "micom": _micom,
    "ipma": _ipma,
    "weighting": _weighting,
    "raking": _raking,
}
"""The columns that a row must fill or account for, by table."""
