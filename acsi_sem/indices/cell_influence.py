"""Acceleration of the indices of parts of a group, which rest on the part and on the group.

A part's index uses the part's item means and the weights estimated on the whole group, so a row
acts on it through the weights, and, if it is in the part, through the means as well.
"""

from __future__ import annotations

import numpy as np

from acsi_sem.estimators.structural import scale_ends
from acsi_sem.inference.influence import Slopes, Tangent, row_influence, unit_acceleration
from acsi_sem.inference.sample import Ints, point_sums
from acsi_sem.kernels.index_slopes import index_slopes, mean_slopes
from acsi_sem.kernels.moments import Floats, mean_columns, means_from_sums
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import IndexMeans


def cell_accelerations(
    model: Model, tangent: Tangent, codes: Ints, categories: int, weights: Floats, means: IndexMeans
) -> Floats:
    """Return the acceleration of every cell's indices.

    Parameters
    ----------
    model : Model
    tangent : Tangent
        Of the group and the engine that scores it.
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
        If the tangent was made of an estimator without the field ``index_weights``.
    """
    if tangent.index_weights is None:
        raise ValueError("the estimator gave no field index_weights to differentiate")
    own = codes[tangent.units.rows]
    cells = [
        _cell(model, tangent, tangent.index_weights, np.flatnonzero(own == k), weights, means)
        for k in range(categories)
    ]
    found = np.array(cells).reshape(categories, len(model.constructs))
    starts = np.flatnonzero(np.diff(blocks(model), prepend=-1))
    smooth = np.logical_and.reduceat(tangent.index_weights.smooth, starts)
    return np.where(smooth, found, np.nan)


def _cell(
    model: Model,
    tangent: Tangent,
    index_weights: Slopes,
    inside: Ints,
    weights: Floats,
    means: IndexMeans,
) -> Floats:
    """Return the acceleration of one cell's indices, shape (q,)."""
    sample, units = tangent.sample, tangent.units
    columns = mean_columns(sample.origin.size)
    rows = units.rows[inside]
    sums = point_sums(sample, rows)[:, columns]
    centre = means_from_sums(sums, sample.origin, means)
    block = blocks(model)
    by_mean, by_weight = index_slopes(centre, weights[None, :], *scale_ends(model), block)
    member = np.eye(len(model.constructs))[block]
    influence = row_influence(sample, units, index_weights.by_sum @ (by_weight.T * member))
    by_cell_sum = mean_slopes(sums[0], means) @ (by_mean.T * member)
    answers = sample.products[rows][:, columns] @ by_cell_sum
    influence[inside] += answers * units.weights[inside, None]
    return unit_acceleration(units, influence)
