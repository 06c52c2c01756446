"""Moments per missing pattern: what full information maximum likelihood needs of a survey.

Rows that answered the same indicators form a pattern. Of each pattern the first two moments
carry the whole normal likelihood; the robust variant needs the fourth order too, kept as a root:
rows whose outer products sum to Σ w² (1, z)(1, z)', z = (d, vech dd'), d = x - origin. A root has
at most as many rows as the pattern, and never more than 1 + p + p(p+1)/2.

Sums about a fixed origin add over chunks, files and companies (`add_sums`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from acsi_sem.kernels.lisrel import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class PatternSums:
    """Sums of J patterns of p indicators about an origin; q = p(p+1)/2.

    Attributes
    ----------
    observed : ndarray of bool, shape (J, p)
        Which indicators the pattern has answers to; patterns in lexicographic order.
    rows : ndarray of int, shape (J,)
        Number of rows with a weight above zero.
    sums : ndarray, shape (J, 1 + p + q)
        Σ w (1, d, vech dd') with zeros where nothing was answered.
    root : ndarray, shape (R, 1 + p + q)
        Roots of the fourth-order sums, pattern by pattern; R = 0 when they were not asked for.
    pattern : ndarray of int, shape (R,)
        The pattern of each row of `root`, ascending.
    origin : ndarray, shape (p,)
    empty : int
        Rows without any answer, which carry no information and are left out.
    """

    observed: Bools
    rows: Ints
    sums: Floats
    root: Floats
    pattern: Ints
    origin: Floats
    empty: int


@dataclass(frozen=True, slots=True, eq=False)
class PatternMoments:
    """Moments of J patterns; whatever was not answered holds zero.

    Attributes
    ----------
    observed : ndarray of bool, shape (J, p)
    rows : ndarray of int, shape (J,)
    weight : ndarray, shape (J,)
        Sum of weights, above zero.
    mean : ndarray, shape (J, p)
    covariance : ndarray, shape (J, p, p)
        Divisor: sum of weights.
    root, pattern, origin, empty
        As of `PatternSums`.
    """

    observed: Bools
    rows: Ints
    weight: Floats
    mean: Floats
    covariance: Floats
    root: Floats
    pattern: Ints
    origin: Floats
    empty: int

    @property
    def n(self) -> float:
        """Sum of weights over all patterns."""
        return float(self.weight.sum())

    @property
    def joint_weight(self) -> Floats:
        """Sum of weights of the rows that answered both indicators of a pair; shape (p, p)."""
        answered = self.observed.astype(np.float64)
        joint: Floats = (answered * self.weight[:, None]).T @ answered
        return joint


def vech_places(p: int) -> tuple[Ints, Ints]:
    """Return rows and columns of vech: the lower triangle, row by row; two arrays (p(p+1)/2,)."""
    return np.tril_indices(p)


def pattern_sums(
    values: Floats,
    weights: Floats | None,
    origin: Floats,
    *,
    fourth: bool = True,
    squared: bool = True,
) -> PatternSums:
    """Reduce answers to sums per missing pattern.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Answers in scale units, NaN where there is none.
    weights : ndarray, shape (n,), or None
        Non-negative row weights; None means ones. A row with weight zero is left out.
    origin : ndarray, shape (p,)
        Point about which sums are taken: fixed by the questionnaire, not by the data.
    fourth : bool
        Whether the robust variant's fourth-order roots are wanted.
    squared : bool
        True (sampling weights): fourth-order sums weigh by w². False (frequency weights): by w,
        as if every row stood w times.

    Returns
    -------
    PatternSums

    Raises
    ------
    ValueError
        If shapes disagree, or a weight is negative or not finite.

    Examples
    --------
    >>> answers = np.array([[1.0, 2.0], [3.0, np.nan], [np.nan, np.nan], [3.0, 6.0]])
    >>> sums = pattern_sums(answers, None, np.zeros(2))
    >>> sums.observed.tolist(), sums.rows.tolist(), sums.empty
    ([[True, False], [True, True]], [1, 2], 1)
    >>> sums.sums
    array([[ 1.,  3.,  0.,  9.,  0.,  0.],
           [ 2.,  4.,  8., 10., 20., 40.]])
    """
    w = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    _check(values, w, origin)
    answered = ~np.isnan(values)
    some = answered.any(axis=1)
    used = some & (w > 0)
    observed, pattern = _unique(answered[used])
    order = np.argsort(pattern, kind="stable")
    pattern, w = pattern[order], w[used][order]
    z = _products(values[used][order], origin)
    sums = np.zeros((len(observed), z.shape[1]))
    np.add.at(sums, pattern, z * w[:, None])
    power = w if squared else np.sqrt(w)
    root, place = _compress(z * power[:, None], pattern) if fourth else (z[:0], pattern[:0])
    rows = np.bincount(pattern, minlength=len(observed)).astype(np.intp)
    empty = int((~some).sum())
    return PatternSums(observed, rows, sums, root, place, np.array(origin, dtype=float), empty)


def add_sums(one: PatternSums, other: PatternSums) -> PatternSums:
    """Return the sums of two sets of rows together.

    Parameters
    ----------
    one, other : PatternSums
        About the same origin.

    Raises
    ------
    ValueError
        If the origins differ.

    Examples
    --------
    >>> half = pattern_sums(np.array([[1.0, np.nan]]), None, np.zeros(2))
    >>> add_sums(half, half).rows.tolist()
    [2]
    """
    if not np.array_equal(one.origin, other.origin):
        raise ValueError("sums about different origins cannot be added")
    observed, place = _unique(np.concatenate([one.observed, other.observed]))
    rows = np.zeros(len(observed), dtype=np.intp)
    sums = np.zeros((len(observed), one.sums.shape[1]))
    np.add.at(rows, place, np.concatenate([one.rows, other.rows]))
    np.add.at(sums, place, np.concatenate([one.sums, other.sums]))
    here, there = np.split(place, [len(one.rows)])
    pattern = np.concatenate([here[one.pattern], there[other.pattern]])
    order = np.argsort(pattern, kind="stable")
    root, pattern = _compress(np.concatenate([one.root, other.root])[order], pattern[order])
    return PatternSums(observed, rows, sums, root, pattern, one.origin, one.empty + other.empty)


def pattern_moments(sums: PatternSums, total: float | None = None) -> PatternMoments:
    """Finish sums into moments.

    Parameters
    ----------
    sums : PatternSums
        Added over chunks.
    total : float or None
        When given, weights are rescaled to this sum (sampling weights: the number of rows).

    Returns
    -------
    PatternMoments

    Examples
    --------
    >>> answers = np.array([[1.0, 2.0], [3.0, np.nan], [3.0, 6.0]])
    >>> found = pattern_moments(pattern_sums(answers, None, np.zeros(2)))
    >>> found.mean.tolist(), found.covariance[1].tolist()
    ([[3.0, 0.0], [2.0, 4.0]], [[1.0, 2.0], [2.0, 4.0]])
    """
    p = len(sums.origin)
    weight = sums.sums[:, 0]
    centre = sums.sums[:, 1 : 1 + p] / weight[:, None]
    raw = unvech(sums.sums[:, 1 + p :] / weight[:, None], p)
    factor = total / weight.sum() if total and len(weight) else 1.0
    return PatternMoments(
        observed=sums.observed,
        rows=sums.rows,
        weight=weight * factor,
        mean=np.where(sums.observed, centre + sums.origin, 0.0),
        covariance=raw - centre[:, :, None] * centre[:, None, :],
        root=sums.root * factor,
        pattern=sums.pattern,
        origin=sums.origin,
        empty=sums.empty,
    )


def complete_moments(mean: Floats, covariance: Floats, n: float) -> PatternMoments:
    """Return moments (p,), (p, p) of n complete rows as one pattern, without fourth order."""
    p = len(mean)
    return PatternMoments(
        observed=np.ones((1, p), dtype=bool),
        rows=np.array([round(n)], dtype=np.intp),
        weight=np.array([float(n)]),
        mean=mean[None],
        covariance=covariance[None],
        root=np.empty((0, 1 + p + p * (p + 1) // 2)),
        pattern=np.empty(0, dtype=np.intp),
        origin=np.zeros(p),
        empty=0,
    )


def change_units(moments: PatternMoments, centre: Floats, scale: Floats) -> PatternMoments:
    """Return the moments of (x - centre) / scale; the new origin is 0.

    Parameters
    ----------
    moments : PatternMoments
    centre, scale : ndarray, shape (p,)
        In scale units; `scale` above zero.

    Examples
    --------
    >>> one = complete_moments(np.array([5.0]), np.array([[4.0]]), 10.0)
    >>> other = change_units(one, np.array([1.0]), np.array([2.0]))
    >>> other.mean.tolist(), other.covariance.tolist()
    ([[2.0]], [[[1.0]]])
    """
    p = len(centre)
    rows, columns = vech_places(p)
    seen = moments.observed[moments.pattern]
    shift = np.where(seen, centre - moments.origin, 0.0)
    one, first, second = split_root(moments.root, p)
    moved = first - one[:, None] * shift
    crossed = first[:, :, None] * shift[:, None, :]
    outer = one[:, None, None] * shift[:, :, None] * shift[:, None, :]
    spread = (second - crossed - crossed.mT + outer) / np.outer(scale, scale)
    return replace(
        moments,
        mean=np.where(moments.observed, (moments.mean - centre) / scale, 0.0),
        covariance=moments.covariance / np.outer(scale, scale),
        root=np.hstack([one[:, None], moved / scale, spread[:, rows, columns]]),
        origin=np.zeros(p),
    )


def split_root(root: Floats, p: int) -> tuple[Floats, Floats, Floats]:
    """Split rows (R, 1 + p + q) into the constant (R,), first (R, p) and second part (R, p, p)."""
    return root[:, 0], root[:, 1 : 1 + p], unvech(root[:, 1 + p :], p)


def unvech(halves: Floats, p: int) -> Floats:
    """Return symmetric matrices (B, p, p) from their vech (B, p(p+1)/2)."""
    rows, columns = vech_places(p)
    whole = np.empty((len(halves), p, p))
    whole[:, rows, columns] = halves
    whole[:, columns, rows] = halves
    return whole


def _check(values: Floats, weights: Floats, origin: Floats) -> None:
    if values.ndim != 2 or origin.shape != values.shape[1:]:
        raise ValueError(f"values (n, p) and origin (p,), not {values.shape} and {origin.shape}")
    if weights.shape != values.shape[:1]:
        raise ValueError(f"one weight per row: {values.shape[:1]}, not {weights.shape}")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError("weights must be finite and not negative")
    if np.isinf(values).any():
        raise ValueError("answers must be finite, or NaN where there is none")


def _unique(masks: Bools) -> tuple[Bools, Ints]:
    """Distinct rows (J, p) in lexicographic order, and the number of each row's."""
    distinct, place = np.unique(masks, axis=0, return_inverse=True)
    return distinct, np.asarray(place, dtype=np.intp).reshape(-1)


def _products(values: Floats, origin: Floats) -> Floats:
    """Rows (1, d, vech dd'), zero where there is no answer; shape (n, 1 + p + q)."""
    d = np.where(np.isnan(values), 0.0, values - origin)
    rows, columns = vech_places(values.shape[1])
    return np.hstack([np.ones((len(d), 1)), d, d[:, rows] * d[:, columns]])


def _compress(root: Floats, pattern: Ints) -> tuple[Floats, Ints]:
    """Replace the rows of a pattern by as few with the same sum of outer products."""
    width = root.shape[1]
    count = np.bincount(pattern) if len(pattern) else np.zeros(0, dtype=np.intp)
    if (count <= width).all():
        return root, pattern
    pieces = [
        np.linalg.qr(piece, mode="r") if len(piece) > width else piece
        for piece in np.split(root, np.cumsum(count)[:-1])
    ]
    sizes = [len(piece) for piece in pieces]
    return np.concatenate(pieces), np.repeat(np.arange(len(count)), sizes)
