"""Polychoric correlations in two steps, and the influence of each answer on them.

Step one takes an item's thresholds from its shares; step two maximises the likelihood of each
pair's table over ρ with these thresholds. Both are functions of pairwise tables alone, and so is
the influence of one answer on ρ: a number for each cell. Covariances between correlations of
different pairs need the answers of each row, once: a look-up in these tables.

The derivatives are exact and those of the observed tables, so that the covariance matrix holds
even where the answers of a pair are not quite those of a bivariate normal.

Pairs stand on the batch axis. Items with fewer than K answers have thresholds of +inf beyond
theirs, and empty cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.bivariate_normal import bivariate_normal, density
from acsi_sem.kernels.lisrel import Bools, Floats, Ints

BOUNDARY: Final = 1 - 1e-6
"""|ρ| from which a correlation counts as perfect: the likelihood has no maximum inside."""

_EDGE: Final = 1 - 1e-9
_STILL: Final = 1e-11
_DONE: Final = 1e-8
_LIMIT: Final = 100
_FLOOR: Final = 1e-250
_RARE: Final = 1e-4
_FAR: Final = 12.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_ORDINARY: Final = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """What is known of m pairs of items.

    Attributes
    ----------
    tables : ndarray, shape (m, K, K)
        Shares (sum 1) of each pair of answers; first item down, second across.
    rows, columns : ndarray, shape (m, K - 1)
        Thresholds of the first and of the second item, ascending; +inf beyond the last.
    """

    tables: Floats
    rows: Floats
    columns: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """Polychoric correlations of m pairs.

    Attributes
    ----------
    rho : ndarray, shape (m,)
    slope : ndarray, shape (m,)
        |derivative| of the mean log-likelihood at the end.
    iterations : ndarray of int, shape (m,)
    ok : ndarray of bool, shape (m,)
        False where there is no maximum inside (-1, 1), as in tables with an empty diagonal.
    """

    rho: Floats
    slope: Floats
    iterations: Ints
    ok: Bools


def pair_numbers(p: int) -> tuple[Ints, Ints]:
    """Return first and second item of each pair, shape (p (p - 1) / 2,): (1, 0), (2, 0), (2, 1)...

    Examples
    --------
    >>> [part.tolist() for part in pair_numbers(3)]
    [[1, 2, 2], [0, 0, 1]]
    """
    first, second = np.tril_indices(p, -1)
    return first, second


def thresholds(shares: Floats) -> Floats:
    """Return the normal quantiles of cumulated shares.

    Parameters
    ----------
    shares : ndarray, shape (p, K)
        Of each answer, in order; 0 beyond an item's last answer.

    Returns
    -------
    ndarray, shape (p, K - 1)

    Examples
    --------
    >>> thresholds(np.array([[0.5, 0.5, 0.0]])).tolist()
    [[-0.0, inf]]
    """
    from scipy.special import ndtri

    above = np.cumsum(shares[:, ::-1], axis=1)[:, ::-1][:, 1:]
    total = shares.sum(axis=1, keepdims=True)
    # From above, so that empty shares at the end give exactly +inf.
    found: Floats = -np.asarray(ndtri(above / total), dtype=np.float64)
    return found


def make_pairs(codes: NDArray[np.intp], weights: Floats, levels: int) -> Pairs:
    """Cross every pair of items.

    Parameters
    ----------
    codes : ndarray of int, shape (n, p)
        Answers as 0, 1, ... in order; every item has each answer from 0 to its last.
    weights : ndarray, shape (n,)
    levels : int
        K, the largest number of answers of an item.

    Returns
    -------
    Pairs
        In the order of `pair_numbers`.
    """
    n, p = codes.shape
    shown = np.zeros((n, p, levels))
    shown[np.arange(n)[:, None], np.arange(p), codes] = 1.0
    flat = shown.reshape(n, p * levels)
    crossed = (flat.T @ (flat * weights[:, None])).reshape(p, levels, p, levels)
    crossed = crossed.transpose(0, 2, 1, 3) / weights.sum()
    limits = thresholds(np.einsum("iikk->ik", crossed))
    first, second = pair_numbers(p)
    return Pairs(crossed[first, second], limits[first], limits[second])


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Probabilities (m, K, K) of cells and their first and second derivative in ρ."""

    probability: Floats
    slope: Floats
    bend: Floats


