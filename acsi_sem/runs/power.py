"""How probable it is that a survey finds a path, by simulating surveys from the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from acsi_sem.estimators.ols import low_shift, score_matrix
from acsi_sem.estimators.pls import estimate_pls
from acsi_sem.estimators.structural import scale_ends
from acsi_sem.inference.intervals import FAILED_SHARE
from acsi_sem.inference.replicates import stream
from acsi_sem.kernels.hc3 import regress_hc3
from acsi_sem.kernels.moments import moments_from_sums, products, scale_origin, weighted_sums
from acsi_sem.kernels.resample import bootstrap_counts
from acsi_sem.planning.checks import Checks
from acsi_sem.planning.plan import Line, Plan
from acsi_sem.planning.power_lines import fewest_interviews, plan_words, power_lines
from acsi_sem.simulate.answers import cut_to_scale, share_threshold, skewed_thresholds
from acsi_sem.simulate.demo import LOADINGS, MOST_STEPS, SKEW, SKEWS, YES_SHARE, given_effects
from acsi_sem.simulate.latents import Structure, draw_latents, draw_responses, make_structure
from acsi_sem.spec.findings import did_you_mean, listed
from acsi_sem.spec.graph import answer_places, sources_of
from acsi_sem.spec.model import Indicator, Model

Floats = NDArray[np.float64]
PowerEngine = Literal["pls", "ols"]
Progress = Callable[[str, int, int], None]
Arrow = tuple[str, str]

ENGINES: Final = ("pls", "ols")
WHERE: Final = "plan power"
FEWEST_SIMULATIONS, FEWEST_DRAWS = 20, 50
BATCH: Final = 10
"""Simulated samples that are estimated at once; no result depends on it."""
_TESTS: Final = {
    "pls": "bootstrap standard error of {draws} draws in each sample, normal limits",
    "ols": "HC3 standard error in each sample, normal limits",
}


def _silent(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is simulated and how it is tested.

    Attributes
    ----------
    model : Model
    structure : Structure
        The truth.
    source, target : str
        Ends of the path.
    engine : {"pls", "ols"}
    draws : int
        Bootstrap draws per sample.
    seed : int
    """

    model: Model
    structure: Structure
    source: str
    target: str
    engine: PowerEngine
    draws: int
    seed: int


def power_of_path(
    model: Model,
    source: str,
    target: str,
    effect: float,
    interviews: Sequence[int],
    *,
    simulations: int = 500,
    engine: PowerEngine = "pls",
    draws: int = 200,
    level: float = 0.95,
    power: float = 0.8,
    seed: int = 1,
    others: Mapping[Arrow, float] | None = None,
    progress: Progress = _silent,
) -> Plan:
    """Simulate surveys from a model, and count how many find a path.

    Parameters
    ----------
    model : Model
    source, target : str
        Constructs that the path leads from and to.
    effect : float
        Of a standardised source on its standardised target. 0 asks how often a path that is not
        there is taken for one.
    interviews : sequence of int
        Complete interviews; one power each.
    simulations : int
        Samples per number of interviews.
    engine : {"pls", "ols"}
    draws : int
        Bootstrap draws per sample, for PLS.
    level : float
        1 less the size of the two-sided test.
    power : float
        That is wanted.
    seed : int
    others : mapping of (source, target) -> float, optional
        Effects of other paths; else those of the demonstration survey, or a plain default.
    progress : callable
        Told stage, simulations done and in all.

    Returns
    -------
    Plan
        For each number: ``power`` with its Wilson limits, ``mean estimate``, ``mean standard
        error``, ``samples without a result``; and the ``fewest interviews`` on the grid from
        which on the power is reached. With an effect of 0 there are ``false positives`` in place
        of power, and no fewest interviews.

    Raises
    ------
    UsageError
        If there is no such path, or effects would explain all variance of a construct.

    Notes
    -----
    A path counts as found when its estimate has the sign of the effect and lies further from zero
    than the normal limit; in either direction when the effect is 0. A sample that cannot be
    estimated, or more than a twentieth of its draws, finds nothing.
    """
    sizes = tuple(sorted(set(interviews)))
    checks = Checks(WHERE)
    _check_paths(checks, model, f"{source}:{target}", effect, others or {})
    _check_numbers(checks, sizes, len(model.indicators) + 2, simulations, draws, seed)
    checks.inside("level", level)
    checks.inside("power", power)
    if engine not in ENGINES:
        checks.refuse("engine", listed(ENGINES), repr(engine))
    checks.end()
    structure = _structure(model, source, target, effect, others or {})
    trial = Trial(model, structure, source, target, engine, draws, seed)
    lines: list[Line] = []
    powers: dict[int, float] = {}
    for number in sizes:
        estimates, errors = simulate_path(trial, number, simulations, progress)
        found = _found(estimates, errors, effect, level)
        powers[number] = float(found.mean())
        lines += power_lines(effect, number, found, estimates, errors)
    if len(sizes) > 1 and effect != 0:
        lines.append(fewest_interviews(powers, power))
    assumed = (
        f"{simulations} simulated surveys per number of interviews, seed {seed}",
        f"two-sided test at level {100 * level:g} %: {_TESTS[engine].format(draws=draws)}",
        "complete interviews, a simple random sample",
        *_truth(trial, effect, level),
    )
    return Plan(
        "power",
        *plan_words(f"{source} -> {target}", effect, engine, lines),
        assumed,
    )


