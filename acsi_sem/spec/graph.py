"""Questions about the arrows and the levels of a model."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem
from acsi_sem.spec.model import Construct, Model


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
    """Return the constructs that no arrow enters, in construct order.

    Components of a higher-order construct are not among them: they have no place in the paths.
    """
    parts = components(model)
    outer = (name for name in model.construct_names if name not in parts)
    return tuple(name for name in outer if not sources_of(model, name))


def higher_order(model: Model) -> tuple[Construct, ...]:
    """Return the constructs that are made of others, in construct order."""
    return tuple(construct for construct in model.constructs if construct.components)


def components(model: Model) -> dict[str, str]:
    """Return the higher-order construct of every component, component by component."""
    wholes = higher_order(model)
    return {part: construct.name for construct in wholes for part in construct.components}


def higher_order_problems(model: Model, place: str, engine: str) -> Iterator[Problem]:
    """Say why an engine that knows no higher-order constructs cannot fit a model.

    Parameters
    ----------
    model : Model
    place : str
        Where the engine was asked for, e.g. ``request``.
    engine : str

    Yields
    ------
    Problem
        One, naming every higher-order construct; none when the model has none.
    """
    names = ", ".join(construct.name for construct in higher_order(model))
    if names:
        yield Problem(
            place,
            "engine",
            "engine pls or ols for a model with higher-order constructs",
            f"{engine} ({names})",
            "use these engines, or give the construct indicators in place of components",
        )


def answer_places(model: Model) -> NDArray[np.intp]:
    """Return, for each indicator in order, its place among ``model.answers``; shape (p,).

    The places are 0 to p-1 in a model without higher-order constructs. Columns of answers become
    columns of indicators by ``values[:, answer_places(model)]``, moments likewise.
    """
    place = {item.name: i for i, item in enumerate(model.answers)}
    return np.array([place[item.name] for item in model.indicators], dtype=np.intp)


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
