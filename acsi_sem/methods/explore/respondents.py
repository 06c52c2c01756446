"""Respondents who may not have thought: the same answer to everything, the same interview twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from acsi_sem.methods.explore.answers import Answers, Bools, Floats, Ints

FEWEST_ITEMS = 3
"""A block of fewer questions says nothing on straight lines."""
FEWEST_ANSWERS = 8
"""Rows with fewer answers are equal too often by chance."""
FEW_ANSWERS = f"not looked for: fewer than {FEWEST_ANSWERS} questions"
COUNTED = "not looked for: a row stands for several respondents"
PLACES = 5


@dataclass(frozen=True, slots=True)
class StraightLines:
    """Who gave one answer to every question of a block.

    Attributes
    ----------
    block : str
        The construct; empty: all questions on one scale.
    items : tuple of str
    n : int
        Respondents who answered all of them.
    straight : int
        Those among them with one and the same answer.
    share : float
        Their weighted share.
    longest : int
        The longest run of equal answers in order of the questions, over everybody.
    mean_run : float
        The weighted mean of respondents' longest runs, of those who answered all.
    """

    block: str
    items: tuple[str, ...]
    n: int
    straight: int
    share: float
    longest: int
    mean_run: float


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Rows that are equal in everything, or share an id.

    Attributes
    ----------
    sets : int
        Sets of equal rows.
    surplus : int
        Rows beyond the first of each set.
    largest : int
        Rows of the largest set.
    varied : int
        Surplus rows that are no straight lines: those are often equal by chance.
    places : tuple of int
        The first few surplus rows, numbered from 0.
    note : str
        Why they were not looked for.
    """

    sets: int = 0
    surplus: int = 0
    largest: int = 0
    varied: int = 0
    places: tuple[int, ...] = ()
    note: str = ""


def blocks_of(answers: Answers) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return (block, places of its questions) where at least three share a scale.

    The questions of all blocks on one scale come first, with an empty name.
    """
    return tuple(_blocks(answers))


def _blocks(answers: Answers) -> Iterator[tuple[str, tuple[int, ...]]]:
    scales: dict[tuple[float, float], list[int]] = {}
    blocks: dict[tuple[str, float, float], list[int]] = {}
    for i, one in enumerate(answers.questions):
        if one.scaled:
            scales.setdefault((one.low, one.high), []).append(i)
            if one.block:
                blocks.setdefault((one.block, one.low, one.high), []).append(i)
    wide = [places for places in scales.values() if len(places) >= FEWEST_ITEMS]
    yield from (("", tuple(places)) for places in wide)
    for (name, *_), places in blocks.items():
        if len(places) >= FEWEST_ITEMS and places not in wide:
            yield name, tuple(places)


def straight_lines(answers: Answers, block: str, places: Sequence[int]) -> StraightLines:
    """Count the straight lines in a block of questions.

    Parameters
    ----------
    answers : Answers
    block : str
    places : sequence of int
        Columns of the block's questions, in order.
    """
    own = answers.columns(places)
    kept = own.rows(own.complete)
    everyone = np.ones(kept.weights.size, dtype=bool)
    runs = longest_runs(kept.values)
    straight = runs == len(places)
    total = float(kept.weights.sum())
    return StraightLines(
        block,
        own.names,
        kept.count(everyone),
        kept.count(straight),
        float(kept.weights[straight].sum()) / total if total else np.nan,
        int(longest_runs(own.values[own.weights > 0]).max(initial=0)),
        float(kept.weights @ runs) / total if total else np.nan,
    )


def longest_runs(values: Floats) -> Ints:
    """Return the length of each row's longest run of equal answers; a gap ends a run.

    Parameters
    ----------
    values : ndarray, shape (n, p)

    Examples
    --------
    >>> longest_runs(np.array([[7.0, 7.0, 7.0, 2.0], [1.0, np.nan, 1.0, 2.0]])).tolist()
    [3, 1]
    """
    n, p = values.shape
    run, best = np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp)
    for j in range(p):
        same = values[:, j] == values[:, j - 1] if j else np.zeros(n, dtype=bool)
        run = np.where(np.isnan(values[:, j]), 0, np.where(same, run + 1, 1))
        best = np.maximum(best, run)
    return best


def duplicates(answers: Answers, traits: Ints) -> Duplicates:
    """Find rows that are equal in every answer and every trait.

    Parameters
    ----------
    answers : Answers
    traits : ndarray of int, shape (n, t)
        Categories of the respondents, -1 for unknown; t may be 0.
    """
    if len(answers.questions) < FEWEST_ANSWERS:
        return Duplicates(note=FEW_ANSWERS)
    if answers.frequency:
        return Duplicates(note=COUNTED)
    enough = (~np.isnan(answers.values)).sum(axis=1) >= FEWEST_ANSWERS
    keys = np.column_stack([np.where(np.isnan(answers.values), np.inf, answers.values), traits])
    wide = max((places for _, places in blocks_of(answers)), key=len, default=())
    own = answers.values[:, list(wide)] if wide else answers.values
    least, most = (extreme(own, axis=1) for extreme in (np.fmin.reduce, np.fmax.reduce))
    return _sets(keys, enough, np.asarray(most > least))


def repeated_ids(ids: Sequence[str]) -> Duplicates:
    """Find rows that share an id; empty ids are nobody's."""
    known = np.array([bool(one) for one in ids], dtype=bool)
    return _sets(
        np.unique(np.array(ids, dtype=object).astype(str), return_inverse=True)[1], known, known
    )


def _sets(keys: Floats | Ints, among: Bools, varied: Bools) -> Duplicates:
    rows = np.flatnonzero(among)
    if not rows.size:
        return Duplicates()
    _, place, counts = np.unique(keys[rows], axis=0, return_inverse=True, return_counts=True)
    first = np.unique(place, return_index=True)[1]
    surplus = np.setdiff1d(rows, rows[first])
    return Duplicates(
        int((counts > 1).sum()),
        int(surplus.size),
        int(counts.max()) if surplus.size else 0,
        int(varied[surplus].sum()),
        tuple(int(row) for row in surplus[:PLACES]),
    )
