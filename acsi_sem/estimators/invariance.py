"""Do the questions measure the same in every group? Four levels of measurement invariance.

Configural: the same model. Metric: equal loadings. Scalar: equal intercepts too, so that means of
constructs can differ. Strict: equal error variances too. A single-item construct that others act
upon is its item: its equation's intercept counts as one at the scalar level, the variance of its
disturbance as an error at the strict level, as in lavaan. Means of constructs with several items
are 0, from the scalar level on in the first group only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem, UsageError
from acsi_sem.estimators.covariance_checks import check_before
from acsi_sem.estimators.invariance_design import (
    LEVELS,
    Design,
    Level,
    Scope,
    common_start,
    describe,
    equal_names,
    groups_at,
    make_design,
    with_intercepts,
)
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.kernels.fit_measures import upper_tail
from acsi_sem.kernels.group_measures import group_measures
from acsi_sem.kernels.group_robust import baseline_group_scaling, group_scaling
from acsi_sem.kernels.group_tests import score_test
from acsi_sem.kernels.multigroup import GroupMoments, Groups, GroupsFit, fit_groups
from acsi_sem.kernels.scaled_tests import scaled_measures
from acsi_sem.spec.model import Model

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

CFI_DROP: Final = 0.01
"""Largest fall of CFI from one level to the next with which the next one holds."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupSample:
    """What is known of one group: its complete cases on every indicator of the model.

    Attributes
    ----------
    name : str
    n : float
    mean : ndarray, shape (p,)
        In the order of ``model.indicators``.
    covariance : ndarray, shape (p, p)
        Divisor n.
    block : ndarray, shape (1 + q, 1 + q), or None
        Fourth-order block about the mean divided by n (`fourth_moments`), for scaled tests; all
        groups have one or none has.
    """

    name: str
    n: float
    mean: Floats
    covariance: Floats
    block: Floats | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A level against the one before it.

    Attributes
    ----------
    chisq, df, pvalue : float
        Likelihood ratio test, with fourth-order blocks of the scaled statistics; NaN where the
        scaled difference is not defined.
    scaled : bool
    cfi : float
        Fall of CFI (negative: it rose).
    rmsea : float
        Rise of RMSEA.
    """

    chisq: float
    df: float
    pvalue: float
    scaled: bool
    cfi: float
    rmsea: float


@dataclass(frozen=True, slots=True)
class LevelFit:
    """How one level fits.

    Attributes
    ----------
    level : str
    measures : mapping of str to float
        lavaan's names; empty where the fit did not converge.
    difference : Difference or None
        None at the first level, and where either fit did not converge.
    problems : tuple of str
        Why the fit is not used: it did not converge, or the solution is inadmissible.
    estimates : tuple of (group, name, value)
        Parameters as the tables write them (``SATIS ~1``: an intercept), in the items' units.
    candidates : tuple of (name, statistic, p-value)
        Equalities by how much chi-square would fall without them, the most first (score tests
        with one degree of freedom less than there are groups).
    """

    level: Level
    measures: Mapping[str, float]
    difference: Difference | None
    problems: tuple[str, ...]
    estimates: tuple[tuple[str, str, float], ...] = ()
    candidates: tuple[tuple[str, float, float], ...] = ()

    @property
    def holds(self) -> bool:
        """True for a proper solution whose CFI is at most 0.01 below that of the level before."""
        if self.problems:
            return False
        if self.difference is None:
            return self.level == LEVELS[0]
        return self.difference.cfi <= CFI_DROP


@dataclass(frozen=True, slots=True)
class Invariance:
    """The four levels in order, and what was asked."""

    scope: Scope
    groups: tuple[str, ...]
    released: tuple[str, ...]
    levels: tuple[LevelFit, ...]

    @property
    def attained(self) -> Level | None:
        """The highest level that holds together with all before it."""
        reached: Level | None = None
        for step in self.levels:
            if not step.holds:
                break
            reached = step.level
        return reached


def assess_invariance(
    model: Model,
    samples: Sequence[GroupSample],
    *,
    scope: Scope = "measurement",
    release: Sequence[str] = (),
) -> Invariance:
    """Fit the four levels to the groups at once and compare them.

    Parameters
    ----------
    model : Model
    samples : sequence of GroupSample
        Two or more; in the first one the constructs' means are 0.
    scope : {"measurement", "model"}
        The constructs with several items, freely correlated; or the whole model with its paths.
    release : sequence of str
        Names of parameters that stay free at every level (partial invariance): loadings
        ``satisfaction =~ IDEAL``, intercepts ``IDEAL ~1``, error variances ``IDEAL ~~ IDEAL``.

    Returns
    -------
    Invariance
        A level without a proper solution says so in `problems` and does not hold; it has no
        measures when it did not converge.

    Raises
    ------
    UsageError
        If there are fewer than two groups or two of the same name, a parameter to be released
        that no level holds equal, no intercept of a construct left that is equal, or no construct
        with several items.
    ValueError
        If the shapes of a sample disagree with the model.

    References
    ----------
    Meredith (1993), Psychometrika 58, 525-543; Byrne, Shavelson & Muthén (1989), Psychological
    Bulletin 105, 456-466, for partial invariance; Cheung & Rensvold (2002), Structural Equation
    Modeling 9, 233-255, for the fall of CFI; Satorra & Bentler (2001), Psychometrika 66, 507-514,
    for the difference of scaled statistics.
    """
    _check_shapes(model, samples)
    design = make_design(model, scope)
    if problems := (*_call_problems(samples), *_release_problems(design, release)):
        raise UsageError(problems)
    names = tuple(sample.name for sample in samples)
    here = tuple(_selected(sample, design.pick) for sample in samples)
    refused = tuple(_refusals(design, here))
    if refused:
        levels = tuple(LevelFit(level, {}, None, refused) for level in LEVELS)
    else:
        levels = _fit_levels(design, here, frozenset(release))
    return Invariance(scope, names, tuple(release), levels)


def _check_shapes(model: Model, samples: Sequence[GroupSample]) -> None:
    p = len(model.indicators)
    width = 1 + p + p * (p + 1) // 2
    for sample in samples:
        if sample.mean.shape != (p,) or sample.covariance.shape != (p, p):
            raise ValueError(f"{sample.name}: mean ({p},) and covariance ({p}, {p}) are needed")
        if sample.block is not None and sample.block.shape != (width, width):
            raise ValueError(f"{sample.name}: the block must have shape ({width}, {width})")
    if len({sample.block is None for sample in samples}) > 1:
        raise ValueError("all groups need a fourth-order block, or none")


def _call_problems(samples: Sequence[GroupSample]) -> Iterator[Problem]:
    names = [sample.name for sample in samples]
    if len(names) < 2:
        got = f"{len(names)}" + (f" ({names[0]})" if names else "")
        yield Problem("", "groups", "two or more", got, "name a column with two or more values")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        yield Problem("", "groups", "different names", f"{describe(repeated)} more than once")


def _release_problems(design: Design, release: Sequence[str]) -> Iterator[Problem]:
    if not design.intercepts:
        yield Problem("", "model", "a construct with several indicators", "none")
        return
    known = tuple(equal_names(design, LEVELS[-1], ()))
    for name in release:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"one of {describe(known)}"
            yield Problem("", "release", "a parameter that a level holds equal", f"'{name}'", hint)
    for construct, intercepts in design.intercepts.items():
        if set(intercepts) <= set(release):
            got = f"all of {describe(intercepts)}"
            remedy = "without an equal intercept the construct's means cannot be compared"
            yield Problem("", f"release: {construct}", "an intercept left equal", got, remedy)


def _selected(sample: GroupSample, pick: Ints) -> GroupSample:
    """The sample on some of the indicators."""
    block = sample.block
    if block is not None:
        block = block[np.ix_(*[_block_places(len(sample.mean), pick)] * 2)]
    covariance = sample.covariance[np.ix_(pick, pick)]
    return GroupSample(sample.name, sample.n, sample.mean[pick], covariance, block)


def _block_places(p: int, pick: Ints) -> Ints:
    """Where (1, d, vech dd') of the picked items stand in that of all p."""
    place = np.zeros((p, p), dtype=np.intp)
    first, second = np.triu_indices(p)
    place[first, second] = place[second, first] = 1 + p + np.arange(len(first))
    rows, columns = np.triu_indices(len(pick))
    return np.concatenate([[0], 1 + pick, place[pick[rows], pick[columns]]])


def _refusals(design: Design, samples: Sequence[GroupSample]) -> Iterator[str]:
    for sample in samples:
        if not np.isfinite(sample.mean).all():
            yield f"{sample.name}: the means have no numbers"
        for problem in check_before(design.compiled, sample.covariance, sample.n):
            yield f"{sample.name}: {problem}"


def _fit_levels(
    design: Design, samples: Sequence[GroupSample], release: frozenset[str]
) -> tuple[LevelFit, ...]:
    moments = GroupMoments(
        covariance=np.stack([sample.covariance for sample in samples])[None],
        n=np.array([sample.n for sample in samples]),
        mean=np.stack([sample.mean for sample in samples])[None],
    )
    parameters = np.stack([_own_start(design, sample) for sample in samples])
    levels: list[LevelFit] = []
    for level in LEVELS:
        groups = groups_at(design, level, len(samples), release)
        start = common_start(groups, parameters, moments.n)
        fit = fit_groups(groups, moments, start[None])
        levels.append(_judge(design, level, groups, moments, fit, samples, levels, release))
        if fit.converged[0]:
            parameters = fit.parameters[0]
    return tuple(levels)


def _own_start(design: Design, sample: GroupSample) -> Floats:
    own = minimise_ml(design.compiled, sample.covariance).theta[0]
    return with_intercepts(design, own, sample.mean)


def _judge(
    design: Design,
    level: Level,
    groups: Groups,
    moments: GroupMoments,
    fit: GroupsFit,
    samples: Sequence[GroupSample],
    before: Sequence[LevelFit],
    release: frozenset[str],
) -> LevelFit:
    names = tuple(sample.name for sample in samples)
    problems = tuple(_problems(design, fit, names))
    if not fit.converged[0]:
        return LevelFit(level, {}, None, problems)
    measures = _measures(groups, moments, fit, samples)
    return LevelFit(
        level,
        measures,
        _difference(before[-1].measures, measures) if before and before[-1].measures else None,
        problems,
        tuple(
            (group, name, float(value))
            for group, row in zip(names, fit.parameters[0], strict=True)
            for name, value in zip(design.names, row, strict=True)
        ),
        _candidates(design, level, moments, fit, release),
    )


def _problems(design: Design, fit: GroupsFit, names: Sequence[str]) -> Iterator[str]:
    if not fit.converged[0]:
        yield f"did not converge: largest gradient {fit.gradient[0]:.2g}"
        return
    for g, group in enumerate(names):
        for k in np.flatnonzero(fit.negative[0, g]):
            yield f"{group}: the variance {design.names[k]} is negative (a Heywood case)"
        if fit.improper[0, g] and not fit.negative[0, g].any():
            yield f"{group}: the covariance matrix of the constructs is not positive definite"


def _measures(
    groups: Groups, moments: GroupMoments, fit: GroupsFit, samples: Sequence[GroupSample]
) -> dict[str, float]:
    found = group_measures(groups, moments, fit.parameters)
    blocks = [sample.block for sample in samples if sample.block is not None]
    if blocks:
        stacked = np.stack(blocks)
        model = group_scaling(groups, moments, fit.parameters, stacked)
        baseline = baseline_group_scaling(moments, stacked)
        # lavaan's factor √G in RMSEA: as if there were n/G observations
        per_group = found | {"ntotal": found["ntotal"] / len(samples)}
        found = found | scaled_measures(per_group, model, baseline)
    return {name: float(values[0]) for name, values in found.items()}


def _difference(before: Mapping[str, float], after: Mapping[str, float]) -> Difference:
    chisq, df = after["chisq"] - before["chisq"], after["df"] - before["df"]
    scaled = "chisq.scaling.factor" in after
    if scaled:
        weighted = [m["chisq.scaling.factor"] * m["df"] for m in (after, before)]
        factor = (weighted[0] - weighted[1]) / df if df else np.nan
        chisq = chisq / factor if factor > 0 else np.nan
    pvalue = float(upper_tail(np.array([chisq]), np.array([df]))[0])
    cfi, rmsea = before["cfi"] - after["cfi"], after["rmsea"] - before["rmsea"]
    return Difference(chisq, df, pvalue, scaled, cfi, rmsea)


def _candidates(
    design: Design, level: Level, moments: GroupMoments, fit: GroupsFit, release: frozenset[str]
) -> tuple[tuple[str, float, float], ...]:
    found = []
    count = len(moments.n)
    for name in equal_names(design, level, release):
        wider = groups_at(design, level, count, release | {name})
        statistic = score_test(wider, moments, fit.parameters)
        pvalue = upper_tail(statistic, np.array([count - 1.0]))
        found.append((name, float(statistic[0]), float(pvalue[0])))
    return tuple(sorted(found, key=lambda row: (np.isnan(row[1]), -row[1], row[0])))
