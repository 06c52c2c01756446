"""Permutations of the respondents of two groups: what is exchanged, and both groups' refits.

Under the hypothesis that two groups do not differ, any reassignment of their respondents is as
likely as the one seen, provided it respects how they were sampled:

- a PSU with rows of both groups: its rows change places with each other;
- PSUs that belong to one group whole: PSUs change places, within the stratum where it holds
  such PSUs of both groups, else over all such strata together;
- without PSUs respondents change places in the same way, within strata that hold both groups,
  else over all others together.

The numbers of respondents (or PSUs) of either group are kept in each of these blocks. A row keeps
its sampling weight, raked or not; a row of frequency f is f respondents who move one by one,
unless its PSU moves whole. Rows are taken in an order of what they say (`ordered_rows`), so that
the permutations of a seed do not depend on how a file is sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem, UsageError
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.intervals import FAILED_SHARE
from acsi_sem.inference.replicates import CHUNK, stream
from acsi_sem.inference.sample import Ints, Sample, point_sums
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.permutation import permuted_counts, smallest_p
from acsi_sem.terms import ALL, Engine, Notice

Pair = tuple[str, str]
Progress = Callable[[int, int], None]
"""Told how many pairs are done, and how many there are."""

Estimator = Callable[[Floats], Fields]

PAIRS: Final = 45
"""Pairs of ten groups: more are hardly read, and each costs two fits per permutation."""

ROWS: Final = 65_536  # rows multiplied at once; part of the result, never tune per machine


def silent(done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is exchanged between two groups.

    Attributes
    ----------
    pair : tuple of str
        Names of the groups.
    rows : ndarray of int, shape (m,)
        Rows of the survey, those of the first group first, each group's as `ordered_rows`.
    unit : ndarray of int, shape (m,)
        Unit of each row.
    factor : ndarray, shape (m,)
        Weight of each row per respondent of its unit.
    block : ndarray of int, shape (u,)
        Block within which each unit is exchanged.
    counts : ndarray of int, shape (u,)
        Respondents of each unit who move one by one.
    first : ndarray of int, shape (number of blocks,)
        How many of each block's belong to the first group.
    way : str
        In words.
    """

    pair: Pair
    rows: Ints
    unit: Ints
    factor: Floats
    block: Ints
    counts: Ints
    first: Ints
    way: str

    def withheld(self, permutations: int, level: float, tails: int = 1) -> str:
        """Say why no p-value can be as low as 1 - `level`, or return an empty text.

        `tails` is 2 for p-values that double a tail, and 1 for others.
        """
        if permutations < 1:
            return "no permutation p: no permutations were asked for"
        possible = smallest_p(self.block, self.counts, self.first, tails=tails)
        if possible > risk(level):
            return (
                "permutation p withheld: with so few units to exchange it cannot fall below "
                f"{possible:.2g}"
            )
        if tails / (1 + permutations) > risk(level):
            return f"permutation p withheld: {permutations} permutations are too few"
        return ""


@dataclass(frozen=True, slots=True)
class Permuted:
    """Both groups' estimates under P permutations.

    Attributes
    ----------
    one, other : mapping name -> ndarray, shape (kept permutations, ...)
        Estimates of permutations that worked in both groups.
    withheld : str
        Why no p-value may rest on them; empty when one may.
    """

    one: Fields
    other: Fields
    withheld: str = ""


def risk(level: float) -> float:
    """Return 1 - `level` as a decimal, so that p = 0.1 is not above 1 - 0.9.

    Examples
    --------
    >>> 0.1 > 1 - 0.9, 0.1 > risk(0.9)
    (True, False)
    """
    return round(1 - level, 12)


def all_pairs(names: Sequence[str], limit: int = PAIRS) -> list[Pair]:
    """Return every pair of groups in table order.

    Parameters
    ----------
    names : sequence of str
        Names of groups; `all` is left out.
    limit : int
        The most pairs to compare.

    Raises
    ------
    UsageError
        If there are more.

    Examples
    --------
    >>> all_pairs(["all", "a", "b", "c"])
    [('a', 'b'), ('a', 'c'), ('b', 'c')]
    """
    groups = [name for name in names if name != ALL]
    count = len(groups) * (len(groups) - 1) // 2
    if count > limit:
        got = f"{count:,} pairs of {len(groups):,} groups"
        remedy = "name the pairs to compare, or group by a column with fewer values"
        raise UsageError(Problem("request", "compare", f"at most {limit} pairs", got, remedy))
    return list(combinations(groups, 2))


