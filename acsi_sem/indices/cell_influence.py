"""Influence on the indices of parts of a group, which rest on the part and on the group.

A part's index uses the part's item means and the weights estimated on the whole group, so a row
acts on it through the weights, and, if it is in the part, through the means as well.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from acsi_sem.estimators.structural import scale_ends
from acsi_sem.inference.influence import Measure, Slopes, Units, row_influence
from acsi_sem.inference.sample import Ints, Sample
from acsi_sem.kernels.index_slopes import index_slopes, mean_slopes
from acsi_sem.kernels.moments import Floats, means_from_sums
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import IndexMeans


class Local(Protocol):
    """What an engine's influence on a group is made of: a `Tangent`, or a `Linearised`."""

    @property
    def sample(self) -> Sample:
        """The survey, reduced."""

    @property
    def units(self) -> Units:
        """What is drawn."""

    @property
    def index_weights(self) -> Slopes | None:
        """Derivatives of the group's index weights."""


def cell_measures(
    model: Model,
    local: Local,
    measure: Measure,
    codes: Ints,
    categories: int,
    weights: Floats,
    means: IndexMeans,
) -> Floats:
    """Return a measure of the influence on every cell's indices.

    Parameters
    ----------
    model : Model
    local : Tangent or Linearised
        Of the group and the engine that scores it.
    measure : callable
        `acsi_sem.inference.influence.unit_acceleration`, or
        `acsi_sem.inference.linearised.unit_errors`.
    codes : ndarray of int, shape (n,)
        Category of each row of the survey, -1 for none.
    categories : int
    weights : ndarray, shape (p,)
        The group's index weights.
    means : {"available", "complete"}

    Returns
    -------
    ndarray, shape (categories, q)
        NaN where an index weight of the construct is not smooth.

    Raises
    ------
    ValueError
        If it was made of an estimator without the field ``index_weights``.
    """
    if local.index_weights is None:
        raise ValueError("the estimator gave no field index_weights to differentiate")
    own = codes[local.units.rows]
    cells = [
        measure(
            local.units,
            _cell(model, local, local.index_weights, np.flatnonzero(own == k), weights, means),
        )
        for k in range(categories)
    ]
    found = np.array(cells).reshape(categories, len(model.constructs))
    starts = np.flatnonzero(np.diff(blocks(model), prepend=-1))
    smooth = np.logical_and.reduceat(local.index_weights.smooth, starts)
    return np.where(smooth, found, np.nan)


def _cell(
    model: Model,
    local: Local,
    index_weights: Slopes,
    inside: Ints,
    weights: Floats,
    means: IndexMeans,
) -> Floats:
    """Return the influence of the group's rows on one cell's indices, shape (m, q)."""
    sample, units = local.sample, local.units
    rows = units.rows[inside]
    sums = sample.reduction.mean_sums(sample.weights[rows][None, :], rows)
    centre = means_from_sums(sums, sample.origin, means)
    block = blocks(model)
    by_mean, by_weight = index_slopes(centre, weights[None, :], *scale_ends(model), block)
    member = np.eye(len(model.constructs))[block]
    influence = row_influence(sample, units, index_weights.by_sum @ (by_weight.T * member))
    by_cell_sum = mean_slopes(sums[0], means) @ (by_mean.T * member)
    answers = sample.reduction.mean_rows(rows) @ by_cell_sum
    influence[inside] += answers * units.weights[inside, None]
    return influence