def simulate_path(
    trial: Trial, number: int, simulations: int, progress: Progress = _silent
) -> tuple[Floats, Floats]:
    """Return estimates of the path and their standard errors in simulated samples.

    Parameters
    ----------
    trial : Trial
    number : int
        Interviews per sample.
    simulations : int
    progress : callable

    Returns
    -------
    estimates, std_errors : ndarray, shape (simulations,)
        Standardised paths (PLS), or points per point (OLS); NaN where a sample has none.
    """
    work = _by_pls if trial.engine == "pls" else _by_ols
    estimates, errors = np.full(simulations, np.nan), np.full(simulations, np.nan)
    for start in range(0, simulations, BATCH):
        here = range(start, min(start + BATCH, simulations))
        streams = [_stream(trial, number, which) for which in here]
        samples = [draw_sample(trial.model, trial.structure, number, own) for own in streams]
        estimates[here.start : here.stop], errors[here.start : here.stop] = work(
            trial, samples, streams
        )
        progress(f"{number} interviews", here.stop, simulations)
    return estimates, errors


def _stream(trial: Trial, number: int, which: int) -> np.random.Generator:
    key = f"{trial.source} -> {trial.target}: {number}"
    return stream(trial.seed, f"power of {trial.model.name}", key, which)


def draw_sample(
    model: Model, structure: Structure, number: int, generator: np.random.Generator
) -> Floats:
    """Draw complete answers to the model's indicators, reversed ones turned; shape (n, p)."""
    lift = np.zeros((number, len(model.constructs)))
    latents = draw_latents(model, structure, lift, generator)
    responses = draw_responses(model, structure, latents, generator)
    repeated = [bool(part.components) for part in model.constructs for _ in part.indicators]
    answers = [
        _answers(item, response)
        for item, response, again in zip(model.indicators, responses.T, repeated, strict=True)
        if not again
    ]
    return np.column_stack(answers)[:, answer_places(model)]


def _answers(item: Indicator, response: Floats) -> Floats:
    steps = min(max(int(item.high - item.low) + 1, 2), MOST_STEPS)
    cuts = share_threshold(YES_SHARE)
    if steps > 2:
        cuts = skewed_thresholds(steps, SKEWS.get(item.name, SKEW))
    answers = cut_to_scale(response, cuts, item)
    return item.low + item.high - answers if item.reverse else answers


def _by_pls(
    trial: Trial, samples: list[Floats], streams: list[np.random.Generator]
) -> tuple[Floats, Floats]:
    model, number = trial.model, len(samples[0])
    origin, strata = scale_origin(*scale_ends(model)), np.zeros(number, dtype=np.intp)
    sums = []
    for values, own in zip(samples, streams, strict=True):
        counts = bootstrap_counts(own, strata, trial.draws)
        weights = np.vstack([np.ones((1, number)), counts])
        sums.append(weighted_sums(weights, products(values, origin)))
    moments = moments_from_sums(np.concatenate(sums), origin)
    found = estimate_pls(model, moments, np.full(moments.weight.size, float(number)))
    names = model.construct_names
    path = found.paths[:, names.index(trial.target), names.index(trial.source)]
    known = np.where(found.structural.ok, path, np.nan).reshape(len(samples), -1)
    return known[:, 0], bootstrap_errors(known[:, 1:])


