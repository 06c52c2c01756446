"""Checking what is asked for before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator

from acsi_sem.analysis.values import Request
from acsi_sem.errors import Problem, UsageError
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import ENGINES, ERROR_KINDS, INTERVALS, MISSING_RULES, SCHEMES

LATER = {"plsc": "consistent PLS"}
STRUCTURES = ("semopy", "ml")


def check_request(request: Request, model: Model, survey: Survey) -> None:
    """Refuse a request that cannot be carried out.

    Raises
    ------
    UsageError
        With every problem: an unknown or repeated engine, numbers out of range, a survey that
        was read for another model.
    """
    problems = [
        *_engine_problems(request),
        *_number_problems(request),
        *_error_problems(request, survey),
        *_missing_problems(request),
        *_invariance_problems(request, survey),
    ]
    names = tuple(item.name for item in model.indicators)
    if survey.items != names:
        problems.append(
            Problem(
                "survey",
                "items",
                f"the indicators of model {model.name}",
                f"{', '.join(survey.items) or 'none'}",
                "read the survey with this model",
            )
        )
    if problems:
        raise UsageError(problems)


def _engine_problems(request: Request) -> Iterator[Problem]:
    listed = ", ".join(ENGINES)
    if not request.engines:
        yield Problem("request", "engine", f"at least one of {listed}", "none")
    for engine in request.engines:
        if engine in LATER:
            got = f"{engine} ({LATER[engine]}), which this version does not have yet"
            yield Problem("request", "engine", f"one of {listed}", got)
        elif engine not in ENGINES:
            yield Problem("request", "engine", f"one of {listed}", repr(engine))
    for engine in dict.fromkeys(request.engines):
        if request.engines.count(engine) > 1:
            yield Problem("request", "engine", "each engine once", f"{engine} twice")
    if request.scheme not in SCHEMES:
        yield Problem("request", "scheme", f"one of {', '.join(SCHEMES)}", repr(request.scheme))
    if request.index_means not in ("available", "complete"):
        yield Problem("request", "index_means", "available or complete", repr(request.index_means))
    if request.ci not in INTERVALS:
        yield Problem("request", "ci", " or ".join(INTERVALS), repr(request.ci))


def _number_problems(request: Request) -> Iterator[Problem]:
    if request.replicates != 0 and not 50 <= request.replicates <= 1_000_000:
        yield Problem(
            "request",
            "bootstrap",
            "0 (none), or 50 to 1000000 replicates",
            str(request.replicates),
            "2000 is the default; fewer than 50 give no usable percentiles",
        )
    if not 0.5 <= request.level < 1:
        yield Problem(
            "request", "level", "a share from 0.5 up to, not including, 1", f"{request.level}"
        )
    if not 0 <= request.seed < 2**63:
        yield Problem("request", "seed", "a whole number from 0 to 2^63 - 1", str(request.seed))
    if request.minimum_rows < 2:
        yield Problem("request", "minimum_rows", "a whole number from 2", str(request.minimum_rows))


def _error_problems(request: Request, survey: Survey) -> Iterator[Problem]:
    design = survey.design
    if request.se not in ("", *ERROR_KINDS):
        yield Problem("request", "se", f"one of {', '.join(ERROR_KINDS)}", repr(request.se))
    sampling = design.weighted and design.weight_kind == "sampling"
    if request.se in ("ml", "mlm") and sampling:
        got = f"{request.se}, which does not hold with sampling weights"
        yield Problem("request", "se", "robust or cluster", got)
    if request.se == "cluster" and design.psu is None and design.strata is None:
        remedy = "name them, or ask for robust"
        yield Problem("request", "se", "strata or PSUs beside cluster", "neither", remedy)


def _missing_problems(request: Request) -> Iterator[Problem]:
    if request.missing not in MISSING_RULES:
        expected = f"one of {', '.join(MISSING_RULES)}"
        yield Problem("request", "missing", expected, repr(request.missing))
    allowed = {"em": ("pls", "ols"), "fiml": ("ml",)}.get(request.missing, request.engines)
    for engine in request.engines:
        if engine not in allowed:
            expected = f"engines {' and '.join(allowed)} with {request.missing}"
            yield Problem("request", "missing", expected, engine)
    if request.missing == "em" and request.replicates:
        got = f"{request.replicates} replicates"
        remedy = "EM inside each replicate is not available yet"
        yield Problem("request", "missing", "no bootstrap with em", got, remedy)
    if request.missing == "fiml" and request.se in ("mlm", "cluster"):
        yield Problem("request", "se", "robust or ml with fiml", request.se)


def _invariance_problems(request: Request, survey: Survey) -> Iterator[Problem]:
    if request.release and not request.invariance:
        yield Problem("request", "release", "invariance beside it", "none")
    if not request.invariance:
        return
    if not set(STRUCTURES) & set(request.engines):
        got = ", ".join(request.engines)
        yield Problem("request", "invariance", "engine semopy or ml", got)
    if survey.groups is None or len(survey.groups.categories) < 2:
        yield Problem("request", "invariance", "two groups or more", "fewer", "name a group column")
