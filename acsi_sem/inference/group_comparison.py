"""Do two groups differ? Paths, total effects and indices, by permutation and by bootstrap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.result import Row
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.intervals import FAILED_SHARE
from acsi_sem.inference.permutations import (
    Estimator,
    Pair,
    Permuted,
    Progress,
    check_pairs,
    pair_sums,
    permute_pair,
    plan_pair,
    silent,
    way_notices,
)
from acsi_sem.inference.replicates import draw_sets
from acsi_sem.inference.sample import Sample
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.permutation import (
    acceptance_region,
    bootstrap_share,
    holm,
    paired_share,
    permutation_p,
    two_sided_share,
)
from acsi_sem.spec.graph import adjacency, ancestors
from acsi_sem.spec.model import Model
from acsi_sem.terms import PATH, Engine, Notice

TOTAL: Final = "total"
INDEX: Final = "index"


@dataclass(frozen=True, slots=True)
class Compared:
    """Rows of a table and what a reader should know about them."""

    rows: tuple[Row, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class _Cells:
    """What is compared: R cells, and where each stands in the fields."""

    labels: tuple[tuple[str, str, str], ...]
    arrows: NDArray[np.intp]
    effects: NDArray[np.intp]

    def pick(self, fields: Fields) -> Floats:
        """Return the cells of B elements, shape (B, R)."""
        paths = fields["paths"][:, self.arrows[:, 0], self.arrows[:, 1]]
        total = fields["total"][:, self.effects[:, 0], self.effects[:, 1]]
        return np.hstack([paths, total, fields["index"]])

    def of_kind(self, op: str) -> NDArray[np.intp]:
        """Return which cells have an operator."""
        return np.flatnonzero([label[1] == op for label in self.labels])


@dataclass(frozen=True, slots=True)
class _Tested:
    """The tests of one pair; arrays of shape (R,)."""

    pair: Pair
    point: Floats
    limits: Floats
    p_permutation: Floats
    p_bootstrap: Floats
    notes: tuple[str, ...]


def compare_groups(
    model: Model,
    sample: Sample,
    estimator: Estimator,
    pairs: Sequence[Pair],
    draws: Mapping[str, Fields] | None,
    *,
    permutations: int,
    seed: int,
    study: str,
    level: float,
    engine: Engine = "pls",
    progress: Progress = silent,
) -> Compared:
    """Compare paths, total effects and indices of pairs of groups.

    Parameters
    ----------
    model : Model
    sample : Sample
    estimator : callable
        Sums (B, k) to ``paths`` (B, q, q), ``total`` (B, q, q; 0-100 units), ``index`` (B, q)
        and ``ok`` (B,), the elements that may be used.
    pairs : sequence of (group, other)
        See `acsi_sem.inference.permutations.all_pairs`.
    draws : mapping group -> the same fields, or None
        Bootstrap replicates of every group. None where there are none, or replicates are not a
        bootstrap (jackknife, balanced repeated replication).
    permutations : int
        Per pair; 0 for none.
    seed : int
    study : str
        Keys the random streams.
    level : float
        Confidence level, e.g. 0.95.
    engine : str
        Name of the engine in the table.
    progress : callable
        Told how many pairs are done, and of how many.

    Returns
    -------
    Compared
        Rows of the table `comparisons` (op ``~`` for paths, ``total``, ``index``), and notices
        of how respondents were permuted (`acsi_sem.inference.permutations` has the rules).

    Raises
    ------
    UsageError
        If a pair is not two different groups of the survey.

    Notes
    -----
    ``limit_low`` and ``limit_high`` are the permutation acceptance region of the difference: where
    it would lie, at the level, if the groups did not differ. ``p_permutation`` counts permuted
    differences of at least the observed absolute size. ``p_bootstrap`` compares replicates of
    both groups, all with all where they were drawn apart, one by one where they were drawn
    together. ``p_holm`` adjusts ``p_permutation`` in families: the paths of a pair; the total
    effects of a pair; the indices of one construct over all pairs compared. Failed permutations
    are left out; more than 5 % of them withhold the p-value and the region.

    Permutation tests that the groups do not differ in anything. Where they differ in size and
    spread it may reject, or fail to, for that reason: the bootstrap p-value does not assume it.

    References
    ----------
    Chin & Dibbern (2010), in Handbook of Partial Least Squares, 171-193; Henseler, Ringle &
    Sinkovics (2009), Advances in International Marketing 20, 277-319; Holm (1979), Scandinavian
    Journal of Statistics 6, 65-70.
    """
    check_pairs(sample, pairs)
    cells = _cells(model)

    def picked(sums: Floats) -> Fields:
        fields = estimator(sums)
        return {"cells": cells.pick(fields), "ok": np.asarray(fields["ok"], dtype=bool)}

    together = _together(sample)
    plans, tested = [], []
    for done, pair in enumerate(pairs):
        progress(done, len(pairs))
        point = picked(pair_sums(sample, pair))
        plan = plan_pair(sample, pair)
        failed = [name for name, ok in zip(pair, point["ok"], strict=True) if not ok]
        if failed:
            tested.append(
                _untested(pair, cells, f"no comparison: no fit of {' and '.join(failed)}")
            )
            continue
        plans.append(plan)
        permuted = permute_pair(
            sample,
            plan,
            picked,
            permutations=permutations,
            seed=seed,
            study=study,
            level=level,
        )
        shares, said = _bootstrap(cells, pair, draws, together)
        tested.append(_test(pair, point["cells"], permuted, shares, said, level))
    progress(len(pairs), len(pairs))
    rows = _rows(cells, tested, engine)
    return Compared(tuple(rows), tuple(way_notices(plans, engine)))


def _together(sample: Sample) -> bool:
    """Whether replicate j of one group belongs with replicate j of another."""
    return sample.columns is not None or any(len(d.members) > 1 for d in draw_sets(sample))


def _cells(model: Model) -> _Cells:
    names = model.construct_names
    place = {name: i for i, name in enumerate(names)}
    arrows = np.argwhere(adjacency(model))
    effects = [(place[t], place[s]) for t in names for s in ancestors(model, t)]
    labels = [(names[t], PATH, names[s]) for t, s in arrows]
    labels += [(names[t], TOTAL, names[s]) for t, s in effects]
    labels += [(name, INDEX, "") for name in names]
    return _Cells(tuple(labels), arrows, np.array(effects, dtype=np.intp).reshape(-1, 2))


def _bootstrap(
    cells: _Cells, pair: Pair, draws: Mapping[str, Fields] | None, together: bool
) -> tuple[Floats, str]:
    """Return two-sided bootstrap p-values, or why there are none."""
    none = np.full(len(cells.labels), np.nan)
    if draws is None or not all(name in draws for name in pair):
        return none, "no bootstrap p: no bootstrap replicates"
    ok = [np.asarray(draws[name]["ok"], dtype=bool) for name in pair]
    one, other = (cells.pick(draws[name]) for name in pair)
    if together:
        ok = [ok[0] & ok[1]] * 2
    lost = max(1 - float(part.mean()) for part in ok)
    if lost > FAILED_SHARE:
        return none, f"bootstrap p withheld: {100 * lost:.1f} % of the replicates failed"
    share = paired_share if together else bootstrap_share
    return two_sided_share(share(one[ok[0]], other[ok[1]])), ""


def _test(
    pair: Pair, point: Floats, permuted: Permuted, p_bootstrap: Floats, said: str, level: float
) -> _Tested:
    count = point.shape[1]
    limits, p = np.full((2, count), np.nan), np.full(count, np.nan)
    if not permuted.withheld:
        differences = permuted.one["cells"] - permuted.other["cells"]
        limits = acceptance_region(differences, level)
        p = permutation_p(point[0] - point[1], differences)
    notes = []
    for i in range(count):
        reasons = [permuted.withheld, said]
        if not permuted.withheld and np.isnan(p[i]):
            reasons[0] = "permutation p withheld: not defined in every permutation"
        if not said and np.isnan(p_bootstrap[i]):
            reasons[1] = "bootstrap p withheld: not defined in every replicate"
        notes.append("; ".join(reason for reason in reasons if reason))
    limits = np.where(np.isnan(p), np.nan, limits)
    return _Tested(pair, point, limits, p, p_bootstrap, tuple(notes))


def _untested(pair: Pair, cells: _Cells, why: str) -> _Tested:
    none = np.full(len(cells.labels), np.nan)
    both = np.full((2, none.size), np.nan)
    return _Tested(pair, both, both, none, none, (why,) * none.size)


def _adjusted(cells: _Cells, tested: Sequence[_Tested]) -> Floats:
    """Return Holm's p-values, shape (pairs, R)."""
    p = np.array([test.p_permutation for test in tested])
    adjusted = np.full_like(p, np.nan)
    for op in (PATH, TOTAL):
        at = cells.of_kind(op)
        for i in range(len(tested)):
            adjusted[i, at] = holm(p[i, at])
    for r in cells.of_kind(INDEX):
        adjusted[:, r] = holm(p[:, r])
    return adjusted


def _rows(cells: _Cells, tested: Sequence[_Tested], engine: Engine) -> list[Row]:
    if not tested:
        return []
    rows: list[Row] = []
    for test, adjusted in zip(tested, _adjusted(cells, tested), strict=True):
        for i, (lhs, op, rhs) in enumerate(cells.labels):
            rows.append(
                {
                    "group": test.pair[0],
                    "other": test.pair[1],
                    "engine": engine,
                    "lhs": lhs,
                    "op": op,
                    "rhs": rhs,
                    "estimate": float(test.point[0, i]),
                    "other_estimate": float(test.point[1, i]),
                    "difference": float(test.point[0, i] - test.point[1, i]),
                    "limit_low": float(test.limits[0, i]),
                    "limit_high": float(test.limits[1, i]),
                    "p_permutation": float(test.p_permutation[i]),
                    "p_bootstrap": float(test.p_bootstrap[i]),
                    "p_holm": float(adjusted[i]),
                    "note": test.notes[i],
                }
            )
    return rows