def cell_probabilities(rows: Floats, columns: Floats, rho: Floats) -> Floats:
    """Return the probabilities of the cells that thresholds (m, K - 1) cut, shape (m, K, K).

    Examples
    --------
    >>> at = np.zeros((1, 1))
    >>> cell_probabilities(at, at, np.array([0.5])).round(6).tolist()
    [[[0.333333, 0.166667], [0.166667, 0.333333]]]
    """
    from scipy.special import ndtr

    m, size = rows.shape
    corners = np.zeros((m, size + 2, size + 2))
    corners[:, 1:-1, 1:-1] = bivariate_normal(
        rows[:, :, None], columns[:, None, :], rho[:, None, None]
    )
    corners[:, 1:-1, -1], corners[:, -1, 1:-1] = ndtr(rows), ndtr(columns)
    corners[:, -1, -1] = 1.0
    found: Floats = np.diff(np.diff(corners, axis=1), axis=2)
    return np.maximum(found, 0.0)


def _cells(pairs: Pairs, rho: Floats) -> _Cells:
    h, k = _finite(pairs.rows)[:, :, None], _finite(pairs.columns)[:, None, :]
    r = rho[:, None, None]
    rest = (1 - r) * (1 + r)
    first = _at_corners(pairs, rho)
    lean = r / rest + (h - r * k) * (k - r * h) / rest**2
    probability = cell_probabilities(pairs.rows, pairs.columns, rho)
    rare = (probability < _RARE) & (pairs.tables > 0)
    probability[rare] = _rare_cells(pairs, rho, rare)
    return _Cells(probability, _cut(first), _cut(first * lean))


def _rare_cells(pairs: Pairs, rho: Floats, rare: Bools) -> Floats:
    """Small probabilities of chosen cells (m, K, K) with relative accuracy.

    One answer against the grain of a high correlation has a probability that is lost in the
    rounding of a difference of distribution functions, while its logarithm weighs most.
    """
    from scipy.special import ndtr

    pair, i, j = np.nonzero(rare)
    low, high = (np.clip(part, -_FAR, _FAR) for part in _ends(pairs.rows, pair, i))
    left, right = _ends(pairs.columns, pair, j)
    half = (high - low)[:, None] / 2
    x = low[:, None] + half * (1 + _NODES)
    r = rho[pair][:, None]
    root = np.sqrt((1 - r) * (1 + r))
    below, above = (left[:, None] - r * x) / root, (right[:, None] - r * x) / root
    # In the upper tail the difference is taken between the small complements.
    flip = below > 0
    below, above = np.where(flip, -above, below), np.where(flip, -below, above)
    height = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * (ndtr(above) - ndtr(below))
    return np.asarray(half[:, 0] * (height @ _WEIGHTS))


def _ends(limits: Floats, pair: Ints, answer: Ints) -> tuple[Floats, Floats]:
    """Both limits of an answer to an item of a pair."""
    padded = np.pad(limits, ((0, 0), (1, 1)), constant_values=np.inf)
    padded[:, 0] = -np.inf
    return padded[pair, answer], padded[pair, answer + 1]


def _at_corners(pairs: Pairs, rho: Floats) -> Floats:
    """φ₂ at the corners (m, K - 1, K - 1)."""
    return density(pairs.rows[:, :, None], pairs.columns[:, None, :], rho[:, None, None])


