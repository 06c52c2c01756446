"""The standard errors and intervals of this run in words, from what the tables say of them."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import words
from acsi_sem.report.facts import COVARIANCE_ENGINES, Facts
from acsi_sem.terms import ENGINE_TITLES, STRUCTURED

PLS_ENGINES: Final = ("pls", "plsc")
SHORT: Final = {
    "robust": "robust (Huber–White)",
    "cluster": "cluster-robust",
    "mlm": "robust (Satorra–Bentler)",
    "ml": "textbook maximum likelihood",
    "fiml": "full information maximum likelihood",
    "fiml_robust": "robust (Huber–White) full information",
    "hc3": "HC3",
    "bootstrap": "bootstrap",
    "linearised": "linearised",
    "jackknife": "jackknife",
    "brr": "half-sample",
    "fay": "half-sample (Fay)",
    "columns": "replicate-weight",
}
LONG: Final = {
    "robust": "robust (Huber–White): right for skewed answers too",
    "cluster": "from the sampling units of the design within its strata, and right for skewed "
    "answers too",
    "mlm": "robust after Satorra and Bentler, around the expected information: right for skewed "
    "answers too",
    "ml": "from the expected information, which takes answers for normal",
    "fiml": "from the observed information of the incomplete rows, which takes answers for normal",
    "fiml_robust": "robust (Huber–White), around the observed information of the incomplete rows: "
    "right for skewed answers too",
    "bootstrap": "standard deviations over bootstrap replicates (Efron & Tibshirani 1993)",
    "linearised": "linearised, from influence functions: what every row adds to an estimate, "
    "summed by sampling unit within strata (Binder 1983; Deville 1999)",
    "jackknife": "from replicates that leave out one row or sampling unit each (Wolter 2007, "
    "chapter 4)",
    "brr": "from balanced half-samples, which keep one of the two units of every stratum "
    "(Wolter 2007, chapter 3)",
    "fay": "from balanced half-samples after Fay, in which the unit not kept still counts in part "
    "(Wolter 2007, chapter 3)",
    "columns": "from the replicate weights that came with the survey (Wolter 2007)",
}
_ORDINAL: Final = "robust, from the influence of every answer on the polychoric correlations"
_LIMITS: Final = {
    "percentile": "bootstrap percentiles",
    "bca": "bias-corrected and accelerated bootstrap",
    "studentized": "studentised bootstrap (bootstrap-t)",
    "linearised": "from influence functions, no replicates",
}


def limits(facts: Facts) -> str:
    """Name in short how the limits of PLS estimates and of indices are made."""
    request = facts.fit.request
    if request.interval in _LIMITS:
        return _LIMITS[request.interval]
    return f"normal, from {SHORT[request.resampling]} standard errors"


def absent(facts: Facts) -> str:
    """Say why there are no standard errors of PLS estimates and indices at all."""
    if facts.fit.request.makes_intervals:
        return "no standard error was computed"
    return "no bootstrap was asked for"


def ols_limits(facts: Facts) -> str:
    """Say how limits of the regressions' coefficients are made."""
    if "linearised" in facts.error_kinds.get("ols", ()):
        return "Student's, from linearised standard errors that know the design"
    return "normal, from HC3 standard errors"


def brief(facts: Facts, engine: str) -> str:
    """Name an engine's standard errors; empty when it has none."""
    if engine == "ordinal" and facts.error_kinds.get(engine):
        return "robust"
    return words.listing([SHORT[k] for k in facts.error_kinds.get(engine, ()) if k in SHORT])


def sentences(facts: Facts) -> str:
    """Say how the standard errors of the structures, and of PLS, were made, and why so."""
    told: dict[str, list[str]] = {}
    for engine in facts.fit.request.engines:
        kinds = facts.error_kinds.get(engine, ())
        if engine not in (*COVARIANCE_ENGINES, *PLS_ENGINES) or not kinds:
            continue
        ways = [_ORDINAL] if engine == "ordinal" else [LONG[k] for k in kinds if k in LONG]
        if ways:
            told.setdefault("; ".join(ways), []).append(ENGINE_TITLES[engine])
    lines = [f"{words.listing(engines)}: {way}." for way, engines in told.items()]
    return " ".join((*lines, *_reason(facts))) if lines else ""


