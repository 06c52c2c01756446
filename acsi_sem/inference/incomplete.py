"""What each missing-data rule makes of the rows: additive sums, and moments of them.

A rule is carried out anew in every replicate: a replicate changes the weights, the sums follow by
one matrix product, and the moments by the rule. Nothing is imputed row by row.

=========  ==================================================  ================================
rule       sums                                                moments
=========  ==================================================  ================================
complete   products of the complete cases                      of the complete cases
mean       products per pair of items                          missing answers at their item mean
em         products per missing pattern, or the weights of     maximum likelihood
           the rows of a rare one
=========  ==================================================  ================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.em_batch import EmBatch, PatternPlan, em_batch
from acsi_sem.kernels.moments import (
    Floats,
    Moments,
    mean_columns,
    moments_from_sums,
    products,
    weighted_sums,
)
from acsi_sem.kernels.pairwise_moments import (
    mean_rule_moments,
    pairwise_mean_columns,
    pairwise_products,
)
from acsi_sem.terms import IndexMeans

Ints = NDArray[np.intp]

RULES: Final = ("complete", "mean", "em")


class Reduction(Protocol):
    """A survey of n rows reduced by a missing-data rule to K additive sums.

    Sums of two sets of rows are the sum of their sums, so that those of `all` are those of its
    groups, added.
    """

    @property
    def origin(self) -> Floats:
        """Point about which sums are taken, shape (p,)."""

    @property
    def width(self) -> int:
        """K."""

    def product_rows(self, rows: Ints) -> Floats:
        """Return what a unit of weight adds to the sums, shape (m, K), of rows (m,)."""

    def sum_rows(self, weights: Floats, rows: Ints) -> Floats:
        """Return sums (B, K) of rows (m,) under weights (B, m)."""

    def moments(self, sums: Floats) -> Moments:
        """Return the moments of sums (B, K); NaN where the rule fails."""

    def problems(self, sums: Floats) -> tuple[str, ...]:
        """Say why the rule fails on each of the sums (B, K); empty texts where it does not."""

    def mean_rows(self, rows: Ints) -> Floats:
        """Return what a unit of weight adds to the means' sums, shape (m, 1 + 3p)."""

    def mean_sums(self, weights: Floats, rows: Ints) -> Floats:
        """Return sums (B, 1 + 3p) for `acsi_sem.kernels.moments.means_from_sums`."""

    def index_means(self, means: IndexMeans) -> IndexMeans:
        """Return which of the means may be taken where `means` are asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class CompleteCases:
    """Rows with a missing answer are left out.

    Attributes
    ----------
    products : ndarray, shape (n, K)
        From `acsi_sem.kernels.moments.products`.
    small : ndarray, shape (n, 1 + 3p)
        Its `mean_columns`.
    origin : ndarray, shape (p,)
    """

    products: Floats
    small: Floats
    origin: Floats

    @property
    def width(self) -> int:
        """K."""
        return int(self.products.shape[1])

    def product_rows(self, rows: Ints) -> Floats:
        """Return what a unit of weight adds to the sums, shape (m, K)."""
        return self.products[rows]

    def sum_rows(self, weights: Floats, rows: Ints) -> Floats:
        """Return sums (B, K) of rows (m,) under weights (B, m)."""
        return weighted_sums(weights, self.products[rows])

    def moments(self, sums: Floats) -> Moments:
        """Return the moments of the complete cases."""
        return moments_from_sums(sums, self.origin)

    def problems(self, sums: Floats) -> tuple[str, ...]:
        """Say where there is no complete case."""
        return tuple("" if weight > 0 else "no complete case" for weight in sums[:, 0])

    def mean_rows(self, rows: Ints) -> Floats:
        """Return complete-case and available sums of rows, shape (m, 1 + 3p)."""
        return self.small[rows]

    def mean_sums(self, weights: Floats, rows: Ints) -> Floats:
        """Return sums (B, 1 + 3p) for `acsi_sem.kernels.moments.means_from_sums`."""
        return weighted_sums(weights, self.small[rows])

    def index_means(self, means: IndexMeans) -> IndexMeans:
        """Return `means`: both kinds may be taken."""
        return means


@dataclass(frozen=True, slots=True, eq=False)
class MeanRule:
    """A missing answer is replaced by the item's mean over the answers it has.

    Attributes
    ----------
    products : ndarray, shape (n, K)
        From `acsi_sem.kernels.pairwise_moments.pairwise_products`.
    small : ndarray, shape (n, 1 + 3p)
        Its `pairwise_mean_columns` behind 1 + p zeros: there are no complete cases, so a mean over
        them is NaN rather than a wrong number.
    origin : ndarray, shape (p,)
    """

    products: Floats
    small: Floats
    origin: Floats

    @property
    def width(self) -> int:
        """K."""
        return int(self.products.shape[1])

    def product_rows(self, rows: Ints) -> Floats:
        """Return what a unit of weight adds to the sums, shape (m, K)."""
        return self.products[rows]

    def sum_rows(self, weights: Floats, rows: Ints) -> Floats:
        """Return sums (B, K) of rows (m,) under weights (B, m)."""
        return weighted_sums(weights, self.products[rows])

    def moments(self, sums: Floats) -> Moments:
        """Return the moments of all rows with an answer, missing ones at their item's mean."""
        return mean_rule_moments(sums, self.origin)

    def problems(self, sums: Floats) -> tuple[str, ...]:
        """Say where an item has no answer to take a mean of."""
        least = sums[:, 1 : 1 + self.origin.size].min(axis=1)
        return tuple("" if weight > 0 else "an item has no answer" for weight in least)

    def mean_rows(self, rows: Ints) -> Floats:
        """Return available sums of rows behind zeros, shape (m, 1 + 3p)."""
        return self.small[rows]

    def mean_sums(self, weights: Floats, rows: Ints) -> Floats:
        """Return sums (B, 1 + 3p) for `acsi_sem.kernels.moments.means_from_sums`."""
        return weighted_sums(weights, self.small[rows])

    def index_means(self, means: IndexMeans) -> IndexMeans:  # noqa: ARG002
        """Return "available": the mean of the completed rows is that of the answers."""
        return "available"


