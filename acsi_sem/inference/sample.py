"""A survey reduced to row products, with who is drawn together with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from acsi_sem.inference.apart import within_groups
from acsi_sem.inference.incomplete import CompleteCases, MeanRule, Reduction, make_reduction
from acsi_sem.inference.raked import Raking
from acsi_sem.kernels.moments import Floats, Moments, scale_origin
from acsi_sem.survey.survey import ReplicateWeights, Survey
from acsi_sem.terms import ALL, MissingRule

Ints = NDArray[np.intp]


class Raked(Protocol):
    """Weights that meet targets, and meet them again in every replicate."""

    def rerake(self, weights: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return weights (B, n) that meet the targets, and which replicates do."""
        ...

    def residuals(self, influence: Floats, weights: Floats) -> Floats:
        """Return influence (n, R) less what the targets explain of it."""
        ...


@dataclass(frozen=True, slots=True)
class Sample:
    """What estimation needs of a survey.

    Attributes
    ----------
    products : ndarray, shape (n, k)
        What a unit of weight adds to the sums; without columns under EM, whose moments are not
        differentiated.
    origin : ndarray, shape (p,)
    weights : ndarray, shape (n,)
        As in the survey's design.
    frequency : bool
        True when a weight counts respondents.
    strata, psu : ndarray of int, shape (n,)
        Numbers from 0; each row is its own PSU where the survey has none, numbered by what it
        says (`row_ranks`).
    designed : bool
        True when the survey names strata, PSUs or the size of its population.
    groups : tuple of (name, rows)
        ``all`` first, unless `apart`, then each group with its row numbers.
    reduction : Reduction
        How weighted rows become moments, by the rule for missing answers.
    sampled : ndarray, shape (n,), or None
        Sampling fraction of each row's stratum, where the population is finite.
    raking : Raked or None
        Targets that every replicate's weights meet again.
    base : ndarray, shape (n,), or None
        Weights before they were raked.
    columns : ReplicateWeights or None
        Replicate weights that came with the survey.
    apart : bool
        True when groups are populations of their own: units are drawn within each alone, whatever
        the others hold, and there is no `all`.
    joined : mapping of group -> int
        Strata with a single unit, which are taken together where groups are drawn apart.
    """

    products: Floats
    origin: Floats
    weights: Floats
    frequency: bool
    strata: Ints
    psu: Ints
    designed: bool
    groups: tuple[tuple[str, Ints], ...]
    reduction: Reduction
    sampled: Floats | None = None
    raking: Raked | None = None
    base: Floats | None = None
    columns: ReplicateWeights | None = None
    apart: bool = False
    joined: Mapping[str, int] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[tuple[str, Ints], ...]:
        """The groups that together make `all`, or `all` itself."""
        return tuple(group for group in self.groups if group[0] != ALL) or self.groups

    def rows_of(self, group: str) -> Ints:
        """Return the row numbers of a group."""
        return dict(self.groups)[group]

    def moments(self, sums: Floats) -> Moments:
        """Return the moments of sums (B, K) of rows."""
        return self.reduction.moments(sums)


def make_sample(survey: Survey, rule: MissingRule = "complete", *, whole: bool = True) -> Sample:
    """Reduce a survey to row products; its rows are not touched again but by weights.

    Parameters
    ----------
    survey : Survey
    rule : {"complete", "mean", "em", "fiml"}
        What to do about missing answers; FIML reads the rows itself.
    whole : bool
        Whether there is an `all` beside the groups; without it they are drawn apart.
    """
    n = survey.values.shape[0]
    origin = scale_origin(survey.low, survey.high)
    design = survey.design
    every = np.arange(n)
    apart = not whole and survey.groups is not None
    groups: list[tuple[str, Ints]] = [] if apart else [(ALL, every)]
    if survey.groups is not None:
        codes = survey.groups.codes
        groups += [
            (name, np.flatnonzero(codes == i)) for i, name in enumerate(survey.groups.values)
        ]
    strata = np.zeros(n, dtype=np.intp) if design.strata is None else design.strata
    psu = row_ranks(survey) if design.psu is None else design.psu
    joined: dict[str, int] = {}
    if apart:
        strata, psu, joined = within_groups(survey, psu)
    reduction = make_reduction(survey.values, origin, "complete" if rule == "fiml" else rule)
    products = np.zeros((n, 0))
    if isinstance(reduction, CompleteCases | MeanRule):
        products = reduction.products
    return Sample(
        products=products,
        origin=origin,
        weights=design.weights,
        frequency=design.weight_kind == "frequency",
        strata=strata,
        psu=psu,
        designed=any(part is not None for part in (design.strata, design.psu, design.sampled)),
        groups=tuple(groups),
        reduction=reduction,
        sampled=_fractions(design.sampled, strata) if joined else design.sampled,
        raking=None if design.raking is None else Raking(design.raking),
        base=None if design.raking is None else design.raking.base,
        columns=design.replicates,
        apart=apart,
        joined=joined,
    )


def _fractions(sampled: Floats | None, strata: Ints) -> Floats | None:
    """Return sampling fractions of joined strata: the least, which takes off the least."""
    if sampled is None:
        return None
    least = np.full(int(strata.max()) + 1, np.inf)
    np.minimum.at(least, strata, sampled)
    return np.asarray(least[strata])


def row_ranks(survey: Survey) -> Ints:
    """Number the rows by what they say, so that what is drawn does not depend on their order.

    Parameters
    ----------
    survey : Survey
        Of n rows.

    Returns
    -------
    ndarray of int, shape (n,)
        A rank each; rows that say the same, weights and all, follow each other as they stand,
        which makes no difference as they may stand for each other.
    """
    design = survey.design
    if design.ranks is not None:
        return design.ranks
    columns: list[NDArray[Any]] = [np.nan_to_num(part, nan=-np.inf) for part in survey.values.T]
    columns += [factor.codes for factor in survey.factors]
    columns += [] if survey.groups is None else [survey.groups.codes]
    columns += [part for part in (design.strata, design.sampled) if part is not None]
    columns.append(design.weights / design.weights.max())
    order = np.lexsort(columns)
    ranks = np.empty(order.size, dtype=np.intp)
    ranks[order] = np.arange(order.size)
    return ranks


def point_sums(sample: Sample, rows: Ints) -> Floats:
    """Return the weighted sums of some rows, shape (1, k)."""
    return sample.reduction.sum_rows(sample.weights[rows][None, :], rows)


def group_moments(sample: Sample) -> Moments:
    """Return the moments of every group as one batch, in the order of ``sample.groups``."""
    sums = np.concatenate([point_sums(sample, rows) for _, rows in sample.groups])
    return sample.moments(sums)


def respondents(sample: Sample, rows: Ints, answered: NDArray[np.bool_]) -> float:
    """Count the respondents behind those of `rows` that answered.

    Parameters
    ----------
    rows : ndarray of int, shape (m,)
    answered : ndarray of bool, shape (m,)

    Returns
    -------
    float
        Number of rows, or the sum of frequencies.
    """
    if sample.frequency:
        return float(sample.weights[rows][answered].sum())
    return float(answered.sum())


def effective_size(sample: Sample, rows: Ints, answered: NDArray[np.bool_]) -> float:
    """Return Kish's effective number of respondents, (sum w)^2 / sum w^2.

    References
    ----------
    Kish (1965), Survey Sampling.
    """
    weights = sample.weights[rows][answered]
    if sample.frequency or not weights.size:
        return float(weights.sum())
    scaled = weights / weights.max()
    return float(scaled.sum() ** 2 / (scaled**2).sum())
