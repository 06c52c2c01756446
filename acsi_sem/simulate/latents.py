"""Latent variables with a known structure, drawn from a model's arrows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Structure:
    """A model's true values, in standard units.

    Attributes
    ----------
    paths : ndarray, shape (q, q)
        ``[target, source]``: effect of a standardised source on its standardised target.
    loadings : ndarray, shape (p,)
        Correlation of each indicator's underlying response with its construct.
    disturbances : ndarray, shape (q,)
        Variance of each construct that its sources do not explain; constructs have variance 1.
    """

    paths: Floats
    loadings: Floats
    disturbances: Floats


def make_structure(
    model: Model,
    effects: Mapping[tuple[str, str], float],
    loadings: Mapping[str, float],
    effect: float = 0.4,
    loading: float = 0.85,
) -> Structure:
    """Give every arrow and indicator of a model its true value.

    Parameters
    ----------
    effects : mapping of (source, target) to float
        Effects in standard units; other arrows get `effect` with the sign the model expects.
    loadings : mapping of indicator to float
        Loadings; others get `loading`. A single indicator is its construct: loading 1.

    Raises
    ------
    ValueError
        When the sources of a construct would explain all of its variance or more.
    """
    place = {name: i for i, name in enumerate(model.construct_names)}
    paths = np.zeros((len(place), len(place)))
    for path in model.paths:
        default = -effect if path.sign == "negative" else effect
        value = effects.get((path.source, path.target), default)
        paths[place[path.target], place[path.source]] = value
    sizes = np.bincount(blocks(model), minlength=len(place))[blocks(model)]
    own = [loadings.get(item.name, loading) for item in model.indicators]
    return Structure(
        paths, np.where(sizes == 1, 1.0, np.array(own, dtype=float)), _disturbances(model, paths)
    )


def topological_order(model: Model) -> tuple[int, ...]:
    """Return construct numbers such that every source stands before its targets."""
    arrows = adjacency(model)
    order: list[int] = []
    while len(order) < len(arrows):
        ready = [i for i in range(len(arrows)) if i not in order]
        order += [i for i in ready if set(np.flatnonzero(arrows[i])) <= set(order)]
    return tuple(order)


def _disturbances(model: Model, paths: Floats) -> Floats:
    correlations = np.eye(len(paths))
    variances = np.ones(len(paths))
    done: list[int] = []
    for i in topological_order(model):
        with_others = correlations[np.ix_(done, done)] @ paths[i, done]
        variances[i] = 1 - paths[i, done] @ with_others
        if variances[i] <= 0:
            name = model.construct_names[i]
            raise ValueError(f"the sources of {name} explain all of its variance or more")
        correlations[i, done] = correlations[done, i] = with_others
        done.append(i)
    return variances


def draw_latents(
    model: Model, structure: Structure, lift: Floats, rng: np.random.Generator
) -> Floats:
    """Draw the constructs of each respondent.

    Parameters
    ----------
    lift : ndarray, shape (n, q)
        What is added to each construct before it acts on others, in standard deviations.

    Returns
    -------
    ndarray, shape (n, q)
        Standard normal where `lift` is zero.
    """
    noise = rng.standard_normal(lift.shape) * np.sqrt(structure.disturbances)
    latents = np.zeros(lift.shape)
    for i in topological_order(model):
        latents[:, i] = latents @ structure.paths[i] + noise[:, i] + lift[:, i]
    return latents


def draw_responses(
    model: Model, structure: Structure, latents: Floats, rng: np.random.Generator
) -> Floats:
    """Draw the continuous response underlying each answer; shape (n, p)."""
    error = rng.standard_normal((len(latents), len(structure.loadings)))
    of_construct = latents[:, blocks(model)]
    responses: Floats = (
        structure.loadings * of_construct + np.sqrt(1 - structure.loadings**2) * error
    )
    return responses
