"""The standard errors of this run in words, from what the tables say of them."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import words
from acsi_sem.report.facts import COVARIANCE_ENGINES, Facts
from acsi_sem.terms import ENGINE_TITLES

SHORT: Final = {
    "robust": "robust (Huber–White)",
    "cluster": "cluster-robust",
    "mlm": "robust (Satorra–Bentler)",
    "ml": "textbook maximum likelihood",
    "fiml": "full information maximum likelihood",
    "fiml_robust": "robust (Huber–White) full information",
    "hc3": "HC3",
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
}
_ORDINAL: Final = "robust, from the influence of every answer on the polychoric correlations"


def brief(facts: Facts, engine: str) -> str:
    """Name an engine's standard errors; empty when it has none."""
    if engine == "ordinal" and facts.error_kinds.get(engine):
        return "robust"
    return words.listing([SHORT[k] for k in facts.error_kinds.get(engine, ()) if k in SHORT])


def sentences(facts: Facts) -> str:
    """Say how the standard errors of the covariance structures were made, and why so."""
    told = []
    for engine in facts.fit.request.engines:
        kinds = facts.error_kinds.get(engine, ())
        if engine not in COVARIANCE_ENGINES or not kinds:
            continue
        ways = [_ORDINAL] if engine == "ordinal" else [LONG[k] for k in kinds if k in LONG]
        if ways:
            told.append(f"{ENGINE_TITLES[engine]}: {'; '.join(ways)}.")
    return " ".join((*told, *_reason(facts))) if told else ""


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