@dataclass(frozen=True, slots=True, eq=False)
class EmRule:
    """Mean and covariance matrix are estimated from all answers by maximum likelihood.

    Attributes
    ----------
    plan : PatternPlan
        Missing patterns of the whole survey.
    blocks : tuple of ndarray, shape (r, columns)
        What the r rows of each pattern add to the pattern's sums.
    pattern : ndarray of int, shape (n,)
        Pattern of each row; -1 for a row without any answer, which adds nothing.
    place : ndarray of int, shape (n,)
        Place of each row within its pattern's block.
    small : ndarray, shape (n, 1 + 3p)
        As of `CompleteCases`.
    """

    plan: PatternPlan
    blocks: tuple[Floats, ...]
    pattern: Ints
    place: Ints
    small: Floats

    @property
    def origin(self) -> Floats:
        """Point about which sums are taken, shape (p,)."""
        return self.plan.origin

    @property
    def width(self) -> int:
        """K."""
        return self.plan.width

    def product_rows(self, rows: Ints) -> Floats:
        """Return what a unit of weight adds to the sums, shape (m, K); mostly zeros."""
        found = np.zeros((rows.size, self.width))
        for at, columns, block in self._parts(rows):
            found[at, columns] = block
        return found

    def sum_rows(self, weights: Floats, rows: Ints) -> Floats:
        """Return sums (B, K) of rows (m,) under weights (B, m), pattern by pattern."""
        sums = np.zeros((weights.shape[0], self.width))
        for at, columns, block in self._parts(rows):
            sums[:, columns] = weighted_sums(weights[:, at], block)
        return sums

    def _parts(self, rows: Ints) -> list[tuple[Ints, slice, Floats]]:
        """Return, pattern by pattern, which of the rows have it, its columns, and what they add."""
        pattern = self.pattern[rows]
        order = np.argsort(pattern, kind="stable")
        starts = np.searchsorted(pattern[order], np.arange(len(self.blocks) + 1))
        ends = self.plan.offsets
        parts = []
        for j, block in enumerate(self.blocks):
            at = order[starts[j] : starts[j + 1]]
            if at.size:
                columns = slice(int(ends[j]), int(ends[j + 1]))
                parts.append((at, columns, block[self.place[rows[at]]]))
        return parts

    def estimate(self, sums: Floats) -> EmBatch:
        """Return the estimates of sums (B, K) with how each of them ended."""
        return em_batch(self.plan, sums)

    def moments(self, sums: Floats) -> Moments:
        """Return the maximum likelihood moments; mean and covariance are NaN where EM fails."""
        return self.estimate(sums).moments

    def problems(self, sums: Floats) -> tuple[str, ...]:
        """Say why EM fails."""
        return self.estimate(sums).reasons

    def mean_rows(self, rows: Ints) -> Floats:
        """Return complete-case and available sums of rows, shape (m, 1 + 3p)."""
        return self.small[rows]

    def mean_sums(self, weights: Floats, rows: Ints) -> Floats:
        """Return sums (B, 1 + 3p); the first 1 + p are over complete cases, without EM."""
        return weighted_sums(weights, self.small[rows])

    def index_means(self, means: IndexMeans) -> IndexMeans:
        """Return `means`; "complete" are the EM means of a group, but complete cases of a cell."""
        return means


