"""May composites be compared across groups? MICOM's three steps, pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.estimators.result import Row
from acsi_sem.inference.group_comparison import Compared
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.permutations import (
    Estimator,
    Pair,
    Permuted,
    Progress,
    check_pairs,
    pair_sums,
    permute_pair,
    plan_pair,
    risk,
    silent,
    way_notices,
)
from acsi_sem.inference.sample import Ints, Sample
from acsi_sem.kernels.micom import composite_moments, composition
from acsi_sem.kernels.moments import Floats, Moments, correlations
from acsi_sem.kernels.permutation import acceptance_region, tail_p
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import Engine, Notice

STEPS: Final = ("composition", "mean", "variance")
CONFIGURAL: Final = (
    "step 1 holds by construction: every group has the same indicators, codes, scales, treatment "
    "of missing answers and algorithm"
)
TRIVIAL: Final = "one indicator: its composition is the same by construction"
UNLIKE: Final = "composed differently in the two groups: read with care"


@dataclass(frozen=True, slots=True)
class _Pooled:
    """The pooled fit of two groups, with which their permutations are judged."""

    weights: Floats
    moments: Moments

    def composites(self, moments: Moments, block: Ints) -> Floats:
        """Return means and log variances of composites, shape (B, 2, q)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            own = self.weights / self.moments.sd[0]
            centred = moments.mean - self.moments.mean[0]
            mean, variance = composite_moments(own, centred, moments.covariance, block)
            return np.stack([mean, np.log(np.where(variance > 0, variance, np.nan))], axis=1)


@dataclass(frozen=True, slots=True)
class _Steps:
    """One pair's numbers, each of shape (3, q): composition, mean, variance."""

    value: Floats
    low: Floats
    high: Floats
    p: Floats
    holds: Floats
    note: str = ""


def assess_micom(
    model: Model,
    sample: Sample,
    estimator: Estimator,
    pairs: Sequence[Pair],
    *,
    permutations: int,
    seed: int,
    study: str,
    level: float,
    engine: Engine = "pls",
    progress: Progress = silent,
) -> Compared:
    """Assess the measurement invariance of composites in three steps.

    Parameters
    ----------
    model : Model
    sample : Sample
    estimator : callable
        Sums (B, k) to ``weights`` (B, p), outer weights on standardised indicators, and ``ok``
        (B,), the elements that may be used.
    pairs : sequence of (group, other)
        See `acsi_sem.inference.permutations.all_pairs`.
    permutations : int
        Per pair.
    seed : int
    study : str
        Keys the random streams; the permutations are those of `compare_groups`.
    level : float
        Confidence level, e.g. 0.95.
    engine : str
        Named in the notices.
    progress : callable
        Told how many pairs are done, and of how many.

    Returns
    -------
    Compared
        Rows of the table `micom`, and for each pair the verdict in words as a notice.

    Raises
    ------
    UsageError
        If a pair is not two different groups of the survey.

    Notes
    -----
    1. Configural: by construction, as one model file and one algorithm serve every group.
    2. ``composition``: the correlation c between the scores that either group's weights make of
       the pooled answers. Permuting respondents gives its distribution when composition does
       not differ; ``limit_low`` is its lower quantile (5 % at level 0.95), p the lower tail.
    3. ``mean`` and ``variance``: of the score with the weights of the pooled fit, the difference
       of means in pooled standard deviations and of log variances (divisor: sum of weights),
       group less other; two-sided, p being twice the smaller tail, which agrees with the limits.

    A step holds when p > 1 - level. Constructs are tested one by one, without adjustment, as in
    the paper. All of step 2 gives partial invariance: paths may be compared. All of step 3 as
    well gives full invariance: answers may be pooled. What is withheld leaves the verdict open;
    all steps are where units or permutations are too few for a two-sided p of 1 - level, or more
    than 5 % of the permutations failed.

    References
    ----------
    Henseler, Ringle & Sarstedt (2016), International Marketing Review 33, 405-431.
    """
    check_pairs(sample, pairs)
    rows: list[Row] = []
    verdicts: list[Notice] = []
    plans = []
    for done, pair in enumerate(pairs):
        progress(done, len(pairs))
        plan = plan_pair(sample, pair)
        judge = _judge(model, sample, estimator, pair)
        if judge is None:
            steps = _nothing(model, "not assessed: no fit of a group, or of both together")
        else:
            plans.append(plan)
            permuted = permute_pair(
                sample,
                plan,
                judge,
                permutations=permutations,
                seed=seed,
                study=study,
                level=level,
                tails=2,
            )
            steps = _steps(judge(pair_sums(sample, pair)), permuted, level)
        rows += _rows(model, pair, steps)
        verdicts.append(_verdict(model, pair, steps, engine))
    progress(len(pairs), len(pairs))
    return Compared(tuple(rows), (*verdicts, *way_notices(plans, engine)))


def _judge(model: Model, sample: Sample, estimator: Estimator, pair: Pair) -> Estimator | None:
    """Return what turns sums of the two groups, one half each, into the numbers of all steps."""
    sums = pair_sums(sample, pair)
    points = estimator(np.concatenate([sums, sums.sum(axis=0, keepdims=True)]))
    if not np.asarray(points["ok"], dtype=bool).all():
        return None
    moments = sample.moments(sums.sum(axis=0, keepdims=True))
    pooled, block = _Pooled(points["weights"][2], moments), blocks(model)
    correlation = correlations(moments.covariance)[0]

    def judged(batch: Floats) -> Fields:
        fields = estimator(batch)
        weights, half = fields["weights"], len(batch) // 2
        alike = composition(weights[:half], weights[half:], correlation, block)
        return {
            "alike": np.concatenate([alike, alike]),
            "composites": pooled.composites(sample.moments(batch), block),
            "ok": np.asarray(fields["ok"], dtype=bool),
        }

    return judged


