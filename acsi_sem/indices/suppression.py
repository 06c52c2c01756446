"""Which cells of a breakdown are withheld, so that nothing can be worked out from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

PUBLISHED, SMALL, SECONDARY = 0, 1, 2
_RANK: Final = 1e-9


def suppress(counts: NDArray[np.float64], minimum: int) -> NDArray[np.intp]:
    """Withhold small cells of a groups-by-categories table whose row margins are published.

    Parameters
    ----------
    counts : ndarray, shape (1 + g, k)
        Respondents per cell. The first row is the whole survey, the others its groups; without
        groups it stands alone. Empty cells hide nobody and protect nobody.
    minimum : int
        Smaller cells are withheld.

    Returns
    -------
    ndarray of int, shape (1 + g, k)
        0 published, 1 withheld for its size, 2 withheld to protect another.

    Notes
    -----
    What is withheld in a row, or among a category's groups and its whole, equals a margin less the
    rest. So whatever a line withholds must be at least two cells of `minimum` respondents together;
    else the smallest published cell of the line is withheld too; and so on until no hidden cell
    follows from all lines together. The only category of a row that
    anybody is in cannot be withheld: it is the row's published margin.

    References
    ----------
    Cox (1980), Journal of the American Statistical Association 75, 377-385.

    Examples
    --------
    >>> suppress(np.array([[20.0, 60.0, 90.0]]), 50)
    array([[1, 2, 0]])
    """
    filled = counts > 0
    state = np.where(filled & (counts < minimum), SMALL, PUBLISHED)
    known = filled & (filled.sum(axis=1, keepdims=True) == 1)
    lines = [*zip(counts, state, known, strict=True)]
    if counts.shape[0] > 1:
        lines += zip(counts.T, state.T, known.T, strict=True)
    told = counts.sum(axis=1) >= minimum
    while _protect_lines(lines, minimum) or _protect_joint(counts, state, told, known):
        pass
    return state


Line = tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.bool_]]


def _protect_lines(lines: Sequence[Line], minimum: int) -> bool:
    """Protect every line as often as it takes, in place; False when nothing was to be done."""
    changed = False
    while any(_protect_line(*line, minimum) for line in lines):
        changed = True
    return changed


def _protect_joint(
    counts: NDArray[np.float64],
    state: NDArray[np.intp],
    told: NDArray[np.bool_],
    known: NDArray[np.bool_],
) -> bool:
    """Withhold one cell more, in place, where hidden cells follow from all lines together.

    Two hidden cells in every line are not enough: a cell that alone joins two blocks of hidden ones
    is the difference of their sums.
    """
    hidden = (counts > 0) & (state != PUBLISHED)
    if min(counts.shape) < 2 or not hidden.any():
        return False
    found = follows(hidden, told)
    beside = np.add.outer(found.any(axis=1), found.any(axis=0))
    open_ = beside & (counts > 0) & (state == PUBLISHED) & ~known
    if not open_.any():
        return False
    at = np.unravel_index(np.argmin(np.where(open_, counts, np.inf)), counts.shape)
    state[at] = SECONDARY
    return True


def follows(hidden: NDArray[np.bool_], told: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the hidden cells that follow from the rest of a table and its margins.

    Parameters
    ----------
    hidden : ndarray of bool, shape (1 + g, k)
        The first row is the sum of the others.
    told : ndarray of bool, shape (1 + g,)
        Rows whose margin is published.

    Returns
    -------
    ndarray of bool, shape (1 + g, k)

    Notes
    -----
    A cell is known when it is orthogonal to the null space of the equations.

    Examples
    --------
    >>> follows(np.array([[False, False], [True, True], [True, False]]), np.array([True] * 3))
    array([[False, False],
           [ True,  True],
           [ True, False]])
    """
    places = np.argwhere(hidden)
    found = np.zeros(hidden.shape, dtype=np.bool_)
    if places.size:
        rows, columns = places.T
        at = np.arange(len(places))
        equations = np.zeros((sum(hidden.shape), len(places)))
        equations[rows, at] = told[rows]
        equations[hidden.shape[0] + columns, at] = np.where(rows, 1.0, -1.0)
        _, sizes, turned = np.linalg.svd(equations)
        free = turned[(sizes > _RANK).sum() :]
        found[rows, columns] = np.abs(free).max(axis=0, initial=0.0) < _RANK
    return found


def _protect_line(
    counts: NDArray[np.float64],
    state: NDArray[np.intp],
    known: NDArray[np.bool_],
    minimum: int,
) -> bool:
    """Withhold the smallest published cell of a line that hides too little, in place."""
    hidden = np.flatnonzero((state != PUBLISHED) & (counts > 0))
    published = np.flatnonzero((state == PUBLISHED) & (counts > 0) & ~known)
    enough = hidden.size != 1 and (hidden.size == 0 or counts[hidden].sum() >= minimum)
    if enough or not published.size:
        return False
    state[published[np.argmin(counts[published])]] = SECONDARY
    return True
