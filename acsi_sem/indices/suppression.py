"""Which cells of a breakdown are withheld, so that nothing can be worked out from the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PUBLISHED, SMALL, SECONDARY = 0, 1, 2


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
    else the smallest published cell of the line is withheld too. The only category of a row that
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
    while any(_protect_line(*line, minimum) for line in lines):
        pass
    return state


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
