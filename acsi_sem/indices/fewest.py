"""Indices that a few answers to one question would enter: fixed weights need no complete rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.indices.suppression import PUBLISHED, SMALL, suppress
from acsi_sem.inference.sample import Sample, respondents
from acsi_sem.kernels.moments import Floats
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import ALL

FEW: Final = "withheld: fewer than {minimum} answers to a question that the index rests on"
MADE: Final = "withheld: it is made of parts of which one is withheld"
TELLING: Final = "withheld: with the other groups it would tell a withheld one"


def fewest_answers(model: Model, sample: Sample, seen: NDArray[np.bool_]) -> dict[str, Floats]:
    """Return the respondents behind the least answered question of every construct.

    Parameters
    ----------
    model : Model
    sample : Sample
    seen : ndarray of bool, shape (n, p)
        Answers there are.

    Returns
    -------
    mapping of group -> ndarray, shape (q,)
    """
    starts = np.flatnonzero(np.diff(blocks(model), prepend=-1))
    found = {}
    for name, rows in sample.groups:
        counts = np.array([respondents(sample, rows, column) for column in seen[rows].T])
        found[name] = np.minimum.reduceat(counts, starts)
    return found


def parts_of(model: Model) -> dict[int, tuple[int, ...]]:
    """Return the numbers of the components of every construct that is made of others."""
    place = {name: i for i, name in enumerate(model.construct_names)}
    return {
        place[whole.name]: tuple(place[name] for name in whole.components)
        for whole in model.constructs
        if whole.components
    }


def withheld_indices(
    fewest: Mapping[str, Floats], minimum: int, parts_: Mapping[int, tuple[int, ...]] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return, per group, why the index of each construct is withheld; empty where it is not.

    Parameters
    ----------
    fewest : mapping of group -> ndarray, shape (q,)
        From `fewest_answers`.
    minimum : int
    parts_ : mapping of int -> tuple of int, optional
        From `parts_of`.

    Returns
    -------
    mapping of group -> tuple of str
        A second group goes with a small one, as all rows less the others would tell it. What is
        made of components is withheld where one of them is, and nowhere else: it is their sum.
    """
    why = {PUBLISHED: "", SMALL: FEW.format(minimum=minimum)}
    parts = [name for name in fewest if name != ALL]
    found: dict[str, NDArray[np.intp]] = {}
    if ALL in fewest:
        small = (fewest[ALL] > 0) & (fewest[ALL] < minimum)
        found[ALL] = np.where(small, SMALL, PUBLISHED)
    if parts:
        table = np.stack([fewest[name] for name in parts])
        states = np.stack([suppress(line[None, :], minimum)[0] for line in table.T], axis=1)
        found |= dict(zip(parts, states, strict=True))
    said = {
        name: [why.get(int(state), TELLING) for state in states] for name, states in found.items()
    }
    for held in said.values():
        for whole, components in (parts_ or {}).items():
            held[whole] = MADE if any(held[part] for part in components) else ""
    return {name: tuple(held) for name, held in said.items()}
