"""Confirmatory tetrad analysis: is a block of four or more items reflective?

The items of one common factor have covariances that are products of loadings, so that differences
of products of covariances (tetrads) vanish.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.bca import bca_limits

Floats = NDArray[np.float64]
Tetrad = tuple[int, int, int, int]

NOT_REJECTED = "reflective not rejected"
REJECTED = "reflective rejected"
UNDECIDED = "no verdict: some limits are not defined"


@dataclass(frozen=True, slots=True)
class TetradTest:
    """Limits of the tetrads and a verdict for each block that has some.

    Attributes
    ----------
    low, high : ndarray, shape (t,)
        Bias-corrected bootstrap limits at the level adjusted for the tetrads of the block.
    level : ndarray, shape (t,)
        That level.
    verdicts : dict of int to str
        Number of the block -> words.
    """

    low: Floats
    high: Floats
    level: Floats
    verdicts: dict[int, str]


@cache
def tetrad_set(k: int) -> tuple[Tetrad, ...]:
    """Return the non-redundant vanishing tetrads of one factor with k indicators.

    Parameters
    ----------
    k : int
        Number of indicators.

    Returns
    -------
    tuple of (g, h, i, j)
        For s_gh s_ij - s_gi s_hj = 0; k (k - 3) / 2 of them, none for fewer than four
        indicators. The first, in lexicographic order, whose derivatives are linearly independent
        under the model; they imply all others.

    References
    ----------
    Bollen & Ting (1993), Sociological Methodology 23, 147-175; Bollen & Ting (2000),
    Psychological Methods 5, 3-22.

    Examples
    --------
    >>> tetrad_set(4)
    ((0, 1, 2, 3), (0, 1, 3, 2))
    >>> [len(tetrad_set(k)) for k in (3, 5, 6)]
    [0, 5, 9]
    """
    pairs = {pair: at for at, pair in enumerate(combinations(range(k), 2))}
    chosen: list[Tetrad] = []
    gradients: list[Floats] = []
    for a, b, c, d in combinations(range(k), 4):
        for g, h, i, j in ((a, b, c, d), (a, b, d, c)):
            # with all loadings 1 every covariance is 1, and rank there is rank everywhere
            gradient = np.zeros(len(pairs))
            for pair, sign in (((g, h), 1), ((i, j), 1), ((g, i), -1), ((h, j), -1)):
                gradient[pairs[min(pair), max(pair)]] += sign
            trial = [*gradients, gradient]
            if np.linalg.matrix_rank(np.stack(trial)) == len(trial):
                chosen.append((g, h, i, j))
                gradients = trial
    return tuple(chosen)


def block_tetrads(blocks: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the tetrads of all blocks as item numbers.

    Parameters
    ----------
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.

    Returns
    -------
    ndarray of int, shape (t, 4)
        Block by block, see `tetrad_set`.

    Examples
    --------
    >>> block_tetrads(np.array([0, 1, 1, 1, 1])).tolist()
    [[1, 2, 3, 4], [1, 2, 4, 3]]
    """
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    found = [
        [start + place for place in tetrad]
        for start, k in zip(starts.tolist(), np.bincount(blocks).tolist(), strict=True)
        for tetrad in tetrad_set(k)
    ]
    return np.array(found, dtype=np.intp).reshape(-1, 4)


def tetrad_labels(names: Sequence[str], blocks: NDArray[np.intp]) -> tuple[str, ...]:
    """Name the tetrads by their items, e.g. ``a,b,c,d`` for s_ab s_cd - s_ac s_bd.

    Parameters
    ----------
    names : sequence of str
        Of the p items.
    blocks : ndarray of int, shape (p,)

    Examples
    --------
    >>> tetrad_labels("abcd", np.zeros(4, int))
    ('a,b,c,d', 'a,b,d,c')
    """
    return tuple(",".join(names[i] for i in row) for row in block_tetrads(blocks).tolist())


def tetrads(correlation: Floats, blocks: NDArray[np.intp]) -> Floats:
    """Return the tetrads that vanish if the blocks are reflective.

    Parameters
    ----------
    correlation : ndarray, shape (B, p, p)
        Of the indicators. Covariances do as well: a tetrad vanishes in both or in neither.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.

    Returns
    -------
    ndarray, shape (B, t)
        s_gh s_ij - s_gi s_hj in the order of `block_tetrads`; t = 0 without a block of four.

    References
    ----------
    Bollen & Ting (2000), Psychological Methods 5, 3-22; Gudergan, Ringle, Wende & Will (2008),
    J. of Business Research 61, 1238-1249.

    Examples
    --------
    >>> loading = np.array([0.9, 0.8, 0.7, 0.6])
    >>> tetrads(np.outer(loading, loading)[None], np.zeros(4, int)).round(12).tolist()
    [[0.0, 0.0]]
    """
    g, h, i, j = block_tetrads(blocks).T
    found: Floats = (
        correlation[:, g, h] * correlation[:, i, j] - correlation[:, g, i] * correlation[:, h, j]
    )
    return found


def tetrad_test(
    draws: Floats, point: Floats, blocks: NDArray[np.intp], level: float = 0.9
) -> TetradTest:
    """Test block by block whether the tetrads vanish.

    Parameters
    ----------
    draws : ndarray, shape (B, t)
        Tetrads of bootstrap replicates; NaN for a failed one, which does not count.
    point : ndarray, shape (t,)
        Tetrads of the sample.
    blocks : ndarray of int, shape (p,)
        Ascending number of each indicator's construct.
    level : float
        Joint confidence of a block, between 0 and 1; 0.9 as in Gudergan et al. Bonferroni:
        each of m tetrads of a block has the level 1 - (1 - level) / m.

    Returns
    -------
    TetradTest
        A block is rejected when the limits of one of its tetrads leave out zero.

    References
    ----------
    Gudergan, Ringle, Wende & Will (2008), J. of Business Research 61, 1238-1249; Efron (1987),
    J. American Statistical Association 82, 171-185 (bias-corrected limits).

    Examples
    --------
    >>> draws = np.linspace(-0.1, 0.3, 401)[:, None] + np.zeros(2)
    >>> tetrad_test(draws, np.full(2, 0.1), np.zeros(4, int)).verdicts
    {0: 'reflective not rejected'}
    """
    owner = blocks[block_tetrads(blocks)[:, 0]]
    levels = 1 - (1 - level) / np.bincount(owner, minlength=1)[owner]
    low, high = np.full((2, point.size), np.nan)
    verdicts = {}
    for block in np.unique(owner).tolist():
        own = np.flatnonzero(owner == block)
        limits = bca_limits(draws[:, own], point[own], np.zeros(own.size), float(levels[own[0]]))
        low[own], high[own] = limits
        verdicts[block] = _verdict(low[own], high[own])
    return TetradTest(low, high, levels, verdicts)


def _verdict(low: Floats, high: Floats) -> str:
    if ((low > 0) | (high < 0)).any():
        return REJECTED
    return NOT_REJECTED if np.isfinite(low).all() else UNDECIDED