def make_reduction(values: Floats, origin: Floats, rule: str) -> Reduction:
    """Reduce answers by a missing-data rule.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Answers in scale units, NaN where there is none.
    origin : ndarray, shape (p,)
        Point about which sums are taken (`acsi_sem.kernels.moments.scale_origin`).
    rule : {"complete", "mean", "em"}

    Returns
    -------
    Reduction

    Raises
    ------
    ValueError
        If there is no such rule.

    Examples
    --------
    >>> answers = np.array([[1.0, 2.0], [3.0, 6.0], [2.0, np.nan]])
    >>> made = make_reduction(answers, np.zeros(2), "mean")
    >>> made.moments(made.sum_rows(np.ones((1, 3)), np.arange(3))).mean.tolist()
    [[2.0, 4.0]]
    """
    p = origin.size
    if rule == "mean":
        rows = pairwise_products(values, origin)
        available = rows[:, pairwise_mean_columns(p)]
        return MeanRule(rows, np.hstack([np.zeros((len(rows), 1 + p)), available]), origin)
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, not {rule!r}")
    rows = products(values, origin)
    small = np.ascontiguousarray(rows[:, mean_columns(p)])
    if rule == "complete":
        return CompleteCases(rows, small, origin)
    return _em_rule(values, origin, small)


def _em_rule(values: Floats, origin: Floats, small: Floats) -> EmRule:
    """Sort rows into patterns; a pattern with fewer rows than sums is carried by row weights."""
    seen = ~np.isnan(values)
    some = np.flatnonzero(seen.any(axis=1))
    observed, found = np.unique(seen[some], axis=0, return_inverse=True)
    pattern = np.full(len(values), -1, dtype=np.intp)
    pattern[some] = found.reshape(-1)
    place = np.zeros(len(values), dtype=np.intp)
    blocks: list[Floats] = []
    basis: list[Floats | None] = []
    for j, items in enumerate(observed):
        rows = np.flatnonzero(pattern == j)
        place[rows] = np.arange(rows.size)
        d = values[np.ix_(rows, items)] - origin[items]
        block = _outer(np.hstack([np.ones((rows.size, 1)), d]))
        rare = rows.size < block.shape[1]
        basis.append(block if rare else None)
        blocks.append(np.eye(rows.size) if rare else block)
    offsets = np.cumsum([0, *(block.shape[1] for block in blocks)], dtype=np.intp)
    plan = PatternPlan(observed, offsets, tuple(basis), origin)
    return EmRule(plan, tuple(blocks), pattern, place, small)


def _outer(z: Floats) -> Floats:
    """Return vech zz' of rows z (r, k), the upper triangle row by row."""
    rows, columns = np.triu_indices(z.shape[1])
    return z[:, rows] * z[:, columns]
