"""Checking what is asked for before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator

from acsi_sem.analysis.values import Request
from acsi_sem.errors import Problem, UsageError
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import ENGINES, SCHEMES

LATER = {
    "plsc": "consistent PLS",
    "ml": "the covariance-structure kernel on its own",
    "ordinal": "ordinal answers",
}


def check_request(request: Request, model: Model, survey: Survey) -> None:
    """Refuse a request that cannot be carried out.

    Raises
    ------
    UsageError
        With every problem: an unknown or repeated engine, numbers out of range, a survey that
        was read for another model.
    """
    problems = [*_engine_problems(request), *_number_problems(request)]
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