def bootstrap_errors(replicates: Floats) -> Floats:
    """Return standard deviations over draws (S, B); NaN where too many of them failed."""
    usable = np.isfinite(replicates)
    count = usable.sum(axis=1)
    kept = np.where(usable, replicates, 0.0)
    centre = kept.sum(axis=1) / np.maximum(count, 1)
    squares = (np.where(usable, replicates - centre[:, None], 0.0) ** 2).sum(axis=1)
    enough = count >= max(2.0, (1 - FAILED_SHARE) * replicates.shape[1])
    return np.where(enough, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def _by_ols(
    trial: Trial, samples: list[Floats], _: list[np.random.Generator]
) -> tuple[Floats, Floats]:
    model, turn = trial.model, score_matrix(trial.model)
    scores = low_shift(model, np.stack(samples)) @ turn.T
    sources, names = sources_of(model, trial.target), model.construct_names
    columns = [names.index(source) for source in sources]
    slopes, errors = regress_hc3(scores[:, :, names.index(trial.target)], scores[:, :, columns])
    at = sources.index(trial.source)
    return slopes[:, at], errors[:, at]


def _found(estimates: Floats, errors: Floats, effect: float, level: float) -> NDArray[np.bool_]:
    """Return which samples find the path; one without a result finds nothing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.where(errors > 0, estimates / errors, np.nan)
    signed = np.abs(statistic) if effect == 0 else statistic * np.sign(effect)
    return np.asarray(signed > ndtri((1 + level) / 2))


def _structure(
    model: Model, source: str, target: str, effect: float, others: Mapping[Arrow, float]
) -> Structure:
    effects = {**given_effects(model), **others, (source, target): effect}
    try:
        return make_structure(model, effects, LOADINGS)
    except ValueError as error:
        checks = Checks(WHERE)
        expected = "effects that leave some variance unexplained"
        got = f"{effect:g} for {source}:{target}; {error}"
        checks.refuse("effect", expected, got, "lower it, or the effects of other paths")
        checks.end()
        raise


def _truth(trial: Trial, effect: float, level: float) -> Iterator[str]:
    """Tell the effects that are taken as true."""
    place = {name: i for i, name in enumerate(trial.model.construct_names)}
    paths = trial.structure.paths
    shown = [
        f"{path.source} -> {path.target} {paths[place[path.target], place[path.source]]:.3g}"
        for path in trial.model.paths
    ]
    yield f"true effects, in standard units: {', '.join(shown)}"
    if trial.engine == "ols":
        yield "estimates are points of the target per point of the source"
    leak = (
        "errors of measurement shrink estimates and let other paths leak into them, as they will "
        "in the survey"
    )
    if effect != 0:
        yield f"{leak}; an effect of 0 shows how often that alone is found"
        return
    yield (
        f"{leak}; so false positives may exceed the {100 * (1 - level):g} % of the test, and the "
        "more so the more interviews there are"
    )


def _check_paths(
    checks: Checks, model: Model, asked: str, effect: float, others: Mapping[Arrow, float]
) -> None:
    if model.kind == "composite":
        checks.refuse("model", "a model with paths", f"the composite index {model.name}")
        return
    arrows = sorted(f"{path.source}:{path.target}" for path in model.paths)
    named = {"path": [asked], "others": [f"{source}:{target}" for source, target in others]}
    for argument, names in named.items():
        for name in names:
            if name not in arrows:
                remedy = did_you_mean(name, arrows) or f"paths are {listed(arrows, 'and')}"
                checks.refuse(argument, f"a path of the model {model.name}", repr(name), remedy)
    if asked in named["others"]:
        checks.refuse("others", "effects of other paths", f"one of {asked} itself")
    for value in (effect, *others.values()):
        checks.within("effect", value, -1.0, 1.0)


def _check_numbers(
    checks: Checks, sizes: tuple[int, ...], least: int, simulations: int, draws: int, seed: int
) -> None:
    if not sizes:
        checks.refuse("interviews", "a number of interviews", "none")
    for number in sizes:
        checks.whole("interviews", number, least)
    checks.whole("simulations", simulations, FEWEST_SIMULATIONS)
    checks.whole("draws", draws, FEWEST_DRAWS)
    checks.whole("seed", seed, 0)
