"""Folds for cross-validation, dealt by who a respondent is: the order of rows does not matter.

A respondent is known by an id, or else by what the row says. Rows that say the same are
interchangeable; they are numbered, and so are the respondents that a frequency weight stands for,
so that a frequency is exactly so many repeated rows. Where the survey names PSUs whole PSUs are
dealt, because answers within a PSU are alike and a model trained on its neighbours would know them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.errors import DataError, Problem, UsageError
from acsi_sem.inference.sample import Ints
from acsi_sem.kernels.moments import Floats

SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Folds:
    """Which fold each respondent is in.

    Attributes
    ----------
    row : ndarray of int, shape (N,)
        The row of each respondent; a row of frequency f has f of them.
    fold : ndarray of int, shape (R, N)
        Number of the fold in each repetition.
    folds : int
    """

    row: Ints
    fold: Ints
    folds: int

    def counts(self, rows: int) -> Ints:
        """Return how many respondents of each row are in each fold, shape (R, folds, rows)."""
        cells = self.fold * rows + self.row
        found = [np.bincount(part, minlength=self.folds * rows) for part in cells]
        return np.stack(found).reshape(-1, self.folds, rows)


def respondent_keys(
    values: Floats, strata: Ints | None, psu: Ints | None, ids: Sequence[str] | None
) -> tuple[str, ...]:
    """Return what tells respondents apart, one text for each row.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Answers, NaN where there is none.
    strata, psu : ndarray of int, shape (n,), or None
    ids : sequence of str, length n, or None
        From the survey's id column; without them the key is a digest of the answers, stratum and
        PSU. Weights stay out of it: rescaled weights must not deal other folds.

    Raises
    ------
    DataError
        If an id occurs twice.

    Examples
    --------
    >>> respondent_keys(np.ones((2, 1)), None, None, ["anna", "bo"])
    ('anna', 'bo')
    >>> first, second = respondent_keys(np.ones((2, 1)), None, None, None)
    >>> first == second
    True
    """
    if ids is not None:
        _refuse_repeats(ids)
        return tuple(ids)
    # One zero and one NaN: equal answers have equal bytes.
    plain = np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8")
    parts = [plain.view("u1").reshape(len(plain), -1)]
    parts += [_bytes(column) for column in (strata, psu) if column is not None]
    table = np.ascontiguousarray(np.hstack(parts))
    return tuple(hashlib.sha256(row.tobytes()).hexdigest() for row in table)


def _bytes(column: Ints) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.ascontiguousarray(column.astype("<i8")[:, None]).view("u1")


def _refuse_repeats(ids: Sequence[str]) -> None:
    repeated = sorted(name for name, count in Counter(ids).items() if count > 1)
    if repeated:
        shown = ", ".join(repr(name) for name in repeated[:SHOWN])
        more = " ..." if len(repeated) > SHOWN else ""
        raise DataError(
            Problem(
                "survey",
                "respondent ids",
                "each id once",
                f"{len(repeated)} repeated ({shown}{more})",
                "name a column that tells respondents apart, or none",
            )
        )


def key_order(keys: Sequence[str], weights: Floats) -> Ints:
    """Return the rows in the order of their keys, then weights: the same for any order of rows.

    Parameters
    ----------
    keys : sequence of str, length n
    weights : ndarray, shape (n,)
        They enter by their order alone, which rescaling keeps.

    Examples
    --------
    >>> key_order(["b", "a", "a"], np.array([1.0, 2.0, 1.0]))
    array([2, 1, 0])
    """
    return np.lexsort((weights, np.asarray(keys, dtype=str)))


def deal_folds(
    keys: Sequence[str],
    weights: Floats,
    frequency: bool,
    psu: Ints | None,
    *,
    folds: int,
    repetitions: int,
    seed: int,
    study: str,
) -> Folds:
    """Deal respondents, or whole PSUs, to folds by the rank of a digest.

    Parameters
    ----------
    keys : sequence of str, length n
        From `respondent_keys`.
    weights : ndarray, shape (n,)
    frequency : bool
        True when a weight counts respondents.
    psu : ndarray of int, shape (n,), or None
        PSUs that stay together; None to deal respondents.
    folds, repetitions : int
    seed : int
    study : str

    Returns
    -------
    Folds
        Numbers of units (respondents or PSUs) in two folds differ by one at most.

    Raises
    ------
    UsageError
        If there are fewer than two folds, no repetition, or fewer units than folds.

    Examples
    --------
    >>> dealt = deal_folds(["a", "b", "c"], np.array([1.0, 2.0, 1.0]), True, None,
    ...                    folds=2, repetitions=1, seed=1, study="doc")
    >>> dealt.row, dealt.counts(3).sum(axis=2)
    (array([0, 1, 1, 2]), array([[2, 2]]))
    """
    row, copy = _respondents(keys, weights, frequency)
    if psu is None:
        names = [f"{keys[i]}\x00{c}" for i, c in zip(row.tolist(), copy.tolist(), strict=True)]
        unit = np.arange(row.size)
    else:
        labels, unit = np.unique(psu[row], return_inverse=True)
        names = [f"psu\x00{label}" for label in labels.tolist()]
    _check(folds, repetitions, len(names))
    dealt = np.empty((repetitions, row.size), dtype=np.intp)
    for repetition in range(repetitions):
        ranks = _ranks(names, f"{seed}\x00{study}\x00{repetition}\x00")
        dealt[repetition] = (ranks % folds)[unit]
    return Folds(row, dealt, folds)


def _respondents(keys: Sequence[str], weights: Floats, frequency: bool) -> tuple[Ints, Ints]:
    """Return each respondent's row, and number among those of the same key."""
    order = key_order(keys, weights)
    times = weights[order].astype(np.intp) if frequency else np.ones(order.size, dtype=np.intp)
    row = np.repeat(order, times)
    _, code = np.unique(np.asarray(keys, dtype=str), return_inverse=True)
    _, first, run = np.unique(code[row], return_index=True, return_inverse=True)
    return row, np.arange(row.size) - first[run]


def _ranks(names: Iterable[str], prefix: str) -> Ints:
    """Return the rank of each name's digest."""
    root = hashlib.sha256(prefix.encode())
    digests = []
    for name in names:
        digest = root.copy()
        digest.update(name.encode())
        digests.append(digest.digest())
    ranks = np.empty(len(digests), dtype=np.intp)
    ranks[sorted(range(len(digests)), key=digests.__getitem__)] = np.arange(len(digests))
    return ranks


def _check(folds: int, repetitions: int, units: int) -> None:
    problems = [
        Problem("prediction", path, expected, str(got), remedy)
        for path, expected, got, remedy, wrong in (
            ("folds", "2 or more", folds, "", folds < 2),
            ("repetitions", "1 or more", repetitions, "", repetitions < 1),
            ("folds", f"at most {units} (units)", folds, "ask for fewer folds", folds > units),
        )
        if wrong
    ]
    if problems:
        raise UsageError(problems)