def _finite(limits: Floats) -> Floats:
    """Thresholds with 0 for infinity, where every density is 0 anyway."""
    return np.where(np.isfinite(limits), limits, 0.0)


def _cut(corners: Floats) -> Floats:
    """Second differences of a function that vanishes at infinity: (m, K-1, K-1) to (m, K, K)."""
    padded = np.pad(corners, ((0, 0), (1, 1), (1, 1)))
    return np.asarray(np.diff(np.diff(padded, axis=1), axis=2))


def _scores(tables: Floats, cells: _Cells) -> tuple[Floats, Floats, Floats]:
    """Derivative of log P in ρ (m, K, K); mean score and mean observed information (m,)."""
    safe = np.maximum(cells.probability, _FLOOR)
    score = np.where((tables > 0) | (cells.probability > _FLOOR), cells.slope / safe, 0.0)
    curvature = np.where(tables > 0, cells.bend / safe - score**2, 0.0)
    mean = np.einsum("mij,mij->m", tables, score)
    observed = -np.einsum("mij,mij->m", tables, curvature)
    return score, mean, observed


def polychoric(pairs: Pairs) -> Correlations:
    """Maximise each pair's likelihood over ρ.

    Parameters
    ----------
    pairs : Pairs

    Returns
    -------
    Correlations

    References
    ----------
    Olsson (1979), Psychometrika 44, 443-460 (two-step).

    Examples
    --------
    Halves that agree two times in three have the correlation 1/2:

    >>> found = polychoric(Pairs(np.array([[[2, 1], [1, 2]]]) / 6, np.zeros((1, 1)),
    ...     np.zeros((1, 1))))
    >>> found.rho.round(12).tolist(), found.ok.tolist()
    ([0.5], [True])
    """
    rho = _start(pairs.tables)
    m = len(rho)
    low, high = np.full(m, -_EDGE), np.full(m, _EDGE)
    slope, iterations = np.full(m, np.inf), np.zeros(m, dtype=np.intp)
    step = np.full(m, np.inf)
    open_ = np.arange(m)
    for _ in range(_LIMIT):
        part = Pairs(pairs.tables[open_], pairs.rows[open_], pairs.columns[open_])
        here = rho[open_]
        _, mean, observed = _scores(part.tables, _cells(part, here))
        # The sign of the score says on which side a maximum lies.
        low[open_] = np.where(mean > 0, here, low[open_])
        high[open_] = np.where(mean > 0, high[open_], here)
        newton = mean / np.where(observed > 0, observed, np.inf)
        onward = here + newton
        inside = (onward > low[open_]) & (onward < high[open_])
        # At a maximum the sign of the score is rounding, and so is the bracket it draws.
        trusted = (observed > 0) & (inside | (np.abs(newton) <= _STILL))
        rho[open_] = np.where(trusted, onward, (low[open_] + high[open_]) / 2)
        step[open_] = np.abs(rho[open_] - here)
        slope[open_] = np.abs(mean)
        iterations[open_] += 1
        open_ = open_[step[open_] > _STILL]
        if not open_.size:
            break
    return Correlations(rho, slope, iterations, (step < _DONE) & (np.abs(rho) < BOUNDARY))


def _start(tables: Floats) -> Floats:
    """Product-moment correlations of the answers' numbers."""
    numbers = np.arange(tables.shape[-1])
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    a, b = rows @ numbers, columns @ numbers
    spread = (rows @ numbers**2 - a**2) * (columns @ numbers**2 - b**2)
    both = np.einsum("mij,i,j->m", tables, numbers, numbers) - a * b
    found = both / np.sqrt(np.where(spread > 0, spread, 1.0))
    return np.asarray(np.clip(found, -_ORDINARY, _ORDINARY))


