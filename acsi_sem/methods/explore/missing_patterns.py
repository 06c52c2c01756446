"""Which answers are missing together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acsi_sem.methods.explore.answers import Answers

MOST = 20
"""Patterns that are listed; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The questions that are missing together, how many respondents, and their weighted share."""

    missing: tuple[str, ...]
    n: int
    share: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Patterns of missing answers.

    Attributes
    ----------
    patterns : tuple of Pattern
        The most common, by respondents; ties by order of the questions.
    others, others_n : int
        Patterns beyond those, and the respondents in them.
    complete : float
        Weighted share of respondents who answered everything.
    complete_n, n : int
        Those respondents, and all.
    monotone : bool
        Whether the questions can be put in an order in which nobody answers after a gap.
    """

    patterns: tuple[Pattern, ...]
    others: int
    others_n: int
    complete: float
    complete_n: int
    n: int
    monotone: bool


def missing_patterns(answers: Answers) -> Missing:
    """Return the patterns of missing answers.

    Parameters
    ----------
    answers : Answers
        Rows with weight 0 count for nothing.
    """
    own = answers.rows(answers.weights > 0)
    gaps = np.isnan(own.values)
    if not gaps.shape[0]:
        return Missing((), 0, 0, np.nan, 0, 0, monotone=True)
    kinds, place = np.unique(gaps, axis=0, return_inverse=True)
    counts = np.bincount(place, own.respondents)
    shares = np.bincount(place, own.weights) / own.weights.sum()
    order = sorted(range(len(kinds)), key=lambda i: (-counts[i], kinds[i].tolist()))
    listed = tuple(
        Pattern(
            tuple(name for name, gap in zip(own.names, kinds[i], strict=True) if gap),
            round(float(counts[i])),
            float(shares[i]),
        )
        for i in order[:MOST]
    )
    whole = ~kinds.any(axis=1)
    return Missing(
        listed,
        max(len(order) - MOST, 0),
        round(float(sum(counts[i] for i in order[MOST:]))),
        float(shares[whole].sum()),
        round(float(counts[whole].sum())),
        round(float(counts.sum())),
        monotone(kinds),
    )


def monotone(kinds: np.ndarray) -> bool:
    """Whether each pattern of gaps (rows) holds every smaller one.

    Examples
    --------
    >>> monotone(np.array([[0, 0, 1], [0, 1, 1]], bool)), monotone(np.array([[0, 1], [1, 0]], bool))
    (True, False)
    """
    ordered = kinds[np.argsort(kinds.sum(axis=1), kind="stable")]
    return bool((ordered[:-1] <= ordered[1:]).all())