def check_pairs(sample: Sample, pairs: Sequence[Pair]) -> None:
    """Refuse pairs that are not two different groups of the survey.

    Raises
    ------
    UsageError
        With every problem.
    """
    known = [name for name, _ in sample.groups if name != ALL]
    problems = []
    for one, other in pairs:
        expected = f"two of the groups {', '.join(known) or '(there are none)'}"
        if one == other or not {one, other} <= set(known):
            problems.append(Problem("request", "compare", expected, f"{one!r} and {other!r}"))
    if problems:
        raise UsageError(problems)


def plan_pair(sample: Sample, pair: Pair) -> Plan:
    """Decide what is exchanged between two groups.

    Parameters
    ----------
    sample : Sample
    pair : tuple of str
        Names of two groups.

    Returns
    -------
    Plan
        By the rules at the head of this module.
    """
    parts = [ordered_rows(sample, sample.rows_of(name)) for name in pair]
    rows = np.concatenate(parts)
    ours = np.arange(rows.size) < parts[0].size
    clustered = _clustered(sample)
    psu, stratum = sample.psu[rows], sample.strata[rows]
    mixed = _both(psu, ours)[psu] if clustered else np.zeros(rows.size, dtype=bool)
    within = _both(stratum[~mixed], ours[~mixed], stratum.max(initial=0) + 1)[stratum] & ~mixed
    alone = mixed | (not clustered)  # rows that move by themselves
    span = max(psu.max(initial=0), stratum.max(initial=0)) + 1
    place = np.where(mixed, psu, np.where(within, span + stratum, 2 * span))
    key = np.where(alone, np.arange(rows.size), rows.size + psu)
    _, head, unit = np.unique(key, return_index=True, return_inverse=True)
    _, block = np.unique(place[head], return_inverse=True)
    counted = alone & sample.frequency
    weights = sample.weights[rows]
    counts = np.where(counted[head], np.rint(weights[head]), 1.0).astype(np.intp)
    first = np.rint(np.bincount(block, counts * ours[head])).astype(np.intp)
    total = np.rint(np.bincount(block, counts)).astype(np.intp)
    still = np.isin(block, np.flatnonzero((first == 0) | (first == total)))[unit]
    strata = within & (np.unique(stratum).size > 1)
    way = _way((mixed, strata, ~(mixed | strata)), still, clustered)
    factor = np.where(counted, 1.0, weights)
    return Plan(pair, rows, unit, factor, block, counts, first, way)


def ordered_rows(sample: Sample, rows: Ints) -> Ints:
    """Sort rows by what they say rather than by where they stand in the file.

    Parameters
    ----------
    sample : Sample
    rows : ndarray of int, shape (m,)

    Returns
    -------
    ndarray of int, shape (m,)
        By PSU and, within it, by weight and answers. Rows that tie may stand for each other.
        Without PSUs `Sample.psu` is such an order already.
    """
    psu = sample.psu[rows]
    if not _clustered(sample):
        return rows[np.argsort(psu)]
    # The columns of the means hold every answer under every rule; products are empty under EM.
    answers = sample.reduction.mean_rows(rows).T
    return rows[np.lexsort((*answers, sample.weights[rows], psu))]


def _clustered(sample: Sample) -> bool:
    """True when some PSU has several rows."""
    return np.unique(sample.psu).size < sample.psu.size


def _both(place: Ints, ours: NDArray[np.bool_], places: int = 0) -> NDArray[np.bool_]:
    """Return which places hold rows of both groups."""
    mine = np.bincount(place[ours], minlength=places)
    theirs = np.bincount(place[~ours], minlength=mine.size)
    both: NDArray[np.bool_] = (np.pad(mine, (0, theirs.size - mine.size)) > 0) & (theirs > 0)
    return both