def influence(pairs: Pairs, rho: Floats) -> Floats:
    """Return the influence of an answer in each cell on the polychoric correlation.

    Parameters
    ----------
    pairs : Pairs
    rho : ndarray, shape (m,)
        Polychoric correlations of the pairs.

    Returns
    -------
    ndarray, shape (m, K, K)
        Its mean over the table is 0, that of its square is n times the variance of ρ. NaN where
        the likelihood has no maximum at ρ.

    References
    ----------
    Muthén (1984), Psychometrika 49, 115-132; Jöreskog (1994), Psychometrika 59, 381-389. Theirs
    put expectations under bivariate normality in the place of the observed derivatives here.

    Examples
    --------
    >>> half = Pairs(np.array([[[2, 1], [1, 2]]]) / 6, np.zeros((1, 1)), np.zeros((1, 1)))
    >>> found = influence(half, np.array([0.5]))
    >>> round(float((half.tables * found**2).sum()), 6)
    1.644934
    """
    cells = _cells(pairs, rho)
    score, _, observed = _scores(pairs.tables, cells)
    down = _threshold_part(pairs, rho, cells, score)
    turned = Pairs(pairs.tables.mT, pairs.columns, pairs.rows)
    across = _threshold_part(
        turned, rho, _Cells(cells.probability.mT, cells.slope.mT, cells.bend.mT), score.mT
    )
    whole = score + down[:, :, None] + across[:, None, :]
    return np.asarray(whole / np.where(observed > 0, observed, np.nan)[:, None, None])


def _threshold_part(pairs: Pairs, rho: Floats, cells: _Cells, score: Floats) -> Floats:
    """What an answer to the first item does to the mean score by way of its thresholds (m, K)."""
    from scipy.special import ndtr

    limits = pairs.rows
    height = np.exp(-(_finite(limits) ** 2) / 2) / np.sqrt(2 * np.pi)
    height = np.where(np.isfinite(limits), height, 0.0)
    level, tilt = _threshold_slopes(pairs, rho, height)
    ratio = pairs.tables / np.maximum(cells.probability, _FLOOR)
    upper = ratio[:, :-1] * (tilt - score[:, :-1] * level)
    lower = ratio[:, 1:] * (tilt - score[:, 1:] * level)
    cross = (upper - lower).sum(axis=2)
    per_share = np.where(height > 0, cross / np.where(height > 0, height, 1.0), 0.0)
    # An answer i counts in the cumulated share of every threshold from i on.
    reached = np.cumsum(per_share[:, ::-1], axis=1)[:, ::-1]
    counted = np.pad(reached, ((0, 0), (0, 1)))
    centre = np.einsum("mc,mc->m", per_share, ndtr(limits))
    return np.asarray(counted - centre[:, None])


def _threshold_slopes(pairs: Pairs, rho: Floats, height: Floats) -> tuple[Floats, Floats]:
    """Derivatives of P and of dP/dρ of the cells above each threshold, each (m, K - 1, K)."""
    from scipy.special import ndtr

    h, k = _finite(pairs.rows)[:, :, None], pairs.columns[:, None, :]
    r = rho[:, None, None]
    rest = (1 - r) * (1 + r)
    level = height[:, :, None] * ndtr((k - r * h) / np.sqrt(rest))
    level = np.diff(np.pad(level, ((0, 0), (0, 0), (1, 0))), axis=2, append=height[:, :, None])
    tilt = -_at_corners(pairs, rho) * (h - r * _finite(k)) / rest
    return level, np.diff(np.pad(tilt, ((0, 0), (0, 0), (1, 1))), axis=2)


def casewise(cells: Floats, codes: NDArray[np.intp]) -> Floats:
    """Look up a number of each pair for every row.

    Parameters
    ----------
    cells : ndarray, shape (m, K, K)
        Numbers of cells, in the order of `pair_numbers`.
    codes : ndarray of int, shape (n, p)

    Returns
    -------
    ndarray, shape (n, m)
    """
    first, second = pair_numbers(codes.shape[1])
    return np.asarray(cells[np.arange(len(first)), codes[:, first], codes[:, second]])
