"""Which cells of a breakdown are withheld, so that nothing can be worked out from the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PUBLISHED, SMALL, SECONDARY = 0, 1, 2


def suppress(counts: NDArray[np.float64], minimum: int) -> NDArray[np.intp]:
    """Withhold small cells of a groups-by-categories table whose margins are published.

    Parameters
    ----------
    counts : ndarray, shape (g, k)
        Respondents per cell; empty cells hide nobody and protect nobody.
    minimum : int
        Smaller cells are withheld.

    Returns
    -------
    ndarray of int, shape (g, k)
        0 published, 1 withheld for its size, 2 withheld to protect another.

    Notes
    -----
    A single withheld cell in a row or column equals its margin less the rest, so every row and
    every column that withholds anything withholds at least two non-empty cells, the smallest
    ones, where there are two.

    References
    ----------
    Cox (1980), Journal of the American Statistical Association 75, 377-385.

    Examples
    --------
    >>> suppress(np.array([[20.0, 60.0, 90.0]]), 50)
    array([[1, 2, 0]])
    """
    state = np.where((counts > 0) & (counts < minimum), SMALL, PUBLISHED)
    lines = [*zip(counts, state, strict=True)]
    if counts.shape[0] > 1:
        lines += zip(counts.T, state.T, strict=True)
    while any(_protect_line(*line) for line in lines):
        pass
    return state


def _protect_line(counts: NDArray[np.float64], state: NDArray[np.intp]) -> bool:
    """Withhold the smallest published cell of a line with a single withheld one, in place."""
    hidden = np.flatnonzero((state != PUBLISHED) & (counts > 0))
    published = np.flatnonzero((state == PUBLISHED) & (counts > 0))
    if hidden.size != 1 or not published.size:
        return False
    state[published[np.argmin(counts[published])]] = SECONDARY
    return True
