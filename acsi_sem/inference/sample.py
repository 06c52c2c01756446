"""A survey reduced to row products, with who is drawn together with whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.moments import (
    Floats,
    Moments,
    moments_from_sums,
    products,
    scale_origin,
    weighted_sums,
)
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import ALL

Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Sample:
    """What estimation needs of a survey.

    Attributes
    ----------
    products : ndarray, shape (n, k)
        From `acsi_sem.kernels.moments.products`.
    origin : ndarray, shape (p,)
    weights : ndarray, shape (n,)
        As in the survey's design.
    frequency : bool
        True when a weight counts respondents.
    strata, psu : ndarray of int, shape (n,)
        Numbers from 0; each row is its own PSU where the survey has none.
    designed : bool
        True when the survey names strata or PSUs.
    groups : tuple of (name, rows)
        ``all`` first, then each group with its row numbers.
    """

    products: Floats
    origin: Floats
    weights: Floats
    frequency: bool
    strata: Ints
    psu: Ints
    designed: bool
    groups: tuple[tuple[str, Ints], ...]

    @property
    def parts(self) -> tuple[tuple[str, Ints], ...]:
        """The groups that together make `all`, or `all` itself."""
        return self.groups[1:] or self.groups

    def rows_of(self, group: str) -> Ints:
        """Return the row numbers of a group."""
        return dict(self.groups)[group]


def make_sample(survey: Survey) -> Sample:
    """Reduce a survey to row products; its rows are not touched again but by weights."""
    n = survey.values.shape[0]
    origin = scale_origin(survey.low, survey.high)
    design = survey.design
    every = np.arange(n)
    groups: list[tuple[str, Ints]] = [(ALL, every)]
    if survey.groups is not None:
        codes = survey.groups.codes
        groups += [
            (name, np.flatnonzero(codes == i)) for i, name in enumerate(survey.groups.values)
        ]
    return Sample(
        products=products(survey.values, origin),
        origin=origin,
        weights=design.weights,
        frequency=design.weight_kind == "frequency",
        strata=np.zeros(n, dtype=np.intp) if design.strata is None else design.strata,
        psu=every if design.psu is None else design.psu,
        designed=design.strata is not None or design.psu is not None,
        groups=tuple(groups),
    )


def point_sums(sample: Sample, rows: Ints) -> Floats:
    """Return the weighted sums of some rows, shape (1, k)."""
    return weighted_sums(sample.weights[rows][None, :], sample.products[rows])


def group_moments(sample: Sample) -> Moments:
    """Return the moments of every group as one batch, in the order of ``sample.groups``."""
    sums = np.concatenate([point_sums(sample, rows) for _, rows in sample.groups])
    return moments_from_sums(sums, sample.origin)


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
