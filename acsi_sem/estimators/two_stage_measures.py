"""Criteria and shares of the components of higher-order constructs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from acsi_sem.estimators.structural import scale_ends
from acsi_sem.estimators.two_stage import Stage, TwoStageSolution
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.quality import (
    average_variance_extracted,
    composite_reliability,
    cronbach_alpha,
)
from acsi_sem.spec.graph import blocks, components
from acsi_sem.spec.model import Model


@dataclass(frozen=True, slots=True)
class ComponentQuality:
    """Reliability criteria with higher-order constructs measured by their components.

    Attributes
    ----------
    alpha, rho_c, ave : ndarray, shape (B, q)
        NaN for a single indicator or component, for Mode B, whose items need not agree, and for
        failed elements.
    """

    alpha: Floats
    rho_c: Floats
    ave: Floats


def per_construct(
    model: Model, found: TwoStageSolution, measure: Callable[[Stage], Floats]
) -> Floats:
    """Evaluate a criterion where each construct has its items.

    Parameters
    ----------
    model : Model
    found : TwoStageSolution
    measure : callable
        From a stage with c constructs to values of shape (B, c, ...).

    Returns
    -------
    ndarray, shape (B, q, ...)
        Components from stage one, all other constructs from stage two, in which the items of a
        higher-order construct are its components; NaN for failed elements.
    """
    parts = components(model)
    one, two = measure(found.first), measure(found.second)
    columns = [
        one[:, found.first.model.construct_names.index(name)]
        if name in parts
        else two[:, found.second.model.construct_names.index(name)]
        for name in model.construct_names
    ]
    values = np.stack(columns, axis=1)
    values[found.failed_stage != 0] = np.nan
    return values


def component_quality(model: Model, found: TwoStageSolution) -> ComponentQuality:
    """Return reliability and AVE of every construct, a higher-order one from its components.

    Parameters
    ----------
    model : Model
    found : TwoStageSolution

    Notes
    -----
    On the repeated items these criteria would measure the components' reliability again, not how
    well the components agree; Sarstedt et al. (2019) and Becker et al. (2023) take the components
    as the items, as here. Items and components that the weights policy holds at zero are left out.

    References
    ----------
    As `solve_two_stage`, and of the criteria as in `acsi_sem.kernels.quality`.
    """
    values = per_construct(model, found, _criteria)
    return ComponentQuality(*np.moveaxis(values, -1, 0))


def _criteria(stage: Stage) -> Floats:
    """Return alpha, rho_C and AVE of the items that are left, shape (B, c, 3)."""
    solution, block = stage.solution, blocks(stage.model)
    found = np.full((*solution.r2.shape, 3), np.nan)
    left, which = np.unique(~solution.bound, axis=0, return_inverse=True)
    for i, items in enumerate(left):
        at, own = np.flatnonzero(which.ravel() == i), block[items]
        loadings = solution.loadings[np.ix_(at, items)]
        found[at, :, 0] = cronbach_alpha(stage.correlation[np.ix_(at, items, items)], own)
        found[at, :, 1] = composite_reliability(loadings, own)
        found[at, :, 2] = average_variance_extracted(loadings, own)
    formative = stage.modes & (np.bincount(block) > 1)
    return np.where(formative[:, None], np.nan, found)


def component_shares(model: Model, index_weights: Floats) -> Floats:
    """Return the share of each component's 0-100 index in that of its higher-order construct.

    Parameters
    ----------
    model : Model
    index_weights : ndarray, shape (B, p)
        Unstandardised weights of the indicators: outer weight over standard deviation.

    Returns
    -------
    ndarray, shape (B, k)
        In the order of ``TwoStageSolution.parts``; the shares of a higher-order construct sum to
        one, and its index is the mean of its components' indices with these weights. A point of
        a component is therefore worth its share of a point of the higher-order construct, and
        its impact on any other construct is this share of that construct's impact.
    """
    low, high = scale_ends(model)
    reach, block = index_weights * (high - low), blocks(model)
    owner = {i.name: c.name for c in model.constructs if not c.components for i in c.indicators}
    owners = np.array([owner[item.name] for item in model.indicators])
    columns: list[Floats] = []
    for i, construct in enumerate(model.constructs):
        for part in construct.components:
            here = (block == i) & (owners == part)
            columns.append(reach[:, here].sum(axis=1) / reach[:, block == i].sum(axis=1))
    return np.stack(columns, axis=1)
