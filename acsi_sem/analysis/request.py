"""Checking what is asked for before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from numbers import Integral, Real

from acsi_sem.analysis.values import Request
from acsi_sem.errors import Problem, UsageError
from acsi_sem.spec.graph import higher_order, higher_order_problems
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import (
    ANTECEDENTS,
    ENGINES,
    ERROR_KINDS,
    INTERVALS,
    MISSING_RULES,
    RESAMPLINGS,
    SCHEMES,
    STRUCTURED,
    WEIGHTS_POLICIES,
)

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
        *_period_problems(request),
        *number_problems(request),
        *_interval_problems(request, survey),
        *_extra_problems(request, survey, model),
        *_error_problems(request, survey),
        *_missing_problems(request, model),
        *_invariance_problems(request, survey),
    ]
    problems += _kind_problems(request, model) or list(_higher_order_problems(request, model))
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
        if engine not in ENGINES:
            yield Problem("request", "engine", f"one of {listed}", repr(engine))
    for engine in dict.fromkeys(request.engines):
        if request.engines.count(engine) > 1:
            yield Problem("request", "engine", "each engine once", f"{engine} twice")
    if request.scheme not in SCHEMES:
        yield Problem("request", "scheme", f"one of {', '.join(SCHEMES)}", repr(request.scheme))
    if request.index_means not in ("available", "complete"):
        yield Problem("request", "index_means", "available or complete", repr(request.index_means))
    if request.weights_policy not in WEIGHTS_POLICIES:
        expected, got = f"one of {', '.join(WEIGHTS_POLICIES)}", repr(request.weights_policy)
        yield Problem("request", "weights_policy", expected, got)


def _period_problems(request: Request) -> Iterator[Problem]:
    if request.period and not re.fullmatch(r"[0-9]{4}(Q[1-4])?", str(request.period)):
        expected = "a year such as 2011 or a quarter such as 2011Q1"
        yield Problem("request", "period", expected, repr(request.period))


def _interval_problems(request: Request, survey: Survey) -> Iterator[Problem]:
    kind, interval = request.resampling, request.interval
    if interval not in INTERVALS:
        yield Problem("request", "ci", f"one of {', '.join(INTERVALS)}", repr(request.ci))
    if kind not in RESAMPLINGS:
        yield Problem("request", "resampling", f"one of {', '.join(RESAMPLINGS)}", repr(kind))
    if kind in STRUCTURED and interval not in ("normal", "linearised"):
        remedy = "percentiles and their kin need a bootstrap"
        yield Problem("request", "ci", f"normal with {kind}", interval, remedy)
    if kind == "columns" and survey.design.replicates is None:
        remedy = "name them under design.replicates, or by --replicate-weights"
        yield Problem("request", "resampling", "replicate weights in the survey", "none", remedy)
    if kind != "columns" and survey.design.replicates is not None and interval != "linearised":
        remedy = "ask for resampling columns, or leave the replicate weights out"
        yield Problem("request", "resampling", "columns with replicate weights", kind, remedy)
    if kind == "fay" and not 0 < request.fay < 1:
        yield Problem("request", "fay", "a factor between 0 and 1", f"{request.fay}")
    if kind in ("brr", "fay") and survey.design.strata is None:
        yield Problem("request", "resampling", f"strata of two units each with {kind}", "no strata")
    if request.missing == "em" and interval in ("bca", "studentized", "linearised"):
        remedy = "EM moments are no sum over rows"
        yield Problem("request", "ci", "percentile or normal with em", interval, remedy)


def _extra_problems(request: Request, survey: Survey, model: Model) -> Iterator[Problem]:
    if request.antecedents not in ANTECEDENTS:
        got = repr(request.antecedents)
        yield Problem("request", "antecedents", " or ".join(ANTECEDENTS), got)
    if request.folds and not 2 <= request.folds <= 1000:
        yield Problem("request", "folds", "0 (none), or 2 to 1000 folds", str(request.folds))
    if not 1 <= request.repetitions <= 1000:
        yield Problem("request", "repetitions", "1 to 1000", str(request.repetitions))
    if not 100 <= request.permutations <= 1_000_000:
        got = str(request.permutations)
        yield Problem("request", "permutations", "100 to 1000000", got)
    extras = (("prediction", request.folds > 0), ("comparison", request.comparison))
    for name, asked in extras if model.kind != "composite" else ():
        if asked and "pls" not in request.engines:
            yield Problem("request", name, "engine pls", ", ".join(request.engines))
        if asked and request.missing == "em":
            yield Problem("request", name, "complete cases or item means", "em")
    if request.comparison and (survey.groups is None or len(survey.groups.categories) < 2):
        got, remedy = "fewer", "name a group column"
        yield Problem("request", "comparison", "two groups or more", got, remedy)


def _higher_order_problems(request: Request, model: Model) -> Iterator[Problem]:
    for engine in request.engines:
        if engine not in ("pls", "ols", "composite"):
            yield from higher_order_problems(model, "request", engine)
    if not higher_order(model) or model.kind == "composite":
        return
    remedy = "its items stand in the model twice"
    if request.missing == "em":
        expected = "complete cases or item means with higher-order constructs"
        yield Problem("request", "missing", expected, "em", remedy)
    if request.folds:
        expected = "no prediction with higher-order constructs"
        yield Problem("request", "prediction", expected, f"{request.folds} folds", remedy)


def _kind_problems(request: Request, model: Model) -> list[Problem]:
    """Composites have fixed weights and nothing else; structural models have paths.

    A composite is told nothing of engines and of higher-order constructs, which it has no use for.
    """
    fixed = model.kind == "composite"
    wrong = [name for name in request.engines if (name == "composite") != fixed]
    expected = f"engine composite for the composite model {model.name}"
    if not fixed:
        expected = f"an engine for paths, as {model.name} has them"
    problems = [Problem("request", "engine", expected, name) for name in wrong]
    if fixed:
        problems += _composite_problems(request, model)
    return problems


def _composite_problems(request: Request, model: Model) -> Iterator[Problem]:
    """Refuse what needs weights that are estimated, or paths."""
    of = f"the composite model {model.name}, whose weights are fixed"
    if request.folds:
        got = f"{request.folds} folds"
        yield Problem("request", "prediction", f"no prediction with {of}", got)
    if request.comparison:
        expected = f"no permutation tests of groups with {of}"
        yield Problem("request", "comparison", expected, "them", "limits of differences are there")
    if request.missing in ("em", "fiml"):
        expected = f"complete cases or item means with {of}"
        yield Problem("request", "missing", expected, request.missing)


def number_problems(request: Request) -> Iterator[Problem]:
    """Find replicates, levels, seeds and fewest rows that are no numbers or out of range.

    Parameters
    ----------
    request : Request

    Yields
    ------
    Problem
        At ``request``.
    """
    if wrong := [*_not_numbers(request)]:
        yield from wrong
        return
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


def _not_numbers(request: Request) -> Iterator[Problem]:
    wholes = {
        "bootstrap": request.replicates,
        "seed": request.seed,
        "minimum_rows": request.minimum_rows,
    }
    for name, value in wholes.items():
        if isinstance(value, bool) or not isinstance(value, Integral):
            yield Problem("request", name, "a whole number", repr(value))
    level: object = request.level
    if isinstance(level, bool) or not isinstance(level, Real):
        yield Problem("request", "level", "a number", repr(level))


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


def _missing_problems(request: Request, model: Model) -> Iterator[Problem]:
    if request.missing not in MISSING_RULES:
        expected = f"one of {', '.join(MISSING_RULES)}"
        yield Problem("request", "missing", expected, repr(request.missing))
    moments_only = ("pls", "plsc", "ols")
    allowed = {"mean": (*moments_only, "composite"), "em": moments_only, "fiml": ("ml",)}.get(
        request.missing, request.engines
    )
    for engine in request.engines if model.kind != "composite" else ():
        if engine not in allowed:
            expected = f"engines {', '.join(allowed)} with {request.missing}"
            yield Problem("request", "missing", expected, engine)
    if request.missing == "em" and request.index_means == "complete":
        remedy = "EM completes a group's means, not those of its parts"
        yield Problem("request", "index_means", "available with em", "complete", remedy)
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
