"""Weights of parts as methods use them: normalised, and refused where judgements contradict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.errors import Problem, SpecError
from acsi_sem.kernels.ahp import (
    LARGEST_RATIO,
    RANDOM_INDEX,
    Floats,
    contradiction,
    pool_experts,
    priorities,
)
from acsi_sem.methods.base import Row
from acsi_sem.spec.findings import listed
from acsi_sem.spec.methods.base import Method
from acsi_sem.spec.methods.weighting import Weighting, weightings_of

MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class Consistency:
    """How far pairwise judgements agree with one another.

    Attributes
    ----------
    largest : float
        Principal eigenvalue of the (pooled) matrix.
    index, ratio : float
        CI = (largest - n) / (n - 1) and CR = CI / RI; judgements are used when CR < 0.1.
    random_index : float
        RI, the mean CI of random judgements.
    ratios : tuple of float
        CR of each expert's own matrix.
    expert_weights : tuple of mapping
        Each expert's own weights.
    """

    largest: float
    index: float
    ratio: float
    random_index: float
    ratios: tuple[float, ...]
    expert_weights: tuple[dict[str, float], ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """Weights that sum to one, in the order of the parts; `consistency` where they are judged."""

    shares: dict[str, float]
    consistency: Consistency | None = None

    def array(self, names: Sequence[str]) -> Floats:
        """Return the weights of some parts, shape (len(names),)."""
        return np.array([self.shares[name] for name in names])


def resolve(
    weighting: Weighting, names: Sequence[str], where: str, part: str = "weights"
) -> Resolved:
    """Return the weights of parts.

    Parameters
    ----------
    weighting : Weighting
        Empty: all parts weigh the same.
    names : sequence of str
        The parts; each must have a weight, and no other.
    where : str
        Beginning of messages: the file, or ``methods.NAME``.
    part : str
        Place of the weighting below that; empty where the comparisons stand there themselves.

    Raises
    ------
    SpecError
        If the names do not match, or the judgements of an expert, or of all together, have a
        consistency ratio of 0.1 or more.
    """
    if weighting.equal:
        return Resolved({name: 1 / len(names) for name in names})
    if problems := [*_names(weighting, names, where, part)]:
        raise SpecError(problems)
    if not weighting.order:
        return Resolved(_normalised(weighting, names))
    found = judge(weighting)
    if problems := list(_inconsistent(weighting, where, f"{part}.ahp" if part else "")):
        raise SpecError(problems)
    return Resolved({name: found.shares[name] for name in names}, found.consistency)


def resolve_all(methods: Sequence[Method], file: str) -> None:
    """Check the weights of every method of a study before any data are read.

    Parameters
    ----------
    methods : sequence of Method
    file : str
        The study file, for messages.

    Raises
    ------
    SpecError
        With every matrix of judgements that contradicts itself.
    """
    problems = [
        problem
        for method in methods
        for place, weighting in weightings_of(method)
        if weighting.order
        for problem in _inconsistent(weighting, file, _under("methods", method.name, place))
    ]
    if problems:
        raise SpecError(problems)


def weight_rows(resolved: Resolved, subject: str = "") -> Iterator[Row]:
    """Yield the weights of parts as rows without group, and their consistency where judged.

    Parameters
    ----------
    resolved : Resolved
    subject : str
        What the parts belong to; it heads their consistency.
    """
    for name, share in resolved.shares.items():
        yield fixed_row("weight", 100 * share, subject=name, category=subject, reading="%")
    if (found := resolved.consistency) is not None:
        reading = f"consistent: below {LARGEST_RATIO:g}"
        yield fixed_row("consistency_ratio", found.ratio, subject=subject, reading=reading)


def fixed_row(measure: str, value: float, **told: str) -> Row:
    """Return a row that rests on judgements, so that no sample and no interval belong to it.

    Parameters
    ----------
    measure : str
    value : float
    **told : str
        Columns ``subject``, ``category``, ``reading`` and ``note``.
    """
    blank = dict.fromkeys(("std_error", "conf_low", "conf_high", "conf_level"), float("nan"))
    empty = dict.fromkeys(("group", "subject", "category", "reading", "note"), "")
    return {**empty, "measure": measure, "value": value, **blank, "n": 0, **told}


def _under(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def judge(weighting: Weighting) -> Resolved:
    """Return the weights of pairwise judgements, however consistent they are.

    Parameters
    ----------
    weighting : Weighting
        With `order` and `matrices`.
    """
    matrices = np.array(weighting.matrices, dtype=float)
    own = priorities(matrices)
    pooled = priorities(pool_experts(matrices)[None])
    consistency = Consistency(
        largest=float(pooled.largest[0]),
        index=float(pooled.index[0]),
        ratio=float(pooled.ratio[0]),
        random_index=RANDOM_INDEX[len(weighting.order)],
        ratios=tuple(map(float, own.ratio)),
        expert_weights=tuple(_named(weighting, weights) for weights in own.weights),
    )
    return Resolved(_named(weighting, pooled.weights[0]), consistency)


def _named(weighting: Weighting, weights: Floats) -> dict[str, float]:
    return dict(zip(weighting.order, map(float, weights), strict=True))


def _normalised(weighting: Weighting, names: Sequence[str]) -> dict[str, float]:
    given = dict(weighting.shares)
    # By the largest first: the sum of two huge numbers would be infinite.
    values = np.array([given[name] for name in names]) / max(given.values())
    return dict(zip(names, map(float, values / values.sum()), strict=True))


def _names(weighting: Weighting, names: Sequence[str], where: str, part: str) -> Iterator[Problem]:
    missing = [name for name in names if name not in weighting.names]
    unknown = [name for name in weighting.names if name not in names]
    place = f"{part}.ahp.order" if weighting.order else part
    if missing:
        got = f"none for {listed(missing[:MOST_NAMED], 'and')}"
        yield Problem(where, place, "a weight for every part", got)
    if unknown:
        got = listed(unknown[:MOST_NAMED], "and")
        expected = f"only {listed(names[:MOST_NAMED], 'and')}"
        yield Problem(where, place, expected, got)


def _inconsistent(weighting: Weighting, where: str, part: str) -> Iterator[Problem]:
    """Find the matrices that contradict themselves, then the pooled one."""
    matrices = np.array(weighting.matrices, dtype=float)
    ratios = priorities(matrices).ratio
    bad = [i for i, ratio in enumerate(ratios) if ratio >= LARGEST_RATIO]
    for i in bad:
        name = f"matrices[{i}]" if len(matrices) > 1 else "matrix"
        yield _too_far(matrices[i], ratios[i], weighting, where, _under(part, name))
    if not bad and len(matrices) > 1:
        pooled = pool_experts(matrices)
        ratio = priorities(pooled[None]).ratio[0]
        if ratio >= LARGEST_RATIO:
            yield _too_far(pooled, ratio, weighting, where, part)


def _too_far(matrix: Floats, ratio: float, weighting: Weighting, where: str, path: str) -> Problem:
    i, j, implied = contradiction(matrix)
    one, other = weighting.order[i], weighting.order[j]
    remedy = (
        f"look first at {one} against {other}: it is {matrix[i, j]:.3g}, where the other "
        f"judgements imply about {implied:.2g}"
    )
    return Problem(
        where, path, f"a consistency ratio below {LARGEST_RATIO:g}", f"{ratio:.2f}", remedy
    )