def _values(one: Fields, other: Fields) -> Floats:
    """Return the numbers of all steps, shape (B, 3, q)."""
    apart = one["composites"] - other["composites"]
    return np.concatenate([one["alike"][:, None], apart], axis=1)


def _steps(point: Fields, permuted: Permuted, level: float) -> _Steps:
    value = _values(*({n: v[i : i + 1] for n, v in point.items()} for i in (0, 1)))[0]
    if permuted.withheld:
        none = np.full_like(value, np.nan)
        return _Steps(value, none, none, none, none, permuted.withheld)
    draws = _values(permuted.one, permuted.other)
    shape = (2, *value.shape)
    low, high = acceptance_region(draws.reshape(len(draws), -1), level).reshape(shape)
    # One-sided: the share 1 - level lies wholly below the limit, and nothing is more alike than 1.
    low[0] = acceptance_region(draws[:, 0], 2 * level - 1)[0]
    high[0] = 1.0
    p = np.stack([tail_p(value[i], draws[:, i], two_sided=i > 0) for i in range(3)])
    holds = np.where(np.isnan(p), np.nan, (p > risk(level)).astype(float))
    known = ~np.isnan(p)
    return _Steps(value, np.where(known, low, np.nan), np.where(known, high, np.nan), p, holds)


def _nothing(model: Model, note: str) -> _Steps:
    none = np.full((3, len(model.constructs)), np.nan)
    return _Steps(none, none, none, none, none, note)


def _rows(model: Model, pair: Pair, steps: _Steps) -> list[Row]:
    one, other = pair
    rows: list[Row] = [
        {
            "group": one,
            "other": other,
            "construct": "",
            "step": "configural",
            "holds": 1.0,
            "reading": CONFIGURAL,
            "note": "judged, not computed",
        }
    ]
    for c, construct in enumerate(model.constructs):
        for s, step in enumerate(STEPS):
            rows.append(
                {
                    "group": one,
                    "other": other,
                    "construct": construct.name,
                    "step": step,
                    "value": float(steps.value[s, c]),
                    "limit_low": float(steps.low[s, c]),
                    "limit_high": float(steps.high[s, c]),
                    "p_value": float(steps.p[s, c]),
                    "holds": float(steps.holds[s, c]),
                    "reading": _reading(pair, steps, s, c),
                    "note": _note(steps, s, c, single=len(construct.indicators) == 1),
                }
            )
    return rows


def _reading(pair: Pair, steps: _Steps, s: int, c: int) -> str:
    """Say what one step says of one construct; nothing where it is withheld."""
    holds = steps.holds[s, c]
    if np.isnan(holds):
        return ""
    if s == 0:
        return "composed alike" if holds else "composed differently"
    what = STEPS[s]
    if holds:
        return f"no difference of the {what} can be told"
    greater = pair[0] if steps.value[s, c] > 0 else pair[1]
    return f"the {what} is greater in {greater}"


def _note(steps: _Steps, s: int, c: int, *, single: bool) -> str:
    if s == 0 and single and not np.isnan(steps.value[s, c]):
        return "; ".join(part for part in (TRIVIAL, steps.note) if part)
    if steps.note or not np.isnan(steps.p[s, c]):
        return steps.note or (UNLIKE if s > 0 and steps.holds[0, c] == 0 else "")
    return "withheld: not defined in every permutation"


def _verdict(model: Model, pair: Pair, steps: _Steps, engine: Engine) -> Notice:
    subject = " and ".join(pair)
    return Notice("micom", f"{subject}: {_said(model, steps)}", "", engine, subject)


def _said(model: Model, steps: _Steps) -> str:
    """Say what may be compared."""
    holds = steps.holds
    unlike = [n for n, h in zip(model.construct_names, holds[0], strict=True) if h == 0]
    if unlike:
        are, them = ("is", "it") if len(unlike) == 1 else ("are", "them")
        return (
            f"no measurement invariance, as {', '.join(unlike)} {are} composed differently; "
            f"differences of paths and indices that involve {them} may come from the measurement."
        )
    if np.isnan(holds[0]).any():
        return f"measurement invariance is not decided ({steps.note or 'see the table'})."
    if np.isnan(holds[1:]).any():
        return (
            "partial measurement invariance at least: paths may be compared. Means and variances "
            "are not decided, so do not pool the groups."
        )
    if (holds == 1).all():
        return "full measurement invariance: paths may be compared, and the groups may be pooled."
    different = _differing(model, holds)
    return (
        "partial measurement invariance: paths may be compared, but the groups should not be "
        f"pooled, as they differ in {different}."
    )


def _differing(model: Model, holds: Floats) -> str:
    parts = []
    for s in (1, 2):
        names = [n for n, h in zip(model.construct_names, holds[s], strict=True) if h == 0]
        if names:
            parts.append(f"the {STEPS[s]} of {', '.join(names)}")
    return " and ".join(parts)
