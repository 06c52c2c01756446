"""Answers with weights, and the few weighted numbers that every analysis needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is explored.

    Attributes
    ----------
    name, label : str
    low, high : float
        Ends of the scale; infinite for an amount.
    reverse : bool
        True when the low end of the scale is the good one.
    block : str
        The model's construct; empty for a question outside the model.
    """

    name: str
    label: str
    low: float
    high: float
    reverse: bool = False
    block: str = ""

    @property
    def scaled(self) -> bool:
        """Whether there is a scale with ends."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers as they were given.

    Attributes
    ----------
    questions : tuple of Question, length p
    values : ndarray, shape (n, p)
        NaN where there is no answer.
    weights : ndarray, shape (n,)
    frequency : bool
        True when a weight counts respondents; else its scale does not matter.
    """

    questions: tuple[Question, ...]
    values: Floats
    weights: Floats
    frequency: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the questions."""
        return tuple(one.name for one in self.questions)

    @property
    def respondents(self) -> Floats:
        """How many respondents each row stands for, shape (n,)."""
        return self.weights if self.frequency else np.ones_like(self.weights)

    @property
    def complete(self) -> Bools:
        """Rows with an answer to every question and a weight, shape (n,)."""
        return np.asarray(~np.isnan(self.values).any(axis=1) & (self.weights > 0))

    def count(self, rows: Bools) -> int:
        """Count the respondents behind rows."""
        return round(float(self.respondents[rows].sum()))

    def effective(self, rows: Bools) -> float:
        """Return the size of a simple random sample that weights alike; see `effective_size`."""
        return effective_size(self.weights[rows], frequency=self.frequency)

    def rows(self, keep: Bools) -> Answers:
        """Keep some rows."""
        return replace(self, values=self.values[keep], weights=self.weights[keep])

    def columns(self, places: Sequence[int]) -> Answers:
        """Keep some questions."""
        kept = tuple(self.questions[i] for i in places)
        return replace(self, questions=kept, values=self.values[:, list(places)])

    def turned(self) -> Floats:
        """Return the answers on 0-100 with 100 the good end, shape (n, p); NaN without a scale."""
        low = np.array([q.low if q.scaled else np.nan for q in self.questions])
        high = np.array([q.high if q.scaled else np.nan for q in self.questions])
        share = 100 * (self.values - low) / (high - low)
        return np.asarray(np.where([q.reverse for q in self.questions], 100 - share, share))


def effective_size(weights: Floats, *, frequency: bool = False) -> float:
    """Return Kish's effective number of respondents; with frequency weights their number.

    Examples
    --------
    >>> effective_size(np.array([1.0, 1.0, 2.0])), effective_size(np.array([2.0]), frequency=True)
    (2.6666666666666665, 2.0)
    """
    if frequency:
        return float(weights.sum())
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def varying(answers: Answers) -> Bools:
    """Return which questions have two different answers among rows with a weight, shape (p,)."""
    there = answers.values[answers.weights > 0]
    asked = ~np.isnan(there)
    low = np.where(asked, there, np.inf).min(axis=0, initial=np.inf)
    high = np.where(asked, there, -np.inf).max(axis=0, initial=-np.inf)
    return np.asarray(high > low)


def correlation(values: Floats, weights: Floats) -> Floats:
    """Return the weighted correlation matrix of complete rows.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Every column varies.
    weights : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (p, p)
        Symmetric, ones on the diagonal.

    Examples
    --------
    >>> correlation(np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]]), np.array([1.0, 2.0, 1.0]))
    array([[1., 0.],
           [0., 1.]])
    """
    from statsmodels.stats.weightstats import DescrStatsW

    found = np.atleast_2d(np.asarray(DescrStatsW(values, weights / weights.max()).corrcoef))
    found = np.clip((found + found.T) / 2, -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found + 0.0)


def ranks(values: Floats, weights: Floats) -> Floats:
    """Return weighted mid-ranks: the weight below an answer and half the weight at it.

    SciPy's ranks take no weights. With whole weights these are, but for a constant, the ranks of
    the repeated rows.

    Parameters
    ----------
    values, weights : ndarray, shape (n,)

    Examples
    --------
    >>> ranks(np.array([5.0, 1.0, 5.0]), np.array([1.0, 2.0, 1.0])).tolist()
    [3.0, 1.0, 3.0]
    """
    _, place = np.unique(values, return_inverse=True)
    held = np.bincount(place, weights)
    return np.asarray((np.cumsum(held) - held / 2)[place])