def _reason(facts: Facts) -> tuple[str, ...]:
    """Say why the kind was taken, where it was not asked for by name."""
    used = {k for e in ("semopy", "ml") for k in facts.error_kinds.get(e, ())}
    if facts.fit.request.se:
        return ()
    if "cluster" in used:
        return ("By default errors follow the design where the survey has strata or PSUs.",)
    if used & {"robust", "fiml_robust"}:
        return ("Robust ones are the default, for answers on ten-point scales are not normal.",)
    return ()


def intervals(facts: Facts) -> str:
    """Say how the limits of PLS estimates and of indices were made; empty when there are none."""
    request = facts.fit.request
    if request.interval == "linearised":
        return (
            f"{facts.level} intervals from linearised standard errors and Student's t with the "
            "degrees of freedom of the design (units less strata); no replicates are drawn. Where "
            "an estimate has a kink, or is far from linear within its sampling error, the "
            f"standard error is withheld with the reason.{_population(facts)}"
        )
    drawn = facts.fit.replicates
    if request.resampling in STRUCTURED and drawn:
        return (
            f"{facts.level} intervals are normal, or Student's where the survey has a design, "
            f"about the estimates, from {_structured(facts)}. The whole estimation is repeated in "
            "each replicate, and where one of them fails the standard error is withheld, for all "
            f"count.{_population(facts)}"
        )
    counted = [r for r in drawn if r.requested]
    if not counted:
        return ""
    return _bootstrap(facts, sum(r.failed for r in counted), sum(r.requested for r in counted))


def _structured(facts: Facts) -> str:
    request, given = facts.fit.request, facts.fit.survey.design.replicates
    if request.resampling == "fay":
        return f"balanced half-samples with Fay's factor {words.number(request.fay, 2)}"
    if request.resampling == "columns" and given is not None:
        return f"replicate weights of the survey, made as {given.method.upper()}"
    return {
        "jackknife": "a jackknife, which leaves out one row or sampling unit at a time",
        "brr": "balanced half-samples",
        "columns": "replicate weights of the survey",
    }[request.resampling]


_KINDS: Final = {
    "percentile": "percentile intervals",
    "bca": "bias-corrected and accelerated (BCa) intervals",
    "studentized": "studentised (bootstrap-t) intervals",
    "normal": "normal intervals",
}
_REMARKS: Final = {
    "bca": "The acceleration comes from the influence of every row, or sampling unit, on the "
    "estimate; where BCa limits are not defined they are withheld, with the reason.",
    "studentized": "Every replicate is divided by its own linearised standard error (Hall 1988; "
    "Rao & Wu 1988). Criteria of measurement and fit have no limits of this kind.",
}


def _bootstrap(facts: Facts, failed: int, drawn: int) -> str:
    request = facts.fit.request
    lead = (
        f"{facts.level} {_KINDS[request.interval]} from {words.count(request.replicates)} "
        f"bootstrap replicates per group, seed {request.seed}, {_drawing(facts)}; the whole "
        "estimation is repeated in each. Standard errors are standard deviations over replicates."
    )
    parts = (lead, _failed(failed, drawn), _REMARKS.get(request.interval, ""))
    return " ".join(part for part in parts if part) + _population(facts)


def _drawing(facts: Facts) -> str:
    """Say what is drawn: rows, rows of a stratum, or sampling units after Rao and Wu."""
    design = facts.fit.survey.design
    if design.psu is None and design.strata is None and design.sampled is None:
        return "rows drawn" if design.raking else "rows drawn within groups"
    unit = "rows" if design.psu is None else "sampling units"
    where = "" if design.strata is None else " within strata"
    return f"{unit} drawn{where} and their weights rescaled (Rao & Wu 1988)"


def _population(facts: Facts) -> str:
    request = facts.fit.request
    if facts.fit.survey.design.sampled is None:
        return ""
    if request.interval != "linearised" and request.resampling in ("brr", "fay", "columns"):
        return " The size of the population does not enter: such replicates do not allow for it."
    return " The share of the population that was sampled is allowed for."


def _failed(failed: int, drawn: int) -> str:
    if not failed:
        return f"Of {words.count(drawn)} replicates none failed."
    return (
        f"{words.count(failed)} of {words.count(drawn)} replicates failed "
        f"({words.percent(failed, drawn)}) and were left out."
    )