def _way(sets: tuple[NDArray[np.bool_], ...], still: NDArray[np.bool_], clustered: bool) -> str:
    """Say which rows (in PSUs of both groups, in strata of both groups, others) move how."""
    noun = "whole PSUs" if clustered else "respondents"
    rest = "all other strata" if sets[0].any() or sets[1].any() else "both groups"
    said = (
        "respondents within the PSUs that hold both groups",
        f"{noun} within the strata that hold both groups",
        f"{noun} over {rest}",
    )
    moved = [what for what, rows in zip(said, sets, strict=True) if (rows & ~still).any()]
    way = ", and ".join(moved) or "nothing, as the design lets no respondent change the group"
    share = 100 * float(still.mean()) if still.size else 0.0
    return f"{way} ({share:.0f} % of the rows stay in their group)" if share else way


def permute_pair(
    sample: Sample,
    plan: Plan,
    estimator: Estimator,
    *,
    permutations: int,
    seed: int,
    study: str,
    level: float,
    tails: int = 1,
) -> Permuted:
    """Refit two groups under random permutations.

    Parameters
    ----------
    sample : Sample
    plan : Plan
    estimator : callable
        Sums of shape (B, k) to named arrays of shape (B, ...), among them ``ok``, the elements
        that may be used. Every array is kept for every permutation: return what is needed only.
    permutations, seed : int
    study : str
    level : float
        Confidence level, e.g. 0.95.
    tails : {1, 2}
        2 where p-values will double a tail.

    Returns
    -------
    Permuted
        Nothing is fitted where the plan withholds the p-value anyway. More than 5 % of failed
        permutations withhold it too.
    """
    if withheld := plan.withheld(permutations, level, tails):
        return Permuted({}, {}, withheld)
    one, other = [], []
    for sums in _sums(sample, plan, permutations, seed, study):
        fields = estimator(sums)
        half = sums.shape[0] // 2
        ok = np.asarray(fields["ok"], dtype=bool)
        kept = ok[:half] & ok[half:]
        one.append({name: values[:half][kept] for name, values in fields.items()})
        other.append({name: values[half:][kept] for name, values in fields.items()})
    joined = Permuted(_joined(one), _joined(other))
    failed = 1 - len(joined.one["ok"]) / permutations
    if failed <= FAILED_SHARE:
        return joined
    said = f"permutation p withheld: {100 * failed:.1f} % of the permutations failed"
    return Permuted(joined.one, joined.other, said)


def _joined(parts: Sequence[Fields]) -> Fields:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _sums(sample: Sample, plan: Plan, permutations: int, seed: int, study: str) -> Iterator[Floats]:
    """Yield sums of the first group under a chunk of permutations, then of the second."""
    key = "\x00".join(plan.pair)
    for chunk, start in enumerate(range(0, permutations, CHUNK)):
        size = min(CHUNK, permutations - start)
        generator = stream(seed, study, key, chunk)
        drawn = permuted_counts(generator, plan.block, plan.counts, plan.first, size)
        total: Floats | float = 0.0
        for at in range(0, plan.rows.size, ROWS):
            here = slice(at, at + ROWS)
            unit, factor = plan.unit[here], plan.factor[here]
            ours = drawn[:, unit].astype(float)
            both = np.concatenate([ours, plan.counts[unit] - ours]) * factor
            total = total + sample.reduction.sum_rows(both, plan.rows[here])
        yield np.asarray(total)


def pair_sums(sample: Sample, pair: Pair) -> Floats:
    """Return the sums of two groups as they are, shape (2, k)."""
    return np.concatenate([point_sums(sample, sample.rows_of(name)) for name in pair])


def way_notices(plans: Sequence[Plan], engine: Engine) -> list[Notice]:
    """Say once for each way of permuting which pairs it served."""
    found: dict[str, list[str]] = {}
    for plan in plans:
        found.setdefault(plan.way, []).append(" and ".join(plan.pair))
    return [
        Notice("permutation", f"Permuted to compare groups: {way}.", "", engine, _listed(pairs))
        for way, pairs in found.items()
    ]


def _listed(pairs: Sequence[str], shown: int = 3) -> str:
    more = f"; {len(pairs) - shown} more pairs" if len(pairs) > shown else ""
    return "; ".join(pairs[:shown]) + more
