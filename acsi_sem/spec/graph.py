"""Questions about the arrows of a model."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from acsi_sem.spec.model import Model


def blocks(model: Model) -> NDArray[np.intp]:
    """Return, for each indicator in order, the number of its construct; shape (p,)."""
    sizes = [len(construct.indicators) for construct in model.constructs]
    return np.repeat(np.arange(len(sizes)), sizes)


def adjacency(model: Model) -> NDArray[np.bool_]:
    """Return the arrows as a matrix, shape (q, q): ``[target, source]`` is True where one runs."""
    place = {name: i for i, name in enumerate(model.construct_names)}
    arrows = np.zeros((len(place), len(place)), dtype=bool)
    for path in model.paths:
        arrows[place[path.target], place[path.source]] = True
    return arrows


def sources_of(model: Model, target: str) -> tuple[str, ...]:
    """Return the constructs with an arrow into `target`, in construct order."""
    into = {path.source for path in model.paths if path.target == target}
    return tuple(name for name in model.construct_names if name in into)


def endogenous(model: Model) -> tuple[str, ...]:
    """Return the constructs that some arrow enters, in construct order."""
    return tuple(name for name in model.construct_names if sources_of(model, name))


def exogenous(model: Model) -> tuple[str, ...]:
    """Return the constructs that no arrow enters, in construct order."""
    return tuple(name for name in model.construct_names if not sources_of(model, name))


def ancestors(model: Model, target: str) -> tuple[str, ...]:
    """Return every construct from which arrows lead to `target`, in construct order."""
    found: set[str] = set()
    frontier = {target}
    while frontier:
        frontier = {p.source for p in model.paths if p.target in frontier} - found
        found |= frontier
    return tuple(name for name in model.construct_names if name in found)


def find_cycle(arrows: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return one cycle of a source -> targets mapping, or () when there is none.

    Examples
    --------
    >>> find_cycle({"a": ["b"], "b": ["c"], "c": ["a"]})
    ('a', 'b', 'c', 'a')
    """
    sources: dict[str, list[str]] = {}
    for source, targets in arrows.items():
        for target in targets:
            sources.setdefault(target, []).append(source)
    try:
        graphlib.TopologicalSorter(sources).prepare()
    except graphlib.CycleError as error:
        return _from_first(error.args[1], list(arrows))
    return ()


def _from_first(cycle: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
    """Turn a closed cycle so that it starts with its first member in `order`."""
    start = min(range(len(cycle) - 1), key=lambda i: order.index(cycle[i]))
    return (*cycle[start:-1], *cycle[: start + 1])
