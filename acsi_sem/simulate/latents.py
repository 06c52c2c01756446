"""Latent variables with a known structure, drawn from a model's arrows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.spec.graph import adjacency, blocks, components
from acsi_sem.spec.model import Model

Floats = NDArray[np.float64]

EXPLAINED: Final = 0.6
"""Share of a construct's variance that its sources explain where no effect is given."""

OPEN: Final = 0.05
"""Effect of an arrow of either sign."""

_LARGEST: Final = 0.8
_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Structure:
    """A model's true values, in standard units.

    Attributes
    ----------
    paths : ndarray, shape (q, q)
        ``[target, source]``: effect of a standardised source on its standardised target; a
        component's loading on its higher-order construct stands here as well.
    loadings : ndarray, shape (p,)
        Correlation of each indicator's underlying response with its construct.
    disturbances : ndarray, shape (q,)
        Variance of each construct that its sources do not explain; constructs have variance 1.
    common : ndarray, shape (q,), or shape (0,)
        Loadings of the constructs on one factor behind them all; empty where arrows say what
        goes together.
    """

    paths: Floats
    loadings: Floats
    disturbances: Floats
    common: Floats = field(default_factory=lambda: np.zeros(0))


def make_structure(
    model: Model,
    effects: Mapping[tuple[str, str], float],
    loadings: Mapping[str, float],
    explained: float = EXPLAINED,
    loading: float = 0.85,
) -> Structure:
    """Give every arrow and indicator of a model its true value.

    Parameters
    ----------
    model : Model
    effects : mapping of (source, target) to float
        Effects in standard units. The other arrows into a construct share one size, with the
        signs that the model expects, such that all its sources together explain `explained` of
        its variance; an arrow of either sign gets `OPEN`.
    loadings : mapping of indicator to float
        Loadings; others get `loading`. A single indicator is its construct: loading 1.
    explained : float
        Between 0 and 1.
    loading : float
        Also of a component on its higher-order construct, and of the constructs of a composite
        index on the one factor behind them.

    Returns
    -------
    Structure

    Raises
    ------
    ValueError
        When the sources of a construct would explain all of its variance or more.
    """
    place = {name: i for i, name in enumerate(model.construct_names)}
    paths, signs = np.zeros((len(place), len(place))), np.zeros((len(place), len(place)))
    for path in model.paths:
        at, given = (place[path.target], place[path.source]), (path.source, path.target)
        if given in effects or path.sign == "any":
            paths[at] = effects.get(given, OPEN)
        else:
            signs[at] = -1.0 if path.sign == "negative" else 1.0
    items = _loadings(model, loadings, loading)
    if model.kind == "composite":
        common = np.full(len(place), loading)
        return Structure(paths, items, 1 - common**2, common)
    for part, whole in components(model).items():
        paths[place[part], place[whole]] = loading
    return Structure(paths, items, _solve(model, paths, signs, explained))


def _loadings(model: Model, loadings: Mapping[str, float], loading: float) -> Floats:
    sizes = np.bincount(blocks(model), minlength=len(model.constructs))[blocks(model)]
    own = [loadings.get(item.name, loading) for item in model.indicators]
    return np.where(sizes == 1, 1.0, np.array(own, dtype=float))


def topological_order(model: Model) -> tuple[int, ...]:
    """Return construct numbers such that every source stands before its targets.

    A higher-order construct stands before its components.
    """
    arrows, place = adjacency(model), {name: i for i, name in enumerate(model.construct_names)}
    for part, whole in components(model).items():
        arrows[place[part], place[whole]] = True
    order: list[int] = []
    while len(order) < len(arrows):
        ready = [i for i in range(len(arrows)) if i not in order]
        order += [i for i in ready if set(np.flatnonzero(arrows[i])) <= set(order)]
    return tuple(order)


def _solve(model: Model, paths: Floats, signs: Floats, explained: float) -> Floats:
    """Fill open effects into `paths`, sources first; return the unexplained variances."""
    correlations = np.eye(len(paths))
    variances = np.ones(len(paths))
    done: list[int] = []
    for i in topological_order(model):
        among = correlations[np.ix_(done, done)]
        if signs[i].any():
            paths[i] += signs[i] * _size(among, paths[i, done], signs[i, done], explained)
        with_others = among @ paths[i, done]
        variances[i] = 1 - paths[i, done] @ with_others
        if variances[i] <= 0:
            name = model.construct_names[i]
            raise ValueError(f"the sources of {name} explain all of its variance or more")
        correlations[i, done] = correlations[done, i] = with_others
        done.append(i)
    return variances


def _size(among: Floats, given: Floats, signs: Floats, explained: float) -> float:
    """Return b such that effects given + b signs explain `explained`, at most `_LARGEST`.

    b solves s'Rs b^2 + 2 s'Rf b + f'Rf = explained; where what is given explains that much
    already, the others are as small as an arrow of either sign.
    """
    square, cross = signs @ among @ signs, signs @ among @ given
    beyond = given @ among @ given - explained
    if beyond >= 0 or square < _LEAST:
        return OPEN
    root = (-cross + np.sqrt(cross**2 - square * beyond)) / square
    return min(float(root), _LARGEST)


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
    if structure.common.size:
        noise += np.multiply.outer(rng.standard_normal(len(lift)), structure.common)
    latents = np.zeros(lift.shape)
    for i in topological_order(model):
        latents[:, i] = latents @ structure.paths[i] + noise[:, i] + lift[:, i]
    return latents


def draw_responses(
    model: Model, structure: Structure, latents: Floats, rng: np.random.Generator
) -> Floats:
    """Draw the continuous response underlying each answer; shape (n, p).

    The block of a higher-order construct repeats the answers of its components, for which only
    the components' own responses are answers.
    """
    error = rng.standard_normal((len(latents), len(structure.loadings)))
    of_construct = latents[:, blocks(model)]
    responses: Floats = (
        structure.loadings * of_construct + np.sqrt(1 - structure.loadings**2) * error
    )
    return responses
